/** Tasks on machines: one at a time on each. */
import { hostNotConnected, isConnected } from '../host-outages.ts';
import type { Call } from '../methods/method.ts';
import { objectNotFound } from '../property/selection.ts';
import { taskInProgress } from '../tasks.ts';
import type { Ref, Value } from '../values.ts';
import type { VirtualMachine } from './virtual-machine.ts';

/** Starts the task of the called method. @param run at its end; its faults are the task's error. */
export function startVmTask(
  call: Pick<Call, 'vcenter' | 'method' | 'session' | 'taskFault'>,
  vm: VirtualMachine,
  descriptionId: string,
  run: () => Value | undefined,
): Ref {
  const { busy } = vm;
  const task = call.vcenter.tasks.start(
    {
      method: call.method,
      descriptionId,
      entity: vm,
      session: call.session,
      run() {
        if (busy) throw taskInProgress(busy);
        if (!vm.exists) throw objectNotFound(vm.ref);
        if (!isConnected(vm.host)) throw hostNotConnected(vm.host);
        return run();
      },
      settled() {
        if (!busy) vm.busy = undefined;
      },
    },
    call.taskFault,
  );
  if (!busy) vm.busy = task;
  return task.ref;
}
