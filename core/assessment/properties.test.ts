import { describe, expect, test } from 'vitest';
import { assessmentProperties, type GivenProperties } from './properties.ts';

const refusal = (given: GivenProperties) => {
  try {
    assessmentProperties(given);
  } catch (error) {
    return error as { code: string; where: { field: string }; what: string; next: string };
  }
  throw new Error('it was accepted');
};

describe('defaults', () => {
  test('the seed ruleset has factor 1.3, the current one 1.0 and Defender', () => {
    expect(assessmentProperties({ ruleset: 'seed' })).toMatchObject({
      azureLocation: 'westus2',
      azureOfferCode: 'MSAZR0003P',
      azurePricingTier: 'Standard',
      azureStorageRedundancy: 'LocallyRedundant',
      sizingCriterion: 'PerformanceBased',
      timeRange: 'Day',
      percentile: 'Percentile95',
      scalingFactor: 1.3,
      azureDiskTypes: ['StandardOrPremium'],
      savingsOption: 'None',
      azureHybridUseBenefit: 'Yes',
      vmUptime: { daysPerMonth: 31, hoursPerDay: 24 },
      azureSecurityOfferingType: 'NO',
    });
    expect(assessmentProperties({ ruleset: 'current' })).toMatchObject({
      scalingFactor: 1,
      azureSecurityOfferingType: 'MDC',
    });
  });

  test('as on-premises defaults to premium disks', () => {
    expect(assessmentProperties({ ruleset: 'seed', sizingCriterion: 'AsOnPremises' }).azureDiskTypes).toEqual(
      ['Premium'],
    );
  });

  test('a location may be spelt as the portal, the API or ARM spells it', () => {
    for (const azureLocation of ['West Europe', 'WestEurope', 'westeurope'])
      expect(assessmentProperties({ ruleset: 'seed', azureLocation }).azureLocation).toBe('westeurope');
  });
});

describe('refusals name the field', () => {
  test.each([
    ['azureLocation', { ruleset: 'seed', azureLocation: 'West Mars' }],
    ['azureLocation', { ruleset: 'seed', azureLocation: 'francecentral' }], // no target in the seed years
    ['scalingFactor', { ruleset: 'seed', scalingFactor: 0.9 }],
    ['scalingFactor', { ruleset: 'seed', scalingFactor: Number.NaN }],
    ['discountPercentage', { ruleset: 'seed', discountPercentage: 101 }],
    ['vmUptime.daysPerMonth', { ruleset: 'seed', vmUptime: { daysPerMonth: 32, hoursPerDay: 24 } }],
    ['currency', { ruleset: 'seed', currency: 'XXX' }],
    ['savingsOption', { ruleset: 'seed', savingsOption: 'RI1Year', azureOfferCode: 'EA' }],
    ['savingsOption', { ruleset: 'current', savingsOption: 'RI1Year', environmentType: 'DevTest' }],
    ['savingsOption', { ruleset: 'seed', savingsOption: 'SavingsPlan1Year' }],
    ['azureDiskTypes', { ruleset: 'seed', azureDiskTypes: ['Ultra'] }],
    ['azureDiskTypes', { ruleset: 'seed', azureDiskTypes: [] }],
    ['azureDiskTypes', { ruleset: 'current', azureDiskTypes: ['StandardOrPremium', 'Ultra'] }],
    ['environmentType', { ruleset: 'seed', environmentType: 'DevTest' }],
    ['azureSecurityOfferingType', { ruleset: 'seed', azureSecurityOfferingType: 'MDC' }],
    ['processorFactor', { ruleset: 'seed', processorFactor: 1.2 }],
    ['perfDataStartTime', { ruleset: 'seed', timeRange: 'Custom' }],
    ['perfDataEndTime', { ruleset: 'seed', timeRange: 'Custom', perfDataStartTime: 5, perfDataEndTime: 5 }],
    ['timeRange', { ruleset: 'seed', timeRange: 'Day', perfDataStartTime: 1, perfDataEndTime: 2 }],
    ['monthDays', { ruleset: 'seed', monthDays: 30.5 }],
  ] as [string, GivenProperties][])('%s: %j', (field, given) => {
    expect(refusal(given)).toMatchObject({ code: 'assessment.badProperty', where: { field } });
  });

  test('a misspelt name and a misspelt value come back with the nearest right one', () => {
    const misspelt = { ruleset: 'seed', scalingfactor: 1.2 } as unknown as GivenProperties;
    expect(refusal(misspelt).next).toBe('Did you mean scalingFactor?');
    expect(refusal({ ruleset: 'seed', azureLocation: 'westerope' }).next).toBe('Did you mean westeurope?');
  });
});
