import type { Bytes } from '#core/units.ts';
import { readAccessTier, readHttpProperties } from '../blob-headers.ts';
import { type Blob, BlockList, bodyLength, readBody, type Tags } from '../blob-model.ts';
import { parseRange } from '../blob-request.ts';
import { readTagsHeader } from '../blob-tags.ts';
import { replaceBlob, requireBlobLease } from '../blob-writes.ts';
import { requireWriteConditions } from '../conditions.ts';
import { copySource, sourceBlob, sourceRange } from '../copy-source.ts';
import { type Call, defineOperation, entryOf, type Permission, stampHeaders } from '../operation.ts';
import { PAGE_BYTES } from '../page-table.ts';
import { badHeader, storageFault } from '../storage-fault.ts';
import { header, integerHeader, readMetadata, requiredParameter } from '../storage-request.ts';
import { APPEND_BLOCK_BYTES_MAX, appendable, appended } from './append-block.ts';
import { BLOCK_BYTES_MAX, requireBlockId, stageBlock } from './put-block.ts';
import { changePages, PAGES_BYTES_MAX, requirePageRange } from './put-page.ts';

const permission: Permission = { level: 'o', letters: 'w', lettersToCreate: 'c' };
const BLOB_BYTES_MAX: Bytes = 5000 * 1024 * 1024;
const ENCRYPTED = { 'x-ms-request-server-encrypted': 'true' };

/** Put Blob From URL: a block blob with the content of another blob, of any kind. */
export const putBlobFromUrl = defineOperation({
  name: 'PutBlobFromURL',
  on: 'blob',
  methods: ['PUT'],
  header: { name: 'x-ms-copy-source' },
  andHeader: { name: 'x-ms-blob-type', value: 'BlockBlob' },
  since: '2020-04-08',
  permission,
  run(call) {
    const { request } = call;
    const current = entryOf(call)?.current;
    requireWriteConditions(request, current);
    requireBlobLease(call, current);
    const source = sourceBlob(call);
    const length = bodyLength(source.body);
    if (length > BLOB_BYTES_MAX) throw storageFault('RequestBodyTooLarge');
    const own = readHttpProperties(request, false);
    const copies = header(request, 'x-ms-copy-source-blob-properties') !== 'false';
    const metadata = readMetadata(request);
    const tier = readAccessTier(request, call.version);
    const tags = copiedTags(call, source);
    const { content, checksums } = copySource(call, source, 0, length);
    const http = copies ? { ...source.http, ...ownProperties(call, own) } : own;
    const blob = replaceBlob(call, {
      body: { type: 'BlockBlob', blocks: new BlockList([{ id: '', content }]) },
      http,
      metadata: metadata.size > 0 || !copies ? metadata : source.metadata,
      tags,
      ...tier,
    });
    return { status: 201, headers: { ...stampHeaders(blob), ...checksums, ...ENCRYPTED } };
  },
});

/** Only what the request itself says: the type has a default that must not replace the source's. */
function ownProperties({ request }: Call, own: ReturnType<typeof readHttpProperties>): object {
  const { contentType, ...rest } = own;
  return header(request, 'x-ms-blob-content-type') === undefined ? rest : { contentType, ...rest };
}

/** Tags of a copy: its own, or those of the source (`x-ms-copy-source-tag-option: COPY`). @throws StorageFault */
export function copiedTags({ request }: Call, source: Blob): Tags {
  const own = readTagsHeader(request);
  const option = header(request, 'x-ms-copy-source-tag-option') ?? 'REPLACE';
  if (option !== 'REPLACE' && option !== 'COPY') throw badHeader('x-ms-copy-source-tag-option', option);
  if (option === 'REPLACE') return own;
  if (own.size > 0) throw storageFault('BothUserTagsAndSourceTagsCopyPresentException');
  return source.tags;
}

/** Put Block From URL. */
export const putBlockFromUrl = defineOperation({
  name: 'PutBlockFromURL',
  on: 'blob',
  methods: ['PUT'],
  comp: 'block',
  header: { name: 'x-ms-copy-source' },
  permission,
  run(call) {
    const id = requiredParameter(call.request, 'blockid');
    requireBlockId(id);
    const source = sourceBlob(call);
    const { start, length } = sourceRange(call, source);
    if (length > BLOCK_BYTES_MAX) throw storageFault('RequestBodyTooLarge');
    const { content, checksums } = copySource(call, source, start, length);
    try {
      const entry = stageBlock(call, id);
      entry.uncommitted.get(id)?.release();
      entry.uncommitted.set(id, content);
    } catch (fault) {
      content.release();
      throw fault;
    }
    return { status: 201, headers: { ...checksums, ...ENCRYPTED } };
  },
});

/** Append Block From URL. */
export const appendBlockFromUrl = defineOperation({
  name: 'AppendBlockFromURL',
  on: 'blob',
  methods: ['PUT'],
  comp: 'appendblock',
  header: { name: 'x-ms-copy-source' },
  permission: { level: 'o', letters: 'aw' },
  run(call) {
    const source = sourceBlob(call);
    const { start, length } = sourceRange(call, source);
    if (length > APPEND_BLOCK_BYTES_MAX) throw storageFault('RequestBodyTooLarge');
    const blob = appendable(call, length);
    const { content, checksums } = copySource(call, source, start, length);
    return appended(call, blob, content, { ...checksums, ...ENCRYPTED });
  },
});

/** Put Page From URL: up to 4 MiB of whole pages. */
export const putPageFromUrl = defineOperation({
  name: 'PutPageFromURL',
  on: 'blob',
  methods: ['PUT'],
  comp: 'page',
  header: { name: 'x-ms-copy-source' },
  andHeader: { name: 'x-ms-page-write', value: 'update' },
  permission: { level: 'o', letters: 'w' },
  run(call) {
    const { request } = call;
    const asked = parseRange(request, 'x-ms-source-range');
    if (!asked || asked.end === undefined)
      throw storageFault('MissingRequiredHeader', { detail: { HeaderName: 'x-ms-source-range' } });
    const target = requirePageRange(request, asked.end + 1 - asked.start);
    if (target.length > PAGES_BYTES_MAX || asked.start % PAGE_BYTES !== 0)
      throw storageFault('InvalidPageRange');
    if (integerHeader(request, 'content-length')) throw badHeader('Content-Length', 'not 0');
    const source = sourceBlob(call);
    if (asked.end >= bodyLength(source.body)) throw storageFault('InvalidRange');
    let checksums: Readonly<Record<string, string | undefined>> = {};
    return changePages(
      call,
      (body, start) => {
        const copy = copySource(call, source, asked.start, target.length);
        checksums = copy.checksums;
        copy.content.release();
        body.space.write(start, readBody(source.body, asked.start, target.length));
      },
      () => ({ ...checksums, ...ENCRYPTED }),
    );
  },
});
