/** Msvm_SummaryInformation: what GetSummaryInformation says of machines, by the codes that are asked for. */
import type { Machine } from '../estate/model.ts';
import { type CimInstance, CimReference, type CimValue, instant, pathOf } from '../winrm/cim/values.ts';
import { type HypervHost, machineGuid } from './hyperv-host.ts';
import {
  checkpointSettings,
  configurationVersion,
  createdAt,
  healthOf,
  onTime,
  usesDynamicMemory,
} from './machine-settings.ts';
import { enabledState, isRunning, speaks, stateOf } from './machine-state.ts';
import { generationOf, instance } from './names.ts';

type Entry = readonly [name: string, value: (host: HypervHost, machine: Machine) => CimValue];

/** Heartbeat: 2 well, 12 no contact. */
const HEARTBEAT = { well: 2, none: 12 } as const;

const ENTRIES: Readonly<Record<number, Entry>> = {
  0: ['Name', (_, machine) => machineGuid(machine)],
  1: ['ElementName', (_, { name }) => name],
  2: ['CreationTime', (host, machine) => instant(createdAt(host, machine))],
  3: ['Notes', (_, { annotation }) => annotation],
  4: ['NumberOfProcessors', (_, { cores }) => cores],
  9: [
    'VirtualSwitchNames',
    ({ estate }, { nics }) =>
      nics.map(({ networkId }) => estate.facts.networks.find(({ id }) => id === networkId)?.name ?? ''),
  ],
  10: ['Version', configurationVersion],
  11: ['Shielded', () => false],
  100: ['EnabledState', enabledState],
  101: [
    'ProcessorLoad',
    (host, machine) =>
      isRunning(host, machine)
        ? Math.round((host.guests.guest(machine.id)?.cpuRatio(host.clock.wall()) ?? 0) * 100)
        : 0,
  ],
  103: ['MemoryUsage', (host, machine) => (isRunning(host, machine) ? machine.memoryMiB : 0)],
  104: [
    'Heartbeat',
    (host, machine) =>
      speaks(host, machine) ? HEARTBEAT.well : isRunning(host, machine) ? HEARTBEAT.none : null,
  ],
  105: ['UpTime', onTime],
  106: ['GuestOperatingSystem', guestOs],
  107: [
    'Snapshots',
    (host, { id }) =>
      stateOf(host.estate)
        .checkpoints(id)
        .map((checkpoint) => new CimReference(pathOf(checkpointSettings(host, checkpoint)))),
  ],
  108: ['AsynchronousTasks', () => []],
  109: ['HealthState', (host, machine) => healthOf(host, machine)['HealthState']!],
  110: ['OperationalStatus', (host, machine) => healthOf(host, machine)['OperationalStatus']!],
  111: ['StatusDescriptions', (host, machine) => healthOf(host, machine)['StatusDescriptions']!],
  112: [
    'MemoryAvailable',
    (host, machine) => (isRunning(host, machine) && usesDynamicMemory(host, machine) ? 20 : 0),
  ],
  113: ['AvailableMemoryBuffer', (host, machine) => (usesDynamicMemory(host, machine) ? 20 : 0)],
  114: ['ReplicationMode', () => 0],
  115: ['ReplicationState', () => 0],
  116: ['ReplicationHealth', () => 0],
  132: ['IntegrationServicesVersionState', (host, machine) => (speaks(host, machine) ? 1 : 0)],
  133: ['HostComputerSystemName', ({ computer }) => computer],
  134: ['VirtualSystemSubType', (_, machine) => `Microsoft:Hyper-V:SubType:${generationOf(machine)}`],
};
const CODES = Object.keys(ENTRIES).map(Number);

/** What is not asked for stays null. @param requested codes, all of them when empty; unknown ones say nothing */
export function summary(host: HypervHost, machine: Machine, requested: readonly number[]): CimInstance {
  const values: Record<string, CimValue> = { InstanceID: `Microsoft:${machineGuid(machine)}` };
  for (const code of requested.length === 0 ? CODES : requested) {
    const entry = ENTRIES[code];
    if (entry) values[entry[0]] = entry[1](host, machine);
  }
  return instance('Msvm_SummaryInformation', values);
}

function guestOs(host: HypervHost, machine: Machine): CimValue {
  const os = speaks(host, machine) ? host.guests.guest(machine.id)?.os : undefined;
  if (os === undefined || os.family === 'other') return null;
  return os.family === 'windows' ? os.caption.replace('Microsoft ', '') : os.prettyName;
}
