/**
 * One SSH connection to one server, logged in as one account: the protocol is ssh2's, the connection comes from the
 * given Transport, time from the Clock. Commands run side by side in channels of their own, each with its output,
 * errors, exit code and limits; what goes wrong is told as a coded error.
 */
import type { Duplex } from 'node:stream';
import type { AnyAuthMethod, AuthenticationType, ClientChannel, ConnectConfig } from 'ssh2';
import ssh2 from 'ssh2';
import { DryliftError } from '#core/errors.ts';
import type { Transport } from '#core/net/transport.ts';
import { type Clock, DeadlineExceeded, deadline } from '#core/time/clock.ts';
import { type Bytes, MIB, type Millis, SECOND } from '#core/units.ts';
import {
  algorithmsFor,
  changedKey,
  HOST_KEY_FAMILIES,
  type HostKeyStore,
  type ShownKey,
  sameFingerprint,
  shownKey,
} from './host-keys.ts';
import { errors } from './ssh-errors.ts';

/** An account, by password, by key, or by both where a server wants both. */
export interface SshCredential {
  /** As configured: names it in messages. */
  readonly name: string;
  readonly user: string;
  readonly password?: string | undefined;
  /** OpenSSH or PEM. */
  readonly privateKey?: string | undefined;
  readonly passphrase?: string | undefined;
}

export interface SshTarget {
  readonly host: string;
  readonly port: number;
  /** "SHA256:…" of the one host key to accept. */
  readonly hostKey?: string | undefined;
}

export interface SshOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly hostKeys: HostKeyStore;
  readonly target: SshTarget;
  readonly credential: SshCredential;
}

export interface ExecOptions {
  /** What the command reads; nothing by default. */
  readonly stdin?: string | undefined;
  /** A minute. */
  readonly timeoutMs?: Millis | undefined;
  /** Of output and errors together; 16 MiB. */
  readonly outputBytesMax?: Bytes | undefined;
}

export interface ExecResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Undefined when a signal ended the command. */
  readonly code: number | undefined;
  /** "KILL" */
  readonly signal: string | undefined;
}

export interface SshConnection {
  /** False once it has ended, for whatever reason. */
  readonly isOpen: boolean;
  /**
   * Runs a command line in the account's shell. Several may run at one time.
   * @throws `ssh.timeout`, `ssh.dropped`, `ssh.exec.refused`, `ssh.output.tooLarge`; the signal's reason
   */
  exec(command: string, options: ExecOptions, signal: AbortSignal): Promise<ExecResult>;
  close(): void;
}

/** Connecting, key exchange and login together. */
const LOGIN_MS: Millis = 30 * SECOND;
const EXEC_MS: Millis = 60 * SECOND;
const OUTPUT_BYTES_MAX: Bytes = 16 * MIB;
/** MaxSessions of sshd is 10; others may use the account too. */
const CHANNELS_MAX = 8;
/** What OpenSSH before 6 knows, after everything better. */
const OLD_KEX: ReadonlyArray<'diffie-hellman-group14-sha1' | 'diffie-hellman-group-exchange-sha1'> = [
  'diffie-hellman-group14-sha1',
  'diffie-hellman-group-exchange-sha1',
];

/**
 * Connects and logs in, with one attempt of each kind that the credential has and the server takes.
 * @throws `ssh.*`, `net.*`; the signal's reason
 */
export async function connectSsh(options: SshOptions, signal: AbortSignal): Promise<SshConnection> {
  const { hostKey } = options.target;
  if (hostKey === undefined) return connectOnce(options, undefined, signal);
  // a server has a key of each kind, and any of them may be the one that is pinned
  let refused: unknown;
  for (const family of [undefined, ...HOST_KEY_FAMILIES])
    try {
      return await connectOnce(options, family, signal);
    } catch (error) {
      const code = error instanceof DryliftError ? error.code : '';
      if (code !== 'ssh.hostKey.changed' && !(refused && code === 'ssh.algorithms')) throw error;
      refused ??= error;
    }
  throw refused;
}

async function connectOnce(
  options: SshOptions,
  hostKeyAlgorithms: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<SshConnection> {
  const { transport, clock, hostKeys, target, credential } = options;
  const place = `${target.host}:${target.port}`;
  const known = target.hostKey ?? (await hostKeys.get(place));
  const key = readKey(credential);
  using timer = deadline(clock, LOGIN_MS, 'appliance.ssh.login', signal);
  let raw: Duplex;
  try {
    raw = await transport.dial(target, timer.signal);
  } catch (error) {
    throw late(error, `${place} did not accept a connection in time.`);
  }
  const client = new ssh2.Client();
  let refusedKey: Error | undefined;
  let firstSeen: ShownKey | undefined;
  let attempted = 0;
  let offered: readonly string[] = [];
  let isEnded = false;
  client.on('close', () => {
    isEnded = true;
  });

  await new Promise<void>((resolve, reject) => {
    const fail = (error: unknown): void => {
      timer.signal.removeEventListener('abort', onAbort);
      raw.destroy();
      reject(error);
    };
    const onAbort = (): void =>
      fail(late(timer.signal.reason, `${place} did not finish the login in ${LOGIN_MS / SECOND} seconds.`));
    timer.signal.addEventListener('abort', onAbort, { once: true });
    client.on('error', (error) => fail(refusedKey ?? told(error, place, credential, { attempted, offered })));
    client.on('close', () =>
      fail(
        refusedKey ?? errors.make('ssh.dropped', { what: `${place} ended the connection during the login.` }),
      ),
    );
    client.on('ready', () => {
      timer.signal.removeEventListener('abort', onAbort);
      resolve();
    });
    if (timer.signal.aborted) return onAbort();
    const config: ConnectConfig = {
      sock: raw as never,
      username: credential.user,
      readyTimeout: 0,
      algorithms: {
        serverHostKey: (hostKeyAlgorithms ?? algorithmsFor(known?.split(' ')[0])) as never,
        kex: { append: [...OLD_KEX], prepend: [], remove: [] } as never,
      },
      hostVerifier: (blob: Buffer) => {
        const shown = shownKey(blob);
        if (known === undefined) firstSeen = shown;
        else if (!sameFingerprint(known, shown.fingerprint))
          refusedKey = changedKey(place, known, shown, target.hostKey !== undefined);
        return refusedKey === undefined;
      },
      authHandler: (left: AuthenticationType[] | null, isPartial: boolean | null, next) => {
        // "none" first: the answer says what the server takes, and counts as no attempt
        if (left === null) return next({ type: 'none', username: credential.user });
        offered = left;
        const method = methodFor(credential, key, left, tried, isPartial === true);
        if (!method) return next(false as never);
        tried.add(method.type);
        attempted++;
        next(method);
      },
    };
    const tried = new Set<string>();
    try {
      client.connect(config);
    } catch (error) {
      fail(error);
    }
  });
  // only a server that took the login is remembered: what answered before may have been anything
  if (firstSeen) await hostKeys.set(place, `${firstSeen.type} ${firstSeen.fingerprint}`);
  return openConnection(client, raw, clock, place, () => !isEnded);
}

/** @throws `ssh.key.unreadable` */
function readKey({ name, privateKey, passphrase }: SshCredential): Buffer | undefined {
  if (privateKey === undefined) return undefined;
  const parsed = ssh2.utils.parseKey(privateKey, passphrase);
  const first = Array.isArray(parsed) ? parsed[0] : parsed;
  if (first instanceof Error || !first?.isPrivateKey())
    throw errors.make('ssh.key.unreadable', {
      what: `The private key of the credential "${name}" cannot be used${first instanceof Error ? `: ${first.message}` : ': it is a public key'}.`,
    });
  return Buffer.from(privateKey);
}

/** The next attempt: a key before a password, each once; the password in whichever way the server takes it. */
function methodFor(
  { user, password, passphrase }: SshCredential,
  key: Buffer | undefined,
  left: readonly string[],
  tried: ReadonlySet<string>,
  isPartial: boolean,
): AnyAuthMethod | undefined {
  if (key && left.includes('publickey') && !tried.has('publickey'))
    return {
      type: 'publickey',
      username: user,
      key,
      ...(passphrase === undefined ? {} : { passphrase }),
    };
  if (password === undefined || tried.has('password') || tried.has('keyboard-interactive')) return undefined;
  // where a key was refused and the password is not asked for beside it, it is another chance all the same
  if (tried.has('publickey') && isPartial && !left.some((each) => each !== 'publickey')) return undefined;
  if (left.includes('password')) return { type: 'password', username: user, password };
  if (left.includes('keyboard-interactive'))
    return {
      type: 'keyboard-interactive',
      username: user,
      prompt: (_name, _instructions, _language, prompts, finish) =>
        finish(prompts.map(({ echo }) => (echo ? user : password))),
    };
  return undefined;
}

/** An error of ssh2 or of the socket before the login was done. */
function told(
  error: Error & { level?: string; code?: unknown },
  place: string,
  { user, name }: SshCredential,
  { attempted, offered }: { attempted: number; offered: readonly string[] },
): unknown {
  const { level, message } = error;
  const cause = error;
  if (level === 'client-authentication')
    return attempted > 0
      ? errors.make('ssh.login.refused', { what: `${place} refused ${user} (credential "${name}").`, cause })
      : errors.make('ssh.login.method', {
          what: `${place} lets ${user} log in by ${offered.join(', ') || 'no method'} only; the credential "${name}" has none of these.`,
          cause,
        });
  if (/too many authentication failures/i.test(message))
    return errors.make('ssh.login.tries', {
      what: `${place} ended the login of ${user}: ${message}.`,
      cause,
    });
  if (/no matching/i.test(message))
    return errors.make('ssh.algorithms', {
      what: `${place} and the appliance do not agree: ${message}.`,
      cause,
    });
  if (level === 'client-socket' || /lost before handshake/i.test(message))
    return errors.make('ssh.dropped', { what: `${place} ended the connection before the login.`, cause });
  // with a number the server said so itself (RFC 4253, 11.1); without it this side did not understand
  if (typeof error.code === 'number')
    return errors.make('ssh.dropped', { what: `${place} ended the login: ${message}.`, cause });
  return errors.make('ssh.notSsh', { what: `${place} does not speak SSH as it should: ${message}.`, cause });
}

/** A deadline that passed, as a coded error; anything else as it is. */
function late(reason: unknown, what: string): unknown {
  return reason instanceof DeadlineExceeded ? errors.make('ssh.timeout', { what, cause: reason }) : reason;
}

function openConnection(
  client: InstanceType<typeof ssh2.Client>,
  raw: Duplex,
  clock: Clock,
  place: string,
  isOpen: () => boolean,
): SshConnection {
  const waiting: Array<() => void> = [];
  const cuts = new Set<() => void>();
  let running = 0;
  let width = CHANNELS_MAX;
  client.removeAllListeners('error');
  client.on('error', () => {}); // told by 'close', which follows
  client.on('close', () => {
    for (const cut of [...cuts]) cut();
  });

  const dropped = (cause?: unknown): Error =>
    errors.make('ssh.dropped', { what: `The connection to ${place} ended before the command did.`, cause });

  async function inTurn(signal: AbortSignal, work: () => Promise<ExecResult | 'later'>): Promise<ExecResult> {
    for (;;) {
      while (running >= width) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        signal.throwIfAborted();
      }
      running++;
      try {
        const result = await work();
        if (result !== 'later') return result;
      } finally {
        running--;
        waiting.shift()?.();
      }
    }
  }

  /** `later`: the server takes fewer channels at one time. */
  function run(command: string, options: ExecOptions, signal: AbortSignal): Promise<ExecResult | 'later'> {
    const { stdin = '', timeoutMs = EXEC_MS, outputBytesMax = OUTPUT_BYTES_MAX } = options;
    return new Promise((resolve, reject) => {
      const timer = deadline(clock, timeoutMs, 'appliance.ssh.exec', signal);
      let channel: ClientChannel | undefined;
      const settle = (): void => {
        cuts.delete(cut);
        timer.signal.removeEventListener('abort', onAbort);
        timer[Symbol.dispose]();
      };
      const fail = (error: unknown): void => {
        settle();
        reject(error);
      };
      const cut = (): void => fail(dropped());
      const leave = (error: unknown): void => {
        channel?.signal('KILL');
        channel?.close();
        // a server that does not answer any more will not answer a closed channel either
        if (running <= 1) raw.destroy();
        fail(error);
      };
      const onAbort = (): void =>
        leave(
          late(timer.signal.reason, `A command on ${place} did not end in ${timeoutMs / SECOND} seconds.`),
        );
      if (!isOpen()) return fail(dropped());
      cuts.add(cut);
      timer.signal.addEventListener('abort', onAbort, { once: true });
      if (timer.signal.aborted) return onAbort();
      client.exec(command, (error, opened) => {
        if (error) {
          if (!isOpen()) return fail(dropped(error));
          if (running > 1) {
            width = running - 1;
            settle();
            return resolve('later');
          }
          return fail(
            errors.make('ssh.exec.refused', {
              what: `${place} runs no command: ${error.message}.`,
              cause: error,
            }),
          );
        }
        channel = opened;
        const output: Buffer[] = [];
        const complaints: Buffer[] = [];
        let size = 0;
        let code: number | undefined;
        let ended: string | undefined;
        const take = (into: Buffer[]) => (chunk: Buffer) => {
          size += chunk.length;
          if (size > outputBytesMax)
            return leave(
              errors.make('ssh.output.tooLarge', {
                what: `A command on ${place} wrote more than ${outputBytesMax} bytes.`,
              }),
            );
          into.push(chunk);
        };
        opened.on('data', take(output));
        opened.stderr.on('data', take(complaints));
        opened.on('exit', (exitCode: number | null, name?: string) => {
          code = exitCode ?? undefined;
          ended = name?.replace(/^SIG/, '');
        });
        opened.on('error', fail);
        opened.on('close', () => {
          if (code === undefined && ended === undefined) return fail(dropped());
          settle();
          resolve({
            stdout: Buffer.concat(output),
            stderr: Buffer.concat(complaints),
            code,
            signal: ended,
          });
        });
        opened.end(stdin);
      });
    });
  }

  return {
    get isOpen() {
      return isOpen();
    },
    exec: (command, options, signal) => inTurn(signal, () => run(command, options, signal)),
    close() {
      client.end();
      raw.destroy();
    },
  };
}
