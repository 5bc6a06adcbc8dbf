/** Waiting for tasks. A task is asked for its `info` at growing intervals: nothing is left behind on the server. */
import { type Clock, sleep } from '#core/time/clock.ts';
import { MINUTE, type Millis, SECOND } from '#core/units.ts';
import { child, childText, type XmlElement } from '#core/wire/xml/element.ts';
import { type ManagedObject, readReference, type VsphereConnection } from './connection.ts';
import { errors, localizedFault } from './faults.ts';
import { readObject } from './property-collector.ts';

const FIRST_WAIT_MS: Millis = 500;
const LONGEST_WAIT_MS: Millis = 10 * SECOND;
/** A consolidation may take hours; a task that takes longer than this is given up. */
const PATIENCE_MS: Millis = 240 * MINUTE;

/**
 * @param started the reference a `*_Task` method returned.
 * @returns `TaskInfo.result`, if there is one.
 * @throws VimFault of the task's error; `vcenter.task.failed` when it does not end
 */
export async function waitForTask(
  connection: VsphereConnection,
  clock: Clock,
  started: XmlElement | undefined,
  doing: string,
  signal: AbortSignal,
): Promise<XmlElement | undefined> {
  if (!started) throw errors.make('vcenter.protocol', { what: `The call to ${doing} returned no task.` });
  const task: ManagedObject = readReference(started);
  const giveUpAt = clock.wall() + PATIENCE_MS;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const info = (await readObject(connection, task, ['info'], signal)).get('info');
    const state = info && childText(info, 'state');
    if (state === 'success') return info && child(info, 'result');
    if (state === 'error') {
      const error = info && child(info, 'error');
      throw error
        ? localizedFault(error)
        : errors.make('vcenter.task.failed', { what: `Could not ${doing}.` });
    }
    if (clock.wall() > giveUpAt)
      throw errors.make('vcenter.task.failed', {
        what: `The task to ${doing} did not end within ${PATIENCE_MS / MINUTE} minutes.`,
      });
    await sleep(clock, wait, 'appliance.vcenter.task', signal);
  }
}
