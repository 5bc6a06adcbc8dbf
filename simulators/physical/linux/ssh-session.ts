/** A session of SSH: one command, a shell that somebody types into, or SFTP. [RFC 4254] */
import type { ServerChannel, Session } from 'ssh2';
import { type Clock, sleepUntil } from '#core/time/clock.ts';
import type { Bytes, Millis } from '#core/units.ts';
import type { Guest } from '../../estate/guest/guest.ts';
import { openShell, runShell } from '../../estate/guest/shell/sh.ts';
import type { Conditions, Outcome } from '../../estate/guest/shell/shell.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { Fault } from '../../kit/fault-points.ts';
import { CLOCK_ERRORS, POINTS, type ServerFaults } from './fault-points.ts';
import { serveSftp } from './sftp.ts';
import type { Admitted } from './ssh-authentication.ts';

export interface SessionOptions {
  readonly context: SimulatorContext;
  readonly guest: Guest;
  readonly who: Admitted;
  readonly faults: ServerFaults;
  /** Cuts the connection that the session is of. */
  readonly cut: () => void;
}

/** A client that has nothing to say on standard input often does not say so: it is waited for so long. */
const STDIN_GRACE_MS: Millis = 200;
const STDIN_BYTES_MAX: Bytes = 64 * 1024 * 1024;
const PASSWORD_EXPIRED =
  'WARNING: Your password has expired.\nPassword change required but no TTY available.\n';

export function serveSession(session: Session, options: SessionOptions): void {
  const { context, guest, who, faults } = options;
  const { clock } = context;
  const { user } = who;
  const environment = new Map<string, string>();
  let terminal = false;
  session.on('env', (accept, _reject, info) => {
    // AcceptEnv of Debian's sshd_config
    if (/^(?:LANG|LC_\w+)$/.test(info.key)) environment.set(info.key, info.val);
    accept?.();
  });
  session.on('pty', (accept) => {
    terminal = true;
    accept?.();
  });
  session.on('window-change', (accept) => accept?.());
  session.on('signal', (accept) => accept?.());
  session.on('exec', (accept, reject, { command }) => {
    const fault = faults.hit(POINTS.exec, user.name, command);
    if (fault?.answer === 'refused') return void reject?.();
    context.counters.add('calls.linux.exec');
    void serveExec(accept(), command, fault, options, environment, terminal);
  });
  session.on('shell', (accept) => {
    context.counters.add('calls.linux.shell');
    serveShell(accept(), options, environment, terminal);
  });
  session.on('sftp', (accept, reject) => {
    if (faults.hit(POINTS.sftp, user.name)) return void reject?.();
    context.counters.add('calls.linux.sftp');
    serveSftp(accept(), {
      guest,
      user,
      now: () => clock.wall(),
      isFull: () => faults.hit(POINTS.disk)?.answer === 'full',
    });
  });
}

/** What is wrong with account and system while a command runs. */
function conditionsOf(
  { faults, who }: SessionOptions,
  command: string,
  terminal: boolean,
): Conditions & { readonly isFull: boolean } {
  const sudo = faults.hit(POINTS.sudo, who.user.name, command)?.answer as Conditions['sudo'];
  const clock = faults.hit(POINTS.clock)?.answer;
  return {
    terminal,
    ...(sudo === undefined ? {} : { sudo }),
    ...(clock === undefined ? {} : { clockError: CLOCK_ERRORS[clock]! }),
    isFull: faults.hit(POINTS.disk)?.answer === 'full',
  };
}

async function serveExec(
  channel: ServerChannel,
  command: string,
  fault: Fault | undefined,
  options: SessionOptions,
  environment: ReadonlyMap<string, string>,
  terminal: boolean,
): Promise<void> {
  const { context, guest, who, cut } = options;
  const { clock } = context;
  channel.on('error', () => {}); // the client went away
  if (who.isExpired && !terminal) {
    channel.stderr.write(PASSWORD_EXPIRED);
    channel.exit(1);
    channel.end();
    return;
  }
  const stdin = await stdinOf(channel, clock);
  if (channel.destroyed) return;
  if (fault?.answer === 'hang') await sleepUntil(clock, fault.until, 'ssh.hang');
  if (channel.destroyed) return;
  const conditions = conditionsOf(options, command, terminal);
  guest.files.isFull = conditions.isFull;
  let outcome: Outcome;
  try {
    outcome = runShell(command, { guest, user: who.user, now: clock.wall(), environment, stdin, conditions });
  } finally {
    guest.files.isFull = false;
  }
  await sleepUntil(clock, clock.wall() + outcome.duration, 'ssh.exec');
  if (channel.destroyed) return;
  if (fault?.answer === 'reset') {
    channel.write(outcome.stdout.subarray(0, outcome.stdout.length >> 1), () => cut());
    return;
  }
  channel.write(outcome.stdout);
  channel.stderr.write(outcome.stderr);
  if (fault?.answer === 'killed') channel.exit('KILL');
  else channel.exit(outcome.exitCode);
  channel.end();
}

/** What the client sends before it ends its side, or before nothing came for a while. */
function stdinOf(channel: ServerChannel, clock: Clock): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let timer = clock.schedule(clock.wall() + STDIN_GRACE_MS, 'ssh.stdin', done);
    function done(): void {
      timer.cancel();
      channel.removeListener('data', onData);
      resolve(Buffer.concat(chunks));
    }
    function onData(chunk: Buffer): void {
      timer.cancel();
      size += chunk.length;
      if (size > STDIN_BYTES_MAX) return done();
      chunks.push(chunk);
      timer = clock.schedule(clock.wall() + STDIN_GRACE_MS, 'ssh.stdin', done);
    }
    channel.on('data', onData);
    channel.once('end', done);
    channel.once('close', done);
  });
}

/** A login shell, line by line; what a line sets is there for the next. */
function serveShell(
  channel: ServerChannel,
  options: SessionOptions,
  environment: ReadonlyMap<string, string>,
  terminal: boolean,
): void {
  const { context, guest, who } = options;
  const { clock } = context;
  const { user } = who;
  const shell = openShell({ guest, user, environment, conditions: conditionsOf(options, '', terminal) });
  const prompt = terminal ? `${user.shortName}@${guest.hostName}:~${user.isRoot ? '#' : '$'} ` : '';
  const shown = (text: Buffer): Buffer =>
    terminal ? Buffer.from(text.toString('latin1').replace(/\n/g, '\r\n'), 'latin1') : text;
  let line = '';
  let status = 0;
  const leave = (): void => {
    channel.exit(status);
    channel.end();
  };
  channel.on('error', () => {});
  channel.write(prompt);
  channel.on('data', (chunk: Buffer) => {
    for (const character of chunk.toString('utf8')) {
      if (character === '\u0004') return leave(); // end of transmission
      if (character !== '\n' && character !== '\r') {
        line += character;
        continue;
      }
      const command = line;
      line = '';
      if (command.trim() !== '') {
        const outcome = shell.run(command, { now: clock.wall() });
        status = outcome.exitCode;
        channel.write(shown(outcome.stdout));
        if (outcome.stderr.length > 0) channel.stderr.write(shown(outcome.stderr));
        if (outcome.isOver || command.trim() === 'logout') return leave();
      }
      channel.write(prompt);
    }
  });
  channel.on('end', leave);
}
