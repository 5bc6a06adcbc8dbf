/** What hangs on scopes: locks, role assignments, tags; and the activity log that sees it all. */
import { describe, expect, test } from 'vitest';
import { HOUR } from '#core/units.ts';
import {
  type ArmWorld,
  armWorld,
  GROUP,
  OWNER,
  READER,
  STRANGER,
  SUBSCRIPTION,
} from '../testing/arm-world.ts';
import { resourceNotFound } from './faults.ts';
import type { ArmProvider } from './provider.ts';

const V = '2020-01-01';
const LOCKS = '2016-09-01';
const ROLES = '2022-04-01';
const TAGS = '2021-04-01';
const THING = `${GROUP}/providers/Toy.Things/bells/b1`;
const SUB = `/subscriptions/${SUBSCRIPTION}`;

/** Bells can be made, tagged, rung and thrown away. */
function bells(): ArmProvider {
  const made = new Map<string, Record<string, unknown>>();
  return {
    namespace: 'Toy.Things',
    types: {
      bells: {
        apiVersions: [V],
        handle(request) {
          const { method, name, segments, body } = request;
          if (name === '') return { list: { count: made.size, item: (i) => [...made.values()][i] } };
          const found = made.get(name);
          if (method === 'PUT') {
            made.set(name, { id: THING, name, type: 'Toy.Things/bells', tags: {} });
            return { status: found ? 200 : 201, body: made.get(name) };
          }
          if (!found) throw resourceNotFound(request, 'Toy.Things');
          if (method === 'PATCH') Object.assign(found, body);
          if (method === 'DELETE') made.delete(name);
          return { status: 200, body: segments[0] === 'ring' ? { sound: 'dong' } : found };
        },
      },
    },
  };
}

async function inWorld(script: (arm: ArmWorld) => Promise<void>) {
  await using arm = await armWorld([bells()]);
  await arm.world.run(async () => {
    await arm.ask('PUT', THING, V, { body: {} });
    await script(arm);
  });
}

const lockOn = (scope: string, name = 'hold') => `${scope}/providers/Microsoft.Authorization/locks/${name}`;

describe('a lock', () => {
  test('CanNotDelete on a resource keeps it and its group, and lets it change', () =>
    inWorld(async ({ ask }) => {
      const body = { properties: { level: 'CanNotDelete', notes: 'in use' } };
      expect(await ask('PUT', lockOn(THING), LOCKS, { body })).toMatchObject({
        status: 201,
        json: { name: 'hold', type: 'Microsoft.Authorization/locks', properties: { level: 'CanNotDelete' } },
      });
      for (const scope of [THING, GROUP]) {
        const refused = await ask('DELETE', scope, scope === THING ? V : TAGS);
        expect(refused).toMatchObject({ status: 409, json: { error: { code: 'ScopeLocked' } } });
        expect(refused.json.error.message).toContain(THING);
      }
      expect((await ask('PATCH', THING, V, { body: { tags: { a: 'b' } } })).status).toBe(200);
      expect((await ask('DELETE', lockOn(THING), LOCKS)).status).toBe(200);
      expect((await ask('DELETE', lockOn(THING), LOCKS)).status).toBe(204);
      expect((await ask('DELETE', THING, V)).status).toBe(200);
    }));

  test('ReadOnly on a group stops writes and actions below it, and no reads', () =>
    inWorld(async ({ ask }) => {
      await ask('PUT', lockOn(GROUP), LOCKS, { body: { properties: { level: 'ReadOnly' } } });
      const refused = { status: 409, json: { error: { code: 'ScopeLocked' } } };
      expect(await ask('POST', `${THING}/ring`, V)).toMatchObject(refused);
      expect(await ask('PUT', THING, V, { body: {} })).toMatchObject(refused);
      const tags = `${THING}/providers/Microsoft.Resources/tags/default`;
      expect(await ask('PUT', tags, TAGS, { body: { properties: { tags: {} } } })).toMatchObject(refused);
      expect((await ask('GET', THING, V)).status).toBe(200);
      const listed = await ask('GET', `${THING}/providers/Microsoft.Authorization/locks`, LOCKS);
      expect(listed.json.value.map(({ name }) => name)).toEqual(['hold']);
    }));

  test('stands on what exists, at a level that there is', () =>
    inWorld(async ({ ask }) => {
      const body = { properties: { level: 'ReadOnly' } };
      expect(await ask('PUT', lockOn(`${THING}x`), LOCKS, { body })).toMatchObject({ status: 404 });
      expect(await ask('PUT', lockOn(`${GROUP}x`), LOCKS, { body })).toMatchObject({
        status: 404,
        json: { error: { code: 'ResourceGroupNotFound' } },
      });
      const soft = { properties: { level: 'Soft' } };
      expect(await ask('PUT', lockOn(GROUP), LOCKS, { body: soft })).toMatchObject({ status: 400 });
    }));
});

const CONTRIBUTOR = `${SUB}/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c`;
const assignment = (n: number, scope = GROUP) =>
  `${scope}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-00000000000${n}`;

describe('a role assignment', () => {
  test('gives and takes the right from the next request on', () =>
    inWorld(async ({ ask, token }) => {
      const stranger = { token: await token(STRANGER), body: {} };
      expect((await ask('PUT', THING, V, stranger)).status).toBe(403);
      const properties = { roleDefinitionId: CONTRIBUTOR, principalId: STRANGER.objectId };
      expect(await ask('PUT', assignment(1), ROLES, { body: { properties } })).toMatchObject({
        status: 201,
        json: { properties: { ...properties, principalType: 'ServicePrincipal', scope: GROUP } },
      });
      expect((await ask('PUT', THING, V, stranger)).status).toBe(200);
      // a contributor does not grant
      const more = { ...stranger, body: { properties: { ...properties, principalId: READER.objectId } } };
      expect((await ask('PUT', assignment(2), ROLES, more)).status).toBe(403);
      expect((await ask('PUT', assignment(3), ROLES, { body: { properties } })).json.error.code).toBe(
        'RoleAssignmentExists',
      );
      const listed = await ask(
        'GET',
        `${SUB}/providers/Microsoft.Authorization/roleAssignments?$filter=principalId eq '${STRANGER.objectId}'`,
        ROLES,
      );
      expect(listed.json.value).toHaveLength(1);
      expect((await ask('DELETE', assignment(1), ROLES)).status).toBe(200);
      expect((await ask('PUT', THING, V, stranger)).status).toBe(403);
    }));

  test('is for a principal and a role that exist', () =>
    inWorld(async ({ ask }) => {
      const of = (principalId: string, roleDefinitionId: string) =>
        ask('PUT', assignment(1), ROLES, { body: { properties: { principalId, roleDefinitionId } } });
      expect((await of(SUBSCRIPTION, CONTRIBUTOR)).json.error.code).toBe('PrincipalNotFound');
      expect((await of(OWNER.objectId, CONTRIBUTOR.replace('b249', 'b240'))).json.error.code).toBe(
        'RoleDefinitionDoesNotExist',
      );
    }));

  test('definitions are found by name', () =>
    inWorld(async ({ ask }) => {
      const found = await ask(
        'GET',
        `${SUB}/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName eq 'Contributor'`,
        ROLES,
      );
      expect(found.json.value.map(({ id }) => id)).toEqual([CONTRIBUTOR]);
    }));
});

test('tags are replaced, merged and thinned out, at every scope', () =>
  inWorld(async ({ ask }) => {
    for (const scope of [SUB, GROUP, THING]) {
      const at = `${scope}/providers/Microsoft.Resources/tags/default`;
      const patch = (operation: string, tags: object) =>
        ask('PATCH', at, TAGS, { body: { operation, properties: { tags } } });
      await ask('PUT', at, TAGS, { body: { properties: { tags: { Owner: 'me', cost: '7' } } } });
      expect((await patch('Merge', { owner: 'you', wave: '1' })).json.properties['tags']).toEqual({
        Owner: 'you',
        cost: '7',
        wave: '1',
      });
      await patch('Delete', { cost: '7', wave: 'other' });
      expect((await ask('GET', at, TAGS)).json.properties['tags']).toEqual({ Owner: 'you', wave: '1' });
    }
    expect((await ask('GET', THING, V)).json['tags']).toEqual({ Owner: 'you', wave: '1' });
  }));

describe('the activity log', () => {
  const log = (filter: string) =>
    `${SUB}/providers/Microsoft.Insights/eventtypes/management/values?$filter=${encodeURIComponent(filter)}`;

  test('tells changes and refusals, the latest first, and no reads', () =>
    inWorld(async ({ ask, world }) => {
      await ask('GET', THING, V);
      await ask('DELETE', `${THING}x`, V);
      const since = new Date(world.tier.clock.wall() - HOUR).toISOString();
      const { json } = await ask(
        'GET',
        log(`eventTimestamp ge '${since}' and resourceGroupName eq 'rg'`),
        '2015-04-01',
      );
      const told = json.value.map((event) => {
        const { operationName, status, caller } = event as unknown as Record<string, { value: string }>;
        return [operationName!.value, status!.value, caller];
      });
      expect(told).toEqual([
        ['Toy.Things/bells/delete', 'Failed', OWNER.clientId],
        ['Toy.Things/bells/write', 'Succeeded', OWNER.clientId],
      ]);
    }));

  test('wants to be told where to begin', () =>
    inWorld(async ({ ask }) => {
      expect((await ask('GET', log("status eq 'Failed'"), '2015-04-01')).status).toBe(400);
    }));
});

describe('a deployment', () => {
  const at = `${GROUP}/providers/Microsoft.Resources/deployments/d1`;
  const bell = (name: string, more: object = {}) => ({
    type: 'Toy.Things/bells',
    apiVersion: V,
    name,
    properties: {},
    ...more,
  });
  const template = (resources: object[], more: object = {}) => ({
    properties: { mode: 'Incremental', template: { contentVersion: '1.0.0.0', resources, ...more } },
  });

  test('makes what the template says, in the order of what depends on what, and tells outputs', () =>
    inWorld(async ({ ask, finish }) => {
      const body = template(
        [
          bell("[concat(parameters('prefix'), '-2')]", {
            dependsOn: ["[resourceId('Toy.Things/bells', variables('first'))]"],
          }),
          bell("[variables('first')]"),
        ],
        {
          parameters: { prefix: { type: 'string', defaultValue: 'b' }, key: { type: 'secureString' } },
          variables: { first: "[format('{0}-{1}', parameters('prefix'), 1)]" },
          outputs: { where: { type: 'string', value: '[resourceGroup().location]' } },
        },
      );
      const properties = {
        ...body.properties,
        parameters: { prefix: { value: 'x' }, key: { value: 'hush' } },
      };
      const ended = await finish(await ask('PUT', at, TAGS, { body: { properties } }));
      expect(ended.json.status).toBe('Succeeded');
      const shown = await ask('GET', at, TAGS);
      const made = shown.json.properties['outputResources'] as Array<{ id: string }>;
      expect(made.map(({ id }) => id.split('/').at(-1))).toEqual(['x-1', 'x-2']);
      expect(shown.json.properties['outputs']).toEqual({ where: { type: 'string', value: 'westeurope' } });
      expect(JSON.stringify(shown.json)).not.toContain('hush');
      expect((await ask('GET', `${GROUP}/providers/Toy.Things/bells/x-2`, V)).status).toBe(200);
    }));

  test.each([
    ['a circle', [bell('a', { dependsOn: ['b'] }), bell('b', { dependsOn: ['a'] })]],
    ['an unknown type', [{ ...bell('a'), type: 'Toy.Things/gongs' }]],
    ['an unknown function', [bell('[newGuid()]')]],
    ['a broken expression', [bell("[concat('a',)]")]],
  ])('fails at %s, and says why', (_what, resources) =>
    inWorld(async ({ ask, finish }) => {
      const started = await ask('PUT', at, TAGS, { body: template(resources) });
      const ended = await finish(started);
      expect(ended.json).toMatchObject({ status: 'Failed', error: { code: 'DeploymentFailed' } });
      expect((await ask('GET', at, TAGS)).json.properties['provisioningState']).toBe('Failed');
    }));

  test('is refused before it begins when a parameter is missing or not declared', () =>
    inWorld(async ({ ask }) => {
      const body = template([bell('a')], { parameters: { size: { type: 'string' } } });
      const refused = await ask('POST', `${at}/validate`, TAGS, { body });
      expect(refused).toMatchObject({ status: 400, json: { error: { code: 'InvalidTemplate' } } });
      expect(refused.json.error.message).toContain("'size'");
    }));
});
