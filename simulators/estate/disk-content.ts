/**
 * What a disk holds before the story writes to it: content generated from the seed, or a real image.
 *
 * Generated content is a pure function of (seed, disk, block, generation): a disk of any size costs nothing
 * until somebody reads it. It is laid out as file systems are, full at the front of each region and empty
 * behind, and compresses about 2:1, since pages of noise, of repeated records and half-empty ones alternate.
 */
import { assert } from '#core/assert.ts';
import { Entropy } from '#core/entropy/entropy.ts';
import { mix32 } from '#core/entropy/hash.ts';
import { type Bytes, KIB, MIB } from '#core/units.ts';
import type { DiskFacts, Extent } from './model.ts';

/** The unit of allocation, of change tracking and of the write log. */
export const BLOCK_BYTES = 64 * KIB;
const PAGE_BYTES = 4 * KIB;
const PAGE_WORDS = PAGE_BYTES / 4;
const PAGES_PER_BLOCK = BLOCK_BYTES / PAGE_BYTES;
/** Allocation repeats at this distance: full in front, empty behind. */
const REGION_BLOCKS = (256 * MIB) / BLOCK_BYTES;

/** The base of a disk, below its write log. Reads past what is allocated give zeros. */
export interface DiskContent {
  /** Copies bytes into `into`, which holds zeros there. Within one block: offset and length do not cross. */
  read(offset: Bytes, length: Bytes, into: Buffer, at: number): void;
  /** Sorted, disjoint, multiples of 64 KiB except at the end of the disk; outside them all is zero. */
  allocated(): Extent[];
}

/** Which blocks of a generated disk are in use. */
export interface Allocation {
  readonly blocks: number;
  readonly regions: number;
  /** In-use blocks at the front of a region. */
  usedBlocksOf(region: number): number;
  readonly regionBlocks: number;
}

/**
 * In-use blocks of a generated disk: about `usedBytes` where the facts say it, else 30 to 60 % of the disk.
 * Block 0 is always in use, since that is where a partition table stands.
 */
export function allocationOf(seed: string, disk: DiskFacts): Allocation {
  const entropy = new Entropy(seed);
  const blocks = Math.ceil(disk.sizeBytes / BLOCK_BYTES);
  const key = entropy.keyFor('estate.disk.allocation', disk.id);
  const used =
    disk.usedBytes === undefined
      ? 0.3 + entropy.ratio('estate.disk.used', disk.id) * 0.3
      : disk.usedBytes / disk.sizeBytes;
  return {
    blocks,
    regions: Math.ceil(blocks / REGION_BLOCKS),
    regionBlocks: REGION_BLOCKS,
    usedBlocksOf(region) {
      const size = Math.min(REGION_BLOCKS, blocks - region * REGION_BLOCKS);
      const fill = used * (0.5 + mix32(key, region) / 2 ** 32); // mean: `used`
      const count = Math.min(size, Math.floor(size * fill));
      return region === 0 ? Math.max(1, count) : count;
    },
  };
}

/** Bytes that a generated disk has in use: the sum over `allocated()` of its content, which is not made for it. */
export function generatedBytes(seed: string, disk: DiskFacts): Bytes {
  const { regions, regionBlocks, usedBlocksOf } = allocationOf(seed, disk);
  let bytes = 0;
  for (let region = 0; region < regions; region++) {
    const start = region * regionBlocks * BLOCK_BYTES;
    bytes += Math.min(disk.sizeBytes - start, usedBlocksOf(region) * BLOCK_BYTES);
  }
  return bytes;
}

/** The key that addresses a disk's generated content. */
export function contentKey(seed: string, disk: DiskFacts): number {
  return new Entropy(seed).keyFor('estate.disk.content', disk.id);
}

export function generatedContent(seed: string, disk: DiskFacts): DiskContent {
  const key = contentKey(seed, disk);
  const allocation = allocationOf(seed, disk);
  return {
    read(offset, length, into, at) {
      const block = Math.floor(offset / BLOCK_BYTES);
      const region = Math.floor(block / REGION_BLOCKS);
      if (block - region * REGION_BLOCKS < allocation.usedBlocksOf(region))
        readGenerated(key, block, 0, offset - block * BLOCK_BYTES, length, into, at);
    },
    allocated() {
      const extents: Extent[] = [];
      for (let region = 0; region < allocation.regions; region++) {
        const start = region * REGION_BLOCKS * BLOCK_BYTES;
        const end = Math.min(disk.sizeBytes, start + allocation.usedBlocksOf(region) * BLOCK_BYTES);
        const last = extents.at(-1);
        if (end === start) continue;
        if (last && last.start + last.length === start)
          extents[extents.length - 1] = { start: last.start, length: end - last.start };
        else extents.push({ start, length: end - start });
      }
      return extents;
    },
  };
}

/**
 * A raw image as base. Behind the image's end the disk is zero. The buffer is used, not copied: it must not
 * change afterwards.
 */
export function imageContent(image: Buffer): DiskContent {
  let extents: Extent[] | undefined;
  return {
    read(offset, length, into, at) {
      if (offset < image.length) image.copy(into, at, offset, Math.min(image.length, offset + length));
    },
    allocated() {
      extents ??= nonZeroExtents(image);
      return extents;
    },
  };
}

/** A new disk: zeros. */
export function blankContent(): DiskContent {
  return { read() {}, allocated: () => [] };
}

/** What another disk of `size` bytes holds and goes on holding; behind its end the new one is zero. */
export function copiedContent(
  size: Bytes,
  read: (offset: Bytes, length: Bytes) => Buffer,
  allocated: () => Extent[],
): DiskContent {
  return {
    read(offset, length, into, at) {
      if (offset < size) read(offset, Math.min(length, size - offset)).copy(into, at);
    },
    allocated,
  };
}

const ZERO_BLOCK = Buffer.alloc(BLOCK_BYTES);

/** True if every byte is zero. At most one block. */
export function isZero(bytes: Uint8Array): boolean {
  assert(bytes.length <= BLOCK_BYTES, 'isZero takes at most one block');
  return ZERO_BLOCK.subarray(0, bytes.length).equals(bytes);
}

function nonZeroExtents(image: Buffer): Extent[] {
  const extents: Extent[] = [];
  for (let start = 0; start < image.length; start += BLOCK_BYTES) {
    const end = Math.min(image.length, start + BLOCK_BYTES);
    if (isZero(image.subarray(start, end))) continue;
    const last = extents.at(-1);
    if (last && last.start + last.length === start)
      extents[extents.length - 1] = { start: last.start, length: end - last.start };
    else extents.push({ start, length: end - start });
  }
  return extents;
}

const page = new Int32Array(PAGE_WORDS);
const pageBytes = Buffer.from(page.buffer);

/**
 * Copies bytes of one generated block. Cost: proportional to `length`, by pages of 4 KiB. No page is all
 * zero, and two generations of a block differ.
 *
 * @param offset within the block; `offset + length` ≤ 64 KiB.
 */
export function readGenerated(
  key: number,
  block: number,
  generation: number,
  offset: number,
  length: number,
  into: Buffer,
  at: number,
): void {
  const blockKey = mix32(mix32(key, block), generation);
  const firstPage = Math.floor(offset / PAGE_BYTES);
  const lastPage = Math.min(PAGES_PER_BLOCK - 1, Math.floor((offset + length - 1) / PAGE_BYTES));
  for (let index = firstPage; index <= lastPage; index++) {
    generatePage(mix32(blockKey, index));
    const start = Math.max(offset, index * PAGE_BYTES);
    const end = Math.min(offset + length, (index + 1) * PAGE_BYTES);
    pageBytes.copy(into, at + start - offset, start - index * PAGE_BYTES, end - index * PAGE_BYTES);
  }
}

/** Fills the scratch page: three kinds, as above. The first word is never 0. */
function generatePage(key: number): void {
  const kind = key & 7;
  let x = key | 1; // xorshift32 (G. Marsaglia, 2003) must not start at 0, and never reaches it
  const words = kind < 3 ? PAGE_WORDS : kind < 6 ? 64 : 256;
  for (let i = 0; i < words; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    page[i] = x;
  }
  if (kind >= 6) page.fill(0, words);
  else if (kind >= 3)
    for (let i = words; i < PAGE_WORDS; i += words) {
      page.copyWithin(i, 0, words);
      page[i] = i; // records differ in their first word, as numbered ones do
    }
}
