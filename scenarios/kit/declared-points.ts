/** All points at which a fault can act: what the simulators of a world declare when they start. */
import { generateEstate } from '#simulators/estate/generate.ts';
import type { FaultPoint } from '#simulators/kit/fault-points.ts';
import { World } from './world.ts';

export async function faultPoints(): Promise<readonly FaultPoint[]> {
  const world = await World.start({
    scenario: { clock: { start: Date.parse('2026-03-02T08:00:00Z'), limit: 1 }, faults: [] },
    estate: {
      facts: generateEstate({ seed: 'points', machines: 1 }),
      source: 'generated',
      images: new Map(),
    },
    seed: 'points',
    tier: 'memory',
    signal: new AbortController().signal,
  });
  try {
    return world.points.points();
  } finally {
    await world.stop();
  }
}
