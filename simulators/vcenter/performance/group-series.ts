/** Series of hosts, clusters and pools: sums over their machines, so that the parts always make up the whole. */
import { ComputeObject } from '../objects/compute.ts';
import { HostObject, hostMemoryKiB, hostMhz } from '../objects/host.ts';
import type { PoolObject } from '../objects/pool.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Counter, counterNamed } from './counters.ts';
import type { Provider } from './performance.ts';
import { RUN_MAX, type Series } from './series.ts';

/** Counters that are plain sums over machines. */
const SUMS = ['cpu.usagemhz', 'mem.consumed', 'mem.active', 'disk.usage', 'disk.read', 'disk.write'];
const NETWORK_SUMS = ['net.usage', 'net.received', 'net.transmitted'];

export type Group = HostObject | ComputeObject | PoolObject;

export function groupSeries(group: Group, providerOf: (vm: VirtualMachine) => Provider): Series[] {
  const sum = (name: string): Series => {
    const counter = counterNamed(name);
    return {
      counter,
      instance: '',
      fill: (first, count, out) => fillSum(group, providerOf, counter, first, count, out),
    };
  };
  const capacity = capacityOf(group);
  if (!capacity) return [sum('cpu.usagemhz'), sum('mem.consumed'), sum('mem.active')];
  /** A share of the capacity in hundredths of a per cent. */
  const share = (name: string, of: string, whole: number): Series => ({
    counter: counterNamed(name),
    instance: '',
    fill: (first, count, out) => {
      fillSum(group, providerOf, counterNamed(of), first, count, out);
      for (let i = 0; i < count; i++) out[i] = Math.min(10_000, Math.floor((out[i]! * 10_000) / whole));
    },
  });
  return [
    share('cpu.usage', 'cpu.usagemhz', capacity.mhz),
    share('mem.usage', 'mem.consumed', capacity.memoryKiB),
    ...[...SUMS, ...NETWORK_SUMS].map(sum),
  ];
}

/** Of hosts and clusters; pools have only what their limits say. */
function capacityOf(group: Group): { readonly mhz: number; readonly memoryKiB: number } | undefined {
  const hosts = group instanceof HostObject ? [group] : group instanceof ComputeObject ? group.hosts : [];
  if (hosts.length === 0) return undefined;
  const sum = (of: (host: HostObject) => number) => hosts.reduce((total, host) => total + of(host), 0);
  return { mhz: sum(({ facts }) => hostMhz(facts)), memoryKiB: sum(({ facts }) => hostMemoryKiB(facts)) };
}

function machinesOf(group: Group): Iterable<VirtualMachine> {
  if (group instanceof HostObject) return group.vms.list();
  if (group instanceof ComputeObject) return group.hosts.flatMap((host) => host.vms.list());
  return group.allVms();
}

const part = new Int32Array(RUN_MAX);
/** Samples are 32-bit: of memory that is 2 TiB in use on one host, and no more can be told. */
const LARGEST = 0x7fff_ffff;

function fillSum(
  group: Group,
  providerOf: (vm: VirtualMachine) => Provider,
  counter: Counter,
  first: number,
  count: number,
  out: Int32Array,
): void {
  out.fill(0, 0, count);
  for (const vm of machinesOf(group)) {
    const provider = providerOf(vm);
    const series = provider.series.find((each) => each.counter === counter && each.instance === '');
    if (!series) continue;
    series.fill(first, count, part);
    const always = provider.existsSince(first);
    for (let i = 0; i < count; i++)
      if (always || provider.exists(first + i)) out[i] = Math.min(LARGEST, out[i]! + part[i]!);
  }
}
