/**
 * Connections to Windows servers: one for each, kept from look to look. Without a port in the configuration HTTPS comes
 * first, and plain HTTP, where every message is sealed, when nothing answers there. [facts: collected-data §7, ports]
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { DryliftError } from '#core/errors.ts';
import type { Transport } from '#core/net/transport.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { GuestCredential } from '../../app/ports.ts';
import type { Logger } from '../../log.ts';
import { winrmConnection } from '../winrm/connection.ts';
import type { Logins } from '../winrm/logins.ts';
import type { WinrmConnection } from '../winrm/types.ts';
import { labelOf, type ServerTarget, WINRM_HTTP_PORT, WINRM_HTTPS_PORT } from './targets.ts';

export interface WindowsHostsOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly counters: Counters;
  readonly log: Logger;
  readonly logins: Logins;
}

interface Session {
  readonly connection: WinrmConnection;
  readonly port: number;
  readonly credentials: readonly GuestCredential[];
}

/** What says that nobody is there, rather than that somebody refuses. */
const NOBODY_THERE = /^net\.(refused|unreachable|timeout|reset)$/;

export class WindowsHosts {
  readonly #options: WindowsHostsOptions;
  readonly #sessions = new Map<string, Session>();

  constructor(options: WindowsHostsOptions) {
    this.#options = options;
  }

  /** Works with a server over the connection that is kept, or a new one. @throws `winrm.*`, `net.*` */
  async use<T>(
    target: ServerTarget,
    credentials: readonly GuestCredential[],
    purpose: string,
    work: (connection: WinrmConnection) => Promise<T>,
  ): Promise<T> {
    const key = `${purpose} ${labelOf(target)}`;
    const kept = this.#sessions.get(key);
    const isKept = kept !== undefined && sameNames(kept.credentials, credentials);
    const ports =
      target.port === undefined
        ? isKept
          ? [kept.port, kept.port === WINRM_HTTPS_PORT ? WINRM_HTTP_PORT : WINRM_HTTPS_PORT]
          : [WINRM_HTTPS_PORT, WINRM_HTTP_PORT]
        : [target.port];
    let firstFailure: unknown;
    for (const port of ports) {
      const session =
        isKept && kept.port === port ? kept : this.#begin(key, target, port, credentials, purpose);
      try {
        return await work(session.connection);
      } catch (error) {
        if (!(error instanceof DryliftError) || !NOBODY_THERE.test(error.code)) throw error;
        firstFailure ??= error;
      }
    }
    throw firstFailure;
  }

  close(): void {
    for (const { connection } of this.#sessions.values()) connection.close();
    this.#sessions.clear();
  }

  #begin(
    key: string,
    { address, tls }: ServerTarget,
    port: number,
    credentials: readonly GuestCredential[],
    purpose: string,
  ): Session {
    this.#sessions.get(key)?.connection.close();
    const connection = winrmConnection({
      ...this.#options,
      host: address,
      port,
      // a port of one's own choice is one of HTTPS: Windows knows no other reason to choose one
      https: port !== WINRM_HTTP_PORT,
      tls,
      credentials,
      purpose,
    });
    const session = { connection, port, credentials };
    this.#sessions.set(key, session);
    return session;
  }
}

const sameNames = (a: readonly GuestCredential[], b: readonly GuestCredential[]): boolean =>
  a.length === b.length && a.every(({ name }, i) => name === b[i]!.name);
