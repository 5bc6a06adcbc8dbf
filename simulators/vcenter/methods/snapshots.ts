/** Methods of snapshots beside making, removing and reverting to one that is named. */
import { invalidName, vimFault } from '../faults.ts';
import { revertTo } from '../vm/operations.ts';
import { SnapshotObject } from '../vm/snapshot.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { defineMethod, type Method, selfAs } from './method.ts';

const NAME_LENGTH_MAX = 80;

const renameSnapshot = defineMethod<{ name?: string; description?: string }>({
  on: 'VirtualMachineSnapshot',
  name: 'RenameSnapshot',
  takes: 'name string?, description string?',
  privilege: 'VirtualMachine.State.RenameSnapshot',
  faults: ['InvalidName', 'TaskInProgress', 'InvalidState'],
  run({ name, description }, call) {
    const snapshot = selfAs(call, SnapshotObject);
    if (name !== undefined && (name === '' || name.length > NAME_LENGTH_MAX)) throw invalidName(name);
    snapshot.name = name ?? snapshot.name;
    snapshot.description = description ?? snapshot.description;
    call.vcenter.changes.changed(snapshot.vm, 'snapshot');
    return undefined;
  },
});

const revertToCurrentSnapshot = defineMethod<{ suppressPowerOn?: boolean }>({
  on: 'VirtualMachine',
  name: 'RevertToCurrentSnapshot_Task',
  takes: 'host &HostSystem?, suppressPowerOn boolean?',
  returns: '&Task',
  privilege: 'VirtualMachine.State.RevertToSnapshot',
  faults: ['TaskInProgress', 'SnapshotFault', 'InvalidState', 'NotFound'],
  run({ suppressPowerOn }, call) {
    const vm = selfAs(call, VirtualMachine);
    return startVmTask(call, vm, 'VirtualMachine.revertToCurrentSnapshot', () => {
      if (!vm.currentSnapshot) throw vimFault('NotFound', 'The machine has no current snapshot.');
      revertTo(call.vcenter, vm.currentSnapshot, suppressPowerOn === true);
      return undefined;
    });
  },
});

/** Deltas are merged when snapshots go, so that there is nothing left to consolidate. */
const consolidateDisks = defineMethod({
  on: 'VirtualMachine',
  name: 'ConsolidateVMDisks_Task',
  since: '5.0',
  returns: '&Task',
  privilege: 'VirtualMachine.State.RemoveSnapshot',
  faults: ['TaskInProgress', 'InvalidState', 'FileFault', 'GenericVmConfigFault'],
  run: (_args, call) =>
    startVmTask(call, selfAs(call, VirtualMachine), 'VirtualMachine.consolidateDisks', () => undefined),
});

export const SNAPSHOT_METHODS: readonly Method[] = [
  renameSnapshot,
  revertToCurrentSnapshot,
  consolidateDisks,
];
