/**
 * Replication of many machines: asks the service what to do, drives each item through its table, carries out the
 * effects. An item's state is durable before anything follows from it. Everything of one item happens in turn; items
 * do not wait for each other, except for slots.
 */
import { setMaxListeners } from 'node:events';
import { DryliftError, defineErrors } from '#core/errors.ts';
import type { Timer } from '#core/time/clock.ts';
import { type Clock, sleep } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { MINUTE, type Millis, SECOND, type UnixMillis } from '#core/units.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import { notAskedFor } from './block-sender.ts';
import type { CycleKind, Progress, ReplicationControl, Work } from './cloud-ports.ts';
import { type CycleRecord, newCycle } from './cycle-record.ts';
import { type CycleInputs, Gateway } from './gateway.ts';
import type { ReplicationSource } from './ports.ts';
import type { Problems } from './problems.ts';
import { type Effect, type ItemEvent, newItem, type ReplicationItem, step } from './replication-item.ts';
import { healthOf, isTrackingLost, type ReplicationView, summaryOf, viewOf } from './replication-view.ts';
import type { Retrier } from './retry.ts';
import { Slots } from './slots.ts';
import type { VmwareMachine } from './source-machines.ts';
import { UploadPace } from './upload-pace.ts';

export const errors = defineErrors({
  'replication.machine.unknown': {
    blame: 'peer',
    retry: 'safe',
    why: 'None of the vCenters of this appliance has a machine with that identity at the moment.',
    next: 'Check that its vCenter is reachable and that the machine was not deleted.',
  },
});

/** How often the service is asked for work, with and without machines under replication. */
const ACTIVE_POLL_MS: Millis = MINUTE;
const IDLE_POLL_MS: Millis = 15 * MINUTE;
const POWER_POLL_MS: Millis = 10 * SECOND;
const REPORT_PATIENCE = { totalMs: 5 * MINUTE };
const POWER_PATIENCE = { totalMs: 30 * MINUTE };
const PRIORITIES: Readonly<Record<CycleKind, number>> = { final: 0, initial: 1, resync: 1, delta: 2 };

export interface ReplicationOptions {
  control: ReplicationControl;
  /** Where a machine is, by instance UUID. */
  find: (instanceUuid: string) => { source: ReplicationSource; machine: VmwareMachine } | undefined;
  store: Store;
  clock: Clock;
  retrier: Retrier;
  problems: Problems;
  counters: Counters;
  log: Logger;
  life: AbortSignal;
  /** Told of each change of phase, for the trace. */
  onStep: (what: string) => void;
  uploadsPerDisk: number;
  shutdownGraceMs: Millis;
}

interface Actor {
  item: ReplicationItem;
  work: Work | undefined;
  record: CycleRecord | undefined;
  percent: number;
  timer: Timer | undefined;
  /** Ends the effect under way when another takes its place. */
  effect: AbortController | undefined;
  turn: Promise<void>;
  /** The service's last applied cycle was compared with ours in this life. */
  isCompared: boolean;
  /** What was under way before a restart goes on. */
  isStarted: boolean;
}

export class Replication {
  readonly #options: ReplicationOptions;
  readonly #gateway: Gateway;
  readonly #pace: UploadPace;
  readonly #slots = new Slots();
  readonly #actors = new Map<string, Actor>();

  constructor(options: ReplicationOptions) {
    this.#options = options;
    this.#pace = new UploadPace(options.clock);
    this.#gateway = new Gateway({ ...options, pace: this.#pace });
  }

  /** How soon the service should be asked again. */
  get pollMs(): Millis {
    for (const { item } of this.#actors.values())
      if (item.phase !== 'stopped' && item.command !== 'none') return ACTIVE_POLL_MS;
    return IDLE_POLL_MS;
  }

  views(): ReplicationView[] {
    return [...this.#actors.values()].map(({ item, percent }) => viewOf(item, percent));
  }

  /** Takes up what was under way before a restart. */
  async load(): Promise<void> {
    const { store } = this.#options;
    const items = await store.read((db) => db.selectFrom('items').selectAll().orderBy('item_id').execute());
    const cycles = await store.read((db) => db.selectFrom('cycles').selectAll().execute());
    const records = new Map(cycles.map(({ item_id, state }) => [item_id, JSON.parse(state) as CycleRecord]));
    for (const { item_id, state } of items)
      this.#actors.set(item_id, newActor(JSON.parse(state) as ReplicationItem, records.get(item_id)));
  }

  /** Asks for work once and hands out what is new. @throws `azure.*`, `net.*` */
  async poll(signal: AbortSignal): Promise<void> {
    const { control, clock } = this.#options;
    const items = await control.work(signal);
    const at = clock.wall();
    for (const work of items) {
      let actor = this.#actors.get(work.itemId);
      const isNew = actor === undefined;
      if (!actor) {
        actor = newActor(newItem(work.itemId, work.instanceUuid, work.machineName), undefined);
        this.#actors.set(work.itemId, actor);
      }
      actor.work = work;
      if (!actor.isCompared) {
        actor.isCompared = true;
        this.#tell(actor, { type: 'compared', at, lastApplied: lastAppliedOf(work) });
      }
      this.#start(actor, at);
      this.#tell(actor, {
        type: 'ordered',
        at,
        command: work.command,
        performShutdown: work.performShutdown,
        migration: work.migration,
      });
      if (isNew)
        this.#options.log.info({ machine: work.machineName, item: work.itemId }, 'replication was ordered');
    }
    const listed = new Set(items.map(({ itemId }) => itemId));
    for (const actor of this.#actors.values()) {
      if (listed.has(actor.item.itemId)) continue;
      this.#start(actor, at);
      const { performShutdown, migration } = actor.item;
      this.#tell(actor, { type: 'ordered', at, command: 'none', performShutdown, migration });
    }
  }

  #start(actor: Actor, at: UnixMillis): void {
    if (actor.isStarted) return;
    actor.isStarted = true;
    this.#tell(actor, { type: 'restarted', at });
  }

  /**
   * Queues an event of an item; its effects begin when the new state is durable.
   *
   * @param effect whose outcome it is: forgotten when another effect has taken its place by then
   */
  #tell(actor: Actor, event: ItemEvent, effect?: AbortController): void {
    actor.turn = actor.turn.then(async () => {
      const { life, problems } = this.#options;
      if (life.aborted || (effect && effect !== actor.effect)) return;
      const { nextCycleAt } = actor.item;
      if (event.type === 'due' && (nextCycleAt === undefined || nextCycleAt > event.at)) return;
      try {
        await this.#take(actor, event);
      } catch (error) {
        if (!life.aborted) problems.met(`replicate ${actor.item.machineName}`, error);
      }
    });
  }

  async #take(actor: Actor, event: ItemEvent): Promise<void> {
    const { store, log, onStep } = this.#options;
    const { item, effects } = step(actor.item, event);
    const isChanged = JSON.stringify(item) !== JSON.stringify(actor.item);
    if (isChanged || event.type === 'compared') {
      const isCycleOver = item.cycle === undefined && actor.record !== undefined;
      await store.transaction(async (db) => {
        const state = JSON.stringify(item);
        await db
          .insertInto('items')
          .values({ item_id: item.itemId, state })
          .onConflict((c) => c.column('item_id').doUpdateSet({ state }))
          .execute();
        if (isCycleOver) await db.deleteFrom('cycles').where('item_id', '=', item.itemId).execute();
      });
      await store.flush();
      if (isCycleOver) actor.record = undefined;
      if (item.phase !== actor.item.phase) {
        log.info({ machine: item.machineName, from: actor.item.phase, to: item.phase }, 'replication');
        onStep(
          `replication of ${item.machineName}: ${item.phase}${item.cycle ? ` (${item.cycle.kind})` : ''}`,
        );
      }
    }
    actor.item = item;
    for (const effect of effects) this.#perform(actor, effect);
  }

  #perform(actor: Actor, effect: Effect): void {
    switch (effect.do) {
      case 'wake':
        actor.timer?.cancel();
        actor.timer = this.#options.clock.schedule(effect.at, 'appliance.replication.due', () =>
          this.#tell(actor, { type: 'due', at: this.#options.clock.wall() }),
        );
        return;
      case 'report':
        return this.#report(actor);
      case 'prepare':
        return this.#begin(actor, (signal) => this.#prepare(actor, signal));
      case 'copy':
        this.#report(actor);
        return this.#begin(actor, (signal) => this.#copy(actor, signal));
      case 'shutDown':
        this.#report(actor);
        return this.#begin(actor, (signal) => this.#shutDown(actor, signal));
      case 'release':
        return this.#begin(actor, (signal) => this.#release(actor, signal));
    }
  }

  /** Runs an effect beside the item's turns; whatever ran before is ended, and its outcome ignored. */
  #begin(actor: Actor, run: (signal: AbortSignal) => Promise<Outcome>): void {
    const { life, clock, counters } = this.#options;
    actor.effect?.abort(new Error('superseded'));
    actor.timer?.cancel();
    const effect = new AbortController();
    actor.effect = effect;
    const signal = AbortSignal.any([effect.signal, life]);
    setMaxListeners(0, signal);
    run(signal).then(
      (outcome) => {
        if (!signal.aborted) this.#tell(actor, { ...outcome, at: clock.wall() }, effect);
      },
      (error: unknown) => {
        if (signal.aborted) return;
        counters.add('appliance.replication.failures');
        this.#options.log.warn({ machine: actor.item.machineName, err: error }, 'replication failed');
        const at = clock.wall();
        this.#tell(
          actor,
          {
            type: 'failed',
            at,
            health: healthOf(error),
            resync: isTrackingLost(error),
            summary: actor.record && summaryOf(actor.record, at, healthOf(error).code),
          },
          effect,
        );
      },
    );
  }

  async #prepare(actor: Actor, signal: AbortSignal): Promise<Outcome> {
    const { source, machine } = this.#placeOf(actor);
    await source.enableChangeTracking(machine.handle, signal);
    return { type: 'prepared' };
  }

  async #copy(actor: Actor, signal: AbortSignal): Promise<Outcome> {
    const { store, clock } = this.#options;
    const { item } = actor;
    const { source, machine } = this.#placeOf(actor);
    const cycle = item.cycle!;
    // a cycle that was under way is brought to its end also when nothing is asked for any more: the service may
    // have applied it, and with a final one finished the migration, while the appliance was not there to see it
    const isUnderWay = actor.record?.cycleId === cycle.id && actor.record.stage !== 'begun';
    const disks = actor.work?.disks ?? (isUnderWay ? [] : undefined);
    if (!disks) throw notAskedFor(item.machineName);
    using _slots = await this.#slots.take(
      {
        host: machine.host,
        datastores: disks.map(
          ({ diskId }) => machine.disks.find(({ uuid }) => uuid === diskId)?.datastore ?? '',
        ),
        priority: PRIORITIES[cycle.kind],
      },
      signal,
    );
    const record =
      actor.record?.cycleId === cycle.id
        ? actor.record
        : newCycle(item.itemId, cycle.id, cycle.kind, cycle.startedAt);
    const save = async (now: CycleRecord): Promise<void> => {
      signal.throwIfAborted();
      actor.record = now;
      const state = JSON.stringify(now);
      await store.transaction((db) =>
        db
          .insertInto('cycles')
          .values({ item_id: item.itemId, state })
          .onConflict((c) => c.column('item_id').doUpdateSet({ state }))
          .execute(),
      );
      await store.flush();
    };
    actor.percent = 0;
    await save(record);
    const inputs: CycleInputs = {
      source,
      machine,
      disks,
      baseline: item.baseline,
      save,
      onProgress: (percent) => {
        actor.percent = percent;
        this.#report(actor);
      },
    };
    try {
      await this.#gateway.run(record, inputs, signal);
    } catch (error) {
      // a snapshot that is of no use any more grows: try to remove it now; the next cycle does so in any case
      if (!signal.aborted) await this.#gateway.releaseNow(inputs, signal);
      throw error;
    }
    return {
      type: 'applied',
      changeIds: Object.fromEntries(record.disks.map(({ diskId, changeId }) => [diskId, changeId])),
      summary: summaryOf(record, clock.wall(), undefined),
    };
  }

  /** Asks the guest, waits, then pulls the plug; tells the service when it is off. */
  async #shutDown(actor: Actor, signal: AbortSignal): Promise<Outcome> {
    const { clock, retrier, control, shutdownGraceMs } = this.#options;
    const { source, machine } = this.#placeOf(actor);
    const isOff = () =>
      retrier.run(
        'vcenter',
        POWER_PATIENCE,
        signal,
        async () => (await source.powerState(machine.handle, signal)) === 'off',
      );
    if (!(await isOff())) {
      const isAsked = await retrier.run('vcenter', POWER_PATIENCE, signal, () =>
        source.shutDownGuest(machine.handle, signal),
      );
      const giveUpAt = clock.wall() + (isAsked ? shutdownGraceMs : 0);
      while (!(await isOff())) {
        if (clock.wall() >= giveUpAt)
          await retrier.run('vcenter', POWER_PATIENCE, signal, () => source.powerOff(machine.handle, signal));
        else await sleep(clock, POWER_POLL_MS, 'appliance.replication.power', signal);
      }
    }
    await retrier.run('replication', POWER_PATIENCE, signal, () =>
      control.sourceState(actor.item.itemId, true, clock.wall(), signal),
    );
    return { type: 'sourceOff' };
  }

  /** Gives back what is held at the source. A machine that is gone holds nothing. */
  async #release(actor: Actor, signal: AbortSignal): Promise<Outcome> {
    const place = this.#options.find(actor.item.instanceUuid);
    if (place)
      try {
        await this.#gateway.release(place.source, place.machine, signal);
      } catch (error) {
        if (!(error instanceof DryliftError) || error.code !== 'vcenter.machine.gone') throw error;
      }
    return { type: 'released' };
  }

  #placeOf({ item }: Actor): { source: ReplicationSource; machine: VmwareMachine } {
    const place = this.#options.find(item.instanceUuid);
    if (!place)
      throw errors.make('replication.machine.unknown', {
        what: `${item.machineName} (${item.instanceUuid}) is not in the inventory.`,
      });
    return place;
  }

  /** Tells the service how it stands. Missing one does no harm: the next one says it all. */
  #report(actor: Actor): void {
    const { control, retrier, life, log } = this.#options;
    const { itemId, machineName } = actor.item;
    // worded when it is sent: a report that is repeated must not tell of a state that is past
    const progress = (): Progress => ({
      phase: actor.item.cycle ? actor.item.cycle.kind : actor.item.phase,
      percent: actor.item.cycle ? actor.percent : 100,
      bytesSent: actor.item.bytesSent + (actor.record?.sentBytes ?? 0),
      health: actor.item.health,
      nextCycleAt: actor.item.nextCycleAt,
    });
    retrier
      .run('report', REPORT_PATIENCE, life, () => control.progress(itemId, progress(), life))
      .catch((error: unknown) => {
        if (!life.aborted) log.debug({ machine: machineName, err: error }, 'progress was not told');
      });
  }
}

/** An event without its instant. */
type Outcome = ItemEvent extends infer E ? (E extends { at: UnixMillis } ? Omit<E, 'at'> : never) : never;

function newActor(item: ReplicationItem, record: CycleRecord | undefined): Actor {
  return {
    item,
    work: undefined,
    record,
    percent: 0,
    timer: undefined,
    effect: undefined,
    turn: Promise.resolve(),
    isCompared: false,
    isStarted: false,
  };
}

/** The one cycle that all disks agree on. */
function lastAppliedOf({ disks }: Work): string | undefined {
  const [first, ...rest] = disks.map(({ lastAppliedCycleId }) => lastAppliedCycleId);
  return rest.every((id) => id === first) ? first : `${first ?? 'none'}, not on all disks`;
}
