/**
 * A digest of a disk's content that is linear in allocated bytes, so that two huge, mostly empty disks can be
 * compared: a source machine's disk, and the managed disk that a migration filled.
 */
import { createHash } from 'node:crypto';
import { type Bytes, MIB } from '#core/units.ts';
import { BLOCK_BYTES, isZero } from './disk-content.ts';
import type { Extent } from './model.ts';

const READ_BYTES = MIB;

/**
 * SHA-256 in hex over the disk's size and, for every 64 KiB block that is not all zero, in ascending order,
 * its offset (both as 64-bit little-endian) and its bytes.
 *
 * Equal content gives equal digests however it is allocated: blocks of zeros count for nothing, whether they
 * lie in an extent or not. Different content, size or place gives different digests.
 *
 * @param extents sorted, disjoint; everything that may not be zero lies in them. They need not be aligned.
 * @param read bytes of the disk; called in ascending order for at most 1 MiB at a time, block-aligned.
 */
export function contentDigestOf(
  sizeBytes: Bytes,
  extents: readonly Extent[],
  read: (offset: Bytes, length: Bytes) => Buffer,
): string {
  const hash = createHash('sha256');
  const number = Buffer.alloc(8);
  const updateNumber = (value: number) => {
    number.writeBigUInt64LE(BigInt(value));
    hash.update(number);
  };
  updateNumber(sizeBytes);
  let at = 0;
  for (const extent of extents) {
    // Blocks that an unaligned extent touches are taken whole, once.
    const end = Math.min(sizeBytes, Math.ceil((extent.start + extent.length) / BLOCK_BYTES) * BLOCK_BYTES);
    at = Math.max(at, Math.floor(extent.start / BLOCK_BYTES) * BLOCK_BYTES);
    while (at < end) {
      const bytes = read(at, Math.min(READ_BYTES, end - at));
      for (let inBytes = 0; inBytes < bytes.length; inBytes += BLOCK_BYTES) {
        const block = bytes.subarray(inBytes, inBytes + BLOCK_BYTES);
        if (isZero(block)) continue;
        updateNumber(at + inBytes);
        hash.update(block);
      }
      at += bytes.length;
    }
  }
  return hash.digest('hex');
}
