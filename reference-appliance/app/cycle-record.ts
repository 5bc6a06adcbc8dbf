/** A replication cycle as it is remembered: enough to go on after a crash at any point. */
import type { Bytes, UnixMillis } from '#core/units.ts';
import type { CycleKind } from './cloud-ports.ts';

/**
 * - `begun`: a snapshot of this cycle's name may exist.
 * - `frozen`: snapshot and change ids are known; blocks are being sent.
 * - `committed`: everything is sent; the service applies.
 * - `applied`: the service has it; the snapshot may still exist.
 */
export type CycleStage = 'begun' | 'frozen' | 'committed' | 'applied';

export interface CycleDisk {
  readonly diskId: string;
  readonly key: number;
  readonly sizeBytes: Bytes;
  readonly location: string;
  /** Mark of this cycle's snapshot. */
  readonly changeId: string;
  /** Mark that the changes are counted from; undefined in a full copy. */
  readonly since: string | undefined;
  /** Manifests that the service has. */
  manifests: number;
  /** Bytes of the ranges to send; known once they were asked for. */
  changedBytes: Bytes;
}

export interface CycleRecord {
  readonly itemId: string;
  readonly cycleId: string;
  readonly kind: CycleKind;
  readonly startedAt: UnixMillis;
  stage: CycleStage;
  takenAt: UnixMillis;
  snapshot: string | undefined;
  disks: CycleDisk[];
  readBytes: Bytes;
  sentBytes: Bytes;
  blocks: number;
  retries: number;
}

/** All snapshots of this appliance carry this in front of the cycle's id. */
export const SNAPSHOT_PREFIX = 'drylift-';

export function newCycle(
  itemId: string,
  cycleId: string,
  kind: CycleKind,
  startedAt: UnixMillis,
): CycleRecord {
  return {
    itemId,
    cycleId,
    kind,
    startedAt,
    stage: 'begun',
    takenAt: startedAt,
    snapshot: undefined,
    disks: [],
    readBytes: 0,
    sentBytes: 0,
    blocks: 0,
    retries: 0,
  };
}
