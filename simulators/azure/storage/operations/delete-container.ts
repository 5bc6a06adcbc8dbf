import { releaseEntry } from '../blob-model.ts';
import { header } from '../blob-request.ts';
import { requireWriteConditions } from '../conditions.ts';
import { requireWritable } from '../lease.ts';
import { containerOf, defineOperation } from '../operation.ts';

/** Delete Container, with all that is in it. The name can be used again at once, where the service waits a while. */
export const deleteContainer = defineOperation({
  name: 'DeleteContainer',
  on: 'container',
  methods: ['DELETE'],
  restype: 'container',
  permission: { level: 'c', letters: 'd', accountOnly: true },
  run(call) {
    const container = containerOf(call);
    requireWriteConditions(call.request, container);
    requireWritable(container.lease, header(call.request, 'x-ms-lease-id'), call.now, 'container');
    call.account.containers.delete(container.name);
    for (const entry of container.blobs.values()) releaseEntry(entry);
    return { status: 202 };
  },
});
