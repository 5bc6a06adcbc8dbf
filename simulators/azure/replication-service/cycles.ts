/**
 * Life of a replication cycle on the service's side: opened, described by manifests, committed, applied after
 * a while, ended. One cycle of an item is open or being applied at a time; only an applied one counts.
 */
import { type Bytes, MIB, MINUTE, type Millis, SECOND } from '#core/units.ts';
import { conflict } from '../arm/faults.ts';
import { applyCycle, blocksOf, CycleFault } from './apply-cycle.ts';
import type { Block, Range } from './blocks.ts';
import type { Cycle, MigrationItem, ProtectedDisk } from './replicated-item.ts';
import type { ReplicationStorage } from './storage-port.ts';
import { dropReplicas, type ReplicationStore } from './store.ts';

/** How fast the service reads, checks and writes a cycle. */
const APPLY_BYTES_PER_SECOND: Bytes = 100 * MIB;
const APPLY_MS_MIN: Millis = 2 * SECOND;
/** Cycles that may fail in a row before seeding or resuming is given up. */
const ATTEMPTS_MAX = 5;
/** The last one included. */
const RECOVERY_POINTS_MAX = 5;
/** A cycle that is waited for is given up when its appliance is silent for so long. */
const SILENCE_MS_MAX: Millis = 15 * MINUTE;

/** @returns false when it exists. @throws ArmError 409 when it cannot begin now */
export function openCycle(
  store: ReplicationStore,
  item: MigrationItem,
  asked: Pick<Cycle, 'id' | 'kind' | 'takenAt'>,
): boolean {
  const { id, kind } = asked;
  const known = item.cycles.find((cycle) => cycle.id === id);
  if (known?.kind === kind) return false;
  if (known) throw conflict('CycleExists', `Cycle ${id} exists and is of the kind '${known.kind}'.`);
  const open = store.openCycle(item);
  if (open?.state === 'Applying') throw conflict('CycleBusy', `Cycle ${open.id} is still being applied.`);
  if ((kind === 'delta' || kind === 'final') && !store.lastApplied(item))
    throw conflict(
      'NoBaseCycle',
      'There is no applied cycle that this one could build on; send an initial one.',
    );
  if (kind === 'final' && item.state !== 'MigrationInProgress')
    throw conflict('NotMigrating', `A final cycle is not wanted while ${item.name} is ${item.state}.`);
  if (kind === 'resync') beginRepair(store, item);
  store.apply(item, 'cycleBegun');
  // an appliance that begins another cycle has given up the one before (a crash, most often)
  if (open) failCycle(store, item, open, { code: 'Superseded', message: `Cycle ${id} took its place.` });
  item.cycles.push({
    ...asked,
    openedAt: store.context.clock.wall(),
    manifests: new Map(),
    dirty: new Map(),
    state: 'Open',
    appliedBytes: 0,
  });
  return true;
}

/**
 * An appliance that has to copy a disk again says so by opening a cycle for it. Unless repairs begin by
 * themselves somebody has to start this one first. @throws ArmError 409
 */
function beginRepair(store: ReplicationStore, item: MigrationItem): void {
  if (item.state !== 'Replicating') return; // a resumed or migrating machine is not waited for
  if (!item.resyncRequired) {
    item.resyncRequired = true;
    item.resyncStarted = item.performAutoResync;
    store.tell(item, { kind: 'resyncRequired' });
  }
  if (!item.resyncStarted)
    throw conflict(
      'ResyncNotStarted',
      `The disks of ${item.name} have to be copied again, and nobody has started that. Ask for a resync.`,
    );
}

/** Stores a manifest; one of a cycle that is not open any more is only acknowledged. @throws ArmError 409 */
export function putManifest(
  cycle: Cycle,
  { diskId }: ProtectedDisk,
  number: number,
  blocks: readonly Block[],
): void {
  const manifests = cycle.manifests.get(diskId) ?? new Map<number, readonly Block[]>();
  if (cycle.state !== 'Open') {
    if (manifests.has(number)) return;
    throw conflict('CycleClosed', `Cycle ${cycle.id} is ${cycle.state} and takes no further manifests.`);
  }
  manifests.set(number, blocks);
  cycle.manifests.set(diskId, manifests);
}

/** From here on the service has everything and begins to apply. A repetition changes nothing. */
export function commitCycle(
  store: ReplicationStore,
  item: MigrationItem,
  cycle: Cycle,
  dirty: ReadonlyMap<string, readonly Range[]>,
): void {
  if (cycle.state !== 'Open') return;
  cycle.dirty = dirty;
  cycle.state = 'Applying';
  let bytes = 0;
  for (const { diskId } of item.disks)
    for (const { payloadBytes } of blocksOf(cycle, diskId)) bytes += payloadBytes;
  const takesMs = APPLY_MS_MIN + Math.ceil((bytes / APPLY_BYTES_PER_SECOND) * SECOND);
  const { clock } = store.context;
  clock.schedule(clock.wall() + takesMs, 'azure.applyCycle', () => {
    if (store.byId(item.itemId)) applyCommitted(store, item, cycle, store.storage);
  });
}

/** Applies a cycle whose content is all there, and lets the item go on. @param storage where its blobs are read */
export function applyCommitted(
  store: ReplicationStore,
  item: MigrationItem,
  cycle: Cycle,
  storage: ReplicationStorage,
): void {
  const { clock, counters, recorder } = store.context;
  try {
    cycle.appliedBytes = applyCycle(item, cycle, storage);
  } catch (error) {
    if (!(error instanceof CycleFault)) throw error;
    failCycle(store, item, cycle, { code: error.code, message: error.message });
    countFailure(store, item, cycle);
    return;
  }
  cycle.state = 'Applied';
  cycle.endedAt = clock.wall();
  Object.assign(item.failures, NO_FAILURES);
  item.resyncRequired = false; // whatever was applied, the appliance follows the source again
  item.resyncStarted = false;
  forgetOldPoints(store, item);
  counters.add('replication.appliedBytes', cycle.appliedBytes);
  recorder.record({
    at: clock.wall(),
    kind: 'step',
    who: 'azure',
    what: `cycle ${cycle.id} ${cycle.kind} applied`,
    bytes: cycle.appliedBytes,
  });
  clearUp(store, item, cycle);
  store.apply(item, 'cycleApplied');
  becomeQuiet(store, item);
  store.completeMigration(item);
}

const NO_FAILURES: Readonly<MigrationItem['failures']> = {
  initial: 0,
  delta: 0,
  final: 0,
  resync: 0,
  resume: 0,
};

/** Seeding and resuming are given up after so many cycles that could not be applied; deltas go on for ever. */
function countFailure(store: ReplicationStore, item: MigrationItem, { kind }: Cycle): void {
  const { failures } = item;
  failures[kind]++;
  if (item.state === 'InitialSeedingInProgress' && failures.initial >= ATTEMPTS_MAX) {
    failures.initial = 0;
    store.apply(item, 'seedingFailed');
    store.tell(item, { kind: 'seedingFailed' });
  }
  if (item.state === 'ResumeInProgress' && ++failures.resume >= ATTEMPTS_MAX) {
    failures.resume = 0;
    store.apply(item, 'resumeFailed');
    store.tell(item, { kind: 'resumeFailed' });
  }
}

/** Recovery points are kept as long as the policy says, and no more than a few: each holds what changed since. */
function forgetOldPoints(store: ReplicationStore, item: MigrationItem): void {
  const points = store.recoveryPoints(item).slice(0, -1);
  const oldest = store.context.clock.wall() - item.recoveryPointHistoryMs;
  for (const [i, cycle] of points.entries())
    if (cycle.takenAt < oldest || i <= points.length - RECOVERY_POINTS_MAX) dropReplicas(cycle);
}

function failCycle(
  store: ReplicationStore,
  item: MigrationItem,
  cycle: Cycle,
  error: { code: string; message: string },
): void {
  const { clock, recorder } = store.context;
  cycle.state = 'Failed';
  cycle.error = error;
  cycle.endedAt = clock.wall();
  recorder.record({
    at: clock.wall(),
    kind: 'step',
    who: 'azure',
    what: `cycle ${cycle.id} ${cycle.kind} failed: ${error.code}`,
  });
  store.tell(item, { kind: 'cycleFailed', ...error });
  clearUp(store, item, cycle);
  becomeQuiet(store, item);
}

/**
 * Empties the log of an ended cycle, and forgets its blocks. No blob of another cycle can be there: blobs are
 * uploaded after their cycle was opened, and one is open at a time. What a crash left without a manifest goes too.
 */
function clearUp(store: ReplicationStore, item: MigrationItem, cycle: Cycle): void {
  for (const { container } of item.disks) store.storage.emptyLogContainer(container);
  for (const manifests of cycle.manifests.values())
    for (const number of manifests.keys()) manifests.set(number, []);
  cycle.dirty = new Map();
}

/**
 * Pauses replication: at once when no cycle is under way, otherwise when it has ended. A cycle that waits for
 * an appliance which has fallen silent is given up. @throws ArmError 409
 */
export function pauseReplication(store: ReplicationStore, item: MigrationItem): void {
  if (!store.request(item, 'PauseReplication')) return;
  becomeQuiet(store, item);
  if (item.state === 'SuspendingProtection') giveUpWhenSilent(store, item);
}

function becomeQuiet(store: ReplicationStore, item: MigrationItem): void {
  if (item.state === 'SuspendingProtection' && !store.openCycle(item)) store.apply(item, 'quiet');
}

function giveUpWhenSilent(store: ReplicationStore, item: MigrationItem): void {
  const { clock } = store.context;
  clock.schedule(
    Math.max(item.heardAt, item.stateSince) + SILENCE_MS_MAX,
    'azure.replication.silence',
    () => {
      const open = store.openCycle(item);
      if (item.state !== 'SuspendingProtection' || open?.state !== 'Open') return;
      if (clock.wall() < item.heardAt + SILENCE_MS_MAX) giveUpWhenSilent(store, item);
      else
        failCycle(store, item, open, {
          code: 'Abandoned',
          message: `Nothing was heard of cycle ${open.id} for ${SILENCE_MS_MAX / MINUTE} minutes.`,
        });
    },
  );
}
