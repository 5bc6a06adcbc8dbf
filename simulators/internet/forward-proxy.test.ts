import { describe, expect, test } from 'vitest';
import { HttpClient } from '#core/net/http-client.ts';
import type { TierWorld } from '#core/testing/tier-world.ts';
import { sleep } from '#core/time/clock.ts';
import { MINUTE } from '#core/units.ts';
import { type TestWorld, testWorld } from '../azure/testing/test-world.ts';
import { type ProxyOptions, startProxy } from './forward-proxy.ts';

const PROXY = { host: 'proxy.internet.test', port: 3128 };
const BLOB = 'account1.blob.core.windows.net';

async function proxied(world: TestWorld, options: Partial<ProxyOptions> = {}) {
  await world.serve(['*.blob.core.windows.net'], (request, response) => {
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
    });
    request.on('end', () => response.end(`${request.method} ${request.url} ${size} from ${request.from}`));
  });
  return startProxy({
    context: { ...world.context, transport: world.tier.network.as('proxy') },
    at: PROXY,
    route: (host, port) =>
      /\.blob\.core\.windows\.net$/.test(host) && port === 443 ? { host, port } : undefined,
    dialAs: (node) => world.tier.network.as(node),
    ...options,
  });
}

function client(tier: TierWorld, authorization?: string): HttpClient {
  return new HttpClient({
    transport: tier.network.as('appliance'),
    clock: tier.clock,
    tls: { trust: [tier.authority.certificatePem] },
    proxy: { ...PROXY, ...(authorization === undefined ? {} : { authorization }) },
  });
}

const says = (text: string) => ({ message: expect.stringContaining(text) }) as Error;

describe.each(['memory', 'loopback'] as const)('a tunnel in the %s tier', (tier) => {
  test('carries TLS to the real name, and the service sees the node that dialled', async () => {
    await using world = await testWorld(tier);
    await proxied(world);
    const body = world.tier.entropy.bytes(3_000_000, 'body');
    const answer = await world.run(() =>
      client(world.tier).fetch({ method: 'PUT', url: `https://${BLOB}/c/b`, body }),
    );
    expect(answer.body.toString()).toBe('PUT /c/b 3000000 from appliance');
  });

  test('ends on both sides when either side ends', async () => {
    await using world = await testWorld(tier);
    const proxy = await proxied(world);
    const http = client(world.tier);
    await world.run(() => http.fetch({ method: 'GET', url: `https://${BLOB}/a` }));
    expect(proxy.open()).toBe(1);
    http.close();
    await world.run(() => sleep(world.tier.clock, 1, 'after'));
    expect(proxy.open()).toBe(0);
  });

  test('obeys link rules between the client and the name behind the proxy', async () => {
    await using world = await testWorld(tier);
    await proxied(world);
    const start = world.tier.clock.wall();
    world.tier.links.add({
      id: 'cut',
      from: 'appliance',
      to: '*.blob.core.windows.net',
      direction: 'out',
      action: { do: 'reset', afterBytes: 200_000 },
      start,
      end: start + MINUTE,
      times: 1,
    });
    const http = client(world.tier);
    const put = () =>
      http.fetch({ method: 'PUT', url: `https://${BLOB}/c/b`, body: Buffer.alloc(1_000_000) });
    await expect(world.run(put)).rejects.toMatchObject({ code: 'net.reset' });
    expect((await world.run(put)).body.toString()).toContain('1000000');
  });
});

describe('what the proxy refuses', () => {
  test.each([
    ['an unknown name', 'https://nowhere.example/', '502 Bad Gateway'],
    ['a private address', 'https://10.1.2.3/', '403 Forbidden'],
    ['the machine it runs on', 'https://localhost/', '403 Forbidden'],
    ['a loopback address in IPv6', 'https://[::1]/', '403 Forbidden'],
    ['an address written as one number', 'https://2130706433/', '403 Forbidden'],
  ])('%s', async (_what, url, answer) => {
    await using world = await testWorld();
    await proxied(world);
    const asked = world.run(() => client(world.tier).fetch({ method: 'GET', url }));
    await expect(asked).rejects.toMatchObject({ code: 'net.proxy', ...says(answer) });
  });

  test('a known name where nothing listens is a bad gateway, not a hang', async () => {
    await using world = await testWorld();
    await proxied(world, { route: (host) => ({ host, port: 8443 }) });
    const asked = world.run(() => client(world.tier).fetch({ method: 'GET', url: `https://${BLOB}/` }));
    await expect(asked).rejects.toMatchObject({ code: 'net.proxy', ...says('502') });
  });

  test('a name that is not on the allow-list', async () => {
    await using world = await testWorld();
    await proxied(world, { allow: ['management.azure.com'] });
    const asked = world.run(() => client(world.tier).fetch({ method: 'GET', url: `https://${BLOB}/` }));
    await expect(asked).rejects.toMatchObject({ code: 'net.proxy', ...says('403') });
  });

  test('a client without the password, until it has it', async () => {
    await using world = await testWorld();
    await proxied(world, { credentials: { user: 'corp', password: 'let me out' } });
    const ask = (http: HttpClient) => world.run(() => http.fetch({ method: 'GET', url: `https://${BLOB}/` }));
    await expect(ask(client(world.tier))).rejects.toMatchObject(says('407'));
    const basic = `Basic ${Buffer.from('corp:let me out').toString('base64')}`;
    expect((await ask(client(world.tier, basic))).status).toBe(200);
    expect(JSON.stringify(world.trace)).not.toContain('let me out');
  });
});

test('plain http goes through in absolute form, and unknown hosts are told so', async () => {
  await using world = await testWorld();
  const { serveHttp } = await import('#core/net/http-server.ts');
  await serveHttp({
    transport: world.context.transport,
    at: { host: 'download.microsoft.com', port: 80 },
    clock: world.tier.clock,
    handler: (request, response) =>
      response.end(`${request.headers.host} ${request.url} ${request.headers['proxy-authorization']}`),
  });
  await proxied(world, {
    route: (host, port) => (host === 'download.microsoft.com' ? { host, port } : undefined),
  });
  const http = client(world.tier);
  const ask = (url: string) => world.run(() => http.fetch({ method: 'GET', url }));
  expect((await ask('http://download.microsoft.com/agent.msi?v=1')).body.toString()).toBe(
    'download.microsoft.com /agent.msi?v=1 undefined',
  );
  const unknown = await ask('http://nowhere.example/');
  expect(unknown.status).toBe(502);
  expect(unknown.body.toString()).toBe('nowhere.example:80 is not known on this internet.');
});
