/**
 * One machine under agentless replication, as the appliance sees it: a table of transitions and one pure function.
 * Effects are data; replication.ts carries them out and turns their ends into events.
 *
 * The service's own states (facts/replication.md §11.1) are richer: test migration and clean-up never reach the
 * appliance. What does is a command per item, replicate, cutover or stop, or no command while it is paused.
 */
import { AssertionFailed } from '#core/assert.ts';
import { type Bytes, HOUR, MINUTE, type Millis, type UnixMillis } from '#core/units.ts';
import type { CycleKind, Health } from './cloud-ports.ts';

export type Phase =
  | 'preparing' // change tracking is being switched on
  | 'blocked' // that failed; tried again later
  | 'waiting' // between cycles
  | 'copying' // a cycle is under way, or queued for a slot
  | 'shuttingDown' // cutover: the source is being stopped
  | 'cutOver' // the final cycle is applied
  | 'stopping' // snapshots are being released
  | 'stopped';

export type Command = 'replicate' | 'cutover' | 'stop' | 'none';

/** What the next delta builds on: durable before the snapshot it comes from is removed. */
export interface Baseline {
  readonly cycleId: string;
  /** Change id by disk UUID. */
  readonly changeIds: Readonly<Record<string, string>>;
}

/** One finished cycle, for people. */
export interface CycleSummary {
  readonly id: string;
  readonly kind: CycleKind;
  readonly from: UnixMillis;
  readonly to: UnixMillis;
  readonly changedBytes: Bytes;
  readonly readBytes: Bytes;
  readonly sentBytes: Bytes;
  readonly blocks: number;
  readonly retries: number;
  readonly state: 'applied' | 'failed';
  readonly error?: string;
}

export interface ReplicationItem {
  readonly itemId: string;
  readonly instanceUuid: string;
  readonly machineName: string;
  readonly phase: Phase;
  readonly command: Command;
  readonly performShutdown: boolean;
  /** Which migration of the machine the service is at; 0 before the first. */
  readonly migration: number;
  /** When this appliance found the source powered off for the cutover. */
  readonly sourceOffAt: UnixMillis | undefined;
  /** The cycle under way. */
  readonly cycle:
    | {
        readonly id: string;
        readonly kind: CycleKind;
        readonly startedAt: UnixMillis;
        readonly migration: number;
      }
    | undefined;
  readonly baseline: Baseline | undefined;
  /** The target has something that cannot be built on: copy in full. */
  readonly resync: boolean;
  readonly nextCycleAt: UnixMillis | undefined;
  /** Failures in a row. */
  readonly failures: number;
  readonly health: readonly Health[];
  readonly bytesSent: Bytes;
  readonly lastCycleAt: UnixMillis;
  /** Newest last. */
  readonly history: readonly CycleSummary[];
}

interface EventBase {
  readonly at: UnixMillis;
}

export type ItemEvent = EventBase &
  (
    | {
        readonly type: 'ordered';
        readonly command: Command;
        readonly performShutdown: boolean;
        readonly migration: number;
      }
    /** The service's idea of the last applied cycle, asked for after a (re)start. */
    | { readonly type: 'compared'; readonly lastApplied: string | undefined }
    | { readonly type: 'prepared' }
    | { readonly type: 'due' }
    | {
        readonly type: 'applied';
        readonly changeIds: Readonly<Record<string, string>>;
        readonly summary: CycleSummary;
      }
    | {
        readonly type: 'failed';
        readonly health: Health;
        readonly resync: boolean;
        readonly summary?: CycleSummary | undefined;
      }
    | { readonly type: 'sourceOff' }
    | { readonly type: 'released' }
    | { readonly type: 'restarted' }
  );

export type Effect =
  | { readonly do: 'prepare' }
  | { readonly do: 'copy' }
  | { readonly do: 'wake'; readonly at: UnixMillis }
  | { readonly do: 'shutDown' }
  | { readonly do: 'release' }
  | { readonly do: 'report' };

type EventType = ItemEvent['type'];

/** Phase → event → phases it may lead to. What is not here does not happen. */
export const NEXT = {
  preparing: {
    ordered: ['preparing', 'stopping'],
    compared: ['preparing'],
    prepared: ['copying', 'waiting', 'shuttingDown'],
    failed: ['blocked'],
    restarted: ['preparing'],
  },
  blocked: {
    ordered: ['blocked', 'stopping'],
    compared: ['blocked'],
    due: ['preparing'],
    restarted: ['blocked'],
  },
  waiting: {
    ordered: ['waiting', 'copying', 'shuttingDown', 'stopping'],
    compared: ['waiting'],
    due: ['waiting', 'copying', 'shuttingDown'],
    restarted: ['waiting'],
  },
  copying: {
    ordered: ['copying', 'stopping'],
    compared: ['copying'],
    applied: ['waiting', 'copying', 'shuttingDown', 'cutOver', 'stopping'],
    failed: ['waiting', 'stopping'],
    restarted: ['copying'],
  },
  shuttingDown: {
    ordered: ['shuttingDown', 'copying', 'stopping'],
    compared: ['shuttingDown'],
    sourceOff: ['copying', 'waiting'],
    failed: ['waiting', 'stopping'],
    restarted: ['shuttingDown'],
  },
  cutOver: {
    ordered: ['cutOver', 'copying', 'shuttingDown', 'stopping'],
    compared: ['cutOver'],
    restarted: ['cutOver'],
  },
  stopping: {
    ordered: ['stopping'],
    compared: ['stopping'],
    released: ['stopped'],
    failed: ['stopping'],
    due: ['stopping'],
    restarted: ['stopping'],
  },
  stopped: { ordered: ['stopped', 'preparing'], compared: ['stopped'], restarted: ['stopped'] },
} as const satisfies Record<Phase, Partial<Record<EventType, readonly Phase[]>>>;

const HISTORY_MAX = 200;
const FIRST_RETRY_MS: Millis = 5 * MINUTE;

/** A machine that the service asks to replicate, before anything was done. */
export function newItem(itemId: string, instanceUuid: string, machineName: string): ReplicationItem {
  return {
    itemId,
    instanceUuid,
    machineName,
    phase: 'preparing',
    command: 'replicate',
    performShutdown: true,
    migration: 0,
    sourceOffAt: undefined,
    cycle: undefined,
    baseline: undefined,
    resync: false,
    nextCycleAt: undefined,
    failures: 0,
    health: [],
    bytesSent: 0,
    lastCycleAt: 0,
    history: [],
  };
}

/** When the delta after a cycle of that duration begins: min(max(1 h, half of it), 12 h). [am/concepts-vmware-agentless-migration] */
export function deltaDelay(lastCycleMs: Millis): Millis {
  return Math.min(Math.max(HOUR, Math.round(lastCycleMs / 2)), 12 * HOUR);
}

/** @throws AssertionFailed naming item, phase and event when the table does not allow it */
export function step(item: ReplicationItem, event: ItemEvent): { item: ReplicationItem; effects: Effect[] } {
  const allowed = (NEXT[item.phase] as Partial<Record<EventType, readonly Phase[]>>)[event.type];
  if (!allowed)
    throw new AssertionFailed(`item ${item.itemId} is ${item.phase}; "${event.type}" cannot happen`);
  const result = react(item, event);
  if (!allowed.includes(result.item.phase))
    throw new AssertionFailed(
      `item ${item.itemId}: "${event.type}" must not lead from ${item.phase} to ${result.item.phase}`,
    );
  return result;
}

type Step = { item: ReplicationItem; effects: Effect[] };

function react(item: ReplicationItem, event: ItemEvent): Step {
  switch (event.type) {
    case 'ordered':
      return onOrdered(item, event);
    case 'compared':
      return onCompared(item, event.lastApplied);
    case 'prepared':
      return next({ ...item, failures: 0, health: [] }, event.at);
    case 'due':
      if (item.phase === 'blocked')
        return {
          item: { ...item, phase: 'preparing', nextCycleAt: undefined },
          effects: [{ do: 'prepare' }],
        };
      if (item.phase === 'stopping')
        return { item: { ...item, nextCycleAt: undefined }, effects: [{ do: 'release' }] };
      return next(item, event.at);
    case 'applied':
      return onApplied(item, event.changeIds, event.summary, event.at);
    case 'failed':
      return onFailed(item, event.health, event.resync, event.summary, event.at);
    case 'sourceOff':
      return next({ ...item, sourceOffAt: event.at, failures: 0, health: [] }, event.at);
    case 'released':
      return {
        item: { ...item, phase: 'stopped', nextCycleAt: undefined, cycle: undefined },
        effects: [{ do: 'report' }],
      };
    case 'restarted':
      return { item, effects: onRestarted(item, event.at) };
  }
}

function onOrdered(
  item: ReplicationItem,
  { command, performShutdown, migration, at }: ItemEvent & { type: 'ordered' },
): Step {
  const isSame =
    item.command === command && item.performShutdown === performShutdown && item.migration === migration;
  if (isSame) return { item, effects: [] };
  // the one before failed and was tried again between two questions for work: "replicate" was never seen
  const isNewCutover = command === 'cutover' && item.command === 'cutover' && item.migration !== migration;
  const ordered = {
    ...item,
    command,
    performShutdown,
    migration,
    // a migration that is tried again may find its source running again
    sourceOffAt: command === 'replicate' || isNewCutover ? undefined : item.sourceOffAt,
  };
  if (command === 'stop') return stop(ordered);
  switch (item.phase) {
    case 'waiting':
      // a migration does not wait for the next delta; a pause takes that away; its end brings one at once
      if (command === 'cutover' || item.command === 'none') return next(ordered, at);
      return command === 'none'
        ? { item: { ...ordered, nextCycleAt: undefined }, effects: [{ do: 'report' }] }
        : { item: ordered, effects: [] };
    case 'cutOver':
      // the service could not make the target: replication goes on
      return command === 'replicate' || isNewCutover ? next(ordered, at) : { item: ordered, effects: [] };
    case 'shuttingDown':
      // what was told of the source belongs to the migration that failed
      return isNewCutover ? next(ordered, at) : { item: ordered, effects: [] };
    case 'stopped':
      return command === 'none'
        ? { item: ordered, effects: [] }
        : { item: { ...ordered, phase: 'preparing', health: [], failures: 0 }, effects: [{ do: 'prepare' }] };
    default:
      return { item: ordered, effects: [] };
  }
}

/** A delta that is running is let end, a full copy is not [facts/replication.md §11.1]. */
function stop(item: ReplicationItem): Step {
  if (item.phase === 'stopping' || item.phase === 'stopped') return { item, effects: [] };
  if (item.phase === 'copying' && (item.cycle?.kind === 'delta' || item.cycle?.kind === 'final'))
    return { item, effects: [] };
  return { item: { ...item, phase: 'stopping', nextCycleAt: undefined }, effects: [{ do: 'release' }] };
}

/** An appliance that lost its state, or a service that did: then only a full copy is safe. */
function onCompared(item: ReplicationItem, lastApplied: string | undefined): Step {
  // the cycle under way is judged by asking the service about it
  if (item.cycle || item.baseline?.cycleId === lastApplied) return { item, effects: [] };
  return { item: { ...item, baseline: undefined, resync: lastApplied !== undefined }, effects: [] };
}

function onApplied(
  item: ReplicationItem,
  changeIds: Readonly<Record<string, string>>,
  summary: CycleSummary,
  at: UnixMillis,
): Step {
  const { cycle } = item;
  if (!cycle) throw new AssertionFailed(`item ${item.itemId}: a cycle was applied that is not under way`);
  const applied: ReplicationItem = {
    ...item,
    cycle: undefined,
    baseline: { cycleId: cycle.id, changeIds },
    resync: false,
    failures: 0,
    health: [],
    bytesSent: item.bytesSent + summary.sentBytes,
    history: [...item.history, summary].slice(-HISTORY_MAX),
  };
  // of a migration that has failed meanwhile, it is a delta like any other
  const isLast =
    item.command === 'none' || (item.command === 'cutover' && cycle.migration === item.migration);
  if (cycle.kind === 'final' && isLast)
    return {
      item: { ...applied, phase: 'cutOver', nextCycleAt: undefined },
      effects: [{ do: 'report' }],
    };
  if (item.command === 'cutover') return next(applied, at);
  if (item.command === 'stop') return stop({ ...applied, phase: 'waiting' });
  // the first delta follows the first copy at once: much has changed while that ran
  const delay = cycle.kind === 'delta' || cycle.kind === 'final' ? deltaDelay(at - cycle.startedAt) : 0;
  return wait(applied, at + delay);
}

function onFailed(
  item: ReplicationItem,
  health: Health,
  resync: boolean,
  summary: CycleSummary | undefined,
  at: UnixMillis,
): Step {
  const failures = item.failures + 1;
  const failed: ReplicationItem = {
    ...item,
    cycle: undefined,
    resync: item.resync || resync,
    failures,
    health: [health],
    bytesSent: item.bytesSent + (summary?.sentBytes ?? 0),
    history: summary ? [...item.history, summary].slice(-HISTORY_MAX) : item.history,
  };
  // a full copy is known to help: no reason to wait for it
  const delay = resync ? 0 : Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), HOUR);
  const retryAt = at + delay;
  if (item.phase === 'preparing')
    return {
      item: { ...failed, phase: 'blocked', nextCycleAt: retryAt },
      effects: [{ do: 'wake', at: retryAt }, { do: 'report' }],
    };
  if (item.phase === 'stopping')
    return { item: { ...failed, nextCycleAt: retryAt }, effects: [{ do: 'wake', at: retryAt }] };
  if (item.command === 'stop') return stop({ ...failed, phase: 'waiting' });
  return wait(failed, retryAt);
}

function wait(item: ReplicationItem, until: UnixMillis): Step {
  if (item.command === 'none')
    return { item: { ...item, phase: 'waiting', nextCycleAt: undefined }, effects: [{ do: 'report' }] };
  return {
    item: { ...item, phase: 'waiting', nextCycleAt: until },
    effects: [{ do: 'wake', at: until }, { do: 'report' }],
  };
}

/** What a machine that is ready does now: pause, stop its source, or begin the cycle that is due. */
function next(item: ReplicationItem, at: UnixMillis): Step {
  if (item.command === 'none') return wait(item, at);
  const kind = kindOf(item);
  if (kind === undefined)
    return {
      item: { ...item, phase: 'shuttingDown', nextCycleAt: undefined },
      effects: [{ do: 'shutDown' }],
    };
  // named by its instant: unique for the item even if this store is lost and begins again
  const startedAt = Math.max(at, item.lastCycleAt + 1);
  return {
    item: {
      ...item,
      phase: 'copying',
      cycle: { id: `c${startedAt}`, kind, startedAt, migration: item.migration },
      lastCycleAt: startedAt,
      nextCycleAt: undefined,
    },
    effects: [{ do: 'copy' }],
  };
}

/** Undefined: before the final cycle the source has to be stopped. */
function kindOf(item: ReplicationItem): CycleKind | undefined {
  if (item.resync) return 'resync';
  if (!item.baseline) return 'initial';
  if (item.command !== 'cutover') return 'delta';
  return item.performShutdown && item.sourceOffAt === undefined ? undefined : 'final';
}

/** Timers and work under way died with the process: begin them again. */
function onRestarted(item: ReplicationItem, at: UnixMillis): Effect[] {
  switch (item.phase) {
    case 'preparing':
      return [{ do: 'prepare' }];
    case 'copying':
      return [{ do: 'copy' }];
    case 'shuttingDown':
      return [{ do: 'shutDown' }];
    case 'stopping':
      return [{ do: 'release' }];
    case 'waiting':
    case 'blocked':
      return item.nextCycleAt === undefined ? [] : [{ do: 'wake', at: Math.max(at, item.nextCycleAt) }];
    case 'cutOver':
    case 'stopped':
      return [];
  }
}
