/**
 * The assessment engine: readiness, then sizing, then cost (assessment.md §1). Pure: facts, points and a plan
 * in, a result with its reasons out. A server that fails a stage is not taken to the next.
 */
import type { UnixMillis } from '../units.ts';
import { creditsLast, weekOfUse } from './burstable.ts';
import { type ComputeNeed, chooseSize, onlyAdaptersMissing, type SizeDecision } from './compute.ts';
import { type Confidence, confidenceOf } from './confidence.ts';
import type { MachineFacts, PointSource } from './machine-facts.ts';
import { isWindows } from './os-rules.ts';
import { type AssessmentPlan, benefitPerHour, type Catalogue, planAssessment, sizesFor } from './plan.ts';
import type { AssessmentProperties } from './properties.ts';
import { bootTypeOf, type Finding, judgeReadiness, osDiskOf } from './readiness.ts';
import { assessSecurity, type SecurityAssessment } from './security.ts';
import { judgeSecurityType, type SecurityTypeVerdict } from './security-type.ts';
import { type AssessedDisk, assessDisk, wantedSizes } from './storage.ts';
import { addMachine, emptyTotals, type Totals } from './totals.ts';
import {
  type DiskNeed,
  diskNeed,
  type Measured,
  type NicMeasures,
  outgoing,
  type Utilization,
  utilizationOf,
} from './utilization.ts';
import type { AdapterDetail, Suitability, VmDetail, VmExplanation } from './vocabulary.ts';

/** A figure that sizing used, and where it comes from. */
export interface EffectiveFigure {
  readonly value: number;
  /** Allocated: as on-premises, or the counter had no data. */
  readonly basis: 'measured' | 'allocated';
}

export interface AssessedAdapter {
  readonly id: string;
  readonly measures: NicMeasures;
  readonly detail: AdapterDetail;
}

export interface AssessedMachine {
  readonly facts: MachineFacts;
  readonly suitability: Suitability;
  readonly suitabilityExplanation: VmExplanation;
  /** The first of `details`. */
  readonly suitabilityDetail: VmDetail;
  readonly details: readonly VmDetail[];
  /** Stage that the machine did not pass; undefined when it went through. */
  readonly stoppedAt: Finding['stage'] | undefined;
  readonly findings: readonly Finding[];
  readonly utilization: Utilization;
  /** Effective cores and memory: what the size has to have. */
  readonly cores: EffectiveFigure;
  readonly memoryMiB: EffectiveFigure;
  readonly disks: readonly AssessedDisk[];
  readonly adapters: readonly AssessedAdapter[];
  /** Undefined when the machine did not get that far. */
  readonly size: SizeDecision | undefined;
  readonly recommendedSize: string | undefined;
  readonly monthlyComputeCost: number;
  readonly monthlyStorageCost: number;
  /** What the Hybrid Benefit takes off a month; undefined when the sheet has no price with the licence. */
  readonly monthlyBenefit: number | undefined;
  /** Trusted launch or not, current ruleset. */
  readonly securityType: SecurityTypeVerdict | undefined;
  readonly security: SecurityAssessment | undefined;
  /** Undefined for imports and as-on-premises. */
  readonly confidence: Confidence | undefined;
}

/**
 * Assesses one machine.
 * @param plan   from `planAssessment`, shared by all machines of an assessment.
 * @param points asked once per counter (cpu a second time when B-series are considered).
 */
export function assessMachine(
  plan: AssessmentPlan,
  facts: MachineFacts,
  points: PointSource,
): AssessedMachine {
  const { rules, properties } = plan;
  const utilization = utilizationOf(plan, facts, points);
  const cores = effective(plan, facts.cores, utilization.cpuPercent, properties.processorFactor);
  const memoryMiB = effective(plan, facts.memoryMiB, utilization.memoryPercent, 1);
  const readiness = judgeReadiness(
    facts,
    rules,
    cores.basis === 'measured' ? cores.value : facts.cores,
    memoryMiB.basis === 'measured' ? memoryMiB.value : facts.memoryMiB,
  );
  const findings = [...readiness.findings];
  const details = detailsOf(plan, utilization);
  const result = {
    facts,
    utilization,
    cores,
    memoryMiB,
    adapters: adaptersOf(plan, facts, utilization),
    confidence: confidenceOf(utilization.pointsPresent, utilization.pointsExpected),
  };
  if (readiness.suitability === 'NotSuitable' || readiness.suitability === 'ReadinessUnknown')
    return finish(plan, { ...result, findings, details, disks: [], size: undefined }, readiness.suitability);

  const osDisk = osDiskOf(facts);
  const wanted = wantedSizes(plan, facts.disks);
  const disks = facts.disks.map((disk, i) => {
    const measures = utilization.disks[i]!;
    const need = diskNeed(measures, properties.scalingFactor);
    return assessDisk(plan, disk, disk === osDisk, measures, need, wanted[i]);
  });
  for (const disk of disks)
    if (!disk.choice)
      findings.push({
        stage: 'storage',
        suitability: 'NotSuitable',
        code: 'OneOrMoreDisksNotSuitable',
        why: `${disk.label}: ${disk.explanation}`,
        diskId: disk.id,
      });
  if (disks.some((disk) => !disk.choice))
    return finish(plan, { ...result, findings, details, disks, size: undefined }, 'NotSuitable');

  const size = sizeMachine(plan, facts, points, utilization, cores, memoryMiB, disks);
  if (!size.chosen) {
    if (onlyAdaptersMissing(sizesFor(plan, facts.os), size.need))
      details.unshift('RecommendedSizeHasLessNetworkAdapters');
    findings.push({
      stage: 'compute',
      suitability: 'NotSuitable',
      code: size.explanation,
      why: 'no size of the catalogue satisfies every need',
    });
    return finish(plan, { ...result, findings, details, disks, size }, 'NotSuitable');
  }
  return finish(plan, { ...result, findings, details, disks, size }, readiness.suitability);
}

type Unfinished = Pick<
  AssessedMachine,
  'facts' | 'utilization' | 'cores' | 'memoryMiB' | 'adapters' | 'confidence' | 'findings' | 'disks' | 'size'
> & { details: VmDetail[] };

/** Third stage, cost, and the one code that stands for all findings: that of the worst. */
function finish(plan: AssessmentPlan, machine: Unfinished, suitability: Suitability): AssessedMachine {
  const worst = machine.findings.find((f) => f.suitability === suitability && f.suitability !== 'Suitable');
  const passed = suitability === 'Suitable' || suitability === 'ConditionallySuitable';
  if (passed && machine.facts.disks.length === 0) machine.details.push('CannotReportStorageCost');
  const chosen = passed ? machine.size?.chosen : undefined;
  const benefit = chosen ? benefitPerHour(plan, machine.facts.os, chosen) : 0;
  return {
    ...machine,
    suitability,
    suitabilityExplanation: worst?.code ?? 'NotApplicable',
    suitabilityDetail: machine.details[0] ?? 'None',
    stoppedAt: passed ? undefined : worst?.stage,
    recommendedSize: chosen?.name,
    monthlyComputeCost: passed ? monthlyCompute(plan, machine.size?.hourly ?? 0) : 0,
    monthlyStorageCost: passed ? machine.disks.reduce((sum, disk) => sum + disk.monthlyCost, 0) : 0,
    monthlyBenefit: benefit === undefined ? undefined : monthlyCompute(plan, benefit),
    securityType: judgeSecurityType(plan, machine.facts, suitability),
    security: assessSecurity(plan, machine.facts, suitability),
  };
}

/** Compute cost of a month from an hour's price: hours of the option, less the discount. */
export function monthlyCompute(plan: AssessmentPlan, hourly: number): number {
  return hourly * plan.computeHours * plan.computeDiscount;
}

/** Allocated × percentile × comfort factor; without data the allocated figure, with the factor by ruleset. */
function effective(
  plan: AssessmentPlan,
  allocated: number,
  percent: Measured | undefined,
  processorFactor: number,
): EffectiveFigure {
  const factor = plan.properties.scalingFactor;
  if (percent === undefined)
    return { value: plan.rules.factorOnAllocated ? allocated * factor : allocated, basis: 'allocated' };
  return { value: ((allocated * percent.value) / 100) * factor * processorFactor, basis: 'measured' };
}

function sizeMachine(
  plan: AssessmentPlan,
  facts: MachineFacts,
  points: PointSource,
  utilization: Utilization,
  cores: EffectiveFigure,
  memoryMiB: EffectiveFigure,
  disks: readonly AssessedDisk[],
): SizeDecision {
  const { properties, rules } = plan;
  const factor = properties.scalingFactor;
  const storage = storageNeed(utilization, factor);
  const windows = isWindows(facts.os);
  const boot = bootTypeOf(facts);
  const need: ComputeNeed = {
    cores: cores.value,
    memoryMiB: memoryMiB.value,
    dataDisks: Math.max(0, facts.disks.length - 1),
    adapters: facts.nics.length,
    networkMbps: ((outgoing(utilization, factor) ?? 0) * 8) / 1e6,
    iops: storage.iops,
    bytesPerSecond: storage.bytesPerSecond,
    premium: disks.some((disk) => disk.choice?.type === 'Premium' || disk.choice?.type === 'PremiumV2'),
    ultra: disks.some((disk) => disk.choice?.type === 'Ultra'),
    generation: rules.uefiBecomesBios || boot === 'BIOS' ? 1 : boot === 'EFI' ? 2 : undefined,
    windows,
  };
  // Asked for at most once, and only when a B-series size fits otherwise and is cheaper.
  let used: Float64Array | undefined | 'notAsked' = 'notAsked';
  return chooseSize(sizesFor(plan, facts.os), need, (size) => {
    if (utilization.cpuPercent === undefined || utilization.pointsExpected === 0) return false;
    if (used === 'notAsked')
      used = weekOfUse(plan, points('cpu', ''), facts.cores * factor * properties.processorFactor);
    return used !== undefined && creditsLast(plan, size, used);
  });
}

/**
 * What all disks need together: effective figures, not the provisioned ones of the chosen SKUs (A16). An
 * import's totals stand in where no disk has figures of its own.
 */
function storageNeed(utilization: Utilization, factor: number): DiskNeed {
  const each = utilization.disks.flatMap((measures) => diskNeed(measures, factor) ?? []);
  const totals = utilization.totals && diskNeed(utilization.totals, factor);
  if (each.length === 0 && totals) return totals;
  return {
    iops: each.reduce((sum, need) => sum + need.iops, 0),
    bytesPerSecond: each.reduce((sum, need) => sum + need.bytesPerSecond, 0),
  };
}

function detailsOf(plan: AssessmentPlan, { cpuPercent, memoryPercent }: Utilization): VmDetail[] {
  if (plan.properties.sizingCriterion === 'AsOnPremises') return [];
  const details: VmDetail[] = [];
  if (!cpuPercent) details.push('PercentageOfCoresUtilizedMissing');
  if (!memoryPercent) details.push('PercentageOfMemoryUtilizedMissing');
  if (cpuPercent?.outOfRange) details.push('PercentageOfCoresUtilizedOutOfRange');
  if (memoryPercent?.outOfRange) details.push('PercentageOfMemoryUtilizedOutOfRange');
  return details;
}

function adaptersOf(plan: AssessmentPlan, facts: MachineFacts, utilization: Utilization): AssessedAdapter[] {
  const performance = plan.properties.sizingCriterion === 'PerformanceBased';
  return facts.nics.map((nic, i) => {
    const measures = utilization.nics[i]!;
    const known = measures.outBps !== undefined || utilization.totalOutBps !== undefined;
    return {
      id: nic.id,
      measures,
      detail: performance && !known ? 'MegabytesOfDataTransmittedMissing' : 'None',
    };
  });
}

/** A machine and where its points are. */
export interface AssessmentInput {
  readonly facts: MachineFacts;
  readonly points: PointSource;
}

export interface Assessment {
  /** What was assessed, so that it can be assessed again another way. */
  readonly inputs: readonly AssessmentInput[];
  readonly plan: AssessmentPlan;
  readonly machines: readonly AssessedMachine[];
  readonly totals: Totals;
  /** Pooled over the machines; undefined for imports and as-on-premises. */
  readonly confidence: Confidence | undefined;
}

/**
 * Assesses a group.
 * @param properties from `assessmentProperties`.
 * @param asOf       instant of the assessment; the history ends there.
 * @throws `priceSheet.noPrices`, `assessment.badProperty` as `planAssessment`.
 */
export function assess(
  properties: AssessmentProperties,
  catalogue: Catalogue,
  asOf: UnixMillis,
  machines: Iterable<AssessmentInput>,
): Assessment {
  const plan = planAssessment(properties, catalogue, asOf);
  const totals = emptyTotals();
  const inputs = [...machines];
  const assessed: AssessedMachine[] = [];
  for (const { facts, points } of inputs) {
    const machine = assessMachine(plan, facts, points);
    assessed.push(machine);
    addMachine(totals, machine);
  }
  return {
    inputs,
    plan,
    machines: assessed,
    totals,
    confidence: confidenceOf(totals.pointsPresent, totals.pointsExpected),
  };
}
