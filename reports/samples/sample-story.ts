/** What happened in the sample record: steps, faults, checks, replication, and all of it on the ruler. */
import type {
  CheckView,
  CycleView,
  FaultView,
  ReplicationView,
  StepView,
  TimelineEntry,
} from '#core/contracts/run-record.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import { DAY, GIB, HOUR, KIB, MINUTE, SECOND, type UnixMillis } from '#core/units.ts';

export const START: UnixMillis = Date.UTC(2026, 2, 2, 8);
export const DAYS = 30;
const REPLICATION = START + 30 * DAY + 4 * MINUTE;
const CUTOVER = START + 31 * DAY + 2 * HOUR;
export const END = CUTOVER + 40 * MINUTE;
/** Nothing is collected while the link to vCenter stalls. */
export const STALL = { from: START + 10 * DAY, until: START + 10 * DAY + 20 * MINUTE };
export const BROKEN_AT = START + 30 * DAY + 14 * HOUR + 22 * MINUTE + 10 * SECOND;

export function replicationsOf(entropy: Entropy, failed: boolean): ReplicationView[] {
  return ['web-01', 'app-01'].map((machine, m) => {
    const size = (m === 0 ? 40 : 64) * GIB;
    const cycles = Array.from({ length: 26 }, (_, i): CycleView => {
      const first = i === 0;
      const from = first ? REPLICATION : REPLICATION + 40 * MINUTE + (i - 1) * HOUR + m * 2 * MINUTE;
      const blocks = first
        ? 42_000 + m * 9_000
        : 40 + entropy.below(i % 6 === 0 ? 2_400 : 420, 'sample.cycle', m, i);
      const changedBytes = blocks * 64 * KIB;
      const last = i === 25;
      return {
        id: `cycle-${i + 1}`,
        kind: first ? 'initial' : last ? 'final' : i === 9 && m === 0 ? 'resync' : 'delta',
        from: last ? CUTOVER + 3 * MINUTE : from,
        to: (last ? CUTOVER + 3 * MINUTE : from) + (first ? 31 * MINUTE : 20 * SECOND + blocks * 90),
        changedBytes,
        readBytes: changedBytes,
        sentBytes: Math.round(changedBytes * (0.31 + 0.2 * entropy.ratio('sample.pack', m, i))),
        blocks,
        retries: i === 6 ? 3 : i === 14 && m === 0 ? 1 : 0,
        state: 'applied',
      };
    });
    const digest = entropy.hex(64, 'sample.disk.digest', m);
    const other = failed && m === 0 ? entropy.hex(64, 'sample.disk.other', m) : digest;
    return {
      machine,
      disks: [{ name: 'Hard disk 1', sizeBytes: size, sourceSha256: digest, targetSha256: other }],
      cycles,
      cutover: {
        from: CUTOVER + 2 * MINUTE,
        to: CUTOVER + 8 * MINUTE + 30 * SECOND + m * 47 * SECOND,
        sourcePoweredOff: true,
      },
      state: 'migrated',
    };
  });
}

export function faultsOf(failed: boolean): FaultView[] {
  const hour = START + 30 * DAY;
  return [
    {
      id: 'session-expiry',
      says: 'vcenter.QueryPerf answers NotAuthenticated',
      from: START + 3 * DAY,
      until: START + 3 * DAY + MINUTE,
      fired: 1,
      firstAt: START + 3 * DAY + 11 * SECOND,
    },
    {
      id: 'vcenter-stall',
      says: 'the link appliance → vcenter stalls for 20 minutes',
      ...STALL,
      fired: 9,
      firstAt: STALL.from + 20 * SECOND,
    },
    {
      id: 'storage-503',
      says: 'azure.PutPage answers 503, Retry-After 20 s',
      from: hour + 6 * HOUR,
      until: hour + 6 * HOUR + 10 * MINUTE,
      fired: 6,
      firstAt: hour + 6 * HOUR + 41 * SECOND,
    },
    {
      id: 'upload-reset',
      says: 'the connection is reset in the middle of a block',
      from: hour + 14 * HOUR,
      until: hour + 14 * HOUR + 5 * MINUTE,
      fired: failed ? 0 : 1,
      ...(!failed && { firstAt: hour + 14 * HOUR + 12 * SECOND }),
    },
    {
      id: 'gateway-crash',
      says: 'the appliance is killed, loses unflushed writes, and starts again after 3 minutes',
      from: hour + 14 * HOUR + 19 * MINUTE,
      until: hour + 14 * HOUR + 22 * MINUTE,
      fired: 1,
      firstAt: hour + 14 * HOUR + 19 * MINUTE,
    },
  ];
}

export function checksOf(failed: boolean, machines: number): CheckView[] {
  const broken = failed
    ? ({
        status: 'failed',
        actual: '1 of 52 recovery points differs',
        firstBrokenAt: BROKEN_AT,
        detail: 'disk web-01/1, block 48,213',
      } as const)
    : ({ status: 'passed', actual: 'identical at 52 recovery points' } as const);
  return [
    {
      id: 'inventory',
      says: 'every machine of the workbook was discovered',
      status: 'passed',
      limit: `servers == ${machines}`,
      actual: String(machines),
    },
    {
      id: 'target-equals-source',
      says: 'every disk of the target reads like its source',
      limit: 'identical at every recovery point',
      ...broken,
    },
    {
      id: 'no-acknowledged-byte-lost',
      says: 'what was acknowledged survives the crash',
      status: 'passed',
      limit: 'lost == 0',
      actual: '0',
    },
    {
      id: 'rpo',
      says: 'recovery points are young enough',
      status: 'passed',
      limit: 'max < 2h',
      actual: '1h 04m',
    },
    { id: 'downtime', says: 'cutover is short', status: 'passed', limit: 'max < 10m', actual: '7m 17s' },
    {
      id: 'calls.QueryPerf',
      says: 'vCenter is not asked too often',
      status: failed ? 'failed' : 'passed',
      limit: 'count < 9000',
      actual: failed ? '9,214' : '8,652',
      ...(failed && { firstBrokenAt: START + 29 * DAY + 7 * HOUR }),
    },
    {
      id: 'assessment-equals-oracle',
      says: 'sizes and costs equal those computed from the estate',
      status: 'passed',
      limit: 'sizing == oracle, cost == oracle',
      actual: `equal for ${machines} machines`,
    },
    {
      id: 'converges',
      says: 'all healthy again soon after the last fault',
      status: 'passed',
      limit: '<= 20m',
      actual: '6m 12s',
    },
    {
      id: 'no-secret-in-logs',
      says: 'no password or key was written anywhere',
      status: 'passed',
      limit: 'found == 0',
      actual: '0',
    },
    {
      id: 'e2fsck',
      says: 'the ext4 file system on the target is clean',
      status: 'skipped',
      limit: 'clean',
      actual: '',
      detail: 'e2fsck is not installed here',
    },
  ];
}

export function stepsOf(failed: boolean, machines: number): StepView[] {
  const rows: Array<readonly [name: string, detail: string, from: UnixMillis, to: UnixMillis]> = [
    ['register', 'appliance registered with its project', START, START + 40 * SECOND],
    ['discover', `${machines} machines found`, START + 40 * SECOND, START + 4 * MINUTE],
    ['collect', '30 days of 20-second samples', START + 4 * MINUTE, START + 30 * DAY],
    ['assess', 'assessment "month"', START + 30 * DAY, START + 30 * DAY + 3 * MINUTE],
    ['replicate', 'web-01, app-01', REPLICATION, CUTOVER],
    ['migrate', 'source powered off, final cycle, target started', CUTOVER, CUTOVER + 10 * MINUTE],
    ['verify', 'hash over every disk', CUTOVER + 10 * MINUTE, END],
  ];
  return rows.map(([name, detail, from, to]) => ({
    name,
    detail,
    from,
    to,
    state: failed && name === 'verify' ? 'failed' : 'done',
  }));
}

export function timelineOf(
  steps: readonly StepView[],
  faults: readonly FaultView[],
  checks: readonly CheckView[],
  replications: readonly ReplicationView[],
): TimelineEntry[] {
  const hours = (END - START) / HOUR;
  return [
    ...steps.map(
      ({ name, detail, from, to, state }): TimelineEntry => ({
        lane: 'script',
        from,
        ...(to !== undefined && { to }),
        label: `${name}: ${detail}`,
        tone: state === 'failed' ? 'bad' : 'plain',
      }),
    ),
    ...faults.map(
      ({ id, says, from, until, fired }): TimelineEntry => ({
        lane: 'fault',
        from,
        to: until,
        label: `${id}: ${says}`,
        tone: fired > 0 ? 'warning' : 'bad',
      }),
    ),
    ...Array.from(
      { length: Math.floor(hours) },
      (_, i): TimelineEntry => ({
        lane: 'appliance',
        from: START + i * HOUR + 4 * MINUTE,
        to: START + i * HOUR + 5 * MINUTE,
        label: `collection ${i + 1}: one hour of samples`,
        tone: 'plain',
      }),
    ),
    ...replications.flatMap(({ machine, cycles }) =>
      cycles.map(
        ({ id, kind, from, to, retries }): TimelineEntry => ({
          lane: 'appliance',
          from,
          ...(to !== undefined && { to }),
          label: `${machine} ${id} (${kind})`,
          tone: retries > 0 ? 'warning' : 'good',
        }),
      ),
    ),
    ...Array.from(
      { length: Math.floor(hours / 12) },
      (_, i): TimelineEntry => ({
        lane: 'vcenter',
        from: START + i * 12 * HOUR,
        label: `session ${i + 1} opened`,
        tone: 'plain',
      }),
    ),
    {
      lane: 'vcenter',
      from: START + 3 * DAY + 11 * SECOND,
      label: 'session refused: NotAuthenticated',
      tone: 'warning',
    },
    {
      lane: 'vcenter',
      ...{ from: STALL.from, to: STALL.until },
      label: 'no answer to appliance',
      tone: 'bad',
    },
    ...Array.from(
      { length: Math.floor(hours) },
      (_, i): TimelineEntry => ({
        lane: 'azure',
        from: START + i * HOUR + 6 * MINUTE,
        label: `performance data received (${i + 1})`,
        tone: 'plain',
      }),
    ),
    {
      lane: 'azure',
      from: START + 30 * DAY + MINUTE,
      to: START + 30 * DAY + 2 * MINUTE,
      label: 'assessment computed',
      tone: 'good',
    },
    {
      lane: 'azure',
      from: CUTOVER + 8 * MINUTE,
      label: 'web-01 started from its managed disk',
      tone: 'good',
    },
    ...checks
      .filter(({ status }) => status !== 'skipped')
      .map(
        ({ id, status, firstBrokenAt }): TimelineEntry => ({
          lane: 'check',
          from: firstBrokenAt ?? END,
          label: `${id} ${status === 'passed' ? 'held' : 'broken'}`,
          tone: status === 'passed' ? 'good' : 'bad',
        }),
      ),
  ];
}
