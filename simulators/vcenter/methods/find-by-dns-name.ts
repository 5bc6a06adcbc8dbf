/** FindByDnsName: a machine by the name that its tools report, or a host by its name. */
import { hostsIn, vmsIn } from '../search-scope.ts';
import type { Ref } from '../values.ts';
import { defineMethod } from './method.ts';

export const findByDnsName = defineMethod<{ datacenter?: Ref; dnsName: string; vmSearch: boolean }>({
  on: 'SearchIndex',
  name: 'FindByDnsName',
  takes: 'datacenter &Datacenter?, dnsName string, vmSearch boolean',
  returns: '&ManagedEntity?',
  privilege: 'System.View',
  run({ datacenter, dnsName, vmSearch }, call) {
    const wanted = dnsName.toLowerCase();
    return vmSearch
      ? vmsIn(datacenter, call).find((vm) => vm.toolsRun && vm.machine.dnsName.toLowerCase() === wanted)?.ref
      : hostsIn(datacenter, call).find((host) => host.name.toLowerCase() === wanted)?.ref;
  },
});
