/**
 * Device keys: fixed ones for what every machine has, and arithmetic for controllers, disks and adapters, as
 * vSphere hands them out (`2000 + 16 × bus + unit` for a SCSI disk).
 */
import type { DiskFacts, Machine, Nic } from '../../estate/model.ts';

export const KEYS = {
  pci: 100,
  ide: 200,
  ps2: 300,
  sio: 400,
  video: 500,
  keyboard: 600,
  pointing: 700,
  vmci: 12_000,
} as const;

export type Bus = 'scsi' | 'sata' | 'nvme' | 'ide';

export function busOf(disk: DiskFacts): Bus {
  const { controller } = disk;
  return controller === 'sata' || controller === 'nvme' || controller === 'ide' ? controller : 'scsi';
}

const CONTROLLER_BASE: Readonly<Record<Bus, number>> = { scsi: 1000, sata: 15_000, nvme: 31_000, ide: 200 };
const DISK_BASE: Readonly<Record<Bus, number>> = { scsi: 2000, sata: 16_000, nvme: 32_000, ide: 3000 };
const UNITS_PER_BUS: Readonly<Record<Bus, number>> = { scsi: 16, sata: 30, nvme: 64, ide: 2 };

export function controllerKey(disk: DiskFacts): number {
  return CONTROLLER_BASE[busOf(disk)] + disk.bus;
}

export function diskKey(disk: DiskFacts): number {
  const bus = busOf(disk);
  return DISK_BASE[bus] + disk.bus * UNITS_PER_BUS[bus] + disk.unit;
}

/** Name of a disk as an instance of a counter: "scsi0:0". */
export function diskInstance(disk: DiskFacts): string {
  return `${busOf(disk)}${disk.bus}:${disk.unit}`;
}

export function nicKey(nic: Nic): number {
  return 4000 + nic.index;
}

/** The CD drive sits on the second IDE channel, or where there is room. Undefined when IDE is full. */
export function cdPlace(machine: Machine): { readonly bus: number; readonly unit: number } | undefined {
  const taken = new Set(
    machine.disks.filter((disk) => busOf(disk) === 'ide').map(({ bus, unit }) => bus * 2 + unit),
  );
  const free = [2, 3, 0, 1].find((place) => !taken.has(place));
  return free === undefined ? undefined : { bus: free >> 1, unit: free & 1 };
}

/** Controllers of the machine's disks, one entry a bus, in order of first use. */
export function diskControllers(machine: Machine): ReadonlyMap<number, readonly DiskFacts[]> {
  const controllers = new Map<number, DiskFacts[]>();
  for (const disk of machine.disks) {
    if (busOf(disk) === 'ide') continue;
    const key = controllerKey(disk);
    const own = controllers.get(key);
    if (own) own.push(disk);
    else controllers.set(key, [disk]);
  }
  return controllers;
}

/** Does a snapshot freeze this disk, and can its changes be tracked? */
export function takesSnapshots(disk: DiskFacts): boolean {
  return disk.mode === 'persistent' && !disk.raw;
}
