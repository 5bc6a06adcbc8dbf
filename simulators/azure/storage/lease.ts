/**
 * Leases of blobs and containers. A lease is four facts; its state is what they mean at an instant, so that
 * nothing has to happen for a lease to expire or to finish breaking.
 *
 * @see learn.microsoft.com, rest/api/storageservices/lease-blob, "Outcomes of use attempts on blobs by lease
 * state" and "… of lease operations".
 */
import type { Millis, UnixMillis } from '#core/units.ts';
import { storageFault } from './storage-fault.ts';

export interface Lease {
  readonly id: string;
  /** Infinity: until released or broken. */
  readonly durationMs: Millis;
  readonly expiresAt: UnixMillis;
  /** Set when it is being broken: it ends then and cannot be renewed. */
  readonly breaksAt?: UnixMillis;
}

export type LeaseState = 'available' | 'leased' | 'expired' | 'breaking' | 'broken';

export function leaseState(lease: Lease | undefined, now: UnixMillis): LeaseState {
  if (!lease) return 'available';
  if (lease.breaksAt !== undefined) return now < lease.breaksAt ? 'breaking' : 'broken';
  return now < lease.expiresAt ? 'leased' : 'expired';
}

export function isLocked(lease: Lease | undefined, now: UnixMillis): boolean {
  const state = leaseState(lease, now);
  return state === 'leased' || state === 'breaking';
}

const sameId = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** @param id the one proposed, or one made by the service. */
export function acquire(lease: Lease | undefined, id: string, durationMs: Millis, now: UnixMillis): Lease {
  const state = leaseState(lease, now);
  if (state === 'breaking')
    throw storageFault(sameId(lease!.id, id) ? 'LeaseIsBreakingAndCannotBeAcquired' : 'LeaseAlreadyPresent');
  if (state === 'leased' && !sameId(lease!.id, id)) throw storageFault('LeaseAlreadyPresent');
  return { id, durationMs, expiresAt: now + durationMs };
}

export function renew(lease: Lease | undefined, id: string, now: UnixMillis): Lease {
  if (!lease || !sameId(lease.id, id)) throw storageFault('LeaseIdMismatchWithLeaseOperation');
  if (lease.breaksAt !== undefined) throw storageFault('LeaseIsBrokenAndCannotBeRenewed');
  return { ...lease, expiresAt: now + lease.durationMs };
}

export function change(lease: Lease | undefined, id: string, proposed: string, now: UnixMillis): Lease {
  const state = leaseState(lease, now);
  if (!lease || state === 'expired' || state === 'broken')
    throw storageFault('LeaseNotPresentWithLeaseOperation');
  if (!sameId(lease.id, id) && !sameId(lease.id, proposed))
    throw storageFault('LeaseIdMismatchWithLeaseOperation');
  if (state === 'breaking') throw storageFault('LeaseIsBreakingAndCannotBeChanged');
  return { ...lease, id: proposed };
}

export function release(lease: Lease | undefined, id: string): undefined {
  if (!lease || !sameId(lease.id, id)) throw storageFault('LeaseIdMismatchWithLeaseOperation');
  return undefined;
}

/** @param periodMs how long the holder keeps it at most; without it, as long as the lease would have lasted. */
export function breakLease(lease: Lease | undefined, periodMs: Millis | undefined, now: UnixMillis): Lease {
  const state = leaseState(lease, now);
  if (!lease) throw storageFault('LeaseNotPresentWithLeaseOperation');
  if (state === 'broken') return lease;
  if (state === 'expired') return { ...lease, breaksAt: now };
  const natural = lease.breaksAt ?? (lease.expiresAt === Number.POSITIVE_INFINITY ? now : lease.expiresAt);
  const longest = lease.breaksAt ?? lease.expiresAt;
  return { ...lease, breaksAt: periodMs === undefined ? natural : Math.min(longest, now + periodMs) };
}

/** Seconds until a lease that is being broken ends. */
export function secondsLeft(lease: Lease, now: UnixMillis): number {
  return Math.max(0, Math.ceil(((lease.breaksAt ?? now) - now) / 1000));
}

const MISMATCH = {
  blob: ['LeaseIdMismatchWithBlobOperation', 'LeaseNotPresentWithBlobOperation'],
  container: ['LeaseIdMismatchWithContainerOperation', 'LeaseNotPresentWithContainerOperation'],
} as const;

/** May a request with this lease id (or none) read? @throws StorageFault */
export function requireReadable(
  lease: Lease | undefined,
  id: string | undefined,
  now: UnixMillis,
  what: 'blob' | 'container',
): void {
  if (id === undefined) return;
  const [mismatch, notPresent] = MISMATCH[what];
  if (!lease) throw storageFault(notPresent);
  if (!sameId(lease.id, id)) throw storageFault(mismatch);
  if (!isLocked(lease, now)) throw storageFault('LeaseLost');
}

/** May a request with this lease id (or none) write? @throws StorageFault */
export function requireWritable(
  lease: Lease | undefined,
  id: string | undefined,
  now: UnixMillis,
  what: 'blob' | 'container',
): void {
  if (id === undefined && isLocked(lease, now)) throw storageFault('LeaseIdMissing');
  requireReadable(lease, id, now, what);
}
