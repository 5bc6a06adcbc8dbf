/**
 * An estate from a seed, counts and a mix. Names follow from the counts alone (web-001, db-003, DC0,
 * dc0-c0-h0 …), everything else from (seed, index): machine 17 is the same machine in an estate of 20 and of
 * 20,000, but for the host, network and datastores it lands on. Cost is linear in machines.
 */
import { Entropy } from '#core/entropy/entropy.ts';
import { defineErrors } from '#core/errors.ts';
import { type Bytes, GIB, TIB } from '#core/units.ts';
import { macAddress, privateAddress, vmfsUuid } from './addresses.ts';
import { ESX_BUILDS, LINUX, NAME_PREFIX, ROLES, SIZING, WINDOWS } from './generate-catalogue.ts';
import { withVariety } from './generate-variety.ts';
import type {
  Cluster,
  Datastore,
  DiskFacts,
  EstateFacts,
  Host,
  Machine,
  Network,
  Nic,
  OsFamily,
  WorkloadShape,
} from './model.ts';
import { weightedPick, workloadFor } from './workload-guess.ts';
import { SHAPES } from './workload-shapes.ts';

export const errors = defineErrors({
  'estate.generate.badOptions': {
    blame: 'input',
    why: 'An estate has 1 to 100,000 machines, at most 10,000 hosts, and weights that are 0 or more, not all 0.',
    next: 'Correct the value.',
  },
});

const MAX_MACHINES = 100_000;
const MAX_HOSTS = 10_000;

export interface GenerateOptions {
  readonly seed: string;
  readonly machines: number;
  /** One for every 25 machines when left out. */
  readonly hosts?: number;
  /** Weights of the families; 60 to 40 when left out. */
  readonly mix?: { readonly windows: number; readonly linux: number };
  /** Weights of load shapes over the whole estate; each role's own when left out. */
  readonly shapes?: Readonly<Partial<Record<WorkloadShape, number>>>;
  readonly name?: string;
  /** Every kind of device, disk, place and state that the model knows; see generate-variety.ts. */
  readonly variety?: boolean;
}

const HOSTS_PER_CLUSTER = 16;
const CLUSTERS_PER_DATACENTER = 8;
const MACHINES_PER_HOST = 25;
const DATASTORES_PER_CLUSTER = 4;
const NETWORKS = ['VM Network', 'Servers', 'Backup'] as const;

/**
 * Generates an estate.
 * @throws `estate.generate.badOptions`
 */
export function generateEstate(options: GenerateOptions): EstateFacts {
  const { seed, machines: count } = options;
  checkOptions(options);
  const entropy = new Entropy(seed);
  const hostCount = options.hosts ?? Math.max(1, Math.ceil(count / MACHINES_PER_HOST));
  const { datacenters, clusters, hosts, networks } = generateInfrastructure(entropy, hostCount);

  const mix = options.mix ?? { windows: 60, linux: 40 };
  const windowsShare = mix.windows / (mix.windows + mix.linux);
  const usedByDatastore = new Map<string, Bytes>();
  const machines: Machine[] = [];
  for (let index = 0; index < count; index++) {
    // Evenly spread and exact: after n machines, n × share of them, rounded down, are Windows.
    const family: OsFamily =
      Math.floor((index + 1) * windowsShare + 1e-9) > Math.floor(index * windowsShare + 1e-9)
        ? 'windows'
        : 'linux';
    const host = hosts[index % hosts.length]!;
    const machine = generateMachine(
      entropy,
      index,
      family,
      host,
      clusters[(index % hosts.length) % clusters.length]!,
      networks,
      options.shapes,
    );
    for (const disk of machine.disks)
      usedByDatastore.set(disk.datastoreId, (usedByDatastore.get(disk.datastoreId) ?? 0) + disk.sizeBytes);
    machines.push(machine);
  }

  const facts: EstateFacts = {
    seed,
    name: options.name ?? `generated-${count}`,
    vcenterUuid: entropy.uuid('estate.vcenter'),
    datacenters,
    clusters,
    hosts,
    datastores: clusters.flatMap((cluster) => generateDatastores(entropy, cluster, usedByDatastore)),
    networks,
    machines,
    cpuTraces: new Map(),
    derivations: [],
  };
  return options.variety ? withVariety(facts, entropy) : facts;
}

function checkOptions({ machines, hosts, mix, shapes }: GenerateOptions): void {
  const bad = (what: string) => errors.make('estate.generate.badOptions', { what });
  if (!Number.isInteger(machines) || machines < 1 || machines > MAX_MACHINES)
    throw bad(`${machines} machines cannot be generated.`);
  if (hosts !== undefined && (!Number.isInteger(hosts) || hosts < 1 || hosts > MAX_HOSTS))
    throw bad(`${hosts} hosts cannot be generated.`);
  for (const [name, weights] of [
    ['mix', mix],
    ['shapes', shapes],
  ] as const) {
    if (weights === undefined) continue;
    const values = Object.values(weights);
    if (values.some((value) => !Number.isFinite(value) || value < 0) || !values.some((value) => value > 0))
      throw bad(`The weights of ${name} make no mix: ${JSON.stringify(weights)}.`);
  }
  for (const shape of Object.keys(shapes ?? {}))
    if (!SHAPES.includes(shape as WorkloadShape))
      throw bad(`There is no load shape ${shape}; there are ${SHAPES.join(', ')}.`);
}

function generateInfrastructure(entropy: Entropy, hostCount: number) {
  const clusterCount = Math.ceil(hostCount / HOSTS_PER_CLUSTER);
  const datacenterCount = Math.ceil(clusterCount / CLUSTERS_PER_DATACENTER);
  const datacenters = Array.from({ length: datacenterCount }, (_, d) => ({
    id: `datacenter-${d + 1}`,
    name: `DC${d}`,
  }));
  const clusters: Cluster[] = Array.from({ length: clusterCount }, (_, c) => {
    const d = Math.floor(c / CLUSTERS_PER_DATACENTER);
    return {
      id: `domain-c${c + 1}`,
      name: `DC${d}_C${c % CLUSTERS_PER_DATACENTER}`,
      datacenterId: `datacenter-${d + 1}`,
    };
  });
  const hosts: Host[] = Array.from({ length: hostCount }, (_, h) => {
    // Hosts are dealt to clusters in turn, so that clusters differ in size by one at most.
    const cluster = clusters[h % clusterCount]!;
    const [version, build] = entropy.pick(ESX_BUILDS, 'estate.esx', cluster.id);
    const cores = entropy.pick([16, 20, 24, 32], 'estate.hostCores', cluster.id);
    return {
      id: `host-${h + 1}`,
      name: `${cluster.name.toLowerCase().replaceAll('_', '-')}-h${Math.floor(h / clusterCount)}.example`,
      datacenterId: cluster.datacenterId,
      clusterId: cluster.id,
      uuid: entropy.uuid('estate.host', h),
      vendor: 'Example Systems',
      model: `Rack ${cores * 2}`,
      cpuModel: 'Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz',
      cpuMhz: 2100,
      cpuPackages: 2,
      cpuCores: cores * 2,
      cpuThreads: cores * 4,
      memoryBytes: cores * 2 * 12 * GIB,
      version,
      build,
      maintenance: false,
    };
  });
  const networks: Network[] = datacenters.flatMap(({ id, name }, d) =>
    NETWORKS.map((network, n) => ({
      id: `network-${d * NETWORKS.length + n + 1}`,
      name: datacenters.length === 1 ? network : `${name} ${network}`,
      datacenterId: id,
      kind: 'standard' as const,
    })),
  );
  return { datacenters, clusters, hosts, networks };
}

function datastoreId(clusterId: string, index: number): string {
  return `datastore-${(Number(clusterId.replace('domain-c', '')) - 1) * DATASTORES_PER_CLUSTER + index + 1}`;
}

function datastoreNameOf(cluster: Cluster, index: number): string {
  return `${cluster.name}_DS${index}`;
}

function generateDatastores(
  entropy: Entropy,
  cluster: Cluster,
  used: ReadonlyMap<string, Bytes>,
): Datastore[] {
  return Array.from({ length: DATASTORES_PER_CLUSTER }, (_, index) => {
    const id = datastoreId(cluster.id, index);
    const usedBytes = used.get(id) ?? 0;
    const capacityBytes = Math.max(2, Math.ceil((usedBytes * 1.25) / TIB)) * TIB;
    return {
      id,
      name: datastoreNameOf(cluster, index),
      datacenterId: cluster.datacenterId,
      type: 'VMFS' as const,
      capacityBytes,
      freeBytes: capacityBytes - usedBytes,
      uuid: vmfsUuid(entropy, id),
    };
  });
}

function generateMachine(
  entropy: Entropy,
  index: number,
  family: OsFamily,
  host: Host,
  cluster: Cluster,
  networks: readonly Network[],
  shapes: GenerateOptions['shapes'],
): Machine {
  const role = ROLES[index % ROLES.length]!;
  const number = index + 1;
  const name = `${NAME_PREFIX[role]}-${String(number).padStart(3, '0')}`;
  const id = `vm-${number}`;
  const pick = <T>(items: readonly (readonly [T, number])[], stream: string, key = 0) =>
    weightedPick(items, entropy.ratio(stream, index, key));
  const { os, efi } = pick(family === 'windows' ? WINDOWS : LINUX, 'estate.os');
  const sizing = SIZING[role];
  const cores = pick(sizing.cores, 'estate.cores');
  const power = entropy.chance(0.06, 'estate.power', index) ? 'off' : 'on';
  const datastoreIndex = entropy.below(DATASTORES_PER_CLUSTER, 'estate.datastoreOf', index);
  const datastore = datastoreId(cluster.id, datastoreIndex);
  const sizes = [
    family === 'windows'
      ? pick(
          [
            [60, 4],
            [80, 4],
            [120, 2],
          ],
          'estate.osDisk',
        )
      : pick(
          [
            [20, 2],
            [40, 5],
            [60, 3],
          ],
          'estate.osDisk',
        ),
  ];
  for (let d = pick(sizing.dataDisks, 'estate.dataDisks'); d > 0; d--)
    sizes.push(pick(sizing.dataGiB, 'estate.dataGiB', d));
  const datastoreName = datastoreNameOf(cluster, datastoreIndex);
  const thin = entropy.chance(0.7, 'estate.thin', index);
  const disks = sizes.map(
    (sizeGiB, disk): DiskFacts => ({
      id: `${id}/${disk}`,
      index: disk,
      label: `Hard disk ${disk + 1}`,
      sizeBytes: sizeGiB * GIB,
      thin,
      controller: disk === 0 && family === 'windows' ? 'lsilogicsas' : 'pvscsi',
      bus: family === 'windows' && disk > 0 ? 1 : 0,
      unit: family === 'windows' && disk > 0 ? disk - 1 : disk,
      mode: 'persistent',
      raw: false,
      shared: false,
      datastoreId: datastore,
      path: `[${datastoreName}] ${name}/${name}${disk === 0 ? '' : `_${disk}`}.vmdk`,
      uuid: entropy.uuid('estate.disk', index, disk),
    }),
  );
  const nicCount = role === 'db' || role === 'file' ? 2 : 1;
  const nets = networks.filter((network) => network.datacenterId === host.datacenterId);
  const nics = Array.from(
    { length: nicCount },
    (_, nic): Nic => ({
      index: nic,
      networkId: nets[nic === 0 ? entropy.below(2, 'estate.network', index) : 2]!.id,
      macAddress: macAddress(index * 2 + nic),
      adapter: os.bits === 32 ? 'e1000' : 'vmxnet3',
      connected: true,
      ipAddresses: power === 'on' ? [privateAddress(index, nic)] : [],
    }),
  );
  return {
    id,
    name,
    dnsName: `${name}.example`,
    datacenterId: host.datacenterId,
    clusterId: cluster.id,
    hostId: host.id,
    folder: [role === 'test' ? 'Test' : 'Production'],
    biosUuid: entropy.uuid('estate.bios', index),
    instanceUuid: entropy.uuid('estate.instance', index),
    template: false,
    cores,
    sockets: cores > 8 ? 2 : 1,
    memoryMiB: cores * pick(sizing.memoryPerCore, 'estate.memory') * 1024,
    firmware: efi ? 'efi' : 'bios',
    os,
    annotation: '',
    hardwareVersion: host.version.startsWith('6') ? 14 : host.version.startsWith('7') ? 17 : 20,
    tools: power === 'on' ? 'running' : 'notRunning',
    toolsVersion: 11333,
    disks,
    nics,
    workload: workloadFor(entropy, id, role, shapes),
    power,
  };
}
