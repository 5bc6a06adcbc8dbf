/** How the instances of root/virtualization/v2 hang together. */
import type { Machine } from '../estate/model.ts';
import type { AssociationEnd, AssociationSource } from '../winrm/cim/repository.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimInstance } from '../winrm/cim/values.ts';
import { pointInstances } from './checkpoint-methods.ts';
import { components, kvpExchange } from './guest-services.ts';
import { type HypervHost, machineGuid, machinesOf } from './hyperv-host.ts';
import type { Jobs } from './jobs.ts';
import { ownerOf } from './machine-methods.ts';
import {
  activeSettings,
  checkpointSettings,
  computerSystem,
  keptSettings,
  memorySettings,
  processorSettings,
  serialPorts,
  systemSettings,
} from './machine-settings.ts';
import { type Checkpoint, stateOf } from './machine-state.ts';
import { type Settings, V2 } from './names.ts';
import { guestNetworks, nicConnections, nicDevices, nicSettings, vlanSettings } from './network-settings.ts';
import { diskSettings, storageHardware } from './storage-settings.ts';

const idOf = ({ values }: CimInstance): string => String(values['InstanceID']);
const portOf = (network: CimInstance): string =>
  idOf(network).replace('Microsoft:GuestNetwork\\', 'Microsoft:');

export function associations(host: HypervHost, jobs: Jobs): AssociationSource[] {
  const of = (className: string) => cimClass(V2, className);
  const link = (
    name: string,
    [role, left, others]: readonly [string, string, AssociationEnd['others']],
    [otherRole, right, back]: readonly [string, string, AssociationEnd['others']],
  ): AssociationSource => ({
    class: of(name),
    ends: [
      { role, of: of(left), others },
      { role: otherRole, of: of(right), others: back },
    ],
  });
  const machine = (one: CimInstance): Machine[] => {
    const found = ownerOf(host, one);
    return found ? [found] : [];
  };
  const checkpointOf = (one: CimInstance): Checkpoint | undefined => {
    const id = idOf(one).slice('Microsoft:'.length).split('\\')[0];
    for (const each of machinesOf(host))
      for (const checkpoint of stateOf(host.estate).checkpoints(each.id))
        if (checkpoint.id === id) return checkpoint;
    return undefined;
  };
  /** The settings that an instance belongs to: a machine's own, or those of a checkpoint. */
  const settings = (one: CimInstance): Settings[] => {
    const owner = machine(one)[0];
    if (owner && idOf(one).includes(machineGuid(owner))) return [activeSettings(host, owner)];
    const checkpoint = checkpointOf(one);
    return checkpoint ? [keptSettings(host, checkpoint)] : [];
  };
  const settingData = (one: CimInstance): CimInstance[] => {
    const owner = machine(one)[0];
    if (owner && idOf(one).includes(machineGuid(owner))) return [systemSettings(host, owner)];
    const checkpoint = checkpointOf(one);
    return checkpoint ? [checkpointSettings(host, checkpoint)] : [];
  };
  const parts = (own: Settings): CimInstance[] => [
    processorSettings(own),
    memorySettings(host, own),
    ...storageHardware(host, own),
    ...diskSettings(host, own),
    ...nicSettings(host, own),
    ...nicConnections(host, own),
    ...serialPorts(own),
  ];
  const isActive = ({ values }: CimInstance): boolean =>
    values['VirtualSystemType'] === 'Microsoft:Hyper-V:System:Realized';
  return [
    link(
      'Msvm_SettingsDefineState',
      [
        'ManagedElement',
        'Msvm_ComputerSystem',
        (one) => machine(one).map((found) => systemSettings(host, found)),
      ],
      [
        'SettingData',
        'Msvm_VirtualSystemSettingData',
        (one) => (isActive(one) ? machine(one).map((found) => computerSystem(host, found)) : []),
      ],
    ),
    link(
      'Msvm_VirtualSystemSettingDataComponent',
      ['GroupComponent', 'Msvm_VirtualSystemSettingData', (one) => settings(one).flatMap(parts)],
      ['PartComponent', 'CIM_ResourceAllocationSettingData', settingData],
    ),
    link(
      'Msvm_SnapshotOfVirtualSystem',
      [
        'Antecedent',
        'Msvm_ComputerSystem',
        (one) =>
          machine(one).flatMap(({ id }) =>
            stateOf(host.estate)
              .checkpoints(id)
              .map((checkpoint) => checkpointSettings(host, checkpoint)),
          ),
      ],
      [
        'Dependent',
        'Msvm_VirtualSystemSettingData',
        (one) => (isActive(one) ? [] : machine(one).map((found) => computerSystem(host, found))),
      ],
    ),
    link(
      'Msvm_MostCurrentSnapshotInBranch',
      [
        'Antecedent',
        'Msvm_ComputerSystem',
        (one) =>
          machine(one).flatMap(({ id }) =>
            stateOf(host.estate)
              .checkpoints(id)
              .slice(-1)
              .map((checkpoint) => checkpointSettings(host, checkpoint)),
          ),
      ],
      [
        'Dependent',
        'Msvm_VirtualSystemSettingData',
        (one) =>
          machine(one).flatMap((found) => {
            const last = stateOf(host.estate).checkpoints(found.id).at(-1);
            return last && idOf(one).includes(last.id) ? [computerSystem(host, found)] : [];
          }),
      ],
    ),
    link(
      'Msvm_ReferencePointOfVirtualSystem',
      [
        'Antecedent',
        'Msvm_ComputerSystem',
        (one) => machine(one).flatMap((found) => pointInstances(host, found)),
      ],
      [
        'Dependent',
        'Msvm_VirtualSystemReferencePoint',
        (one) => machine(one).map((found) => computerSystem(host, found)),
      ],
    ),
    link(
      'Msvm_SystemDevice',
      [
        'GroupComponent',
        'Msvm_ComputerSystem',
        (one) =>
          machine(one).flatMap((found) => [
            kvpExchange(host, found),
            ...components(host, found),
            ...nicDevices(host, activeSettings(host, found)),
          ]),
      ],
      [
        'PartComponent',
        'CIM_LogicalDevice',
        (one) => machine(one).map((found) => computerSystem(host, found)),
      ],
    ),
    link(
      'Msvm_SettingDataComponent',
      [
        'GroupComponent',
        'Msvm_SyntheticEthernetPortSettingData',
        (one) =>
          settings(one)
            .flatMap((own) => guestNetworks(host, own))
            .filter((net) => portOf(net) === idOf(one)),
      ],
      [
        'PartComponent',
        'Msvm_GuestNetworkAdapterConfiguration',
        (one) =>
          machine(one)
            .flatMap((found) => nicSettings(host, activeSettings(host, found)))
            .filter((port) => idOf(port) === portOf(one)),
      ],
    ),
    link(
      'Msvm_EthernetPortSettingDataComponent',
      [
        'GroupComponent',
        'Msvm_EthernetPortAllocationSettingData',
        (one) =>
          settings(one)
            .flatMap((own) => vlanSettings(host, own))
            .filter((vlan) => idOf(vlan).startsWith(`${idOf(one)}\\`)),
      ],
      [
        'PartComponent',
        'Msvm_EthernetSwitchPortVlanSettingData',
        (one) =>
          settings(one)
            .flatMap((own) => nicConnections(host, own))
            .filter((connection) => idOf(one).startsWith(`${idOf(connection)}\\`)),
      ],
    ),
    link(
      'Msvm_AffectedJobElement',
      ['AffectingElement', 'Msvm_ConcreteJob', (one) => jobs.affectedBy(one)],
      ['AffectedElement', 'CIM_ManagedElement', () => []],
    ),
  ];
}
