/**
 * The run record: everything that happened, as plain data. Reports, replay and the benchmark gate read only
 * this. On disk it is one gzip file of JSON lines, `.runs/<id>/record.ndjson.gz`: the first line is a
 * RunRecord, every further line one TraceEvent.
 */
import type { Tier } from '../net/transport.ts';
import type { Bytes, UnixMillis } from '../units.ts';

export const RUN_RECORD_FORMAT = 'drylift/run-record/v1';

export type Verdict = 'passed' | 'failed' | 'error' | 'interrupted';

/** What the tier promises about a second run with this seed. */
export const PROMISES: Readonly<Record<Tier, 'bytes' | 'decisions' | 'none'>> = {
  memory: 'bytes',
  loopback: 'decisions',
  wall: 'none',
};

export interface RunRecord {
  readonly format: typeof RUN_RECORD_FORMAT;
  /** "<seed>.<scenario>.<first digits of the plan's hash>" plus a counter where needed; names the folder. */
  readonly id: string;
  readonly scenario: string;
  readonly says: string;
  /** The scenario as it was run, in its YAML form, so that a record can be replayed by itself. */
  readonly scenarioSource: string;
  readonly seed: string;
  readonly tier: Tier;
  /** Versions that the trace depends on. */
  readonly versions: { readonly drylift: string; readonly node: string; readonly commit?: string };
  /** Arguments that repeat the run: `drylift replay <id>`. */
  readonly replay: string;
  /** Real time at which the run began; not part of what is compared. */
  readonly startedAt: string;
  readonly wallSeconds: number;
  readonly peakMemoryBytes: Bytes;
  readonly clock: { readonly start: UnixMillis; readonly end: UnixMillis };
  readonly verdict: Verdict;
  /** Why it is not `passed`, in the five parts. */
  readonly failure?: FailureView;
  readonly traceHash: string;
  readonly traceEvents: number;
  readonly estate: EstateView;
  readonly steps: readonly StepView[];
  readonly timeline: readonly TimelineEntry[];
  readonly checks: readonly CheckView[];
  readonly faults: readonly FaultView[];
  readonly counters: Readonly<Record<string, number>>;
  readonly utilisation: readonly UtilisationView[];
  readonly assessment?: AssessmentView;
  /** Who talks to whom, where guests were looked into. */
  readonly dependencies?: readonly DependencyView[];
  readonly replications: readonly ReplicationView[];
}

export interface FailureView {
  readonly code: string;
  readonly what: string;
  readonly why: string;
  readonly next: string;
  readonly at?: UnixMillis;
}

export interface EstateView {
  readonly name: string;
  /** File name of the workbook, or "generated". Never a path. */
  readonly source: string;
  readonly machines: number;
  readonly poweredOn: number;
  readonly templates: number;
  readonly disks: number;
  readonly hosts: number;
  readonly capacityBytes: Bytes;
  /** What the source did not say: kind of field → how often, with one example. */
  readonly derived: ReadonlyArray<{
    readonly field: string;
    readonly reason: string;
    readonly count: number;
    readonly example: string;
  }>;
}

export interface StepView {
  readonly name: string;
  readonly detail: string;
  readonly from: UnixMillis;
  readonly to?: UnixMillis;
  readonly state: 'done' | 'failed' | 'running';
}

/** One mark or bar on the virtual-time ruler. */
export interface TimelineEntry {
  readonly lane: 'script' | 'fault' | 'appliance' | 'vcenter' | 'azure' | 'check';
  readonly from: UnixMillis;
  readonly to?: UnixMillis;
  readonly label: string;
  readonly tone: 'plain' | 'good' | 'warning' | 'bad';
}

export interface CheckView {
  readonly id: string;
  readonly says: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly limit: string;
  readonly actual: string;
  readonly firstBrokenAt?: UnixMillis;
  readonly detail?: string;
}

export interface FaultView {
  readonly id: string;
  readonly says: string;
  readonly from: UnixMillis;
  readonly until: UnixMillis;
  readonly fired: number;
  readonly firstAt?: UnixMillis;
}

/** One counter of one machine: what was sampled, what was kept, what was used. */
export interface UtilisationView {
  readonly machine: string;
  readonly counter: string;
  readonly unit: string;
  /** Twenty-second samples of one day, to show what a peak is made of; null where there was none. */
  readonly samples: {
    readonly from: UnixMillis;
    readonly periodSeconds: number;
    readonly values: ReadonlyArray<number | null>;
  };
  /** Ten-minute peaks of the whole history. */
  readonly peaks: {
    readonly from: UnixMillis;
    readonly periodSeconds: number;
    readonly values: ReadonlyArray<number | null>;
  };
  readonly percentile: {
    readonly p: number;
    readonly value: number;
    readonly rank: number;
    readonly points: number;
  };
}

export interface AssessmentView {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly currency: string;
  readonly monthlyComputeCost: number;
  readonly monthlyStorageCost: number;
  readonly confidencePercent: number;
  readonly readiness: Readonly<Record<'ready' | 'readyWithConditions' | 'notReady' | 'unknown', number>>;
  readonly machines: readonly AssessedMachineView[];
  /** The same machines under other properties; absent for large estates. */
  readonly whatIf?: WhatIfView;
}

export interface WhatIfView {
  /** The first is the assessment itself. */
  readonly sets: ReadonlyArray<{
    readonly name: string;
    readonly monthlyComputeCost: number;
    readonly monthlyStorageCost: number;
    readonly vCpus: number;
    readonly sized: number;
    /** Machines that come out otherwise than in the first. */
    readonly changed: number;
  }>;
  /** Machines that do not come out the same in all sets: what each set gives them. */
  readonly changed: ReadonlyArray<{ readonly name: string; readonly gives: readonly string[] }>;
  /** Monthly compute and storage cost at each percentile, ascending. */
  readonly curve: ReadonlyArray<{
    readonly percentile: number;
    readonly compute: number;
    readonly storage: number;
  }>;
}

export interface AssessedMachineView {
  readonly name: string;
  readonly os: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly readiness: 'ready' | 'readyWithConditions' | 'notReady' | 'unknown';
  readonly size?: string;
  readonly disks: ReadonlyArray<{
    readonly name: string;
    readonly sizeBytes: Bytes;
    readonly sku?: string;
    readonly monthlyCost?: number;
    readonly why: string;
  }>;
  readonly monthlyComputeCost?: number;
  readonly monthlyStorageCost?: number;
  readonly stars?: number;
  readonly confidencePercent?: number;
  /** Sentences, most important first. */
  readonly reasons: readonly string[];
  /** Sizes that came closest, the chosen one and the next, in order of price; what each lacks. */
  readonly compared?: ReadonlyArray<{
    readonly size: string;
    readonly monthly: number;
    readonly lacks: string;
  }>;
  /** Every other size that was looked at, by what it lacks. */
  readonly fellOut?: ReadonlyArray<{ readonly lacks: string; readonly sizes: readonly string[] }>;
}

export interface ReplicationView {
  readonly machine: string;
  readonly disks: ReadonlyArray<{
    readonly name: string;
    readonly sizeBytes: Bytes;
    readonly sourceSha256: string;
    readonly targetSha256: string;
  }>;
  readonly cycles: readonly CycleView[];
  readonly cutover?: {
    readonly from: UnixMillis;
    readonly to: UnixMillis;
    readonly sourcePoweredOff: boolean;
  };
  readonly state: string;
}

export interface CycleView {
  readonly id: string;
  readonly kind: 'initial' | 'delta' | 'final' | 'resync';
  readonly from: UnixMillis;
  readonly to?: UnixMillis;
  readonly changedBytes: Bytes;
  /** Payload before and after compression. */
  readonly readBytes: Bytes;
  readonly sentBytes: Bytes;
  readonly blocks: number;
  readonly retries: number;
  readonly state: string;
}

/** One line of the dependency graph: a process that uses a port of another server. */
export interface DependencyView {
  /** Name of the server; its address when it is not one of those discovered. */
  readonly source: string;
  /** Empty when the server could not be looked into. */
  readonly sourceProcess: string;
  readonly sourceApplication: string;
  readonly destination: string;
  readonly destinationIp: string;
  readonly destinationProcess: string;
  readonly destinationApplication: string;
  readonly port: number;
  /** Collections, five minutes apart, that saw it. */
  readonly observations: number;
  readonly firstSeen: UnixMillis;
  readonly lastSeen: UnixMillis;
}
