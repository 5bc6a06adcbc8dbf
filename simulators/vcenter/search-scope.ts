/** What the methods of SearchIndex look through: everything that the account sees, or one datacenter of it. */
import type { MachineKey } from './machine-index.ts';
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

/** The first machine of the inventory that has the value and that `isShown`. @throws VimFault ManagedObjectNotFound */
export function machineBy(
  key: MachineKey,
  value: string,
  datacenter: Ref | undefined,
  call: Call,
  isShown: (vm: VirtualMachine) => boolean = () => true,
): VirtualMachine | undefined {
  const scope = scopeOf(datacenter, call);
  const { inventory, machineIndex } = call.vcenter;
  const sight = call.session?.sight();
  let first: VirtualMachine | undefined;
  for (const id of machineIndex.find(key, value)) {
    const vm = inventory.vmOf(id);
    if (first && first.index < vm.index) continue;
    if (scope && inventory.datacenterOf(vm.machine.datacenterId) !== scope) continue;
    if ((sight?.sees(vm) ?? true) && isShown(vm)) first = vm;
  }
  return first;
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
