import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunRecord } from '#core/contracts/run-record.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { buildSampleRecord } from '../samples/sample-record.ts';
import { decodeColumn, encodeColumn } from '../view/columns.ts';
import { type Payload, TRACE_KINDS, unpack } from '../view/payload.ts';
import { DEFAULT_LIMITS, pack, type ReportLimits } from './pack.ts';

const { record, trace } = buildSampleRecord({ machines: 2, events: 500 });

function carried(
  change: Partial<RunRecord>,
  events: readonly TraceEvent[],
  limits: Partial<ReportLimits> = {},
): Payload {
  const packed = pack({
    record: { ...record, ...change },
    trace: events,
    limits: { ...DEFAULT_LIMITS, ...limits },
  });
  return unpack(gunzipSync(packed));
}

/** The trace as the page gives it back; the page keeps four digits of a digest. */
function eventsOf({ trace: table }: Payload): TraceEvent[] {
  return Array.from({ length: table.count }, (_, i) => {
    const bytes = table.bytes(i);
    const digest = table.digest(i);
    return {
      at: table.at[i]!,
      kind: table.kind(i),
      who: table.who(i),
      what: table.what(i),
      ...(digest !== '' && { digest }),
      ...(bytes !== undefined && { bytes }),
    };
  });
}

function shortDigests(events: readonly TraceEvent[]): TraceEvent[] {
  return events.map((event) =>
    event.digest === undefined ? event : { ...event, digest: event.digest.slice(0, 4) },
  );
}

describe('what the page carries', () => {
  test('is the record, every series and every event', () => {
    const payload = carried({}, trace);
    expect(JSON.parse(JSON.stringify(payload.record))).toEqual(record);
    expect(eventsOf(payload)).toEqual(shortDigests(trace));
    expect(payload.cuts).toEqual([]);
  });

  test('is any trace, whatever its texts and numbers', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('007', '1.50', 'vm-12', '9999999999999999999', '-5', '0'),
    );
    const event = fc.record(
      {
        at: fc.integer({ min: 0, max: 4e12 }),
        kind: fc.constantFrom(...TRACE_KINDS),
        who: word,
        what: fc.array(word).map((words) => words.join(' ').replaceAll('\u0001', '')),
        digest: fc.stringMatching(/^[0-9a-f]{64}$/),
        bytes: fc.maxSafeNat().map((n) => Math.floor(n / 4)),
      },
      { requiredKeys: ['at', 'kind', 'who', 'what'] },
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const sound = events.map((e) => ({ ...e, who: e.who.toWellFormed(), what: e.what.toWellFormed() }));
        expect(eventsOf(carried({ utilisation: [] }, sound))).toEqual(shortDigests(sound));
      }),
    );
  });

  test('is any series: gaps at both ends, long runs, decimals', () => {
    const [view] = record.utilisation;
    const point = fc.oneof(
      fc.constant(null),
      fc.integer({ min: 0, max: 1e7 }).map((n) => n / 100),
    );
    fc.assert(
      fc.property(fc.array(point), (values) => {
        const peaks = { from: 0, periodSeconds: 600, values };
        const [back] = carried({ utilisation: [{ ...view!, peaks }] }, []).record.utilisation;
        expect(back!.peaks.values).toEqual(values);
      }),
    );
  });

  test('keeps five digits of values that have no end', () => {
    const peaks = { from: 0, periodSeconds: 600, values: [1 / 3, 200 / 3, 0] };
    const [back] = carried({ utilisation: [{ ...record.utilisation[0]!, peaks }] }, []).record.utilisation;
    expect(back!.peaks.values).toEqual([0.333, 66.667, 0]);
  });

  test('is cut where it is too much, from the middle of the trace, and says so', () => {
    const payload = carried({}, trace, {
      events: 100,
      timeline: 10,
      series: 4,
      machines: 1,
      replications: 1,
      cycles: 5,
    });
    const { trace: table, record: kept } = payload;
    expect(table.count).toBe(100);
    expect([table.index(0), table.index(49), table.index(50), table.index(99)]).toEqual([
      0,
      49,
      trace.length - 50,
      trace.length - 1,
    ]);
    expect(table.what(99)).toBe(trace.at(-1)!.what);
    expect(kept.timeline).toHaveLength(10);
    expect(kept.replications.flatMap(({ cycles }) => cycles)).toHaveLength(5);
    expect(payload.cuts.map(({ what }) => what).sort()).toEqual([
      'assessed machines',
      'replicated machines',
      'replication cycles',
      'timeline entries',
      'trace events',
      'utilisation counters',
    ]);
    // Two counters of each of two machines rather than four of one.
    expect(new Set(kept.utilisation.map(({ machine }) => machine)).size).toBe(2);
  });

  test('of 200,000 events takes less than a megabyte of page', () => {
    const long = buildSampleRecord({ machines: 1, events: 200_000 });
    const packed = pack({
      record: { ...long.record, utilisation: [] },
      trace: long.trace,
      limits: DEFAULT_LIMITS,
    });
    expect((packed.length * 4) / 3).toBeLessThan(1_000_000);
  });
});

test('a column of any whole numbers comes back', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -(2 ** 50), max: 2 ** 50 })), fc.boolean(), (values, delta) => {
      const bytes = encodeColumn(values, { delta });
      expect([...decodeColumn(bytes, values.length, { delta })]).toEqual(values);
    }),
  );
});
