/** ResetVM_Task: restarts a running machine the hard way. Power stays on; the boot time is new. */
import { postVmEvent } from '../events/journal.ts';
import { invalidPowerState } from '../vm/operations.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { defineMethod, selfAs } from './method.ts';

export const resetVm = defineMethod({
  on: 'VirtualMachine',
  name: 'ResetVM_Task',
  returns: '&Task',
  privilege: 'VirtualMachine.Interact.Reset',
  faults: ['InvalidState', 'TaskInProgress'],
  run(_args, call) {
    const vm = selfAs(call, VirtualMachine);
    return startVmTask(call, vm, 'VirtualMachine.reset', () => {
      if (!vm.isOn) throw invalidPowerState(undefined, vm.power);
      postVmEvent(call.vcenter, vm, 'VmResettingEvent');
      vm.resetAt = Math.floor(call.vcenter.context.clock.wall());
      call.vcenter.changes.changed(vm, 'runtime', 'summary');
      return undefined;
    });
  },
});
