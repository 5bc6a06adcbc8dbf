import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE } from '#core/units.ts';
import {
  CONTAINER,
  FABRIC,
  ITEM,
  inReplication,
  migrateBody,
  POLICY,
  type ReplicationWorld,
  someContent,
  spelt,
  testBody,
  V,
  VAULT,
} from '../testing/replication-world.ts';

const JOBS = `${VAULT}/replicationJobs`;
const POINT = `${ITEM}/migrationRecoveryPoints/c1`;

async function replicated(world: ReplicationWorld) {
  const item = await world.replicating();
  await world.cycle(item, { id: 'c1', kind: 'initial', disks: someContent() });
  return item;
}

function arm({ world }: ReplicationWorld, at: string): void {
  const now = world.tier.clock.wall();
  world.context.faults.arm({ id: at, at, from: now, until: now + HOUR, times: 1, answer: 'fail' });
}

const jobsOf = async ({ ask }: ReplicationWorld, filter = '') =>
  (await ask('GET', `${JOBS}${filter}`, V)).json.value.map(({ properties }) => [
    properties['scenarioName'],
    properties['state'],
  ]);

describe('jobs', () => {
  test('tell what was done, newest first, and what was done with them', () =>
    inReplication(async (world) => {
      const { ask, finish } = world;
      await replicated(world);
      const started = await ask('POST', `${ITEM}/testMigrate`, V, { body: testBody(POINT) });
      const { currentJob } = (await ask('GET', ITEM, V)).json.properties;
      expect(currentJob).toMatchObject({ jobName: 'TestMigrate' });
      const { jobId } = currentJob as unknown as { jobId: string };
      expect(jobId.startsWith(spelt(JOBS))).toBe(true);
      expect((await ask('GET', jobId, V)).json).toMatchObject({
        properties: {
          scenarioName: 'TestMigrate',
          friendlyName: 'Test migration',
          state: 'InProgress',
          allowedActions: ['Cancel'],
          targetObjectName: 'web-1',
          targetInstanceType: 'MigrationItem',
          tasks: [{ state: 'InProgress' }],
          errors: [],
          customDetails: { instanceType: 'AsrJobDetails' },
        },
      });
      await finish(started);
      expect(await jobsOf(world)).toEqual([
        ['TestMigrate', 'Succeeded'],
        ['EnableMigration', 'Succeeded'],
      ]);
      expect(await jobsOf(world, "?$filter=JobStatus eq 'Failed'")).toEqual([]);
      expect(
        await jobsOf(world, "?$filter=JobName eq 'testmigrate' and JobStatus eq 'Succeeded'"),
      ).toHaveLength(1);
      expect(await jobsOf(world, "?$filter=StartTime eq '2036-01-01T00:00:00Z'")).toEqual([]);
      for (const bad of ["Colour eq 'red'", 'JobStatus', "StartTime eq 'noon'"])
        expect((await ask('GET', `${JOBS}?$filter=${bad}`, V)).status, bad).toBe(400);
      expect((await ask('GET', `${JOBS}/none`, V)).status).toBe(404);
      expect((await ask('POST', `${jobId}/cancel`, V)).json.error.code).toBe('JobActionNotAllowed');
      expect((await ask('POST', `${jobId}/fly`, V)).status).toBe(404);
    }));

  test('of a migration can be cancelled: the machine goes on replicating', () =>
    inReplication(async (world) => {
      const { ask, finish } = world;
      await replicated(world);
      const started = await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('true') });
      const [job] = (await ask('GET', JOBS, V)).json.value;
      expect(await finish(await ask('POST', `${job.id}/cancel`, V))).toMatchObject({
        json: { status: 'Succeeded' },
      });
      expect((await finish(started)).json).toMatchObject({
        status: 'Failed',
        error: { code: 'JobCancelled' },
      });
      expect((await ask('GET', job.id, V)).json.properties).toMatchObject({
        state: 'Cancelled',
        allowedActions: [],
      });
      expect((await ask('GET', ITEM, V)).json.properties.migrationState).toBe('MigrationFailed');
    }));

  test('that failed are kept with the machine, tell why, and can be restarted', () =>
    inReplication(async (world) => {
      const { ask, finish } = world;
      await replicated(world);
      arm(world, 'azure.job.TestMigrate');
      await finish(await ask('POST', `${ITEM}/testMigrate`, V, { body: testBody(POINT) }));
      const [job] = (await ask('GET', JOBS, V)).json.value;
      expect(job.properties).toMatchObject({
        state: 'Failed',
        allowedActions: ['Restart'],
        errors: [{ serviceErrorDetails: { code: 'InternalServerError' } }],
      });
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        testMigrateState: 'TestMigrationFailed',
        criticalJobHistory: [{ jobName: 'TestMigrate', jobStatus: 'Failed', jobId: job.id }],
      });
      const restarted = await finish(await ask('POST', `${job.id}/restart`, V));
      expect(restarted.json.properties.output.properties).toMatchObject({
        scenarioName: 'TestMigrate',
        state: 'Succeeded',
      });
      expect((await ask('GET', ITEM, V)).json.properties['testMigrateState']).toBe('TestMigrationSucceeded');
      expect(await ask('POST', `${job.id}/resume`, V, { body: {} })).toMatchObject({ status: 409 });
    }));

  test('can be exported as a file', () =>
    inReplication(async (world) => {
      const { ask, finish } = world;
      await replicated(world);
      const done = await finish(await ask('POST', `${JOBS}/export`, V, { body: { jobStatus: 'Succeeded' } }));
      const { customDetails } = done.json.properties.output.properties;
      expect(customDetails).toMatchObject({ instanceType: 'ExportJobDetails' });
      const { blobUri, sasToken } = customDetails as { blobUri: string; sasToken: string };
      const file = await world.world.ask('GET', `${blobUri}?${sasToken}`);
      expect(JSON.parse(file.body.toString())).toMatchObject([
        { properties: { scenarioName: 'EnableMigration' } },
      ]);
    }));

  test('enabling that fails leaves a machine that can only be removed', () =>
    inReplication(async (world) => {
      const { ask, finish, prepare, enable } = world;
      prepare();
      arm(world, 'azure.job.EnableMigration');
      expect((await finish(await enable())).json.status).toBe('Failed');
      expect((await ask('GET', ITEM, V)).json.properties).toMatchObject({
        migrationState: 'EnableMigrationFailed',
        allowedOperations: ['DisableMigration'],
        health: 'Critical',
      });
    }));
});

describe('events and health', () => {
  test('say what happened to machines; a filter picks from them', () =>
    inReplication(async (world) => {
      const { ask, cycle } = world;
      const item = await replicated(world);
      await cycle(item, { id: 'c2', kind: 'delta', disks: someContent(2), commitDirty: () => [] });
      await ask('POST', `${ITEM}/migrate`, V, { body: migrateBody('false') });
      await cycle(item, { id: 'c3', kind: 'final', disks: someContent(3) });
      const events = (await ask('GET', `${VAULT}/replicationEvents`, V)).json.value;
      expect(events.map(({ properties }) => properties['eventCode'])).toEqual([
        'MigrationSucceeded',
        'BitmapMismatch',
        'ReplicationHealthy',
      ]);
      expect(events[1].properties).toMatchObject({
        severity: 'Warning',
        affectedObjectFriendlyName: 'web-1',
        fabricId: spelt(FABRIC),
        providerSpecificDetails: { instanceType: 'VMwareCbt', migrationItemName: 'web-1' },
      });
      const critical = await ask('GET', `${VAULT}/replicationEvents?$filter=Severity eq 'Warning'`, V);
      expect(critical.json.value).toEqual([events[1]]);
      expect((await ask('GET', events[0].id, V)).json).toEqual(events[0]);
      expect((await ask('GET', `${VAULT}/replicationEvents/x`, V)).status).toBe(404);
    }));

  test('of the vault are summed up over its machines, fabrics and containers', () =>
    inReplication(async (world) => {
      const { ask, cycle, site, finish } = world;
      const item = await replicated(world);
      await cycle(item, { id: 'c2', kind: 'delta', disks: someContent(2), commitDirty: () => [] });
      const beat = { applianceName: 'appliance-1', version: '6.1', services: [], warnings: [] };
      site.inventory.beat({ ...beat, at: world.world.tier.clock.wall() - 20 * MINUTE });
      expect((await ask('GET', `${VAULT}/replicationVaultHealth`, V)).json.properties).toMatchObject({
        protectedItemsHealth: {
          resourceCount: 1,
          categorizedResourceCounts: { Warning: 1 },
          issues: [{ summaryCode: 'BitmapMismatch', affectedResourceCorrelationIds: [spelt(ITEM)] }],
        },
        fabricsHealth: {
          resourceCount: 1,
          categorizedResourceCounts: { Critical: 1 },
          issues: [{ summaryCode: '78174' }],
        },
        containersHealth: { resourceCount: 1 },
      });
      const provider = `${FABRIC}/replicationRecoveryServicesProviders/appliance-1`;
      expect((await ask('GET', provider, V)).json.properties).toMatchObject({
        connectionStatus: 'NotConnected',
      });
      site.inventory.beat({ ...beat, at: world.world.tier.clock.wall() });
      expect((await ask('GET', provider, V)).json.properties).toMatchObject({
        connectionStatus: 'Connected',
        protectedItemCount: 1,
      });
      const refreshed = await finish(await ask('POST', `${VAULT}/replicationVaultHealth/default/refresh`, V));
      expect(refreshed.json.properties.output.properties['fabricsHealth']).toMatchObject({
        categorizedResourceCounts: { Normal: 1 },
      });
    }));

  test('alerts are kept, whoever they go to', () =>
    inReplication(async ({ ask, prepare }) => {
      prepare();
      const alerts = `${VAULT}/replicationAlertSettings`;
      const properties = { sendToOwners: 'Send', customEmailAddresses: ['ops@corp.test'], locale: 'en-US' };
      expect(
        (await ask('PUT', `${alerts}/defaultAlertSetting`, V, { body: { properties } })).json,
      ).toMatchObject({
        properties,
      });
      expect((await ask('GET', alerts, V)).json.value).toHaveLength(1);
      const bad = { body: { properties: { customEmailAddresses: ['nobody'] } } };
      expect((await ask('PUT', `${alerts}/defaultAlertSetting`, V, bad)).status).toBe(400);
    }));
});

describe('what goes with a container', () => {
  const mapping = `${CONTAINER}/replicationProtectionContainerMappings/mapping`;
  const providerSpecificInput = {
    instanceType: 'VMwareCbt',
    keyVaultId: `${VAULT}kv`,
    keyVaultUri: 'https://kv.vault.azure.net/',
    storageAccountId: `${VAULT}sa`,
    storageAccountSasSecretName: 'sas',
    serviceBusConnectionStringSecretName: 'bus',
    targetLocation: 'westeurope',
  };

  test('its mapping to a policy; neither goes while it is there', () =>
    inReplication(async ({ ask, finish, prepare }) => {
      prepare();
      await finish(
        await ask('PUT', mapping, V, { body: { properties: { policyId: POLICY, providerSpecificInput } } }),
      );
      expect((await ask('GET', mapping, V)).json.properties).toMatchObject({
        state: 'Paired',
        policyFriendlyName: 'policy',
        providerSpecificDetails: { targetLocation: 'westeurope' },
      });
      for (const list of [
        `${VAULT}/replicationProtectionContainerMappings`,
        `${CONTAINER}/replicationProtectionContainerMappings`,
        `${VAULT}/replicationProtectionContainers`,
      ])
        expect((await ask('GET', list, V)).json.value, list).toHaveLength(1);
      expect((await ask('DELETE', POLICY, V)).status).toBe(409);
      await finish(await ask('POST', `${mapping}/remove`, V, { body: { properties: {} } }));
      expect((await ask('GET', mapping, V)).status).toBe(404);
      await finish(await ask('DELETE', POLICY, V));
      expect((await ask('GET', POLICY, V)).status).toBe(404);
    }));

  test.each([
    ['of no policy', { policyId: `${POLICY}x`, providerSpecificInput }],
    [
      'without a place',
      { policyId: POLICY, providerSpecificInput: { instanceType: 'VMwareCbt', storageAccountId: 'x' } },
    ],
  ])('a mapping %s is refused', (_what, properties) =>
    inReplication(async ({ ask, prepare }) => {
      prepare();
      expect((await ask('PUT', mapping, V, { body: { properties } })).status).toBe(400);
    }));

  test('a policy can be changed, its kind cannot', () =>
    inReplication(async ({ ask, finish, prepare }) => {
      prepare();
      const change = (settings: object) =>
        ask('PATCH', POLICY, V, { body: { properties: { replicationProviderSettings: settings } } });
      await finish(await change({ instanceType: 'VMwareCbt', recoveryPointHistoryInMinutes: 2880 }));
      expect((await ask('GET', POLICY, V)).json.properties.providerSpecificDetails).toMatchObject({
        recoveryPointHistoryInMinutes: 2880,
        crashConsistentFrequencyInMinutes: 60,
      });
      expect((await change({ instanceType: 'InMageRcm' })).status).toBe(400);
    }));
});

describe('registration with a vault', () => {
  const API = '2026-07-01';

  test('a server gives its certificate and is told how to sign in; it counts until it is removed', () =>
    inReplication(async ({ ask, prepare, world }) => {
      prepare();
      const pem = world.tier.authority.certificatePem;
      const certificate = Buffer.from(pem).toString('base64');
      const answer = await ask('PUT', `${VAULT}/certificates/server-1`, API, {
        body: { properties: { authType: 'AzureActiveDirectory', certificate } },
      });
      expect(answer).toMatchObject({
        status: 200,
        json: {
          properties: {
            authType: 'AzureActiveDirectory',
            aadAuthority: 'https://login.microsoftonline.com',
            aadAudience: 'https://hypervrecoverymanager.windowsazure.com/',
            thumbprint: new X509Certificate(pem).fingerprint.replaceAll(':', ''),
          },
        },
      });
      const servers = async () => (await ask('GET', `${VAULT}/usages`, API)).json.value[0]['currentValue'];
      expect(await servers()).toBe(1);
      expect((await ask('GET', `${VAULT}/replicationUsages`, API)).json.value[0]).toMatchObject({
        registeredServersCount: 1,
      });
      expect((await ask('DELETE', `${VAULT}/registeredIdentities/server-1`, API)).status).toBe(204);
      expect(await servers()).toBe(0);
      const forged = { body: { properties: { certificate: Buffer.from('none').toString('base64') } } };
      expect((await ask('PUT', `${VAULT}/certificates/server-1`, API, forged)).status).toBe(400);
    }));

  test('extended information is kept; the vault can be changed in place', () =>
    inReplication(async ({ ask, prepare }) => {
      prepare();
      const info = `${VAULT}/extendedInformation/vaultExtendedInfo`;
      expect((await ask('GET', info, API)).status).toBe(404);
      await ask('PUT', info, API, { body: { properties: { integrityKey: 'abc', algorithm: 'None' } } });
      await ask('PATCH', info, API, { body: { properties: { algorithm: 'RSA' } } });
      expect((await ask('GET', info, API)).json.properties).toEqual({
        integrityKey: 'abc',
        algorithm: 'RSA',
      });
      await ask('PATCH', VAULT, API, { body: { tags: { owner: 'ops' } } });
      expect((await ask('GET', VAULT, API)).json).toMatchObject({
        tags: { owner: 'ops' },
        location: 'westeurope',
      });
    }));
});
