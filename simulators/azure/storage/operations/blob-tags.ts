import { XmlWriter } from '#core/wire/xml/writer.ts';
import type { Container } from '../blob-model.ts';
import { parseTagQuery, readTagsXml, TAGS_XML_LIMITS, writeTags } from '../blob-tags.ts';
import { requireReadConditions } from '../conditions.ts';
import { requireReadable, requireWritable } from '../lease.ts';
import { blobOf, type Call, containerOf, defineOperation, type Reply } from '../operation.ts';
import { badParameter } from '../storage-fault.ts';
import { header, maxResults, requiredParameter } from '../storage-request.ts';

/** Set Blob Tags: all of them at once. The blob's entity tag stays. */
export const setBlobTags = defineOperation({
  name: 'SetBlobTags',
  on: 'blob',
  methods: ['PUT'],
  comp: 'tags',
  permission: { level: 'o', letters: 't', action: 'write' },
  body: { kind: 'memory', bytesMax: TAGS_XML_LIMITS.bytesMax },
  run(call) {
    const blob = blobOf(call);
    requireReadConditions(call.request, blob);
    requireWritable(blob.lease, header(call.request, 'x-ms-lease-id'), call.now, 'blob');
    blob.tags = readTagsXml(Buffer.concat(call.body.pieces));
    return { status: 204 };
  },
});

/** Get Blob Tags. */
export const getBlobTags = defineOperation({
  name: 'GetBlobTags',
  on: 'blob',
  methods: ['GET'],
  comp: 'tags',
  permission: { level: 'o', letters: 't', action: 'read' },
  run(call) {
    const blob = blobOf(call);
    requireReadConditions(call.request, blob);
    requireReadable(blob.lease, header(call.request, 'x-ms-lease-id'), call.now, 'blob');
    const out = new XmlWriter();
    writeTags(out, blob.tags);
    return { status: 200, body: out.toString() };
  },
});

const PAGE_MAX = 5000;

/** Find Blobs by Tags, in all containers or in one. The marker is where the next page begins. */
function find(call: Call, containers: readonly Container[]): Reply {
  const { request } = call;
  const where = requiredParameter(request, 'where');
  const { matches, keys } = parseTagQuery(where);
  const max = maxResults(request, PAGE_MAX);
  const [fromContainer, fromBlob] = readMarker(request.query.get('marker') ?? '');
  const out = new XmlWriter().open('EnumerationResults', { ServiceEndpoint: `${request.endpoint}/` });
  out.leaf('Where', where).open('Blobs');
  let count = 0;
  let next = '';
  search: for (const container of containers) {
    if (container.name < fromContainer) continue;
    const from = container.name === fromContainer ? fromBlob : '';
    for (const { name, current } of container.blobs.from('', from)) {
      if (!current || !matches(current.tags, container.name)) continue;
      if (count++ === max) {
        next = Buffer.from(`${container.name}\n${name}`).toString('base64url');
        break search;
      }
      out.open('Blob').leaf('Name', name).leaf('ContainerName', container.name);
      writeTags(out, new Map([...current.tags].filter(([key]) => keys.has(key))));
      out.close();
    }
  }
  return { status: 200, body: out.close().leaf('NextMarker', next).close().toString() };
}

function readMarker(marker: string): [container: string, blob: string] {
  if (marker === '') return ['', ''];
  const [container = '', blob] = Buffer.from(marker, 'base64url').toString().split('\n');
  if (blob === undefined) throw badParameter('marker', marker);
  return [container, blob];
}

export const findBlobsByTags = defineOperation({
  name: 'FindBlobsByTags',
  on: 'service',
  methods: ['GET'],
  comp: 'blobs',
  permission: { level: 's', letters: 'f', accountOnly: true },
  run: (call) =>
    find(
      call,
      [...call.account.containers.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    ),
});

/** The same in one container. */
export const filterBlobs = defineOperation({
  name: 'FilterBlobs',
  on: 'container',
  methods: ['GET'],
  restype: 'container',
  comp: 'blobs',
  since: '2021-04-10',
  permission: { level: 'c', letters: 'f' },
  run: (call) => find(call, [containerOf(call)]),
});
