import type { Bytes } from '#core/units.ts';
import type { Blob } from '../blob-model.ts';
import { requireBlobLease } from '../blob-writes.ts';
import { requireWriteConditions } from '../conditions.ts';
import type { Content } from '../content.ts';
import {
  type Call,
  checksumHeaders,
  defineOperation,
  type Reply,
  stampHeaders,
  touch,
  writableBlobOf,
} from '../operation.ts';
import { storageFault } from '../storage-fault.ts';
import { integerHeader } from '../storage-request.ts';

const BLOCKS_MAX = 50_000;
/** Until version 2022-11-02, and since. */
const OLD_BYTES_MAX: Bytes = 4 * 1024 * 1024;
export const APPEND_BLOCK_BYTES_MAX: Bytes = 100 * 1024 * 1024;

/** Append Block. */
export const appendBlock = defineOperation({
  name: 'AppendBlock',
  on: 'blob',
  methods: ['PUT'],
  comp: 'appendblock',
  permission: { level: 'o', letters: 'aw' },
  body: { kind: 'content', bytesMax: APPEND_BLOCK_BYTES_MAX },
  run(call) {
    const blob = appendable(call, call.body.length);
    return appended(call, blob, call.body.takeContent(), checksumHeaders(call.body));
  },
});

/** The append blob, when so many bytes may be appended to it. @throws StorageFault */
export function appendable(call: Call, length: Bytes): Blob {
  const { request } = call;
  const blob = writableBlobOf(call);
  if (blob.body.type !== 'AppendBlob') throw storageFault('InvalidBlobType');
  if (length === 0) throw storageFault('InvalidHeaderValue', { detail: { HeaderName: 'Content-Length' } });
  if (call.version < '2022-11-02' && length > OLD_BYTES_MAX) throw storageFault('RequestBodyTooLarge');
  requireWriteConditions(request, blob);
  requireBlobLease(call, blob);
  if (blob.isSealed) throw storageFault('BlobIsSealed');
  requireAppendPosition(call, blob);
  const { blocks } = blob.body;
  const sizeMax = integerHeader(request, 'x-ms-blob-condition-maxsize');
  if (sizeMax !== undefined && blocks.length + length > sizeMax)
    throw storageFault('MaxBlobSizeConditionNotMet');
  if (blocks.blocks.length >= BLOCKS_MAX) throw storageFault('BlockCountExceedsLimit');
  return blob;
}

function requireAppendPosition({ request }: Call, { body }: Blob): void {
  const expected = integerHeader(request, 'x-ms-blob-condition-appendpos');
  if (expected !== undefined && body.type !== 'PageBlob' && expected !== body.blocks.length)
    throw storageFault('AppendPositionConditionNotMet');
}

export function appended(
  call: Call,
  blob: Blob,
  content: Content,
  headers: Readonly<Record<string, string | undefined>>,
): Reply {
  if (blob.body.type === 'PageBlob') throw storageFault('InvalidBlobType');
  const { blocks } = blob.body;
  const offset = blocks.length;
  blocks.append({ id: '', content });
  touch(blob, call);
  return {
    status: 201,
    headers: {
      ...stampHeaders(blob),
      ...headers,
      'x-ms-blob-append-offset': String(offset),
      'x-ms-blob-committed-block-count': String(blocks.blocks.length),
    },
  };
}

/** Append Blob Seal: nothing more can be appended. */
export const sealAppendBlob = defineOperation({
  name: 'SealAppendBlob',
  on: 'blob',
  methods: ['PUT'],
  comp: 'seal',
  since: '2019-12-12',
  permission: { level: 'o', letters: 'aw' },
  run(call) {
    const blob = writableBlobOf(call);
    if (blob.body.type !== 'AppendBlob') throw storageFault('InvalidBlobType');
    requireWriteConditions(call.request, blob);
    requireBlobLease(call, blob);
    requireAppendPosition(call, blob);
    blob.isSealed = true;
    touch(blob, call);
    return { status: 200, headers: { ...stampHeaders(blob), 'x-ms-blob-sealed': 'true' } };
  },
});
