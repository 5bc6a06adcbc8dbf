/** root/virtualization/v2 of one host: which class comes from where, and the methods. */
import type { Machine } from '../estate/model.ts';
import type { CimMethod } from '../winrm/cim/cim-service.ts';
import type { AssociationSource, ClassSource, Question } from '../winrm/cim/repository.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimInstance } from '../winrm/cim/values.ts';
import { associations } from './associations.ts';
import { checkpointMethods, pointInstances } from './checkpoint-methods.ts';
import { diskMethods } from './disk-methods.ts';
import { components, kvpExchange } from './guest-services.ts';
import { type HypervHost, machineByGuid, machinesOf } from './hyperv-host.ts';
import { Jobs } from './jobs.ts';
import { GUID, machineMethods } from './machine-methods.ts';
import {
  activeSettings,
  biosElement,
  checkpointSettings,
  computerSystem,
  hostSystem,
  keptSettings,
  memorySettings,
  processorDefinitions,
  processorSettings,
  serialPorts,
  systemSettings,
} from './machine-settings.ts';
import { stateOf } from './machine-state.ts';
import { instance, type Settings, V2 } from './names.ts';
import {
  guestNetworks,
  nicConnections,
  nicDevices,
  nicSettings,
  switches,
  vlanSettings,
} from './network-settings.ts';
import { diskSettings, hostDisks, storageHardware } from './storage-settings.ts';

/** Properties, in lower case, in which the GUID of a machine is that of the machine they belong to. */
const IDENTIFIERS = new Set(['name', 'systemname', 'instanceid', 'deviceid', 'virtualsystemidentifier']);

/** All settings of a machine: what it runs with, and what each checkpoint kept. */
function allSettings(host: HypervHost, machine: Machine): Settings[] {
  return [
    activeSettings(host, machine),
    ...stateOf(host.estate)
      .checkpoints(machine.id)
      .map((checkpoint) => keptSettings(host, checkpoint)),
  ];
}

export interface VirtualizationOptions {
  readonly host: HypervHost;
  /** The machines, one after the other: a scenario may act between them. */
  readonly machines: (className: string) => Iterable<Machine>;
}

export function virtualization({ host, machines }: VirtualizationOptions): {
  sources: ClassSource[];
  associations: AssociationSource[];
  methods: CimMethod[];
} {
  const jobs = new Jobs({
    clock: host.clock,
    newId: (n) => host.entropy.uuid('hyperv.job', host.host.id, n).toUpperCase(),
  });
  const source = (
    className: string,
    instances: (question?: Question) => Iterable<CimInstance>,
    find?: ClassSource['find'],
  ): ClassSource => ({ class: cimClass(V2, className), instances, ...(find ? { find } : {}) });
  /** The machines that a query may be about. */
  const asked = (question: Question | undefined, className: string): Iterable<Machine> => {
    const named = [...(question?.equals ?? [])].filter(([name]) => IDENTIFIERS.has(name));
    const owner = named.length > 0 ? ownerByKeys(host, new Map(named)) : undefined;
    return owner ? [owner] : machines(className);
  };
  const perMachine = (className: string, of: (machine: Machine) => Iterable<CimInstance>): ClassSource =>
    source(
      className,
      function* (question) {
        for (const machine of asked(question, className)) yield* of(machine);
      },
      (keys) => {
        const owner = ownerByKeys(host, keys);
        return owner && [...of(owner)].find((one) => hasKeys(one, keys));
      },
    );
  const ofClass = (className: string, all: Iterable<CimInstance>): CimInstance[] =>
    [...all].filter((one) => one.class.name === className);
  /** Of what a machine runs with, and of what its checkpoints kept. */
  const perSettings = (className: string, of: (settings: Settings) => Iterable<CimInstance>): ClassSource =>
    perMachine(className, (machine) =>
      allSettings(host, machine).flatMap((settings) => ofClass(className, of(settings))),
    );
  const perActive = (className: string, of: (settings: Settings) => Iterable<CimInstance>): ClassSource =>
    perMachine(className, (machine) => of(activeSettings(host, machine)));
  const component = (className: string): ClassSource =>
    perMachine(className, (machine) => ofClass(className, components(host, machine)));
  const service = (className: string, name: string, caption: string): ClassSource =>
    source(className, () => [serviceInstance(host, className, name, caption)]);

  const sources: ClassSource[] = [
    source(
      'Msvm_ComputerSystem',
      function* () {
        yield hostSystem(host);
        for (const machine of machines('Msvm_ComputerSystem')) yield computerSystem(host, machine);
      },
      (keys) => {
        const name = keys.get('name') ?? '';
        if (name === host.computer.toLowerCase()) return hostSystem(host);
        const machine = machineByGuid(host, name);
        return machine && computerSystem(host, machine);
      },
    ),
    source(
      'Msvm_VirtualSystemSettingData',
      function* () {
        for (const machine of machines('Msvm_VirtualSystemSettingData')) {
          yield systemSettings(host, machine);
          for (const each of stateOf(host.estate).checkpoints(machine.id))
            yield checkpointSettings(host, each);
        }
      },
      (keys) => {
        const guid = keys.get('instanceid')?.replace(/^microsoft:/, '') ?? '';
        const machine = machineByGuid(host, guid);
        if (machine) return systemSettings(host, machine);
        for (const each of machines('Msvm_VirtualSystemSettingData'))
          for (const checkpoint of stateOf(host.estate).checkpoints(each.id))
            if (checkpoint.id === guid.toUpperCase()) return checkpointSettings(host, checkpoint);
        return undefined;
      },
    ),
    perSettings('Msvm_ProcessorSettingData', (of) => [processorSettings(of)]),
    source('Msvm_ProcessorSettingData', () => processorDefinitions(host)),
    perSettings('Msvm_MemorySettingData', (of) => [memorySettings(host, of)]),
    perSettings('Msvm_ResourceAllocationSettingData', (of) => storageHardware(host, of)),
    perSettings('Msvm_StorageAllocationSettingData', (of) => diskSettings(host, of)),
    perSettings('Msvm_SyntheticEthernetPortSettingData', (of) => nicSettings(host, of)),
    perSettings('Msvm_EmulatedEthernetPortSettingData', (of) => nicSettings(host, of)),
    perSettings('Msvm_EthernetPortAllocationSettingData', (of) => nicConnections(host, of)),
    perSettings('Msvm_EthernetSwitchPortVlanSettingData', (of) => vlanSettings(host, of)),
    perSettings('Msvm_SerialPortSettingData', serialPorts),
    perActive('Msvm_GuestNetworkAdapterConfiguration', (of) => guestNetworks(host, of)),
    perActive('Msvm_SyntheticEthernetPort', (of) => nicDevices(host, of)),
    perMachine('Msvm_KvpExchangeComponent', (machine) => [kvpExchange(host, machine)]),
    component('Msvm_HeartbeatComponent'),
    component('Msvm_ShutdownComponent'),
    component('Msvm_TimeSyncComponent'),
    perMachine('Msvm_BIOSElement', (machine) => [biosElement(host, machine)]),
    perMachine('Msvm_VirtualSystemReferencePoint', (machine) => pointInstances(host, machine)),
    source('Msvm_DiskDrive', () => hostDisks(host)),
    source('Msvm_VirtualEthernetSwitch', () => switches(host)),
    source(
      'Msvm_ConcreteJob',
      () => jobs.instances(),
      (keys) => jobs.find(keys.get('instanceid') ?? ''),
    ),
    service('Msvm_VirtualSystemManagementService', 'vmms', 'Hyper-V Virtual System Management Service'),
    service('Msvm_ImageManagementService', 'ImageManagementService', 'Hyper-V Image Management Service'),
    service('Msvm_VirtualSystemSnapshotService', 'vmms', 'Hyper-V Virtual System Snapshot Service'),
    service('Msvm_VirtualSystemReferencePointService', 'vmms', 'Hyper-V Reference Point Service'),
    service(
      'Msvm_VirtualEthernetSwitchManagementService',
      'nvspwmi',
      'Hyper-V Networking Management Service',
    ),
  ];
  return {
    sources,
    associations: associations(host, jobs),
    methods: [...machineMethods(host, jobs), ...checkpointMethods(host, jobs), ...diskMethods(host)],
  };
}

/** The machine whose GUID, or whose checkpoint's, stands in the keys of one of its parts. */
function ownerByKeys(host: HypervHost, keys: ReadonlyMap<string, string>): Machine | undefined {
  const guid = GUID.exec([...keys.values()].join(' '))?.[0].toUpperCase();
  if (guid === undefined) return undefined;
  return (
    machineByGuid(host, guid) ??
    machinesOf(host).find(({ id }) =>
      stateOf(host.estate)
        .checkpoints(id)
        .some((each) => each.id === guid),
    )
  );
}

/** @param keys names and values in lower case */
function hasKeys(one: CimInstance, keys: ReadonlyMap<string, string>): boolean {
  return one.class.keys.every(
    (key) => String(one.values[key] ?? '').toLowerCase() === keys.get(key.toLowerCase()),
  );
}

function serviceInstance(host: HypervHost, className: string, name: string, caption: string): CimInstance {
  return instance(className, {
    Caption: caption,
    Description: caption,
    ElementName: caption,
    CreationClassName: className,
    Name: name,
    SystemCreationClassName: 'Msvm_ComputerSystem',
    SystemName: host.computer,
    EnabledState: 5,
    HealthState: 5,
    OperationalStatus: [2],
    Started: true,
    StartMode: 'Automatic',
    Status: 'OK',
  });
}
