/**
 * Datastores as trees of directories and files: the files of the machines that live on them, and those that
 * belong to none.
 */
import type { EstateChange } from '../../estate/estate.ts';
import type { Machine } from '../../estate/model.ts';
import type { Inventory } from '../inventory.ts';
import type { DatastoreObject } from '../objects/datastore.ts';
import { filesOfVm, placeOf, type VmFile } from '../vm/files.ts';
import { directoryOf, fileNameOf, parseDatastorePath } from '../vm/paths.ts';
import { LooseFiles } from './loose-files.ts';

export interface Directory {
  /** Names of the directories in it. */
  readonly directories: readonly string[];
  readonly files: readonly VmFile[];
}

interface Node {
  readonly children: Set<string>;
  /** Machines that have files here. */
  readonly machineIds: Set<string>;
}

type Nodes = Map<string, Node>;

export class DatastoreFiles {
  readonly loose = new LooseFiles();
  readonly #inventory: Inventory;
  /** By datastore name and directory path; made at the first use. */
  #index: Map<string, Nodes> | undefined;
  /** Directories of each machine that is in the index. */
  readonly #placesOf = new Map<string, ReadonlyArray<readonly [nodes: Nodes, directory: string]>>();

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  /** @param path without slashes at its ends; "" is the root. Undefined when there is no such directory. */
  directory(datastore: DatastoreObject, path: string): Directory | undefined {
    const node = this.#nodes(datastore).get(path);
    if (!node && path !== '' && !this.loose.hasDirectory(datastore, path)) return undefined;
    return {
      directories: [...new Set([...(node?.children ?? []), ...this.loose.directoriesIn(datastore, path)])],
      files: [...this.#filesIn(datastore, path)],
    };
  }

  file(datastore: DatastoreObject, path: string): VmFile | undefined {
    for (const file of this.#filesIn(datastore, directoryOf(path)))
      if (placeOf(file).path === path) return file;
    return undefined;
  }

  /** A machine came, went or is another now. */
  follow(change: EstateChange): void {
    if (!this.#index) return;
    if (change.kind !== 'added' && change.kind !== 'removed' && change.kind !== 'changed') return;
    this.#drop(change.machineId);
    const machine = this.#inventory.estate.machine(change.machineId);
    if (machine) this.#add(this.#index, machine);
  }

  /** Files in a directory; of two machines that claim the same name the first has it. */
  *#filesIn(datastore: DatastoreObject, directory: string): Iterable<VmFile> {
    const seen = new Set<string>();
    for (const id of this.#nodes(datastore).get(directory)?.machineIds ?? [])
      for (const file of filesOfVm(this.#inventory.vmOf(id))) {
        const place = placeOf(file);
        if (place.datastore !== datastore.name || directoryOf(place.path) !== directory) continue;
        const name = fileNameOf(place.path);
        if (seen.has(name)) continue;
        seen.add(name);
        yield file;
      }
    for (const file of this.loose.filesIn(datastore, directory))
      if (!seen.has(fileNameOf(placeOf(file).path))) yield file;
  }

  #nodes(datastore: DatastoreObject): Nodes {
    if (!this.#index) {
      this.#index = new Map();
      for (const machine of this.#inventory.estate.machines()) this.#add(this.#index, machine);
    }
    return this.#index.get(datastore.name) ?? new Map();
  }

  #add(index: Map<string, Nodes>, machine: Machine): void {
    const places: Array<readonly [Nodes, string]> = [];
    const files = [this.#inventory.vmOf(machine.id).vmPathName, ...machine.disks.map((disk) => disk.path)];
    for (const file of files) {
      const parsed = parseDatastorePath(file);
      if (!parsed) continue;
      const nodes = index.get(parsed.datastore) ?? new Map<string, Node>();
      index.set(parsed.datastore, nodes);
      const directory = directoryOf(parsed.path);
      nodeAt(nodes, directory).machineIds.add(machine.id);
      places.push([nodes, directory]);
    }
    this.#placesOf.set(machine.id, places);
  }

  /** Directories in which nothing is left go with the machine. */
  #drop(machineId: string): void {
    for (const [nodes, directory] of this.#placesOf.get(machineId) ?? []) {
      nodes.get(directory)?.machineIds.delete(machineId);
      for (let at = directory; at !== ''; at = directoryOf(at)) {
        const node = nodes.get(at);
        if (!node || node.machineIds.size > 0 || node.children.size > 0) break;
        nodes.delete(at);
        nodes.get(directoryOf(at))?.children.delete(fileNameOf(at));
      }
    }
    this.#placesOf.delete(machineId);
  }
}

/** The node of a directory, made with all those above it. */
function nodeAt(nodes: Nodes, directory: string): Node {
  const known = nodes.get(directory);
  if (known) return known;
  const node: Node = { children: new Set(), machineIds: new Set() };
  nodes.set(directory, node);
  if (directory !== '') nodeAt(nodes, directoryOf(directory)).children.add(fileNameOf(directory));
  return node;
}
