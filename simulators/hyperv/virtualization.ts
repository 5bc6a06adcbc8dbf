/** root/virtualization/v2 of one host: sources, associations and methods. */
import type { Machine } from '../estate/model.ts';
import type { CimMethod } from '../winrm/cim/cim-service.ts';
import type { AssociationSource, ClassSource } from '../winrm/cim/repository.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import { type CimInstance, isA } from '../winrm/cim/values.ts';
import { type HypervHost, machinesOf } from './hyperv-host.ts';
import {
  biosElement,
  computerSystem,
  diskSettings,
  guestNetworks,
  hardDiskXml,
  heartbeat,
  hostSystem,
  kvpExchange,
  memorySettings,
  nicConnections,
  nicSettings,
  ofMachines,
  processorSettings,
  storageHardware,
  summary,
  switches,
  systemSettings,
} from './machine-classes.ts';
import { instance, machineGuid, V2 } from './names.ts';

const DONE = 0;
const FAILED = 32768;
const NOT_SUPPORTED = 32770;
const INVALID_PARAMETER = 32773;
const INVALID_STATE = 32775;
const FILE_NOT_FOUND = 32779;

export function virtualization(host: HypervHost): {
  sources: ClassSource[];
  associations: AssociationSource[];
  methods: CimMethod[];
} {
  const source = (
    className: string,
    instances: () => Iterable<CimInstance>,
    find?: ClassSource['find'],
  ): ClassSource => ({ class: cimClass(V2, className), instances, ...(find ? { find } : {}) });
  const perMachine = (className: string, of: (machine: Machine) => Iterable<CimInstance>): ClassSource =>
    source(className, () => ofMachines(host, of));
  const one = (of: (machine: Machine) => CimInstance) => (machine: Machine) => [of(machine)];
  const byGuid = (guid: string | undefined): Machine | undefined =>
    machinesOf(host).find((machine) => machineGuid(machine).toLowerCase() === guid);

  const sources: ClassSource[] = [
    source(
      'Msvm_ComputerSystem',
      function* () {
        yield hostSystem(host);
        for (const machine of machinesOf(host)) yield computerSystem(host, machine);
      },
      (keys) => {
        const name = keys.get('name');
        if (name === host.computer.toLowerCase()) return hostSystem(host);
        const machine = byGuid(name);
        return machine && computerSystem(host, machine);
      },
    ),
    source(
      'Msvm_VirtualSystemSettingData',
      () =>
        ofMachines(
          host,
          one((machine) => systemSettings(host, machine)),
        ),
      (keys) => {
        const machine = byGuid(keys.get('instanceid')?.replace(/^microsoft:/, ''));
        return machine && systemSettings(host, machine);
      },
    ),
    perMachine('Msvm_ProcessorSettingData', one(processorSettings)),
    perMachine(
      'Msvm_MemorySettingData',
      one((machine) => memorySettings(host, machine)),
    ),
    perMachine('Msvm_ResourceAllocationSettingData', (machine) => storageHardware(host, machine)),
    perMachine('Msvm_StorageAllocationSettingData', (machine) => diskSettings(host, machine)),
    perMachine('Msvm_SyntheticEthernetPortSettingData', (machine) => nicSettings(host, machine)),
    perMachine('Msvm_EthernetPortAllocationSettingData', (machine) => nicConnections(host, machine)),
    perMachine('Msvm_GuestNetworkAdapterConfiguration', (machine) => guestNetworks(host, machine)),
    perMachine(
      'Msvm_KvpExchangeComponent',
      one((machine) => kvpExchange(host, machine)),
    ),
    perMachine(
      'Msvm_HeartbeatComponent',
      one((machine) => heartbeat(host, machine)),
    ),
    perMachine('Msvm_BIOSElement', one(biosElement)),
    source('Msvm_VirtualEthernetSwitch', () => switches(host)),
    source('Msvm_VirtualSystemManagementService', () => [
      service(
        host,
        'Msvm_VirtualSystemManagementService',
        'vmms',
        'Hyper-V Virtual System Management Service',
      ),
    ]),
    source('Msvm_ImageManagementService', () => [
      service(
        host,
        'Msvm_ImageManagementService',
        'ImageManagementService',
        'Hyper-V Image Management Service',
      ),
    ]),
  ];
  return { sources, associations: associations(host), methods: methods(host) };
}

function service(host: HypervHost, className: string, name: string, caption: string): CimInstance {
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

/** The machine that an instance belongs to: its GUID stands in every identifier. */
function machineOf(host: HypervHost, { values }: CimInstance): Machine | undefined {
  const text = `${String(values['Name'] ?? '')} ${String(values['InstanceID'] ?? '')} ${String(values['SystemName'] ?? '')}`;
  const guid = /[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}/i.exec(text)?.[0].toUpperCase();
  return guid === undefined ? undefined : machinesOf(host).find((machine) => machineGuid(machine) === guid);
}

function associations(host: HypervHost): AssociationSource[] {
  const of = (className: string) => cimClass(V2, className);
  const machine = (one: CimInstance): Machine[] => {
    const found = machineOf(host, one);
    return found ? [found] : [];
  };
  const components = (one: Machine): CimInstance[] => [
    processorSettings(one),
    memorySettings(host, one),
    ...storageHardware(host, one),
    ...diskSettings(host, one),
    ...nicSettings(host, one),
    ...nicConnections(host, one),
  ];
  const devices = (one: Machine): CimInstance[] => [kvpExchange(host, one), heartbeat(host, one)];
  return [
    {
      class: of('Msvm_SettingsDefineState'),
      ends: [
        {
          role: 'ManagedElement',
          of: of('Msvm_ComputerSystem'),
          others: (one) => machine(one).map((found) => systemSettings(host, found)),
        },
        {
          role: 'SettingData',
          of: of('Msvm_VirtualSystemSettingData'),
          others: (one) => machine(one).map((found) => computerSystem(host, found)),
        },
      ],
    },
    {
      class: of('Msvm_VirtualSystemSettingDataComponent'),
      ends: [
        {
          role: 'GroupComponent',
          of: of('Msvm_VirtualSystemSettingData'),
          others: (one) => machine(one).flatMap(components),
        },
        {
          role: 'PartComponent',
          of: of('CIM_ResourceAllocationSettingData'),
          others: (one) => machine(one).map((found) => systemSettings(host, found)),
        },
      ],
    },
    {
      class: of('Msvm_SystemDevice'),
      ends: [
        {
          role: 'GroupComponent',
          of: of('Msvm_ComputerSystem'),
          others: (one) => machine(one).flatMap(devices),
        },
        {
          role: 'PartComponent',
          of: of('CIM_LogicalDevice'),
          others: (one) => machine(one).map((found) => computerSystem(host, found)),
        },
      ],
    },
    {
      class: of('Msvm_SettingDataComponent'),
      ends: [
        {
          role: 'GroupComponent',
          of: of('Msvm_SyntheticEthernetPortSettingData'),
          others: (one) =>
            machine(one).flatMap((found) =>
              guestNetworks(host, found).filter((net) => portOf(net) === idOf(one)),
            ),
        },
        {
          role: 'PartComponent',
          of: of('Msvm_GuestNetworkAdapterConfiguration'),
          others: (one) =>
            machine(one).flatMap((found) =>
              nicSettings(host, found).filter((port) => idOf(port) === portOf(one)),
            ),
        },
      ],
    },
  ];
}

const idOf = ({ values }: CimInstance): string => String(values['InstanceID']);
const portOf = (network: CimInstance): string =>
  idOf(network).replace('Microsoft:GuestNetwork\\', 'Microsoft:');

/** RequestedState of Msvm_ComputerSystem: 2 start, 3 turn off, 6 save, 11 reset. */
const POWER: Readonly<Record<number, 'on' | 'off' | 'suspended'>> = { 2: 'on', 3: 'off', 6: 'suspended' };
const RESET = 11;

function methods(host: HypervHost): CimMethod[] {
  const of = (className: string) => cimClass(V2, className);
  const text = { type: 'string', array: false } as const;
  return [
    {
      class: of('Msvm_VirtualSystemManagementService'),
      name: 'GetSummaryInformation',
      outputs: [{ name: 'SummaryInformation', type: 'object', array: true }],
      run(call) {
        const settings = call.references('SettingData');
        const requested = call.texts('RequestedInformation').map((one) => Number(one.trim()));
        if (requested.some((code) => !Number.isSafeInteger(code) || code < 0))
          return { returnValue: INVALID_PARAMETER, outputs: {} };
        const chosen =
          settings.length === 0
            ? machinesOf(host)
            : settings
                .filter((setting) => isA(setting.class, 'Msvm_VirtualSystemSettingData'))
                .flatMap((setting) => machineOf(host, setting) ?? []);
        return {
          returnValue: DONE,
          outputs: { SummaryInformation: chosen.map((machine) => summary(host, machine, requested)) },
        };
      },
    },
    {
      class: of('Msvm_ImageManagementService'),
      name: 'GetVirtualHardDiskSettingData',
      outputs: [{ name: 'SettingData', ...text }],
      run(call) {
        const xml = hardDiskXml(host, call.texts('Path')[0] ?? '');
        return xml === undefined
          ? { returnValue: FILE_NOT_FOUND, outputs: {} }
          : { returnValue: DONE, outputs: { SettingData: xml } };
      },
    },
    {
      class: of('Msvm_ComputerSystem'),
      name: 'RequestStateChange',
      outputs: [],
      run(call) {
        const machine = machineOf(host, call.self);
        const wanted = Number(call.texts('RequestedState')[0]?.trim());
        if (!machine) return { returnValue: NOT_SUPPORTED, outputs: {} }; // the host itself
        if (wanted === RESET) {
          if (host.estate.power(machine.id) !== 'on') return { returnValue: INVALID_STATE, outputs: {} };
          host.estate.setPower(machine.id, 'off');
          host.estate.setPower(machine.id, 'on');
          return { returnValue: DONE, outputs: {} };
        }
        const power = POWER[wanted];
        if (power === undefined) return { returnValue: FAILED, outputs: {} };
        if (host.estate.power(machine.id) === power) return { returnValue: INVALID_STATE, outputs: {} };
        host.estate.setPower(machine.id, power);
        return { returnValue: DONE, outputs: {} };
      },
    },
  ];
}
