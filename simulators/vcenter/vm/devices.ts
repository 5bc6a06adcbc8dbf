/**
 * Device keys: fixed ones for what every machine has, and arithmetic for controllers, disks and adapters, as
 * vSphere hands them out (`2000 + 16 × bus + unit` for a SCSI disk).
 */
import type { ControllerFacts, DiskFacts, Machine, Nic } from '../../estate/model.ts';

export const KEYS = {
  pci: 100,
  ide: 200,
  ps2: 300,
  sio: 400,
  video: 500,
  keyboard: 600,
  pointing: 700,
  vmci: 12_000,
  sound: 5000,
  usb2: 7000,
  floppy: 8000,
  serial: 9000,
  parallel: 10_000,
  tpm: 11_000,
  passthrough: 13_000,
  usb3: 14_000,
  usbDevice: 23_000,
} as const;

export type Bus = 'scsi' | 'sata' | 'nvme' | 'ide';

export function busOf({ controller }: Pick<ControllerFacts, 'controller'>): Bus {
  return controller === 'sata' || controller === 'nvme' || controller === 'ide' ? controller : 'scsi';
}

const CONTROLLER_BASE: Readonly<Record<Bus, number>> = { scsi: 1000, sata: 15_000, nvme: 31_000, ide: 200 };
const DISK_BASE: Readonly<Record<Bus, number>> = { scsi: 2000, sata: 16_000, nvme: 32_000, ide: 3000 };
const UNITS_PER_BUS: Readonly<Record<Bus, number>> = { scsi: 16, sata: 30, nvme: 64, ide: 2 };

export function controllerKey(controller: ControllerFacts): number {
  return CONTROLLER_BASE[busOf(controller)] + controller.bus;
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

export function cdKey({ bus, unit }: { readonly bus: number; readonly unit: number }): number {
  return 3000 + bus * 2 + unit;
}

export interface DiskController extends ControllerFacts {
  readonly disks: readonly DiskFacts[];
}

/**
 * Controllers for disks by key: those that the facts name, then those of disks in order of first use. Disks on
 * IDE hang on the controllers that every machine has.
 */
export function diskControllers(machine: Machine): ReadonlyMap<number, DiskController> {
  const controllers = new Map<number, ControllerFacts & { readonly disks: DiskFacts[] }>();
  for (const { controller, bus } of machine.controllers ?? [])
    controllers.set(controllerKey({ controller, bus }), { controller, bus, disks: [] });
  for (const disk of machine.disks) {
    if (busOf(disk) === 'ide') continue;
    const key = controllerKey(disk);
    const own = controllers.get(key);
    if (own) own.disks.push(disk);
    else controllers.set(key, { controller: disk.controller, bus: disk.bus, disks: [disk] });
  }
  return controllers;
}

/** Does a snapshot freeze this disk, and can its changes be tracked? */
export function takesSnapshots(disk: DiskFacts): boolean {
  return disk.mode === 'persistent' && (!disk.raw || disk.rawMode === 'virtual');
}
