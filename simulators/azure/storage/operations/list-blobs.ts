import { DAY, type UnixMillis } from '#core/units.ts';
import { XmlWriter } from '#core/wire/xml/writer.ts';
import { copyProgress, leaseDuration, tierOf } from '../blob-headers.ts';
import { type Blob, type BlobEntry, bodyLength, type DeletedBlob, type Metadata } from '../blob-model.ts';
import { writeTags } from '../blob-tags.ts';
import { isLocked, leaseState } from '../lease.ts';
import { containerOf, defineOperation, httpDate } from '../operation.ts';
import { purge } from '../soft-delete.ts';
import { badParameter } from '../storage-fault.ts';
import { maxResults } from '../storage-request.ts';

const PAGE_MAX = 5000;
/** In a marker, where a snapshot's time stamp would stand: sorts behind all of them. */
const AFTER_SNAPSHOTS = '~';
const INCLUDES = ['metadata', 'snapshots', 'uncommittedblobs', 'copy', 'deleted', 'tags'];

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
    const showOnly = request.query.get('showonly');
    if (showOnly !== undefined && showOnly !== 'deleted') throw badParameter('showonly', showOnly);
    if (showOnly) include.push('onlydeleted', 'deleted', 'snapshots');
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
    for (const entry of container.blobs.values()) purge(container, entry, call.now);
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
      for (const { blob, deleted } of shown(entry, include)) {
        const key = blob?.snapshot ?? AFTER_SNAPSHOTS;
        if (entry.name === markerName && key < markerSnapshot) continue;
        if (count === max) {
          next = writeMarker(entry.name, key);
          break listing;
        }
        count++;
        if (blob) writeBlob(out, blob, deleted, include, call.now);
        else writeUncommitted(out, entry);
      }
    }
    out.close().leaf('NextMarker', next);
    return { status: 200, headers: { 'Content-Type': 'application/xml' }, body: out.close().toString() };
  },
});

/** A blob, a snapshot or what is left of one; without a blob, blocks that were never committed. */
interface Shown {
  readonly blob?: Blob;
  readonly deleted?: DeletedBlob;
}

/** What a listing shows under one name: snapshots oldest first, then the blob. */
function shown(entry: BlobEntry, include: readonly string[]): Shown[] {
  const out: Shown[] = [];
  const alive = !include.includes('onlydeleted');
  if (alive && include.includes('snapshots')) for (const blob of entry.snapshots) out.push({ blob });
  if (include.includes('deleted')) {
    for (const deleted of entry.deleted)
      if (deleted.blob.snapshot === undefined || include.includes('snapshots'))
        out.push({ blob: deleted.blob, deleted });
    out.sort((a, b) =>
      (a.blob?.snapshot ?? AFTER_SNAPSHOTS) < (b.blob?.snapshot ?? AFTER_SNAPSHOTS) ? -1 : 1,
    );
  }
  if (alive && entry.current) out.push({ blob: entry.current });
  else if (alive && entry.uncommitted.size > 0 && include.includes('uncommittedblobs')) out.push({});
  return out;
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

function writeBlob(
  out: XmlWriter,
  blob: Blob,
  deleted: DeletedBlob | undefined,
  include: readonly string[],
  now: UnixMillis,
): void {
  const { http, body, lease } = blob;
  out.open('Blob').leaf('Name', blob.name);
  if (deleted) out.leaf('Deleted', true);
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
  if (body.type === 'BlockBlob') writeTier(out, blob, now);
  if (body.type === 'AppendBlob' && blob.isSealed) out.leaf('Sealed', true);
  if (blob.snapshot === undefined && !deleted) {
    out
      .leaf('LeaseStatus', isLocked(lease, now) ? 'locked' : 'unlocked')
      .leaf('LeaseState', leaseState(lease, now));
    if (leaseState(lease, now) === 'leased') out.leaf('LeaseDuration', leaseDuration(lease!));
  }
  if (include.includes('copy')) writeCopy(out, blob, now);
  out.leaf('ServerEncrypted', true);
  if (deleted)
    out
      .leaf('DeletedTime', httpDate(deleted.deletedAt))
      .leaf('RemainingRetentionDays', Math.ceil((deleted.expiresAt - now) / DAY));
  if (blob.tags.size > 0) out.leaf('TagCount', blob.tags.size);
  out.close();
  if (include.includes('metadata')) writeMetadata(out, blob.metadata);
  if (include.includes('tags') && blob.tags.size > 0) writeTags(out, blob.tags);
  out.close();
}

function writeTier(out: XmlWriter, blob: Blob, now: UnixMillis): void {
  const { accessTier, inferred, archiveStatus, priority } = tierOf(blob, now);
  out.leaf('AccessTier', accessTier);
  if (inferred) out.leaf('AccessTierInferred', true);
  if (blob.tierChangedAt !== undefined) out.leaf('AccessTierChangeTime', httpDate(blob.tierChangedAt));
  if (archiveStatus !== undefined) out.leaf('ArchiveStatus', archiveStatus);
  if (priority !== undefined) out.leaf('RehydratePriority', priority);
}

function writeCopy(out: XmlWriter, { copy }: Blob, now: UnixMillis): void {
  if (!copy) return;
  out.leaf('CopyId', copy.id).leaf('CopySource', copy.source).leaf('CopyStatus', copy.status);
  out.leaf('CopyProgress', copyProgress(copy, now));
  if (copy.status !== 'pending') out.leaf('CopyCompletionTime', httpDate(copy.completedAt));
  if (copy.destinationSnapshot !== undefined)
    out.leaf('IncrementalCopy', true).leaf('CopyDestinationSnapshot', copy.destinationSnapshot);
}
