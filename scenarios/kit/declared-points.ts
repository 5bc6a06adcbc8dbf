/** All points at which a fault can act: what the simulators of a world declare when they start. */
import { generateEstate } from '#simulators/estate/generate.ts';
import { generateHyperv, generateServers } from '#simulators/estate/generate-sites.ts';
import { RELEASES } from '#simulators/hyperv/hyperv-host.ts';
import type { FaultPoint } from '#simulators/kit/fault-points.ts';
import { vcenterAlone } from './estate-plan.ts';
import { World } from './world.ts';

export async function faultPoints(): Promise<readonly FaultPoint[]> {
  const world = await World.start({
    scenario: { clock: { start: Date.parse('2026-03-02T08:00:00Z'), limit: 1 }, faults: [] },
    estate: {
      ...vcenterAlone(generateEstate({ seed: 'points', machines: 1 })),
      hyperv: generateHyperv('points', {
        servers: 1,
        clusters: [],
        standalone: 1,
        version: RELEASES['2019'].version,
      }),
      servers: generateServers('points', { windows: 1, linux: 1 }),
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
