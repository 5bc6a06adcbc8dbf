import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpClient } from '#core/net/http-client.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import type { ServeOutcome } from '../kit/serve.ts';
import { serveAzure } from './serve.ts';

const clock = new SystemClock();
const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
let served: ServeOutcome;
let env: Record<string, string>;
let http: HttpClient;

beforeAll(async () => {
  served = await serveAzure({ seed: 'serve test', machines: 8, user: 'the-owner', password: 'a; b' });
  env = served.exports;
  const trust = [served.files!['NODE_EXTRA_CA_CERTS']!.content];
  http = new HttpClient({ transport: network.as('client'), clock, tls: { trust } });
}, 60_000);
afterAll(async () => {
  http?.close();
  await served?.stop();
  await network.close();
});

async function json(method: string, url: string, token?: string, form?: Record<string, string>) {
  const headers: Record<string, string> = {};
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  if (form) headers['content-type'] = 'application/x-www-form-urlencoded';
  const body = form && new URLSearchParams(form).toString();
  const answer = await http.fetch({ method, url, headers, ...(body === undefined ? {} : { body }) });
  return { status: answer.status, body: JSON.parse(answer.body.toString()) };
}

test('the environment is enough for a client without a proxy: it signs in and finds what is prepared', async () => {
  const { AZ_LOGIN, AZ_ARM, AZ_TENANT, AZ_SUBSCRIPTION, AZ_RG, AZ_VAULT, AZ_FABRIC, AZ_CONTAINER } = env;
  const { body: discovered } = await json(
    'GET',
    `${AZ_LOGIN}/${AZ_TENANT}/v2.0/.well-known/openid-configuration`,
  );
  expect(discovered.token_endpoint).toBe(`${AZ_LOGIN}/${AZ_TENANT}/oauth2/v2.0/token`);
  const signedIn = await json('POST', discovered.token_endpoint, undefined, {
    grant_type: 'client_credentials',
    client_id: 'the-owner',
    client_secret: 'a; b',
    scope: `${AZ_ARM}/.default`,
  });
  const token: string = signedIn.body.access_token;
  const group = `${AZ_ARM}/subscriptions/${AZ_SUBSCRIPTION}/resourceGroups/${AZ_RG}/providers`;
  const container = `${group}/Microsoft.RecoveryServices/vaults/${AZ_VAULT}/replicationFabrics/${AZ_FABRIC}/replicationProtectionContainers/${AZ_CONTAINER}`;
  const items = await json('GET', `${container}/replicationMigrationItems?api-version=2023-06-01`, token);
  expect(items.body.value.length).toBeGreaterThanOrEqual(3);
  const { AZ_MIGRATE_PROJECT, AZ_GROUP, AZ_ASSESSMENT, AZ_SITE, AZ_KEYVAULT } = env;
  const assessment = `${group}/Microsoft.Migrate/assessmentprojects/${AZ_MIGRATE_PROJECT}/groups/${AZ_GROUP}/assessments/${AZ_ASSESSMENT}`;
  const computed = await json('GET', `${assessment}?api-version=2019-10-01`, token);
  expect(computed.body.properties.status).toBe('Completed');
  const site = `${group}/Microsoft.OffAzure/VMwareSites/${AZ_SITE}/machines?api-version=2020-07-07`;
  expect((await json('GET', site, token)).body.value).toHaveLength(8);
  const vault = await json(
    'GET',
    `${group}/Microsoft.KeyVault/vaults/${AZ_KEYVAULT}?api-version=2022-07-01`,
    token,
  );
  expect(vault.body.properties.vaultUri).toBe(`${env['AZ_KEYVAULT_URL']}/`);
});

test('without a proxy an appliance finds its data planes, too: where ARM says, with a challenge that it can follow', async () => {
  const { AZ_LOGIN, AZ_ARM, AZ_TENANT, AZ_SUBSCRIPTION, AZ_RG, AZ_SITE, AZ_VAULT } = env;
  const tokenFor = async (scope: string): Promise<string> => {
    const form = { grant_type: 'client_credentials', client_id: 'the-owner', client_secret: 'a; b' };
    const url = `${AZ_LOGIN}/${AZ_TENANT}/oauth2/v2.0/token`;
    return (await json('POST', url, undefined, { ...form, scope: `${scope}/.default` })).body.access_token;
  };
  const group = `/subscriptions/${AZ_SUBSCRIPTION}/resourceGroups/${AZ_RG}`;
  const site = await json(
    'GET',
    `${AZ_ARM}${group}/providers/Microsoft.OffAzure/VMwareSites/${AZ_SITE}?api-version=2020-07-07`,
    await tokenFor(AZ_ARM!),
  );
  const endpoint: string = site.body.properties.serviceEndpoint;
  expect(endpoint).toMatch(new RegExp(`^${env['AZ_DISCOVERY']}/v1/sites/[^/]+$`));
  const discovery = await tokenFor('https://discoverysrv.windowsazure.com');
  expect(await json('GET', `${endpoint}/state/nobody`, discovery)).toMatchObject({
    status: 200,
    body: { inventorySequence: 0 },
  });
  const vault = `${group}/providers/Microsoft.RecoveryServices/vaults/${AZ_VAULT}`;
  const token = createHash('md5').update(vault.toLowerCase()).digest('hex');
  const work = `${env['AZ_REPLICATION']}/v1/vaults/${token}/work?appliance=nobody`;
  const replication = await tokenFor('https://hypervrecoverymanager.windowsazure.com');
  expect((await json('GET', work, replication)).status).toBe(200);
  for (const [url, wrong] of [
    [`${endpoint}/state/nobody`, replication],
    [work, discovery],
  ] as const) {
    const { status, headers } = await http.fetch({
      method: 'GET',
      url,
      headers: { authorization: `Bearer ${wrong}` },
    });
    expect([status, headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining(`authorization_uri="${AZ_LOGIN}/`),
    ]);
  }
});

test('without a token, the challenge names the sign-in that this client can reach', async () => {
  const { headers } = await http.fetch({
    method: 'GET',
    url: `${env['AZ_ARM']}/subscriptions?api-version=2022-12-01`,
  });
  expect(headers['www-authenticate']).toContain(`authorization_uri="${env['AZ_LOGIN']}/${env['AZ_TENANT']}"`);
});

test('a workbook that is not there is told', async () => {
  await expect(serveAzure({ estate: '/nowhere/estate.xlsx' })).rejects.toMatchObject({
    code: 'estate.noFile',
  });
});
