/**
 * Virtual seconds per wall second: worlds with vCenter, Azure, proxy and appliance in the memory tier, every
 * twenty-second sample over SOAP. The peer is the same span of samples computed and thrown away, which is what the
 * truth costs without any protocol.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '#core/time/clock.ts';
import { DAY, HOUR } from '#core/units.ts';
import { vcenterAlone } from '#scenarios/kit/estate-plan.ts';
import { World } from '#scenarios/kit/world.ts';
import { generateEstate } from '#simulators/estate/generate.ts';
import type { EstateFacts } from '#simulators/estate/model.ts';
import { COUNTERS, curveOf, fillCurve } from '#simulators/estate/workload-curve.ts';
import type { Bench, BenchSuite } from '../suite.ts';

const START = Date.parse('2026-03-02T08:00:00Z');
const SPAN_MS = 4 * HOUR;
const SAMPLES = SPAN_MS / 20_000;

async function worldOf(facts: EstateFacts): Promise<World> {
  const world = await World.start({
    scenario: { clock: { start: START, limit: 10_000 * DAY }, faults: [] },
    estate: vcenterAlone(facts),
    seed: 'bench',
    tier: 'memory',
    signal: new AbortController().signal,
  });
  world.keepStoreIn(mkdtempSync(join(tmpdir(), 'drylift-bench-')));
  await world.clock.run(
    (async () => {
      world.startAppliance();
      await sleep(world.clock, HOUR, 'bench');
    })(),
  );
  return world;
}

/** Every series of every machine that is on, for the span. */
function truthOnly(facts: EstateFacts): () => number {
  const curves = facts.machines
    .filter(({ power }) => power === 'on')
    .flatMap((machine) =>
      COUNTERS.flatMap((counter) => {
        const instances = counter.startsWith('virtualDisk')
          ? machine.disks
          : counter.startsWith('net')
            ? machine.nics
            : [0];
        return instances.map((_, i) => curveOf(facts, machine, counter, i));
      }),
    );
  const out = new Int32Array(SAMPLES);
  let first = START / 20_000;
  return () => {
    for (const curve of curves) fillCurve(curve, first, SAMPLES, out);
    first += SAMPLES;
    return out[0]!;
  };
}

function bench(machines: number): Bench {
  const facts = generateEstate({ seed: 'bench', machines });
  let world: World;
  return {
    name: `a world of ${machines} machines, four hours`,
    unit: 'virtual seconds',
    work: SPAN_MS / 1000,
    peer: { name: 'the same samples without protocols', run: truthOnly(facts) },
    setup: async () => {
      world = await worldOf(facts);
    },
    run: async () => {
      await world.clock.run(sleep(world.clock, SPAN_MS, 'bench'));
      world.trace.events.length = 0;
    },
  };
}

export const suite: BenchSuite = { name: 'worlds', benches: () => [bench(5), bench(131)] };
