/**
 * A/A runs: the same bench measured twice in a row, many times. Shows how far two measurements of the same
 * code lie apart on this machine, below which no difference means anything. About two minutes.
 */
import { expect, test } from 'vitest';
import { measureBench } from '../measure.ts';
import { suite } from '../suites/roll-up.bench.ts';

const PAIRS = 12;

test('two measurements of the same code agree within what a gate would call a regression', async () => {
  const [bench] = await suite.benches();
  const ratios: number[] = [];
  for (let i = 0; i < PAIRS; i++) {
    const a = await measureBench('a', bench!);
    const b = await measureBench('b', bench!);
    ratios.push(a.nanosecondsPerUnit / b.nanosecondsPerUnit);
  }
  const spread = ratios.map((r) => Math.abs(Math.log(r))).sort((x, y) => x - y);
  const median = spread[spread.length >> 1]!;
  process.stdout.write(
    `A/A: ${ratios.map((r) => r.toFixed(3)).join(' ')}; median distance ${(median * 100).toFixed(1)} %\n`,
  );
  // of the same code, half the pairs must lie closer than the 10 % that a crude gate would block on
  expect(median).toBeLessThan(0.1);
});
