/** ModifyListView: adds and removes. Answers the references that lead nowhere. */
import type { Ref } from '../values.ts';
import { ListViewObject } from '../views.ts';
import { resolved, unresolved } from './create-list-view.ts';
import { defineMethod } from './method.ts';

export const modifyListView = defineMethod<{ add: readonly Ref[]; remove: readonly Ref[] }>({
  on: 'ListView',
  name: 'ModifyListView',
  takes: 'add &ManagedObject[], remove &ManagedObject[]',
  returns: '&ManagedObject[]',
  privilege: 'System.View',
  run({ add, remove }, call) {
    if (call.self instanceof ListViewObject) {
      call.self.remove(remove);
      call.self.add(resolved(add, call));
      call.vcenter.changes.changed(call.self, 'view');
    }
    return unresolved(add, call);
  },
});
