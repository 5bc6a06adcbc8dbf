/**
 * Rules of what an assessment comes to, by id (the settled ambiguities: rules-settled.test.ts).
 * docs/assessment.md has the same ids, so that a rule can be found from the page that states it and back. Details
 * and borders of each rule are in the other tests of this folder.
 */
import { describe, expect, test } from 'vitest';
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
import { GIB } from '../units.ts';
import { starsOf } from './confidence.ts';
import { assessOne, disk, flat, machine } from './machine.fixture.ts';
import type { MachineFacts } from './machine-facts.ts';

const rhel = machine({ os: { name: 'Red Hat Enterprise Linux 7 (64-bit)', version: '7.9' } });
const plain = machine({ os: { name: 'FreeBSD (64-bit)' } });

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

describe.each([
  ['sizing', SIZING],
  ['confidence and cost', CONFIDENCE_AND_COST],
] as const)('%s', (_, rules) => {
  test.each(rules.map(([id, says, check]) => [id, says, check] as const))('%s: %s', (_id, _says, check) =>
    check());
});

test('no rule id is used twice, and docs/assessment.md has each', () => {
  const ids = [...SIZING, ...CONFIDENCE_AND_COST].map(([id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expectOnPage(ids);
});
