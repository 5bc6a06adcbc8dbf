/** CreatePropertyCollector: another collector for the session, with filters and versions of its own. */
import { CollectorObject } from '../property/collector.ts';
import { defineMethod } from './method.ts';

export const createPropertyCollector = defineMethod({
  on: 'PropertyCollector',
  name: 'CreatePropertyCollector',
  since: '4.1',
  returns: '&PropertyCollector',
  privilege: 'System.View',
  run(_args, call) {
    const session = call.requireSession();
    const collector = new CollectorObject(call.vcenter.sessionObjectId(session), session, call.vcenter);
    session.add(collector);
    return collector.ref;
  },
});
