/**
 * The places of an imported estate: datacenters, clusters, hosts, datastores and networks. What vHost,
 * vCluster and vDatastore say is read first; what a machine names beyond that is derived when it is named,
 * and listed.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { formatBytes, GIB, MIB } from '#core/units.ts';
import type { Cluster, Datacenter, Datastore, Host, Network } from './model.ts';
import { Datastores } from './rvtools-datastores.ts';
import { Ids } from './rvtools-ids.ts';
import type { Findings, Table } from './rvtools-table.ts';

/** Where a machine says it is. */
export interface Placement {
  readonly datacenter: string | undefined;
  readonly cluster: string | undefined;
  readonly host: string | undefined;
}

const NO_COLUMN = 'the workbook does not say';
/** A typical two-socket server, for hosts of which only the name is known. */
const TYPICAL_HOST = {
  vendor: 'Example Systems',
  model: 'Rack 32',
  cpuModel: 'Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz',
  cpuMhz: 2100,
  cpuPackages: 2,
  cpuCores: 32,
  memoryBytes: 512 * GIB,
  version: '6.7.0',
  build: '17167734',
};

export class Places {
  readonly #entropy: Entropy;
  readonly #findings: Findings;
  readonly datastores: Datastores;
  readonly #datacenters = new Map<string, Datacenter>();
  readonly #clusters = new Map<string, Cluster>();
  readonly #clusterIds = new Map<string, string>();
  readonly #hosts = new Map<string, Host>();
  readonly #networks = new Map<string, Network>();
  readonly #ids = {
    datacenter: new Ids('datacenter-', 2),
    cluster: new Ids('domain-c', 101),
    host: new Ids('host-', 201),
    network: new Ids('network-', 401),
    portgroup: new Ids('dvportgroup-', 501),
  };

  constructor(entropy: Entropy, findings: Findings) {
    this.#entropy = entropy;
    this.#findings = findings;
    this.datastores = new Datastores(entropy, findings);
  }

  readClusters(table: Table<'vCluster'>): void {
    for (const row of table.rows()) {
      const name = row.text('name', 255);
      const id = row.text('objectId', 64);
      if (name === undefined) {
        if (row.isBlank('name')) row.report('name', 'is empty: the cluster has no name');
      } else if (this.#clusterIds.has(name)) row.report('name', `"${name}" is there twice`);
      else this.#clusterIds.set(name, this.#ids.cluster.take(id));
    }
  }

  readHosts(table: Table<'vHost'>): void {
    for (const row of table.rows()) {
      const name = row.text('name', 255);
      if (name === undefined) {
        if (row.isBlank('name')) row.report('name', 'is empty: the host has no name');
        continue;
      }
      if (this.#hosts.has(name.toLowerCase())) {
        row.report('name', `"${name}" is there twice`);
        continue;
      }
      const build = /(\d+\.\d+\.\d+).*?(?:build-?\s*(\d+))?$/i.exec(row.text('version', 255) ?? '');
      const packages = row.whole('packages', 1, 64);
      const cores = row.whole('cores', 1, 4096);
      const hyperthreading = row.flag('hyperthreading');
      const memoryMiB = row.whole('memoryMiB', 64, 67_108_864);
      const or = <T extends string | number>(field: string, value: T | undefined, typical: T): T => {
        if (value !== undefined) return value;
        this.#findings.derive(
          `host ${name}`,
          field,
          field === 'memory' ? formatBytes(Number(typical)) : typical,
          NO_COLUMN,
        );
        return typical;
      };
      const cpuCores = or('cores', cores, TYPICAL_HOST.cpuCores);
      this.#addHost(name, row.text('datacenter', 255), row.text('cluster', 255), {
        objectId: row.text('objectId', 64),
        uuid: row.uuid('uuid'),
        vendor: or('vendor', row.text('vendor', 255), TYPICAL_HOST.vendor),
        model: or('model', row.text('model', 255), TYPICAL_HOST.model),
        cpuModel: or('CPU model', row.text('cpuModel', 255), TYPICAL_HOST.cpuModel),
        cpuMhz: or('CPU speed', row.whole('speedMhz', 100, 10_000), TYPICAL_HOST.cpuMhz),
        cpuPackages: or('sockets', packages, Math.min(TYPICAL_HOST.cpuPackages, cpuCores)),
        cpuCores,
        cpuThreads: or(
          'threads',
          hyperthreading === undefined ? undefined : cpuCores * (hyperthreading ? 2 : 1),
          cpuCores * 2,
        ),
        memoryBytes: or(
          'memory',
          memoryMiB === undefined ? undefined : memoryMiB * MIB,
          TYPICAL_HOST.memoryBytes,
        ),
        version: or('version', build?.[1], TYPICAL_HOST.version),
        build: or('build', build?.[2], TYPICAL_HOST.build),
        maintenance: row.flag('maintenance') ?? false,
      });
    }
  }

  readDatastores(table: Table<'vDatastore'>): void {
    this.datastores.read(table, (name) => this.#hosts.get(name.toLowerCase()));
  }

  /** The host of a machine; its datacenter and cluster are the machine's, whatever the machine's row says. */
  hostOf(object: string, key: string, at: Placement): Host {
    if (at.host !== undefined) {
      const known = this.#hosts.get(at.host.toLowerCase());
      if (!known) {
        this.#findings.derive(`host ${at.host}`, 'everything but the name', 'a typical host', 'not in vHost');
        return this.#addHost(at.host, at.datacenter, at.cluster, this.#typicalHost());
      }
      this.#noteMove(object, at, known);
      return known;
    }
    const clusterHosts = [...this.#hosts.values()].filter(
      (host) =>
        (at.datacenter === undefined || this.#nameOfDatacenter(host) === at.datacenter) &&
        (at.cluster === undefined || this.#nameOfCluster(host) === at.cluster),
    );
    const host =
      clusterHosts.length > 0
        ? this.#entropy.pick(clusterHosts, 'estate.import.host', key)
        : this.#addHost(this.#freeHostName(), at.datacenter, at.cluster, this.#typicalHost());
    this.#findings.derive(object, 'host', host.name, NO_COLUMN);
    return host;
  }

  networkNamed(name: string, datacenterId: string, switchName?: string): Network {
    const key = `${datacenterId}/${name}`;
    let network = this.#networks.get(key);
    if (!network) {
      // Standard switches are named vSwitch0, vSwitch1 …; anything else is somebody's distributed switch.
      const distributed = switchName !== undefined && !/^vswitch\d*$/i.test(switchName);
      network = {
        id: distributed ? this.#ids.portgroup.take() : this.#ids.network.take(),
        name,
        datacenterId,
        kind: distributed ? 'distributed' : 'standard',
      };
      this.#networks.set(key, network);
    }
    return network;
  }

  /** All places, after the last machine was placed. Every datacenter gets at least a datastore and a network. */
  finish(): {
    datacenters: Datacenter[];
    clusters: Cluster[];
    hosts: Host[];
    datastores: Datastore[];
    networks: Network[];
  } {
    if (this.#datacenters.size === 0) this.#datacenterNamed(undefined);
    for (const name of this.#clusterIds.keys())
      if (![...this.#clusters.values()].some((cluster) => cluster.name === name)) {
        const [first] = this.#datacenters.values();
        this.#findings.derive(
          `cluster ${name}`,
          'datacenter',
          first!.name,
          'it has no hosts and no machines',
        );
        this.#clusterNamed(name, first!.id);
      }
    for (const { id, name } of this.#datacenters.values()) {
      if (![...this.#networks.values()].some((each) => each.datacenterId === id)) {
        this.networkNamed('VM Network', id);
        this.#findings.derive(`datacenter ${name}`, 'network', 'VM Network', NO_COLUMN);
      }
    }
    return {
      datacenters: [...this.#datacenters.values()],
      clusters: [...this.#clusters.values()],
      hosts: [...this.#hosts.values()],
      datastores: this.datastores.finish([...this.#datacenters.values()]),
      networks: [...this.#networks.values()],
    };
  }

  #freeHostName(): string {
    for (let number = 1; ; number++) {
      const name = `esx-${String(number).padStart(2, '0')}.example`;
      if (!this.#hosts.has(name)) return name;
    }
  }

  #typicalHost() {
    const { cpuCores } = TYPICAL_HOST;
    return {
      ...TYPICAL_HOST,
      cpuThreads: cpuCores * 2,
      maintenance: false,
      objectId: undefined,
      uuid: undefined,
    };
  }

  #addHost(
    name: string,
    datacenter: string | undefined,
    cluster: string | undefined,
    facts: Omit<Host, 'id' | 'name' | 'datacenterId' | 'clusterId' | 'uuid'> & {
      objectId: string | undefined;
      uuid: string | undefined;
    },
  ): Host {
    const { objectId, uuid, ...rest } = facts;
    const { id: datacenterId } = this.#datacenterNamed(datacenter);
    const host: Host = {
      id: this.#ids.host.take(objectId),
      name,
      datacenterId,
      ...(cluster === undefined ? {} : { clusterId: this.#clusterNamed(cluster, datacenterId).id }),
      uuid: uuid ?? this.#entropy.uuid('estate.import.host', name),
      ...rest,
    };
    this.#hosts.set(name.toLowerCase(), host);
    return host;
  }

  #datacenterNamed(wanted: string | undefined): Datacenter {
    const [first] = this.#datacenters.values();
    if (wanted === undefined && first) return first;
    const name = wanted ?? 'Datacenter';
    let datacenter = this.#datacenters.get(name);
    if (!datacenter) {
      if (wanted === undefined) this.#findings.derive('datacenter', 'name', name, NO_COLUMN);
      datacenter = { id: this.#ids.datacenter.take(), name };
      this.#datacenters.set(name, datacenter);
    }
    return datacenter;
  }

  /** Clusters of one name in two datacenters are two clusters; the id in vCluster goes to the first. */
  #clusterNamed(name: string, datacenterId: string): Cluster {
    const key = `${datacenterId}/${name}`;
    let cluster = this.#clusters.get(key);
    if (!cluster) {
      const stated = this.#clusterIds.get(name);
      const free = stated !== undefined && ![...this.#clusters.values()].some(({ id }) => id === stated);
      cluster = { id: free ? stated : this.#ids.cluster.take(), name, datacenterId };
      this.#clusters.set(key, cluster);
    }
    return cluster;
  }

  #nameOfDatacenter(host: Host): string {
    return [...this.#datacenters.values()].find(({ id }) => id === host.datacenterId)!.name;
  }

  #nameOfCluster(host: Host): string | undefined {
    return [...this.#clusters.values()].find(({ id }) => id === host.clusterId)?.name;
  }

  #noteMove(object: string, at: Placement, host: Host): void {
    const datacenter = this.#nameOfDatacenter(host);
    const cluster = this.#nameOfCluster(host);
    if (at.datacenter !== undefined && at.datacenter !== datacenter)
      this.#findings.derive(
        object,
        'datacenter',
        datacenter,
        `its host is there; its own row says ${at.datacenter}`,
      );
    if (at.cluster !== undefined && at.cluster !== cluster)
      this.#findings.derive(
        object,
        'cluster',
        cluster ?? 'none',
        `its host is there; its own row says ${at.cluster}`,
      );
  }
}
