/** FindByDnsName: a machine by the name that its tools report, or a host by its name. */
import { hostsIn, machineBy } from '../search-scope.ts';
import type { Ref } from '../values.ts';
import { defineMethod } from './method.ts';

export const findByDnsName = defineMethod<{ datacenter?: Ref; dnsName: string; vmSearch: boolean }>({
  on: 'SearchIndex',
  name: 'FindByDnsName',
  takes: 'datacenter &Datacenter?, dnsName string, vmSearch boolean',
  returns: '&ManagedEntity?',
  privilege: 'System.View',
  run({ datacenter, dnsName, vmSearch }, call) {
    if (vmSearch) return machineBy('dnsName', dnsName, datacenter, call, (vm) => vm.toolsRun)?.ref;
    const wanted = dnsName.toLowerCase();
    return hostsIn(datacenter, call).find((host) => host.name.toLowerCase() === wanted)?.ref;
  },
});
