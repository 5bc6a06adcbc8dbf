/** Methods by which machines come, change place and go. Reconfiguring them is in reconfig-vm.ts. */

import { folderArgument, hostArgument, vmArgument } from '../events/event-arguments.ts';
import { invalidArgument, localized, VimFault, vimFault } from '../faults.ts';
import {
  type CloneRequest,
  type CloneSpec,
  cloneMachine,
  type RelocateSpec,
  readClone,
} from '../lifecycle/clone.ts';
import { type ConfigSpec, hardwareVersionOf, requireKnown } from '../lifecycle/config-changes.ts';
import { createMachine, postCreated } from '../lifecycle/create.ts';
import { requireOff } from '../lifecycle/faults.ts';
import { datastoreAt, folderAt, hostAt, hostFor, placementOf, poolAt } from '../lifecycle/places.ts';
import { type Destination, relocate } from '../lifecycle/relocate.ts';
import { registerMachine, unregisterMachine } from '../lifecycle/removal.ts';
import { FolderObject } from '../objects/folder.ts';
import type { PoolObject } from '../objects/pool.ts';
import { objectNotFound } from '../property/selection.ts';
import { type TaskObject, taskInProgress } from '../tasks.ts';
import type { Ref } from '../values.ts';
import { changePower } from '../vm/operations.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Call, defineMethod, type Method, type Outcome, selfAs } from './method.ts';
import { requirePrivilege } from './privileges.ts';

const CREATION_FAULTS = [
  'DuplicateName',
  'InvalidName',
  'InvalidDatastore',
  'InvalidState',
  'NoDiskSpace',
  'FileAlreadyExists',
  'InvalidVmConfig',
];

/** Starts a task of a folder or pool whose result is a machine. */
function startCreation(
  call: Call,
  descriptionId: string,
  run: (task: TaskObject) => VirtualMachine,
): Outcome {
  const task: TaskObject = call.vcenter.tasks.start(
    {
      method: call.method,
      descriptionId,
      entity: call.self,
      session: call.session,
      cancelable: true,
      run: () => run(task).ref,
    },
    call.taskFault,
  );
  return task.ref;
}

/** What making a machine asks for beside the privilege on the folder. */
function requireForSpec(call: Call, spec: ConfigSpec, pool: PoolObject): void {
  requirePrivilege(call, 'Resource.AssignVMToPool', pool);
  for (const { device, fileOperation, operation } of spec.deviceChange)
    if (operation === 'add' && device.$ === 'VirtualDisk')
      requirePrivilege(
        call,
        fileOperation === undefined
          ? 'VirtualMachine.Config.AddExistingDisk'
          : 'VirtualMachine.Config.AddNewDisk',
        pool,
      );
}

export function createIn(
  call: Call,
  folder: FolderObject,
  pool: PoolObject,
  { config, host }: { config: ConfigSpec; host?: Ref },
): Outcome {
  requireKnown(config);
  requireForSpec(call, config, pool);
  const wanted = host && hostAt(host, call);
  return startCreation(call, 'Folder.createVm', (task) => {
    const vm = createMachine(call.vcenter, { folder, pool, host: wanted, spec: config });
    postCreated(call.vcenter, vm, { session: call.session, chain: task.chain });
    return vm;
  });
}

const createVm = defineMethod<{ config: ConfigSpec; pool: Ref; host?: Ref }>({
  on: 'Folder',
  name: 'CreateVM_Task',
  takes: 'config VirtualMachineConfigSpec, pool &ResourcePool, host &HostSystem?',
  returns: '&Task',
  privilege: 'VirtualMachine.Inventory.Create',
  faults: CREATION_FAULTS,
  run: (args, call) => createIn(call, selfAs(call, FolderObject), poolAt(args.pool, call), args),
});

const registerVm = defineMethod<{
  path: string;
  name?: string;
  asTemplate: boolean;
  pool?: Ref;
  host?: Ref;
}>({
  on: 'Folder',
  name: 'RegisterVM_Task',
  takes: 'path string, name string?, asTemplate boolean, pool &ResourcePool?, host &HostSystem?',
  returns: '&Task',
  privilege: 'VirtualMachine.Inventory.Register',
  faults: ['AlreadyExists', 'InvalidDatastore', 'NotFound', 'FileNotFound', 'DuplicateName', 'InvalidState'],
  run({ path, name, asTemplate, pool: poolRef, host: hostRef }, call) {
    const folder = selfAs(call, FolderObject);
    const pool = poolRef && poolAt(poolRef, call);
    const wanted = hostRef && hostAt(hostRef, call);
    if (!pool && !wanted) throw invalidArgument(asTemplate ? 'host' : 'pool');
    if (pool) requirePrivilege(call, 'Resource.AssignVMToPool', pool);
    return startCreation(call, 'Folder.registerVm', (task) => {
      const host = pool ? hostFor(pool, wanted) : wanted!;
      const vm = registerMachine(call.vcenter, { path, folder, name, asTemplate, pool, host });
      postCreated(call.vcenter, vm, { session: call.session, chain: task.chain }, 'VmRegisteredEvent');
      return vm;
    });
  },
});

const cloneVm = defineMethod<{ folder: Ref; name: string; spec: CloneSpec }>({
  on: 'VirtualMachine',
  name: 'CloneVM_Task',
  takes: 'folder &Folder, name string, spec VirtualMachineCloneSpec',
  returns: '&Task',
  faults: ['TaskInProgress', 'FileFault', 'MigrationFault', ...CREATION_FAULTS],
  run({ folder: folderRef, name, spec }, call) {
    const source = selfAs(call, VirtualMachine);
    const folder = folderAt(folderRef, call);
    const request = readClone(call, source, folder, name, spec);
    const { vcenter } = call;
    return startCreation(call, 'VirtualMachine.clone', (task) => {
      if (!source.exists) throw objectNotFound(source.ref);
      const by = { user: call.session?.user.name, chain: task.chain };
      vcenter.events.post({
        type: source.machine.template ? 'VmBeingDeployedEvent' : 'VmBeingClonedEvent',
        about: source,
        ...by,
        fields: source.machine.template
          ? { srcTemplate: vmArgument(source) }
          : {
              destFolder: folderArgument(folder),
              destName: name,
              destHost: hostArgument(request.host),
            },
        words: { dest: name, destHost: request.host.name, source: source.name },
      });
      const vm = cloned(call, request, by.chain);
      vcenter.events.post({
        type: source.machine.template ? 'VmDeployedEvent' : 'VmClonedEvent',
        about: vm,
        ...by,
        fields: source.machine.template
          ? { srcTemplate: vmArgument(source) }
          : { sourceVm: vmArgument(source) },
        words: { source: source.name },
      });
      if (spec.powerOn && !spec.template) changePower(vcenter, vm, ['off'], 'on');
      return vm;
    });
  },
});

/** @throws VimFault, after it was written down that the clone failed */
function cloned(call: Call, request: CloneRequest, chain: number): VirtualMachine {
  const { source, folder, name, host } = request;
  try {
    return cloneMachine(call.vcenter, request);
  } catch (fault) {
    if (fault instanceof VimFault)
      call.vcenter.events.post({
        type: 'VmCloneFailedEvent',
        about: source,
        user: call.session?.user.name,
        chain,
        fields: {
          destFolder: folderArgument(folder),
          destName: name,
          destHost: hostArgument(host),
          reason: localized(fault),
        },
      });
    throw fault;
  }
}

/** A move of one machine, with the events of a hot or a cold one. */
function move(call: Call, vm: VirtualMachine, descriptionId: string, to: Destination): Outcome {
  const { vcenter } = call;
  return startVmTask(call, vm, descriptionId, () => {
    const before = vm.host;
    const isRelocation = to.datastore !== undefined || (to.disks?.size ?? 0) > 0;
    const post = (type: string, fields: Record<string, ReturnType<typeof hostArgument>>, words = {}) =>
      vcenter.events.post({
        type,
        about: vm,
        user: call.session?.user.name,
        chain: vm.busy?.chain,
        fields,
        words,
      });
    const destHost = to.host ?? vm.host;
    post(
      isRelocation ? 'VmBeingRelocatedEvent' : vm.isOn ? 'VmBeingHotMigratedEvent' : 'VmBeingMigratedEvent',
      { destHost: hostArgument(destHost) },
      { destHost: destHost.name },
    );
    relocate(vcenter, vm, to);
    post(
      isRelocation ? 'VmRelocatedEvent' : 'VmMigratedEvent',
      { sourceHost: hostArgument(before) },
      { sourceHost: before.name },
    );
    return undefined;
  });
}

function requireMigration(call: Call, vm: VirtualMachine, pool: PoolObject | undefined): void {
  requirePrivilege(call, vm.isOn ? 'Resource.HotMigrate' : 'Resource.ColdMigrate', vm);
  if (pool) requirePrivilege(call, 'Resource.AssignVMToPool', pool);
}

const STATES = { poweredOn: 'on', poweredOff: 'off', suspended: 'suspended' } as const;

const migrateVm = defineMethod<{ pool?: Ref; host?: Ref; state?: keyof typeof STATES }>({
  on: 'VirtualMachine',
  name: 'MigrateVM_Task',
  takes:
    'pool &ResourcePool?, host &HostSystem?, priority %VirtualMachineMovePriority, state %VirtualMachinePowerState?',
  returns: '&Task',
  faults: ['TaskInProgress', 'InvalidState', 'MigrationFault', 'Timedout', 'FileFault'],
  run({ pool, host, state }, call) {
    const vm = selfAs(call, VirtualMachine);
    const to: Destination = { pool: pool && poolAt(pool, call), host: host && hostAt(host, call) };
    if (!to.pool && !to.host) throw invalidArgument('host');
    requireMigration(call, vm, to.pool);
    if (state !== undefined && STATES[state] !== vm.power)
      throw vimFault('InvalidState', 'The machine is not in the state that was asked for.');
    return move(call, vm, 'VirtualMachine.migrate', to);
  },
});

const relocateVm = defineMethod<{ spec: RelocateSpec }>({
  on: 'VirtualMachine',
  name: 'RelocateVM_Task',
  takes: 'spec VirtualMachineRelocateSpec, priority %VirtualMachineMovePriority? @4.0',
  returns: '&Task',
  privilege: 'Resource.ColdMigrate',
  faults: ['TaskInProgress', 'InvalidState', 'MigrationFault', 'Timedout', 'FileFault', 'NoDiskSpace'],
  run({ spec }, call) {
    const vm = selfAs(call, VirtualMachine);
    if (spec.service) throw vimFault('NotSupported', 'Moving between vCenters is not supported.');
    const to: Destination = {
      pool: spec.pool && poolAt(spec.pool, call),
      host: spec.host && hostAt(spec.host, call),
      folder: spec.folder && folderAt(spec.folder, call),
      datastore: spec.datastore && datastoreAt(spec.datastore, call),
      disks: new Map(spec.disk.map(({ diskId, datastore }) => [diskId, datastoreAt(datastore, call)])),
      deviceChange: spec.deviceChange,
    };
    requireMigration(call, vm, to.pool);
    for (const datastore of [to.datastore, ...to.disks!.values()])
      if (datastore) requirePrivilege(call, 'Datastore.AllocateSpace', datastore);
    return move(call, vm, 'VirtualMachine.relocate', to);
  },
});

const unregisterVm = defineMethod({
  on: 'VirtualMachine',
  name: 'UnregisterVM',
  privilege: 'VirtualMachine.Inventory.Unregister',
  faults: ['TaskInProgress', 'InvalidPowerState'],
  run(_args, call) {
    const vm = selfAs(call, VirtualMachine);
    if (vm.busy) throw taskInProgress(vm.busy);
    unregisterMachine(call.vcenter, vm);
    return undefined;
  },
});

const markAsTemplate = defineMethod({
  on: 'VirtualMachine',
  name: 'MarkAsTemplate',
  privilege: 'VirtualMachine.Provisioning.MarkAsTemplate',
  faults: ['InvalidState', 'FileFault'],
  run(_args, call) {
    const vm = selfAs(call, VirtualMachine);
    if (vm.busy) throw taskInProgress(vm.busy);
    if (vm.machine.template) throw vimFault('NotSupported', 'It is a template already.');
    requireOff(vm);
    const { resourcePool: _pool, ...facts } = vm.machine;
    call.vcenter.estate.replace({ ...facts, template: true });
    return undefined;
  },
});

const markAsVirtualMachine = defineMethod<{ pool: Ref; host?: Ref }>({
  on: 'VirtualMachine',
  name: 'MarkAsVirtualMachine',
  takes: 'pool &ResourcePool, host &HostSystem?',
  privilege: 'VirtualMachine.Provisioning.MarkAsVM',
  faults: ['InvalidState', 'FileFault'],
  run({ pool: poolRef, host: hostRef }, call) {
    const vm = selfAs(call, VirtualMachine);
    const pool = poolAt(poolRef, call);
    requirePrivilege(call, 'Resource.AssignVMToPool', pool);
    if (!vm.machine.template) throw vimFault('NotSupported', 'It is no template.');
    const wanted = hostRef ? hostAt(hostRef, call) : vm.host.compute === pool.owner ? vm.host : undefined;
    const { clusterId: _cluster, hostId: _host, ...facts } = vm.machine;
    call.vcenter.estate.replace({
      ...facts,
      ...placementOf(pool, hostFor(pool, wanted)),
      template: false,
    });
    return undefined;
  },
});

const upgradeVm = defineMethod<{ version?: string }>({
  on: 'VirtualMachine',
  name: 'UpgradeVM_Task',
  takes: 'version string?',
  returns: '&Task',
  privilege: 'VirtualMachine.Config.UpgradeVirtualHardware',
  faults: ['InvalidState', 'TaskInProgress', 'AlreadyUpgraded'],
  run({ version }, call) {
    const vm = selfAs(call, VirtualMachine);
    const newest = Number(vm.host.facts.version.split('.')[0]) >= 8 ? 20 : 17;
    const wanted = hardwareVersionOf(version) ?? newest;
    return startVmTask(call, vm, 'VirtualMachine.upgradeVirtualHardware', () => {
      requireOff(vm);
      if (wanted <= vm.machine.hardwareVersion)
        throw vimFault('AlreadyUpgraded', 'The virtual hardware is of that version or newer already.');
      call.vcenter.estate.replace({ ...vm.machine, hardwareVersion: wanted });
      return undefined;
    });
  },
});

const powerOnMultiVm = defineMethod<{ vm: readonly Ref[] }>({
  on: 'Datacenter',
  name: 'PowerOnMultiVM_Task',
  takes: 'vm &VirtualMachine[]!, option OptionValue[] @4.1',
  returns: '&Task',
  privilege: 'System.View',
  run({ vm: refs }, call) {
    const vms = refs.map((ref) => {
      const vm = call.find(ref);
      if (!(vm instanceof VirtualMachine)) throw invalidArgument('vm');
      requirePrivilege(call, 'VirtualMachine.Interact.PowerOn', vm);
      return vm;
    });
    const { vcenter, session, taskFault } = call;
    const each = { vcenter, session, taskFault, method: 'PowerOnVM_Task' };
    return vcenter.tasks.start({
      method: call.method,
      descriptionId: 'Datacenter.powerOnVm',
      entity: call.self,
      session,
      run: () => ({
        $: 'ClusterPowerOnVmResult',
        attempted: vms.map((vm) => ({
          $: 'ClusterAttemptedVmInfo',
          vm: vm.ref,
          task: startVmTask(each, vm, 'VirtualMachine.powerOn', () => {
            changePower(vcenter, vm, ['off', 'suspended'], 'on');
            return undefined;
          }),
        })),
      }),
    }).ref;
  },
});

/** Methods that ask a server to look again: what it shows is always how things stand. */
function refreshing(on: string, name: string, privilege: string, since: string): Method {
  return defineMethod({ on, name, since, privilege, run: () => undefined });
}

export const LIFECYCLE_METHODS: readonly Method[] = [
  createVm,
  registerVm,
  cloneVm,
  migrateVm,
  relocateVm,
  unregisterVm,
  markAsTemplate,
  markAsVirtualMachine,
  upgradeVm,
  powerOnMultiVm,
  refreshing('VirtualMachine', 'RefreshStorageInfo', 'System.Read', '4.0'),
  refreshing('ManagedEntity', 'Reload', 'System.Read', '2.0'),
  refreshing('ResourcePool', 'RefreshRuntime', 'System.View', '4.1'),
];
