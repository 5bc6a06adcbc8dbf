/** Snapshots of a machine and the disks they freeze. [vSphere Web Services API, VirtualMachine.CreateSnapshot_Task] */
import type { Clock } from '#core/time/clock.ts';
import { child, childrenOf, childText, typeOf, type XmlElement } from '#core/wire/xml/element.ts';
import type { Frozen, FrozenDisk } from '../../app/ports.ts';
import { type ManagedObject, readReference, type VsphereConnection } from './connection.ts';
import { VimFault } from './faults.ts';
import { diskUuid } from './machine-properties.ts';
import { readObject } from './property-collector.ts';
import { waitForTask } from './tasks.ts';

const snapshotOf = (id: string): ManagedObject => ({ type: 'VirtualMachineSnapshot', id });

/** Name and id of each snapshot of a machine, roots first. @throws VimFault */
export async function listSnapshots(
  connection: VsphereConnection,
  machine: ManagedObject,
  signal: AbortSignal,
): Promise<Array<{ name: string; snapshot: string }>> {
  const info = (await readObject(connection, machine, ['snapshot'], signal)).get('snapshot');
  const found: Array<{ name: string; snapshot: string }> = [];
  const walk = (element: XmlElement, listName: string): void => {
    for (const tree of childrenOf(element, listName)) {
      found.push({ name: childText(tree, 'name') ?? '', snapshot: childText(tree, 'snapshot') ?? '' });
      walk(tree, 'childSnapshotList');
    }
  };
  if (info) walk(info, 'rootSnapshotList');
  return found;
}

/** Without memory and without quiescing: crash-consistent, as agentless replication takes them. @throws VimFault */
export async function createSnapshot(
  connection: VsphereConnection,
  clock: Clock,
  machine: ManagedObject,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const [task] = await connection.ask(
    'CreateSnapshot_Task',
    machine,
    (xml) =>
      xml
        .leaf('name', name)
        .leaf('description', 'Taken for replication; removed when the cycle is applied.')
        .leaf('memory', false)
        .leaf('quiesce', false),
    signal,
  );
  const result = await waitForTask(connection, clock, task, `take a snapshot of ${machine.id}`, signal);
  if (!result) throw new VimFault('RuntimeFault', 'CreateSnapshot_Task has no result');
  return readReference(result).id;
}

/** Removes one snapshot and merges its delta. One that is gone already is fine. @throws VimFault */
export async function removeSnapshot(
  connection: VsphereConnection,
  clock: Clock,
  snapshot: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const [task] = await connection.ask(
      'RemoveSnapshot_Task',
      snapshotOf(snapshot),
      (xml) => xml.leaf('removeChildren', false).leaf('consolidate', true),
      signal,
    );
    await waitForTask(connection, clock, task, `remove snapshot ${snapshot}`, signal);
  } catch (error) {
    if (!(error instanceof VimFault) || error.type !== 'ManagedObjectNotFound') throw error;
  }
}

/** The snapshot's own view of the hardware: base file names and the change ids of this instant. @throws VimFault */
export async function readFrozen(
  connection: VsphereConnection,
  snapshot: string,
  signal: AbortSignal,
): Promise<Frozen> {
  const values = await readObject(connection, snapshotOf(snapshot), ['config.hardware.device'], signal);
  const disks: FrozenDisk[] = [];
  for (const device of values.get('config.hardware.device')?.children ?? []) {
    const backing = child(device, 'backing');
    if (typeOf(device) !== 'VirtualDisk' || !backing) continue;
    const bytes = childText(device, 'capacityInBytes');
    const key = Number(childText(device, 'key'));
    disks.push({
      uuid: diskUuid(childText(backing, 'uuid'), key),
      key,
      sizeBytes: bytes ? Number(bytes) : Number(childText(device, 'capacityInKB')) * 1024,
      changeId: childText(backing, 'changeId') || undefined,
      location: childText(backing, 'fileName') ?? '',
    });
  }
  return { snapshot, disks };
}
