/** Properties of blobs as headers: how they are read from requests and written into answers. */
import type { UnixMillis } from '#core/units.ts';
import {
  type Blob,
  type BlobHttpProperties,
  bodyLength,
  type Container,
  type CopyState,
} from './blob-model.ts';
import { type BlobRequest, header } from './blob-request.ts';
import { isLocked, type Lease, leaseState } from './lease.ts';
import { httpDate, stampHeaders } from './operation.ts';
import { readMd5 } from './request-body.ts';
import { badHeader, storageFault } from './storage-fault.ts';

const VALUE_MAX = 1024;

/** `x-ms-blob-content-*` (and, for the type, Content-Type where the body is the blob). @throws StorageFault */
export function readHttpProperties(request: BlobRequest, bodyIsBlob: boolean): BlobHttpProperties {
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

const TIERS = ['Hot', 'Cool', 'Cold'];

/** @throws StorageFault InvalidHeaderValue for a tier from which data cannot be read at once */
export function readAccessTier(request: BlobRequest): { accessTier?: string } {
  const tier = header(request, 'x-ms-access-tier');
  if (tier === undefined) return {};
  if (!TIERS.includes(tier)) throw badHeader('x-ms-access-tier', tier);
  return { accessTier: tier };
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
      ? { 'x-ms-blob-committed-block-count': String(body.blocks.blocks.length) }
      : {}),
    ...(blob.snapshot === undefined ? leaseHeaders(blob.lease, now) : {}),
    ...copyHeaders(blob.copy),
  };
}

function copyHeaders(copy: CopyState | undefined): Record<string, string> {
  if (!copy) return {};
  return {
    'x-ms-copy-id': copy.id,
    'x-ms-copy-source': copy.source,
    'x-ms-copy-status': 'success',
    'x-ms-copy-progress': `${copy.bytes}/${copy.bytes}`,
    'x-ms-copy-completion-time': httpDate(copy.completedAt),
  };
}

/** Of block blobs only: what Get Blob Properties adds. */
export function tierHeaders(blob: Blob): Record<string, string | undefined> {
  if (blob.body.type !== 'BlockBlob') return {};
  return {
    'x-ms-access-tier': blob.accessTier ?? 'Hot',
    'x-ms-access-tier-inferred': blob.accessTier === undefined ? 'true' : undefined,
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
