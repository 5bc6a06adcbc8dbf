/** DestroyPropertyFilter. */
import { CollectorObject } from '../property/collector.ts';
import { FilterObject } from '../property/filter.ts';
import { defineMethod } from './method.ts';

export const destroyPropertyFilter = defineMethod({
  on: 'PropertyFilter',
  name: 'DestroyPropertyFilter',
  privilege: 'System.View',
  run(_args, call) {
    const session = call.requireSession();
    const filter = call.self;
    session.remove(filter);
    for (const object of session.objects())
      if (object instanceof CollectorObject && filter instanceof FilterObject) object.filters.delete(filter);
    return undefined;
  },
});
