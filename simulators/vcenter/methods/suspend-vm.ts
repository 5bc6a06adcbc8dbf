/** SuspendVM_Task: stops a running machine with its memory. */
import { changePower } from '../vm/operations.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { defineMethod, selfAs } from './method.ts';

export const suspendVm = defineMethod({
  on: 'VirtualMachine',
  name: 'SuspendVM_Task',
  returns: '&Task',
  privilege: 'VirtualMachine.Interact.Suspend',
  faults: ['InvalidState', 'TaskInProgress', 'GenericVmConfigFault'],
  run(_args, call) {
    const vm = selfAs(call, VirtualMachine);
    return startVmTask(call, vm, 'VirtualMachine.suspend', () => {
      changePower(call.vcenter, vm, ['on'], 'suspended');
      return undefined;
    });
  },
});
