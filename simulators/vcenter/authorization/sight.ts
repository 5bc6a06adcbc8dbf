/**
 * What an account may see that does not see everything. An object without System.View is not there for it: it is in
 * no list of references, no view and no result of a search. Of an object with System.View it can read what leads on;
 * everything else needs System.Read, and is told as missing. Whoever sees everything has no `Sight`, and pays nothing.
 */
import type { Entity, ManagedObject } from '../objects/object.ts';
import { typeNamed } from '../schema/schema.ts';

/** Properties of entities, and of what hangs on them, that System.View is enough for; all others need System.Read. */
const VIEWED: Readonly<Record<string, readonly string[]>> = {
  ExtensibleManagedObject: ['value', 'availableField'],
  ManagedEntity: [
    'parent',
    'customValue',
    'effectiveRole',
    'name',
    'declaredAlarmState',
    'triggeredAlarmState',
    'tag',
  ],
  ResourcePool: ['owner', 'resourcePool', 'vm'],
  VirtualApp: ['parentFolder', 'datastore', 'network'],
  VirtualMachine: ['datastore', 'network'],
  ComputeResource: ['resourcePool', 'host', 'datastore', 'network', 'environmentBrowser'],
  Datacenter: ['vmFolder', 'hostFolder', 'datastoreFolder', 'networkFolder', 'configuration'],
  Folder: ['childType', 'childEntity'],
  HostSystem: ['datastore', 'network', 'datastoreBrowser'],
  HostDatastoreBrowser: ['datastore'],
  EnvironmentBrowser: ['datastoreBrowser'],
};

const viewed = new Map<string, ReadonlySet<string>>();

function viewedOf(type: string): ReadonlySet<string> {
  let names = viewed.get(type);
  if (!names) {
    names = new Set([...typeNamed(type).lineage].flatMap((name) => VIEWED[name] ?? []));
    viewed.set(type, names);
  }
  return names;
}

export class Sight {
  readonly #may: (privilege: string, entity: Entity) => boolean;
  readonly #sees = new Map<Entity, boolean>();

  constructor(may: (privilege: string, entity: Entity) => boolean) {
    this.#may = may;
  }

  /** What is not in the inventory (managers, tasks, views) hides nothing. */
  sees({ entity }: ManagedObject): boolean {
    if (!entity) return true;
    let sees = this.#sees.get(entity);
    if (sees === undefined) {
      sees = this.#may('System.View', entity);
      this.#sees.set(entity, sees);
    }
    return sees;
  }

  /** The privilege that a property lacks; undefined when it can be read. */
  lacks(object: ManagedObject, property: string): string | undefined {
    const { entity } = object;
    if (!entity || this.#may('System.Read', entity)) return undefined;
    if (viewedOf(object.ref.type).has(property)) return this.sees(object) ? undefined : 'System.View';
    return 'System.Read';
  }
}
