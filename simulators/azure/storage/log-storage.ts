/** Storage as the replication service sees it: one account for the logs, and disks without a name. */
import type { ReplicationStorage } from '../replication-service/storage-port.ts';
import type { StorageService } from './service.ts';

/** What a replicating appliance may do in a log container: create, write, read back, list. */
const LOG_PERMISSIONS = 'rcwl';

/** @param account made if it is not there */
export function replicationStorage(storage: StorageService, account: string): ReplicationStorage {
  if (!storage.account(account)) storage.createAccount(account);
  return {
    createLogContainer: (name) => void storage.container(account, name),
    deleteLogContainer: (name) => storage.deleteContainer(account, name),
    issueLogSas: (container, expiresAt) =>
      storage.issueContainerSas({ account, container, permissions: LOG_PERMISSIONS, expiresAt }),
    readLogBlob(container, name) {
      const blob = storage.readBlob(account, container, name);
      if (!blob) return undefined;
      const metadata: Record<string, string> = {};
      for (const [key, value] of blob.metadata) metadata[key.toLowerCase()] = value;
      return { content: blob.content, metadata };
    },
    deleteLogBlob: (container, name) => void storage.deleteBlob(account, container, name),
    createSeedDisk: (sizeBytes) => storage.store.create(sizeBytes),
  };
}
