/**
 * The parts of a datacentre beside vCenter: machines on Hyper-V, and servers that stand by themselves. Made as any
 * estate is (generate.ts), then given names, addresses and hosts of their own, so that all parts together are one
 * datacentre: no id, name or address is there twice.
 */
import { Entropy } from '#core/entropy/entropy.ts';
import { generateEstate } from './generate.ts';
import type { Cluster, Datastore, EstateFacts, Host, Machine, Network, OperatingSystem } from './model.ts';
import { recogniseOs } from './os-names.ts';

export interface HypervPlan {
  /** Machines, over all hosts in turn. */
  readonly servers: number;
  /** Hosts of each failover cluster. */
  readonly clusters: readonly number[];
  /** Hosts outside of clusters. */
  readonly standalone: number;
  /** Version of the hosts' Windows: "10.0.17763". */
  readonly version: string;
}

export interface ServersPlan {
  readonly windows: number;
  readonly linux: number;
}

/** Second part of the 10.x addresses; see `privateAddress`. */
const HYPERV_NET = 32;
const SERVERS_NET = 48;
const DATACENTER = { id: 'datacenter-1', name: 'DC0' } as const;

/** Operating systems of servers in a rack, in turn: those of the support matrix, with what differs between them. */
const SERVER_LINUX = [
  'Red Hat Enterprise Linux 7 (64-bit)',
  'Ubuntu 18.04 (64-bit)',
  'CentOS 6 (64-bit)',
  'SUSE Linux Enterprise 15 (64-bit)',
  'Debian GNU/Linux 11 (64-bit)',
  'Red Hat Enterprise Linux 5 (64-bit)',
  'Oracle Linux 8 (64-bit)',
  'Ubuntu 14.04 (64-bit)',
  'Amazon Linux 2 (64-bit)',
  'Red Hat Enterprise Linux 9 (64-bit)',
  'SUSE Linux Enterprise 11 (64-bit)',
  'CentOS 7 (64-bit)',
  'Ubuntu 20.04 (64-bit)',
  'Debian GNU/Linux 8 (64-bit)',
  'Red Hat Enterprise Linux 6 (64-bit)',
  'SUSE Linux Enterprise 12 (64-bit)',
  'Oracle Linux 6 (64-bit)',
  'CentOS 8 (64-bit)',
  'Debian GNU/Linux 9 (64-bit)',
  'Ubuntu 16.04 (64-bit)',
];
const SERVER_WINDOWS = [
  'Microsoft Windows Server 2019 (64-bit)',
  'Microsoft Windows Server 2012 R2 (64-bit)',
  'Microsoft Windows Server 2016 (64-bit)',
  'Microsoft Windows Server 2022 (64-bit)',
  'Microsoft Windows Server 2008 R2 (64-bit)',
];
const CHASSIS = [
  ['HPE', 'ProLiant DL380 Gen10'],
  ['Dell Inc.', 'PowerEdge R640'],
  ['Lenovo', 'ThinkSystem SR650'],
] as const;

/** Hyper-V hosts and the machines on them. */
export function generateHyperv(seed: string, plan: HypervPlan): EstateFacts {
  const entropy = new Entropy(seed);
  const made = generateEstate({ seed: `${seed} hyperv`, machines: plan.servers, hosts: 1 });
  const { clusterId: _, ...base } = made.hosts[0]!;
  const clusters: Cluster[] = plan.clusters.map((_, c) => ({
    id: `hv-cluster-${c + 1}`,
    name: `HVC${c + 1}`,
    datacenterId: DATACENTER.id,
  }));
  const host = (id: string, name: string, clusterId: string | undefined): Host => ({
    ...base,
    id,
    name: `${name}.example`,
    datacenterId: DATACENTER.id,
    ...(clusterId === undefined ? {} : { clusterId }),
    uuid: entropy.uuid('estate.hypervHost', id),
    vendor: 'HPE',
    model: 'ProLiant DL380 Gen10',
    version: plan.version,
    build: plan.version.split('.').at(-1)!,
  });
  const hosts = [
    ...plan.clusters.flatMap((count, c) =>
      Array.from({ length: count }, (_, n) =>
        host(`hv-host-${c + 1}-${n + 1}`, `hvc${c + 1}-n${n + 1}`, clusters[c]!.id),
      ),
    ),
    ...Array.from({ length: plan.standalone }, (_, n) =>
      host(`hv-host-s${n + 1}`, `hv-s${n + 1}`, undefined),
    ),
  ];
  const network: Network = {
    id: 'hv-network-1',
    name: 'ConvergedSwitch',
    datacenterId: DATACENTER.id,
    kind: 'standard',
  };
  const storage: Datastore = {
    ...made.datastores[0]!,
    id: 'hv-storage-1',
    name: 'Volume1',
    datacenterId: DATACENTER.id,
  };
  return {
    ...made,
    seed,
    name: 'hyperv',
    platform: 'hyperv',
    datacenters: [DATACENTER],
    clusters,
    hosts,
    datastores: [storage],
    networks: [network],
    machines: made.machines.map((machine, index) => {
      const place = hosts[index % hosts.length]!;
      const rest = moved(machine, index, {
        prefix: 'hv',
        mark: 'h',
        net: HYPERV_NET,
        network: network.id,
        datastore: storage.id,
        oui: '00:15:5d',
        entropy,
      });
      return {
        ...rest,
        hostId: place.id,
        ...(place.clusterId === undefined ? {} : { clusterId: place.clusterId }),
        tools: machine.power === 'on' ? 'running' : 'notRunning',
      };
    }),
  };
}

/** Servers in racks, each a chassis with one machine that is on. */
export function generateServers(seed: string, plan: ServersPlan): EstateFacts {
  const entropy = new Entropy(seed);
  const count = plan.windows + plan.linux;
  const made = generateEstate({
    seed: `${seed} servers`,
    machines: count,
    hosts: 1,
    mix: { windows: plan.windows, linux: plan.linux },
  });
  const { clusterId: _, ...base } = made.hosts[0]!;
  const hosts: Host[] = [];
  const network: Network = {
    id: 'srv-network-1',
    name: 'Rack',
    datacenterId: DATACENTER.id,
    kind: 'standard',
  };
  const storage: Datastore = {
    ...made.datastores[0]!,
    id: 'srv-storage-1',
    name: 'local',
    datacenterId: DATACENTER.id,
  };
  const seen = { windows: 0, linux: 0, other: 0 };
  const machines = made.machines.map((machine, index): Machine => {
    const { family } = machine.os;
    const names = family === 'windows' ? SERVER_WINDOWS : SERVER_LINUX;
    const os = osNamed(names[seen[family]++ % names.length]!);
    const [vendor, model] = CHASSIS[index % CHASSIS.length]!;
    const rest = moved(machine, index, {
      prefix: 'srv',
      mark: 'p',
      net: SERVERS_NET,
      network: network.id,
      datastore: storage.id,
      oui: '3c:a8:2a',
      entropy,
    });
    const sockets = rest.cores >= 4 ? 2 : 1;
    hosts.push({
      ...base,
      id: `srv-host-${index + 1}`,
      name: rest.dnsName,
      datacenterId: DATACENTER.id,
      uuid: rest.biosUuid,
      vendor,
      model,
      cpuPackages: sockets,
      cpuCores: rest.cores,
      cpuThreads: rest.cores,
      memoryBytes: rest.memoryMiB * 2 ** 20,
      version: '',
      build: '',
    });
    return {
      ...rest,
      os,
      sockets,
      hostId: `srv-host-${index + 1}`,
      power: 'on',
      tools: 'notInstalled',
      toolsVersion: 0,
      firmware: recogniseOs(os.fullName).efi ? 'efi' : 'bios',
      nics: rest.nics.map((nic) => ({ ...nic, ipAddresses: [addressOf(SERVERS_NET, index, nic.index)] })),
    };
  });
  return {
    ...made,
    seed,
    name: 'servers',
    platform: 'physical',
    datacenters: [DATACENTER],
    clusters: [],
    hosts,
    datastores: [storage],
    networks: [network],
    machines,
  };
}

interface Place {
  readonly prefix: string;
  /** Stands between role and number of a name: "web-h001". */
  readonly mark: string;
  readonly net: number;
  readonly network: string;
  readonly datastore: string;
  /** Of the makers of its adapters. */
  readonly oui: string;
  readonly entropy: Entropy;
}

function moved(
  { clusterId: _, ...machine }: Machine,
  index: number,
  place: Place,
): Omit<Machine, 'clusterId'> {
  const { prefix, entropy } = place;
  const id = `${prefix}-${index + 1}`;
  const name = machine.name.replace('-', `-${place.mark}`);
  return {
    ...machine,
    id,
    name,
    dnsName: `${name}.example`,
    datacenterId: DATACENTER.id,
    folder: [],
    biosUuid: entropy.uuid('estate.bios', id),
    instanceUuid: entropy.uuid('estate.instance', id),
    disks: machine.disks.map((disk) => ({
      ...disk,
      id: `${id}/${disk.index}`,
      datastoreId: place.datastore,
      path: `[${place.datastore}] ${name}/${disk.index}`,
      uuid: entropy.uuid('estate.disk', id, disk.index),
    })),
    nics: machine.nics.map((nic) => ({
      ...nic,
      networkId: place.network,
      macAddress: `${place.oui}:${(index * 4 + nic.index + 1).toString(16).padStart(6, '0').match(/../g)!.join(':')}`,
      ipAddresses: nic.ipAddresses.length === 0 ? [] : [addressOf(place.net, index, nic.index)],
    })),
  };
}

/** 10.a.b.c as `privateAddress` has it, in the block of the part. */
function addressOf(net: number, index: number, nic: number): string {
  return `10.${((nic % 4) << 6) + net + Math.floor(index / (254 * 254))}.${Math.floor(index / 254) % 254}.${(index % 254) + 1}`;
}

function osNamed(fullName: string): OperatingSystem {
  const { family, guestId, bits } = recogniseOs(fullName);
  return { family, fullName, guestId, bits };
}
