/** CheckForUpdates: WaitForUpdatesEx without waiting. */
import { defineMethod } from './method.ts';
import { updates } from './wait-for-updates-ex.ts';

export const checkForUpdates = defineMethod<{ version?: string }>({
  on: 'PropertyCollector',
  name: 'CheckForUpdates',
  takes: 'version string?',
  returns: 'UpdateSet?',
  privilege: 'System.View',
  faults: ['InvalidCollectorVersion'],
  run: ({ version }, call) => updates(version, { maxWaitSeconds: 0 }, call),
});
