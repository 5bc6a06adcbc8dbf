import { describe, expect, test } from 'vitest';
import { GROUP } from '../testing/arm-world.ts';
import {
  CONTAINER,
  FABRIC,
  fabricBody,
  ITEM,
  inReplication,
  POLICY,
  policyBody,
  spelt,
  V,
  VAULT,
  vaultBody,
} from '../testing/replication-world.ts';

describe('a vault and what is set up in it', () => {
  test('a vault is there at once; the rest is made by operations that are polled below the vault', () =>
    inReplication(async ({ ask, finish }) => {
      const vault = await ask('PUT', VAULT, '2024-04-01', { body: vaultBody });
      expect(vault).toMatchObject({
        status: 201,
        json: { id: VAULT, location: 'westeurope', properties: { provisioningState: 'Succeeded' } },
      });
      const started = await ask('PUT', FABRIC, V, { body: fabricBody });
      expect(started.status).toBe(202);
      expect(started.headers['azure-asyncoperation']).toContain('/vaults/vault/replicationOperationStatus/');
      expect(started.headers['retry-after']).toBe('30');
      expect((await ask('GET', FABRIC, V)).status).toBe(404);
      expect(await finish(started)).toMatchObject({ status: 200, json: { status: 'Succeeded' } });
      await finish(await ask('PUT', CONTAINER, V, { body: { properties: {} } }));
      await finish(await ask('PUT', POLICY, V, { body: policyBody }));
      expect((await ask('GET', FABRIC, V)).json).toMatchObject({
        id: spelt(FABRIC),
        type: 'Microsoft.RecoveryServices/vaults/replicationFabrics',
        properties: { friendlyName: 'fabric', customDetails: { instanceType: 'VMwareV2' } },
      });
      expect((await ask('GET', POLICY, V)).json.properties.providerSpecificDetails).toMatchObject({
        instanceType: 'VMwareCbt',
        recoveryPointHistoryInMinutes: 1440,
      });
      const names = async (path: string, version = V) =>
        (await ask('GET', path, version)).json.value.map(({ name }: { name: string }) => name);
      expect(await names(`${VAULT}/replicationFabrics`)).toEqual(['fabric']);
      expect(await names(`${FABRIC}/replicationProtectionContainers`)).toEqual(['container']);
      expect(await names(`${VAULT}/replicationPolicies`)).toEqual(['policy']);
      expect(await names(`${GROUP}/providers/Microsoft.RecoveryServices/vaults`, '2024-04-01')).toEqual([
        'vault',
      ]);
    }));

  test('bodies that are not understood are refused, and nothing is made', () =>
    inReplication(async ({ ask, prepare, store }) => {
      const refusals: ReadonlyArray<[what: string, path: string, body: object, code: string]> = [
        ['a fabric without a vault', FABRIC, fabricBody, 'ParentResourceNotFound'],
        ['a vault without a location', VAULT, { properties: {} }, 'InvalidRequestContent'],
        ['a vault nowhere', VAULT, { location: 'atlantis' }, 'LocationNotAvailableForResourceType'],
        ['a vault with an unknown property', VAULT, { ...vaultBody, surprise: 1 }, 'InvalidRequestContent'],
      ];
      for (const [what, path, body, code] of refusals) {
        const { json } = await ask('PUT', path, path === VAULT ? '2024-04-01' : V, { body });
        expect(json.error.code, what).toBe(code);
      }
      expect(store.items()).toEqual([]);
      prepare();
      const inVault: ReadonlyArray<[what: string, path: string, properties: object]> = [
        ['an agent-based fabric without a site', FABRIC, { customDetails: { instanceType: 'InMageRcm' } }],
        [
          'a fabric of a site that is none',
          FABRIC,
          { customDetails: { instanceType: 'VMwareV2', vmwareSiteId: VAULT } },
        ],
        ['a policy of the years before', POLICY, { providerSpecificInput: { instanceType: 'InMage' } }],
        [
          'a policy that forgets application-consistent points before the next one',
          POLICY,
          {
            providerSpecificInput: {
              instanceType: 'VMwareCbt',
              recoveryPointHistoryInMinutes: 60,
              appConsistentFrequencyInMinutes: 240,
            },
          },
        ],
        ['a container with an unknown property', CONTAINER, { surprise: 1 }],
      ];
      for (const [what, path, properties] of inVault) {
        const { status, json } = await ask('PUT', path, V, { body: { properties } });
        expect([status, json.error.code], what).toEqual([400, 'InvalidRequestContent']);
      }
    }));

  test('what holds or is used by something else cannot be deleted, and all goes in the right order', () =>
    inReplication(async (world) => {
      const { ask, finish, plane, replicating } = world;
      const item = await replicating();
      for (const path of [POLICY, CONTAINER, FABRIC])
        expect(await ask('DELETE', path, V)).toMatchObject({
          status: 409,
          json: { error: { code: 'CannotDeleteResource' } },
        });
      expect((await ask('DELETE', VAULT, '2024-04-01')).status).toBe(409);
      await ask('DELETE', ITEM, V);
      await plane('PUT', `/items/${item.itemId}/progress`, {
        phase: 'stopped',
        percent: 0,
        bytesSent: 0,
        health: [],
      });
      for (const path of [POLICY, CONTAINER, FABRIC]) {
        const deleting = await ask('DELETE', path, V);
        expect(deleting.status).toBe(202);
        expect((await finish(deleting)).json.status).toBe('Succeeded');
      }
      expect((await ask('DELETE', VAULT, '2024-04-01')).status).toBe(200);
      expect((await ask('DELETE', VAULT, '2024-04-01')).status).toBe(204);
      expect((await plane('GET', '/work?appliance=appliance-1')).json.error.code).toBe('VaultNotFound');
    }));

  test('a vault that exists is not moved', () =>
    inReplication(async ({ ask, prepare }) => {
      prepare();
      expect((await ask('PUT', VAULT, '2024-04-01', { body: vaultBody })).status).toBe(200);
      const moved = await ask('PUT', VAULT, '2024-04-01', {
        body: { ...vaultBody, location: 'northeurope' },
      });
      expect(moved).toMatchObject({ status: 409, json: { error: { code: 'InvalidResourceLocation' } } });
    }));

  test('what is not offered is refused', () =>
    inReplication(async ({ ask, replicating }) => {
      await replicating();
      const requests: ReadonlyArray<[what: string, method: string, path: string, status: number]> = [
        ['an action that there is not', 'POST', `${ITEM}/failover`, 404],
        ['filters', 'GET', `${CONTAINER}/replicationMigrationItems?$filter=x`, 400],
        ['an item through the list of the vault', 'GET', `${VAULT}/replicationMigrationItems/web-1`, 404],
        ['recovery plans', 'GET', `${VAULT}/replicationRecoveryPlans`, 400],
        ['a list by PUT', 'PUT', `${VAULT}/replicationFabrics`, 405],
      ];
      for (const [what, method, path, status] of requests)
        expect((await ask(method, path, V, method === 'GET' ? {} : { body: {} })).status, what).toBe(status);
    }));
});
