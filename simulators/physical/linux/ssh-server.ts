/**
 * A Linux server over SSH: OpenSSH's behaviour as clients see it. Commands run in the guest's shell, files are the
 * guest's files; the protocol itself is ssh2's.
 */
import type { Duplex } from 'node:stream';
import type { AuthContext, Connection, ServerChannel, Session } from 'ssh2';
import ssh2 from 'ssh2';
import type { Endpoint, Listener } from '#core/net/transport.ts';
import { type Clock, sleepUntil } from '#core/time/clock.ts';
import type { Bytes, Millis } from '#core/units.ts';
import { type GuestUser, userOf } from '../../estate/guest/accounts.ts';
import type { Guest } from '../../estate/guest/guest.ts';
import { runShell } from '../../estate/guest/shell/sh.ts';
import type { Simulator, SimulatorContext } from '../../kit/context.ts';
import { opensshKeyFrom } from './openssh-key.ts';
import { serveSftp } from './sftp.ts';

export interface SshOptions {
  readonly context: SimulatorContext;
  readonly guest: Guest;
  readonly at: Endpoint | readonly Endpoint[];
  /** Keys in OpenSSH's one-line form ("ssh-ed25519 AAAA…") by user name. */
  readonly authorizedKeys?: ReadonlyMap<string, readonly string[]>;
}

export interface SshServer extends Simulator {
  readonly endpoint: Endpoint;
}

/** MaxAuthTries and LoginGraceTime of sshd_config. */
const ATTEMPTS_MAX = 6;
const GRACE_MS: Millis = 120_000;
/** MaxSessions. */
const SESSIONS_MAX = 10;
/** A client that has nothing to say on standard input often does not say so: it is waited for so long. */
const STDIN_GRACE_MS: Millis = 200;
const STDIN_BYTES_MAX: Bytes = 64 * 1024 * 1024;
const IDENT = 'OpenSSH_8.9p1 Ubuntu-3ubuntu0.10';
const METHODS: ['publickey', 'password', 'keyboard-interactive'] = [
  'publickey',
  'password',
  'keyboard-interactive',
];

/** Starts listening. @throws DryliftError `net.listen` */
export async function startSshServer(options: SshOptions): Promise<SshServer> {
  const { context, guest, at } = options;
  const key = opensshKeyFrom(context.entropy.bytes(32, 'ssh.hostKey', guest.machine.id));
  const open = new Set<Duplex>();
  const server = new ssh2.Server({ hostKeys: [key], ident: IDENT }, (connection) =>
    serveConnection(connection, options),
  );
  const listener: Listener = await context.transport.listen(at, (raw) => {
    // a machine that is off does not answer
    if (!guest.isOn()) return void raw.destroy();
    open.add(raw);
    raw.once('close', () => open.delete(raw));
    server.injectSocket(raw as Parameters<typeof server.injectSocket>[0]);
  });
  return {
    endpoint: listener.endpoint,
    async stop() {
      await listener.close();
      for (const raw of open) raw.destroy();
    },
  };
}

function serveConnection(connection: Connection, options: SshOptions): void {
  const { clock } = options.context;
  let user: GuestUser | undefined;
  let attempts = 0;
  let sessions = 0;
  const grace = clock.schedule(clock.wall() + GRACE_MS, 'ssh.grace', () => connection.end());
  connection.on('error', () => {}); // the client went away, or spoke something else
  connection.on('close', () => grace.cancel());
  connection.on('authentication', (attempt) => {
    void admitted(attempt, options).then((found) => {
      if (found === 'more') return;
      if (found) {
        user = found;
        grace.cancel();
        return attempt.accept();
      }
      if (attempt.method !== 'none' && ++attempts >= ATTEMPTS_MAX) return connection.end();
      attempt.reject(METHODS);
    });
  });
  connection.on('ready', () => {
    connection.on('session', (accept, reject) => {
      if (++sessions > SESSIONS_MAX) return void reject();
      const session = accept();
      session.on('close', () => sessions--);
      serveSession(session, user!, options);
    });
  });
}

/** `more`: the client was told that its key would do, and has to sign with it. */
async function admitted(attempt: AuthContext, options: SshOptions): Promise<GuestUser | 'more' | undefined> {
  const { guest } = options;
  switch (attempt.method) {
    case 'password':
      return guest.logIn(attempt.username, attempt.password);
    case 'keyboard-interactive': {
      const answers = await new Promise<string[]>((resolve) =>
        attempt.prompt([{ prompt: 'Password: ', echo: false }], '', '', resolve),
      );
      return guest.logIn(attempt.username, answers[0] ?? '');
    }
    case 'publickey': {
      const lines = options.authorizedKeys?.get(attempt.username) ?? [];
      const known = lines
        .map((line) => ssh2.utils.parseKey(line))
        .find((key) => !(key instanceof Error) && key.getPublicSSH().equals(attempt.key.data));
      if (!known || known instanceof Error) return undefined;
      if (!attempt.signature) {
        attempt.accept();
        return 'more';
      }
      const right = known.verify(attempt.blob!, attempt.signature, attempt.hashAlgo);
      const account = guest.accounts().find(({ user }) => user === attempt.username);
      return right === true && account ? userOf(guest.os, guest.hostName, account) : undefined;
    }
    default:
      return undefined;
  }
}

function serveSession(session: Session, user: GuestUser, { context, guest }: SshOptions): void {
  const { clock } = context;
  const environment = new Map<string, string>();
  session.on('env', (accept, _reject, info) => {
    // AcceptEnv of Debian's sshd_config
    if (/^(?:LANG|LC_\w+)$/.test(info.key)) environment.set(info.key, info.val);
    accept?.();
  });
  session.on('pty', (accept) => accept?.());
  session.on('window-change', (accept) => accept?.());
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    context.counters.add('calls.linux.exec');
    void stdinOf(channel, clock).then((stdin) => {
      const outcome = runShell(command, { guest, user, now: clock.wall(), environment, stdin });
      return sleepUntil(clock, clock.wall() + outcome.duration, 'ssh.exec').then(() => {
        channel.write(outcome.stdout);
        channel.stderr.write(outcome.stderr);
        channel.exit(outcome.exitCode);
        channel.end();
      });
    });
  });
  session.on('shell', (accept) => serveShell(accept(), user, guest, clock, environment));
  session.on('sftp', (accept) => {
    context.counters.add('calls.linux.sftp');
    serveSftp(accept(), { guest, user, now: () => clock.wall() });
  });
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

/** A login shell, line by line: each line runs by itself, and variables do not outlive it. */
function serveShell(
  channel: ServerChannel,
  user: GuestUser,
  guest: Guest,
  clock: Clock,
  environment: ReadonlyMap<string, string>,
): void {
  const prompt = `${user.shortName}@${guest.hostName}:~${user.isRoot ? '#' : '$'} `;
  let line = '';
  let status = 0;
  const leave = (): void => {
    channel.exit(status);
    channel.end();
  };
  channel.write(prompt);
  channel.on('data', (chunk: Buffer) => {
    for (const character of chunk.toString('utf8')) {
      if (character === '\u0004') return leave(); // end of transmission
      if (character !== '\n' && character !== '\r') {
        line += character;
        continue;
      }
      const command = line.trim();
      line = '';
      if (/^(?:exit|logout)\b/.test(command)) return leave();
      if (command !== '') {
        const outcome = runShell(command, { guest, user, now: clock.wall(), environment });
        status = outcome.exitCode;
        channel.write(outcome.stdout);
        channel.stderr.write(outcome.stderr);
      }
      channel.write(prompt);
    }
  });
  channel.on('end', leave);
}
