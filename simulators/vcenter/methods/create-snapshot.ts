/** CreateSnapshot_Task. The task's result is the snapshot. */
import { invalidName } from '../faults.ts';
import { createSnapshot as create, type SnapshotRequest } from '../vm/operations.ts';
import { startVmTask } from '../vm/tasks.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { type Call, defineMethod, type Outcome, selfAs } from './method.ts';

export const SNAPSHOT_FAULTS = [
  'TaskInProgress',
  'SnapshotFault',
  'FilesystemQuiesceFault',
  'GenericVmConfigFault',
  'FileFault',
  'NoDiskSpace',
  'InvalidState',
];

interface Args {
  readonly name: string;
  readonly description?: string;
  readonly memory: boolean;
  readonly quiesce: boolean;
}

export const createSnapshot = defineMethod<Args>({
  on: 'VirtualMachine',
  name: 'CreateSnapshot_Task',
  takes: 'name string, description string?, memory boolean, quiesce boolean',
  returns: '&Task',
  privilege: 'VirtualMachine.State.CreateSnapshot',
  faults: SNAPSHOT_FAULTS,
  run: ({ name, description, memory, quiesce }, call) =>
    startSnapshot(call, { name, description: description ?? '', memory, quiesce }),
});

const NAME_LENGTH_MAX = 80;

/** @throws VimFault InvalidName */
export function startSnapshot(call: Call, request: SnapshotRequest): Outcome {
  const vm = selfAs(call, VirtualMachine);
  if (request.name === '' || request.name.length > NAME_LENGTH_MAX) throw invalidName(request.name);
  return startVmTask(call, vm, 'VirtualMachine.createSnapshot', () => create(call.vcenter, vm, request));
}
