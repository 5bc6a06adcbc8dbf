import type { UnixMillis } from '#core/units.ts';
import { XmlWriter } from '#core/wire/xml/writer.ts';
import { leaseDuration } from '../blob-headers.ts';
import { type Blob, type BlobEntry, bodyLength, type Metadata } from '../blob-model.ts';
import { maxResults } from '../blob-request.ts';
import { isLocked, leaseState } from '../lease.ts';
import { containerOf, defineOperation, httpDate } from '../operation.ts';
import { badParameter } from '../storage-fault.ts';

const PAGE_MAX = 5000;
/** In a marker, where a snapshot's time stamp would stand: sorts behind all of them. */
const AFTER_SNAPSHOTS = '~';
const INCLUDES = ['metadata', 'snapshots', 'uncommittedblobs', 'copy'];

/**
 * List Blobs: in order of name, by prefix, in pages, optionally folded at a delimiter. The marker of a page is
 * the name with which the next one begins, and where a page ends within a name's snapshots, the one reached.
 */
export const listBlobs = defineOperation({
  name: 'ListBlobs',
  on: 'container',
  methods: ['GET'],
  restype: 'container',
  comp: 'list',
  permission: { level: 'c', letters: 'l' },
  run(call) {
    const { request } = call;
    const container = containerOf(call);
    const prefix = request.query.get('prefix') ?? '';
    const delimiter = request.query.get('delimiter') ?? '';
    const marker = request.query.get('marker') ?? '';
    const max = maxResults(request, PAGE_MAX);
    const include = (request.query.get('include') ?? '').split(',').filter((word) => word !== '');
    const unknown = include.find((word) => !INCLUDES.includes(word));
    if (unknown !== undefined) throw badParameter('include', unknown);

    const out = new XmlWriter().open('EnumerationResults', {
      ServiceEndpoint: `${request.endpoint}/`,
      ContainerName: container.name,
    });
    if (prefix !== '') out.leaf('Prefix', prefix);
    if (marker !== '') out.leaf('Marker', marker);
    if (request.query.has('maxresults')) out.leaf('MaxResults', max);
    if (delimiter !== '') out.leaf('Delimiter', delimiter);
    out.open('Blobs');
    const [markerName, markerSnapshot] = readMarker(marker);
    let next = '';
    let count = 0;
    let folded: string | undefined;
    listing: for (const entry of container.blobs.from(prefix, markerName)) {
      const cut = delimiter === '' ? -1 : entry.name.indexOf(delimiter, prefix.length);
      if (cut >= 0) {
        const group = entry.name.slice(0, cut + delimiter.length);
        if (group === folded || shown(entry, include).length === 0) continue;
        if (count === max) {
          next = writeMarker(group, '');
          break;
        }
        folded = group;
        count++;
        out.open('BlobPrefix').leaf('Name', group).close();
        continue;
      }
      for (const blob of shown(entry, include)) {
        const key = blob === 'uncommitted' ? AFTER_SNAPSHOTS : (blob.snapshot ?? AFTER_SNAPSHOTS);
        if (entry.name === markerName && key < markerSnapshot) continue;
        if (count === max) {
          next = writeMarker(entry.name, key);
          break listing;
        }
        count++;
        if (blob === 'uncommitted') writeUncommitted(out, entry);
        else writeBlob(out, blob, include, call.now);
      }
    }
    out.close().leaf('NextMarker', next);
    return { status: 200, headers: { 'Content-Type': 'application/xml' }, body: out.close().toString() };
  },
});

/** What a listing shows under one name: snapshots oldest first, then the blob. */
function shown(entry: BlobEntry, include: readonly string[]): Array<Blob | 'uncommitted'> {
  const blobs: Array<Blob | 'uncommitted'> = include.includes('snapshots') ? [...entry.snapshots] : [];
  if (entry.current) blobs.push(entry.current);
  else if (entry.uncommitted.size > 0 && include.includes('uncommittedblobs')) blobs.push('uncommitted');
  return blobs;
}

/** Names hold no control characters, so the parts of a marker cannot run into each other. */
function writeMarker(name: string, snapshot: string): string {
  return Buffer.from(`${name}\n${snapshot}`).toString('base64url');
}

function readMarker(marker: string): [name: string, snapshot: string] {
  if (marker === '') return ['', ''];
  const [name = '', snapshot] = Buffer.from(marker, 'base64url').toString().split('\n');
  if (snapshot === undefined) throw badParameter('marker', marker);
  return [name, snapshot];
}

export function writeMetadata(out: XmlWriter, metadata: Metadata): void {
  out.open('Metadata');
  for (const [name, value] of metadata) out.leaf(name, value);
  out.close();
}

function writeUncommitted(out: XmlWriter, entry: BlobEntry): void {
  out.open('Blob').leaf('Name', entry.name).open('Properties');
  out.leaf('Content-Length', 0).leaf('BlobType', 'BlockBlob');
  out.close().close();
}

function writeBlob(out: XmlWriter, blob: Blob, include: readonly string[], now: UnixMillis): void {
  const { http, body, lease, copy } = blob;
  out.open('Blob').leaf('Name', blob.name);
  if (blob.snapshot !== undefined) out.leaf('Snapshot', blob.snapshot);
  out.open('Properties').leaf('Creation-Time', httpDate(blob.createdAt));
  out.leaf('Last-Modified', httpDate(blob.lastModified)).leaf('Etag', blob.etag.replaceAll('"', ''));
  out.leaf('Content-Length', bodyLength(body)).leaf('Content-Type', http.contentType);
  out
    .leaf('Content-Encoding', http.contentEncoding ?? '')
    .leaf('Content-Language', http.contentLanguage ?? '');
  out.leaf('Content-MD5', http.contentMd5 ?? '').leaf('Cache-Control', http.cacheControl ?? '');
  out.leaf('Content-Disposition', http.contentDisposition ?? '');
  if (body.type === 'PageBlob') out.leaf('x-ms-blob-sequence-number', body.sequenceNumber);
  out.leaf('BlobType', body.type);
  if (body.type === 'BlockBlob') {
    out.leaf('AccessTier', blob.accessTier ?? 'Hot');
    if (blob.accessTier === undefined) out.leaf('AccessTierInferred', true);
  }
  if (blob.snapshot === undefined) {
    out
      .leaf('LeaseStatus', isLocked(lease, now) ? 'locked' : 'unlocked')
      .leaf('LeaseState', leaseState(lease, now));
    if (leaseState(lease, now) === 'leased') out.leaf('LeaseDuration', leaseDuration(lease!));
  }
  if (copy && include.includes('copy')) {
    out.leaf('CopyId', copy.id).leaf('CopySource', copy.source).leaf('CopyStatus', 'success');
    out.leaf('CopyProgress', `${copy.bytes}/${copy.bytes}`);
    out.leaf('CopyCompletionTime', httpDate(copy.completedAt));
  }
  out.leaf('ServerEncrypted', true).close();
  if (include.includes('metadata')) writeMetadata(out, blob.metadata);
  out.close();
}
