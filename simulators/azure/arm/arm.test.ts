import { describe, expect, test } from 'vitest';
import { HOUR, SECOND } from '#core/units.ts';
import {
  type ArmWorld,
  armWorld,
  GROUP,
  READER,
  STRANGER,
  SUBSCRIPTION,
  TENANT,
} from '../testing/arm-world.ts';
import { resourceNotFound, unknownAction } from './faults.ts';
import { ArmError, type ArmProvider, type ArmRequest } from './provider.ts';

const V = '2020-01-01';

/** Thermometers: they can be made, read, listed and heated, which takes a minute, or half of that in the older style. */
function toyProvider(): ArmProvider {
  const made = new Map<string, Record<string, unknown>>();
  const idOf = (r: ArmRequest) =>
    `/subscriptions/${r.subscriptionId}/resourceGroups/${r.resourceGroup}/providers/Toy.Things/thermometers/${r.name}`;
  return {
    namespace: 'Toy.Things',
    types: {
      thermometers: {
        apiVersions: [V, '2019-01-01'],
        handle(request) {
          const { method, name, segments } = request;
          if (name === '') return { list: { count: made.size, item: (i) => [...made.values()][i] } };
          const found = made.get(name);
          if (method === 'PUT') {
            const id = idOf(request);
            made.set(name, {
              id,
              name,
              type: 'Toy.Things/thermometers',
              location: 'westeurope',
              tags: { kind: 'toy' },
            });
            return { status: found ? 200 : 201, body: made.get(name) };
          }
          if (!found) throw resourceNotFound(request, 'Toy.Things');
          if (method === 'GET') return { status: 200, body: found };
          if (method === 'DELETE') {
            made.delete(name);
            return { status: 200 };
          }
          if (segments[0] === 'heat')
            return {
              operation: { takesMs: 60 * SECOND, status: 202, location: true, run: () => ({ degrees: 40 }) },
            };
          if (segments[0] === 'heatOldStyle')
            return {
              operation: {
                takesMs: 30 * SECOND,
                status: 202,
                asyncOperation: false,
                run: () => ({ degrees: 40 }),
              },
            };
          if (segments[0] === 'break')
            return {
              operation: {
                takesMs: SECOND,
                status: 202,
                run: () => {
                  throw new ArmError(409, 'TooHot', 'It melted.');
                },
              },
            };
          throw unknownAction(method, segments.join('/'));
        },
      },
    },
  };
}

async function inWorld(
  script: (arm: ArmWorld) => Promise<void>,
  limits?: { reads: number; writes: number; deletes: number },
) {
  await using arm = await armWorld([toyProvider()], limits ? { limits } : {});
  await arm.world.run(() => script(arm));
}

const THING = `${GROUP}/providers/Toy.Things/thermometers/t1`;

describe('who may ask', () => {
  test('nobody without a token, with a broken one, or with one for another service', () =>
    inWorld(async ({ world, ask, token }) => {
      const missing = await world.ask('GET', `https://management.azure.com${THING}?api-version=${V}`);
      expect(missing).toMatchObject({ status: 401, json: { error: { code: 'AuthenticationFailed' } } });
      expect(missing.headers['www-authenticate']).toContain(
        `authorization_uri="https://login.microsoftonline.com/${TENANT}"`,
      );
      expect(await ask('GET', THING, V, { token: 'nonsense' })).toMatchObject({
        status: 401,
        json: { error: { code: 'InvalidAuthenticationToken' } },
      });
      const vault = await token(READER, 'https://vault.azure.net');
      expect(await ask('GET', THING, V, { token: vault })).toMatchObject({
        status: 401,
        json: { error: { code: 'InvalidAuthenticationTokenAudience' } },
      });
    }));

  test('a reader reads and does not write, a stranger does neither', () =>
    inWorld(async ({ ask, token }) => {
      await ask('PUT', THING, V, { body: {} });
      const reader = await token(READER);
      expect((await ask('GET', THING, V, { token: reader })).status).toBe(200);
      const write = await ask('PUT', THING, V, { token: reader, body: {} });
      expect(write).toMatchObject({ status: 403, json: { error: { code: 'AuthorizationFailed' } } });
      expect(write.json.error.message).toContain('Toy.Things/thermometers/write');
      const stranger = await token(STRANGER);
      expect((await ask('GET', THING, V, { token: stranger })).status).toBe(403);
      expect((await ask('GET', '/subscriptions', '2022-12-01', { token: stranger })).json.value).toEqual([]);
      expect(
        (await ask('GET', `/subscriptions/${SUBSCRIPTION}`, '2022-12-01', { token: stranger })).status,
      ).toBe(403);
    }));
});

describe('api-versions', () => {
  test.each([
    ['none', THING, undefined, 400, 'MissingApiVersionParameter'],
    ['a bad one on a type of ARM', '/subscriptions', '1999-01-01', 400, 'InvalidApiVersionParameter'],
    ['a bad one on a provider', THING, '1999-01-01', 400, 'NoRegisteredProviderFound'],
    ['an unknown type', `${GROUP}/providers/Toy.Things/barometers/b`, V, 400, 'InvalidResourceType'],
    ['an unknown provider', `${GROUP}/providers/Nobody.Here/things/b`, V, 404, 'InvalidResourceNamespace'],
  ])('%s', (_what, path, version, status, code) =>
    inWorld(async ({ ask }) => {
      const answer = await ask('GET', path, version);
      expect(answer).toMatchObject({ status, json: { error: { code } } });
      if (code === 'NoRegisteredProviderFound')
        expect(answer.json.error.message).toContain("'2020-01-01, 2019-01-01'");
    }));
});

describe('where things are', () => {
  test.each([
    ['subscription', THING.replace(SUBSCRIPTION, TENANT), 'SubscriptionNotFound'],
    ['group', THING.replace('/rg/', '/none/'), 'ResourceGroupNotFound'],
    ['resource', THING, 'ResourceNotFound'],
  ])('a missing %s is named', (_what, path, code) =>
    inWorld(async ({ ask }) => {
      expect(await ask('GET', path, V)).toMatchObject({ status: 404, json: { error: { code } } });
    }));

  test('names of types, groups and providers compare without case', () =>
    inWorld(async ({ ask }) => {
      await ask('PUT', THING, V, { body: {} });
      const odd = THING.replace('resourceGroups/rg', 'RESOURCEGROUPS/RG').replace(
        'Toy.Things/thermometers',
        'toy.THINGS/ThermoMeters',
      );
      expect((await ask('GET', odd, V)).json.id).toBe(THING);
    }));

  test.each(['..', 'a%2fb', 'a%00b', '%zz', 'x'.repeat(261)])('a name like %j is refused', (name) =>
    inWorld(async ({ ask }) => {
      const answer = await ask('GET', `${GROUP}/providers/Toy.Things/thermometers/${name}`, V);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    }));

  test('an unregistered provider is refused until it is registered', () =>
    inWorld(async ({ ask }) => {
      const provider = `/subscriptions/${SUBSCRIPTION}/providers/Toy.Things`;
      await ask('POST', `${provider}/unregister`, '2021-04-01');
      expect(await ask('GET', THING, V)).toMatchObject({
        status: 409,
        json: { error: { code: 'MissingSubscriptionRegistration' } },
      });
      expect((await ask('POST', `${provider}/register`, '2021-04-01')).json.registrationState).toBe(
        'Registered',
      );
      expect((await ask('PUT', THING, V, { body: {} })).status).toBe(201);
    }));
});

describe('resource groups', () => {
  test('are listed to whoever has a role in the subscription or in the group, and to nobody else', () =>
    inWorld(async ({ ask, token }) => {
      const all = `/subscriptions/${SUBSCRIPTION}/resourceGroups`;
      await ask('PUT', `${all}/two`, '2021-04-01', { body: { location: 'westeurope' } });
      const names = async (as?: typeof READER) => {
        const { json } = await ask('GET', all, '2021-04-01', { token: await token(as) });
        return json.value.map((group: { name: string }) => group.name);
      };
      expect(await names()).toEqual(['rg', 'two']);
      expect(await names(READER)).toEqual(['rg']);
      expect(await names(STRANGER)).toEqual([]);
    }));

  test('are made, changed, listed, and deleted with what is in them, polled by Location', () =>
    inWorld(async ({ ask, finish }) => {
      const path = `/subscriptions/${SUBSCRIPTION}/resourceGroups/two`;
      const version = '2021-04-01';
      expect(
        (await ask('PUT', path, version, { body: { location: 'West Europe', tags: { a: 'b' } } })).status,
      ).toBe(201);
      expect((await ask('PUT', path, version, { body: { location: 'westeurope' } })).status).toBe(200);
      expect((await ask('PUT', path, version, { body: { location: 'northeurope' } })).json.error.code).toBe(
        'InvalidResourceGroupLocation',
      );
      expect(
        (await ask('PUT', `${path}x`, version, { body: { location: 'atlantis' } })).json.error.code,
      ).toBe('LocationNotAvailableForResourceType');
      expect((await ask('HEAD', path, version)).status).toBe(204);
      await ask('PUT', THING.replace('/rg/', '/two/'), V, { body: {} });
      const all = await ask(
        'GET',
        `/subscriptions/${SUBSCRIPTION}/resources?$filter=resourceType eq 'Toy.Things/thermometers'`,
        version,
      );
      expect(all.json.value).toHaveLength(1);
      const started = await ask('DELETE', path, version);
      expect(started.status).toBe(202);
      expect(started.headers['azure-asyncoperation']).toBeUndefined();
      expect((await ask('PUT', THING.replace('/rg/', '/two/'), V, { body: {} })).json.error.code).toBe(
        'ResourceGroupBeingDeleted',
      );
      expect((await finish(started)).status).toBe(200);
      expect((await ask('HEAD', path, version)).status).toBe(404);
      expect((await ask('GET', `/subscriptions/${SUBSCRIPTION}/resources`, version)).json.value).toEqual([]);
    }));
});

describe('long-running operations', () => {
  test('are polled by status or by Location, and end when the story says', () =>
    inWorld(async ({ world, ask, finish }) => {
      await ask('PUT', THING, V, { body: {} });
      const startedAt = world.tier.clock.wall();
      const started = await ask('POST', `${THING}/heat`, V);
      expect(started.status).toBe(202);
      expect(started.headers['retry-after']).toBe('15');
      const status = await ask('GET', String(started.headers['azure-asyncoperation']));
      expect(status.json).toMatchObject({ status: 'InProgress' });
      expect((await ask('GET', String(started.headers.location))).status).toBe(202);
      const ended = await finish(started);
      expect(ended.json).toMatchObject({
        status: 'Succeeded',
        percentComplete: 100,
        properties: { output: { degrees: 40 } },
      });
      expect(Date.parse(ended.json.endTime) - startedAt).toBe(60 * SECOND);
      expect(await ask('GET', String(started.headers.location))).toMatchObject({
        status: 200,
        json: { degrees: 40 },
      });
    }));

  test('the older style has a Location only, the result is its body', () =>
    inWorld(async ({ ask, finish }) => {
      await ask('PUT', THING, V, { body: {} });
      const started = await ask('POST', `${THING}/heatOldStyle`, V);
      expect(started.headers['azure-asyncoperation']).toBeUndefined();
      expect(await finish(started)).toMatchObject({ status: 200, json: { degrees: 40 } });
    }));

  test('a failure is told in the status, still with 200', () =>
    inWorld(async ({ ask, finish }) => {
      await ask('PUT', THING, V, { body: {} });
      const ended = await finish(await ask('POST', `${THING}/break`, V));
      expect(ended).toMatchObject({
        status: 200,
        json: { status: 'Failed', error: { code: 'TooHot', message: 'It melted.' } },
      });
    }));
});

describe('lists', () => {
  test('come in pages that nextLink joins, also when the client asks for few', () =>
    inWorld(async ({ ask }) => {
      for (let i = 0; i < 25; i++)
        await ask('PUT', `${GROUP}/providers/Toy.Things/thermometers/t${i}`, V, { body: {} });
      const names: string[] = [];
      let url: string | undefined = `${GROUP}/providers/Toy.Things/thermometers?$top=10`;
      let pages = 0;
      for (; url !== undefined; pages++) {
        const page = await ask('GET', url, url.includes('api-version') ? undefined : V);
        names.push(...page.json.value.map((item: { name: string }) => item.name));
        url = page.json.nextLink;
        if (url)
          expect(url).toMatch(/^https:\/\/management\.azure\.com\/.*api-version=2020-01-01.*skiptoken/);
      }
      expect(pages).toBe(3);
      expect(new Set(names).size).toBe(25);
      expect((await ask('GET', `${GROUP}/providers/Toy.Things/thermometers?$skiptoken=zzz`, V)).status).toBe(
        400,
      );
    }));
});

describe('limits and faults', () => {
  test('the remaining requests are told, then 429 with the seconds to wait, and the hour frees them', () =>
    inWorld(
      async ({ world, ask }) => {
        await ask('PUT', THING, V, { body: {} });
        expect(
          (await ask('PUT', THING, V, { body: {} })).headers['x-ms-ratelimit-remaining-subscription-writes'],
        ).toBe('0');
        const refused = await ask('PUT', THING, V, { body: {} });
        expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '3600' } });
        await new Promise<void>((done) =>
          world.tier.clock.schedule(world.tier.clock.wall() + HOUR, 'hour', done),
        );
        expect((await ask('PUT', THING, V, { body: {} })).status).toBe(200);
      },
      { reads: 100, writes: 2, deletes: 1 },
    ));

  test('a fault acts on the requests it names, with its Retry-After', () =>
    inWorld(async ({ world, ask }) => {
      const now = world.tier.clock.wall();
      world.context.faults.arm({
        id: 'busy',
        at: 'azure.arm',
        from: now,
        until: now + HOUR,
        times: 1,
        answer: '503',
        subject: 'PUT Toy.Things',
        retryAfterSeconds: 7,
      });
      expect((await ask('GET', '/subscriptions', '2022-12-01')).status).toBe(200);
      expect(await ask('PUT', THING, V, { body: {} })).toMatchObject({
        status: 503,
        headers: { 'retry-after': '7' },
      });
      expect((await ask('PUT', THING, V, { body: {} })).status).toBe(201);
    }));

  test('a body that is not JSON, too deep or too large is refused, and no bug is counted', () =>
    inWorld(async ({ world, ask }) => {
      const put = (body: string) =>
        ask('PUT', THING, V, { body, headers: { 'content-type': 'application/json' } });
      expect((await put('{')).json.error.code).toBe('InvalidRequestContent');
      expect((await put('['.repeat(100) + ']'.repeat(100))).json.error.code).toBe('InvalidRequestContent');
      expect((await put(`"${'x'.repeat(5_000_000)}"`)).status).toBe(413);
      expect(world.context.counters.toJSON()['bugs.azure']).toBeUndefined();
    }));
});

test('identifiers of every answer, and the echo of the client where it is asked for', () =>
  inWorld(async ({ ask }) => {
    const { headers } = await ask('GET', '/subscriptions', '2022-12-01', {
      headers: {
        'x-ms-client-request-id': 'abc-1',
        'x-ms-return-client-request-id': 'true',
        'x-ms-correlation-request-id': 'corr-1',
      },
    });
    expect(headers).toMatchObject({
      'x-ms-client-request-id': 'abc-1',
      'x-ms-correlation-request-id': 'corr-1',
    });
    expect(headers['x-ms-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers['x-ms-routing-request-id']).toMatch(/^WESTEUROPE:\d{8}T\d{6}Z:[0-9a-f-]{36}$/);
  }));
