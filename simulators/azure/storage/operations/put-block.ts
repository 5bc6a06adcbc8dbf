import type { Bytes } from '#core/units.ts';
import type { BlobEntry } from '../blob-model.ts';
import { requireBlobLease, requireContentWritable } from '../blob-writes.ts';
import { type Call, checksumHeaders, containerOf, defineOperation, entryOf } from '../operation.ts';
import { storageFault } from '../storage-fault.ts';
import { requiredParameter } from '../storage-request.ts';

export const BLOCK_BYTES_MAX: Bytes = 4000 * 1024 * 1024;
const UNCOMMITTED_MAX = 100_000;

/** Put Block: a piece of a blob that a block list will name. The same id again replaces the piece. */
export const putBlock = defineOperation({
  name: 'PutBlock',
  on: 'blob',
  methods: ['PUT'],
  comp: 'block',
  permission: { level: 'o', letters: 'w', lettersToCreate: 'c' },
  body: { kind: 'content', bytesMax: BLOCK_BYTES_MAX },
  run(call) {
    const { request, body } = call;
    const id = requiredParameter(request, 'blockid');
    requireBlockId(id);
    if (body.length === 0)
      throw storageFault('InvalidHeaderValue', { detail: { HeaderName: 'Content-Length' } });
    const entry = stageBlock(call, id);
    const content = body.takeContent();
    entry.uncommitted.get(id)?.release();
    entry.uncommitted.set(id, content);
    return { status: 201, headers: checksumHeaders(body) };
  },
});

/** The entry to which a block of this id may be added. @throws StorageFault */
export function stageBlock(call: Call, id: string): BlobEntry {
  const { blobs } = containerOf(call);
  const before = entryOf(call);
  if (before?.current && before.current.body.type !== 'BlockBlob') throw storageFault('InvalidBlobType');
  requireBlobLease(call, before?.current);
  if (before?.current) requireContentWritable(before.current);
  for (const other of before?.uncommitted.keys() ?? []) {
    // all ids of one blob are of one length
    if (other.length !== id.length) throw storageFault('InvalidBlobOrBlock');
    break;
  }
  const entry = blobs.getOrAdd(call.request.blob!);
  if (entry.uncommitted.size >= UNCOMMITTED_MAX && !entry.uncommitted.has(id))
    throw storageFault('BlockCountExceedsLimit', {
      text: 'The uncommitted block count cannot exceed the maximum limit of 100,000 blocks.',
    });
  return entry;
}

/** Base64 of at most 64 bytes. @throws StorageFault InvalidBlockId */
export function requireBlockId(id: string): void {
  const bytes = Buffer.from(id, 'base64');
  if (bytes.length === 0 || bytes.length > 64 || bytes.toString('base64') !== id)
    throw storageFault('InvalidBlockId');
}
