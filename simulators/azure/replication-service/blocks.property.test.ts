import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArmError } from '../arm/provider.ts';
import { type Range, readBlocks, readRanges, sameRanges, totalOf, union } from './blocks.ts';

const SECTOR = 512;
const SECTORS = 64;

/** Ranges in sectors, in any order, overlapping or not. */
const anyRanges = fc.array(
  fc
    .tuple(fc.nat(SECTORS - 1), fc.integer({ min: 1, max: 20 }))
    .map(([start, count]): Range => [start * SECTOR, Math.min(count, SECTORS - start) * SECTOR]),
  { maxLength: 12 },
);

function sectorsOf(ranges: readonly Range[]): number[] {
  return ranges.flatMap(([start, length]) =>
    Array.from({ length: length / SECTOR }, (_, i) => start / SECTOR + i),
  );
}

test('a union holds the sectors of its ranges, once each, in runs that do not touch', () => {
  fc.assert(
    fc.property(anyRanges, (ranges) => {
      const joined = union(ranges);
      const expected = [...new Set(sectorsOf(ranges))].sort((a, b) => a - b);
      expect(sectorsOf(joined)).toEqual(expected);
      for (const [i, [start]] of joined.entries())
        if (i > 0) expect(start).toBeGreaterThan(joined[i - 1]![0] + joined[i - 1]![1]);
      expect(totalOf(joined)).toBe(expected.length * SECTOR);
    }),
  );
});

test('ranges are the same exactly when they cover the same sectors', () => {
  fc.assert(
    fc.property(anyRanges, anyRanges, (a, b) => {
      const key = (ranges: readonly Range[]) => [...new Set(sectorsOf(ranges))].sort((x, y) => x - y).join();
      expect(sameRanges(union(a), union(b))).toBe(key(a) === key(b));
    }),
  );
});

test('ranges are taken exactly when they are sorted, apart, whole sectors inside the space', () => {
  const anyNumber = fc.oneof(
    { weight: 9, arbitrary: fc.nat(SECTORS).map((n) => n * SECTOR) },
    fc.constantFrom(-SECTOR, 1, 0.5, 2 ** 53, Number.NaN),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(anyNumber, anyNumber), { maxLength: 4 }), (ranges) => {
      let end = 0;
      const isRight = ranges.every(([start, length]) => {
        const fits =
          Number.isInteger(start / SECTOR) &&
          Number.isInteger(length / SECTOR) &&
          length > 0 &&
          start >= end &&
          start + length <= SECTORS * SECTOR;
        end = start + length;
        return fits;
      });
      const read = () => readRanges(ranges, SECTORS * SECTOR, 'dirty');
      if (isRight) expect(read()).toEqual(ranges);
      else expect(read).toThrow(ArmError);
    }),
  );
});

test('whatever is sent as a manifest is read or refused, never a bug', () => {
  const blockLike = fc.record(
    {
      offset: fc.oneof(fc.constantFrom(0, 2 ** 20), fc.jsonValue()),
      extents: fc.oneof(anyRanges, fc.jsonValue()),
      encoding: fc.oneof(fc.constantFrom('zstd', 'none', 'zero'), fc.jsonValue()),
      blob: fc.oneof(fc.constant('b'), fc.jsonValue()),
      storedBytes: fc.jsonValue(),
      sha256: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.array(blockLike, { maxLength: 3 }), fc.jsonValue()), (blocks) => {
      try {
        expect(readBlocks(blocks, 3 * 2 ** 20)).toHaveLength((blocks as unknown[]).length);
      } catch (error) {
        expect(error).toBeInstanceOf(ArmError);
        expect((error as ArmError).status).toBe(400);
      }
    }),
  );
});
