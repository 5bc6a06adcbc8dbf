import type { Bytes } from '#core/units.ts';
import { boundaryOf, readHttpPart, splitMultipart, writeHttpPart } from '../multipart.ts';
import { type Call, defineOperation, type Reply } from '../operation.ts';
import { badHeader, storageFault } from '../storage-fault.ts';
import { requiredHeader } from '../storage-request.ts';

const PARTS_MAX = 256;
const BODY_BYTES_MAX: Bytes = 4 * 1024 * 1024;
/** What may stand in a batch. */
const ALLOWED = ['DeleteBlob', 'SetBlobTier'];

/** Blob Batch: each part is authorized and answered by itself; that one fails stops no other. */
function runBatch(call: Call): Reply {
  const { request, body, tools } = call;
  const contentType = requiredHeader(request, 'content-type');
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) throw badHeader('Content-Type', contentType);
  const parts = splitMultipart(Buffer.concat(body.pieces).toString('utf8'), boundary, PARTS_MAX);
  if (!parts || parts.length === 0) throw storageFault('InvalidInput');
  const answerBoundary = `batchresponse_${tools.copyId()}`;
  let out = '';
  for (const part of parts) {
    const inner = readHttpPart(part);
    if (!inner) throw storageFault('InvalidInput');
    const answer = tools.perform({ ...inner, call, allowed: ALLOWED });
    out += writeHttpPart(answerBoundary, { ...answer, contentId: part.headers['content-id'] });
  }
  return {
    status: 202,
    headers: { 'Content-Type': `multipart/mixed; boundary=${answerBoundary}` },
    body: `${out}--${answerBoundary}--\r\n`,
  };
}

/**
 * A signature for a service or a container reaches the batch as well: what its parts may do is decided by their
 * own credentials.
 */
export const blobBatch = defineOperation({
  name: 'BlobBatch',
  on: 'service',
  methods: ['POST'],
  comp: 'batch',
  permission: { level: 's', letters: 'rwdlacupft', accountOnly: true, action: 'write' },
  body: { kind: 'memory', bytesMax: BODY_BYTES_MAX },
  run: runBatch,
});

export const containerBatch = defineOperation({
  name: 'ContainerBatch',
  on: 'container',
  methods: ['POST'],
  restype: 'container',
  comp: 'batch',
  since: '2020-04-08',
  permission: { level: 'c', letters: 'rwdlacupft', action: 'write' },
  body: { kind: 'memory', bytesMax: BODY_BYTES_MAX },
  run: runBatch,
});
