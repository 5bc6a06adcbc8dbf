/** FindByIp: a machine by an address that its tools report. Hosts are not known by address here. */

import { vmsIn } from '../search-scope.ts';
import type { Ref } from '../values.ts';
import { defineMethod } from './method.ts';

export const findByIp = defineMethod<{ datacenter?: Ref; ip: string; vmSearch: boolean }>({
  on: 'SearchIndex',
  name: 'FindByIp',
  takes: 'datacenter &Datacenter?, ip string, vmSearch boolean',
  returns: '&ManagedEntity?',
  privilege: 'System.View',
  run: ({ datacenter, ip, vmSearch }, call) =>
    vmSearch
      ? vmsIn(datacenter, call).find(
          (vm) => vm.toolsRun && vm.machine.nics.some((nic) => nic.ipAddresses.includes(ip)),
        )?.ref
      : undefined,
});
