/** ResetListView: another list. Answers the references that lead nowhere. */
import type { Ref } from '../values.ts';
import { ListViewObject } from '../views.ts';
import { resolved, unresolved } from './create-list-view.ts';
import { defineMethod } from './method.ts';

export const resetListView = defineMethod<{ obj: readonly Ref[] }>({
  on: 'ListView',
  name: 'ResetListView',
  takes: 'obj &ManagedObject[]',
  returns: '&ManagedObject[]',
  privilege: 'System.View',
  run({ obj }, call) {
    if (call.self instanceof ListViewObject) {
      call.self.clear();
      call.self.add(resolved(obj, call));
      call.vcenter.changes.changed(call.self, 'view');
    }
    return unresolved(obj, call);
  },
});
