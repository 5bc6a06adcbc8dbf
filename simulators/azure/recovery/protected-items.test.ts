import { describe, expect, test } from 'vitest';
import { GIB, HOUR, MINUTE } from '#core/units.ts';
import { GROUP } from '../testing/arm-world.ts';
import {
  inReplication,
  LOG_ACCOUNT,
  NETWORK,
  type ReplicationWorld,
  spelt,
  V,
  VAULT,
} from '../testing/replication-world.ts';
import { isThrottled, type ProcessServer, processServerHealth } from './process-servers.ts';

const FABRIC = `${VAULT}/replicationFabrics/agents`;
const CONTAINER = `${FABRIC}/replicationProtectionContainers/agents`;
const POLICY = `${VAULT}/replicationPolicies/agents`;
const ITEM = `${CONTAINER}/replicationProtectedItems/web-1`;
const SERVER = 'ps-1';

const server = (change: Partial<ProcessServer['metrics']> = {}, heardAt = 0): ProcessServer => ({
  id: SERVER,
  name: 'ps-1',
  fabricId: spelt(FABRIC),
  fqdn: 'ps-1.corp.test',
  biosId: 'bios',
  version: '9.54',
  ipAddresses: ['10.0.0.9'],
  heardAt,
  metrics: {
    processorUsage: 20,
    totalMemoryBytes: 16 * GIB,
    availableMemoryBytes: 8 * GIB,
    totalSpaceBytes: 600 * GIB,
    availableSpaceBytes: 500 * GIB,
    pendingBytes: 0,
    throughputBytesPerSecond: 0,
    systemLoad: 1,
    stoppedServices: [],
    ...change,
  },
});

/** Vault, agent-based fabric, container and policy, and a process server. */
async function prepared({ ask, finish, prepare, protection, world, machineId }: ReplicationWorld) {
  prepare();
  const vmwareSiteId = machineId(1).slice(0, machineId(1).indexOf('/machines/'));
  const customDetails = {
    instanceType: 'InMageRcm',
    vmwareSiteId,
    sourceAgentIdentity: {
      tenantId: 't',
      applicationId: 'a',
      objectId: 'o',
      audience: 'x',
      aadAuthority: 'y',
    },
  };
  await finish(await ask('PUT', FABRIC, V, { body: { properties: { customDetails } } }));
  await finish(await ask('PUT', CONTAINER, V, { body: { properties: {} } }));
  const providerSpecificInput = {
    instanceType: 'InMageRcm',
    recoveryPointHistoryInMinutes: 1440,
    crashConsistentFrequencyInMinutes: 5,
    appConsistentFrequencyInMinutes: 240,
    enableMultiVmSync: 'false',
  };
  await finish(await ask('PUT', POLICY, V, { body: { properties: { providerSpecificInput } } }));
  protection.putServer(server({}, world.tier.clock.wall()));
}

const enable = ({ ask, machineId }: ReplicationWorld, change: object = {}, policyId = POLICY) =>
  ask('PUT', ITEM, V, {
    body: {
      properties: {
        policyId,
        providerSpecificDetails: {
          instanceType: 'InMageRcm',
          fabricDiscoveryMachineId: machineId(1),
          disksDefault: {
            logStorageAccountId: `${GROUP}/providers/Microsoft.Storage/storageAccounts/${LOG_ACCOUNT}`,
            diskType: 'Premium_LRS',
          },
          targetResourceGroupId: GROUP,
          processServerId: SERVER,
          ...change,
        },
      },
    },
  });

/** As the agent's data plane will move it on. */
async function protectedNow(world: ReplicationWorld) {
  await prepared(world);
  const started = await enable(world);
  const { protection } = world;
  const item = protection.find(spelt(ITEM))!;
  for (const event of ['installed', 'registered', 'slot'] as const) protection.apply(item, event);
  for (const disk of item.disks) {
    disk.seed.write(0, Buffer.alloc(512, 7));
    disk.processedBytes = disk.capacityBytes;
  }
  protection.apply(item, 'seeded');
  const point = protection.addPoint(item, world.world.tier.clock.wall(), 'CrashConsistent');
  return { item, point, started };
}

const shown = async ({ ask }: ReplicationWorld) => (await ask('GET', ITEM, V)).json.properties;

describe('enabling', () => {
  test('waits for the agent, and its job ends when that is registered', () =>
    inReplication(async (world) => {
      const { ask, finish } = world;
      const { started } = await protectedNow(world);
      expect(started).toMatchObject({ status: 202, json: { properties: { protectionState: 'Enabling' } } });
      expect((await finish(started)).json.status).toBe('Succeeded');
      expect(await shown(world)).toMatchObject({
        friendlyName: 'web-1',
        protectionState: 'Protected',
        replicationHealth: 'Normal',
        policyFriendlyName: 'agents',
        allowedOperations: ['DisableProtection', 'TestFailover', 'UnplannedFailover', 'SwitchProcessServer'],
        currentScenario: { scenarioName: 'None' },
        providerSpecificDetails: {
          instanceType: 'InMageRcm',
          processServerName: 'ps-1',
          initialReplicationProgressPercentage: 100,
          resyncRequired: 'false',
          protectedDisks: [{ isOSDisk: 'true', isInitialReplicationComplete: 'true' }, { isOSDisk: 'false' }],
        },
      });
      for (const list of [`${CONTAINER}/replicationProtectedItems`, `${VAULT}/replicationProtectedItems`])
        expect((await ask('GET', list, V)).json.value).toHaveLength(1);
      const points = (await ask('GET', `${ITEM}/recoveryPoints`, V)).json.value;
      expect(points).toMatchObject([{ properties: { recoveryPointType: 'CrashConsistent' } }]);
    }));

  test('without an agent fails after an hour, and the item can only be removed', () =>
    inReplication(async (world) => {
      await prepared(world);
      const started = await enable(world);
      const failed = await world.finish(started);
      expect(failed.json).toMatchObject({ status: 'Failed', error: { code: '95117' } });
      expect(await shown(world)).toMatchObject({
        protectionState: 'EnableFailed',
        allowedOperations: ['DisableProtection'],
        replicationHealth: 'Critical',
        healthErrors: [{ errorCode: '95117' }],
      });
    }));

  test('what cannot be carried out is refused, and says why', () =>
    inReplication(async (world) => {
      await prepared(world);
      const refusals: ReadonlyArray<[what: string, change: object, code: string]> = [
        ['another kind', { instanceType: 'A2A' }, 'InvalidRequestContent'],
        ['a machine of nobody', { fabricDiscoveryMachineId: `${GROUP}/x/y` }, 'BadRequest'],
        ['a process server of nobody', { processServerId: 'ps-9' }, 'BadRequest'],
        ['no disks', { disksDefault: undefined }, 'InvalidRequestContent'],
        ['a name that no machine has', { targetVmName: '-x-' }, 'MachineNotSupported'],
        ['an unknown property', { surprise: 1 }, 'InvalidRequestContent'],
      ];
      for (const [what, change, code] of refusals)
        expect((await enable(world, change)).json.error.code, what).toBe(code);
      expect((await enable(world, {}, `${VAULT}/replicationPolicies/policy`)).status).toBe(400);
      world.protection.putServer(server({ availableSpaceBytes: GIB }, world.world.tier.clock.wall()));
      expect((await enable(world)).json.error.message).toContain('critical');
      expect(world.protection.items()).toEqual([]);
    }));
});

describe('steering', () => {
  test('a test failover makes a machine of a point; its job waits for a person, and resuming it cleans up', () =>
    inReplication(async (world) => {
      const { ask, finish, machines } = world;
      const { point } = await protectedNow(world);
      const body = {
        properties: {
          failoverDirection: 'PrimaryToRecovery',
          providerSpecificDetails: {
            instanceType: 'InMageRcm',
            networkId: NETWORK,
            recoveryPointId: `${ITEM}/recoveryPoints/${point.name}`,
          },
        },
      };
      const started = await ask('POST', `${ITEM}/testFailover`, V, { body });
      expect(await shown(world)).toMatchObject({ testFailoverState: 'Testing', allowedOperations: [] });
      expect((await finish(started)).json.status).toBe('Succeeded');
      expect([...machines.values()]).toMatchObject([{ name: 'web-1-test', networkId: NETWORK }]);
      expect(await shown(world)).toMatchObject({ allowedOperations: ['TestFailoverCleanup'] });
      const [job] = (await ask('GET', `${VAULT}/replicationJobs`, V)).json.value;
      expect(job.properties).toMatchObject({
        scenarioName: 'TestFailover',
        state: 'Suspended',
        allowedActions: ['Resume'],
      });
      await finish(await ask('POST', `${job.id}/resume`, V, { body: { properties: { comments: 'fine' } } }));
      expect(machines.size).toBe(0);
      expect((await ask('GET', job.id, V)).json.properties).toMatchObject({ state: 'Succeeded' });
      expect(await shown(world)).toMatchObject({ testFailoverState: 'None' });
    }));

  test('a failover makes the machine; stopping afterwards removes the item and leaves the machine', () =>
    inReplication(async (world) => {
      const { ask, finish, machines, disks } = world;
      await protectedNow(world);
      const body = {
        properties: { providerSpecificDetails: { instanceType: 'InMageRcm', performShutdown: 'true' } },
      };
      await finish(await ask('POST', `${ITEM}/unplannedFailover`, V, { body }));
      expect(await shown(world)).toMatchObject({ protectionState: 'Migrated', activeLocation: 'Recovery' });
      const [machine] = [...machines.values()];
      expect(
        disks
          .find(machine!.osDiskId)!
          .space.read(0, 512)
          .every((byte) => byte === 7),
      ).toBe(true);
      await finish(
        await ask('POST', `${ITEM}/remove`, V, {
          body: { properties: { disableProtectionReason: 'MigrationComplete' } },
        }),
      );
      expect((await ask('GET', ITEM, V)).status).toBe(404);
      expect(machines.size).toBe(1);
    }));

  test('a flagged resync is asked for; meanwhile older points still count', () =>
    inReplication(async (world) => {
      const { ask, finish, protection } = world;
      const { item } = await protectedNow(world);
      expect((await ask('POST', `${ITEM}/repairReplication`, V, { body: {} })).status).toBe(409);
      protection.apply(item, 'resyncFlagged');
      expect(await shown(world)).toMatchObject({
        protectionState: 'ResyncRequired',
        replicationHealth: 'Critical',
        allowedOperations: ['DisableProtection', 'TestFailover', 'UnplannedFailover', 'Resynchronize'],
      });
      await finish(await ask('POST', `${ITEM}/repairReplication`, V, { body: {} }));
      expect((await shown(world)).providerSpecificDetails['resyncState']).toBe(
        'PreparedForResynchronization',
      );
    }));

  test('an agent is updated when it is not the newest, and one that is silent is an error', () =>
    inReplication(async (world) => {
      const { ask, finish, protection, wait } = world;
      const { item } = await protectedNow(world);
      expect(
        (await ask('POST', `${ITEM}/updateMobilityService`, V, { body: { properties: {} } })).status,
      ).toBe(409);
      item.agent = { version: '9.50', latestVersion: '9.54', heardAt: world.world.tier.clock.wall() };
      item.agentState = 'Available';
      expect(protection.allowed(item)).toContain('UpdateMobilityService');
      await finish(await ask('POST', `${ITEM}/updateMobilityService`, V, { body: { properties: {} } }));
      expect((await shown(world)).providerSpecificDetails['agentUpgradeState']).toBe('Started');
      await wait(16 * MINUTE);
      expect(await shown(world)).toMatchObject({ healthErrors: [{ errorCode: '78174' }] });
    }));

  test('another process server takes over', () =>
    inReplication(async (world) => {
      const { ask, finish, protection } = world;
      await protectedNow(world);
      const move = (targetApplianceId: string) =>
        ask('POST', `${ITEM}/updateAppliance`, V, {
          body: { properties: { targetApplianceId, providerSpecificDetails: { instanceType: 'InMageRcm' } } },
        });
      expect((await move('ps-2')).status).toBe(400);
      protection.putServer({ ...server({}, world.world.tier.clock.wall()), id: 'ps-2', name: 'ps-2' });
      await finish(await move('ps-2'));
      expect((await shown(world)).providerSpecificDetails['processServerName']).toBe('ps-2');
      const fabric = (await ask('GET', FABRIC, V)).json.properties['customDetails'];
      expect(fabric).toMatchObject({
        processServers: [
          { name: 'ps-1', protectedItemCount: 0, health: 'Normal' },
          { name: 'ps-2', protectedItemCount: 1 },
        ],
      });
      const [appliances] = (await ask('GET', `${VAULT}/replicationAppliances`, V)).json.value;
      expect(appliances.properties.providerSpecificDetails['appliances']).toHaveLength(2);
      expect((await ask('DELETE', POLICY, V)).status).toBe(409);
    }));

  test('removing gives back what was stored', () =>
    inReplication(async (world) => {
      const { ask, finish, storage } = world;
      await protectedNow(world);
      await finish(await ask('DELETE', ITEM, V));
      expect(storage.usage().liveBytes).toBe(0);
      expect((await ask('DELETE', ITEM, V)).status).toBe(204);
    }));
});

describe('a process server', () => {
  const health = (change: Partial<ProcessServer['metrics']>, now = 0) =>
    processServerHealth(server(change), now);

  test.each([
    [{}, 'Normal'],
    [{ processorUsage: 81 }, 'Warning'],
    [{ processorUsage: 96 }, 'Critical'],
    [{ availableMemoryBytes: 2 * GIB }, 'Warning'],
    [{ availableSpaceBytes: 179 * GIB }, 'Warning'],
    [{ availableSpaceBytes: 149 * GIB }, 'Critical'],
    [{ pendingBytes: 31 * 60, throughputBytesPerSecond: 1 }, 'Warning'],
    [{ pendingBytes: 46 * 60, throughputBytesPerSecond: 1 }, 'Critical'],
    [{ pendingBytes: 1 }, 'Critical'],
    [{ stoppedServices: ['tmansvc'] }, 'Critical'],
  ] as const)('with %o is %s', (change, overall) => {
    expect(health(change).overall).toBe(overall);
  });

  test('is critical when nothing is heard of it for a quarter of an hour', () => {
    expect(health({}, 15 * MINUTE).overall).toBe('Normal');
    expect(health({}, HOUR)).toMatchObject({ overall: 'Critical', isSilent: true });
  });

  test('slows machines down below a fifth of free cache, until a quarter is free', () => {
    const free = (part: number) => server({ availableSpaceBytes: part * 600 * GIB });
    expect([0.19, 0.21, 0.26].map((part) => isThrottled(free(part), false))).toEqual([true, false, false]);
    expect([0.19, 0.21, 0.26].map((part) => isThrottled(free(part), true))).toEqual([true, true, false]);
  });
});
