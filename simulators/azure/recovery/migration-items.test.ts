import { describe, expect, test } from 'vitest';
import { MINUTE } from '#core/units.ts';
import {
  detailsOf,
  ITEM,
  inReplication,
  migrateBody,
  resumeBody,
  someContent,
  spelt,
  stateOf,
  V,
} from '../testing/replication-world.ts';

const pauseBody = { properties: { instanceType: 'VMwareCbt' } };

const resyncBody = {
  properties: { providerSpecificDetails: { instanceType: 'VMwareCbt', skipCbtReset: 'true' } },
};

describe('steering', () => {
  test('an operation that the state does not allow is refused with the state and what it allows', () =>
    inReplication(async ({ ask, replicating }) => {
      await replicating();
      const refused = await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('true') });
      expect(refused).toMatchObject({
        status: 409,
        json: { error: { code: 'OperationNotAllowedInState' } },
      });
      expect(refused.json.error.message).toContain('InitialSeedingInProgress');
      expect(refused.json.error.message).toContain('DisableMigration');
      for (const [action, body] of [
        ['pauseReplication', pauseBody],
        ['resumeReplication', resumeBody],
        ['resync', resyncBody],
      ] as const)
        expect((await ask('POST', `${ITEM}/${action}`, V, { body })).status).toBe(409);
      expect((await ask('POST', `${ITEM}/migrate`, V, { body: {} })).status).toBe(400);
      expect((await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('yes') })).status).toBe(400);
    }));

  test('a machine without a running cycle pauses at once, is not worked on, and is resumed with a delta', () =>
    inReplication(async (world) => {
      const { ask, plane, cycle, replicating } = world;
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'Replicating',
        allowedOperations: ['DisableMigration', 'TestMigrate', 'Migrate', 'PauseReplication'],
      });
      expect((await ask('POST', `${ITEM}/pauseReplication`, V, { body: pauseBody })).status).toBe(202);
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'ProtectionSuspended',
        allowedOperations: ['DisableMigration', 'ResumeReplication'],
      });
      expect((await plane('GET', '/work?appliance=appliance-1')).json.items).toEqual([]);
      const refused = await cycle(item, { id: 'c2', kind: 'delta', disks: someContent() });
      expect(refused).toMatchObject({ status: 409, json: { error: { code: 'OperationNotAllowedInState' } } });
      await ask('POST', `${ITEM}/resumeReplication`, V, { body: resumeBody });
      expect(await stateOf(world)).toBe('ResumeInitiated');
      expect((await ask('POST', `${ITEM}/resumeReplication`, V, { body: resumeBody })).status).toBe(202);
      await cycle(item, { id: 'c3', kind: 'delta', disks: someContent(2) });
      expect(await stateOf(world)).toBe('Replicating');
    }));

  test('a pause waits for the cycle that is under way', () =>
    inReplication(async (world) => {
      const { ask, wait, send, cycle, replicating } = world;
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      await send(item, { id: 'c2', kind: 'delta', disks: someContent(2) });
      await ask('POST', `${ITEM}/pauseReplication`, V, { body: pauseBody });
      expect(await stateOf(world)).toBe('SuspendingProtection');
      expect((await ask('POST', `${ITEM}/pauseReplication`, V, { body: pauseBody })).status).toBe(202);
      await wait(3000);
      expect(await stateOf(world)).toBe('ProtectionSuspended');
      expect(item.cycles.at(-1)?.state).toBe('Applied');
    }));

  test('a pause gives up a cycle whose appliance has been silent for a quarter of an hour, not before', () =>
    inReplication(async (world) => {
      const { ask, wait, plane, cycle, replicating } = world;
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      await plane('PUT', `/items/${item.itemId}/cycles/c2`, {
        kind: 'delta',
        takenAt: '2026-11-01T00:10:00Z',
        disks: item.disks.map((d) => ({ diskId: d.diskId, capacityInBytes: d.capacityBytes })),
      });
      await ask('POST', `${ITEM}/pauseReplication`, V, { body: pauseBody });
      await wait(14 * MINUTE);
      await plane('GET', `/items/${item.itemId}/cycles/c2`);
      await wait(14 * MINUTE);
      expect(await stateOf(world)).toBe('SuspendingProtection');
      await wait(2 * MINUTE);
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'ProtectionSuspended',
        health: 'Warning',
        healthErrors: [{ errorCode: 'Abandoned' }],
      });
    }));

  test('seeding that failed five times waits for a resync, which begins the count anew', () =>
    inReplication(async (world) => {
      const { ask, plane, cycle, replicating } = world;
      const item = await replicating();
      const broken = (id: string) =>
        cycle(item, { id, kind: 'initial', disks: someContent(), commitDirty: (dirty) => dirty.slice(1) });
      for (const n of [1, 2, 3, 4]) await broken(`c${n}`);
      // an appliance that crashed does not count as a copy that could not be applied
      await plane('PUT', `/items/${item.itemId}/cycles/crashed`, {
        kind: 'initial',
        takenAt: '2026-11-01T00:10:00Z',
        disks: item.disks.map((d) => ({ diskId: d.diskId, capacityInBytes: d.capacityBytes })),
      });
      expect(await stateOf(world)).toBe('InitialSeedingInProgress');
      await broken('c5');
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'InitialSeedingFailed',
        health: 'Critical',
        healthErrors: [{ errorCode: 'BitmapMismatch' }],
        allowedOperations: ['DisableMigration', 'StartResync'],
      });
      expect((await plane('GET', '/work?appliance=appliance-1')).json.items).toEqual([]);
      await ask('POST', `${ITEM}/resync`, V, { body: resyncBody });
      expect((await ask('POST', `${ITEM}/resync`, V, { body: resyncBody })).status).toBe(202);
      await broken('c6');
      expect(await stateOf(world)).toBe('InitialSeedingInProgress');
      await cycle(item, { id: 'c7', kind: 'initial', disks: someContent() });
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'Replicating',
        health: 'Normal',
      });
    }));

  test('recovery points are the cycles that were applied', () =>
    inReplication(async ({ ask, cycle, replicating }) => {
      const item = await replicating();
      const points = `${ITEM}/migrationRecoveryPoints`;
      expect((await ask('GET', points, V)).json.value).toEqual([]);
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      await cycle(item, { id: 'c2', kind: 'delta', disks: someContent(), commitDirty: () => [] });
      await cycle(item, { id: 'c3', kind: 'delta', disks: someContent(3) });
      const { value } = (await ask('GET', points, V)).json;
      expect(value.map(({ name }: { name: string }) => name)).toEqual(['c1', 'c3']);
      expect(value[1]).toMatchObject({
        id: `${spelt(ITEM)}/migrationRecoveryPoints/c3`,
        properties: { recoveryPointType: 'CrashConsistent' },
      });
      expect((await ask('GET', `${points}/C3`, V)).json).toEqual(value[1]);
      expect((await ask('GET', `${points}/c2`, V)).status).toBe(404);
      expect((await ask('PUT', `${points}/c3`, V, { body: {} })).status).toBe(405);
      expect(detailsOf(await ask('GET', ITEM, V))).toMatchObject({
        lastRecoveryPointId: value[1].id,
        lastRecoveryPointReceived: value[1].properties.recoveryPointTime,
      });
    }));
});

describe('stopping', () => {
  const stopped = { phase: 'stopped', percent: 0, bytesSent: 0, health: [] };

  test('ends when the appliance has let go of the source; everything that was stored is gone', () =>
    inReplication(async (world) => {
      const { ask, finish, wait, plane, cycle, store, storage, replicating } = world;
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      const deleting = await ask('DELETE', ITEM, V);
      expect(deleting.status).toBe(202);
      expect((await ask('DELETE', ITEM, V)).status).toBe(202);
      expect(await stateOf(world)).toBe('DisableMigrationInProgress');
      expect((await plane('GET', '/work?appliance=appliance-1')).json.items).toMatchObject([
        { itemId: item.itemId, command: 'stop' },
      ]);
      await wait(MINUTE);
      for (const _ of [1, 2])
        expect((await plane('PUT', `/items/${item.itemId}/progress`, stopped)).status).toBe(200);
      expect((await finish(deleting)).json).toMatchObject({ status: 'Succeeded' });
      expect((await ask('GET', ITEM, V)).status).toBe(404);
      expect((await ask('DELETE', ITEM, V)).status).toBe(204);
      expect((await plane('GET', `/items/${item.itemId}/cycles/c1`)).json.error.code).toBe('ItemNotFound');
      expect(store.items()).toEqual([]);
      expect(storage.usage().liveBytes).toBe(0);
      expect(storage.account('migratelsa1')!.containers.size).toBe(0);
    }));

  test('ends after a quarter of an hour when the appliance says nothing', () =>
    inReplication(async (world) => {
      const { ask, finish, wait, replicating, enable } = world;
      await replicating();
      const deleting = await ask('DELETE', ITEM, V);
      await wait(14 * MINUTE);
      expect(await stateOf(world)).toBe('DisableMigrationInProgress');
      await wait(MINUTE);
      expect((await finish(deleting)).json).toMatchObject({ status: 'Succeeded' });
      expect((await ask('GET', ITEM, V)).status).toBe(404);
      expect((await enable()).status).toBe(202);
    }));

  test.each([
    ['ends while the item is being stopped', 3000],
    ['would end after the item is gone', 0],
  ])('does not mind a cycle that %s', (_what, ms) =>
    inReplication(async (world) => {
      const { ask, wait, plane, send, store, storage, replicating } = world;
      const item = await replicating();
      await send(item, { id: 'c1', kind: 'initial', disks: someContent() });
      await ask('DELETE', ITEM, V);
      await wait(ms);
      await plane('PUT', `/items/${item.itemId}/progress`, stopped);
      await wait(MINUTE);
      expect(store.items()).toEqual([]);
      expect(storage.usage().liveBytes).toBe(0);
    }));

  test('"stopped" of a machine that nobody stops is only progress', () =>
    inReplication(async (world) => {
      const { ask, plane, replicating } = world;
      const item = await replicating();
      await plane('PUT', `/items/${item.itemId}/progress`, stopped);
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'InitialSeedingInProgress',
        replicationStatus: 'stopped',
      });
    }));
});
