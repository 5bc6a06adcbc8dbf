/** Faults that several operations on machines answer. */
import { type VimFault, vimFault } from '../faults.ts';
import { powerName } from '../vm/power.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';

/** @param property of the specification that is missing or wrong */
export function vmFault(property: string): VimFault {
  return vimFault('InvalidVmConfig', `Invalid virtual machine configuration: ${property}.`, { property });
}

/** @throws VimFault InvalidPowerState */
export function requireOff(vm: VirtualMachine): void {
  if (vm.power !== 'on' && vm.power !== 'suspended') return;
  throw vimFault(
    'InvalidPowerState',
    `The attempted operation cannot be performed in the current state (${vm.isOn ? 'Powered on' : 'Suspended'}).`,
    { requestedState: 'poweredOff', existingState: powerName(vm.power) },
  );
}
