/**
 * From points to one number per counter: the percentile of the points inside the history (assessment.md §3).
 * Each counter by itself (A4); sums over read and write and over adapters come after.
 */

import type { Points } from '../metrics/points.ts';
import {
  type CounterName,
  DISK_COUNTERS,
  type DiskCounter,
  type DiskRates,
  type MachineFacts,
  type PointSource,
} from './machine-facts.ts';
import type { AssessmentPlan } from './plan.ts';

/** A percentile of one counter, in the unit of the field it stands in. */
export interface Measured {
  readonly value: number;
  /** Its 1-based rank among the n points that exist; both 0 for a figure given by an import. */
  readonly rank: number;
  readonly n: number;
  /** The points said more than 100 %, and 100 is what is used (A8). */
  readonly outOfRange?: true;
}

/** Operations per second and bytes per second. */
export type DiskMeasures = Readonly<Record<DiskCounter, Measured | undefined>>;

export interface NicMeasures {
  /** Bytes per second. Incoming is collected and counted for the rating, but sizes nothing. */
  readonly outBps: Measured | undefined;
}

export interface Utilization {
  /** 0…100 */
  readonly cpuPercent: Measured | undefined;
  /** 0…100; more for Hyper-V, where guests can press for more than they have. */
  readonly memoryPercent: Measured | undefined;
  /** In the order of the machine's disks. */
  readonly disks: readonly DiskMeasures[];
  /** In the order of the machine's adapters. */
  readonly nics: readonly NicMeasures[];
  /** Import only: totals of a machine whose disks were not listed. */
  readonly totals?: DiskMeasures;
  /** Import only: outgoing bytes per second over all adapters. */
  readonly totalOutBps?: Measured;
  /** Points that exist over all counters, and points there should be; 0 of 0 without history. */
  readonly pointsPresent: number;
  readonly pointsExpected: number;
}

const NOTHING: DiskMeasures = {
  readIops: undefined,
  writeIops: undefined,
  readBps: undefined,
  writeBps: undefined,
};

/** Utilization of a machine as the sizing criterion wants it. */
export function utilizationOf(plan: AssessmentPlan, facts: MachineFacts, points: PointSource): Utilization {
  if (facts.platform === 'Import' || plan.properties.sizingCriterion === 'AsOnPremises')
    return givenUtilization(plan, facts);
  const { history } = plan;
  let present = 0;
  const usable = (counter: CounterName, instance: string): Points | undefined => {
    const series = points(counter, instance);
    return series?.periodMs === history.periodMs ? series : undefined;
  };
  const measure = (counter: CounterName, instance: string): Measured | undefined => {
    const chosen = usable(counter, instance)?.percentile(plan.percentile, history.from, history.to);
    present += chosen?.n ?? 0;
    return chosen;
  };
  const cpuPercent = inPercent(measure('cpu', ''), true);
  const memoryPercent = inPercent(measure('memory', ''), facts.platform !== 'HyperV');
  const disks = facts.disks.map((disk) => ({
    readIops: measure('readIops', disk.id),
    writeIops: measure('writeIops', disk.id),
    readBps: measure('readBps', disk.id),
    writeBps: measure('writeBps', disk.id),
  }));
  const nics = facts.nics.map((nic) => {
    present += usable('inBps', nic.id)?.count(history.from, history.to) ?? 0;
    return { outBps: measure('outBps', nic.id) };
  });
  const counters = 2 + 4 * facts.disks.length + 2 * facts.nics.length;
  return {
    cpuPercent,
    memoryPercent,
    disks,
    nics,
    pointsPresent: present,
    pointsExpected: counters * history.expected,
  };
}

/** Hundredths of a percent become percent; more than 100 is a fault of the figures unless it may be (A8). */
function inPercent(measured: Measured | undefined, cap: boolean): Measured | undefined {
  if (measured === undefined) return undefined;
  const value = measured.value / 100;
  return cap && value > 100 ? { ...measured, value: 100, outOfRange: true } : { ...measured, value };
}

function givenUtilization(plan: AssessmentPlan, facts: MachineFacts): Utilization {
  const usable = plan.properties.sizingCriterion === 'PerformanceBased' ? facts.given : undefined;
  const as = (value: number | undefined): Measured | undefined =>
    value === undefined ? undefined : { value, rank: 0, n: 0 };
  const percent = (value: number | undefined): Measured | undefined =>
    inPercent(value === undefined ? undefined : { value: value * 100, rank: 0, n: 0 }, true);
  const rates = (given: DiskRates | undefined): DiskMeasures =>
    given === undefined
      ? NOTHING
      : {
          readIops: as(given.readIops),
          writeIops: as(given.writeIops),
          readBps: as(given.readBps),
          writeBps: as(given.writeBps),
        };
  const totalOutBps = as(usable?.outBps);
  return {
    cpuPercent: percent(usable?.cpuPercent),
    memoryPercent: percent(usable?.memoryPercent),
    disks: facts.disks.map((disk) => rates(usable?.disks?.[disk.id])),
    nics: facts.nics.map(() => ({ outBps: undefined })),
    ...(usable?.totals === undefined ? {} : { totals: rates(usable.totals) }),
    ...(totalOutBps === undefined ? {} : { totalOutBps }),
    pointsPresent: 0,
    pointsExpected: 0,
  };
}

/** What a disk (or all disks) must sustain: percentile of reads plus percentile of writes, times factor. */
export interface DiskNeed {
  readonly iops: number;
  /** Bytes per second. */
  readonly bytesPerSecond: number;
}

/** Undefined: no counter of the disk has any data. A single missing counter counts as nothing (A6). */
export function diskNeed(measures: DiskMeasures, factor: number): DiskNeed | undefined {
  if (DISK_COUNTERS.every((counter) => measures[counter] === undefined)) return undefined;
  const value = (counter: DiskCounter) => measures[counter]?.value ?? 0;
  return {
    iops: (value('readIops') + value('writeIops')) * factor,
    bytesPerSecond: (value('readBps') + value('writeBps')) * factor,
  };
}

/** Outgoing bytes per second over all adapters times factor; undefined when no adapter has data. */
export function outgoing(utilization: Utilization, factor: number): number | undefined {
  if (utilization.totalOutBps) return utilization.totalOutBps.value * factor;
  let sum = 0;
  let known = false;
  for (const nic of utilization.nics) {
    if (!nic.outBps) continue;
    sum += nic.outBps.value;
    known = true;
  }
  return known ? sum * factor : undefined;
}
