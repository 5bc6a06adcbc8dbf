/**
 * All series of a machine in one block of bytes, as small as whole numbers can be without compression: points are
 * percentages in hundredths, operations, and bytes as multiples of 1,024, so that most fit 16 bits once their
 * common power of two is taken out. Reading a block is one pass a series.
 *
 *     block    u32 magic "DPK1", u32 period in ms, u32 number of series, then the series
 *     series   u8 length of the name, name ("readIops disk-7", UTF-8), u32 first window, u32 windows,
 *              u8 kind, u8 shift, bitmap if kind & 4 (present windows, as in DPT1), padding to 4, values
 *     kind     0 u8, 1 u16, 2 u32, 3 binary32; + 4 when some windows are absent, which then have no value
 *     value    number × 2^shift
 *
 * Little-endian throughout. Unlike DPT1 this never crosses a wire: a block is read by the store that wrote it.
 */

import { assert } from '../assert.ts';
import type { CounterName } from '../assessment/machine-facts.ts';
import { Points, WINDOWS_MAX } from '../metrics/points.ts';
import type { Millis } from '../units.ts';
import { errors, type Series } from './store.ts';

const MAGIC = 0x314b_5044;
const HEADER_BYTES = 12;
const HAS_GAPS = 4;
const SERIES_MAX = 4_096;
const BYTES_OF_KIND = [1, 2, 4, 4] as const;

const COUNTERS: ReadonlySet<string> = new Set<CounterName>([
  'cpu',
  'memory',
  'readIops',
  'writeIops',
  'readBps',
  'writeBps',
  'inBps',
  'outBps',
]);

/** @param series of one period, at most 4,096; empty ones are left out. */
export function packSeries(periodMs: Millis, series: readonly Series[]): Buffer {
  assert(series.length <= SERIES_MAX, `a machine has at most ${SERIES_MAX} series`);
  const parts: Buffer[] = [];
  let bytes = HEADER_BYTES;
  for (const one of series) {
    if (one.points.first === undefined) continue;
    const part = packOne(one, bytes);
    parts.push(part);
    bytes += part.length;
  }
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(periodMs, 4);
  header.writeUInt32LE(parts.length, 8);
  return Buffer.concat([header, ...parts], bytes);
}

function packOne({ counter, instance, points }: Series, at: number): Buffer {
  const name = Buffer.from(instance === '' ? counter : `${counter} ${instance}`);
  assert(name.length <= 255, 'the name of an instance is short');
  const first = points.first!;
  const slots = points.slots(first, points.last! + 1);
  const { kind, shift, present } = shapeOf(slots);
  const hasGaps = present < slots.length;
  const bitmapBytes = hasGaps ? Math.ceil(slots.length / 8) : 0;
  const head = 1 + name.length + 10 + bitmapBytes;
  const padding = -(at + head) & 3;
  const valueBytes = BYTES_OF_KIND[kind] * present;
  const out = Buffer.alloc(head + padding + valueBytes + (-valueBytes & 3));
  out[0] = name.length;
  name.copy(out, 1);
  let to = 1 + name.length;
  to = out.writeUInt32LE(first, to);
  to = out.writeUInt32LE(slots.length, to);
  out[to++] = kind | (hasGaps ? HAS_GAPS : 0);
  out[to++] = shift;
  const scale = 2 ** -shift;
  let value = head + padding;
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!;
    if (Number.isNaN(slot)) continue;
    if (hasGaps) out[to + (i >> 3)]! |= 1 << (i & 7);
    if (kind === 0) out[value] = slot * scale;
    else if (kind === 1) out.writeUInt16LE(slot * scale, value);
    else if (kind === 2) out.writeUInt32LE(slot * scale, value);
    else out.writeFloatLE(slot, value);
    value += BYTES_OF_KIND[kind];
  }
  return out;
}

/** The smallest kind that holds every point exactly. */
function shapeOf(slots: Float32Array): { kind: 0 | 1 | 2 | 3; shift: number; present: number } {
  let present = 0;
  let largest = 0;
  let isWhole = true;
  let common = 0;
  for (let i = 0; i < slots.length; i++) {
    const value = slots[i]!;
    if (Number.isNaN(value)) continue;
    present++;
    if (value > largest) largest = value;
    if (value > 0xffff_ffff || value % 1 !== 0) isWhole = false;
    else common |= value;
  }
  if (!isWhole) return { kind: 3, shift: 0, present };
  const shift = common === 0 ? 0 : 31 - Math.clz32(common & -common);
  const scaled = largest / 2 ** shift;
  return { kind: scaled <= 0xff ? 0 : scaled <= 0xffff ? 1 : 2, shift, present };
}

/** @throws `pointStore.notAStore` for bytes that `packSeries` cannot have written. */
export function unpackSeries(block: Uint8Array, periodMs: Millis): Series[] {
  const bad = (what: string) => errors.make('pointStore.notAStore', { what: `A block of points ${what}.` });
  if (block.length < HEADER_BYTES) throw bad('is cut short');
  // Values are read through typed arrays, which want their own alignment.
  const bytes = block.byteOffset % 4 === 0 ? block : new Uint8Array(block);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) throw bad('does not begin with DPK1');
  if (view.getUint32(4, true) !== periodMs) throw bad('has another period than its store');
  const count = view.getUint32(8, true);
  if (count > SERIES_MAX) throw bad(`has ${count} series`);
  const series: Series[] = [];
  let at = HEADER_BYTES;
  for (let n = 0; n < count; n++) {
    const nameLength = bytes[at] ?? 0;
    const fixed = at + 1 + nameLength;
    if (fixed + 10 > bytes.length) throw bad('is cut short');
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + at + 1, nameLength).toString();
    const first = view.getUint32(fixed, true);
    const windows = view.getUint32(fixed + 4, true);
    const kind = bytes[fixed + 8]!;
    const shift = bytes[fixed + 9]!;
    if (windows === 0 || windows > WINDOWS_MAX || kind > 7 || shift > 31) throw bad('holds nonsense');
    const bitmapAt = fixed + 10;
    const hasGaps = (kind & HAS_GAPS) !== 0;
    const bitmapBytes = hasGaps ? Math.ceil(windows / 8) : 0;
    const valuesAt = (bitmapAt + bitmapBytes + 3) & ~3;
    if (valuesAt > bytes.length) throw bad('is cut short');
    const bitmap = bytes.subarray(bitmapAt, bitmapAt + bitmapBytes);
    const present = hasGaps ? countBits(bitmap) : windows;
    const width = BYTES_OF_KIND[(kind & 3) as 0 | 1 | 2 | 3];
    const end = valuesAt + width * present;
    if (end > bytes.length) throw bad('is cut short');
    const points = pointsOf(bytes, { periodMs, first, windows, kind, shift, present, valuesAt, bitmap }, bad);
    const space = name.indexOf(' ');
    const counter = space < 0 ? name : name.slice(0, space);
    if (!COUNTERS.has(counter)) throw bad(`names a counter "${counter}"`);
    series.push({
      counter: counter as CounterName,
      instance: space < 0 ? '' : name.slice(space + 1),
      points,
    });
    at = valuesAt + width * present + (-(width * present) & 3);
  }
  return series;
}

interface StoredSeries {
  readonly periodMs: Millis;
  readonly first: number;
  readonly windows: number;
  readonly kind: number;
  readonly shift: number;
  readonly present: number;
  readonly valuesAt: number;
  readonly bitmap: Uint8Array;
}

function pointsOf(bytes: Uint8Array, of: StoredSeries, bad: (what: string) => Error): Points {
  const { periodMs, first, windows, kind, shift, present, valuesAt } = of;
  const offset = bytes.byteOffset + valuesAt;
  const scale = 2 ** shift;
  // Small numbers without gaps stay as they are: a percentile needs no more.
  if (kind === 0)
    return Points.ofNumbers(periodMs, first, new Uint8Array(bytes.buffer, offset, present), scale);
  if (kind === 1)
    return Points.ofNumbers(periodMs, first, new Uint16Array(bytes.buffer, offset, present), scale);
  const values = valuesOf(bytes, valuesAt, present, kind & 3, scale, bad);
  const slots = (kind & HAS_GAPS) === 0 ? values : spread(values, of.bitmap, windows, bad);
  return Points.ofSlots(periodMs, first, slots);
}

function valuesOf(
  bytes: Uint8Array,
  at: number,
  count: number,
  kind: number,
  scale: number,
  bad: (what: string) => Error,
): Float32Array {
  const offset = bytes.byteOffset + at;
  const values = new Float32Array(count);
  if (kind === 3) {
    values.set(new Float32Array(bytes.buffer, offset, count));
    for (let i = 0; i < count; i++)
      if (!(values[i]! >= 0 && values[i]! < Number.POSITIVE_INFINITY))
        throw bad('holds a value that is no point');
    return values;
  }
  // One loop for each kind of array: a loop over either would look its kind up at every number.
  if (kind === 0) widen8(new Uint8Array(bytes.buffer, offset, count), values, scale);
  else if (kind === 1) widen16(new Uint16Array(bytes.buffer, offset, count), values, scale);
  else widen32(new Uint32Array(bytes.buffer, offset, count), values, scale);
  return values;
}

function widen8(numbers: Uint8Array, values: Float32Array, scale: number): void {
  for (let i = 0; i < numbers.length; i++) values[i] = numbers[i]! * scale;
}

function widen16(numbers: Uint16Array, values: Float32Array, scale: number): void {
  for (let i = 0; i < numbers.length; i++) values[i] = numbers[i]! * scale;
}

function widen32(numbers: Uint32Array, values: Float32Array, scale: number): void {
  for (let i = 0; i < numbers.length; i++) values[i] = numbers[i]! * scale;
}

function spread(
  values: Float32Array,
  bitmap: Uint8Array,
  windows: number,
  bad: (what: string) => Error,
): Float32Array {
  const bit = (i: number) => (bitmap[i >> 3]! >> (i & 7)) & 1;
  if (bit(0) === 0 || bit(windows - 1) === 0) throw bad('has a series that begins or ends with nothing');
  const slots = new Float32Array(windows);
  for (let i = 0, next = 0; i < windows; i++) slots[i] = bit(i) === 1 ? values[next++]! : Number.NaN;
  return slots;
}

function countBits(bytes: Uint8Array): number {
  let bits = 0;
  for (let i = 0; i < bytes.length; i++) for (let b = bytes[i]!; b !== 0; b &= b - 1) bits++;
  return bits;
}
