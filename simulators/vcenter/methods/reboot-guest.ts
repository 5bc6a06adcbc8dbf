/** RebootGuest: asks the tools to restart the guest and returns at once. */
import { postVmEvent } from '../events/journal.ts';
import { defineMethod } from './method.ts';
import { afterShutdown, requireTools } from './shutdown-guest.ts';

export const rebootGuest = defineMethod({
  on: 'VirtualMachine',
  name: 'RebootGuest',
  privilege: 'VirtualMachine.Interact.Reset',
  faults: ['ToolsUnavailable', 'TaskInProgress', 'InvalidState'],
  run(_args, call) {
    const vm = requireTools(call);
    afterShutdown(call, vm, () => {
      postVmEvent(call.vcenter, vm, 'VmGuestRebootEvent');
      vm.resetAt = Math.floor(call.vcenter.context.clock.wall());
      call.vcenter.changes.changed(vm, 'runtime', 'summary');
    });
    return undefined;
  },
});
