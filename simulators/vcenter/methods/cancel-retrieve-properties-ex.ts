/** CancelRetrievePropertiesEx: the client does not want the other pages. */

import { vimFault } from '../faults.ts';
import { CollectorObject } from '../property/collector.ts';
import { defineMethod } from './method.ts';

export const cancelRetrievePropertiesEx = defineMethod<{ token: string }>({
  on: 'PropertyCollector',
  name: 'CancelRetrievePropertiesEx',
  since: '4.1',
  takes: 'token string',
  privilege: 'System.Anonymous',
  faults: ['InvalidProperty'],
  run({ token }, call) {
    if (!(call.self instanceof CollectorObject))
      throw vimFault('InvalidProperty', 'There are no pages without a session.', { name: 'token' });
    call.self.take(token);
    return undefined;
  },
});
