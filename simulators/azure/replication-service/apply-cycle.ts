/**
 * Applying a committed cycle to the replica: fetch, decode, compare digests, write; then compare what was
 * written with what the source says has changed, sector by sector. Everything goes to a draft of the replica
 * that takes its place only when all of it was right.
 */
import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import type { Bytes } from '#core/units.ts';
import { BLOCK_BYTES, type Block, type Range, sameRanges, union } from './blocks.ts';
import type { Cycle, MigrationItem, ProtectedDisk } from './replicated-item.ts';
import type { DiskSpace, ReplicationStorage } from './storage-port.ts';

/** Why a cycle cannot be applied; the next one repeats its ranges. */
export class CycleFault extends Error {
  override readonly name = 'CycleFault';
  readonly code: 'BlobMissing' | 'ChecksumMismatch' | 'BitmapMismatch';

  constructor(code: CycleFault['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Replaces the replicas of `item` by ones with the cycle in them.
 * @returns bytes of the disks that were written or made zero. @throws CycleFault, and changes nothing
 */
export function applyCycle(item: MigrationItem, cycle: Cycle, storage: ReplicationStorage): Bytes {
  const isWhole = cycle.kind === 'initial' || cycle.kind === 'resync';
  const drafts = new Map<ProtectedDisk, DiskSpace>();
  let bytes = 0;
  try {
    for (const disk of item.disks) {
      const draft = isWhole ? storage.createSeedDisk(disk.capacityBytes) : disk.seed.copy();
      drafts.set(disk, draft);
      bytes += applyDisk(disk, cycle, draft, storage);
    }
  } catch (error) {
    for (const draft of drafts.values()) draft.release();
    throw error;
  }
  // what was the newest state becomes a recovery point; before the first cycle there was none
  const before = item.cycles.findLast(({ state }) => state === 'Applied');
  if (before) before.replicas = new Map(item.disks.map((disk) => [disk.diskId, disk.seed]));
  for (const [disk, draft] of drafts) {
    if (!before) disk.seed.release();
    disk.seed = draft;
  }
  return bytes;
}

function applyDisk(disk: ProtectedDisk, cycle: Cycle, draft: DiskSpace, storage: ReplicationStorage): Bytes {
  const written: Range[] = [];
  let bytes = 0;
  for (const block of blocksOf(cycle, disk.diskId)) {
    const payload = payloadOf(block, disk, storage);
    let at = 0;
    for (const [start, length] of block.extents) {
      const offset = block.offset + start;
      if (payload) draft.write(offset, payload.subarray(at, at + length));
      else draft.clear(offset, length);
      at += length;
      written.push([offset, length]);
    }
    bytes += block.payloadBytes;
  }
  if (!sameRanges(union(written), union(cycle.dirty.get(disk.diskId) ?? [])))
    throw new CycleFault(
      'BitmapMismatch',
      `The sectors applied to ${disk.label} are not those that changed at the source.`,
    );
  return bytes;
}

/** In the order of the manifests' numbers: where two blocks cover a sector, the later one counts. */
export function* blocksOf(cycle: Cycle, diskId: string): Generator<Block> {
  const manifests = cycle.manifests.get(diskId);
  if (!manifests) return;
  for (const number of [...manifests.keys()].sort((a, b) => a - b)) yield* manifests.get(number)!;
}

/** The bytes of a block; undefined for zeros. */
function payloadOf(block: Block, disk: ProtectedDisk, storage: ReplicationStorage): Buffer | undefined {
  const { content } = block;
  if (content.encoding === 'zero') return undefined;
  const where = `the block at ${block.offset} of ${disk.label}`;
  const blob = storage.readLogBlob(disk.container, content.blob);
  if (blob?.content.length !== content.storedBytes)
    throw new CycleFault('BlobMissing', `The blob of ${where} is not there whole.`);
  const payload = content.encoding === 'zstd' ? inflate(blob.content) : blob.content;
  if (
    payload?.length !== block.payloadBytes ||
    blob.sha256 !== content.sha256 ||
    createHash('sha256').update(payload).digest('hex') !== content.sha256
  )
    throw new CycleFault('ChecksumMismatch', `The content of ${where} is not what was read at the source.`);
  return payload;
}

function inflate(stored: Buffer): Buffer | undefined {
  try {
    return zstdDecompressSync(stored, { maxOutputLength: BLOCK_BYTES });
  } catch {
    return undefined;
  }
}
