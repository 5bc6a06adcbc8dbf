/**
 * Second stage, storage: for each disk the cheapest managed disk that covers size, IOPS and throughput
 * (assessment.md §5). A disk without performance data is sized by capacity alone.
 */
import { GIB } from '../units.ts';
import { PREMIUM_V2, ULTRA } from './disk-skus.ts';
import type { DiskOfMachine } from './machine-facts.ts';
import { type AssessmentPlan, type DiskTable, fits, HOURS_PER_MONTH, type PricedSku, SLACK } from './plan.ts';
import type { ProvisionedPrices } from './price-sheet.ts';
import type { DiskMeasures, DiskNeed } from './utilization.ts';
import type { DiskDetail, DiskExplanation, DiskType, Suitability } from './vocabulary.ts';

/** What a disk was sized by. */
export type DiskBasis =
  | 'performance' //  size, IOPS and throughput
  | 'size' //         as on-premises, or no performance data and the type is fixed
  | 'standardSsd'; // no performance data: a standard SSD by size

export interface DiskChoice {
  readonly type: DiskType;
  /** `recommendedDiskSize`: "Premium_P10"; "Ultra_256" or "PremiumV2_200" for provisioned ones. */
  readonly name: string;
  readonly sizeGiB: number;
  readonly iops: number;
  /** 10^6 bytes per second */
  readonly MBps: number;
  /** Before the discount. */
  readonly monthly: number;
}

export interface AssessedDisk {
  readonly id: string;
  readonly label: string;
  readonly isOs: boolean;
  readonly sizeGiB: number;
  /** What the new disk must hold at least: `sizeGiB`, or less when disks are sized by use. */
  readonly wantedGiB: number;
  readonly measures: DiskMeasures;
  /** Effective need; undefined when sized by capacity alone. */
  readonly need: { readonly iops: number; readonly MBps: number } | undefined;
  readonly basis: DiskBasis;
  readonly suitability: Suitability;
  readonly explanation: DiskExplanation;
  readonly detail: DiskDetail;
  readonly choice: DiskChoice | undefined;
  /** After the discount; 0 without a choice. */
  readonly monthlyCost: number;
  /** How many SKUs were candidates, and how many cheaper ones fell short of what. */
  readonly considered: number;
  readonly rejected: { readonly size: number; readonly iops: number; readonly throughput: number };
  /** The next dearer one that fits too. */
  readonly runnerUp: DiskChoice | undefined;
}

const MEGA = 1e6;

/** Shares of the allocated size that are offered to a machine of several disks (review-assessment.md, 2025-04). */
const OFFERED_SHARES = [0.25, 0.5, 1];

/**
 * What each disk is sized by, in GiB. Used capacity: one disk by its use; several by the smallest offered share
 * of their size that covers what is used of all. Without figures of use: the allocated size.
 */
export function wantedSizes(plan: AssessmentPlan, disks: readonly DiskOfMachine[]): number[] {
  const allocated = disks.map(({ sizeBytes }) => sizeBytes / GIB);
  if (plan.properties.diskCapacity === 'Allocated') return allocated;
  let used = 0;
  for (const { usedBytes } of disks) {
    if (usedBytes === undefined) return allocated;
    used += usedBytes / GIB;
  }
  if (disks.length === 1) return [Math.min(used, allocated[0]!)];
  const total = allocated.reduce((sum, size) => sum + size, 0);
  const share = OFFERED_SHARES.find((offered) => fits(used, total * offered)) ?? 1;
  return allocated.map((size) => size * share);
}

/**
 * @param need effective need of the disk; undefined without performance data.
 * @param wantedGiB from `wantedSizes`.
 */
export function assessDisk(
  plan: AssessmentPlan,
  disk: DiskOfMachine,
  isOs: boolean,
  measures: DiskMeasures,
  need: DiskNeed | undefined,
  wantedGiB = disk.sizeBytes / GIB,
): AssessedDisk {
  const performance = plan.properties.sizingCriterion === 'PerformanceBased';
  const automatic = plan.properties.azureDiskTypes.includes('StandardOrPremium');
  const assume =
    performance &&
    need === undefined &&
    (automatic || plan.rules.missingDiskPerformance === 'standardSsdAlways');
  const basis: DiskBasis = need ? 'performance' : assume ? 'standardSsd' : 'size';
  const table = tableOf(plan, basis, isOs);
  const sizeGiB = disk.sizeBytes / GIB;
  const MBps = (need?.bytesPerSecond ?? 0) / MEGA;
  const found = chooseDisk(table, wantedGiB, need?.iops ?? 0, MBps);
  return {
    id: disk.id,
    label: disk.label,
    isOs,
    sizeGiB,
    wantedGiB,
    measures,
    need: need && { iops: need.iops, MBps },
    basis,
    suitability: found.choice ? 'Suitable' : 'NotSuitable',
    explanation: found.choice ? 'NotApplicable' : whyNone(plan, found),
    detail: performance ? detailOf(measures) : 'None',
    choice: found.choice,
    monthlyCost: found.choice ? found.choice.monthly * plan.storageDiscount : 0,
    considered: found.considered,
    rejected: found.rejected,
    runnerUp: found.runnerUp,
  };
}

/** What stood in the way of a disk; undefined: it fits. */
export interface ConsideredDisk {
  readonly name: string;
  readonly monthly: number | undefined;
  readonly lacks: Shortfall | undefined;
}

/** Every disk a decision looked at, the fixed ones in order of price, each with the first thing it lacks. */
export function disksConsidered(plan: AssessmentPlan, disk: AssessedDisk): ConsideredDisk[] {
  const table = tableOf(plan, disk.basis, disk.isOs);
  const { iops, MBps } = disk.need ?? { iops: 0, MBps: 0 };
  const list: ConsideredDisk[] = table.fixed.map(({ sku, monthly }) => ({
    name: sku.assessmentName,
    monthly: monthly * plan.storageDiscount,
    lacks: shortfall(sku, disk.wantedGiB, iops, MBps),
  }));
  for (const { name, prices, size } of provisionedOf(table)) {
    const sized = size(disk.wantedGiB, iops, MBps, prices);
    list.push(
      typeof sized === 'string'
        ? { name, monthly: undefined, lacks: sized }
        : { name: sized.name, monthly: sized.monthly * plan.storageDiscount, lacks: undefined },
    );
  }
  return list;
}

function tableOf(plan: AssessmentPlan, basis: DiskBasis, isOs: boolean): DiskTable {
  if (basis === 'standardSsd') return plan.disks.standardSsd;
  return isOs ? plan.disks.os : plan.disks.data;
}

/** The first it lacks, so that counts add up. */
function shortfall(
  sku: PricedSku['sku'],
  sizeGiB: number,
  iops: number,
  MBps: number,
): Shortfall | undefined {
  if (!fits(sizeGiB, sku.sizeGiB)) return 'size';
  if (!fits(iops, sku.iops)) return 'iops';
  return fits(MBps, sku.MBps) ? undefined : 'throughput';
}

function provisionedOf(table: DiskTable) {
  return [
    { name: 'PremiumV2', prices: table.premiumV2, size: sizePremiumV2 },
    { name: 'Ultra', prices: table.ultra, size: sizeUltra },
  ].flatMap(({ name, prices, size }) => (prices === undefined ? [] : [{ name, prices, size }]));
}

interface Found {
  choice: DiskChoice | undefined;
  runnerUp: DiskChoice | undefined;
  considered: number;
  rejected: { size: number; iops: number; throughput: number };
}

/** The cheapest that covers all three; equal prices: the smaller, then by name. */
function chooseDisk(table: DiskTable, sizeGiB: number, iops: number, MBps: number): Found {
  const rejected = { size: 0, iops: 0, throughput: 0 };
  const fitting: DiskChoice[] = [];
  for (const priced of table.fixed) {
    const { sku } = priced;
    const lacks = shortfall(sku, sizeGiB, iops, MBps);
    if (lacks) rejected[lacks]++;
    else fitting.push(fixedChoice(priced));
    if (fitting.length === 2) break;
  }
  for (const { prices, size } of provisionedOf(table)) {
    const sized = size(sizeGiB, iops, MBps, prices);
    if (typeof sized === 'string') rejected[sized]++;
    else fitting.push(sized);
  }
  fitting.sort((a, b) => a.monthly - b.monthly || a.sizeGiB - b.sizeGiB || (a.name < b.name ? -1 : 1));
  const provisioned = (table.premiumV2 ? 1 : 0) + (table.ultra ? 1 : 0);
  return {
    choice: fitting[0],
    runnerUp: fitting[1],
    considered: table.fixed.length + provisioned,
    rejected,
  };
}

function fixedChoice({ sku, monthly }: PricedSku): DiskChoice {
  return {
    type: sku.type,
    name: sku.assessmentName,
    sizeGiB: sku.sizeGiB,
    iops: sku.iops,
    MBps: sku.MBps,
    monthly,
  };
}

/** Rounded up to a whole number, with the slack of every comparison: 8000.000001 is 8000. */
function wholeUp(value: number): number {
  return Math.ceil(value * (1 - SLACK));
}

export type Shortfall = 'size' | 'iops' | 'throughput';

/** Premium SSD v2: size in whole GiB; IOPS and throughput above the free baseline are provisioned. */
function sizePremiumV2(
  sizeGiB: number,
  iops: number,
  MBps: number,
  prices: ProvisionedPrices,
): DiskChoice | Shortfall {
  const v2 = PREMIUM_V2;
  if (!fits(sizeGiB, v2.maxGiB)) return 'size';
  if (!fits(iops, v2.maxIops)) return 'iops';
  if (!fits(MBps, v2.maxMBps)) return 'throughput';
  // Throughput is limited per IOPS, IOPS are limited per GiB: each may pull the other up.
  const iopsForThroughput = MBps > v2.freeMBps ? MBps / v2.MBpsPerIops : 0;
  const provisionedIops = Math.max(v2.freeIops, wholeUp(iops), wholeUp(iopsForThroughput));
  const gibForIops = provisionedIops > v2.freeIops ? wholeUp(provisionedIops / v2.iopsPerGiB) : 1;
  const gib = Math.max(wholeUp(sizeGiB), gibForIops, 1);
  const provisionedMBps = Math.max(v2.freeMBps, wholeUp(MBps));
  return {
    type: 'PremiumV2',
    name: `PremiumV2_${gib}`,
    sizeGiB: gib,
    iops: provisionedIops,
    MBps: provisionedMBps,
    monthly:
      HOURS_PER_MONTH *
      (prices.perGiB * gib +
        prices.perIops * (provisionedIops - v2.freeIops) +
        prices.perMBps * (provisionedMBps - v2.freeMBps)),
  };
}

/**
 * Ultra: three sizes, for capacity, for IOPS, for throughput; the largest, rounded up to an offered one.
 * IOPS are the source's while its throughput is inside what they allow (256 KiB/s each), else
 * throughput × 1024 / 256; throughput then follows (A17).
 */
function sizeUltra(
  sizeGiB: number,
  iops: number,
  MBps: number,
  prices: ProvisionedPrices,
): DiskChoice | Shortfall {
  if (!fits(sizeGiB, ULTRA.maxGiB)) return 'size';
  if (!fits(iops, ULTRA.maxIops)) return 'iops';
  if (!fits(MBps, ULTRA.maxMBps)) return 'throughput';
  const iopsForThroughput = (MBps * 1024) / ULTRA.throughputKiBpsPerIops;
  const wanted = Math.max(sizeGiB, iops / ULTRA.iopsPerGiB, iopsForThroughput / ULTRA.iopsPerGiB);
  const gib = offeredUltraSize(wanted);
  if (gib === undefined) return 'size';
  const needed = MBps * 1024 <= iops * ULTRA.throughputKiBpsPerIops ? iops : iopsForThroughput;
  const provisionedIops = Math.max(wholeUp(needed), ULTRA.minIops, gib * ULTRA.minIopsPerGiB);
  const provisionedMBps = Math.max(
    ULTRA.minMBps,
    wholeUp(MBps),
    wholeUp((provisionedIops * ULTRA.minThroughputKiBpsPerIops) / 1024),
  );
  return {
    type: 'Ultra',
    name: `Ultra_${gib}`,
    sizeGiB: gib,
    iops: provisionedIops,
    MBps: provisionedMBps,
    monthly:
      HOURS_PER_MONTH *
      (prices.perGiB * gib + prices.perIops * provisionedIops + prices.perMBps * provisionedMBps),
  };
}

function offeredUltraSize(wantedGiB: number): number | undefined {
  const listed = ULTRA.sizesGiB.find((size) => fits(wantedGiB, size));
  if (listed !== undefined) return listed;
  const stepped = wholeUp(wantedGiB / ULTRA.thenStepGiB) * ULTRA.thenStepGiB;
  return stepped <= ULTRA.maxGiB ? stepped : undefined;
}

function whyNone(plan: AssessmentPlan, found: Found): DiskExplanation {
  if (plan.properties.azureStorageRedundancy !== 'LocallyRedundant')
    return 'NoDiskSizeFoundForSelectedRedundancy';
  if (found.considered === 0)
    return plan.properties.azureOfferCode === 'EA'
      ? 'NoEaPriceFoundForDiskSize'
      : 'NoDiskSizeFoundInSelectedLocation';
  const { size, iops } = found.rejected;
  if (size === found.considered) return 'DiskSizeGreaterThanSupported';
  if (size + iops === found.considered) return 'NoSuitableDiskSizeForIops';
  return 'NoSuitableDiskSizeForThroughput';
}

function detailOf(measures: DiskMeasures): DiskDetail {
  if (!measures.readIops) return 'NumberOfReadOperationsPerSecondMissing';
  if (!measures.writeIops) return 'NumberOfWriteOperationsPerSecondMissing';
  if (!measures.readBps) return 'MegabytesPerSecondOfReadMissing';
  return measures.writeBps ? 'None' : 'MegabytesPerSecondOfWriteMissing';
}
