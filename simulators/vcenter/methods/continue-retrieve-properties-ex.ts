/** ContinueRetrievePropertiesEx: the next page. Values are those of now, not of when the read began. */

import { vimFault } from '../faults.ts';
import { CollectorObject } from '../property/collector.ts';
import { defineMethod } from './method.ts';
import { page } from './retrieve-properties-ex.ts';

export const continueRetrievePropertiesEx = defineMethod<{ token: string }>({
  on: 'PropertyCollector',
  name: 'ContinueRetrievePropertiesEx',
  since: '4.1',
  takes: 'token string',
  returns: 'RetrieveResult',
  privilege: 'System.Anonymous',
  faults: ['InvalidProperty'],
  run({ token }, call) {
    if (!(call.self instanceof CollectorObject))
      throw vimFault('InvalidProperty', 'There are no pages without a session.', { name: 'token' });
    const { objects, pageSize } = call.self.take(token);
    return page(objects, pageSize, call);
  },
});
