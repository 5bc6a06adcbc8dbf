/**
 * What the domain needs of the cloud: sites that take what was discovered, and the control of replication. Domain code
 * knows no HTTP or status codes; targets/ implements these ports.
 */
import type { Bytes, UnixMillis } from '#core/units.ts';
import type { ByteRange, CounterName, Dependency, DependencyStatus, GuestReport, Warning } from './ports.ts';
import type { SourceAbout, SourceKind, SourceMachine } from './source-machines.ts';

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
  readonly peaks: Int32Array | Float32Array | Float64Array;
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

/** One of the appliance's sites: each kind of source has its own. */
export interface SiteCloud {
  readonly kind: SourceKind;
  readonly forms: BatchForms;
  /** Makes or refreshes site, collector, accounts and these sources; repeating it changes nothing. @throws `azure.*`, `net.*` */
  register(sources: readonly SourceAbout[], signal: AbortSignal): Promise<Registration>;
  /** @returns the service's time. */
  heartbeat(beat: Heartbeat, signal: AbortSignal): Promise<UnixMillis>;
  sequences(signal: AbortSignal): Promise<Sequences>;
  /** Sends one batch under its sequence; `expected` when the service misses one before it. */
  send(kind: BatchKind, sequence: number, body: Buffer, signal: AbortSignal): Promise<Accepted>;
}

export interface Cloud {
  site(kind: SourceKind): SiteCloud;
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
