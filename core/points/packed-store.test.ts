import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Points } from '../metrics/points.ts';
import { pointStoreSuite } from '../testing/point-store-suite.ts';
import { packSeries, unpackSeries } from './packed-series.ts';
import { openPackedStore } from './packed-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'drylift-points-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const freshPath = () => join(folder, `${++files}.db`);

pointStoreSuite(async (path) => openPackedStore(path, 600_000), freshPath);

describe('the file', () => {
  test('something else than a store is refused, and so is a store of another period', async () => {
    const text = freshPath();
    writeFileSync(text, 'machine,time,value\n'.repeat(100));
    expect(() => openPackedStore(text)).toThrow(expect.objectContaining({ code: 'pointStore.notAStore' }));
    expect(() => openPackedStore(freshPath())).toThrow(
      expect.objectContaining({ code: 'pointStore.notAStore' }),
    );
    const path = freshPath();
    await openPackedStore(path, 600_000).close();
    expect(() => openPackedStore(path, 300_000)).toThrow(
      expect.objectContaining({ code: 'pointStore.otherPeriod' }),
    );
  });
});

describe('a packed block', () => {
  const month = new Points(600_000);
  for (let i = 0; i < 4_320; i++) month.raise(2_900_000 + i, 1024 * ((i * 37) % 60_000));
  const block = packSeries(600_000, [{ counter: 'readBps', instance: 'd', points: month }]);

  test('a month of one counter is 8,640 bytes of values: bytes per second are multiples of 1,024', () => {
    expect(block.length).toBeLessThan(8_640 + 48);
    expect(unpackSeries(block, 600_000)[0]!.points.encode().equals(month.encode())).toBe(true);
  });

  test('every cut is refused, and no changed byte does more than give other points or a refusal', () => {
    for (let length = 0; length < block.length; length += 7)
      expect(() => unpackSeries(block.subarray(0, length), 600_000)).toThrow(/A block of points/);
    for (let at = 0; at < 40; at++)
      for (const change of [1, 0x80, 0xff]) {
        const bytes = Buffer.from(block);
        bytes[at]! ^= change;
        try {
          unpackSeries(bytes, 600_000);
        } catch (error) {
          expect(error).toMatchObject({ code: 'pointStore.notAStore' });
        }
      }
  });
});
