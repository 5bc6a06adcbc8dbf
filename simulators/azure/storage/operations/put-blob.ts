import { readAccessTier, readHttpProperties } from '../blob-headers.ts';
import { type BlobBody, BlockList } from '../blob-model.ts';
import { readTagsHeader } from '../blob-tags.ts';
import { replaceBlob, requireBlobLease } from '../blob-writes.ts';
import { requireWriteConditions } from '../conditions.ts';
import {
  type Call,
  checksumHeaders,
  defineOperation,
  entryOf,
  type Permission,
  stampHeaders,
} from '../operation.ts';
import { PAGE_BYTES } from '../page-table.ts';
import { badHeader, storageFault } from '../storage-fault.ts';
import { header, integerHeader, readMetadata, requiredHeader } from '../storage-request.ts';

const MIB = 1024 * 1024;
/** Limit of Put Blob since version 2019-12-12. */
const BLOCK_BLOB_BYTES_MAX = 5000 * MIB;
const PAGE_BLOB_BYTES_MAX = 8 * 1024 * 1024 * MIB;
const SEQUENCE_NUMBER_MAX = 2 ** 53 - 1;

const permission: Permission = { level: 'o', letters: 'w', lettersToCreate: 'c' };

/** Put Blob, for a block blob: the body is the blob. */
export const putBlockBlob = defineOperation({
  name: 'PutBlob',
  on: 'blob',
  methods: ['PUT'],
  header: { name: 'x-ms-blob-type', value: 'BlockBlob' },
  permission,
  body: { kind: 'content', bytesMax: BLOCK_BLOB_BYTES_MAX, alwaysMd5: true },
  run(call) {
    requireReplaceable(call);
    const { body, request } = call;
    const http = readHttpProperties(request, true);
    const given = header(request, 'x-ms-blob-content-md5');
    if (given !== undefined && given !== body.md5) throw storageFault('Md5Mismatch');
    const tier = readAccessTier(request, call.version);
    const metadata = readMetadata(request);
    const blob = replaceBlob(call, {
      body: { type: 'BlockBlob', blocks: new BlockList([{ id: '', content: body.takeContent() }]) },
      http: { ...http, contentMd5: body.md5! },
      metadata,
      tags: readTagsHeader(request),
      ...tier,
    });
    return { status: 201, headers: { ...stampHeaders(blob), ...checksumHeaders(body) } };
  },
});

/** Put Blob, for a page blob: makes an empty one of a size. */
export const putPageBlob = defineOperation({
  name: 'PutPageBlob',
  on: 'blob',
  methods: ['PUT'],
  header: { name: 'x-ms-blob-type', value: 'PageBlob' },
  permission,
  run(call) {
    requireReplaceable(call);
    const { request, tools } = call;
    requiredHeader(request, 'x-ms-blob-content-length');
    const sizeBytes = integerHeader(request, 'x-ms-blob-content-length')!;
    if (sizeBytes % PAGE_BYTES !== 0 || sizeBytes > PAGE_BLOB_BYTES_MAX)
      throw badHeader('x-ms-blob-content-length', String(sizeBytes));
    const sequenceNumber = integerHeader(request, 'x-ms-blob-sequence-number') ?? 0;
    if (sequenceNumber > SEQUENCE_NUMBER_MAX)
      throw badHeader('x-ms-blob-sequence-number', String(sequenceNumber));
    const http = readHttpProperties(request, false);
    const metadata = readMetadata(request);
    return created(
      call,
      { type: 'PageBlob', space: tools.store.create(sizeBytes), sequenceNumber },
      http,
      metadata,
    );
  },
});

/** Put Blob, for an append blob: makes an empty one. */
export const putAppendBlob = defineOperation({
  name: 'PutAppendBlob',
  on: 'blob',
  methods: ['PUT'],
  header: { name: 'x-ms-blob-type', value: 'AppendBlob' },
  permission,
  run(call) {
    requireReplaceable(call);
    const http = readHttpProperties(call.request, false);
    return created(call, { type: 'AppendBlob', blocks: new BlockList() }, http, readMetadata(call.request));
  },
});

function created(
  call: Call,
  body: BlobBody,
  http: ReturnType<typeof readHttpProperties>,
  metadata: ReturnType<typeof readMetadata>,
): { status: number; headers: Record<string, string | undefined> } {
  const blob = replaceBlob(call, { body, http, metadata, tags: readTagsHeader(call.request) });
  return { status: 201, headers: { ...stampHeaders(blob), 'x-ms-request-server-encrypted': 'true' } };
}

/** May the blob of the request be made, or made anew? @throws StorageFault */
function requireReplaceable(call: Call): void {
  const source = header(call.request, 'x-ms-copy-source');
  if (source !== undefined) throw badHeader('x-ms-copy-source', source);
  const current = entryOf(call)?.current;
  requireWriteConditions(call.request, current);
  requireBlobLease(call, current);
}
