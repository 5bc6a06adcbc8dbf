import { type Blob, freezeBody } from '../blob-model.ts';
import { requireContentWritable, requireNoDisk, requireOnline } from '../blob-writes.ts';
import { requireWriteConditions } from '../conditions.ts';
import { requireReadable } from '../lease.ts';
import { containerOf, defineOperation, stampHeaders, writableBlobOf } from '../operation.ts';
import { header, readMetadata } from '../storage-request.ts';

/** Snapshot Blob: takes the same time for any size. */
export const snapshotBlob = defineOperation({
  name: 'SnapshotBlob',
  on: 'blob',
  methods: ['PUT'],
  comp: 'snapshot',
  permission: { level: 'o', letters: 'cw' },
  run(call) {
    const { request, now, tools } = call;
    const blob = writableBlobOf(call);
    requireNoDisk(blob);
    requireWriteConditions(request, blob);
    requireReadable(blob.lease, header(request, 'x-ms-lease-id'), now, 'blob');
    requireContentWritable(blob);
    requireOnline(blob, now);
    const metadata = readMetadata(request);
    const id = tools.snapshotId(now);
    // without metadata of its own a snapshot is as old as the blob, with it it is new
    const stamp = metadata.size > 0 ? tools.stamp(now) : { etag: blob.etag, lastModified: blob.lastModified };
    const snapshot: Blob = {
      ...blob,
      ...stamp,
      snapshot: id,
      body: freezeBody(blob.body),
      metadata: metadata.size > 0 ? metadata : blob.metadata,
      lease: undefined,
    };
    containerOf(call).blobs.get(blob.name)!.snapshots.push(snapshot);
    return {
      status: 201,
      headers: { ...stampHeaders(snapshot), 'x-ms-snapshot': id, 'x-ms-request-server-encrypted': 'true' },
    };
  },
});
