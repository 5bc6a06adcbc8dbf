/**
 * What the domain needs from the world: sources (virtualisation managers) and the cloud. Domain code knows no
 * SOAP, HTTP or status codes; sources/ and targets/ implement these ports in their protocols' own words.
 */
import type { Bytes, Millis, SampleIndex, UnixMillis } from '#core/units.ts';
import type { GuestInventory } from './guest-scripts.ts';

// ---------------------------------------------------------------- discovery

export interface SourceAbout {
  /** Host name it was reached by. */
  readonly fqdn: string;
  readonly instanceUuid: string;
  readonly version: string;
  /** "VMware VirtualCenter Server" */
  readonly licenseProductName: string;
}

export interface SourceDisk {
  /** Identifies the disk over the whole migration. */
  readonly uuid: string;
  readonly label: string;
  readonly provisioning: 'Thin' | 'Thick' | 'Unknown';
  readonly mode: string;
  readonly controllerType: string;
  readonly sizeBytes: Bytes;
  /** The size as the source words it. */
  readonly sizeText: string;
  readonly controllerKey: number;
  /** "scsi0:0": also the instance of its performance counters. */
  readonly instance: string;
  readonly unit: number;
  /** "[ds] dir/x.vmdk" */
  readonly path: string;
  readonly isOsDisk: boolean;
  readonly key: number;
  readonly datastore: string;
}

export interface SourceNic {
  /** Device key as text: also the instance of its performance counters. */
  readonly id: string;
  readonly label: string;
  readonly adapterType: string;
  readonly macAddress: string;
  readonly addresses: readonly string[];
  readonly networkName: string;
}

/** A container above a machine. */
export interface InventoryPlace {
  /** "Datacenter", "Folder", "VirtualApp" */
  readonly type: string;
  readonly id: string;
  readonly name: string;
}

export interface SourceMachine {
  /** The source's own handle; valid for this source only. */
  readonly handle: string;
  readonly instanceUuid: string;
  readonly biosUuid: string;
  readonly name: string;
  readonly isTemplate: boolean;
  readonly power: 'on' | 'off' | 'suspended';
  readonly cores: number;
  readonly coresPerSocket: number;
  readonly memoryMiB: number;
  readonly firmware: 'BIOS' | 'EFI';
  readonly os: { readonly family: 'windows' | 'linux' | 'other'; readonly name: string };
  readonly description: string;
  readonly datacenter: string;
  /** Inventory path, names joined by "/". */
  readonly folder: string;
  /** The same with what each name belongs to, outermost first. */
  readonly path: readonly InventoryPlace[];
  readonly cluster: string;
  /** Names of the cluster or host and of the pools down to the machine's own, joined by "/". */
  readonly resourcePool: string;
  readonly host: string;
  readonly hostVersion: string;
  /** Of the host that it runs on. */
  readonly processorModel: string;
  readonly processorSockets: number;
  /** As the guest names itself; empty without tools. */
  readonly guestHostName: string;
  readonly toolsRunning: boolean;
  readonly toolsStatus: string;
  readonly toolsVersion: string;
  readonly changeTrackingSupported: boolean;
  readonly changeTrackingEnabled: boolean;
  readonly snapshots: number;
  /** disk.EnableUUID, as text. */
  readonly diskUuidEnabled: string;
  readonly disks: readonly SourceDisk[];
  readonly nics: readonly SourceNic[];
}

export interface SourceChanges {
  /** True when `machines` is everything there is: whatever is not listed is gone. */
  readonly full: boolean;
  readonly machines: readonly SourceMachine[];
  /** Instance UUIDs. Empty when `full`. */
  readonly removed: readonly string[];
}

/** What works and yet somebody should know. */
export interface Warning {
  /** "limit.machines" */
  readonly code: string;
  readonly message: string;
}

// ---------------------------------------------------------------- performance

export const COUNTERS = [
  'cpu.usage',
  'mem.usage',
  'virtualDisk.read',
  'virtualDisk.write',
  'virtualDisk.numberReadAveraged',
  'virtualDisk.numberWriteAveraged',
  'net.received',
  'net.transmitted',
] as const;
export type CounterName = (typeof COUNTERS)[number];

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
  /** Percentages in hundredths; KB/s; operations/s. Negative: no data. */
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

export interface Source {
  /** As configured: names the source in logs, errors and the store. */
  readonly name: string;
  /** Signs in and learns who is there. Cheap when already done. @throws `vcenter.*`, `net.*` */
  about(signal: AbortSignal): Promise<SourceAbout>;
  /**
   * What is there, then what changed since the last call.
   * @param waitMs how long to wait for a change when there is none; 0: not at all
   */
  changes(waitMs: Millis, signal: AbortSignal): Promise<SourceChanges>;
  /**
   * Which privileges that it needs the account lacks, as far as the server can be asked; by a key that stays the same.
   * Never throws for a server that cannot tell.
   */
  missingPrivileges(signal: AbortSignal): Promise<ReadonlyMap<string, Warning>>;
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
  /** Runs a script inside a guest. @returns what it wrote. @throws `guest.*`, `vcenter.*`, `net.*` */
  runInGuest(
    handle: string,
    name: string,
    credential: GuestCredential,
    script: GuestScript,
    signal: AbortSignal,
  ): Promise<string>;
  /** Asks the guest to shut down. False when it cannot be asked. */
  shutDownGuest(handle: string, signal: AbortSignal): Promise<boolean>;
  powerOff(handle: string, signal: AbortSignal): Promise<void>;
  /** Signs out. Never throws. */
  close(): Promise<void>;
}

// ---------------------------------------------------------------- cloud

export interface Registration {
  /** ARM id of the site. */
  readonly siteId: string;
  /** Base of the discovery data plane. */
  readonly serviceEndpoint: string;
}

export type BatchKind = 'inventory' | 'points' | 'applications' | 'dependencies';

/** What the service stores of this appliance's batches. */
export interface Sequences {
  readonly inventory: number;
  readonly points: number;
  readonly applications: number;
  readonly dependencies: number;
}

export interface Heartbeat {
  readonly version: string;
  readonly services: ReadonlyArray<{ name: string; version: string; state: string }>;
  readonly warnings: readonly Warning[];
}

export interface SeriesName {
  /** Instance UUID. */
  readonly machine: string;
  readonly counter: CounterName;
  readonly instance: string;
}

/** Ten-minute peaks of several machines over the same windows. */
export interface PointsBatch {
  /** Number of the first window since the Unix epoch. */
  readonly firstWindow: number;
  readonly windows: number;
  readonly series: readonly SeriesName[];
  /** Peak of series i in window w at [i × windows + w], in the counter's raw whole units; -1: no samples. */
  readonly peaks: Int32Array;
}

/** How batches are worded for the service. */
export interface BatchForms {
  machine(machine: SourceMachine, about: SourceAbout): string;
  /** @param machines as `machine` worded them */
  inventory(
    about: SourceAbout,
    full: boolean,
    machines: readonly string[],
    removed: readonly string[],
  ): Buffer;
  points(batch: PointsBatch): Buffer;
  guestReport(report: GuestReport): string;
  /** @param reports as `guestReport` worded them */
  guestReports(reports: readonly string[]): Buffer;
  dependencies(
    start: UnixMillis,
    end: UnixMillis,
    statuses: readonly DependencyStatus[],
    dependencies: readonly Dependency[],
  ): Buffer;
  /** The reverse of `points`, for batches that were stored before a restart. */
  readPoints(body: Uint8Array): PointsBatch;
}

export type Accepted = { readonly ok: true } | { readonly ok: false; readonly expected: number };

export interface Cloud {
  readonly forms: BatchForms;
  /** Makes or refreshes site, collector and vCenters; repeating it changes nothing. @throws `azure.*`, `net.*` */
  register(sources: readonly SourceAbout[], signal: AbortSignal): Promise<Registration>;
  /** @returns the service's time. */
  heartbeat(beat: Heartbeat, signal: AbortSignal): Promise<UnixMillis>;
  sequences(signal: AbortSignal): Promise<Sequences>;
  /** Sends one batch under its sequence; `expected` when the service misses one before it. */
  send(kind: BatchKind, sequence: number, body: Buffer, signal: AbortSignal): Promise<Accepted>;
  readonly replication: ReplicationControl | undefined;
}

export interface WorkDisk {
  readonly diskId: string;
  readonly logContainerUrl: string;
  readonly isOsDisk: boolean;
  readonly lastAppliedCycleId: string | undefined;
}

export interface Work {
  readonly itemId: string;
  readonly instanceUuid: string;
  readonly machineName: string;
  readonly command: 'replicate' | 'cutover' | 'stop';
  readonly performShutdown: boolean;
  /** Counts the migrations of the item that were begun: another number with `cutover` is another cutover. */
  readonly migration: number;
  readonly disks: readonly WorkDisk[];
}

export type CycleKind = 'initial' | 'delta' | 'final' | 'resync';

/** One aligned window of a disk, as it is described to the service. */
export interface Block {
  readonly offset: Bytes;
  /** Relative to `offset`: [start, length]. */
  readonly extents: ReadonlyArray<readonly [Bytes, Bytes]>;
  readonly content:
    | { readonly encoding: 'zero' }
    | {
        readonly encoding: 'zstd' | 'none';
        /** Name in the log container. */
        readonly blob: string;
        readonly storedBytes: Bytes;
        /** Hex, of the payload before encoding. */
        readonly sha256: string;
      };
}

export interface CycleState {
  readonly state: 'Open' | 'Applying' | 'Applied' | 'Failed';
  readonly appliedBytes: Bytes;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

export interface Health {
  readonly code: string;
  readonly message: string;
  readonly cause: string;
  readonly remedy: string;
}

export interface Progress {
  readonly phase: string;
  readonly percent: number;
  readonly bytesSent: Bytes;
  readonly health: readonly Health[];
  readonly nextCycleAt: UnixMillis | undefined;
}

/** Orchestration of agentless replication. Every call can be repeated. */
export interface ReplicationControl {
  work(signal: AbortSignal): Promise<readonly Work[]>;
  openCycle(
    itemId: string,
    cycleId: string,
    cycle: {
      kind: CycleKind;
      takenAt: UnixMillis;
      disks: ReadonlyArray<{ diskId: string; sizeBytes: Bytes }>;
    },
    signal: AbortSignal,
  ): Promise<void>;
  putManifest(
    itemId: string,
    cycleId: string,
    diskId: string,
    n: number,
    blocks: readonly Block[],
    signal: AbortSignal,
  ): Promise<void>;
  commit(
    itemId: string,
    cycleId: string,
    disks: ReadonlyArray<{ diskId: string; manifests: number; dirty: readonly ByteRange[] }>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Undefined when the service does not know the cycle. */
  cycle(itemId: string, cycleId: string, signal: AbortSignal): Promise<CycleState | undefined>;
  progress(itemId: string, progress: Progress, signal: AbortSignal): Promise<void>;
  sourceState(itemId: string, poweredOff: boolean, at: UnixMillis, signal: AbortSignal): Promise<void>;
  /** A fresh write URL of the disk's log container. */
  renewLogContainer(itemId: string, diskId: string, signal: AbortSignal): Promise<string>;
  /** Stores one log blob; storing it again under its name is a success. @throws `azure.blob.*`, `net.*` */
  putBlob(
    containerUrl: string,
    name: string,
    content: Uint8Array,
    sha256: string,
    signal: AbortSignal,
  ): Promise<void>;
}
