import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockDiff } from './block-diff.ts';

const KIB = 1024;

test('writing the runs over the old image gives the new one, and touches nothing else', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1300 }), // sectors: up to 650 KiB, the end rarely aligned
      fc.array(
        fc.record({ at: fc.nat(), length: fc.integer({ min: 1, max: 9000 }), value: fc.nat({ max: 2 }) }),
        {
          maxLength: 8,
        },
      ),
      (sectors, changes) => {
        const before = Buffer.alloc(sectors * 512, 1);
        const after = Buffer.from(before);
        for (const { at, length, value } of changes)
          after.fill(value, at % after.length, Math.min(after.length, (at % after.length) + length));
        const runs = blockDiff(before, after);

        const replayed = Buffer.from(before);
        let end = -1;
        for (const { offset, data } of runs) {
          expect(offset).toBeGreaterThan(end);
          expect(offset % (4 * KIB)).toBe(0);
          if (offset + data.length !== after.length) expect(data.length % (4 * KIB)).toBe(0);
          for (let page = 0; page < data.length; page += 4 * KIB) {
            const [from, to] = [offset + page, Math.min(offset + page + 4 * KIB, after.length)];
            expect(before.subarray(from, to).equals(after.subarray(from, to))).toBe(false);
          }
          data.copy(replayed, offset);
          end = offset + data.length;
        }
        expect(replayed.equals(after)).toBe(true);
      },
    ),
  );
});

test('equal images differ nowhere; images of different size cannot be compared', () => {
  expect(blockDiff(Buffer.alloc(100_000, 5), Buffer.alloc(100_000, 5))).toEqual([]);
  expect(() => blockDiff(Buffer.alloc(512), Buffer.alloc(1024))).toThrow(/differ in size/);
});
