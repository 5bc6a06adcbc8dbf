/**
 * Known defects of changed block tracking: what QueryChangedDiskAreas answered with them. All of them lose
 * data of whoever trusts them, but for the first.
 */
import { type Bytes, GIB } from '#core/units.ts';
import type { Extent } from '../../estate/model.ts';

/** What a defect needs to know of the disk. */
interface Tracked {
  readonly sizeBytes: Bytes;
  /** Size when tracking began. */
  readonly trackedBytes: Bytes;
}

type Defect = (areas: readonly Extent[], disk: Tracked) => readonly Extent[];

export const TRACKING_DEFECTS: Readonly<Record<string, Defect>> = {
  /** Everything is named as changed: legal, and slow. */
  wholeDisk: (_areas, { sizeBytes }) => [{ start: 0, length: sizeBytes }],
  /** KB 2090639: nothing is named beyond 128 GiB of a disk that was extended across that boundary. */
  beyond128GiB: (areas, { sizeBytes, trackedBytes }) =>
    trackedBytes <= 128 * GIB && sizeBytes > 128 * GIB ? below(areas, 128 * GIB) : areas,
  /** KB 2136854: areas that were written while a snapshot was made are not named. Here: every fourth. */
  lostAreas: (areas) => areas.filter((_area, n) => n % 4 !== 3),
  /** After a disk was extended under a running machine, its new part is never named. */
  extendedPart: (areas, { trackedBytes }) => below(areas, trackedBytes),
};

function below(areas: readonly Extent[], end: Bytes): Extent[] {
  return areas
    .filter(({ start }) => start < end)
    .map(({ start, length }) => ({ start, length: Math.min(length, end - start) }));
}
