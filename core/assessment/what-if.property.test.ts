/** Promises about explanations, prices and comparisons, with what they promise worked out in the plainest way. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assess } from './assess.ts';
import { AS_OF, assessOne, disk, machine, points, source } from './machine.fixture.ts';
import type { MachineFacts } from './machine-facts.ts';
import { builtInCatalogue, type Catalogue, planAssessment } from './plan.ts';
import { readPriceSheet } from './price-sheet.ts';
import { assessmentProperties, type GivenProperties } from './properties.ts';
import { samplePriceItems } from './sample-prices.ts';
import { WhatIf } from './what-if.ts';
import { whyOf } from './why.ts';

const EAST: GivenProperties = { ruleset: 'seed', azureLocation: 'eastus' };
const items = [...samplePriceItems()].filter(({ armRegionName }) => armRegionName === 'eastus');

const machines = fc.record({
  cores: fc.integer({ min: 1, max: 64 }),
  gib: fc.integer({ min: 1, max: 256 }),
  cpu: fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 12 }),
  memory: fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 12 }),
  iops: fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 6 }),
  sizeGiB: fc.integer({ min: 1, max: 4_000 }),
});
type Given = typeof machines extends fc.Arbitrary<infer T> ? T : never;

const factsOf = ({ cores, gib, sizeGiB }: Given): MachineFacts =>
  machine({ cores, memoryMiB: gib * 1_024, disks: [disk('d1', sizeGiB, true)] });
const seriesOf = ({ cpu, memory, iops }: Given) => ({
  cpu: points(cpu),
  memory: points(memory),
  'readIops d1': points(iops),
});
const run = (given: Given, properties: Partial<GivenProperties> = {}, catalogue?: Catalogue) =>
  assessOne({ ...EAST, ...properties }, factsOf(given), seriesOf(given), catalogue);
const cost = (found: ReturnType<typeof run>) =>
  found.recommendedSize === undefined ? Number.POSITIVE_INFINITY : found.monthlyComputeCost;

describe('monotony', () => {
  test('a larger factor never costs less, on one disk type', () => {
    const factor = fc.integer({ min: 100, max: 200 }).map((n) => n / 100);
    fc.assert(
      fc.property(machines, factor, factor, (given, a, b) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)].map((scalingFactor) =>
          run(given, { scalingFactor, azureDiskTypes: ['Premium'] }),
        );
        expect(cost(large!)).toBeGreaterThanOrEqual(cost(small!));
        expect(large!.cores.value).toBeGreaterThanOrEqual(small!.cores.value);
        if (small!.recommendedSize && large!.recommendedSize)
          expect(large!.monthlyStorageCost).toBeGreaterThanOrEqual(small!.monthlyStorageCost);
      }),
      { numRuns: 100 },
    );
  });

  test('a dearer size is never chosen for being dearer: the choice stays or changes to one that was fitting', () => {
    fc.assert(
      fc.property(machines, fc.integer({ min: 1, max: 40 }), (given, tenths) => {
        const before = run(given);
        if (before.recommendedSize === undefined) return;
        const dearer = items.map((item) =>
          item.armSkuName === before.recommendedSize
            ? { ...item, retailPrice: item.retailPrice * (1 + tenths / 10) }
            : item,
        );
        const after = run(given, {}, builtInCatalogue(readPriceSheet(dearer, 'changed')));
        expect(cost(after)).toBeGreaterThanOrEqual(cost(before));
        expect([before.recommendedSize, before.size!.runnerUp?.size]).toContain(after.recommendedSize);
      }),
      { numRuns: 40 },
    );
  });
});

describe('why', () => {
  test('every candidate up to the choice is told once, and what fell out really lacks what is said', () => {
    fc.assert(
      fc.property(machines, (given) => {
        const found = run(given);
        if (!found.size) return;
        const plan = planAssessment(assessmentProperties(EAST), builtInCatalogue(), AS_OF);
        const { sizes } = whyOf(plan, found);
        const fell = sizes!.fellOut.flatMap(({ names }) => names);
        const upTo = found.size.chosen
          ? plan.unlicensed.sizes.findIndex(({ name }) => name === found.recommendedSize)
          : plan.unlicensed.sizes.length;
        expect(fell.toSorted()).toEqual(
          plan.unlicensed.sizes
            .slice(0, upTo)
            .map(({ name }) => name)
            .toSorted(),
        );
        for (const { lacks, names } of sizes!.fellOut)
          for (const name of names) {
            const size = plan.unlicensed.sizes.find((each) => each.name === name)!;
            expect(lacks.includes('cores')).toBe(found.cores.value > size.vCpus * (1 + 1e-9));
            expect(lacks.includes('memory')).toBe(found.memoryMiB.value > size.memoryMiB * (1 + 1e-9));
            expect(lacks.length).toBeGreaterThan(0);
          }
      }),
      { numRuns: 60 },
    );
  });

  test('the picked point is the one that sorting gives at the rank that is told', () => {
    fc.assert(
      fc.property(
        machines,
        fc.constantFrom('Percentile50', 'Percentile90', 'Percentile95', 'Percentile99'),
        (given, percentile) => {
          const plan = planAssessment(
            assessmentProperties({ ...EAST, percentile }),
            builtInCatalogue(),
            AS_OF,
          );
          const [cpu] = whyOf(plan, run(given, { percentile })).picked;
          const sorted = given.cpu.toSorted((a, b) => a - b);
          expect(cpu).toMatchObject({ points: sorted.length, value: sorted[cpu!.rank! - 1]! / 100 });
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('a comparison says of each set what assessing with that set says, and counts the machines that differ', () => {
  const sets: GivenProperties[] = [
    EAST,
    { ...EAST, percentile: 'Percentile50' },
    { ...EAST, savingsOption: 'RI3Year' },
  ];
  fc.assert(
    fc.property(fc.array(machines, { maxLength: 5 }), (all) => {
      const inputs = all.map((given, i) => ({
        facts: { ...factsOf(given), id: `m${i}` },
        points: source(seriesOf(given)),
      }));
      const alone = sets.map((set) => assess(assessmentProperties(set), builtInCatalogue(), AS_OF, inputs));
      const whatIf = new WhatIf(
        alone.map(({ plan }, i) => ({ name: String(i), plan })),
        [50, 95, 100],
      );
      for (const { facts, points: of } of inputs) whatIf.add(facts, of);
      const result = whatIf.result();
      expect(result.sets.map(({ totals }) => totals)).toEqual(alone.map(({ totals }) => totals));
      const outcome = ({ recommendedSize, suitability, disks }: (typeof alone)[number]['machines'][number]) =>
        JSON.stringify([
          suitability,
          recommendedSize,
          recommendedSize ? disks.map(({ choice }) => choice?.name) : [],
        ]);
      const differing = alone.map(
        ({ machines: of }) =>
          of.filter((each, i) => outcome(each) !== outcome(alone[0]!.machines[i]!)).length,
      );
      expect(result.differing).toEqual(differing);
      expect(result.curve[0]!.monthlyComputeCost).toBe(alone[1]!.totals.monthlyComputeCost);
      expect(result.curve[1]!.monthlyComputeCost).toBe(alone[0]!.totals.monthlyComputeCost);
    }),
    { numRuns: 30 },
  );
});
