import type { Bytes } from '#core/units.ts';
import { readAccessTier } from '../blob-headers.ts';
import {
  type Blob,
  type BlobBody,
  BlockList,
  bodyLength,
  type CopyState,
  copyBody,
  freezeBody,
  releaseBody,
} from '../blob-model.ts';
import { replaceBlob, requireBlobLease } from '../blob-writes.ts';
import { requireWriteConditions } from '../conditions.ts';
import { shownSource, sourceBlob } from '../copy-source.ts';
import {
  type Call,
  defineOperation,
  entryOf,
  type Reply,
  stampHeaders,
  touch,
  writableBlobOf,
} from '../operation.ts';
import { badHeader, storageFault } from '../storage-fault.ts';
import { header, readMetadata, requiredHeader, requiredParameter } from '../storage-request.ts';
import { copiedTags } from './put-from-url.ts';

/** Limit of Copy Blob From URL, which waits. */
const SYNC_BYTES_MAX: Bytes = 256 * 1024 * 1024;

/**
 * Copy Blob, and with `x-ms-requires-sync` Copy Blob From URL, which waits: from this account, or from another
 * one of this service by a URL with a signature. Within an account it is done when it is answered; between
 * accounts it takes the time that the bytes take. What arrives is the source as it was when the copy began.
 */
export const copyBlob = defineOperation({
  name: 'CopyBlob',
  on: 'blob',
  methods: ['PUT'],
  header: { name: 'x-ms-copy-source' },
  permission: { level: 'o', letters: 'w', lettersToCreate: 'c' },
  run(call): Reply {
    const { request, now, tools } = call;
    const current = entryOf(call)?.current;
    requireWriteConditions(request, current);
    requireBlobLease(call, current);
    const sync = isSync(call);
    const source = sourceBlob(call);
    if (source.body.type === 'PageBlob' && source.body.footer)
      throw storageFault('CopyAcrossAccountsNotSupported');
    const bytes = bodyLength(source.body);
    if (sync && bytes > SYNC_BYTES_MAX) throw storageFault('RequestBodyTooLarge');
    if (sync && source.body.type !== 'BlockBlob') throw storageFault('InvalidBlobType');
    const metadata = readMetadata(request);
    const tier = readAccessTier(request, call.version);
    const tags = copiedTags(call, source);
    const millis = sync || isSameAccount(call) ? 0 : tools.copyMillis(bytes);
    const copy: CopyState = {
      id: tools.copyId(),
      source: shownSource(requiredHeader(request, 'x-ms-copy-source')),
      bytes,
      startedAt: now,
      completedAt: now + millis,
      status: millis > 0 ? 'pending' : 'success',
    };
    const blob = replaceBlob(call, {
      body: millis > 0 ? emptyLike(source.body, call) : copyBody(source.body),
      http: source.http,
      metadata: metadata.size > 0 ? metadata : source.metadata,
      tags,
      ...tier,
      copy,
      ...(source.isSealed && header(request, 'x-ms-seal-blob') !== 'false' ? { isSealed: true } : {}),
    });
    if (millis > 0) arrive(call, blob, copy, freezeBody(source.body));
    return {
      status: 202,
      headers: { ...stampHeaders(blob), 'x-ms-copy-id': copy.id, 'x-ms-copy-status': copy.status },
    };
  },
});

function isSync({ request }: Call): boolean {
  const value = header(request, 'x-ms-requires-sync');
  if (value !== undefined && value !== 'true') throw badHeader('x-ms-requires-sync', value);
  return value === 'true';
}

function isSameAccount({ request, account, tools }: Call): boolean {
  const url = requiredHeader(request, 'x-ms-copy-source');
  return tools.accountOf(url, request) === account.name;
}

function emptyLike(body: BlobBody, { tools }: Call): BlobBody {
  return body.type === 'PageBlob'
    ? { type: 'PageBlob', space: tools.store.create(0), sequenceNumber: body.sequenceNumber }
    : { type: body.type, blocks: new BlockList() };
}

/** The content is there when its time has come, unless the copy was aborted or its destination is gone. */
function arrive(call: Call, blob: Blob, copy: CopyState, content: BlobBody): void {
  call.tools.later(copy.completedAt, () => {
    if (copy.status === 'pending' && blob.copy === copy && entryOf(call)?.current === blob) {
      releaseBody(blob.body);
      blob.body = copyBody(content);
      copy.status = 'success';
      touch(blob, { ...call, now: copy.completedAt });
      call.tools.wrote(call.account, copy.completedAt);
    }
    releaseBody(content);
  });
}

/** Abort Copy Blob: an empty blob stays behind, with the metadata of the source. */
export const abortCopyBlob = defineOperation({
  name: 'AbortCopyBlob',
  on: 'blob',
  methods: ['PUT'],
  comp: 'copy',
  header: { name: 'x-ms-copy-action', value: 'abort' },
  permission: { level: 'o', letters: 'w' },
  run(call) {
    const id = requiredParameter(call.request, 'copyid');
    const blob = writableBlobOf(call);
    requireBlobLease(call, blob);
    const { copy } = blob;
    if (copy?.status !== 'pending') throw storageFault('NoPendingCopyOperation');
    if (copy.id.toLowerCase() !== id.toLowerCase()) throw storageFault('CopyIdMismatch');
    blob.copy = { ...copy, status: 'aborted', completedAt: call.now };
    touch(blob, call);
    return { status: 204 };
  },
});

/**
 * Incremental Copy Blob: makes a page blob what a snapshot of another one is, and takes a snapshot of the
 * result. Later snapshots of the same source can follow; the blob itself can be neither read nor written.
 */
export const incrementalCopyBlob = defineOperation({
  name: 'IncrementalCopyBlob',
  on: 'blob',
  methods: ['PUT'],
  comp: 'incrementalcopy',
  header: { name: 'x-ms-copy-source' },
  permission: { level: 'o', letters: 'w', lettersToCreate: 'c' },
  run(call): Reply {
    const { request, now, tools } = call;
    const entry = entryOf(call);
    const current = entry?.current;
    requireWriteConditions(request, current);
    requireBlobLease(call, current);
    const source = sourceBlob(call);
    if (source.snapshot === undefined) throw storageFault('IncrementalCopySourceMustBeSnapshot');
    if (source.body.type !== 'PageBlob') throw storageFault('InvalidBlobType');
    if (source.body.footer) throw storageFault('CopyAcrossAccountsNotSupported');
    const url = shownSource(requiredHeader(request, 'x-ms-copy-source'));
    if (current) requireFollows(current, url, source);
    const copy: CopyState = {
      id: tools.copyId(),
      source: url,
      bytes: bodyLength(source.body),
      startedAt: now,
      completedAt: now,
      status: 'success',
      destinationSnapshot: tools.snapshotId(now),
    };
    const body = copyBody(source.body);
    let blob: Blob;
    if (current) {
      releaseBody(current.body);
      current.body = body;
      current.copy = copy;
      current.metadata = source.metadata;
      touch(current, call);
      blob = current;
    } else {
      blob = replaceBlob(call, { body, http: source.http, metadata: source.metadata, copy });
    }
    entryOf(call)!.snapshots.push({
      ...blob,
      snapshot: copy.destinationSnapshot!,
      body: freezeBody(body),
      lease: undefined,
    });
    return {
      status: 202,
      headers: { ...stampHeaders(blob), 'x-ms-copy-id': copy.id, 'x-ms-copy-status': 'success' },
    };
  },
});

/** Is this a later snapshot of the blob whose snapshots were copied before? @throws StorageFault */
function requireFollows({ copy }: Blob, url: string, source: Blob): void {
  const blobUrl = (text: string): string => text.split('?')[0]!;
  if (copy?.destinationSnapshot === undefined || blobUrl(copy.source) !== blobUrl(url))
    throw storageFault('IncrementalCopyBlobMismatch');
  const before = new URLSearchParams(copy.source.split('?')[1]).get('snapshot') ?? '';
  if (source.snapshot! <= before) throw storageFault('IncrementalCopyOfEarlierSnapshotNotAllowed');
}
