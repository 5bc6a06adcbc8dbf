/** CreateSnapshotEx_Task: as CreateSnapshot_Task, with a specification of how to quiesce. */

import { SNAPSHOT_FAULTS, startSnapshot } from './create-snapshot.ts';
import { defineMethod } from './method.ts';

interface Args {
  readonly name: string;
  readonly description?: string;
  readonly memory: boolean;
  readonly quiesceSpec?: { readonly timeout?: number };
}

export const createSnapshotEx = defineMethod<Args>({
  on: 'VirtualMachine',
  name: 'CreateSnapshotEx_Task',
  since: '6.5',
  takes: 'name string, description string?, memory boolean, quiesceSpec VirtualMachineGuestQuiesceSpec?',
  returns: '&Task',
  privilege: 'VirtualMachine.State.CreateSnapshot',
  faults: SNAPSHOT_FAULTS,
  run: ({ name, description, memory, quiesceSpec }, call) =>
    startSnapshot(call, { name, description: description ?? '', memory, quiesce: quiesceSpec !== undefined }),
});
