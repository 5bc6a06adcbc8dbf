/**
 * Properties of an assessment, under the names of API 2019-10-01 where it has one (assessment.md §2).
 * What a ruleset or the price sheet cannot honour is refused here, once, with the field named; the engine
 * itself never meets a bad property.
 */
import { defineErrors, nearest } from '../errors.ts';
import type { UnixMillis } from '../units.ts';
import { cloudOf, locationName, TARGET_CLOUDS, type TargetCloud, targetLocations } from './regions.ts';
import { RULESETS, type Ruleset, type RulesetName, rulesetOf } from './rulesets.ts';
import { FAMILIES } from './vm-sizes.ts';
import {
  type AzureDiskType,
  type AzureOfferCode,
  CURRENCIES,
  DISK_CAPACITIES,
  DISK_TYPES,
  type DiskCapacity,
  OFFERS,
  PERCENTILES,
  type PercentileName,
  SAVINGS_OPTIONS,
  type SavingsOption,
  SIZING_CRITERIA,
  type SizingCriterion,
  STORAGE_REDUNDANCIES,
  type StorageRedundancy,
  TIME_RANGES,
  type TimeRange,
  VM_SECURITY_TYPES,
  type VmSecurityType,
} from './vocabulary.ts';

export const errors = defineErrors({
  'assessment.badProperty': {
    blame: 'input',
    why: 'Every property has a documented set of values, and some go with one ruleset or with each other only.',
    next: 'Correct the property; `drylift explain assessment.badProperty` lists them.',
    more:
      'Properties keep the names of the 2019-10-01 API: azureLocation, azureOfferCode, azurePricingTier, ' +
      'azureStorageRedundancy, sizingCriterion, timeRange (with perfDataStartTime and perfDataEndTime when ' +
      'Custom), percentile, scalingFactor (1 to 2), azureDiskTypes, azureVmFamilies, savingsOption, ' +
      'azureHybridUseBenefit, targetCloud, discountPercentage, discountAppliesTo, vmUptime, currency; with the current ' +
      'ruleset also environmentType, azureSecurityOfferingType, vmSecurityType, linuxHybridUseBenefit, ' +
      'diskCapacity and processorFactor.',
  },
});

export interface AssessmentProperties {
  readonly ruleset: RulesetName;
  /** Any spelling of a region: "West US 2", "WestUs2", "westus2". */
  readonly azureLocation: string;
  /** Follows from the location; where it is stated, the location must lie in it. */
  readonly targetCloud: TargetCloud;
  readonly azureOfferCode: AzureOfferCode;
  readonly azurePricingTier: 'Standard' | 'Basic';
  readonly azureStorageRedundancy: StorageRedundancy;
  readonly sizingCriterion: SizingCriterion;
  readonly timeRange: TimeRange;
  /** With timeRange Custom only: windows that lie wholly in [start, end). */
  readonly perfDataStartTime?: UnixMillis;
  readonly perfDataEndTime?: UnixMillis;
  readonly percentile: PercentileName;
  /** The comfort factor. */
  readonly scalingFactor: number;
  /** One or several types. StandardOrPremium alone is Automatic. */
  readonly azureDiskTypes: readonly AzureDiskType[];
  /** "Dsv3_series" …; empty: every family of the location. */
  readonly azureVmFamilies: readonly string[];
  readonly savingsOption: SavingsOption;
  readonly azureHybridUseBenefit: 'Yes' | 'No';
  /** The same for paid Linux (Red Hat, SUSE), current ruleset. */
  readonly linuxHybridUseBenefit: 'Yes' | 'No';
  readonly discountPercentage: number;
  readonly discountAppliesTo: 'computeAndStorage' | 'compute';
  readonly vmUptime: { readonly daysPerMonth: number; readonly hoursPerDay: number };
  readonly currency: string;
  readonly environmentType: 'Production' | 'DevTest';
  /** MDC: Defender for Servers plan 2. */
  readonly azureSecurityOfferingType: 'MDC' | 'NO';
  /** TVM: trusted launch where it fits. CVM: only confidential sizes. */
  readonly vmSecurityType: VmSecurityType;
  /** Used: disks are sized by what is used of them; migration itself needs the allocated size. */
  readonly diskCapacity: DiskCapacity;
  /** Target processor's worth of one source core; Microsoft's own numbers are not published. */
  readonly processorFactor: number;
  /** Period of the points: 5, 10 or 15 minutes. */
  readonly pointPeriodMinutes: 5 | 10 | 15;
  /** How many days timeRange Month is. */
  readonly monthDays: number;
}

/** Everything but the ruleset may be left out. */
export type GivenProperties = Pick<AssessmentProperties, 'ruleset'> & Partial<AssessmentProperties>;

function defaults(
  rules: Ruleset,
  criterion: SizingCriterion,
): Omit<AssessmentProperties, 'ruleset' | 'targetCloud'> {
  return {
    azureLocation: 'westus2',
    azureOfferCode: 'MSAZR0003P',
    azurePricingTier: 'Standard',
    azureStorageRedundancy: 'LocallyRedundant',
    sizingCriterion: criterion,
    timeRange: 'Day',
    percentile: 'Percentile95',
    scalingFactor: rules.defaultScalingFactor,
    azureDiskTypes: [criterion === 'AsOnPremises' ? 'Premium' : 'StandardOrPremium'],
    azureVmFamilies: [],
    savingsOption: 'None',
    azureHybridUseBenefit: 'Yes',
    linuxHybridUseBenefit: 'Yes',
    discountPercentage: 0,
    discountAppliesTo: 'computeAndStorage',
    vmUptime: { daysPerMonth: 31, hoursPerDay: 24 },
    currency: 'USD',
    environmentType: 'Production',
    azureSecurityOfferingType: rules.laterProperties ? 'MDC' : 'NO',
    vmSecurityType: rules.laterProperties ? 'TVM' : 'Standard',
    diskCapacity: 'Allocated',
    processorFactor: 1,
    pointPeriodMinutes: 10,
    monthDays: 30,
  };
}

/**
 * Fills in the defaults of the ruleset and checks every property. The location comes back as a plain name.
 * @throws `assessment.badProperty` naming the field.
 */
export function assessmentProperties(given: GivenProperties): AssessmentProperties {
  oneOf('ruleset', given.ruleset, RULESETS);
  const rules = rulesetOf(given.ruleset);
  if (given.sizingCriterion !== undefined) oneOf('sizingCriterion', given.sizingCriterion, SIZING_CRITERIA);
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const base = defaults(rules, given.sizingCriterion ?? 'PerformanceBased');
  const unknown = Object.keys(stated).find((key) => !WITHOUT_DEFAULT.has(key) && !(key in base));
  if (unknown !== undefined)
    throw bad(unknown, `There is no assessment property ${unknown}.`, unknown, Object.keys(base));
  const merged = { ...base, ...stated } as AssessmentProperties;
  const azureLocation = locationName(merged.azureLocation);
  const properties = { ...merged, azureLocation, targetCloud: merged.targetCloud ?? cloudOf(azureLocation) };
  checkValues(properties);
  checkTogether(properties, rules);
  return properties;
}

const WITHOUT_DEFAULT = new Set(['ruleset', 'targetCloud', 'perfDataStartTime', 'perfDataEndTime']);

function checkValues(p: AssessmentProperties): void {
  oneOf('azureLocation', p.azureLocation, targetLocations(p.ruleset));
  oneOf('targetCloud', p.targetCloud, TARGET_CLOUDS);
  oneOf('azureOfferCode', p.azureOfferCode, OFFERS);
  oneOf('azurePricingTier', p.azurePricingTier, ['Standard', 'Basic']);
  oneOf('azureStorageRedundancy', p.azureStorageRedundancy, STORAGE_REDUNDANCIES);
  oneOf('timeRange', p.timeRange, TIME_RANGES);
  oneOf('percentile', p.percentile, PERCENTILES);
  within('scalingFactor', p.scalingFactor, 1, 2);
  if (p.azureDiskTypes.length === 0) throw bad('azureDiskTypes', 'azureDiskTypes names no type.');
  for (const type of p.azureDiskTypes) oneOf('azureDiskTypes', type, DISK_TYPES);
  for (const family of p.azureVmFamilies) oneOf('azureVmFamilies', family, FAMILIES);
  oneOf('savingsOption', p.savingsOption, SAVINGS_OPTIONS);
  oneOf('azureHybridUseBenefit', p.azureHybridUseBenefit, ['Yes', 'No']);
  oneOf('linuxHybridUseBenefit', p.linuxHybridUseBenefit, ['Yes', 'No']);
  within('discountPercentage', p.discountPercentage, 0, 100);
  oneOf('discountAppliesTo', p.discountAppliesTo, ['computeAndStorage', 'compute']);
  within('vmUptime.daysPerMonth', p.vmUptime.daysPerMonth, 0, 31);
  within('vmUptime.hoursPerDay', p.vmUptime.hoursPerDay, 0, 24);
  oneOf('currency', p.currency, CURRENCIES);
  oneOf('environmentType', p.environmentType, ['Production', 'DevTest']);
  oneOf('azureSecurityOfferingType', p.azureSecurityOfferingType, ['MDC', 'NO']);
  oneOf('vmSecurityType', p.vmSecurityType, VM_SECURITY_TYPES);
  oneOf('diskCapacity', p.diskCapacity, DISK_CAPACITIES);
  within('processorFactor', p.processorFactor, 0.01, 100);
  oneOf('pointPeriodMinutes', p.pointPeriodMinutes, [5, 10, 15]);
  if (!Number.isInteger(p.monthDays))
    throw bad('monthDays', `monthDays is ${p.monthDays}, not a whole number.`);
  within('monthDays', p.monthDays, 28, 31);
}

function checkTogether(p: AssessmentProperties, rules: Ruleset): void {
  if (p.targetCloud !== cloudOf(p.azureLocation))
    throw bad('azureLocation', `${p.azureLocation} is not in the ${p.targetCloud} cloud.`);
  const custom = p.perfDataStartTime !== undefined && p.perfDataEndTime !== undefined;
  if (p.timeRange === 'Custom') {
    if (!custom)
      throw bad('perfDataStartTime', 'timeRange Custom needs perfDataStartTime and perfDataEndTime.');
    const days = (p.perfDataEndTime - p.perfDataStartTime) / 86_400_000;
    if (!(days > 0 && days <= 31))
      throw bad(
        'perfDataEndTime',
        `The custom performance history is ${days} days long; 0 to 31 are possible.`,
      );
  } else if (p.perfDataStartTime !== undefined || p.perfDataEndTime !== undefined)
    throw bad(
      'timeRange',
      `perfDataStartTime and perfDataEndTime go with timeRange Custom, not ${p.timeRange}.`,
    );

  if (p.azureDiskTypes.includes('StandardOrPremium') && p.azureDiskTypes.length > 1)
    throw bad('azureDiskTypes', 'StandardOrPremium (automatic) goes with no other disk type.');
  if (p.savingsOption !== 'None') {
    // Reservations and savings plans need the pay-as-you-go offer (assessment-properties.md 2024-11).
    if (p.azureOfferCode !== 'MSAZR0003P')
      throw bad(
        'savingsOption',
        `${p.savingsOption} needs the pay-as-you-go offer, not ${p.azureOfferCode}.`,
      );
    if (p.environmentType === 'DevTest')
      throw bad('savingsOption', `${p.savingsOption} does not go with environmentType DevTest.`);
  }
  if (rules.laterProperties) return;
  const later = (field: string, what: string) =>
    bad(field, `${what} came after the seed years; it needs the current ruleset.`);
  const type = p.azureDiskTypes.find((t) => t === 'Ultra' || t === 'PremiumV2');
  if (type !== undefined) throw later('azureDiskTypes', type);
  if (p.savingsOption.startsWith('SavingsPlan')) throw later('savingsOption', p.savingsOption);
  if (p.environmentType === 'DevTest') throw later('environmentType', 'DevTest');
  if (p.azureSecurityOfferingType === 'MDC') throw later('azureSecurityOfferingType', 'MDC');
  if (p.vmSecurityType !== 'Standard') throw later('vmSecurityType', p.vmSecurityType);
  if (p.linuxHybridUseBenefit === 'No') throw later('linuxHybridUseBenefit', 'The switch for Linux');
  if (p.diskCapacity === 'Used') throw later('diskCapacity', 'Used capacity');
  if (p.processorFactor !== 1) throw later('processorFactor', 'The processor factor');
}

function bad(field: string, what: string, word?: string, candidates?: Iterable<string>) {
  const near = word !== undefined && candidates ? nearest(word, candidates) : undefined;
  return errors.make('assessment.badProperty', {
    what,
    where: { field },
    ...(near === undefined ? {} : { next: `Did you mean ${near}?` }),
  });
}

function oneOf(field: string, value: unknown, allowed: readonly unknown[]): void {
  if (allowed.includes(value)) return;
  throw bad(
    field,
    `${field} is ${JSON.stringify(value)}, not one of ${allowed.join(', ')}.`,
    String(value),
    allowed.map(String),
  );
}

function within(field: string, value: unknown, low: number, high: number): void {
  if (typeof value === 'number' && value >= low && value <= high) return;
  throw bad(field, `${field} is ${JSON.stringify(value)}; it lies between ${low} and ${high}.`);
}
