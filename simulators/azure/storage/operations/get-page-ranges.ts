import { XmlWriter } from '#core/wire/xml/writer.ts';
import { type Blob, bodyLength, type PageBody } from '../blob-model.ts';
import { readRange } from '../blob-request.ts';
import { requireReadConditions } from '../conditions.ts';
import { requireReadable } from '../lease.ts';
import { blobOf, type Call, defineOperation, entryOf, stampHeaders } from '../operation.ts';
import { type ChangedRange, PAGE_BYTES } from '../page-table.ts';
import { badParameter, storageFault } from '../storage-fault.ts';
import { header, maxResults } from '../storage-request.ts';

const RANGES_MAX = 10_000;
/** Answers come in pages since this version; before, in one piece. */
const PAGED_SINCE = '2020-10-02';

/** Get Page Ranges, and what changed since an earlier snapshot. */
export const getPageRanges = defineOperation({
  name: 'GetPageRanges',
  on: 'blob',
  methods: ['GET'],
  comp: 'pagelist',
  permission: { level: 'o', letters: 'r' },
  run(call) {
    const { request, version } = call;
    const blob = blobOf(call);
    const { body } = blob;
    if (body.type !== 'PageBlob') throw storageFault('InvalidBlobType');
    requireReadable(blob.lease, header(request, 'x-ms-lease-id'), call.now, 'blob');
    requireReadConditions(request, blob);
    const previous = previousOf(call, blob);
    const size = bodyLength(body);
    const asked = readRange(request);
    if (asked && asked.start >= size && size > 0) throw storageFault('InvalidRange');
    const marker = readMarker(request.query.get('marker'));
    // a range is widened to whole pages
    const from = Math.max(marker, Math.floor((asked?.start ?? 0) / PAGE_BYTES) * PAGE_BYTES);
    const to = Math.min(size, Math.ceil(((asked?.end ?? size - 1) + 1) / PAGE_BYTES) * PAGE_BYTES);
    const max = version >= PAGED_SINCE ? maxResults(request, RANGES_MAX) : Number.POSITIVE_INFINITY;
    const out = new XmlWriter().open('PageList');
    let count = 0;
    let next = '';
    for (const { start, length, cleared } of rangesOf(body, previous, from, to)) {
      if (count++ === max) {
        next = String(start);
        break;
      }
      out
        .open(cleared ? 'ClearRange' : 'PageRange')
        .leaf('Start', start)
        .leaf('End', start + length - 1)
        .close();
    }
    if (version >= PAGED_SINCE) out.leaf('NextMarker', next);
    return {
      status: 200,
      headers: {
        ...stampHeaders(blob),
        'x-ms-blob-content-length': String(size),
        'Content-Type': 'application/xml',
      },
      body: out.close().toString(),
    };
  },
});

/** In order; the footer of an exported disk follows its pages and is the same in all exports of one size. */
function* rangesOf(
  body: PageBody,
  previous: PageBody | undefined,
  from: number,
  to: number,
): Generator<ChangedRange> {
  const { space, footer } = body;
  const end = Math.min(to, space.sizeBytes);
  if (previous) {
    yield* space.diff(previous.space, from, end);
    return;
  }
  const footerFrom = Math.max(from, space.sizeBytes);
  const withFooter = footer !== undefined && footerFrom < to;
  for (const range of space.ranges(from, end)) {
    if (withFooter && range.start + range.length === footerFrom) {
      yield { start: range.start, length: to - range.start, cleared: false };
      return;
    }
    yield { ...range, cleared: false };
  }
  if (withFooter) yield { start: footerFrom, length: to - footerFrom, cleared: false };
}

/** Snapshot named by `prevsnapshot`, or by URL for managed disks. @throws StorageFault */
function previousOf(call: Call, blob: Blob): PageBody | undefined {
  const { request } = call;
  const name = request.query.get('prevsnapshot');
  const url = header(request, 'x-ms-previous-snapshot-url');
  if (name === undefined && url === undefined) return undefined;
  const previous = url === undefined ? namedSnapshot(call, name!) : call.tools.openSource({ url, call });
  if (previous?.body.type !== 'PageBlob') throw storageFault('PreviousSnapshotNotFound');
  if (previous.generation !== blob.generation) throw storageFault('BlobOverwritten');
  if (url === undefined && blob.snapshot !== undefined && previous.snapshot! > blob.snapshot)
    throw storageFault('PreviousSnapshotCannotBeNewer');
  return previous.body;
}

function namedSnapshot(call: Call, name: string): Blob | undefined {
  return entryOf(call)?.snapshots.find(({ snapshot }) => snapshot === name);
}

function readMarker(marker: string | undefined): number {
  if (marker === undefined || marker === '') return 0;
  const value = Number(marker);
  if (!/^\d{1,16}$/.test(marker) || value % PAGE_BYTES !== 0) throw badParameter('marker', marker);
  return value;
}
