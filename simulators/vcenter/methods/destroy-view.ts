/** DestroyView. Filters that start from it see its objects leave. */
import { defineMethod } from './method.ts';

export const destroyView = defineMethod({
  on: 'View',
  name: 'DestroyView',
  privilege: 'System.View',
  run(_args, call) {
    call.requireSession().remove(call.self);
    call.vcenter.changes.changed(call.self, 'view');
    return undefined;
  },
});
