/** CreateListView: a named list of objects. */
import { objectNotFound } from '../property/selection.ts';
import type { Ref } from '../values.ts';
import { ListViewObject } from '../views.ts';
import { type Call, defineMethod } from './method.ts';

export const createListView = defineMethod<{ obj: readonly Ref[] }>({
  on: 'ViewManager',
  name: 'CreateListView',
  takes: 'obj &ManagedObject[]',
  returns: '&ListView',
  privilege: 'System.View',
  run({ obj }, call) {
    const session = call.requireSession();
    const missing = unresolved(obj, call)[0];
    if (missing) throw objectNotFound(missing);
    const view = new ListViewObject(call.vcenter.sessionObjectId(session), resolved(obj, call));
    session.add(view);
    return view.ref;
  },
});

/** References that lead nowhere. */
export function unresolved(refs: readonly Ref[], { find }: Call): Ref[] {
  return refs.filter((ref) => !find(ref));
}

/** References to what exists, with the exact types of the objects. */
export function resolved(refs: readonly Ref[], { find }: Call): Ref[] {
  return refs.flatMap((ref) => find(ref)?.ref ?? []);
}
