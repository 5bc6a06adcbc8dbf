/** What changes a machine: power, snapshots, change tracking. Called at the end of tasks. */
import { assert } from '#core/assert.ts';
import type { DiskFacts, PowerState } from '../../estate/model.ts';
import { type VimFault, vimFault } from '../faults.ts';
import type { Ref } from '../values.ts';
import type { Vcenter } from '../vcenter.ts';
import { ChangeTracking } from './change-tracking.ts';
import { takesSnapshots } from './devices.ts';
import { powerName } from './power.ts';
import { type SnapshotDisk, SnapshotObject } from './snapshot.ts';
import type { VirtualMachine } from './virtual-machine.ts';

/** Longest chain of snapshots that vSphere supports. */
const SNAPSHOT_DEPTH_MAX = 32;

export function invalidPowerState(requested: PowerState | undefined, existing: PowerState): VimFault {
  return vimFault(
    'InvalidPowerState',
    `The attempted operation cannot be performed in the current state (${existingWords(existing)}).`,
    { requestedState: requested && powerName(requested), existingState: powerName(existing) },
  );
}

function existingWords(power: PowerState): string {
  return power === 'on' ? 'Powered on' : power === 'off' ? 'Powered off' : 'Suspended';
}

/** @throws VimFault InvalidPowerState, NotSupported for a template */
export function changePower(
  vcenter: Vcenter,
  vm: VirtualMachine,
  from: readonly PowerState[],
  to: PowerState,
): void {
  if (vm.machine.template)
    throw vimFault('NotSupported', 'A template cannot be powered on; convert it to a virtual machine first.');
  if (!from.includes(vm.power)) throw invalidPowerState(to, vm.power);
  if (to === 'on') stun(vcenter, vm);
  vm.wasShutDown = false;
  vcenter.estate.setPower(vm.machine.id, to);
}

/**
 * A moment in which the machine stands still (power on, resume, snapshots): here the setting for change
 * tracking takes effect.
 */
export function stun(vcenter: Vcenter, vm: VirtualMachine): void {
  if (!vm.changeTrackingEnabled) {
    vm.tracking = undefined;
    return;
  }
  const tracking = vm.tracking ?? new Map<number, ChangeTracking>();
  const untracked = vm.trackableDisks().filter((disk) => !tracking.has(disk.index));
  if (untracked.length === 0 && vm.tracking) return;
  const generation = vm.trackingGeneration++;
  const below = vm.roots.length > 0;
  for (const disk of untracked)
    tracking.set(disk.index, new ChangeTracking(vm.diskOf(disk), vcenter.context.entropy, generation, below));
  vm.tracking = tracking;
  vcenter.changes.changed(vm, 'config');
}

export interface SnapshotRequest {
  readonly name: string;
  readonly description: string;
  readonly memory: boolean;
  readonly quiesce: boolean;
}

/** @throws VimFault TooManySnapshotLevels, GenericVmConfigFault */
export function createSnapshot(vcenter: Vcenter, vm: VirtualMachine, request: SnapshotRequest): Ref {
  if (depthOf(vm.currentSnapshot) >= SNAPSHOT_DEPTH_MAX)
    throw vimFault(
      'TooManySnapshotLevels',
      `A machine can have at most ${SNAPSHOT_DEPTH_MAX} levels of snapshots.`,
    );
  if (vm.machine.disks.some((disk) => disk.shared))
    throw vimFault(
      'GenericVmConfigFault',
      'Cannot take a snapshot of a machine that shares disks with others.',
      {
        reason: 'msg.snapshot.error-BUSSHARING',
      },
    );
  if (vcenter.context.faults.hit('vcenter.changeTracking', vm.label)) vm.tracking = undefined;
  stun(vcenter, vm);
  const disks = new Map<number, SnapshotDisk>();
  for (const disk of vm.machine.disks) {
    if (!takesSnapshots(disk)) continue;
    const link = vm.chain(disk).freeze();
    disks.set(disk.index, { link, changeId: vm.trackingOf(disk.index)?.advance(link.frozenAt!) });
  }
  const parent = vm.currentSnapshot;
  const snapshot = new SnapshotObject(
    vcenter.nextSnapshotId(),
    ++vm.snapshotCount,
    vm,
    {
      name: request.name,
      description: request.description,
      createTime: Math.floor(vcenter.context.clock.wall()),
      power: request.memory ? vm.power : 'off',
      quiesced: request.quiesce && vm.toolsRun,
      changeTrackingEnabled: vm.changeTrackingEnabled,
    },
    disks,
    parent,
  );
  (parent?.children ?? vm.roots).push(snapshot);
  vm.currentSnapshot = snapshot;
  vcenter.keepSnapshot(snapshot);
  tell(vcenter, vm);
  if (parent) vcenter.changes.changed(parent, 'childSnapshot');
  return snapshot.ref;
}

function depthOf(snapshot: SnapshotObject | undefined): number {
  let depth = 0;
  for (let at = snapshot; at; at = at.parent) depth++;
  return depth;
}

/** Removes a snapshot, and with `andChildren` everything below it; what was on top of it is merged down. */
export function removeSnapshot(vcenter: Vcenter, snapshot: SnapshotObject, andChildren: boolean): void {
  const { vm } = snapshot;
  stun(vcenter, vm);
  // Leaves first, so that every delta is merged into the one below it.
  const doomed = andChildren ? snapshot.subtree().reverse() : [snapshot];
  for (const each of doomed) {
    const siblings = each.parent?.children ?? vm.roots;
    const at = siblings.indexOf(each);
    assert(at >= 0, `snapshot ${each.ref.id} is not where its parent says`);
    siblings.splice(at, 1, ...each.children);
    for (const child of each.children) child.parent = each.parent;
    if (vm.currentSnapshot === each) vm.currentSnapshot = each.parent;
    for (const [index, { link }] of each.disks) vm.chain(diskOf(vm, index)).drop(link);
    vcenter.dropSnapshot(each);
    if (each.parent) vcenter.changes.changed(each.parent, 'childSnapshot');
  }
  tell(vcenter, vm);
}

/** Removes all snapshots; the machine keeps its current content. */
export function removeAllSnapshots(vcenter: Vcenter, vm: VirtualMachine): void {
  for (const root of [...vm.roots]) removeSnapshot(vcenter, root, true);
}

/** Goes back to a snapshot: disks, power, and a new start of change tracking. */
export function revertTo(vcenter: Vcenter, snapshot: SnapshotObject, suppressPowerOn: boolean): void {
  const { vm } = snapshot;
  for (const [index, { link }] of snapshot.disks) vm.chain(diskOf(vm, index)).revertTo(link);
  vm.currentSnapshot = snapshot;
  vm.tracking = undefined;
  stun(vcenter, vm);
  const power = suppressPowerOn && snapshot.facts.power === 'on' ? 'suspended' : snapshot.facts.power;
  if (!vm.machine.template) vcenter.estate.setPower(vm.machine.id, power);
  tell(vcenter, vm);
}

/** Disks that snapshots hold stay with their machine. */
function diskOf(vm: VirtualMachine, index: number): DiskFacts {
  const disk = vm.machine.disks.find((each) => each.index === index);
  assert(disk, `machine ${vm.ref.id} has no disk ${index}`);
  return disk;
}

/** Properties that snapshots and their removal change. */
function tell(vcenter: Vcenter, vm: VirtualMachine): void {
  vcenter.changes.changed(
    vm,
    'config',
    'snapshot',
    'rootSnapshot',
    'layout',
    'layoutEx',
    'storage',
    'summary',
  );
}
