/** PowerOnVM_Task: starts a machine that is off, or resumes one that is suspended. The host asked for is ignored: machines stay where they are. */
import { changePower } from '../vm/operations.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { defineMethod, selfAs } from './method.ts';

export const powerOnVm = defineMethod({
  on: 'VirtualMachine',
  name: 'PowerOnVM_Task',
  takes: 'host &HostSystem?',
  returns: '&Task',
  privilege: 'VirtualMachine.Interact.PowerOn',
  faults: ['InvalidState', 'TaskInProgress', 'GenericVmConfigFault'],
  run(_args, call) {
    const vm = selfAs(call, VirtualMachine);
    return startVmTask(call, vm, 'VirtualMachine.powerOn', () => {
      changePower(call.vcenter, vm, ['off', 'suspended'], 'on');
      return undefined;
    });
  },
});
