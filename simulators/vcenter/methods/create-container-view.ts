/** CreateContainerView: a live set of what is in a container, of the given types or of all. */

import { invalidArgument } from '../faults.ts';
import { Entity } from '../objects/object.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Ref } from '../values.ts';
import { ContainerViewObject } from '../views.ts';
import { defineMethod } from './method.ts';
import { requirePrivilege } from './privileges.ts';

/** Types of objects that have something in them. */
const CONTAINERS = ['Folder', 'Datacenter', 'ComputeResource', 'ResourcePool', 'HostSystem'];

export const createContainerView = defineMethod<{
  container: Ref;
  type: readonly string[];
  recursive: boolean;
}>({
  on: 'ViewManager',
  name: 'CreateContainerView',
  takes: 'container &ManagedEntity, type TypeName[], recursive boolean',
  returns: '&ContainerView',
  privilege: 'System.View',
  run({ container, type, recursive }, call) {
    const session = call.requireSession();
    const entity = call.find(container);
    if (!entity) throw objectNotFound(container);
    if (!(entity instanceof Entity) || !CONTAINERS.includes(baseOf(entity.ref.type)))
      throw invalidArgument('container');
    requirePrivilege(call, 'System.View', entity);
    const view = new ContainerViewObject(call.vcenter.sessionObjectId(session), entity, type, recursive);
    session.add(view);
    return view.ref;
  },
});

function baseOf(type: string): string {
  return type === 'ClusterComputeResource' ? 'ComputeResource' : type;
}
