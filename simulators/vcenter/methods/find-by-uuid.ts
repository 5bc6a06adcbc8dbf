/** FindByUuid: a machine by BIOS UUID or instance UUID, or a host. Unset when there is none. */
import { hostsIn, machineBy } from '../search-scope.ts';
import type { Ref } from '../values.ts';
import { defineMethod } from './method.ts';

interface Args {
  readonly datacenter?: Ref;
  readonly uuid: string;
  readonly vmSearch: boolean;
  readonly instanceUuid?: boolean;
}

export const findByUuid = defineMethod<Args>({
  on: 'SearchIndex',
  name: 'FindByUuid',
  takes: 'datacenter &Datacenter?, uuid string, vmSearch boolean, instanceUuid boolean? @4.0',
  returns: '&ManagedEntity?',
  privilege: 'System.View',
  run({ datacenter, uuid, vmSearch, instanceUuid }, call) {
    if (vmSearch) return machineBy(instanceUuid ? 'instanceUuid' : 'biosUuid', uuid, datacenter, call)?.ref;
    const wanted = uuid.toLowerCase();
    return hostsIn(datacenter, call).find((host) => host.facts.uuid.toLowerCase() === wanted)?.ref;
  },
});
