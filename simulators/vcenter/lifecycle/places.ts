/** Where machines are put: folders, pools, hosts, datastores and networks, from the references that requests bring. */
import { invalidArgument, invalidName, vimFault } from '../faults.ts';
import type { Call } from '../methods/method.ts';
import { DatastoreObject } from '../objects/datastore.ts';
import { FolderObject } from '../objects/folder.ts';
import { HostObject } from '../objects/host.ts';
import { type Entity, escapeName, type ManagedObject } from '../objects/object.ts';
import { PoolObject } from '../objects/pool.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Ref } from '../values.ts';
import type { Vcenter } from '../vcenter.ts';

const NAME_LENGTH_MAX = 80;

/** @throws VimFault ManagedObjectNotFound, InvalidArgument */
function found<T extends ManagedObject>(
  reference: Ref,
  type: abstract new (...args: never) => T,
  what: string,
  call: Call,
): T {
  const object = call.find(reference);
  if (!object) throw objectNotFound(reference);
  if (!(object instanceof type)) throw invalidArgument(what);
  return object;
}

export const folderAt = (ref: Ref, call: Call) => found(ref, FolderObject, 'folder', call);
export const poolAt = (ref: Ref, call: Call) => found(ref, PoolObject, 'pool', call);
export const hostAt = (ref: Ref, call: Call) => found(ref, HostObject, 'host', call);
export const datastoreAt = (ref: Ref, call: Call) => found(ref, DatastoreObject, 'datastore', call);

/** Names come with %, / and \ percent-encoded, or not. @throws VimFault InvalidName */
export function plainName(name: string): string {
  const plain = name.replace(/%(25|2f|5c)/gi, (_match, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  if (plain.trim() === '' || plain.length > NAME_LENGTH_MAX) throw invalidName(name);
  return plain;
}

/** @throws VimFault DuplicateName */
export function requireFree(siblings: Iterable<Entity>, name: string, own?: Entity): void {
  const escaped = escapeName(name);
  for (const sibling of siblings)
    if (sibling !== own && sibling.name === escaped)
      throw vimFault('DuplicateName', `The name '${name}' already exists.`, {
        name,
        object: sibling.ref,
      });
}

/** Folders in which machines can be. @throws VimFault NotSupported */
export function requireVmFolder(folder: FolderObject): {
  readonly datacenterId: string;
  readonly path: readonly string[];
} {
  if (!folder.place || !folder.childTypes.includes('VirtualMachine'))
    throw vimFault('NotSupported', 'The folder does not hold virtual machines.');
  return folder.place;
}

/** The host asked for, or the one of the pool's that has the fewest machines and can take one. */
export function hostFor(pool: PoolObject, wanted: HostObject | undefined): HostObject {
  const { hosts } = pool.owner;
  if (wanted) {
    if (!hosts.includes(wanted)) throw invalidArgument('host');
    return wanted;
  }
  const usable = hosts.filter(
    ({ facts }) => !facts.maintenance && (facts.connection ?? 'connected') === 'connected',
  );
  const [first] = usable.sort((a, b) => a.vms.size - b.vms.size);
  if (!first)
    throw vimFault('InvalidState', 'No host is compatible with the virtual machine: none is connected.');
  return first;
}

/** What the facts of a machine say of its pool and host. */
export function placementOf(pool: PoolObject, host: HostObject) {
  const { cluster, factsId } = pool.owner;
  return {
    hostId: host.facts.id,
    ...(cluster ? { clusterId: factsId } : {}),
    resourcePool: ['Resources', ...pool.path].join('/'),
  };
}

/** The datastore of that name that the host can reach. @throws VimFault InvalidDatastore */
export function datastoreNamed(host: HostObject, name: string): DatastoreObject {
  const datastore = host.datastores.find((each) => each.name === name);
  if (!datastore)
    throw vimFault('InvalidDatastore', `The datastore '${name}' is not accessible from the host.`, { name });
  return datastore;
}

/** A path that nothing is at yet: "dir", "dir_1", … */
export function freeDirectory(vcenter: Vcenter, datastore: DatastoreObject, wanted: string): string {
  for (let n = 0; ; n++) {
    const path = n === 0 ? wanted : `${wanted}_${n}`;
    if (!vcenter.files.directory(datastore, path)) return path;
  }
}

/** @throws VimFault NoDiskSpace */
export function requireSpace(datastore: DatastoreObject, bytes: number): void {
  if (bytes > datastore.facts.freeBytes)
    throw vimFault('NoDiskSpace', `There is not enough space on the datastore '${datastore.name}'.`, {
      file: `[${datastore.name}]`,
      datastore: datastore.name,
    });
}
