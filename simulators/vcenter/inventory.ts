/**
 * The inventory tree over an estate, as it is now. Datacenters, hosts, storage and networks are made at the
 * start, in the estate's order, with ids from one counter as vCenter numbers them; the id of a machine says its
 * slot, so that machines are made when they are asked for. What happens to the estate afterwards (machines and
 * the folders and pools that hold them come, change and go) is followed change by change.
 */
import { assert, unreachable } from '#core/assert.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import { type Bytes, DAY, type UnixMillis } from '#core/units.ts';
import type { Estate, EstateChange } from '../estate/estate.ts';
import type { FolderPath, Machine } from '../estate/model.ts';
import type { Changes } from './changes.ts';
import { Infrastructure } from './infrastructure.ts';
import type { DatastoreObject } from './objects/datastore.ts';
import type { DatacenterObject, FolderObject } from './objects/folder.ts';
import type { HostObject } from './objects/host.ts';
import type { NetworkObject } from './objects/network.ts';
import type { Entity, ManagedObject } from './objects/object.ts';
import type { PoolObject } from './objects/pool.ts';
import { VirtualAppObject } from './objects/vapp.ts';
import type { VmList } from './objects/vm-list.ts';
import { VirtualMachine } from './vm/virtual-machine.ts';

/** A machine's number here: machines of the facts have theirs by order, later ones follow. */
type Slot = number;

interface Place {
  readonly machine: Machine;
  readonly host: HostObject;
  readonly pool: PoolObject;
  /** Folder, or the vApp that a machine is in. */
  readonly parent: FolderObject | VirtualAppObject;
  readonly datastores: readonly DatastoreObject[];
  readonly networks: readonly NetworkObject[];
}

/** What of a machine may read differently once its facts are others. */
const OF_FACTS = [
  'name',
  'parent',
  'parentVApp',
  'capability',
  'config',
  'layout',
  'layoutEx',
  'storage',
  'resourcePool',
  'resourceConfig',
  'runtime',
  'guest',
  'guestHeartbeatStatus',
  'summary',
  'datastore',
  'network',
  'environmentBrowser',
  'value',
  'customValue',
] as const;

export class Inventory {
  readonly estate: Estate;
  readonly entropy: Entropy;
  /** When configurations were last changed before the story. */
  readonly createdAt: UnixMillis;
  /** Hosts have been up for longer than any machine that the estate lets run. */
  readonly hostBootTime: UnixMillis;
  readonly root: FolderObject;
  readonly #infrastructure: Infrastructure;
  readonly #changes: Changes;
  readonly #places: Array<Place | undefined> = [];
  readonly #vms: Array<VirtualMachine | undefined> = [];
  /** Those that have been made. */
  readonly #vmById = new Map<string, VirtualMachine>();
  readonly #allocated = new Map<string, Bytes>();
  readonly #slotByMachine = new Map<string, Slot>();
  readonly #firstVm: number;
  readonly #vmAt = (slot: Slot): VirtualMachine => this.vm(slot);

  constructor(
    estate: Estate,
    { entropy, startedAt, changes }: { entropy: Entropy; startedAt: UnixMillis; changes: Changes },
  ) {
    this.estate = estate;
    this.entropy = entropy;
    this.#changes = changes;
    this.createdAt = startedAt - 400 * DAY;
    this.hostBootTime = startedAt - 100 * DAY;
    this.#infrastructure = new Infrastructure(estate.facts, entropy);
    this.root = this.#infrastructure.root;
    for (const machine of estate.machines()) this.#place(machine, this.#places.length);
    for (const { id } of estate.facts.datacenters)
      for (const path of estate.folders(id)) this.#infrastructure.folder(id, path);
    for (const id of this.#infrastructure.computeIds())
      for (const path of estate.pools(id)) this.#infrastructure.pool(id, path);
    this.#firstVm = Math.ceil((this.#infrastructure.lastNumber + 1) / 1000) * 1000 + 1;
  }

  /** A managed object of the inventory by its id; snapshots, tasks and session objects live elsewhere. */
  find(id: string): ManagedObject | undefined {
    const made = this.#vmById.get(id);
    if (made) return made;
    if (!id.startsWith('vm-')) return this.#infrastructure.find(id);
    const digits = id.slice(3);
    if (!/^\d{1,9}$/.test(digits)) return undefined;
    const slot = Number(digits) - this.#firstVm;
    return this.#places[slot] && digits === String(slot + this.#firstVm) ? this.vm(slot) : undefined;
  }

  vms(): VirtualMachine[] {
    return Array.from(this.#slotByMachine.values(), this.#vmAt);
  }

  vmOf(machineId: string): VirtualMachine {
    const slot = this.#slotByMachine.get(machineId);
    assert(slot !== undefined, `the inventory has no machine ${machineId}`);
    return this.vm(slot);
  }

  /** Makes a vApp in a pool and a folder. */
  makeVApp(parent: PoolObject, name: string, folder: FolderPath): VirtualAppObject {
    const path = [...parent.path, name];
    this.#infrastructure.planVApp(parent.owner.factsId, path, folder);
    this.estate.addPlace('pool', parent.owner.factsId, path);
    const made = parent.pools.find((pool) => pool.path.at(-1) === name);
    assert(made instanceof VirtualAppObject, 'a planned vApp is one');
    return made;
  }

  datacenterOf(datacenterId: string): DatacenterObject {
    return this.#infrastructure.datacenter(datacenterId);
  }

  datacenters(): Iterable<DatacenterObject> {
    return this.#infrastructure.datacenters();
  }

  hosts(): Iterable<HostObject> {
    return this.#infrastructure.hosts();
  }

  datastores(): Iterable<DatastoreObject> {
    return this.#infrastructure.datastores();
  }

  datastore(datastoreId: string): DatastoreObject {
    return this.#infrastructure.datastore(datastoreId);
  }

  network(networkId: string): NetworkObject {
    return this.#infrastructure.network(networkId);
  }

  /** Bytes of a disk that are not known to be zero now; counted once, until the disk is written to. */
  allocatedBytes(diskId: string): Bytes {
    let bytes = this.#allocated.get(diskId);
    if (bytes === undefined) {
      bytes = this.estate.allocatedBytes(diskId);
      this.#allocated.set(diskId, bytes);
    }
    return bytes;
  }

  /** Every entity once, parents before children; machines last in their folders. */
  *entities(from: Entity = this.root, seen: Set<Entity> = new Set()): Iterable<Entity> {
    if (seen.has(from)) return; // a vApp is in a folder and in a pool
    seen.add(from);
    yield from;
    for (const child of from.children()) yield* this.entities(child, seen);
  }

  /** Follows a change of the estate, and tells whoever listens what may read differently. */
  follow(change: EstateChange): void {
    switch (change.kind) {
      case 'power':
        return this.#powered(change.machineId);
      case 'disk':
        this.#allocated.delete(change.diskId);
        return this.#changes.changed(this.vmOf(change.machineId), 'layoutEx', 'storage', 'summary');
      case 'added': {
        const slot = this.#places.length;
        this.#tellHolders(this.#place(this.estate.machine(change.machineId)!, slot));
        return this.#changes.reshaped();
      }
      case 'removed':
        return this.#remove(change.machineId, change.machine);
      case 'changed':
        return this.#change(change.machineId, change.before);
      case 'folder':
      case 'pool':
        return this.#changePlace(change);
      default:
        return unreachable(change, 'a change of the estate');
    }
  }

  #powered(machineId: string): void {
    const vm = this.vmOf(machineId);
    this.#changes.changed(
      vm,
      'runtime',
      'summary',
      'guest',
      'guestHeartbeatStatus',
      'layout',
      'layoutEx',
      'storage',
      // Devices are connected while the machine is on.
      'config',
    );
  }

  #remove(machineId: string, { disks }: Machine): void {
    const slot = this.#slotByMachine.get(machineId);
    assert(slot !== undefined, `the inventory has no machine ${machineId}`);
    const place = this.#places[slot]!;
    this.#forEachList(place, (list) => list.remove(slot));
    this.#places[slot] = undefined;
    this.#slotByMachine.delete(machineId);
    for (const { id } of disks) this.#allocated.delete(id);
    const vm = this.#vms[slot];
    this.#vms[slot] = undefined;
    if (vm) {
      this.#vmById.delete(vm.ref.id);
      this.#changes.vanished(vm);
    }
    this.#tellHolders(place);
    this.#changes.reshaped();
  }

  #change(machineId: string, before: Machine): void {
    const slot = this.#slotByMachine.get(machineId);
    assert(slot !== undefined, `the inventory has no machine ${machineId}`);
    const was = this.#places[slot]!;
    const machine = this.estate.machine(machineId)!;
    for (const { id } of before.disks) this.#allocated.delete(id);
    const now = this.#placeOf(machine);
    const isMoved =
      was.host !== now.host ||
      was.pool !== now.pool ||
      was.parent !== now.parent ||
      machine.template !== before.template ||
      !sameMembers(was.datastores, now.datastores) ||
      !sameMembers(was.networks, now.networks);
    if (isMoved) {
      this.#forEachList(was, (list) => list.remove(slot));
      this.#forEachList(now, (list) => list.add(slot, this.#vmAt));
    }
    this.#places[slot] = now;
    this.#vms[slot]?.become(machine, now);
    this.#changes.changed(this.vm(slot), ...OF_FACTS);
    if (!isMoved) return;
    this.#tellHolders(was);
    this.#tellHolders(now);
    this.#changes.reshaped();
  }

  #changePlace(change: Extract<EstateChange, { readonly kind: 'folder' | 'pool' }>): void {
    const { kind, ownerId, before, after } = change;
    const told = this.#infrastructure.changePlace(kind, ownerId, before, after);
    // Machines inside have new facts now; nothing that they show has changed by it.
    if (before && after)
      for (const [slot, place] of this.#places.entries()) {
        if (!place) continue;
        const machine = this.estate.machine(place.machine.id)!;
        if (machine === place.machine) continue;
        this.#places[slot] = { ...place, machine };
        this.#vms[slot]?.become(machine, place);
      }
    for (const [object, properties] of told.changed) this.#changes.changed(object, ...properties);
    if (told.vanished) this.#changes.vanished(told.vanished);
    this.#changes.reshaped();
  }

  /** @param slot a machine's number here. */
  vm(slot: Slot): VirtualMachine {
    const known = this.#vms[slot];
    if (known) return known;
    const place = this.#places[slot];
    assert(place, `there is no machine in slot ${slot}`);
    const vm = new VirtualMachine(`vm-${this.#firstVm + slot}`, slot, this, place.machine, place);
    this.#vms[slot] = vm;
    this.#vmById.set(vm.ref.id, vm);
    return vm;
  }

  #place(machine: Machine, slot: Slot): Place {
    const place = this.#placeOf(machine);
    this.#places[slot] = place;
    this.#slotByMachine.set(machine.id, slot);
    this.#forEachList(place, (list) => list.add(slot, this.#vmAt));
    return place;
  }

  #placeOf(machine: Machine): Place {
    const infrastructure = this.#infrastructure;
    const host = infrastructure.host(machine.hostId);
    const pool = infrastructure.poolOfMachine(machine);
    const datastores = infrastructure.datastoresOf(machine);
    const networks = [...new Set(machine.nics.map((nic) => nic.networkId))];
    return {
      machine,
      host,
      pool,
      parent:
        pool instanceof VirtualAppObject ? pool : infrastructure.folder(machine.datacenterId, machine.folder),
      datastores,
      networks: networks.map((id) => infrastructure.network(id)),
    };
  }

  /** All lists that a machine in this place is in. */
  #forEachList({ machine, host, pool, parent, datastores, networks }: Place, act: (list: VmList) => void) {
    if (parent !== pool) act(parent.vms);
    act(host.vms);
    if (!machine.template) act(pool.vms);
    for (const datastore of datastores) act(datastore.vms);
    for (const network of networks) act(network.vms);
  }

  /** Whoever holds a machine has another list of machines now. */
  #tellHolders({ host, pool, parent, datastores, networks }: Place): void {
    if (parent !== pool) this.#changes.changed(parent, 'childEntity');
    for (const holder of [host, pool, ...datastores, ...networks]) this.#changes.changed(holder, 'vm');
  }
}

function sameMembers(some: readonly Entity[], others: readonly Entity[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each));
}
