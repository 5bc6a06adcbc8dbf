/** What the run record shows of a world: assessment, utilisation, timeline. Plain data out of what happened. */
import { type AssessedMachine, type Assessment, monthlyCompute } from '#core/assessment/assess.ts';
import { explain } from '#core/assessment/explanation.ts';
import type { AssessmentPlan } from '#core/assessment/plan.ts';
import { whyOf } from '#core/assessment/why.ts';
import type {
  AssessedMachineView,
  AssessmentView,
  FaultView,
  ReplicationView,
  StepView,
  TimelineEntry,
  UtilisationView,
} from '#core/contracts/run-record.ts';
import { DAY, SECOND, type UnixMillis } from '#core/units.ts';
import type { Machine } from '#simulators/estate/model.ts';
import { type Counter, fillCurve, SAMPLE_SECONDS } from '#simulators/estate/workload-curve.ts';
import { keptSeries } from './checks/kept-points.ts';
import { curveFor } from './oracle.ts';
import type { DoneAssessment, Story } from './story.ts';
import { whatIfView } from './what-if-view.ts';
import type { World } from './world.ts';

const READINESS = {
  Suitable: 'ready',
  ConditionallySuitable: 'readyWithConditions',
  NotSuitable: 'notReady',
  ReadinessUnknown: 'unknown',
} as const;

export function assessmentView({ options, assessment }: DoneAssessment): AssessmentView {
  const { totals, plan, confidence } = assessment;
  const whatIf = whatIfView(assessment);
  return {
    name: options.name,
    properties: {
      location: plan.properties.azureLocation,
      sizing: plan.properties.sizingCriterion,
      percentile: plan.properties.percentile,
      history: plan.properties.timeRange,
      comfort: String(plan.properties.scalingFactor),
      ruleset: plan.properties.ruleset,
      prices: `${plan.priceSource}, ${plan.pricesTimestamp.slice(0, 10)}`,
    },
    currency: plan.properties.currency,
    monthlyComputeCost: totals.monthlyComputeCost,
    monthlyStorageCost: totals.monthlyStorageCost,
    confidencePercent: confidence?.percent ?? 0,
    readiness: {
      ready: totals.bySuitability.Suitable,
      readyWithConditions: totals.bySuitability.ConditionallySuitable,
      notReady: totals.bySuitability.NotSuitable,
      unknown: totals.bySuitability.ReadinessUnknown,
    },
    machines: assessment.machines.map((machine) => machineView(assessment, machine, whatIf !== undefined)),
    ...(whatIf ? { whatIf } : {}),
  };
}

function machineView(
  { plan }: Assessment,
  machine: AssessedMachine,
  isExplained: boolean,
): AssessedMachineView {
  const { facts, confidence, recommendedSize } = machine;
  const sized = recommendedSize !== undefined;
  return {
    name: facts.displayName,
    os: facts.os.name,
    cores: facts.cores,
    memoryMiB: facts.memoryMiB,
    readiness: READINESS[machine.suitability],
    ...(sized ? { size: recommendedSize } : {}),
    disks: facts.disks.map((disk) => {
      const assessed = machine.disks.find(({ id }) => id === disk.id);
      return {
        name: disk.label,
        sizeBytes: disk.sizeBytes,
        ...(assessed?.choice ? { sku: assessed.choice.name, monthlyCost: assessed.monthlyCost } : {}),
        why: assessed ? assessed.explanation : 'not reached',
      };
    }),
    ...(sized
      ? {
          monthlyComputeCost: monthlyCompute(plan, machine.size?.hourly ?? 0),
          monthlyStorageCost: machine.monthlyStorageCost,
        }
      : {}),
    ...(confidence ? { stars: confidence.stars, confidencePercent: confidence.percent } : {}),
    reasons: explain(plan, machine),
    ...(isExplained ? sizesOf(plan, machine) : {}),
  };
}

function sizesOf(
  plan: AssessmentPlan,
  machine: AssessedMachine,
): Pick<AssessedMachineView, 'compared' | 'fellOut'> {
  const { sizes } = whyOf(plan, machine);
  if (sizes === null) return {};
  return {
    compared: sizes.prices.map(({ size, monthly, lacks }) => ({ size, monthly, lacks: lacks.join(', ') })),
    fellOut: sizes.fellOut.map(({ lacks, names }) => ({ lacks: lacks.join(', '), sizes: names })),
  };
}

const SHOWN_COUNTERS = [
  ['cpu.usage', '%'],
  ['mem.usage', '%'],
  ['virtualDisk.write', 'KB/s'],
  ['net.transmitted', 'KB/s'],
] as const satisfies ReadonlyArray<readonly [Counter, string]>;

/** Utilisation of the machine the story is about: a migrated one, else the first that was given a size. */
export function utilisationViews(world: World, story: Story): UtilisationView[] {
  const done = story.assessments.at(-1);
  if (!done) return [];
  const { machines } = done.assessment;
  const chosen =
    machines.find(({ facts }) => story.replicating.has(facts.displayName)) ??
    machines.find(({ recommendedSize }) => recommendedSize !== undefined);
  if (!chosen) return [];
  const machine = story.machine(chosen.facts.displayName);
  return SHOWN_COUNTERS.flatMap(
    ([counter, unit]) => utilisation(world, done, machine, chosen, counter, unit) ?? [],
  );
}

function utilisation(
  world: World,
  { options, at }: DoneAssessment,
  machine: Machine,
  assessed: AssessedMachine,
  counter: Counter,
  unit: string,
): UtilisationView | undefined {
  const points = keptSeries(world).of({ machine, counter, instance: 0 });
  const measured = {
    'cpu.usage': assessed.utilization.cpuPercent,
    'mem.usage': assessed.utilization.memoryPercent,
    'virtualDisk.write': assessed.utilization.disks[0]?.writeBps,
    'net.transmitted': assessed.utilization.nics[0]?.outBps,
  }[counter as (typeof SHOWN_COUNTERS)[number][0]];
  if (points?.first === undefined || points.last === undefined || !measured) return undefined;
  const scale = unit === '%' ? 100 : 1024;
  const peaks: Array<number | null> = [];
  for (let window = points.first; window <= points.last; window++) {
    const value = points.at(window);
    peaks.push(value === undefined ? null : value / scale);
  }
  return {
    machine: machine.name,
    counter,
    unit,
    samples: samplesOfADay(world, machine, counter, at, unit === '%' ? 100 : 1),
    peaks: { from: points.first * 600 * SECOND, periodSeconds: 600, values: peaks },
    percentile: {
      p: options.percentile,
      value: unit === '%' ? measured.value : measured.value / scale,
      rank: measured.rank,
      points: measured.n,
    },
  };
}

/** Samples of the last whole working day (UTC) before `at`, or of whatever the story has. */
function samplesOfADay(
  world: World,
  machine: Machine,
  counter: Counter,
  at: UnixMillis,
  scale: number,
): UtilisationView['samples'] {
  let day = Math.floor(at / DAY) * DAY - DAY;
  for (
    let back = 0;
    back < 2 && day - DAY >= world.start && [0, 6].includes(new Date(day).getUTCDay());
    back++
  )
    day -= DAY;
  const from = Math.max(world.start, day);
  const count = Math.floor(Math.min(DAY, at - from) / (SAMPLE_SECONDS * SECOND));
  const first = Math.floor(from / (SAMPLE_SECONDS * SECOND)) + 1;
  const raw = new Int32Array(count);
  fillCurve(curveFor(world.estate, { machine, counter, instance: 0 }), first, count, raw);
  const values = Array.from(raw, (value, i) =>
    world.estate.wasOn(machine.id, (first + i) * SAMPLE_SECONDS * SECOND) ? value / scale : null,
  );
  return { from: first * SAMPLE_SECONDS * SECOND, periodSeconds: SAMPLE_SECONDS, values };
}

export function timelineOf(
  world: World,
  steps: readonly StepView[],
  faults: readonly FaultView[],
  replications: readonly ReplicationView[],
): TimelineEntry[] {
  const entries: TimelineEntry[] = steps.map(({ name, detail, from, to, state }) => ({
    lane: 'script',
    from,
    ...(to === undefined ? {} : { to }),
    label: detail ? `${name}: ${detail}` : name,
    tone: state === 'failed' ? 'bad' : 'plain',
  }));
  for (const { id, says, fired, firstAt, from, until } of faults)
    entries.push({
      lane: 'fault',
      from: firstAt ?? from,
      to: firstAt ?? until,
      label: `${id} ${says}: ${fired} times`,
      tone: fired > 0 ? 'warning' : 'bad',
    });
  for (const { machine, cycles, cutover } of replications) {
    for (const { id, kind, from, to, state } of cycles)
      entries.push({
        lane: 'appliance',
        from,
        ...(to === undefined ? {} : { to }),
        label: `${machine}: ${kind} cycle ${id}, ${state}`,
        tone: state === 'Applied' ? 'good' : 'warning',
      });
    if (cutover)
      entries.push({
        lane: 'azure',
        from: cutover.from,
        to: cutover.to,
        label: `${machine} is cut over`,
        tone: 'good',
      });
  }
  for (const { at, kind, who, what } of world.trace.events) {
    if (kind === 'fault' && who === 'appliance')
      entries.push({ lane: 'appliance', from: at, label: what, tone: /killed/.test(what) ? 'bad' : 'good' });
    const snapshot = kind === 'http' && /(Create|Remove)Snapshot_Task/.exec(what)?.[1];
    if (snapshot) entries.push({ lane: 'vcenter', from: at, label: `${snapshot} snapshot`, tone: 'plain' });
  }
  return entries.sort((a, b) => a.from - b.from);
}
