/**
 * Connections to Linux servers: one for each, kept from look to look, made anew when it is gone. Which credential works
 * where is found out by trying those that fit in order, and remembered; one that was refused twice by a server is not
 * shown to it again for half an hour, so that no account gets locked.
 */
import { DryliftError } from '#core/errors.ts';
import type { Transport } from '#core/net/transport.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { Millis, UnixMillis } from '#core/units.ts';
import type { GuestCredential } from '../../app/ports.ts';
import type { HostKeyStore } from '../ssh/host-keys.ts';
import { connectSsh, type ExecResult, type SshConnection } from '../ssh/ssh-connection.ts';
import { errors } from '../ssh/ssh-errors.ts';
import type { Attempt, Logins } from '../winrm/logins.ts';
import { SHELL } from './linux-script.ts';
import { labelOf, type ServerTarget, SSH_PORT } from './targets.ts';

export interface LinuxHostsOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly hostKeys: HostKeyStore;
  readonly logins: Logins;
}

/** What sshd says in place of running a command. */
const EXPIRED = /password (?:has )?expired|must change your password|password change required/i;
const NOTE_BYTES = 1000;

interface Session {
  readonly connection: SshConnection;
  readonly credential: GuestCredential;
}

export class LinuxHosts {
  readonly #options: LinuxHostsOptions;
  /** By server and credential. */
  readonly #sessions = new Map<string, Session>();
  readonly #opening = new Map<string, Promise<Session>>();

  constructor(options: LinuxHostsOptions) {
    this.#options = options;
  }

  /**
   * Gives a script to the shell of a server, logged in with the first of the credentials that works.
   * @param script for the credential that works: its password may be needed by sudo
   * @throws `ssh.*`, `net.*`; the signal's reason
   */
  async run(
    target: ServerTarget,
    credentials: readonly GuestCredential[],
    script: (credential: GuestCredential) => string,
    timeoutMs: Millis,
    signal: AbortSignal,
  ): Promise<{ result: ExecResult; credential: GuestCredential }> {
    const label = labelOf(target);
    for (let isSecond = false; ; isSecond = true) {
      const kept = credentials
        .map((each) => this.#sessions.get(keyOf(label, each)))
        .find((session) => session?.connection.isOpen === true);
      const { connection, credential } = kept ?? (await this.#open(target, credentials, signal));
      try {
        const result = await connection.exec(SHELL, { stdin: script(credential), timeoutMs }, signal);
        if (result.stdout.length === 0 && EXPIRED.test(result.stderr.toString('latin1', 0, NOTE_BYTES))) {
          // what is logged in stays as it is: only a new login sees a new password
          connection.close();
          throw errors.make('ssh.login.expired', {
            what: `${label} lets ${credential.user} in (credential "${credential.name}"), and demands another password first.`,
          });
        }
        return { result, credential };
      } catch (error) {
        // a kept connection may have died unnoticed: the question only reads, so it may be asked again
        const isGone = error instanceof DryliftError && /^(ssh\.dropped|net\.reset)$/.test(error.code);
        if (!isGone || !kept || isSecond) throw error;
      }
    }
  }

  close(): void {
    for (const { connection } of this.#sessions.values()) connection.close();
    this.#sessions.clear();
  }

  /** Shared by all who need it at one time. */
  #open(
    target: ServerTarget,
    credentials: readonly GuestCredential[],
    signal: AbortSignal,
  ): Promise<Session> {
    const key = `${labelOf(target)} ${credentials.map(({ name }) => name).join('|')}`;
    const opening = this.#opening.get(key);
    if (opening) return opening;
    const session = this.#logIn(target, credentials, signal).finally(() => this.#opening.delete(key));
    this.#opening.set(key, session);
    return session;
  }

  async #logIn(
    target: ServerTarget,
    credentials: readonly GuestCredential[],
    signal: AbortSignal,
  ): Promise<Session> {
    const { logins } = this.#options;
    const label = labelOf(target);
    let refused: unknown;
    let heldUntil: UnixMillis | undefined;
    const held: string[] = [];
    for (const { name } of logins.ordered(label, credentials)) {
      const credential = credentials.find((each) => each.name === name)!;
      let session: Session | undefined;
      let outcome: Attempt | undefined;
      try {
        outcome = await logins.attempt(label, credential, async () => {
          try {
            session = await this.#connect(target, label, credential, signal);
            return true;
          } catch (error) {
            // a key that is not taken locks nobody out
            if (!isRefusal(error) || credential.password === '') throw error;
            refused = error;
            return false;
          }
        });
      } catch (error) {
        if (!(error instanceof DryliftError) || !/^ssh\.(login|key)\./.test(error.code)) throw error;
        refused = error;
      }
      if (session) return session;
      if (outcome !== 'held') continue;
      held.push(`"${name}"`);
      heldUntil ??= logins.heldUntil(label, credential);
    }
    if (heldUntil !== undefined)
      throw errors.make('ssh.login.held', {
        what: `${label} refused what it was shown; ${held.join(', ')} ${held.length === 1 ? 'is' : 'are'} held back until ${new Date(heldUntil).toISOString()}.`,
        cause: refused,
      });
    throw refused ?? errors.make('ssh.login.none', { what: `There is no credential for ${label}.` });
  }

  async #connect(
    target: ServerTarget,
    label: string,
    credential: GuestCredential,
    signal: AbortSignal,
  ): Promise<Session> {
    const { counters } = this.#options;
    const { address: host, hostKey, port = SSH_PORT } = target;
    const { password, ...account } = credential;
    try {
      const connection = await connectSsh(
        {
          ...this.#options,
          target: { host, port, hostKey },
          credential: { ...account, password: password || undefined },
        },
        signal,
      );
      counters.add('appliance.ssh.logins');
      const session = { connection, credential };
      this.#sessions.set(keyOf(label, credential), session);
      return session;
    } catch (error) {
      if (isRefusal(error)) counters.add('appliance.ssh.refusals');
      throw error;
    }
  }
}

const keyOf = (label: string, { name }: GuestCredential): string => `${label} ${name}`;

const isRefusal = (error: unknown): boolean =>
  error instanceof DryliftError && /^ssh\.login\.(refused|tries)$/.test(error.code);
