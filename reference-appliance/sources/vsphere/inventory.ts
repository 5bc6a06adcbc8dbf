/**
 * From managed objects to machines: how a machine is put together from its own properties and those of the host,
 * cluster, resource pools, datacenter and folders it lies in; and which machine an object is.
 *
 * A machine is its instance UUID. Objects come and go under it: a machine that is unregistered and registered again has
 * another one, and may for a moment have both.
 */
import type { XmlElement } from '#core/wire/xml/element.ts';
import type { InventoryPlace, VmwareMachine, VmwareNic } from '../../app/source-machines.ts';
import { readReference } from './connection.ts';
import {
  countSnapshots,
  type Device,
  type GuestNic,
  type NicDevice,
  readDevice,
  readDisks,
  readGuestNic,
  readOs,
  readPower,
  unescapeName,
} from './machine-properties.ts';
import type { NamedObject } from './privileges.ts';
import type { ObjectUpdate } from './property-collector.ts';
import { type Scope, scopeTest } from './scope.ts';

/** Bounds a question about privileges. */
const PLACES_MAX = 100;

interface Entry {
  readonly id: string;
  readonly type: string;
  name: string;
  parent: string | undefined;
  /** Of a vApp: where it lies among the folders; its parent is a pool. */
  folder: string | undefined;
  /** Of a host. */
  version: string;
  processorModel: string;
  processorSockets: number;
}

/** What is known of one virtual machine: one field per property, so that an update replaces just its field. */
interface MachineFacts {
  values: Map<string, string>;
  devices: readonly Device[];
  guestNics: readonly GuestNic[];
  snapshots: number;
  /** The identity under which it was told, if it was. */
  toldAs: string | undefined;
}

/** The appliance's picture of one vCenter, kept up to date by updates. */
export class Inventory {
  readonly #entries = new Map<string, Entry>();
  readonly #machines = new Map<string, MachineFacts>();
  readonly #touched = new Set<string>();
  /** Instance UUID → the object that it was last told of. */
  readonly #objects = new Map<string, string>();
  /** Instance UUID → objects that claim it as well. */
  readonly #doubles = new Map<string, Set<string>>();
  /** Instance UUIDs whose object has gone, or is another machine now. */
  readonly #left = new Set<string>();
  readonly #isInScope: (machine: VmwareMachine) => boolean;
  #surroundingsChanged = false;

  constructor(scope: Scope | undefined) {
    this.#isInScope = scopeTest(scope);
  }

  /** Forgets everything: the server tells it anew. */
  clear(): void {
    for (const known of [this.#entries, this.#machines, this.#touched, this.#objects]) known.clear();
    this.#doubles.clear();
    this.#left.clear();
  }

  apply({ kind, object, changes }: ObjectUpdate): void {
    const { type, id } = object;
    if (type === 'VirtualMachine') return this.#applyMachine(kind, id, changes);
    this.#surroundingsChanged = true;
    if (kind === 'leave') {
      this.#entries.delete(id);
      return;
    }
    const entry = this.#entries.get(id) ?? newEntry(id, type);
    for (const [path, value] of changes) applyToEntry(entry, path, value);
    this.#entries.set(id, entry);
  }

  /** Machines that changed since the last call (all of them when a host, cluster or folder did), and those gone. */
  takeChanges(): { machines: VmwareMachine[]; removed: string[] } {
    const handles = this.#surroundingsChanged ? [...this.#machines.keys()] : [...this.#touched];
    const machines = new Map<string, VmwareMachine>();
    for (const handle of handles) this.#tell(handle, machines);
    // whose object has gone, and who is still here as another one
    for (const uuid of this.#left)
      if (!this.#objects.has(uuid))
        for (const handle of this.#doubles.get(uuid) ?? []) this.#tell(handle, machines);
    const removed = [...this.#left].filter((uuid) => !this.#objects.has(uuid));
    this.#touched.clear();
    this.#left.clear();
    this.#surroundingsChanged = false;
    return { machines: [...machines.values()], removed };
  }

  /** Name of the datacenter, with the folders above it, of the machine's files: what /folder calls dcPath. */
  datacenterPath(handle: string): string {
    const values = this.#machines.get(handle)?.values;
    const chain = this.#ancestors(values?.get('parentVApp') ?? values?.get('parent'), 'folders');
    const at = chain.findIndex(({ type }) => type === 'Datacenter');
    return at < 0 ? '' : pathOf(chain.slice(at));
  }

  /** One machine of each folder, and the datastores: what privileges are looked up on. */
  samplePlaces(): { machines: NamedObject[]; datastores: NamedObject[] } {
    const folders = new Map<string, NamedObject>();
    for (const [id, { values, toldAs }] of this.#machines) {
      const folder = values.get('parentVApp') ?? values.get('parent') ?? '';
      if (toldAs === undefined || folders.has(folder)) continue;
      const name = `${pathOf(this.#ancestors(folder, 'folders'))}/${unescapeName(values.get('name') ?? id)}`;
      folders.set(folder, { object: { type: 'VirtualMachine', id }, name });
      if (folders.size === PLACES_MAX) break;
    }
    const datastores = [...this.#entries.values()]
      .filter(({ type }) => type === 'Datastore')
      .slice(0, PLACES_MAX)
      .map(({ type, id, name }) => ({ object: { type, id }, name: `datastore ${name}` }));
    return { machines: [...folders.values()], datastores };
  }

  /** Adds the machine that an object is, if it is one to look at. */
  #tell(handle: string, into: Map<string, VmwareMachine>): void {
    const facts = this.#machines.get(handle);
    // without an identity it is just being created, or its host is not connected: what was told of it stays
    const machine = facts && this.#assemble(handle, facts);
    if (!machine) return;
    const uuid = machine.instanceUuid;
    if (facts.toldAs !== uuid || !this.#isInScope(machine)) this.#untell(handle, facts);
    if (!this.#isInScope(machine)) return;
    const other = this.#objects.get(uuid);
    if (other !== undefined && other !== handle) {
      const doubles = this.#doubles.get(uuid) ?? new Set<string>();
      if (doubles.has(handle)) return; // the object that came last is the machine, as long as it is there
      this.#doubles.set(uuid, doubles.add(other));
    }
    this.#doubles.get(uuid)?.delete(handle);
    this.#objects.set(uuid, handle);
    facts.toldAs = uuid;
    into.set(uuid, machine);
  }

  /** The object is not that machine any more. */
  #untell(handle: string, facts: MachineFacts): void {
    const uuid = facts.toldAs;
    if (uuid === undefined) return;
    facts.toldAs = undefined;
    this.#doubles.get(uuid)?.delete(handle);
    if (this.#objects.get(uuid) !== handle) return;
    this.#objects.delete(uuid);
    this.#left.add(uuid);
  }

  #applyMachine(
    kind: ObjectUpdate['kind'],
    id: string,
    changes: ReadonlyMap<string, XmlElement | undefined>,
  ): void {
    if (kind === 'leave') {
      const facts = this.#machines.get(id);
      if (facts) this.#untell(id, facts);
      this.#machines.delete(id);
      this.#touched.delete(id);
      return;
    }
    const facts: MachineFacts = this.#machines.get(id) ?? {
      values: new Map(),
      devices: [],
      guestNics: [],
      snapshots: 0,
      toldAs: undefined,
    };
    for (const [path, value] of changes) {
      if (path === 'config.hardware.device') facts.devices = value ? value.children.map(readDevice) : [];
      else if (path === 'guest.net') facts.guestNics = value ? value.children.map(readGuestNic) : [];
      else if (path === 'snapshot') facts.snapshots = value ? countSnapshots(value, 'rootSnapshotList') : 0;
      else if (value) facts.values.set(path, value.text);
      else facts.values.delete(path);
    }
    this.#machines.set(id, facts);
    this.#touched.add(id);
  }

  /**
   * From the given object up to, not including, the root folder: that has no parent, and no place in paths.
   * @param tree a vApp lies in both
   */
  #ancestors(from: string | undefined, tree: 'folders' | 'hosts'): Entry[] {
    const chain: Entry[] = [];
    for (let id = from; id !== undefined && chain.length < 100; ) {
      const entry = this.#entries.get(id);
      if (!entry || (entry.type === 'Folder' && entry.parent === undefined)) break;
      chain.push(entry);
      id = tree === 'folders' ? (entry.folder ?? entry.parent) : entry.parent;
    }
    return chain;
  }

  #assemble(
    handle: string,
    { values, devices, guestNics, snapshots }: MachineFacts,
  ): VmwareMachine | undefined {
    const instanceUuid = values.get('config.instanceUuid');
    if (!instanceUuid) return undefined;
    const text = (path: string): string => values.get(path) ?? '';
    const host = this.#entries.get(text('runtime.host'));
    const compute = this.#ancestors(host?.parent, 'hosts')[0];
    const folders = this.#ancestors(values.get('parentVApp') ?? values.get('parent'), 'folders');
    const datacenter = folders.find(({ type }) => type === 'Datacenter');
    const pools = this.#ancestors(values.get('resourcePool'), 'hosts');
    const aboveCompute = pools.findIndex(({ type }) => /ComputeResource$/.test(type)) + 1;
    const cores = Number(text('config.hardware.numCPU'));
    return {
      kind: 'vmware',
      handle,
      instanceUuid,
      biosUuid: text('config.uuid'),
      name: unescapeName(text('name')),
      isTemplate: text('config.template') === 'true',
      power: readPower(text('runtime.powerState')),
      cores,
      coresPerSocket: Number(text('config.hardware.numCoresPerSocket')) || 1,
      memoryMiB: Number(text('config.hardware.memoryMB')),
      firmware: text('config.firmware') === 'efi' ? 'EFI' : 'BIOS',
      os: readOs(text('config.guestId'), text('guest.guestFullName') || text('summary.config.guestFullName')),
      description: text('summary.config.annotation'),
      datacenter: datacenter?.name ?? '',
      folder: pathOf(folders),
      path: folders.map(placeOf).reverse(),
      cluster: compute?.type === 'ClusterComputeResource' ? compute.name : '',
      resourcePool: pathOf(aboveCompute > 0 ? pools.slice(0, aboveCompute) : pools),
      host: host?.name ?? '',
      hostVersion: host?.version ?? '',
      processorModel: host?.processorModel ?? '',
      processorSockets: host?.processorSockets ?? 0,
      guestHostName: text('guest.hostName'),
      toolsRunning: text('guest.toolsRunningStatus') === 'guestToolsRunning',
      toolsStatus: text('guest.toolsVersionStatus2') || text('guest.toolsRunningStatus'),
      toolsVersion: text('guest.toolsVersion'),
      changeTrackingSupported: text('capability.changeTrackingSupported') === 'true',
      changeTrackingEnabled: text('config.changeTrackingEnabled') === 'true',
      snapshots,
      diskUuidEnabled: text('config.flags.diskUuidEnabled'),
      disks: readDisks(devices),
      nics: devices.flatMap((device) => (device.nic ? [this.#nic(device, device.nic, guestNics)] : [])),
    };
  }

  #nic({ key, type }: Device, nic: NicDevice, guestNics: readonly GuestNic[]): VmwareNic {
    const seen = guestNics.find(({ macAddress }) => macAddress === nic.macAddress);
    return {
      id: String(key),
      label: nic.label,
      adapterType: type,
      macAddress: nic.macAddress,
      addresses: seen?.addresses ?? [],
      networkName:
        (nic.network && this.#entries.get(nic.network)?.name) || nic.networkName || seen?.network || '',
    };
  }
}

function newEntry(id: string, type: string): Entry {
  return {
    id,
    type,
    name: '',
    parent: undefined,
    folder: undefined,
    version: '',
    processorModel: '',
    processorSockets: 0,
  };
}

function applyToEntry(entry: Entry, path: string, value: XmlElement | undefined): void {
  const text = value?.text ?? '';
  if (path === 'name') entry.name = unescapeName(text);
  else if (path === 'parent') entry.parent = value && readReference(value).id;
  else if (path === 'parentFolder') entry.folder = value && readReference(value).id;
  else if (path === 'summary.config.product.version') entry.version = text;
  else if (path === 'summary.hardware.cpuModel') entry.processorModel = text;
  else if (path === 'summary.hardware.numCpuPkgs') entry.processorSockets = Number(text);
}

function placeOf({ id, type, name }: Entry): InventoryPlace {
  return { type, id, name };
}

/** Names from the outermost inwards. */
function pathOf(chain: readonly Entry[]): string {
  return chain
    .map(({ name }) => name)
    .reverse()
    .join('/');
}
