/**
 * Soak of a whole world: vCenter, Azure, proxy and appliance live on for DRYLIFT_SOAK_MINUTES of real time
 * (default 60), the appliance being killed every 40 virtual days. After the first months, which fill what is
 * kept by design (a month of points), memory and the appliance's database must not grow.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sleep } from '#core/time/clock.ts';
import { DAY, MINUTE } from '#core/units.ts';
import { generateEstate } from '#simulators/estate/generate.ts';
import { vcenterAlone } from '../kit/estate-plan.ts';
import { World } from '../kit/world.ts';

const MINUTES = Number(process.env.DRYLIFT_SOAK_MINUTES ?? 60);
const CRASH_EVERY_DAYS = 40;
const START = Date.parse('2026-03-02T08:00:00Z');

test('a world that lives on does not grow', async () => {
  const facts = generateEstate({ seed: 'soak', machines: 8 });
  const folder = mkdtempSync(join(tmpdir(), 'drylift-soak-'));
  const world = await World.start({
    scenario: { clock: { start: START, limit: 100_000 * DAY }, faults: [] },
    estate: vcenterAlone(facts),
    seed: 'soak',
    tier: 'memory',
    signal: new AbortController().signal,
  });
  world.keepStoreIn(folder);
  const end = performance.now() + MINUTES * 60_000;
  const samples: Array<{ days: number; heapMiB: number; storeMiB: number }> = [];
  try {
    await world.clock.run(
      (async () => {
        world.startAppliance();
        let next = 0;
        for (let days = 1; performance.now() < end; days++) {
          await sleep(world.clock, DAY, 'soak');
          world.trace.events.length = 0; // kept by a run for its record; not by the world
          world.log.length = 0;
          if (days % CRASH_EVERY_DAYS === 0) {
            world.crashAppliance();
            await sleep(world.clock, 4 * MINUTE, 'soak');
            world.startAppliance();
          }
          if (performance.now() < next) continue;
          next = performance.now() + (MINUTES * 60_000) / 24;
          globalThis.gc!();
          const heapMiB = process.memoryUsage().heapUsed / 2 ** 20;
          samples.push({ days, heapMiB, storeMiB: statSync(world.storePath).size / 2 ** 20 });
        }
        const status = world.appliance!.status();
        expect(status.problems).toEqual([]);
        expect(status.lostWindows).toBe(0);
      })(),
    );
  } finally {
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  for (const { days, heapMiB, storeMiB } of samples)
    process.stdout.write(`day ${days}: heap ${heapMiB.toFixed(1)} MiB, store ${storeMiB.toFixed(1)} MiB\n`);
  // a month is kept by design; from the second quarter of the soak on, all of it is there
  const full = samples.slice(Math.ceil(samples.length / 4));
  const early = full.slice(0, 6);
  const late = full.slice(-6);
  for (const figure of ['heapMiB', 'storeMiB'] as const)
    expect(Math.max(...late.map((s) => s[figure])), figure).toBeLessThan(
      Math.max(...early.map((s) => s[figure])) * 1.1 + 2,
    );
});
