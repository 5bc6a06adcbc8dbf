import { requireBlobLease } from '../blob-writes.ts';
import { requireReadConditions, requireWriteConditions } from '../conditions.ts';
import { requireReadable } from '../lease.ts';
import { blobOf, defineOperation, stampHeaders, touch, writableBlobOf } from '../operation.ts';
import { header, readMetadata } from '../storage-request.ts';

/** Get Blob Metadata. */
export const getBlobMetadata = defineOperation({
  name: 'GetBlobMetadata',
  on: 'blob',
  methods: ['GET', 'HEAD'],
  comp: 'metadata',
  permission: { level: 'o', letters: 'r' },
  run(call) {
    const blob = blobOf(call);
    requireReadable(blob.lease, header(call.request, 'x-ms-lease-id'), call.now, 'blob');
    requireReadConditions(call.request, blob);
    return { status: 200, headers: stampHeaders(blob), metadata: blob.metadata };
  },
});

/** Set Blob Metadata: all of it at once. */
export const setBlobMetadata = defineOperation({
  name: 'SetBlobMetadata',
  on: 'blob',
  methods: ['PUT'],
  comp: 'metadata',
  permission: { level: 'o', letters: 'w' },
  run(call) {
    const blob = writableBlobOf(call);
    requireWriteConditions(call.request, blob);
    requireBlobLease(call, blob);
    blob.metadata = readMetadata(call.request);
    touch(blob, call);
    return {
      status: 200,
      headers: { ...stampHeaders(blob), 'x-ms-request-server-encrypted': 'true' },
    };
  },
});
