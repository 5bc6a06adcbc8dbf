import { integerHeader } from '../blob-request.ts';
import { requireBlobLease } from '../blob-writes.ts';
import { requireWriteConditions } from '../conditions.ts';
import { checksumHeaders, defineOperation, stampHeaders, touch, writableBlobOf } from '../operation.ts';
import { storageFault } from '../storage-fault.ts';

const BLOCKS_MAX = 50_000;
/** Until version 2022-11-02, and since. */
const OLD_BYTES_MAX = 4 * 1024 * 1024;
const BYTES_MAX = 100 * 1024 * 1024;

/** Append Block. */
export const appendBlock = defineOperation({
  name: 'AppendBlock',
  on: 'blob',
  methods: ['PUT'],
  comp: 'appendblock',
  permission: { level: 'o', letters: 'aw' },
  body: { kind: 'content', bytesMax: BYTES_MAX },
  run(call) {
    const { request, body } = call;
    const blob = writableBlobOf(call);
    if (blob.body.type !== 'AppendBlob') throw storageFault('InvalidBlobType');
    if (body.length === 0)
      throw storageFault('InvalidHeaderValue', { detail: { HeaderName: 'Content-Length' } });
    if (call.version < '2022-11-02' && body.length > OLD_BYTES_MAX) throw storageFault('RequestBodyTooLarge');
    requireWriteConditions(request, blob);
    requireBlobLease(call, blob);
    const { blocks } = blob.body;
    const offset = blocks.length;
    const expected = integerHeader(request, 'x-ms-blob-condition-appendpos');
    if (expected !== undefined && expected !== offset) throw storageFault('AppendPositionConditionNotMet');
    const sizeMax = integerHeader(request, 'x-ms-blob-condition-maxsize');
    if (sizeMax !== undefined && offset + body.length > sizeMax)
      throw storageFault('MaxBlobSizeConditionNotMet');
    if (blocks.blocks.length >= BLOCKS_MAX) throw storageFault('BlockCountExceedsLimit');
    blocks.append({ id: '', content: body.takeContent() });
    touch(blob, call);
    return {
      status: 201,
      headers: {
        ...stampHeaders(blob),
        ...checksumHeaders(body),
        'x-ms-blob-append-offset': String(offset),
        'x-ms-blob-committed-block-count': String(blocks.blocks.length),
      },
    };
  },
});
