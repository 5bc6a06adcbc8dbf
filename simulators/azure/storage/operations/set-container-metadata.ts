import { requireWriteConditions } from '../conditions.ts';
import { requireReadable } from '../lease.ts';
import { containerOf, defineOperation, stampHeaders, touch } from '../operation.ts';
import { header, readMetadata } from '../storage-request.ts';

/** Set Container Metadata. */
export const setContainerMetadata = defineOperation({
  name: 'SetContainerMetadata',
  on: 'container',
  methods: ['PUT'],
  restype: 'container',
  comp: 'metadata',
  permission: { level: 'c', letters: 'w', accountOnly: true },
  run(call) {
    const container = containerOf(call);
    requireWriteConditions(call.request, container);
    requireReadable(container.lease, header(call.request, 'x-ms-lease-id'), call.now, 'container');
    container.metadata = readMetadata(call.request);
    touch(container, call);
    return { status: 200, headers: stampHeaders(container) };
  },
});
