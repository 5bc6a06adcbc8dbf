import { XmlWriter } from '#core/wire/xml/writer.ts';
import { bodyLength } from '../blob-model.ts';
import { requireReadable } from '../lease.ts';
import { blobOf, defineOperation, entryOf, stampHeaders } from '../operation.ts';
import { badParameter, storageFault } from '../storage-fault.ts';
import { header } from '../storage-request.ts';

/** Get Block List: committed blocks in the blob's order, uncommitted ones by id. */
export const getBlockList = defineOperation({
  name: 'GetBlockList',
  on: 'blob',
  methods: ['GET'],
  comp: 'blocklist',
  permission: { level: 'o', letters: 'r' },
  run(call) {
    const { request } = call;
    const type = request.query.get('blocklisttype') ?? 'committed';
    if (type !== 'committed' && type !== 'uncommitted' && type !== 'all')
      throw badParameter('blocklisttype', type);
    const entry = entryOf(call);
    const isNew = !entry?.current && (entry?.uncommitted.size ?? 0) > 0 && !request.query.has('snapshot');
    const blob = isNew ? undefined : blobOf(call);
    if (blob && blob.body.type !== 'BlockBlob') throw storageFault('InvalidBlobType');
    requireReadable(blob?.lease, header(request, 'x-ms-lease-id'), call.now, 'blob');
    const out = new XmlWriter().open('BlockList');
    const write = (id: string, size: number): void =>
      void out.open('Block').leaf('Name', id).leaf('Size', size).close();
    if (type !== 'uncommitted') {
      out.open('CommittedBlocks');
      if (blob?.body.type === 'BlockBlob')
        for (const { id, content } of blob.body.blocks.blocks) if (id !== '') write(id, content.length);
      out.close();
    }
    if (type !== 'committed') {
      out.open('UncommittedBlocks');
      if (!blob?.snapshot)
        for (const id of [...(entry?.uncommitted.keys() ?? [])].sort())
          write(id, entry!.uncommitted.get(id)!.length);
      out.close();
    }
    return {
      status: 200,
      headers: {
        ...(blob ? { ...stampHeaders(blob), 'x-ms-blob-content-length': String(bodyLength(blob.body)) } : {}),
        'Content-Type': 'application/xml',
      },
      body: out.close().toString(),
    };
  },
});
