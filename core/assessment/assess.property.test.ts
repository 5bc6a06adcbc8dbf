/**
 * Promises about sizing and cost, judged by oracles written in the plainest way over the data files: no
 * engine code is asked what the right answer is.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Points } from '../metrics/points.ts';
import type { AssessedMachine } from './assess.ts';
import diskData from './data/disk-skus.json' with { type: 'json' };
import priceData from './data/sample-prices.json' with { type: 'json' };
import sizeData from './data/vm-sizes.json' with { type: 'json' };
import { assessGroup, assessOne, disk, machine, points } from './machine.fixture.ts';
import type { MachineFacts } from './machine-facts.ts';
import type { GivenProperties } from './properties.ts';

// ------------------------------------------------------------------ the data, read anew

interface Size {
  name: string;
  family: string;
  vCpus: number;
  memoryMiB: number;
  dataDisks: number;
  nics: number;
  networkMbps: number;
  iops: number;
  bytesPerSecond: number;
  premium: number;
  generations: number[];
  hourly: number;
}
const prices = priceData.compute.eastus as Record<string, number>;
const sizes = sizeData.rows
  .map((row) => Object.fromEntries(sizeData.columns.map((c, i) => [c, row[i]])) as unknown as Size)
  .filter((s) => prices[s.name] !== undefined && sizeData.families2019.includes(s.family))
  .map((s) => ({ ...s, hourly: prices[s.name]! }));

interface Sku {
  sku: string;
  type: string;
  assessmentName: string;
  in2019Api: number;
  sizeGiB: number;
  iops: number;
  MBps: number;
  monthly: number;
}
const diskPrices = priceData.disks as Record<string, number>;
const skus = diskData.rows
  .map((row) => Object.fromEntries(diskData.columns.map((c, i) => [c, row[i]])) as unknown as Sku)
  .filter((s) => s.in2019Api === 1)
  .map((s) => ({ ...s, monthly: diskPrices[s.sku]! }));

/** "At most", up to a relative 1e-9 as the specification allows. */
const within = (need: number, limit: number) => need <= limit || (need - limit) / limit <= 1e-9;

/** Percentile by sorting and counting off. */
function percentileOf(values: readonly number[], p: number): number | undefined {
  const sorted = values.filter((v) => !Number.isNaN(v)).sort((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * p) / 100 - 1e-9) - 1];
}

// ------------------------------------------------------------------ machines and their points

interface DiskCase {
  sizeGiB: number;
  readIops: number[];
  writeIops: number[];
  readKBps: number[];
  writeKBps: number[];
}
interface Case {
  cores: number;
  memoryGiB: number;
  windows: boolean;
  cpu: number[];
  memory: number[];
  disks: DiskCase[];
  outKBps: number[][];
  factor: number;
  percentile: 50 | 90 | 95 | 99;
  types: ('StandardOrPremium' | 'Standard' | 'StandardSSD' | 'Premium')[];
}

/** Points of a few windows, some absent; at least one. */
const series = (max: number) =>
  fc
    .array(
      fc.oneof({ weight: 6, arbitrary: fc.nat(max) }, { weight: 1, arbitrary: fc.constant(Number.NaN) }),
      {
        minLength: 1,
        maxLength: 30,
      },
    )
    .filter((values) => values.some((v) => !Number.isNaN(v)));
const diskCase = fc.record({
  sizeGiB: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constantFrom(32, 64, 128, 4096, 32_767)),
  readIops: series(3_000),
  writeIops: series(1_500),
  readKBps: series(80_000),
  writeKBps: series(40_000),
});
const cases: fc.Arbitrary<Case> = fc.record({
  cores: fc.integer({ min: 1, max: 64 }),
  memoryGiB: fc.integer({ min: 1, max: 512 }),
  windows: fc.boolean(),
  cpu: series(10_000),
  memory: series(10_000),
  disks: fc.array(diskCase, { minLength: 1, maxLength: 6 }),
  outKBps: fc.array(series(300_000), { maxLength: 5 }),
  factor: fc.constantFrom(1, 1.12, 1.3, 2),
  percentile: fc.constantFrom(50, 90, 95, 99),
  types: fc.constantFrom(['StandardOrPremium'], ['Standard'], ['StandardSSD'], ['Premium']),
}) as fc.Arbitrary<Case>;

function factsOf(c: Case): MachineFacts {
  return machine({
    cores: c.cores,
    memoryMiB: c.memoryGiB * 1024,
    os: { name: c.windows ? 'Windows Server 2016' : 'Ubuntu', version: '20.04' },
    disks: c.disks.map((d, i) => disk(`d${i}`, d.sizeGiB, i === 0)),
    nics: c.outKBps.map((_, i) => ({ id: `n${i}` })),
  });
}

function seriesOf(c: Case): Record<string, Points> {
  const kilobytes = (values: number[]) => points(values.map((v) => v * 1024));
  const all: Record<string, Points> = { cpu: points(c.cpu), memory: points(c.memory) };
  c.disks.forEach((d, i) => {
    all[`readIops d${i}`] = points(d.readIops);
    all[`writeIops d${i}`] = points(d.writeIops);
    all[`readBps d${i}`] = kilobytes(d.readKBps);
    all[`writeBps d${i}`] = kilobytes(d.writeKBps);
  });
  c.outKBps.forEach((values, i) => {
    all[`outBps n${i}`] = kilobytes(values);
  });
  return all;
}

function propertiesOf(c: Case): GivenProperties {
  return {
    ruleset: 'seed',
    azureLocation: 'eastus',
    scalingFactor: c.factor,
    percentile: `Percentile${c.percentile}`,
    azureDiskTypes: c.types,
  };
}

const run = (c: Case) => assessOne(propertiesOf(c), factsOf(c), seriesOf(c));

/** What the machine must be given, straight from the specification. */
function needOf(c: Case) {
  const p = (values: number[]) => percentileOf(values, c.percentile)!;
  const disks = c.disks.map((d) => ({
    sizeGiB: d.sizeGiB,
    iops: (p(d.readIops) + p(d.writeIops)) * c.factor,
    MBps: ((p(d.readKBps) + p(d.writeKBps)) * 1024 * c.factor) / 1e6,
  }));
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  return {
    cores: c.cores * (p(c.cpu) / 10_000) * c.factor,
    memoryMiB: c.memoryGiB * 1024 * (p(c.memory) / 10_000) * c.factor,
    mbps: (sum(c.outKBps.map(p)) * 1024 * 8 * c.factor) / 1e6,
    disks,
    iops: sum(disks.map((d) => d.iops)),
    MBps: sum(disks.map((d) => d.MBps)),
  };
}

// ------------------------------------------------------------------ the promises

describe('disks', () => {
  test('the chosen disk covers size, IOPS and throughput, and none that covers them is cheaper', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const found = run(c);
        needOf(c).disks.forEach((need, i) => {
          const fitting = skus.filter(
            (s) =>
              (c.types[0] === 'StandardOrPremium' || c.types[0] === s.type) &&
              within(need.sizeGiB, s.sizeGiB) &&
              within(need.iops, s.iops) &&
              within(need.MBps, s.MBps),
          );
          const { choice } = found.disks[i]!;
          if (fitting.length === 0) {
            expect(choice).toBeUndefined();
            expect(found.suitability).toBe('NotSuitable');
          } else {
            expect(fitting.map((s) => s.assessmentName)).toContain(choice!.name);
            expect(choice!.monthly).toBe(Math.min(...fitting.map((s) => s.monthly)));
          }
        });
      }),
      { numRuns: 150 },
    );
  });
});

describe('sizes', () => {
  const fittingSizes = (c: Case, found: AssessedMachine) => {
    const need = needOf(c);
    const premium = found.disks.some((d) => d.choice!.name.startsWith('Premium'));
    return sizes.filter(
      (s) =>
        within(need.cores, s.vCpus) &&
        within(need.memoryMiB, s.memoryMiB) &&
        c.disks.length - 1 <= s.dataDisks &&
        c.outKBps.length <= s.nics &&
        within(need.mbps, s.networkMbps) &&
        within(need.iops, s.iops) &&
        within(need.MBps * 1e6, s.bytesPerSecond) &&
        (!premium || s.premium === 1) &&
        s.generations.includes(1),
    );
  };

  test('the chosen size satisfies every need, and none that does is cheaper, smaller or earlier by name', () => {
    let chosen = 0;
    fc.assert(
      fc.property(cases, (c) => {
        const found = run(c);
        if (found.stoppedAt === 'storage') return;
        const [best] = fittingSizes(c, found).sort(
          (a, b) =>
            a.hourly - b.hourly ||
            a.vCpus - b.vCpus ||
            a.memoryMiB - b.memoryMiB ||
            (a.name < b.name ? -1 : 1),
        );
        expect(found.recommendedSize).toBe(best?.name);
        if (best) chosen++;
        else expect(found).toMatchObject({ suitability: 'NotSuitable', stoppedAt: 'compute' });
      }),
      { numRuns: 300 },
    );
    expect(chosen).toBeGreaterThan(50); // the property is about something
  });

  test('a size that fell out is told with a criterion it really fails, and the counts cover all that fell out', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const found = run(c);
        if (!found.size) return;
        const need = needOf(c);
        for (const miss of found.size.nearMisses) {
          const size = sizes.find((s) => s.name === miss.size)!;
          expect(miss.hourly).toBe(size.hourly);
          if (found.size.chosen) expect(miss.hourly).toBeLessThan(found.size.hourly);
          expect(miss.fails.includes('cores')).toBe(!within(need.cores, size.vCpus));
          expect(miss.fails.includes('memory')).toBe(!within(need.memoryMiB, size.memoryMiB));
          expect(miss.fails.includes('bandwidth')).toBe(!within(need.mbps, size.networkMbps));
          expect(miss.fails.length).toBeGreaterThan(0);
        }
        const fell = found.size.considered - (found.size.chosen ? 1 : 0);
        const counted = Object.values(found.size.failing).reduce((a, b) => a + b, 0);
        expect(counted).toBeGreaterThanOrEqual(fell);
      }),
      { numRuns: 150 },
    );
  });
});

describe('monotony', () => {
  /** Cost of compute, or infinity where nothing fits. */
  const price = (found: AssessedMachine) =>
    found.recommendedSize ? found.monthlyComputeCost : Number.POSITIVE_INFINITY;

  test('with one disk type, more of anything never makes the machine cheaper', () => {
    const change = fc.constantFrom<(c: Case) => Case>(
      (c) => ({ ...c, cores: c.cores + 1 }),
      (c) => ({ ...c, memoryGiB: c.memoryGiB * 2 }),
      (c) => ({ ...c, factor: 2 }),
      (c) => ({ ...c, cpu: c.cpu.map((v) => Math.min(10_000, v * 2)) }),
      (c) => ({ ...c, outKBps: [...c.outKBps, [1000]] }),
      (c) => ({ ...c, outKBps: c.outKBps.map((values) => values.map((v) => v * 3)) }),
      (c) => ({
        ...c,
        disks: [...c.disks, { sizeGiB: 10, readIops: [1], writeIops: [1], readKBps: [1], writeKBps: [1] }],
      }),
      (c) => ({ ...c, percentile: 99 }),
    );
    fc.assert(
      fc.property(cases, change, (c, more) => {
        const one: Case = { ...c, types: ['Premium'] };
        const [before, after] = [run(one), run(more(one))];
        expect(price(after)).toBeGreaterThanOrEqual(price(before));
        if (before.recommendedSize && after.recommendedSize)
          expect(after.monthlyStorageCost).toBeGreaterThanOrEqual(before.monthlyStorageCost);
      }),
      { numRuns: 200 },
    );
  });
});

describe('cost', () => {
  test('a group costs what its machines cost, and a machine what its parts cost', () => {
    fc.assert(
      fc.property(
        fc.array(cases, { minLength: 1, maxLength: 5 }),
        fc.nat(100),
        (list, discountPercentage) => {
          const properties = { ...propertiesOf(list[0]!), discountPercentage };
          const group = assessGroup(
            properties,
            list.map((c) => [factsOf(c), seriesOf(c)] as const),
          );
          let compute = 0;
          let storage = 0;
          for (const found of group.machines) {
            if (found.recommendedSize === undefined) {
              expect([found.monthlyComputeCost, found.monthlyStorageCost]).toEqual([0, 0]);
              continue;
            }
            const left = 1 - discountPercentage / 100;
            expect(found.monthlyComputeCost).toBeCloseTo(prices[found.recommendedSize]! * 744 * left, 9);
            const disks = found.disks.reduce(
              (sum, d) => sum + skus.find((s) => s.assessmentName === d.choice!.name)!.monthly,
              0,
            );
            expect(found.monthlyStorageCost).toBeCloseTo(disks * left, 9);
            compute += found.monthlyComputeCost;
            storage += found.monthlyStorageCost;
          }
          expect(group.totals.monthlyComputeCost).toBeCloseTo(compute, 6);
          expect(group.totals.monthlyStorageCost).toBeCloseTo(storage, 6);
          const byType = Object.values(group.totals.storageCostByType).reduce((a, b) => a + b, 0);
          expect(byType).toBeCloseTo(storage, 6);
          const counted = Object.values(group.totals.bySuitability).reduce((a, b) => a + b, 0);
          expect([group.totals.machines, counted]).toEqual([list.length, list.length]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('confidence', () => {
  test('it is the share of the expected points that exist, counter by counter', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const found = run(c);
        const exist = (values: number[]) => values.filter((v) => !Number.isNaN(v)).length;
        let present = exist(c.cpu) + exist(c.memory);
        for (const d of c.disks)
          present += exist(d.readIops) + exist(d.writeIops) + exist(d.readKBps) + exist(d.writeKBps);
        for (const values of c.outKBps) present += exist(values);
        const expected = (2 + 4 * c.disks.length + 2 * c.outKBps.length) * 144;
        expect(found.confidence).toMatchObject({ present, expected });
        expect(found.confidence!.percent).toBeCloseTo((100 * present) / expected, 9);
      }),
    );
  });
});
