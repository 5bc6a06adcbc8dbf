/** A percentile of a month of ten-minute points, against sorting the same points. */

import { percentile } from '#core/metrics/percentile.ts';
import type { Bench, BenchSuite } from '../suite.ts';

const POINTS = 4_320;

/** Whole hundredths of a percent with a daily swell and noise, as CPU points are. */
function monthOfPoints(): Float32Array {
  const points = new Float32Array(POINTS);
  let state = 99;
  for (let i = 0; i < POINTS; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    const swell = 2_500 + 2_000 * Math.sin((2 * Math.PI * i) / 144);
    points[i] = Math.round(swell + ((state >> 8) % 1_500));
  }
  return points;
}

export const suite: BenchSuite = {
  name: 'percentile',
  benches(): Bench[] {
    const month = monthOfPoints();
    const idle = new Float32Array(POINTS).map((_, i) => (i % 144 === 0 ? 900 : 3));
    const sorted = (points: Float32Array) => ({
      name: 'Float64Array.prototype.sort of the same points',
      run: () => new Float64Array(points).sort()[4_103],
    });
    return [
      {
        name: 'P95 of 4,320 points',
        unit: 'points',
        work: POINTS,
        peer: sorted(month),
        run: () => percentile(month, 95)!.value,
      },
      {
        name: 'P95 of 4,320 nearly equal points',
        unit: 'points',
        work: POINTS,
        peer: sorted(idle),
        run: () => percentile(idle, 95)!.value,
      },
    ];
  },
};
