import { DAY, type UnixMillis } from '#core/units.ts';
import type { StorageAccount } from '../account.ts';
import { releaseEntry } from '../blob-model.ts';
import { requireWriteConditions } from '../conditions.ts';
import { requireWritable } from '../lease.ts';
import { containerOf, defineOperation } from '../operation.ts';
import { header } from '../storage-request.ts';

/** Delete Container, with all that is in it; where the account keeps deleted ones, it can be restored. The name can be used again at once, where the service waits a while. */
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
    const days = call.account.settings.containerRetentionDays;
    if (days > 0) {
      container.lease = undefined;
      call.account.deletedContainers.push({
        container,
        version: call.tools.snapshotId(call.now).replaceAll(/\D/g, '').slice(-16),
        deletedAt: call.now,
        expiresAt: call.now + days * DAY,
      });
    } else for (const entry of container.blobs.values()) releaseEntry(entry);
    dropExpired(call.account, call.now);
    return { status: 202 };
  },
});

/** Containers that were kept long enough are gone with what is in them. */
function dropExpired(account: StorageAccount, now: UnixMillis): void {
  for (const { container, expiresAt } of account.deletedContainers)
    if (expiresAt <= now) for (const entry of container.blobs.values()) releaseEntry(entry);
  account.deletedContainers = account.deletedContainers.filter(({ expiresAt }) => expiresAt > now);
}
