/** The log storage account of a vault, in the cloud's own storage: where appliances put the blobs of cycles. */
import type { StorageService } from '../storage/service.ts';
import type { ReplicationStorage } from './storage-port.ts';

/** Create and write: what Put Blob needs, also when it repeats one; neither reading nor listing. */
const LOG_PERMISSIONS = 'cw';

/** @param account name of an account that exists */
export function logAccount(storage: StorageService, account: string): ReplicationStorage {
  return {
    account,
    createLogContainer: (name) => void storage.container(account, name),
    emptyLogContainer(name) {
      storage.deleteContainer(account, name);
      storage.container(account, name);
    },
    deleteLogContainer: (name) => storage.deleteContainer(account, name),
    issueLogSas: (container, expiresAt) =>
      storage.issueContainerSas({ account, container, permissions: LOG_PERMISSIONS, expiresAt }),
    readLogBlob(container, name) {
      const blob = storage.readBlob(account, container, name);
      if (!blob) return undefined;
      // names of metadata compare without case
      const sha256 = [...blob.metadata].find(([key]) => key.toLowerCase() === 'sha256')?.[1];
      return { content: blob.content, sha256 };
    },
    createSeedDisk: (sizeBytes) => storage.store.create(sizeBytes),
  };
}
