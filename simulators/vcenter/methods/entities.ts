/** Methods of what holds machines: folders are made, and folders, pools and machines renamed, moved and destroyed. Pools are made in pools.ts. */

import { poolArgument } from '../events/event-arguments.ts';
import { postVmEvent } from '../events/journal.ts';
import { vimFault } from '../faults.ts';
import { plainName, requireFree, requireVmFolder } from '../lifecycle/places.ts';
import { destroyFolder, destroyMachine, destroyPool } from '../lifecycle/removal.ts';
import { FolderObject } from '../objects/folder.ts';
import { Entity } from '../objects/object.ts';
import type { PoolObject } from '../objects/pool.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Ref } from '../values.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Call, defineMethod, type Method, type Outcome, selfAs } from './method.ts';
import { requirePrivilege } from './privileges.ts';

const PRIVILEGES_OF: Readonly<Record<string, Readonly<Record<'rename' | 'destroy' | 'move', string>>>> = {
  VirtualMachine: {
    rename: 'VirtualMachine.Config.Rename',
    destroy: 'VirtualMachine.Inventory.Delete',
    move: 'VirtualMachine.Inventory.Move',
  },
  Folder: { rename: 'Folder.Rename', destroy: 'Folder.Delete', move: 'Folder.Move' },
  VirtualApp: { rename: 'VApp.Rename', destroy: 'VApp.Delete', move: 'VApp.Move' },
  ResourcePool: { rename: 'Resource.RenamePool', destroy: 'Resource.DeletePool', move: 'Resource.MovePool' },
};

/** @throws VimFault NotSupported for what stays as it is here; NoPermission */
export function requireChange(call: Call, entity: Entity, what: 'rename' | 'destroy' | 'move'): void {
  const privilege = PRIVILEGES_OF[entity.ref.type]?.[what];
  if (privilege === undefined)
    throw vimFault('NotSupported', `A ${entity.ref.type} stays as it is on this server.`);
  requirePrivilege(call, privilege, entity);
}

export function startTask(call: Call, descriptionId: string, run: () => void): Outcome {
  const { self, session, method, vcenter, taskFault } = call;
  const wrapped = () => {
    run();
    return undefined;
  };
  if (self instanceof VirtualMachine) return startVmTask(call, self, descriptionId, wrapped);
  return vcenter.tasks.start({ method, descriptionId, entity: self, session, run: wrapped }, taskFault).ref;
}

const createFolder = defineMethod<{ name: string }>({
  on: 'Folder',
  name: 'CreateFolder',
  takes: 'name string',
  returns: '&Folder',
  privilege: 'Folder.Create',
  faults: ['DuplicateName', 'InvalidName'],
  run({ name }, call) {
    const folder = selfAs(call, FolderObject);
    const { datacenterId, path } = requireVmFolder(folder);
    const plain = plainName(name);
    requireFree(folder.children(), plain);
    call.vcenter.estate.addPlace('folder', datacenterId, [...path, plain]);
    return folder.subfolder(plain)!.ref;
  },
});

const renameEntity = defineMethod<{ newName: string }>({
  on: 'ManagedEntity',
  name: 'Rename_Task',
  takes: 'newName string',
  returns: '&Task',
  faults: ['DuplicateName', 'InvalidName', 'TaskInProgress'],
  run({ newName }, call) {
    const entity = selfAs(call, Entity);
    requireChange(call, entity, 'rename');
    return startTask(call, 'ManagedEntity.rename', () => {
      const name = plainName(newName);
      requireFree(entity.parent?.children() ?? [], name, entity);
      rename(call, entity, name);
    });
  },
});

function rename(call: Call, entity: Entity, name: string): void {
  const { estate } = call.vcenter;
  if (entity instanceof VirtualMachine) {
    const before = entity.machine.name;
    // Files keep their names.
    estate.replace({ ...entity.machine, name, home: entity.machine.home ?? entity.vmPathName });
    postVmEvent(
      call.vcenter,
      entity,
      'VmRenamedEvent',
      { oldName: before, newName: name },
      { from: before, to: name },
    );
  } else if (entity instanceof FolderObject) {
    const { datacenterId, path } = requireVmFolder(entity);
    if (path.length === 0) throw vimFault('NotSupported', 'The folder of a datacenter keeps its name.');
    if (path.at(-1) !== name) estate.movePlace('folder', datacenterId, path, [...path.slice(0, -1), name]);
  } else renamePool(call, entity as PoolObject, name);
}

export function renamePool(call: Call, pool: PoolObject, name: string): void {
  const { path, owner } = pool;
  if (path.length === 0) throw vimFault('NotSupported', 'A root pool keeps its name.');
  if (path.at(-1) !== name)
    call.vcenter.estate.movePlace('pool', owner.factsId, path, [...path.slice(0, -1), name]);
}

const destroyEntity = defineMethod({
  on: 'ManagedEntity',
  name: 'Destroy_Task',
  returns: '&Task',
  faults: ['TaskInProgress', 'InvalidState', 'FileFault'],
  run(_args, call) {
    const entity = selfAs(call, Entity);
    requireChange(call, entity, 'destroy');
    const { vcenter } = call;
    return startTask(call, 'ManagedEntity.destroy', () => {
      if (entity instanceof VirtualMachine) destroyMachine(vcenter, entity);
      else if (entity instanceof FolderObject) destroyFolder(vcenter, entity);
      else {
        const pool = entity as PoolObject;
        destroyPool(vcenter, pool);
        vcenter.events.post({
          type: 'ResourcePoolDestroyedEvent',
          about: pool,
          user: call.session?.user.name,
          fields: { resourcePool: poolArgument(pool) },
        });
      }
    });
  },
});

/** Every entity of a list that a request brings. @throws VimFault ManagedObjectNotFound */
export function entitiesOf(refs: readonly Ref[], call: Call): Entity[] {
  return refs.map((ref) => {
    const entity = call.find(ref);
    if (!(entity instanceof Entity)) throw objectNotFound(ref);
    return entity;
  });
}

const moveIntoFolder = defineMethod<{ list: readonly Ref[] }>({
  on: 'Folder',
  name: 'MoveIntoFolder_Task',
  takes: 'list &ManagedEntity[]!',
  returns: '&Task',
  faults: ['DuplicateName', 'InvalidFolder', 'InvalidState'],
  run({ list }, call) {
    const folder = selfAs(call, FolderObject);
    const { datacenterId, path } = requireVmFolder(folder);
    const entities = entitiesOf(list, call);
    for (const entity of entities) requireChange(call, entity, 'move');
    const { estate } = call.vcenter;
    return startTask(call, 'Folder.moveInto', () => {
      for (const entity of entities) {
        if (entity.parent === folder) continue;
        requireFree(folder.children(), entity.name);
        if (entity instanceof VirtualMachine) {
          if (entity.machine.datacenterId !== datacenterId) throw invalidFolder(entity);
          estate.replace({ ...entity.machine, folder: path });
        } else if (entity instanceof FolderObject) {
          const from = requireVmFolder(entity);
          const isInside = from.path.every((name, depth) => path[depth] === name);
          if (from.datacenterId !== datacenterId || from.path.length === 0 || isInside)
            throw invalidFolder(entity);
          estate.movePlace('folder', datacenterId, from.path, [...path, from.path.at(-1)!]);
        } else throw invalidFolder(entity);
      }
    });
  },
});

function invalidFolder(target: Entity) {
  return vimFault('InvalidFolder', `The folder cannot hold '${target.name}'.`, { target: target.ref });
}

export const ENTITY_METHODS: readonly Method[] = [createFolder, renameEntity, destroyEntity, moveIntoFolder];
