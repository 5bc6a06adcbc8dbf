/**
 * A LiveSource without a protocol, for tests of the domain: machines in memory, counters that are a function of the
 * instant. Machines can be away, slow, or flap; every call can be made to fail.
 */
import { type Clock, sleep } from '#core/time/clock.ts';
import { MINUTE, type Millis, SECOND } from '#core/units.ts';
import { LIVE_COUNTERS, type LiveCounter, type LiveSource } from '../app/ports.ts';
import type { HypervMachine, ServerMachine, SourceChanges, Unreached } from '../app/source-machines.ts';
import { sampleAt } from './fake-source.ts';

type LiveMachine = HypervMachine | ServerMachine;

export interface FakeLiveSource extends LiveSource {
  /** By handle. */
  readonly machinesByHandle: Map<string, LiveMachine>;
  readonly calls: string[];
  /** Called before each call with its name; throws to make it fail. */
  trouble: (call: string) => void;
  /** Does a machine not answer at this instant? */
  isAway: (handle: string, at: number) => boolean;
  /** How long a sample of a machine takes. */
  slowMs: (handle: string) => Millis;
  put(machine: LiveMachine): void;
}

const uuid = (kind: string, n: number): string =>
  `${kind}0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export function serverMachine(n: number, more: Partial<ServerMachine> = {}): ServerMachine {
  return {
    kind: 'server',
    handle: `10.0.0.${n}`,
    address: `10.0.0.${n}`,
    instanceUuid: uuid('b', n),
    biosUuid: uuid('c', n),
    name: `db-${n}`,
    isTemplate: false,
    power: 'on',
    cores: 8,
    coresPerSocket: 4,
    memoryMiB: 32_768,
    firmware: 'EFI',
    os: {
      family: 'linux',
      name: 'Debian GNU/Linux 12 (bookworm)',
      version: '12',
      architecture: 'x86_64',
    },
    description: '',
    guestHostName: `db-${n}.corp.test`,
    fqdn: `db-${n}.corp.test`,
    domainOrWorkgroup: 'corp.test',
    processorModel: 'Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz',
    processorSockets: 2,
    biosSerialNumber: `CZ3${String(n).padStart(6, '0')}`,
    manufacturer: 'HPE',
    model: 'ProLiant DL360 Gen10',
    hypervisor: '',
    credential: 'root',
    disks: [
      {
        uuid: 'sda',
        label: 'sda',
        sizeBytes: 480_103_981_056,
        instance: 'sda',
        isOsDisk: true,
        diskId: '/dev/sda',
        diskType: 'disk',
        lun: undefined,
        generatedId: `wwn-${n}`,
      },
    ],
    nics: [
      {
        id: 'eno1',
        label: 'eno1',
        macAddress: `94:18:82:00:00:${n.toString(16).padStart(2, '0')}`,
        addresses: [`10.0.0.${n}`],
        networkName: '',
      },
    ],
    ...more,
  };
}

export function hypervMachine(n: number, more: Partial<HypervMachine> = {}): HypervMachine {
  return {
    kind: 'hyperv',
    handle: uuid('d', n).toUpperCase(),
    instanceUuid: uuid('d', n),
    biosUuid: uuid('e', n),
    name: `app-${n}`,
    isTemplate: false,
    power: 'on',
    cores: 4,
    coresPerSocket: 4,
    memoryMiB: 4_096,
    firmware: 'EFI',
    os: {
      family: 'windows',
      name: 'Windows Server 2019 Datacenter',
      version: '10.0.17763',
      architecture: '64',
    },
    description: '',
    guestHostName: `app-${n}.corp.test`,
    processorModel: 'Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz',
    processorSockets: 2,
    host: 'hv1.corp.test',
    cluster: '',
    generation: 2,
    version: '9.0',
    dynamicMemory: { minimumMiB: 512, maximumMiB: 8_192 },
    highAvailability: 'No',
    security: {
      secureBootEnabled: true,
      secureBootTemplateId: '1734c6e8-3154-4dda-ba5f-a874cc483422',
      tpmEnabled: false,
      ksdEnabled: false,
      shieldingRequested: false,
      dataProtectionRequested: false,
      encryptStateAndVmMigrationTraffic: false,
      virtualizationBasedSecurityOptOut: false,
    },
    integrationServicesState: 'OK',
    integrationServicesVersion: '10.0',
    biosSerialNumber: `0000-0001-0002-0003-0004-${String(n).padStart(4, '0')}-05`,
    isReplica: false,
    disks: [
      {
        uuid: `Microsoft:${n}:0`,
        label: 'Hard Drive',
        sizeBytes: 136_365_211_648,
        instance: `Microsoft:${n}:0`,
        isOsDisk: true,
        diskType: 'Dynamic',
        lun: 0,
        path: `C:\\VMs\\app-${n}.vhdx`,
        vhdId: uuid('f', n),
        parentPath: '',
      },
    ],
    nics: [
      {
        id: `Microsoft:${n}:N`,
        label: 'Network Adapter',
        macAddress: `00155D0000${n.toString(16).padStart(2, '0')}`,
        addresses: [`10.1.0.${n}`],
        networkName: 'Production',
        nicType: 'Synthetic',
        networkId: uuid('a', 1),
        isDhcp: false,
      },
    ],
    ...more,
  };
}

/** Of Hyper-V unless its name says `servers`. */
export function fakeLiveSource(clock: Clock, name = 'servers'): FakeLiveSource {
  const kind = name.startsWith('servers') ? 'server' : 'hyperv';
  const machines = new Map<string, LiveMachine>();
  const calls: string[] = [];
  const enter = (call: string): void => {
    calls.push(call);
    source.trouble(call);
  };
  const unreachedOf = (): Unreached[] =>
    [...machines.values()]
      .filter(({ handle }) => source.isAway(handle, clock.wall()))
      .map((machine) => ({
        name: machine.kind === 'server' ? machine.address : machine.host,
        code: 'server.unreachable',
        what: `${machine.name} does not answer.`,
        why: 'No connection could be made.',
        next: 'Look at the firewall.',
      }));
  const answering = (of: readonly LiveMachine[]): LiveMachine[] =>
    of.filter(({ handle }) => !source.isAway(handle, clock.wall()));
  let wasAway = new Set<string>();
  const changes = (full: boolean): SourceChanges => {
    const told = answering([...machines.values()].filter(({ handle }) => full || wasAway.has(handle)));
    wasAway = new Set([...machines.keys()].filter((handle) => source.isAway(handle, clock.wall())));
    return { full, machines: told, removed: [], unreached: unreachedOf() };
  };
  const source: FakeLiveSource = {
    name,
    kind,
    sampleMs: kind === 'hyperv' ? 30 * SECOND : 5 * MINUTE,
    machinesByHandle: machines,
    calls,
    trouble: () => {},
    isAway: () => false,
    slowMs: () => 0,
    put(machine) {
      machines.set(machine.handle, machine);
    },
    async about() {
      enter('about');
      return kind === 'server'
        ? { kind }
        : { kind, type: 'Host', fqdn: name, version: '10.0.20348', hosts: [name], credential: 'hv' };
    },
    async changes() {
      enter('changes');
      return changes(true);
    },
    async retryUnreached() {
      enter('retryUnreached');
      return changes(false);
    },
    async prerequisites() {
      enter('prerequisites');
      return new Map();
    },
    async sample(of, sink, signal) {
      enter('sample');
      const at = clock.wall();
      await Promise.all(
        of.map(async ({ handle, disks, nics }) => {
          if (!machines.has(handle) || source.isAway(handle, at)) return;
          const ms = source.slowMs(handle);
          if (ms > 0) await sleep(clock, ms, 'fake.sample', signal);
          for (const counter of LIVE_COUNTERS) {
            const instances = counter.startsWith('disk')
              ? disks.map(({ instance }) => instance)
              : counter.startsWith('net')
                ? nics.map(({ id }) => id)
                : [''];
            for (const instance of instances)
              sink(handle, counter, instance, liveSampleAt(handle, counter, at));
          }
        }),
      );
    },
    async runInGuest() {
      enter('runInGuest');
      return '@@end\n';
    },
    async close() {},
  };
  return source;
}

/** The sample that is taken at an instant: any function will do; it is no whole number, as rates are not. */
export function liveSampleAt(handle: string, counter: LiveCounter, at: number): number {
  return sampleAt(handle, counter, at) + 0.25;
}
