/**
 * RemoveSnapshot_Task: the content stays, the restore point goes. Deltas are always merged: a machine that was
 * left to be consolidated later is not offered.
 */
import { removeSnapshot as remove } from '../vm/operations.ts';
import { SnapshotObject } from '../vm/snapshot.ts';
import { startVmTask } from '../vm/tasks.ts';
import { defineMethod, selfAs } from './method.ts';

export const removeSnapshot = defineMethod<{ removeChildren: boolean; consolidate?: boolean }>({
  on: 'VirtualMachineSnapshot',
  name: 'RemoveSnapshot_Task',
  takes: 'removeChildren boolean, consolidate boolean? @5.0',
  returns: '&Task',
  privilege: 'VirtualMachine.State.RemoveSnapshot',
  faults: ['TaskInProgress', 'SnapshotFault', 'FileFault', 'InvalidState', 'GenericVmConfigFault'],
  run({ removeChildren }, call) {
    const snapshot = selfAs(call, SnapshotObject);
    return startVmTask(call, snapshot.vm, 'VirtualMachineSnapshot.remove', () => {
      remove(call.vcenter, snapshot, removeChildren);
      return undefined;
    });
  },
});
