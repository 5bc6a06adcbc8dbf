/** Machines and what their settings say: Msvm_ComputerSystem, Msvm_VirtualSystemSettingData, processors, memory, firmware. */
import { hardwareOf } from '../estate/guest/hardware.ts';
import type { Machine } from '../estate/model.ts';
import { type CimInstance, type CimValue, instant } from '../winrm/cim/values.ts';
import { type HypervHost, machineGuid, volumeOf } from './hyperv-host.ts';
import { type Checkpoint, enabledState, isStruck, stateOf, writtenFile } from './machine-state.ts';
import {
  generationOf,
  instance,
  memoryId,
  ownSettings,
  pathText,
  processorId,
  type Settings,
  serialId,
  settingId,
} from './names.ts';

const RUNNING = 2;

export function hostSystem(host: HypervHost): CimInstance {
  return instance('Msvm_ComputerSystem', {
    Caption: 'Hosting Computer System',
    Description: 'Microsoft Hosting Computer System',
    ElementName: host.computer,
    CreationClassName: 'Msvm_ComputerSystem',
    Name: host.computer,
    EnabledState: RUNNING,
    RequestedState: 12,
    EnabledDefault: 2,
    HealthState: 5,
    OperationalStatus: [2],
    Status: 'OK',
    NumberOfNumaNodes: 1,
  });
}

/** HealthState 5 well, 25 critical; OperationalStatus 2 well, 6 in trouble. */
export function healthOf(host: HypervHost, machine: Machine): Record<string, CimValue> {
  if (isStruck(host, 'critical', machine.name))
    return {
      HealthState: 25,
      OperationalStatus: [6, 32775],
      Status: 'Cannot connect to virtual machine storage',
      StatusDescriptions: ['Paused-Critical', 'Cannot connect to virtual machine storage'],
    };
  return {
    HealthState: 5,
    OperationalStatus: [2],
    Status: 'Operating normally',
    StatusDescriptions: ['Operating normally'],
  };
}

/** Milliseconds since the machine was started; 0 when it is not on. */
export function onTime({ estate, clock }: HypervHost, { id }: Machine): bigint | number {
  return estate.power(id) === 'on'
    ? BigInt(Math.max(0, Math.floor(clock.wall() - estate.powerSince(id))))
    : 0;
}

export function computerSystem(host: HypervHost, machine: Machine): CimInstance {
  const { estate } = host;
  const since = estate.powerSince(machine.id);
  const on = estate.power(machine.id) === 'on';
  return instance('Msvm_ComputerSystem', {
    Caption: 'Virtual Machine',
    Description: 'Microsoft Virtual Machine',
    ElementName: machine.name,
    CreationClassName: 'Msvm_ComputerSystem',
    Name: machineGuid(machine),
    EnabledState: enabledState(host, machine),
    RequestedState: 12,
    EnabledDefault: 3,
    ...healthOf(host, machine),
    TimeOfLastStateChange: instant(since),
    TimeOfLastConfigurationChange: instant(since),
    InstallDate: instant(createdAt(host, machine)),
    OnTimeInMilliseconds: onTime(host, machine),
    ProcessID: on ? 1000 + (host.entropy.u32('hyperv.pid', machine.id, since) % 30_000) : null,
    NumberOfNumaNodes: 1,
    EnhancedSessionModeState: on ? 6 : 3,
    HwThreadsPerCoreRealized: 1,
    ReplicationMode: 0,
    ReplicationState: 0,
    ReplicationHealth: 0,
    ResetCapability: 1,
  });
}

export function createdAt({ entropy }: HypervHost, { id }: Machine): number {
  return Date.UTC(2019, 0, 1) + (entropy.u32('hyperv.created', id) % 100_000) * 60_000;
}

/** The version of the machine's configuration: the host's newest, or an older one that it came with. */
export function configurationVersion({ entropy, release }: HypervHost, { id }: Machine): string {
  const older = release.olderConfigurations;
  return older.length > 0 && entropy.below(4, 'hyperv.version', id) === 0
    ? entropy.pick(older, 'hyperv.olderVersion', id)
    : release.configurationVersion;
}

/** What the machine runs with. */
export function activeSettings(host: HypervHost, machine: Machine): Settings {
  return ownSettings(machine, writtenFile(host, machine));
}

/** What a checkpoint kept. */
export function keptSettings(host: HypervHost, checkpoint: Checkpoint): Settings {
  const all = stateOf(host.estate).checkpoints(checkpoint.machine.id);
  const before = all[all.findIndex(({ id }) => id === checkpoint.id) - 1];
  return { machine: checkpoint.machine, id: checkpoint.id, fileId: before?.fileId };
}

export function systemSettings(host: HypervHost, machine: Machine): CimInstance {
  const last = stateOf(host.estate).checkpoints(machine.id).at(-1);
  return settingData(host, activeSettings(host, machine), {
    Description: 'Active settings for the virtual machine.',
    VirtualSystemType: 'Microsoft:Hyper-V:System:Realized',
    IsSaved: host.estate.power(machine.id) === 'suspended' && !stateOf(host.estate).paused.has(machine.id),
    CreationTime: instant(createdAt(host, machine)),
    Parent: last ? pathText(checkpointSettings(host, last), host.computer) : null,
  });
}

export function checkpointSettings(host: HypervHost, checkpoint: Checkpoint): CimInstance {
  const all = stateOf(host.estate).checkpoints(checkpoint.machine.id);
  const before = all[all.findIndex(({ id }) => id === checkpoint.id) - 1];
  return settingData(host, keptSettings(host, checkpoint), {
    Description: 'Checkpoint settings for the virtual machine.',
    ElementName: checkpoint.name,
    VirtualSystemType:
      checkpoint.kind === 'user'
        ? 'Microsoft:Hyper-V:Snapshot:Realized'
        : 'Microsoft:Hyper-V:Snapshot:Recovery',
    CreationTime: instant(checkpoint.createdAt),
    IsSaved: host.estate.power(checkpoint.machine.id) !== 'off',
    Parent: before ? pathText(checkpointSettings(host, before), host.computer) : null,
  });
}

function settingData(host: HypervHost, of: Settings, own: Readonly<Record<string, CimValue>>): CimInstance {
  const { machine } = of;
  const folder = `${volumeOf(host)}\\${machine.name}`;
  const serial = serialOf(host, machine);
  const generation = generationOf(machine);
  return instance('Msvm_VirtualSystemSettingData', {
    Caption: 'Virtual Machine Settings',
    ElementName: machine.name,
    InstanceID: settingId(of),
    ConfigurationID: of.id,
    ConfigurationDataRoot: folder,
    ConfigurationFile: `${of.id === machineGuid(machine) ? 'Virtual Machines' : 'Snapshots'}\\${of.id}${host.release.changeTracking ? '.vmcx' : '.xml'}`,
    SnapshotDataRoot: folder,
    SuspendDataRoot: folder,
    SwapFileDataRoot: folder,
    GuestStateDataRoot: folder,
    GuestStateFile: `Virtual Machines\\${of.id}.vmgs`,
    LogDataRoot: folder,
    VirtualSystemIdentifier: machineGuid(machine),
    VirtualSystemSubType: `Microsoft:Hyper-V:SubType:${generation}`,
    Notes: machine.annotation === '' ? [] : [machine.annotation],
    Architecture: 0,
    AutomaticRecoveryAction: 3,
    AutomaticShutdownAction: 3,
    AutomaticStartupAction: 3,
    AutomaticStartupActionSequenceNumber: 0,
    AutomaticCriticalErrorAction: 1,
    AutomaticSnapshotsEnabled: false,
    AllowFullSCSICommandSet: false,
    AllowReducedFcRedundancy: false,
    BaseBoardSerialNumber: serial,
    BIOSGUID: `{${machine.biosUuid.toUpperCase()}}`,
    BIOSSerialNumber: serial,
    ChassisSerialNumber: serial,
    ChassisAssetTag: serial,
    BIOSNumLock: false,
    BootOrder: generation === 1 ? [1, 2, 3, 0] : [],
    ConsoleMode: 0,
    DebugChannelId: 0,
    DebugPort: 0,
    DebugPortEnabled: 0,
    EnableHibernation: false,
    EnhancedSessionTransportType: 0,
    GuestControlledCacheTypes: false,
    IncrementalBackupEnabled: host.release.changeTracking,
    IsAutomaticSnapshot: false,
    LockOnDisconnect: false,
    LowMmioGapSize: 128,
    HighMmioGapSize: 512,
    NetworkBootPreferredProtocol: generation === 1 ? 0 : 4096,
    PauseAfterBootFailure: false,
    SecureBootEnabled: generation === 2 && machine.secureBoot !== false,
    SecureBootTemplateId: generation === 2 ? '1734c6e8-3154-4dda-ba5f-a874cc483422' : null,
    UserSnapshotType: 3,
    Version: configurationVersion(host, machine),
    VirtualNumaEnabled: true,
    TurnOffOnGuestRestart: false,
    ...own,
  });
}

const SERIALS = new WeakMap<Machine, string>();

/** As the guest's own firmware tables have it. */
function serialOf({ estate }: HypervHost, machine: Machine): string {
  let serial = SERIALS.get(machine);
  if (serial === undefined) {
    serial = hardwareOf({ ...estate.facts, platform: 'hyperv' }, machine).serialNumber;
    SERIALS.set(machine, serial);
  }
  return serial;
}

/** What settings of most resources say alike. */
export const ALLOCATED = {
  AutomaticAllocation: true,
  AutomaticDeallocation: true,
  ConsumerVisibility: 3,
} as const;

export function processorSettings(of: Settings): CimInstance {
  const { machine } = of;
  return instance('Msvm_ProcessorSettingData', {
    ...ALLOCATED,
    Caption: 'Processor',
    Description: 'Settings for Microsoft Virtual Processor.',
    ElementName: 'Processor',
    InstanceID: processorId(of),
    AllocationUnits: 'percent / 1000',
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
    EnableHostResourceProtection: false,
    HideHypervisorPresent: false,
  });
}

/** Of the pool of processors. */
const PROCESSOR_POOL = 'B637F347-6A0E-4DEC-AF52-BD70CB80A21D';

/** What a machine may be given of processors: settings that belong to no machine. */
export function processorDefinitions({ host, release }: HypervHost): CimInstance[] {
  const most = release.version.startsWith('6.') ? 64 : 240;
  return [
    ['Default', 1],
    ['Maximum', Math.min(host.cpuThreads, most)],
    ['Minimum', 1],
    ['Increment', 1],
  ].map(([kind, quantity]) =>
    instance('Msvm_ProcessorSettingData', {
      ...ALLOCATED,
      Caption: 'Processor',
      Description: 'Settings for Microsoft Virtual Processor.',
      ElementName: 'Processor',
      InstanceID: `Microsoft:Definition\\${PROCESSOR_POOL}\\${kind}`,
      AllocationUnits: 'percent / 1000',
      ResourceType: 3,
      ResourceSubType: 'Microsoft:Hyper-V:Processor',
      VirtualQuantity: quantity!,
      VirtualQuantityUnits: 'count',
    }),
  );
}

export function memorySettings(host: HypervHost, of: Settings): CimInstance {
  const { machine } = of;
  const dynamic = usesDynamicMemory(host, machine);
  return instance('Msvm_MemorySettingData', {
    ...ALLOCATED,
    Caption: 'Memory',
    Description: 'Settings for Microsoft Virtual Machine Memory.',
    ElementName: 'Memory',
    InstanceID: memoryId(of),
    AllocationUnits: 'byte * 2^20',
    ResourceType: 4,
    ResourceSubType: 'Microsoft:Hyper-V:Memory',
    VirtualQuantity: machine.memoryMiB,
    VirtualQuantityUnits: 'byte * 2^20',
    Reservation: dynamic ? Math.min(512, machine.memoryMiB) : machine.memoryMiB,
    Limit: dynamic ? machine.memoryMiB * 2 : machine.memoryMiB,
    Weight: 5000,
    DynamicMemoryEnabled: dynamic,
    HugePagesEnabled: false,
    SwapFilesInUse: false,
    IsVirtualized: true,
    TargetMemoryBuffer: 20,
    MaxMemoryBlocksPerNumaNode: machine.memoryMiB,
  });
}

/** About every second machine: without it, Hyper-V does not know what the guest uses. */
export function usesDynamicMemory({ entropy, estate }: HypervHost, machine: Machine): boolean {
  const known = stateOf(estate).dynamicMemory;
  let uses = known.get(machine);
  if (uses === undefined) {
    uses = entropy.chance(0.5, 'hyperv.dynamicMemory', machine.id);
    known.set(machine, uses);
  }
  return uses;
}

/** Two serial ports, which machines of generation 1 always have. */
export function serialPorts(of: Settings): CimInstance[] {
  if (generationOf(of.machine) === 2) return [];
  return [0, 1].map((port) =>
    instance('Msvm_SerialPortSettingData', {
      ...ALLOCATED,
      Caption: `COM ${port + 1}`,
      Description: 'Settings for the Microsoft Virtual Serial Port.',
      ElementName: `COM ${port + 1}`,
      InstanceID: serialId(of, port),
      AllocationUnits: 'count',
      ResourceType: 21,
      ResourceSubType: 'Microsoft:Hyper-V:Serial Port',
      VirtualQuantity: 1,
      VirtualQuantityUnits: 'count',
      Connection: [''],
      DebuggerMode: false,
    }),
  );
}

export function biosElement(host: HypervHost, machine: Machine): CimInstance {
  const serial = serialOf(host, machine);
  const efi = generationOf(machine) === 2;
  return instance('Msvm_BIOSElement', {
    Caption: 'BIOS',
    Description: 'Microsoft Virtual System BIOS',
    ElementName: 'BIOS',
    InstanceID: `Microsoft:${machineGuid(machine)}\\BIOS`,
    Name: 'System BIOS',
    SoftwareElementID: machineGuid(machine),
    SoftwareElementState: 2,
    TargetOperatingSystem: 66,
    Version: efi ? 'Hyper-V UEFI Release v4.0' : 'VRTUAL - 1000831',
    Manufacturer: 'Microsoft',
    PrimaryBIOS: true,
    BaseBoardSerialNumber: serial,
    BIOSGUID: `{${machine.biosUuid.toUpperCase()}}`,
    BIOSSerialNumber: serial,
    ChassisSerialNumber: serial,
    ChassisAssetTag: serial,
  });
}
