/** What Azure keeps of the measurements, addressed the way the estate addresses them. */
import type { UnixMillis } from '#core/units.ts';
import type { Counter } from '#simulators/estate/workload-curve.ts';
import { type TrueSeries, wholeWindows } from '../oracle.ts';
import type { World } from '../world.ts';

export interface KeptPoints {
  at(window: number): number | undefined;
  readonly first: number | undefined;
  readonly last: number | undefined;
}

export interface KeptSeries {
  /** Windows that must be there: from discovery to the last collection. Undefined before there are any. */
  readonly span: { readonly first: number; readonly end: number } | undefined;
  /** The first window that anybody has a point of: vCenter keeps an hour, so it lies before the discovery. */
  readonly earliest: number;
  of(series: TrueSeries): KeptPoints | undefined;
  /** A true value in the unit in which the service keeps points of that counter. */
  unit(counter: Counter, value: number): number;
}

/** The service's words for vSphere's counters (docs/protocols/appliance-data-planes.md), and its units. */
const KEPT = {
  'cpu.usage': ['cpu', 100],
  'mem.usage': ['memory', 100],
  'virtualDisk.read': ['readBps', 1024],
  'virtualDisk.write': ['writeBps', 1024],
  'virtualDisk.numberReadAveraged': ['readIops', 1],
  'virtualDisk.numberWriteAveraged': ['writeIops', 1],
  'net.received': ['inBps', 1024],
  'net.transmitted': ['outBps', 1024],
} as const satisfies Record<Counter, readonly [string, number]>;

/** Device keys of virtual network adapters begin here (vSphere Web Services API, VirtualEthernetCard). */
const FIRST_NIC_KEY = 4000;

export function keptSeries(world: World): KeptSeries {
  const inventory = world.azure.sites().find(({ kind }) => kind === 'VMware')?.inventory;
  let discoveredAt: UnixMillis = Number.NEGATIVE_INFINITY;
  for (const { createdAt } of inventory?.machines().values() ?? [])
    discoveredAt = Math.max(discoveredAt, createdAt);
  const of = ({ machine, counter, instance }: TrueSeries): KeptPoints | undefined => {
    const disk = machine.disks[instance];
    const key = counter.startsWith('virtualDisk.')
      ? `${busOf(disk!.controller)}${disk!.bus}:${disk!.unit}`
      : counter.startsWith('net.')
        ? String(FIRST_NIC_KEY + instance)
        : '';
    return inventory?.points(machine.instanceUuid, KEPT[counter][0], key);
  };
  let last = Number.NEGATIVE_INFINITY;
  let earliest = Number.POSITIVE_INFINITY;
  for (const machine of world.estate.machines()) {
    const cpu = of({ machine, counter: 'cpu.usage', instance: 0 });
    if (cpu?.last !== undefined) last = Math.max(last, cpu.last);
    if (cpu?.first !== undefined) earliest = Math.min(earliest, cpu.first);
  }
  const { first, end } = wholeWindows(discoveredAt, (last + 1) * 600_000);
  return {
    span: Number.isFinite(discoveredAt) && Number.isFinite(last) && end > first ? { first, end } : undefined,
    earliest,
    of,
    unit: (counter, value) => Math.round(value * KEPT[counter][1]),
  };
}

/** Performance instances name the bus: scsi0:0, sata0:1, ide1:0, nvme0:0. */
function busOf(controller: string): string {
  return controller === 'sata' || controller === 'nvme' || controller === 'ide' ? controller : 'scsi';
}
