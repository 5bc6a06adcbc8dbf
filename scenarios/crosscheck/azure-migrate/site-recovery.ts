/** The official client of Site Recovery against the migration items that `serve azure` preloads. */
import { ComputeManagementClient } from '@azure/arm-compute';
import { NetworkManagementClient } from '@azure/arm-network';
import {
  SiteRecoveryManagementClient,
  type VMwareCbtMigrationDetails,
} from '@azure/arm-recoveryservices-siterecovery';
import { BlobClient } from '@azure/storage-blob';
import {
  all,
  container,
  credential,
  env,
  fabric,
  group,
  refusal,
  seen,
  soon,
  subscription,
  vault,
} from './kit.ts';

export async function siteRecovery(): Promise<void> {
  const client = new SiteRecoveryManagementClient(credential, subscription);
  const items = client.replicationMigrationItems;
  const at = [vault, group, fabric, container] as const;
  seen['recovery: fabrics'] = (await all(client.replicationFabrics.list(vault, group))).map(
    ({ name, properties }) => [name, properties?.customDetails?.instanceType],
  );
  const [provider] = await all(
    client.replicationRecoveryServicesProviders.listByReplicationFabrics(vault, group, fabric),
  );
  seen['recovery: appliance'] = provider?.properties?.connectionStatus;
  const listed = await all(items.listByReplicationProtectionContainers(...at));
  seen['recovery: items'] = listed.map(({ properties: p }) => [p?.migrationState, p?.allowedOperations]);
  const names = listed.map(({ name }) => name!);
  const replicating = names[0]!;
  const details = listed[0]!.properties!.providerSpecificDetails as VMwareCbtMigrationDetails;
  seen['recovery: details of an item'] = [
    details.instanceType,
    (details.protectedDisks?.length ?? 0) > 0,
    details.lastRecoveryPointReceived instanceof Date,
    details.targetVmName,
  ];
  const points = await all(
    client.migrationRecoveryPoints.listByReplicationMigrationItems(...at, replicating),
  );
  seen['recovery: points'] = points.map(({ properties }) => properties?.recoveryPointType);

  await client.replicationPolicies.beginCreateAndWait(
    vault,
    group,
    'sdk-policy',
    {
      properties: {
        providerSpecificInput: {
          instanceType: 'VMwareCbt',
          recoveryPointHistoryInMinutes: 1_440,
          appConsistentFrequencyInMinutes: 60,
          crashConsistentFrequencyInMinutes: 60,
        },
      },
    },
    soon,
  );
  const mapping = await client.replicationProtectionContainerMappings.beginCreateAndWait(
    ...at,
    'sdk-mapping',
    {
      properties: {
        policyId: (await client.replicationPolicies.get(vault, group, 'sdk-policy')).id!,
        targetProtectionContainerId: 'Microsoft Azure',
        providerSpecificInput: {
          instanceType: 'VMwareCbt',
          storageAccountId: `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Storage/storageAccounts/${env['AZ_STORAGE_ACCOUNT']}`,
          targetLocation: 'westeurope',
        },
      },
    },
    soon,
  );
  seen['recovery: mapping'] = [mapping.properties?.state, mapping.properties?.policyFriendlyName];
  await client.replicationProtectionContainerMappings.beginDeleteAndWait(
    ...at,
    'sdk-mapping',
    { properties: { providerSpecificInput: {} } },
    soon,
  );
  await client.replicationPolicies.beginDeleteAndWait(vault, group, 'sdk-policy', soon);
  seen['recovery: policy deleted'] = await refusal(() =>
    client.replicationPolicies.get(vault, group, 'sdk-policy'),
  );

  const network = await new NetworkManagementClient(credential, subscription).virtualNetworks.createOrUpdate(
    group,
    'sdk-test-network',
    {
      location: 'westeurope',
      addressSpace: { addressPrefixes: ['10.9.0.0/16'] },
      subnets: [{ name: 'default', addressPrefix: '10.9.0.0/24' }],
    },
  );
  const test = (name: string, recoveryPointId: string) =>
    items.beginTestMigrateAndWait(
      ...at,
      name,
      {
        properties: {
          providerSpecificDetails: { instanceType: 'VMwareCbt', recoveryPointId, networkId: network.id! },
        },
      },
      soon,
    );
  seen['recovery: test while seeding'] = await refusal(() => test(names[1]!, points[0]!.id!));
  seen['recovery: test of a point that there is not'] = await refusal(() =>
    test(replicating, `${points[0]!.id}x`),
  );
  const tested = await test(replicating, points[0]!.id!);
  seen['recovery: tested'] = [tested.properties?.testMigrateState, tested.properties?.allowedOperations];
  const compute = new ComputeManagementClient(credential, subscription);
  const vm = `${details.targetVmName}-test`;
  const { storageProfile } = await compute.virtualMachines.get(group, vm);
  seen['recovery: test machine has disks'] = storageProfile?.osDisk?.managedDisk?.id !== undefined;
  const cleaned = await items.beginTestMigrateCleanupAndWait(
    ...at,
    replicating,
    { properties: { comments: 'it started' } },
    soon,
  );
  seen['recovery: cleaned up'] = cleaned.properties?.testMigrateState;
  seen['recovery: test machine after that'] = await refusal(() => compute.virtualMachines.get(group, vm));

  const renamed = await items.beginUpdateAndWait(
    ...at,
    replicating,
    {
      properties: {
        providerSpecificDetails: { instanceType: 'VMwareCbt', targetVmSize: 'Standard_D2s_v3' },
      },
    },
    soon,
  );
  seen['recovery: updated'] = (
    renamed.properties?.providerSpecificDetails as VMwareCbtMigrationDetails
  ).targetVmSize;
  const migrating = await items.beginMigrate(
    ...at,
    replicating,
    {
      properties: { providerSpecificDetails: { instanceType: 'VMwareCbt', performShutdown: 'true' } },
    },
    soon,
  );
  const [job] = await all(client.replicationJobs.list(vault, group, { filter: "JobStatus eq 'InProgress'" }));
  seen['recovery: job'] = [job?.properties?.scenarioName, job?.properties?.allowedActions];
  const cancelled = await client.replicationJobs.beginCancelAndWait(vault, group, job!.name!, soon);
  seen['recovery: job cancelled'] = cancelled.properties?.state;
  seen['recovery: migration that was cancelled'] = await refusal(() => migrating.pollUntilDone());
  seen['recovery: and its item'] = (await items.get(...at, replicating)).properties?.migrationState;
  const exported = await client.replicationJobs.beginExportAndWait(
    vault,
    group,
    { jobStatus: 'Cancelled' },
    soon,
  );
  const { blobUri, sasToken } = exported.properties?.customDetails as { blobUri: string; sasToken: string };
  const jobs = JSON.parse(String(await new BlobClient(`${blobUri}?${sasToken}`).downloadToBuffer()));
  seen['recovery: jobs exported'] = jobs.length;

  const paused = names[3]!;
  const resumed = await items.beginResumeReplicationAndWait(
    ...at,
    paused,
    { properties: { providerSpecificDetails: { instanceType: 'VMwareCbt' } } },
    soon,
  );
  seen['recovery: resumed'] = resumed.properties?.migrationState;
  seen['recovery: pause of a resumed one'] = await refusal(() =>
    items.beginPauseReplicationAndWait(...at, paused, { properties: { instanceType: 'VMwareCbt' } }, soon),
  );
  await items.beginDeleteAndWait(...at, names[1]!, { ...soon, deleteOption: 'Force' });
  seen['recovery: disabled'] = await refusal(() => items.get(...at, names[1]!));
  const events = await all(client.replicationEvents.list(vault, group));
  seen['recovery: events'] = events.some(
    ({ properties }) => properties?.eventCode === 'TestMigrationSucceeded',
  );
  const health = await client.replicationVaultHealth.get(vault, group);
  seen['recovery: health'] = health.properties?.protectedItemsHealth?.resourceCount;
  const alert = await client.replicationAlertSettings.create(vault, group, 'defaultAlertSetting', {
    properties: { sendToOwners: 'Send', customEmailAddresses: ['ops@corp.test'], locale: 'en-US' },
  });
  seen['recovery: alerts'] = alert.properties?.customEmailAddresses;
  seen['recovery: an item that there is not'] = await refusal(() => items.get(...at, 'nobody'));
}
