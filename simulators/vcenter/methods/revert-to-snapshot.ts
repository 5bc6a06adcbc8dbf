/**
 * RevertToSnapshot_Task: disks and power become what they were. Change tracking begins anew, so that change
 * ids from before say nothing any more.
 */
import type { Ref } from '../values.ts';
import { revertTo } from '../vm/operations.ts';
import { SnapshotObject } from '../vm/snapshot.ts';
import { startVmTask } from '../vm/tasks.ts';
import { defineMethod, selfAs } from './method.ts';

export const revertToSnapshot = defineMethod<{ host?: Ref; suppressPowerOn?: boolean }>({
  on: 'VirtualMachineSnapshot',
  name: 'RevertToSnapshot_Task',
  takes: 'host &HostSystem?, suppressPowerOn boolean?',
  returns: '&Task',
  privilege: 'VirtualMachine.State.RevertToSnapshot',
  faults: ['TaskInProgress', 'FileFault', 'InvalidState', 'GenericVmConfigFault'],
  run({ suppressPowerOn }, call) {
    const snapshot = selfAs(call, SnapshotObject);
    return startVmTask(call, snapshot.vm, 'VirtualMachineSnapshot.revert', () => {
      revertTo(call.vcenter, snapshot, suppressPowerOn === true);
      return undefined;
    });
  },
});
