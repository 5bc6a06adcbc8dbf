/** Datastores as trees of directories and files: the files of the machines that live on them. */
import type { Inventory } from '../inventory.ts';
import type { DatastoreObject } from '../objects/datastore.ts';
import { filesOfVm, placeOf, type VmFile } from '../vm/files.ts';
import { directoryOf, fileNameOf, parseDatastorePath } from '../vm/paths.ts';

export interface Directory {
  /** Names of the directories in it. */
  readonly directories: readonly string[];
  readonly files: readonly VmFile[];
}

interface Node {
  readonly children: Set<string>;
  /** Indexes of machines that have files here. */
  readonly machines: Set<number>;
}

export class DatastoreFiles {
  readonly #inventory: Inventory;
  /** By datastore name and directory path; made at the first use. */
  #index: Map<string, Map<string, Node>> | undefined;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  /** @param path without slashes at its ends; "" is the root. Undefined when there is no such directory. */
  directory(datastore: DatastoreObject, path: string): Directory | undefined {
    const node = this.#nodes(datastore).get(path);
    if (!node && path !== '') return undefined;
    return {
      directories: [...(node?.children ?? [])],
      files: [...this.#filesIn(datastore, path)],
    };
  }

  file(datastore: DatastoreObject, path: string): VmFile | undefined {
    for (const file of this.#filesIn(datastore, directoryOf(path)))
      if (placeOf(file).path === path) return file;
    return undefined;
  }

  /** Files in a directory; of two machines that claim the same name the first has it. */
  *#filesIn(datastore: DatastoreObject, directory: string): Iterable<VmFile> {
    const seen = new Set<string>();
    for (const index of this.#nodes(datastore).get(directory)?.machines ?? [])
      for (const file of filesOfVm(this.#inventory.vm(index))) {
        const place = placeOf(file);
        if (place.datastore !== datastore.name || directoryOf(place.path) !== directory) continue;
        const name = fileNameOf(place.path);
        if (seen.has(name)) continue;
        seen.add(name);
        yield file;
      }
  }

  #nodes(datastore: DatastoreObject): Map<string, Node> {
    this.#index ??= this.#build();
    return this.#index.get(datastore.name) ?? new Map();
  }

  #build(): Map<string, Map<string, Node>> {
    const index = new Map<string, Map<string, Node>>();
    for (const vm of this.#inventory.vms()) {
      const places = [vm.vmPathName, ...vm.machine.disks.map((disk) => disk.path)];
      for (const place of places) {
        const parsed = parseDatastorePath(place);
        if (!parsed) continue;
        const nodes = index.get(parsed.datastore) ?? new Map<string, Node>();
        index.set(parsed.datastore, nodes);
        nodeAt(nodes, directoryOf(parsed.path)).machines.add(vm.index);
      }
    }
    return index;
  }
}

/** The node of a directory, made with all those above it. */
function nodeAt(nodes: Map<string, Node>, directory: string): Node {
  const known = nodes.get(directory);
  if (known) return known;
  const node: Node = { children: new Set(), machines: new Set() };
  nodes.set(directory, node);
  if (directory !== '') nodeAt(nodes, directoryOf(directory)).children.add(fileNameOf(directory));
  return node;
}
