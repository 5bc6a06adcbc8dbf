/** What the guest's own counters say of the load: the same curves that the virtualisation layer shows, seen from inside. */
import { DAY, type Ratio, SECOND, type UnixMillis } from '#core/units.ts';
import { type Curve, curveAt, curveOf, fillCurve, SAMPLE_SECONDS, sampleAt } from '../workload-curve.ts';
import type { Guest } from './guest.ts';

interface Load {
  readonly cpu: Curve;
  readonly memory: Curve;
  /** Sum of all samples of a whole UTC day, by day, in hundredths of a per cent. */
  readonly days: Map<number, number>;
}

const LOADS = new WeakMap<Guest, Load>();
const SAMPLES_PER_DAY = DAY / SECOND / SAMPLE_SECONDS;

function loadOf(guest: Guest): Load {
  let load = LOADS.get(guest);
  if (!load) {
    const { facts, machine } = guest;
    load = {
      cpu: curveOf(facts, machine, 'cpu.usage', 0),
      memory: curveOf(facts, machine, 'mem.usage', 0),
      days: new Map(),
    };
    LOADS.set(guest, load);
  }
  return load;
}

/** CPU use of the whole machine in the sample that `at` lies in, 0…1. */
export function cpuRatioAt(guest: Guest, at: UnixMillis): Ratio {
  return curveAt(loadOf(guest).cpu, sampleAt(at)) / 10_000;
}

/** Memory in KiB: a little of what the machine has is the firmware's and the kernel's. */
export function memoryOf(guest: Guest, at: UnixMillis): { totalKb: number; usedKb: number } {
  const totalKb = Math.floor(guest.machine.memoryMiB * 1024 * 0.985);
  return { totalKb, usedKb: Math.floor((totalKb * curveAt(loadOf(guest).memory, sampleAt(at))) / 10_000) };
}

/**
 * Time that all CPUs together were busy and idle since the machine started, in hundredths of a second: the curve's
 * integral, so that a difference of two readings is the mean that vCenter shows for the same span.
 */
export function cpuTimesOf(guest: Guest, at: UnixMillis): { busy: number; idle: number } {
  const { cpu, days } = loadOf(guest);
  const from = sampleAt(guest.bootedAt());
  const to = sampleAt(at);
  let sum = 0;
  for (let first = from; first < to; ) {
    const day = Math.floor(first / SAMPLES_PER_DAY);
    const end = Math.min(to, (day + 1) * SAMPLES_PER_DAY);
    const whole = first === day * SAMPLES_PER_DAY && end === (day + 1) * SAMPLES_PER_DAY;
    let part = whole ? days.get(day) : undefined;
    if (part === undefined) {
      const values = new Int32Array(end - first);
      fillCurve(cpu, first, end - first, values);
      part = values.reduce((total, value) => total + value, 0);
      if (whole) days.set(day, part);
    }
    sum += part;
    first = end;
  }
  const hundredths = SAMPLE_SECONDS * 100 * guest.machine.cores;
  const busy = (sum / 10_000) * hundredths;
  return { busy: Math.floor(busy), idle: Math.floor((to - from) * hundredths - busy) };
}
