/** Nothing that vCenter still held was missed: every machine that was on has every window since discovery. */
import { MINUTE } from '#core/units.ts';
import { seriesOf } from '../oracle.ts';
import { type Check, someOf } from './check.ts';
import { keptSeries } from './kept-points.ts';

/** A collection is due every half hour; after more than this the last one has been missed. */
const BEHIND_MAX_MS = 75 * MINUTE;

export const noSampleLost: Check = {
  id: 'no-sample-lost',
  says: 'every machine that was on has a point of every counter for every ten minutes since discovery',
  judge({ world }) {
    const kept = keptSeries(world);
    const lost = world.appliance?.status().lostWindows ?? 0;
    if (kept.span === undefined) return undefined;
    const { first, end } = kept.span;
    const wrong: string[] = [];
    let expected = 0;
    for (const machine of world.estate.machines()) {
      if (machine.template) continue;
      for (const series of seriesOf(machine)) {
        const points = kept.of(series);
        let missing = 0;
        for (let window = first; window < end; window++) {
          // on at its beginning and at its end, and so at all of its samples that matter here
          if (!world.estate.wasOn(machine.id, (window + 1) * 600_000)) continue;
          expected++;
          if (points?.at(window) === undefined) missing++;
        }
        if (missing > 0)
          wrong.push(`${machine.name} ${series.counter}[${series.instance}] lacks ${missing} points`);
      }
    }
    const behindMs = world.clock.wall() - end * 600_000;
    if (behindMs > BEHIND_MAX_MS)
      wrong.push(`the last collection is ${Math.round(behindMs / MINUTE)} minutes old`);
    if (lost > 0) wrong.push(`the appliance gave up ${lost} windows`);
    return {
      holds: wrong.length === 0,
      limit: `${expected.toLocaleString('en-US')} points, none missing`,
      actual: wrong.length === 0 ? 'none missing' : `${wrong.length} series with gaps`,
      ...(wrong.length > 0 ? { detail: someOf(wrong) } : {}),
    };
  },
};
