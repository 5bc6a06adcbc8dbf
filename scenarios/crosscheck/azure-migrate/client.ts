/**
 * The official clients of Azure Migrate, Recovery Services and Site Recovery against the estate that `serve azure`
 * preloads, on the real host names, through the forward proxy. In a process of its own, because Node reads the
 * proxy and the authority only at its start. Prints one JSON object: what the clients saw, case by case.
 */
import { readFileSync } from 'node:fs';
import { ComputeManagementClient } from '@azure/arm-compute';
import { AzureMigrateV2 } from '@azure/arm-migrate';
import { NetworkManagementClient } from '@azure/arm-network';
import { RecoveryServicesClient } from '@azure/arm-recoveryservices';
import {
  SiteRecoveryManagementClient,
  type VMwareCbtMigrationDetails,
} from '@azure/arm-recoveryservices-siterecovery';
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpMethods,
  RestError,
} from '@azure/core-rest-pipeline';
import { ClientSecretCredential } from '@azure/identity';
import { BlobClient, BlockBlobClient } from '@azure/storage-blob';

const env = JSON.parse(readFileSync(0, 'utf8')) as Readonly<Record<string, string>>;
const subscription = env['AZURE_SUBSCRIPTION_ID']!;
const group = env['AZ_RG']!;
const project = env['AZ_MIGRATE_PROJECT']!;
const vault = env['AZ_VAULT']!;
const fabric = env['AZ_FABRIC']!;
const container = env['AZ_CONTAINER']!;
const site = env['AZ_SITE']!;
const credential = new ClientSecretCredential(
  env['AZURE_TENANT_ID']!,
  env['AZURE_CLIENT_ID']!,
  env['AZURE_CLIENT_SECRET']!,
);
/** Pollers of these clients wait two seconds between questions unless they are told otherwise. */
const soon = { updateIntervalInMs: 100 };
const seen: Record<string, unknown> = {};

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

async function refusal(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
    return 'accepted';
  } catch (error) {
    if (error instanceof RestError || (error as { statusCode?: number }).statusCode !== undefined)
      return `${(error as RestError).statusCode} ${(error as RestError).code}`;
    return `failed: ${(error as Error).message.slice(0, 200)}`;
  }
}

/** For what has no published client. */
async function rest(method: HttpMethods, path: string, body?: unknown) {
  const pipeline = createPipelineFromOptions({});
  pipeline.addPolicy(
    bearerTokenAuthenticationPolicy({ credential, scopes: 'https://management.azure.com/.default' }),
  );
  const url = `https://management.azure.com/subscriptions/${subscription}/resourceGroups/${group}/providers/${path}`;
  const request = createPipelineRequest({ url, method, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (body) request.headers.set('Content-Type', 'application/json');
  const { status, bodyAsText } = await pipeline.sendRequest(createDefaultHttpClient(), request);
  return { status, json: JSON.parse(bodyAsText || '{}') };
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Asks until the answer is the one that is waited for; at most half a minute. */
async function until<T>(ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  for (let i = 0; ; i++) {
    const answer = await ask();
    if (isIt(answer) || i > 150) return answer;
    await pause(200);
  }
}

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
}

async function siteRecovery(): Promise<void> {
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

for (const [name, part] of Object.entries({ assessments, imports, vaults, siteRecovery })) {
  try {
    await part();
  } catch (error) {
    seen[`${name} stopped`] = String((error as Error).stack).slice(0, 800);
  }
}
process.stdout.write(JSON.stringify(seen));
