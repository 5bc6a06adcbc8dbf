/** Where something happened: the arguments that every event carries, from the entity that it is about. */
import { ComputeObject } from '../objects/compute.ts';
import { DatastoreObject } from '../objects/datastore.ts';
import { DatacenterObject, FolderObject } from '../objects/folder.ts';
import { HostObject } from '../objects/host.ts';
import type { Entity } from '../objects/object.ts';
import { PoolObject } from '../objects/pool.ts';
import type { Data } from '../values.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';

export interface Place {
  readonly fields: Readonly<Record<string, Data | boolean>>;
  /** Names, for sentences. */
  readonly words: Readonly<Record<string, string>>;
  readonly scope: readonly string[];
}

/** Name and reference under the field that the argument type has for it. */
function argument(type: string, field: string, entity: Entity): Data {
  return { $: `${type}EventArgument`, name: entity.name, [field]: entity.ref };
}

export const vmArgument = (vm: Entity): Data => argument('Vm', 'vm', vm);
export const hostArgument = (host: Entity): Data => argument('Host', 'host', host);
export const folderArgument = (folder: Entity): Data => argument('Folder', 'folder', folder);
export const poolArgument = (pool: Entity): Data => argument('ResourcePool', 'resourcePool', pool);

export function eventArguments(about: Entity | undefined): Place {
  const fields: Record<string, Data | boolean> = {};
  const words: Record<string, string> = {};
  const scope = new Set<string>();
  const above = (from: Entity | undefined): void => {
    for (let at = from; at; at = at.parent) {
      scope.add(at.ref.id);
      if (at instanceof DatacenterObject) {
        fields.datacenter = argument('Datacenter', 'datacenter', at);
        words.datacenter = at.name;
      } else if (at instanceof ComputeObject)
        fields.computeResource = argument('ComputeResource', 'computeResource', at);
      else if (at instanceof HostObject) {
        fields.host = hostArgument(at);
        words.host = at.name;
      }
    }
  };
  above(about);
  if (about instanceof VirtualMachine) {
    fields.vm = vmArgument(about);
    fields.template = about.machine.template;
    words.vm = about.name;
    above(about.host);
    scope.add(about.pool.ref.id);
  } else if (about instanceof DatastoreObject) fields.ds = argument('Datastore', 'datastore', about);
  else if (about instanceof PoolObject) words.pool = about.name;
  if (about instanceof FolderObject || about instanceof PoolObject) words.entity = about.name;
  words.entity ??= about?.name ?? '';
  return { fields, words, scope: [...scope] };
}
