/** FindByIp: a machine by an address that its tools report. Hosts are not known by address here. */
import { machineBy } from '../search-scope.ts';
import type { Ref } from '../values.ts';
import { defineMethod } from './method.ts';

export const findByIp = defineMethod<{ datacenter?: Ref; ip: string; vmSearch: boolean }>({
  on: 'SearchIndex',
  name: 'FindByIp',
  takes: 'datacenter &Datacenter?, ip string, vmSearch boolean',
  returns: '&ManagedEntity?',
  privilege: 'System.View',
  run: ({ datacenter, ip, vmSearch }, call) =>
    vmSearch ? machineBy('ipAddress', ip, datacenter, call, (vm) => vm.toolsRun)?.ref : undefined,
});
