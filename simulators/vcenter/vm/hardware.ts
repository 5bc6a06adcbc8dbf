/** VirtualHardware: every device of a machine, as clients read it from config.hardware.device. */
import type { Nic } from '../../estate/model.ts';
import { PortgroupObject } from '../objects/network.ts';
import type { Reading } from '../objects/object.ts';
import { constant, type Data, type Value } from '../values.ts';
import {
  busOf,
  cdKey,
  cdPlace,
  type DiskController,
  diskControllers,
  diskKey,
  KEYS,
  nicKey,
} from './devices.ts';
import { diskDevice } from './disk-device.ts';
import { cdDrive, described, otherDevices, otherPciKeys, otherSioKeys } from './other-devices.ts';
import type { SnapshotDisk } from './snapshot.ts';
import type { VirtualMachine } from './virtual-machine.ts';

/** Which state of the disks to show: a snapshot's, where it has the disk, else the current one. */
export type DiskView = (index: number) => SnapshotDisk | undefined;

export function hardwareOf(vm: VirtualMachine, reading: Reading, view: DiskView | undefined): Data {
  const { machine } = vm;
  return {
    $: 'VirtualHardware',
    numCPU: machine.cores,
    numCoresPerSocket: Math.max(1, Math.floor(machine.cores / Math.max(1, machine.sockets))),
    memoryMB: machine.memoryMiB,
    virtualICH7MPresent: false,
    virtualSMCPresent: false,
    device: () => devicesOf(vm, reading, view),
  };
}

function devicesOf(vm: VirtualMachine, reading: Reading, view: DiskView | undefined): Data[] {
  const { machine } = vm;
  const isOn = vm.isOn;
  const cd = cdPlace(machine);
  const onIde = (bus: number): number[] => [
    ...machine.disks.filter((disk) => busOf(disk) === 'ide' && disk.bus === bus).map(diskKey),
    ...(cd?.bus === bus ? [cdKey(cd)] : []),
  ];
  const controllers = diskControllers(machine);
  const onPci = [
    KEYS.video,
    KEYS.vmci,
    ...controllers.keys(),
    ...machine.nics.map(nicKey),
    ...otherPciKeys(machine),
  ];
  const onSio = otherSioKeys(machine);
  const cdrom = cdDrive(vm);
  return [
    controller('VirtualIDEController', KEYS.ide, 0, 'IDE 0', 'IDE 0', onIde(0)),
    controller('VirtualIDEController', KEYS.ide + 1, 1, 'IDE 1', 'IDE 1', onIde(1)),
    PS2_CONTROLLER,
    controller('VirtualPCIController', KEYS.pci, 0, 'PCI controller 0', 'PCI controller 0', onPci),
    onSio.length === 0
      ? SIO_CONTROLLER
      : controller('VirtualSIOController', KEYS.sio, 0, 'SIO controller 0', 'SIO controller 0', onSio),
    ...SIMPLE_DEVICES,
    {
      $: 'VirtualMachineVMCIDevice',
      key: KEYS.vmci,
      deviceInfo: described(
        'VMCI device',
        'Device on the virtual machine PCI bus that provides support for the virtual machine communication interface',
      ),
      controllerKey: KEYS.pci,
      unitNumber: 17,
      id: vm.vmciId,
      allowUnrestrictedCommunication: false,
      filterEnable: true,
    },
    ...[...controllers].map(([key, each]) => diskController(key, each)),
    ...(cdrom ? [cdrom] : []),
    ...machine.disks.map((disk) => diskDevice(vm, disk, view?.(disk.index))),
    ...machine.nics.map((nic) => adapter(vm, nic, isOn, reading)),
    ...otherDevices(vm),
  ];
}

function controller(
  type: string,
  key: number,
  busNumber: number,
  label: string,
  summary: string,
  device: readonly number[],
): Data {
  return { $: type, key, deviceInfo: described(label, summary), busNumber, device };
}

const SHARING = { none: 'noSharing', virtual: 'virtualSharing', physical: 'physicalSharing' } as const;

/** One controller of disks. */
function diskController(key: number, { bus, controller: kind, disks }: DiskController): Data {
  const common = { key, controllerKey: KEYS.pci, busNumber: bus, device: disks.map(diskKey) };
  const sharedBus = SHARING[disks.find((disk) => disk.busSharing)?.busSharing ?? 'none'];
  const scsi = { hotAddRemove: true, sharedBus, scsiCtlrUnitNumber: 7, unitNumber: 3 + bus };
  switch (kind) {
    case 'pvscsi':
      return {
        $: 'ParaVirtualSCSIController',
        ...common,
        ...scsi,
        deviceInfo: described(`SCSI controller ${bus}`, 'VMware paravirtual SCSI'),
      };
    case 'lsilogic':
      return {
        $: 'VirtualLsiLogicController',
        ...common,
        ...scsi,
        deviceInfo: described(`SCSI controller ${bus}`, 'LSI Logic'),
      };
    case 'buslogic':
      return {
        $: 'VirtualBusLogicController',
        ...common,
        ...scsi,
        deviceInfo: described(`SCSI controller ${bus}`, 'BusLogic'),
      };
    case 'sata':
      return {
        $: 'VirtualAHCIController',
        ...common,
        unitNumber: 24 + bus,
        deviceInfo: described(`SATA controller ${bus}`, 'AHCI'),
      };
    case 'nvme':
      return {
        $: 'VirtualNVMEController',
        ...common,
        unitNumber: 30 + bus,
        deviceInfo: described(`NVME controller ${bus}`, 'NVME controller'),
      };
    // Disks on IDE hang on the controllers that every machine has.
    case 'ide':
    case 'lsilogicsas':
      return {
        $: 'VirtualLsiLogicSASController',
        ...common,
        ...scsi,
        deviceInfo: described(`SCSI controller ${bus}`, 'LSI Logic SAS'),
      };
  }
}

const PS2_CONTROLLER = constant(
  controller('VirtualPS2Controller', KEYS.ps2, 0, 'PS2 controller 0', 'PS2 controller 0', [
    KEYS.keyboard,
    KEYS.pointing,
  ]),
);

const SIO_CONTROLLER = constant(
  controller('VirtualSIOController', KEYS.sio, 0, 'SIO controller 0', 'SIO controller 0', []),
);

/** What every machine has and nobody changes. */
const SIMPLE_DEVICES: readonly Data[] = [
  {
    $: 'VirtualKeyboard',
    key: KEYS.keyboard,
    deviceInfo: described('Keyboard', 'Keyboard'),
    controllerKey: KEYS.ps2,
    unitNumber: 0,
  },
  {
    $: 'VirtualPointingDevice',
    key: KEYS.pointing,
    deviceInfo: described('Pointing device', 'Pointing device; Device'),
    backing: {
      $: 'VirtualPointingDeviceDeviceBackingInfo',
      deviceName: '',
      useAutoDetect: false,
      hostPointingDevice: 'autodetect',
    },
    controllerKey: KEYS.ps2,
    unitNumber: 1,
  },
  {
    $: 'VirtualMachineVideoCard',
    key: KEYS.video,
    deviceInfo: described('Video card ', 'Video card'),
    controllerKey: KEYS.pci,
    unitNumber: 0,
    videoRamSizeInKB: 4096,
    numDisplays: 1,
    useAutoDetect: false,
    enable3DSupport: false,
    use3dRenderer: 'automatic',
    graphicsMemorySizeInKB: 262_144,
  },
].map(constant);

const ADAPTER_ALLOCATION = constant({
  $: 'VirtualEthernetCardResourceAllocation',
  reservation: 0,
  share: { $: 'SharesInfo', shares: 50, level: 'normal' },
  limit: -1,
});

const ADAPTER_TYPES: Readonly<Record<Nic['adapter'], string>> = {
  vmxnet3: 'VirtualVmxnet3',
  vmxnet2: 'VirtualVmxnet2',
  pcnet32: 'VirtualPCNet32',
  sriov: 'VirtualSriovEthernetCard',
  e1000: 'VirtualE1000',
  e1000e: 'VirtualE1000e',
};

/** Any free function of any card of the host. */
const SRIOV_BACKING = constant({
  $: 'VirtualSriovEthernetCardSriovBackingInfo',
  physicalFunctionBacking: {
    $: 'VirtualPCIPassthroughDeviceBackingInfo',
    deviceName: '',
    useAutoDetect: false,
    id: '0000:3b:00.0',
    deviceId: '1583',
    systemId: 'BYPASS',
    vendorId: -32_634,
  },
});

function adapter(vm: VirtualMachine, nic: Nic, isOn: boolean, { vcenter }: Reading): Data {
  const network = vcenter.inventory.network(nic.networkId);
  const backing: Value =
    network instanceof PortgroupObject
      ? {
          $: 'VirtualEthernetCardDistributedVirtualPortBackingInfo',
          port: {
            $: 'DistributedVirtualSwitchPortConnection',
            switchUuid: network.switch.uuid,
            portgroupKey: network.ref.id,
            portKey: String(vm.index * 10 + nic.index),
            connectionCookie: vm.index * 10 + nic.index,
          },
        }
      : {
          $: 'VirtualEthernetCardNetworkBackingInfo',
          deviceName: network.name,
          useAutoDetect: false,
          network: network.ref,
          inPassthroughMode: false,
        };
  return {
    $: ADAPTER_TYPES[nic.adapter],
    key: nicKey(nic),
    deviceInfo: described(
      `Network adapter ${nic.index + 1}`,
      network instanceof PortgroupObject ? `DVSwitch: ${network.switch.uuid}` : network.name,
    ),
    backing,
    connectable: {
      $: 'VirtualDeviceConnectInfo',
      migrateConnect: 'unset',
      startConnected: nic.connected,
      allowGuestControl: true,
      connected: nic.connected && isOn,
      status: nic.connected && isOn ? 'ok' : 'untried',
    },
    controllerKey: KEYS.pci,
    unitNumber: 7 + nic.index,
    addressType: nic.addressType ?? 'assigned',
    macAddress: nic.macAddress,
    wakeOnLanEnabled: true,
    resourceAllocation: ADAPTER_ALLOCATION,
    uptCompatibilityEnabled: nic.adapter === 'vmxnet3',
    ...(nic.adapter === 'sriov' ? { allowGuestOSMtuChange: false, sriovBacking: SRIOV_BACKING } : {}),
  };
}
