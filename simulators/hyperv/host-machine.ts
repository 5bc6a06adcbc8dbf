/**
 * A Hyper-V host is a Windows server, too: the machine that it would be in an estate of servers, so that its
 * services, processes, files and shell are those of any other.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { GIB, MIB } from '#core/units.ts';
import { Estate } from '../estate/estate.ts';
import { type Guests, guestsOf } from '../estate/guest/guests.ts';
import type { Datastore, EstateFacts, Host, Machine, Network } from '../estate/model.ts';
import { Nodes } from './cluster.ts';
import { RELEASES, type WindowsRelease } from './hyperv-host.ts';

const SYSTEM_DISK = 480 * GIB;
/** Storage and network that hosts have for themselves. */
const LOCAL = 'local';

interface Insides {
  readonly clock: Clock;
  readonly guests: Guests;
  readonly estate: Estate;
}

/** One set for the hosts of an estate, so that all of them know of each other who is up. */
const INSIDES = new WeakMap<EstateFacts, Insides>();

/**
 * Guests whose machine ids are the ids of the hosts.
 * @param release of hosts that do not say their own
 */
export function guestsOfHosts(
  facts: EstateFacts,
  release: WindowsRelease,
  options: { clock: Clock; entropy: Entropy },
): Guests {
  return insidesOf(facts, release, options).guests;
}

/** The hosts of an estate as nodes. */
export function nodesOf(
  estate: Estate,
  release: WindowsRelease,
  options: { clock: Clock; entropy: Entropy },
): Nodes {
  let nodes = NODES.get(estate);
  if (!nodes) {
    const insides = insidesOf(estate.facts, release, options);
    const made = new Nodes({ estate, insides: insides.guests, clock: options.clock });
    insides.estate.onChange((change) => {
      if (change.kind === 'power') made.powerChanged(change.machineId);
    });
    NODES.set(estate, made);
    nodes = made;
  }
  return nodes;
}

const NODES = new WeakMap<Estate, Nodes>();

function insidesOf(
  facts: EstateFacts,
  release: WindowsRelease,
  options: { clock: Clock; entropy: Entropy },
): Insides {
  let insides = INSIDES.get(facts);
  if (insides?.clock !== options.clock) {
    const estate = hostEstate(facts, release, options);
    insides = { clock: options.clock, estate, guests: guestsOf(estate) };
    INSIDES.set(facts, insides);
  }
  return insides;
}

function hostEstate(
  facts: EstateFacts,
  release: WindowsRelease,
  options: { clock: Clock; entropy: Entropy },
): Estate {
  const own = (host: Host): WindowsRelease =>
    Object.values(RELEASES).find(({ version }) => version === host.version) ?? release;
  const machines = facts.hosts.map((host, i) => hostMachine(host, i, own(host), options.entropy));
  const [datacenter] = facts.datacenters;
  const datacenterId = datacenter?.id ?? '';
  const bytes = facts.hosts.length * SYSTEM_DISK;
  const datastores: Datastore[] = [
    {
      id: LOCAL,
      name: LOCAL,
      datacenterId,
      type: 'VMFS',
      capacityBytes: bytes,
      freeBytes: 0,
      uuid: options.entropy.uuid('hyperv.local'),
    },
  ];
  const networks: Network[] = [{ id: LOCAL, name: LOCAL, datacenterId, kind: 'standard' }];
  return new Estate({ ...facts, platform: 'physical', datastores, networks, machines }, options);
}

function hostMachine(host: Host, index: number, release: WindowsRelease, entropy: Entropy): Machine {
  const address = `10.255.${Math.floor(index / 250)}.${(index % 250) + 4}`;
  const mac = entropy.hex(6, 'hyperv.hostMac', host.id).match(/../g)!.join(':');
  return {
    id: host.id,
    name: host.name.split('.')[0]!,
    dnsName: host.name,
    datacenterId: host.datacenterId,
    hostId: host.id,
    folder: [],
    biosUuid: host.uuid,
    instanceUuid: host.uuid,
    template: false,
    cores: host.cpuThreads,
    sockets: host.cpuPackages,
    memoryMiB: Math.floor(host.memoryBytes / MIB),
    firmware: 'efi',
    os: { family: 'windows', fullName: release.caption, guestId: 'windows9Server64Guest', bits: 64 },
    annotation: '',
    hardwareVersion: 0,
    tools: 'notInstalled',
    toolsVersion: 0,
    disks: [
      {
        id: `${host.id}/0`,
        index: 0,
        label: 'Hard disk 1',
        sizeBytes: SYSTEM_DISK,
        thin: false,
        controller: 'sata',
        bus: 0,
        unit: 0,
        mode: 'persistent',
        raw: false,
        shared: false,
        datastoreId: LOCAL,
        path: '',
        uuid: entropy.uuid('hyperv.hostDisk', host.id),
      },
    ],
    nics: [
      {
        index: 0,
        networkId: LOCAL,
        macAddress: `00:15:5d:${mac}`,
        adapter: 'e1000e',
        connected: true,
        ipAddresses: [address],
      },
    ],
    workload: {
      shape: 'steady',
      cpuLevel: 0.08,
      memoryLevel: 0.4,
      diskKBps: 800,
      diskIops: 40,
      netKBps: 400,
      churnBytesPerHour: 0,
    },
    power: 'on',
  };
}
