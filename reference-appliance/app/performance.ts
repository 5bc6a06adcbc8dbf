/**
 * Collection of performance: every sample, within the hour that the source keeps it, each ten-minute window once.
 *
 * A collection asks for whole windows only, from behind the machine's watermark to the newest window that is over.
 * Peaks, watermarks and the batch for the service become durable in one unit; so after a crash collection goes on
 * exactly where the last durable batch ended, and what the source still has is not lost. Windows of which the source
 * no longer has every sample are passed over and counted: a gap stays a gap.
 */

import { DryliftError } from '#core/errors.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { UnixMillis } from '#core/units.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { Outbox } from './outbox.ts';
import { newestWindow, oldestWindow, PeaksOfBatch, type SeriesNames, samplesOf } from './peaks.ts';
import type { PointLog } from './point-log.ts';
import type { BatchForms, Source, SourceMachine } from './ports.ts';

export interface PerformanceOptions {
  forms: BatchForms;
  store: Store;
  outbox: Outbox;
  pointLog: PointLog;
  names: SeriesNames;
  clock: Clock;
  counters: Counters;
  log: Logger;
}

/** What one question may be about: bounds the reply to some 2 MB of text and vCenter's work on it. */
const SAMPLES_PER_QUESTION = 350_000;
const MACHINES_PER_QUESTION = 250;
const SAMPLES_PER_WINDOW = 30;
const ROWS_PER_STATEMENT = 500;

interface Question {
  readonly first: number;
  readonly last: number;
  readonly machines: readonly SourceMachine[];
}

export class Performance {
  readonly #options: PerformanceOptions;
  #watermarks: Map<string, number> | undefined;
  /** When a collection of a source last came to its end, by source. */
  readonly #collectedAt = new Map<string, UnixMillis>();
  samples = 0;
  points = 0;
  /** Windows of machines that were lost because the source no longer had them. */
  lostWindows = 0;

  constructor(options: PerformanceOptions) {
    this.#options = options;
  }

  collectedAt(source: Source): UnixMillis | undefined {
    return this.#collectedAt.get(source.name);
  }

  /** Collects what is due of these machines. @throws `vcenter.*`, `net.*`; what was collected before stays */
  async collect(source: Source, machines: Iterable<SourceMachine>, signal: AbortSignal): Promise<void> {
    this.#watermarks ??= await this.#loadWatermarks();
    const now = this.#options.clock.wall();
    for (const question of this.#questions(machines, now)) await this.#ask(source, question, signal);
    this.#collectedAt.set(source.name, now);
    this.#options.counters.add('appliance.collections');
  }

  /** Machines that are due, those with the same windows together. */
  #questions(machines: Iterable<SourceMachine>, now: UnixMillis): Question[] {
    const last = newestWindow(now);
    const oldest = oldestWindow(now);
    const byFirst = new Map<number, SourceMachine[]>();
    for (const machine of machines) {
      if (machine.isTemplate) continue;
      const watermark = this.#watermarks!.get(machine.instanceUuid);
      const first = watermark === undefined ? oldest : Math.max(watermark + 1, oldest);
      if (first > last) continue;
      const group = byFirst.get(first);
      if (group) group.push(machine);
      else byFirst.set(first, [machine]);
    }
    const questions: Question[] = [];
    for (const [first, group] of byFirst) {
      const perSeries = (last - first + 1) * SAMPLES_PER_WINDOW;
      for (let from = 0; from < group.length; ) {
        let size = 0;
        let to = from;
        while (to < group.length && to - from < MACHINES_PER_QUESTION) {
          size += perSeries * (2 + 4 * group[to]!.disks.length + 2 * group[to]!.nics.length);
          if (to > from && size > SAMPLES_PER_QUESTION) break;
          to++;
        }
        questions.push({ first, last, machines: group.slice(from, to) });
        from = to;
      }
    }
    return questions;
  }

  async #ask(source: Source, { first, last, machines }: Question, signal: AbortSignal): Promise<void> {
    const uuids = new Map(machines.map(({ handle, instanceUuid }) => [handle, instanceUuid]));
    let peaks: PeaksOfBatch;
    try {
      peaks = await source.samples(
        { handles: [...uuids.keys()], ...samplesOf(first, last) },
        () => new PeaksOfBatch(first, last, uuids, this.#options.names),
        signal,
      );
    } catch (error) {
      if (!(error instanceof DryliftError) || error.code !== 'vcenter.machine.gone') throw error;
      // one of them is gone: find out which by halving; the refresh will take it off the list
      if (machines.length === 1) {
        this.#options.log.info({ vcenter: source.name, machine: machines[0]!.name }, 'a machine is gone');
        return;
      }
      const half = machines.length >> 1;
      await this.#ask(source, { first, last, machines: machines.slice(0, half) }, signal);
      await this.#ask(source, { first, last, machines: machines.slice(half) }, signal);
      return;
    }
    await this.#keep(peaks, first, last, machines);
  }

  async #keep(
    peaks: PeaksOfBatch,
    first: number,
    last: number,
    machines: readonly SourceMachine[],
  ): Promise<void> {
    const { forms, store, outbox, pointLog, counters } = this.#options;
    const batch = peaks.batch();
    await store.transaction(async (db) => {
      for (let i = 0; i < machines.length; i += ROWS_PER_STATEMENT)
        await db
          .insertInto('watermarks')
          .values(
            machines
              .slice(i, i + ROWS_PER_STATEMENT)
              .map(({ instanceUuid }) => ({ machine: instanceUuid, window: last })),
          )
          .onConflict((c) => c.column('machine').doUpdateSet((e) => ({ window: e.ref('excluded.window') })))
          .execute();
      if (batch.series.length === 0) return;
      await outbox.add(db, 'points', forms.points(batch), last);
      await pointLog.add(db, batch);
    });
    await store.flush();
    let lost = 0;
    for (const { instanceUuid } of machines) {
      lost += first - 1 - (this.#watermarks!.get(instanceUuid) ?? first - 1);
      this.#watermarks!.set(instanceUuid, last);
    }
    if (lost > 0) counters.add('appliance.windows.lost', lost);
    this.lostWindows += lost;
    if (batch.series.length > 0) outbox.wake();
    this.samples += peaks.samples;
    this.points += peaks.points;
    counters.add('appliance.samples', peaks.samples);
    counters.add('appliance.points', peaks.points);
  }

  async #loadWatermarks(): Promise<Map<string, number>> {
    const rows = await this.#options.store.read((db) => db.selectFrom('watermarks').selectAll().execute());
    return new Map(rows.map(({ machine, window }) => [machine, window]));
  }
}
