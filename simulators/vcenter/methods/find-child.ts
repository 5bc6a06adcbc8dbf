/** FindChild: a child of an entity by name. Unset when there is none. */
import { Entity } from '../objects/object.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Ref } from '../values.ts';
import { defineMethod } from './method.ts';

export const findChild = defineMethod<{ entity: Ref; name: string }>({
  on: 'SearchIndex',
  name: 'FindChild',
  takes: 'entity &ManagedEntity, name string',
  returns: '&ManagedEntity?',
  privilege: 'System.View',
  run({ entity, name }, call) {
    const parent = call.find(entity);
    if (!(parent instanceof Entity)) throw objectNotFound(entity);
    const sight = call.session?.sight();
    return [...parent.children()].find((child) => child.name === name && (sight?.sees(child) ?? true))?.ref;
  },
});
