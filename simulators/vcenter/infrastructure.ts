/**
 * What machines live in and on: datacenters, folders, clusters and hosts, resource pools and vApps, datastores,
 * networks and switches. All but folders and pools of machines stay as the facts have them.
 */
import { assert } from '#core/assert.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import type { DistributedSwitch, EstateFacts, FolderPath, Machine, ResourcePool } from '../estate/model.ts';
import { ComputeObject } from './objects/compute.ts';
import { DatastoreObject } from './objects/datastore.ts';
import { DatacenterObject, FolderObject } from './objects/folder.ts';
import { HostObject } from './objects/host.ts';
import { NetworkObject, PortgroupObject, SwitchObject } from './objects/network.ts';
import { escapeName, type ManagedObject } from './objects/object.ts';
import { PoolObject } from './objects/pool.ts';
import { VirtualAppObject } from './objects/vapp.ts';
import { parseDatastorePath, vmxUuid } from './vm/paths.ts';

/** What a change of a folder or pool did to the tree. */
interface PlaceChange {
  readonly changed: ReadonlyArray<readonly [object: ManagedObject, properties: readonly string[]]>;
  readonly vanished: ManagedObject | undefined;
}

const ROOT_TYPES = ['Folder', 'Datacenter'];

export class Infrastructure {
  readonly root: FolderObject;
  readonly #facts: EstateFacts;
  readonly #entropy: Entropy;
  readonly #objects = new Map<string, ManagedObject>();
  readonly #datacenters = new Map<string, DatacenterObject>();
  /** By id of the cluster or of the stand-alone host. */
  readonly #computes = new Map<string, ComputeObject>();
  readonly #hosts = new Map<string, HostObject>();
  readonly #datastores = new Map<string, DatastoreObject>();
  readonly #networks = new Map<string, NetworkObject>();
  readonly #switches = new Map<string, SwitchObject>();
  readonly #poolFacts = new Map<string, ResourcePool>();
  #number = 1;

  constructor(facts: EstateFacts, entropy: Entropy) {
    this.#facts = facts;
    this.#entropy = entropy;
    this.root = this.#keep(new FolderObject('group-d1', 'Datacenters', undefined, ROOT_TYPES));
    for (const { id, name, folder = [] } of facts.datacenters) {
      const parent = this.#subfolder(this.root, folder);
      const datacenter = this.#keep(new DatacenterObject(id, this.#take(5), name, parent));
      for (const each of datacenter.children()) this.#keep(each);
      parent.add(datacenter);
      this.#datacenters.set(id, datacenter);
    }
    for (const { id, name, datacenterId, folder } of facts.clusters)
      this.#addCompute(id, 'cluster', name, datacenterId, folder);
    for (const pool of facts.resourcePools ?? [])
      this.#poolFacts.set(poolKey(pool.clusterId ?? pool.hostId!, pool.path), pool);
    for (const host of facts.hosts) this.#addHost(host);
    for (const datastore of facts.datastores) this.#addDatastore(datastore);
    for (const each of facts.switches ?? []) this.#addSwitch(each);
    for (const network of facts.networks) this.#addNetwork(network);
  }

  /** Numbers given out so far. */
  get lastNumber(): number {
    return this.#number;
  }

  find(id: string): ManagedObject | undefined {
    return this.#objects.get(id);
  }

  datacenters(): Iterable<DatacenterObject> {
    return this.#datacenters.values();
  }

  hosts(): Iterable<HostObject> {
    return this.#hosts.values();
  }

  datastores(): Iterable<DatastoreObject> {
    return this.#datastores.values();
  }

  /** Ids of clusters and of stand-alone hosts. */
  computeIds(): Iterable<string> {
    return this.#computes.keys();
  }

  datacenter(id: string): DatacenterObject {
    return present(this.#datacenters.get(id), `datacenter ${id}`);
  }

  host(id: string): HostObject {
    return present(this.#hosts.get(id), `host ${id}`);
  }

  datastore(id: string): DatastoreObject {
    return present(this.#datastores.get(id), `datastore ${id}`);
  }

  network(id: string): NetworkObject {
    return present(this.#networks.get(id), `network ${id}`);
  }

  /** Folder of machines, made if need be. */
  folder(datacenterId: string, path: FolderPath): FolderObject {
    return this.#subfolder(this.datacenter(datacenterId).vmFolder, path);
  }

  /** Pool or vApp below the root pool of a cluster or stand-alone host, made if need be. */
  pool(ownerId: string, path: readonly string[]): PoolObject {
    const compute = present(this.#computes.get(ownerId), `cluster or stand-alone host ${ownerId}`);
    let pool = compute.pool;
    for (const [depth, name] of path.entries()) {
      const next = pool.pools.find((child) => child.name === escapeName(name));
      pool = next ?? this.#addPool(ownerId, compute, pool, path.slice(0, depth + 1));
    }
    return pool;
  }

  /** The pool that is made there next is a vApp in that folder. */
  planVApp(clusterOrHostId: string, path: readonly string[], folder: FolderPath): void {
    this.#poolFacts.set(poolKey(clusterOrHostId, path), { kind: 'vApp', path, folder });
  }

  /** By what follows the word "Resources" in the estate's path. */
  poolOfMachine(machine: Machine): PoolObject {
    const path = (machine.resourcePool ?? '').split('/').filter((part) => part !== '');
    const { compute } = this.host(machine.hostId);
    return this.pool(compute.factsId, path.slice(path.lastIndexOf('Resources') + 1));
  }

  /** Datastores that hold its disks and its configuration; of a machine without any, the first of its datacenter. */
  datastoresOf(machine: Machine): DatastoreObject[] {
    const ids = [...new Set(machine.disks.map((disk) => disk.datastoreId))];
    const found = new Set(ids.map((id) => this.datastore(id)));
    const home = machine.home === undefined ? undefined : parseDatastorePath(machine.home);
    for (const datastore of home ? this.datacenter(machine.datacenterId).datastores : [])
      if (datastore.name === home?.datastore) found.add(datastore);
    if (found.size > 0) return [...found];
    return this.datacenter(machine.datacenterId).datastores.slice(0, 1);
  }

  /** Follows a folder or pool that was made, moved or renamed, or removed. */
  changePlace(
    kind: 'folder' | 'pool',
    ownerId: string,
    before: readonly string[] | undefined,
    after: readonly string[] | undefined,
  ): PlaceChange {
    const at = (path: readonly string[]) =>
      kind === 'folder' ? this.folder(ownerId, path) : this.pool(ownerId, path);
    const list = kind === 'folder' ? 'childEntity' : 'resourcePool';
    if (!before) {
      assert(after, `a ${kind} is made somewhere`);
      const parent = at(after.slice(0, -1));
      const made = at(after);
      const changed: Array<readonly [ManagedObject, readonly string[]]> = [[parent, [list]]];
      if (made instanceof VirtualAppObject) changed.push([made.folder, ['childEntity']]);
      return { changed, vanished: undefined };
    }
    // What was known of a pool there is in the pool; another one of that name is another one.
    if (kind === 'pool') this.#poolFacts.delete(poolKey(ownerId, before));
    const place = at(before);
    const from = at(before.slice(0, -1));
    from.drop(place as FolderObject & PoolObject);
    if (!after) {
      this.#objects.delete(place.ref.id);
      const changed: Array<readonly [ManagedObject, readonly string[]]> = [[from, [list]]];
      if (place instanceof VirtualAppObject) {
        place.folder.drop(place);
        changed.push([place.folder, ['childEntity']]);
      }
      return { changed, vanished: place };
    }
    const to = at(after.slice(0, -1));
    place.moveTo(to as FolderObject & PoolObject, after);
    const own = kind === 'folder' ? ['name', 'parent'] : ['name', 'parent', 'summary'];
    return {
      changed: [
        [from, [list]],
        [to, [list]],
        [place, own],
      ],
      vanished: undefined,
    };
  }

  #take(count = 1): number {
    const first = this.#number + 1;
    this.#number += count;
    return first;
  }

  #keep<T extends ManagedObject>(object: T): T {
    this.#objects.set(object.ref.id, object);
    return object;
  }

  #subfolder(from: FolderObject, path: FolderPath): FolderObject {
    let folder = from;
    for (const name of path) {
      let next = folder.subfolder(name);
      if (!next) {
        const prefix = /^[a-z]+-[a-z]/.exec(from.ref.id)![0];
        next = this.#keep(folder.makeSubfolder(`${prefix}${this.#take()}`, name));
      }
      folder = next;
    }
    return folder;
  }

  #addCompute(
    id: string,
    kind: 'cluster' | 'host',
    name: string,
    datacenterId: string,
    path: FolderPath = [],
  ): ComputeObject {
    const folder = this.#subfolder(this.datacenter(datacenterId).hostFolder, path);
    const cluster = this.#facts.clusters.find((each) => each.id === id);
    const compute = this.#keep(new ComputeObject(kind, id, this.#take(2), name, folder, cluster));
    this.#keep(compute.pool);
    this.#keep(compute.environmentBrowser);
    this.#keep(compute.environmentBrowser.browser);
    folder.add(compute);
    this.#computes.set(id, compute);
    return compute;
  }

  #addHost(facts: EstateFacts['hosts'][number]): void {
    const compute =
      (facts.clusterId === undefined ? undefined : this.#computes.get(facts.clusterId)) ??
      this.#addCompute(facts.id, 'host', facts.name, facts.datacenterId, facts.folder);
    const host = this.#keep(new HostObject(`host-${this.#take()}`, facts, compute));
    this.#keep(host.browser);
    for (const manager of host.managers.all()) this.#keep(manager);
    compute.hosts.push(host);
    this.#hosts.set(facts.id, host);
  }

  #addPool(ownerId: string, compute: ComputeObject, parent: PoolObject, path: readonly string[]): PoolObject {
    const facts = this.#poolFacts.get(poolKey(ownerId, path));
    const settings = { owner: compute, parent, path, facts };
    let pool: PoolObject;
    if (facts?.kind === 'vApp') {
      const datacenter = this.datacenter(compute.datacenterId);
      const folder = this.#subfolder(datacenter.vmFolder, facts.folder ?? []);
      const app = new VirtualAppObject(this.#take(), settings, folder);
      folder.add(app);
      pool = app;
    } else pool = new PoolObject(`resgroup-${this.#take()}`, settings);
    this.#keep(pool);
    parent.pools.push(pool);
    return pool;
  }

  #addDatastore(facts: EstateFacts['datastores'][number]): void {
    const datacenter = this.datacenter(facts.datacenterId);
    const folder = this.#subfolder(datacenter.datastoreFolder, facts.folder ?? []);
    const datastore = this.#keep(new DatastoreObject(`datastore-${this.#take()}`, facts, folder));
    this.#keep(datastore.browser);
    folder.add(datastore);
    datacenter.datastores.push(datastore);
    for (const host of this.#hostsIn(facts.datacenterId, facts.hostIds)) {
      datastore.hosts.push(host);
      host.datastores.push(datastore);
    }
    this.#datastores.set(facts.id, datastore);
  }

  #addNetwork(facts: EstateFacts['networks'][number]): void {
    const datacenter = this.datacenter(facts.datacenterId);
    const folder = this.#subfolder(datacenter.networkFolder, facts.folder ?? []);
    let network: NetworkObject;
    if (facts.kind === 'distributed') {
      const carrier = this.#switchOf(facts.datacenterId, facts.switch);
      const portgroup = new PortgroupObject(`dvportgroup-${this.#take()}`, facts, folder, carrier);
      carrier.portgroups.push(portgroup);
      network = portgroup;
    } else network = new NetworkObject(`network-${this.#take()}`, facts, folder);
    this.#keep(network);
    folder.add(network);
    datacenter.networks.push(network);
    for (const host of this.#hostsIn(facts.datacenterId, facts.hostIds)) {
      network.hosts.push(host);
      host.networks.push(network);
    }
    this.#networks.set(facts.id, network);
  }

  /** The named switch, or the one of a datacenter, made for its first distributed network. */
  #switchOf(datacenterId: string, id: string | undefined): SwitchObject {
    if (id !== undefined) return present(this.#switches.get(id), `distributed switch ${id}`);
    return (
      this.#switches.get(datacenterId) ??
      this.#addSwitch({ id: datacenterId, name: 'DSwitch', datacenterId, version: '7.0.3' })
    );
  }

  #addSwitch(facts: DistributedSwitch): SwitchObject {
    const { id, datacenterId } = facts;
    const folder = this.#subfolder(this.datacenter(datacenterId).networkFolder, facts.folder ?? []);
    const uuid = vmxUuid(`50${this.#entropy.hex(30, 'vcenter.switch', id)}`);
    const carrier = this.#keep(new SwitchObject(`dvs-${this.#take()}`, facts, folder, uuid));
    carrier.hosts.push(...this.#hostsIn(datacenterId, facts.hostIds));
    folder.add(carrier);
    this.#switches.set(id, carrier);
    return carrier;
  }

  #hostsIn(datacenterId: string, ids: readonly string[] | undefined): HostObject[] {
    if (ids) return ids.map((id) => this.host(id));
    return [...this.#hosts.values()].filter((host) => host.facts.datacenterId === datacenterId);
  }
}

function poolKey(ownerId: string, path: readonly string[]): string {
  return [ownerId, ...path].join('\n');
}

function present<T>(value: T | undefined, what: string): T {
  assert(value !== undefined, `the estate has no ${what}`);
  return value;
}
