import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GIB, KIB, MIB, TIB } from '#core/units.ts';
import { ChunkPool } from './chunk-pool.ts';
import { ContentWriter } from './content.ts';
import { ExtentStore } from './extent-store.ts';
import { CHUNK_BYTES } from './page-table.ts';

test('8 TiB that nobody wrote to hold nothing, and a page at either end of them holds one chunk', () => {
  using store = new ExtentStore();
  const space = store.create(8 * TIB);
  expect(store.usage()).toEqual({ liveBytes: 0, heldBytes: 0 });
  space.write(0, Buffer.alloc(512, 1));
  space.write(8 * TIB - 512, Buffer.alloc(512, 2));
  expect(store.usage().liveBytes).toBe(2 * CHUNK_BYTES);
  expect([...space.ranges()]).toEqual([
    { start: 0, length: 512 },
    { start: 8 * TIB - 512, length: 512 },
  ]);
  space.clear(0, 8 * TIB);
  expect(store.usage().liveBytes).toBe(0);
});

test('writing over the same pages a hundred times holds what writing them once does', () => {
  using store = new ExtentStore();
  const space = store.create(GIB);
  const data = Buffer.alloc(4 * MIB, 1);
  space.write(0, data);
  const once = store.usage();
  for (let i = 0; i < 100; i++) space.write(0, data);
  expect(store.usage()).toEqual(once);
});

test('a snapshot of a full space holds nothing more; the next write of a page holds one chunk more', () => {
  using store = new ExtentStore();
  const space = store.create(64 * MIB);
  space.write(0, Buffer.alloc(64 * MIB, 1));
  const before = store.usage().liveBytes;
  const snapshots = Array.from({ length: 100 }, () => space.snapshot());
  expect(store.usage().liveBytes).toBe(before);
  space.write(512, Buffer.alloc(512, 2));
  expect(store.usage().liveBytes).toBe(before + CHUNK_BYTES);
  for (const snapshot of snapshots) snapshot.release();
  expect(store.usage().liveBytes).toBe(before);
});

test('space that was given up is given back, to memory and to the disk, and what is left is unharmed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'drylift-chunks-'));
  try {
    for (const file of [undefined, join(directory, 'chunks.bin')]) {
      const pool = new ChunkPool({ chunkBytes: 64 * KIB, ...(file ? { file } : {}) });
      const ids = Array.from({ length: 4 * 1024 }, () => pool.allocate());
      const content = (id: number) => Buffer.alloc(16, id % 251);
      for (const id of ids) pool.write(id, 1000, content(id));
      const full = pool.heldBytes;
      expect(full).toBe(256 * MIB);
      const kept = ids.filter((_id, i) => i % 64 === 5);
      for (const id of ids) if (!kept.includes(id)) pool.dropReference(id);
      pool.reclaim();
      expect(pool.liveBytes).toBe(kept.length * 64 * KIB);
      expect(pool.heldBytes).toBeLessThanOrEqual(file ? 128 * MIB : 16 * MIB);
      if (file) expect(statSync(file).size).toBe(pool.heldBytes);
      const out = Buffer.alloc(16);
      for (const id of kept) {
        pool.read(id, 1000, out);
        expect(out.equals(content(id))).toBe(true);
      }
      pool.close();
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a content comes back as it was put, in any pieces, and its last owner’s release gives all of it back', () => {
  using store = new ExtentStore();
  const lengths = fc.oneof(
    fc.nat(5000),
    fc.nat(200_000),
    fc.constantFrom(0, 1024, 4096, 65_535, 65_536, 65_537, 131_072),
  );
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 70_000 }), fc.nat(), (length, piece, at) => {
      const data = Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255));
      const writer = new ContentWriter(store);
      for (let from = 0; from < length; from += piece) writer.append(data.subarray(from, from + piece));
      const content = writer.finish();
      expect(content.length).toBe(length);
      const start = length === 0 ? 0 : at % length;
      const out = Buffer.alloc(length - start);
      content.readInto(start, out);
      expect(out.equals(data.subarray(start))).toBe(true);
      content.share();
      content.release();
      content.readInto(0, Buffer.alloc(length));
      content.release();
      expect(store.usage().liveBytes).toBe(0);
    }),
  );
});

test('a content that is abandoned holds nothing', () => {
  using store = new ExtentStore();
  const writer = new ContentWriter(store);
  writer.append(Buffer.alloc(300_000));
  writer.abandon();
  expect(store.usage().liveBytes).toBe(0);
});
