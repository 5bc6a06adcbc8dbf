/**
 * Identifiers of a virtual machine's parts on Hyper-V. They nest – the drive's below the controller's, the disk's
 * below the drive's – and clients find what belongs together by the ends of paths, so they must be exactly these.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { DiskFacts, Machine, Nic } from '../estate/model.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import { type CimInstance, type CimValue, fullPath, pathOf } from '../winrm/cim/values.ts';

export const V2 = 'root/virtualization/v2';

/** Device classes of the worker process, as they stand in every InstanceID. */
const IDE = '83F8638B-8DCA-4152-9EDA-2CA8B33039B4';
const PROCESSOR = 'b637f346-6a0e-4dec-af52-bd70cb80a21d';
const MEMORY = '4764334d-e001-4176-82ee-5594ec9b530e';

/** Msvm_ComputerSystem.Name: a GUID in upper case. */
export function machineGuid({ instanceUuid }: Machine): string {
  return instanceUuid.toUpperCase();
}

export const settingId = (machine: Machine): string => `Microsoft:${machineGuid(machine)}`;
export const processorId = (machine: Machine): string => `${settingId(machine)}\\${PROCESSOR}\\0`;
export const memoryId = (machine: Machine): string => `${settingId(machine)}\\${MEMORY}`;

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

export function controllersOf(machine: Machine, entropy: Entropy): Controller[] {
  const scsi = entropy.uuid('hyperv.scsi', machine.id).toUpperCase();
  const ide = [0, 1].map(
    (index): Controller => ({ kind: 'ide', index, instanceId: `${settingId(machine)}\\${IDE}\\${index}` }),
  );
  const own: Controller = { kind: 'scsi', index: 0, instanceId: `${settingId(machine)}\\${scsi}\\0` };
  return generationOf(machine) === 1 ? [...ide, own] : [own];
}

export function slotOf(machine: Machine, disk: DiskFacts, controllers: readonly Controller[]): Slot {
  const scsi = controllers.find(({ kind }) => kind === 'scsi')!;
  if (generationOf(machine) === 2) return { controller: scsi, slot: disk.index };
  return disk.index === 0
    ? { controller: controllers[0]!, slot: 0 }
    : { controller: scsi, slot: disk.index - 1 };
}

export const driveId = ({ controller, slot }: Slot): string => `${controller.instanceId}\\0\\${slot}\\D`;
export const diskId = ({ controller, slot }: Slot): string => `${controller.instanceId}\\0\\${slot}\\L`;

export function nicId(machine: Machine, nic: Nic, entropy: Entropy): string {
  return `${settingId(machine)}\\${entropy.uuid('hyperv.nic', machine.id, nic.index).toUpperCase()}`;
}

/** "C:\ClusterStorage\Volume1\web-01\Virtual Hard Disks\web-01-0.vhdx", or the folder of a stand-alone host. */
export function diskPath(machine: Machine, disk: DiskFacts, volume: string): string {
  return `${volume}\\${machine.name}\\Virtual Hard Disks\\${machine.name}-${disk.index}.vhdx`;
}

export function instance(className: string, values: Readonly<Record<string, CimValue>>): CimInstance {
  return { class: cimClass(V2, className), values };
}

export function pathText(of: CimInstance, computer: string): string {
  return fullPath(pathOf(of), computer);
}
