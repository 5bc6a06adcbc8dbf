/** ReconfigVM_Task: a machine's settings, size and devices. */

import { postVmEvent } from '../events/journal.ts';
import { vimFault } from '../faults.ts';
import { type ConfigSpec, changeFacts, changeSettings, requireKnown } from '../lifecycle/config-changes.ts';
import { commit, draftOf, machineOf } from '../lifecycle/draft.ts';
import { plainName, requireFree } from '../lifecycle/places.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Call, defineMethod, selfAs } from './method.ts';
import { requirePrivilege } from './privileges.ts';

export const reconfigVm = defineMethod<{ spec: ConfigSpec }>({
  on: 'VirtualMachine',
  name: 'ReconfigVM_Task',
  takes: 'spec VirtualMachineConfigSpec',
  returns: '&Task',
  faults: [
    'InvalidState',
    'TaskInProgress',
    'GenericVmConfigFault',
    'FileFault',
    'NoDiskSpace',
    'InvalidDatastore',
    'DuplicateName',
  ],
  run({ spec }, call) {
    const vm = selfAs(call, VirtualMachine);
    requireKnown(spec);
    requirePrivileges(spec, call);
    return startVmTask(call, vm, 'VirtualMachine.reconfigure', () => {
      if (spec.changeVersion !== undefined && spec.changeVersion !== vm.changeVersion)
        throw vimFault('ConcurrentAccess', 'The configuration was changed by somebody else meanwhile.');
      if (spec.name !== undefined) requireFree(vm.parent!.children(), plainName(spec.name), vm);
      const draft = draftOf(call.vcenter, vm.machine, vm.host, vm);
      if (spec.name !== undefined)
        draft.machine = { ...draft.machine, home: draft.machine.home ?? vm.vmPathName };
      changeFacts(draft, spec);
      changeSettings(vm, spec);
      if (!isSame(machineOf(draft), vm.machine)) commit(draft);
      vm.revision++;
      vm.modifiedAt = Math.floor(call.vcenter.context.clock.wall());
      call.vcenter.changes.changed(vm, 'config', 'summary', 'layoutEx', 'resourceConfig');
      postVmEvent(call.vcenter, vm, 'VmReconfiguredEvent', { configSpec: spec });
      return undefined;
    });
  },
});

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify({ controllers: [], devices: [], ...b });
}

function requirePrivileges(spec: ConfigSpec, call: Call): void {
  const require = (isNeeded: boolean, privilege: string): void => {
    if (isNeeded) requirePrivilege(call, privilege);
  };
  require(spec.changeTrackingEnabled !== undefined, 'VirtualMachine.Config.ChangeTracking');
  require(spec.annotation !== undefined, 'VirtualMachine.Config.Annotation');
  require(spec.extraConfig.length > 0, 'VirtualMachine.Config.AdvancedConfig');
  require(spec.name !== undefined, 'VirtualMachine.Config.Rename');
  require(spec.numCPUs !== undefined, 'VirtualMachine.Config.CPUCount');
  require(spec.memoryMB !== undefined, 'VirtualMachine.Config.Memory');
  require(spec.cpuAllocation !== undefined ||
    spec.memoryAllocation !== undefined, 'VirtualMachine.Config.Resource');
  require(spec.version !== undefined, 'VirtualMachine.Config.UpgradeVirtualHardware');
  for (const { device, operation, fileOperation } of spec.deviceChange) {
    const isDisk = device.$ === 'VirtualDisk';
    if (!isDisk)
      require(true, operation === 'edit'
        ? 'VirtualMachine.Config.EditDevice'
        : 'VirtualMachine.Config.AddRemoveDevice');
    else if (operation === 'remove') require(true, 'VirtualMachine.Config.RemoveDisk');
    else if (operation === 'edit') require(true, 'VirtualMachine.Config.DiskExtend');
    else
      require(true, fileOperation === undefined
        ? 'VirtualMachine.Config.AddExistingDisk'
        : 'VirtualMachine.Config.AddNewDisk');
  }
  require(true, 'VirtualMachine.Config.Settings');
}
