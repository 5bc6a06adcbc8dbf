import { pbkdf2, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { deflate } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type TierWorld, tierWorld } from '../testing/tier-world.ts';
import { sleep } from '../time/clock.ts';
import { MINUTE, SECOND } from '../units.ts';
import { HttpClient } from './http-client.ts';
import { type HttpExchange, type HttpHandler, serveHttp } from './http-server.ts';

const SERVER = { host: 'vcenter.test', port: 443 };

async function startServer(
  world: TierWorld,
  handler: HttpHandler,
  onExchange?: (e: HttpExchange) => void,
  names = [SERVER.host],
) {
  return serveHttp({
    transport: world.network.as('vcenter'),
    at: SERVER,
    identity: await world.authority.issue(names),
    clock: world.clock,
    handler,
    ...(onExchange ? { onExchange } : {}),
  });
}

function client(world: TierWorld, trust: readonly string[] = [world.authority.certificatePem]): HttpClient {
  return new HttpClient({ transport: world.network.as('appliance'), clock: world.clock, tls: { trust } });
}

describe.each(['memory', 'loopback'] as const)('%s tier', (tier) => {
  test('a large body arrives whole over TLS and a kept-alive connection', async () => {
    await using world = await tierWorld(tier);
    const body = world.entropy.bytes(5_000_000, 'body');
    await startServer(world, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (c: Buffer) => chunks.push(c));
      request.on('end', () => response.end(Buffer.concat(chunks)));
    });
    const http = client(world);
    const answers = await world.clock.run(
      (async () => {
        const first = await http.fetch({ method: 'POST', url: 'https://vcenter.test/a', body });
        const second = await http.fetch({ method: 'POST', url: 'https://vcenter.test/b', body: 'short' });
        return [first, second];
      })(),
    );
    expect(answers[0]!.body.equals(body)).toBe(true);
    expect(answers[1]!.body.toString()).toBe('short');
    expect(answers[0]!.headers.date).toBe('Sun, 01 Nov 2026 00:00:00 GMT');
  });

  test('virtual time stands still while work is off the main thread', async () => {
    await using world = await tierWorld(tier);
    await startServer(world, (_request, response) => {
      pbkdf2('secret', 'salt', 60_000, 32, 'sha256', () => {
        const hold = world.quiescence.hold('zlib');
        deflate(Buffer.alloc(200_000), () => {
          hold[Symbol.dispose]();
          randomBytes(16, () => {
            void readFile(new URL('../../package.json', import.meta.url)).then(() => response.end('done'));
          });
        });
      });
    });
    const http = client(world);
    const ends: number[] = [];
    await world.clock.run(
      (async () => {
        for (let i = 0; i < 5; i++) {
          await http.fetch({ method: 'GET', url: 'https://vcenter.test/slow' });
          await sleep(world.clock, 100, 'pause');
          ends.push(world.clock.monotonic());
        }
      })(),
    );
    expect(ends).toEqual([100, 200, 300, 400, 500]);
  });

  test('parallel calls from many nodes end at the same virtual instants in every run', async () => {
    const runs = [];
    for (let i = 0; i < 2; i++) {
      await using world = await tierWorld(tier, 'same seed');
      const exchanges: string[] = [];
      await startServer(
        world,
        (request, response) =>
          void sleep(world.clock, 50, `serve ${request.url}`).then(() => response.end(request.url)),
        (e) =>
          exchanges.push(
            `${world.clock.monotonic()} ${e.target} ${e.status} ${e.requestDigest} ${e.responseDigest}`,
          ),
      );
      const http = client(world);
      await world.clock.run(
        Promise.all(
          Array.from({ length: 20 }, async (_, n) => {
            await sleep(world.clock, (n % 4) * 10, `caller ${n}`);
            await http.fetch({ method: 'GET', url: `https://vcenter.test/${n}` });
          }),
        ),
      );
      runs.push({ timers: world.timers.sort(), exchanges: exchanges.sort() });
    }
    expect(runs[0]!.exchanges).toHaveLength(20);
    expect(runs[1]).toEqual(runs[0]);
  });

  test('a certificate of another authority is refused, and the message says what to do', async () => {
    await using world = await tierWorld(tier);
    await using other = await tierWorld('memory');
    await startServer(world, (_request, response) => response.end('never'));
    const http = client(world, [other.authority.certificatePem]);
    const refused = world.clock.run(http.fetch({ method: 'GET', url: 'https://vcenter.test/' }));
    await expect(refused).rejects.toMatchObject({ code: 'net.tls.untrusted' });
  });

  test('a certificate for another name is refused', async () => {
    await using world = await tierWorld(tier);
    await startServer(world, (_request, response) => response.end('never'), undefined, ['elsewhere.test']);
    const refused = world.clock.run(client(world).fetch({ method: 'GET', url: 'https://vcenter.test/' }));
    await expect(refused).rejects.toMatchObject({ code: 'net.tls.name' });
  });

  test('an unknown name and a port where nobody listens are told apart from silence', async () => {
    await using world = await tierWorld(tier);
    const http = client(world);
    await expect(
      world.clock.run(http.fetch({ method: 'GET', url: 'https://nowhere.test/' })),
    ).rejects.toMatchObject({
      code: 'net.nameNotFound',
    });
    await startServer(world, () => {}); // accepts and never answers
    const silent = world.clock.run(
      http.fetch({ method: 'GET', url: 'https://vcenter.test/', timeoutMs: 90 * SECOND }),
    );
    await expect(silent).rejects.toMatchObject({ code: 'net.timeout' });
    expect(world.clock.monotonic()).toBe(90 * SECOND);
  });

  test('link rules: delay, throttle, stall, reset and refusal act at their time and end', async () => {
    await using world = await tierWorld(tier);
    await startServer(world, (request, response) => {
      request.resume().on('end', () => response.end('ok'));
    });
    const at = (ms: number) => Date.parse('2026-11-01T00:00:00Z') + ms;
    const link = { from: 'appliance', to: '*.test', direction: 'out' } as const;
    world.links.add({ ...link, id: 'slow', start: at(0), end: at(MINUTE), action: { do: 'delay', ms: 250 } });
    world.links.add({
      ...link,
      id: 'stall',
      start: at(2 * MINUTE),
      end: at(3 * MINUTE),
      action: { do: 'stall' },
    });
    world.links.add({
      ...link,
      id: 'cut',
      start: at(4 * MINUTE),
      end: at(5 * MINUTE),
      action: { do: 'reset', afterBytes: 50_000 },
      times: 1,
    });
    world.links.add({
      ...link,
      id: 'no',
      start: at(6 * MINUTE),
      end: at(7 * MINUTE),
      action: { do: 'refuse' },
      times: 1,
    });
    world.links.add({
      ...link,
      id: 'thin',
      start: at(8 * MINUTE),
      end: at(12 * MINUTE),
      action: { do: 'throttle', bytesPerSecond: 1000 },
    });
    const story: string[] = [];
    const ask = async (body: string, fresh = false) => {
      const http = client(world);
      try {
        const { status } = await http.fetch({
          method: 'POST',
          url: 'https://vcenter.test/',
          body,
          timeoutMs: 10 * MINUTE,
        });
        story.push(String(status));
      } catch (error) {
        story.push((error as { code: string }).code);
      }
      if (fresh) http.close();
    };
    await world.clock.run(
      (async () => {
        await ask('hello');
        expect(world.clock.monotonic()).toBeGreaterThanOrEqual(250);
        await sleep(world.clock, 2 * MINUTE + SECOND - world.clock.monotonic(), 'script');
        await ask('hello');
        expect(world.clock.monotonic()).toBe(3 * MINUTE);
        await sleep(world.clock, 4 * MINUTE - world.clock.monotonic(), 'script');
        await ask('x'.repeat(200_000));
        await ask('x'.repeat(200_000));
        await sleep(world.clock, 6 * MINUTE - world.clock.monotonic(), 'script');
        await ask('hello', true);
        await ask('hello', true);
        await sleep(world.clock, 8 * MINUTE - world.clock.monotonic(), 'script');
        await ask('x'.repeat(60_000));
        expect(world.clock.monotonic()).toBeGreaterThanOrEqual(9 * MINUTE);
      })(),
    );
    expect(story).toEqual(['200', '200', 'net.reset', '200', 'net.refused', '200', '200']);
    expect(world.links.fired().every(({ fired }) => fired > 0)).toBe(true);
  });
});
