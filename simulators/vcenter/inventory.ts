/**
 * The inventory tree over an estate. Everything but virtual machines is made at the start, in the estate's
 * order, with ids from one counter as vCenter numbers them; the id of a machine says its index, so that
 * machines are made when they are asked for.
 */
import { assert } from '#core/assert.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import { type Bytes, DAY, type UnixMillis } from '#core/units.ts';
import type { Estate } from '../estate/estate.ts';
import type { Machine } from '../estate/model.ts';
import { ComputeObject, PoolObject } from './objects/compute.ts';
import { DatastoreObject } from './objects/datastore.ts';
import { DatacenterObject, FolderObject, VM_FOLDER_TYPES } from './objects/folder.ts';
import { HostObject } from './objects/host.ts';
import { NetworkObject, PortgroupObject, SwitchObject } from './objects/network.ts';
import type { Entity, ManagedObject } from './objects/object.ts';
import { vmxUuid } from './vm/paths.ts';
import { VirtualMachine } from './vm/virtual-machine.ts';

interface Place {
  readonly folder: FolderObject;
  readonly host: HostObject;
  readonly pool: PoolObject;
}

export class Inventory {
  readonly estate: Estate;
  readonly entropy: Entropy;
  /** When configurations were last changed before the story. */
  readonly createdAt: UnixMillis;
  /** Hosts have been up for longer than any machine that the estate lets run. */
  readonly hostBootTime: UnixMillis;
  readonly root: FolderObject;
  readonly #fixed = new Map<string, ManagedObject>();
  readonly #datacenters = new Map<string, DatacenterObject>();
  readonly #computes = new Map<string, ComputeObject>();
  readonly #hosts = new Map<string, HostObject>();
  readonly #datastores = new Map<string, DatastoreObject>();
  readonly #networks = new Map<string, NetworkObject>();
  readonly #switches = new Map<string, SwitchObject>();
  readonly #places: Place[] = [];
  readonly #vms: Array<VirtualMachine | undefined> = [];
  readonly #allocated = new Map<string, Bytes>();
  readonly #indexByMachine = new Map<string, number>();
  readonly #firstVm: number;
  #number = 1;

  constructor(estate: Estate, { entropy, startedAt }: { entropy: Entropy; startedAt: UnixMillis }) {
    this.estate = estate;
    this.entropy = entropy;
    this.createdAt = startedAt - 400 * DAY;
    this.hostBootTime = startedAt - 100 * DAY;
    this.root = this.#keep(new FolderObject('group-d1', 'Datacenters', undefined, ['Folder', 'Datacenter']));
    const { facts } = estate;
    for (const { id, name } of facts.datacenters) {
      const datacenter = this.#keep(new DatacenterObject(this.#take(5), name, this.root));
      for (const folder of datacenter.children()) this.#keep(folder);
      this.root.add(datacenter);
      this.#datacenters.set(id, datacenter);
    }
    for (const { id, name, datacenterId } of facts.clusters)
      this.#addCompute(id, 'cluster', name, datacenterId);
    for (const host of facts.hosts) this.#addHost(host.id);
    for (const datastore of facts.datastores) this.#addDatastore(datastore.id);
    for (const network of facts.networks) this.#addNetwork(network.id);
    for (const [index, machine] of facts.machines.entries()) this.#placeMachine(machine, index);
    this.#firstVm = Math.ceil((this.#number + 1) / 1000) * 1000 + 1;
  }

  /** A managed object of the inventory by its id; snapshots, tasks and session objects live elsewhere. */
  find(id: string): ManagedObject | undefined {
    const match = /^vm-(\d{1,9})$/.exec(id);
    if (!match) return this.#fixed.get(id);
    const index = Number(match[1]) - this.#firstVm;
    return index >= 0 && index < this.#places.length && match[1] === String(index + this.#firstVm)
      ? this.vm(index)
      : undefined;
  }

  /** @param index position among the estate's machines. */
  vm(index: number): VirtualMachine {
    const known = this.#vms[index];
    if (known) return known;
    const machine = this.estate.facts.machines[index];
    const place = this.#places[index];
    assert(machine && place, `the estate has no machine ${index}`);
    const vm = new VirtualMachine(`vm-${this.#firstVm + index}`, index, machine, {
      inventory: this,
      parent: place.folder,
      host: place.host,
      pool: place.pool,
    });
    this.#vms[index] = vm;
    return vm;
  }

  vms(): VirtualMachine[] {
    return this.#places.map((_, index) => this.vm(index));
  }

  vmOf(machineId: string): VirtualMachine {
    const index = this.#indexByMachine.get(machineId);
    assert(index !== undefined, `the estate has no machine ${machineId}`);
    return this.vm(index);
  }

  datacenterOf(datacenterId: string): DatacenterObject {
    return present(this.#datacenters.get(datacenterId), `datacenter ${datacenterId}`);
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

  datastore(datastoreId: string): DatastoreObject {
    return present(this.#datastores.get(datastoreId), `datastore ${datastoreId}`);
  }

  network(networkId: string): NetworkObject {
    return present(this.#networks.get(networkId), `network ${networkId}`);
  }

  /** Bytes of a disk that are not known to be zero now; counted once, until the disk is written to. */
  allocatedBytes(diskId: string): Bytes {
    let bytes = this.#allocated.get(diskId);
    if (bytes === undefined) {
      bytes = this.estate
        .disk(diskId)
        .allocated()
        .reduce((sum, { length }) => sum + length, 0);
      this.#allocated.set(diskId, bytes);
    }
    return bytes;
  }

  /** A disk was written to. */
  forgetAllocated(diskId: string): void {
    this.#allocated.delete(diskId);
  }

  /** Every entity, parents before children; machines last in their folders. */
  *entities(from: Entity = this.root): Iterable<Entity> {
    yield from;
    for (const child of from.children()) yield* this.entities(child);
  }

  #take(count = 1): number {
    const first = this.#number + 1;
    this.#number += count;
    return first;
  }

  #keep<T extends ManagedObject>(object: T): T {
    this.#fixed.set(object.ref.id, object);
    return object;
  }

  #addCompute(id: string, kind: 'cluster' | 'host', name: string, datacenterId: string): ComputeObject {
    const folder = this.datacenterOf(datacenterId).hostFolder;
    const compute = this.#keep(new ComputeObject(kind, this.#take(2), name, folder));
    this.#keep(compute.pool);
    this.#keep(compute.environmentBrowser);
    this.#keep(compute.environmentBrowser.browser);
    folder.add(compute);
    this.#computes.set(id, compute);
    return compute;
  }

  #addHost(id: string): void {
    const facts = this.estate.facts.hosts.find((host) => host.id === id)!;
    const compute =
      (facts.clusterId === undefined ? undefined : this.#computes.get(facts.clusterId)) ??
      this.#addCompute(`host:${id}`, 'host', facts.name, facts.datacenterId);
    const host = this.#keep(new HostObject(`host-${this.#take()}`, facts, compute));
    this.#keep(host.browser);
    compute.hosts.push(host);
    this.#hosts.set(id, host);
  }

  #addDatastore(id: string): void {
    const facts = this.estate.facts.datastores.find((datastore) => datastore.id === id)!;
    const datacenter = this.datacenterOf(facts.datacenterId);
    const datastore = this.#keep(
      new DatastoreObject(`datastore-${this.#take()}`, facts, datacenter.datastoreFolder),
    );
    this.#keep(datastore.browser);
    datacenter.datastoreFolder.add(datastore);
    datacenter.datastores.push(datastore);
    for (const host of this.#hostsIn(facts.datacenterId)) {
      datastore.hosts.push(host);
      host.datastores.push(datastore);
    }
    this.#datastores.set(id, datastore);
  }

  #addNetwork(id: string): void {
    const facts = this.estate.facts.networks.find((network) => network.id === id)!;
    const datacenter = this.datacenterOf(facts.datacenterId);
    const folder = datacenter.networkFolder;
    let network: NetworkObject;
    if (facts.kind === 'distributed') {
      const carrier = this.#switchOf(facts.datacenterId);
      const portgroup = new PortgroupObject(`dvportgroup-${this.#take()}`, facts, folder, carrier);
      carrier.portgroups.push(portgroup);
      network = portgroup;
    } else network = new NetworkObject(`network-${this.#take()}`, facts, folder);
    this.#keep(network);
    folder.add(network);
    datacenter.networks.push(network);
    for (const host of this.#hostsIn(facts.datacenterId)) {
      network.hosts.push(host);
      host.networks.push(network);
    }
    this.#networks.set(id, network);
  }

  /** The one distributed switch of a datacenter, made for its first distributed network. */
  #switchOf(datacenterId: string): SwitchObject {
    const known = this.#switches.get(datacenterId);
    if (known) return known;
    const folder = this.datacenterOf(datacenterId).networkFolder;
    const uuid = vmxUuid(`50${this.entropy.hex(30, 'vcenter.switch', datacenterId)}`);
    const carrier = this.#keep(new SwitchObject(`dvs-${this.#take()}`, 'DSwitch', folder, uuid));
    carrier.hosts.push(...this.#hostsIn(datacenterId));
    folder.add(carrier);
    this.#switches.set(datacenterId, carrier);
    return carrier;
  }

  #hostsIn(datacenterId: string): HostObject[] {
    return [...this.#hosts.values()].filter((host) => host.facts.datacenterId === datacenterId);
  }

  #placeMachine(machine: Machine, index: number): void {
    const host = present(this.#hosts.get(machine.hostId), `host ${machine.hostId}`);
    const folder = this.#folderOf(machine);
    const pool = this.#poolOf(machine, host.compute);
    const vmAt = (at: number): VirtualMachine => this.vm(at);
    this.#places.push({ folder, host, pool });
    this.#indexByMachine.set(machine.id, index);
    folder.vms.add(index, vmAt);
    host.vms.add(index, vmAt);
    if (!machine.template) pool.vms.add(index, vmAt);
    for (const id of new Set(machine.disks.map((disk) => disk.datastoreId)))
      this.datastore(id).vms.add(index, vmAt);
    for (const id of new Set(machine.nics.map((nic) => nic.networkId))) this.network(id).vms.add(index, vmAt);
  }

  #folderOf(machine: Machine): FolderObject {
    let folder = this.datacenterOf(machine.datacenterId).vmFolder;
    for (const name of machine.folder) {
      let next = folder.subfolder(name);
      if (!next) {
        next = this.#keep(new FolderObject(`group-v${this.#take()}`, name, folder, VM_FOLDER_TYPES));
        folder.add(next);
      }
      folder = next;
    }
    return folder;
  }

  /** Pools below the root pool "Resources", by what follows that word in the estate's path. */
  #poolOf(machine: Machine, compute: ComputeObject): PoolObject {
    const path = (machine.resourcePool ?? '').split('/').filter((part) => part !== '');
    let pool = compute.pool;
    for (const name of path.slice(path.lastIndexOf('Resources') + 1)) {
      let next = pool.pools.find((child) => child.name === name);
      if (!next) {
        next = this.#keep(new PoolObject(this.#take(), name, pool, compute));
        pool.pools.push(next);
      }
      pool = next;
    }
    return pool;
  }
}

function present<T>(value: T | undefined, what: string): T {
  assert(value !== undefined, `the estate has no ${what}`);
  return value;
}
