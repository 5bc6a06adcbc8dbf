/**
 * What the answers should be, computed from the estate alone, in the plainest way there is: no roll-up in
 * blocks, no digests, no catalogue lookups shared with the code that is judged. Slow, so asked for samples
 * of a fleet and not for all of it.
 */
import { SECOND, type UnixMillis } from '#core/units.ts';
import type { Estate } from '#simulators/estate/estate.ts';
import type { Machine } from '#simulators/estate/model.ts';
import { type Counter, type Curve, curveAt, curveOf } from '#simulators/estate/workload-curve.ts';

const SAMPLE_SECONDS = 20;
const WINDOW_SECONDS = 600;

/** One counter of one machine, as it truly was. */
export interface TrueSeries {
  readonly machine: Machine;
  readonly counter: Counter;
  /** Disk or adapter index; 0 for CPU and memory. */
  readonly instance: number;
}

/**
 * The ten-minute peak of window `w`, which holds the samples that stand after 600·w and up to 600·(w + 1)
 * seconds. Per cent, KB/s or operations/s; undefined when the machine was off throughout.
 */
export function truePeak(
  estate: Estate,
  series: TrueSeries,
  window: number,
  curve = curveFor(estate, series),
): number | undefined {
  let peak: number | undefined;
  for (
    let second = window * WINDOW_SECONDS + SAMPLE_SECONDS;
    second <= (window + 1) * WINDOW_SECONDS;
    second += SAMPLE_SECONDS
  ) {
    if (!estate.wasOn(series.machine.id, second * SECOND)) continue;
    const value = curveAt(curve, second / SAMPLE_SECONDS);
    if (peak === undefined || value > peak) peak = value;
  }
  if (peak === undefined) return undefined;
  return isPercent(series.counter) ? peak / 100 : peak;
}

export function curveFor(estate: Estate, { machine, counter, instance }: TrueSeries): Curve {
  return curveOf(estate.facts, machine, counter, instance);
}

/** All series of a machine, in the order the appliance's counters are documented. */
export function seriesOf(machine: Machine): TrueSeries[] {
  const series: TrueSeries[] = [
    { machine, counter: 'cpu.usage', instance: 0 },
    { machine, counter: 'mem.usage', instance: 0 },
  ];
  for (const { index } of machine.disks)
    for (const counter of DISK_COUNTERS) series.push({ machine, counter, instance: index });
  for (const { index } of machine.nics)
    for (const counter of NET_COUNTERS) series.push({ machine, counter, instance: index });
  return series;
}

const DISK_COUNTERS = [
  'virtualDisk.read',
  'virtualDisk.write',
  'virtualDisk.numberReadAveraged',
  'virtualDisk.numberWriteAveraged',
] as const;
const NET_COUNTERS = ['net.received', 'net.transmitted'] as const;

function isPercent(counter: Counter): boolean {
  return counter === 'cpu.usage' || counter === 'mem.usage';
}

/** Windows that lie wholly within a span: first, and the one after the last. */
export function wholeWindows(from: UnixMillis, to: UnixMillis): { first: number; end: number } {
  const first = Math.ceil(from / (WINDOW_SECONDS * SECOND));
  return { first, end: Math.max(first, Math.floor(to / (WINDOW_SECONDS * SECOND))) };
}

/** Sorted ascending; the value at rank ceil(p·n/100), counted from 1. Undefined for no values. */
export function nearestRank(values: readonly number[], p: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  let rank = 1;
  while (rank * 100 < p * sorted.length) rank++;
  return sorted[rank - 1];
}
