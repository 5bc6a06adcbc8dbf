/**
 * A machine on its way to other facts: what a specification asks for is gathered here, checked, and given to
 * the estate at once, so that a machine is never changed by half.
 */
import type { DiskOrigin } from '../../estate/estate.ts';
import type { ControllerFacts, DiskFacts, Machine, Nic, OtherDevice } from '../../estate/model.ts';
import type { DatastoreObject } from '../objects/datastore.ts';
import type { HostObject } from '../objects/host.ts';
import type { Vcenter } from '../vcenter.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';

export interface Draft {
  readonly vcenter: Vcenter;
  /** The machine that is changed; undefined for a new one. */
  readonly vm: VirtualMachine | undefined;
  readonly host: HostObject;
  /** All facts but those below. */
  machine: Machine;
  disks: DiskFacts[];
  nics: Nic[];
  controllers: ControllerFacts[];
  devices: OtherDevice[];
  readonly origins: Map<string, DiskOrigin>;
  /** Disks that were taken off and whose files stay. */
  readonly loosened: DiskFacts[];
  /** Indexes of disks that were taken off. */
  readonly removed: number[];
  /** Files that become disks of the machine. */
  readonly attached: Array<{ readonly datastore: DatastoreObject; readonly path: string }>;
}

export function draftOf(
  vcenter: Vcenter,
  machine: Machine,
  host: HostObject,
  vm: VirtualMachine | undefined,
): Draft {
  return {
    vcenter,
    vm,
    host,
    machine,
    disks: [...machine.disks],
    nics: [...machine.nics],
    controllers: [...(machine.controllers ?? [])],
    devices: [...(machine.devices ?? [])],
    origins: new Map(),
    loosened: [],
    removed: [],
    attached: [],
  };
}

/** The facts that the draft has come to. */
export function machineOf(draft: Draft): Machine {
  const { machine, disks, nics, controllers, devices } = draft;
  return { ...machine, disks, nics, controllers, devices };
}

/** Gives a changed machine's draft to the estate, and keeps the files of disks that were taken off. */
export function commit(draft: Draft): void {
  const { vcenter, vm } = draft;
  const { estate, files } = vcenter;
  const at = Math.floor(vcenter.context.clock.wall());
  const kept = draft.loosened.map((facts) => ({ facts, disk: estate.disk(facts.id) }));
  for (const index of draft.removed) vm?.forgetDisk(index);
  const machine = machineOf(draft);
  if (vm) estate.replace(machine, draft.origins);
  else estate.add(machine, draft.origins);
  for (const { datastore, path } of draft.attached) files.loose.remove(datastore, path);
  for (const { facts, disk } of kept) {
    const datastore = vcenter.inventory.datastore(facts.datastoreId);
    const path = facts.path.slice(facts.path.indexOf('] ') + 2);
    disk.setFacts({ ...facts, id: `loose:${facts.uuid}` }, () => {});
    files.loose.put(datastore, path, { kind: 'disk', disk, at });
  }
}
