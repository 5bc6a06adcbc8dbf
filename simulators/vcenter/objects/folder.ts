/** Folder and Datacenter: the upper part of the inventory tree. */
import type { FolderPath } from '../../estate/model.ts';
import type { DatastoreObject } from './datastore.ts';
import type { NetworkObject } from './network.ts';
import { ENTITY_PROPERTIES, Entity, escapeName, type Properties } from './object.ts';
import { VmList } from './vm-list.ts';

export const FOLDER: Properties<FolderObject> = {
  ...ENTITY_PROPERTIES,
  childType: (self) => [...self.childTypes],
  childEntity: (self) => self.list().map((child) => child.ref),
};

/** Where a folder below one of the four folders of a datacenter is. */
interface FolderPlace {
  /** The datacenter in the estate. */
  readonly datacenterId: string;
  /** Names as the estate has them, from below the datacenter's own folder; none for that itself. */
  readonly path: FolderPath;
}

export class FolderObject extends Entity {
  readonly childTypes: readonly string[];
  /** Undefined for folders of datacenters. */
  place: FolderPlace | undefined;
  readonly #children = new Set<Entity>();
  readonly #subfolders = new Map<string, FolderObject>();
  /** Virtual machines directly in this folder. */
  readonly vms = new VmList();

  constructor(id: string, name: string, parent: Entity | undefined, childTypes: readonly string[]) {
    super('Folder', id, name, parent);
    this.childTypes = childTypes;
  }

  protected get properties(): Properties<FolderObject> {
    return FOLDER;
  }

  add(child: Entity): void {
    this.#children.add(child);
    if (child instanceof FolderObject) this.#subfolders.set(child.name, child);
  }

  drop(child: Entity): void {
    this.#children.delete(child);
    if (this.#subfolders.get(child.name) === child) this.#subfolders.delete(child.name);
  }

  /** Goes into another folder, under the last name of the path. The old one has dropped it. */
  moveTo(parent: FolderObject, path: FolderPath): void {
    this.parent = parent;
    this.name = escapeName(path.at(-1)!);
    this.#relocate(path);
    parent.add(this);
  }

  makeSubfolder(id: string, name: string): FolderObject {
    const folder = new FolderObject(id, name, this, this.childTypes);
    folder.place = this.place && { ...this.place, path: [...this.place.path, name] };
    this.add(folder);
    return folder;
  }

  #relocate(path: FolderPath): void {
    this.place = this.place && { ...this.place, path };
    for (const folder of this.#subfolders.values()) {
      const name = folder.place?.path.at(-1);
      if (name !== undefined) folder.#relocate([...path, name]);
    }
  }

  list(): Entity[] {
    return [...this.#children, ...this.vms.list()];
  }

  override children(): Iterable<Entity> {
    return this.list();
  }

  /** The folder of that name directly below; names of folders are unique among their siblings. */
  subfolder(name: string): FolderObject | undefined {
    return this.#subfolders.get(escapeName(name));
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

  /**
   * @param id in the estate.
   * @param number gives the ids of the datacenter and its four folders: this and the four that follow.
   */
  constructor(id: string, number: number, name: string, parent: Entity) {
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
    for (const folder of this.children() as Iterable<FolderObject>)
      folder.place = { datacenterId: id, path: [] };
  }

  protected get properties(): Properties<DatacenterObject> {
    return DATACENTER;
  }

  override children(): Iterable<Entity> {
    return [this.vmFolder, this.hostFolder, this.datastoreFolder, this.networkFolder];
  }
}

export const VM_FOLDER_TYPES = ['Folder', 'VirtualMachine', 'VirtualApp'] as const;
