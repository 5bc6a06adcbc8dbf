/**
 * The appliance's own ten-minute points, kept for a month.
 *
 * Points arrive a few windows at a time for thousands of series; writing each series' blob every time would rewrite
 * the same rows all day. The batches queued for the service are durable already: they are the record of the day that
 * is running, in memory as arrays, and read back from the store after a restart. When the day is over it is written
 * once, one packed blob per series; a batch is dropped when that is done and the service has it.
 */
import { zstdDecompressSync } from 'node:zlib';
import { Points } from '#core/metrics/points.ts';
import { POINT_PERIOD_MS, type WindowIndex } from '#core/metrics/roll-up.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { DAY } from '#core/units.ts';
import type { Database, Store } from '../store/store.ts';
import type { BatchForms, PointsBatch, SeriesName } from './cloud-ports.ts';
import type { SeriesNames } from './peaks.ts';
import type { CounterName } from './ports.ts';

const WINDOWS_PER_DAY = DAY / POINT_PERIOD_MS;
/** Days that are kept: the longest history an assessment looks at, and the day that is running. */
const DAYS_KEPT = 32;
const ROWS_PER_STATEMENT = 500;

/** UTC day since the epoch. */
type Day = number;
const dayOf = (window: WindowIndex): Day => Math.floor(window / WINDOWS_PER_DAY);

/** Peaks of a day's windows by series; -1: none. In 32 bits, as points are. */
type DayPeaks = Map<SeriesName, Float32Array>;

interface PointLogOptions {
  store: Store;
  forms: BatchForms;
  names: SeriesNames;
  counters: Counters;
}

export class PointLog {
  readonly #options: PointLogOptions;
  /** The day that is running; -1 before the first batch. */
  #day: Day = -1;
  /** Batches with windows that are not written yet. */
  #open: PointsBatch[] = [];

  constructor(options: PointLogOptions) {
    this.#options = options;
  }

  /** Reads back what the day that is running has so far. */
  async load(): Promise<void> {
    const { store, forms, names } = this.#options;
    const rows = await store.read((db) =>
      db
        .selectFrom('outbox')
        .select(['body', 'last_window'])
        .where('kind', '=', 'points')
        .where('compacted', '=', 0)
        .orderBy('id')
        .execute(),
    );
    for (const { body, last_window } of rows) {
      const { series, ...batch } = forms.readPoints(zstdDecompressSync(body));
      const interned = series.map(({ machine, counter, instance }) => names.of(machine, counter, instance));
      this.#open.push({ ...batch, peaks: Float32Array.from(batch.peaks), series: interned });
      this.#day = Math.max(this.#day, dayOf(last_window));
    }
  }

  /** A batch was queued in the unit that `db` belongs to: closes the running day when it goes beyond it. */
  async add(db: Database, batch: PointsBatch): Promise<void> {
    this.#open.push(batch);
    const day = dayOf(lastWindow(batch));
    if (day <= this.#day) return;
    if (this.#day >= 0) await this.#close(db, day);
    this.#day = day;
  }

  /** Points of one series, those included whose day is not written yet. For the appliance's own view. */
  async read(machine: string, counter: CounterName, instance: string): Promise<Points> {
    const { store, names } = this.#options;
    const rows = await store.read((db) =>
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
    const name = names.of(machine, counter, instance);
    for (const [day, peaks] of this.#gather(Number.MAX_SAFE_INTEGER)) {
      const ofSeries = peaks.get(name);
      if (ofSeries) all.merge(pointsOf(day, ofSeries));
    }
    return all;
  }

  /** Writes all days before `newDay`, marks the batches that are wholly in them, drops what is done with. */
  async #close(db: Database, newDay: Day): Promise<void> {
    const { counters } = this.#options;
    for (const [day, peaks] of this.#gather(newDay)) {
      await this.#write(db, day, peaks);
      counters.add('appliance.rows.points', peaks.size);
    }
    this.#open = this.#open.filter((batch) => dayOf(lastWindow(batch)) >= newDay);
    await db
      .updateTable('outbox')
      .set({ compacted: 1 })
      .where('kind', '=', 'points')
      .where('compacted', '=', 0)
      .where('last_window', '<', newDay * WINDOWS_PER_DAY)
      .execute();
    await db.deleteFrom('outbox').where('compacted', '=', 1).where('sent_at', 'is not', null).execute();
    await db
      .deleteFrom('points')
      .where('day', '<', newDay - DAYS_KEPT)
      .execute();
    await db
      .deleteFrom('gaps')
      .where('last', '<', (newDay - DAYS_KEPT) * WINDOWS_PER_DAY)
      .execute();
    counters.add('appliance.points.days');
  }

  /** What the open batches say about days before `newDay`. */
  #gather(newDay: Day): Map<Day, DayPeaks> {
    const days = new Map<Day, DayPeaks>();
    for (const { firstWindow, windows, series, peaks } of this.#open)
      for (let w = 0; w < windows; w++) {
        const window = firstWindow + w;
        const day = dayOf(window);
        if (day >= newDay) break;
        let ofDay = days.get(day);
        if (!ofDay) {
          ofDay = new Map();
          days.set(day, ofDay);
        }
        const at = window - day * WINDOWS_PER_DAY;
        for (let i = 0; i < series.length; i++) {
          const peak = peaks[i * windows + w]!;
          if (peak < 0) continue;
          const name = series[i]!;
          let ofSeries = ofDay.get(name);
          if (!ofSeries) {
            ofSeries = new Float32Array(WINDOWS_PER_DAY).fill(-1);
            ofDay.set(name, ofSeries);
          }
          if (peak > ofSeries[at]!) ofSeries[at] = peak;
        }
      }
    return days;
  }

  async #write(db: Database, day: Day, peaks: DayPeaks): Promise<void> {
    const all = [...peaks];
    for (let i = 0; i < all.length; i += ROWS_PER_STATEMENT) {
      const slice = all.slice(i, i + ROWS_PER_STATEMENT);
      await db
        .insertInto('series')
        .values(slice.map(([{ machine, counter, instance }]) => ({ machine, counter, instance })))
        .onConflict((c) => c.columns(['machine', 'counter', 'instance']).doNothing())
        .execute();
      // rows that are there already: a machine lagged behind, and its day was written without it
      const known = await db
        .selectFrom('series')
        .leftJoin('points', (join) =>
          join.onRef('points.series', '=', 'series.id').on('points.day', '=', day),
        )
        .select(['series.id', 'machine', 'counter', 'instance', 'points.data'])
        .where('machine', 'in', [...new Set(slice.map(([{ machine }]) => machine))])
        .execute();
      const rowOf = new Map(known.map((row) => [`${row.machine}\0${row.counter}\0${row.instance}`, row]));
      await db
        .insertInto('points')
        .values(
          slice.map(([{ machine, counter, instance }, ofSeries]) => {
            const row = rowOf.get(`${machine}\0${counter}\0${instance}`)!;
            const points = pointsOf(day, ofSeries);
            if (row.data) points.merge(Points.decode(row.data));
            return { series: row.id, day, data: points.encode() };
          }),
        )
        .onConflict((c) =>
          c.columns(['series', 'day']).doUpdateSet((e) => ({ data: e.ref('excluded.data') })),
        )
        .execute();
    }
  }
}

function lastWindow({ firstWindow, windows }: PointsBatch): WindowIndex {
  return firstWindow + windows - 1;
}

function pointsOf(day: Day, peaks: Float32Array): Points {
  const points = new Points(POINT_PERIOD_MS);
  for (let at = 0; at < peaks.length; at++)
    if (peaks[at]! >= 0) points.raise(day * WINDOWS_PER_DAY + at, peaks[at]!);
  return points;
}
