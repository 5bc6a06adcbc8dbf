import { releaseUncommitted } from '../blob-model.ts';
import { requireBlobLease, requireNoDisk } from '../blob-writes.ts';
import { requireWriteConditions } from '../conditions.ts';
import { blobOf, containerOf, defineOperation } from '../operation.ts';
import { demoteDeleted, discard, retentionDays } from '../soft-delete.ts';
import { badHeader, storageFault } from '../storage-fault.ts';
import { header } from '../storage-request.ts';

/** Delete Blob: the blob, one snapshot, or (x-ms-delete-snapshots) its snapshots with or without it. */
export const deleteBlob = defineOperation({
  name: 'DeleteBlob',
  on: 'blob',
  methods: ['DELETE'],
  permission: { level: 'o', letters: 'd' },
  run(call) {
    const { request } = call;
    const { blobs } = containerOf(call);
    const blob = blobOf(call);
    requireNoDisk(blob);
    const entry = blobs.get(blob.name)!;
    const snapshots = header(request, 'x-ms-delete-snapshots');
    if (snapshots !== undefined && snapshots !== 'include' && snapshots !== 'only')
      throw badHeader('x-ms-delete-snapshots', snapshots);
    requireWriteConditions(request, blob);
    if (blob.snapshot !== undefined) {
      if (snapshots !== undefined) throw badHeader('x-ms-delete-snapshots', snapshots);
      entry.snapshots.splice(entry.snapshots.indexOf(blob), 1);
      discard(call, entry, blob);
    } else {
      requireBlobLease(call, blob);
      if (snapshots === undefined && entry.snapshots.length > 0) throw storageFault('SnapshotsPresent');
      if (blob.copy?.status === 'pending') throw storageFault('PendingCopyOperation');
      for (const snapshot of entry.snapshots.splice(0)) discard(call, entry, snapshot);
      if (snapshots !== 'only') {
        entry.current = undefined;
        demoteDeleted(call, entry);
        discard(call, entry, blob);
        releaseUncommitted(entry);
      }
    }
    blobs.prune(entry);
    const isKept = retentionDays(call.account) > 0;
    return { status: 202, headers: { 'x-ms-delete-type-permanent': String(!isKept) } };
  },
});
