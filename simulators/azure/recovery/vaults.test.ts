import { expect, test } from 'vitest';
import { DAY } from '#core/units.ts';
import { GROUP, SUBSCRIPTION } from '../testing/arm-world.ts';
import {
  inReplication,
  POLICY,
  policyBody,
  type ReplicationWorld,
  V,
  VAULT,
  vaultBody,
} from '../testing/replication-world.ts';

const VAULTS = '2026-07-01';
const DELETED = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.RecoveryServices/locations/westeurope/deletedVaults`;
const undeleteBody = { properties: { recoveryResourceGroupId: GROUP } };

const make = ({ ask }: ReplicationWorld, properties: object = {}) =>
  ask('PUT', VAULT, VAULTS, { body: { ...vaultBody, tags: { for: 'test' }, properties } });
const remove = ({ ask }: ReplicationWorld) => ask('DELETE', VAULT, VAULTS);
const deleted = async ({ ask }: ReplicationWorld) => (await ask('GET', DELETED, VAULTS)).json.value;

test('a deleted vault is listed with the day on which it is purged, and comes back with its tags and settings', () =>
  inReplication(async (world) => {
    const { ask, finish } = world;
    await make(world);
    const setting = `${VAULT}/replicationAlertSettings/default`;
    await ask('PUT', setting, V, { body: { properties: { sendToOwners: 'Send' } } });
    expect((await remove(world)).status).toBe(200);
    expect((await ask('GET', VAULT, VAULTS)).status).toBe(404);
    const [one, ...others] = await deleted(world);
    expect(others).toEqual([]);
    const { vaultDeletionTime, purgeAt, vaultId } = one.properties as Record<string, string>;
    expect([vaultId, Date.parse(purgeAt!) - Date.parse(vaultDeletionTime!)]).toEqual([VAULT, 14 * DAY]);
    const again = await ask('POST', `${DELETED}/${one.name}/undelete`, VAULTS, { body: undeleteBody });
    expect([again.status, again.headers['location']]).toEqual([
      202,
      expect.stringContaining(`/deletedVaults/${one.name}/operations/`),
    ]);
    expect((await finish(again)).json.status).toBe('Succeeded');
    expect((await ask('GET', VAULT, VAULTS)).json).toMatchObject({ id: VAULT, tags: { for: 'test' } });
    expect((await ask('GET', setting, V)).json.properties.sendToOwners).toBe('Send');
    expect(await deleted(world)).toEqual([]);
  }));

test('after its days a deleted vault is gone, and nobody can hasten that', () =>
  inReplication(async (world) => {
    await make(world, {
      securitySettings: { softDeleteSettings: { softDeleteRetentionPeriodInDays: 30 } },
    });
    await remove(world);
    const [one] = await deleted(world);
    const path = `${DELETED}/${one.name}`;
    expect((await world.ask('DELETE', path, VAULTS)).status).toBe(405);
    expect((await world.ask('POST', `${path}/purge`, VAULTS)).status).toBe(404);
    await world.wait(29 * DAY);
    expect((await world.ask('GET', path, VAULTS)).status).toBe(200);
    await world.wait(DAY);
    expect((await world.ask('GET', path, VAULTS)).json.error.code).toBe('DeletedVaultNotFound');
  }));

test('a vault that holds something is not deleted, and says what it holds', () =>
  inReplication(async (world) => {
    await make(world);
    await world.finish(await world.ask('PUT', POLICY, V, { body: policyBody }));
    const { status, json } = await remove(world);
    expect([status, json.error.code]).toEqual([409, 'ServiceResourceNotEmptyWithContainerDetails']);
    expect(json.error.message).toContain('policy');
  }));

test('without soft delete nothing is kept; what is always on stays on', () =>
  inReplication(async (world) => {
    const softDelete = (softDeleteState: string) => ({
      securitySettings: { softDeleteSettings: { softDeleteState } },
    });
    await make(world, softDelete('Disabled'));
    await remove(world);
    expect(await deleted(world)).toEqual([]);
    await make(world, softDelete('AlwaysON'));
    const off = await make(world, softDelete('Disabled'));
    expect([off.status, off.json.error.code]).toEqual([400, 'BMSUserErrorSoftDeleteStateChangeNotAllowed']);
    const kept = await world.ask('PATCH', VAULT, VAULTS, { body: { tags: {} } });
    expect(kept.json).toMatchObject({ properties: softDelete('AlwaysON') });
  }));

test('a deleted vault is not put where one is, nor into a group that is none, nor from elsewhere', () =>
  inReplication(async (world) => {
    await make(world);
    await remove(world);
    await make(world);
    const [one] = await deleted(world);
    const path = `${DELETED}/${one.name}`;
    const undelete = async (recoveryResourceGroupId: string, at = path) => {
      const body = { properties: { recoveryResourceGroupId } };
      const { status, json } = await world.ask('POST', `${at}/undelete`, VAULTS, { body });
      return [status, json.error.code];
    };
    expect(await undelete(GROUP)).toEqual([409, 'VaultAlreadyExists']);
    expect(await undelete('rehearsal')).toEqual([400, 'InvalidRequestContent']);
    expect(await undelete(GROUP.replace(SUBSCRIPTION, 'another'))).toEqual([404, 'ParentResourceNotFound']);
    expect(await undelete(GROUP, path.replace('westeurope', 'northeurope'))).toEqual([
      404,
      'DeletedVaultNotFound',
    ]);
  }));
