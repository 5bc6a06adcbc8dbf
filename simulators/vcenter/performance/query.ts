/**
 * Answers to QueryPerf: which samples a query means, and their XML in buffers, a few large ones.
 *
 * vSphere Web Services API, PerfQuerySpec: startTime is exclusive, endTime inclusive; maxSample takes the
 * newest. Samples stand on a 20-second grid, oldest first; every series has exactly as many values as there
 * are samples.
 */
import type { SampleIndex, UnixMillis } from '#core/units.ts';
import { escapeText } from '#core/wire/xml/writer.ts';
import { invalidArgument } from '../faults.ts';
import type { Ref } from '../values.ts';
import { AsciiWriter } from './ascii-writer.ts';
import { counterById, HISTORICAL_INTERVALS, HISTORY_LEVEL } from './counters.ts';
import { type Performance, type Provider, REALTIME_SAMPLES } from './performance.ts';
import { RUN_MAX, SAMPLE_MS, type Series } from './series.ts';
import { countOf, listOf, type TimeTexts, type Windows } from './time-texts.ts';

/** As decoded from the request; see the schema. */
export interface PerfQuerySpec {
  readonly entity: Ref;
  readonly startTime?: UnixMillis;
  readonly endTime?: UnixMillis;
  readonly maxSample?: number;
  readonly metricId: ReadonlyArray<{ readonly counterId: number; readonly instance: string }>;
  readonly intervalId?: number;
  readonly format?: string;
}

/** A query that has been checked and needs only to be written. */
export interface PlannedQuery {
  readonly provider: Provider;
  readonly series: readonly Series[];
  readonly format: 'normal' | 'csv';
  /** Samples of 20 s that make up one value: 1 for real time. */
  readonly factor: number;
  /** Numbers of the values, ascending, on the grid of `factor` × 20 s. */
  readonly windows: Windows;
}

const REALTIME_SECONDS = 20;
/** What an unset interval means to a provider with history: its finest. */
const DEFAULT_SECONDS = 300;

/** @throws VimFault InvalidArgument */
export function planQuery(
  performance: Performance,
  provider: Provider,
  spec: PerfQuerySpec,
  now: UnixMillis,
): PlannedQuery {
  const format = spec.format ?? 'normal';
  if (format !== 'normal' && format !== 'csv') throw invalidArgument('querySpec.format');
  if (spec.maxSample !== undefined && spec.maxSample <= 0) throw invalidArgument('querySpec.maxSample');
  const seconds = spec.intervalId ?? DEFAULT_SECONDS;
  const history = HISTORICAL_INTERVALS.find((interval) => interval.seconds === seconds);
  if (!history && !(seconds === REALTIME_SECONDS && provider.isRealTime))
    throw invalidArgument('querySpec.interval');
  const factor = seconds / REALTIME_SECONDS;
  const series = seriesFor(provider, spec).filter(
    ({ counter, instance }) =>
      !history || (instance === '' ? counter.level : counter.perDeviceLevel) <= HISTORY_LEVEL,
  );
  const length = history ? Math.floor(history.lengthSeconds / seconds) : REALTIME_SAMPLES;
  const last = Math.floor(performance.lastSample(now) / factor);
  const step = factor * SAMPLE_MS;
  const from = Math.max(
    last - length + 1,
    spec.startTime === undefined ? 0 : Math.floor(spec.startTime / step) + 1,
    1,
  );
  const to = Math.min(last, spec.endTime === undefined ? last : Math.floor(spec.endTime / step));
  let windows = existing(provider, from, to, factor);
  // maxSample is for real-time statistics only.
  if (spec.maxSample !== undefined && !history) windows = newest(windows, spec.maxSample);
  return { provider, series, format, factor, windows };
}

/** Series that the metric ids name; none means all. An instance of "*" means every one. */
function seriesFor(provider: Provider, { metricId }: PerfQuerySpec): readonly Series[] {
  if (metricId.length === 0) return provider.series;
  const wanted = new Set<Series>();
  const byCounter = byCounterOf(provider.series);
  for (const { counterId, instance } of metricId) {
    if (!counterById(counterId)) throw invalidArgument('querySpec.metricId');
    for (const series of byCounter.get(counterId) ?? [])
      if (instance === '*' || instance === series.instance) wanted.add(series);
  }
  return [...wanted];
}

const indexes = new WeakMap<readonly Series[], ReadonlyMap<number, readonly Series[]>>();

function byCounterOf(all: readonly Series[]): ReadonlyMap<number, readonly Series[]> {
  const known = indexes.get(all);
  if (known) return known;
  const made = Map.groupBy(all, (series) => series.counter.id);
  indexes.set(all, made);
  return made;
}

/** Windows in which the entity has at least one sample. */
function existing(provider: Provider, from: number, to: number, factor: number): Windows {
  if (to < from) return [];
  if (provider.existsSince((from - 1) * factor + 1)) return { first: from, count: to - from + 1 };
  const found: number[] = [];
  for (let window = from; window <= to; window++)
    for (let sample = (window - 1) * factor + 1; sample <= window * factor; sample++)
      if (provider.exists(sample)) {
        found.push(window);
        break;
      }
  return found;
}

function newest(windows: Windows, count: number): Windows {
  if (Array.isArray(windows)) return (windows as readonly number[]).slice(-count);
  const { first, count: all } = windows as { first: number; count: number };
  const kept = Math.min(all, count);
  return { first: first + all - kept, count: kept };
}

const values = new Int32Array(RUN_MAX);
const raw = new Int32Array(RUN_MAX);

/** Fills `values` with the series' values of the windows. @returns how many */
function fillValues({ factor, windows, provider }: PlannedQuery, series: Series): number {
  if (factor > 1) return fillRolledUp(series, provider, listOf(windows), factor);
  if (!Array.isArray(windows)) {
    const { first, count } = windows as { first: SampleIndex; count: number };
    series.fill(first, count, values);
    return count;
  }
  const list = windows as readonly SampleIndex[];
  if (list.length === 0) return 0;
  const first = list[0]!;
  series.fill(first, list.at(-1)! - first + 1, raw);
  for (let i = 0; i < list.length; i++) values[i] = raw[list[i]! - first]!;
  return list.length;
}

/** Averages, sums or last values of the samples that exist in each window. */
function fillRolledUp(
  series: Series,
  provider: Provider,
  windows: readonly number[],
  factor: number,
): number {
  const { rollup } = series.counter;
  for (let i = 0; i < windows.length; i++) {
    const first = (windows[i]! - 1) * factor + 1;
    series.fill(first, factor, raw);
    const always = provider.existsSince(first);
    let sum = 0;
    let count = 0;
    let last = 0;
    for (let j = 0; j < factor; j++) {
      if (!always && !provider.exists(first + j)) continue;
      last = raw[j]!;
      sum += last;
      count++;
    }
    values[i] =
      rollup === 'latest' ? last : rollup === 'summation' ? sum : Math.floor(sum / Math.max(1, count));
  }
  return windows.length;
}

/** The QueryPerf answer, `returnval` by `returnval`, in pieces as they fill. */
export function* writeQueries(queries: Iterable<PlannedQuery>, times: TimeTexts): Iterable<Buffer> {
  const out = new AsciiWriter();
  for (const query of queries) {
    writeQuery(out, query, times);
    if (out.hasFullPiece) yield* out.take(false);
  }
  yield* out.take(true);
}

/** The QueryPerfComposite answer: a whole and its parts. */
export function* writeComposite(
  whole: PlannedQuery,
  parts: Iterable<PlannedQuery>,
  times: TimeTexts,
): Iterable<Buffer> {
  const out = new AsciiWriter();
  out.text('<returnval>');
  writeQuery(out, whole, times, 'entity');
  for (const query of parts) {
    writeQuery(out, query, times, 'childEntity');
    if (out.hasFullPiece) yield* out.take(false);
  }
  out.text('</returnval>');
  yield* out.take(true);
}

const VALUE_OPEN = Buffer.from('<value>');
const VALUE_CLOSE = Buffer.from('</value>');

function writeQuery(out: AsciiWriter, query: PlannedQuery, times: TimeTexts, element = 'returnval'): void {
  const { provider, series, format } = query;
  const { type, id } = provider.entity.ref;
  const isCsv = format === 'csv';
  out.text(
    `<${element} xsi:type="${isCsv ? 'PerfEntityMetricCSV' : 'PerfEntityMetric'}"><entity type="${type}">${id}</entity>`,
  );
  out.bytes(times.of(query));
  const isEmpty = countOf(query.windows) === 0;
  for (const each of isEmpty ? [] : series) {
    const count = fillValues(query, each);
    out.text(
      `<value xsi:type="${isCsv ? 'PerfMetricSeriesCSV' : 'PerfMetricIntSeries'}">` +
        `<id><counterId>${each.counter.id}</counterId><instance>${escapeText(each.instance)}</instance></id>`,
    );
    if (isCsv) {
      out.bytes(VALUE_OPEN);
      out.commaSeparated(values, count);
      out.bytes(VALUE_CLOSE);
    } else out.valueElements(values, count);
    out.bytes(VALUE_CLOSE);
  }
  out.text(`</${element}>`);
}
