/** WaitForUpdates, the old form: no options; it waits until there is something to tell. libvirt has only this one. */
import { defineMethod } from './method.ts';
import { updates } from './wait-for-updates-ex.ts';

/** Longer than any client waits: a day. */
const NO_LIMIT_SECONDS = 86_400;

export const waitForUpdates = defineMethod<{ version?: string }>({
  on: 'PropertyCollector',
  name: 'WaitForUpdates',
  takes: 'version string?',
  returns: 'UpdateSet',
  privilege: 'System.View',
  faults: ['InvalidCollectorVersion', 'RequestCanceled'],
  run: ({ version }, call) => updates(version, { maxWaitSeconds: NO_LIMIT_SECONDS }, call),
});
