/**
 * What the performance manager knows of each entity: its series, and which samples exist. Nothing is stored:
 * every value follows from the estate's curves, whoever asks and however often.
 */
import { MIB, type SampleIndex, type UnixMillis } from '#core/units.ts';
import type { Estate, EstateChange } from '../../estate/estate.ts';
import type { Inventory } from '../inventory.ts';
import { ComputeObject } from '../objects/compute.ts';
import { HostObject, hostMhz } from '../objects/host.ts';
import type { ManagedObject } from '../objects/object.ts';
import { PoolObject } from '../objects/pool.ts';
import type { Data } from '../values.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { COUNTERS, counterNamed } from './counters.ts';
import { type Group, groupSeries } from './group-series.ts';
import { SAMPLE_MS, type Series, seriesOf, wholeSeriesOf } from './series.ts';
import { TimeTexts } from './time-texts.ts';

/** Real-time statistics are kept for one hour. */
export const REALTIME_SAMPLES = 180;

/** An entity that has statistics. */
export interface Provider {
  readonly entity: VirtualMachine | Group;
  /** Clusters have history only. */
  readonly isRealTime: boolean;
  readonly series: readonly Series[];
  /** Is there a sample for the window that ends at this index? */
  exists(sample: SampleIndex): boolean;
  /** Do all samples from this index on exist, up to now? The usual case, answered at once. */
  existsSince(sample: SampleIndex): boolean;
}

const USAGE = [counterNamed('cpu.usagemhz'), counterNamed('mem.consumed')];

export class Performance {
  readonly #estate: Estate;
  readonly #inventory: Inventory;
  readonly #providers = new Map<ManagedObject, Provider>();
  readonly #usage = new Map<VirtualMachine, readonly Series[]>();
  readonly #one = new Int32Array(1);
  readonly times = new TimeTexts();

  constructor(estate: Estate, inventory: Inventory) {
    this.#estate = estate;
    this.#inventory = inventory;
  }

  /** Undefined for entities without statistics. */
  providerOf(object: ManagedObject): Provider | undefined {
    const known = this.#providers.get(object);
    if (known) return known;
    const made = this.#make(object);
    if (made) this.#providers.set(object, made);
    return made;
  }

  /** Follows a change of the estate: series are made from facts. Told before the inventory has followed it. */
  follow(change: EstateChange): void {
    if (change.kind !== 'changed' && change.kind !== 'removed') return;
    const vm = this.#inventory.vmOf(change.machineId);
    this.#providers.delete(vm);
    this.#usage.delete(vm);
  }

  /** Index of the last complete sample. */
  lastSample(now: UnixMillis): SampleIndex {
    return Math.floor(now / SAMPLE_MS);
  }

  /** CPU and memory of a machine in the last complete sample; 0 when it was off. */
  usageNow(vm: VirtualMachine, now: UnixMillis): { cpuMhz: number; memoryMiB: number } {
    if (!vm.isOn) return { cpuMhz: 0, memoryMiB: 0 };
    let series = this.#usage.get(vm);
    if (!series) {
      series = wholeSeriesOf(this.#estate.facts, vm, USAGE);
      this.#usage.set(vm, series);
    }
    const sample = this.lastSample(now);
    const read = (each: Series): number => {
      each.fill(sample, 1, this.#one);
      return this.#one[0]!;
    };
    return { cpuMhz: read(series[0]!), memoryMiB: Math.floor(read(series[1]!) / 1024) };
  }

  /** The data object HostListSummaryQuickStats. */
  hostQuickStats(host: HostObject, now: UnixMillis): Data {
    let cpuMhz = 0;
    let memoryMiB = 0;
    for (const vm of host.vms.list()) {
      const usage = this.usageNow(vm, now);
      cpuMhz += usage.cpuMhz;
      memoryMiB += usage.memoryMiB;
    }
    return {
      $: 'HostListSummaryQuickStats',
      overallCpuUsage: Math.min(cpuMhz, hostMhz(host.facts)),
      overallMemoryUsage: Math.min(memoryMiB, Math.floor(host.facts.memoryBytes / MIB)),
      uptime: Math.floor((now - this.#inventory.hostBootTime) / 1000),
    };
  }

  #make(object: ManagedObject): Provider | undefined {
    if (object instanceof VirtualMachine) {
      const { id } = object.machine;
      return {
        entity: object,
        isRealTime: true,
        series: seriesOf(this.#estate.facts, object, COUNTERS),
        exists: (sample) => this.#estate.wasOn(id, sample * SAMPLE_MS),
        existsSince: (sample) => object.isOn && object.powerSince <= (sample - 1) * SAMPLE_MS,
      };
    }
    const isCluster = object instanceof ComputeObject && object.ref.type === 'ClusterComputeResource';
    if (object instanceof HostObject || object instanceof PoolObject || isCluster)
      return {
        entity: object,
        isRealTime: !isCluster,
        series: groupSeries(object, (vm) => this.providerOf(vm)!),
        exists: () => true,
        existsSince: () => true,
      };
    return undefined;
  }
}
