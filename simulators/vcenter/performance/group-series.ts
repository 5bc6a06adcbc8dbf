/** Series of hosts and pools: sums over their machines, so that the parts always make up the whole. */
import type { PoolObject } from '../objects/compute.ts';
import { HostObject, hostMemoryKiB, hostMhz } from '../objects/host.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Counter, counterNamed } from './counters.ts';
import type { Provider } from './performance.ts';
import { RUN_MAX, type Series } from './series.ts';

/** Counters that are plain sums over machines. */
const SUMS = ['cpu.usagemhz', 'mem.consumed', 'mem.active', 'disk.usage', 'disk.read', 'disk.write'];
const NETWORK_SUMS = ['net.usage', 'net.received', 'net.transmitted'];

export function groupSeries(
  group: HostObject | PoolObject,
  providerOf: (vm: VirtualMachine) => Provider,
): Series[] {
  const sum = (name: string): Series => {
    const counter = counterNamed(name);
    return {
      counter,
      instance: '',
      fill: (first, count, out) => fillSum(group, providerOf, counter, first, count, out),
    };
  };
  if (!(group instanceof HostObject)) return [sum('cpu.usagemhz')];
  /** A share of the host's capacity in hundredths of a per cent. */
  const share = (name: string, of: string, capacity: number): Series => ({
    counter: counterNamed(name),
    instance: '',
    fill: (first, count, out) => {
      fillSum(group, providerOf, counterNamed(of), first, count, out);
      for (let i = 0; i < count; i++) out[i] = Math.min(10_000, Math.floor((out[i]! * 10_000) / capacity));
    },
  });
  return [
    share('cpu.usage', 'cpu.usagemhz', hostMhz(group.facts)),
    share('mem.usage', 'mem.consumed', hostMemoryKiB(group.facts)),
    ...[...SUMS, ...NETWORK_SUMS].map(sum),
  ];
}

const part = new Int32Array(RUN_MAX);
/** Samples are 32-bit: of memory that is 2 TiB in use on one host, and no more can be told. */
const LARGEST = 0x7fff_ffff;

function fillSum(
  group: HostObject | PoolObject,
  providerOf: (vm: VirtualMachine) => Provider,
  counter: Counter,
  first: number,
  count: number,
  out: Int32Array,
): void {
  out.fill(0, 0, count);
  for (const vm of group.vms.list()) {
    const provider = providerOf(vm);
    const series = provider.series.find((each) => each.counter === counter && each.instance === '');
    if (!series) continue;
    series.fill(first, count, part);
    const always = provider.existsSince(first);
    for (let i = 0; i < count; i++)
      if (always || provider.exists(first + i)) out[i] = Math.min(LARGEST, out[i]! + part[i]!);
  }
}
