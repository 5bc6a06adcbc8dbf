/**
 * Collection of performance from sources that keep nothing: a sample that is not taken at its time is lost.
 *
 * Samples are taken on the clock's grid, source by source, each in its own time: one that is slow or away delays no
 * other. Each raises the peak of its series in the ten-minute window that it lies in, in flat arrays: two windows at
 * most are open, the one that runs and the one whose last samples are still being answered. When a window is over and
 * no sample of it can come any more, its peaks, the watermarks of its machines and the batch for the service become
 * durable in one unit, so that a window is told wholly or not at all.
 *
 * An appliance that is stopped keeps the peaks of the window that runs, and goes on with them if it is started again in
 * time; one that crashes tells of that window what it sees afterwards. Windows of a running machine without a sample
 * are gaps, recorded with their reason when the machine answers again: nothing is put in their place.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { POINT_PERIOD_MS, type WindowIndex } from '#core/metrics/roll-up.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { Millis, UnixMillis } from '#core/units.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { BatchForms, PointsBatch, SeriesName } from './cloud-ports.ts';
import { type Gap, readWatermarks, windowsOf, writeProgress } from './collection-marks.ts';
import type { Outbox } from './outbox.ts';
import type { SeriesNames } from './peaks.ts';
import type { PointLog } from './point-log.ts';
import { type DiscoverySource, LIVE_COUNTERS, type LiveCounter, type LiveSource } from './ports.ts';
import type { SourceMachine } from './source-machines.ts';

export interface LivePerformanceOptions {
  forms: BatchForms;
  store: Store;
  /** Of the site that all of the sources belong to. */
  outbox: Outbox;
  pointLog: PointLog;
  names: SeriesNames;
  clock: Clock;
  counters: Counters;
  log: Logger;
  /** Of the sources: how long after its end a window may still get samples. */
  sampleMs: Millis;
}

/** Bounds a body for the service to some 15 MB. */
const SERIES_PER_BATCH = 100_000;
/** Rows of machines that are gone are kept until there are so many more than of those that are there. */
const IDLE_ROWS_MAX = 10_000;

const COUNTER_INDEX = Object.fromEntries(LIVE_COUNTERS.map((name, i) => [name, i])) as Record<
  LiveCounter,
  number
>;

/** Row of each series of one machine, by counter and instance. */
interface MachineRows {
  readonly uuid: string;
  readonly byCounter: Array<Map<string, number> | undefined>;
}

/** A window that is open. */
interface Slot {
  /** -1: none. */
  window: WindowIndex;
  /** By row; -1: no sample. */
  peaks: Float64Array;
}

/** Peaks of one window; of several windows of one batch there are none here. */
interface Sealed {
  readonly window: WindowIndex;
  readonly series: readonly SeriesName[];
  readonly peaks: Float64Array;
}

export class LivePerformance {
  readonly #options: LivePerformanceOptions;
  readonly #rows = new Map<string, MachineRows>();
  /** By row. Replaced, never changed, once it was handed out. */
  #series: SeriesName[] = [];
  #isSeriesShared = false;
  readonly #slots: readonly [Slot, Slot] = [emptySlot(), emptySlot()];
  #sealed: Sealed[] = [];
  /** Of windows that were open when the appliance was last stopped. */
  readonly #restored = new Map<WindowIndex, PointsBatch>();
  #closedThrough: WindowIndex = -1;
  /** The first window that was sampled in this life. */
  #firstAsked: WindowIndex | undefined;
  #inFlight = 0;
  #watermarks: Map<string, number> | undefined;
  /** When a sample of a source last came to its end, by source. */
  readonly #collectedAt = new Map<string, UnixMillis>();
  samples = 0;
  points = 0;
  /** Windows of machines in which this appliance was not there to ask. */
  lostWindows = 0;

  constructor(options: LivePerformanceOptions) {
    this.#options = options;
  }

  /** How long after its end a window is told of. */
  get settleMs(): Millis {
    return this.#options.sampleMs;
  }

  collectedAt(source: DiscoverySource): UnixMillis | undefined {
    return this.#collectedAt.get(source.name);
  }

  /** Reads back the windows that were open when the appliance was stopped. */
  async load(): Promise<void> {
    const { store, outbox, forms, names } = this.#options;
    const rows = await store.read((db) =>
      db.selectFrom('partial_windows').selectAll().where('site', '=', outbox.site).execute(),
    );
    for (const { window, body } of rows) {
      const { series, ...batch } = forms.readPoints(zstdDecompressSync(body));
      const interned = series.map(({ machine, counter, instance }) => names.of(machine, counter, instance));
      this.#restored.set(window, { ...batch, series: interned });
    }
    this.#watermarks = await store.read(readWatermarks);
  }

  /** Takes one sample of these machines, as of now. @throws coded errors of the source; what it told before stays */
  async sample(source: LiveSource, machines: Iterable<SourceMachine>, signal: AbortSignal): Promise<void> {
    const { clock, counters } = this.#options;
    const at = Math.floor(clock.wall() / source.sampleMs) * source.sampleMs;
    const window = Math.ceil(at / POINT_PERIOD_MS) - 1;
    if (window <= this.#closedThrough) return; // the clock was set back: that window has been told
    const running = [...machines].filter(({ isTemplate, power }) => !isTemplate && power === 'on');
    const byHandle = new Map(running.map(({ handle, instanceUuid }) => [handle, this.#rowsOf(instanceUuid)]));
    const slot = this.#slotOf(window);
    this.#firstAsked ??= window;
    let isOpen = true;
    let taken = 0;
    this.#inFlight++;
    try {
      await source.sample(
        running,
        (handle, counter, instance, value) => {
          const rows = byHandle.get(handle);
          if (!rows || !isOpen || slot.window !== window || !(value >= 0)) return;
          const row = this.#rowOf(rows, counter, instance);
          const whole = Math.round(value);
          if (whole > slot.peaks[row]!) slot.peaks[row] = whole;
          taken++;
        },
        signal,
      );
    } finally {
      isOpen = false;
      this.#inFlight--;
      this.samples += taken;
      counters.add('appliance.samples', taken);
    }
    this.#collectedAt.set(source.name, clock.wall());
    counters.add('appliance.collections');
  }

  /**
   * Tells of every window that is over and of which no sample can come any more.
   * @param machines all that the sources have at the moment
   */
  async close(machines: () => Iterable<SourceMachine>): Promise<void> {
    const { clock, sampleMs } = this.#options;
    const isOver = (window: WindowIndex): boolean =>
      clock.wall() >= (window + 1) * POINT_PERIOD_MS + sampleMs;
    for (const slot of this.#slots) if (slot.window >= 0 && isOver(slot.window)) this.#seal(slot);
    for (const window of this.#restored.keys())
      if (isOver(window) && !this.#sealed.some((each) => each.window === window))
        this.#sealed.push({ window, series: [], peaks: new Float64Array(0) });
    this.#sealed.sort((a, b) => a.window - b.window);
    while (this.#sealed.length > 0) {
      await this.#tell(this.#sealed[0]!, [...machines()]);
      this.#sealed.shift();
    }
    this.#dropIdleRows();
  }

  /** The appliance stops: what the open windows have so far becomes durable. */
  async keepOpen(): Promise<void> {
    const { store, outbox, forms } = this.#options;
    for (const slot of this.#slots) if (slot.window >= 0) this.#seal(slot);
    for (const [window, batch] of this.#restored)
      if (!this.#sealed.some((each) => each.window === window))
        this.#sealed.push({ window, series: batch.series, peaks: Float64Array.from(batch.peaks) });
    await store.transaction(async (db) => {
      for (const each of this.#sealed) {
        const body = zstdCompressSync(forms.points(batchOf(this.#withRestored(each))));
        await db
          .insertInto('partial_windows')
          .values({ site: outbox.site, window: each.window, body })
          .onConflict((c) => c.columns(['site', 'window']).doUpdateSet({ body }))
          .execute();
      }
    });
    await store.flush();
  }

  async #tell(sealed: Sealed, machines: readonly SourceMachine[]): Promise<void> {
    const { forms, store, outbox, pointLog, counters } = this.#options;
    const { window } = sealed;
    const whole = this.#withRestored(sealed);
    const { measured, points } = countsOf(whole);
    const batches = points === 0 ? [] : slicesOf(batchOf(whole));
    const off = machines.filter(({ power, instanceUuid }) => power !== 'on' && !measured.has(instanceUuid));
    const settled = [...measured, ...off.map(({ instanceUuid }) => instanceUuid)];
    const marks = settled.map((machine) => ({ machine, window }));
    const gaps = settled.flatMap((machine) => this.#gapsBefore(machine, window));
    await store.transaction(async (db) => {
      await writeProgress(db, marks, gaps);
      await db
        .deleteFrom('partial_windows')
        .where('site', '=', outbox.site)
        .where('window', '=', window)
        .execute();
      for (const batch of batches) {
        await outbox.add(db, 'points', forms.points(batch), window);
        // kept in memory until the day is over: in as many bits as points have
        await pointLog.add(db, { ...batch, peaks: Float32Array.from(batch.peaks) });
      }
    });
    await store.flush();
    this.#closedThrough = Math.max(this.#closedThrough, window);
    this.#restored.delete(window);
    for (const machine of settled) this.#watermarks!.set(machine, window);
    this.#countGaps(gaps);
    this.points += points;
    counters.add('appliance.points', points);
    if (batches.length > 0) outbox.wake();
  }

  /** The windows between a machine's watermark and this one: nobody asked, or it did not answer. */
  #gapsBefore(machine: string, window: WindowIndex): Gap[] {
    const watermark = this.#watermarks!.get(machine);
    if (watermark === undefined || watermark >= window - 1) return [];
    const asked = Math.min(Math.max(this.#firstAsked ?? window, watermark + 1), window);
    const gaps: Gap[] = [];
    if (asked > watermark + 1)
      gaps.push({ machine, first: watermark + 1, last: asked - 1, reason: 'not asked' });
    if (asked < window) gaps.push({ machine, first: asked, last: window - 1, reason: 'no samples' });
    return gaps;
  }

  #countGaps(gaps: readonly Gap[]): void {
    const { counters, log } = this.#options;
    if (gaps.length === 0) return;
    const lost = windowsOf(gaps, 'not asked');
    log.warn(
      {
        machines: new Set(gaps.map(({ machine }) => machine)).size,
        lost,
        empty: windowsOf(gaps, 'no samples'),
      },
      'there are gaps in the performance of machines',
    );
    if (lost > 0) counters.add('appliance.windows.lost', lost);
    this.lostWindows += lost;
  }

  #slotOf(window: WindowIndex): Slot {
    const slot = this.#slots[(window & 1) as 0 | 1];
    if (slot.window !== window) {
      if (slot.window >= 0) this.#seal(slot);
      slot.window = window;
    }
    return slot;
  }

  /** Takes the peaks out of a slot, which is free then. */
  #seal(slot: Slot): void {
    const { length } = this.#series;
    this.#isSeriesShared = true;
    this.#sealed.push({ window: slot.window, series: this.#series, peaks: slot.peaks.slice(0, length) });
    slot.peaks.fill(-1);
    slot.window = -1;
  }

  /** With what the appliance had of that window before it was stopped. */
  #withRestored(sealed: Sealed): Sealed {
    const restored = this.#restored.get(sealed.window);
    if (!restored) return sealed;
    const rowOf = new Map(sealed.series.map((name, row) => [name, row]));
    const series = [...sealed.series];
    const peaks = [...sealed.peaks];
    for (const [i, name] of restored.series.entries()) {
      const row = rowOf.get(name) ?? series.push(name) - 1;
      peaks[row] = Math.max(peaks[row] ?? -1, restored.peaks[i]!);
    }
    return { window: sealed.window, series, peaks: Float64Array.from(peaks) };
  }

  #rowsOf(uuid: string): MachineRows {
    let rows = this.#rows.get(uuid);
    if (!rows) {
      rows = { uuid, byCounter: [] };
      this.#rows.set(uuid, rows);
    }
    return rows;
  }

  #rowOf({ uuid, byCounter }: MachineRows, counter: LiveCounter, instance: string): number {
    const index = COUNTER_INDEX[counter];
    const byInstance = byCounter[index] ?? new Map<string, number>();
    byCounter[index] = byInstance;
    const known = byInstance.get(instance);
    if (known !== undefined) return known;
    if (this.#isSeriesShared) {
      this.#series = [...this.#series];
      this.#isSeriesShared = false;
    }
    const row = this.#series.push(this.#options.names.of(uuid, counter, instance)) - 1;
    byInstance.set(instance, row);
    for (const slot of this.#slots) {
      if (row < slot.peaks.length) continue;
      const grown = new Float64Array(Math.max(1_024, slot.peaks.length * 2)).fill(-1);
      grown.set(slot.peaks);
      slot.peaks = grown;
    }
    return row;
  }

  /** Begins the table of rows anew when most of it is of machines that are gone; not while a sample is being taken. */
  #dropIdleRows(): void {
    if (this.#inFlight > 0) return;
    const kept = this.#series.filter((_, row) => this.#slots.some(({ peaks }) => peaks[row]! >= 0));
    if (this.#series.length <= 2 * kept.length + IDLE_ROWS_MAX) return;
    const before = new Map(this.#series.map((name, row) => [name, row]));
    const old = this.#slots.map(({ peaks }) => peaks);
    this.#series = [];
    this.#isSeriesShared = false;
    this.#rows.clear();
    for (const slot of this.#slots) slot.peaks = new Float64Array(0);
    for (const name of kept) {
      const row = this.#rowOf(this.#rowsOf(name.machine), name.counter as LiveCounter, name.instance);
      for (const [i, slot] of this.#slots.entries()) slot.peaks[row] = old[i]![before.get(name)!]!;
    }
  }
}

function emptySlot(): Slot {
  return { window: -1, peaks: new Float64Array(0) };
}

function batchOf({ window, series, peaks }: Sealed): PointsBatch {
  return { firstWindow: window, windows: 1, series, peaks };
}

/** One batch as several that are small enough; of a batch that is small enough, itself. */
function slicesOf(batch: PointsBatch): PointsBatch[] {
  if (batch.series.length <= SERIES_PER_BATCH) return [batch];
  return Array.from({ length: Math.ceil(batch.series.length / SERIES_PER_BATCH) }, (_, i) => {
    const [from, to] = [i * SERIES_PER_BATCH, (i + 1) * SERIES_PER_BATCH];
    return { ...batch, series: batch.series.slice(from, to), peaks: batch.peaks.slice(from, to) };
  });
}

/** Machines with a sample, and peaks that there are. */
function countsOf({ series, peaks }: Sealed): { measured: Set<string>; points: number } {
  const measured = new Set<string>();
  let points = 0;
  for (let row = 0; row < peaks.length; row++) {
    if (peaks[row]! < 0) continue;
    points++;
    measured.add(series[row]!.machine);
  }
  return { measured, points };
}
