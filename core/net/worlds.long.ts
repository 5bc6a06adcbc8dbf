/**
 * Soak of the foundations: one bare world per tier, sixty virtual hosts polling over TLS with link faults,
 * for DRYLIFT_SOAK_MINUTES of real time each (default 30, so an hour for both). Memory must not grow.
 * The soak of a whole world, appliance and simulators included, is scenarios/long/soak.long.ts.
 */
import { describe, expect, test } from 'vitest';
import { tierWorld } from '../testing/tier-world.ts';
import { sleep } from '../time/clock.ts';
import { HOUR, SECOND } from '../units.ts';
import { HttpClient } from './http-client.ts';
import { serveHttp } from './http-server.ts';

const MINUTES = Number(process.env.DRYLIFT_SOAK_MINUTES ?? 30);

describe.each(['memory', 'loopback'] as const)('%s tier', (tier) => {
  test('a world that lives on does not grow', async () => {
    await using world = await tierWorld(tier, 'soak');
    await serveHttp({
      transport: world.network.as('vcenter'),
      at: { host: 'vcenter.test', port: 443 },
      identity: await world.authority.issue(['vcenter.test']),
      clock: world.clock,
      handler: (request, response) => void request.resume().on('end', () => response.end('x'.repeat(10_000))),
    });
    const start = world.clock.wall();
    for (let h = 0; h < 100_000; h += 7)
      world.links.add({
        id: `cut ${h}`,
        from: 'appliance',
        to: 'vcenter.test',
        direction: 'both',
        start: start + h * HOUR,
        end: start + (h + 1) * HOUR,
        action: { do: 'reset', afterBytes: 200_000 },
        times: 3,
      });
    const end = performance.now() + MINUTES * 60_000;
    let calls = 0;
    let failures = 0;
    const heapMiB: number[] = [];
    const hosts = Array.from({ length: 60 }, async (_, n) => {
      const http = new HttpClient({
        transport: world.network.as('appliance'),
        clock: world.clock,
        tls: { trust: [world.authority.certificatePem] },
      });
      while (performance.now() < end) {
        try {
          await http.fetch({ method: 'POST', url: 'https://vcenter.test/poll', body: 'x'.repeat(500) });
          calls++;
        } catch {
          failures++;
        }
        await sleep(world.clock, 20 * SECOND + n, `host ${n}`);
      }
      http.close();
    });
    const watch = (async () => {
      let next = 0;
      while (performance.now() < end) {
        await sleep(world.clock, 60 * SECOND, 'watch');
        if (performance.now() < next) continue;
        next = performance.now() + (MINUTES * 60_000) / 20;
        globalThis.gc!();
        heapMiB.push(process.memoryUsage().heapUsed / 2 ** 20);
        world.timers.length = 0;
      }
    })();
    await world.clock.run(Promise.all([...hosts, watch]));
    const early = Math.max(...heapMiB.slice(2, 6));
    const late = Math.max(...heapMiB.slice(-4));
    process.stdout.write(
      `${tier}: ${calls} calls, ${failures} cut, ${(world.clock.monotonic() / HOUR).toFixed(0)} virtual hours; heap MiB ${heapMiB.map((m) => m.toFixed(1)).join(' ')}\n`,
    );
    expect(failures).toBeGreaterThan(0);
    expect(late).toBeLessThan(early * 1.1 + 2);
  });
});
