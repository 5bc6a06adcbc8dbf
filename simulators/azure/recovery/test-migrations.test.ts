import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE } from '#core/units.ts';
import { ArmError } from '../arm/provider.ts';
import {
  GROUP_ID,
  ITEM,
  inReplication,
  migrateBody,
  NETWORK,
  type ReplicationWorld,
  someContent,
  testBody,
  V,
} from '../testing/replication-world.ts';

const point = (id: string) => `${ITEM}/migrationRecoveryPoints/${id}`;
const cleanUp = { properties: { comments: 'seen' } };

/** A machine with two recovery points. */
async function withPoints(world: ReplicationWorld) {
  const item = await world.replicating();
  const first = someContent(1);
  const second = someContent(2);
  await world.cycle(item, { id: 'c1', kind: 'initial', disks: first });
  await world.cycle(item, { id: 'c2', kind: 'delta', disks: second });
  return { item, first, second };
}

const standing = async ({ ask }: ReplicationWorld) => {
  const { testMigrateState, allowedOperations } = (await ask('GET', ITEM, V)).json.properties;
  return [testMigrateState, allowedOperations];
};

describe('a test migration', () => {
  test('makes a machine of the recovery point that was chosen, and its clean-up leaves nothing behind', () =>
    inReplication(async (world) => {
      const { ask, finish, disks, machines, storage } = world;
      const { first } = await withPoints(world);
      const before = storage.usage().liveBytes;
      const started = await ask('POST', `${ITEM}/testMigrate`, V, { body: testBody(point('c1')) });
      expect(started.status).toBe(202);
      expect(await standing(world)).toEqual([
        'TestMigrationInProgress',
        ['DisableMigration', 'PauseReplication'],
      ]);
      const again = await ask('POST', `${ITEM}/testMigrate`, V, { body: testBody(point('c1')) });
      expect(again.status).toBe(202);
      for (const operation of [started, again])
        expect((await finish(operation)).json).toMatchObject({ status: 'Succeeded' });
      expect(await standing(world)).toEqual([
        'TestMigrationSucceeded',
        ['DisableMigration', 'TestMigrateCleanup', 'Migrate', 'PauseReplication'],
      ]);
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'Replicating',
        lastTestMigrationStatus: 'Succeeded',
        health: 'Normal',
      });
      const [machine] = [...machines.values()];
      expect(machine).toMatchObject({ name: 'web-1-test', networkId: NETWORK, osType: 'Windows' });
      const ids = [machine!.osDiskId, ...machine!.dataDiskIds];
      expect(ids.map((id) => id.split('/').at(-1))).toEqual([
        'web-1-test-OSdisk-00',
        'web-1-test-datadisk-1-00',
      ]);
      for (const [i, id] of ids.entries()) {
        const { space } = disks.find(id)!;
        expect(space.read(0, space.sizeBytes).equals(first[i]!.image)).toBe(true);
      }
      const cleaned = await ask('POST', `${ITEM}/testMigrateCleanup`, V, { body: cleanUp });
      expect((await finish(cleaned)).json).toMatchObject({ status: 'Succeeded' });
      expect(await standing(world)).toEqual([
        'None',
        ['DisableMigration', 'TestMigrate', 'Migrate', 'PauseReplication'],
      ]);
      expect(machines.size).toBe(0);
      expect(disks.list('disks', GROUP_ID)).toEqual([]);
      expect(storage.usage().liveBytes).toBe(before);
    }));

  test('goes on beside replication: cycles arrive meanwhile, and its recovery point may be forgotten', () =>
    inReplication(async (world) => {
      const { ask, finish, cycle, disks, machines } = world;
      const { item, first } = await withPoints(world);
      const started = await ask('POST', `${ITEM}/testMigrate`, V, { body: testBody(point('c1')) });
      for (const n of [3, 4, 5, 6, 7])
        await cycle(item, { id: `c${n}`, kind: 'delta', disks: someContent(n) });
      const points = (await ask('GET', `${ITEM}/migrationRecoveryPoints`, V)).json.value;
      expect(points.map(({ name }: { name: string }) => name)).toEqual(['c3', 'c4', 'c5', 'c6', 'c7']);
      expect((await finish(started)).json).toMatchObject({ status: 'Succeeded' });
      const { space } = disks.find([...machines.values()][0]!.osDiskId)!;
      expect(space.read(0, space.sizeBytes).equals(first[0]!.image)).toBe(true);
    }));

  test('recovery points older than the policy keeps are forgotten', () =>
    inReplication(async (world) => {
      const { ask, cycle, wait } = world;
      const { item } = await withPoints(world);
      await wait(25 * HOUR);
      await cycle(item, { id: 'c3', kind: 'delta', disks: someContent(3) });
      const points = (await ask('GET', `${ITEM}/migrationRecoveryPoints`, V)).json.value;
      expect(points.map(({ name }: { name: string }) => name)).toEqual(['c3']);
    }));

  test('that fails leaves nothing, can be tried again, and does not keep the machine from migrating', () =>
    inReplication(async (world) => {
      const { ask, finish, cycle, disks } = world;
      const { item } = await withPoints(world);
      world.refuseDisks = new ArmError(409, 'QuotaExceeded', 'There is no room.');
      const failed = await finish(
        await ask('POST', `${ITEM}/testMigrate`, V, { body: testBody(point('c2')) }),
      );
      expect(failed.json).toMatchObject({ status: 'Failed', error: { code: 'QuotaExceeded' } });
      expect(await standing(world)).toEqual([
        'TestMigrationFailed',
        ['DisableMigration', 'TestMigrate', 'TestMigrateCleanup', 'Migrate', 'PauseReplication'],
      ]);
      expect(disks.list('disks', GROUP_ID)).toEqual([]);
      world.refuseDisks = undefined;
      await finish(await ask('POST', `${ITEM}/testMigrate`, V, { body: testBody(point('c2')) }));
      expect((await standing(world))[0]).toBe('TestMigrationSucceeded');
      await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('false') });
      await cycle(item, { id: 'c3', kind: 'final', disks: someContent(3) });
      expect((await ask('GET', ITEM, V)).json.properties.migrationState).toBe('MigrationSucceeded');
    }));

  test('of which the machine cannot be made is done in part: its disks are there, and clean-up removes them', () =>
    inReplication(async (world) => {
      const { ask, finish, disks } = world;
      await withPoints(world);
      world.refuseMachines = new ArmError(400, 'SkuNotAvailable', 'The size is not available.');
      await finish(await ask('POST', `${ITEM}/testMigrate`, V, { body: testBody(point('c2')) }));
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        testMigrateState: 'TestMigrationPartiallySucceeded',
        health: 'Warning',
        healthErrors: [{ errorCode: 'SkuNotAvailable' }],
      });
      expect(disks.list('disks', GROUP_ID)).toHaveLength(2);
      await finish(await ask('POST', `${ITEM}/testMigrateCleanup`, V, { body: cleanUp }));
      expect(disks.list('disks', GROUP_ID)).toEqual([]);
      expect((await ask('GET', ITEM, V)).json.properties.health).toBe('Normal');
    }));

  test('a clean-up that fails can be repeated', () =>
    inReplication(async (world) => {
      const { ask, finish, machines } = world;
      await withPoints(world);
      await finish(await ask('POST', `${ITEM}/testMigrate`, V, { body: testBody(point('c2')) }));
      const now = world.world.tier.clock.wall();
      world.world.context.faults.arm({
        id: 'stuck',
        at: 'azure.job.TestMigrateCleanup',
        from: now,
        until: now + HOUR,
        times: 1,
        answer: 'fail',
      });
      const failed = await finish(await ask('POST', `${ITEM}/testMigrateCleanup`, V, { body: cleanUp }));
      expect(failed.json).toMatchObject({ status: 'Failed', error: { code: 'InternalServerError' } });
      expect(machines.size).toBe(1);
      await finish(await ask('POST', `${ITEM}/testMigrateCleanup`, V, { body: cleanUp }));
      expect(machines.size).toBe(0);
    }));

  test.each([
    ['a recovery point of nobody', testBody(point('c9')), 400],
    ['a recovery point of another machine', testBody(point('c1').replace('web-1', 'web-2')), 400],
    [
      'no recovery point',
      { properties: { providerSpecificDetails: { instanceType: 'VMwareCbt', networkId: NETWORK } } },
      400,
    ],
    [
      'a network that is none',
      {
        properties: {
          providerSpecificDetails: {
            instanceType: 'VMwareCbt',
            recoveryPointId: point('c1'),
            networkId: ITEM,
          },
        },
      },
      400,
    ],
    [
      'another way of migrating',
      { properties: { providerSpecificDetails: { instanceType: 'InMageRcm' } } },
      400,
    ],
  ])('with %s is refused', (_what, body, status) =>
    inReplication(async (world) => {
      await withPoints(world);
      expect((await world.ask('POST', `${ITEM}/testMigrate`, V, { body })).status).toBe(status);
      expect((await standing(world))[0]).toBe('None');
    }));

  test('is refused while the disks are copied for the first time, with what is allowed', () =>
    inReplication(async ({ ask, replicating }) => {
      await replicating();
      const refused = await ask('POST', `${ITEM}/testMigrate`, V, { body: testBody(point('c1')) });
      expect(refused).toMatchObject({ status: 409, json: { error: { code: 'OperationNotAllowedInState' } } });
      expect((await ask('POST', `${ITEM}/testMigrateCleanup`, V, { body: cleanUp })).status).toBe(409);
    }));

  test('an operating system without an agent is migrated with information', () =>
    inReplication(async (world) => {
      const { ask, cycle, site, replicating } = world;
      world.rename(1, 'Microsoft Windows Server 2003 (32-bit)');
      expect(site.inventory.machines().size).toBe(2);
      const item = await replicating();
      await cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
      await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('false') });
      await cycle(item, { id: 'c2', kind: 'final', disks: someContent() });
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'MigrationCompletedWithInformation',
        lastMigrationStatus: 'CompletedWithInformation',
        allowedOperations: ['DisableMigration', 'ResumeReplication'],
        healthErrors: [{ errorCode: 'VmAgentNotInstalled' }],
      });
    }));
});

describe('repairs', () => {
  const resync = {
    properties: { providerSpecificDetails: { instanceType: 'VMwareCbt', skipCbtReset: 'false' } },
  };

  test('begin by themselves unless somebody said otherwise; meanwhile nothing else is allowed', () =>
    inReplication(async (world) => {
      const { ask, send, wait } = world;
      const { item } = await withPoints(world);
      await send(item, { id: 'r1', kind: 'resync', disks: someContent(4) });
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'Replicating',
        allowedOperations: ['DisableMigration', 'StartResync'],
        providerSpecificDetails: { resyncRequired: 'true', resyncState: 'StartedResynchronization' },
      });
      await wait(5_000);
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        providerSpecificDetails: { resyncRequired: 'false', resyncState: 'None' },
      });
    }));

  test('wait for a person where that is the setting', () =>
    inReplication(async (world) => {
      const { ask, finish, send, cycle } = world;
      const { item } = await withPoints(world);
      const details = { instanceType: 'VMwareCbt', performAutoResync: 'false' };
      await finish(
        await ask('PATCH', ITEM, V, { body: { properties: { providerSpecificDetails: details } } }),
      );
      const refused = await send(item, { id: 'r1', kind: 'resync', disks: someContent(4) });
      expect(refused).toMatchObject({ status: 409, json: { error: { code: 'ResyncNotStarted' } } });
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        health: 'Critical',
        healthErrors: [{ errorCode: 'ResyncRequired' }],
        allowedOperations: ['DisableMigration', 'StartResync'],
        providerSpecificDetails: { resyncState: 'PreparedForResynchronization', performAutoResync: 'false' },
      });
      await finish(await ask('POST', `${ITEM}/resync`, V, { body: resync }));
      await cycle(item, { id: 'r1', kind: 'resync', disks: someContent(4) });
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        health: 'Normal',
        allowedOperations: ['DisableMigration', 'TestMigrate', 'Migrate', 'PauseReplication'],
      });
    }));
});

describe('settings', () => {
  const update = (change: object) => ({
    body: { properties: { providerSpecificDetails: { instanceType: 'VMwareCbt', ...change } } },
  });

  test('of the target may be changed until it is made, and it is made accordingly', () =>
    inReplication(async (world) => {
      const { ask, finish, cycle, diskId, machines } = world;
      const { item } = await withPoints(world);
      const changed = await ask(
        'PATCH',
        ITEM,
        V,
        update({
          targetVmName: 'moved',
          targetVmSize: 'Standard_D4s_v3',
          targetNetworkId: NETWORK,
          targetVmTags: { team: 'web' },
          vmNics: [
            {
              nicId: '4000',
              isPrimaryNic: 'true',
              targetSubnetName: 'default',
              targetStaticIPAddress: '10.1.0.4',
            },
          ],
          vmDisks: [{ diskId: diskId(1, 'data'), targetDiskName: 'data-of-web' }],
        }),
      );
      expect((await finish(changed)).json.status).toBe('Succeeded');
      expect((await ask('GET', ITEM, V)).json.properties.providerSpecificDetails).toMatchObject({
        targetVmName: 'moved',
        vmNics: [
          {
            nicId: '4000',
            sourceIPAddress: '10.0.0.4',
            targetIPAddress: '10.1.0.4',
            targetIPAddressType: 'Static',
          },
        ],
      });
      await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('false') });
      await cycle(item, { id: 'c3', kind: 'final', disks: someContent(3) });
      const [machine] = [...machines.values()];
      expect(machine).toMatchObject({
        name: 'moved',
        size: 'Standard_D4s_v3',
        networkId: NETWORK,
        tags: { team: 'web' },
      });
      expect(machine!.dataDiskIds[0]).toMatch(/data-of-web$/);
    }));

  test.each([
    ['a disk that is not replicated', { vmDisks: [{ diskId: 'x' }] }, 'vmDisks[0].diskId'],
    ['an adapter that there is not', { vmNics: [{ nicId: '9', isPrimaryNic: 'true' }] }, 'vmNics[0].nicId'],
    ['an unknown setting', { targetPlanet: 'mars' }, 'targetPlanet'],
  ])('that name %s are refused', (_what, change, target) =>
    inReplication(async (world) => {
      await withPoints(world);
      const refused = await world.ask('PATCH', ITEM, V, update(change));
      expect([refused.status, refused.json.error.target]).toEqual([400, expect.stringContaining(target)]);
    }));

  test('are frozen while the machine is being migrated', () =>
    inReplication(async (world) => {
      await withPoints(world);
      await world.ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('true') });
      expect((await world.ask('PATCH', ITEM, V, update({ targetVmName: 'x' }))).status).toBe(409);
    }));
});

test('a stop that fails can be repeated; a forced one does not wait for the appliance', () =>
  inReplication(async (world) => {
    const { ask, finish, wait } = world;
    await withPoints(world);
    const now = world.world.tier.clock.wall();
    world.world.context.faults.arm({
      id: 'stuck',
      at: 'azure.job.DisableMigration',
      from: now,
      until: now + HOUR,
      times: 1,
      answer: 'fail',
    });
    const failed = await finish(await ask('DELETE', ITEM, V));
    expect(failed.json).toMatchObject({ status: 'Failed', error: { code: 'InternalServerError' } });
    expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
      migrationState: 'DisableMigrationFailed',
      allowedOperations: ['DisableMigration'],
    });
    expect((await ask('DELETE', `${ITEM}?deleteOption=Gently`, V)).status).toBe(400);
    await ask('DELETE', `${ITEM}?deleteOption=Force`, V);
    await wait(MINUTE);
    expect((await ask('GET', ITEM, V)).status).toBe(404);
  }));
