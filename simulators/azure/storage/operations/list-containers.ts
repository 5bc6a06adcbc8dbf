import { DAY } from '#core/units.ts';
import { XmlWriter } from '#core/wire/xml/writer.ts';
import type { DeletedContainer } from '../account.ts';
import { leaseDuration } from '../blob-headers.ts';
import type { Container } from '../blob-model.ts';
import { isLocked, leaseState } from '../lease.ts';
import { defineOperation, httpDate } from '../operation.ts';
import { badParameter } from '../storage-fault.ts';
import { maxResults } from '../storage-request.ts';
import { writeMetadata } from './list-blobs.ts';

const PAGE_MAX = 5000;
const INCLUDES = ['metadata', 'deleted', 'system'];

/** A container, or one that was deleted and can be restored. */
interface Listed extends Partial<Omit<DeletedContainer, 'container'>> {
  readonly container: Container;
}

/** List Containers. */
export const listContainers = defineOperation({
  name: 'ListContainers',
  on: 'service',
  methods: ['GET'],
  comp: 'list',
  permission: { level: 's', letters: 'l', accountOnly: true },
  run({ request, account, now }) {
    const prefix = request.query.get('prefix') ?? '';
    const marker = request.query.get('marker') ?? '';
    const max = maxResults(request, PAGE_MAX);
    const include = (request.query.get('include') ?? '').split(',').filter((word) => word !== '');
    const unknown = include.find((word) => !INCLUDES.includes(word));
    if (unknown !== undefined) throw badParameter('include', unknown);
    const listed: Listed[] = [...account.containers.values()].map((container) => ({ container }));
    if (include.includes('deleted'))
      for (const deleted of account.deletedContainers) if (deleted.expiresAt > now) listed.push(deleted);
    const keyOf = ({ container, version = '' }: Listed): string => `${container.name}\n${version}`;
    const page = listed
      .filter((one) => one.container.name.startsWith(prefix) && keyOf(one) >= readMarker(marker))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const out = new XmlWriter().open('EnumerationResults', { ServiceEndpoint: `${request.endpoint}/` });
    if (prefix !== '') out.leaf('Prefix', prefix);
    if (marker !== '') out.leaf('Marker', marker);
    if (request.query.has('maxresults')) out.leaf('MaxResults', max);
    out.open('Containers');
    for (const { container, version, deletedAt, expiresAt } of page.slice(0, max)) {
      const { lease } = container;
      out.open('Container').leaf('Name', container.name);
      if (version !== undefined) out.leaf('Deleted', true).leaf('Version', version);
      out.open('Properties');
      out.leaf('Last-Modified', httpDate(container.lastModified)).leaf('Etag', container.etag);
      out.leaf('LeaseStatus', isLocked(lease, now) ? 'locked' : 'unlocked');
      out.leaf('LeaseState', leaseState(lease, now));
      if (leaseState(lease, now) === 'leased') out.leaf('LeaseDuration', leaseDuration(lease!));
      if (container.publicAccess) out.leaf('PublicAccess', container.publicAccess);
      out.leaf('HasImmutabilityPolicy', false).leaf('HasLegalHold', false);
      if (deletedAt !== undefined && expiresAt !== undefined)
        out
          .leaf('DeletedTime', httpDate(deletedAt))
          .leaf('RemainingRetentionDays', Math.ceil((expiresAt - now) / DAY));
      out.close();
      if (include.includes('metadata')) writeMetadata(out, container.metadata);
      out.close();
    }
    const next = page[max];
    out.close().leaf('NextMarker', next ? Buffer.from(keyOf(next)).toString('base64url') : '');
    return { status: 200, headers: { 'Content-Type': 'application/xml' }, body: out.close().toString() };
  },
});

function readMarker(marker: string): string {
  if (marker === '') return '';
  const key = Buffer.from(marker, 'base64url').toString();
  if (!key.includes('\n')) throw badParameter('marker', marker);
  return key;
}
