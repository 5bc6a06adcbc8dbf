/**
 * An assessment for people and programs: a plain-text table, CSV rows, a JSON object.
 *
 * Names come from workbooks and servers that others control. Control characters never reach a terminal, and
 * text that a spreadsheet would run as a formula is marked as text.
 */
import { PERCENTILE_DEFINITION } from '../metrics/percentile.ts';
import type { AssessedMachine, Assessment } from './assess.ts';
import type { Confidence } from './confidence.ts';
import { explain, money, reasonLine } from './explanation.ts';
import type { AssessmentPlan } from './plan.ts';
import { READINESS_NAMES } from './vocabulary.ts';
import { whyOf } from './why.ts';

const COLUMNS = [
  'Machine',
  'Readiness',
  'Size',
  'Cores',
  'Memory GiB',
  'Disks',
  'Compute/month',
  'Storage/month',
  'Confidence',
  'Reason',
] as const;
const RIGHT_ALIGNED = new Set<string>(['Cores', 'Memory GiB', 'Compute/month', 'Storage/month']);
const NAME_WIDTH_MAX = 32;

/** What an assessment comes to, without its machines. */
export type AssessmentSummary = Pick<Assessment, 'plan' | 'totals' | 'confidence'>;

/** A machine's row of the table, as texts. */
export function tableRow(plan: AssessmentPlan, machine: AssessedMachine): string[] {
  const size = machine.recommendedSize === undefined ? undefined : machine.size?.chosen;
  return [
    plainText(machine.facts.displayName),
    READINESS_NAMES[machine.suitability],
    size?.name ?? '-',
    size ? String(size.vCpus) : '-',
    size ? String(Number((size.memoryMiB / 1024).toFixed(2))) : '-',
    diskList(machine),
    size ? money(machine.monthlyComputeCost) : '-',
    size ? money(machine.monthlyStorageCost) : '-',
    stars(machine.confidence),
    plainText(reasonLine(plan, machine)),
  ];
}

/** "P10 2×S4": short names in the order of the disks, equal ones counted. */
function diskList(machine: AssessedMachine): string {
  const counts = new Map<string, number>();
  for (const disk of machine.disks) {
    const name = disk.choice ? disk.choice.name.replace(/^(Standard|StandardSSD|Premium)_/, '') : 'none';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, n]) => (n === 1 ? name : `${n}×${name}`)).join(' ') || '-';
}

function stars(confidence: Confidence | undefined): string {
  return confidence === undefined ? '-' : '★'.repeat(confidence.stars) + '☆'.repeat(5 - confidence.stars);
}

/** Without control characters: no line breaks, tabs or escape sequences. */
function plainText(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

/** The table, its totals below; no trailing spaces, one line break at the end. */
export function assessmentTable(assessment: Assessment): string {
  const rows = assessment.machines.map((machine) => tableRow(assessment.plan, machine));
  return renderTable(rows, assessment);
}

/** @param given from `tableRow`: all machines, or the first of many. */
export function renderTable(given: ReadonlyArray<readonly string[]>, summary: AssessmentSummary): string {
  const rows = given.map(([name = '', ...others]) => [
    name.length > NAME_WIDTH_MAX ? `${name.slice(0, NAME_WIDTH_MAX - 1)}…` : name,
    ...others,
  ]);
  const left = summary.totals.machines - rows.length;
  const all = [[...COLUMNS], COLUMNS.map((column) => '-'.repeat(column.length)), ...rows];
  const widths = COLUMNS.map((_, i) => all.reduce((width, row) => Math.max(width, row[i]!.length), 0));
  const lines = all.map((row) =>
    row
      .map((cell, i) =>
        RIGHT_ALIGNED.has(COLUMNS[i]!) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!),
      )
      .join('  ')
      .trimEnd(),
  );
  if (left > 0) lines.push(`… ${left} more`);
  return `${[...lines, '', ...summaryLines(summary)].join('\n')}\n`;
}

/** What the assessment comes to, a few lines. */
function summaryLines({ totals, plan, confidence }: AssessmentSummary): string[] {
  const counts = Object.entries(READINESS_NAMES)
    .map(([key, name]) => [totals.bySuitability[key as keyof typeof READINESS_NAMES], name] as const)
    .filter(([n]) => n > 0)
    .map(([n, name]) => `${n} ${name.toLowerCase()}`);
  const { currency, sizingCriterion, timeRange, scalingFactor, ruleset, azureLocation } = plan.properties;
  const how =
    sizingCriterion === 'PerformanceBased'
      ? `Percentile${plan.percentile} of ${timeRange}, factor ${scalingFactor}`
      : `as on-premises, factor ${plan.rules.factorOnAllocated ? scalingFactor : 'unused'}`;
  return [
    `${totals.machines} machines: ${counts.join(', ') || 'none'}.`,
    `Monthly ${currency}: compute ${money(totals.monthlyComputeCost)}, storage ${money(totals.monthlyStorageCost)}` +
      `${totals.monthlySecurityCost > 0 ? `, security ${money(totals.monthlySecurityCost)}` : ''}.`,
    `Confidence: ${confidence ? `${stars(confidence)} (${confidence.percent.toFixed(1)} %)` : 'not rated'}.`,
    `Ruleset ${ruleset}, ${azureLocation}, ${how}. Prices: ${plan.priceSource}, ${plan.pricesTimestamp.slice(0, 10)}.`,
  ];
}

const CSV_COLUMNS = [
  'machine',
  'readiness',
  'suitability',
  'suitabilityExplanation',
  'suitabilityDetail',
  'recommendedSize',
  'cores',
  'memoryMiB',
  'effectiveCores',
  'effectiveMemoryMiB',
  'disks',
  'monthlyComputeCost',
  'monthlyStorageCost',
  'currency',
  'confidencePercent',
  'confidenceStars',
  'reason',
] as const;

/** First line of the CSV, ended with CRLF as every line is (RFC 4180). */
export function csvHeader(): string {
  return `${CSV_COLUMNS.join(',')}\r\n`;
}

export function csvRow(plan: AssessmentPlan, machine: AssessedMachine): string {
  const size = machine.recommendedSize === undefined ? undefined : machine.size?.chosen;
  const values: readonly (string | number | undefined)[] = [
    plainText(machine.facts.displayName),
    READINESS_NAMES[machine.suitability],
    machine.suitability,
    machine.suitabilityExplanation,
    machine.suitabilityDetail,
    size?.name,
    size?.vCpus,
    size?.memoryMiB,
    machine.cores.value,
    machine.memoryMiB.value,
    machine.disks.map((disk) => disk.choice?.name ?? 'none').join(' '),
    size && money(machine.monthlyComputeCost),
    size && money(machine.monthlyStorageCost),
    plan.properties.currency,
    machine.confidence?.percent,
    machine.confidence?.stars,
    plainText(reasonLine(plan, machine)),
  ];
  return `${values.map(csvCell).join(',')}\r\n`;
}

export function assessmentCsv(assessment: Assessment): string {
  return csvHeader() + assessment.machines.map((machine) => csvRow(assessment.plan, machine)).join('');
}

function csvCell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  // An apostrophe keeps spreadsheets from running a name as a formula.
  const text = /^[=+\-@]/.test(value) ? `'${value}` : value;
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A plain object, under the names of API 2019-10-01 where it has one. Amounts and figures are unrounded. */
export function assessmentJson(assessment: Assessment): Record<string, unknown> {
  return {
    ...summaryJson(assessment),
    assessedMachines: assessment.machines.map((machine) => machineJson(assessment.plan, machine)),
  };
}

/** `assessmentJson` without the machines. */
export function summaryJson({ plan, totals, confidence }: AssessmentSummary): Record<string, unknown> {
  return {
    properties: plan.properties,
    asOf: new Date(plan.asOf).toISOString(),
    history: {
      from: new Date(plan.history.from * plan.history.periodMs).toISOString(),
      to: new Date(plan.history.to * plan.history.periodMs).toISOString(),
      expectedPointsPerCounter: plan.history.expected,
    },
    percentile: plan.percentile,
    percentileDefinition: PERCENTILE_DEFINITION,
    prices: { source: plan.priceSource, timestamp: plan.pricesTimestamp, currency: plan.properties.currency },
    numberOfMachines: totals.machines,
    suitabilitySummary: totals.bySuitability,
    monthlyComputeCost: totals.monthlyComputeCost,
    monthlyStorageCost: totals.monthlyStorageCost,
    monthlyStandardSSDStorageCost: totals.storageCostByType.StandardSSD,
    monthlyPremiumStorageCost: totals.storageCostByType.Premium,
    monthlySecurityCost: totals.monthlySecurityCost,
    monthlyHybridBenefit: totals.monthlyBenefit,
    monthlyTotalCost: totals.monthlyComputeCost + totals.monthlyStorageCost + totals.monthlySecurityCost,
    monthlyStorageCostByType: totals.storageCostByType,
    confidenceRatingInPercentage: confidence?.percent ?? null,
    confidenceStars: confidence?.stars ?? null,
  };
}

/**
 * One machine of `assessmentJson`, for whoever writes them one by one.
 * @param isExplained with every size and disk that was considered, which is most of the text.
 */
export function machineJson(
  plan: AssessmentPlan,
  machine: AssessedMachine,
  isExplained = true,
): Record<string, unknown> {
  const size = machine.recommendedSize === undefined ? undefined : machine.size?.chosen;
  return {
    id: machine.facts.id,
    displayName: machine.facts.displayName,
    suitability: machine.suitability,
    suitabilityExplanation: machine.suitabilityExplanation,
    suitabilityDetail: machine.suitabilityDetail,
    readiness: READINESS_NAMES[machine.suitability],
    findings: machine.findings,
    details: machine.details,
    recommendedSize: size?.name ?? null,
    numberOfCoresForRecommendedSize: size?.vCpus ?? null,
    megabytesOfMemoryForRecommendedSize: size?.memoryMiB ?? null,
    monthlyComputeCostForRecommendedSize: machine.monthlyComputeCost,
    monthlyStorageCost: machine.monthlyStorageCost,
    percentageCoresUtilization: machine.utilization.cpuPercent?.value ?? null,
    percentageMemoryUtilization: machine.utilization.memoryPercent?.value ?? null,
    effectiveCores: machine.cores.value,
    effectiveMemoryMiB: machine.memoryMiB.value,
    confidenceRatingInPercentage: machine.confidence?.percent ?? null,
    confidenceStars: machine.confidence?.stars ?? null,
    points: machine.confidence
      ? { present: machine.confidence.present, expected: machine.confidence.expected }
      : null,
    monthlySecurityCost: machine.security?.monthlyCost ?? 0,
    monthlyHybridBenefit: machine.monthlyBenefit ?? null,
    securityType: machine.securityType ?? null,
    disks: machine.disks.map((disk) => ({
      id: disk.id,
      displayName: disk.label,
      gigabytesProvisioned: disk.sizeGiB,
      gigabytesWanted: disk.wantedGiB,
      basis: disk.basis,
      effectiveIops: disk.need?.iops ?? null,
      effectiveMegabytesPerSecond: disk.need?.MBps ?? null,
      numberOfReadOperationsPerSecond: disk.measures.readIops?.value ?? null,
      numberOfWriteOperationsPerSecond: disk.measures.writeIops?.value ?? null,
      megabytesPerSecondOfRead: megabytes(disk.measures.readBps?.value),
      megabytesPerSecondOfWrite: megabytes(disk.measures.writeBps?.value),
      suitability: disk.suitability,
      suitabilityExplanation: disk.explanation,
      suitabilityDetail: disk.detail,
      recommendedDiskType: disk.choice?.type ?? null,
      recommendedDiskSize: disk.choice?.name ?? null,
      gigabytesForRecommendedDiskSize: disk.choice?.sizeGiB ?? null,
      iopsForRecommendedDiskSize: disk.choice?.iops ?? null,
      megabytesPerSecondForRecommendedDiskSize: disk.choice?.MBps ?? null,
      monthlyStorageCost: disk.monthlyCost,
    })),
    networkAdapters: machine.adapters.map((adapter) => ({
      id: adapter.id,
      megabytesPerSecondTransmitted: megabytes(adapter.measures.outBps?.value),
      suitabilityDetail: adapter.detail,
    })),
    ...(isExplained ? { why: whyOf(plan, machine) } : {}),
    reasons: explain(plan, machine),
  };
}

function megabytes(bytesPerSecond: number | undefined): number | null {
  return bytesPerSecond === undefined ? null : bytesPerSecond / 1e6;
}
