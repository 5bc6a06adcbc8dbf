/**
 * Load over time as pure functions: the value of (seed, machine, counter, instance, sample) is the same
 * whoever asks, in whatever order and range. The vCenter simulator answers from here and the oracle of a
 * test computes the truth from here; neither keeps history.
 *
 * `fillCurve` is the hottest loop of the project (a month of one real workbook is 200 million samples), so
 * everything that depends on the curve or on the five-minute block is computed outside the innermost loop,
 * which holds one integer mix and a few adds. `curveAt` says the same thing in the plainest way.
 *
 * How a value comes about, in fixed point (eighths of the counter's unit):
 *  - level:  the shape's level for the hour, interpolated to five-minute blocks, times the curve's scale; or
 *            the recorded trace's value for the block, held, since a recording is a mean over its five minutes;
 *  - wander: the level times 1 ± a fraction that is addressed by (machine, block), so that all counters of a
 *            machine rise and fall together;
 *  - burst:  in a bursty machine one block in ten replaces the level by 0.75…1.25 of the plateau;
 *  - noise:  ± a fraction of the level, addressed by (counter, instance, sample);
 *  - spike:  a rare single sample that stands out: what a ten-minute peak sees and a mean does not.
 */

import { assert } from '#core/assert.ts';
import { Entropy } from '#core/entropy/entropy.ts';
import { mix32 } from '#core/entropy/hash.ts';
import type { SampleIndex } from '#core/units.ts';
import { SECOND, type UnixMillis } from '#core/units.ts';
import type { EstateFacts, Machine } from './model.ts';
import { blockOfWeek, FULL_LEVEL, type LoadKind, weekOf } from './workload-shapes.ts';

export type Counter =
  | 'cpu.usage'
  | 'mem.usage'
  | 'virtualDisk.read'
  | 'virtualDisk.write'
  | 'virtualDisk.numberReadAveraged'
  | 'virtualDisk.numberWriteAveraged'
  | 'net.received'
  | 'net.transmitted';

export const COUNTERS: readonly Counter[] = [
  'cpu.usage',
  'mem.usage',
  'virtualDisk.read',
  'virtualDisk.write',
  'virtualDisk.numberReadAveraged',
  'virtualDisk.numberWriteAveraged',
  'net.received',
  'net.transmitted',
];

/** Real-time samples are 20 s apart: vSphere's fixed real-time interval (refreshRate 20). */
export const SAMPLE_SECONDS = 20;
const SAMPLES_PER_BLOCK = 15; // five minutes, the period of recorded traces

/** Largest level that the 32-bit inner loop can carry, in the counter's unit: 1 GiB/s in KBps. */
const MAX_LEVEL = 1 << 20;
/** Fixed point: eighths. */
const FRACTION_BITS = 3;
const ONE = 1 << FRACTION_BITS;

/** One counter of one instance, ready for the hot loop. Opaque: get it from `curveOf`, and keep it. */
export interface Curve {
  /** Addresses noise and spikes: differs for each (machine, counter, instance). */
  readonly noiseKey: number;
  /** Addresses wander and bursts: one per machine. */
  readonly blockKey: number;
  /** Levels by block of the week, FULL_LEVEL at the plateau. */
  readonly week: Int32Array;
  /** Whole per cent by block, wrapping around; empty when the shape rules. */
  readonly trace: Uint8Array;
  /** Value of the plateau, or of 100 % in a trace, in eighths of the unit. */
  readonly scale: number;
  /** What is always there, whatever the level, in eighths of the unit. */
  readonly offset: number;
  /** Wander as a fraction of the level, in 1/1024. */
  readonly wander: number;
  /** Noise as a fraction of the level, in 1/1024 … */
  readonly noise: number;
  /** … and at least this much, in eighths of the unit. */
  readonly noiseFloor: number;
  /** A block bursts when 16 bits of its hash are below this; 0 for never. */
  readonly burstBelow: number;
  /** A sample is a spike when 14 bits of its hash are below this; 0 for never. */
  readonly spikeBelow: number;
  /** Height of a spike in the unit, added. */
  readonly spike: number;
  /** Largest value in the unit. */
  readonly cap: number;
}

const NO_TRACE = new Uint8Array(0);

/**
 * The curve of one counter of one machine.
 *
 * @param instance disk index (virtualDisk.*) or adapter index (net.*) from 0; ignored for cpu and mem.
 * @returns values in hundredths of a per cent (cpu.usage, mem.usage), KB/s or operations/s; see `fillCurve`.
 *   A disconnected adapter's curve is 0 throughout. Asking for an instance the machine lacks is a bug.
 */
export function curveOf(facts: EstateFacts, machine: Machine, counter: Counter, instance: number): Curve {
  const entropy = new Entropy(facts.seed);
  const load = machine.workload;
  const trace = load.cpuTrace === undefined ? NO_TRACE : facts.cpuTraces.get(load.cpuTrace);
  assert(trace !== undefined, `machine ${machine.name}: the estate has no CPU trace ${load.cpuTrace}`);
  const at = counter === 'cpu.usage' || counter === 'mem.usage' ? 0 : instance;
  const bursty = load.shape === 'bursty' && trace.length === 0;
  const noiseKey = entropy.keyFor('estate.curve.noise', machine.id, counter, at) | 0;
  const blockKey = entropy.keyFor('estate.curve.block', machine.id) | 0;
  const burstBelow = bursty ? 6554 : 0; // one block in ten
  const week = (kind: LoadKind) => weekOf(load.shape, kind);

  switch (counter) {
    case 'cpu.usage': {
      const plateau = Math.round(load.cpuLevel * 10_000);
      if (trace.length > 0)
        // Noise of ± 0.5 points: exactly what was lost when the recording was rounded to whole per cents.
        return makeCurve({
          noiseKey,
          blockKey,
          week: week('cpu'),
          trace,
          scale: 10_000 * ONE,
          wander: 0,
          noise: 0,
          noiseFloor: 50 * ONE,
          cap: 10_000,
        });
      return makeCurve({
        noiseKey,
        blockKey,
        week: week('cpu'),
        trace,
        burstBelow,
        scale: plateau * ONE,
        wander: 90,
        noise: 130,
        noiseFloor: 20 * ONE,
        spikeBelow: load.shape === 'idle' ? 4 : 24,
        spike: 200 + (plateau >> 2),
        cap: 10_000,
      });
    }
    case 'mem.usage': {
      const plateau = Math.round(load.memoryLevel * 10_000) * ONE;
      // A recording says nothing of memory: three quarters stay in use, the rest follows the CPU.
      const base = trace.length > 0 ? Math.floor((plateau * 3) / 4) : 0;
      return makeCurve({
        noiseKey,
        blockKey,
        week: week('memory'),
        trace,
        scale: plateau - base,
        offset: base,
        wander: 12,
        noise: 6,
        noiseFloor: 10 * ONE,
        cap: 10_000,
      });
    }
    case 'virtualDisk.read':
    case 'virtualDisk.write':
    case 'virtualDisk.numberReadAveraged':
    case 'virtualDisk.numberWriteAveraged': {
      const disk = machine.disks[instance];
      assert(disk !== undefined, `machine ${machine.name} has no disk ${instance}`);
      const reads = counter === 'virtualDisk.read' || counter === 'virtualDisk.numberReadAveraged';
      const bytes = counter === 'virtualDisk.read' || counter === 'virtualDisk.write';
      const readShare = 30 + entropy.below(41, 'estate.curve.readShare', machine.id, instance);
      // With several disks the data is not on the first one.
      const busy = machine.disks.length > 1 && instance === 0 ? 40 : 100 - 12 * Math.max(0, instance - 1);
      const peak = bytes ? load.diskKBps : load.diskIops;
      const cap = Math.min(
        MAX_LEVEL,
        Math.floor((peak * (reads ? readShare : 100 - readShare) * Math.max(20, busy)) / 10_000),
      );
      return makeCurve({
        // Bytes and operations of one direction move together: they share the noise.
        noiseKey: entropy.keyFor('estate.curve.disk', machine.id, instance, reads ? 'read' : 'write') | 0,
        blockKey,
        trace,
        burstBelow,
        week: week(reads ? 'diskRead' : 'diskWrite'),
        scale: Math.floor(cap * 0.7 * ONE),
        wander: 160,
        noise: 260,
        spikeBelow: 16,
        spike: cap >> 1,
        cap,
      });
    }
    case 'net.received':
    case 'net.transmitted': {
      const nic = machine.nics[instance];
      assert(nic !== undefined, `machine ${machine.name} has no adapter ${instance}`);
      const receiveShare = 35 + entropy.below(31, 'estate.curve.receiveShare', machine.id, instance);
      const share = counter === 'net.received' ? receiveShare : 100 - receiveShare;
      const cap = nic.connected
        ? Math.min(MAX_LEVEL, Math.floor((load.netKBps * share) / (100 * (1 + instance))))
        : 0;
      return makeCurve({
        noiseKey,
        blockKey,
        trace,
        burstBelow,
        week: week('network'),
        scale: Math.floor(cap * 0.7 * ONE),
        wander: 140,
        noise: 240,
        spikeBelow: 16,
        spike: cap >> 1,
        cap,
      });
    }
  }
}

type Needed = 'noiseKey' | 'blockKey' | 'week' | 'trace' | 'scale' | 'wander' | 'noise' | 'cap';

/** Every curve is made here, with its fields in one order, so that the hot loop sees one shape of object. */
function makeCurve(fields: Pick<Curve, Needed> & Partial<Curve>): Curve {
  return {
    noiseKey: fields.noiseKey,
    blockKey: fields.blockKey,
    week: fields.week,
    trace: fields.trace,
    scale: fields.scale,
    offset: fields.offset ?? 0,
    wander: fields.wander,
    noise: fields.noise,
    noiseFloor: fields.noiseFloor ?? 0,
    burstBelow: fields.burstBelow ?? 0,
    spikeBelow: fields.spikeBelow ?? 0,
    spike: fields.spike ?? 0,
    cap: fields.cap,
  };
}

/**
 * Fills `out[outOffset … outOffset + count)` with the samples `first … first + count − 1`.
 *
 * A sample stands at the end of its 20-second window, the instant `sample × 20 s` after the Unix epoch, so the
 * first one is 1.
 * Values are whole numbers ≥ 0: hundredths of a per cent at most 10000 (cpu.usage, mem.usage), KB/s, or
 * operations/s. Whether the machine was on then is not the curve's business: ask `Estate.wasOn`.
 */
export function fillCurve(
  curve: Curve,
  firstSample: SampleIndex,
  count: number,
  out: Int32Array,
  outOffset = 0,
): void {
  if (!Number.isInteger(firstSample) || firstSample < 1 || firstSample + count >= 0x8000_0000)
    assert(false, `samples ${firstSample} (+${count}) lie outside the grid`);
  if (outOffset + count > out.length)
    assert(false, `${count} samples do not fit behind ${outOffset} of ${out.length}`);
  const { noiseKey, spikeBelow, spike, cap } = curve;
  const end = outOffset + count;
  // The window of a sample is the one that ends with it, so samples 1 … 15 make up block 0.
  let block = Math.floor((firstSample - 1) / SAMPLES_PER_BLOCK) | 0;
  for (let to = outOffset; to < end; block++) {
    const sample = firstSample + (to - outOffset);
    const blockEnd = Math.min(end, to + (block + 1) * SAMPLES_PER_BLOCK + 1 - sample);
    const level = blockLevel(curve, block);
    fillBlock(out, to, blockEnd, sample, noiseKey, level, noiseOf(curve, level), spikeBelow, spike, cap);
    to = blockEnd;
  }
}

/** The innermost loop: 32-bit integers only. `level` and `noise` are in eighths of the unit. */
function fillBlock(
  out: Int32Array,
  from: number,
  to: number,
  firstSample: number,
  key: number,
  level: number,
  noise: number,
  spikeBelow: number,
  spike: number,
  cap: number,
): void {
  for (let i = from, sample = firstSample; i < to; i++, sample++) {
    const h = mix32(key, sample) | 0;
    // ±1023/1024 of the noise, then a dither of 0…7/8 so that small levels keep their mean when floored.
    let v = (level + (Math.imul(((h >>> 21) | 1) - 1024, noise) >> 10) + (h & 7)) >> FRACTION_BITS;
    if (((h >>> 3) & 0x3fff) < spikeBelow) v += spike;
    out[i] = v < 0 ? 0 : v > cap ? cap : v;
  }
}

/** The sample whose window `at` lies in: a sample stands at the end of its window. */
export function sampleAt(at: UnixMillis): SampleIndex {
  return Math.floor(at / SECOND / SAMPLE_SECONDS) + 1;
}

/** One sample, by the plain definition that `fillCurve` must equal. For oracles. */
export function curveAt(curve: Curve, sample: SampleIndex): number {
  const level = blockLevel(curve, Math.floor((sample - 1) / SAMPLES_PER_BLOCK));
  const hash = mix32(curve.noiseKey, sample);
  const sign = (Math.floor(hash / 2 ** 22) * 2 + 1 - 1024) / 1024; // −1023/1024 … 1023/1024 in odd steps
  const noise = Math.floor(sign * noiseOf(curve, level));
  const dither = hash % 8;
  const isSpike = Math.floor(hash / 8) % 16384 < curve.spikeBelow;
  const value = Math.floor((level + noise + dither) / ONE) + (isSpike ? curve.spike : 0);
  return Math.min(curve.cap, Math.max(0, value));
}

/** Level of a five-minute block with its wander and burst, in eighths of the unit. */
function blockLevel(curve: Curve, block: number): number {
  const { trace, scale, offset } = curve;
  const hash = mix32(curve.blockKey, block);
  let level: number;
  if (trace.length > 0) level = (trace[block % trace.length]! * scale) / 100;
  else if ((hash & 0xffff) < curve.burstBelow)
    return offset + Math.floor((scale * (192 + (hash >>> 25))) / 256); // 0.75…1.25, mean 1
  else level = (curve.week[blockOfWeek(block)]! * scale) / FULL_LEVEL;
  const direction = (hash >>> 16) - 0x8000; // ±1, in 1/2^15
  return offset + Math.floor(level + (level * curve.wander * direction) / (1024 * 0x8000));
}

/** Noise of a block in eighths of the unit: at most 2^20, so that the 32-bit product cannot overflow. */
function noiseOf(curve: Curve, level: number): number {
  return Math.min(1 << 20, Math.max(curve.noiseFloor, Math.floor((level * curve.noise) / 1024)));
}
