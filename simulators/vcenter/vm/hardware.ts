/** VirtualHardware: every device of a machine, as clients read it from config.hardware.device. */
import { KIB } from '#core/units.ts';
import type { DiskFacts, Nic } from '../../estate/model.ts';
import { PortgroupObject } from '../objects/network.ts';
import type { Reading } from '../objects/object.ts';
import { constant, type Data, type Value } from '../values.ts';
import { busOf, cdPlace, controllerKey, diskControllers, diskKey, KEYS, nicKey } from './devices.ts';
import type { DiskLink } from './disk-chain.ts';
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
  const cdKey = cd && 3000 + cd.bus * 2 + cd.unit;
  const onIde = (bus: number): number[] => [
    ...machine.disks.filter((disk) => busOf(disk) === 'ide' && disk.bus === bus).map(diskKey),
    ...(cd?.bus === bus ? [cdKey!] : []),
  ];
  const controllers = diskControllers(machine);
  const onPci = [KEYS.video, KEYS.vmci, ...controllers.keys(), ...machine.nics.map(nicKey)];
  return [
    controller('VirtualIDEController', KEYS.ide, 0, 'IDE 0', 'IDE 0', onIde(0)),
    controller('VirtualIDEController', KEYS.ide + 1, 1, 'IDE 1', 'IDE 1', onIde(1)),
    PS2_CONTROLLER,
    controller('VirtualPCIController', KEYS.pci, 0, 'PCI controller 0', 'PCI controller 0', onPci),
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
    ...[...controllers].map(([key, disks]) => diskController(key, disks)),
    ...(cd ? [cdDrive(cdKey!, cd)] : []),
    ...machine.disks.map((disk) => diskDevice(vm, disk, view?.(disk.index))),
    ...machine.nics.map((nic) => adapter(vm, nic, isOn, reading)),
  ];
}

function described(label: string, summary: string): Data {
  return { $: 'Description', label, summary };
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

/** One controller of disks; its kind is that of the first disk on it. */
function diskController(key: number, disks: readonly DiskFacts[]): Data {
  const { bus, controller: kind } = disks[0]!;
  const common = { key, controllerKey: KEYS.pci, busNumber: bus, device: disks.map(diskKey) };
  const scsi = { hotAddRemove: true, sharedBus: 'noSharing', scsiCtlrUnitNumber: 7, unitNumber: 3 + bus };
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

/** What every machine has and nobody changes. */
const SIMPLE_DEVICES: readonly Data[] = [
  controller('VirtualSIOController', KEYS.sio, 0, 'SIO controller 0', 'SIO controller 0', []),
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

const NO_MEDIUM = constant({
  $: 'VirtualCdromRemotePassthroughBackingInfo',
  deviceName: '',
  useAutoDetect: false,
  exclusive: false,
});
const NOT_CONNECTED = constant({
  $: 'VirtualDeviceConnectInfo',
  startConnected: false,
  allowGuestControl: true,
  connected: false,
  status: 'untried',
});

function cdDrive(key: number, { bus, unit }: { bus: number; unit: number }): Data {
  return {
    $: 'VirtualCdrom',
    key,
    deviceInfo: described('CD/DVD drive 1', 'Remote device'),
    backing: NO_MEDIUM,
    connectable: NOT_CONNECTED,
    controllerKey: KEYS.ide + bus,
    unitNumber: unit,
  };
}

const NORMAL_SHARES = constant({ $: 'SharesInfo', shares: 1000, level: 'normal' });
const UNLIMITED_IO = constant({
  $: 'StorageIOAllocationInfo',
  limit: -1,
  shares: NORMAL_SHARES,
  reservation: 0,
});
const ADAPTER_ALLOCATION = constant({
  $: 'VirtualEthernetCardResourceAllocation',
  reservation: 0,
  share: { $: 'SharesInfo', shares: 50, level: 'normal' },
  limit: -1,
});

function diskDevice(vm: VirtualMachine, disk: DiskFacts, frozen: SnapshotDisk | undefined): Data {
  const capacityInKB = Math.floor(disk.sizeBytes / KIB);
  return {
    $: 'VirtualDisk',
    key: diskKey(disk),
    deviceInfo: () => described(disk.label, `${thousands(capacityInKB)} KB`),
    backing: () => backingOf(vm, disk, frozen),
    controllerKey: controllerKey(disk),
    unitNumber: disk.unit,
    capacityInKB,
    capacityInBytes: disk.sizeBytes,
    shares: NORMAL_SHARES,
    storageIOAllocation: UNLIMITED_IO,
    diskObjectId: `${diskObjectNumber(vm)}-${diskKey(disk)}`,
    nativeUnmanagedLinkedClone: false,
  };
}

/** "41,943,040": vCenter groups the digits of a disk's summary. */
function thousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function diskObjectNumber(vm: VirtualMachine): string {
  return vm.ref.id.replace('vm-', '');
}

function backingOf(vm: VirtualMachine, disk: DiskFacts, frozen: SnapshotDisk | undefined): Data {
  const datastore = vm.datastoreOf(disk).ref;
  const changeId = frozen ? frozen.changeId : vm.trackingOf(disk.index)?.current;
  if (disk.raw)
    return {
      $: 'VirtualDiskRawDiskMappingVer1BackingInfo',
      fileName: disk.path,
      datastore,
      backingObjectId: '',
      lunUuid: vm.lunUuid(disk),
      deviceName: `vml.${vm.lunUuid(disk)}`,
      compatibilityMode: 'physicalMode',
      diskMode: disk.mode === 'persistent' ? '' : disk.mode,
      uuid: disk.uuid,
      sharing: disk.shared ? 'sharingMultiWriter' : 'sharingNone',
    };
  const flat = (link: Pick<DiskLink, 'fileName' | 'parent'>, isTop: boolean): Data => ({
    $: 'VirtualDiskFlatVer2BackingInfo',
    fileName: link.fileName,
    datastore,
    backingObjectId: '',
    diskMode: disk.mode,
    split: false,
    writeThrough: false,
    thinProvisioned: disk.thin,
    eagerlyScrub: disk.thin ? undefined : false,
    uuid: disk.uuid,
    contentId: vm.contentId(disk),
    changeId: isTop ? changeId : undefined,
    parent: link.parent && flat(link.parent, false),
    deltaDiskFormat: link.parent && 'seSparseFormat',
    digestEnabled: false,
    sharing: disk.shared ? 'sharingMultiWriter' : 'sharingNone',
  });
  return flat(frozen?.link ?? vm.topLink(disk), true);
}

const ADAPTER_TYPES: Readonly<Record<Nic['adapter'], string>> = {
  vmxnet3: 'VirtualVmxnet3',
  vmxnet2: 'VirtualVmxnet2',
  pcnet32: 'VirtualPCNet32',
  sriov: 'VirtualSriovEthernetCard',
  e1000: 'VirtualE1000',
  e1000e: 'VirtualE1000e',
};

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
    addressType: 'assigned',
    macAddress: nic.macAddress,
    wakeOnLanEnabled: true,
    resourceAllocation: ADAPTER_ALLOCATION,
    uptCompatibilityEnabled: nic.adapter === 'vmxnet3',
  };
}
