/**
 * Geo-redundancy: what of an account is kept in the paired region, how far behind it is, and failing over to it.
 * The other region is a set of frozen copies, taken some minutes after the first write that it lacks, so that an
 * idle account costs nothing and every byte is shared.
 *
 * @see learn.microsoft.com, azure/storage/common/storage-disaster-recovery-guidance, last-sync-time-get
 */
import type { Millis, UnixMillis } from '#core/units.ts';
import type { StorageAccount } from './account.ts';
import {
  type Blob,
  BlobIndex,
  type Container,
  copyBody,
  freezeBody,
  releaseBody,
  releaseEntry,
} from './blob-model.ts';
import type { GeoStatus } from './operation.ts';

type Containers = Map<string, Container>;

interface Replica {
  containers: Containers;
  /** When the first write happened that the replica lacks. */
  behindSince: UnixMillis | undefined;
}

export interface GeoOptions {
  /** From a write to its being there. Azure's aim is under 15 minutes. */
  readonly lagMs: Millis;
  later(at: UnixMillis, work: () => void): void;
  now(): UnixMillis;
}

export class GeoReplication {
  readonly #options: GeoOptions;
  readonly #replicas = new Map<StorageAccount, Replica>();

  constructor(options: GeoOptions) {
    this.#options = options;
  }

  /** Begins, or ends, keeping a copy, as the account's redundancy says. */
  follow(account: StorageAccount): void {
    const replica = this.#replicas.get(account);
    if (account.settings.redundancy === 'LRS') {
      if (replica) releaseAll(replica.containers);
      this.#replicas.delete(account);
    } else if (!replica) {
      this.#replicas.set(account, { containers: new Map(), behindSince: undefined });
      this.#sync(account);
    }
  }

  wrote(account: StorageAccount, now: UnixMillis): void {
    const replica = this.#replicas.get(account);
    if (!replica || replica.behindSince !== undefined) return;
    replica.behindSince = now;
    this.#options.later(now + this.#options.lagMs, () => {
      if (this.#replicas.get(account) === replica && replica.behindSince === now) this.#sync(account);
    });
  }

  status(account: StorageAccount): GeoStatus {
    const replica = this.#replicas.get(account);
    if (!replica) return { status: 'unavailable', lastSyncTime: undefined };
    return { status: 'live', lastSyncTime: (replica.behindSince ?? this.#options.now()) - 1 };
  }

  /** The account as its secondary endpoint shows it. */
  secondary(account: StorageAccount): StorageAccount {
    const containers: Containers = this.#replicas.get(account)?.containers ?? new Map();
    return { ...account, containers };
  }

  /**
   * Makes the copy the account. Unplanned: what was written after the last sync is lost, and the account is
   * locally redundant afterwards. Planned: nothing is lost, and the regions have changed places.
   */
  failOver(account: StorageAccount, kind: 'planned' | 'unplanned'): void {
    const replica = this.#replicas.get(account);
    if (!replica) return;
    if (kind === 'planned') return this.#sync(account);
    releaseAll(account.containers);
    account.containers = replica.containers;
    this.#replicas.delete(account);
    account.settings = { ...account.settings, redundancy: 'LRS' };
    for (const container of account.containers.values())
      for (const entry of container.blobs.values()) if (entry.current) thaw(entry.current);
  }

  #sync(account: StorageAccount): void {
    const replica = this.#replicas.get(account)!;
    releaseAll(replica.containers);
    replica.containers = new Map(
      [...account.containers].map(([name, container]) => [name, copyOf(container)]),
    );
    replica.behindSince = undefined;
  }
}

function copyOf(container: Container): Container {
  const blobs = new BlobIndex();
  const frozen = (blob: Blob): Blob => ({ ...blob, body: freezeBody(blob.body) });
  for (const { name, current, snapshots, deleted } of container.blobs.values()) {
    if (!current && snapshots.length === 0 && deleted.length === 0) continue;
    const entry = blobs.getOrAdd(name);
    // leases are of the region in which they were taken
    if (current) entry.current = { ...frozen(current), lease: undefined };
    entry.snapshots.push(...snapshots.map(frozen));
    entry.deleted.push(...deleted.map((one) => ({ ...one, blob: frozen(one.blob) })));
  }
  return { ...container, blobs, lease: undefined };
}

/** A frozen copy that can be written again. */
function thaw(blob: Blob): void {
  const frozen = blob.body;
  blob.body = copyBody(frozen);
  releaseBody(frozen);
}

function releaseAll(containers: Containers): void {
  for (const container of containers.values())
    for (const entry of container.blobs.values()) releaseEntry(entry);
  containers.clear();
}
