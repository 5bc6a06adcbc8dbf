/**
 * Everything about an assessment that is the same for each of its machines, worked out once: the history in
 * windows, the candidates in order of price, the hours of a month. 35,000 machines then cost a scan each.
 */

import type { WindowIndex } from '../metrics/roll-up.ts';
import { HOUR, MINUTE, type UnixMillis } from '../units.ts';
import { DISK_SKUS, type DiskSku } from './disk-skus.ts';
import { CURRENCY_OF_RECORD } from './exchange-rates.ts';
import type { OsOfMachine } from './machine-facts.ts';
import { isWindows, type PaidLinux, paidLinuxOf } from './os-rules.ts';
import type { ComputePrices, Licence, LocationPrices, PriceSheet, ProvisionedPrices } from './price-sheet.ts';
import { type AssessmentProperties, errors } from './properties.ts';
import { type Ruleset, rulesetOf } from './rulesets.ts';
import { samplePriceSheet } from './sample-prices.ts';
import { FAMILIES_2019, isConfidential, VM_SIZES, type VmSize } from './vm-sizes.ts';
import { type AzureDiskType, type DiskType, SAVINGS_OPTIONS, type SavingsOption } from './vocabulary.ts';

/** What can be bought, and for how much. */
export interface Catalogue {
  readonly sizes: readonly VmSize[];
  readonly disks: readonly DiskSku[];
  readonly prices: PriceSheet;
}

/** The built-in sizes and disks, with our sample prices unless a sheet is given. */
export function builtInCatalogue(prices: PriceSheet = samplePriceSheet()): Catalogue {
  return { sizes: VM_SIZES, disks: DISK_SKUS, prices };
}

/** Comparison is exact up to this relative slack, so that 12.5 × 1.12 fits 14 (A5). */
export const SLACK = 1e-9;

export function fits(need: number, limit: number): boolean {
  return need <= limit * (1 + SLACK);
}

/** A reservation or savings plan counts 744 hours whatever the uptime; the API states costs of 31 days. */
export const HOURS_PER_MONTH = 744;

export interface History {
  readonly periodMs: number;
  /** Windows from … to-1 are looked at. */
  readonly from: WindowIndex;
  readonly to: WindowIndex;
  /** How many points one counter can have: to − from. */
  readonly expected: number;
}

/** Candidates in order of price (A10: then fewer vCPUs, less memory, name), column by column. */
export interface SizeTable {
  readonly sizes: readonly VmSize[];
  /** What the size costs an hour under the savings option, licence included, before the discount. */
  readonly hourly: Float64Array;
  readonly vCpus: Float64Array;
  readonly memoryMiB: Float64Array;
  readonly dataDisks: Float64Array;
  readonly nics: Float64Array;
  readonly networkMbps: Float64Array;
  readonly iops: Float64Array;
  readonly bytesPerSecond: Float64Array;
  /** How many sizes fell out for every machine alike, by reason. */
  readonly excluded: Readonly<Record<SizeExclusion, number>>;
}

/** Why a size of the catalogue is no candidate in an assessment at all. */
export type SizeExclusion = 'ruleset' | 'family' | 'pricingTier' | 'securityType' | 'location' | 'price';

export interface PricedSku {
  readonly sku: DiskSku;
  readonly monthly: number;
}

export interface DiskTable {
  /** The fixed SKUs of these types with a price, cheapest first. */
  readonly fixed: readonly PricedSku[];
  readonly ultra: ProvisionedPrices | undefined;
  readonly premiumV2: ProvisionedPrices | undefined;
}

export interface AssessmentPlan {
  readonly properties: AssessmentProperties;
  readonly rules: Ruleset;
  readonly asOf: UnixMillis;
  readonly history: History;
  /** 50, 90, 95 or 99. */
  readonly percentile: number;
  readonly prices: LocationPrices;
  readonly priceSource: string;
  readonly pricesTimestamp: string;
  /** Hours of a month that compute is paid for. */
  readonly computeHours: number;
  readonly computeDiscount: number;
  readonly storageDiscount: number;
  /** Candidates for machines that need no licence, and for Windows without Hybrid Benefit. */
  readonly unlicensed: SizeTable;
  readonly windows: SizeTable;
  /** Candidates for Linux that is paid for; those without licence where the benefit is used. */
  readonly paidLinux: Readonly<Record<PaidLinux, SizeTable>>;
  readonly disks: {
    /** The chosen types. */
    readonly data: DiskTable;
    /** The same for OS disks, which are never Ultra or Premium v2. */
    readonly os: DiskTable;
    readonly standardSsd: DiskTable;
  };
}

/** Says it when prices were worked out from others. */
function sourceOf(source: string, { convertedAt }: LocationPrices): string {
  return convertedAt === undefined
    ? source
    : `${source}, converted from ${CURRENCY_OF_RECORD} at ${convertedAt}`;
}

/**
 * @param asOf instant of the assessment; the history ends with the last window that is over by then.
 * @throws `priceSheet.noPrices` when the sheet does not cover location and currency;
 *         `assessment.badProperty` when a custom history holds no whole window.
 */
export function planAssessment(
  properties: AssessmentProperties,
  catalogue: Catalogue,
  asOf: UnixMillis,
): AssessmentPlan {
  const rules = rulesetOf(properties.ruleset);
  const prices = catalogue.prices.at(properties.azureLocation, properties.currency);
  const option = properties.savingsOption;
  const uptime = properties.vmUptime.daysPerMonth * properties.vmUptime.hoursPerDay;
  const discount = option === 'None' ? 1 - properties.discountPercentage / 100 : 1;
  const skus = (types: readonly DiskType[]) => diskTable(types, properties, rules, prices, catalogue.disks);
  const types = diskTypes(properties.azureDiskTypes, rules);
  const sizes = (licence: LicenceKind) => sizeTable(properties, rules, prices, catalogue.sizes, licence);
  const unlicensed = sizes('none');
  const osTypes = types.filter((type) => type !== 'Ultra' && type !== 'PremiumV2');
  return {
    properties,
    rules,
    asOf,
    history: historyOf(properties, asOf),
    percentile: Number(properties.percentile.replace('Percentile', '')),
    prices,
    priceSource: sourceOf(catalogue.prices.source, prices),
    pricesTimestamp: catalogue.prices.pricesTimestamp,
    computeHours: option === 'None' ? uptime : HOURS_PER_MONTH,
    computeDiscount: discount,
    storageDiscount: properties.discountAppliesTo === 'compute' ? 1 : discount,
    unlicensed,
    windows: properties.azureHybridUseBenefit === 'No' ? sizes('windows') : unlicensed,
    paidLinux:
      properties.linuxHybridUseBenefit === 'No'
        ? { rhel: sizes('rhel'), sles: sizes('sles') }
        : { rhel: unlicensed, sles: unlicensed },
    disks: {
      data: skus(types),
      os: skus(osTypes.length === 0 ? ['Premium'] : osTypes),
      standardSsd: skus(['StandardSSD']),
    },
  };
}

function historyOf(p: AssessmentProperties, asOf: UnixMillis): History {
  const periodMs = p.pointPeriodMinutes * MINUTE;
  if (p.timeRange === 'Custom') {
    const from = Math.ceil(p.perfDataStartTime! / periodMs);
    const to = Math.floor(p.perfDataEndTime! / periodMs);
    if (to <= from)
      throw errors.make('assessment.badProperty', {
        what: `The custom performance history holds no whole window of ${p.pointPeriodMinutes} minutes.`,
        where: { field: 'perfDataEndTime' },
      });
    return { periodMs, from, to, expected: to - from };
  }
  const days = p.timeRange === 'Day' ? 1 : p.timeRange === 'Week' ? 7 : p.monthDays;
  const expected = (days * 24 * HOUR) / periodMs;
  const to = Math.floor(asOf / periodMs);
  return { periodMs, from: to - expected, to, expected };
}

/** Automatic is standard HDD, standard SSD, premium, and later Ultra (assessment.md §5). */
function diskTypes(named: readonly AzureDiskType[], rules: Ruleset): readonly DiskType[] {
  if (named.includes('StandardOrPremium'))
    return rules.laterProperties
      ? ['Standard', 'StandardSSD', 'Premium', 'Ultra']
      : ['Standard', 'StandardSSD', 'Premium'];
  return named as readonly DiskType[];
}

function diskTable(
  types: readonly DiskType[],
  p: AssessmentProperties,
  rules: Ruleset,
  prices: LocationPrices,
  skus: readonly DiskSku[],
): DiskTable {
  if (p.azureStorageRedundancy !== 'LocallyRedundant')
    return { fixed: [], ultra: undefined, premiumV2: undefined }; // every SKU of the catalogue is LRS
  const fixed: PricedSku[] = [];
  for (const sku of skus) {
    const monthly = prices.disks.get(sku.sku);
    if (monthly === undefined || !types.includes(sku.type)) continue;
    if (rules.only2019Skus && !sku.in2019Api) continue;
    fixed.push({ sku, monthly });
  }
  fixed.sort(
    (a, b) => a.monthly - b.monthly || a.sku.sizeGiB - b.sku.sizeGiB || (a.sku.sku < b.sku.sku ? -1 : 1),
  );
  return {
    fixed,
    ultra: types.includes('Ultra') ? prices.ultra : undefined,
    premiumV2: types.includes('PremiumV2') ? prices.premiumV2 : undefined,
  };
}

function sizeTable(
  p: AssessmentProperties,
  rules: Ruleset,
  prices: LocationPrices,
  sizes: readonly VmSize[],
  licence: LicenceKind,
): SizeTable {
  const excluded: Record<SizeExclusion, number> = {
    ruleset: 0,
    family: 0,
    pricingTier: 0,
    securityType: 0,
    location: 0,
    price: 0,
  };
  const candidates: { size: VmSize; hourly: number }[] = [];
  for (const size of sizes) {
    const offered = prices.compute.get(size.name);
    const hourly = offered && hourlyPrice(offered, size, p, prices, licence);
    if (rules.only2019Skus && !FAMILIES_2019.has(size.family)) excluded.ruleset++;
    else if (size.burst && !rules.burstable) excluded.ruleset++;
    else if (p.azurePricingTier !== 'Standard')
      excluded.pricingTier++; // the catalogue has no Basic sizes
    else if (p.vmSecurityType === 'CVM' && !isConfidential(size)) excluded.securityType++;
    else if (p.azureVmFamilies.length > 0 && !p.azureVmFamilies.includes(size.family)) excluded.family++;
    else if (offered === undefined) excluded.location++;
    else if (hourly === undefined) excluded.price++;
    else candidates.push({ size, hourly });
  }
  candidates.sort(
    (a, b) =>
      a.hourly - b.hourly ||
      a.size.vCpus - b.size.vCpus ||
      a.size.memoryMiB - b.size.memoryMiB ||
      (a.size.name < b.size.name ? -1 : 1),
  );
  const column = (of: (size: VmSize) => number) => Float64Array.from(candidates, ({ size }) => of(size));
  return {
    sizes: candidates.map(({ size }) => size),
    hourly: Float64Array.from(candidates, ({ hourly }) => hourly),
    vCpus: column((s) => s.vCpus),
    memoryMiB: column((s) => s.memoryMiB),
    dataDisks: column((s) => s.dataDisks),
    nics: column((s) => s.nics),
    networkMbps: column((s) => s.networkMbps),
    iops: column((s) => s.iops),
    bytesPerSecond: column((s) => s.bytesPerSecond),
    excluded,
  };
}

const SAVINGS_PLAN = {
  SavingsPlan1Year: ['linuxSavings1Year', 'windowsSavings1Year'],
  SavingsPlan3Year: ['linuxSavings3Years', 'windowsSavings3Years'],
} as const satisfies Partial<Record<SavingsOption, readonly [keyof ComputePrices, keyof ComputePrices]>>;

/** Which licence is paid by the hour on top of the machine. */
type LicenceKind = 'none' | 'windows' | PaidLinux;

/** Candidates for a system, its licence in their price unless the benefit is used. */
export function sizesFor(plan: AssessmentPlan, os: OsOfMachine): SizeTable {
  if (isWindows(os)) return plan.windows;
  const paid = paidLinuxOf(os);
  return paid === undefined ? plan.unlicensed : plan.paidLinux[paid];
}

/**
 * What the Hybrid Benefit takes off an hour of that size: 0 where there is no licence, or none is brought.
 * Undefined when the sheet has no price with the licence.
 */
export function benefitPerHour(plan: AssessmentPlan, os: OsOfMachine, size: VmSize): number | undefined {
  const kind: LicenceKind = isWindows(os) ? 'windows' : (paidLinuxOf(os) ?? 'none');
  const { properties: p, prices } = plan;
  const switched = kind === 'windows' ? p.azureHybridUseBenefit : p.linuxHybridUseBenefit;
  const offered = prices.compute.get(size.name);
  if (kind === 'none' || switched === 'No' || offered === undefined) return 0;
  const full = hourlyPrice(offered, size, p, prices, kind);
  const paid = hourlyPrice(offered, size, p, prices, 'none');
  return full === undefined || paid === undefined ? undefined : full - paid;
}

export interface OptionPrice {
  readonly savingsOption: SavingsOption;
  readonly hourly: number;
  /** Discount and uptime apply to None only. */
  readonly monthly: number;
}

/** What a size costs under every savings option that the sheet and the other properties allow. */
export function pricesOf(plan: AssessmentPlan, os: OsOfMachine, size: VmSize): OptionPrice[] {
  const { properties: p, prices } = plan;
  const offered = prices.compute.get(size.name);
  if (!offered) return [];
  const windows = isWindows(os);
  const paid = paidLinuxOf(os);
  const licence: LicenceKind = windows
    ? p.azureHybridUseBenefit === 'No'
      ? 'windows'
      : 'none'
    : paid !== undefined && p.linuxHybridUseBenefit === 'No'
      ? paid
      : 'none';
  const payAsYouGo = p.azureOfferCode === 'MSAZR0003P' && p.environmentType === 'Production';
  return SAVINGS_OPTIONS.flatMap((savingsOption) => {
    if (savingsOption !== 'None' && !payAsYouGo) return [];
    if (savingsOption.startsWith('SavingsPlan') && !plan.rules.laterProperties) return [];
    const hourly = hourlyPrice(offered, size, { ...p, savingsOption }, prices, licence);
    if (hourly === undefined) return [];
    const monthly =
      savingsOption === 'None'
        ? hourly * p.vmUptime.daysPerMonth * p.vmUptime.hoursPerDay * (1 - p.discountPercentage / 100)
        : hourly * HOURS_PER_MONTH;
    return [{ savingsOption, hourly, monthly }];
  });
}

/** Undefined: not offered under the chosen option, offer and licence, so the size is out. */
function hourlyPrice(
  offered: ComputePrices,
  size: VmSize,
  p: AssessmentProperties,
  prices: LocationPrices,
  licence: LicenceKind,
): number | undefined {
  if (licence === 'none' || licence === 'windows') return machinePrice(offered, p, licence === 'windows');
  const machine = machinePrice(offered, p, false);
  const extra = licencePrice(prices.licences[licence], size.vCpus);
  return machine === undefined || extra === undefined ? undefined : machine + extra;
}

/** That of the smallest step that covers the vCPUs; beyond the last step, the last. */
function licencePrice(steps: readonly Licence[], vCpus: number): number | undefined {
  return (steps.find((step) => step.vCpus >= vCpus) ?? steps.at(-1))?.hourly;
}

function machinePrice(prices: ComputePrices, p: AssessmentProperties, licensed: boolean): number | undefined {
  const option = p.savingsOption;
  if (option === 'RI1Year' || option === 'RI3Year') {
    const reserved = option === 'RI1Year' ? prices.reservation1Year : prices.reservation3Years;
    if (reserved === undefined || !licensed) return reserved;
    // A reservation is without licence: what Windows costs on top is paid by the hour.
    if (prices.windows === undefined || prices.linux === undefined) return undefined;
    return reserved + (prices.windows - prices.linux);
  }
  if (option !== 'None') return prices[SAVINGS_PLAN[option][licensed ? 1 : 0]];
  if (p.environmentType === 'DevTest' || p.azureOfferCode === 'MSAZR0023P')
    return licensed ? prices.windowsDevTest : prices.linuxDevTest;
  return licensed ? prices.windows : prices.linux;
}
