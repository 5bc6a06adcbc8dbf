/**
 * The official clients of Azure Migrate, Recovery Services and Site Recovery against the estate that `serve azure`
 * preloads, on the real host names, through the forward proxy. Prints one JSON object: what the clients saw, case
 * by case.
 */
import { readFileSync } from 'node:fs';
import { AzureMigrateV2 } from '@azure/arm-migrate';
import { RecoveryServicesClient } from '@azure/arm-recoveryservices';
import { BlobClient, BlockBlobClient } from '@azure/storage-blob';
import {
  all,
  credential,
  env,
  group,
  project,
  refusal,
  rest,
  runParts,
  seen,
  site,
  soon,
  subscription,
  until,
  vault,
} from './kit.ts';
import { siteRecovery } from './site-recovery.ts';

async function assessments(): Promise<void> {
  const migrate = new AzureMigrateV2(credential, subscription);
  const projects = await all(migrate.projects.list(group));
  seen['migrate: projects'] = projects.map(({ name, properties }) => [name, properties?.projectStatus]);
  const machines = await all(migrate.machines.listByProject(group, project));
  seen['migrate: machines'] = machines.length;
  const [machine] = machines;
  const { properties: facts } = await migrate.machines.get(group, project, machine!.name!);
  seen['migrate: a machine has'] = [
    facts!.numberOfCores! > 0,
    facts!.megabytesOfMemory! > 0,
    Object.keys(facts!.disks!).length > 0,
    facts!.groups!.length,
  ];
  const preloaded = await migrate.assessments.get(group, project, env['AZ_GROUP']!, env['AZ_ASSESSMENT']!);
  seen['migrate: preloaded assessment'] = [
    preloaded.properties.status,
    preloaded.properties.numberOfMachines,
    preloaded.properties.monthlyComputeCost! > 0,
    preloaded.properties.confidenceRatingInPercentage! > 50,
  ];
  const report = await migrate.assessments.getReportDownloadUrl(
    group,
    project,
    env['AZ_GROUP']!,
    env['AZ_ASSESSMENT']!,
  );
  const workbook = await new BlobClient(report.assessmentReportUrl!).downloadToBuffer();
  seen['migrate: report is a workbook'] = workbook.subarray(0, 2).toString() === 'PK';
  const made = await migrate.groups.create(group, project, 'sdk-group', { group: { properties: {} } });
  seen['migrate: group'] = [made.properties.groupStatus, made.properties.machineCount];
  const ids = machines.slice(0, 2).map(({ id }) => id!);
  const updated = await migrate.groups.updateMachines(group, project, 'sdk-group', {
    groupUpdateProperties: { eTag: made.eTag!, properties: { operationType: 'Add', machines: ids } },
  });
  seen['migrate: machines in the group'] = updated.properties.machineCount;
  seen['migrate: an old eTag'] = await refusal(() =>
    migrate.groups.updateMachines(group, project, 'sdk-group', {
      groupUpdateProperties: { eTag: made.eTag!, properties: { operationType: 'Remove', machines: ids } },
    }),
  );
  const properties = {
    azureLocation: 'WestEurope',
    azureOfferCode: 'MSAZR0003P',
    azurePricingTier: 'Standard',
    azureStorageRedundancy: 'LocallyRedundant',
    scalingFactor: 1,
    percentile: 'Percentile90',
    timeRange: 'Week',
    stage: 'InProgress',
    currency: 'USD',
    azureHybridUseBenefit: 'No',
    discountPercentage: 0,
    sizingCriterion: 'PerformanceBased',
    reservedInstance: 'None',
    azureVmFamilies: [],
    azureDiskType: 'StandardOrPremium',
    vmUptime: { daysPerMonth: 31, hoursPerDay: 24 },
  };
  const create = (change: object = {}) =>
    migrate.assessments.create(group, project, 'sdk-group', 'sdk-assessment', {
      assessment: { properties: { ...properties, ...change } },
    });
  seen['migrate: assessment made'] = (await create()).properties.status;
  const get = () => migrate.assessments.get(group, project, 'sdk-group', 'sdk-assessment');
  const done = await until(get, ({ properties: { status } }) => status === 'Completed');
  seen['migrate: assessment computed'] = [done.properties.status, done.properties.numberOfMachines];
  const assessed = await all(
    migrate.assessedMachines.listByAssessment(group, project, 'sdk-group', 'sdk-assessment'),
  );
  seen['migrate: assessed machines'] = assessed.map(({ properties: p }) => [
    p?.suitability !== undefined,
    (p?.monthlyComputeCostForRecommendedSize ?? -1) >= 0,
    Object.keys(p?.disks ?? {}).length > 0,
  ]);
  await migrate.groups.updateMachines(group, project, 'sdk-group', {
    groupUpdateProperties: { properties: { operationType: 'Remove', machines: [ids[1]!] } },
  });
  seen['migrate: assessment after a change of the group'] = (await get()).properties.status;
  await create({ percentile: 'Percentile50' });
  seen['migrate: recalculated'] = (
    await until(get, ({ properties: { status } }) => status === 'Completed')
  ).properties.percentile;
  seen['migrate: all assessments'] = (await all(migrate.assessments.listByProject(group, project))).length;
  seen['migrate: a percentile that there is not'] = await refusal(() =>
    create({ percentile: 'Percentile42' }),
  );
  const [options] = await all(migrate.projects.listAssessmentOptionsList(group, project));
  seen['migrate: options'] = (options?.properties?.vmFamilies?.length ?? 0) > 10;
  const [collector] = await all(migrate.vMwareCollectors.listByProject(group, project));
  seen['migrate: collector'] = collector?.properties?.discoverySiteId?.endsWith(site);
  await migrate.groups.delete(group, project, 'sdk-group');
  seen['migrate: group deleted'] = await refusal(() => migrate.groups.get(group, project, 'sdk-group'));
}

async function imports(): Promise<void> {
  const path = `Microsoft.OffAzure/importSites/sdk-imports`;
  const api = '?api-version=2023-06-06';
  await rest('PUT', `${path}${api}`, { location: 'westeurope', properties: {} });
  const { json: asked } = await rest('POST', `${path}/importUri${api}`, {});
  const csv = [
    'Server name,Cores,Memory,OS name,Disk 1 size,CPU utilization percentage',
    'imported-1,4,8192,Windows Server 2019,100,20',
    'imported-2,none,8192,Ubuntu 22.04,100,20',
  ].join('\r\n');
  await new BlockBlobClient(asked.uri).upload(csv, csv.length);
  const job = asked.jobArmId.slice(asked.jobArmId.indexOf('Microsoft.OffAzure'));
  const { json } = await until(
    () => rest('GET', `${job}${api}`),
    ({ json: { properties } }) => properties.status !== 'InProgress',
  );
  seen['import: outcome'] = [
    json.properties.jobResult,
    json.properties.numberOfMachinesImported,
    json.properties.errors[0]?.message,
  ];
  const migrate = new AzureMigrateV2(credential, subscription);
  const discoverySiteId = `/subscriptions/${subscription}/resourceGroups/${group}/providers/${path}`;
  await migrate.importCollectors.create(group, project, 'sdk-imports', {
    collectorBody: { properties: { discoverySiteId } },
  });
  const machines = await all(migrate.machines.listByProject(group, project));
  seen['import: machine in the project'] = machines.some(
    ({ properties }) => properties?.displayName === 'imported-1',
  );
  await migrate.importCollectors.delete(group, project, 'sdk-imports');
}

async function vaults(): Promise<void> {
  const client = new RecoveryServicesClient(credential, subscription);
  const list = await all(client.vaults.listByResourceGroup(group));
  seen['vault: listed'] = list.map(({ name }) => name);
  const made = await client.vaults.createOrUpdate(group, 'sdk-vault', {
    location: 'westeurope',
    sku: { name: 'Standard' },
    properties: { publicNetworkAccess: 'Enabled' },
  });
  seen['vault: made'] = [made.name, made.properties?.provisioningState];
  const changed = await client.vaults.update(group, 'sdk-vault', {
    location: 'westeurope',
    tags: { a: 'b' },
  });
  seen['vault: changed'] = changed.tags;
  const certificate = readFileSync(process.env['NODE_EXTRA_CA_CERTS']!);
  const registered = await client.vaultCertificates.create(group, 'sdk-vault', 'sdk-server', {
    properties: { authType: 'AAD', certificate },
  });
  seen['vault: registered'] = registered.properties?.authType;
  const usages = await all(client.usages.listByVaults(group, 'sdk-vault'));
  seen['vault: usages'] = usages.map(({ name, currentValue }) => [name?.value, currentValue]);
  const replication = await all(client.replicationUsages.list(group, vault));
  seen['vault: protected items'] = replication[0]?.protectedItemCount;
  await client.registeredIdentities.delete(group, 'sdk-vault', 'sdk-server');
  await client.vaultExtendedInfo.createOrUpdate(group, 'sdk-vault', { properties: { algorithm: 'None' } });
  seen['vault: extended'] = (await client.vaultExtendedInfo.get(group, 'sdk-vault')).properties?.algorithm;
  await client.vaults.delete(group, 'sdk-vault');
  seen['vault: deleted'] = await refusal(() => client.vaults.get(group, 'sdk-vault'));
  seen['vault: one that holds something'] = await refusal(() => client.vaults.delete(group, vault));
  const deleted = await all(client.deletedVaults.listBySubscriptionId('westeurope'));
  const { vaultId, vaultDeletionTime, purgeAt } = deleted[0]!.properties!;
  seen['vault: among the deleted'] = [
    vaultId === made.id,
    (purgeAt!.getTime() - vaultDeletionTime!.getTime()) / 86_400_000,
  ];
  await client.deletedVaults.undelete(
    'westeurope',
    deleted[0]!.name!,
    { properties: { recoveryResourceGroupId: `/subscriptions/${subscription}/resourceGroups/${group}` } },
    soon,
  );
  seen['vault: had back'] = (await client.vaults.get(group, 'sdk-vault')).tags;
  seen['vault: not among the deleted any more'] = (
    await all(client.deletedVaults.listBySubscriptionId('westeurope'))
  ).length;
  await client.vaults.delete(group, 'sdk-vault');
}

await runParts({ assessments, imports, vaults, siteRecovery });
