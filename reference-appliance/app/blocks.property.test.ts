import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KIB, MIB } from '#core/units.ts';
import { encode, nextOf, payloadOf, readsOf, WINDOW_BYTES, windowsOf } from './blocks.ts';
import type { ByteRange } from './ports.ts';

const SECTOR = 512;
/** Sorted, disjoint ranges of whole sectors on a small disk; some touch. */
const ranges = fc
  .array(fc.tuple(fc.nat(600), fc.integer({ min: 1, max: 5000 })), { maxLength: 30 })
  .map((parts) => {
    const out: ByteRange[] = [];
    let at = 0;
    for (const [gap, length] of parts) {
      at += gap * SECTOR;
      out.push({ start: at, length: length * SECTOR });
      at += length * SECTOR;
    }
    return out;
  });

/** Sector numbers that ranges cover. */
const sectors = (list: Iterable<ByteRange>): number[] => {
  const out: number[] = [];
  for (const { start, length } of list)
    for (let s = start / SECTOR; s < (start + length) / SECTOR; s++) out.push(s);
  return out;
};

test('windows cover exactly what changed, each aligned, in order, extents apart from each other', () => {
  fc.assert(
    fc.property(ranges, (changed) => {
      const windows = [...windowsOf(changed)];
      const covered = windows.flatMap(({ offset, extents }) =>
        sectors(extents.map(([start, length]) => ({ start: offset + start, length }))),
      );
      expect(covered).toEqual(sectors(changed));
      let previous = -1;
      for (const { offset, extents } of windows) {
        expect(offset % WINDOW_BYTES).toBe(0);
        expect(offset).toBeGreaterThan(previous);
        previous = offset;
        let end = -1;
        for (const [start, length] of extents) {
          expect(start).toBeGreaterThan(end);
          end = start + length;
        }
        expect(end).toBeLessThanOrEqual(WINDOW_BYTES);
      }
    }),
    { numRuns: 30 },
  );
});

test('a payload is the bytes of its extents, however they were read', () => {
  const disk = Buffer.alloc(40 * MIB);
  for (let i = 0; i < disk.length; i += 4) disk.writeUInt32LE(i >>> 0, i);
  fc.assert(
    fc.property(ranges, (changed) => {
      for (const window of windowsOf(changed)) {
        if (window.offset >= 39 * MIB) break;
        const reads = readsOf(window);
        const contents = reads.map(({ start, length }) => disk.subarray(start, start + length));
        const expected = Buffer.concat(
          window.extents.map(([start, length]) =>
            disk.subarray(window.offset + start, window.offset + start + length),
          ),
        );
        expect(payloadOf(window, reads, contents).equals(expected)).toBe(true);
        for (const { start, length } of reads) {
          expect(start).toBeGreaterThanOrEqual(window.offset);
          expect(start + length).toBeLessThanOrEqual(window.offset + WINDOW_BYTES);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('windows taken in batches are all of them, whatever the size of a batch', () => {
  fc.assert(
    fc.property(ranges, fc.integer({ min: 1, max: 7 }), (changed, size) => {
      const windows = windowsOf(changed);
      const taken = [];
      for (let batch = nextOf(windows, size); batch.length > 0; batch = nextOf(windows, size))
        taken.push(...batch);
      expect(taken).toEqual([...windowsOf(changed)]);
    }),
  );
});

test('extents that lie near each other are read at once, far ones apart', () => {
  const window = {
    offset: 0,
    extents: [
      [0, 512],
      [64 * KIB, 512],
      [900 * KIB, 512],
    ],
  } as const;
  expect(readsOf(window)).toEqual([
    { start: 0, length: 64 * KIB + 512 },
    { start: 900 * KIB, length: 512 },
  ]);
});

test('what is encoded comes back, with the digest of what went in', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 4096 }),
      fc.integer({ min: 1, max: 200 }),
      (bytes, times) => {
        const payload = Buffer.concat(Array.from({ length: times }, () => bytes)).subarray(0, MIB);
        const encoded = encode(payload);
        if (encoded.encoding === 'zero') return void expect(payload.every((byte) => byte === 0)).toBe(true);
        const back = encoded.encoding === 'zstd' ? zstdDecompressSync(encoded.content) : encoded.content;
        expect(back.equals(payload)).toBe(true);
        expect(encoded.sha256).toBe(createHash('sha256').update(payload).digest('hex'));
        expect(encoded.content.length).toBeLessThanOrEqual(payload.length);
      },
    ),
  );
});
