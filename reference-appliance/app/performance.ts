/**
 * Collection of performance: every sample, within the hour that the source keeps it.
 *
 * A collection asks for whole windows only, from behind the machine's watermark to the newest window that is over.
 * Peaks, watermarks and the batch for the service become durable in one unit; so after a crash collection goes on
 * exactly where the last durable batch ended, and what the source still has is not lost.
 *
 * The watermark passes a window once its last sample was there. A machine that runs and whose samples are late (its
 * host was away, vCenter is behind) is asked about the same windows again, as long as the source may still have them; a
 * window told again replaces what was told of it, so that asking twice changes nothing. Windows of which no sample was
 * ever had stay gaps, and are recorded as such with their reason: nothing is put in their place.
 */

import { DryliftError } from '#core/errors.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { UnixMillis } from '#core/units.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { BatchForms } from './cloud-ports.ts';
import { type Gap, readWatermarks, windowsOf, writeProgress } from './collection-marks.ts';
import type { Outbox } from './outbox.ts';
import {
  newestWindow,
  oldestWindow,
  PeaksOfBatch,
  type SeriesNames,
  samplesOf,
  windowDoneAt,
  windowOf,
} from './peaks.ts';
import type { PointLog } from './point-log.ts';
import type { DiscoverySource, HistorySource } from './ports.ts';
import type { SourceMachine } from './source-machines.ts';

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
  /** Windows of machines that were not asked about in time: the source no longer had all of their samples. */
  lostWindows = 0;
  /** Machine → the newest windows that it was asked about, and had samples of, in this life. */
  readonly #asked = new Map<string, { readonly through: number; readonly seen: number }>();

  constructor(options: PerformanceOptions) {
    this.#options = options;
  }

  collectedAt(source: DiscoverySource): UnixMillis | undefined {
    return this.#collectedAt.get(source.name);
  }

  /** Collects what is due of these machines. @throws `vcenter.*`, `net.*`; what was collected before stays */
  async collect(
    source: HistorySource,
    machines: Iterable<SourceMachine>,
    signal: AbortSignal,
  ): Promise<void> {
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

  async #ask(source: HistorySource, { first, last, machines }: Question, signal: AbortSignal): Promise<void> {
    const uuids = new Map(machines.map(({ handle, instanceUuid }) => [handle, instanceUuid]));
    let parts: readonly PeaksOfBatch[];
    try {
      parts = await source.samples(
        { handles: [...uuids.keys()], ...samplesOf(first, last) },
        () => new PeaksOfBatch(first, last, uuids, this.#options.names),
        signal,
      );
    } catch (error) {
      if (!(error instanceof DryliftError) || error.code !== 'vcenter.machine.gone') throw error;
      // one of them is gone: find out which by halving; the inventory will take it off the list
      if (machines.length === 1) {
        this.#options.log.info({ vcenter: source.name, machine: machines[0]!.name }, 'a machine is gone');
        return;
      }
      const half = machines.length >> 1;
      await this.#ask(source, { first, last, machines: machines.slice(0, half) }, signal);
      await this.#ask(source, { first, last, machines: machines.slice(half) }, signal);
      return;
    }
    await this.#keep(parts, first, last, machines);
  }

  async #keep(
    parts: readonly PeaksOfBatch[],
    first: number,
    last: number,
    machines: readonly SourceMachine[],
  ): Promise<void> {
    const { forms, store, outbox, pointLog, counters } = this.#options;
    const batch = PeaksOfBatch.join(parts);
    const marks = machines.map((machine) => ({
      machine: machine.instanceUuid,
      window: Math.max(settledThrough(machine, parts, last), first - 1),
    }));
    const gaps = machines.flatMap(({ instanceUuid }) => this.#gapsBefore(instanceUuid, first));
    await store.transaction(async (db) => {
      await writeProgress(db, marks, gaps);
      if (batch.series.length === 0) return;
      await outbox.add(db, 'points', forms.points(batch), last);
      await pointLog.add(db, batch);
    });
    await store.flush();
    for (const { machine, window } of marks) {
      this.#watermarks!.set(machine, window);
      this.#asked.set(machine, { through: last, seen: windowOf(newestSample(machine, parts)) });
    }
    this.#countGaps(gaps);
    if (batch.series.length > 0) outbox.wake();
    const [samples, points] = [sum(parts, (part) => part.samples), sum(parts, (part) => part.points)];
    this.samples += samples;
    this.points += points;
    counters.add('appliance.samples', samples);
    counters.add('appliance.points', points);
  }

  /**
   * The windows behind a machine's watermark that are beyond the source's memory now. Those that were asked about had
   * no sample; the others were lost: this appliance came too late.
   */
  #gapsBefore(machine: string, first: number): Gap[] {
    const watermark = this.#watermarks!.get(machine);
    if (watermark === undefined || watermark >= first - 1) return [];
    const { through, seen } = this.#asked.get(machine) ?? { through: watermark, seen: watermark };
    const asked = Math.min(Math.max(through, watermark), first - 1);
    const empty = Math.max(watermark, seen) + 1;
    const gaps: Gap[] = [];
    if (asked >= empty) gaps.push({ machine, first: empty, last: asked, reason: 'no samples' });
    if (asked < first - 1) gaps.push({ machine, first: asked + 1, last: first - 1, reason: 'too late' });
    return gaps;
  }

  #countGaps(gaps: readonly Gap[]): void {
    const { counters, log } = this.#options;
    const lost = windowsOf(gaps, 'too late');
    if (lost > 0)
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

  async #loadWatermarks(): Promise<Map<string, number>> {
    return this.#options.store.read(readWatermarks);
  }
}

/** The newest window of a machine of which nothing more is to be expected. */
function settledThrough(machine: SourceMachine, parts: readonly PeaksOfBatch[], last: number): number {
  if (machine.power !== 'on') return last;
  return Math.min(last, windowDoneAt(newestSample(machine.instanceUuid, parts)));
}

/** -1 when there is none. */
function newestSample(machine: string, parts: readonly PeaksOfBatch[]): number {
  return parts.reduce((newest, part) => Math.max(newest, part.newestOf(machine) ?? -1), -1);
}

function sum<T>(all: readonly T[], of: (each: T) => number): number {
  return all.reduce((total, each) => total + of(each), 0);
}
