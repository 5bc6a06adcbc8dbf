/** What the methods of SearchIndex look through: everything that the account sees, or one datacenter of it. */

import type { Call } from './methods/method.ts';
import { DatacenterObject } from './objects/folder.ts';
import type { HostObject } from './objects/host.ts';
import { objectNotFound } from './property/selection.ts';
import type { Ref } from './values.ts';
import type { VirtualMachine } from './vm/virtual-machine.ts';

/** @throws VimFault ManagedObjectNotFound */
function scopeOf(datacenter: Ref | undefined, call: Call): DatacenterObject | undefined {
  if (!datacenter) return undefined;
  const found = call.find(datacenter);
  if (!(found instanceof DatacenterObject)) throw objectNotFound(datacenter);
  return found;
}

export function vmsIn(datacenter: Ref | undefined, call: Call): VirtualMachine[] {
  const scope = scopeOf(datacenter, call);
  const { inventory } = call.vcenter;
  const sight = call.session?.sight();
  return inventory
    .vms()
    .filter(
      (vm) =>
        (!scope || inventory.datacenterOf(vm.machine.datacenterId) === scope) && (sight?.sees(vm) ?? true),
    );
}

export function hostsIn(datacenter: Ref | undefined, call: Call): HostObject[] {
  const scope = scopeOf(datacenter, call);
  const { inventory } = call.vcenter;
  const sight = call.session?.sight();
  return [...inventory.hosts()].filter(
    (host) =>
      (!scope || inventory.datacenterOf(host.facts.datacenterId) === scope) && (sight?.sees(host) ?? true),
  );
}
