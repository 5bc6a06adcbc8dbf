/** What writing operations have in common: leases, and putting a new blob in an old one's place. */
import {
  type Blob,
  type BlobBody,
  type BlobHttpProperties,
  type CopyState,
  type Metadata,
  releaseBody,
  releaseUncommitted,
} from './blob-model.ts';
import { header } from './blob-request.ts';
import { isLocked, requireWritable } from './lease.ts';
import { type Call, containerOf } from './operation.ts';
import { storageFault } from './storage-fault.ts';

/** May the request write this blob? A lease that has run out is gone with the write. @throws StorageFault */
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
  readonly accessTier?: string;
  readonly copy?: CopyState;
}

/** Puts a blob in the place of what is under the request's name. Its lease stays; uncommitted blocks go. */
export function replaceBlob(call: Call, parts: NewBlob): Blob {
  const { request, now, tools } = call;
  const entry = containerOf(call).blobs.getOrAdd(request.blob!);
  const before = entry.current;
  requireNoDisk(before);
  const blob: Blob = {
    name: request.blob!,
    createdAt: before?.createdAt ?? now,
    generation: tools.nextGeneration(),
    ...parts,
    ...tools.stamp(now),
    lease: before?.lease,
  };
  entry.current = blob;
  releaseUncommitted(entry);
  if (before) releaseBody(before.body);
  return blob;
}
