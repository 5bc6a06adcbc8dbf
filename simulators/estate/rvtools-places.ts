/**
 * The places of an imported estate: datacenters, clusters, hosts, datastores and networks. What vHost,
 * vCluster and vDatastore say is read first; what a machine names beyond that is derived when it is named,
 * and listed.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { type Bytes, formatBytes, GIB, MIB, TIB } from '#core/units.ts';
import { vmfsUuid } from './addresses.ts';
import type { Cluster, Datacenter, Datastore, Host, Network } from './model.ts';
import type { Findings, Table } from './rvtools-table.ts';

/** Numbers objects as vCenter does, "host-12", keeping the ids that a workbook states. */
export class Ids {
  readonly #prefix: string;
  readonly #taken = new Set<string>();
  #next: number;

  constructor(prefix: string, first: number) {
    this.#prefix = prefix;
    this.#next = first;
  }

  /** The wanted id if it has vCenter's form and is free, else the next free number. */
  take(wanted?: string): string {
    let id = wanted;
    if (id === undefined || !this.#isForm(id) || this.#taken.has(id))
      do id = `${this.#prefix}${this.#next++}`;
      while (this.#taken.has(id));
    this.#taken.add(id);
    return id;
  }

  #isForm(id: string): boolean {
    return id.startsWith(this.#prefix) && /^[1-9]\d{0,8}$/.test(id.slice(this.#prefix.length));
  }
}

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
/** A derived datastore takes disks until it would grow beyond this; VMFS ends at 64 TiB. */
const DERIVED_DATASTORE_BYTES: Bytes = 32 * TIB;

interface DatastoreDraft {
  readonly id: string;
  readonly name: string;
  datacenterId: string | undefined;
  type: Datastore['type'];
  /** Undefined: derived from what lies on it. */
  capacityBytes: Bytes | undefined;
  freeBytes: Bytes | undefined;
  uuid: string | undefined;
  usedBytes: Bytes;
}

export class Places {
  readonly #entropy: Entropy;
  readonly #findings: Findings;
  readonly #datacenters = new Map<string, Datacenter>();
  readonly #clusters = new Map<string, Cluster>();
  readonly #clusterIds = new Map<string, string>();
  readonly #hosts = new Map<string, Host>();
  readonly #datastores: DatastoreDraft[] = [];
  readonly #networks = new Map<string, Network>();
  /** The derived datastore that the next disk of a cluster or host goes on. */
  readonly #filling = new Map<string, DatastoreDraft>();
  readonly #ids = {
    datacenter: new Ids('datacenter-', 2),
    cluster: new Ids('domain-c', 101),
    host: new Ids('host-', 201),
    datastore: new Ids('datastore-', 301),
    network: new Ids('network-', 401),
    portgroup: new Ids('dvportgroup-', 501),
  };

  constructor(entropy: Entropy, findings: Findings) {
    this.#entropy = entropy;
    this.#findings = findings;
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
    const seen = new Set<string>();
    for (const row of table.rows()) {
      const name = row.text('name', 255);
      if (name === undefined) {
        if (row.isBlank('name')) row.report('name', 'is empty: the datastore has no name');
        continue;
      }
      const hostNames = (row.text('hosts') ?? '').split(/[,;]\s*/);
      const host = hostNames.map((each) => this.#hosts.get(each.trim().toLowerCase())).find((each) => each);
      const key = `${host?.datacenterId ?? ''}/${name}`;
      if (seen.has(key)) {
        row.report('name', `"${name}" is there twice`);
        continue;
      }
      seen.add(key);
      const capacity = row.whole('capacityMiB', 0, 4_294_967_296);
      const free = row.whole('freeMiB', 0, 4_294_967_296);
      const uuid = /\/vmfs\/volumes\/([^/]+)/.exec(row.text('url') ?? '')?.[1];
      if (capacity !== undefined && free !== undefined && free > capacity)
        row.report('freeMiB', `"${free}" is more than the capacity`);
      this.#datastores.push({
        id: this.#ids.datastore.take(row.text('objectId', 64)),
        name,
        datacenterId: host?.datacenterId,
        type: this.#datastoreType(name, row.text('type', 64)),
        capacityBytes: capacity === undefined || capacity === 0 ? undefined : capacity * MIB,
        freeBytes: free === undefined ? undefined : free * MIB,
        uuid,
        usedBytes: 0,
      });
    }
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

  /** The datastore with a name in a datacenter; derived when vDatastore does not have it. */
  datastoreNamed(name: string, datacenterId: string, sizeBytes: Bytes): { id: string; name: string } {
    let found =
      this.#datastores.find((each) => each.name === name && each.datacenterId === datacenterId) ??
      this.#datastores.find((each) => each.name === name && each.datacenterId === undefined);
    if (!found) {
      this.#findings.derive(`datastore ${name}`, 'everything but the name', 'VMFS', 'not in vDatastore');
      found = this.#addDatastore(name, datacenterId);
    }
    found.datacenterId ??= datacenterId;
    found.usedBytes += sizeBytes;
    return found;
  }

  /** A datastore for a disk of which no path is known. */
  anyDatastore(host: Host, sizeBytes: Bytes): { id: string; name: string } {
    const place = host.clusterId ?? host.id;
    let store = this.#filling.get(place);
    if (!store || (store.usedBytes > 0 && store.usedBytes + sizeBytes > DERIVED_DATASTORE_BYTES)) {
      store = this.#addDatastore(this.#freeDatastoreName(), host.datacenterId);
      this.#filling.set(place, store);
      this.#findings.derive(
        `datastore ${store.name}`,
        'name',
        store.name,
        'the workbook names no disk paths',
      );
    }
    store.usedBytes += sizeBytes;
    return store;
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
      if (!this.#datastores.some((each) => each.datacenterId === id)) {
        const free = this.#datastores.find((each) => each.datacenterId === undefined);
        if (free) free.datacenterId = id;
        else this.#addDatastore(this.#freeDatastoreName(), id);
      }
      if (![...this.#networks.values()].some((each) => each.datacenterId === id)) {
        this.networkNamed('VM Network', id);
        this.#findings.derive(`datacenter ${name}`, 'network', 'VM Network', NO_COLUMN);
      }
    }
    return {
      datacenters: [...this.#datacenters.values()],
      clusters: [...this.#clusters.values()],
      hosts: [...this.#hosts.values()],
      datastores: this.#datastores.map((draft) => this.#finishDatastore(draft)),
      networks: [...this.#networks.values()],
    };
  }

  #finishDatastore(draft: DatastoreDraft): Datastore {
    const [first] = this.#datacenters.values();
    let capacityBytes = draft.capacityBytes;
    if (capacityBytes === undefined) {
      capacityBytes = Math.max(1, Math.ceil((draft.usedBytes * 1.25) / TIB)) * TIB;
      this.#findings.derive(
        `datastore ${draft.name}`,
        'capacity',
        formatBytes(capacityBytes),
        'what lies on it and a quarter more',
      );
    }
    return {
      id: draft.id,
      name: draft.name,
      datacenterId: draft.datacenterId ?? first!.id,
      type: draft.type,
      capacityBytes,
      freeBytes: draft.freeBytes ?? Math.max(0, capacityBytes - draft.usedBytes),
      uuid: draft.uuid ?? vmfsUuid(this.#entropy, draft.id),
    };
  }

  #datastoreType(name: string, type: string | undefined): Datastore['type'] {
    const lower = type?.toLowerCase() ?? '';
    if (lower.startsWith('nfs')) return 'NFS';
    if (lower.startsWith('vsan')) return 'vsan';
    if (lower !== 'vmfs')
      this.#findings.derive(
        `datastore ${name}`,
        'type',
        'VMFS',
        type === undefined ? NO_COLUMN : `${type} is not modelled`,
      );
    return 'VMFS';
  }

  #addDatastore(name: string, datacenterId: string): DatastoreDraft {
    const draft: DatastoreDraft = {
      id: this.#ids.datastore.take(),
      name,
      datacenterId,
      type: 'VMFS',
      capacityBytes: undefined,
      freeBytes: undefined,
      uuid: undefined,
      usedBytes: 0,
    };
    this.#datastores.push(draft);
    return draft;
  }

  #freeDatastoreName(): string {
    for (let number = 1; ; number++)
      if (!this.#datastores.some((each) => each.name === `datastore${number}`)) return `datastore${number}`;
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
