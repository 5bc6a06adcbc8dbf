/**
 * The points of one series over a stretch of time: window number → value, absent windows absent.
 *
 * Values are 32-bit floats. Every unit used for points is a whole number (hundredths of a percent, bytes per
 * second as multiples of 1024, operations per second), and whole numbers up to 2^24, as well as their
 * multiples by powers of two, are exact; nothing is lost between a sample and its percentile.
 *
 * Wire and storage format, version 1, little-endian:
 *
 *     offset  size  field
 *     0       4     magic "DPT1"
 *     4       4     u32  point period in milliseconds
 *     8       4     u32  number of the first window (epoch multiple of the period)
 *     12      4     u32  count of windows covered, 0 for none
 *     16      B     presence bitmap, B = ceil(count / 8); window k is bit k mod 8 of byte floor(k / 8)
 *     16+B    4×m   the m present values in order of time, IEEE 754 binary32
 *
 * Canonical: the first and the last window are present, unused bits are 0, an empty series has first window
 * 0 and count 0. So equal series are equal bytes. A full month (4,320 points) is 17,836 bytes.
 */
import { assert } from '../assert.ts';
import { defineErrors } from '../errors.ts';
import type { Millis } from '../units.ts';
import { type Percentile, percentile, percentileOfNumbers } from './percentile.ts';
import type { PeakSink, WindowIndex } from './roll-up.ts';

export const errors = defineErrors({
  'points.badBytes': {
    blame: 'peer',
    why: 'Stored or received points must be in the DPT1 format, whole and canonical.',
    next: 'Send the series again; if it came from our own store, report it as a bug.',
  },
  'points.tooWide': {
    blame: 'peer',
    why: 'One series covers at most a year of five-minute points (105,408 windows).',
    next: 'Look at the clock of the machine that sent the point: its time is probably wrong.',
  },
});

/** A year of five-minute points: more is refused. */
export const WINDOWS_MAX = 366 * 288;
const MAGIC = 0x3154_5044; // "DPT1" read little-endian
const HEADER_BYTES = 16;
const ABSENT = Number.NaN;
/** The float layout is defined little-endian; all platforms Node runs drylift on are. */
const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

interface PackedNumbers {
  readonly numbers: Uint8Array | Uint16Array;
  readonly scale: number;
}

export class Points {
  readonly periodMs: Millis;
  #base: WindowIndex = 0;
  #own: Float32Array = new Float32Array(0);
  /** In place of `#own`, until a slot is looked at: most series of a store are asked for one percentile only. */
  #packed: PackedNumbers | undefined;
  /** Slots in use; the first and the last of them are present. */
  #length = 0;

  constructor(periodMs: Millis) {
    assert(
      Number.isInteger(periodMs) && periodMs > 0,
      `a point period is whole milliseconds, got ${periodMs}`,
    );
    this.periodMs = periodMs;
  }

  get #slots(): Float32Array {
    if (this.#packed) {
      const { numbers, scale } = this.#packed;
      this.#own = new Float32Array(numbers.length);
      for (let i = 0; i < numbers.length; i++) this.#own[i] = numbers[i]! * scale;
      this.#packed = undefined;
    }
    return this.#own;
  }

  set #slots(slots: Float32Array) {
    this.#packed = undefined;
    this.#own = slots;
  }

  /** First window with a point; undefined when there is none. */
  get first(): WindowIndex | undefined {
    return this.#length === 0 ? undefined : this.#base;
  }

  /** Last window with a point; undefined when there is none. */
  get last(): WindowIndex | undefined {
    return this.#length === 0 ? undefined : this.#base + this.#length - 1;
  }

  at(window: WindowIndex): number | undefined {
    const slot = window - this.#base;
    if (slot < 0 || slot >= this.#length) return undefined;
    const value = this.#slots[slot]!;
    return Number.isNaN(value) ? undefined : value;
  }

  /**
   * Keeps the larger of what is stored and `value` (finite, at least 0; rounded to 32 bits).
   * @returns whether anything changed: false for a repetition.
   * @throws `points.tooWide` when the series would cover more than WINDOWS_MAX windows.
   */
  raise(window: WindowIndex, value: number): boolean {
    const rounded = checkedPoint(window, value);
    const slot = this.#slotFor(window);
    if (this.#slots[slot]! >= rounded) return false; // false for an absent slot: NaN compares false
    this.#slots[slot] = rounded;
    return true;
  }

  /**
   * Stores `value` (finite, at least 0; rounded to 32 bits) whatever was there: for a receiver to whom the
   * sender's last word counts.
   * @throws `points.tooWide` when the series would cover more than WINDOWS_MAX windows.
   */
  replace(window: WindowIndex, value: number): void {
    const rounded = checkedPoint(window, value);
    const slot = this.#slotFor(window); // may grow the array, so it comes first
    this.#slots[slot] = rounded;
  }

  /** Raises by every point of another series of the same period. @returns how many points changed. */
  merge(other: Points): number {
    assert(other.periodMs === this.periodMs, 'series of one period merge');
    let changed = 0;
    for (const [window, value] of other.entries()) if (this.raise(window, value)) changed++;
    return changed;
  }

  /** Raises by everything in the sink, multiplied by `scale`. @returns how many points changed. */
  raiseAll(sink: PeakSink, scale = 1): number {
    let changed = 0;
    for (let i = 0; i < sink.length; i++) if (this.raise(sink.windows[i]!, sink.peaks[i]! * scale)) changed++;
    return changed;
  }

  /**
   * The slots of windows from … to-1 that are stored at all, as a view (do not write): NaN = absent.
   * Shorter than to − from where nothing is stored at an end. `percentile` takes it as it is.
   */
  slots(from: WindowIndex, to: WindowIndex): Float32Array {
    const start = Math.min(Math.max(from - this.#base, 0), this.#length);
    const stop = Math.min(Math.max(to - this.#base, start), this.#length);
    return this.#slots.subarray(start, stop);
  }

  /** Points that exist in windows from … to-1; without arguments, all of them. */
  count(from: WindowIndex = 0, to: WindowIndex = Number.MAX_SAFE_INTEGER): number {
    if (this.#packed) {
      const start = Math.min(Math.max(from - this.#base, 0), this.#length);
      return Math.min(Math.max(to - this.#base, start), this.#length) - start;
    }
    return countPresent(this.slots(from, to));
  }

  /** The percentile of the points in windows from … to-1; undefined when there are none. */
  percentile(p: number, from: WindowIndex, to: WindowIndex): Percentile | undefined {
    if (!this.#packed) return percentile(this.slots(from, to), p);
    const { numbers, scale } = this.#packed;
    const start = Math.min(Math.max(from - this.#base, 0), this.#length);
    const stop = Math.min(Math.max(to - this.#base, start), this.#length);
    const picked = percentileOfNumbers(numbers.subarray(start, stop), p);
    return picked && { ...picked, value: picked.value * scale };
  }

  /** Present points in order of time. */
  *entries(): Generator<readonly [window: WindowIndex, value: number]> {
    for (let slot = 0; slot < this.#length; slot++) {
      const value = this.#slots[slot]!;
      if (!Number.isNaN(value)) yield [this.#base + slot, value];
    }
  }

  /** Forgets windows below `window`: the service keeps the last month only. */
  dropBefore(window: WindowIndex): void {
    let start = Math.min(Math.max(window - this.#base, 0), this.#length);
    while (start < this.#length && Number.isNaN(this.#slots[start]!)) start++;
    this.#slots = this.#slots.slice(start, this.#length);
    this.#length -= start;
    this.#base = this.#length === 0 ? 0 : this.#base + start;
  }

  /**
   * A series of slots that somebody stored: NaN is absent, the ends are present. The array is taken over, not
   * copied; whoever stores them vouches for the values (finite, at least 0).
   */
  static ofSlots(periodMs: Millis, first: WindowIndex, slots: Float32Array): Points {
    assert(
      slots.length === 0 || !(Number.isNaN(slots[0]!) || Number.isNaN(slots[slots.length - 1]!)),
      'the first and the last slot of a series are points',
    );
    assert(slots.length <= WINDOWS_MAX, `a series covers at most ${WINDOWS_MAX} windows`);
    const points = new Points(periodMs);
    points.#base = slots.length === 0 ? 0 : first;
    points.#length = slots.length;
    points.#slots = slots;
    return points;
  }

  /**
   * A series without gaps as somebody stored it: number × scale, the scale being a power of two, so that it is
   * exact. The array is kept, not copied.
   */
  static ofNumbers(
    periodMs: Millis,
    first: WindowIndex,
    numbers: Uint8Array | Uint16Array,
    scale: number,
  ): Points {
    assert(numbers.length <= WINDOWS_MAX, `a series covers at most ${WINDOWS_MAX} windows`);
    const points = new Points(periodMs);
    points.#base = numbers.length === 0 ? 0 : first;
    points.#length = numbers.length;
    if (numbers.length > 0) points.#packed = { numbers, scale };
    return points;
  }

  encode(): Buffer {
    const bitmapBytes = Math.ceil(this.#length / 8);
    const out = Buffer.alloc(HEADER_BYTES + bitmapBytes + 4 * this.count());
    out.writeUInt32LE(MAGIC, 0);
    out.writeUInt32LE(this.periodMs, 4);
    out.writeUInt32LE(this.#base, 8);
    out.writeUInt32LE(this.#length, 12);
    let at = HEADER_BYTES + bitmapBytes;
    for (let slot = 0; slot < this.#length; slot++) {
      const value = this.#slots[slot]!;
      if (Number.isNaN(value)) continue;
      out[HEADER_BYTES + (slot >> 3)]! |= 1 << (slot & 7);
      out.writeFloatLE(value, at);
      at += 4;
    }
    return out;
  }

  /** @throws `points.badBytes` for anything that `encode` cannot have written. */
  static decode(bytes: Uint8Array): Points {
    const bad = (what: string) => errors.make('points.badBytes', { what });
    if (bytes.length < HEADER_BYTES) throw bad(`A series of points is cut short: ${bytes.length} bytes.`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (view.getUint32(0, true) !== MAGIC) throw bad('A series of points does not start with DPT1.');
    const periodMs = view.getUint32(4, true);
    const base = view.getUint32(8, true);
    const length = view.getUint32(12, true);
    if (periodMs === 0) throw bad('A series of points has a period of 0 ms.');
    if (length > WINDOWS_MAX)
      throw bad(`A series of points covers ${length} windows; ${WINDOWS_MAX} are allowed.`);
    const bitmapBytes = Math.ceil(length / 8);
    const valuesAt = HEADER_BYTES + bitmapBytes;
    if (bytes.length < valuesAt) throw bad('A series of points ends inside its bitmap.');
    const bitmap = bytes.subarray(HEADER_BYTES, valuesAt);
    const present = popCount(bitmap);
    if (bytes.length !== valuesAt + 4 * present)
      throw bad(`A series of ${present} points has ${bytes.length - valuesAt} bytes of values.`);
    const bit = (slot: number) => (bitmap[slot >> 3]! >> (slot & 7)) & 1;
    const canonical =
      length === 0
        ? base === 0
        : bit(0) === 1 && bit(length - 1) === 1 && bitmap[bitmapBytes - 1]! >> (((length - 1) & 7) + 1) === 0;
    if (!canonical) throw bad('A series of points is not canonical: padding or ends of the bitmap.');

    const values = readFloats(bytes, valuesAt, present);
    for (let i = 0; i < present; i++)
      if (!(values[i]! >= 0 && values[i]! < Number.POSITIVE_INFINITY) || Object.is(values[i], -0))
        throw bad(`A point is ${values[i]}; points are finite and at least 0.`);
    const points = new Points(periodMs);
    points.#base = base;
    points.#length = length;
    if (present === length) points.#slots = values;
    else {
      points.#slots = new Float32Array(length).fill(ABSENT);
      for (let slot = 0, next = 0; slot < length; slot++)
        if (bit(slot) === 1) points.#slots[slot] = values[next++]!;
    }
    return points;
  }

  /** Slot of `window`, making room for it; slots in between become absent. */
  #slotFor(window: WindowIndex): number {
    const slot = window - this.#base;
    if (slot >= 0 && slot < this.#length) return slot;
    if (this.#length === 0) {
      if (this.#slots.length === 0) this.#slots = new Float32Array(16);
      this.#base = window;
      this.#length = 1;
      this.#slots[0] = ABSENT;
      return 0;
    }
    const length = slot < 0 ? this.#length - slot : slot + 1;
    if (length > WINDOWS_MAX)
      throw errors.make('points.tooWide', {
        what: `A series would cover ${length} windows with one at ${window}.`,
      });
    if (slot < 0 || length > this.#slots.length) {
      const grown = new Float32Array(Math.min(2 * length, WINDOWS_MAX));
      grown.set(this.#slots.subarray(0, this.#length), Math.max(0, -slot));
      this.#slots = grown;
    }
    if (slot < 0) {
      this.#slots.fill(ABSENT, 0, -slot);
      this.#base = window;
      this.#length = length;
      return 0;
    }
    this.#slots.fill(ABSENT, this.#length, length);
    this.#length = length;
    return slot;
  }
}

/** The value as it is stored: 32 bits, and one zero, so that equal series have one encoding. */
function checkedPoint(window: WindowIndex, value: number): number {
  const rounded = Math.fround(value) + 0; // + 0 turns -0 into 0
  const isWindow = Number.isInteger(window) && window >= 0 && window <= 0xffff_ffff;
  const isPoint = rounded >= 0 && rounded < Number.POSITIVE_INFINITY;
  // the messages are made only when they are needed: millions of points come this way
  if (!isWindow) assert(false, `a window number is a whole number, got ${window}`);
  if (!isPoint) assert(false, `a point is finite and at least 0, got ${value}`);
  return rounded;
}

/** Values of a view of slots that are not absent. */
export function countPresent(slots: Float32Array): number {
  let present = 0;
  for (let i = 0; i < slots.length; i++) {
    if (!Number.isNaN(slots[i]!)) present++;
  }
  return present;
}

function popCount(bytes: Uint8Array): number {
  let bits = 0;
  for (let i = 0; i < bytes.length; i++) {
    let b = bytes[i]!;
    b -= (b >> 1) & 0x55;
    b = (b & 0x33) + ((b >> 2) & 0x33);
    bits += (b + (b >> 4)) & 0x0f;
  }
  return bits;
}

function readFloats(bytes: Uint8Array, at: number, count: number): Float32Array {
  const values = new Float32Array(count);
  const raw = Buffer.from(values.buffer);
  raw.set(bytes.subarray(at, at + 4 * count));
  if (!LITTLE_ENDIAN) raw.swap32();
  return values;
}
