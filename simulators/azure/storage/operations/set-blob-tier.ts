import { HOUR, type Millis } from '#core/units.ts';
import { readAccessTier, tierOf } from '../blob-headers.ts';
import { requireContentWritable } from '../blob-writes.ts';
import { requireReadConditions } from '../conditions.ts';
import { requireReadable } from '../lease.ts';
import { blobOf, defineOperation } from '../operation.ts';
import { badHeader, storageFault } from '../storage-fault.ts';
import { header } from '../storage-request.ts';

/** How long a blob is on its way out of the archive: "up to 15 hours", and "may be under one hour". */
const REHYDRATION: Readonly<Record<string, Millis>> = { Standard: 15 * HOUR, High: HOUR };

/** Set Blob Tier, of block blobs and their snapshots. Leaving the archive takes hours of the story. */
export const setBlobTier = defineOperation({
  name: 'SetBlobTier',
  on: 'blob',
  methods: ['PUT'],
  comp: 'tier',
  permission: { level: 'o', letters: 'w' },
  run(call) {
    const { request, now, version } = call;
    const blob = blobOf(call);
    const { accessTier: tier } = readAccessTier(request, version);
    if (tier === undefined)
      throw storageFault('MissingRequiredHeader', { detail: { HeaderName: 'x-ms-access-tier' } });
    const priority = header(request, 'x-ms-rehydrate-priority') ?? 'Standard';
    const millis = REHYDRATION[priority];
    if (millis === undefined) throw badHeader('x-ms-rehydrate-priority', priority);
    if (blob.body.type !== 'BlockBlob') throw storageFault('InvalidBlobType');
    // a lease is not needed, but one that is named must be the blob's
    requireReadable(blob.lease, header(request, 'x-ms-lease-id'), now, 'blob');
    requireReadConditions(request, blob);
    requireContentWritable(blob);
    const { accessTier: before, archiveStatus } = tierOf(blob, now);
    if (archiveStatus !== undefined && (tier === 'Archive' || blob.rehydration?.to !== tier))
      throw storageFault('BlobBeingRehydrated');
    blob.tierChangedAt = now;
    if (before !== 'Archive' || tier === 'Archive') {
      blob.accessTier = tier;
      blob.rehydration = undefined;
      return { status: 200 };
    }
    blob.rehydration = { to: tier, at: now + millis, priority };
    return { status: 202 };
  },
});
