/** How leases come to be, for machines that are exported and for those that are brought. */
import { assert } from '#core/assert.ts';
import type { DiskFacts } from '../../estate/model.ts';
import { vimFault } from '../faults.ts';
import { destroyMachine, destroyPool } from '../lifecycle/removal.ts';
import { VirtualAppObject } from '../objects/vapp.ts';
import type { Vcenter } from '../vcenter.ts';
import { busOf, takesSnapshots } from '../vm/devices.ts';
import type { SnapshotObject } from '../vm/snapshot.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';
import { type LeaseDisk, LeaseObject } from './lease.ts';

const CONTROLLERS: Readonly<Record<DiskFacts['controller'], string>> = {
  pvscsi: 'ParaVirtualSCSIController',
  lsilogic: 'VirtualLsiLogicController',
  lsilogicsas: 'VirtualLsiLogicSASController',
  buslogic: 'VirtualBusLogicController',
  sata: 'VirtualAHCIController',
  nvme: 'VirtualNVMEController',
  ide: 'VirtualIDEController',
};

/** "/vm-42/ParaVirtualSCSIController0:0" */
export function deviceKeyOf(owner: string, disk: Pick<DiskFacts, 'controller' | 'bus' | 'unit'>): string {
  return `/${owner}/${CONTROLLERS[disk.controller]}${disk.bus}:${disk.unit}`;
}

/** The id by which an imported disk is called before its machine is there. */
export function importKeyOf(owner: string, disk: Pick<DiskFacts, 'controller' | 'bus' | 'unit'>): string {
  const bus = busOf(disk);
  const kind = bus === 'scsi' ? 'VirtualSCSIController' : CONTROLLERS[disk.controller];
  return `/${owner}/${kind}${disk.bus}:${disk.unit}`;
}

/** @throws VimFault NotSupported for disks that cannot be fetched */
export function exportLease(
  vcenter: Vcenter,
  id: string,
  vm: VirtualMachine,
  snapshot: SnapshotObject | undefined,
): LeaseObject {
  const disks = vm.machine.disks
    .filter((disk) => (snapshot ? snapshot.disks.has(disk.index) : takesSnapshots(disk) || !disk.raw))
    .map((facts, nth): LeaseDisk => {
      const disk = vm.diskOf(facts);
      const frozenAt = snapshot?.disks.get(facts.index)?.link.frozenAt;
      return {
        file: `disk-${nth}.vmdk`,
        key: deviceKeyOf(vm.ref.id, facts),
        importKey: importKeyOf(vm.name, facts),
        disk,
        epoch: frozenAt === undefined ? disk.mark() : disk.hold(frozenAt),
      };
    });
  return new LeaseObject(id, vcenter, {
    subject: vm,
    disks,
    isImport: false,
    onEnd() {
      for (const { disk, epoch } of disks) disk.release(epoch!);
    },
  });
}

/**
 * The machines are there, with blank disks; if the lease is not completed, they go again.
 * @param subject the machine, or the vApp that holds them
 */
export function importLease(
  vcenter: Vcenter,
  id: string,
  subject: VirtualMachine | VirtualAppObject,
  vms: readonly VirtualMachine[],
): LeaseObject {
  const disks = vms
    .flatMap((vm) => vm.machine.disks.map((facts) => ({ vm, facts })))
    .map(({ vm, facts }, nth): LeaseDisk => {
      const name = vm.machine.name;
      const owner = subject instanceof VirtualAppObject ? `${subject.path.at(-1)}/${name}` : name;
      return {
        file: `disk-${nth}.vmdk`,
        key: deviceKeyOf(vm.ref.id, facts),
        importKey: importKeyOf(owner, facts),
        disk: vm.diskOf(facts),
        epoch: undefined,
      };
    });
  return new LeaseObject(id, vcenter, {
    subject,
    disks,
    isImport: true,
    onEnd(isComplete) {
      if (isComplete) return;
      for (const vm of vms) if (vm.exists) destroyMachine(vcenter, vm);
      if (subject instanceof VirtualAppObject) destroyPool(vcenter, subject);
    },
  });
}

/** @throws VimFault InvalidState, Timedout */
export function requireReady(lease: LeaseObject): void {
  if (lease.state === 'ready') return;
  if (lease.error?.type === 'Timedout') throw lease.error;
  throw vimFault(
    'InvalidState',
    `The operation is not allowed in the current state: the lease is ${lease.state}.`,
  );
}

/** The disk that a descriptor calls by one of the keys of a lease. */
export function diskByKey(vm: VirtualMachine, key: string): DiskFacts | undefined {
  assert(key.length <= 1000, 'a device key is short');
  return vm.machine.disks.find((disk) => key === deviceKeyOf(vm.ref.id, disk));
}
