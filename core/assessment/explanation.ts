/**
 * The reasons behind a result, in sentences. The engine keeps figures; text is made only when somebody reads.
 * Users ask most why a size looks too small or too large: so every figure shows its point, its rank among how
 * many, its factor, and what the nearest cheaper size lacked.
 */
import type { AssessedMachine } from './assess.ts';
import { monthlyCompute } from './assess.ts';
import { CRITERIA, type Criterion, type SizeDecision } from './compute.ts';
import { type AssessmentPlan, pricesOf } from './plan.ts';
import { figure } from './readiness.ts';
import type { AssessedDisk } from './storage.ts';
import type { Measured } from './utilization.ts';
import { READINESS_NAMES } from './vocabulary.ts';

const LACKS: Readonly<Record<Criterion, string>> = {
  cores: 'cores',
  memory: 'memory',
  dataDisks: 'data disks',
  adapters: 'network adapters',
  bandwidth: 'network bandwidth',
  storageIops: 'storage IOPS',
  storageThroughput: 'storage throughput',
  premiumStorage: 'premium storage',
  ultraStorage: 'ultra disks',
  generation: 'VM generation',
  operatingSystem: 'Windows support',
  burstCredits: 'CPU credits',
};

/** One line: what decided. */
export function reasonLine(plan: AssessmentPlan, machine: AssessedMachine): string {
  const decisive = machine.findings.filter((f) => f.suitability === machine.suitability);
  if (machine.stoppedAt !== undefined)
    return `${machine.stoppedAt}: ${decisive.map((f) => f.why).join('; ') || machine.suitabilityExplanation}`;
  const parts = [
    ...decisive.filter((f) => f.suitability !== 'Suitable').map((f) => f.why),
    `${coresText(plan, machine)} and ${memoryText(plan, machine)}`,
    ...(machine.size ? [missText(machine.size)] : []),
  ];
  return parts.filter((part) => part !== '').join('; ');
}

/** All of it, a sentence a line: readiness, utilization, disks, size, cost, confidence. */
export function explain(plan: AssessmentPlan, machine: AssessedMachine): string[] {
  const lines = [`${READINESS_NAMES[machine.suitability]} (${machine.suitabilityExplanation}).`];
  for (const finding of machine.findings) {
    const codes = finding.laterCode ? `${finding.code}, later ${finding.laterCode}` : finding.code;
    lines.push(`${READINESS_NAMES[finding.suitability]}: ${finding.why} (${codes}).`);
  }
  lines.push(`Needs ${coresText(plan, machine)} and ${memoryText(plan, machine)}.`);
  for (const disk of machine.disks) lines.push(diskText(plan, disk));
  if (machine.size) lines.push(...sizeText(plan, machine.size));
  lines.push(...optionText(plan, machine), ...securityText(machine));
  const { confidence } = machine;
  lines.push(
    confidence
      ? `Confidence: ${confidence.present} of ${confidence.expected} points, ${figure(confidence.percent)} %, ${confidence.stars} of 5 stars.`
      : 'Confidence: not rated.',
  );
  return lines;
}

function coresText(plan: AssessmentPlan, machine: AssessedMachine): string {
  const { cores, facts, utilization } = machine;
  return `${figure(cores.value)} cores (${basisText(plan, utilization.cpuPercent, `${facts.cores} cores`)})`;
}

function memoryText(plan: AssessmentPlan, machine: AssessedMachine): string {
  const { memoryMiB, facts, utilization } = machine;
  const allocated = `${figure(facts.memoryMiB / 1024)} GiB`;
  return `${figure(memoryMiB.value / 1024)} GiB (${basisText(plan, utilization.memoryPercent, allocated)})`;
}

function basisText(plan: AssessmentPlan, measured: Measured | undefined, allocated: string): string {
  const factor = plan.properties.scalingFactor;
  const times = factor === 1 ? '' : ` × ${factor}`;
  if (measured) return `${pointText(plan, measured)} ${figure(measured.value)} % of ${allocated}${times}`;
  const why = plan.properties.sizingCriterion === 'AsOnPremises' ? 'as allocated' : 'no data: as allocated';
  return `${why}${plan.rules.factorOnAllocated ? times : ''}`;
}

/** "P95, point 137 of 144," */
function pointText(plan: AssessmentPlan, measured: Measured): string {
  return measured.n === 0 ? 'given' : `P${plan.percentile}, point ${measured.rank} of ${measured.n},`;
}

function diskText(plan: AssessmentPlan, disk: AssessedDisk): string {
  const need = disk.need
    ? `, ${figure(disk.need.iops)} IOPS and ${figure(disk.need.MBps)} MB/s at P${plan.percentile} × ${plan.properties.scalingFactor}`
    : disk.basis === 'standardSsd'
      ? ', no performance data: a standard SSD by size'
      : ', by size';
  const wanted =
    disk.wantedGiB === disk.sizeGiB
      ? ''
      : ` (sized for ${figure(disk.wantedGiB)} GiB in use; migration itself needs a disk of the source's size)`;
  const head = `${disk.label}${disk.isOs ? ' (OS)' : ''}: ${figure(disk.sizeGiB)} GiB${wanted}${need}`;
  const { size, iops, throughput } = disk.rejected;
  const short = [
    size > 0 ? `${size} too small` : '',
    iops > 0 ? `${iops} short of IOPS` : '',
    throughput > 0 ? `${throughput} short of throughput` : '',
  ].filter((part) => part !== '');
  const fell = short.length > 0 ? `; of ${disk.considered} SKUs ${short.join(', ')}` : '';
  if (!disk.choice) return `${head}: none fits (${disk.explanation})${fell}.`;
  const { name, sizeGiB, iops: gives, MBps } = disk.choice;
  const next = disk.runnerUp
    ? `; next ${disk.runnerUp.name} at ${money(disk.runnerUp.monthly * plan.storageDiscount)}`
    : '';
  return `${head}: ${name} (${sizeGiB} GiB, ${gives} IOPS, ${MBps} MB/s) at ${money(disk.monthlyCost)} a month${fell}${next}.`;
}

function sizeText(plan: AssessmentPlan, size: SizeDecision): string[] {
  const { need } = size;
  const wants = [
    need.networkMbps > 0 ? `${figure(need.networkMbps)} Mbit/s out` : '',
    counted(need.adapters, 'adapter'),
    counted(need.dataDisks, 'data disk'),
    need.iops > 0
      ? `${figure(need.iops)} IOPS and ${figure(need.bytesPerSecond / 1e6)} MB/s over all disks`
      : '',
    need.premium ? 'premium storage' : '',
    need.ultra ? 'ultra disks' : '',
    need.generation ? `generation ${need.generation}` : '',
  ].filter((part) => part !== '');
  const counts = CRITERIA.filter((criterion) => size.failing[criterion] !== undefined)
    .map((criterion) => `${LACKS[criterion]} ${size.failing[criterion]}`)
    .join(', ');
  const lines = [`Also needs ${wants.join(', ')}.`];
  if (!size.chosen) {
    lines.push(`None of ${size.considered} sizes fits (${size.explanation}); sizes lacking: ${counts}.`);
  } else {
    const { chosen } = size;
    const assumed = chosen.networkPublished ? '' : '; its bandwidth is a lower bound of ours';
    lines.push(
      `${chosen.name} (${chosen.vCpus} vCPUs, ${figure(chosen.memoryMiB / 1024)} GiB, ${chosen.networkMbps} Mbit/s) is the ` +
        `cheapest that fits, ${money(monthlyCompute(plan, size.hourly))} a month${assumed}.`,
    );
    if (counts !== '')
      lines.push(`${size.considered - 1} sizes before it in order of price fell out; lacking: ${counts}.`);
  }
  for (const miss of size.nearMisses)
    lines.push(
      `${miss.size}, ${money(monthlyCompute(plan, miss.hourly))} a month, lacks ${miss.fails.map((f) => LACKS[f]).join(' and ')}.`,
    );
  if (size.runnerUp)
    lines.push(
      `Next that fits: ${size.runnerUp.size}, ${money(monthlyCompute(plan, size.runnerUp.hourly))} a month.`,
    );
  return lines;
}

/** The price of the choice under each savings option, and what a brought licence saves. */
function optionText(plan: AssessmentPlan, machine: AssessedMachine): string[] {
  const chosen = machine.recommendedSize === undefined ? undefined : machine.size?.chosen;
  if (!chosen) return [];
  const options = pricesOf(plan, machine.facts.os, chosen);
  const told = options.map(({ savingsOption, monthly }) => `${savingsOption} ${money(monthly)}`).join(', ');
  const benefit = machine.monthlyBenefit ?? 0;
  return [
    ...(options.length > 1 ? [`${chosen.name} a month by savings option: ${told}.`] : []),
    ...(benefit > 0 ? [`The Hybrid Benefit takes off ${money(benefit)} a month.`] : []),
  ];
}

function securityText({ securityType: type }: AssessedMachine): string[] {
  if (!type) return [];
  const name = { TVM: 'trusted launch', Standard: 'standard', CVM: 'confidential' }[type.recommended];
  return [`Security type: ${name} (${type.trustedLaunch}, ${type.standard}).`];
}

function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

function missText(size: SizeDecision): string {
  const [nearest] = size.nearMisses;
  return nearest ? `cheaper ${nearest.size} lacks ${nearest.fails.map((f) => LACKS[f]).join(' and ')}` : '';
}

/** Two decimals; the currency is said once, elsewhere. */
export function money(amount: number): string {
  return amount.toFixed(2);
}
