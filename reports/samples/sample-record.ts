/**
 * A run record for tests and for looking at reports: twelve machines, thirty days of points, an assessment,
 * a replication through faults and a cutover. Deterministic. Its figures agree with one another; they come
 * from no simulator.
 */
import { type AssessedMachineView, RUN_RECORD_FORMAT, type RunRecord } from '#core/contracts/run-record.ts';
import { Entropy } from '#core/entropy/entropy.ts';
import { traceHash } from '#core/trace/canonical.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { MIB } from '#core/units.ts';
import type { Readiness } from '../view/words.ts';
import { assessedMachine, sampleWhatIf, shapeOf } from './sample-assessment.ts';
import { sampleUtilisation } from './sample-load.ts';
import {
  BROKEN_AT,
  checksOf,
  DAYS,
  END,
  faultsOf,
  replicationsOf,
  STALL,
  START,
  stepsOf,
  timelineOf,
} from './sample-story.ts';
import { sampleTrace } from './sample-trace.ts';

export interface SampleOptions {
  /** `failed`: a check is broken at 30d14:22:10 and one fault never fires. */
  readonly variant?: 'passed' | 'failed';
  readonly seed?: string;
  readonly machines?: number;
  readonly events?: number;
}

export interface SampleRun {
  readonly record: RunRecord;
  readonly trace: readonly TraceEvent[];
}

/** Same options, same record, byte for byte. */
export function buildSampleRecord(options: SampleOptions = {}): SampleRun {
  const { variant = 'passed', seed = '7', machines = 12, events = 6_000 } = options;
  const entropy = new Entropy(`sample/${seed}`);
  const failed = variant === 'failed';
  const assessed = Array.from({ length: machines }, (_, i) => assessedMachine(i, entropy));
  const replications = replicationsOf(entropy, failed);
  const faults = faultsOf(failed);
  const checks = checksOf(failed, machines);
  const steps = stepsOf(failed, machines);
  const timeline = timelineOf(steps, faults, checks, replications);
  const trace = sampleTrace({ entropy, events, start: START, end: END, machines, timeline });
  const sum = (pick: (machine: AssessedMachineView) => number | undefined) =>
    Math.round(assessed.reduce((total, machine) => total + (pick(machine) ?? 0), 0) * 100) / 100;
  const readiness: Record<Readiness, number> = { ready: 0, readyWithConditions: 0, notReady: 0, unknown: 0 };
  for (const machine of assessed) readiness[machine.readiness]++;
  const id = `${seed}.first-migration.9f3c`;
  const tier = 'memory';
  const record: RunRecord = {
    format: RUN_RECORD_FORMAT,
    id,
    scenario: 'first-migration',
    says: 'A workbook becomes a datacentre; a month of load is assessed; one machine is migrated through faults.',
    scenarioSource: SOURCE,
    seed,
    tier,
    versions: { drylift: '0.1.0', node: '24.21.0', commit: 'a5cb103' },
    replay: `drylift replay ${id}${failed ? ' --to 30d14:22:10 --pause' : ''}`,
    startedAt: '2026-11-22T01:20:00.000Z',
    wallSeconds: 48.7,
    peakMemoryBytes: 612 * MIB,
    clock: { start: START, end: END },
    verdict: failed ? 'failed' : 'passed',
    ...(failed && {
      failure: {
        code: 'check.targetEqualsSource',
        what: `The target of ${replications[0]!.machine} differs from its source at a recovery point.`,
        why: 'Cycle 31 was acknowledged after the gateway crashed (fault gateway-crash) and before it flushed.',
        next: 'Replay to that instant and look at the gateway: the command is above.',
        at: BROKEN_AT,
      },
    }),
    traceHash: traceHash(trace, tier),
    traceEvents: trace.length,
    estate: {
      name: 'contoso',
      source: 'contoso-estate.xlsx',
      machines,
      poweredOn: machines - 1,
      templates: 1,
      disks: assessed.reduce((n, machine) => n + machine.disks.length, 0),
      hosts: 2,
      capacityBytes: assessed.flatMap(({ disks }) => disks).reduce((n, disk) => n + disk.sizeBytes, 0),
      derived: [
        {
          field: 'vNetwork.MAC',
          reason: 'the sheet vNetwork is absent; addresses derive from the seed',
          count: machines,
          example: `${assessed[0]!.name}: 00:50:56:8a:3c:01`,
        },
        {
          field: 'vDisk.Controller',
          reason: 'the column is empty; a paravirtual controller is assumed',
          count: 7,
          example: `${assessed.at(-1)!.name}: SCSI controller 0`,
        },
        {
          field: 'vInfo.Firmware',
          reason: 'not said; BIOS below hardware version 13, EFI above',
          count: 4,
          example: `${assessed[0]!.name}: bios`,
        },
      ],
    },
    steps,
    timeline,
    checks,
    faults,
    counters: countersOf(machines, failed),
    utilisation: assessed.flatMap(({ name }, i) =>
      sampleUtilisation({
        entropy,
        machine: name,
        shape: shapeOf(i),
        start: START,
        days: DAYS,
        sampleDay: 10,
        gap: STALL,
      }),
    ),
    assessment: {
      name: 'month',
      properties: {
        'Target location': 'West Europe',
        'Sizing criterion': 'Performance-based',
        'Performance history': '1 month',
        'Percentile utilisation': '95th',
        'Comfort factor': '1.3',
        'VM series': 'Dsv5, Esv5, Fsv2',
        'Disk type': 'Automatic',
        Ruleset: 'current',
      },
      currency: 'USD',
      monthlyComputeCost: sum((machine) => machine.monthlyComputeCost),
      monthlyStorageCost: sum((machine) => machine.monthlyStorageCost),
      confidencePercent: 99.6,
      readiness,
      machines: assessed,
      whatIf: sampleWhatIf(assessed),
    },
    replications,
  };
  return { record, trace };
}

function countersOf(machines: number, failed: boolean): Record<string, number> {
  return {
    'azure.calls.PutPage': 18_204,
    'azure.calls.arm': 1_944,
    'azure.calls.token': 78,
    'azure.retries': 9,
    'replication.blocks': 101_322,
    'replication.bytes.read': 6_640_238_592,
    'replication.bytes.sent': 2_724_904_448,
    'store.rows.written': 207_360 * machines,
    'timers.fired': 41_288,
    'vcenter.bytes.out': 1_482_113_024,
    'vcenter.calls.Login': 66,
    'vcenter.calls.QueryChangedDiskAreas': 104,
    'vcenter.calls.QueryPerf': failed ? 9_214 : 8_652,
    'vcenter.calls.RetrievePropertiesEx': 4_466,
  };
}

const SOURCE = `drylift: scenario/v1
name: first-migration
says: A workbook becomes a datacentre; a month of load is assessed; one machine is migrated through faults.
estate:
  import: { rvtools: contoso-estate.xlsx }
clock: { start: 2026-03-02T08:00:00Z, limit: 40d }
script:
  - register
  - start-discovery: { vcenter: vc1 }
  - wait: 30d
  - assess: { name: month, percentile: 95, history: month, comfort: 1.3 }
  - replicate: { servers: "web-01, app-01", every: 1h }
  - migrate: { servers: "web-01, app-01", shutdown: true }
`;
