import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MINUTE } from '#core/units.ts';
import { PUBLIC_CLOUD } from '../cloud.ts';
import { type Answer, type TestWorld, testWorld } from '../testing/test-world.ts';
import { WELL_KNOWN_APPLICATIONS } from './directory.ts';
import { createIdentity } from './service.ts';

const TENANT = '11111111-2222-4333-8444-555555555555';
const LOGIN = 'https://login.microsoftonline.com';
const CLI = WELL_KNOWN_APPLICATIONS[0]!.clientId;
const BACK = 'http://localhost:8400/';
const VERIFIER = 'a verifier that only the program knows, long enough';
const ADA = { username: 'ada@contoso.com', password: 'analytical' };

async function inWorld(script: (world: TestWorld) => Promise<void>): Promise<void> {
  await using world = await testWorld();
  const person = {
    objectId: 'cccccccc-0000-4000-8000-000000000001',
    userPrincipalName: ADA.username,
    name: 'Ada',
  };
  const identity = createIdentity({
    context: world.context,
    cloud: PUBLIC_CLOUD,
    tenantId: TENANT,
    applications: [],
    people: [{ ...person, password: ADA.password }],
  });
  await world.serve(PUBLIC_CLOUD.loginHosts, identity.handler);
  await world.run(() => script(world));
}

const REQUEST = {
  client_id: CLI,
  response_type: 'code',
  redirect_uri: BACK,
  scope: 'https://management.azure.com/.default offline_access openid',
  state: 'x<y',
  code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
  code_challenge_method: 'S256',
};

const post = (world: TestWorld, path: string, form: Record<string, string>): Promise<Answer> =>
  world.ask('POST', `${LOGIN}/${path}`, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
const authorize = (world: TestWorld, more: Record<string, string>) =>
  post(world, `${TENANT}/oauth2/v2.0/authorize`, { ...REQUEST, ...more });
const redeem = (world: TestWorld, code: string, more: Record<string, string> = {}) =>
  post(world, `${TENANT}/oauth2/v2.0/token`, {
    grant_type: 'authorization_code',
    client_id: CLI,
    code,
    redirect_uri: BACK,
    code_verifier: VERIFIER,
    ...more,
  });
const codeOf = ({ headers }: Answer): string =>
  new URL(String(headers['location'])).searchParams.get('code') ?? '';

describe('signing in by a page', () => {
  test('a name and a password give a code, once a token, and then never again', () =>
    inWorld(async (world) => {
      const page = await world.ask(
        'GET',
        `${LOGIN}/${TENANT}/oauth2/v2.0/authorize?${new URLSearchParams(REQUEST)}`,
      );
      expect(page.status).toBe(200);
      expect(page.body.toString()).toContain('value="x&#60;y"');
      const sent = await authorize(world, ADA);
      expect([sent.status, String(sent.headers['location'])]).toEqual([
        302,
        expect.stringContaining('state=x'),
      ]);
      const first = await redeem(world, codeOf(sent));
      expect(first.json).toMatchObject({
        token_type: 'Bearer',
        refresh_token: expect.stringMatching(/^0\./),
      });
      expect((await redeem(world, codeOf(sent))).json.error_codes).toEqual([54005]);
    }));

  test('another verifier, another address or ten minutes later: no token', () =>
    inWorld(async (world) => {
      const code = async () => codeOf(await authorize(world, ADA));
      expect((await redeem(world, await code(), { code_verifier: 'guessed' })).json.error_codes).toEqual([
        501481,
      ]);
      expect(
        (await redeem(world, await code(), { redirect_uri: 'http://localhost:1/' })).json.error_codes,
      ).toEqual([50011]);
      const late = await code();
      const { clock } = world.tier;
      await new Promise<void>((done) => void clock.schedule(clock.wall() + 10 * MINUTE, 'test.wait', done));
      expect((await redeem(world, late)).json.error_codes).toEqual([70008]);
    }));

  test('a wrong password stays on the page; declining and foreign addresses give no code', () =>
    inWorld(async (world) => {
      const wrong = await authorize(world, { ...ADA, password: 'guess' });
      expect([wrong.status, wrong.body.toString().includes('invalid username or password')]).toEqual([
        200,
        true,
      ]);
      const declined = await authorize(world, { ...ADA, decline: '1' });
      expect(String(declined.headers['location'])).toContain('error=access_denied');
      const foreign = await authorize(world, { ...ADA, redirect_uri: 'https://evil.example/' });
      expect([foreign.status, foreign.json.error_codes]).toEqual([400, [50011]]);
    }));
});

test('a device is signed in by typing its code', () =>
  inWorld(async (world) => {
    const form = { client_id: CLI, scope: 'https://management.azure.com/.default' };
    const { json } = await post(world, `${TENANT}/oauth2/v2.0/devicecode`, form);
    const poll = () =>
      post(world, `${TENANT}/oauth2/v2.0/token`, {
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        client_id: CLI,
        device_code: json.device_code,
      });
    expect((await poll()).json.error_codes).toEqual([70016]);
    const typed = await post(world, 'common/oauth2/deviceauth', {
      ...ADA,
      user_code: json.user_code.toLowerCase(),
    });
    expect(typed.body.toString()).toContain('You have signed in on your device.');
    expect((await poll()).json.access_token).toMatch(/^eyJ/);
  }));
