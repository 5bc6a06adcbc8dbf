/** The ten-minute points that Azure keeps are the peaks of the twenty-second samples, as the estate made them. */

import { curveFor, seriesOf, truePeak } from '../oracle.ts';
import type { World } from '../world.ts';
import { type Check, someOf } from './check.ts';
import { keptSeries } from './kept-points.ts';

/** Judged on a sample: so many machines, all their series, so many windows of each. */
const MACHINES = 6;
const WINDOWS = 120;

export const pointsEqualEstate: Check = {
  id: 'points-equal-estate',
  says: 'ten-minute points are the peaks of the samples (drawn by seed, computed from the estate)',
  judge({ world }) {
    const kept = keptSeries(world);
    if (kept.span === undefined) return undefined;
    const first = kept.earliest;
    const { end } = kept.span;
    const candidates = world.estate.machines().filter(({ template }) => !template);
    const wrong: string[] = [];
    let compared = 0;
    for (let m = 0; m < Math.min(MACHINES, candidates.length); m++) {
      const machine = candidates[drawn(world, candidates.length, m)]!;
      for (const series of seriesOf(machine)) {
        const points = kept.of(series);
        const curve = curveFor(world.estate, series);
        for (let w = 0; w < Math.min(WINDOWS, end - first); w++) {
          const window =
            first + world.entropy.below(end - first, 'check.window', machine.id, series.counter, w);
          const truth = truePeak(world.estate, series, window, curve);
          const stored = points?.at(window);
          if (truth === undefined && stored === undefined) continue;
          compared++;
          if (truth === undefined || stored === undefined || stored !== kept.unit(series.counter, truth))
            wrong.push(
              `${machine.name} ${series.counter}[${series.instance}] at ${new Date(window * 600_000).toISOString()}: ${stored ?? 'nothing'} is kept, the peak was ${truth === undefined ? 'none' : kept.unit(series.counter, truth)}`,
            );
        }
      }
    }
    return {
      holds: wrong.length === 0,
      limit: 'no difference',
      actual: `${wrong.length} of ${compared.toLocaleString('en-US')} compared points differ`,
      ...(wrong.length > 0 ? { detail: someOf(wrong) } : {}),
    };
  },
};

/** Evenly spread over the fleet, shifted by the seed. */
function drawn(world: World, count: number, m: number): number {
  const offset = world.entropy.below(count, 'check.machine');
  return (offset + Math.floor((m * count) / Math.min(MACHINES, count))) % count;
}
