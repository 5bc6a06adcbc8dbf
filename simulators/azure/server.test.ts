import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { HttpClient } from '#core/net/http-client.ts';
import { canonicalLines } from '#core/trace/canonical.ts';
import { startProxy } from '../internet/forward-proxy.ts';
import { type AzureSimulator, startAzure } from './server.ts';
import { GROUP, OWNER, TENANT } from './testing/arm-world.ts';
import { discovered, VCENTER } from './testing/discovered.ts';
import { testSeed } from './testing/seed.ts';
import { type AnswerJson, readJson, type TestWorld, testWorld } from './testing/test-world.ts';

const PROXY = { host: 'proxy.internet.test', port: 3128 };
const SITE = `${GROUP}/providers/Microsoft.OffAzure/VMwareSites/corp`;
const VAULT = `${GROUP}/providers/Microsoft.RecoveryServices/vaults/vault-1`;

interface Cloud {
  readonly world: TestWorld;
  readonly azure: AzureSimulator;
  /** One request through the proxy, with a token for the audience. */
  ask(
    audience: string,
    method: string,
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; json: AnswerJson }>;
}

async function inCloud(script: (cloud: Cloud) => Promise<void>, seed?: string): Promise<string[]> {
  await using world = await testWorld('memory', seed);
  const azure = await startAzure({ context: world.context, seed: testSeed });
  const proxy = await startProxy({
    context: { ...world.context, transport: world.tier.network.as('internet') },
    at: PROXY,
    route: (host, port) => (azure.knows(host, port) ? { host, port } : undefined),
    dialAs: (node) => world.tier.network.as(node),
  });
  const http = new HttpClient({
    transport: world.tier.network.as('appliance'),
    clock: world.tier.clock,
    tls: { trust: [world.tier.authority.certificatePem] },
    proxy: PROXY,
  });
  const tokens = new Map<string, string>();
  const fetchJson = async (method: string, url: string, headers: Record<string, string>, body?: string) => {
    const answer = await http.fetch({ method, url, headers, ...(body === undefined ? {} : { body }) });
    return { status: answer.status, json: readJson(answer) };
  };
  await world.run(() =>
    script({
      world,
      azure,
      async ask(audience, method, url, body, headers = {}) {
        let token = tokens.get(audience);
        if (token === undefined) {
          const form = new URLSearchParams({
            grant_type: 'client_credentials',
            client_id: OWNER.clientId,
            client_secret: OWNER.secret,
            scope: `${audience}/.default`,
          });
          const login = `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`;
          const type = { 'content-type': 'application/x-www-form-urlencoded' };
          token = String((await fetchJson('POST', login, type, form.toString())).json.access_token);
          tokens.set(audience, token);
        }
        const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
        return fetchJson(method, url, { authorization: `Bearer ${token}`, ...headers }, text);
      },
    }),
  );
  http.close();
  await proxy.stop();
  await azure.stop();
  expect(world.context.counters.toJSON()['bugs.azure']).toBeUndefined();
  return canonicalLines(world.trace, 'memory');
}

const ARM = 'https://management.azure.com';

async function everyService({ ask }: Cloud): Promise<void> {
  const made = await ask(ARM, 'PUT', `${ARM}${SITE}?api-version=2020-07-07`, {
    location: 'westeurope',
    properties: {},
  });
  expect(made.status).toBe(201);
  const sent = await ask(
    'https://discoverysrv.windowsazure.com',
    'PUT',
    `${made.json.properties.serviceEndpoint}/inventory/1`,
    { vcenter: VCENTER, full: true, machines: [discovered(1)], removed: [] },
  );
  expect(sent).toMatchObject({ status: 200, json: { machines: 1 } });
  const token = createHash('md5').update(VAULT.toLowerCase()).digest('hex');
  const work = await ask(
    'https://hypervrecoverymanager.windowsazure.com',
    'GET',
    `https://pod01.westeurope.hypervrecoverymanager.windowsazure.com/v1/vaults/${token}/work?appliance=a1`,
  );
  expect(work).toMatchObject({ status: 200, json: { items: [] } });
  const version = { 'x-ms-version': '2021-06-08' };
  const blobs = 'https://migratelsatest.blob.core.windows.net';
  const storage = 'https://storage.azure.com';
  expect((await ask(storage, 'PUT', `${blobs}/box?restype=container`, undefined, version)).status).toBe(201);
  const block = { ...version, 'x-ms-blob-type': 'BlockBlob' };
  expect((await ask(storage, 'PUT', `${blobs}/box/b`, 'content', block)).status).toBe(201);
}

describe('the cloud behind the proxy', () => {
  test('answers under its real names, each service to its own audience', async () => {
    await inCloud(everyService);
  });

  test('says the same bytes twice for one seed, tokens and all, and others for another', async () => {
    const [first, second, other] = [
      await inCloud(everyService, 'one'),
      await inCloud(everyService, 'one'),
      await inCloud(everyService, 'other'),
    ];
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first.length).toBeGreaterThan(10);
  });

  test('writes no token, secret or signature into its trace', async () => {
    const lines = (await inCloud(everyService)).join('\n');
    expect(lines).not.toContain(OWNER.secret);
    expect(lines).not.toMatch(/Bearer|eyJ[\w-]{10}/);
  });

  test('has its landing zone: group, projects, vault, log account', async () => {
    await inCloud(async ({ ask, azure }) => {
      const all = await ask(ARM, 'GET', `${ARM}${GROUP}/resources?api-version=2021-04-01`);
      expect(all.json.value.map(({ type }) => type).sort()).toEqual([
        'Microsoft.Migrate/MigrateProjects',
        'Microsoft.Migrate/assessmentprojects',
        'Microsoft.RecoveryServices/vaults',
        'Microsoft.Storage/storageAccounts',
      ]);
      expect(azure.storage.account('migratelsatest')).toBeDefined();
      expect(azure.knows('anything.blob.core.windows.net', 443)).toBe(true);
      expect(azure.knows('anything.blob.core.windows.net', 80)).toBe(false);
      expect(azure.knows('example.com', 443)).toBe(false);
    });
  });
});

test('a stopped cloud can be started again in the same world', async () => {
  await using world = await testWorld();
  for (let life = 0; life < 2; life++) {
    const azure = await startAzure({ context: world.context, seed: testSeed });
    const { status } = await world.run(() => world.ask('GET', `${ARM}/subscriptions?api-version=2022-12-01`));
    expect(status).toBe(401);
    await azure.stop();
  }
});
