import { describe, expect, test } from 'vitest';
import { KIB, MIB } from '#core/units.ts';
import { generateEstate } from '../../estate/generate.ts';
import { createDisk } from '../../estate/virtual-disk.ts';
import { BadImage, StreamReader, streamOptimized } from './stream-optimized.ts';

const facts = generateEstate({ seed: 'stream', machines: 1 });

function image(sizeBytes: number) {
  const disk = createDisk('stream', { ...facts.machines[0]!.disks[0]!, sizeBytes });
  disk.write(3 * 64 * KIB, Buffer.alloc(1024, 7));
  const pieces = [
    ...streamOptimized(
      {
        sizeBytes,
        extents: disk.allocated(),
        read: (offset, length) => disk.read(offset, length),
      },
      'abcdef0123',
    ),
  ];
  return { disk, bytes: Buffer.concat(pieces) };
}

function readBack(bytes: Buffer, step: number, sizeBytes: number) {
  const out = Buffer.alloc(sizeBytes);
  const reader = new StreamReader((offset, content) => void content.copy(out, offset));
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step));
  return { out, reader };
}

describe('a stream-optimized image', () => {
  test.each([
    [40 * MIB, 1_000_003],
    [MIB + 512, 511],
    [MIB, 100 * MIB],
  ])('of %i bytes is read back as it was, in pieces of %i', (size, step) => {
    const { disk, bytes } = image(size);
    const { out, reader } = readBack(bytes, step, size);
    expect(reader.isComplete).toBe(true);
    expect(reader.capacity).toBe(size);
    expect(out.equals(disk.read(0, size))).toBe(true);
  });

  test('is refused when it is none, or broken, and never inflates beyond a grain', () => {
    const reader = () => new StreamReader(() => {});
    expect(() => reader().push(Buffer.alloc(1024))).toThrow(BadImage);
    const { bytes } = image(MIB);
    const broken = Buffer.from(bytes);
    broken.fill(0xff, 128 * 512 + 12, 128 * 512 + 60);
    expect(() => reader().push(broken)).toThrow(/inflated/);
    const huge = Buffer.from(bytes);
    huge.writeUInt32LE(0x7fff_ffff, 128 * 512 + 8);
    expect(() => reader().push(huge)).toThrow(/takes/);
    const behind = Buffer.from(bytes);
    behind.writeBigUInt64LE(1n << 40n, 128 * 512);
    expect(() => reader().push(behind)).toThrow(/behind the end/);
  });
});
