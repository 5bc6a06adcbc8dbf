/** The control plane from end to end: a whole cloud in the memory tier, asked under its real names. */
import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DAY } from '#core/units.ts';
import type { CloudName } from './cloud.ts';
import { loadSigningKeys, signJwt } from './identity/tokens.ts';
import { type AzureSimulator, startAzure } from './server.ts';
import { GROUP, OWNER, READER, SUBSCRIPTION, TENANT } from './testing/arm-world.ts';
import { testSeed } from './testing/seed.ts';
import { type Answer, type TestWorld, testWorld } from './testing/test-world.ts';

const ARM = 'https://management.azure.com';
const VAULT_API = '2022-07-01';
const SECRETS = '7.4';

interface Plane {
  readonly world: TestWorld;
  readonly azure: AzureSimulator;
  token(audience: string, who?: { clientId: string; secret: string }): Promise<string>;
  arm(method: string, path: string, version: string, body?: unknown): Promise<Answer>;
  /** A request to the vault `safe`. */
  vault(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
}

async function inCloud(
  script: (plane: Plane) => Promise<void>,
  options: { cloud?: CloudName; region?: string } = {},
): Promise<void> {
  await using world = await testWorld();
  const { cloud = 'public', region = 'westeurope' } = options;
  const client = testSeed.clients[0]!;
  const clients = [
    { ...client, roles: [...client.roles, 'Key Vault Administrator' as const] },
    testSeed.clients[1]!,
  ];
  const azure = await startAzure({
    context: world.context,
    seed: { ...testSeed, clients, region, keyVault: 'safe' },
    cloud,
  });
  const login = cloud === 'public' ? 'login.microsoftonline.com' : 'login.microsoftonline.us';
  const token: Plane['token'] = async (audience, who = OWNER) => {
    const form = { grant_type: 'client_credentials', client_id: who.clientId, client_secret: who.secret };
    const answer = await world.ask('POST', `https://${login}/${TENANT}/oauth2/v2.0/token`, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...form, scope: `${audience}/.default` }).toString(),
    });
    return answer.json.access_token;
  };
  const waited = async (started: Answer, bearer: string): Promise<Answer> => {
    let answer = started;
    while (answer.status === 202 || answer.json.status === 'InProgress') {
      const url = String(answer.headers['azure-asyncoperation'] ?? answer.headers['location'] ?? '');
      const { clock } = world.tier;
      await new Promise<void>((done) => void clock.schedule(clock.wall() + 5_000, 'test.poll', done));
      answer = await world.ask('GET', url, { token: bearer });
    }
    return answer;
  };
  await world.run(async () => {
    const bearer = await token(ARM_OF[cloud]);
    const vaultToken = await token(VAULT_OF[cloud]);
    await script({
      world,
      azure,
      token,
      arm: async (method, path, version, body) => {
        const url = `${ARM_OF[cloud]}${path}${path.includes('?') ? '&' : '?'}api-version=${version}`;
        return waited(
          await world.ask(method, url, { token: bearer, ...(body === undefined ? {} : { body }) }),
          bearer,
        );
      },
      vault: (method, path, body, other) =>
        world.ask(
          method,
          `https://safe.${VAULT_OF[cloud].slice('https://'.length)}${path}?api-version=${SECRETS}`,
          {
            token: other ?? vaultToken,
            ...(body === undefined ? {} : { body }),
          },
        ),
    });
  });
  await azure.stop();
  expect(world.context.counters.toJSON()['bugs.azure']).toBeUndefined();
}

const ARM_OF: Readonly<Record<CloudName, string>> = {
  public: ARM,
  government: 'https://management.usgovcloudapi.net',
};
const VAULT_OF: Readonly<Record<CloudName, string>> = {
  public: 'https://vault.azure.net',
  government: 'https://vault.usgovcloudapi.net',
};

const refusal = ({ status, json }: Answer) => `${status} ${json.error?.code}`;

describe('tokens that are no good', () => {
  const claims = (now: number, more: object = {}) => ({
    aud: ARM,
    iss: `https://sts.windows.net/${TENANT}/`,
    iat: Math.floor(now / 1000) - 10,
    nbf: Math.floor(now / 1000) - 10,
    exp: Math.floor(now / 1000) + 3_600,
    appid: OWNER.clientId,
    oid: OWNER.objectId,
    sub: OWNER.objectId,
    tid: TENANT,
    ver: '1.0',
    ...more,
  });
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('forged, unsigned, expired, early, for another service or tenant: each is refused by its name', () =>
    inCloud(async ({ world, token }) => {
      const now = world.tier.clock.wall();
      const [key] = loadSigningKeys();
      const own = key!;
      const stranger = { ...own, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
      const unsigned = `${encode({ typ: 'JWT', alg: 'none', kid: own.kid })}.${encode(claims(now))}.`;
      // the public key used as if it were a shared secret
      const confused = `${encode({ typ: 'JWT', alg: 'HS256', kid: own.kid })}.${encode(claims(now))}`;
      const pem = createPublicKey(own.privateKey).export({ type: 'spki', format: 'pem' });
      const hmac = createHmac('sha256', pem).update(confused).digest('base64url');
      const good = await token(ARM);
      const [head, body, signature] = good.split('.') as [string, string, string];
      const asOwner = encode({
        ...JSON.parse(Buffer.from(body, 'base64url').toString()),
        oid: READER.objectId,
      });
      const cases: Record<string, [token: string, code: string]> = {
        good: [good, 'undefined'],
        'other key, our name': [signJwt(claims(now), stranger), 'InvalidAuthenticationToken'],
        'alg none': [unsigned, 'InvalidAuthenticationToken'],
        'HS256 with the public key': [`${confused}.${hmac}`, 'InvalidAuthenticationToken'],
        'claims changed': [`${head}.${asOwner}.${signature}`, 'InvalidAuthenticationToken'],
        expired: [
          signJwt(claims(now, { exp: Math.floor(now / 1000) - 1 }), own),
          'ExpiredAuthenticationToken',
        ],
        'not yet valid': [
          signJwt(claims(now, { nbf: Math.floor(now / 1000) + 600 }), own),
          'InvalidAuthenticationToken',
        ],
        'other service': [
          signJwt(claims(now, { aud: 'https://vault.azure.net' }), own),
          'InvalidAuthenticationTokenAudience',
        ],
        'other tenant': [
          signJwt(claims(now, { tid: SUBSCRIPTION }), own),
          'InvalidAuthenticationTokenTenant',
        ],
        'not a token': ['x'.repeat(20_000), 'InvalidAuthenticationToken'],
      };
      const seen: Record<string, string> = {};
      for (const [name, [bearer]] of Object.entries(cases)) {
        const url = `${ARM}${GROUP}?api-version=2021-04-01`;
        seen[name] = String((await world.ask('GET', url, { token: bearer })).json.error?.code);
      }
      expect(seen).toEqual(Object.fromEntries(Object.entries(cases).map(([name, [, code]]) => [name, code])));
    }));

  test.each([
    '/subscriptions/%2e%2e/x',
    '/subscriptions/a%2Fb',
    '/%00',
    `/${'a/'.repeat(60)}`,
    '/%zz',
  ])('a path of tricks is a bad request: %s', (path) =>
    inCloud(async ({ arm }) => {
      const { status } = await arm('GET', path, '2021-04-01');
      expect([400, 404]).toContain(status);
    }));
});

describe('vaults', () => {
  const VAULT = `${GROUP}/providers/Microsoft.KeyVault/vaults/safe`;
  const DELETED = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/safe`;
  const body = { location: 'westeurope', properties: { tenantId: TENANT, enableRbacAuthorization: true } };

  test('say where to get a token, and take no other service’s', () =>
    inCloud(async ({ world, vault, token }) => {
      const bare = await world.ask('GET', 'https://safe.vault.azure.net/secrets/a?api-version=7.4');
      expect(bare.status).toBe(401);
      expect(bare.headers['www-authenticate']).toBe(
        `Bearer authorization="https://login.microsoftonline.com/${TENANT}", resource="https://vault.azure.net"`,
      );
      expect((await vault('GET', '/secrets/a', undefined, await token(ARM))).status).toBe(401);
    }));

  test('a deleted one keeps its name and its secrets until it is purged', () =>
    inCloud(async ({ arm, vault }) => {
      await vault('PUT', '/secrets/root', { value: 'swordfish' });
      expect((await arm('DELETE', VAULT, VAULT_API)).status).toBe(200);
      expect((await vault('GET', '/secrets/root')).status).toBe(404);
      expect(refusal(await arm('PUT', VAULT, VAULT_API, body))).toBe('409 ConflictError');
      expect((await arm('GET', DELETED, VAULT_API)).json.properties).toMatchObject({ vaultId: VAULT });
      const recover = { ...body, properties: { ...body.properties, createMode: 'recover' } };
      expect((await arm('PUT', VAULT, VAULT_API, recover)).status).toBe(201);
      expect((await vault('GET', '/secrets/root')).json['value']).toBe('swordfish');
      await arm('DELETE', VAULT, VAULT_API);
      expect((await arm('POST', `${DELETED}/purge`, VAULT_API)).status).toBe(200);
      expect(refusal(await arm('GET', DELETED, VAULT_API))).toBe('404 DeletedVaultNotFound');
      await arm('PUT', VAULT, VAULT_API, body);
      expect(refusal(await vault('GET', '/secrets/root'))).toBe('404 SecretNotFound');
    }));

  test('with purge protection nothing is purged; time alone ends it', () =>
    inCloud(async ({ arm, world, token }) => {
      const kept = {
        ...body,
        properties: { ...body.properties, enablePurgeProtection: true, softDeleteRetentionInDays: 7 },
      };
      const path = VAULT.replace('safe', 'fort');
      const deleted = DELETED.replace('safe', 'fort');
      await arm('PUT', path, VAULT_API, kept);
      await arm('DELETE', path, VAULT_API);
      expect(refusal(await arm('POST', `${deleted}/purge`, VAULT_API))).toBe('400 MethodNotAllowed');
      const { clock } = world.tier;
      await new Promise<void>((done) => void clock.schedule(clock.wall() + 7 * DAY, 'test.wait', done));
      const url = `${ARM}${deleted}?api-version=${VAULT_API}`;
      expect(refusal(await world.ask('GET', url, { token: await token(ARM) }))).toBe(
        '404 DeletedVaultNotFound',
      );
    }));

  test('a reader of the subscription reads no secret; a policy gives the right that it names', () =>
    inCloud(async ({ arm, vault, token }) => {
      await vault('PUT', '/secrets/a', { value: '1' });
      const reader = await token('https://vault.azure.net', READER);
      expect(refusal(await vault('GET', '/secrets/a', undefined, reader))).toBe('403 Forbidden');
      const permissions = { secrets: ['get'] };
      const accessPolicies = [{ tenantId: TENANT, objectId: READER.objectId, permissions }];
      await arm('PUT', VAULT, VAULT_API, {
        ...body,
        properties: { tenantId: TENANT, enableRbacAuthorization: false, accessPolicies },
      });
      expect((await vault('GET', '/secrets/a', undefined, reader)).json['value']).toBe('1');
      expect(refusal(await vault('PUT', '/secrets/a', { value: '2' }, reader))).toBe('403 Forbidden');
    }));
});

describe('storage accounts', () => {
  const ACCOUNT = `${GROUP}/providers/Microsoft.Storage/storageAccounts/driftdata`;
  const made = { location: 'westeurope', kind: 'StorageV2', sku: { name: 'Standard_GRS' } };

  test('are made, hand out keys that work, and go with their content', () =>
    inCloud(async ({ arm, azure }) => {
      expect((await arm('PUT', ACCOUNT, '2022-09-01', made)).json.properties).toMatchObject({
        provisioningState: 'Succeeded',
        primaryEndpoints: { blob: 'https://driftdata.blob.core.windows.net/' },
      });
      const keys = async () =>
        (await arm('POST', `${ACCOUNT}/listKeys`, '2022-09-01')).json['keys'] as unknown as Array<{
          value: string;
        }>;
      const before = await keys();
      expect(before.map(({ value }) => value)).toEqual(azure.storage.account('driftdata')!.keys);
      await arm('POST', `${ACCOUNT}/regenerateKey`, '2022-09-01', { keyName: 'key1' });
      const after = await keys();
      expect([after[0]!.value === before[0]!.value, after[1]!.value === before[1]!.value]).toEqual([
        false,
        true,
      ]);
      const container = `${ACCOUNT}/blobServices/default/containers/box`;
      expect((await arm('PUT', container, '2022-09-01', {})).status).toBe(201);
      expect(
        (await arm('GET', `${ACCOUNT}/blobServices/default/containers`, '2022-09-01')).json.value,
      ).toHaveLength(1);
      expect((await arm('DELETE', ACCOUNT, '2022-09-01')).status).toBe(200);
      expect(azure.storage.account('driftdata')).toBeUndefined();
    }));

  test('have names of their own, in the cloud’s way', () =>
    inCloud(async ({ arm }) => {
      const check = async (name: string) =>
        (
          await arm(
            'POST',
            `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability`,
            '2022-09-01',
            { name },
          )
        ).json;
      expect(await check('migratelsatest')).toMatchObject({ nameAvailable: false, reason: 'AlreadyExists' });
      expect(await check('Not-A-Name')).toMatchObject({ nameAvailable: false, reason: 'AccountNameInvalid' });
      expect(await check('free1')).toMatchObject({ nameAvailable: true });
    }));
});

describe('the directory', () => {
  const GRAPH = 'https://graph.microsoft.com';
  test('an application is registered with a secret, and only by whom may', () =>
    inCloud(async ({ world, token }) => {
      const graph = async (method: string, path: string, body?: object, who = OWNER) =>
        world.ask(method, `${GRAPH}/v1.0/${path}`, {
          token: await token(GRAPH, who),
          ...(body ? { body } : {}),
        });
      expect(refusal(await graph('POST', 'applications', { displayName: 'x' }, READER))).toBe(
        '403 Authorization_RequestDenied',
      );
      const { json: application } = await graph('POST', 'applications', { displayName: 'appliance' });
      const appId = String(application['appId']);
      await graph('POST', 'servicePrincipals', { appId });
      const { json: secret } = await graph('POST', `applications/${application.id}/addPassword`, {});
      const who = { clientId: appId, secret: String(secret['secretText']) };
      expect(await token(ARM, who)).toMatch(/^eyJ/);
      const shown = await graph('GET', `applications/${application.id}`);
      expect(JSON.stringify(shown.json)).not.toContain(who.secret);
      expect((await graph('DELETE', `applications/${application.id}`)).status).toBe(204);
      expect(await token(ARM, who)).toBeUndefined();
    }));
});

test('the Government cloud has its own names, regions and audiences', () =>
  inCloud(
    async ({ arm, vault, azure, token }) => {
      expect((await arm('GET', GROUP, '2021-04-01')).json).toMatchObject({ location: 'usgovvirginia' });
      const { json } = await arm('GET', `/subscriptions/${SUBSCRIPTION}/locations`, '2022-12-01');
      expect(json.value.map(({ name }) => name)).toContain('usgovvirginia');
      expect((await vault('PUT', '/secrets/a', { value: '1' })).json.id).toMatch(
        /^https:\/\/safe\.vault\.usgovcloudapi\.net\/secrets\/a\//,
      );
      expect(await token(ARM)).toBeUndefined();
      expect(azure.knows('management.azure.com', 443)).toBe(false);
      expect(azure.knows('migratelsatest.blob.core.usgovcloudapi.net', 443)).toBe(true);
    },
    { cloud: 'government', region: 'usgovvirginia' },
  ));
