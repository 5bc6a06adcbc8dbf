/** Machines and what their settings say: Msvm_ComputerSystem, Msvm_VirtualSystemSettingData and all below it. */

import { isIPv4 } from 'node:net';
import { MIB } from '#core/units.ts';
import { escapeText } from '#core/wire/xml/writer.ts';
import type { Machine } from '../estate/model.ts';
import { type CimInstance, instant } from '../winrm/cim/values.ts';
import { type HypervHost, machinesOf, volumeOf } from './hyperv-host.ts';
import {
  controllersOf,
  diskId,
  diskPath,
  driveId,
  generationOf,
  instance,
  machineGuid,
  memoryId,
  nicId,
  pathText,
  processorId,
  settingId,
  slotOf,
} from './names.ts';

/** EnabledState of Msvm_ComputerSystem. */
export const ENABLED = { running: 2, off: 3, saved: 6 } as const;

export function hostSystem(host: HypervHost): CimInstance {
  return instance('Msvm_ComputerSystem', {
    Caption: 'Hosting Computer System',
    Description: 'Microsoft Hosting Computer System',
    ElementName: host.computer,
    CreationClassName: 'Msvm_ComputerSystem',
    Name: host.computer,
    EnabledState: ENABLED.running,
    RequestedState: 12,
    EnabledDefault: 2,
    HealthState: 5,
    OperationalStatus: [2],
    Status: 'OK',
    NumberOfNumaNodes: 1,
  });
}

export function computerSystem(host: HypervHost, machine: Machine): CimInstance {
  const { estate, clock } = host;
  const power = estate.power(machine.id);
  const since = estate.powerSince(machine.id);
  const on = power === 'on';
  return instance('Msvm_ComputerSystem', {
    Caption: 'Virtual Machine',
    Description: 'Microsoft Virtual Machine',
    ElementName: machine.name,
    CreationClassName: 'Msvm_ComputerSystem',
    Name: machineGuid(machine),
    EnabledState: on ? ENABLED.running : power === 'off' ? ENABLED.off : ENABLED.saved,
    RequestedState: 12,
    EnabledDefault: 3,
    HealthState: 5,
    OperationalStatus: [2],
    Status: 'Operating normally',
    StatusDescriptions: ['Operating normally'],
    TimeOfLastStateChange: instant(since),
    OnTimeInMilliseconds: on ? BigInt(Math.max(0, Math.floor(clock.wall() - since))) : 0,
    ProcessID: on ? 1000 + (host.entropy.u32('hyperv.pid', machine.id, since) % 30_000) : null,
    NumberOfNumaNodes: 1,
    ReplicationMode: 0,
    ReplicationState: 0,
    ReplicationHealth: 0,
    ResetCapability: 1,
  });
}

export function systemSettings(host: HypervHost, machine: Machine): CimInstance {
  const guid = machineGuid(machine);
  const folder = `${volumeOf(host)}\\${machine.name}`;
  return instance('Msvm_VirtualSystemSettingData', {
    Caption: 'Virtual Machine Settings',
    Description: 'Active settings for the virtual machine.',
    ElementName: machine.name,
    InstanceID: settingId(machine),
    ConfigurationID: guid,
    ConfigurationDataRoot: folder,
    ConfigurationFile: `Virtual Machines\\${guid}.vmcx`,
    SnapshotDataRoot: folder,
    SuspendDataRoot: folder,
    SwapFileDataRoot: folder,
    GuestStateDataRoot: folder,
    VirtualSystemIdentifier: guid,
    VirtualSystemType: 'Microsoft:Hyper-V:System:Realized',
    VirtualSystemSubType: `Microsoft:Hyper-V:SubType:${generationOf(machine)}`,
    Notes: machine.annotation === '' ? [] : [machine.annotation],
    CreationTime: instant(
      Date.UTC(2019, 0, 1) + (host.entropy.u32('hyperv.created', machine.id) % 100_000) * 60_000,
    ),
    AutomaticRecoveryAction: 3,
    AutomaticShutdownAction: 3,
    AutomaticStartupAction: 3,
    AutomaticSnapshotsEnabled: false,
    BaseBoardSerialNumber: serialOf(machine),
    BIOSGUID: `{${machine.biosUuid.toUpperCase()}}`,
    BIOSSerialNumber: serialOf(machine),
    ChassisSerialNumber: serialOf(machine),
    ChassisAssetTag: serialOf(machine),
    BIOSNumLock: false,
    BootOrder: generationOf(machine) === 1 ? [1, 2, 3, 0] : [],
    SecureBootEnabled: generationOf(machine) === 2,
    IncrementalBackupEnabled: false,
    IsSaved: host.estate.power(machine.id) === 'suspended',
    UserSnapshotType: 3,
    Version: host.release.configurationVersion,
    VirtualNumaEnabled: true,
    TurnOffOnGuestRestart: false,
  });
}

/** Four-digit groups, as Hyper-V makes them. */
function serialOf({ biosUuid }: Machine): string {
  const digits = BigInt(`0x${biosUuid.replaceAll('-', '')}`)
    .toString()
    .padStart(30, '0')
    .slice(0, 30);
  return `${digits.slice(0, 28).match(/.{4}/g)!.join('-')}-${digits.slice(28)}`;
}

export function processorSettings(machine: Machine): CimInstance {
  return instance('Msvm_ProcessorSettingData', {
    Caption: 'Processor',
    Description: 'Settings for Microsoft Virtual Processor.',
    ElementName: 'Processor',
    InstanceID: processorId(machine),
    AllocationUnits: 'percent / 1000',
    AutomaticAllocation: true,
    AutomaticDeallocation: true,
    ConsumerVisibility: 3,
    ResourceType: 3,
    ResourceSubType: 'Microsoft:Hyper-V:Processor',
    VirtualQuantity: machine.cores,
    VirtualQuantityUnits: 'count',
    Limit: 100_000,
    Reservation: 0,
    Weight: 100,
    HwThreadsPerCore: 0,
    MaxNumaNodesPerSocket: 1,
    MaxProcessorsPerNumaNode: machine.cores,
    LimitProcessorFeatures: false,
    LimitCPUID: false,
    ExposeVirtualizationExtensions: false,
  });
}

export function memorySettings(host: HypervHost, machine: Machine): CimInstance {
  const dynamic = usesDynamicMemory(host, machine);
  return instance('Msvm_MemorySettingData', {
    Caption: 'Memory',
    Description: 'Settings for Microsoft Virtual Machine Memory.',
    ElementName: 'Memory',
    InstanceID: memoryId(machine),
    AllocationUnits: 'byte * 2^20',
    AutomaticAllocation: true,
    AutomaticDeallocation: true,
    ConsumerVisibility: 3,
    ResourceType: 4,
    ResourceSubType: 'Microsoft:Hyper-V:Memory',
    VirtualQuantity: machine.memoryMiB,
    VirtualQuantityUnits: 'byte * 2^20',
    Reservation: dynamic ? Math.min(512, machine.memoryMiB) : machine.memoryMiB,
    Limit: dynamic ? machine.memoryMiB * 2 : machine.memoryMiB,
    Weight: 5000,
    DynamicMemoryEnabled: dynamic,
    SwapFilesInUse: false,
    IsVirtualized: true,
    TargetMemoryBuffer: 20,
    MaxMemoryBlocksPerNumaNode: machine.memoryMiB,
  });
}

/** About every second machine: without it, Hyper-V does not know what the guest uses. */
export function usesDynamicMemory({ entropy }: HypervHost, machine: Machine): boolean {
  return entropy.chance(0.5, 'hyperv.dynamicMemory', machine.id);
}

/** Controllers and drives: Msvm_ResourceAllocationSettingData. */
export function* storageHardware(host: HypervHost, machine: Machine): Iterable<CimInstance> {
  const controllers = controllersOf(machine, host.entropy);
  const made = new Map<string, CimInstance>();
  for (const { kind, index, instanceId } of controllers) {
    const ide = kind === 'ide';
    const controller = instance('Msvm_ResourceAllocationSettingData', {
      Caption: ide ? `IDE Controller ${index}` : 'SCSI Controller',
      Description: `Settings for the Microsoft ${ide ? 'Virtual IDE' : 'Synthetic SCSI'} Controller.`,
      ElementName: ide ? `IDE Controller ${index}` : 'SCSI Controller',
      InstanceID: instanceId,
      Address: ide ? String(index) : null,
      AutomaticAllocation: true,
      AutomaticDeallocation: true,
      ConsumerVisibility: 3,
      ResourceType: ide ? 5 : 6,
      ResourceSubType: ide
        ? 'Microsoft:Hyper-V:Emulated IDE Controller'
        : 'Microsoft:Hyper-V:Synthetic SCSI Controller',
      VirtualQuantity: 1,
      VirtualQuantityUnits: 'count',
      AllocationUnits: 'count',
      Reservation: 1,
      Limit: 1,
      Weight: 0,
    });
    made.set(instanceId, controller);
    yield controller;
  }
  for (const disk of machine.disks) {
    const at = slotOf(machine, disk, controllers);
    yield instance('Msvm_ResourceAllocationSettingData', {
      Caption: 'Hard Drive',
      Description: 'Settings for the Microsoft Synthetic Disk Drive.',
      ElementName: 'Hard Drive',
      InstanceID: driveId(at),
      Parent: pathText(made.get(at.controller.instanceId)!, host.computer),
      Address: null,
      AddressOnParent: String(at.slot),
      AutomaticAllocation: true,
      AutomaticDeallocation: true,
      ConsumerVisibility: 3,
      ResourceType: 17,
      ResourceSubType: 'Microsoft:Hyper-V:Synthetic Disk Drive',
      VirtualQuantity: 1,
      VirtualQuantityUnits: 'count',
      AllocationUnits: 'count',
      Reservation: 1,
      Limit: 1,
      Weight: 0,
    });
  }
}

/** The virtual hard disks: Msvm_StorageAllocationSettingData. */
export function* diskSettings(host: HypervHost, machine: Machine): Iterable<CimInstance> {
  const controllers = controllersOf(machine, host.entropy);
  for (const disk of machine.disks) {
    const at = slotOf(machine, disk, controllers);
    const drive = instance('Msvm_ResourceAllocationSettingData', { InstanceID: driveId(at) });
    yield instance('Msvm_StorageAllocationSettingData', {
      Caption: 'Hard Disk Image',
      Description: 'Settings for the Microsoft Hard Disk Image.',
      ElementName: 'Hard Disk Image',
      InstanceID: diskId(at),
      Parent: pathText(drive, host.computer),
      HostResource: [diskPath(machine, disk, volumeOf(host))],
      AllocationUnits: 'count',
      AutomaticAllocation: true,
      AutomaticDeallocation: true,
      ConsumerVisibility: 3,
      ResourceType: 31,
      ResourceSubType: 'Microsoft:Hyper-V:Virtual Hard Disk',
      VirtualQuantity: 1,
      VirtualQuantityUnits: 'count',
      VirtualResourceBlockSize: 512,
      Reservation: 0,
      Limit: 0,
      Weight: 0,
      Access: 3,
      CachingMode: 0,
      IOPSAllocationUnits: 'count',
      IOPSLimit: 0,
      IOPSReservation: 0,
      IgnoreFlushes: false,
      PersistentReservationsSupported: disk.shared,
    });
  }
}

export function nicSettings(host: HypervHost, machine: Machine): CimInstance[] {
  return machine.nics.map((nic) =>
    instance('Msvm_SyntheticEthernetPortSettingData', {
      Caption: 'Ethernet Port',
      Description: 'Settings for the Microsoft Synthetic Ethernet Port.',
      ElementName: 'Network Adapter',
      InstanceID: nicId(machine, nic, host.entropy),
      Address: nic.macAddress.replaceAll(':', '').toUpperCase(),
      AutomaticAllocation: true,
      AutomaticDeallocation: true,
      ConsumerVisibility: 3,
      ResourceType: 10,
      ResourceSubType: 'Microsoft:Hyper-V:Synthetic Ethernet Port',
      VirtualQuantity: 1,
      VirtualQuantityUnits: 'count',
      AllocationUnits: 'count',
      Reservation: 1,
      Limit: 1,
      Weight: 0,
      StaticMacAddress: false,
      ClusterMonitored: true,
      VirtualSystemIdentifiers: [`{${host.entropy.uuid('hyperv.nic', machine.id, nic.index).toUpperCase()}}`],
    }),
  );
}

/** What an adapter is plugged into: Msvm_EthernetPortAllocationSettingData. */
export function nicConnections(host: HypervHost, machine: Machine): CimInstance[] {
  const ports = nicSettings(host, machine);
  return machine.nics.map((nic, i) => {
    const network = switchOf(host, nic.networkId);
    return instance('Msvm_EthernetPortAllocationSettingData', {
      Caption: 'Ethernet Switch Port Settings',
      Description: 'Ethernet Switch Port Settings',
      ElementName: 'Dynamic Ethernet Switch Port',
      InstanceID: `${nicId(machine, nic, host.entropy)}\\C`,
      Parent: pathText(ports[i]!, host.computer),
      HostResource: network ? [pathText(network, host.computer)] : [],
      EnabledState: nic.connected ? 2 : 3,
      LastKnownSwitchName: String(network?.values['ElementName'] ?? ''),
      ResourceType: 33,
      ResourceSubType: 'Microsoft:Hyper-V:Ethernet Connection',
      AllocationUnits: 'count',
      VirtualQuantityUnits: 'count',
      AutomaticAllocation: true,
      AutomaticDeallocation: true,
      ConsumerVisibility: 3,
    });
  });
}

export function switches(host: HypervHost): CimInstance[] {
  const { estate, host: place } = host;
  return estate.facts.networks
    .filter(({ datacenterId }) => datacenterId === place.datacenterId)
    .map((network) =>
      instance('Msvm_VirtualEthernetSwitch', {
        Caption: 'Virtual Switch',
        Description: 'Microsoft Virtual Switch',
        ElementName: network.name,
        CreationClassName: 'Msvm_VirtualEthernetSwitch',
        Name: host.entropy.uuid('hyperv.switch', host.host.id, network.id).toUpperCase(),
        EnabledState: 5,
        RequestedState: 12,
        HealthState: 5,
        OperationalStatus: [2],
        Status: 'OK',
        MaxIOVOffloads: 0,
        MaxVMQOffloads: 1,
      }),
    );
}

function switchOf(host: HypervHost, networkId: string): CimInstance | undefined {
  const name = host.entropy.uuid('hyperv.switch', host.host.id, networkId).toUpperCase();
  return switches(host).find(({ values }) => values['Name'] === name);
}

/** Addresses that the guest's integration services tell; nothing without them. */
export function guestNetworks(host: HypervHost, machine: Machine): CimInstance[] {
  const known = speaks(host, machine);
  return machine.nics.map((nic) => {
    const addresses = known && nic.connected ? nic.ipAddresses : [];
    const first = addresses.find((address) => isIPv4(address));
    return instance('Msvm_GuestNetworkAdapterConfiguration', {
      InstanceID: nicId(machine, nic, host.entropy).replace('Microsoft:', 'Microsoft:GuestNetwork\\'),
      IPAddresses: addresses,
      Subnets: addresses.map((address) => (isIPv4(address) ? '255.255.255.0' : '/64')),
      DefaultGateways: first === undefined ? [] : [first.replace(/\d+$/, '1')],
      DNSServers: first === undefined ? [] : [first.replace(/\d+$/, '2')],
      DHCPEnabled: false,
      ProtocolIFType: 4096,
      IPAddressOrigins: addresses.map(() => 3),
    });
  });
}

/** Running, with integration services: the estate's word for them is the tools of the machine. */
export function speaks({ estate }: HypervHost, machine: Machine): boolean {
  return estate.power(machine.id) === 'on' && machine.tools === 'running';
}

const deviceKeys = (machine: Machine, className: string, id: string) => ({
  CreationClassName: className,
  DeviceID: `Microsoft:${machineGuid(machine)}\\${id}`,
  SystemCreationClassName: 'Msvm_ComputerSystem',
  SystemName: machineGuid(machine),
});

/** Msvm_KvpExchangeComponent: what the guest says of itself, as strings of CIM-XML. */
export function kvpExchange(host: HypervHost, machine: Machine): CimInstance {
  const known = speaks(host, machine);
  return instance('Msvm_KvpExchangeComponent', {
    ...deviceKeys(machine, 'Msvm_KvpExchangeComponent', '2A34B1C2-FD73-4043-8A5B-DD2159BC743F'),
    Caption: 'Key-Value Pair Exchange',
    Description: 'Microsoft Key-Value Pair Exchange Component',
    ElementName: 'Key-Value Pair Exchange',
    EnabledState: 2,
    HealthState: 5,
    OperationalStatus: known ? [2] : [12],
    GuestExchangeItems: [],
    GuestIntrinsicExchangeItems: known ? kvpItems(host, machine).map(kvpItem) : [],
  });
}

function kvpItems({ guests }: HypervHost, machine: Machine): Array<readonly [string, string]> {
  const guest = guests.guest(machine.id);
  const addresses = machine.nics.flatMap((nic) => (nic.connected ? nic.ipAddresses : []));
  const common: Array<readonly [string, string]> = [
    ['FullyQualifiedDomainName', machine.dnsName],
    ['NetworkAddressIPv4', addresses.filter((address) => isIPv4(address)).join(';')],
    ['NetworkAddressIPv6', addresses.filter((address) => !isIPv4(address)).join(';')],
  ];
  if (guest?.os.family === 'windows') {
    const [major = '', minor = '', build = ''] = guest.os.version.split('.');
    return [
      ...common,
      ['OSName', guest.os.caption.replace('Microsoft ', '')],
      ['OSVersion', guest.os.version],
      ['OSMajorVersion', major],
      ['OSMinorVersion', minor],
      ['OSBuildNumber', build],
      ['OSPlatformId', '2'],
      ['ProcessorArchitecture', guest.os.architecture === '64-bit' ? '9' : '0'],
      ['IntegrationServicesVersion', guest.os.version],
    ];
  }
  if (guest?.os.family === 'linux')
    return [
      ...common,
      ['OSName', guest.os.name],
      ['OSVersion', guest.os.kernel],
      ['OSDistributionName', guest.os.name],
      ['OSDistributionData', guest.os.versionId],
      ['OSKernelVersion', guest.os.kernel],
      ['OSMajorVersion', guest.os.versionId.split('.')[0] ?? ''],
      ['OSMinorVersion', guest.os.versionId.split('.')[1] ?? '0'],
      ['ProcessorArchitecture', guest.os.architecture],
      ['IntegrationServicesVersion', '3.1'],
    ];
  return common;
}

/** Msvm_KvpExchangeDataItem as a string (DSP0201). */
function kvpItem([name, data]: readonly [string, string]): string {
  const property = (key: string, type: string, value: string): string =>
    `<PROPERTY NAME="${key}" TYPE="${type}"><VALUE>${escapeText(value)}</VALUE></PROPERTY>`;
  return (
    '<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem">' +
    `<PROPERTY NAME="Caption" TYPE="string"></PROPERTY>${property('Data', 'string', data)}` +
    '<PROPERTY NAME="Description" TYPE="string"></PROPERTY><PROPERTY NAME="ElementName" TYPE="string"></PROPERTY>' +
    `${property('Name', 'string', name)}${property('Source', 'uint16', '2')}</INSTANCE>`
  );
}

export function heartbeat(host: HypervHost, machine: Machine): CimInstance {
  return instance('Msvm_HeartbeatComponent', {
    ...deviceKeys(machine, 'Msvm_HeartbeatComponent', '84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47'),
    Caption: 'Heartbeat',
    Description: 'Microsoft Virtual Machine Heartbeat Component',
    ElementName: 'Heartbeat',
    EnabledState: 2,
    HealthState: 5,
    OperationalStatus: speaks(host, machine) ? [2] : [12],
  });
}

export function biosElement(machine: Machine): CimInstance {
  return instance('Msvm_BIOSElement', {
    Caption: 'BIOS',
    Description: 'Microsoft Virtual System BIOS',
    ElementName: 'BIOS',
    InstanceID: `${settingId(machine)}\\BIOS`,
    Name: 'System BIOS',
    SoftwareElementID: machineGuid(machine),
    SoftwareElementState: 2,
    TargetOperatingSystem: 66,
    Version: 'Hyper-V UEFI Release v4.0',
    Manufacturer: 'Microsoft',
    PrimaryBIOS: true,
    BaseBoardSerialNumber: serialOf(machine),
    BIOSGUID: `{${machine.biosUuid.toUpperCase()}}`,
    BIOSSerialNumber: serialOf(machine),
    ChassisSerialNumber: serialOf(machine),
    ChassisAssetTag: serialOf(machine),
  });
}

/** Msvm_SummaryInformation; what is not asked for stays null. @param requested codes, all of them when empty */
export function summary(host: HypervHost, machine: Machine, requested: readonly number[]): CimInstance {
  const { estate, clock, guests } = host;
  const on = estate.power(machine.id) === 'on';
  const guest = guests.guest(machine.id);
  const system = computerSystem(host, machine).values;
  const settings = systemSettings(host, machine).values;
  const os = guest?.os;
  const all: Readonly<Record<number, readonly [string, CimInstance['values'][string]]>> = {
    0: ['Name', machineGuid(machine)],
    1: ['ElementName', machine.name],
    2: ['CreationTime', settings['CreationTime'] ?? null],
    3: ['Notes', machine.annotation],
    4: ['NumberOfProcessors', machine.cores],
    100: ['EnabledState', system['EnabledState'] ?? null],
    101: ['ProcessorLoad', on && guest ? Math.round(guest.cpuRatio(clock.wall()) * 100) : 0],
    103: ['MemoryUsage', on ? machine.memoryMiB : 0],
    104: ['Heartbeat', speaks(host, machine) ? 2 : on ? 12 : null],
    105: ['UpTime', system['OnTimeInMilliseconds'] ?? 0],
    106: [
      'GuestOperatingSystem',
      !speaks(host, machine) || os === undefined || os.family === 'other'
        ? null
        : os.family === 'windows'
          ? os.caption.replace('Microsoft ', '')
          : os.prettyName,
    ],
    109: ['HealthState', 5],
    112: ['MemoryAvailable', on && usesDynamicMemory(host, machine) ? 20 : 0],
  };
  const codes = requested.length === 0 ? Object.keys(all).map(Number) : requested;
  return instance('Msvm_SummaryInformation', {
    InstanceID: settingId(machine),
    ...Object.fromEntries(codes.flatMap((code) => (all[code] ? [all[code]] : []))),
  });
}

/** All machines' instances that `of` gives, in the order of the estate. */
export function* ofMachines(
  host: HypervHost,
  of: (machine: Machine) => Iterable<CimInstance>,
): Iterable<CimInstance> {
  for (const machine of machinesOf(host)) yield* of(machine);
}

/** A virtual hard disk's settings as the string of CIM-XML that GetVirtualHardDiskSettingData gives. */
export function hardDiskXml(host: HypervHost, path: string): string | undefined {
  for (const machine of machinesOf(host))
    for (const disk of machine.disks) {
      if (diskPath(machine, disk, volumeOf(host)).toLowerCase() !== path.toLowerCase()) continue;
      const property = (name: string, type: string, value: string | number): string =>
        `<PROPERTY NAME="${name}" TYPE="${type}"><VALUE>${escapeText(String(value))}</VALUE></PROPERTY>`;
      return (
        '<INSTANCE CLASSNAME="Msvm_VirtualHardDiskSettingData">' +
        `${property('Type', 'uint16', disk.thin ? 3 : 2)}${property('Format', 'uint16', 3)}` +
        `${property('Path', 'string', diskPath(machine, disk, volumeOf(host)))}` +
        `${property('ParentPath', 'string', '')}${property('MaxInternalSize', 'uint64', disk.sizeBytes)}` +
        `${property('BlockSize', 'uint32', 32 * MIB)}${property('LogicalSectorSize', 'uint32', 512)}` +
        `${property('PhysicalSectorSize', 'uint32', 4096)}${property('VirtualDiskId', 'string', disk.uuid.toUpperCase())}` +
        '</INSTANCE>'
      );
    }
  return undefined;
}
