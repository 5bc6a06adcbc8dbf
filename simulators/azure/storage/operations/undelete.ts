import { containerOf, defineOperation, entryOf, stampHeaders } from '../operation.ts';
import { undelete } from '../soft-delete.ts';
import { storageFault } from '../storage-fault.ts';
import { requiredHeader } from '../storage-request.ts';

/** Undelete Blob: the blob and its snapshots, as far as they are still kept. */
export const undeleteBlob = defineOperation({
  name: 'UndeleteBlob',
  on: 'blob',
  methods: ['PUT'],
  comp: 'undelete',
  permission: { level: 'o', letters: 'w' },
  run(call) {
    containerOf(call);
    const entry = entryOf(call);
    if (!entry || (!undelete(entry) && !entry.current)) throw storageFault('BlobNotFound');
    return { status: 200 };
  },
});

/** Restore Container, under its own name. */
export const restoreContainer = defineOperation({
  name: 'RestoreContainer',
  on: 'container',
  methods: ['PUT'],
  restype: 'container',
  comp: 'undelete',
  since: '2019-12-12',
  permission: { level: 'c', letters: 'w', accountOnly: true },
  run(call) {
    const { request, account, now } = call;
    const name = requiredHeader(request, 'x-ms-deleted-container-name');
    const version = requiredHeader(request, 'x-ms-deleted-container-version');
    if (account.containers.has(request.container!)) throw storageFault('ContainerAlreadyExists');
    const index = account.deletedContainers.findIndex(
      (deleted) => deleted.container.name === name && deleted.version === version && deleted.expiresAt > now,
    );
    if (index < 0 || name !== request.container) throw storageFault('ContainerNotFound');
    const [deleted] = account.deletedContainers.splice(index, 1);
    account.containers.set(name, deleted!.container);
    return { status: 201, headers: stampHeaders(deleted!.container) };
  },
});
