/**
 * The disk against the most naive model there is: a whole array of bytes, copied at every mark, and a set of
 * 64 KiB blocks for every interval between marks.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DiskFacts, Extent } from './model.ts';
import { attachImage, createDisk, type VirtualDisk } from './virtual-disk.ts';

const BLOCK = 65_536;

/** A disk of nine blocks and a bit, so that its end is not aligned. */
const SIZE = 9 * BLOCK + 3 * 512;

function factsOf(sizeBytes: number): DiskFacts {
  return {
    id: 'vm-1/0',
    index: 0,
    label: 'Hard disk 1',
    sizeBytes,
    thin: true,
    controller: 'pvscsi',
    bus: 0,
    unit: 0,
    mode: 'persistent',
    raw: false,
    shared: false,
    datastoreId: 'datastore-1',
    path: '[ds] m/m.vmdk',
    uuid: '00000000-0000-4000-8000-000000000000',
  };
}

class Model {
  bytes: Buffer;
  readonly frozen = new Map<number, Buffer>();
  /** Blocks written in each interval; the last one is the current interval. */
  readonly written: Set<number>[] = [new Set()];

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.frozen.set(0, Buffer.from(bytes));
  }

  write(offset: number, data: Uint8Array): void {
    this.bytes.set(data, offset);
    for (let at = offset; at < offset + data.length; at += 512)
      this.written.at(-1)!.add(Math.floor(at / BLOCK));
  }

  mark(): number {
    const epoch = this.written.length;
    this.frozen.set(epoch, Buffer.from(this.bytes));
    this.written.push(new Set());
    return epoch;
  }
}

const blocksOf = (extents: readonly Extent[]) =>
  extents.flatMap(({ start, length }) =>
    Array.from({ length: Math.ceil(length / BLOCK) }, (_, i) => start / BLOCK + i),
  );

function expectWellFormed(extents: readonly Extent[], size: number): void {
  let end = -1;
  for (const { start, length } of extents) {
    expect(start).toBeGreaterThan(end); // sorted, disjoint and merged: never adjacent
    expect(start % BLOCK).toBe(0);
    expect(length).toBeGreaterThan(0);
    end = start + length;
    if (end !== size) expect(length % BLOCK).toBe(0);
  }
  expect(end).toBeLessThanOrEqual(size);
}

function expectSame(disk: VirtualDisk, model: Model): void {
  const size = disk.facts.sizeBytes;
  for (const [epoch, bytes] of [[undefined, model.bytes] as const, ...model.frozen]) {
    expect(disk.read(0, size, epoch).equals(bytes), `content at epoch ${epoch ?? 'now'}`).toBe(true);
    const allocated = disk.allocated(epoch);
    expectWellFormed(allocated, size);
    const inside = new Set(blocksOf(allocated));
    for (let block = 0; block * BLOCK < size; block++)
      if (!inside.has(block)) {
        const content = bytes.subarray(block * BLOCK, (block + 1) * BLOCK);
        expect(content.equals(Buffer.alloc(content.length)), `block ${block} at ${epoch ?? 'now'}`).toBe(
          true,
        );
      }
    expect(disk.sha256(epoch)).toBe(createHash('sha256').update(bytes).digest('hex'));
  }
  const last = model.written.length - 1;
  for (let from = 0; from <= last; from++)
    for (let to = from; to <= last + 1; to++) {
      const expected = new Set(model.written.slice(from, to).flatMap((blocks) => [...blocks]));
      const changed = disk.changedSince(from, to > last ? 'now' : to);
      expectWellFormed(changed, size);
      expect(blocksOf(changed)).toEqual([...expected].sort((a, b) => a - b));
    }
}

type Action =
  | { kind: 'write'; sector: number; sectors: number; fill: number }
  | { kind: 'generated'; block: number; generation: number }
  | { kind: 'mark' }
  | { kind: 'release'; which: number };

const SECTORS = SIZE / 512;
const actions = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        sector: fc.nat({ max: SECTORS - 1 }),
        sectors: fc.oneof(
          fc.integer({ min: 1, max: 16 }),
          fc.constant(128),
          fc.integer({ min: 1, max: 400 }),
        ),
        fill: fc.nat({ max: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('generated' as const),
        block: fc.nat({ max: 9 }),
        generation: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('mark' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat({ max: 5 }) }) },
  ),
  { maxLength: 30 },
);

function play(disk: VirtualDisk, list: readonly Action[]): void {
  const model = new Model(disk.read(0, SIZE));
  list.forEach((action, step) => {
    switch (action.kind) {
      case 'write': {
        const sectors = Math.min(action.sectors, SECTORS - action.sector);
        // fill 0: zeros, which the disk keeps without bytes; else something that differs from step to step
        const data = Buffer.alloc(sectors * 512, action.fill === 0 ? 0 : step * 4 + action.fill);
        disk.write(action.sector * 512, data);
        model.write(action.sector * 512, data);
        data.fill(255); // the disk must have its own copy
        break;
      }
      case 'generated': {
        disk.writeGenerated(action.block, action.generation);
        const start = action.block * BLOCK;
        const bytes = disk.read(start, Math.min(BLOCK, SIZE - start));
        model.write(start, bytes);
        break;
      }
      case 'mark':
        expect(disk.mark()).toBe(model.mark());
        break;
      case 'release': {
        const epochs = [...model.frozen.keys()].filter((epoch) => epoch > 0);
        const epoch = epochs[action.which % Math.max(1, epochs.length)];
        if (epoch === undefined) break;
        disk.release(epoch);
        model.frozen.delete(epoch);
        expect(disk.isReadable(epoch)).toBe(false);
        expect(() => disk.read(0, 512, epoch)).toThrow(/released/);
      }
    }
  });
  expectSame(disk, model);
}

test('a generated disk reads, freezes, tracks and releases like an array of bytes', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 4 }), actions, (seed, list) =>
      play(createDisk(seed, factsOf(SIZE)), list),
    ),
    { numRuns: 100 },
  );
});

test('a disk with a real image below does, too, and is zero behind the image', () => {
  const image = Buffer.alloc(5 * BLOCK + 512, 'ext4');
  image.fill(0, BLOCK, 2 * BLOCK);
  fc.assert(
    fc.property(actions, (list) => {
      const disk = createDisk('x', factsOf(SIZE));
      attachImage(disk, image);
      expect(disk.read(0, image.length).equals(image)).toBe(true);
      expect(disk.read(image.length, SIZE - image.length).every((byte) => byte === 0)).toBe(true);
      play(disk, list);
    }),
    { numRuns: 60 },
  );
});

test('any part of a disk reads the same as that part of the whole', () => {
  const disk = createDisk('parts', factsOf(SIZE));
  disk.writeGenerated(2, 9);
  disk.write(3 * BLOCK + 1024, Buffer.alloc(4096, 7));
  const whole = disk.read(0, SIZE);
  fc.assert(
    fc.property(fc.nat({ max: SIZE }), fc.nat({ max: SIZE }), (a, b) => {
      const [from, to] = a < b ? [a, b] : [b, a];
      expect(disk.read(from, to - from).equals(whole.subarray(from, to))).toBe(true);
    }),
  );
});

test('the content digest is equal exactly when content is, however it is allocated', () => {
  fc.assert(
    fc.property(actions, fc.nat({ max: SECTORS - 1 }), (list, sector) => {
      const source = createDisk('d', factsOf(SIZE));
      play(source, list);
      const target = createDisk('other', factsOf(SIZE));
      target.write(0, source.read(0, SIZE));
      expect(target.contentDigest()).toBe(source.contentDigest());
      const byte = target.read(sector * 512, 512);
      byte[77] = byte[77]! ^ 1;
      target.write(sector * 512, byte);
      expect(target.contentDigest()).not.toBe(source.contentDigest());
    }),
    { numRuns: 40 },
  );
});
