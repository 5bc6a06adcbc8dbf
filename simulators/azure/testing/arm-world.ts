/** A test world with identity and ARM in it, and an application that owns the subscription. */
import { Authorization } from '../arm/authorization.ts';
import type { ArmProvider } from '../arm/provider.ts';
import { type ArmOptions, type ArmService, createArm } from '../arm/service.ts';
import { PUBLIC_CLOUD } from '../cloud.ts';
import { createIdentity, type IdentityService } from '../identity/service.ts';
import { type Answer, type AskOptions, type TestWorld, testWorld } from './test-world.ts';

export const TENANT = '11111111-2222-4333-8444-555555555555';
export const SUBSCRIPTION = '99999999-0000-4000-8000-000000000001';
export const OWNER = {
  clientId: 'aaaaaaaa-0000-4000-8000-000000000001',
  objectId: 'bbbbbbbb-0000-4000-8000-000000000001',
  name: 'owner',
  secret: 'owner secret',
};
export const READER = {
  clientId: 'aaaaaaaa-0000-4000-8000-000000000002',
  objectId: 'bbbbbbbb-0000-4000-8000-000000000002',
  name: 'reader',
  secret: 'reader secret',
};
export const STRANGER = {
  clientId: 'aaaaaaaa-0000-4000-8000-000000000003',
  objectId: 'bbbbbbbb-0000-4000-8000-000000000003',
  name: 'stranger',
  secret: 'stranger secret',
};
export const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg`;

export interface ArmWorld extends AsyncDisposable {
  readonly world: TestWorld;
  readonly identity: IdentityService;
  readonly authorization: Authorization;
  readonly arm: ArmService;
  token(application?: { clientId: string; secret: string }, audience?: string): Promise<string>;
  /** A request to ARM as the owner, or with the token given; `api-version` is appended when given. */
  ask(method: string, path: string, version?: string, options?: AskOptions): Promise<Answer>;
  /** Polls a long-running operation to its end, waiting as it asks. @returns the last status body. */
  finish(started: Answer): Promise<Answer>;
}

export async function armWorld(
  providers:
    | readonly ArmProvider[]
    | ((world: TestWorld, authorization: Authorization, identity: IdentityService) => readonly ArmProvider[]),
  options: Partial<ArmOptions> = {},
  seed?: string,
): Promise<ArmWorld> {
  const world = await testWorld('memory', seed);
  const { context } = world;
  const identity = createIdentity({
    context,
    cloud: PUBLIC_CLOUD,
    tenantId: TENANT,
    applications: [OWNER, READER, STRANGER],
  });
  const authorization = new Authorization([
    { principalId: OWNER.objectId, role: 'Owner', scope: `/subscriptions/${SUBSCRIPTION}` },
    { principalId: READER.objectId, role: 'Reader', scope: GROUP },
  ]);
  const arm = createArm({
    context,
    cloud: PUBLIC_CLOUD,
    identity,
    authorization,
    tenantId: TENANT,
    subscriptions: [{ id: SUBSCRIPTION, displayName: 'Rehearsal' }],
    providers: typeof providers === 'function' ? providers(world, authorization, identity) : providers,
    region: 'westeurope',
    ...options,
  });
  await world.serve(PUBLIC_CLOUD.loginHosts, identity.handler);
  await world.serve([PUBLIC_CLOUD.armHost], arm.handler);
  arm.apply('PUT', GROUP, '2021-04-01', { location: 'westeurope' });
  const tokens = new Map<string, string>();
  const token = async (application = OWNER, audience = 'https://management.azure.com') => {
    const key = `${application.clientId} ${audience}`;
    let found = tokens.get(key);
    if (found === undefined || typeof identity.verifyToken(found, [audience]) === 'string') {
      const answer = await world.ask(
        'POST',
        `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`,
        {
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({
            grant_type: 'client_credentials',
            client_id: application.clientId,
            client_secret: application.secret,
            scope: `${audience}/.default`,
          }).toString(),
        },
      );
      found = String(answer.json.access_token);
      tokens.set(key, found);
    }
    return found;
  };
  const ask = async (method: string, path: string, version?: string, options: AskOptions = {}) => {
    const url = path.startsWith('https:') ? path : `https://management.azure.com${path}`;
    const versioned =
      version === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}api-version=${version}`;
    return world.ask(method, versioned, { ...options, token: options.token ?? (await token()) });
  };
  return {
    world,
    identity,
    authorization,
    arm,
    token,
    ask,
    async finish(started) {
      let answer = started;
      const url = started.headers['azure-asyncoperation'] ?? started.headers.location;
      for (let polls = 0; polls < 500; polls++) {
        const seconds = Number(answer.headers['retry-after'] ?? 1);
        const { clock } = world.tier;
        await new Promise<void>((done) => clock.schedule(clock.wall() + seconds * 1000, 'test.poll', done));
        answer = await ask('GET', String(url));
        if (answer.status !== 202 && answer.json?.status !== 'InProgress') return answer;
      }
      throw new Error('the operation never ended');
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}
