import { readAccessTier } from '../blob-headers.ts';
import { type Blob, bodyLength, type CopyState, copyBody } from '../blob-model.ts';
import { readBlobUrl, readMetadata, requiredHeader } from '../blob-request.ts';
import { replaceBlob, requireBlobLease } from '../blob-writes.ts';
import { requireSourceConditions, requireWriteConditions } from '../conditions.ts';
import { blobOf, type Call, defineOperation, entryOf, stampHeaders } from '../operation.ts';
import { badHeader, storageFault } from '../storage-fault.ts';

/**
 * Copy Blob (and Copy Blob From URL, which differs in that it waits): from this account, or from another one
 * of this service by a URL with a signature. It is done when it is answered; the content is shared.
 */
export const copyBlob = defineOperation({
  name: 'CopyBlob',
  on: 'blob',
  methods: ['PUT'],
  header: { name: 'x-ms-copy-source' },
  permission: { level: 'o', letters: 'w', lettersToCreate: 'c' },
  run(call) {
    const { request, now, tools } = call;
    const url = requiredHeader(request, 'x-ms-copy-source');
    const current = entryOf(call)?.current;
    requireWriteConditions(request, current);
    requireBlobLease(call, current);
    const source = sourceOf(call, url);
    requireSourceConditions(request, source);
    if (source.body.type === 'PageBlob' && source.body.footer)
      throw storageFault('CopyAcrossAccountsNotSupported');
    const metadata = readMetadata(request);
    const tier = readAccessTier(request);
    const copy: CopyState = {
      id: tools.copyId(),
      source: url.replace(/([?&]sig=)[^&]*/i, '$1***'),
      completedAt: now,
      bytes: bodyLength(source.body),
    };
    const blob = replaceBlob(call, {
      body: copyBody(source.body),
      http: source.http,
      metadata: metadata.size > 0 ? metadata : source.metadata,
      ...tier,
      copy,
    });
    return {
      status: 202,
      headers: { ...stampHeaders(blob), 'x-ms-copy-id': copy.id, 'x-ms-copy-status': 'success' },
    };
  },
});

function sourceOf(call: Call, url: string): Blob {
  const target = readBlobUrl(url);
  if (!target?.container || target.blob === undefined)
    throw badHeader('x-ms-copy-source', url.split('?')[0]!);
  if (target.query.has('sig')) return call.tools.authorizeUrl(url);
  if (target.account !== call.account.name) throw storageFault('CannotVerifyCopySource');
  if (call.grant.kind !== 'sharedKey' && call.grant.kind !== 'token')
    throw storageFault('CannotVerifyCopySource');
  return blobOf({ account: call.account, request: { ...call.request, ...target } });
}
