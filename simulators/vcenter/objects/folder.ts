/** Folder and Datacenter: the upper part of the inventory tree. */
import type { DatastoreObject } from './datastore.ts';
import type { NetworkObject } from './network.ts';
import { ENTITY_PROPERTIES, Entity, escapeName, type Properties } from './object.ts';
import { VmList } from './vm-list.ts';

export const FOLDER: Properties<FolderObject> = {
  ...ENTITY_PROPERTIES,
  childType: (self) => [...self.childTypes],
  childEntity: (self) => self.list().map((child) => child.ref),
};

export class FolderObject extends Entity {
  readonly childTypes: readonly string[];
  readonly #children: Entity[] = [];
  /** Virtual machines directly in this folder; see Inventory.vm. */
  readonly vms = new VmList();

  constructor(id: string, name: string, parent: Entity | undefined, childTypes: readonly string[]) {
    super('Folder', id, name, parent);
    this.childTypes = childTypes;
  }

  protected get properties(): Properties<FolderObject> {
    return FOLDER;
  }

  add(child: Entity): void {
    this.#children.push(child);
  }

  list(): Entity[] {
    return [...this.#children, ...this.vms.list()];
  }

  override children(): Iterable<Entity> {
    return this.list();
  }

  /** The folder of that name directly below; names of folders are unique among their siblings. */
  subfolder(name: string): FolderObject | undefined {
    const found = this.#children.find((child) => child.name === escapeName(name));
    return found instanceof FolderObject ? found : undefined;
  }
}

export const DATACENTER: Properties<DatacenterObject> = {
  ...ENTITY_PROPERTIES,
  vmFolder: (self) => self.vmFolder.ref,
  hostFolder: (self) => self.hostFolder.ref,
  datastoreFolder: (self) => self.datastoreFolder.ref,
  networkFolder: (self) => self.networkFolder.ref,
  datastore: (self) => self.datastores.map((datastore) => datastore.ref),
  network: (self) => self.networks.map((network) => network.ref),
  configuration: () => ({ $: 'DatacenterConfigInfo' }),
};

export class DatacenterObject extends Entity {
  readonly vmFolder: FolderObject;
  readonly hostFolder: FolderObject;
  readonly datastoreFolder: FolderObject;
  readonly networkFolder: FolderObject;
  readonly datastores: DatastoreObject[] = [];
  readonly networks: NetworkObject[] = [];

  /** @param number gives the ids of the datacenter and its four folders: this and the four that follow. */
  constructor(number: number, name: string, parent: Entity) {
    super('Datacenter', `datacenter-${number}`, name, parent);
    this.vmFolder = new FolderObject(`group-v${number + 1}`, 'vm', this, VM_FOLDER_TYPES);
    this.hostFolder = new FolderObject(`group-h${number + 2}`, 'host', this, ['Folder', 'ComputeResource']);
    this.datastoreFolder = new FolderObject(`group-s${number + 3}`, 'datastore', this, [
      'Folder',
      'Datastore',
      'StoragePod',
    ]);
    this.networkFolder = new FolderObject(`group-n${number + 4}`, 'network', this, [
      'Folder',
      'Network',
      'DistributedVirtualSwitch',
    ]);
  }

  protected get properties(): Properties<DatacenterObject> {
    return DATACENTER;
  }

  override children(): Iterable<Entity> {
    return [this.vmFolder, this.hostFolder, this.datastoreFolder, this.networkFolder];
  }
}

export const VM_FOLDER_TYPES = ['Folder', 'VirtualMachine', 'VirtualApp'] as const;
