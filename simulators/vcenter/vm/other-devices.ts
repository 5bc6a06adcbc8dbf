/** Devices of a machine beside controllers of disks, disks and adapters: what a migration has to look out for. */
import type { Machine, OtherDevice } from '../../estate/model.ts';
import { constant, type Data } from '../values.ts';
import { cdKey, cdPlace, KEYS } from './devices.ts';
import { parseDatastorePath } from './paths.ts';
import type { VirtualMachine } from './virtual-machine.ts';

export function described(label: string, summary: string): Data {
  return { $: 'Description', label, summary };
}

const NOT_CONNECTED = constant({
  $: 'VirtualDeviceConnectInfo',
  startConnected: false,
  allowGuestControl: true,
  connected: false,
  status: 'untried',
});

const NO_MEDIUM = constant({
  $: 'VirtualCdromRemotePassthroughBackingInfo',
  deviceName: '',
  useAutoDetect: false,
  exclusive: false,
});

/** The CD drive that every machine has where IDE is not full; undefined else. */
export function cdDrive(vm: VirtualMachine): Data | undefined {
  const { machine } = vm;
  const place = cdPlace(machine);
  if (!place) return undefined;
  const image = machine.devices?.find((device) => device.kind === 'iso');
  const datastore = image && datastoreNamed(vm, parseDatastorePath(image.path)?.datastore);
  return {
    $: 'VirtualCdrom',
    key: cdKey(place),
    deviceInfo: described('CD/DVD drive 1', image ? `ISO ${image.path}` : 'Remote device'),
    backing: image
      ? { $: 'VirtualCdromIsoBackingInfo', fileName: image.path, datastore, backingObjectId: '' }
      : NO_MEDIUM,
    connectable: image
      ? {
          $: 'VirtualDeviceConnectInfo',
          startConnected: image.connected,
          allowGuestControl: true,
          connected: image.connected && vm.isOn,
          status: image.connected && vm.isOn ? 'ok' : 'untried',
        }
      : NOT_CONNECTED,
    controllerKey: KEYS.ide + place.bus,
    unitNumber: place.unit,
  };
}

function datastoreNamed(vm: VirtualMachine, name: string | undefined) {
  const { datastores } = vm.inventory.datacenterOf(vm.machine.datacenterId);
  return datastores.find((datastore) => datastore.name === name)?.ref;
}

/** Keys of the devices that hang on the PCI controller. */
export function otherPciKeys(machine: Machine): number[] {
  const { devices = [] } = machine;
  return devices.flatMap((device, index) => {
    if (device.kind === 'usbController') return [usbControllerKey(device.version)];
    if (device.kind === 'tpm') return [KEYS.tpm];
    if (device.kind === 'sound') return [KEYS.sound];
    return device.kind === 'pciPassthrough' ? [KEYS.passthrough + ordinal(devices, index)] : [];
  });
}

/** Keys of the devices that hang on the SIO controller. */
export function otherSioKeys({ devices = [] }: Machine): number[] {
  return devices.flatMap((device, index) => {
    const base = device.kind in SIO_KEYS ? SIO_KEYS[device.kind as keyof typeof SIO_KEYS] : undefined;
    return base === undefined ? [] : [base + ordinal(devices, index)];
  });
}

const SIO_KEYS = { floppy: KEYS.floppy, serialPort: KEYS.serial, parallelPort: KEYS.parallel } as const;

/** How many of the same kind stand before it. */
function ordinal(devices: readonly OtherDevice[], index: number): number {
  const { kind } = devices[index]!;
  return devices.slice(0, index).filter((device) => device.kind === kind).length;
}

function usbControllerKey(version: 2 | 3): number {
  return version === 2 ? KEYS.usb2 : KEYS.usb3;
}

export function otherDevices(vm: VirtualMachine): Data[] {
  const { devices = [] } = vm.machine;
  return devices.flatMap((device, index) => deviceOf(vm, device, ordinal(devices, index), devices) ?? []);
}

function deviceOf(
  vm: VirtualMachine,
  device: OtherDevice,
  number: number,
  all: readonly OtherDevice[],
): Data | undefined {
  switch (device.kind) {
    case 'iso':
      return undefined; // in the CD drive
    case 'tpm':
      return {
        $: 'VirtualTPM',
        key: KEYS.tpm,
        deviceInfo: described('Virtual TPM', 'Trusted Platform Module'),
        controllerKey: KEYS.pci,
        endorsementKeyCertificateSigningRequest: [],
        endorsementKeyCertificate: [],
      };
    case 'usbController':
      return usbController(device.version, usbKeysOn(device.version, all));
    case 'usb':
      return {
        $: 'VirtualUSB',
        key: KEYS.usbDevice + number,
        deviceInfo: described(`USB ${number + 1}`, device.name),
        backing: {
          $: 'VirtualUSBUSBBackingInfo',
          deviceName: `path:0/1/${number + 1} version:2`,
          useAutoDetect: false,
        },
        connectable: connectedWith(vm),
        controllerKey: usbControllerKey(usbHomeOf(all)),
        connected: vm.isOn,
        vendor: device.vendor,
        product: device.product,
        family: ['storage'],
        speed: ['high'],
      };
    case 'pciPassthrough':
      return {
        $: 'VirtualPCIPassthrough',
        key: KEYS.passthrough + number,
        deviceInfo: described(`PCI device ${number}`, device.name),
        backing: {
          $: 'VirtualPCIPassthroughDeviceBackingInfo',
          deviceName: device.name,
          useAutoDetect: false,
          id: `0000:${(59 + number).toString(16)}:00.0`,
          deviceId: device.device.toString(16),
          systemId: vm.host.facts.uuid,
          // A short: ids from 0x8000 on are negative.
          vendorId: (device.vendor << 16) >> 16,
        },
        connectable: connectedWith(vm),
        controllerKey: KEYS.pci,
        unitNumber: 18 + number,
      };
    case 'floppy':
      return {
        $: 'VirtualFloppy',
        key: KEYS.floppy + number,
        deviceInfo: described(`Floppy drive ${number + 1}`, 'Remote'),
        backing: { $: 'VirtualFloppyRemoteDeviceBackingInfo', deviceName: '', useAutoDetect: false },
        connectable: NOT_CONNECTED,
        controllerKey: KEYS.sio,
        unitNumber: number,
      };
    case 'serialPort':
      return {
        $: 'VirtualSerialPort',
        key: KEYS.serial + number,
        deviceInfo: described(`Serial port ${number + 1}`, 'Remote telnet://:2001'),
        backing: {
          $: 'VirtualSerialPortURIBackingInfo',
          serviceURI: 'telnet://:2001',
          direction: 'server',
        },
        connectable: connectedWith(vm),
        controllerKey: KEYS.sio,
        unitNumber: number,
        yieldOnPoll: true,
      };
    case 'parallelPort':
      return {
        $: 'VirtualParallelPort',
        key: KEYS.parallel + number,
        deviceInfo: described(`Parallel port ${number + 1}`, '/dev/parport0'),
        backing: {
          $: 'VirtualParallelPortDeviceBackingInfo',
          deviceName: '/dev/parport0',
          useAutoDetect: false,
        },
        connectable: connectedWith(vm),
        controllerKey: KEYS.sio,
        unitNumber: number,
      };
    case 'sound':
      return {
        $: 'VirtualHdAudioCard',
        key: KEYS.sound,
        deviceInfo: described('Sound card', 'HD audio'),
        backing: { $: 'VirtualSoundCardDeviceBackingInfo', deviceName: '', useAutoDetect: true },
        connectable: connectedWith(vm),
        controllerKey: KEYS.pci,
      };
  }
}

function connectedWith({ isOn }: VirtualMachine): Data {
  return {
    $: 'VirtualDeviceConnectInfo',
    startConnected: true,
    allowGuestControl: true,
    connected: isOn,
    status: isOn ? 'ok' : 'untried',
  };
}

/** USB devices are on the fastest controller that there is. */
function usbHomeOf(all: readonly OtherDevice[]): 2 | 3 {
  return all.some((device) => device.kind === 'usbController' && device.version === 3) ? 3 : 2;
}

function usbKeysOn(version: 2 | 3, all: readonly OtherDevice[]): number[] {
  if (usbHomeOf(all) !== version) return [];
  return all.filter((device) => device.kind === 'usb').map((_, number) => KEYS.usbDevice + number);
}

function usbController(version: 2 | 3, device: readonly number[]): Data {
  const common = { key: usbControllerKey(version), controllerKey: KEYS.pci, busNumber: 0, device };
  return version === 2
    ? {
        $: 'VirtualUSBController',
        ...common,
        deviceInfo: described('USB controller', 'Auto connect Disabled'),
        unitNumber: 22,
        autoConnectDevices: false,
        ehciEnabled: true,
      }
    : {
        $: 'VirtualUSBXHCIController',
        ...common,
        deviceInfo: described('USB xHCI controller', 'USB xHCI controller'),
        unitNumber: 23,
        autoConnectDevices: false,
      };
}
