/** Machines, folders and pools that go: destroyed with their files, or unregistered, and registered again. */
import type { DiskOrigin } from '../../estate/estate.ts';
import type { Machine } from '../../estate/model.ts';
import type { VirtualDisk } from '../../estate/virtual-disk.ts';
import { vimFault } from '../faults.ts';
import { FolderObject } from '../objects/folder.ts';
import type { HostObject } from '../objects/host.ts';
import type { PoolObject } from '../objects/pool.ts';
import { VirtualAppObject } from '../objects/vapp.ts';
import type { Vcenter } from '../vcenter.ts';
import { removeAllSnapshots } from '../vm/operations.ts';
import { parseDatastorePath } from '../vm/paths.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { createMachine } from './create.ts';
import { requireOff } from './faults.ts';
import { placementOf, plainName, requireFree, requireVmFolder } from './places.ts';
import { parseVmx, specOfVmx } from './uploaded-vmx.ts';

/** A machine whose files are on a datastore and which no inventory holds. */
export interface Unregistered {
  readonly machine: Machine;
  readonly disks: ReadonlyMap<string, VirtualDisk>;
}

/** The machine and all its files are gone. @throws VimFault InvalidPowerState */
export function destroyMachine(vcenter: Vcenter, vm: VirtualMachine): void {
  requireOff(vm);
  forget(vcenter, vm);
  vcenter.estate.remove(vm.machine.id);
}

function forget(vcenter: Vcenter, vm: VirtualMachine): void {
  removeAllSnapshots(vcenter, vm);
  vcenter.events.post({
    type: 'VmRemovedEvent',
    about: vm,
    user: vm.busy?.spec.session?.user.name,
    chain: vm.busy?.chain,
  });
  vcenter.authorization.forget(vm);
}

/** The machine leaves the inventory; its files stay. @throws VimFault InvalidPowerState */
export function unregisterMachine(vcenter: Vcenter, vm: VirtualMachine): void {
  requireOff(vm);
  const path = vm.vmPathName;
  forget(vcenter, vm);
  const machine = { ...vm.machine, home: path };
  const disks = new Map(machine.disks.map(({ id }) => [id, vcenter.estate.disk(id)]));
  vcenter.estate.remove(machine.id);
  vcenter.unregistered.set(path, { machine, disks });
}

export interface Registration {
  readonly path: string;
  readonly folder: FolderObject;
  readonly name: string | undefined;
  readonly asTemplate: boolean;
  readonly pool: PoolObject | undefined;
  readonly host: HostObject;
}

/** @throws VimFault FileNotFound, AlreadyExists, DuplicateName, InvalidName, GenericVmConfigFault and those of devices */
export function registerMachine(vcenter: Vcenter, request: Registration): VirtualMachine {
  const { path, folder, asTemplate, pool, host } = request;
  const known = vcenter.unregistered.get(path);
  const uploaded = known ? undefined : registerUploaded(vcenter, request);
  if (uploaded) return uploaded;
  if (!known) {
    const isThere = vcenter.inventory.vms().some((vm) => vm.vmPathName === path);
    throw isThere
      ? vimFault('AlreadyExists', `The machine at ${path} is registered already.`, { name: path })
      : vimFault('FileNotFound', `File ${path} was not found.`, { file: path });
  }
  const place = requireVmFolder(folder);
  const name = plainName(request.name ?? known.machine.name);
  requireFree(folder.children(), name);
  const number = vcenter.nextNumber();
  const id = `made-${number}`;
  const { clusterId: _cluster, hostId: _host, resourcePool: _pool, ...facts } = known.machine;
  const { resourcePool, ...onHost } = placementOf(pool ?? host.compute.pool, host);
  const origins = new Map<string, DiskOrigin>();
  const disks = facts.disks.map((disk) => {
    const diskId = `${id}/${disk.index}`;
    origins.set(diskId, { existing: known.disks.get(disk.id)! });
    return { ...disk, id: diskId };
  });
  vcenter.estate.add(
    {
      ...facts,
      ...onHost,
      ...(asTemplate ? {} : { resourcePool }),
      id,
      name,
      datacenterId: place.datacenterId,
      folder: place.path,
      template: asTemplate,
      power: 'off',
      disks,
    },
    origins,
  );
  vcenter.unregistered.delete(path);
  return vcenter.inventory.vmOf(id);
}

/** A machine whose configuration somebody put there; undefined when there is no such file. */
function registerUploaded(vcenter: Vcenter, request: Registration): VirtualMachine | undefined {
  const { path, folder, name, asTemplate, pool, host } = request;
  const place = parseDatastorePath(path);
  const datastore = place && host.datastores.find((each) => each.name === place.datastore);
  const file = place && datastore && vcenter.files.loose.get(datastore, place.path);
  if (file?.kind !== 'bytes') return undefined;
  const spec = specOfVmx(parseVmx(file.bytes), place!, name);
  const vm = createMachine(vcenter, { folder, pool: pool ?? host.compute.pool, host, spec });
  vcenter.files.loose.remove(datastore!, place!.path);
  if (asTemplate) {
    const { resourcePool: _pool, ...facts } = vm.machine;
    vcenter.estate.replace({ ...facts, template: true });
  }
  return vm;
}

/** A folder with everything in it. @throws VimFault InvalidPowerState when a machine in it runs */
export function destroyFolder(vcenter: Vcenter, folder: FolderObject): void {
  const place = requireVmFolder(folder);
  if (place.path.length === 0)
    throw vimFault('NotSupported', 'The folder of a datacenter goes only with the datacenter.');
  const vms = [...vmsBelow(folder)];
  for (const vm of vms) requireOff(vm);
  for (const vm of vms) destroyMachine(vcenter, vm);
  removeEmpty(vcenter, folder);
}

function* vmsBelow(folder: FolderObject): Iterable<VirtualMachine> {
  for (const child of folder.children()) {
    if (child instanceof FolderObject) yield* vmsBelow(child);
    else if (child instanceof VirtualAppObject) yield* child.allVms();
  }
  yield* folder.vms.list();
}

function removeEmpty(vcenter: Vcenter, folder: FolderObject): void {
  for (const child of [...folder.children()]) {
    if (child instanceof FolderObject) removeEmpty(vcenter, child);
    else if (child instanceof VirtualAppObject) destroyVApp(vcenter, child);
  }
  const { datacenterId, path } = folder.place!;
  vcenter.authorization.forget(folder);
  vcenter.estate.removePlace('folder', datacenterId, path);
}

/** A pool goes; its machines and pools move up. A vApp goes with them. @throws VimFault DuplicateName, NotSupported */
export function destroyPool(vcenter: Vcenter, pool: PoolObject): void {
  if (pool.path.length === 0) throw vimFault('NotSupported', 'A root pool cannot be removed.');
  if (pool instanceof VirtualAppObject) return destroyVApp(vcenter, pool);
  const up = pool.path.slice(0, -1);
  const { factsId } = pool.owner;
  for (const vm of pool.vms.list())
    vcenter.estate.replace({ ...vm.machine, resourcePool: ['Resources', ...up].join('/') });
  for (const child of [...pool.pools]) {
    const name = child.path.at(-1)!;
    const siblings = pool.parent ? pool.parent.children() : [];
    requireFree(siblings, name, child);
    vcenter.estate.movePlace('pool', factsId, child.path, [...up, name]);
  }
  vcenter.authorization.forget(pool);
  vcenter.estate.removePlace('pool', factsId, pool.path);
}

/** A vApp goes with everything in it. @throws VimFault InvalidPowerState when a machine in it runs */
function destroyVApp(vcenter: Vcenter, app: PoolObject): void {
  const vms = [...app.allVms()];
  for (const vm of vms) requireOff(vm);
  for (const vm of vms) destroyMachine(vcenter, vm);
  for (const child of [...app.pools]) destroyVApp(vcenter, child);
  vcenter.authorization.forget(app);
  vcenter.estate.removePlace('pool', app.owner.factsId, app.path);
}
