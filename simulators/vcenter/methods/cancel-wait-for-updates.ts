/** CancelWaitForUpdates: a waiting call answers RequestCanceled. */
import { vimFault } from '../faults.ts';
import { CollectorObject } from '../property/collector.ts';
import { defineMethod } from './method.ts';

export const cancelWaitForUpdates = defineMethod({
  on: 'PropertyCollector',
  name: 'CancelWaitForUpdates',
  privilege: 'System.View',
  run(_args, { self }) {
    if (self instanceof CollectorObject)
      self.cancel(vimFault('RequestCanceled', 'The task was canceled by a user.'));
    return undefined;
  },
});
