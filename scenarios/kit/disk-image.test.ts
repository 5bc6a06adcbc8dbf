import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packDiff, unpackImage } from './disk-image.ts';

const images = new URL('../catalogue/images/', import.meta.url);
const file = (name: string) => readFileSync(new URL(name, images));

/** The magic number of ext2/3/4, at byte 0x38 of the superblock. */
const isExt4 = (image: Buffer) => image.readUInt16LE(1024 + 0x38) === 0xef53;

describe('disk images', () => {
  it('the disk of files-01 is an ext4 file system in each of its five states', () => {
    let state = unpackImage('files-01.ext4.zst', file('files-01.ext4.zst'));
    const states = [state];
    for (let i = 1; i <= 4; i++) {
      state = unpackImage(`files-01.${i}.diff.zst`, file(`files-01.${i}.diff.zst`), state);
      states.push(state);
    }
    expect(states.map(isExt4)).toEqual([true, true, true, true, true]);
    expect(new Set(states.map((s) => s.length))).toEqual(new Set([32 * 2 ** 20]));
    expect(states.slice(1).every((s, i) => !s.equals(states[i]!))).toBe(true);
  });

  it('a difference gives the state after, and belongs to one state only', () => {
    const before = Buffer.alloc(1 << 20);
    const after = Buffer.from(before);
    after.fill(7, 5000, 9000);
    after[after.length - 1] = 1;
    const diff = packDiff(before, after);
    expect(unpackImage('x.diff.zst', diff, before).equals(after)).toBe(true);
    expect(() => unpackImage('x.diff.zst', diff, after)).toThrow(/another state/);
    expect(() => unpackImage('x.diff.zst', diff)).toThrow(/nothing comes before/);
    expect(() => unpackImage('x.zst', Buffer.from('not zstd'))).toThrow(/not a zstd file/);
  });
});
