/** VirtualMachineConfigSpec.deviceChange: devices that are added to a draft, changed and taken off. */
import type { ControllerFacts, DiskFacts, OtherDevice } from '../../estate/model.ts';
import { vimFault } from '../faults.ts';
import { isA } from '../schema/schema.ts';
import type { Data } from '../values.ts';
import {
  busOf,
  cdKey,
  cdPlace,
  controllerKey,
  diskControllers,
  diskKey,
  KEYS,
  nicKey,
} from '../vm/devices.ts';
import { addDisk, type DiskSpec, editDisk, removeDisk } from './disk-changes.ts';
import { type Draft, machineOf } from './draft.ts';
import { addNic, editNic, type NicSpec } from './nic-changes.ts';

export interface DeviceChange {
  readonly operation?: 'add' | 'remove' | 'edit';
  readonly fileOperation?: 'create' | 'destroy' | 'replace';
  readonly device: Device;
}

export interface Device extends Data {
  readonly key: number;
  readonly controllerKey?: number;
  readonly unitNumber?: number;
}

const CONTROLLER_TYPES: Readonly<Record<string, DiskFacts['controller']>> = {
  ParaVirtualSCSIController: 'pvscsi',
  VirtualLsiLogicController: 'lsilogic',
  VirtualLsiLogicSASController: 'lsilogicsas',
  VirtualBusLogicController: 'buslogic',
  VirtualAHCIController: 'sata',
  VirtualNVMEController: 'nvme',
};

/** What every machine has: adding it again changes nothing. */
const GIVEN = new Set([
  'VirtualIDEController',
  'VirtualPCIController',
  'VirtualPS2Controller',
  'VirtualSIOController',
  'VirtualKeyboard',
  'VirtualPointingDevice',
  'VirtualMachineVideoCard',
  'VirtualMachineVMCIDevice',
]);

const OTHER_DEVICES: Readonly<Record<string, { readonly make: () => OtherDevice; readonly key: number }>> = {
  VirtualTPM: { make: () => ({ kind: 'tpm' }), key: KEYS.tpm },
  VirtualUSBController: { make: () => ({ kind: 'usbController', version: 2 }), key: KEYS.usb2 },
  VirtualUSBXHCIController: { make: () => ({ kind: 'usbController', version: 3 }), key: KEYS.usb3 },
  VirtualFloppy: { make: () => ({ kind: 'floppy' }), key: KEYS.floppy },
  VirtualSerialPort: { make: () => ({ kind: 'serialPort' }), key: KEYS.serial },
  VirtualParallelPort: { make: () => ({ kind: 'parallelPort' }), key: KEYS.parallel },
  VirtualHdAudioCard: { make: () => ({ kind: 'sound' }), key: KEYS.sound },
};

const DEVICES_MAX = 200;

/**
 * @throws VimFault InvalidDeviceSpec and what descends from it, FileNotFound, FileAlreadyExists, NoDiskSpace,
 * InvalidDatastore, NotSupported
 */
export function changeDevices(draft: Draft, changes: readonly DeviceChange[]): void {
  /** Controllers that the specification calls by keys of its own. */
  const called = new Map<number, ControllerFacts>();
  for (const [index, change] of changes.entries()) {
    const { operation, device } = change;
    if (draft.disks.length + draft.nics.length > DEVICES_MAX)
      throw vimFault('InvalidDeviceSpec', 'The machine has too many devices.', { deviceIndex: index });
    if (operation === 'add') add(draft, change, index, called);
    else if (operation === 'remove') remove(draft, change, index);
    else if (operation === 'edit') edit(draft, device, index, called);
    else throw deviceFault(index, 'the operation is missing');
  }
}

export function deviceFault(deviceIndex: number, why: string) {
  return vimFault('InvalidDeviceSpec', `Invalid configuration for device '${deviceIndex}': ${why}.`, {
    property: `deviceChange[${deviceIndex}].device`,
    deviceIndex,
  });
}

function deviceNotFound(deviceIndex: number) {
  return vimFault(
    'DeviceNotFound',
    `Invalid configuration for device '${deviceIndex}': there is no such one.`,
    {
      property: `deviceChange[${deviceIndex}].device.key`,
      deviceIndex,
    },
  );
}

function add(draft: Draft, change: DeviceChange, index: number, called: Map<number, ControllerFacts>): void {
  const { device } = change;
  const kind = CONTROLLER_TYPES[device.$];
  if (kind) {
    const controller = addController(draft, kind, (device as { busNumber?: number }).busNumber);
    called.set(device.key, controller);
    return;
  }
  if (GIVEN.has(device.$)) return;
  if (device.$ === 'VirtualDisk') {
    const controller = controllerFor(draft, device, index, called);
    return addDisk(draft, device as DiskSpec, change.fileOperation, index, controller);
  }
  if (isA(device.$, 'VirtualEthernetCard')) return addNic(draft, device as NicSpec, index);
  if (device.$ === 'VirtualCdrom') return setMedium(draft, device);
  const other = OTHER_DEVICES[device.$];
  if (!other) throw vimFault('NotSupported', `Devices of type ${device.$} are not supported by this server.`);
  draft.devices.push(other.make());
}

function remove(draft: Draft, change: DeviceChange, index: number): void {
  const { device } = change;
  const { key } = device;
  const disk = draft.disks.find((each) => diskKey(each) === key);
  if (disk) return removeDisk(draft, disk, change.fileOperation === 'destroy');
  const nic = draft.nics.findIndex((each) => nicKey(each) === key);
  if (nic >= 0) return void draft.nics.splice(nic, 1);
  const controller = diskControllers(machineOf(draft)).get(key);
  if (controller) {
    if (controller.disks.length > 0)
      throw vimFault('ResourceInUse', 'The controller has disks.', { name: String(key) });
    draft.controllers = draft.controllers.filter((each) => controllerKey(each) !== key);
    return;
  }
  const place = cdPlace(draft.machine);
  if (place && cdKey(place) === key) return setMedium(draft, undefined);
  const other = OTHER_DEVICES[device.$];
  if (other) {
    const { kind } = other.make();
    const nth = key - other.key;
    const at = draft.devices.filter((each) => each.kind === kind)[nth];
    if (at) return void draft.devices.splice(draft.devices.indexOf(at), 1);
  }
  throw deviceNotFound(index);
}

function edit(
  draft: Draft,
  device: Device,
  index: number,
  called: ReadonlyMap<number, ControllerFacts>,
): void {
  const { key } = device;
  const disk = draft.disks.find((each) => diskKey(each) === key);
  if (disk && device.$ === 'VirtualDisk') {
    const controller =
      device.controllerKey === undefined ? undefined : controllerFor(draft, device, index, called);
    return editDisk(draft, disk, device as DiskSpec, index, controller);
  }
  const nic = draft.nics.find((each) => nicKey(each) === key);
  if (nic && isA(device.$, 'VirtualEthernetCard')) return editNic(draft, nic, device as NicSpec, index);
  if (device.$ === 'VirtualCdrom') return setMedium(draft, device);
  if (CONTROLLER_TYPES[device.$] && diskControllers(machineOf(draft)).has(key)) return;
  if (GIVEN.has(device.$)) return;
  throw deviceNotFound(index);
}

/** Buses are filled from 0 on, four of a kind at most. */
function addController(
  draft: Draft,
  controller: DiskFacts['controller'],
  wanted: number | undefined,
): ControllerFacts {
  const taken = new Set(
    [...diskControllers(machineOf(draft)).values()]
      .filter((each) => busOf(each) === busOf({ controller }))
      .map((each) => each.bus),
  );
  const free = [0, 1, 2, 3].filter((bus) => !taken.has(bus));
  const bus = wanted !== undefined && free.includes(wanted) ? wanted : free[0];
  if (bus === undefined)
    throw vimFault('InvalidDeviceSpec', 'The machine has as many controllers as it can have.', {
      deviceIndex: 0,
    });
  const added = { controller, bus };
  draft.controllers.push(added);
  return added;
}

/** The controller that a disk names, by the specification's key or its own; a first one where it names none. */
function controllerFor(
  draft: Draft,
  { controllerKey: key }: Device,
  index: number,
  called: ReadonlyMap<number, ControllerFacts>,
): ControllerFacts {
  const controllers = diskControllers(machineOf(draft));
  if (key === undefined) {
    const [first] = controllers.values();
    return first ?? addController(draft, 'pvscsi', 0);
  }
  const own = called.get(key) ?? controllers.get(key);
  if (own) return own;
  if (key === KEYS.ide || key === KEYS.ide + 1) return { controller: 'ide', bus: key - KEYS.ide };
  throw vimFault('InvalidController', `Invalid configuration for device '${index}': no such controller.`, {
    property: `deviceChange[${index}].device.controllerKey`,
    deviceIndex: index,
    controllerKey: key,
  });
}

/** The CD drive that every machine has takes an image, or has none. */
function setMedium(draft: Draft, device: Device | undefined): void {
  const backing = device?.backing as (Data & { readonly fileName?: string }) | undefined;
  draft.devices = draft.devices.filter((each) => each.kind !== 'iso');
  if (backing?.$ !== 'VirtualCdromIsoBackingInfo' || !backing.fileName) return;
  const connectable = device?.connectable as { readonly startConnected?: boolean } | undefined;
  draft.devices.push({
    kind: 'iso',
    path: backing.fileName,
    connected: connectable?.startConnected ?? false,
  });
}
