/** Properties of blobs as headers: how they are read from requests and written into answers. */
import type { UnixMillis } from '#core/units.ts';
import {
  type AccessTier,
  type Blob,
  type BlobHttpProperties,
  bodyLength,
  type Container,
  type CopyState,
} from './blob-model.ts';
import { isLocked, type Lease, leaseState } from './lease.ts';
import { httpDate, stampHeaders } from './operation.ts';
import { readMd5 } from './request-body.ts';
import { badHeader, storageFault } from './storage-fault.ts';
import { header, type WithHeaders } from './storage-request.ts';

const VALUE_MAX = 1024;

/** `x-ms-blob-content-*` (and, for the type, Content-Type where the body is the blob). @throws StorageFault */
export function readHttpProperties(request: WithHeaders, bodyIsBlob: boolean): BlobHttpProperties {
  const value = (own: string, plain: string): string | undefined => {
    const text = header(request, own) ?? (bodyIsBlob ? header(request, plain) : undefined);
    if (text !== undefined && text.length > VALUE_MAX) throw badHeader(own, text);
    return text === '' ? undefined : text;
  };
  const optional = (name: keyof BlobHttpProperties, text: string | undefined) =>
    text === undefined ? {} : { [name]: text };
  return {
    contentType: value('x-ms-blob-content-type', 'content-type') ?? 'application/octet-stream',
    ...optional('contentEncoding', value('x-ms-blob-content-encoding', 'content-encoding')),
    ...optional('contentLanguage', value('x-ms-blob-content-language', 'content-language')),
    ...optional('contentDisposition', value('x-ms-blob-content-disposition', 'content-disposition')),
    ...optional('cacheControl', value('x-ms-blob-cache-control', 'cache-control')),
    ...optional('contentMd5', readMd5(request, 'x-ms-blob-content-md5')),
  };
}

const TIERS: readonly string[] = ['Hot', 'Cool', 'Cold', 'Archive'];

/** @throws StorageFault InvalidHeaderValue: tiers of premium page blobs are not offered */
export function readAccessTier(request: WithHeaders, version: string): { readonly accessTier?: AccessTier } {
  const tier = header(request, 'x-ms-access-tier');
  if (tier === undefined) return {};
  if (!TIERS.includes(tier) || (tier === 'Cold' && version < '2021-12-02'))
    throw badHeader('x-ms-access-tier', tier);
  return { accessTier: tier as AccessTier };
}

/** Tier of a block blob at an instant: the archive is left some hours after it was asked for. */
export function tierOf(
  { accessTier, rehydration }: Blob,
  now: UnixMillis,
): { accessTier: AccessTier; inferred: boolean; archiveStatus?: string; priority?: string } {
  if (rehydration && now < rehydration.at)
    return {
      accessTier: 'Archive',
      inferred: false,
      archiveStatus: `rehydrate-pending-to-${rehydration.to.toLowerCase()}`,
      priority: rehydration.priority,
    };
  const tier = rehydration?.to ?? accessTier;
  return { accessTier: tier ?? 'Hot', inferred: tier === undefined };
}

export function leaseHeaders(lease: Lease | undefined, now: UnixMillis): Record<string, string> {
  const state = leaseState(lease, now);
  return {
    'x-ms-lease-status': isLocked(lease, now) ? 'locked' : 'unlocked',
    'x-ms-lease-state': state,
    ...(state === 'leased' ? { 'x-ms-lease-duration': leaseDuration(lease!) } : {}),
  };
}

export function leaseDuration(lease: Lease): 'infinite' | 'fixed' {
  return lease.durationMs === Number.POSITIVE_INFINITY ? 'infinite' : 'fixed';
}

/** Everything that Get Blob and Get Blob Properties say about a blob besides its length and metadata. */
export function blobHeaders(blob: Blob, now: UnixMillis): Record<string, string | undefined> {
  const { http, body } = blob;
  return {
    ...stampHeaders(blob),
    'x-ms-creation-time': httpDate(blob.createdAt),
    'x-ms-blob-type': body.type,
    'Content-Type': http.contentType,
    'Content-Encoding': http.contentEncoding,
    'Content-Language': http.contentLanguage,
    'Content-Disposition': http.contentDisposition,
    'Cache-Control': http.cacheControl,
    'Accept-Ranges': 'bytes',
    'x-ms-server-encrypted': 'true',
    ...(body.type === 'PageBlob' ? { 'x-ms-blob-sequence-number': String(body.sequenceNumber) } : {}),
    ...(body.type === 'AppendBlob'
      ? {
          'x-ms-blob-committed-block-count': String(body.blocks.blocks.length),
          'x-ms-blob-sealed': blob.isSealed ? 'true' : undefined,
        }
      : {}),
    ...(blob.snapshot === undefined ? leaseHeaders(blob.lease, now) : {}),
    ...copyHeaders(blob, now),
    ...(blob.tags.size > 0 ? { 'x-ms-tag-count': String(blob.tags.size) } : {}),
  };
}

function copyHeaders(blob: Blob, now: UnixMillis): Record<string, string | undefined> {
  const { copy } = blob;
  if (!copy) return {};
  return {
    'x-ms-copy-id': copy.id,
    'x-ms-copy-source': copy.source,
    'x-ms-copy-status': copy.status,
    'x-ms-copy-progress': copyProgress(copy, now),
    'x-ms-copy-completion-time': copy.status === 'pending' ? undefined : httpDate(copy.completedAt),
    'x-ms-incremental-copy': copy.destinationSnapshot === undefined ? undefined : 'true',
    'x-ms-copy-destination-snapshot': copy.destinationSnapshot,
  };
}

/** Bytes copied and to be copied. */
export function copyProgress(copy: CopyState, now: UnixMillis): string {
  const share =
    copy.status === 'pending' ? (now - copy.startedAt) / Math.max(1, copy.completedAt - copy.startedAt) : 1;
  const done = copy.status === 'aborted' ? 0 : Math.floor(copy.bytes * Math.min(1, share));
  return `${done}/${copy.bytes}`;
}

/** What Get Blob Properties adds, of block blobs only. */
export function tierHeaders(blob: Blob, now: UnixMillis): Record<string, string | undefined> {
  if (blob.body.type !== 'BlockBlob') return {};
  const { accessTier, inferred, archiveStatus, priority } = tierOf(blob, now);
  return {
    'x-ms-access-tier': accessTier,
    'x-ms-access-tier-inferred': inferred ? 'true' : undefined,
    'x-ms-access-tier-change-time':
      blob.tierChangedAt === undefined ? undefined : httpDate(blob.tierChangedAt),
    'x-ms-archive-status': archiveStatus,
    'x-ms-rehydrate-priority': priority,
  };
}

export function containerHeaders(container: Container, now: UnixMillis): Record<string, string | undefined> {
  return {
    ...stampHeaders(container),
    ...leaseHeaders(container.lease, now),
    'x-ms-blob-public-access': container.publicAccess,
    'x-ms-has-immutability-policy': 'false',
    'x-ms-has-legal-hold': 'false',
  };
}

/** First byte and number of bytes that a request for a range gets. @throws StorageFault InvalidRange */
export function clampRange(
  range: { start: number; end: number | undefined } | undefined,
  blob: Blob,
): { start: number; length: number } {
  const size = bodyLength(blob.body);
  if (!range) return { start: 0, length: size };
  if (range.start >= size)
    throw storageFault('InvalidRange', { headers: { 'Content-Range': `bytes */${size}` } });
  return { start: range.start, length: Math.min(size, (range.end ?? size - 1) + 1) - range.start };
}
