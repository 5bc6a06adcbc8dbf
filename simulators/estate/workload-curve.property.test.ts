import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateEstate } from './generate.ts';
import type { EstateFacts, Machine, WorkloadShape } from './model.ts';
import { COUNTERS, type Curve, curveAt, curveOf, fillCurve } from './workload-curve.ts';
import { SHAPES } from './workload-shapes.ts';

const TRACES = new Map([
  ['ramp', Uint8Array.from({ length: 288 }, (_, i) => i % 101)],
  ['short', Uint8Array.from([0, 100, 37])],
]);

function estateOf(
  seed: string,
  shape: WorkloadShape,
  cpuTrace?: string,
): { facts: EstateFacts; machine: Machine } {
  const facts = { ...generateEstate({ seed, machines: 9, shapes: { [shape]: 1 } }), cpuTraces: TRACES };
  const base = facts.machines[8]!; // db-009: several disks and two adapters
  const machine = cpuTrace ? { ...base, workload: { ...base.workload, cpuTrace } } : base;
  return { facts, machine };
}

const curves = fc
  .record({
    seed: fc.string({ maxLength: 8 }),
    shape: fc.constantFrom(...SHAPES),
    trace: fc.constantFrom(undefined, 'ramp', 'short'),
    counter: fc.constantFrom(...COUNTERS),
    instance: fc.nat({ max: 1 }),
  })
  .map(({ seed, shape, trace, counter, instance }): Curve => {
    const { facts, machine } = estateOf(seed, shape, trace);
    return curveOf(facts, machine, counter, instance);
  });
const samples = fc.integer({ min: 1, max: 0x7fff_0000 });

describe('curves', () => {
  test('a range filled at once holds what each sample is by the plain definition', () => {
    fc.assert(
      fc.property(
        curves,
        samples,
        fc.nat({ max: 400 }),
        fc.nat({ max: 5 }),
        (curve, first, count, offset) => {
          const out = new Int32Array(offset + count + 2).fill(-7);
          fillCurve(curve, first, count, out, offset);
          const expected = Int32Array.from(out.keys(), (i) =>
            i < offset || i >= offset + count ? -7 : curveAt(curve, first + i - offset),
          );
          expect(out).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('values are whole, not negative, and never above the cap of their counter', () => {
    fc.assert(
      fc.property(curves, samples, (curve, first) => {
        const out = new Int32Array(4320);
        fillCurve(curve, Math.min(first, 0x7fff_0000 - 4320), 4320, out);
        for (const value of out)
          if (value < 0 || value > curve.cap) throw new Error(`${value} of ${curve.cap}`);
      }),
    );
  });

  test('a machine keeps its curves when machines are added to the estate', () => {
    const few = generateEstate({ seed: 'same', machines: 5 });
    const many = generateEstate({ seed: 'same', machines: 50 });
    for (const counter of COUNTERS) {
      const [a, b] = [few, many].map((facts) => {
        const out = new Int32Array(500);
        fillCurve(curveOf(facts, facts.machines[3]!, counter, 0), 88_000_000, 500, out);
        return out;
      });
      expect(a).toEqual(b);
    }
  });
});
