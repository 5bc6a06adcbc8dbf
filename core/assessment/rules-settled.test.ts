/**
 * The settled ambiguities of the sources, by id. docs/assessment.md has the same ids, so that a decision can be found
 * from the page that states it and back.
 */
import { describe, expect, test } from 'vitest';
import { nearestRank, PERCENTILE_DEFINITION } from '../metrics/percentile.ts';
import { rollUpGrid, windowOfSample } from '../metrics/roll-up.ts';
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
import { assessOne, disk, END_WINDOW, flat, machine, points } from './machine.fixture.ts';
import type { GivenProperties } from './properties.ts';

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

describe('settled ambiguities', () => {
  test.each(SETTLED)('%s: %s', (_id, _says, check) => check());
});

test('each has its row in docs/assessment.md', () => {
  const ids = SETTLED.map(([id]) => id);
  expect(ids).toEqual(Array.from({ length: 19 }, (_, i) => `A${i + 1}`));
  expectOnPage(ids);
});
