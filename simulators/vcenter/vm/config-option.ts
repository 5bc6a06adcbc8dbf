/** VirtualMachineConfigOption: what a new machine can have, by virtual hardware version and guest operating system. */

import { GUEST_IDS, operatingSystemOf } from '../lifecycle/guest-ids.ts';
import type { Data, Value } from '../values.ts';
import { CAPABILITY, OLD_CAPABILITY, TRACKING_HARDWARE_VERSION } from './capability.ts';

/** Virtual hardware versions and the release that each came with. */
const HARDWARE: ReadonlyArray<readonly [version: number, description: string]> = [
  [4, 'ESX 3.x virtual machine'],
  [7, 'ESX/ESXi 4.x virtual machine'],
  [8, 'ESXi 5.0 virtual machine'],
  [9, 'ESXi 5.1 virtual machine'],
  [10, 'ESXi 5.5 virtual machine'],
  [11, 'ESXi 6.0 virtual machine'],
  [13, 'ESXi 6.5 virtual machine'],
  [14, 'ESXi 6.7 virtual machine'],
  [15, 'ESXi 6.7 U2 virtual machine'],
  [17, 'ESXi 7.0 virtual machine'],
  [18, 'ESXi 7.0 U1 virtual machine'],
  [19, 'ESXi 7.0 U2 virtual machine'],
  [20, 'ESXi 8.0 virtual machine'],
  [21, 'ESXi 8.0 U2 virtual machine'],
];

/** Newest that a host of a release runs, by "major.minor". */
export function newestHardware(hostVersion: string): number {
  const newest: Readonly<Record<string, number>> = { '6.0': 11, '6.5': 13, '6.7': 15, '7.0': 19, '8.0': 21 };
  return newest[hostVersion.split('.').slice(0, 2).join('.')] ?? 19;
}

export interface HardwareVersion {
  /** "vmx-19" */
  readonly key: string;
  readonly version: number;
  readonly description: string;
}

export function hardwareVersions(newest: number): HardwareVersion[] {
  return HARDWARE.filter(([version]) => version <= newest).map(([version, description]) => ({
    key: `vmx-${String(version).padStart(2, '0')}`,
    version,
    description,
  }));
}

const SCSI = [
  'VirtualBusLogicController',
  'VirtualLsiLogicController',
  'VirtualLsiLogicSASController',
  'ParaVirtualSCSIController',
];
const ETHERNET = ['VirtualE1000', 'VirtualE1000e', 'VirtualVmxnet3'];

const int = (min: number, max: number, defaultValue: number): Data => ({
  $: 'IntOption',
  min,
  max,
  defaultValue,
});

/** Limits of processors and memory grew with the versions (VMware KB 1003746, 2051652). */
function limitsOf(version: number): { readonly cores: number; readonly memoryMiB: number } {
  if (version >= 20) return { cores: 768, memoryMiB: 25_165_824 };
  if (version >= 18) return { cores: 768, memoryMiB: 25_165_824 };
  if (version >= 14) return { cores: 128, memoryMiB: 6_291_456 };
  if (version >= 11) return { cores: 128, memoryMiB: 4_194_304 };
  if (version >= 10) return { cores: 64, memoryMiB: 1_035_264 };
  return version >= 8 ? { cores: 32, memoryMiB: 1_035_264 } : { cores: 8, memoryMiB: 261_120 };
}

function guestDescriptor(id: string, version: number): Data {
  const { family, fullName, bits } = operatingSystemOf(id);
  const { cores, memoryMiB } = limitsOf(version);
  const isWindows = family === 'windows';
  const isModern = bits === 64 && version >= 8;
  return {
    $: 'GuestOsDescriptor',
    id,
    family: family === 'other' ? 'otherGuestFamily' : `${family}Guest`,
    fullName,
    supportedMaxCPUs: cores,
    numSupportedPhysicalSockets: isWindows ? 64 : cores,
    numSupportedCoresPerSocket: Math.min(cores, 64),
    supportedMinMemMB: isWindows ? 1024 : 256,
    supportedMaxMemMB: bits === 32 ? 65_536 : memoryMiB,
    recommendedMemMB: isWindows ? 4096 : 2048,
    recommendedColorDepth: 24,
    supportedDiskControllerList: [
      'VirtualIDEController',
      ...SCSI,
      ...(version >= 10 ? ['VirtualAHCIController'] : []),
      ...(version >= 13 ? ['VirtualNVMEController'] : []),
    ],
    recommendedSCSIController: isModern
      ? isWindows
        ? 'VirtualLsiLogicSASController'
        : 'ParaVirtualSCSIController'
      : 'VirtualLsiLogicController',
    recommendedDiskController: isModern
      ? isWindows
        ? 'VirtualLsiLogicSASController'
        : 'ParaVirtualSCSIController'
      : 'VirtualLsiLogicController',
    supportedNumDisks: 60,
    recommendedDiskSizeMB: isWindows ? 92_160 : 16_384,
    recommendedCdromController: version >= 10 ? 'VirtualAHCIController' : 'VirtualIDEController',
    supportedEthernetCard: version >= 8 ? ETHERNET : ['VirtualE1000', 'VirtualVmxnet3'],
    recommendedEthernetCard: isWindows && version >= 8 ? 'VirtualE1000e' : 'VirtualVmxnet3',
    supportsSlaveDisk: true,
    smcRequired: false,
    supportsWakeOnLan: true,
    supportsVMI: false,
    supportsMemoryHotAdd: bits === 64,
    supportsCpuHotAdd: bits === 64,
    supportsCpuHotRemove: false,
    supportedFirmware: isModern ? ['bios', 'efi'] : ['bios'],
    recommendedFirmware: isModern && isWindows && version >= 17 ? 'efi' : 'bios',
    supportedUSBControllerList:
      version >= 8 ? ['VirtualUSBController', 'VirtualUSBXHCIController'] : ['VirtualUSBController'],
    recommendedUSBController: version >= 8 ? 'VirtualUSBXHCIController' : undefined,
    supports3D: true,
    recommended3D: false,
    smcRecommended: false,
    ich7mRecommended: false,
    usbRecommended: isWindows,
    supportLevel: 'supported',
    supportedForCreate: true,
    vRAMSizeInKB: int(2048, 262_144, 4096),
    numSupportedFloppyDevices: 2,
    wakeOnLanEthernetCard: ['VirtualVmxnet3', 'VirtualE1000', 'VirtualE1000e'],
    supportsPvscsiControllerForBoot: true,
    diskUuidEnabled: isWindows,
    supportsHotPlugPCI: true,
    supportsSecureBoot: isModern && version >= 13,
    defaultSecureBoot: isModern && isWindows && version >= 17,
    numRecommendedPhysicalSockets: 1,
    numRecommendedCoresPerSocket: 1,
    supportsTPM20: isModern && version >= 14,
  };
}

/** Devices that every new machine has, as the API lists them. */
const DEFAULT_DEVICES: readonly Data[] = [
  { $: 'VirtualIDEController', key: 200, busNumber: 0 },
  { $: 'VirtualIDEController', key: 201, busNumber: 1 },
  { $: 'VirtualPS2Controller', key: 300, busNumber: 0 },
  { $: 'VirtualPCIController', key: 100, busNumber: 0 },
  { $: 'VirtualSIOController', key: 400, busNumber: 0 },
  { $: 'VirtualKeyboard', key: 600, controllerKey: 300, unitNumber: 0 },
  { $: 'VirtualPointingDevice', key: 700, controllerKey: 300, unitNumber: 1 },
  {
    $: 'VirtualMachineVideoCard',
    key: 500,
    controllerKey: 100,
    unitNumber: 0,
    videoRamSizeInKB: 4096,
    numDisplays: 1,
  },
];

/** Devices that can be added, and whether while the machine runs. */
const DEVICES: ReadonlyArray<readonly [type: string, hot: boolean, controller?: string]> = [
  ['VirtualDisk', true, 'VirtualController'],
  ['VirtualCdrom', false, 'VirtualController'],
  ...[...SCSI, 'VirtualAHCIController', 'VirtualNVMEController'].map(
    (type) => [type, true, 'VirtualPCIController'] as const,
  ),
  ...ETHERNET.map((type) => [type, true, 'VirtualPCIController'] as const),
  ['VirtualUSBController', true, 'VirtualPCIController'],
  ['VirtualUSBXHCIController', true, 'VirtualPCIController'],
  ['VirtualSerialPort', false, 'VirtualSIOController'],
  ['VirtualTPM', false],
];

const SHARES: Data = {
  $: 'ResourceAllocationOption',
  sharesOption: { $: 'SharesOption', sharesOption: int(0, 1_000_000, 1000), defaultLevel: 'normal' },
};

function hardwareOption(version: number): Data {
  const { cores, memoryMiB } = limitsOf(version);
  return {
    $: 'VirtualHardwareOption',
    hwVersion: version,
    virtualDeviceOption: DEVICES.map(([type, hot, controllerType]) => ({
      $: 'VirtualDeviceOption',
      type,
      controllerType,
      deprecated: false,
      plugAndPlay: hot,
      hotRemoveSupported: hot,
    })),
    deviceListReadonly: false,
    numCPU: Array.from({ length: cores }, (_, at): Value => at + 1),
    numCoresPerSocket: int(1, Math.min(cores, 256), 1),
    numCpuReadonly: false,
    memoryMB: { $: 'LongOption', min: 4, max: memoryMiB, defaultValue: 128 },
    numPCIControllers: int(1, 1, 1),
    numIDEControllers: int(2, 2, 2),
    numUSBControllers: int(0, 1, 0),
    numUSBXHCIControllers: int(0, version >= 8 ? 1 : 0, 0),
    numSIOControllers: int(1, 1, 1),
    numPS2Controllers: int(1, 1, 1),
    licensingLimit: [],
    resourceConfigOption: {
      $: 'ResourceConfigOption',
      cpuAllocationOption: SHARES,
      memoryAllocationOption: SHARES,
    },
    numTPMDevices: int(0, version >= 14 ? 1 : 0, 0),
  };
}

/** @param guestIds those that are asked for; all that are known when none is named */
export function configOption(
  { key, version, description }: HardwareVersion,
  guestIds: readonly string[],
): Data {
  const wanted = guestIds.length > 0 ? guestIds : GUEST_IDS;
  return {
    $: 'VirtualMachineConfigOption',
    version: key,
    description,
    guestOSDescriptor: wanted.map((id) => guestDescriptor(id, version)),
    guestOSDefaultIndex: 0,
    hardwareOptions: hardwareOption(version),
    capabilities: version >= TRACKING_HARDWARE_VERSION ? CAPABILITY : OLD_CAPABILITY,
    datastore: { $: 'DatastoreOption' },
    defaultDevice: DEFAULT_DEVICES,
    supportedMonitorType: ['release', 'debug', 'stats'],
    supportedOvfEnvironmentTransport: ['iso', 'com.vmware.guestInfo'],
    supportedOvfInstallTransport: [],
  };
}
