/** How replication is shown: to people in the status, to the service as health, in the run record as cycles. */
import { DryliftError } from '#core/errors.ts';
import type { UnixMillis } from '#core/units.ts';
import type { CycleKind, Health } from './cloud-ports.ts';
import type { CycleRecord } from './cycle-record.ts';
import type { Command, CycleSummary, ReplicationItem } from './replication-item.ts';

/** One machine under replication, for people. */
export interface ReplicationView {
  readonly itemId: string;
  readonly machineName: string;
  readonly instanceUuid: string;
  readonly phase: ReplicationItem['phase'];
  readonly command: Command;
  readonly cycle: { readonly id: string; readonly kind: CycleKind; readonly percent: number } | undefined;
  readonly nextCycleAt: UnixMillis | undefined;
  readonly sourceOffAt: UnixMillis | undefined;
  readonly bytesSent: number;
  readonly health: readonly Health[];
  readonly cycles: readonly CycleSummary[];
}

/** @param percent of the cycle under way */
export function viewOf(item: ReplicationItem, percent: number): ReplicationView {
  return {
    itemId: item.itemId,
    machineName: item.machineName,
    instanceUuid: item.instanceUuid,
    phase: item.phase,
    command: item.command,
    cycle: item.cycle && { id: item.cycle.id, kind: item.cycle.kind, percent },
    nextCycleAt: item.nextCycleAt,
    sourceOffAt: item.sourceOffAt,
    bytesSent: item.bytesSent,
    health: item.health,
    cycles: item.history,
  };
}

export function healthOf(error: unknown): Health {
  const told = error instanceof DryliftError;
  return {
    code: told ? error.code : 'appliance.bug',
    message: error instanceof Error ? error.message : String(error),
    cause: told ? error.why : 'The appliance met something that it was not written for.',
    remedy: told ? error.next : 'This is our bug; report it with the log of the appliance.',
  };
}

/** Can what changed since the last cycle no longer be known? */
export function isTrackingLost(error: unknown): boolean {
  const code = error instanceof DryliftError ? error.code : '';
  return code === 'vcenter.cbt.reset' || code === 'vcenter.cbt.broken';
}

export function summaryOf(record: CycleRecord, to: UnixMillis, error: string | undefined): CycleSummary {
  return {
    id: record.cycleId,
    kind: record.kind,
    from: record.startedAt,
    to,
    changedBytes: record.disks.reduce((sum, { changedBytes }) => sum + changedBytes, 0),
    readBytes: record.readBytes,
    sentBytes: record.sentBytes,
    blocks: record.blocks,
    retries: record.retries,
    state: error === undefined ? 'applied' : 'failed',
    ...(error === undefined ? {} : { error }),
  };
}
