/** Load of the sample record's machines: office hours, batches, leaks and idling, from one seed. */
import type { UtilisationView } from '#core/contracts/run-record.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import { DAY, HOUR, MINUTE, SECOND, type UnixMillis } from '#core/units.ts';

export type Shape = 'office' | 'batch' | 'idle' | 'leaking';

export interface SampleCounter {
  readonly counter: string;
  readonly unit: string;
  readonly idle: number;
  readonly full: number;
  readonly decimals: number;
}

export const SAMPLE_COUNTERS: readonly SampleCounter[] = [
  { counter: 'cpu.usage.average', unit: '%', idle: 2.5, full: 61, decimals: 2 },
  { counter: 'mem.usage.average', unit: '%', idle: 31, full: 74, decimals: 2 },
  { counter: 'virtualDisk.numberWriteAveraged.average', unit: 'IOPS', idle: 1, full: 420, decimals: 0 },
  { counter: 'net.transmitted.average', unit: 'KBps', idle: 3, full: 5_200, decimals: 0 },
];

const PERIOD = 20;
const PEAK_PERIOD = 600;
const PER_PEAK = PEAK_PERIOD / PERIOD;
const POINTS_PER_DAY = DAY / SECOND / PEAK_PERIOD;

export interface SampleLoadOptions {
  readonly entropy: Entropy;
  readonly machine: string;
  readonly shape: Shape;
  readonly start: UnixMillis;
  readonly days: number;
  /** The day whose samples are kept, from 0. */
  readonly sampleDay: number;
  /** While the link was stalled nothing was collected. */
  readonly gap: { readonly from: UnixMillis; readonly until: UnixMillis };
}

/** Every counter of one machine; the peaks of the sampled day are the peaks of its samples. */
export function sampleUtilisation(options: SampleLoadOptions): UtilisationView[] {
  return SAMPLE_COUNTERS.map((counter) => oneCounter(counter, options));
}

function oneCounter(
  { counter, unit, idle, full, decimals }: SampleCounter,
  { entropy, machine, shape, start, days, sampleDay, gap }: SampleLoadOptions,
): UtilisationView {
  const next = entropy.sequence('sample.load', machine, counter);
  const scale = 10 ** decimals;
  const valueAt = (at: UnixMillis, spread: number) => {
    const level = levelOf(shape, at - start, days * DAY);
    const value = idle + (full - idle) * Math.min(1.5, level * (0.72 + spread * next() * next()));
    return Math.max(0, Math.round(value * scale) / scale);
  };
  const absent = (at: UnixMillis) => at >= gap.from && at < gap.until;
  const dayFrom = start + sampleDay * DAY;
  const samples = Array.from({ length: DAY / SECOND / PERIOD }, (_, i) => {
    const at = dayFrom + i * PERIOD * SECOND;
    return absent(at) ? null : valueAt(at, 0.9);
  });
  const peaks = Array.from({ length: days * POINTS_PER_DAY }, (_, i) => {
    const at = start + i * PEAK_PERIOD * SECOND;
    const inDay = i - sampleDay * POINTS_PER_DAY;
    if (inDay < 0 || inDay >= POINTS_PER_DAY) return absent(at) ? null : valueAt(at, 1.4);
    const window = samples.slice(inDay * PER_PEAK, (inDay + 1) * PER_PEAK).filter((value) => value !== null);
    return window.length === 0 ? null : Math.max(...window);
  });
  const sorted = peaks.filter((value) => value !== null).sort((a, b) => a - b);
  const rank = Math.ceil((95 * sorted.length) / 100);
  return {
    machine,
    counter,
    unit,
    samples: { from: dayFrom, periodSeconds: PERIOD, values: samples },
    peaks: { from: start, periodSeconds: PEAK_PERIOD, values: peaks },
    percentile: { p: 95, value: sorted[rank - 1]!, rank, points: sorted.length },
  };
}

/** 0…1 by the hour and the day of the story. */
function levelOf(shape: Shape, since: number, whole: number): number {
  const hour = ((since + 8 * HOUR) % DAY) / HOUR;
  const weekend = Math.floor(since / DAY) % 7 >= 5;
  if (shape === 'idle') return 0.04;
  if (shape === 'batch') return hour >= 1 && hour < 4 ? 0.95 : 0.12;
  if (shape === 'leaking') return 0.2 + 0.7 * ((since % (10 * DAY)) / (10 * DAY)) * Math.min(1, whole / DAY);
  const office = Math.exp(-((hour - 10.5) ** 2) / 5) + 0.9 * Math.exp(-((hour - 15) ** 2) / 6);
  return 0.06 + office * (weekend ? 0.12 : 0.8) + ((since / MINUTE) % 360 < 20 ? 0.15 : 0);
}
