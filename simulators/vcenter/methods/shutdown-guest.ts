/**
 * ShutdownGuest: asks the tools to shut the guest down and returns at once. The machine is off some seconds
 * later; clients watch its power state.
 */
import { SECOND } from '#core/units.ts';
import { postVmEvent } from '../events/journal.ts';
import { vimFault } from '../faults.ts';
import { invalidPowerState } from '../vm/operations.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Call, defineMethod, selfAs } from './method.ts';

/** A guest takes five to fifteen seconds to stop its services. */
const SHORTEST = 5 * SECOND;
const SPREAD = 10 * SECOND;

export const shutdownGuest = defineMethod({
  on: 'VirtualMachine',
  name: 'ShutdownGuest',
  privilege: 'VirtualMachine.Interact.PowerOff',
  faults: ['ToolsUnavailable', 'TaskInProgress', 'InvalidState'],
  run(_args, call) {
    const { vcenter } = call;
    const vm = requireTools(call);
    afterShutdown(call, vm, () => {
      postVmEvent(vcenter, vm, 'VmGuestShutdownEvent');
      vcenter.estate.setPower(vm.machine.id, 'off');
      vm.wasShutDown = true;
      vcenter.changes.changed(vm, 'runtime', 'summary');
    });
    return undefined;
  },
});

/** @throws VimFault InvalidPowerState, ToolsUnavailable */
export function requireTools(call: Call): VirtualMachine {
  const vm = selfAs(call, VirtualMachine);
  if (!vm.isOn) throw invalidPowerState(undefined, vm.power);
  if (!vm.toolsRun)
    throw vimFault(
      'ToolsUnavailable',
      'Cannot complete operation because VMware Tools is not running in this virtual machine.',
    );
  return vm;
}

/** Runs `then` when the guest has stopped, unless it was stopped or restarted otherwise meanwhile. */
export function afterShutdown({ vcenter, now }: Call, vm: VirtualMachine, then: () => void): void {
  const boot = vm.bootTime;
  const { entropy } = vcenter.context;
  vcenter.tasks.later(SHORTEST + entropy.below(SPREAD, 'vcenter.shutdown', vm.machine.id, now), () => {
    if (vm.exists && vm.isOn && vm.bootTime === boot) then();
  });
}
