/**
 * Files on datastores that belong to no machine: uploads, disks that were made or taken off by themselves,
 * directories that somebody made.
 */
import type { Bytes, UnixMillis } from '#core/units.ts';
import type { VirtualDisk } from '../../estate/virtual-disk.ts';
import type { DatastoreObject } from '../objects/datastore.ts';
import type { VmFile } from '../vm/files.ts';
import { directoryOf, fileNameOf, formatDatastorePath, withoutExtension } from '../vm/paths.ts';
import { flatDescriptor } from '../vm/vmdk.ts';

export type LooseFile =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly at: UnixMillis }
  | { readonly kind: 'disk'; readonly disk: VirtualDisk; readonly at: UnixMillis };

/** The files of one datastore, by path; directories by path, too. */
interface Store {
  readonly files: Map<string, LooseFile>;
  readonly directories: Set<string>;
}

export class LooseFiles {
  readonly #stores = new Map<DatastoreObject, Store>();

  get(datastore: DatastoreObject, path: string): LooseFile | undefined {
    return this.#stores.get(datastore)?.files.get(path);
  }

  /** Also makes the directories on the way. */
  put(datastore: DatastoreObject, path: string, file: LooseFile): void {
    this.makeDirectory(datastore, directoryOf(path));
    this.#storeOf(datastore).files.set(path, file);
  }

  remove(datastore: DatastoreObject, path: string): void {
    this.#stores.get(datastore)?.files.delete(path);
  }

  makeDirectory(datastore: DatastoreObject, path: string): void {
    const { directories } = this.#storeOf(datastore);
    for (let at = path; at !== ''; at = directoryOf(at)) directories.add(at);
  }

  /** The directory and everything of this kind below it. */
  removeDirectory(datastore: DatastoreObject, path: string): void {
    const store = this.#storeOf(datastore);
    const isBelow = (each: string) => each === path || each.startsWith(`${path}/`);
    for (const each of [...store.directories]) if (isBelow(each)) store.directories.delete(each);
    for (const each of [...store.files.keys()]) if (isBelow(each)) store.files.delete(each);
  }

  hasDirectory(datastore: DatastoreObject, path: string): boolean {
    return this.#stores.get(datastore)?.directories.has(path) ?? false;
  }

  /** Names of directories directly in one. */
  directoriesIn(datastore: DatastoreObject, path: string): string[] {
    const found: string[] = [];
    for (const each of this.#stores.get(datastore)?.directories ?? [])
      if (directoryOf(each) === path) found.push(fileNameOf(each));
    return found;
  }

  /** As they are listed and read; a disk is its descriptor and its extent. */
  *filesIn(datastore: DatastoreObject, directory: string): Iterable<VmFile> {
    for (const [path, file] of this.#stores.get(datastore)?.files ?? [])
      if (directoryOf(path) === directory) yield* shown(datastore, path, file);
  }

  #storeOf(datastore: DatastoreObject): Store {
    let store = this.#stores.get(datastore);
    if (!store) {
      store = { files: new Map(), directories: new Set() };
      this.#stores.set(datastore, store);
    }
    return store;
  }
}

function* shown(datastore: DatastoreObject, path: string, file: LooseFile): Iterable<VmFile> {
  const name = formatDatastorePath({ datastore: datastore.name, path });
  if (file.kind === 'bytes') {
    const { bytes } = file;
    const size = () => bytes.length;
    const read = (offset: Bytes, length: Bytes) => bytes.subarray(offset, offset + length);
    yield { name, type: 'other', size, used: size, read };
    return;
  }
  const { disk } = file;
  const text = () => flatDescriptor(disk.facts, disk.facts.uuid.replaceAll('-', ''), 'flat');
  const size = () => Buffer.byteLength(text());
  yield {
    name,
    type: 'diskDescriptor',
    size,
    used: size,
    read: (offset, length) => Buffer.from(text()).subarray(offset, offset + length),
    disk: disk.facts,
  };
  yield {
    name: `${withoutExtension(name)}-flat.vmdk`,
    type: 'diskExtent',
    size: () => disk.facts.sizeBytes,
    used: () =>
      disk.facts.thin ? disk.allocated().reduce((sum, { length }) => sum + length, 0) : disk.facts.sizeBytes,
    read: (offset, length) => disk.read(offset, length),
    disk: disk.facts,
  };
}
