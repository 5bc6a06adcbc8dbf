/**
 * Values of one counter and instance over a run of 20-second samples. Eight counters are the estate's curves;
 * the others follow from these by fixed rules, so that everything a machine reports is of one piece:
 *
 * - usagemhz = usage × vCPUs × the host's MHz; ready grows with the square of usage; uptime counts from boot;
 * - consumed = mem.usage × memory; active = seven tenths of it;
 * - disk.read/write = the sum over virtual disks; disk.usage and net.usage = in + out;
 * - latency grows with the operations of the disk.
 */
import { unreachable } from '#core/assert.ts';
import { KIB, MIB, type SampleIndex, SECOND } from '#core/units.ts';
import type { EstateFacts } from '../../estate/model.ts';
import {
  type Curve,
  type Counter as CurveName,
  curveOf,
  fillCurve,
  SAMPLE_SECONDS,
} from '../../estate/workload-curve.ts';
import { diskInstance, nicKey } from '../vm/devices.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import type { Counter } from './counters.ts';

export const SAMPLE_MS = SAMPLE_SECONDS * SECOND;

/** Longest run that is filled at once. */
export const RUN_MAX = 4320;

export interface Series {
  readonly counter: Counter;
  readonly instance: string;
  /** Fills out[0 … count) as if the machine had been on throughout. */
  fill(first: SampleIndex, count: number, out: Int32Array): void;
}

/** Scratch of the derived series; they are filled one at a time. */
const scratch = new Int32Array(RUN_MAX);

/** All series of a machine, in the order of counters and instances. */
export function seriesOf(facts: EstateFacts, vm: VirtualMachine, counters: readonly Counter[]): Series[] {
  const { machine } = vm;
  const curve = curvesOf(facts, vm);
  const disks = machine.disks.map((_, index) => index);
  const nics = machine.nics.map((_, index) => index);
  return counters.flatMap((counter) => {
    switch (counter.instances) {
      case 'aggregate':
        return [aggregate(counter, vm, curve, disks)];
      case 'cores': {
        const whole = aggregate(counter, vm, curve, disks);
        return [whole, ...shares(whole, machine.cores)];
      }
      case 'disks':
        return disks.map((index) => ({
          counter,
          instance: diskInstance(machine.disks[index]!),
          fill: fillOf(counter, [index], curve),
        }));
      case 'adapters':
        return [
          { counter, instance: '', fill: fillOf(counter, nics, curve) },
          ...nics.map((index) => ({
            counter,
            instance: String(nicKey(machine.nics[index]!)),
            fill: fillOf(counter, [index], curve),
          })),
        ];
      default:
        return unreachable(counter.instances, 'instances of a counter');
    }
  });
}

/** One series each of counters that are the whole machine's, without their instances (cpu, mem, disk, sys). */
export function wholeSeriesOf(
  facts: EstateFacts,
  vm: VirtualMachine,
  counters: readonly Counter[],
): Series[] {
  const curve = curvesOf(facts, vm);
  const disks = vm.machine.disks.map((_, index) => index);
  return counters.map((counter) => aggregate(counter, vm, curve, disks));
}

type CurveFinder = (name: CurveName, instance: number) => Curve;
type Fill = Series['fill'];

/** The curves of a machine, each made once. */
function curvesOf(facts: EstateFacts, { machine }: VirtualMachine): CurveFinder {
  const curves = new Map<string, Curve>();
  return (name, instance) => {
    const key = `${name} ${instance}`;
    let known = curves.get(key);
    if (!known) {
      known = curveOf(facts, machine, name, instance);
      curves.set(key, known);
    }
    return known;
  };
}

/** Disk and network counters, summed over the given instances. */
function fillOf(counter: Counter, instances: readonly number[], curve: CurveFinder): Fill {
  if (counter.curve !== undefined) return sumOf(instances.map((index) => curve(counter.curve!, index)));
  switch (counter.name) {
    case 'usage':
      return sumOf(instances.flatMap((i) => [curve('net.received', i), curve('net.transmitted', i)]));
    case 'totalReadLatency':
      return latency(curve('virtualDisk.numberReadAveraged', instances[0]!));
    default:
      return latency(curve('virtualDisk.numberWriteAveraged', instances[0]!));
  }
}

function aggregate(
  counter: Counter,
  vm: VirtualMachine,
  curve: CurveFinder,
  disks: readonly number[],
): Series {
  const { machine, host } = vm;
  const memoryKiB = (machine.memoryMiB * MIB) / KIB;
  const of = (fill: Fill): Series => ({ counter, instance: '', fill });
  switch (`${counter.group}.${counter.name}`) {
    case 'cpu.usage':
      return of(sumOf([curve('cpu.usage', 0)]));
    case 'cpu.usagemhz':
      return of(
        scaled(curve('cpu.usage', 0), (v) => Math.floor((v * machine.cores * host.facts.cpuMhz) / 10_000)),
      );
    case 'cpu.ready':
      return of(scaled(curve('cpu.usage', 0), (v) => Math.floor((v * v * machine.cores) / 500_000)));
    case 'mem.usage':
      return of(sumOf([curve('mem.usage', 0)]));
    case 'mem.consumed':
      return of(scaled(curve('mem.usage', 0), (v) => Math.floor((v * memoryKiB) / 10_000)));
    case 'mem.active':
      return of(scaled(curve('mem.usage', 0), (v) => Math.floor((v * memoryKiB * 7) / 100_000)));
    case 'disk.read':
      return of(sumOf(disks.map((index) => curve('virtualDisk.read', index))));
    case 'disk.write':
      return of(sumOf(disks.map((index) => curve('virtualDisk.write', index))));
    case 'disk.usage':
      return of(sumOf(disks.flatMap((i) => [curve('virtualDisk.read', i), curve('virtualDisk.write', i)])));
    default:
      return of((first, count, out) => {
        const boot = vm.bootTime;
        for (let i = 0; i < count; i++)
          out[i] = Math.max(0, Math.floor(((first + i) * SAMPLE_MS - boot) / SECOND));
      });
  }
}

/** Virtual CPUs share alike, the first ones by one more, so that the parts make up the whole. */
function shares({ counter, fill }: Series, cores: number): Series[] {
  return Array.from({ length: cores }, (_, core) => ({
    counter,
    instance: String(core),
    fill(first, count, out) {
      fill(first, count, out);
      for (let i = 0; i < count; i++) {
        const value = out[i]!;
        const share = Math.floor(value / cores);
        out[i] = core < value - share * cores ? share + 1 : share;
      }
    },
  }));
}

function sumOf(curves: readonly Curve[]): Fill {
  const [only] = curves;
  if (curves.length === 1) return (first, count, out) => fillCurve(only!, first, count, out);
  return (first, count, out) => {
    out.fill(0, 0, count);
    for (const curve of curves) {
      fillCurve(curve, first, count, scratch);
      for (let i = 0; i < count; i++) out[i] = out[i]! + scratch[i]!;
    }
  };
}

function scaled(curve: Curve, by: (value: number) => number): Fill {
  return (first, count, out) => {
    fillCurve(curve, first, count, out);
    for (let i = 0; i < count; i++) out[i] = by(out[i]!);
  };
}

/** Milliseconds: one at rest, growing with operations per second, at most 50. */
function latency(operations: Curve): Fill {
  return scaled(operations, (v) => Math.min(50, 1 + Math.floor(v / 250)));
}
