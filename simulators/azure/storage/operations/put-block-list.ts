import { readAccessTier, readHttpProperties } from '../blob-headers.ts';
import { type Block, BlockList } from '../blob-model.ts';
import { readTagsHeader } from '../blob-tags.ts';
import { replaceBlob, requireBlobLease, requireContentWritable } from '../blob-writes.ts';
import { requireWriteConditions } from '../conditions.ts';
import { checksumHeaders, defineOperation, entryOf, stampHeaders } from '../operation.ts';
import { storageFault } from '../storage-fault.ts';
import { readMetadata } from '../storage-request.ts';
import { readXmlBody } from '../xml-body.ts';

const BLOCKS_MAX = 50_000;
const XML_LIMITS = { bytesMax: 8 * 1024 * 1024, depthMax: 4, elementsMax: BLOCKS_MAX + 10 };

/**
 * Put Block List: makes the blob of blocks that were put or committed before, in this order. Blocks it does
 * not name are gone.
 */
export const putBlockList = defineOperation({
  name: 'PutBlockList',
  on: 'blob',
  methods: ['PUT'],
  comp: 'blocklist',
  permission: { level: 'o', letters: 'w', lettersToCreate: 'c' },
  body: { kind: 'memory', bytesMax: XML_LIMITS.bytesMax },
  run(call) {
    const { request, body } = call;
    const entry = entryOf(call);
    const current = entry?.current;
    requireWriteConditions(request, current);
    requireBlobLease(call, current);
    if (current && current.body.type !== 'BlockBlob') throw storageFault('InvalidBlobType');
    if (current) requireContentWritable(current);
    const named = readBlockList(Buffer.concat(body.pieces));
    const committed = new Map<string, Block>();
    if (current?.body.type === 'BlockBlob')
      for (const block of current.body.blocks.blocks) if (block.id !== '') committed.set(block.id, block);
    const found = named.map(({ from, id }): Block => {
      const uncommitted = from === 'Committed' ? undefined : entry?.uncommitted.get(id);
      const block = uncommitted
        ? { id, content: uncommitted }
        : from === 'Uncommitted'
          ? undefined
          : committed.get(id);
      if (!block) throw storageFault('InvalidBlockList');
      return block;
    });
    const http = readHttpProperties(request, false);
    const tier = readAccessTier(request, call.version);
    const metadata = readMetadata(request);
    const tags = readTagsHeader(request);
    const blocks = new BlockList(found.map(({ id, content }) => ({ id, content: content.share() })));
    const blob = replaceBlob(call, { body: { type: 'BlockBlob', blocks }, http, metadata, tags, ...tier });
    return { status: 201, headers: { ...stampHeaders(blob), ...checksumHeaders(body) } };
  },
});

interface NamedBlock {
  readonly from: 'Committed' | 'Uncommitted' | 'Latest';
  readonly id: string;
}

/** @throws StorageFault InvalidXmlDocument, InvalidXmlNodeValue, BlockListTooLong */
function readBlockList(xml: Buffer): NamedBlock[] {
  const root = readXmlBody(xml, XML_LIMITS, 'BlockList');
  if (root.children.length > BLOCKS_MAX) throw storageFault('BlockListTooLong');
  return root.children.map(({ name, text }) => {
    if (name !== 'Committed' && name !== 'Uncommitted' && name !== 'Latest')
      throw storageFault('InvalidXmlNodeValue', { detail: { XmlNodeName: name } });
    return { from: name, id: text.trim() };
  });
}
