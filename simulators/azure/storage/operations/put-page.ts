import type { PageBody } from '../blob-model.ts';
import { integerHeader, readRange } from '../blob-request.ts';
import { requireBlobLease } from '../blob-writes.ts';
import { requireSequenceNumber, requireWriteConditions } from '../conditions.ts';
import {
  type Call,
  checksumHeaders,
  defineOperation,
  type Reply,
  stampHeaders,
  touch,
  writableBlobOf,
} from '../operation.ts';
import { PAGE_BYTES } from '../page-table.ts';
import { badHeader, storageFault } from '../storage-fault.ts';

const UPDATE_BYTES_MAX = 4 * 1024 * 1024;

/** Put Page, update: up to 4 MiB of whole pages. */
export const putPage = defineOperation({
  name: 'PutPage',
  on: 'blob',
  methods: ['PUT'],
  comp: 'page',
  header: { name: 'x-ms-page-write', value: 'update' },
  permission: { level: 'o', letters: 'w' },
  body: { kind: 'content', bytesMax: UPDATE_BYTES_MAX },
  run: (call) =>
    change(call, (body, start, length) => {
      if (length !== call.body.length)
        throw length > UPDATE_BYTES_MAX
          ? storageFault('InvalidPageRange')
          : badHeader('x-ms-range', `${length} bytes`);
      call.body.moveInto(body.space, start);
    }),
});

/** Put Page, clear: any number of whole pages become a hole. */
export const clearPages = defineOperation({
  name: 'ClearPages',
  on: 'blob',
  methods: ['PUT'],
  comp: 'page',
  header: { name: 'x-ms-page-write', value: 'clear' },
  permission: { level: 'o', letters: 'w' },
  run: (call) => change(call, (body, start, length) => body.space.clear(start, length)),
});

function change(call: Call, apply: (body: PageBody, start: number, length: number) => void): Reply {
  const { request } = call;
  const blob = writableBlobOf(call);
  const { body } = blob;
  if (body.type !== 'PageBlob') throw storageFault('InvalidBlobType');
  requireWriteConditions(request, blob);
  requireBlobLease(call, blob);
  requireSequenceNumber(request, body.sequenceNumber);
  const range = readRange(request);
  if (!range || range.end === undefined)
    throw storageFault('MissingRequiredHeader', { detail: { HeaderName: 'x-ms-range' } });
  const length = range.end + 1 - range.start;
  if (range.start % PAGE_BYTES !== 0 || length % PAGE_BYTES !== 0) throw storageFault('InvalidPageRange');
  if (body.footer || range.end >= body.space.sizeBytes) throw storageFault('InvalidPageRange');
  apply(body, range.start, length);
  touch(blob, call);
  return {
    status: 201,
    headers: {
      ...stampHeaders(blob),
      'x-ms-blob-sequence-number': String(body.sequenceNumber),
      ...(integerHeader(request, 'content-length') ? checksumHeaders(call.body) : {}),
    },
  };
}
