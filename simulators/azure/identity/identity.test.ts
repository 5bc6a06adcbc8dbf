import { constants, createHash, createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import { PUBLIC_CLOUD } from '../cloud.ts';
import { type TestWorld, testWorld } from '../testing/test-world.ts';
import { createIdentity, type IdentityOptions } from './service.ts';

const TENANT = '11111111-2222-4333-8444-555555555555';
const LOGIN = 'https://login.microsoftonline.com';
const APP = {
  clientId: 'aaaaaaaa-0000-4000-8000-000000000001',
  objectId: 'bbbbbbbb-0000-4000-8000-000000000001',
  name: 'appliance',
  secret: 'correct horse',
};
const ARM = PUBLIC_CLOUD.audiences.arm;

async function identityWorld(options: Partial<IdentityOptions> = {}, seed?: string) {
  const world = await testWorld('memory', seed);
  const identity = createIdentity({
    context: world.context,
    cloud: PUBLIC_CLOUD,
    tenantId: TENANT,
    tenantDomains: ['contoso.onmicrosoft.com'],
    applications: [APP],
    people: [
      { objectId: 'cccccccc-0000-4000-8000-000000000001', userPrincipalName: 'ada@contoso.com', name: 'Ada' },
    ],
    ...options,
  });
  await world.serve(PUBLIC_CLOUD.loginHosts, identity.handler);
  return { world, identity };
}

function token(world: TestWorld, form: Record<string, string>, path = `${TENANT}/oauth2/v2.0/token`) {
  return world.run(() =>
    world.ask('POST', `${LOGIN}/${path}`, {
      body: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }),
  );
}

const SECRET_FORM = {
  grant_type: 'client_credentials',
  client_id: APP.clientId,
  client_secret: APP.secret,
  scope: 'https://management.azure.com/.default',
};

describe('tokens for applications', () => {
  test('a secret buys a token that the services accept for an hour and no longer', async () => {
    const { world, identity } = await identityWorld();
    await using _ = world;
    const { status, json } = await token(world, SECRET_FORM);
    expect(status).toBe(200);
    expect(json).toMatchObject({ token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599 });
    const verified = identity.verifyToken(json.access_token, ARM);
    expect(verified).toMatchObject({ appid: APP.clientId, oid: APP.objectId, tid: TENANT, aud: ARM[0] });
    await world.run(
      () =>
        new Promise((done) =>
          world.tier.clock.schedule(world.tier.clock.wall() + HOUR, 'hour', () => done(0)),
        ),
    );
    expect(identity.verifyToken(json.access_token, ARM)).toBe('ExpiredAuthenticationToken');
  });

  test('only "/.default" comes off a scope: the audience keeps its trailing slash', async () => {
    const { world, identity } = await identityWorld();
    await using _ = world;
    const { json } = await token(world, {
      ...SECRET_FORM,
      scope: 'https://management.core.windows.net//.default',
    });
    expect(identity.verifyToken(json.access_token, ARM)).toMatchObject({
      aud: 'https://management.core.windows.net/',
    });
  });

  test('version 1 takes a resource and answers numbers as text', async () => {
    const { world } = await identityWorld();
    await using _ = world;
    const { scope: _scope, ...rest } = SECRET_FORM;
    const { json } = await token(
      world,
      { ...rest, resource: 'https://management.azure.com/' },
      'contoso.onmicrosoft.com/oauth2/token',
    );
    expect(json).toMatchObject({ expires_in: '3599', resource: 'https://management.azure.com/' });
    expect(json.expires_on).toMatch(/^\d{10}$/);
  });

  test('one seed gives the same token bytes twice', async () => {
    const tokens = [];
    for (let run = 0; run < 2; run++) {
      const { world } = await identityWorld({}, 'same');
      await using _ = world;
      tokens.push((await token(world, SECRET_FORM)).json.access_token);
    }
    expect(tokens[0]).toBe(tokens[1]);
  });

  test.each([
    ['a wrong secret', { client_secret: 'nope' }, 401, 'invalid_client', 7000215],
    ['no credential', { client_secret: '' }, 401, 'invalid_client', 7000218],
    ['an unknown application', { client_id: TENANT }, 400, 'unauthorized_client', 700016],
    ['an unknown resource', { scope: 'https://example.com/.default' }, 400, 'invalid_resource', 500011],
    ['a scope without /.default', { scope: 'https://management.azure.com/x' }, 400, 'invalid_scope', 1002012],
    ['an unknown grant', { grant_type: 'password' }, 400, 'unsupported_grant_type', 70003],
    ['no grant', { grant_type: '' }, 400, 'unsupported_grant_type', 70003],
  ])('%s is refused with its AADSTS code', async (_what, change, status, error, code) => {
    const { world } = await identityWorld();
    await using _ = world;
    const answer = await token(world, { ...SECRET_FORM, ...change });
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ error, error_codes: [code] });
    expect(answer.json.error_description).toMatch(
      new RegExp(
        `^AADSTS${code}: .* Trace ID: \\S+ Correlation ID: \\S+ Timestamp: \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ$`,
      ),
    );
    expect(answer.body.toString()).not.toContain('nope');
  });

  test('an expired secret, an unknown tenant, and an unknown endpoint', async () => {
    const { world } = await identityWorld({ applications: [{ ...APP, secretExpiresAt: 0 }] });
    await using _ = world;
    expect((await token(world, SECRET_FORM)).json.error_codes).toEqual([7000222]);
    expect((await token(world, SECRET_FORM, 'elsewhere/oauth2/v2.0/token')).json.error_codes).toEqual([
      90002,
    ]);
    expect((await token(world, SECRET_FORM, `${TENANT}/oauth2/v2.0/logout`)).status).toBe(404);
  });
});

describe('a client that proves itself with a certificate', () => {
  // the service's own second key serves as the client's: it only has to be an RSA key with a certificate
  const certificate = readFileSync(new URL('./fixtures/signing-key-2.crt', import.meta.url), 'utf8');
  const key = readFileSync(new URL('./fixtures/signing-key-2.pem', import.meta.url), 'utf8');
  const otherKey = readFileSync(new URL('./fixtures/signing-key-1.pem', import.meta.url), 'utf8');
  const der = Buffer.from(certificate.replace(/-----[^-]+-----|\s/g, ''), 'base64');

  function assertion(alg: 'RS256' | 'PS256', now: number, claims: object = {}, privateKey = key): string {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const thumb =
      alg === 'RS256'
        ? { x5t: createHash('sha1').update(der).digest('base64url') }
        : { 'x5t#S256': createHash('sha256').update(der).digest('base64url') };
    const body = {
      aud: `${LOGIN}/${TENANT}/oauth2/v2.0/token`,
      iss: APP.clientId,
      sub: APP.clientId,
      exp: Math.floor(now / SECOND) + 600,
      nbf: Math.floor(now / SECOND),
      jti: '1',
      ...claims,
    };
    const signed = `${encode({ alg, typ: 'JWT', ...thumb })}.${encode(body)}`;
    const padding =
      alg === 'PS256'
        ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
        : {};
    const signature = createSign('sha256')
      .update(signed)
      .sign({ key: privateKey, ...padding });
    return `${signed}.${signature.toString('base64url')}`;
  }

  async function ask(make: (now: number) => string) {
    const { world } = await identityWorld({ applications: [{ ...APP, certificates: [certificate] }] });
    await using _ = world;
    return await token(world, {
      grant_type: 'client_credentials',
      client_id: APP.clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: make(world.tier.clock.wall()),
      scope: 'https://management.azure.com/.default',
    });
  }

  test.each(['RS256', 'PS256'] as const)('with %s it gets a token', async (alg) => {
    expect((await ask((now) => assertion(alg, now))).status).toBe(200);
  });

  test('not when another key signed, the audience is another, or its time is over', async () => {
    const codes = [];
    for (const make of [
      (now: number) => assertion('RS256', now, {}, otherKey),
      (now: number) => assertion('RS256', now, { aud: 'https://example.com' }),
      (now: number) => assertion('RS256', now, { exp: 1 }),
      () => 'not.a.token',
    ])
      codes.push((await ask(make)).json.error_codes[0]);
    expect(codes).toEqual([700027, 700027, 700024, 700027]);
  });
});

describe('signing in by device code', () => {
  const start = (
    world: TestWorld,
    scope = 'https://management.azure.com/user_impersonation offline_access openid',
  ) =>
    token(
      world,
      { client_id: '1950a258-227b-4e31-a9cf-717495945fc2', scope },
      `${TENANT}/oauth2/v2.0/devicecode`,
    );
  const poll = (world: TestWorld, device_code: string) =>
    token(world, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: '1950a258-227b-4e31-a9cf-717495945fc2',
      device_code,
    });

  test('waits for the person, then gives tokens once, and the refresh token gives more', async () => {
    const { world, identity } = await identityWorld();
    await using _ = world;
    const begun = (await start(world)).json;
    expect(begun).toMatchObject({
      expires_in: 900,
      interval: 5,
      verification_uri: 'https://microsoft.com/devicelogin',
    });
    expect((await poll(world, begun.device_code)).json.error).toBe('authorization_pending');
    expect(identity.directory.answer(begun.user_code, 'ada@contoso.com', true, world.tier.clock.wall())).toBe(
      true,
    );
    const { json } = await poll(world, begun.device_code);
    expect(identity.verifyToken(json.access_token, ARM)).toMatchObject({ upn: 'ada@contoso.com' });
    expect(json.id_token).toBeDefined();
    expect((await poll(world, begun.device_code)).json.error).toBe('bad_verification_code');
    const refreshed = await token(world, {
      grant_type: 'refresh_token',
      client_id: '1950a258-227b-4e31-a9cf-717495945fc2',
      refresh_token: json.refresh_token,
      scope: 'https://management.azure.com/.default offline_access',
    });
    expect(identity.verifyToken(refreshed.json.access_token, ARM)).toMatchObject({ upn: 'ada@contoso.com' });
  });

  test('ends when the person declines, or after fifteen minutes', async () => {
    const { world, identity } = await identityWorld();
    await using _ = world;
    const now = () => world.tier.clock.wall();
    const declined = (await start(world)).json;
    identity.directory.answer(declined.user_code, 'ada@contoso.com', false, now());
    expect((await poll(world, declined.device_code)).json.error).toBe('authorization_declined');
    const late = (await start(world)).json;
    await world.run(
      () => new Promise((done) => world.tier.clock.schedule(now() + 15 * MINUTE, 'late', () => done(0))),
    );
    expect((await poll(world, late.device_code)).json.error).toBe('expired_token');
    expect(identity.directory.answer(late.user_code, 'ada@contoso.com', true, now())).toBe(false);
  });
});

describe('metadata', () => {
  test('stands on the origin that the client used, with two keys', async () => {
    const { world } = await identityWorld();
    await using _ = world;
    const get = (path: string) => world.run(() => world.ask('GET', `${LOGIN}/${path}`));
    const metadata = (await get(`${TENANT}/v2.0/.well-known/openid-configuration`)).json;
    expect(metadata.issuer).toBe(`${LOGIN}/${TENANT}/v2.0`);
    expect(metadata.token_endpoint).toBe(`${LOGIN}/${TENANT}/oauth2/v2.0/token`);
    const { keys } = (await get(`${TENANT}/discovery/v2.0/keys`)).json;
    expect(keys).toHaveLength(2);
    expect(keys[0].x5c).toHaveLength(1);
    expect((await get('nobody/v2.0/.well-known/openid-configuration')).json.error).toBe('invalid_tenant');
  });

  test('instance discovery knows the real hosts and itself, nothing else', async () => {
    const { world } = await identityWorld();
    await using _ = world;
    const ask = (authority: string) =>
      world.run(() =>
        world.ask(
          'GET',
          `${LOGIN}/common/discovery/instance?api-version=1.1&authorization_endpoint=${encodeURIComponent(authority)}`,
        ),
      );
    const known = (await ask(`https://login.windows.net/${TENANT}/oauth2/v2.0/authorize`)).json;
    expect(known.tenant_discovery_endpoint).toBe(`${LOGIN}/${TENANT}/v2.0/.well-known/openid-configuration`);
    expect((await ask('https://evil.example/x')).json.error).toBe('invalid_instance');
  });
});

test('faults: an "expired" token is refused by the services though the client believes in it', async () => {
  const { world, identity } = await identityWorld();
  await using _ = world;
  const now = world.tier.clock.wall();
  const arm = (answer: string) =>
    world.context.faults.arm({
      id: answer,
      at: 'identity.token',
      from: now,
      until: now + HOUR,
      times: 1,
      answer,
    });
  arm('expired');
  const { json } = await token(world, SECRET_FORM);
  expect(json.expires_in).toBe(3599);
  expect(identity.verifyToken(json.access_token, ARM)).toBe('ExpiredAuthenticationToken');
  arm('503');
  expect(await token(world, SECRET_FORM)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
});

test('a token is refused when a bit of it changed, and for a service it was not made for', async () => {
  const { world, identity } = await identityWorld();
  await using _ = world;
  const { access_token } = (await token(world, SECRET_FORM)).json;
  const [head = '', claims = '', signature = ''] = access_token.split('.');
  const forged = Buffer.from(
    JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), oid: 'x' }),
  ).toString('base64url');
  expect(identity.verifyToken(`${head}.${forged}.${signature}`, ARM)).toBe('InvalidAuthenticationToken');
  expect(identity.verifyToken(access_token, ['https://vault.azure.net'])).toBe(
    'InvalidAuthenticationTokenAudience',
  );
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  expect(identity.verifyToken(`${none}.${claims}.`, ARM)).toBe('InvalidAuthenticationToken');
});
