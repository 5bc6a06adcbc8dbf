/** Machines from what the classes of a host said, joined by the GUIDs and paths in their identifiers. */
import type { HypervMachine, HypervNic, HypervSecurity } from '../../app/source-machines.ts';
import { type CimInstance, flag, number, text, texts } from '../winrm/cim.ts';
import { type Attached, attachedDisks } from './disks.ts';
import { type GuestData, readGuestData } from './guest-data.ts';
import { isGuid, keyInPath, machineOf, plainId } from './identifiers.ts';
import type { MACHINE_QUERIES } from './queries.ts';

export type MachineRows = Readonly<Record<keyof typeof MACHINE_QUERIES, readonly CimInstance[]>>;

export interface HostFacts {
  readonly fqdn: string;
  /** Of its operating system: "10.0.17763". */
  readonly version: string;
  readonly processorModel: string;
  readonly processorSockets: number;
}

/** A machine whose disks' files were not looked at yet, and what only its cluster knows is open. */
export interface MachineDraft {
  readonly machine: Omit<HypervMachine, 'disks' | 'cluster' | 'highAvailability'>;
  readonly disks: readonly Attached[];
}

/** Machines of one host may not be more. */
const MACHINES_MAX = 10_000;
const CORES_MAX = 4_096;
const REPLICA_MODES = new Set([2, 3, 4]);
/** EnabledState of Msvm_ComputerSystem; older releases have numbers of their own for what is between. */
const SUSPENDED = new Set([6, 9, 32768, 32769, 32776]);
const OFF = new Set([0, 1, 3]);
/** OperationalStatus of Msvm_HeartbeatComponent. */
const HEARTBEATS: Readonly<Record<number, string>> = {
  2: 'OK',
  3: 'Degraded',
  6: 'Error',
  7: 'Non-Recoverable Error',
  12: 'No Contact',
  13: 'Lost Communication',
  15: 'Paused',
};

export function draftMachines(host: HostFacts, rows: MachineRows): MachineDraft[] {
  const systems = by(rows.systems, (row) => text(row, 'Name')?.toUpperCase());
  const ofMachine = (instances: readonly CimInstance[]) =>
    by(instances, (row) => machineOf(text(row, 'InstanceID') ?? ''));
  const bios = by(
    rows.bios,
    (row) => machineOf(text(row, 'InstanceID') ?? '') ?? text(row, 'SoftwareElementID')?.toUpperCase(),
  );
  const processors = ofMachine(rows.processors);
  const memory = ofMachine(rows.memory);
  const security = ofMachine(rows.security);
  const bySystem = (instances: readonly CimInstance[]) =>
    by(instances, (row) => text(row, 'SystemName')?.toUpperCase());
  const guests = bySystem(rows.guests);
  const heartbeats = bySystem(rows.heartbeats);
  const nics = adapters(rows);
  const disks = attachedDisks(rows.drives, rows.storage);

  const drafts: MachineDraft[] = [];
  for (const settings of rows.settings.slice(0, MACHINES_MAX)) {
    const guid = (
      text(settings, 'VirtualSystemIdentifier') ??
      machineOf(text(settings, 'InstanceID') ?? '') ??
      ''
    ).toUpperCase();
    const system = systems.get(guid);
    if (!isGuid(guid) || !system) continue; // it came or went between two questions
    const isReplica = REPLICA_MODES.has(number(system, 'ReplicationMode') ?? 0);
    const id = guid.toLowerCase();
    const cores = clamp(countOf(processors.get(guid), 'VirtualQuantity'), 1, CORES_MAX);
    const generation = text(settings, 'VirtualSystemSubType')?.endsWith(':2') ? 2 : 1;
    const power = powerOf(number(system, 'EnabledState') ?? 3);
    const guest = readGuestData(texts(guests.get(guid) ?? NOTHING, 'GuestIntrinsicExchangeItems'));
    drafts.push({
      disks: disks.get(guid) ?? [],
      machine: {
        kind: 'hyperv',
        // a replica has the GUID of its original, which is another machine
        handle: isReplica ? `${id}@${host.fqdn}` : id,
        instanceUuid: isReplica ? `${id}-replica` : id,
        biosUuid: (text(settings, 'BIOSGUID') ?? '').replace(/[{}]/g, '').toLowerCase(),
        name: text(settings, 'ElementName') ?? id,
        isTemplate: false,
        power,
        cores,
        coresPerSocket: coresPerSocket(processors.get(guid), cores),
        memoryMiB: countOf(memory.get(guid), 'VirtualQuantity'),
        dynamicMemory: dynamicMemory(memory.get(guid)),
        firmware: generation === 2 ? 'EFI' : 'BIOS',
        os: guest?.os ?? { family: 'other', name: '' },
        description: texts(settings, 'Notes').join('\n').slice(0, 1024),
        guestHostName: guest?.fqdn ?? '',
        processorModel: host.processorModel,
        processorSockets: host.processorSockets,
        host: host.fqdn,
        generation,
        version: text(settings, 'Version') ?? '',
        security: securityOf(settings, security.get(guid)),
        ...integrationServices(power, heartbeats.get(guid), guest),
        biosSerialNumber: (text(bios.get(guid) ?? NOTHING, 'BIOSSerialNumber') ?? '').slice(0, 128),
        isReplica,
        nics: nics.get(guid) ?? [],
      },
    });
  }
  return drafts;
}

const NOTHING: CimInstance = { className: '', properties: new Map() };

/** The first of each key counts. */
function by(
  instances: readonly CimInstance[],
  keyOf: (instance: CimInstance) => string | undefined,
): ReadonlyMap<string, CimInstance> {
  const map = new Map<string, CimInstance>();
  for (const instance of instances) {
    const key = keyOf(instance);
    if (key !== undefined && !map.has(key)) map.set(key, instance);
  }
  return map;
}

function countOf(instance: CimInstance | undefined, name: string): number {
  const value = instance && number(instance, name);
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

const clamp = (value: number, min: number, max: number): number => Math.min(Math.max(value, min), max);

function powerOf(enabledState: number): HypervMachine['power'] {
  if (SUSPENDED.has(enabledState)) return 'suspended';
  return OFF.has(enabledState) ? 'off' : 'on';
}

function coresPerSocket(settings: CimInstance | undefined, cores: number): number {
  const perSocket =
    countOf(settings, 'MaxProcessorsPerNumaNode') * countOf(settings, 'MaxNumaNodesPerSocket');
  return perSocket === 0 ? cores : Math.min(perSocket, cores);
}

function dynamicMemory(settings: CimInstance | undefined): HypervMachine['dynamicMemory'] {
  if (!settings || flag(settings, 'DynamicMemoryEnabled') !== true) return undefined;
  return { minimumMiB: countOf(settings, 'Reservation'), maximumMiB: countOf(settings, 'Limit') };
}

function securityOf(settings: CimInstance, security: CimInstance | undefined): HypervSecurity | undefined {
  const secureBootEnabled = flag(settings, 'SecureBootEnabled');
  if (!security && secureBootEnabled === undefined) return undefined;
  const has = (name: string): boolean => (security && flag(security, name)) ?? false;
  return {
    secureBootEnabled: secureBootEnabled ?? false,
    secureBootTemplateId: (text(settings, 'SecureBootTemplateId') ?? '').replace(/[{}]/g, '').toLowerCase(),
    tpmEnabled: has('TpmEnabled'),
    ksdEnabled: has('KsdEnabled'),
    shieldingRequested: has('ShieldingRequested'),
    dataProtectionRequested: has('DataProtectionRequested'),
    encryptStateAndVmMigrationTraffic: has('EncryptStateAndVmMigrationTraffic'),
    virtualizationBasedSecurityOptOut: has('VirtualizationBasedSecurityOptOut'),
  };
}

function integrationServices(
  power: HypervMachine['power'],
  heartbeat: CimInstance | undefined,
  guest: GuestData | undefined,
): Pick<HypervMachine, 'integrationServicesState' | 'integrationServicesVersion'> {
  const [status = ''] = heartbeat ? texts(heartbeat, 'OperationalStatus') : [];
  return {
    integrationServicesState: power === 'off' ? 'Off' : (HEARTBEATS[Number(status)] ?? ''),
    integrationServicesVersion: guest?.integrationServicesVersion ?? '',
  };
}

const CONNECTED = 2;

/** By machine GUID. */
function adapters(rows: MachineRows): ReadonlyMap<string, readonly HypervNic[]> {
  const idOf = (row: CimInstance): string => (text(row, 'InstanceID') ?? '').toLowerCase();
  const addresses = by(rows.addresses, (row) => idOf(row).replace('microsoft:guestnetwork\\', 'microsoft:'));
  const connections = by(rows.connections, (row) =>
    keyInPath(text(row, 'Parent') ?? '', 'InstanceID')?.toLowerCase(),
  );
  const switches = by(rows.switches, (row) => text(row, 'Name')?.toLowerCase());
  const byMachine = new Map<string, HypervNic[]>();
  const add = (row: CimInstance, nicType: HypervNic['nicType']): void => {
    const machine = machineOf(text(row, 'InstanceID') ?? '');
    if (machine === undefined) return;
    const connection = connections.get(idOf(row));
    const isConnected = connection !== undefined && number(connection, 'EnabledState') === CONNECTED;
    const [path = ''] = isConnected ? texts(connection, 'HostResource') : [];
    const networkId = keyInPath(path, 'Name') ?? '';
    const network = switches.get(networkId.toLowerCase());
    const guest = addresses.get(idOf(row));
    const mac = text(row, 'Address') ?? '';
    const nics = byMachine.get(machine) ?? [];
    byMachine.set(machine, nics);
    nics.push({
      id: plainId(text(row, 'InstanceID') ?? ''),
      label: text(row, 'ElementName') ?? '',
      macAddress: /^0*$/.test(mac) ? '' : mac,
      addresses: guest ? texts(guest, 'IPAddresses').filter((address) => address !== '') : [],
      networkName:
        (network && text(network, 'ElementName')) ??
        (isConnected ? (text(connection, 'LastKnownSwitchName') ?? '') : ''),
      nicType,
      networkId,
      isDhcp: guest && flag(guest, 'DHCPEnabled'),
    });
  };
  for (const row of rows.synthetic) add(row, 'Synthetic');
  for (const row of rows.legacy) add(row, 'Legacy');
  return byMachine;
}
