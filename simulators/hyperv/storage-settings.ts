/** Controllers, drives, virtual hard disks, images and disks of the host that are passed through. */
import type { DiskFacts, Machine } from '../estate/model.ts';
import type { CimInstance } from '../winrm/cim/values.ts';
import { diskPath } from './disk-files.ts';
import { type HypervHost, machinesOf, volumeOf } from './hyperv-host.ts';
import { ALLOCATED } from './machine-settings.ts';
import {
  type Controller,
  controllersOf,
  diskId,
  driveId,
  dvdSlotOf,
  instance,
  pathText,
  type Settings,
  type Slot,
  slotOf,
} from './names.ts';

const ONE = {
  VirtualQuantity: 1,
  VirtualQuantityUnits: 'count',
  AllocationUnits: 'count',
  Weight: 0,
} as const;

/** Controllers and drives: Msvm_ResourceAllocationSettingData. */
export function* storageHardware(host: HypervHost, of: Settings): Iterable<CimInstance> {
  const { machine } = of;
  const controllers = controllersOf(of, host.entropy);
  for (const controller of controllers) yield controllerSetting(controller);
  for (const disk of machine.disks) {
    const at = slotOf(machine, disk, controllers);
    const raw = disk.raw && !disk.shared;
    yield drive(host, at, {
      ElementName: 'Hard Drive',
      ResourceType: 17,
      ResourceSubType: `Microsoft:Hyper-V:${raw ? 'Physical' : 'Synthetic'} Disk Drive`,
      Caption: 'Hard Drive',
      Description: `Settings for the Microsoft ${raw ? 'Physical' : 'Synthetic'} Disk Drive.`,
      ...(raw ? { HostResource: [pathText(hostDisk(host, disk), host.computer)] } : {}),
    });
  }
  if (imageOf(machine) !== undefined)
    yield drive(host, dvdSlotOf(machine, controllers), {
      ElementName: 'DVD Drive',
      ResourceType: 16,
      ResourceSubType: 'Microsoft:Hyper-V:Synthetic DVD Drive',
      Caption: 'DVD Drive',
      Description: 'Settings for the Microsoft Synthetic DVD Drive.',
    });
}

function controllerSetting({ kind, index, instanceId }: Controller): CimInstance {
  const ide = kind === 'ide';
  const name = ide ? `IDE Controller ${index}` : 'SCSI Controller';
  return instance('Msvm_ResourceAllocationSettingData', {
    ...ALLOCATED,
    ...ONE,
    Caption: name,
    Description: `Settings for the Microsoft ${ide ? 'Virtual IDE' : 'Synthetic SCSI'} Controller.`,
    ElementName: name,
    InstanceID: instanceId,
    Address: ide ? String(index) : null,
    ResourceType: ide ? 5 : 6,
    ResourceSubType: ide
      ? 'Microsoft:Hyper-V:Emulated IDE Controller'
      : 'Microsoft:Hyper-V:Synthetic SCSI Controller',
    Reservation: 1,
    Limit: 1,
  });
}

function drive(host: HypervHost, at: Slot, values: CimInstance['values']): CimInstance {
  const controller = instance('Msvm_ResourceAllocationSettingData', {
    InstanceID: at.controller.instanceId,
  });
  return instance('Msvm_ResourceAllocationSettingData', {
    ...ALLOCATED,
    ...ONE,
    InstanceID: driveId(at),
    Parent: pathText(controller, host.computer),
    Address: null,
    AddressOnParent: String(at.slot),
    Reservation: 1,
    Limit: 1,
    ...values,
  });
}

/** The virtual hard disks, and an image in the DVD drive: Msvm_StorageAllocationSettingData. */
export function* diskSettings(host: HypervHost, of: Settings): Iterable<CimInstance> {
  const { machine } = of;
  const controllers = controllersOf(of, host.entropy);
  for (const disk of machine.disks)
    if (!disk.raw || disk.shared)
      yield medium(host, slotOf(machine, disk, controllers), diskPath(host, of, disk), {
        Caption: 'Hard Disk Image',
        Description: 'Settings for the Microsoft Hard Disk Image.',
        ElementName: 'Hard Disk Image',
        ResourceSubType: 'Microsoft:Hyper-V:Virtual Hard Disk',
        PersistentReservationsSupported: disk.shared,
      });
  const image = imageOf(machine);
  if (image !== undefined)
    yield medium(host, dvdSlotOf(machine, controllers), `${volumeOf(host)}\\ISO\\${image}`, {
      Caption: 'ISO Disk Image',
      Description: 'Settings for the Microsoft ISO Disk Image.',
      ElementName: 'ISO Disk Image',
      ResourceSubType: 'Microsoft:Hyper-V:Virtual CD/DVD Disk',
      PersistentReservationsSupported: false,
    });
}

function medium(host: HypervHost, at: Slot, path: string, values: CimInstance['values']): CimInstance {
  const parent = instance('Msvm_ResourceAllocationSettingData', { InstanceID: driveId(at) });
  return instance('Msvm_StorageAllocationSettingData', {
    ...ALLOCATED,
    ...ONE,
    InstanceID: diskId(at),
    Parent: pathText(parent, host.computer),
    HostResource: [path],
    ResourceType: 31,
    VirtualResourceBlockSize: 512,
    Reservation: 0,
    Limit: 0,
    Access: 3,
    CachingMode: 0,
    IOPSAllocationUnits: 'count',
    IOPSLimit: 0,
    IOPSReservation: 0,
    IgnoreFlushes: false,
    WriteHardeningMethod: 0,
    ...values,
  });
}

/** Name of the image in the DVD drive; undefined where there is no drive. */
function imageOf({ devices = [] }: Machine): string | undefined {
  const iso = devices.find((device) => device.kind === 'iso');
  return iso?.path.slice(Math.max(iso.path.lastIndexOf('/'), iso.path.lastIndexOf(' ')) + 1);
}

/** Disks of the host that machines drive themselves: Msvm_DiskDrive. */
export function* hostDisks(host: HypervHost): Iterable<CimInstance> {
  for (const machine of machinesOf(host))
    for (const disk of machine.disks) if (disk.raw && !disk.shared) yield hostDisk(host, disk);
}

function hostDisk(host: HypervHost, disk: DiskFacts): CimInstance {
  // numbers of disks of the host are small; they come from the disk alone, so that nothing has to be counted
  const number = 2 + host.entropy.below(4000, 'hyperv.hostDisk', disk.id);
  return instance('Msvm_DiskDrive', {
    Caption: 'Hard Drive',
    Description: 'Microsoft Physical Disk Drive',
    ElementName: `Disk ${number} ${Math.round(disk.sizeBytes / 2 ** 30)} GB Bus 0 Lun ${disk.index} Target 0`,
    CreationClassName: 'Msvm_DiskDrive',
    DeviceID: `Microsoft:${disk.uuid.toUpperCase()}`,
    SystemCreationClassName: 'Msvm_ComputerSystem',
    SystemName: host.computer,
    DriveNumber: number,
    EnabledState: 2,
    HealthState: 5,
    OperationalStatus: [2],
    MaxMediaSize: Math.floor(disk.sizeBytes / 1024),
    Status: 'OK',
  });
}
