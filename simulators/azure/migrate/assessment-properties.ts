/**
 * Properties of an assessment as Microsoft.Migrate 2019-10-01 has them, and as the engine wants them
 * (azure.md, section 6; assessment.md, section 2).
 */
import {
  type AssessmentProperties,
  assessmentProperties,
  type GivenProperties,
} from '#core/assessment/properties.ts';
import type { RulesetName } from '#core/assessment/rulesets.ts';
import { DryliftError } from '#core/errors.ts';
import { invalidProperty } from '../arm/faults.ts';
import { finite, instant, list, matching, oneOf, shape, text, whole } from '../shape.ts';

const word = matching(/^[\w -]{1,64}$/, 'one of the documented values');

/** What clients may send; the read-only ones are taken and not looked at, since clients send back what they got. */
const readProperties = shape(
  { azureLocation: word },
  {
    azureOfferCode: word,
    azurePricingTier: word,
    azureStorageRedundancy: word,
    scalingFactor: finite(1, 2),
    percentile: word,
    timeRange: word,
    perfDataStartTime: instant,
    perfDataEndTime: instant,
    sizingCriterion: word,
    stage: oneOf('InProgress', 'UnderReview', 'Approved'),
    currency: word,
    azureHybridUseBenefit: word,
    reservedInstance: word,
    discountPercentage: finite(0, 100),
    azureVmFamilies: list(word, 64),
    azureDiskType: word,
    vmUptime: shape({}, { daysPerMonth: whole(0, 31), hoursPerDay: whole(0, 24) }),
    ...Object.fromEntries(
      [
        'confidenceRatingInPercentage',
        'createdTimestamp',
        'updatedTimestamp',
        'pricesTimestamp',
        'eaSubscriptionId',
        'status',
        'numberOfMachines',
        'monthlyBandwidthCost',
        'monthlyComputeCost',
        'monthlyStorageCost',
        'monthlyPremiumStorageCost',
        'monthlyStandardSSDStorageCost',
      ].map((name) => [name, (value: unknown) => value]),
    ),
  },
);

const readBody = shape(
  { properties: readProperties },
  { eTag: text(128), id: text(1_024), name: text(128), type: text(128) },
);

export interface GivenAssessment {
  readonly eTag: string | undefined;
  /** As the client spelt it; the engine's is a plain name. */
  readonly azureLocation: string;
  readonly stage: string;
  readonly engine: AssessmentProperties;
}

/** @throws ArmError naming the property */
export function readAssessment(body: unknown, ruleset: RulesetName): GivenAssessment {
  const { properties, eTag } = readBody(body, '');
  const known = (value: string | undefined): string | undefined => (value === 'Unknown' ? undefined : value);
  const { vmUptime } = properties;
  const given = {
    ruleset,
    azureLocation: properties.azureLocation,
    azureOfferCode: known(properties.azureOfferCode),
    azurePricingTier: properties.azurePricingTier,
    azureStorageRedundancy: known(properties.azureStorageRedundancy),
    sizingCriterion: properties.sizingCriterion,
    timeRange: properties.timeRange,
    ...(properties.timeRange === 'Custom'
      ? { perfDataStartTime: properties.perfDataStartTime, perfDataEndTime: properties.perfDataEndTime }
      : {}),
    percentile: properties.percentile,
    scalingFactor: properties.scalingFactor,
    azureDiskTypes: known(properties.azureDiskType) === undefined ? undefined : [properties.azureDiskType],
    azureVmFamilies: properties.azureVmFamilies?.filter((family) => family !== 'Unknown'),
    savingsOption: known(properties.reservedInstance),
    azureHybridUseBenefit: known(properties.azureHybridUseBenefit),
    discountPercentage: properties.discountPercentage,
    vmUptime:
      vmUptime === undefined
        ? undefined
        : { daysPerMonth: vmUptime.daysPerMonth ?? 31, hoursPerDay: vmUptime.hoursPerDay ?? 24 },
    currency: known(properties.currency),
  };
  try {
    const engine = assessmentProperties(given as GivenProperties); // checks every word itself
    return { eTag, azureLocation: properties.azureLocation, stage: properties.stage ?? 'InProgress', engine };
  } catch (error) {
    throw asArmError(error);
  }
}

const ARM_NAMES: Readonly<Record<string, string>> = {
  savingsOption: 'reservedInstance',
  azureDiskTypes: 'azureDiskType',
};

/** The engine's errors name its field; ARM's name the property of the request. */
export function asArmError(error: unknown): unknown {
  if (!(error instanceof DryliftError)) return error;
  const field = error.where?.field ?? 'azureLocation';
  return invalidProperty(`properties.${ARM_NAMES[field] ?? field}`, error.what.replace(/\.$/, ''));
}

/** The properties as they are shown: defaults filled in, words of 2019-10-01. */
export function shownProperties({ azureLocation, stage, engine }: GivenAssessment): Record<string, unknown> {
  return {
    azureLocation,
    azureOfferCode: engine.azureOfferCode,
    azurePricingTier: engine.azurePricingTier,
    azureStorageRedundancy: engine.azureStorageRedundancy,
    scalingFactor: engine.scalingFactor,
    percentile: engine.percentile,
    timeRange: engine.timeRange,
    sizingCriterion: engine.sizingCriterion,
    stage,
    currency: engine.currency,
    azureHybridUseBenefit: engine.azureHybridUseBenefit,
    reservedInstance: engine.savingsOption,
    discountPercentage: engine.discountPercentage,
    azureVmFamilies: engine.azureVmFamilies,
    azureDiskType: engine.azureDiskTypes[0],
    vmUptime: engine.vmUptime,
  };
}
