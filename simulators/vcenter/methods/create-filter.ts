/** CreateFilter: what a collector shall watch. A path that does not exist is refused here, not later. */

import { assert } from '#core/assert.ts';
import { CollectorObject } from '../property/collector.ts';
import { FilterObject } from '../property/filter.ts';
import type { PropertyFilterSpec } from '../property/selection.ts';
import { defineMethod } from './method.ts';

export const createFilter = defineMethod<{ spec: PropertyFilterSpec; partialUpdates: boolean }>({
  on: 'PropertyCollector',
  name: 'CreateFilter',
  takes: 'spec PropertyFilterSpec, partialUpdates boolean',
  returns: '&PropertyFilter',
  privilege: 'System.View',
  faults: ['InvalidProperty'],
  run({ spec, partialUpdates }, call) {
    assert(call.self instanceof CollectorObject, 'a session has a real property collector');
    const id = call.vcenter.sessionObjectId(call.requireSession());
    const filter = new FilterObject(id, spec, partialUpdates, call.encoder);
    call.self.add(filter, call.find, call.reading());
    return filter.ref;
  },
});
