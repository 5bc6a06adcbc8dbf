import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DryliftError } from '#core/errors.ts';
import { GIB, MIB, TIB } from '#core/units.ts';
import { generateEstate } from './generate.ts';
import type { DiskFacts } from './model.ts';
import { attachImage, createDisk } from './virtual-disk.ts';

const base = generateEstate({ seed: 'disks', machines: 1 }).machines[0]!.disks[0]!;
const diskOf = (sizeBytes: number, more: Partial<DiskFacts> = {}) =>
  createDisk('disks', { ...base, sizeBytes, ...more });

const total = (extents: readonly { length: number }[]) =>
  extents.reduce((sum, { length }) => sum + length, 0);

describe('a generated disk', () => {
  test('has about as much content as the facts say is in use, and zeros elsewhere', () => {
    const disk = diskOf(100 * GIB, { usedBytes: 30 * GIB });
    expect(total(disk.allocated()) / GIB).toBeGreaterThan(26);
    expect(total(disk.allocated()) / GIB).toBeLessThan(34);
    const [first, second] = disk.allocated();
    const gap = disk.read(first!.start + first!.length, MIB);
    expect(second!.start).toBeGreaterThan(first!.start + first!.length);
    expect(gap.every((byte) => byte === 0)).toBe(true);
  });

  test('of 62 TiB costs nothing until it is read', () => {
    const disk = diskOf(62 * TIB);
    disk.write(61 * TIB, Buffer.alloc(512, 1));
    const epoch = disk.mark();
    disk.write(61 * TIB + 512, Buffer.alloc(512, 2));
    expect(disk.read(61 * TIB, 1024, epoch)[0]).toBe(1);
    expect(disk.changedSince(epoch, 'now')).toEqual([{ start: 61 * TIB, length: 65_536 }]);
    expect(total(disk.allocated())).toBeLessThan(62 * TIB);
  });

  test('gives other seeds and other disks other bytes, and itself always the same', () => {
    const first = (seed: string, id: string) =>
      createDisk(seed, { ...base, id })
        .read(0, 4096)
        .toString('hex');
    expect(new Set([first('a', 'x'), first('a', 'y'), first('b', 'x')]).size).toBe(3);
    expect(first('a', 'x')).toBe(first('a', 'x'));
  });

  test('compresses somewhat, like real data', () => {
    const bytes = diskOf(10 * GIB).read(0, 16 * MIB);
    const ratio = bytes.length / zstdCompressSync(bytes).length;
    expect(ratio).toBeGreaterThan(1.5);
    expect(ratio).toBeLessThan(4);
  });
});

describe('limits of a disk', () => {
  const disk = diskOf(MIB);
  test.each([
    ['reading past the end', () => disk.read(MIB - 512, 1024)],
    ['reading before the start', () => disk.read(-512, 512)],
    ['reading half a byte', () => disk.read(0, 0.5)],
    ['writing past the end', () => disk.write(MIB, Buffer.alloc(512))],
    ['writing part of a sector', () => disk.write(0, Buffer.alloc(100))],
    ['writing between sectors', () => disk.write(100, Buffer.alloc(512))],
    ['rewriting a block that is not there', () => disk.writeGenerated(16, 1)],
    ['asking for changes of the future', () => disk.changedSince(5, 'now')],
    ['releasing what was never marked', () => disk.release(9)],
  ])('%s is a bug of the caller', (_, act) => {
    expect(act).toThrow();
  });

  test('an image must fit and be whole sectors', () => {
    for (const size of [2 * MIB, 700]) {
      const attach = () => attachImage(diskOf(MIB), Buffer.alloc(size));
      expect(attach).toThrow(DryliftError);
    }
  });

  test('an image can no longer be attached once something was written', () => {
    const used = diskOf(MIB);
    used.write(0, Buffer.alloc(512));
    expect(() => attachImage(used, Buffer.alloc(MIB))).toThrow(/written or marked/);
  });
});

describe('memory', () => {
  const BLOCK = 65_536;
  const write = (disk: ReturnType<typeof diskOf>, block: number, fill: number) =>
    disk.write(block * BLOCK, Buffer.alloc(BLOCK, fill));

  test('a block rewritten between marks is held once; each frozen epoch that saw another content adds one', () => {
    const disk = diskOf(MIB);
    for (let i = 1; i <= 5; i++) write(disk, 0, i);
    expect(disk.heldBytes()).toBe(BLOCK);
    const first = disk.mark();
    write(disk, 0, 6);
    write(disk, 0, 7);
    const second = disk.mark();
    write(disk, 0, 8);
    expect(disk.heldBytes()).toBe(3 * BLOCK);
    disk.release(first);
    expect(disk.heldBytes()).toBe(2 * BLOCK);
    disk.release(second);
    expect(disk.heldBytes()).toBe(BLOCK);
  });

  test('a month of hourly snapshots, each released after the next, holds no more than the blocks written', () => {
    const disk = diskOf(MIB);
    let last = disk.mark();
    for (let hour = 0; hour < 720; hour++) {
      for (let block = 0; block < 4; block++) write(disk, (hour + block) % 8, 1 + (hour % 255));
      const next = disk.mark();
      disk.release(last);
      last = next;
    }
    expect(disk.heldBytes()).toBeLessThanOrEqual(12 * BLOCK);
  });

  test('zeros and generated content take no memory', () => {
    const disk = diskOf(MIB);
    disk.write(0, Buffer.alloc(8 * BLOCK));
    disk.writeGenerated(9, 3);
    expect(disk.heldBytes()).toBe(0);
    expect(disk.allocated().some(({ start }) => start < 8 * BLOCK)).toBe(false);
  });
});

test('releasing an epoch twice is harmless, and its changes stay known', () => {
  const disk = diskOf(MIB);
  const first = disk.mark();
  disk.write(0, Buffer.alloc(512, 3));
  disk.release(first);
  disk.release(first);
  disk.mark();
  expect(disk.changedSince(first, 'now')).toEqual([{ start: 0, length: 65_536 }]);
});
