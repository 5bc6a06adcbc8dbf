/**
 * Every rule of an assessment by its id, so that a rule can be found from the page that states it and back:
 * docs/assessment.md has the same ids. Details and borders of each are in the other tests of this folder.
 */
import { describe, expect, test } from 'vitest';
import { nearestRank, PERCENTILE_DEFINITION } from '../metrics/percentile.ts';
import { rollUpGrid, windowOfSample } from '../metrics/roll-up.ts';
import { GIB } from '../units.ts';
import { starsOf } from './confidence.ts';
import osRules from './data/os-rules.json' with { type: 'json' };
import { AS_OF, assessGroup, assessOne, disk, END_WINDOW, flat, machine, points } from './machine.fixture.ts';
import type { MachineFacts } from './machine-facts.ts';
import { builtInCatalogue, planAssessment } from './plan.ts';
import { type AssessmentProperties, assessmentProperties, type GivenProperties } from './properties.ts';
import { cloudOf } from './regions.ts';
import { VM_SIZES } from './vm-sizes.ts';
import { CURRENCIES, OFFERS, PERCENTILES } from './vocabulary.ts';

const SEED: GivenProperties = { ruleset: 'seed', azureLocation: 'eastus' };
const CURRENT: GivenProperties = { ruleset: 'current', azureLocation: 'eastus' };
const BUSY = { cpu: flat(5_000), memory: flat(5_000) };
const size = (properties: GivenProperties, facts: MachineFacts = machine(), series = {}) =>
  assessOne(properties, facts, series).recommendedSize;
const planOf = (given: GivenProperties) =>
  planAssessment(assessmentProperties(given), builtInCatalogue(), AS_OF);
const refused = (given: GivenProperties) =>
  expect(() => assessmentProperties(given)).toThrow(
    expect.objectContaining({ code: 'assessment.badProperty' }),
  );
const rhel = machine({ os: { name: 'Red Hat Enterprise Linux 7 (64-bit)', version: '7.9' } });
const plain = machine({ os: { name: 'FreeBSD (64-bit)' } });

type Rule = readonly [id: string, says: string, check: () => void];

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
    '25 codes; a sheet without prices in one is refused',
    () => {
      expect(CURRENCIES).toHaveLength(25);
      expect(() => planOf({ ...SEED, currency: 'EUR' })).toThrow(
        expect.objectContaining({ code: 'priceSheet.noPrices' }),
      );
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

const SIZING: readonly Rule[] = [
  [
    '5.storage.automatic',
    'the cheapest of HDD, SSD and premium that covers size, IOPS and throughput',
    () =>
      expect(assessOne(SEED, machine(), { 'readIops d1': flat(100) }).disks[0]!.choice?.name).toBe(
        'Standard_S10',
      ),
  ],
  [
    '5.storage.named',
    'a named type keeps to its SKUs',
    () =>
      expect(
        assessOne({ ...SEED, azureDiskTypes: ['Premium'] }, machine(), { 'readIops d1': flat(100) }).disks[0]!
          .choice?.name,
      ).toBe('Premium_P10'),
  ],
  [
    '5.storage.example',
    '32 GB with 800 IOPS is P15',
    () =>
      expect(
        assessOne(
          { ...SEED, scalingFactor: 1, azureDiskTypes: ['Premium'] },
          machine({ disks: [disk('d1', 32, true)] }),
          { 'readIops d1': flat(500), 'writeIops d1': flat(300) },
        ).disks[0]!.choice?.name,
      ).toBe('Premium_P15'),
  ],
  [
    '5.storage.none',
    'no disk fits: the machine is not suitable',
    () =>
      expect(assessOne(SEED, machine(), { 'readIops d1': flat(200_000) })).toMatchObject({
        suitability: 'NotSuitable',
        stoppedAt: 'storage',
        disks: [{ explanation: 'NoSuitableDiskSizeForIops' }],
      }),
  ],
  [
    '5.storage.noData',
    'no performance data: a standard SSD by size',
    () =>
      expect(assessOne(SEED, machine()).disks[0]).toMatchObject({
        basis: 'standardSsd',
        choice: { type: 'StandardSSD' },
      }),
  ],
  [
    '5.storage.totals',
    'imported totals size the machine, not the disks',
    () => {
      const given = machine({ platform: 'Import', disks: [], given: { totals: { readIops: 20_000 } } });
      expect(assessOne(SEED, given)).toMatchObject({
        disks: [],
        size: { need: { iops: 26_000 } },
        details: expect.arrayContaining(['CannotReportStorageCost']),
      });
    },
  ],
  [
    '5.storage.used',
    'on used capacity: one disk by its use, several by 25, 50 or 100 % that covers all use',
    () => {
      refused({ ...SEED, diskCapacity: 'Used' });
      const used = { ...CURRENT, diskCapacity: 'Used' } as const;
      const of = (...disks: ReadonlyArray<readonly [GiB: number, used: number]>) =>
        assessOne(
          used,
          machine({
            disks: disks.map(([gib, inUse], i) => ({
              ...disk(`d${i + 1}`, gib, i === 0),
              usedBytes: inUse * GIB,
            })),
          }),
        ).disks.map(({ wantedGiB }) => wantedGiB);
      expect(of([500, 90])).toEqual([90]);
      expect(of([100, 30], [300, 70])).toEqual([25, 75]);
      expect(of([100, 30], [300, 71])).toEqual([50, 150]);
      expect(of([100, 90], [300, 150])).toEqual([100, 300]);
      expect(assessOne(used, machine()).disks[0]!.wantedGiB).toBe(100); // no figures of use
    },
  ],
  [
    '5.storage.premiumV2',
    'data disks only: the OS disk stays premium',
    () => {
      const two = machine({ disks: [disk('d1', 64, true), disk('d2', 100)] });
      const names = assessOne({ ...CURRENT, azureDiskTypes: ['PremiumV2'] }, two, {
        'readIops d2': flat(10),
        'readIops d1': flat(10),
      }).disks.map(({ choice }) => choice?.type);
      expect(names).toEqual(['Premium', 'PremiumV2']);
    },
  ],
  [
    '5.storage.ultra',
    '200 GiB bills as 256',
    () => {
      const two = machine({ disks: [disk('d1', 64, true), disk('d2', 200)] });
      expect(
        assessOne({ ...CURRENT, azureDiskTypes: ['Ultra'] }, two, { 'readIops d2': flat(10) }).disks[1]!
          .choice?.name,
      ).toBe('Ultra_256');
    },
  ],
  [
    '5.network',
    'outgoing only, over all adapters, in Mbit/s',
    () =>
      expect(
        assessOne({ ...SEED, scalingFactor: 1 }, machine({ nics: [{ id: 'n1' }, { id: 'n2' }] }), {
          'outBps n1': flat(1e6),
          'outBps n2': flat(2e6),
          'inBps n1': flat(9e8),
        }).size?.need.networkMbps,
      ).toBe(24),
  ],
  [
    '5.network.adapters',
    'too few adapters on every size has a detail code',
    () =>
      expect(
        assessOne(SEED, machine({ nics: Array.from({ length: 9 }, (_, i) => ({ id: `n${i}` })) }))
          .suitabilityDetail,
      ).toBe('RecommendedSizeHasLessNetworkAdapters'),
  ],
  [
    '5.compute',
    'the cheapest size that satisfies everything',
    () => {
      const { size: decision } = assessOne(SEED, machine(), BUSY);
      expect(decision?.nearMisses.every(({ hourly }) => hourly < decision.hourly)).toBe(true);
    },
  ],
  [
    '5.compute.noPrice',
    'a size without a price for the reservation is out',
    () =>
      expect(size({ ...SEED, savingsOption: 'RI3Year', azureVmFamilies: ['Av2_series'] })).toBeUndefined(),
  ],
  [
    '5.onPremises',
    'allocated figures, premium disks by size; the factor counts today only',
    () => {
      const onPremises = { sizingCriterion: 'AsOnPremises', scalingFactor: 1.5 } as const;
      expect(
        [SEED, CURRENT].map((base) => assessOne({ ...base, ...onPremises }, machine(), BUSY).cores.value),
      ).toEqual([4, 6]);
      expect(
        assessOne({ ...SEED, ...onPremises }, machine(), { 'readIops d1': flat(9_000) }).disks[0]!.choice
          ?.name,
      ).toBe('Premium_P10');
    },
  ],
  [
    '5.burstable',
    'B-series with seven days of credits, today',
    () => {
      const week = { cpu: flat(100, 1_008), memory: flat(100, 1_008) };
      expect(
        [size(CURRENT, machine(), week), size(SEED, machine(), week)].map((name) => /_B\d/.test(name ?? '')),
      ).toEqual([true, false]);
    },
  ],
  [
    '5.securityType.confidential',
    'the catalogue has no confidential size, so none is given',
    () =>
      expect(assessOne({ ...CURRENT, vmSecurityType: 'CVM' }, machine()).suitabilityExplanation).toBe(
        'NoSuitableVmSizeFound',
      ),
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

const CONFIDENCE_AND_COST: readonly Rule[] = [
  [
    '8.stars',
    'up to 20, 40, 60, 80 per cent, else five',
    () => expect([20, 20.4, 40, 60, 80, 80.1].map(starsOf)).toEqual([1, 2, 2, 3, 4, 5]),
  ],
  [
    '8.counters',
    '2, 4 a disk and 2 an adapter',
    () => expect(assessOne(SEED, machine()).confidence?.expected).toBe(8 * 144),
  ],
  [
    '8.notGiven',
    'neither for imports nor for as-on-premises',
    () =>
      expect(
        [
          assessOne({ ...SEED, sizingCriterion: 'AsOnPremises' }, machine()),
          assessOne(SEED, machine({ platform: 'Import' })),
        ].map(({ confidence }) => confidence),
      ).toEqual([undefined, undefined]),
  ],
  [
    '9.hours',
    'price times hours',
    () => expect(planOf({ ...SEED, vmUptime: { daysPerMonth: 22, hoursPerDay: 10 } }).computeHours).toBe(220),
  ],
  [
    '9.discount',
    'on pay-as-you-go only',
    () =>
      expect(
        [
          planOf({ ...SEED, discountPercentage: 15 }),
          planOf({ ...SEED, discountPercentage: 15, savingsOption: 'RI1Year' }),
        ].map(({ computeDiscount }) => computeDiscount),
      ).toEqual([0.85, 1]),
  ],
  [
    '9.reservation',
    'its hourly share times 744, whatever the uptime',
    () =>
      expect(
        planOf({ ...SEED, savingsOption: 'RI3Year', vmUptime: { daysPerMonth: 1, hoursPerDay: 1 } })
          .computeHours,
      ).toBe(744),
  ],
  [
    '9.hybridBenefit',
    'what it takes off is told',
    () => {
      const without = assessOne(
        { ...SEED, azureHybridUseBenefit: 'No', azureVmFamilies: ['Dsv3_series'] },
        machine(),
      );
      const withIt = assessOne({ ...SEED, azureVmFamilies: ['Dsv3_series'] }, machine());
      expect(withIt.monthlyBenefit).toBeCloseTo(without.monthlyComputeCost - withIt.monthlyComputeCost, 9);
      expect(without.monthlyBenefit).toBe(0);
    },
  ],
  [
    '9.linuxBenefit',
    'paid Linux pays its licence by vCPUs unless it is brought, other Linux never',
    () => {
      const of = (facts: MachineFacts, linuxHybridUseBenefit: 'Yes' | 'No') =>
        assessOne({ ...CURRENT, linuxHybridUseBenefit, azureVmFamilies: ['Dsv3_series'] }, facts);
      const [brought, paid] = [of(rhel, 'Yes'), of(rhel, 'No')];
      expect(paid.monthlyComputeCost - brought.monthlyComputeCost).toBeCloseTo(0.06 * 744, 9);
      expect(brought.monthlyBenefit).toBeCloseTo(0.06 * 744, 9);
      expect(of(plain, 'No').monthlyComputeCost).toBe(of(plain, 'Yes').monthlyComputeCost);
    },
  ],
  [
    '9.storage',
    'the monthly prices of the disks',
    () => {
      const one = assessOne(SEED, machine());
      expect(one.monthlyStorageCost).toBe(one.disks[0]!.choice!.monthly);
    },
  ],
  [
    '9.security',
    'Defender per ready server',
    () =>
      expect(
        [assessOne(CURRENT, machine()), assessOne(CURRENT, machine({ os: { name: '' } }))].map(
          ({ security }) => security!.monthlyCost > 0,
        ),
      ).toEqual([true, false]),
  ],
];

/** The 19 ambiguities of the sources, as they were settled. */
const SETTLED: readonly Rule[] = [
  [
    'A1',
    'nearest rank over existing points, and the definition is named',
    () => {
      expect(PERCENTILE_DEFINITION).toMatch(/nearest rank/);
      expect([144, 1_008, 4_320, 4_464].map((n) => nearestRank(95, n))).toEqual([137, 958, 4_104, 4_241]);
    },
  ],
  [
    'A2',
    'a month is 30 days, and a setting',
    () => {
      expect(planOf({ ...SEED, timeRange: 'Month' }).history.expected).toBe(4_320);
      expect(planOf({ ...SEED, timeRange: 'Month', monthDays: 31 }).history.expected).toBe(4_464);
    },
  ],
  [
    'A3',
    'windows are epoch multiples; a gap is no point',
    () => {
      expect(windowOfSample(rollUpGrid(), 30)).toBe(0);
      expect(
        assessOne(SEED, machine(), { cpu: points([Number.NaN, 100, Number.NaN, 200]) }).utilization.cpuPercent
          ?.n,
      ).toBe(2);
    },
  ],
  [
    'A4',
    'percentile first, then read plus write',
    () => {
      const late = flat(0);
      late.raise(END_WINDOW - 1, 100);
      const early = flat(0);
      early.raise(END_WINDOW - 144, 100);
      // P99 of a day is the second largest point: 0 of each counter, 100 of their sum.
      const { disks } = assessOne({ ...SEED, percentile: 'Percentile99', scalingFactor: 1 }, machine(), {
        'readIops d1': late,
        'writeIops d1': early,
      });
      expect(disks[0]!.need?.iops).toBe(0);
    },
  ],
  [
    'A5',
    'no rounding: 12.5 × 1.12 fits 14',
    () => {
      const { cores, size: decision } = assessOne(
        { ...SEED, scalingFactor: 1.12 },
        machine({ cores: 25 }),
        BUSY,
      );
      expect(cores.value).toBeCloseTo(14, 9);
      expect(decision?.chosen?.vCpus).toBeGreaterThanOrEqual(14);
    },
  ],
  [
    'A6',
    'fallback per counter; the factor on allocated figures by ruleset',
    () =>
      expect(
        [SEED, { ...CURRENT, scalingFactor: 1.3 }].map((base) => assessOne(base, machine()).cores.value),
      ).toEqual([4, 5.2]),
  ],
  [
    'A7',
    'no use at all: the cheapest size that satisfies the rest',
    () =>
      expect(size(SEED, machine(), { cpu: flat(0), memory: flat(0) })).toBe(
        planOf(SEED).unlicensed.sizes.find((s) => s.generations.includes(1) && s.nics >= 1 && !s.linuxOnly)
          ?.name,
      ),
  ],
  [
    'A8',
    'over 100 % is capped and flagged; Hyper-V memory keeps it',
    () => {
      const over = { cpu: flat(12_000), memory: flat(12_000) };
      expect(assessOne(SEED, machine(), over).details).toEqual([
        'PercentageOfCoresUtilizedOutOfRange',
        'PercentageOfMemoryUtilizedOutOfRange',
      ]);
      expect(assessOne(SEED, machine({ platform: 'HyperV' }), over).utilization.memoryPercent?.value).toBe(
        120,
      );
    },
  ],
  [
    'A9',
    'no name: unknown; newer servers ready; the worst stands',
    () => {
      expect(assessOne(SEED, machine({ os: { name: ' ' } })).suitability).toBe('ReadinessUnknown');
      expect(
        assessOne(SEED, machine({ os: { name: 'Microsoft Windows Server 2022 (64-bit)' } })).suitability,
      ).toBe('Suitable');
    },
  ],
  [
    'A10',
    'equal prices: fewer vCPUs, less memory, name',
    () => {
      const { sizes, hourly } = planOf(CURRENT).unlicensed;
      for (let i = 1; i < sizes.length; i++)
        if (hourly[i] === hourly[i - 1]) expect(sizes[i]!.vCpus).toBeGreaterThanOrEqual(sizes[i - 1]!.vCpus);
    },
  ],
  [
    'A11',
    '32 adapters pass readiness, and the stage that fails is told',
    () =>
      expect(
        assessOne(SEED, machine({ nics: Array.from({ length: 32 }, (_, i) => ({ id: `n${i}` })) })).stoppedAt,
      ).toBe('compute'),
  ],
  [
    'A12',
    'boot disks have limits in the current ruleset only',
    () => {
      const large = machine({ disks: [disk('d1', 2_049, true)] });
      expect([SEED, CURRENT].map((base) => assessOne(base, large).stoppedAt)).toEqual([
        undefined,
        'readiness',
      ]);
    },
  ],
  [
    'A13',
    'pooled count of points, the percentage unrounded',
    () =>
      expect(assessOne({ ...SEED, timeRange: 'Week' }, machine(), BUSY).confidence?.percent).toBe(
        ((2 * 144) / (8 * 1_008)) * 100,
      ),
  ],
  [
    'A14',
    '744 hours; the discount takes storage along unless it is for compute',
    () => {
      const of = (discountAppliesTo: 'compute' | 'computeAndStorage') =>
        planOf({ ...SEED, discountPercentage: 10, discountAppliesTo }).storageDiscount;
      expect([of('computeAndStorage'), of('compute')]).toEqual([0.9, 1]);
    },
  ],
  [
    'A15',
    'ten minutes; five and fifteen selectable',
    () => {
      expect(
        [5, 10, 15].map(
          (pointPeriodMinutes) => planOf({ ...SEED, pointPeriodMinutes } as GivenProperties).history.expected,
        ),
      ).toEqual([288, 144, 96]);
      refused({ ...SEED, pointPeriodMinutes: 20 } as unknown as GivenProperties);
    },
  ],
  [
    'A16',
    'the machine carries what its disks need, not what they were given',
    () =>
      expect(
        assessOne({ ...SEED, scalingFactor: 1 }, machine(), { 'readIops d1': flat(700) }).size?.need.iops,
      ).toBe(700),
  ],
  [
    'A17',
    'Ultra: IOPS size the disk; throughput beyond 256 KiB/s each raises IOPS',
    () => {
      const two = machine({ disks: [disk('d1', 64, true), disk('d2', 8)] });
      const { choice } = assessOne({ ...CURRENT, azureDiskTypes: ['Ultra'] }, two, {
        'readIops d2': flat(100),
        'readBps d2': flat(200e6),
      }).disks[1]!;
      expect(choice).toMatchObject({ iops: 800, MBps: 200 });
    },
  ],
  [
    'A18',
    'B-series off in the seed, on today',
    () => expect([SEED, CURRENT].map((base) => planOf(base).rules.burstable)).toEqual([false, true]),
  ],
  [
    'A19',
    'limits in 10^6 bytes: points are bytes',
    () =>
      expect(
        assessOne({ ...SEED, scalingFactor: 1 }, machine(), { 'readBps d1': flat(60_000 * 1_024) }).disks[0]!
          .need?.MBps,
      ).toBe(61.44),
  ],
];

describe.each([
  ['properties', PROPERTIES],
  ['utilization and missing metrics', UTILIZATION],
  ['sizing', SIZING],
  ['readiness', READINESS],
  ['confidence and cost', CONFIDENCE_AND_COST],
  ['settled ambiguities', SETTLED],
] as const)('%s', (_, rules) => {
  test.each(rules.map(([id, says, check]) => [id, says, check] as const))('%s: %s', (_id, _says, check) =>
    check());
});

test('no rule id is used twice, and all 19 ambiguities are there', () => {
  const ids = [
    ...PROPERTIES,
    ...UTILIZATION,
    ...SIZING,
    ...READINESS,
    ...CONFIDENCE_AND_COST,
    ...SETTLED,
  ].map(([id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(SETTLED.map(([id]) => id)).toEqual(Array.from({ length: 19 }, (_, i) => `A${i + 1}`));
  expect(VM_SIZES.length).toBe(323);
  expect(assessGroup(SEED, []).totals.machines).toBe(0);
});
