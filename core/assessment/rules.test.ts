/**
 * Rules of what an assessment is asked and given, and of readiness, by id.
 * docs/assessment.md has the same ids, so that a rule can be found from the page that states it and back. Details
 * and borders of each rule are in the other tests of this folder.
 */
import { describe, expect, test } from 'vitest';
import { rollUpGrid } from '../metrics/roll-up.ts';
import {
  BUSY,
  CURRENT,
  expectOnPage,
  planOf,
  type Rule,
  refused,
  SEED,
  size,
} from '../testing/assessment-rules.ts';
import osRules from './data/os-rules.json' with { type: 'json' };
import { SAMPLE_RATES } from './exchange-rates.ts';
import { assessOne, disk, flat, machine, points } from './machine.fixture.ts';
import type { MachineFacts } from './machine-facts.ts';
import { type AssessmentProperties, assessmentProperties, type GivenProperties } from './properties.ts';
import { cloudOf } from './regions.ts';
import { VM_SIZES } from './vm-sizes.ts';
import { CURRENCIES, OFFERS, PERCENTILES } from './vocabulary.ts';

const plain = machine({ os: { name: 'FreeBSD (64-bit)' } });

const PROPERTIES: readonly Rule[] = [
  [
    '2.location',
    'a target location is one of the years of the ruleset',
    () => {
      refused({ ...SEED, azureLocation: 'polandcentral' });
      expect(assessmentProperties({ ...CURRENT, azureLocation: 'West Europe' }).azureLocation).toBe(
        'westeurope',
      );
    },
  ],
  [
    '2.cloud',
    'public, Government and China locations are told apart, and a stated cloud is kept to',
    () => {
      expect([
        cloudOf('usgovvirginia'),
        cloudOf('USDoD East'),
        cloudOf('chinanorth2'),
        cloudOf('germanycentral'),
        cloudOf('eastus'),
      ]).toEqual(['USGovernment', 'USGovernment', 'China', 'Germany', 'Public']);
      expect(size({ ...CURRENT, azureLocation: 'usgovvirginia' })).toBeDefined();
      refused({ ...CURRENT, targetCloud: 'USGovernment' });
    },
  ],
  [
    '2.sizing',
    'performance-based is the default',
    () => expect(assessmentProperties(SEED).sizingCriterion).toBe('PerformanceBased'),
  ],
  [
    '2.history',
    'a day by default; a custom one has a start and an end',
    () => {
      expect(planOf(SEED).history.expected).toBe(144);
      refused({ ...SEED, timeRange: 'Custom' });
    },
  ],
  [
    '2.percentile',
    '50, 90, 95 and 99, by default 95',
    () => {
      expect(PERCENTILES).toHaveLength(4);
      expect(planOf(SEED).percentile).toBe(95);
    },
  ],
  [
    '2.comfort',
    '1.3 in the seed years, 1.0 today; from 1 to 2',
    () => {
      expect([planOf(SEED), planOf(CURRENT)].map(({ properties }) => properties.scalingFactor)).toEqual([
        1.3, 1,
      ]);
      refused({ ...SEED, scalingFactor: 2.01 });
    },
  ],
  [
    '2.storageType',
    'several may be named; Ultra and Premium v2 came later',
    () => {
      refused({ ...SEED, azureDiskTypes: ['Ultra'] });
      expect(
        assessmentProperties({ ...CURRENT, azureDiskTypes: ['Premium', 'Ultra'] }).azureDiskTypes,
      ).toHaveLength(2);
    },
  ],
  [
    '2.redundancy',
    'every SKU is locally redundant',
    () =>
      expect(
        assessOne({ ...SEED, azureStorageRedundancy: 'ZoneRedundant' }, machine()).disks[0]!.explanation,
      ).toBe('NoDiskSizeFoundForSelectedRedundancy'),
  ],
  [
    '2.series',
    'only sizes of the named families, which exist',
    () => {
      expect(size({ ...SEED, azureVmFamilies: ['Esv3_series'] }, machine(), BUSY)).toMatch(
        /^Standard_E\d+s_v3$/,
      );
      refused({ ...SEED, azureVmFamilies: ['Dsv33_series'] });
    },
  ],
  [
    '2.tier',
    'the catalogue has no Basic sizes, which is said',
    () =>
      expect(assessOne({ ...SEED, azurePricingTier: 'Basic' }, machine()).suitabilityExplanation).toBe(
        'NoVmSizeForSelectedPricingTier',
      ),
  ],
  [
    '2.offer',
    'pay-as-you-go, EA and dev/test',
    () => expect(OFFERS).toEqual(['MSAZR0003P', 'EA', 'MSAZR0023P']),
  ],
  [
    '2.environment',
    'dev/test pays dev/test prices, today',
    () => {
      refused({ ...SEED, environmentType: 'DevTest' });
      const windows = { ...CURRENT, azureHybridUseBenefit: 'No' } as const;
      const cost = (more: Partial<AssessmentProperties>) =>
        assessOne({ ...windows, ...more, azureVmFamilies: ['Dsv3_series'] }, machine()).monthlyComputeCost;
      expect(cost({ environmentType: 'DevTest' })).toBeLessThan(cost({}));
    },
  ],
  [
    '2.savings',
    'one option at a time, with pay-as-you-go; savings plans came later',
    () => {
      refused({ ...SEED, savingsOption: 'SavingsPlan1Year' });
      refused({ ...CURRENT, savingsOption: 'RI1Year', azureOfferCode: 'EA' });
      refused({ ...CURRENT, savingsOption: 'RI1Year', environmentType: 'DevTest' });
    },
  ],
  [
    '2.currency',
    '25 codes, each at its rate to the dollar; a sheet with neither prices nor a rate is refused',
    () => {
      expect(CURRENCIES).toHaveLength(25);
      const sizes = (currency: string) => planOf({ ...SEED, currency }).prices.compute;
      const dollars = sizes('USD').get('Standard_D2_v3')!.linux!;
      for (const currency of CURRENCIES)
        expect(sizes(currency).get('Standard_D2_v3')!.linux, currency).toBeCloseTo(
          dollars * SAMPLE_RATES[currency]!,
          9,
        );
      refused({ ...SEED, currency: 'XTS' });
    },
  ],
  ['2.discount', 'from 0 to 100 per cent', () => refused({ ...SEED, discountPercentage: 101 })],
  ['2.uptime', '31 days of 24 hours', () => expect(planOf(SEED).computeHours).toBe(744)],
  [
    '2.hybridBenefit',
    'Yes by default; Linux has a switch of its own today',
    () => {
      const { windows, unlicensed } = planOf(CURRENT);
      expect(windows).toBe(unlicensed);
      refused({ ...SEED, linuxHybridUseBenefit: 'No' });
    },
  ],
  [
    '2.security',
    'Defender by default, today',
    () => {
      expect(planOf(CURRENT).properties.azureSecurityOfferingType).toBe('MDC');
      refused({ ...SEED, azureSecurityOfferingType: 'MDC' });
    },
  ],
  [
    '2.securityType',
    'trusted launch where it fits, today',
    () => {
      expect(planOf(CURRENT).properties.vmSecurityType).toBe('TVM');
      refused({ ...SEED, vmSecurityType: 'TVM' });
    },
  ],
];

const UTILIZATION: readonly Rule[] = [
  [
    '3.1',
    'samples every 20 s, 30 s or 5 min fill the same windows',
    () => expect([20_000, 30_000, 300_000].map((ms) => rollUpGrid(ms).samplesPerWindow)).toEqual([30, 20, 2]),
  ],
  [
    '3.4',
    'each counter by itself: the percentile of the points inside the history',
    () => {
      const { utilization } = assessOne(SEED, machine(), { cpu: points([1, 2, 3]), memory: points([400]) });
      expect([utilization.cpuPercent, utilization.memoryPercent]).toMatchObject([
        { rank: 3, n: 3 },
        { value: 4, rank: 1, n: 1 },
      ]);
    },
  ],
  [
    '3.5',
    'times the comfort factor',
    () => expect(assessOne(SEED, machine(), BUSY).cores.value).toBeCloseTo(2.6, 12),
  ],
  [
    '4.processor',
    'a processor factor scales measured cores, 1 by default',
    () => {
      expect(assessOne({ ...CURRENT, processorFactor: 0.5 }, machine(), BUSY).cores.value).toBe(1);
      refused({ ...SEED, processorFactor: 2 });
    },
  ],
  [
    '6.cpu',
    'no CPU points: allocated cores, and said',
    () => {
      const { cores, details } = assessOne(SEED, machine(), { memory: flat(100) });
      expect([cores, details]).toEqual([
        { value: 4, basis: 'allocated' },
        ['PercentageOfCoresUtilizedMissing'],
      ]);
    },
  ],
  [
    '6.memory',
    'no memory points: allocated memory, and said',
    () =>
      expect(assessOne(SEED, machine(), { cpu: flat(100) }).details).toEqual([
        'PercentageOfMemoryUtilizedMissing',
      ]),
  ],
  [
    '6.network',
    'no network points: adapters by count only',
    () =>
      expect(assessOne(SEED, machine(), BUSY)).toMatchObject({
        adapters: [{ detail: 'MegabytesOfDataTransmittedMissing' }],
        size: { need: { adapters: 1, networkMbps: 0 } },
      }),
  ],
  [
    '6.boot',
    'an unknown boot type is a condition',
    () =>
      expect(assessOne(SEED, machine({ bootType: 'Unknown' })).findings.map(({ code }) => code)).toContain(
        'BootTypeUnknown',
      ),
  ],
  [
    '6.import',
    'an import: given figures as they are, no rating, BIOS assumed',
    () => {
      const given = machine({ platform: 'Import', bootType: 'Unknown', given: { cpuPercent: 25 } });
      expect(assessOne(SEED, given)).toMatchObject({
        suitability: 'Suitable',
        cores: { value: 1.3 },
        confidence: undefined,
      });
    },
  ],
];

const READINESS: readonly Rule[] = [
  [
    '7.boot',
    'UEFI: conditions in the seed; today not ready with four old Windows Servers only',
    () => {
      const of = (base: GivenProperties, name: string) =>
        assessOne(base, machine({ bootType: 'EFI', os: { name } })).suitability;
      expect([
        of(SEED, 'Microsoft Windows Server 2016'),
        of(CURRENT, 'Microsoft Windows Server 2016'),
        of(CURRENT, 'Microsoft Windows Server 2008 R2'),
      ]).toEqual(['ConditionallySuitable', 'Suitable', 'NotSuitable']);
    },
  ],
  ...(
    [
      ['7.cores', { cores: 129 }],
      ['7.memory', { memoryMiB: 3_893 * 1_024 }],
      ['7.disks', { disks: Array.from({ length: 66 }, (_, i) => disk(`d${i}`, 10, i === 0)) }],
      ['7.adapters', { nics: Array.from({ length: 33 }, (_, i) => ({ id: `n${i}` })) }],
      ['7.diskSize', { disks: [disk('d1', 64 * 1_024 + 1, false)] }],
    ] as const
  ).map(
    ([id, over]): Rule => [
      id,
      'over the limit: not ready, before sizing',
      () =>
        expect(assessOne(CURRENT, machine(over))).toMatchObject({
          suitability: 'NotSuitable',
          stoppedAt: 'readiness',
        }),
    ],
  ),
  ...osRules.rules.map(
    (rule): Rule => [
      `7.os.${rule.id}`,
      'the row of the table of systems',
      () => {
        const [name] = rule.any;
        for (const ruleset of ['seed', 'current'] as const) {
          const { suitability } = assessOne(
            { ruleset, azureLocation: 'eastus' },
            machine({ os: { name: name!, bits: 64 } }),
          );
          // Endorsed Linux without its version comes out with conditions.
          expect(suitability).toBe(rule.byVersion === true ? 'ConditionallySuitable' : rule[ruleset]);
        }
      },
    ],
  ),
  [
    '7.os.bits',
    '32-bit: conditions',
    () =>
      expect(
        assessOne(SEED, machine({ os: { name: 'Microsoft Windows Server 2012 (32-bit)' } }))
          .suitabilityExplanation,
      ).toBe('GuestOperatingSystemArchitectureNotSupported'),
  ],
  [
    '7.trustedLaunch',
    'a ready 64-bit system on UEFI that boots from up to 4 TiB; otherwise standard',
    () => {
      const of = (facts: Partial<MachineFacts>) =>
        assessOne(CURRENT, machine({ bootType: 'EFI', ...facts })).securityType;
      expect(of({})).toEqual({ recommended: 'TVM', trustedLaunch: 'TVMReady', standard: 'StandardReady' });
      expect(of({ bootType: 'BIOS' })).toMatchObject({
        recommended: 'Standard',
        trustedLaunch: 'TVMNotSupportedForBiosBoot',
      });
      expect(of({ os: { name: 'Solaris 11 (64-bit)' } })).toMatchObject({
        trustedLaunch: 'TVMCanMigrateConditional',
        standard: 'StandardCanMigrate',
      });
      expect(of({ os: { name: 'Microsoft Windows 7 (32-bit)' } })).toMatchObject({
        trustedLaunch: 'TVMCannotMigrateOSNotSupported',
      });
      expect(of({ os: { name: '' } })).toMatchObject({
        trustedLaunch: 'OSNameCannotBeRead',
        standard: 'OSNameCannotBeRead',
      });
      expect(of({ os: { name: 'BeOS' } })).toMatchObject({
        trustedLaunch: 'TVMNotReadyOSNotSupported',
        standard: 'StandardNotReadyOSNotSupported',
      });
      expect(of({ bootType: 'BIOS', disks: [disk('d1', 2_049, true)] })).toMatchObject({
        standard: 'StandardNotReady2TBBiosBoot',
      });
      expect(assessOne(SEED, machine()).securityType).toBeUndefined();
    },
  ],
  [
    '7.defender',
    'two cores, 1 GiB, 2 GiB of disk and a listed system; another system: conditions',
    () => {
      const of = (facts: Partial<MachineFacts>) => assessOne(CURRENT, machine(facts)).security?.suitability;
      expect([of({}), of({ cores: 1 }), of({ os: plain.os }), of({ os: { name: '' } })]).toEqual([
        'Suitable',
        'NotSuitable',
        'ConditionallySuitable',
        'NotSuitable',
      ]);
    },
  ],
];

describe.each([
  ['properties', PROPERTIES],
  ['utilization and missing metrics', UTILIZATION],
  ['readiness', READINESS],
] as const)('%s', (_, rules) => {
  test.each(rules.map(([id, says, check]) => [id, says, check] as const))('%s: %s', (_id, _says, check) =>
    check());
});

test('no rule id is used twice, and docs/assessment.md has each', () => {
  const ids = [...PROPERTIES, ...UTILIZATION, ...READINESS].map(([id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expectOnPage(ids);
  expect(VM_SIZES.length).toBe(323);
});
