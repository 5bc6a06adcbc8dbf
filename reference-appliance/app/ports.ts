/**
 * What the domain needs of its sources: machines, what is measured and found in them, and for some their disks. Domain
 * code knows no SOAP, WinRM or SSH; sources/ implements these ports in their protocols' own words. The machines
 * themselves: source-machines.ts.
 */
import type { Bytes, Millis, SampleIndex, UnixMillis } from '#core/units.ts';
import type { GuestInventory } from './guest-scripts.ts';
import type {
  SourceAbout,
  SourceChanges,
  SourceKind,
  SourceMachine,
  VmwareAbout,
  VmwareMachine,
} from './source-machines.ts';

/** What works and yet somebody should know. */
export interface Warning {
  /** "limit.machines" */
  readonly code: string;
  readonly message: string;
}

// ---------------------------------------------------------------- performance

/** Of VMware: percentages in hundredths, KB/s, operations/s. */
export const VMWARE_COUNTERS = [
  'cpu.usage',
  'mem.usage',
  'virtualDisk.read',
  'virtualDisk.write',
  'virtualDisk.numberReadAveraged',
  'virtualDisk.numberWriteAveraged',
  'net.received',
  'net.transmitted',
] as const;
/** Of Hyper-V and servers: percentages in hundredths, bytes/s, operations/s. */
export const LIVE_COUNTERS = [
  'cpu.usage',
  'mem.usage',
  'disk.readBytes',
  'disk.writeBytes',
  'disk.reads',
  'disk.writes',
  'net.receivedBytes',
  'net.sentBytes',
] as const;
export type VmwareCounter = (typeof VMWARE_COUNTERS)[number];
export type LiveCounter = (typeof LIVE_COUNTERS)[number];
export type CounterName = VmwareCounter | LiveCounter;

/** Consecutive samples: `count` of them from array position `offset`, the first being number `first`. */
export interface SampleRun {
  readonly first: SampleIndex;
  readonly offset: number;
  readonly count: number;
}

/** Takes the samples of one question. The array is reused: nothing may keep it. */
export interface SampleSink {
  /** @param handle the machine whose series follow; @param runs which samples each of its series holds. */
  machine(handle: string, runs: readonly SampleRun[]): void;
  /** In the unit of the counter. Negative: no data. */
  series(counter: CounterName, instance: string, values: Int32Array, count: number): void;
}

export interface SampleQuery {
  readonly handles: readonly string[];
  /** Samples that stand after this instant … */
  readonly after: UnixMillis;
  /** … up to and including this one. */
  readonly through: UnixMillis;
}

// ---------------------------------------------------------------- replication

/** A run of bytes of a disk. */
export interface ByteRange {
  readonly start: Bytes;
  readonly length: Bytes;
}

/** A disk as a snapshot froze it. */
export interface FrozenDisk {
  readonly uuid: string;
  readonly key: number;
  readonly sizeBytes: Bytes;
  /** Mark of this snapshot for the next "what changed since"; absent while tracking is not in effect. */
  readonly changeId: string | undefined;
  /** Opaque to the domain: where the source can read it. */
  readonly location: string;
}

export interface Frozen {
  /** The source's handle of the snapshot. */
  readonly snapshot: string;
  readonly disks: readonly FrozenDisk[];
}

// ---------------------------------------------------------------- guests

export interface GuestCredential {
  /** As configured: names it in messages and to the service. */
  readonly name: string;
  readonly family: 'linux' | 'windows';
  readonly user: string;
  /** Empty when there is only a key. Also what `sudo` is answered. */
  readonly password: string;
  /** PEM or OpenSSH format. Of Linux only. */
  readonly privateKey?: string;
  readonly passphrase?: string;
}

/** An account of Hyper-V hosts. */
export interface HostCredential {
  readonly name: string;
  /** "DOMAIN\\user", "user@domain" or "user". */
  readonly user: string;
  readonly password: string;
}

/** Command lines that are run one after the other; what they write is taken together. */
export interface GuestScript {
  readonly family: 'linux' | 'windows';
  readonly commands: readonly string[];
}

/** Why one machine could not be looked into. */
export interface GuestFailure {
  readonly machine: string;
  readonly instanceUuid: string;
  readonly code: string;
  readonly what: string;
  readonly why: string;
  readonly next: string;
}

/** What was found inside one machine, or why nothing was. */
export interface GuestReport {
  readonly machine: SourceMachine;
  readonly at: UnixMillis;
  /** Name of the credential that worked. */
  readonly credential: string | undefined;
  readonly inventory: GuestInventory | undefined;
  readonly failure: GuestFailure | undefined;
}

export interface DependencyEnd {
  readonly ip: string;
  /** Of the one discovered machine that has the address. */
  readonly instanceUuid?: string;
  readonly serverName?: string;
  readonly process?: string;
  readonly application?: string;
}

export interface Dependency {
  readonly source: DependencyEnd;
  readonly destination: DependencyEnd & { readonly port: number };
  /** Collections that saw it. */
  readonly observations: number;
  readonly firstSeen: UnixMillis;
  readonly lastSeen: UnixMillis;
}

export interface DependencyStatus {
  readonly instanceUuid: string;
  /** Collections that succeeded. */
  readonly collections: number;
  readonly failure: GuestFailure | undefined;
}

/** Where machines are discovered. Errors are coded: `vcenter.*`, `hyperv.*`, `winrm.*`, `ssh.*`, `server.*`, `net.*`. */
export interface DiscoverySource {
  /** As configured: names the source in logs, errors and the store. */
  readonly name: string;
  readonly kind: SourceKind;
  /** Signs in and learns who is there. Cheap when already done. */
  about(signal: AbortSignal): Promise<SourceAbout>;
  /**
   * What is there, then what changed since the last call. Throws only when nothing could be looked at.
   * @param waitMs how long to wait for a change when there is none; 0: not at all. A `LiveSource` never waits
   */
  changes(waitMs: Millis, signal: AbortSignal): Promise<SourceChanges>;
  /**
   * What discovery needs and lacks, as far as it can be asked: privileges of the account, group memberships, delegation,
   * shares; by a key that stays the same. Never throws for a server that cannot tell.
   */
  prerequisites(signal: AbortSignal): Promise<ReadonlyMap<string, Warning>>;
  /** Runs a script inside a machine. @returns what it wrote. @throws `guest.*`; `guest.login.refused` makes the next credential be tried */
  runInGuest(
    machine: SourceMachine,
    credential: GuestCredential,
    script: GuestScript,
    signal: AbortSignal,
  ): Promise<string>;
  /** Signs out. Never throws. */
  close(): Promise<void>;
}

/**
 * A source that keeps no samples: one is of now. One source is one Hyper-V host or cluster, or the whole list of
 * servers.
 */
export interface LiveSource extends DiscoverySource {
  /** 30 s of Hyper-V, 5 min of servers. */
  readonly sampleMs: Millis;
  /** Looks again at what was unreached, and only at that; `full` is false. */
  retryUnreached(signal: AbortSignal): Promise<SourceChanges>;
  /**
   * One sample of each machine that runs, within `sampleMs`. One without an answer is left out; throws only when nothing
   * can be asked at all. Rates of counters that only grow are worked out by the source between its own two looks; they
   * are never negative, and the first look gives none.
   * @param sink may be told at any time until the promise settles; unknown handles are ignored
   */
  sample(machines: readonly SourceMachine[], sink: LiveSink, signal: AbortSignal): Promise<void>;
}

/** @param instance "", or a disk's `instance`, or an adapter's `id`; @param value in the unit of its counter, at least 0 */
export type LiveSink = (handle: string, counter: LiveCounter, instance: string, value: number) => void;

/** vCenter keeps samples for an hour. */
export interface HistorySource extends DiscoverySource {
  readonly kind: 'vmware';
  about(signal: AbortSignal): Promise<VmwareAbout>;
  changes(waitMs: Millis, signal: AbortSignal): Promise<SourceChanges<VmwareMachine>>;
  /**
   * Asks for samples of several machines, in as many parts as the server's limits make of it. Sinks are made by the
   * call, because an answer may have to be read twice; only those that are returned count, one for each part.
   * @throws `vcenter.machine.gone` when one of the machines does not exist any more
   */
  samples<Sink extends SampleSink>(
    query: SampleQuery,
    makeSink: () => Sink,
    signal: AbortSignal,
  ): Promise<readonly Sink[]>;
}

/** What can be replicated without an agent. */
export interface ReplicationSource extends HistorySource {
  enableChangeTracking(handle: string, signal: AbortSignal): Promise<void>;
  /** Names and handles of the machine's snapshots, roots first. */
  snapshots(handle: string, signal: AbortSignal): Promise<ReadonlyArray<{ name: string; snapshot: string }>>;
  createSnapshot(handle: string, name: string, signal: AbortSignal): Promise<string>;
  /** Removes it alone and consolidates. A snapshot that is not there any more is a success. */
  removeSnapshot(snapshot: string, signal: AbortSignal): Promise<void>;
  frozen(snapshot: string, signal: AbortSignal): Promise<Frozen>;
  /**
   * Ranges written between `since` and the snapshot, sorted, disjoint. `undefined`: ranges that hold data at
   * all. @throws `vcenter.cbt.reset` when `since` cannot be compared with any more
   */
  changedRanges(
    handle: string,
    snapshot: string,
    disk: FrozenDisk,
    since: string | undefined,
    signal: AbortSignal,
  ): Promise<ByteRange[]>;
  /** Bytes of a frozen disk of the machine. */
  read(handle: string, disk: FrozenDisk, range: ByteRange, signal: AbortSignal): Promise<Buffer>;
  powerState(handle: string, signal: AbortSignal): Promise<SourceMachine['power']>;
  /** Asks the guest to shut down. False when it cannot be asked. */
  shutDownGuest(handle: string, signal: AbortSignal): Promise<boolean>;
  powerOff(handle: string, signal: AbortSignal): Promise<void>;
}
