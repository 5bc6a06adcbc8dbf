/** FindByInventoryPath: "DC0/vm/Production/web-01". Unset when the path leads nowhere. */

import type { Entity } from '../objects/object.ts';
import { defineMethod } from './method.ts';

export const findByInventoryPath = defineMethod<{ inventoryPath: string }>({
  on: 'SearchIndex',
  name: 'FindByInventoryPath',
  takes: 'inventoryPath string',
  returns: '&ManagedEntity?',
  privilege: 'System.View',
  run({ inventoryPath }, { vcenter, session }) {
    let at: Entity | undefined = vcenter.inventory.root;
    for (const name of inventoryPath.split('/').filter((part) => part !== ''))
      at = at && [...at.children()].find((child) => child.name === name);
    return at && (session?.sight()?.sees(at) ?? true) ? at.ref : undefined;
  },
});
