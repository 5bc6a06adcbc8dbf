import { describe, expect, test } from 'vitest';
import { DAY, MINUTE } from '#core/units.ts';
import { ArmError } from '../arm/provider.ts';
import { CHUNK_BYTES } from '../storage/page-table.ts';
import {
  detailsOf,
  ITEM,
  inReplication,
  migrateBody,
  type ReplicationWorld,
  resumeBody,
  someContent,
  stateOf,
  V,
} from '../testing/replication-world.ts';

describe('migrating', () => {
  const sourceState = (world: ReplicationWorld, itemId: string, poweredOff: boolean) =>
    world.plane('PUT', `/items/${itemId}/source-state`, {
      poweredOff,
      at: new Date(world.world.tier.clock.wall()).toISOString(),
    });

  test('without a shutdown a final cycle completes it, and its disks hold what was read last', () =>
    inReplication(async (world) => {
      const { ask, finish, wait, plane, cycle, disks, replicating } = world;
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      const started = await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('false') });
      expect(started.status).toBe(202);
      const again = await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('true') });
      expect(again.status).toBe(202);
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'MigrationInProgress',
        allowedOperations: [],
        currentJob: { jobName: 'Migrate' },
      });
      const [work] = (await plane('GET', '/work?appliance=appliance-1')).json.items;
      expect(work).toMatchObject({ command: 'cutover', performShutdown: false });
      await wait(MINUTE);
      const last = someContent(5);
      await cycle(item, { id: 'c2', kind: 'final', disks: last });
      for (const operation of [started, again])
        expect((await finish(operation)).json).toMatchObject({ status: 'Succeeded' });
      const shown = await ask('GET', ITEM, V);
      expect(shown.json.properties).toMatchObject({
        migrationState: 'MigrationSucceeded',
        lastMigrationStatus: 'Succeeded',
        allowedOperations: ['DisableMigration', 'ResumeReplication'],
      });
      const ids: string[] = detailsOf(shown).protectedDisks.map(
        (protectedDisk: { targetManagedDiskId: string }) => protectedDisk.targetManagedDiskId,
      );
      expect(ids.map((id) => id.split('/').at(-1))).toEqual(['web-1-OSdisk-00', 'web-1-datadisk-1-00']);
      for (const [i, id] of ids.entries()) {
        const { space } = disks.find(id)!;
        expect(space.read(0, space.sizeBytes).equals(last[i]!.image)).toBe(true);
        expect((await ask('GET', id, '2023-04-02')).status).toBe(200);
      }
      expect((await plane('GET', '/work?appliance=appliance-1')).json.items).toEqual([]);
    }));

  test.each(['before', 'after'])('with a shutdown the source must be off; told %s the final cycle', (when) =>
    inReplication(async (world) => {
      const { ask, cycle, replicating } = world;
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      await sourceState(world, item.itemId, true); // of an earlier day: does not count
      await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('true') });
      if (when === 'before') {
        await sourceState(world, item.itemId, true);
        await sourceState(world, item.itemId, false);
        expect(await stateOf(world)).toBe('MigrationInProgress');
        await sourceState(world, item.itemId, true);
      }
      await cycle(item, { id: 'c2', kind: 'final', disks: someContent(2) });
      if (when === 'after') {
        expect(await stateOf(world)).toBe('MigrationInProgress');
        await sourceState(world, item.itemId, true);
      }
      expect(await stateOf(world)).toBe('MigrationSucceeded');
    }));

  test('a delta that is under way, or a final cycle of an earlier migration, does not complete it', () =>
    inReplication(async (world) => {
      const { ask, wait, send, cycle, replicating } = world;
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      await send(item, { id: 'c2', kind: 'delta', disks: someContent(2) });
      await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('false') });
      await wait(3000);
      expect(await stateOf(world)).toBe('MigrationInProgress');
      await cycle(item, { id: 'c3', kind: 'final', disks: someContent(3) });
      expect(await stateOf(world)).toBe('MigrationSucceeded');
      await ask('POST', `${ITEM}/resumeReplication`, V, { body: resumeBody });
      await cycle(item, { id: 'c4', kind: 'delta', disks: someContent(4) });
      await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('true') });
      await sourceState(world, item.itemId, true);
      expect(await stateOf(world)).toBe('MigrationInProgress');
      await cycle(item, { id: 'c5', kind: 'final', disks: someContent(5) });
      expect(detailsOf(await ask('GET', ITEM, V)).protectedDisks[0].targetManagedDiskId).toMatch(
        /-OSdisk-01$/,
      );
    }));

  test('a source found off while a later final cycle is under way completes it with that cycle', () =>
    inReplication(async (world) => {
      const { ask, wait, send, cycle, replicating } = world;
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('true') });
      await cycle(item, { id: 'c2', kind: 'final', disks: someContent(2) });
      await send(item, { id: 'c3', kind: 'final', disks: someContent(3) });
      await sourceState(world, item.itemId, true);
      expect(await stateOf(world)).toBe('MigrationInProgress');
      await wait(3000);
      expect(await stateOf(world)).toBe('MigrationSucceeded');
    }));

  test('disks that Azure will not make fail the migration; replication goes on and it can be tried again', () =>
    inReplication(async (world) => {
      const { ask, finish, plane, cycle, storage, replicating } = world;
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      world.refuseDisks = new ArmError(409, 'QuotaExceeded', 'There is no room for another disk.');
      const started = await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('false') });
      await cycle(item, { id: 'c2', kind: 'final', disks: someContent(2) });
      const failed = await finish(started);
      expect(failed.json).toMatchObject({ status: 'Failed', error: { code: 'QuotaExceeded' } });
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'MigrationFailed',
        lastMigrationStatus: 'Failed',
        health: 'Critical',
        healthErrors: [{ errorCode: 'QuotaExceeded' }],
        allowedOperations: ['DisableMigration', 'Migrate'],
      });
      expect((await plane('GET', '/work?appliance=appliance-1')).json.items[0].command).toBe('replicate');
      world.refuseDisks = undefined;
      await cycle(item, { id: 'c3', kind: 'delta', disks: someContent(3) });
      await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('false') });
      await cycle(item, { id: 'c4', kind: 'final', disks: someContent(4) });
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'MigrationSucceeded',
        health: 'Normal',
      });
      // no copy of a replica was left behind by the attempt that failed
      await ask('DELETE', ITEM, V);
      await world.wait(16 * MINUTE);
      const content = someContent().reduce((sum, { dirty }) => sum + dirty.length, 0);
      expect(storage.usage().liveBytes).toBeLessThanOrEqual((content + 2) * CHUNK_BYTES);
    }));

  test('a migration that nobody carries out fails after a day', () =>
    inReplication(async (world) => {
      const { ask, finish, wait, cycle, replicating } = world;
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      const started = await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('true') });
      await wait(DAY - MINUTE);
      expect(await stateOf(world)).toBe('MigrationInProgress');
      expect((await finish(started)).json).toMatchObject({
        status: 'Failed',
        error: { code: 'MigrationTimedOut' },
      });
      expect(await stateOf(world)).toBe('MigrationFailed');
    }));
});
