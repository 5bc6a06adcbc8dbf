/**
 * How much an account and a blob may do: token buckets that hold one second's worth, on the world's clock.
 * Over a limit the service answers 503 ServerBusy.
 *
 * Under a virtual clock a burst of requests happens at one instant, so limits are off unless asked for.
 */
import { type Bytes, MINUTE, type UnixMillis } from '#core/units.ts';
import { storageFault } from './storage-fault.ts';

export interface StorageLimits {
  readonly accountRequestsPerSecond: number;
  readonly accountIngressBytesPerSecond: Bytes;
  readonly accountEgressBytesPerSecond: Bytes;
  readonly pageBlobRequestsPerSecond: number;
  readonly pageBlobBytesPerSecond: Bytes;
}

/** learn.microsoft.com, storage scalability targets; general-purpose v2, locally redundant. */
export const DOCUMENTED_LIMITS: StorageLimits = {
  accountRequestsPerSecond: 20_000,
  accountIngressBytesPerSecond: 10e9 / 8,
  accountEgressBytesPerSecond: 50e9 / 8,
  pageBlobRequestsPerSecond: 500,
  pageBlobBytesPerSecond: 60 * 1024 * 1024,
};

const BUCKETS_MAX = 100_000;

interface Bucket {
  level: number;
  at: UnixMillis;
}

export interface Demand {
  readonly account: string;
  /** Of this account, in place of the keeper's. */
  readonly limits?: StorageLimits | undefined;
  readonly operations: number;
  /** Key of a page blob. */
  readonly pageBlob?: string | undefined;
  readonly bytesIn: Bytes;
  readonly bytesOut: Bytes;
}

export class LimitKeeper {
  readonly #limits: StorageLimits | undefined;
  readonly #buckets = new Map<string, Bucket>();

  /** @param limits of accounts that have none of their own; undefined: there are none */
  constructor(limits: StorageLimits | undefined) {
    this.#limits = limits;
  }

  /** Charges all of it or nothing. @throws StorageFault ServerBusy */
  charge(demand: Demand, now: UnixMillis): void {
    const { account, operations, pageBlob, bytesIn, bytesOut, limits = this.#limits } = demand;
    if (!limits) return;
    const charges: Array<[key: string, amount: number, perSecond: number, what: string]> = [
      [`${account}:operations`, operations, limits.accountRequestsPerSecond, 'Operations per second'],
      [`${account}:in`, bytesIn, limits.accountIngressBytesPerSecond, 'Ingress'],
      [`${account}:out`, bytesOut, limits.accountEgressBytesPerSecond, 'Egress'],
    ];
    if (pageBlob !== undefined)
      charges.push(
        [`${pageBlob}:operations`, operations, limits.pageBlobRequestsPerSecond, 'Operations per second'],
        [`${pageBlob}:bytes`, bytesIn + bytesOut, limits.pageBlobBytesPerSecond, 'Ingress'],
      );
    for (const [key, amount, perSecond, what] of charges)
      if (amount > 0 && this.#bucket(key, perSecond, now).level < Math.min(amount, perSecond))
        throw storageFault('ServerBusy', { text: `${what} is over the account limit.` });
    for (const [key, amount, perSecond] of charges) this.#bucket(key, perSecond, now).level -= amount;
  }

  #bucket(key: string, perSecond: number, now: UnixMillis): Bucket {
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      if (this.#buckets.size >= BUCKETS_MAX) this.#forgetFull(now);
      bucket = { level: perSecond, at: now };
      this.#buckets.set(key, bucket);
    }
    bucket.level = Math.min(perSecond, bucket.level + (perSecond * (now - bucket.at)) / 1000);
    bucket.at = now;
    return bucket;
  }

  /** A bucket that nobody used for a minute is full, which is what a new one is. */
  #forgetFull(now: UnixMillis): void {
    for (const [key, bucket] of this.#buckets) if (now - bucket.at > MINUTE) this.#buckets.delete(key);
  }
}
