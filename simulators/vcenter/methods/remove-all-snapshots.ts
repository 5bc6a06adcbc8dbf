/** RemoveAllSnapshots_Task: all restore points go, the machine keeps its current content. */
import { vimFault } from '../faults.ts';
import type { Data } from '../values.ts';
import { removeAllSnapshots as removeAll } from '../vm/operations.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { defineMethod, selfAs } from './method.ts';

export const removeAllSnapshots = defineMethod<{
  consolidate?: boolean;
  spec?: Data & { readonly retentionDays?: number };
}>({
  on: 'VirtualMachine',
  name: 'RemoveAllSnapshots_Task',
  takes: 'consolidate boolean? @5.0, spec SnapshotSelectionSpec? @8.0.3.0',
  returns: '&Task',
  privilege: 'VirtualMachine.State.RemoveSnapshot',
  faults: ['TaskInProgress', 'SnapshotFault', 'InvalidState', 'GenericVmConfigFault'],
  run({ spec }, call) {
    if (spec?.retentionDays !== undefined)
      throw vimFault('NotSupported', 'Snapshots are not removed by their age here.');
    const vm = selfAs(call, VirtualMachine);
    return startVmTask(call, vm, 'VirtualMachine.removeAllSnapshots', () => {
      removeAll(call.vcenter, vm);
      return undefined;
    });
  },
});
