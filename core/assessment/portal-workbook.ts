/**
 * An assessment as the portal exports it: four sheets, Assessment_Summary, All_Assessed_Machines, All_Assessed_Disks
 * and Assessment_Properties, with the headers that public tools read from such exports (general knowledge, in no
 * stored documentation). As rows of plain values: whoever writes the file chooses the library.
 */
import type { AssessedMachine } from './assess.ts';
import type { Confidence } from './confidence.ts';
import type { AssessmentPlan } from './plan.ts';
import type { AssessedDisk } from './storage.ts';
import type { Totals } from './totals.ts';
import type { Measured } from './utilization.ts';
import { type DiskType, READINESS_NAMES, type Suitability } from './vocabulary.ts';

export type WorkbookCell = string | number | null;

export interface WorkbookSheet {
  readonly name: string;
  /** The header first, if the sheet has one. */
  readonly rows: readonly (readonly WorkbookCell[])[];
}

const DISK_TYPE_NAMES: Readonly<Record<DiskType, string>> = {
  Standard: 'Standard HDD managed disks',
  StandardSSD: 'Standard SSD managed disks',
  Premium: 'Premium managed disks',
  PremiumV2: 'Premium V2 managed disks',
  Ultra: 'Ultra disks',
};

export function machineHeader({ properties: { currency } }: AssessmentPlan): WorkbookCell[] {
  return [
    'Machine',
    'VM host',
    'Azure VM readiness',
    'Azure readiness issues',
    'Data collection issues',
    'Recommended size',
    `Compute monthly cost estimate ${currency}`,
    `Storage monthly cost estimate ${currency}`,
    'Operating system',
    'Boot type',
    'Cores',
    'Memory(MB)',
    'CPU usage(%)',
    'Memory usage(%)',
    'Storage(GB)',
    'Standard HDD disks',
    'Standard SSD disks',
    'Premium disks',
    'Ultra disks',
    'Disk read(ops/sec)',
    'Disk write(ops/sec)',
    'Disk read(MBPS)',
    'Disk write(MBPS)',
    'Network adapters',
    'IP address',
    'MAC address',
    'Network in(MBPS)',
    'Network out(MBPS)',
    'Confidence rating(%)',
  ];
}

export function machineRow(machine: AssessedMachine): WorkbookCell[] {
  const { facts, utilization } = machine;
  const sized = machine.recommendedSize !== undefined;
  const of = (type: DiskType) =>
    sized ? machine.disks.filter(({ choice }) => choice?.type === type).length : 0;
  const sum = (measures: ReadonlyArray<Measured | undefined>, divisor = 1): WorkbookCell =>
    measures.every((each) => each === undefined)
      ? null
      : measures.reduce((total, each) => total + (each?.value ?? 0), 0) / divisor;
  const disks = utilization.totals ? [utilization.totals] : utilization.disks;
  const issues = [
    ...machine.details,
    ...machine.disks
      .filter(({ detail }) => detail !== 'None')
      .map(({ label, detail }) => `${label}: ${detail}`),
    ...machine.adapters.filter(({ detail }) => detail !== 'None').map(({ id, detail }) => `${id}: ${detail}`),
  ];
  return [
    cellText(facts.displayName),
    null,
    READINESS_NAMES[machine.suitability],
    cellText(machine.findings.map(({ code, why }) => `${code}: ${why}`).join('; ')),
    cellText(issues.join('; ')),
    machine.recommendedSize ?? null,
    sized ? machine.monthlyComputeCost : null,
    sized ? machine.monthlyStorageCost : null,
    cellText(facts.os.name),
    facts.bootType === 'EFI' ? 'UEFI' : facts.bootType,
    facts.cores,
    facts.memoryMiB,
    utilization.cpuPercent?.value ?? null,
    utilization.memoryPercent?.value ?? null,
    facts.disks.reduce((total, { sizeBytes }) => total + sizeBytes, 0) / 2 ** 30,
    of('Standard'),
    of('StandardSSD'),
    of('Premium') + of('PremiumV2'),
    of('Ultra'),
    sum(disks.map(({ readIops }) => readIops)),
    sum(disks.map(({ writeIops }) => writeIops)),
    sum(
      disks.map(({ readBps }) => readBps),
      1e6,
    ),
    sum(
      disks.map(({ writeBps }) => writeBps),
      1e6,
    ),
    facts.nics.length,
    cellText(facts.nics.flatMap(({ ipAddresses = [] }) => ipAddresses).join('; ')),
    cellText(facts.nics.flatMap(({ macAddress }) => macAddress ?? []).join('; ')),
    null, // collected, and used by no rule
    sum(
      utilization.totalOutBps ? [utilization.totalOutBps] : utilization.nics.map(({ outBps }) => outBps),
      1e6,
    ),
    machine.confidence?.percent ?? null,
  ];
}

export function diskHeader({ properties: { currency } }: AssessmentPlan): WorkbookCell[] {
  return [
    'Machine',
    'Disk name',
    'Azure disk readiness',
    'Recommended disk size SKU',
    'Recommended disk type',
    'Azure readiness issues',
    'Data collection issues',
    `Monthly cost estimate ${currency}`,
    'Source disk size(GB)',
    'Target disk size(GB)',
    'Disk read(MBPS)',
    'Disk write(MBPS)',
    'Disk read(ops/sec)',
    'Disk write(ops/sec)',
    'Ultra disk provisioned IOPS (Operations/Sec)',
    'Ultra disk provisioned throughput (MBPS)',
  ];
}

export function diskRow(machine: AssessedMachine, disk: AssessedDisk): WorkbookCell[] {
  const { choice, measures } = disk;
  const isUltra = choice?.type === 'Ultra';
  const megabytes = (measured: Measured | undefined): WorkbookCell =>
    measured ? measured.value / 1e6 : null;
  return [
    cellText(machine.facts.displayName),
    cellText(disk.label),
    READINESS_NAMES[disk.suitability],
    choice?.name ?? null,
    choice ? DISK_TYPE_NAMES[choice.type] : null,
    disk.explanation === 'NotApplicable' ? '' : disk.explanation,
    disk.detail === 'None' ? '' : disk.detail,
    choice ? disk.monthlyCost : null,
    disk.sizeGiB,
    choice?.sizeGiB ?? null,
    megabytes(measures.readBps),
    megabytes(measures.writeBps),
    measures.readIops?.value ?? null,
    measures.writeIops?.value ?? null,
    isUltra ? choice.iops : null,
    isUltra ? choice.MBps : null,
  ];
}

/** The first sheet and the last: what came out, and what was asked. */
export function summarySheet(
  name: string,
  plan: AssessmentPlan,
  totals: Totals,
  confidence: Confidence | undefined,
): WorkbookSheet {
  const { currency } = plan.properties;
  return {
    name: 'Assessment_Summary',
    rows: [
      ['Assessment name', cellText(name)],
      ['Machines assessed', totals.machines],
      ...Object.entries(READINESS_NAMES).map(([key, title]) => [
        title,
        totals.bySuitability[key as Suitability],
      ]),
      [`Total monthly compute cost estimate ${currency}`, totals.monthlyComputeCost],
      [`Total monthly storage cost estimate ${currency}`, totals.monthlyStorageCost],
      [`Total monthly security cost estimate ${currency}`, totals.monthlySecurityCost],
      [`Monthly savings from Azure Hybrid Benefit ${currency}`, totals.monthlyBenefit],
      ...Object.entries(totals.storageCostByType).map(([type, cost]) => [
        `${DISK_TYPE_NAMES[type as DiskType]}: monthly cost estimate ${currency}`,
        cost,
      ]),
      ['Confidence rating(%)', confidence?.percent ?? null],
      ['Confidence rating(stars)', confidence?.stars ?? null],
    ],
  };
}

export function propertiesSheet({ properties, history, priceSource }: AssessmentPlan): WorkbookSheet {
  const shown = (value: unknown): string =>
    Array.isArray(value)
      ? value.join(', ') || 'all'
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
  const at = (window: number) => new Date(window * history.periodMs).toISOString();
  return {
    name: 'Assessment_Properties',
    rows: [
      ['Property', 'Selected value'],
      ...Object.entries(properties).map(([name, value]) => [name, cellText(shown(value))]),
      ['Performance history', `${at(history.from)} to ${at(history.to)}`],
      ['Prices', cellText(priceSource)],
    ],
  };
}

/** A text cell is never run as a formula by a library that writes text as text; control characters go. */
function cellText(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').slice(0, 32_000);
}
