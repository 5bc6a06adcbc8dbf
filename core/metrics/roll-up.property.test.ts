import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  lastSampleOf,
  PeakSink,
  RollUp,
  type RollUpState,
  rollUpGrid,
  windowOfSample,
  windowStart,
} from './roll-up.ts';

/** The plainest statement of the rule: by instants, one sample at a time. */
function oracle(
  samples: ReadonlyMap<number, number>,
  samplePeriodMs: number,
  pointPeriodMs: number,
): Map<number, number> {
  const peaks = new Map<number, number>();
  for (const [index, value] of samples) {
    if (value < 0) continue;
    const instant = index * samplePeriodMs;
    let start = 0;
    while (!(start < instant && instant <= start + pointPeriodMs)) start += pointPeriodMs;
    const window = start / pointPeriodMs;
    peaks.set(window, Math.max(peaks.get(window) ?? 0, value));
  }
  return new Map([...peaks].sort(([a], [b]) => a - b));
}

/** What a store makes of contributions: the larger value stands. */
function stored(sink: PeakSink): Map<number, number> {
  const peaks = new Map<number, number>();
  for (let i = 0; i < sink.length; i++) {
    const window = sink.windows[i]!;
    peaks.set(window, Math.max(peaks.get(window) ?? 0, sink.peaks[i]!));
  }
  return new Map([...peaks].sort(([a], [b]) => a - b));
}

const periods = fc.constantFrom(
  [20_000, 600_000],
  [20_000, 300_000],
  [20_000, 900_000],
  [30_000, 600_000],
  [300_000, 600_000],
  [300_000, 300_000],
) as fc.Arbitrary<[number, number]>;
const value = fc.oneof(fc.constant(-1), fc.nat(9), fc.nat(10_000), fc.integer());
/** The truth: a value for every sample number from 1 on. */
const series = fc.array(value, { minLength: 1, maxLength: 400 });
/** Pieces of it, as they may arrive: any overlap, order, repetition, gap. */
const pieces = fc.array(fc.record({ start: fc.nat(399), count: fc.nat(200) }), { maxLength: 12 });

interface Piece {
  start: number;
  count: number;
}

function feed(
  truth: readonly number[],
  batches: readonly Piece[],
  periods: [number, number],
  restart = false,
) {
  const grid = rollUpGrid(...periods);
  const sink = new PeakSink(1);
  const samples = Int32Array.from(truth);
  let rollUp = new RollUp(grid);
  const seen = new Map<number, number>();
  for (const { start, count } of batches) {
    const from = Math.min(start, truth.length);
    const n = Math.min(count, truth.length - from);
    rollUp.add(samples, from, n, from + 1, sink);
    for (let i = from; i < from + n; i++) seen.set(i + 1, truth[i]!);
    if (restart) rollUp = new RollUp(grid, JSON.parse(JSON.stringify(rollUp.state())) as RollUpState);
  }
  const last = truth.length * 2 + 100;
  rollUp.close(last, sink);
  return { points: stored(sink), sink, seen, rollUp, last };
}

test('whatever the batches, their order, overlaps and gaps, the points are the peaks of the samples seen', () => {
  fc.assert(
    fc.property(series, pieces, periods, fc.boolean(), (truth, batches, p, restart) => {
      const { points, seen } = feed(truth, batches, p, restart);
      expect(points).toEqual(oracle(seen, ...p));
    }),
    { numRuns: 500 },
  );
});

test('cutting a series into batches changes nothing, and batches in order emit each window exactly once', () => {
  fc.assert(
    fc.property(series, fc.array(fc.nat(399), { maxLength: 10 }), periods, (truth, cuts, p) => {
      const bounds = [0, ...cuts.map((c) => Math.min(c, truth.length)), truth.length].sort((a, b) => a - b);
      const batches = bounds.slice(1).map((end, i) => ({ start: bounds[i]!, count: end - bounds[i]! }));
      const { points, sink } = feed(truth, batches, p, true);
      expect(points).toEqual(feed(truth, [{ start: 0, count: truth.length }], p).points);
      const windows = [...sink.windows.subarray(0, sink.length)];
      expect(windows).toEqual([...new Set(windows)].sort((a, b) => a - b));
    }),
  );
});

test('any order of the same batches, and the same batches twice, store the same points', () => {
  fc.assert(
    fc.property(
      series,
      pieces.chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      ),
      periods,
      (truth, [batches, shuffled], p) => {
        const once = feed(truth, batches, p).points;
        expect(feed(truth, shuffled, p).points).toEqual(once);
        expect(feed(truth, [...shuffled, ...batches], p).points).toEqual(once);
      },
    ),
  );
});

test('the watermark is the highest sample seen or declared over, and closing again emits nothing more', () => {
  fc.assert(
    fc.property(series, pieces, periods, (truth, batches, p) => {
      const { rollUp, last, sink } = feed(truth, batches, p);
      expect(rollUp.watermark).toBe(last);
      const before = sink.length;
      rollUp.close(last, sink);
      expect(sink.length).toBe(before);
    }),
  );
});

test('windows part the samples: each belongs to one, and they follow one another without gap', () => {
  fc.assert(
    fc.property(
      periods,
      fc.integer({ min: 1, max: 0xffff_ffff }),
      ([samplePeriodMs, pointPeriodMs], sample) => {
        const grid = rollUpGrid(samplePeriodMs, pointPeriodMs);
        const window = windowOfSample(grid, sample);
        expect(sample).toBeGreaterThan(window === 0 ? 0 : lastSampleOf(grid, window - 1));
        expect(sample).toBeLessThanOrEqual(lastSampleOf(grid, window));
        // measured over (end − period, end], which lies wholly in [start, start of the next)
        const end = sample * samplePeriodMs;
        expect(end - samplePeriodMs).toBeGreaterThanOrEqual(windowStart(pointPeriodMs, window));
        expect(end).toBeLessThanOrEqual(windowStart(pointPeriodMs, window + 1));
      },
    ),
  );
});

test('when a clock steps back or forth, numbers come twice with other values or not at all: the largest seen stands', () => {
  const batch = fc.record({
    first: fc.integer({ min: 1, max: 300 }),
    values: fc.array(value, { minLength: 1, maxLength: 60 }),
  });
  fc.assert(
    fc.property(periods, fc.array(batch, { maxLength: 10 }), (grid, batches) => {
      const sink = new PeakSink(1);
      const rollUp = new RollUp(rollUpGrid(...grid));
      const seen = new Map<number, number>();
      for (const { first, values } of batches) {
        rollUp.add(Int32Array.from(values), 0, values.length, first, sink);
        for (const [i, v] of values.entries()) seen.set(first + i, Math.max(seen.get(first + i) ?? -1, v));
      }
      rollUp.close(10_000, sink);
      expect(stored(sink)).toEqual(oracle(seen, ...grid));
    }),
  );
});
