import { createHash } from 'node:crypto';
import type { Bytes } from '#core/units.ts';
import { blobHeaders, clampRange, tierHeaders } from '../blob-headers.ts';
import { type BlobBody, bodyLength, freezeBody, readBody, readBodyInto, releaseBody } from '../blob-model.ts';
import { type BlobRequest, readRange } from '../blob-request.ts';
import { requireOnline } from '../blob-writes.ts';
import { requireReadConditions } from '../conditions.ts';
import { Crc64 } from '../crc64.ts';
import { requireReadable } from '../lease.ts';
import { blobOf, defineOperation, type Reply, type StreamedBody } from '../operation.ts';
import { badHeader, badParameter, storageFault } from '../storage-fault.ts';
import { header } from '../storage-request.ts';
import { encodeStructured, isStructured, STRUCTURED_BODY, structuredLength } from '../structured-message.ts';

/** Checksums over a range are given up to here. */
const CHECKED_RANGE_MAX = 4 * 1024 * 1024;

/** What is sent in one piece anyway. */
const AT_ONCE_BYTES: Bytes = 256 * 1024;

/** Query parameters of a signature that replace headers of the answer. */
const OVERRIDES: ReadonlyArray<readonly [parameter: string, header: string]> = [
  ['rscc', 'Cache-Control'],
  ['rscd', 'Content-Disposition'],
  ['rsce', 'Content-Encoding'],
  ['rscl', 'Content-Language'],
  ['rsct', 'Content-Type'],
];

/** Get Blob, whole or a range, of a blob or a snapshot. What is sent is the blob at the instant of the call. */
export const getBlob = defineOperation({
  name: 'GetBlob',
  on: 'blob',
  methods: ['GET'],
  permission: { level: 'o', letters: 'r' },
  run(call): Reply {
    const { request, now } = call;
    const blob = blobOf(call);
    requireReadable(blob.lease, header(request, 'x-ms-lease-id'), now, 'blob');
    requireReadConditions(request, blob);
    requireOnline(blob, now);
    if (blob.copy?.destinationSnapshot !== undefined && blob.snapshot === undefined)
      throw storageFault('BlobOperationNotSupported');
    const range = readRange(request);
    const size = bodyLength(blob.body);
    const { start, length } = clampRange(range, blob);
    const wantsMd5 = wantsChecksum(request, 'x-ms-range-get-content-md5', range !== undefined, length);
    const wantsCrc = wantsChecksum(request, 'x-ms-range-get-content-crc64', range !== undefined, length);
    const checked = wantsMd5 || wantsCrc ? readBody(blob.body, start, length) : undefined;
    const structured = isStructured(header(request, 'x-ms-structured-body'));
    const headers: Record<string, string | undefined> = {
      ...blobHeaders(blob, now),
      ...tierHeaders(blob, now),
      // of the whole blob only: it says nothing about a range
      ...(range
        ? { 'x-ms-blob-content-md5': blob.http.contentMd5 }
        : { 'Content-MD5': blob.http.contentMd5 }),
      ...(range ? { 'Content-Range': `bytes ${start}-${start + length - 1}/${size}` } : {}),
      ...(wantsMd5 ? { 'Content-MD5': createHash('md5').update(checked!).digest('base64') } : {}),
      ...(wantsCrc ? { 'x-ms-content-crc64': new Crc64().update(checked!).digest().toString('base64') } : {}),
      ...(structured
        ? { 'x-ms-structured-body': STRUCTURED_BODY, 'x-ms-structured-content-length': String(length) }
        : {}),
    };
    for (const [parameter, name] of OVERRIDES) {
      const value = request.query.get(parameter);
      if (value === undefined || !request.query.has('sig')) continue;
      // what a header cannot carry
      if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(value)) throw badParameter(parameter, value);
      headers[name] = value;
    }
    const content = contentOf(blob.body, start, length);
    return {
      status: range ? 206 : 200,
      headers,
      metadata: blob.metadata,
      body: structured ? structuredBody(content) : content,
    };
  },
});

/** Get Blob Properties: the same headers, no content. */
export const getBlobProperties = defineOperation({
  name: 'GetBlobProperties',
  on: 'blob',
  methods: ['HEAD'],
  permission: { level: 'o', letters: 'r' },
  run(call): Reply {
    const { request, now } = call;
    const blob = blobOf(call);
    requireReadable(blob.lease, header(request, 'x-ms-lease-id'), now, 'blob');
    requireReadConditions(request, blob);
    return {
      status: 200,
      headers: {
        ...blobHeaders(blob, now),
        ...tierHeaders(blob, now),
        'Content-MD5': blob.http.contentMd5,
        'Content-Length': String(bodyLength(blob.body)),
      },
      metadata: blob.metadata,
    };
  },
});

/** Content as it is now: read at once where it is little, else kept as it is while it is sent. */
function contentOf(body: BlobBody, start: Bytes, length: Bytes): StreamedBody {
  if (length <= AT_ONCE_BYTES) {
    const bytes = readBody(body, start, length);
    return { length, read: (offset, count) => bytes.subarray(offset, offset + count), release() {} };
  }
  const frozen = freezeBody(body);
  return {
    length,
    read: (offset, count) => readBody(frozen, start + offset, count),
    readInto: (offset, out) => readBodyInto(frozen, start + offset, out),
    release: () => releaseBody(frozen),
  };
}

function wantsChecksum(request: BlobRequest, name: string, isRange: boolean, length: number): boolean {
  const value = header(request, name);
  if (value === undefined || value === 'false') return false;
  if (value !== 'true' || !isRange || length > CHECKED_RANGE_MAX) throw badHeader(name, value);
  return true;
}

/** The content in segments with checksums. Pieces are cut as they are asked for, in order. */
function structuredBody(content: StreamedBody): StreamedBody {
  const pieces = encodeStructured(content.length, function* (offset, length) {
    const step = 256 * 1024;
    for (let at = 0; at < length; at += step) yield content.read(offset + at, Math.min(step, length - at));
  });
  let held: Buffer[] = [];
  let heldBytes = 0;
  return {
    length: structuredLength(content.length),
    read(_offset, bytes) {
      while (heldBytes < bytes) {
        const piece = pieces.next().value as Buffer;
        held.push(piece);
        heldBytes += piece.length;
      }
      const joined = Buffer.concat(held);
      held = [joined.subarray(bytes)];
      heldBytes -= bytes;
      return joined.subarray(0, bytes);
    },
    release: content.release,
  };
}
