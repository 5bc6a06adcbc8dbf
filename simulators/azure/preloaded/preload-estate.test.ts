import { expect, test } from 'vitest';
import { DAY } from '#core/units.ts';
import { generateEstate } from '../../estate/generate.ts';
import { type AzureSimulator, startAzure } from '../server.ts';
import { GROUP } from '../testing/arm-world.ts';
import { testSeed } from '../testing/seed.ts';
import { type AnswerJson, testWorld } from '../testing/test-world.ts';
import { historyWindows } from './history.ts';
import { type Preloaded, preloadEstate } from './preload-estate.ts';

const MONTH_WINDOWS = 31 * 144;

async function preloaded(script: (azure: AzureSimulator, made: Preloaded) => void): Promise<void> {
  await using world = await testWorld();
  const azure = await startAzure({ context: world.context, seed: testSeed });
  const estate = generateEstate({ seed: 'preloaded', machines: 12 });
  script(azure, preloadEstate({ azure, context: world.context, seed: testSeed, estate }));
  await azure.stop();
}

test('a served cloud has machines, a month of points and a completed assessment of them', () =>
  preloaded((azure, made) => {
    const project = `${GROUP}/providers/Microsoft.Migrate/assessmentprojects/${testSeed.project}`;
    const [site] = azure.sites();
    expect(site!.inventory.machines().size).toBe(12);
    const running = [...site!.inventory.machines().values()].find(({ facts }) => facts.powerStatus === 'ON')!;
    expect(site!.inventory.points(running.facts.instanceUuid, 'cpu', '')!.count()).toBe(MONTH_WINDOWS);
    const assessment = azure.arm.apply(
      'GET',
      `${project}/groups/${made.group}/assessments/${made.assessment}`,
      '2019-10-01',
    ) as AnswerJson;
    expect(assessment.properties).toMatchObject({ status: 'Completed', numberOfMachines: 12 });
    expect(assessment.properties.monthlyComputeCost).toBeGreaterThan(0);
    expect(assessment.properties.confidenceRatingInPercentage).toBeGreaterThan(60);
  }));

test('what is inside its machines is known, and who talks to whom', () =>
  preloaded((azure) => {
    const { inventory } = azure.sites()[0]!;
    const guests = [...inventory.machines().keys()].map((uuid) => inventory.guest(uuid)?.inventory);
    const applications = guests.flatMap((guest) => guest?.appsAndRoles?.applications ?? []);
    expect(applications.length).toBeGreaterThan(20);
    const dependencies = inventory.dependencies.between(0, Number.MAX_SAFE_INTEGER);
    expect(
      dependencies.some(({ source, destination }) => source.instanceUuid && destination.instanceUuid),
    ).toBe(true);
  }));

test('its vault has migration items in four states, with recovery points and the disks of one that was migrated', () =>
  preloaded((azure, made) => {
    const vault = `${GROUP}/providers/Microsoft.RecoveryServices/vaults/${testSeed.vault}`;
    const container = `${vault}/replicationFabrics/${made.fabric}/replicationProtectionContainers/${made.container}`;
    const items = made.items.map(
      (name) =>
        azure.arm.apply('GET', `${container}/replicationMigrationItems/${name}`, '2023-06-01') as AnswerJson,
    );
    expect(items.map(({ properties }) => properties.migrationState)).toEqual([
      'Replicating',
      'InitialSeedingInProgress',
      'MigrationSucceeded',
      'ProtectionSuspended',
    ]);
    const [replicating, , migrated] = made.items.map(
      (name) => azure.replication.items().find((item) => item.name === name)!,
    );
    expect(replicating!.cycles.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'initial Applied',
      'delta Applied',
      'delta Applied',
    ]);
    const content = replicating!.disks[0]!.seed.read(0, 4 * 1024 * 1024);
    expect(content.some((byte) => byte !== 0)).toBe(true);
    const target = migrated!.disks[0]!.targetDiskId!;
    expect((azure.arm.apply('GET', target, '2023-04-02') as AnswerJson).properties.diskState).toBe(
      'Attached',
    );
  }));

test('one of its machines is protected by an agent, through a process server that is well, with points and content', () =>
  preloaded((azure, made) => {
    const vault = `${GROUP}/providers/Microsoft.RecoveryServices/vaults/${testSeed.vault}`;
    const { fabric, container, item, processServer } = made.agents;
    const at = `${vault}/replicationFabrics/${fabric}`;
    const get = (path: string) => azure.arm.apply('GET', path, '2023-06-01') as AnswerJson;
    const { properties } = get(
      `${at}/replicationProtectionContainers/${container}/replicationProtectedItems/${item}`,
    );
    expect(properties).toMatchObject({
      protectionState: 'Protected',
      replicationHealth: 'Normal',
      providerSpecificDetails: { instanceType: 'InMageRcm', processServerId: processServer },
    });
    expect(get(at).properties.customDetails).toMatchObject({
      processServers: [{ id: processServer, health: 'Normal', protectedItemCount: 1 }],
    });
    const [kept] = azure.protection.items();
    expect(kept!.points).toHaveLength(2);
    expect(kept!.disks[0]!.seed.read(0, 64 * 1024).some((byte) => byte !== 0)).toBe(true);
    expect(made.items).not.toContain(item);
  }));

test('the history becomes shorter in a larger estate, never shorter than a day', () => {
  expect(historyWindows(1)).toBe(MONTH_WINDOWS);
  expect(historyWindows(100)).toBe(MONTH_WINDOWS);
  expect(historyWindows(1000)).toBe(446);
  expect(historyWindows(20_000) * 600_000).toBe(DAY);
});
