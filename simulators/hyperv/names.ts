/**
 * Identifiers of a virtual machine's parts on Hyper-V. They nest – the drive's below the controller's, the disk's
 * below the drive's – and clients find what belongs together by the ends of paths, so they must be exactly these.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { DiskFacts, Machine, Nic } from '../estate/model.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import { type CimInstance, type CimValue, fullPath, pathOf } from '../winrm/cim/values.ts';
import { machineGuid } from './hyperv-host.ts';

export const V2 = 'root/virtualization/v2';

/** Device classes of the worker process, as they stand in every InstanceID. */
const IDE = '83F8638B-8DCA-4152-9EDA-2CA8B33039B4';
const PROCESSOR = 'b637f346-6a0e-4dec-af52-bd70cb80a21d';
const MEMORY = '4764334d-e001-4176-82ee-5594ec9b530e';
const SERIAL = '8e3a359f-559a-4b6a-98a9-1690a6100ed7';

/**
 * Whose settings: a machine's own, or those that a checkpoint kept, which have an identifier of their own.
 */
export interface Settings {
  readonly machine: Machine;
  /** GUID in upper case: the machine's, or the checkpoint's. */
  readonly id: string;
  /** In the names of the files that the disks were written to; undefined: the first ones. */
  readonly fileId: string | undefined;
}

export const settingId = ({ id }: Settings): string => `Microsoft:${id}`;
export const processorId = (of: Settings): string => `${settingId(of)}\\${PROCESSOR}\\0`;
export const memoryId = (of: Settings): string => `${settingId(of)}\\${MEMORY}`;
export const serialId = (of: Settings, port: number): string => `${settingId(of)}\\${SERIAL}\\${port}`;

/** Where a disk is plugged in: generation 1 starts from IDE, generation 2 has SCSI only. */
export interface Slot {
  readonly controller: Controller;
  readonly slot: number;
}

export interface Controller {
  readonly kind: 'ide' | 'scsi';
  /** Among those of its kind. */
  readonly index: number;
  readonly instanceId: string;
}

export function generationOf({ firmware }: Machine): 1 | 2 {
  return firmware === 'efi' ? 2 : 1;
}

export function controllersOf(of: Settings, entropy: Entropy): Controller[] {
  const { machine } = of;
  const scsi = entropy.uuid('hyperv.scsi', machine.id).toUpperCase();
  const own: Controller = { kind: 'scsi', index: 0, instanceId: `${settingId(of)}\\${scsi}\\0` };
  if (generationOf(machine) === 2) return [own];
  const ide = [0, 1].map(
    (index): Controller => ({ kind: 'ide', index, instanceId: `${settingId(of)}\\${IDE}\\${index}` }),
  );
  return [...ide, own];
}

export function slotOf(machine: Machine, disk: DiskFacts, controllers: readonly Controller[]): Slot {
  const scsi = controllers.find(({ kind }) => kind === 'scsi')!;
  if (generationOf(machine) === 2) return { controller: scsi, slot: disk.index };
  return disk.index === 0
    ? { controller: controllers[0]!, slot: 0 }
    : { controller: scsi, slot: disk.index - 1 };
}

/** The DVD drive stands behind the disks, or first on the second IDE controller. */
export function dvdSlotOf(machine: Machine, controllers: readonly Controller[]): Slot {
  return generationOf(machine) === 2
    ? { controller: controllers[0]!, slot: machine.disks.length }
    : { controller: controllers[1]!, slot: 0 };
}

export const driveId = ({ controller, slot }: Slot): string => `${controller.instanceId}\\0\\${slot}\\D`;
export const diskId = ({ controller, slot }: Slot): string => `${controller.instanceId}\\0\\${slot}\\L`;

export function nicGuid(machine: Machine, nic: Nic, entropy: Entropy): string {
  return entropy.uuid('hyperv.nic', machine.id, nic.index).toUpperCase();
}

export function nicId(of: Settings, nic: Nic, entropy: Entropy): string {
  return `${settingId(of)}\\${nicGuid(of.machine, nic, entropy)}`;
}

/** Generation 1 has an old adapter, too, that every system knows without a driver. */
export function isLegacy(machine: Machine, { adapter }: Nic): boolean {
  return generationOf(machine) === 1 && (adapter === 'pcnet32' || adapter === 'e1000');
}

export function ownSettings(machine: Machine, fileId: string | undefined): Settings {
  return { machine, id: machineGuid(machine), fileId };
}

export function instance(className: string, values: Readonly<Record<string, CimValue>>): CimInstance {
  return { class: cimClass(V2, className), values };
}

export function pathText(of: CimInstance, computer: string): string {
  return fullPath(pathOf(of), computer);
}
