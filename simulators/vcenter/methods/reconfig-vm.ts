/**
 * ReconfigVM_Task: change tracking, annotation and extra options. Everything else in the spec is refused with
 * NotSupported, naming it. Change tracking takes effect at the machine's next stun, not here.
 */
import { vimFault } from '../faults.ts';
import type { Value } from '../values.ts';
import { TRACKING_HARDWARE_VERSION } from '../vm/capability.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Call, defineMethod, selfAs } from './method.ts';

interface ConfigSpec {
  readonly changeVersion?: string;
  readonly annotation?: string;
  readonly changeTrackingEnabled?: boolean;
  readonly extraConfig: ReadonlyArray<{ readonly key: string; readonly value?: Value }>;
}

const OFFERED = new Set(['$', 'changeVersion', 'annotation', 'changeTrackingEnabled', 'extraConfig']);

export const reconfigVm = defineMethod<{ spec: ConfigSpec }>({
  on: 'VirtualMachine',
  name: 'ReconfigVM_Task',
  takes: 'spec VirtualMachineConfigSpec',
  returns: '&Task',
  faults: ['InvalidState', 'TaskInProgress', 'GenericVmConfigFault', 'FileFault'],
  run({ spec }, call) {
    const vm = selfAs(call, VirtualMachine);
    for (const [field, value] of Object.entries(spec)) {
      const isSet = !Array.isArray(value) || value.length > 0;
      if (isSet && !OFFERED.has(field))
        throw vimFault('NotSupported', `Reconfiguring "${field}" is not supported by this server.`);
    }
    requirePrivileges(spec, call);
    return startVmTask(call, vm, 'VirtualMachine.reconfigure', () => {
      if (spec.changeVersion !== undefined && spec.changeVersion !== vm.changeVersion)
        throw vimFault('ConcurrentAccess', 'The configuration was changed by somebody else meanwhile.');
      apply(spec, vm);
      vm.revision++;
      vm.modifiedAt = Math.floor(call.vcenter.context.clock.wall());
      call.vcenter.changes.changed(vm, 'config', 'summary', 'layoutEx', 'resourceConfig');
      return undefined;
    });
  },
});

function requirePrivileges(spec: ConfigSpec, call: Call): void {
  const session = call.requireSession();
  const require = (isNeeded: boolean, privilegeId: string): void => {
    if (isNeeded && !session.may(privilegeId, call.self))
      throw vimFault('NoPermission', 'Permission to perform this operation was denied.', {
        object: call.self.ref,
        privilegeId,
      });
  };
  require(spec.changeTrackingEnabled !== undefined, 'VirtualMachine.Config.ChangeTracking');
  require(spec.annotation !== undefined, 'VirtualMachine.Config.Annotation');
  require(spec.extraConfig.length > 0, 'VirtualMachine.Config.AdvancedConfig');
  require(true, 'VirtualMachine.Config.Settings');
}

function apply(spec: ConfigSpec, vm: VirtualMachine): void {
  if (spec.annotation !== undefined) vm.annotation = spec.annotation;
  if (spec.changeTrackingEnabled !== undefined) setTracking(vm, spec.changeTrackingEnabled);
  for (const { key, value } of spec.extraConfig) {
    const text = value === undefined ? '' : String(value);
    // The option in the VMX is the setting itself; those of disks follow it.
    if (key === 'ctkEnabled') setTracking(vm, text.toUpperCase() === 'TRUE');
    else if (key.endsWith('.ctkEnabled')) continue;
    else if (text === '') vm.extraOptions.delete(key);
    else vm.extraOptions.set(key, text);
  }
}

function setTracking(vm: VirtualMachine, isEnabled: boolean): void {
  if (isEnabled && vm.machine.hardwareVersion < TRACKING_HARDWARE_VERSION)
    throw vimFault('NotSupported', 'Changed block tracking needs virtual hardware 7 or later.');
  vm.changeTrackingEnabled = isEnabled;
}
