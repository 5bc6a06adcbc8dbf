/** Methods of resource pools and vApps: made, divided, filled, started and stopped. */
import { poolArgument } from '../events/event-arguments.ts';
import { invalidArgument, vimFault } from '../faults.ts';
import { type ConfigSpec, requireKnown } from '../lifecycle/config-changes.ts';
import { folderAt, plainName, requireFree, requireVmFolder } from '../lifecycle/places.ts';
import { destroyPool } from '../lifecycle/removal.ts';
import { allocationsOf, changedAllocations, type PoolSpec } from '../objects/allocation.ts';
import type { FolderObject } from '../objects/folder.ts';
import { PoolObject } from '../objects/pool.ts';
import { type StartEntry, VirtualAppObject } from '../objects/vapp.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Data, Ref } from '../values.ts';
import type { Vcenter } from '../vcenter.ts';
import { changePower } from '../vm/operations.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { entitiesOf, renamePool, requireChange, startTask } from './entities.ts';
import { createIn } from './lifecycle.ts';
import { type Call, defineMethod, type Method, selfAs } from './method.ts';
import { requirePrivilege } from './privileges.ts';

const NONE = allocationsOf(undefined);

function tellPool({ changes }: Vcenter, pool: PoolObject): void {
  changes.changed(pool, 'config', 'runtime', 'summary');
  if (pool.parentPool) changes.changed(pool.parentPool, 'childConfiguration', 'runtime', 'summary');
}

const createResourcePool = defineMethod<{ name: string; spec: PoolSpec }>({
  on: 'ResourcePool',
  name: 'CreateResourcePool',
  takes: 'name string, spec ResourceConfigSpec',
  returns: '&ResourcePool',
  privilege: 'Resource.CreatePool',
  faults: ['InvalidName', 'DuplicateName', 'InsufficientResourcesFault'],
  run({ name, spec }, call) {
    const parent = selfAs(call, PoolObject);
    const plain = plainName(name);
    requireFree(parent.pools, plain);
    const allocations = changedAllocations(NONE, spec, parent);
    const path = [...parent.path, plain];
    call.vcenter.estate.addPlace('pool', parent.owner.factsId, path);
    const pool = parent.pools.find((each) => each.path.at(-1) === plain)!;
    pool.allocations = allocations;
    tellPool(call.vcenter, pool);
    call.vcenter.events.post({
      type: 'ResourcePoolCreatedEvent',
      about: pool,
      user: call.session?.user.name,
      fields: { resourcePool: poolArgument(pool), parent: poolArgument(parent) },
    });
    return pool.ref;
  },
});

/** @throws VimFault NoPermission, NotSupported for the root pool, and those of the specification */
function reconfigure(call: Call, pool: PoolObject, spec: PoolSpec): void {
  requirePrivilege(call, 'Resource.EditPool', pool);
  const { parentPool } = pool;
  if (!parentPool) throw vimFault('NotSupported', 'What a root pool has is what its hosts have.');
  pool.allocations = changedAllocations(pool.allocations, spec, parentPool);
  tellPool(call.vcenter, pool);
}

const updateConfig = defineMethod<{ name?: string; config?: PoolSpec }>({
  on: 'ResourcePool',
  name: 'UpdateConfig',
  takes: 'name string?, config ResourceConfigSpec?',
  faults: ['InvalidName', 'DuplicateName', 'InsufficientResourcesFault', 'ConcurrentAccess'],
  run({ name, config }, call) {
    const pool = selfAs(call, PoolObject);
    call.requireSession();
    if (name !== undefined && name !== '' && name !== pool.name) {
      requireChange(call, pool, 'rename');
      const plain = plainName(name);
      requireFree(pool.parent?.children() ?? [], plain, pool);
      if (config) requirePrivilege(call, 'Resource.EditPool', pool);
      renamePool(call, pool, plain);
    }
    if (config) reconfigure(call, pool, config);
    return undefined;
  },
});

const updateChildResourceConfiguration = defineMethod<{
  spec: ReadonlyArray<PoolSpec & { readonly entity?: Ref }>;
}>({
  on: 'ResourcePool',
  name: 'UpdateChildResourceConfiguration',
  takes: 'spec ResourceConfigSpec[]!',
  faults: ['InvalidState', 'InsufficientResourcesFault'],
  run({ spec }, call) {
    const parent = selfAs(call, PoolObject);
    call.requireSession();
    for (const each of spec) {
      const found = each.entity && call.find(each.entity);
      if (each.entity && !found) throw objectNotFound(each.entity);
      if (!(found instanceof PoolObject) || found.parentPool !== parent) throw invalidArgument('spec.entity');
      reconfigure(call, found, each);
    }
    return undefined;
  },
});

const destroyChildren = defineMethod({
  on: 'ResourcePool',
  name: 'DestroyChildren',
  run(_args, call) {
    const pool = selfAs(call, PoolObject);
    requirePrivilege(call, 'Resource.DeletePool', pool);
    const destroyBelow = (at: PoolObject): void => {
      for (const child of [...at.pools]) {
        if (child instanceof VirtualAppObject) continue;
        destroyBelow(child);
        destroyPool(call.vcenter, child);
      }
    };
    destroyBelow(pool);
    return undefined;
  },
});

const moveIntoResourcePool = defineMethod<{ list: readonly Ref[] }>({
  on: 'ResourcePool',
  name: 'MoveIntoResourcePool',
  takes: 'list &ManagedEntity[]!',
  faults: ['DuplicateName'],
  run({ list }, call) {
    const pool = selfAs(call, PoolObject);
    const { estate } = call.vcenter;
    requirePrivilege(call, 'Resource.AssignVMToPool', pool);
    for (const entity of entitiesOf(list, call)) {
      if (entity instanceof VirtualMachine) {
        if (entity.host.compute !== pool.owner)
          throw vimFault('NotSupported', 'The machine is on a host of another cluster.');
        estate.replace({ ...entity.machine, resourcePool: ['Resources', ...pool.path].join('/') });
      } else if (entity instanceof PoolObject && !(entity instanceof VirtualAppObject)) {
        requireChange(call, entity, 'move');
        const isInside = entity.path.every((name, depth) => pool.path[depth] === name);
        if (entity.owner !== pool.owner || isInside)
          throw vimFault('NotSupported', 'The pool cannot go there.');
        requireFree(pool.pools, entity.path.at(-1)!);
        estate.movePlace('pool', pool.owner.factsId, entity.path, [...pool.path, entity.path.at(-1)!]);
      } else throw vimFault('NotSupported', `A ${entity.ref.type} cannot be in a pool here.`);
    }
    return undefined;
  },
});

/** VAppConfigSpec as it comes in. */
export interface VAppSpec extends Data {
  readonly annotation?: string;
  readonly instanceUuid?: string;
  readonly entityConfig: readonly StartEntry[];
}

/** @throws VimFault NotSupported for what is not kept here: products, properties, sections */
function configure(app: VirtualAppObject, spec: VAppSpec): void {
  const kept = new Set(['$', 'annotation', 'instanceUuid', 'entityConfig', 'ipAssignment']);
  for (const [name, value] of Object.entries(spec))
    if (!kept.has(name) && value !== undefined && !(Array.isArray(value) && value.length === 0))
      throw vimFault('NotSupported', `${name} of a vApp is not kept by this server.`);
  const own = new Set([...app.allVms()].map(({ ref }) => ref.id));
  for (const { key } of spec.entityConfig)
    if (key && !own.has(key.id)) throw invalidArgument('spec.entityConfig.key');
  app.annotation = spec.annotation ?? app.annotation;
  app.instanceUuid = spec.instanceUuid ?? app.instanceUuid;
  for (const entry of spec.entityConfig) {
    if (!entry.key) continue;
    const given = Object.entries(entry).filter(([, value]) => value !== undefined);
    app.entries.set(entry.key.id, {
      ...app.entries.get(entry.key.id),
      ...Object.fromEntries(given),
      $: 'VAppEntityConfigInfo',
    });
  }
}

/** @throws VimFault NotSupported, DuplicateName, InvalidName and those of the specifications */
export function makeVApp(
  call: Call,
  parent: PoolObject,
  {
    name,
    resources,
    spec,
    folder,
  }: { name: string; resources: PoolSpec; spec: VAppSpec; folder: FolderObject },
): VirtualAppObject {
  if (parent instanceof VirtualAppObject)
    throw vimFault('NotSupported', 'vApps in vApps are not made by this server.');
  const { datacenterId, path } = requireVmFolder(folder);
  if (datacenterId !== parent.owner.datacenterId) throw invalidArgument('vmFolder');
  const plain = plainName(name);
  requireFree(parent.pools, plain);
  requireFree(folder.children(), plain);
  const allocations = changedAllocations(NONE, resources, parent);
  const app = call.vcenter.inventory.makeVApp(parent, plain, path);
  app.allocations = allocations;
  configure(app, spec);
  tellPool(call.vcenter, app);
  return app;
}

const createVApp = defineMethod<{ name: string; resSpec: PoolSpec; configSpec: VAppSpec; vmFolder?: Ref }>({
  on: 'ResourcePool',
  name: 'CreateVApp',
  since: '4.0',
  takes:
    'name string @4.0, resSpec ResourceConfigSpec @4.0, configSpec VAppConfigSpec @4.0, vmFolder &Folder? @4.0',
  returns: '&VirtualApp',
  privilege: 'VApp.Create',
  faults: ['InvalidName', 'DuplicateName', 'InsufficientResourcesFault', 'InvalidState'],
  run({ name, resSpec, configSpec, vmFolder }, call) {
    const parent = selfAs(call, PoolObject);
    if (!vmFolder && !(parent instanceof VirtualAppObject)) throw invalidArgument('vmFolder');
    const folder = vmFolder
      ? folderAt(vmFolder, call)
      : call.vcenter.inventory.datacenterOf(parent.owner.datacenterId).vmFolder;
    requirePrivilege(call, 'VApp.Create', folder);
    return makeVApp(call, parent, { name, resources: resSpec, spec: configSpec, folder }).ref;
  },
});

const updateVAppConfig = defineMethod<{ spec: VAppSpec }>({
  on: 'VirtualApp',
  name: 'UpdateVAppConfig',
  since: '4.0',
  takes: 'spec VAppConfigSpec @4.0',
  faults: ['TaskInProgress', 'ConcurrentAccess', 'InvalidName', 'DuplicateName', 'InvalidState'],
  run({ spec }, call) {
    const app = selfAs(call, VirtualAppObject);
    requirePrivilege(call, 'Resource.EditPool', app);
    configure(app, spec);
    call.vcenter.changes.changed(app, 'vAppConfig', 'summary');
    return undefined;
  },
});

/** Power of all machines of a vApp, one after the other in their order. */
function powerMethod<Args>(
  name: string,
  of: {
    readonly privilege: string;
    readonly since: string;
    readonly takes?: string;
    act(call: Call, app: VirtualAppObject): void;
  },
): Method {
  return defineMethod<Args>({
    on: 'VirtualApp',
    name,
    since: of.since,
    ...(of.takes === undefined ? {} : { takes: of.takes }),
    returns: '&Task',
    privilege: of.privilege,
    faults: ['TaskInProgress', 'InvalidState', 'FileFault'],
    run(_args, call) {
      const app = selfAs(call, VirtualAppObject);
      return startTask(call, `VirtualApp.${name[0]!.toLowerCase()}${name.slice(1, -5)}`, () => {
        of.act(call, app);
        call.vcenter.changes.changed(app, 'summary');
      });
    },
  });
}

const powerOnVApp = powerMethod('PowerOnVApp_Task', {
  privilege: 'VApp.PowerOn',
  since: '4.0',
  act({ vcenter }, app) {
    for (const vm of app.inOrder())
      if (!vm.isOn && app.entries.get(vm.ref.id)?.startAction !== 'none')
        changePower(vcenter, vm, ['off', 'suspended'], 'on');
  },
});

const powerOffVApp = powerMethod<{ force: boolean }>('PowerOffVApp_Task', {
  privilege: 'VApp.PowerOff',
  since: '4.0',
  takes: 'force boolean @4.0',
  act({ vcenter }, app) {
    for (const vm of app.inOrder().reverse())
      if (vm.power !== 'off') changePower(vcenter, vm, ['on', 'suspended'], 'off');
  },
});

const suspendVApp = powerMethod('SuspendVApp_Task', {
  privilege: 'VApp.Suspend',
  since: '4.1',
  act({ vcenter }, app) {
    for (const vm of app.inOrder().reverse()) if (vm.isOn) changePower(vcenter, vm, ['on'], 'suspended');
  },
});

const createChildVm = defineMethod<{ config: ConfigSpec; host?: Ref }>({
  on: 'ResourcePool',
  name: 'CreateChildVM_Task',
  since: '4.0',
  takes: 'config VirtualMachineConfigSpec @4.0, host &HostSystem? @4.0',
  returns: '&Task',
  privilege: 'VirtualMachine.Inventory.Create',
  faults: ['DuplicateName', 'InvalidName', 'InvalidDatastore', 'NoDiskSpace'],
  run(args, call) {
    const app = selfAs(call, PoolObject);
    if (!(app instanceof VirtualAppObject))
      throw vimFault(
        'NotSupported',
        'Machines are made in vApps by this method, and in folders by CreateVM_Task.',
      );
    requireKnown(args.config);
    return createIn(call, app.folder, app, args);
  },
});

export const POOL_METHODS: readonly Method[] = [
  createResourcePool,
  updateConfig,
  updateChildResourceConfiguration,
  destroyChildren,
  moveIntoResourcePool,
  createVApp,
  updateVAppConfig,
  powerOnVApp,
  powerOffVApp,
  suspendVApp,
  createChildVm,
];
