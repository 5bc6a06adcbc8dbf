/** What writing operations have in common: leases, and putting a new blob in an old one's place. */
import type { UnixMillis } from '#core/units.ts';
import { tierOf } from './blob-headers.ts';
import {
  type AccessTier,
  type Blob,
  type BlobBody,
  type BlobHttpProperties,
  type CopyState,
  type Metadata,
  NO_TAGS,
  releaseUncommitted,
  type Tags,
} from './blob-model.ts';
import { isLocked, requireWritable } from './lease.ts';
import { type Call, containerOf } from './operation.ts';
import { demoteDeleted, discardOverwritten } from './soft-delete.ts';
import { storageFault } from './storage-fault.ts';
import { header } from './storage-request.ts';

/**
 * May the request write this blob? A lease that has run out is gone with the write.
 * @throws StorageFault
 */
export function requireBlobLease(call: Call, blob: Blob | undefined): void {
  const id = header(call.request, 'x-ms-lease-id');
  requireWritable(blob?.lease, id, call.now, 'blob');
  if (blob?.lease && !isLocked(blob.lease, call.now)) blob.lease = undefined;
}

/** @throws StorageFault BlobOperationNotSupported for a blob that stands for a managed disk */
export function requireNoDisk(blob: Blob | undefined): void {
  if (blob?.isDisk) throw storageFault('BlobOperationNotSupported');
}

export interface NewBlob {
  readonly body: BlobBody;
  readonly http: BlobHttpProperties;
  readonly metadata: Metadata;
  readonly tags?: Tags;
  readonly accessTier?: AccessTier;
  readonly copy?: CopyState;
  readonly isSealed?: boolean;
}

/** Puts a blob in the place of what is under the request's name. Its lease stays; uncommitted blocks go. */
export function replaceBlob(call: Call, parts: NewBlob): Blob {
  const { request, now, tools } = call;
  const entry = containerOf(call).blobs.getOrAdd(request.blob!);
  const before = entry.current;
  requireNoDisk(before);
  if (before?.copy?.status === 'pending') throw storageFault('PendingCopyOperation');
  const blob: Blob = {
    tags: NO_TAGS,
    name: request.blob!,
    createdAt: before?.createdAt ?? now,
    generation: tools.nextGeneration(),
    ...parts,
    ...tools.stamp(now),
    lease: before?.lease,
    ...(parts.accessTier ? { tierChangedAt: now } : {}),
  };
  entry.current = blob;
  releaseUncommitted(entry);
  if (before) discardOverwritten(call, entry, before);
  else demoteDeleted(call, entry);
  return blob;
}

/** May the content be changed in place, or taken over in part? @throws StorageFault */
export function requireContentWritable(blob: Blob): void {
  if (blob.copy?.status === 'pending') throw storageFault('PendingCopyOperation');
  if (blob.copy?.destinationSnapshot !== undefined) throw storageFault('BlobOperationNotSupported');
}

/** Can the content be read now? @throws StorageFault BlobArchived, BlobBeingRehydrated */
export function requireOnline(blob: Blob, now: UnixMillis): void {
  const tier = tierOf(blob, now);
  if (tier.archiveStatus !== undefined) throw storageFault('BlobBeingRehydrated');
  if (tier.accessTier === 'Archive') throw storageFault('BlobArchived');
}
