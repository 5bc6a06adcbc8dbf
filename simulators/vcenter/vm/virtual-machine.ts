/**
 * A virtual machine as vCenter holds it: the estate's machine, and what only vCenter knows of it (snapshots,
 * change tracking, settings). Made when somebody looks, so that ten thousand of them cost nothing to start.
 */
import type { UnixMillis } from '#core/units.ts';
import type { AttributeValues, DiskFacts, Machine, PowerState } from '../../estate/model.ts';
import type { VirtualDisk } from '../../estate/virtual-disk.ts';
import type { Inventory } from '../inventory.ts';
import type { DatastoreObject } from '../objects/datastore.ts';
import type { HostObject } from '../objects/host.ts';
import type { NetworkObject } from '../objects/network.ts';
import { ENTITY_PROPERTIES, Entity, escapeName, type Properties, type Reading } from '../objects/object.ts';
import type { PoolObject } from '../objects/pool.ts';
import { VirtualAppObject } from '../objects/vapp.ts';
import type { TaskObject } from '../tasks.ts';
import type { Data, Value } from '../values.ts';
import { CAPABILITY, OLD_CAPABILITY, TRACKING_HARDWARE_VERSION } from './capability.ts';
import type { ChangeTracking } from './change-tracking.ts';
import { configOf } from './config.ts';
import { takesSnapshots } from './devices.ts';
import { DiskChain, type DiskLink } from './disk-chain.ts';
import { usageByDatastore } from './files.ts';
import { guestOf } from './guest.ts';
import { layoutExOf, layoutOf } from './layout.ts';
import {
  directoryOf,
  fileNameOf,
  formatDatastorePath,
  parseDatastorePath,
  withoutExtension,
} from './paths.ts';
import type { SnapshotObject } from './snapshot.ts';
import { movingSummaryOf, runtimeOf, summaryOf } from './summary.ts';

export const VIRTUAL_MACHINE: Properties<VirtualMachine> = {
  ...ENTITY_PROPERTIES,
  // A machine in a vApp has that, and no folder.
  parent: (self) => (self.vApp ? undefined : self.parent!.ref),
  parentVApp: (self) => self.vApp?.ref,
  capability: (self) =>
    self.machine.hardwareVersion >= TRACKING_HARDWARE_VERSION ? CAPABILITY : OLD_CAPABILITY,
  // vCenter has no configuration of a machine whose files it cannot read.
  config: (self, reading) =>
    self.machine.connection === 'inaccessible' || self.machine.connection === 'invalid'
      ? undefined
      : configOf(self, reading),
  layout: (self) => layoutOf(self),
  layoutEx: (self, { now }) => layoutExOf(self, now),
  storage: (self, { now }) => ({
    $: 'VirtualMachineStorageInfo',
    perDatastoreUsage: () => usageByDatastore(self),
    timestamp: now,
  }),
  environmentBrowser: (self) => self.host.compute.environmentBrowser.ref,
  resourcePool: (self) => (self.machine.template ? undefined : self.pool.ref),
  resourceConfig: (self) => ({
    $: 'ResourceConfigSpec',
    entity: self.ref,
    changeVersion: self.changeVersion,
    lastModified: self.modifiedAt,
    cpuAllocation: unlimited(self.machine.cores * 1000),
    memoryAllocation: unlimited(self.machine.memoryMiB * 10),
  }),
  runtime: (self) => runtimeOf(self),
  guest: guestOf,
  summary: summaryOf,
  datastore: (self) => self.datastores().map((datastore) => datastore.ref),
  network: (self) => self.networks().map((network) => network.ref),
  snapshot: (self) =>
    self.roots.length === 0
      ? undefined
      : {
          $: 'VirtualMachineSnapshotInfo',
          currentSnapshot: self.currentSnapshot?.ref,
          rootSnapshotList: self.roots.map((root) => root.treeNode()),
        },
  rootSnapshot: (self) => self.roots.map((root) => root.ref),
  guestHeartbeatStatus: (self) => self.heartbeat,
};

function unlimited(shares: number) {
  return {
    $: 'ResourceAllocationInfo',
    reservation: 0,
    expandableReservation: false,
    limit: -1,
    shares: { $: 'SharesInfo', shares, level: 'normal' },
  };
}

interface Home {
  readonly datastore: DatastoreObject;
  /** "dir/name.vmx" */
  readonly vmx: string;
}

/** Where the inventory has a machine. */
interface Place {
  readonly parent: Entity;
  readonly host: HostObject;
  readonly pool: PoolObject;
}

export class VirtualMachine extends Entity {
  /** Its number in the inventory, which its id follows. */
  readonly index: number;
  readonly inventory: Inventory;
  #machine: Machine;
  #place: Place;

  /** The setting; what of it is in effect is `tracking`. */
  changeTrackingEnabled = false;
  annotation: string;
  readonly extraOptions = new Map<string, string>();
  /** Settings that were given, by the field of the configuration that shows them. */
  readonly settings = new Map<string, Value>();
  /** Trackings in effect by disk index; undefined until one began. */
  tracking: Map<number, ChangeTracking> | undefined;
  /** Trackings begun so far. */
  trackingGeneration = 0;
  roots: SnapshotObject[] = [];
  currentSnapshot: SnapshotObject | undefined;
  /** Snapshots made so far. */
  snapshotCount = 0;
  /** The task that changes this machine now; it keeps others out. */
  busy: TaskObject | undefined;
  /** Counts reconfigurations. */
  revision = 0;
  modifiedAt: UnixMillis;
  /** Last reset, which restarts the guest without a change of power. */
  resetAt: UnixMillis | undefined;
  /** Was the last way off a clean one? */
  wasShutDown = true;
  readonly #chains = new Map<number, DiskChain>();

  constructor(id: string, index: number, inventory: Inventory, machine: Machine, place: Place) {
    super('VirtualMachine', id, machine.name, place.parent);
    this.index = index;
    this.inventory = inventory;
    this.#machine = machine;
    this.#place = place;
    this.annotation = machine.annotation;
    this.modifiedAt = inventory.createdAt;
  }

  /** Its facts as they are now. */
  get machine(): Machine {
    return this.#machine;
  }

  get host(): HostObject {
    return this.#place.host;
  }

  get pool(): PoolObject {
    return this.#place.pool;
  }

  /** The estate has other facts of it now, and it may be elsewhere. Only the inventory calls this. */
  become(machine: Machine, place: Place): void {
    if (machine.annotation !== this.#machine.annotation) this.annotation = machine.annotation;
    this.#machine = machine;
    this.#place = place;
    this.name = escapeName(machine.name);
    this.parent = place.parent;
  }

  override get inheritsFrom(): readonly Entity[] {
    const { parent, pool } = this.#place;
    return parent === pool ? [pool] : [parent, pool];
  }

  override get attributes(): AttributeValues | undefined {
    return this.#machine.attributes;
  }

  protected get properties(): Properties<VirtualMachine> {
    return VIRTUAL_MACHINE;
  }

  override isSteady(property: string): boolean {
    return property === 'config' || property === 'guest' || property === 'runtime';
  }

  override moving(property: string, reading: Reading): Data | undefined {
    return property === 'summary' ? movingSummaryOf(this, reading) : undefined;
  }

  get power(): PowerState {
    return this.inventory.estate.power(this.machine.id);
  }

  /** False once the estate has it no more: for what was begun before. */
  get exists(): boolean {
    return this.inventory.estate.machine(this.machine.id) !== undefined;
  }

  get isOn(): boolean {
    return this.power === 'on';
  }

  get powerSince(): UnixMillis {
    return this.inventory.estate.powerSince(this.machine.id);
  }

  get bootTime(): UnixMillis {
    return Math.max(this.powerSince, this.resetAt ?? 0);
  }

  /** Can its files be reached and its host be asked? */
  get isReachable(): boolean {
    return (this.machine.connection ?? 'connected') === 'connected';
  }

  /** VMware Tools run in the guest. */
  get toolsRun(): boolean {
    return this.isOn && this.isReachable && this.machine.tools === 'running';
  }

  /** Sent by the tools; gray when there is none. */
  get heartbeat(): string {
    return this.toolsRun ? 'green' : 'gray';
  }

  get changeVersion(): string {
    return new Date(this.inventory.createdAt + this.revision).toISOString();
  }

  /** Where the .vmx is: where the facts say, else beside the first disk. */
  get home(): Home {
    const set = this.machine.home === undefined ? undefined : parseDatastorePath(this.machine.home);
    if (set) {
      const { datastores } = this.inventory.datacenterOf(this.machine.datacenterId);
      return { datastore: datastores.find(({ name }) => name === set.datastore)!, vmx: set.path };
    }
    const first = this.machine.disks[0];
    const place = first && parseDatastorePath(first.path);
    const datastore = first
      ? this.datastoreOf(first)
      : this.inventory.datacenterOf(this.machine.datacenterId).datastores[0]!;
    const directory = place ? directoryOf(place.path) : fileSafe(this.machine.name);
    const file = `${fileSafe(this.machine.name)}.vmx`;
    return { datastore, vmx: directory === '' ? file : `${directory}/${file}` };
  }

  get vmPathName(): string {
    const { datastore, vmx } = this.home;
    return formatDatastorePath({ datastore: datastore.name, path: vmx });
  }

  /** Name of the machine's own files, without extension. */
  get fileStem(): string {
    return withoutExtension(fileNameOf(this.home.vmx));
  }

  get locationId(): string {
    return `564d${this.machine.biosUuid.slice(4)}`;
  }

  /** Does the guest see the UUIDs of its disks? */
  get diskUuidEnabled(): boolean {
    return (
      this.extraOptions.get('disk.EnableUUID')?.toUpperCase() === 'TRUE' || this.machine.hardwareVersion >= 13
    );
  }

  get vmciId(): number {
    return this.inventory.entropy.u32('vcenter.vmci', this.machine.id) | 0;
  }

  datastoreOf(disk: DiskFacts): DatastoreObject {
    return this.inventory.datastore(disk.datastoreId);
  }

  datastores(): DatastoreObject[] {
    return [...new Set([this.home.datastore, ...this.machine.disks.map((disk) => this.datastoreOf(disk))])];
  }

  networks(): NetworkObject[] {
    const ids = new Set(this.machine.nics.map((nic) => nic.networkId));
    return Array.from(ids, (id) => this.inventory.network(id));
  }

  /** The vApp that it is directly in. */
  get vApp(): VirtualAppObject | undefined {
    return this.pool instanceof VirtualAppObject ? this.pool : undefined;
  }

  contentId(disk: DiskFacts): string {
    return this.inventory.entropy.hex(32, 'vcenter.contentId', disk.id);
  }

  /** CryptoKeyId of its home and disks; undefined when nothing is encrypted. */
  get keyId(): Data | undefined {
    if (!this.machine.encrypted && !this.machine.disks.some((disk) => disk.encrypted)) return undefined;
    return {
      $: 'CryptoKeyId',
      keyId: this.inventory.entropy.uuid('vcenter.key', this.machine.id),
      providerId: { $: 'KeyProviderId', id: 'kms-1' },
    };
  }

  /** Serial of the LUN behind a raw disk. */
  lunUuid(disk: DiskFacts): string {
    return `02000000006${this.inventory.entropy.hex(31, 'vcenter.lun', disk.id)}`;
  }

  diskOf(disk: DiskFacts): VirtualDisk {
    return this.inventory.estate.disk(disk.id);
  }

  /** Files of a disk; a disk that was never part of a snapshot has only its base, and no chain is made for it. */
  links(disk: DiskFacts): readonly DiskLink[] {
    return this.#chains.get(disk.index)?.links() ?? [baseLink(disk)];
  }

  topLink(disk: DiskFacts): DiskLink {
    return this.#chains.get(disk.index)?.live ?? baseLink(disk);
  }

  chain(disk: DiskFacts): DiskChain {
    let chain = this.#chains.get(disk.index);
    if (!chain) {
      chain = new DiskChain(this.diskOf(disk));
      this.#chains.set(disk.index, chain);
    }
    return chain;
  }

  /** The files of a disk are at another place now. */
  moveDiskFiles(disk: DiskFacts, path: string): void {
    this.#chains.get(disk.index)?.moveTo(path);
  }

  /** The disk of that number is no more; a later one may have its number. */
  forgetDisk(diskIndex: number): void {
    this.#chains.delete(diskIndex);
    this.tracking?.delete(diskIndex);
  }

  trackingOf(diskIndex: number): ChangeTracking | undefined {
    return this.tracking?.get(diskIndex);
  }

  /** Disks that change tracking covers: those that snapshots freeze, without other writers. */
  trackableDisks(): DiskFacts[] {
    return this.machine.disks.filter((disk) => takesSnapshots(disk) && !disk.shared);
  }

  /** All snapshots, parents first. */
  snapshots(): SnapshotObject[] {
    return this.roots.flatMap((root) => root.subtree());
  }
}

function baseLink(disk: DiskFacts): DiskLink {
  return { fileName: disk.path, parent: undefined, frozenAt: undefined };
}

/** vCenter replaces what datastores cannot have in file names. */
function fileSafe(name: string): string {
  return name.replace(/[/\\:*?"<>|%]/g, '_');
}
