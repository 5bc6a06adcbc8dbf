/**
 * Percentile by nearest rank over the points that exist.
 *
 * Azure Migrate sorts the ten-minute points upward and "picks" the percentile, which reads as an existing
 * point: rank = ceil(P × n / 100), 1-based, computed in integers (assessment.md §3, A1). No interpolation.
 *
 * Selection is by radix on the bits of the floats: non-negative IEEE numbers sort like their bit patterns.
 * Three passes of 11, 11 and 10 bits over shrinking candidates: linear for every input, with no bad case, no
 * copy of the points and no allocation. Idle machines repeat one value thousands of times; two lanes of
 * counters keep such a run from waiting for its own last increment, and equal candidates end the search.
 */
import { assert } from '../assert.ts';

/** Name of the definition, for results and reports. */
export const PERCENTILE_DEFINITION = 'nearest rank over existing points, rank = ceil(P n / 100)';

export interface Percentile {
  /** The chosen point itself. */
  readonly value: number;
  /** Its 1-based position among the existing points in ascending order. */
  readonly rank: number;
  /** How many points exist. */
  readonly n: number;
}

/** @param p whole per cent, 1…100. @param n number of points, at least 1. @returns 1…n */
export function nearestRank(p: number, n: number): number {
  assert(Number.isInteger(p) && p >= 1 && p <= 100, `a percentile is a whole number from 1 to 100, got ${p}`);
  assert(Number.isInteger(n) && n >= 1, `a rank needs at least one point, got ${n}`);
  return Math.floor((p * n + 99) / 100);
}

/** First of 1,024 bins of the first pass that holds no finite number: exponent 255 is NaN or infinity. */
const FIRST_ABSENT_BIN = 0x7f80_0000 >>> 21;
const BINS = 1024;
/** Below this many candidates sorting by insertion is quicker than another histogram. */
const FEW = 24;

const histogram = new Int32Array(2048);
const lane = new Int32Array(BINS);
let candidates = new Uint32Array(8192);
const bitsOut = new Uint32Array(1);
const valueOut = new Float32Array(bitsOut.buffer);

/**
 * @param values points in any order, finite and at least 0; NaN marks an absent one.
 * @param p      whole per cent, 1…100.
 * @returns      undefined when no point exists.
 */
export function percentile(values: Float32Array, p: number): Percentile | undefined {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  countHighBits(bits);
  let n = bits.length;
  for (let bin = FIRST_ABSENT_BIN; bin < BINS; bin++) n -= histogram[bin]!;
  if (n === 0) return undefined;
  const rank = nearestRank(p, n);

  // Pass 1: the 11 high bits say which candidates remain; `left` is the rank among them.
  let left = rank;
  let bin = 0;
  while (left > histogram[bin]!) left -= histogram[bin++]!;
  const count = histogram[bin]!;
  if (candidates.length < count) candidates = new Uint32Array(count);
  let any = 0;
  let every = -1;
  for (let i = 0, filled = 0; filled < count; i++) {
    const value = bits[i]!;
    if (value >>> 21 !== bin) continue;
    candidates[filled++] = value;
    any |= value;
    every &= value;
  }
  bitsOut[0] = any === every ? any : selectAmong(count, left);
  return { value: valueOut[0]!, rank, n };
}

/** Fills the first half of `histogram` with how many numbers have which 11 high bits, the sign being 0. */
function countHighBits(bits: Uint32Array): void {
  histogram.fill(0, 0, BINS);
  lane.fill(0);
  const even = bits.length & ~1;
  let all = 0;
  for (let i = 0; i < even; i += 2) {
    const a = bits[i]!;
    const b = bits[i + 1]!;
    all |= a | b;
    histogram[(a >>> 21) & (BINS - 1)]!++;
    lane[(b >>> 21) & (BINS - 1)]!++;
  }
  if (even < bits.length) {
    const a = bits[even]!;
    all |= a;
    histogram[(a >>> 21) & (BINS - 1)]!++;
  }
  assert(all >= 0, 'points are at least 0');
  for (let bin = 0; bin < BINS; bin++) histogram[bin]! += lane[bin]!;
}

/** The `left`-th smallest (1-based) of the first `count` candidates, which agree in their 11 high bits. */
function selectAmong(count: number, left: number): number {
  if (count > FEW) {
    histogram.fill(0);
    for (let i = 0; i < count; i++) histogram[(candidates[i]! >>> 10) & 0x7ff]!++;
    let bin = 0;
    while (left > histogram[bin]!) left -= histogram[bin++]!;
    const remaining = histogram[bin]!;
    for (let i = 0, filled = 0; filled < remaining; i++) {
      const value = candidates[i]!;
      if (((value >>> 10) & 0x7ff) === bin) candidates[filled++] = value;
    }
    count = remaining;
  }
  if (count > FEW) {
    // 22 bits agree by now; the low ten decide.
    const high = candidates[0]! & ~0x3ff;
    histogram.fill(0, 0, 1024);
    for (let i = 0; i < count; i++) histogram[candidates[i]! & 0x3ff]!++;
    let low = 0;
    while (left > histogram[low]!) left -= histogram[low++]!;
    return high | low;
  }
  for (let i = 1; i < count; i++) {
    const value = candidates[i]!;
    let j = i - 1;
    for (; j >= 0 && candidates[j]! > value; j--) candidates[j + 1] = candidates[j]!;
    candidates[j + 1] = value;
  }
  return candidates[left - 1]!;
}

const lower = new Int32Array(256);
const upper = new Int32Array(256);

/**
 * The same of whole numbers of 8 or 16 bits, as stores keep most points: a count of the high bytes names the
 * bin, a count of the low bytes in it the number.
 * @param numbers present points in any order.
 */
export function percentileOfNumbers(numbers: Uint8Array | Uint16Array, p: number): Percentile | undefined {
  const n = numbers.length;
  if (n === 0) return undefined;
  const rank = nearestRank(p, n);
  const value = numbers instanceof Uint16Array ? select16(numbers, rank) : select8(numbers, rank);
  return { value, rank, n };
}

function select16(numbers: Uint16Array, rank: number): number {
  lower.fill(0);
  upper.fill(0);
  const even = numbers.length & ~1;
  for (let i = 0; i < even; i += 2) {
    lower[numbers[i]! >>> 8]!++;
    upper[numbers[i + 1]! >>> 8]!++;
  }
  if (even < numbers.length) lower[numbers[even]! >>> 8]!++;
  let left = rank;
  let high = 0;
  for (; left > lower[high]! + upper[high]!; high++) left -= lower[high]! + upper[high]!;
  const among = lower[high]! + upper[high]!;
  lower.fill(0);
  for (let i = 0, found = 0; found < among; i++) {
    const number = numbers[i]!;
    if (number >>> 8 !== high) continue;
    lower[number & 0xff]!++;
    found++;
  }
  return (high << 8) | pick(left);
}

function select8(numbers: Uint8Array, rank: number): number {
  lower.fill(0);
  for (let i = 0; i < numbers.length; i++) lower[numbers[i]!]!++;
  return pick(rank);
}

/** The `left`-th smallest of what `lower` counts. */
function pick(left: number): number {
  let low = 0;
  while (left > lower[low]!) left -= lower[low++]!;
  return low;
}
