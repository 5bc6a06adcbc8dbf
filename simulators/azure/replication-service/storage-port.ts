/** What the replication service needs of storage: log containers, their blobs, and sparse disks. */
import type { Bytes, UnixMillis } from '#core/units.ts';

/** A sparse byte space with cheap copies (storage/extent-store.ts is one). */
export interface DiskSpace {
  readonly sizeBytes: Bytes;
  read(offset: Bytes, length: Bytes): Buffer;
  /** Whole sectors of 512 bytes. */
  write(offset: Bytes, data: Uint8Array): void;
  /** Makes whole sectors read as zeros. */
  clear(offset: Bytes, length: Bytes): void;
  /** A writable copy; what neither side changes is shared. */
  copy(): DiskSpace;
  release(): void;
}

export interface LogBlob {
  readonly content: Buffer;
  /** `x-ms-meta-sha256`. */
  readonly sha256: string | undefined;
}

export interface ReplicationStorage {
  /** Name of the account that holds the log containers. */
  readonly account: string;
  createLogContainer(name: string): void;
  /** Deletes everything in it, also what was not finished. */
  emptyLogContainer(name: string): void;
  deleteLogContainer(name: string): void;
  /** A URL with a signature that lets its holder create and write block blobs in the container. */
  issueLogSas(container: string, expiresAt: UnixMillis): string;
  readLogBlob(container: string, name: string): LogBlob | undefined;
  createSeedDisk(sizeBytes: Bytes): DiskSpace;
}
