/**
 * What a report page carries, and how it is taken apart again. The page holds one gzip stream: the length of
 * a JSON header (four bytes, little-endian), the header, then columns of numbers in the order in which
 * `unpack` reads them. 200,000 events are some 30 MB of JSON lines and about 1 MB this way.
 *
 * Packing is in ../html/pack.ts; this side runs in the browser.
 */
import type { RunRecord, UtilisationView } from '#core/contracts/run-record.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { decodeColumn } from './columns.ts';

const KINDS: Readonly<Record<TraceEvent['kind'], true>> = {
  http: true,
  timer: true,
  durable: true,
  fault: true,
  link: true,
  step: true,
  check: true,
};
export const TRACE_KINDS = Object.keys(KINDS) as ReadonlyArray<TraceEvent['kind']>;

/** Stands in a template for each number that an event's text had there. */
export const NUMBER_MARK = '\u0001';
/** The numbers a template leaves out: whole, without leading zeros, so that they print as they were. */
export const NUMBER_PATTERN = /\b(?:0|[1-9]\d{0,14})\b/g;

type Samples = UtilisationView['samples'];

/** A list of numbers with gaps, as columns: runs present and absent in turn, then the values × 10^decimals. */
export interface PackedSeries {
  readonly from: number;
  readonly periodSeconds: number;
  readonly count: number;
  readonly present: number;
  readonly runs: number;
  readonly decimals: number;
}

export interface PackedUtilisation extends Omit<UtilisationView, 'samples' | 'peaks'> {
  readonly samples: PackedSeries;
  readonly peaks: PackedSeries;
}

/** Something the page leaves out because there was too much of it. The record has it all. */
export interface Cut {
  readonly what: string;
  readonly kept: number;
  readonly total: number;
}

export interface PackedTrace {
  /** Events in the page; event `gapAt` and all after it are `gap` further on in the run. */
  readonly count: number;
  readonly gapAt: number;
  readonly gap: number;
  readonly who: readonly string[];
  readonly templates: readonly string[];
  readonly numbers: number;
  readonly withBytes: number;
  readonly withDigest: number;
  /** Hex digits of each digest that the page keeps. */
  readonly digestDigits: number;
}

export interface PayloadHeader {
  readonly record: Omit<RunRecord, 'utilisation'>;
  readonly utilisation: readonly PackedUtilisation[];
  readonly previous?: { readonly id: string; readonly counters: Readonly<Record<string, number>> };
  readonly cuts: readonly Cut[];
  readonly trace: PackedTrace;
  /** Bytes of each column. */
  readonly columns: readonly number[];
}

/** The trace as the page holds it: columns, from which one event at a time is made. */
export interface TraceTable {
  readonly count: number;
  readonly digestDigits: number;
  /** Number of the event in the run, from 0. */
  readonly index: (i: number) => number;
  readonly at: Float64Array;
  readonly kind: (i: number) => TraceEvent['kind'];
  readonly who: (i: number) => string;
  readonly what: (i: number) => string;
  /** First digits of the digest, or empty. */
  readonly digest: (i: number) => string;
  readonly bytes: (i: number) => number | undefined;
}

export interface Payload {
  readonly record: RunRecord;
  readonly previous: PayloadHeader['previous'];
  readonly cuts: readonly Cut[];
  readonly trace: TraceTable;
}

/** @param bytes the stream after gunzip. */
export function unpack(bytes: Uint8Array): Payload {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bodyAt = 4 + view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, bodyAt))) as PayloadHeader;
  let at = bodyAt;
  let next = 0;
  const raw = () => {
    const end = at + header.columns[next++]!;
    const part = bytes.subarray(at, end);
    at = end;
    return part;
  };
  const utilisation = header.utilisation.map((packed) => ({
    ...packed,
    samples: unpackSeries(packed.samples, raw(), raw()),
    peaks: unpackSeries(packed.peaks, raw(), raw()),
  }));
  const trace = unpackTrace(header.trace, raw);
  return { record: { ...header.record, utilisation }, previous: header.previous, cuts: header.cuts, trace };
}

/** Of hundreds of series a reader looks at a few: the numbers are made when they are asked for. */
function unpackSeries(packed: PackedSeries, runBytes: Uint8Array, valueBytes: Uint8Array): Samples {
  let made: Array<number | null> | undefined;
  const make = () => {
    const runs = decodeColumn(runBytes, packed.runs, { delta: false });
    const present = decodeColumn(valueBytes, packed.present, { delta: true });
    const scale = 10 ** packed.decimals;
    const values: Array<number | null> = [];
    let at = 0;
    runs.forEach((length, run) => {
      for (let i = 0; i < length; i++) values.push(run % 2 === 0 ? present[at++]! / scale : null);
    });
    return values;
  };
  return {
    from: packed.from,
    periodSeconds: packed.periodSeconds,
    get values() {
      made ??= make();
      return made;
    },
  };
}

function unpackTrace(packed: PackedTrace, raw: () => Uint8Array): TraceTable {
  const column = (count: number, delta: boolean) => decodeColumn(raw(), count, { delta });
  const { count, who, digestDigits } = packed;
  const at = column(count, true);
  const kinds = column(count, false);
  const whos = column(count, false);
  const templateOf = column(count, false);
  const flags = column(count, false);
  const numbers = column(packed.numbers, false);
  const sizes = column(packed.withBytes, false);
  const digests = raw();
  const templates = packed.templates.map((text) => text.split(NUMBER_MARK));
  // Numbers were written as the difference to the same place of the template's last use.
  const last = templates.map((parts) => new Float64Array(parts.length - 1));
  const numberAt = new Uint32Array(count);
  const sizeAt = new Uint32Array(count);
  const digestAt = new Uint32Array(count);
  for (let i = 0, n = 0, s = 0, d = 0; i < count; i++) {
    numberAt[i] = n;
    sizeAt[i] = s;
    digestAt[i] = d;
    const before = last[templateOf[i]!]!;
    for (let slot = 0; slot < before.length; slot++) {
      before[slot]! += numbers[n]!;
      numbers[n++] = before[slot]!;
    }
    if (flags[i]! & 1) s++;
    if (flags[i]! & 2) d++;
  }
  const what = (i: number) => {
    const parts = templates[templateOf[i]!]!;
    let text = parts[0]!;
    for (let slot = 1; slot < parts.length; slot++) text += numbers[numberAt[i]! + slot - 1]! + parts[slot]!;
    return text;
  };
  const digestBytes = digestDigits / 2;
  const digest = (i: number) => {
    if (!(flags[i]! & 2)) return '';
    const from = digestAt[i]! * digestBytes;
    return Array.from(digests.subarray(from, from + digestBytes), (byte) =>
      byte.toString(16).padStart(2, '0'),
    ).join('');
  };
  return {
    count,
    digestDigits,
    index: (i) => (i < packed.gapAt ? i : i + packed.gap),
    at,
    kind: (i) => TRACE_KINDS[kinds[i]!]!,
    who: (i) => who[whos[i]!]!,
    what,
    digest,
    bytes: (i) => (flags[i]! & 1 ? sizes[sizeAt[i]!] : undefined),
  };
}
