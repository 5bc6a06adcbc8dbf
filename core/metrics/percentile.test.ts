import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nearestRank, percentile, percentileOfNumbers } from './percentile.ts';

const points = (...values: number[]) => Float32Array.from(values);

describe('nearest rank', () => {
  // The table of the specification, one row per expected number of points.
  test.each([
    [144, 72, 130, 137, 143],
    [1008, 504, 908, 958, 998],
    [4320, 2160, 3888, 4104, 4277],
    [4464, 2232, 4018, 4241, 4420],
  ])('of %i points P50, P90, P95 and P99 are ranks %i, %i, %i and %i', (n, p50, p90, p95, p99) => {
    expect([50, 90, 95, 99].map((p) => nearestRank(p, n))).toEqual([p50, p90, p95, p99]);
  });

  test('with up to 99 points the 99th percentile is the maximum, with a full day the second largest', () => {
    for (let n = 1; n <= 99; n++) expect(nearestRank(99, n)).toBe(n);
    expect(nearestRank(99, 144)).toBe(143);
  });

  test('one point is every percentile, and of an even number P50 is the lower middle', () => {
    for (const p of [50, 90, 95, 99]) expect(nearestRank(p, 1)).toBe(1);
    expect(nearestRank(50, 10)).toBe(5);
  });

  test('a percentile of 0, of 100.5 or of no points is refused', () => {
    expect(() => nearestRank(0, 5)).toThrow();
    expect(() => nearestRank(95.5, 5)).toThrow();
    expect(() => nearestRank(101, 5)).toThrow();
    expect(() => nearestRank(95, 0)).toThrow();
  });
});

describe('percentile', () => {
  test('of 3 9 1 7 5 8 2 10 4 6, P90 is 9, P95 is 10 and P50 is 5', () => {
    const ten = points(3, 9, 1, 7, 5, 8, 2, 10, 4, 6);
    expect(percentile(ten, 90)).toEqual({ value: 9, rank: 9, n: 10 });
    expect(percentile(ten, 95)).toEqual({ value: 10, rank: 10, n: 10 });
    expect(percentile(ten, 50)).toEqual({ value: 5, rank: 5, n: 10 });
    expect(percentile(ten, 90)!.value * 1.3).toBeCloseTo(11.7, 12);
    expect(percentile(ten, 95)!.value * 1.3).toBeCloseTo(13, 12);
    expect(percentile(ten, 50)!.value * 1.3).toBeCloseTo(6.5, 12);
  });

  test('absent points are absent, never zero', () => {
    const gaps = points(Number.NaN, 4, Number.NaN, 8, Number.NaN);
    expect(percentile(gaps, 50)).toEqual({ value: 4, rank: 1, n: 2 });
  });

  test('without points there is no value', () => {
    expect(percentile(points(), 95)).toBeUndefined();
    expect(percentile(points(Number.NaN, Number.NaN), 95)).toBeUndefined();
  });

  test('it does not reorder the points it was given', () => {
    const values = points(3, 1, 2);
    percentile(values, 95);
    expect([...values]).toEqual([3, 1, 2]);
  });

  test('a negative point is a broken invariant', () => {
    expect(() => percentile(points(1, -1, 2), 95)).toThrow(/at least 0/);
  });
});

/** Sorted list, counted off by the definition: the first point that at least P per cent of all do not pass. */
function naive(values: readonly number[], p: number): number | undefined {
  const sorted = values.filter((v) => !Number.isNaN(v)).sort((a, b) => a - b);
  let rank = 1;
  while (rank * 100 < p * sorted.length) rank++;
  return sorted[rank - 1];
}

const value = fc.oneof(
  { weight: 4, arbitrary: fc.nat(10_000) },
  { weight: 2, arbitrary: fc.nat(3) },
  { weight: 1, arbitrary: fc.nat(2 ** 24).map((n) => n * 1024) },
  { weight: 1, arbitrary: fc.float({ min: 0, noNaN: true, noDefaultInfinity: true }).map((v) => v + 0) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);
const values = fc.oneof(
  fc.array(value, { maxLength: 60 }),
  fc.array(value, { minLength: 100, maxLength: 1500, size: 'max' }),
  fc.tuple(fc.nat(2_000), fc.array(fc.nat(1_023), { minLength: 100, maxLength: 600, size: 'max' })).map(
    ([base, low]) => low.map((v) => base * 8192 + v), // agree in their high bits: the third pass decides
  ),
);
const p = fc.constantFrom(1, 50, 90, 95, 99, 100);

test('it equals the naive definition on any points', () => {
  fc.assert(
    fc.property(values, p, (list, percent) => {
      expect(percentile(Float32Array.from(list), percent)?.value).toBe(naive(list.map(Math.fround), percent));
    }),
    { numRuns: 600 },
  );
});

test('it is one of the points, grows with P, and does not depend on their order', () => {
  fc.assert(
    fc.property(
      values.chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      ),
      ([list, shuffled]) => {
        const array = Float32Array.from(list);
        let previous = 0;
        for (const percent of [1, 50, 90, 95, 99, 100]) {
          const found = percentile(array, percent);
          if (!found) return;
          expect(array).toContain(found.value);
          expect(found.value).toBeGreaterThanOrEqual(previous);
          expect(percentile(Float32Array.from(shuffled), percent)).toEqual(found);
          previous = found.value;
        }
        expect(percentile(array, 100)!.value).toBe(array.reduce((m, v) => (v > m ? v : m), 0));
      },
    ),
  );
});

test('taking every point twice leaves the value as it is', () => {
  fc.assert(
    fc.property(values, p, (list, percent) => {
      const twice = Float32Array.from([...list, ...list]);
      expect(percentile(twice, percent)?.value).toBe(percentile(Float32Array.from(list), percent)?.value);
    }),
  );
});

test('of whole numbers of 8 and 16 bits it is what it is of the same points as floats', () => {
  const p = fc.integer({ min: 1, max: 100 });
  fc.assert(
    fc.property(
      fc.uint16Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }),
      p,
      (sixteen, eight, percent) => {
        for (const numbers of [sixteen, eight, sixteen.map((n) => n % 3)])
          expect(percentileOfNumbers(numbers, percent)).toEqual(
            percentile(Float32Array.from(numbers), percent),
          );
      },
    ),
  );
});
