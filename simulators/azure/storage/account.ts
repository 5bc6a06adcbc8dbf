/** A storage account: its keys, its settings, and what of it is common to blobs, queues and tables. */
import type { UnixMillis } from '#core/units.ts';
import type { Container } from './blob-model.ts';
import type { StorageLimits } from './limits.ts';

export type ServiceName = 'blob' | 'queue' | 'table';

export interface StoredPolicy {
  readonly id: string;
  readonly startsAt?: UnixMillis;
  readonly expiresAt?: UnixMillis;
  readonly permissions?: string;
}

/** Who may reach an account at all. */
export interface AccountNetwork {
  /** Off: only through private endpoints. */
  readonly publicAccess: boolean;
  /** Nodes of the world in whose network a private endpoint of the account stands. */
  readonly privateEndpointNodes: readonly string[];
}

/** LRS: one region. GRS: also kept in the paired region. RA-GRS: and can be read there. */
export type Redundancy = 'LRS' | 'GRS' | 'RA-GRS';

/** What an administrator can change. */
export interface AccountSettings {
  /** May containers be opened to anonymous readers? Off, as in new accounts. */
  readonly allowPublicAccess: boolean;
  /** May the account's keys be used? On. */
  readonly allowSharedKey: boolean;
  readonly network: AccountNetwork;
  readonly redundancy: Redundancy;
  /** Deleted containers can be restored so long; 0: not at all. */
  readonly containerRetentionDays: number;
  /** In place of the service's. */
  readonly limits?: StorageLimits | undefined;
}

export interface RetentionPolicy {
  readonly enabled: boolean;
  readonly days?: number | undefined;
}

export interface AnalyticsSettings {
  readonly version: string;
  /** Of logs: delete, read, write. Of metrics: enabled, includeAPIs. */
  readonly flags: Readonly<Record<string, boolean>>;
  readonly retention: RetentionPolicy;
}

export interface CorsRule {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly maxAgeSeconds: number;
}

/** Set Blob (Queue, Table) Service Properties. Analytics settings are kept and given back; nothing is logged. */
export interface ServiceProperties {
  readonly logging: AnalyticsSettings;
  readonly hourMetrics: AnalyticsSettings;
  readonly minuteMetrics: AnalyticsSettings;
  readonly cors: readonly CorsRule[];
  /** Blobs only: version of requests that name none. */
  readonly defaultVersion?: string | undefined;
  /** Blobs only: soft delete. */
  readonly deleteRetention: RetentionPolicy;
}

export interface DeletedContainer {
  readonly container: Container;
  /** Tells it from others of the same name. */
  readonly version: string;
  readonly deletedAt: UnixMillis;
  readonly expiresAt: UnixMillis;
}

export interface StorageAccount {
  readonly name: string;
  /** Two, in Base64; both are valid. */
  readonly keys: [string, string];
  containers: Map<string, Container>;
  deletedContainers: DeletedContainer[];
  settings: AccountSettings;
  readonly properties: Record<ServiceName, ServiceProperties>;
}

export const NEW_ACCOUNT: AccountSettings = {
  allowPublicAccess: false,
  allowSharedKey: true,
  network: { publicAccess: true, privateEndpointNodes: [] },
  redundancy: 'LRS',
  containerRetentionDays: 0,
};

const OFF: RetentionPolicy = { enabled: false };

export function newServiceProperties(): ServiceProperties {
  const metrics = { version: '1.0', flags: { Enabled: false }, retention: OFF };
  return {
    logging: { version: '1.0', flags: { Delete: false, Read: false, Write: false }, retention: OFF },
    hourMetrics: metrics,
    minuteMetrics: metrics,
    cors: [],
    deleteRetention: OFF,
  };
}
