/**
 * QueryChangedDiskAreas: what changed on a disk between a change id and a snapshot (or now, for a machine that
 * is off). Answers a window from `startOffset`, capped by the number of extents; the last window ends exactly
 * at the disk's capacity, so that clients that ask on from its end come to an end.
 */
import { assert } from '#core/assert.ts';
import type { Bytes } from '#core/units.ts';
import type { DiskFacts, Extent } from '../../estate/model.ts';
import { invalidArgument, vimFault } from '../faults.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Data, Ref } from '../values.ts';
import type { ChangeTracking } from '../vm/change-tracking.ts';
import { diskKey } from '../vm/devices.ts';
import { SnapshotObject } from '../vm/snapshot.ts';
import { TRACKING_DEFECTS } from '../vm/tracking-defects.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';
import { defineMethod, selfAs } from './method.ts';

interface Args {
  readonly snapshot?: Ref;
  readonly deviceKey: number;
  readonly startOffset: number;
  readonly changeId: string;
}

/** Extents in one answer. */
export const EXTENTS_MAX = 2000;

export const queryChangedDiskAreas = defineMethod<Args>({
  on: 'VirtualMachine',
  name: 'QueryChangedDiskAreas',
  since: '4.0',
  takes: 'snapshot &VirtualMachineSnapshot?, deviceKey int, startOffset long, changeId string',
  returns: 'DiskChangeInfo',
  privilege: 'VirtualMachine.Provisioning.DiskRandomRead',
  faults: ['FileFault', 'NotFound'],
  run({ snapshot, deviceKey, startOffset, changeId }, call) {
    const vm = selfAs(call, VirtualMachine);
    const disk = vm.machine.disks.find((candidate) => diskKey(candidate) === deviceKey);
    if (!disk) throw vimFault('NotFound', `The machine has no disk with the key ${deviceKey}.`);
    let at: SnapshotObject | undefined;
    if (snapshot) {
      const found = call.find(snapshot);
      if (!(found instanceof SnapshotObject)) throw objectNotFound(snapshot);
      if (found.vm !== vm) throw invalidArgument('snapshot');
      at = found;
    } else if (vm.power !== 'off') throw fileFault(disk, 'a running machine can be asked only by a snapshot');
    if (startOffset < 0 || startOffset >= disk.sizeBytes) throw invalidArgument('startOffset');
    const areas = changed(vm, disk, at, changeId);
    const defect = call.vcenter.context.faults.hit('vcenter.changedAreas', vm.label);
    const { sizeBytes } = disk;
    const trackedBytes = vm.trackingOf(disk.index)!.sizeBytes;
    const told = defect ? TRACKING_DEFECTS[defect.answer]!(areas, { sizeBytes, trackedBytes }) : areas;
    return window(told, startOffset, sizeBytes);
  },
});

/** @throws VimFault FileFault */
function changed(
  vm: VirtualMachine,
  disk: DiskFacts,
  snapshot: SnapshotObject | undefined,
  changeId: string,
): readonly Extent[] {
  const tracking = vm.trackingOf(disk.index);
  const frozen = snapshot?.disks.get(disk.index);
  if (!tracking || (snapshot && frozen?.changeId === undefined))
    throw fileFault(disk, 'changes of this disk are not tracked');
  const epoch = frozen && frozenEpoch(tracking, frozen.changeId!, disk);
  if (changeId === '*') {
    // Without an exact beginning the hypervisor can only name the whole disk.
    if (tracking.beganBelowSnapshots) return [{ start: 0, length: disk.sizeBytes }];
    return tracking.disk.allocated(frozen?.link.frozenAt);
  }
  const from = tracking.epochOf(changeId);
  if (from === undefined) throw fileFault(disk, 'the change id is of another tracking');
  if (epoch !== undefined && from > epoch) throw fileFault(disk, 'the change id is newer than the snapshot');
  return tracking.disk.changedSince(from, epoch ?? 'now');
}

function frozenEpoch(tracking: ChangeTracking, changeId: string, disk: DiskFacts): number {
  const epoch = tracking.epochOf(changeId);
  if (epoch === undefined) throw fileFault(disk, 'tracking began anew after the snapshot');
  return epoch;
}

function fileFault(disk: DiskFacts, why: string) {
  return vimFault('FileFault', `Error caused by file ${disk.path}: ${why}.`, { file: disk.path });
}

/** The part of sorted, disjoint extents that begins at `startOffset`, as the data object DiskChangeInfo. */
export function window(extents: readonly Extent[], startOffset: Bytes, capacity: Bytes): Data {
  const rest = extents.filter(({ start, length }) => start + length > startOffset);
  const now = rest.slice(0, EXTENTS_MAX).map(({ start, length }) => {
    const from = Math.max(start, startOffset);
    return { start: from, length: start + length - from };
  });
  const last = now.at(-1);
  assert(!last || last.start + last.length <= capacity, 'an extent reaches beyond the disk');
  const end = rest.length > now.length ? last!.start + last!.length : capacity;
  return {
    $: 'DiskChangeInfo',
    startOffset,
    length: end - startOffset,
    changedArea: now.map((extent) => ({ $: 'DiskChangeExtent', ...extent })),
  };
}
