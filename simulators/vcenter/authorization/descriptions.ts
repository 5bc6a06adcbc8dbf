/** The privileges as AuthorizationManager lists and words them. */
import { constant, type Data } from '../values.ts';
import { PRIVILEGES } from './privileges.ts';

export const PRIVILEGE_LIST: readonly Data[] = [...PRIVILEGES.values()].map(
  ({ id, name, group, onParent }) => ({
    $: 'AuthorizationPrivilege',
    privId: id,
    onParent,
    name,
    privGroupName: group,
  }),
);

export const PRIVILEGE_DESCRIPTION: Data = constant({
  $: 'AuthorizationDescription',
  privilege: [...PRIVILEGES.values()].map(({ id, name }) => element(id, worded(name))),
  privilegeGroup: [...new Set([...PRIVILEGES.values()].map(({ group }) => group))].map((group) =>
    element(group, worded(group.split('.').at(-1)!)),
  ),
});

function element(key: string, label: string): Data {
  return { $: 'ElementDescription', label, summary: label, key };
}

/** "AddNewDisk": "Add new disk". */
function worded(name: string): string {
  const spaced = name.replace(/([a-z])([A-Z])/g, (_match, last: string, first: string) => `${last} ${first}`);
  return spaced[0]! + spaced.slice(1).toLowerCase();
}
