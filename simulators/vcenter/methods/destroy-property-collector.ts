/** DestroyPropertyCollector: whoever waits on it is told that the request was canceled. */
import { vimFault } from '../faults.ts';
import { CollectorObject } from '../property/collector.ts';
import { defineMethod } from './method.ts';

export const destroyPropertyCollector = defineMethod({
  on: 'PropertyCollector',
  name: 'DestroyPropertyCollector',
  since: '4.1',
  privilege: 'System.View',
  run(_args, call) {
    if (call.self instanceof CollectorObject)
      call.self.end(vimFault('RequestCanceled', 'The property collector was destroyed.'));
    call.requireSession().remove(call.self);
    return undefined;
  },
});
