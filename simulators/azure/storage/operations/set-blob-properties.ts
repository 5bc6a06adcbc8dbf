import { readHttpProperties } from '../blob-headers.ts';
import type { PageBody } from '../blob-model.ts';
import type { BlobRequest } from '../blob-request.ts';
import { requireBlobLease, requireContentWritable, requireNoDisk } from '../blob-writes.ts';
import { requireWriteConditions } from '../conditions.ts';
import { defineOperation, stampHeaders, touch, writableBlobOf } from '../operation.ts';
import { PAGE_BYTES } from '../page-table.ts';
import { badHeader, storageFault } from '../storage-fault.ts';
import { header, integerHeader } from '../storage-request.ts';

const PROPERTY_HEADERS = [
  ...['x-ms-blob-cache-control', 'x-ms-blob-content-type', 'x-ms-blob-content-md5'],
  ...['x-ms-blob-content-encoding', 'x-ms-blob-content-language', 'x-ms-blob-content-disposition'],
];
const PAGE_BLOB_BYTES_MAX = 8 * 1024 ** 4;

/**
 * Set Blob Properties. When one of the content headers is there, the ones that are not are cleared. Of page
 * blobs also the size and the sequence number.
 */
export const setBlobProperties = defineOperation({
  name: 'SetBlobProperties',
  on: 'blob',
  methods: ['PUT'],
  comp: 'properties',
  permission: { level: 'o', letters: 'w' },
  run(call) {
    const { request } = call;
    const blob = writableBlobOf(call);
    requireWriteConditions(request, blob);
    requireBlobLease(call, blob);
    requireContentWritable(blob);
    const sizeBytes = integerHeader(request, 'x-ms-blob-content-length');
    const action = header(request, 'x-ms-sequence-number-action');
    const { body } = blob;
    if (body.type === 'PageBlob') {
      if (sizeBytes !== undefined) requireNoDisk(blob);
      if (sizeBytes !== undefined && (sizeBytes % PAGE_BYTES !== 0 || sizeBytes > PAGE_BLOB_BYTES_MAX))
        throw badHeader('x-ms-blob-content-length', String(sizeBytes));
      if (action !== undefined) body.sequenceNumber = nextSequenceNumber(request, body, action);
      if (sizeBytes !== undefined) body.space.resize(sizeBytes);
    } else if (sizeBytes !== undefined || action !== undefined) throw storageFault('InvalidBlobType');
    if (PROPERTY_HEADERS.some((name) => request.headers[name] !== undefined))
      blob.http = readHttpProperties(request, false);
    touch(blob, call);
    return {
      status: 200,
      headers: {
        ...stampHeaders(blob),
        ...(body.type === 'PageBlob' ? { 'x-ms-blob-sequence-number': String(body.sequenceNumber) } : {}),
      },
    };
  },
});

function nextSequenceNumber(request: BlobRequest, body: PageBody, action: string): number {
  const given = integerHeader(request, 'x-ms-blob-sequence-number');
  if (action === 'increment') {
    if (given !== undefined) throw badHeader('x-ms-blob-sequence-number', String(given));
    if (body.sequenceNumber >= Number.MAX_SAFE_INTEGER) throw storageFault('SequenceNumberIncrementTooLarge');
    return body.sequenceNumber + 1;
  }
  if (given === undefined)
    throw storageFault('MissingRequiredHeader', { detail: { HeaderName: 'x-ms-blob-sequence-number' } });
  if (action === 'update') return given;
  if (action === 'max') return Math.max(given, body.sequenceNumber);
  throw badHeader('x-ms-sequence-number-action', action);
}
