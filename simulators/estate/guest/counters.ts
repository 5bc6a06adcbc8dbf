/**
 * Counters that only grow, as kernels keep them: bytes and operations of a disk, bytes of an adapter, time of the CPUs,
 * added up since the machine was started. They are the integral of the curves that every other view shows, so that the
 * difference of two readings is the mean over the span between them, whatever the span.
 */
import { DAY, SECOND, type UnixMillis } from '#core/units.ts';
import { type Counter, type Curve, curveAt, curveOf, fillCurve, SAMPLE_SECONDS } from '../workload-curve.ts';
import type { Guest } from './guest.ts';

const SAMPLE_MS = SAMPLE_SECONDS * SECOND;
const SAMPLES_PER_DAY = DAY / SAMPLE_MS;
/** The time before the story, which nobody compares with anything, is estimated from so many samples. */
const ESTIMATED_FROM = 64;

interface Sum {
  readonly curve: Curve;
  /** Sum of all samples of a whole UTC day, by day. */
  readonly days: Map<number, number>;
  /** What was there when the story began, by the start of the machine. */
  before: { readonly bootedAt: UnixMillis; readonly sum: number } | undefined;
}

const SUMS = new WeakMap<Guest, Map<string, Sum>>();

function sumOf(guest: Guest, counter: Counter, instance: number): Sum {
  const sums = SUMS.get(guest) ?? new Map<string, Sum>();
  SUMS.set(guest, sums);
  const key = `${counter} ${instance}`;
  const sum = sums.get(key) ?? {
    curve: curveOf(guest.facts, guest.machine, counter, instance),
    days: new Map(),
    before: undefined,
  };
  sums.set(key, sum);
  return sum;
}

/** Unit of the counter times seconds, from the start of the machine to `at`. Not rounded. */
function addedUp(guest: Guest, counter: Counter, instance: number, at: UnixMillis): number {
  const sum = sumOf(guest, counter, instance);
  const bootedAt = guest.bootedAt();
  // exact from the day before the story on
  const exactFrom = (Math.floor(guest.storyStart / DAY) - 1) * DAY;
  if (bootedAt >= exactFrom) return integral(sum, bootedAt, at);
  if (sum.before?.bootedAt !== bootedAt)
    sum.before = { bootedAt, sum: estimated(sum.curve, bootedAt, exactFrom) };
  return sum.before.sum + integral(sum, exactFrom, at);
}

function estimated(curve: Curve, from: UnixMillis, to: UnixMillis): number {
  const step = (to - from) / ESTIMATED_FROM;
  let total = 0;
  for (let i = 0; i < ESTIMATED_FROM; i++)
    total += curveAt(curve, Math.floor((from + i * step) / SAMPLE_MS) + 1);
  return (total / ESTIMATED_FROM) * ((to - from) / SECOND);
}

/** Sample k + 1 holds from k × 20 s to (k + 1) × 20 s. */
function integral({ curve, days }: Sum, from: UnixMillis, to: UnixMillis): number {
  if (to <= from) return 0;
  const first = Math.floor(from / SAMPLE_MS);
  const last = Math.floor(to / SAMPLE_MS);
  let samples = 0;
  for (let at = first; at < last; ) {
    const day = Math.floor(at / SAMPLES_PER_DAY);
    const end = Math.min(last, (day + 1) * SAMPLES_PER_DAY);
    const whole = at === day * SAMPLES_PER_DAY && end === (day + 1) * SAMPLES_PER_DAY;
    let part = whole ? days.get(day) : undefined;
    if (part === undefined) {
      const values = new Int32Array(end - at);
      fillCurve(curve, at + 1, end - at, values);
      part = 0;
      for (const value of values) part += value;
      if (whole) days.set(day, part);
    }
    samples += part;
    at = end;
  }
  const cutOff = (curveAt(curve, first + 1) * (from - first * SAMPLE_MS)) / SECOND;
  const begun = (curveAt(curve, last + 1) * (to - last * SAMPLE_MS)) / SECOND;
  return samples * SAMPLE_SECONDS - cutOff + begun;
}

/** Time that all CPUs together were busy and idle since the start of the machine, in hundredths of a second. */
export function cpuTicksOf(guest: Guest, at: UnixMillis): { busy: number; idle: number } {
  const { cores } = guest.machine;
  const all = Math.max(0, ((at - guest.bootedAt()) / SECOND) * 100 * cores);
  const busy = Math.min(all, (addedUp(guest, 'cpu.usage', 0, at) / 10_000) * 100 * cores);
  return { busy: Math.floor(busy), idle: Math.floor(all - busy) };
}

export interface DiskCounts {
  readonly reads: number;
  readonly readKb: number;
  readonly writes: number;
  readonly writtenKb: number;
}

/** @param index of the disk among the machine's */
export function diskCountsOf(guest: Guest, index: number, at: UnixMillis): DiskCounts {
  const count = (counter: Counter) => Math.floor(addedUp(guest, counter, index, at));
  return {
    reads: count('virtualDisk.numberReadAveraged'),
    readKb: count('virtualDisk.read'),
    writes: count('virtualDisk.numberWriteAveraged'),
    writtenKb: count('virtualDisk.write'),
  };
}

/** Bytes. @param index of the adapter among the machine's */
export function netCountsOf(guest: Guest, index: number, at: UnixMillis): { received: number; sent: number } {
  const bytes = (counter: Counter) => Math.floor(addedUp(guest, counter, index, at) * 1024);
  return { received: bytes('net.received'), sent: bytes('net.transmitted') };
}
