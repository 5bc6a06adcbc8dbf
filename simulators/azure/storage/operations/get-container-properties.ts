import { containerHeaders } from '../blob-headers.ts';
import { requireReadable } from '../lease.ts';
import { containerOf, defineOperation, type Operation } from '../operation.ts';
import { header } from '../storage-request.ts';

const permission = { level: 'c', letters: 'r', accountOnly: true } as const;

const run: Operation['run'] = (call) => {
  const container = containerOf(call);
  requireReadable(container.lease, header(call.request, 'x-ms-lease-id'), call.now, 'container');
  return {
    status: 200,
    headers: containerHeaders(container, call.now),
    metadata: container.metadata,
  };
};

/** Get Container Properties. */
export const getContainerProperties = defineOperation({
  name: 'GetContainerProperties',
  on: 'container',
  methods: ['GET', 'HEAD'],
  restype: 'container',
  permission,
  run,
});

/** Get Container Metadata: the same answer. */
export const getContainerMetadata = defineOperation({
  name: 'GetContainerMetadata',
  on: 'container',
  methods: ['GET', 'HEAD'],
  restype: 'container',
  comp: 'metadata',
  permission,
  run,
});
