/** PowerOnVM_Task: starts a machine that is off, on the host that is asked for, or resumes one that is suspended. */
import { hostAt } from '../lifecycle/places.ts';
import { relocate } from '../lifecycle/relocate.ts';
import type { Ref } from '../values.ts';
import { changePower, invalidPowerState } from '../vm/operations.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { defineMethod, selfAs } from './method.ts';

export const powerOnVm = defineMethod<{ host?: Ref }>({
  on: 'VirtualMachine',
  name: 'PowerOnVM_Task',
  takes: 'host &HostSystem?',
  returns: '&Task',
  privilege: 'VirtualMachine.Interact.PowerOn',
  faults: ['InvalidState', 'TaskInProgress', 'GenericVmConfigFault'],
  run({ host: hostRef }, call) {
    const vm = selfAs(call, VirtualMachine);
    const host = hostRef && hostAt(hostRef, call);
    return startVmTask(call, vm, 'VirtualMachine.powerOn', () => {
      if (vm.isOn) throw invalidPowerState('on', vm.power);
      if (host && host !== vm.host) relocate(call.vcenter, vm, { host });
      changePower(call.vcenter, vm, ['off', 'suspended'], 'on');
      return undefined;
    });
  },
});
