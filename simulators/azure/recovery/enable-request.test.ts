import { describe, expect, test } from 'vitest';
import { GIB, TIB } from '#core/units.ts';
import { readMachine } from '../discovery-service/machine-shape.ts';
import { GROUP } from '../testing/arm-world.ts';
import {
  CONTAINER,
  DATA_DISK_BYTES,
  detailsOf,
  fabricBody,
  ITEM,
  inReplication,
  machine,
  OS_DISK_BYTES,
  POLICY,
  spelt,
  V,
  VAULT,
} from '../testing/replication-world.ts';

describe('enabling', () => {
  test('takes an operation, after which the appliance is to seed the disks', () =>
    inReplication(async (world) => {
      const { ask, finish, prepare, enable, storage } = world;
      prepare();
      const started = await enable();
      expect(started).toMatchObject({
        status: 202,
        json: { properties: { migrationState: 'EnableMigrationInProgress', allowedOperations: [] } },
      });
      expect(started.json.properties.currentJob.jobName).toBe('EnableMigration');
      const ended = await finish(started);
      expect(ended.json.properties.output.properties.migrationState).toBe('InitialSeedingInProgress');
      const shown = await ask('GET', ITEM, V);
      expect(shown.json).toMatchObject({
        id: spelt(ITEM),
        name: 'web-1',
        properties: {
          machineName: 'web-1',
          policyId: POLICY,
          policyFriendlyName: 'policy',
          testMigrateState: 'None',
          health: 'Normal',
          healthErrors: [],
          allowedOperations: ['DisableMigration'],
          currentJob: { jobName: 'None', jobId: `${spelt(VAULT)}/replicationJobs/None` },
        },
      });
      expect(detailsOf(shown)).toMatchObject({
        instanceType: 'VMwareCbt',
        vmwareMachineId: world.machineId(1),
        osType: 'windowsguest',
        firmwareType: 'BIOS',
        targetGeneration: 'V1',
        targetVmName: 'web-1',
        targetResourceGroupId: GROUP,
        initialSeedingProgressPercentage: 0,
        resyncRequired: 'false',
        protectedDisks: [
          { diskType: 'Standard_LRS', isOSDisk: 'true', capacityInBytes: OS_DISK_BYTES },
          { diskType: 'Premium_LRS', isOSDisk: 'false', capacityInBytes: DATA_DISK_BYTES },
        ],
      });
      expect([...storage.account('migratelsa1')!.containers.keys()]).toHaveLength(2);
      for (const list of [`${CONTAINER}/replicationMigrationItems`, `${VAULT}/replicationMigrationItems`])
        expect((await ask('GET', list, V)).json.value).toEqual([shown.json]);
    }));

  test('target settings and the log account are shown again, and every answer spells ids alike', () =>
    inReplication(async ({ ask, prepare, enable, diskId }) => {
      prepare();
      const logStorageAccountId = `${GROUP}/providers/Microsoft.Storage/storageAccounts/migratelsa1`;
      await enable({
        targetVmName: 'target-1',
        targetVmSize: 'Standard_D2s_v3',
        targetVmTags: { team: 'web' },
        performAutoResync: 'true',
        disksToInclude: [
          {
            diskId: diskId(1, 'os').toUpperCase(),
            isOSDisk: 'true',
            logStorageAccountId,
            logStorageAccountSasSecretName: 'sas',
          },
        ],
      });
      const shown = await ask('GET', ITEM.replace('/subscriptions/', '/SUBSCRIPTIONS/'), V);
      expect(shown.json.id).toBe(spelt(ITEM));
      expect(detailsOf(shown)).toMatchObject({
        targetVmName: 'target-1',
        targetVmSize: 'Standard_D2s_v3',
        targetVmTags: { team: 'web' },
        protectedDisks: [
          { diskId: diskId(1, 'os'), logStorageAccountId, logStorageAccountSasSecretName: 'sas' },
        ],
      });
      expect(detailsOf(shown).protectedDisks).toHaveLength(1);
    }));

  test('a request that cannot be understood or carried out is refused, and says why', () =>
    inReplication(async (world) => {
      const { machineId, diskId } = world;
      world.prepare();
      const os = { diskId: diskId(1, 'os'), isOSDisk: 'true' };
      const data = { diskId: diskId(1, 'data'), isOSDisk: 'false' };
      const account = `${GROUP}/providers/Microsoft.Storage/storageAccounts/other`;
      const only = (...disksToInclude: object[]) => ({ disksToInclude });
      const refusals: ReadonlyArray<[what: string, change: object, code: string, target: string]> = [
        ['an unknown machine', { vmwareMachineId: machineId(9) }, 'BadRequest', 'vmwareMachineId'],
        ['an unknown disk', only({ ...os, diskId: 'disk-9' }), 'BadRequest', 'disksToInclude[0].diskId'],
        ['no OS disk', only(data), 'MachineNotSupported', ''],
        ['two OS disks', only(os, { ...data, isOSDisk: 'true' }), 'MachineNotSupported', ''],
        [
          'a disk named twice',
          only(os, { ...os, diskId: os.diskId.toUpperCase(), isOSDisk: 'false' }),
          'MachineNotSupported',
          '',
        ],
        ['no disks', only(), 'MachineNotSupported', ''],
        [
          'a foreign log account',
          only({ ...os, logStorageAccountId: account }),
          'BadRequest',
          'logStorageAccountId',
        ],
        ['a name that no machine in Azure can have', { targetVmName: '-web' }, 'MachineNotSupported', ''],
        [
          'a group that is none',
          { targetResourceGroupId: 'rg' },
          'InvalidRequestContent',
          'targetResourceGroupId',
        ],
        ['another migration', { instanceType: 'InMageRcm' }, 'InvalidRequestContent', 'instanceType'],
        [
          'a setting that is neither',
          { performAutoResync: 'perhaps' },
          'InvalidRequestContent',
          'performAutoResync',
        ],
        ['an unknown property', { surprise: 1 }, 'InvalidRequestContent', 'surprise'],
        ['a true that is not text', only({ ...os, isOSDisk: true }), 'InvalidRequestContent', 'isOSDisk'],
        ['an unknown disk type', only({ ...os, diskType: 'Floppy' }), 'InvalidRequestContent', 'diskType'],
      ];
      for (const [what, change, code, target] of refusals) {
        const { status, json } = await world.enable(change);
        expect([status, json.error.code], what).toEqual([400, code]);
        expect(json.error.target ?? '', what).toContain(target);
      }
      expect(world.store.items()).toEqual([]);
    }));

  const disk = (change: object) => ({
    ...(machine(1)['disks'] as object[])[0],
    ...change,
  });
  test('a machine that the support matrix excludes is refused', () =>
    inReplication(async ({ world, site, prepare, enable }) => {
      prepare();
      const excluded: ReadonlyArray<[what: string, disks: object[], message: RegExp]> = [
        ['a large OS disk', [disk({ maxSizeInBytes: 2 * TIB + 512 })], /larger than 2048 GiB/],
        [
          'a large data disk',
          [disk({}), disk({ uuid: 'data', maxSizeInBytes: 32 * TIB + 512, isOSDisk: 'false' })],
          /larger than 32768 GiB/,
        ],
        ['a disk of odd size', [disk({ maxSizeInBytes: GIB + 1 })], /whole sectors/],
        ['an empty disk', [disk({ maxSizeInBytes: 0 })], /whole sectors/],
        ['an independent disk', [disk({ diskMode: 'independent_persistent' })], /independent/],
        [
          '61 disks',
          Array.from({ length: 61 }, (_, i) => disk({ uuid: `disk-${i}`, isOSDisk: String(i === 0) })),
          /At most 60/,
        ],
      ];
      for (const [what, disks, message] of excluded) {
        site.inventory.put(readMachine(machine(1, { disks }), ''), world.tier.clock.wall());
        const refused = await enable({
          disksToInclude: (disks as Array<{ uuid: string; isOSDisk: string }>).map(({ uuid, isOSDisk }) => ({
            diskId: uuid,
            isOSDisk,
          })),
        });
        expect([refused.status, refused.json.error.code], what).toEqual([400, 'MachineNotSupported']);
        expect(refused.json.error.message, what).toMatch(message);
      }
    }));

  test('an OS disk of 2 TiB and a data disk of 32 TiB are taken, and cost nothing until written', () =>
    inReplication(async ({ world, site, prepare, enable, storage }) => {
      prepare();
      const disks = [
        disk({ maxSizeInBytes: 2 * TIB }),
        disk({ uuid: 'data', maxSizeInBytes: 32 * TIB, isOSDisk: 'false' }),
      ];
      site.inventory.put(readMachine(machine(1, { disks }), ''), world.tier.clock.wall());
      const started = await enable({
        disksToInclude: (disks as Array<{ uuid?: string; isOSDisk?: string }>).map((d) => ({
          diskId: d.uuid,
          isOSDisk: d.isOSDisk,
        })),
      });
      expect(started.status).toBe(202);
      expect(storage.usage().liveBytes).toBe(0);
    }));

  test('needs a policy of the same vault, a container, and a machine of the fabric’s site', () =>
    inReplication(async ({ ask, finish, prepare, enable, machineId }) => {
      prepare();
      const noPolicy = await ask('PUT', ITEM, V, {
        body: {
          properties: {
            policyId: `${VAULT}/replicationPolicies/none`,
            providerSpecificDetails: {
              instanceType: 'VMwareCbt',
              vmwareMachineId: machineId(1),
              targetResourceGroupId: GROUP,
              disksToInclude: [{ diskId: '6000c290-0000-4000-8000-000000000001', isOSDisk: 'true' }],
            },
          },
        },
      });
      expect(noPolicy.json.error).toMatchObject({ code: 'BadRequest', target: 'properties.policyId' });
      const elsewhere = await enable({}, ITEM.replace('/container/', '/other/'));
      expect(elsewhere).toMatchObject({ status: 404, json: { error: { code: 'ParentResourceNotFound' } } });
      const other = `${VAULT}/replicationFabrics/other`;
      const vmwareSiteId = fabricBody.properties.customDetails.vmwareSiteId.replace('/corp', '/elsewhere');
      const customDetails = { instanceType: 'VMwareV2', vmwareSiteId };
      await finish(await ask('PUT', other, V, { body: { properties: { customDetails } } }));
      const container = `${other}/replicationProtectionContainers/container`;
      await finish(await ask('PUT', container, V, { body: { properties: {} } }));
      const foreign = await enable({}, `${container}/replicationMigrationItems/web-1`);
      expect(foreign).toMatchObject({ status: 400, json: { error: { code: 'BadRequest' } } });
      expect(foreign.json.error.message).toContain('elsewhere');
    }));

  test('asking again changes nothing; a second item for a machine, or a second machine for an item, is refused', () =>
    inReplication(async ({ store, enable, replicating, machineId }) => {
      const item = await replicating();
      expect(await enable()).toMatchObject({
        status: 200,
        json: { properties: { migrationState: 'InitialSeedingInProgress' } },
      });
      expect(store.items()).toEqual([item]);
      const twice = await enable({}, `${CONTAINER}/replicationMigrationItems/again`);
      expect(twice).toMatchObject({ status: 409, json: { error: { code: 'MachineAlreadyProtected' } } });
      const other = await enable({ vmwareMachineId: machineId(2) });
      expect(other).toMatchObject({ status: 409, json: { error: { code: 'MigrationItemExists' } } });
    }));

  test('fails when the machine is gone before the disks are provisioned; then the item can only be removed', () =>
    inReplication(async (world) => {
      const { ask, finish, prepare, enable, site } = world;
      prepare();
      const started = await enable();
      site.inventory.markDeleted(String(machine(1)['instanceUuid']), world.world.tier.clock.wall());
      expect(await finish(started)).toMatchObject({
        json: { status: 'Failed', error: { code: 'MachineNotFound' } },
      });
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'EnableMigrationFailed',
        health: 'Critical',
        allowedOperations: ['DisableMigration'],
      });
      expect((await ask('DELETE', ITEM, V)).status).toBe(202);
    }));
});
