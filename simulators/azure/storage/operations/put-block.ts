import { requiredParameter } from '../blob-request.ts';
import { requireBlobLease } from '../blob-writes.ts';
import { checksumHeaders, containerOf, defineOperation } from '../operation.ts';
import { storageFault } from '../storage-fault.ts';

const BLOCK_BYTES_MAX = 4000 * 1024 * 1024;
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
    if (!isBlockId(id)) throw storageFault('InvalidBlockId');
    if (body.length === 0)
      throw storageFault('InvalidHeaderValue', { detail: { HeaderName: 'Content-Length' } });
    const { blobs } = containerOf(call);
    const before = blobs.get(request.blob!);
    if (before?.current && before.current.body.type !== 'BlockBlob') throw storageFault('InvalidBlobType');
    requireBlobLease(call, before?.current);
    for (const other of before?.uncommitted.keys() ?? []) {
      // all ids of one blob are of one length
      if (other.length !== id.length) throw storageFault('InvalidBlobOrBlock');
      break;
    }
    const entry = blobs.getOrAdd(request.blob!);
    if (entry.uncommitted.size >= UNCOMMITTED_MAX && !entry.uncommitted.has(id))
      throw storageFault('BlockCountExceedsLimit', {
        text: 'The uncommitted block count cannot exceed the maximum limit of 100,000 blocks.',
      });
    const content = body.takeContent();
    entry.uncommitted.get(id)?.release();
    entry.uncommitted.set(id, content);
    return { status: 201, headers: checksumHeaders(body) };
  },
});

/** Base64 of at most 64 bytes. */
export function isBlockId(id: string): boolean {
  const bytes = Buffer.from(id, 'base64');
  return bytes.length > 0 && bytes.length <= 64 && bytes.toString('base64') === id;
}
