/** PowerOffVM_Task: cuts the power, whatever the guest is doing. */
import { changePower } from '../vm/operations.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { defineMethod, selfAs } from './method.ts';

export const powerOffVm = defineMethod({
  on: 'VirtualMachine',
  name: 'PowerOffVM_Task',
  returns: '&Task',
  privilege: 'VirtualMachine.Interact.PowerOff',
  faults: ['InvalidState', 'TaskInProgress', 'GenericVmConfigFault'],
  run(_args, call) {
    const vm = selfAs(call, VirtualMachine);
    return startVmTask(call, vm, 'VirtualMachine.powerOff', () => {
      changePower(call.vcenter, vm, ['on', 'suspended'], 'off');
      return undefined;
    });
  },
});
