/**
 * Packs a record and its trace for a report page; ../view/payload.ts takes it apart in the browser and says
 * how it is laid out. What is too much for one page is left out here, and named.
 */
import { gzipSync } from 'node:zlib';
import type { RunRecord, UtilisationView } from '#core/contracts/run-record.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { encodeColumn } from '../view/columns.ts';
import {
  type Cut,
  NUMBER_MARK,
  NUMBER_PATTERN,
  type PackedSeries,
  type PackedTrace,
  type PayloadHeader,
  TRACE_KINDS,
} from '../view/payload.ts';

/** How much of each kind one page holds. */
export interface ReportLimits {
  /** First and last half of so many events. */
  readonly events: number;
  readonly timeline: number;
  /** Counters of machines with their points, about 15 KiB of page each. */
  readonly series: number;
  readonly machines: number;
  /** Replicated machines, and cycles of all of them together. */
  readonly replications: number;
  readonly cycles: number;
}

export const DEFAULT_LIMITS: ReportLimits = {
  events: 200_000,
  timeline: 50_000,
  series: 240,
  machines: 10_000,
  replications: 2_000,
  cycles: 50_000,
};

/** Digests are noise to gzip: each digit costs 100 kB of page per 200,000 events, and four tell two apart. */
const DIGEST_DIGITS = 4;

export interface PackInput {
  readonly record: RunRecord;
  readonly trace: readonly TraceEvent[];
  /** An earlier run, to say what grew. */
  readonly previous?: RunRecord | undefined;
  readonly limits: ReportLimits;
}

/** The gzip stream. The same input gives the same bytes. */
export function pack({ record, trace, previous, limits }: PackInput): Buffer {
  const cuts: Cut[] = [];
  const keep = <T>(what: string, all: readonly T[], limit: number): readonly T[] => {
    if (all.length <= limit) return all;
    cuts.push({ what, kept: limit, total: all.length });
    return all.slice(0, limit);
  };
  const columns: Uint8Array[] = [];
  const { utilisation, assessment, replications, timeline, ...rest } = record;
  const series = keepSeries(utilisation, limits.series, cuts).map((view) => ({
    ...view,
    samples: packSeries(view.samples, columns),
    peaks: packSeries(view.peaks, columns),
  }));
  const packedTrace = packTrace(trace, limits.events, columns);
  if (packedTrace.gap > 0) cuts.push({ what: 'trace events', kept: packedTrace.count, total: trace.length });
  const header: PayloadHeader = {
    record: {
      ...rest,
      timeline: keep('timeline entries', timeline, limits.timeline),
      ...(assessment && {
        assessment: {
          ...assessment,
          machines: keep('assessed machines', assessment.machines, limits.machines),
        },
      }),
      replications: cutCycles(
        keep('replicated machines', replications, limits.replications),
        limits.cycles,
        cuts,
      ),
    },
    utilisation: series,
    ...(previous && { previous: { id: previous.id, counters: previous.counters } }),
    cuts,
    trace: packedTrace,
    columns: columns.map((column) => column.length),
  };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return gzipSync(Buffer.concat([length, json, ...columns]), { level: 9 });
}

/** The first counter of every machine, then the second: rather something of each than everything of a few. */
function keepSeries(all: readonly UtilisationView[], limit: number, cuts: Cut[]): readonly UtilisationView[] {
  if (all.length <= limit) return all;
  cuts.push({ what: 'utilisation counters', kept: limit, total: all.length });
  const seen = new Map<string, number>();
  const ranked = all.map((view, index) => {
    const rank = seen.get(view.machine) ?? 0;
    seen.set(view.machine, rank + 1);
    return { view, index, rank };
  });
  return ranked
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, limit)
    .sort((a, b) => a.index - b.index)
    .map(({ view }) => view);
}

function cutCycles(
  replications: RunRecord['replications'],
  limit: number,
  cuts: Cut[],
): RunRecord['replications'] {
  const total = replications.reduce((n, { cycles }) => n + cycles.length, 0);
  if (total <= limit) return replications;
  const each = Math.max(1, Math.floor(limit / replications.length));
  const out = replications.map((view) => ({ ...view, cycles: view.cycles.slice(0, each) }));
  cuts.push({ what: 'replication cycles', kept: out.reduce((n, { cycles }) => n + cycles.length, 0), total });
  return out;
}

function packSeries(
  { from, periodSeconds, values }: UtilisationView['samples'],
  columns: Uint8Array[],
): PackedSeries {
  const runs: number[] = [];
  const present: number[] = [];
  let length = 0;
  let wanted = true;
  for (const value of values) {
    if ((value !== null) !== wanted) {
      runs.push(length);
      length = 0;
      wanted = !wanted;
    }
    length++;
    if (value !== null) present.push(value);
  }
  runs.push(length);
  const decimals = decimalsOf(present);
  const scale = 10 ** decimals;
  columns.push(encodeColumn(runs, { delta: false }));
  columns.push(
    encodeColumn(
      present.map((value) => Math.round(value * scale)),
      { delta: true },
    ),
  );
  return { from, periodSeconds, count: values.length, present: present.length, runs: runs.length, decimals };
}

/** Fewest decimals, at most four, that keep the values as they are; for others, five digits of the largest. */
function decimalsOf(values: readonly number[]): number {
  for (let decimals = 0; decimals <= 4; decimals++) {
    const scale = 10 ** decimals;
    if (
      values.every(
        (v) => Math.abs(v * scale - Math.round(v * scale)) <= 1e-9 * Math.max(1, Math.abs(v * scale)),
      )
    )
      return decimals;
  }
  const largest = values.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return Math.min(9, Math.max(0, 5 - Math.ceil(Math.log10(largest))));
}

function packTrace(trace: readonly TraceEvent[], limit: number, columns: Uint8Array[]): PackedTrace {
  const gapAt = trace.length <= limit ? trace.length : Math.ceil(limit / 2);
  const kept =
    trace.length <= limit
      ? trace
      : [...trace.slice(0, gapAt), ...trace.slice(trace.length - (limit - gapAt))];
  const who = dictionary();
  const templates = dictionary();
  const last: number[][] = [];
  const numbers: number[] = [];
  const sizes: number[] = [];
  const digests: string[] = [];
  const flags: number[] = [];
  const templateOf = kept.map((event) => {
    const found: number[] = [];
    const text = event.what.replaceAll(NUMBER_MARK, '\ufffd').replace(NUMBER_PATTERN, (digits) => {
      found.push(Number(digits));
      return NUMBER_MARK;
    });
    const id = templates.idOf(text);
    const before = last[id];
    found.forEach((value, slot) => {
      numbers.push(value - (before?.[slot] ?? 0));
    });
    last[id] = found;
    const digest = /^[0-9a-f]{4,}$/.test(event.digest ?? '') ? event.digest! : undefined;
    flags.push((event.bytes === undefined ? 0 : 1) | (digest === undefined ? 0 : 2));
    if (event.bytes !== undefined) sizes.push(event.bytes);
    if (digest !== undefined) digests.push(digest.slice(0, DIGEST_DIGITS));
    return id;
  });
  const plain = { delta: false };
  columns.push(
    encodeColumn(
      kept.map(({ at }) => Math.round(at)),
      { delta: true },
    ),
    encodeColumn(
      kept.map(({ kind }) => TRACE_KINDS.indexOf(kind)),
      plain,
    ),
    encodeColumn(
      kept.map((event) => who.idOf(event.who)),
      plain,
    ),
    encodeColumn(templateOf, plain),
    encodeColumn(flags, plain),
    encodeColumn(numbers, plain),
    encodeColumn(sizes, plain),
    Buffer.from(digests.join(''), 'hex'),
  );
  return {
    count: kept.length,
    gapAt,
    gap: trace.length - kept.length,
    who: who.words,
    templates: templates.words,
    numbers: numbers.length,
    withBytes: sizes.length,
    withDigest: digests.length,
    digestDigits: DIGEST_DIGITS,
  };
}

/** Numbers words in the order of their first use, so that neighbours in the list resemble each other. */
function dictionary() {
  const ids = new Map<string, number>();
  const words: string[] = [];
  return {
    words,
    idOf(word: string): number {
      let id = ids.get(word);
      if (id === undefined) {
        id = words.push(word) - 1;
        ids.set(word, id);
      }
      return id;
    },
  };
}
