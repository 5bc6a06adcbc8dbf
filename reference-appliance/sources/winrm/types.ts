/** What a connection to a host's Windows Remote Management is given, and what it offers. */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { TlsClientOptions, Transport } from '#core/net/transport.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { Bytes, Millis } from '#core/units.ts';
import type { Logger } from '../../log.ts';
import type { CimInstance } from './cim.ts';
import type { Logins } from './logins.ts';

export interface WinrmCredential {
  /** As configured: names it in messages. */
  readonly name: string;
  /** `DOMAIN\user` or `user@domain` for an account of a domain; `user` or `.\user` for one of the host itself. */
  readonly user: string;
  readonly password: string;
}

export interface WinrmOptions {
  /** Name or address. */
  readonly host: string;
  /** Usually 5986 with TLS, 5985 without. */
  readonly port: number;
  /** Without TLS every message is sealed. */
  readonly https: boolean;
  readonly tls: Omit<TlsClientOptions, 'serverName'>;
  /** Tried in this order; the one that worked is tried first from then on. */
  readonly credentials: readonly WinrmCredential[];
  /** One for all connections of a source: what was refused counts over all of them. */
  readonly logins: Logins;
  /** What it is for: "inventory". Tells connections to one host apart. */
  readonly purpose: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly counters: Counters;
  readonly log: Logger;
}

export interface WinrmIdentity {
  /** "Microsoft Corporation" */
  readonly vendor: string;
  /** Of the operating system: "10.0.17763". */
  readonly osVersion: string;
}

export interface RunOptions {
  /** What the command reads from its standard input. Passwords go this way, never into the line. */
  readonly stdin?: string;
  /** Default 2 min; then it is ended and `winrm.shell.slow` thrown. */
  readonly timeoutMs?: Millis;
  /** Of both streams together; default 16 MiB. */
  readonly outputBytesMax?: Bytes;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A singleton's method needs no selectors. */
export type Selectors = Readonly<Record<string, string>>;

/**
 * One TCP connection that is kept alive and authenticated, its requests one after the other. All methods throw
 * `winrm.*` (errors.ts) and `net.*`, or the signal's reason.
 */
export interface WinrmConnection {
  readonly host: string;
  /** The credential that worked last. */
  readonly credential: WinrmCredential | undefined;
  /** How far the host's clock is ahead of ours, as its answers tell; `undefined` before the first. */
  readonly clockAheadMs: Millis | undefined;

  identify(signal: AbortSignal): Promise<WinrmIdentity>;
  /**
   * WQL, projections too, also `ASSOCIATORS OF`; page by page.
   * @param namespace "root/cimv2"
   */
  query(namespace: string, wql: string, signal: AbortSignal): Promise<CimInstance[]>;
  /**
   * The same for many small rows of flat columns (performance): as texts in the order of `columns`; null is "".
   * The row is reused: nothing may keep it.
   */
  rows(
    namespace: string,
    className: string,
    columns: readonly string[],
    onRow: (row: readonly string[]) => void,
    signal: AbortSignal,
  ): Promise<void>;
  get(namespace: string, className: string, selectors: Selectors, signal: AbortSignal): Promise<CimInstance>;
  /** @param input one element for each value. @returns outputs with ReturnValue. */
  invoke(
    namespace: string,
    className: string,
    method: string,
    selectors: Selectors,
    input: ReadonlyArray<readonly [name: string, value: string]>,
    signal: AbortSignal,
  ): Promise<CimInstance>;
  /** A command line of cmd.exe in a shell of its own. */
  run(line: string, options: RunOptions, signal: AbortSignal): Promise<CommandResult>;
  /** Drops the connection. */
  close(): void;
}
