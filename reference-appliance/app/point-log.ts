/**
 * The appliance's own ten-minute points, kept for a month.
 *
 * Points arrive a few windows at a time for thousands of series; writing each series' blob every time would rewrite
 * the same rows all day. The batches queued for the service already make them durable, so the day that is running is
 * kept in memory, rebuilt from those batches after a restart, and written once when it is over: one packed blob per
 * series and day. Batches are dropped when the service has them and their day is written.
 */

import { zstdDecompressSync } from 'node:zlib';
import { Points } from '#core/metrics/points.ts';
import { POINT_PERIOD_MS, type WindowIndex } from '#core/metrics/roll-up.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { DAY } from '#core/units.ts';
import type { Database, Store } from '../store/store.ts';
import type { BatchForms, PointsBatch } from './ports.ts';

const WINDOWS_PER_DAY = DAY / POINT_PERIOD_MS;
/** Days that are kept: the longest history an assessment looks at, and the day that is running. */
const DAYS_KEPT = 32;
const ROWS_PER_STATEMENT = 500;

/** UTC day since the epoch. */
type Day = number;
const dayOf = (window: WindowIndex): Day => Math.floor(window / WINDOWS_PER_DAY);

interface Series {
  readonly machine: string;
  readonly counter: string;
  readonly instance: string;
  points: Points;
}

export class PointLog {
  readonly #store: Store;
  readonly #forms: BatchForms;
  readonly #counters: Counters;
  #day: Day = -1;
  #today = new Map<string, Series>();

  constructor({ store, forms, counters }: { store: Store; forms: BatchForms; counters: Counters }) {
    this.#store = store;
    this.#forms = forms;
    this.#counters = counters;
  }

  /** Rebuilds the running day from the batches that are not compacted. */
  async load(): Promise<void> {
    const rows = await this.#store.read((db) =>
      db
        .selectFrom('outbox')
        .select(['body', 'last_window'])
        .where('kind', '=', 'points')
        .where('compacted', '=', 0)
        .orderBy('last_window')
        .execute(),
    );
    for (const { body } of rows) {
      const batch = this.#forms.readPoints(Buffer.from(zstdDecompressSync(body)));
      this.#day = Math.max(this.#day, dayOf(batch.firstWindow + batch.windows - 1));
      this.#raise(batch);
    }
  }

  /**
   * Takes a batch into the unit that `db` belongs to, after the batch was queued: closes the running day when the
   * batch goes beyond it.
   */
  async add(db: Database, batch: PointsBatch): Promise<void> {
    const newest = dayOf(batch.firstWindow + batch.windows - 1);
    if (newest > this.#day) {
      if (this.#day >= 0) {
        this.#raise(batch); // the part of it that still belongs to the day that is over
        await this.#closeDay(db, newest);
      }
      this.#day = newest;
      this.#today = new Map();
    }
    // a machine that lagged behind: its day is written already
    if (dayOf(batch.firstWindow) < this.#day) await this.#mergeLate(db, batch);
    this.#raise(batch);
  }

  /** Points of one series over whole days, the running one included. For the appliance's own view. */
  async read(machine: string, counter: string, instance: string): Promise<Points> {
    const rows = await this.#store.read((db) =>
      db
        .selectFrom('points')
        .innerJoin('series', 'series.id', 'points.series')
        .select('points.data')
        .where('series.machine', '=', machine)
        .where('series.counter', '=', counter)
        .where('series.instance', '=', instance)
        .orderBy('points.day')
        .execute(),
    );
    const all = new Points(POINT_PERIOD_MS);
    for (const { data } of rows) all.merge(Points.decode(data));
    const today = this.#today.get(`${machine}\0${counter}\0${instance}`);
    if (today) all.merge(today.points);
    return all;
  }

  #raise({ firstWindow, windows, series, peaks }: PointsBatch): void {
    for (const [i, { machine, counter, instance }] of series.entries()) {
      const key = `${machine}\0${counter}\0${instance}`;
      let entry = this.#today.get(key);
      if (!entry) {
        entry = { machine, counter, instance, points: new Points(POINT_PERIOD_MS) };
        this.#today.set(key, entry);
      }
      for (let w = 0; w < windows; w++) {
        const peak = peaks[i * windows + w]!;
        if (peak >= 0 && dayOf(firstWindow + w) === this.#day) entry.points.raise(firstWindow + w, peak);
      }
    }
  }

  /** Writes the running day, marks its batches, drops those that were sent and days that are too old. */
  async #closeDay(db: Database, newDay: Day): Promise<void> {
    const series = [...this.#today.values()].filter(({ points }) => points.first !== undefined);
    await this.#write(db, this.#day, series);
    const firstOfNewDay = newDay * WINDOWS_PER_DAY;
    await db
      .updateTable('outbox')
      .set({ compacted: 1 })
      .where('kind', '=', 'points')
      .where('compacted', '=', 0)
      .where('last_window', '<', firstOfNewDay)
      .execute();
    await db.deleteFrom('outbox').where('compacted', '=', 1).where('sent_at', 'is not', null).execute();
    await db
      .deleteFrom('points')
      .where('day', '<', newDay - DAYS_KEPT)
      .execute();
    this.#counters.add('appliance.points.days');
    this.#counters.add('appliance.rows.points', series.length);
  }

  /** Windows of days that are over, merged into the rows that hold them. */
  async #mergeLate(db: Database, { firstWindow, windows, series, peaks }: PointsBatch): Promise<void> {
    for (const [i, { machine, counter, instance }] of series.entries()) {
      const late = new Map<Day, Points>();
      for (let w = 0; w < windows; w++) {
        const day = dayOf(firstWindow + w);
        const peak = peaks[i * windows + w]!;
        if (peak < 0 || day >= this.#day) continue;
        const points = late.get(day) ?? new Points(POINT_PERIOD_MS);
        points.raise(firstWindow + w, peak);
        late.set(day, points);
      }
      for (const [day, points] of late) {
        const before = await db
          .selectFrom('points')
          .innerJoin('series', 'series.id', 'points.series')
          .select('points.data')
          .where('series.machine', '=', machine)
          .where('series.counter', '=', counter)
          .where('series.instance', '=', instance)
          .where('points.day', '=', day)
          .executeTakeFirst();
        if (before) points.merge(Points.decode(before.data));
        await this.#write(db, day, [{ machine, counter, instance, points }]);
      }
    }
  }

  async #write(db: Database, day: Day, series: readonly Series[]): Promise<void> {
    for (let i = 0; i < series.length; i += ROWS_PER_STATEMENT) {
      const slice = series.slice(i, i + ROWS_PER_STATEMENT);
      await db
        .insertInto('series')
        .values(slice.map(({ machine, counter, instance }) => ({ machine, counter, instance })))
        .onConflict((c) => c.columns(['machine', 'counter', 'instance']).doNothing())
        .execute();
      const ids = await db
        .selectFrom('series')
        .select(['id', 'machine', 'counter', 'instance'])
        .where(
          'machine',
          'in',
          slice.map(({ machine }) => machine),
        )
        .execute();
      const idOf = new Map(ids.map((row) => [`${row.machine}\0${row.counter}\0${row.instance}`, row.id]));
      await db
        .insertInto('points')
        .values(
          slice.map(({ machine, counter, instance, points }) => ({
            series: idOf.get(`${machine}\0${counter}\0${instance}`)!,
            day,
            data: points.encode(),
          })),
        )
        .onConflict((c) =>
          c.columns(['series', 'day']).doUpdateSet((e) => ({ data: e.ref('excluded.data') })),
        )
        .execute();
    }
  }
}
