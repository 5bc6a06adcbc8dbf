/** From samples to ten-minute peaks: the sink that a question for samples fills, and the windows it may ask about. */
import {
  lastSampleOf,
  PeakSink,
  POINT_PERIOD_MS,
  RollUp,
  rollUpGrid,
  type WindowIndex,
  windowOfSample,
} from '#core/metrics/roll-up.ts';
import { HOUR, type Millis, type SampleIndex, SECOND, type UnixMillis } from '#core/units.ts';
import type { PointsBatch, SeriesName } from './cloud-ports.ts';
import type { CounterName, SampleRun, SampleSink } from './ports.ts';

/** vSphere's real-time samples stand 20 s apart. */
const GRID = rollUpGrid(20 * SECOND, POINT_PERIOD_MS);

const EMPTY = new Int32Array(0);

/** How long vCenter keeps real-time samples. */
export const RETENTION_MS: Millis = HOUR;
/** A window's last sample can be asked for this long after its end. */
export const SETTLE_MS: Millis = 40 * SECOND;

/** The newest window that is over and whose samples the source has by now. */
export function newestWindow(now: UnixMillis): WindowIndex {
  return Math.floor((now - SETTLE_MS) / POINT_PERIOD_MS) - 1;
}

/** The oldest window of which the source still has every sample. */
export function oldestWindow(now: UnixMillis): WindowIndex {
  return Math.ceil((now - RETENTION_MS) / POINT_PERIOD_MS);
}

/** The instants between which the samples of windows first … last stand: after, through. */
export function samplesOf(first: WindowIndex, last: WindowIndex): { after: UnixMillis; through: UnixMillis } {
  return { after: first * POINT_PERIOD_MS, through: (last + 1) * POINT_PERIOD_MS };
}

/**
 * One object per series, the same in every batch: there are thousands in each, and whatever is worked out about one
 * (its name in a message, say) can be kept beside it.
 */
export class SeriesNames {
  readonly #byMachine = new Map<string, Map<CounterName, Map<string, SeriesName>>>();

  of(machine: string, counter: CounterName, instance: string): SeriesName {
    let byCounter = this.#byMachine.get(machine);
    if (!byCounter) {
      byCounter = new Map();
      this.#byMachine.set(machine, byCounter);
    }
    let byInstance = byCounter.get(counter);
    if (!byInstance) {
      byInstance = new Map();
      byCounter.set(counter, byInstance);
    }
    let name = byInstance.get(instance);
    if (!name) {
      name = { machine, counter, instance };
      byInstance.set(instance, name);
    }
    return name;
  }
}

/** The newest window whose last sample is no later than this one. */
export function windowDoneAt(sample: SampleIndex): WindowIndex {
  return Math.floor(sample / GRID.samplesPerWindow) - 1;
}

/** The window that a sample lies in. */
export function windowOf(sample: SampleIndex): WindowIndex {
  return windowOfSample(GRID, sample);
}

/** Collects the peaks of several machines over the same windows, whatever the order or number of their samples. */
export class PeaksOfBatch implements SampleSink {
  readonly #firstWindow: WindowIndex;
  readonly #windows: number;
  readonly #uuids: ReadonlyMap<string, string>;
  readonly #names: SeriesNames;
  readonly #series: SeriesName[] = [];
  readonly #peaks = new PeakSink();
  #out: Int32Array;
  #machine: string | undefined;
  #runs: readonly SampleRun[] = [];
  /** Newest sample of each machine that was told of. */
  readonly #newest = new Map<string, SampleIndex>();
  /** Row of each series, once a machine is told of a second time. */
  #rows: Map<SeriesName, number> | undefined;
  /** Samples read, absent ones not counted. */
  samples = 0;
  points = 0;

  /** @param uuids instance UUID by handle: whose answers are wanted */
  constructor(
    firstWindow: WindowIndex,
    lastWindow: WindowIndex,
    uuids: ReadonlyMap<string, string>,
    names: SeriesNames,
  ) {
    this.#firstWindow = firstWindow;
    this.#windows = lastWindow - firstWindow + 1;
    this.#uuids = uuids;
    this.#names = names;
    this.#out = new Int32Array(this.#windows * uuids.size * 12);
  }

  machine(handle: string, runs: readonly SampleRun[]): void {
    this.#machine = this.#uuids.get(handle);
    this.#runs = runs;
    if (this.#machine === undefined) return;
    const before = this.#newest.get(this.#machine);
    if (before !== undefined) this.#rows ??= new Map(this.#series.map((name, row) => [name, row]));
    let newest = before ?? -1;
    for (const { first, count } of runs) newest = Math.max(newest, first + count - 1);
    this.#newest.set(this.#machine, newest);
  }

  /** Number of the newest sample of a machine; -1 when it was told of without one, undefined when it was not. */
  newestOf(machine: string): SampleIndex | undefined {
    return this.#newest.get(machine);
  }

  series(counter: CounterName, instance: string, values: Int32Array, count: number): void {
    if (this.#machine === undefined || count === 0) return;
    const rollUp = new RollUp(GRID);
    const peaks = this.#peaks;
    peaks.clear();
    for (const { first, offset, count: length } of this.#runs)
      rollUp.add(values, offset, length, first, peaks);
    rollUp.close(lastSampleOf(GRID, this.#firstWindow + this.#windows - 1), peaks);
    this.samples += count;
    if (peaks.length === 0) return;
    const row = this.#rowOf(this.#names.of(this.#machine, counter, instance));
    for (let i = 0; i < peaks.length; i++) {
      const window = peaks.windows[i]! - this.#firstWindow;
      if (window < 0 || window >= this.#windows) continue;
      const before = this.#out[row + window]!;
      if (before < 0) this.points++;
      if (peaks.peaks[i]! > before) this.#out[row + window] = peaks.peaks[i]!;
    }
  }

  /** Where the peaks of a series stand: behind all others when it is new. */
  #rowOf(name: SeriesName): number {
    const known = this.#rows?.get(name);
    if (known !== undefined) return known * this.#windows;
    const row = this.#series.push(name) - 1;
    this.#rows?.set(name, row);
    const at = row * this.#windows;
    this.#reserve(at + this.#windows);
    this.#out.fill(-1, at, at + this.#windows);
    return at;
  }

  batch(): PointsBatch {
    return {
      firstWindow: this.#firstWindow,
      windows: this.#windows,
      series: this.#series,
      peaks: this.#out.subarray(0, this.#series.length * this.#windows),
    };
  }

  /** The peaks of several parts of one question as one batch. */
  static join(parts: readonly PeaksOfBatch[]): PointsBatch {
    const batches = parts.map((part) => part.batch());
    const [first, ...others] = batches;
    if (!first || others.length === 0)
      return first ?? { firstWindow: 0, windows: 0, series: [], peaks: EMPTY };
    const peaks = new Int32Array(batches.reduce((length, batch) => length + batch.peaks.length, 0));
    let at = 0;
    for (const batch of batches) {
      peaks.set(batch.peaks, at);
      at += batch.peaks.length;
    }
    return { ...first, series: batches.flatMap(({ series }) => series), peaks };
  }

  #reserve(length: number): void {
    if (length <= this.#out.length) return;
    const grown = new Int32Array(Math.max(length, this.#out.length * 2));
    grown.set(this.#out);
    this.#out = grown;
  }
}
