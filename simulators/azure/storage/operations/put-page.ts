import type { Bytes } from '#core/units.ts';
import type { PageBody } from '../blob-model.ts';
import { type BlobRequest, readRange } from '../blob-request.ts';
import { requireBlobLease, requireContentWritable } from '../blob-writes.ts';
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

export const PAGES_BYTES_MAX: Bytes = 4 * 1024 * 1024;

/** Put Page, update: up to 4 MiB of whole pages. */
export const putPage = defineOperation({
  name: 'PutPage',
  on: 'blob',
  methods: ['PUT'],
  comp: 'page',
  header: { name: 'x-ms-page-write', value: 'update' },
  permission: { level: 'o', letters: 'w' },
  body: { kind: 'content', bytesMax: PAGES_BYTES_MAX },
  run: (call) =>
    changePages(
      call,
      (body, start, length) => {
        if (length !== call.body.length)
          throw length > PAGES_BYTES_MAX
            ? storageFault('InvalidPageRange')
            : badHeader('x-ms-range', `${length} bytes`);
        call.body.moveInto(body.space, start);
      },
      () => checksumHeaders(call.body),
    ),
});

/** Put Page, clear: any number of whole pages become a hole. */
export const clearPages = defineOperation({
  name: 'ClearPages',
  on: 'blob',
  methods: ['PUT'],
  comp: 'page',
  header: { name: 'x-ms-page-write', value: 'clear' },
  permission: { level: 'o', letters: 'w' },
  run: (call) =>
    changePages(
      call,
      (body, start, length) => body.space.clear(start, length),
      () => ({}),
    ),
});

/** Applies a change to the pages of the request's range. @throws StorageFault */
export function changePages(
  call: Call,
  apply: (body: PageBody, start: Bytes, length: Bytes) => void,
  headers: () => Readonly<Record<string, string | undefined>>,
): Reply {
  const { request } = call;
  const blob = writableBlobOf(call);
  const { body } = blob;
  if (body.type !== 'PageBlob') throw storageFault('InvalidBlobType');
  requireWriteConditions(request, blob);
  requireBlobLease(call, blob);
  requireContentWritable(blob);
  requireSequenceNumber(request, body.sequenceNumber);
  const { start, length } = requirePageRange(request);
  if (body.footer || start + length > body.space.sizeBytes) throw storageFault('InvalidPageRange');
  apply(body, start, length);
  touch(blob, call);
  return {
    status: 201,
    headers: {
      ...stampHeaders(blob),
      'x-ms-blob-sequence-number': String(body.sequenceNumber),
      ...headers(),
    },
  };
}

/** Whole pages, with both ends. @param expected length that it must have. @throws StorageFault */
export function requirePageRange(
  request: BlobRequest,
  expected?: Bytes,
): { readonly start: Bytes; readonly length: Bytes } {
  const range = readRange(request);
  if (!range || range.end === undefined)
    throw storageFault('MissingRequiredHeader', { detail: { HeaderName: 'x-ms-range' } });
  const length = range.end + 1 - range.start;
  if (expected !== undefined && length !== expected)
    throw badHeader('x-ms-source-range', `${expected} bytes`);
  if (range.start % PAGE_BYTES !== 0 || length % PAGE_BYTES !== 0) throw storageFault('InvalidPageRange');
  return { start: range.start, length };
}
