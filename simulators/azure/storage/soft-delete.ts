/**
 * Soft delete of blobs: with a retention policy in the service's properties, what is deleted or overwritten can
 * be had back for some days. What is past its time is dropped when its name, or the list it stands in, is next
 * looked at.
 *
 * @see learn.microsoft.com, azure/storage/blobs/soft-delete-blob-overview (without versioning)
 */
import { DAY, type UnixMillis } from '#core/units.ts';
import type { StorageAccount } from './account.ts';
import { type Blob, type BlobEntry, type Container, releaseBody } from './blob-model.ts';
import type { Call } from './operation.ts';

export function retentionDays(account: StorageAccount): number {
  const { enabled, days } = account.properties.blob.deleteRetention;
  return enabled ? (days ?? 0) : 0;
}

/** Of a blob or snapshot that was taken from its place: it is kept for a while, or released. */
export function discard(call: Call, entry: BlobEntry, blob: Blob): void {
  const days = retentionDays(call.account);
  if (days === 0 || blob.isDisk) return releaseBody(blob.body);
  entry.deleted.push({
    blob: { ...blob, lease: undefined },
    deletedAt: call.now,
    expiresAt: call.now + days * DAY,
  });
}

/** Of a blob that another one takes the place of: what is kept of it is a snapshot. */
export function discardOverwritten(call: Call, entry: BlobEntry, blob: Blob): void {
  const asSnapshot = retentionDays(call.account) > 0 && !blob.isDisk;
  discard(call, entry, asSnapshot ? { ...blob, snapshot: call.tools.snapshotId(call.now) } : blob);
}

/** A new blob is made under the name of a deleted one: that one is kept as a snapshot from now on. */
export function demoteDeleted(call: Call, entry: BlobEntry): void {
  const index = entry.deleted.findIndex(({ blob }) => blob.snapshot === undefined);
  if (index < 0) return;
  const base = entry.deleted[index]!;
  entry.deleted[index] = {
    ...base,
    blob: { ...base.blob, snapshot: call.tools.snapshotId(call.now) },
  };
}

/** Drops what is past its time. */
export function purge({ blobs }: Container, entry: BlobEntry, now: UnixMillis): void {
  if (!entry.deleted.some(({ expiresAt }) => expiresAt <= now)) return;
  for (const { blob } of entry.deleted.filter(({ expiresAt }) => expiresAt <= now)) releaseBody(blob.body);
  entry.deleted.splice(
    0,
    Number.POSITIVE_INFINITY,
    ...entry.deleted.filter(({ expiresAt }) => expiresAt > now),
  );
  blobs.prune(entry);
}

/** Puts everything back that can be had back under a name. @returns false when there was nothing */
export function undelete(entry: BlobEntry): boolean {
  if (entry.deleted.length === 0) return false;
  for (const { blob } of entry.deleted.splice(0)) {
    if (blob.snapshot !== undefined) entry.snapshots.push(blob);
    else entry.current ??= blob;
  }
  entry.snapshots.sort((a, b) => (a.snapshot! < b.snapshot! ? -1 : 1));
  return true;
}
