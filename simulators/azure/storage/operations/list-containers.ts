import { XmlWriter } from '#core/wire/xml/writer.ts';
import { leaseDuration } from '../blob-headers.ts';
import { maxResults } from '../blob-request.ts';
import { isLocked, leaseState } from '../lease.ts';
import { defineOperation, httpDate } from '../operation.ts';
import { badParameter } from '../storage-fault.ts';
import { writeMetadata } from './list-blobs.ts';

const PAGE_MAX = 5000;

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
    const include = request.query.get('include') ?? '';
    if (!/^(?:metadata|)$/.test(include)) throw badParameter('include', include);
    const names = [...account.containers.keys()]
      .filter((name) => name.startsWith(prefix) && name >= marker)
      .sort();
    const out = new XmlWriter().open('EnumerationResults', { ServiceEndpoint: `${request.endpoint}/` });
    if (prefix !== '') out.leaf('Prefix', prefix);
    if (marker !== '') out.leaf('Marker', marker);
    if (request.query.has('maxresults')) out.leaf('MaxResults', max);
    out.open('Containers');
    for (const name of names.slice(0, max)) {
      const container = account.containers.get(name)!;
      const { lease } = container;
      out.open('Container').leaf('Name', name).open('Properties');
      out.leaf('Last-Modified', httpDate(container.lastModified)).leaf('Etag', container.etag);
      out.leaf('LeaseStatus', isLocked(lease, now) ? 'locked' : 'unlocked');
      out.leaf('LeaseState', leaseState(lease, now));
      if (leaseState(lease, now) === 'leased') out.leaf('LeaseDuration', leaseDuration(lease!));
      if (container.publicAccess) out.leaf('PublicAccess', container.publicAccess);
      out.leaf('HasImmutabilityPolicy', false).leaf('HasLegalHold', false).close();
      if (include === 'metadata') writeMetadata(out, container.metadata);
      out.close();
    }
    out.close().leaf('NextMarker', names[max] ?? '');
    return { status: 200, headers: { 'Content-Type': 'application/xml' }, body: out.close().toString() };
  },
});
