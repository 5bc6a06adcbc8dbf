/** FindByUuid: a machine by BIOS UUID or instance UUID, or a host. Unset when there is none. */

import { hostsIn, vmsIn } from '../search-scope.ts';
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
    const wanted = uuid.toLowerCase();
    if (!vmSearch)
      return hostsIn(datacenter, call).find((host) => host.facts.uuid.toLowerCase() === wanted)?.ref;
    return vmsIn(datacenter, call).find(
      ({ machine }) => (instanceUuid ? machine.instanceUuid : machine.biosUuid).toLowerCase() === wanted,
    )?.ref;
  },
});
