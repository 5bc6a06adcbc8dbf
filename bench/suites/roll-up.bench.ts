/**
 * Samples per second through roll-up, against one plain scan for the largest number of the same array: what
 * reading the samples at all costs. 60 minutes a batch (180 samples), as the appliance collects them. And more samples
 * than caches hold, against copying them: what memory can deliver.
 */

import { PeakSink, RollUp, rollUpGrid } from '#core/metrics/roll-up.ts';
import type { Bench, BenchSuite } from '../suite.ts';

const BATCH = 180;
const BATCHES = 2_000;
/** 64 MiB of samples: beyond every cache. */
const MANY = 1 << 24;

/** Noisy load in hundredths of a percent: the branch predictor learns nothing from it. */
function noisySamples(count: number): Int32Array {
  const samples = new Int32Array(count);
  let state = 12_345;
  for (let i = 0; i < samples.length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    samples[i] = (state >> 8) % 10_001;
  }
  return samples;
}

function largest(samples: Int32Array): number {
  let max = -1;
  for (let i = 0; i < samples.length; i++) if (samples[i]! > max) max = samples[i]!;
  return max;
}

export const suite: BenchSuite = {
  name: 'roll-up',
  benches(): Bench[] {
    const samples = noisySamples(BATCH * BATCHES);
    const many = noisySamples(MANY);
    const copy = new Int32Array(MANY);
    const sink = new PeakSink(samples.length / 30 + 2);
    const peer = { name: 'plain maximum of the same array', run: () => largest(samples) };
    const first = 30 * 1_000_000 + 1;
    return [
      {
        name: 'hourly batches of 180 samples, 20 s to 10 min',
        unit: 'samples',
        work: samples.length,
        peer,
        run() {
          sink.clear();
          const rollUp = new RollUp(rollUpGrid());
          for (let b = 0; b < BATCHES; b++) rollUp.add(samples, b * BATCH, BATCH, first + b * BATCH, sink);
          return sink.length;
        },
      },
      {
        name: 'one long run, 20 s to 10 min',
        unit: 'samples',
        work: samples.length,
        peer,
        run() {
          sink.clear();
          new RollUp(rollUpGrid()).add(samples, 0, samples.length, first, sink);
          return sink.length;
        },
      },
      {
        name: '64 MiB of samples in one run, 20 s to 10 min',
        unit: 'samples',
        work: MANY,
        peer: { name: 'copying them from memory to memory', run: () => copy.set(many) },
        run() {
          sink.clear();
          new RollUp(rollUpGrid()).add(many, 0, MANY, first, sink);
          return sink.length;
        },
      },
    ];
  },
};
