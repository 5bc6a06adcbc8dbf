/**
 * Changed block tracking: switching it on, and asking what changed. [VDDK Programming Guide 8.0, "Changed Block
 * Tracking"; vSphere Web Services API, VirtualMachine.QueryChangedDiskAreas]
 */
import type { Clock } from '#core/time/clock.ts';
import { childrenOf, childText } from '#core/wire/xml/element.ts';
import type { ByteRange, FrozenDisk } from '../../app/ports.ts';
import { type ManagedObject, type VsphereConnection, writeReference } from './connection.ts';
import { errors, VimFault } from './faults.ts';
import { readObject } from './property-collector.ts';
import { waitForTask } from './tasks.ts';

/** Pages of one answer: a server that never comes to the end of the disk is broken. */
const PAGES_MAX = 1_000_000;

/** @throws `vcenter.cbt.unsupported`, `vcenter.cbt.snapshots`, VimFault */
export async function enableChangeTracking(
  connection: VsphereConnection,
  clock: Clock,
  machine: ManagedObject,
  signal: AbortSignal,
): Promise<void> {
  const values = await readObject(
    connection,
    machine,
    ['config.changeTrackingEnabled', 'capability.changeTrackingSupported', 'snapshot'],
    signal,
  );
  if (values.get('config.changeTrackingEnabled')?.text === 'true') return;
  if (values.get('capability.changeTrackingSupported')?.text === 'false')
    throw errors.make('vcenter.cbt.unsupported', {
      what: `${connection.host} cannot track changed blocks of ${machine.id}.`,
    });
  if (values.has('snapshot'))
    throw errors.make('vcenter.cbt.snapshots', {
      what: `${machine.id} on ${connection.host} has snapshots, so changed block tracking stays off.`,
    });
  const [task] = await connection.ask(
    'ReconfigVM_Task',
    machine,
    (xml) => xml.open('spec').leaf('changeTrackingEnabled', true).close(),
    signal,
  );
  await waitForTask(connection, clock, task, `enable change tracking of ${machine.id}`, signal);
}

/**
 * All areas of a disk that changed between the change id and the snapshot; "*" asks for those that are in use. The
 * answer comes in windows; the last one ends exactly at the capacity.
 *
 * @throws `vcenter.cbt.reset` (FileFault: an id of another tracking epoch), `vcenter.cbt.broken`, VimFault
 */
export async function queryChangedAreas(
  connection: VsphereConnection,
  machine: ManagedObject,
  snapshot: string,
  disk: FrozenDisk,
  changeId: string,
  signal: AbortSignal,
): Promise<ByteRange[]> {
  const areas: ByteRange[] = [];
  const broken = (what: string) =>
    errors.make('vcenter.cbt.broken', {
      what: `QueryChangedDiskAreas of disk ${disk.key} of ${machine.id} ${what}.`,
    });
  let startOffset = 0;
  for (let pages = 0; startOffset < disk.sizeBytes; pages++) {
    if (pages > PAGES_MAX) throw broken('never comes to an end');
    const from = startOffset;
    const [info] = await connection
      .ask(
        'QueryChangedDiskAreas',
        machine,
        (xml) => {
          writeReference(xml, 'snapshot', { type: 'VirtualMachineSnapshot', id: snapshot });
          xml.leaf('deviceKey', disk.key).leaf('startOffset', from).leaf('changeId', changeId);
        },
        signal,
      )
      .catch((error: unknown) => {
        if (error instanceof VimFault && error.type === 'FileFault')
          throw errors.make('vcenter.cbt.reset', {
            what: `${connection.host} cannot compare disk ${disk.key} of ${machine.id} with change id ${changeId}.`,
            cause: error,
          });
        throw error;
      });
    const start = Number(info && childText(info, 'startOffset'));
    const length = Number(info && childText(info, 'length'));
    if (!info || start !== from || !(length > 0) || start + length > disk.sizeBytes)
      throw broken(`answered with the window ${start}+${length} when asked from ${from}`);
    for (const area of childrenOf(info, 'changedArea')) {
      const range = { start: Number(childText(area, 'start')), length: Number(childText(area, 'length')) };
      const previous = areas.at(-1);
      const free = previous ? previous.start + previous.length : 0;
      if (
        !(range.length > 0) ||
        range.start < free ||
        range.start < start ||
        range.start + range.length > start + length
      )
        throw broken(`names the area ${range.start}+${range.length} out of order`);
      if (previous && free === range.start)
        areas[areas.length - 1] = { start: previous.start, length: previous.length + range.length };
      else areas.push(range);
    }
    startOffset = start + length;
  }
  return areas;
}
