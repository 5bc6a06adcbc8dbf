/** Machines that go elsewhere: to another host, pool, folder or datastore. */
import type { DiskFacts } from '../../estate/model.ts';
import { invalidArgument, vimFault } from '../faults.ts';
import type { DatastoreObject } from '../objects/datastore.ts';
import type { FolderObject } from '../objects/folder.ts';
import type { HostObject } from '../objects/host.ts';
import type { PoolObject } from '../objects/pool.ts';
import type { Vcenter } from '../vcenter.ts';
import { diskKey } from '../vm/devices.ts';
import { stun } from '../vm/operations.ts';
import { directoryOf, fileNameOf, formatDatastorePath, parseDatastorePath } from '../vm/paths.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { changeDevices, type DeviceChange } from './device-changes.ts';
import { commit, draftOf } from './draft.ts';
import { freeDirectory, placementOf, requireFree, requireSpace, requireVmFolder } from './places.ts';

export interface Destination {
  readonly host?: HostObject | undefined;
  readonly pool?: PoolObject | undefined;
  readonly folder?: FolderObject | undefined;
  /** Of its files, and of disks that are not named below. */
  readonly datastore?: DatastoreObject | undefined;
  /** By device key. */
  readonly disks?: ReadonlyMap<number, DatastoreObject>;
  readonly deviceChange?: readonly DeviceChange[];
}

/** @throws VimFault InvalidArgument, DuplicateName, NoDiskSpace, NotSupported */
export function relocate(vcenter: Vcenter, vm: VirtualMachine, to: Destination): void {
  const pool = to.pool ?? (to.host && to.host.compute !== vm.host.compute ? to.host.compute.pool : vm.pool);
  const host = to.host ?? (pool.owner.hosts.includes(vm.host) ? vm.host : pool.owner.hosts[0]);
  if (!host || !pool.owner.hosts.includes(host)) throw invalidArgument('spec.pool');
  if (host.facts.maintenance || (host.facts.connection ?? 'connected') !== 'connected')
    throw vimFault('InvalidState', 'The host cannot take machines: it is disconnected or in maintenance.');
  const place = to.folder && requireVmFolder(to.folder);
  if (to.folder && to.folder !== vm.parent) requireFree(to.folder.children(), vm.machine.name, vm);
  const draft = draftOf(vcenter, vm.machine, host, vm);
  const { clusterId: _cluster, hostId: _host, resourcePool: _pool, ...facts } = vm.machine;
  const isTemplate = vm.machine.template;
  const { resourcePool, ...onHost } = placementOf(pool, host);
  draft.machine = {
    ...facts,
    ...onHost,
    ...(isTemplate ? {} : { resourcePool }),
    ...(place ? { folder: place.path, datacenterId: place.datacenterId } : {}),
  };
  const moved = moveFiles(vcenter, vm, to, draft);
  const reachable = new Set(host.datastores.map((datastore) => datastore.facts.id));
  if (draft.disks.some((disk) => !reachable.has(disk.datastoreId)))
    throw vimFault('InvalidDatastore', 'The host cannot reach the datastores of the machine.');
  if (to.deviceChange) changeDevices(draft, to.deviceChange);
  stun(vcenter, vm);
  for (const [disk, path] of moved) vm.moveDiskFiles(disk, path);
  commit(draft);
}

/** New paths of the disks that go to other datastores, and of the machine's own files. */
function moveFiles(
  vcenter: Vcenter,
  vm: VirtualMachine,
  to: Destination,
  draft: ReturnType<typeof draftOf>,
): Map<DiskFacts, string> {
  const moved = new Map<DiskFacts, string>();
  const directories = new Map<DatastoreObject, string>();
  const own = directoryOf(vm.home.vmx);
  const directoryOn = (datastore: DatastoreObject): string => {
    let directory = directories.get(datastore);
    if (directory === undefined) {
      directory = freeDirectory(vcenter, datastore, own === '' ? vm.fileStem : own);
      directories.set(datastore, directory);
    }
    return directory;
  };
  if (to.datastore && to.datastore !== vm.home.datastore)
    draft.machine = {
      ...draft.machine,
      home: formatDatastorePath({
        datastore: to.datastore.name,
        path: `${directoryOn(to.datastore)}/${fileNameOf(vm.home.vmx)}`,
      }),
    };
  // Where the files are beside the first disk, they stay there when that goes alone.
  else draft.machine = { ...draft.machine, home: draft.machine.home ?? vm.vmPathName };
  draft.disks = draft.disks.map((disk) => {
    const datastore = to.disks?.get(diskKey(disk)) ?? to.datastore;
    if (!datastore || datastore.facts.id === disk.datastoreId || disk.raw) return disk;
    if (!disk.thin) requireSpace(datastore, disk.sizeBytes);
    const file = fileNameOf(parseDatastorePath(disk.path)!.path);
    const path = formatDatastorePath({
      datastore: datastore.name,
      path: `${directoryOn(datastore)}/${file}`,
    });
    moved.set(disk, path);
    const { parentPath: _parent, ...whole } = disk;
    return { ...whole, datastoreId: datastore.facts.id, path };
  });
  return moved;
}
