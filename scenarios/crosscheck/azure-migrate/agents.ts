/**
 * The official clients against the agent-based part of a served cloud, and against sites of Hyper-V hosts and of
 * servers: what they sent as an appliance would is listed, grouped and assessed. Prints what they saw.
 */
import { AzureMigrateV2 } from '@azure/arm-migrate';
import { NetworkManagementClient } from '@azure/arm-network';
import {
  type InMageRcmApplianceSpecificDetails,
  type InMageRcmFabricSpecificDetails,
  type InMageRcmReplicationDetails,
  SiteRecoveryManagementClient,
} from '@azure/arm-recoveryservices-siterecovery';
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

const client = new SiteRecoveryManagementClient(credential, subscription);
const agentFabric = env['AZ_AGENT_FABRIC']!;
const at = [vault, group, agentFabric, env['AZ_AGENT_CONTAINER']!] as const;
const items = client.replicationProtectedItems;
const GROUP = `/subscriptions/${subscription}/resourceGroups/${group}`;
const instanceType = 'InMageRcm';

async function processServers(): Promise<void> {
  const { properties } = await client.replicationFabrics.get(vault, group, agentFabric);
  const details = properties!.customDetails as InMageRcmFabricSpecificDetails;
  seen['agents: fabric'] = [details.instanceType, details.vmwareSiteId?.endsWith(`/${site}`)];
  const [server] = details.processServers!;
  seen['agents: process server'] = [
    server!.id === env['AZ_PROCESS_SERVER'],
    server!.health,
    server!.lastHeartbeatUtc instanceof Date,
    server!.memoryUsagePercentage! > 0 && server!.freeSpacePercentage! > 80,
    server!.throughputStatus,
    server!.protectedItemCount,
  ];
  const [appliance] = await all(client.replicationAppliances.list(vault, group));
  const shown = appliance!.properties!.providerSpecificDetails as InMageRcmApplianceSpecificDetails;
  seen['agents: appliance'] = [shown.instanceType, shown.appliances?.[0]?.processServer?.name];
}

/** The job waits for an agent that nobody installs. */
async function enabling(): Promise<void> {
  const machines = await rest(
    'GET',
    `Microsoft.OffAzure/VMwareSites/${site}/machines?api-version=2020-07-07`,
  );
  const taken = new Set(
    [
      ...(await all(client.replicationMigrationItems.list(vault, group))),
      ...(await all(items.list(vault, group))),
    ].map(
      ({ properties }) =>
        (properties as { machineName?: string; friendlyName?: string }).machineName ??
        (properties as { friendlyName?: string }).friendlyName,
    ),
  );
  const free = (machines.json.value as Array<{ id: string; properties: { displayName: string } }>).find(
    ({ properties }) => !taken.has(properties.displayName),
  )!;
  const create = (change: object = {}) =>
    items.beginCreate(...at, 'sdk-item', {
      properties: {
        policyId: `${GROUP}/providers/Microsoft.RecoveryServices/vaults/${vault}/replicationPolicies/rehearsal-agents-policy`,
        providerSpecificDetails: {
          instanceType,
          fabricDiscoveryMachineId: free.id,
          disksDefault: {
            diskType: 'Premium_LRS',
            logStorageAccountId: `${GROUP}/providers/Microsoft.Storage/storageAccounts/${env['AZ_STORAGE_ACCOUNT']}`,
          },
          targetResourceGroupId: GROUP,
          processServerId: env['AZ_PROCESS_SERVER']!,
          ...change,
        },
      },
    });
  await create();
  const made = await items.get(...at, 'sdk-item');
  seen['agents: enabling'] = [made.properties?.protectionState, made.properties?.allowedOperations];
  const [job] = await all(client.replicationJobs.list(vault, group, { filter: "JobStatus eq 'InProgress'" }));
  seen['agents: its job'] = job?.properties?.scenarioName;
  await items.beginPurgeAndWait(...at, 'sdk-item', soon);
  seen['agents: purged'] = await refusal(() => items.get(...at, 'sdk-item'));
  seen['agents: a process server of nobody'] = await refusal(() => create({ processServerId: 'nobody' }));
}

async function protectedItems(): Promise<void> {
  const [item] = await all(items.listByReplicationProtectionContainers(...at));
  const name = item!.name!;
  const details = item!.properties!.providerSpecificDetails as InMageRcmReplicationDetails;
  seen['agents: item'] = [
    item!.properties!.protectionState,
    item!.properties!.replicationHealth,
    item!.properties!.allowedOperations,
  ];
  const [disk] = details.protectedDisks!;
  seen['agents: its details'] = [
    details.processServerName,
    details.mobilityAgentDetails?.version,
    details.mobilityAgentDetails?.isUpgradeable,
    details.lastRecoveryPointReceived instanceof Date,
    disk!.isOSDisk,
    disk!.isInitialReplicationComplete,
    disk!.capacityInBytes! > 0,
  ];
  const points = await all(client.recoveryPoints.listByReplicationProtectedItems(...at, name));
  seen['agents: points'] = points.map(({ properties }) => properties?.recoveryPointType);
  const updated = await items.beginUpdateAndWait(
    ...at,
    name,
    { properties: { providerSpecificDetails: { instanceType, targetVmSize: 'Standard_D2s_v3' } } },
    soon,
  );
  seen['agents: updated'] = (
    updated.properties!.providerSpecificDetails as InMageRcmReplicationDetails
  ).targetVmSize;
  const upgraded = await items.beginUpdateMobilityServiceAndWait(...at, name, { properties: {} }, soon);
  seen['agents: agent upgrade'] = (
    upgraded.properties!.providerSpecificDetails as InMageRcmReplicationDetails
  ).agentUpgradeState;
  seen['agents: resync of one that needs none'] = await refusal(() =>
    items.beginRepairReplicationAndWait(...at, name, soon),
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
  const tested = await items.beginTestFailoverAndWait(
    ...at,
    name,
    {
      properties: {
        failoverDirection: 'PrimaryToRecovery',
        providerSpecificDetails: { instanceType, networkId: network.id!, recoveryPointId: points[0]!.id! },
      },
    },
    soon,
  );
  seen['agents: tested'] = [tested.properties?.testFailoverState, tested.properties?.allowedOperations];
  const cleaned = await items.beginTestFailoverCleanupAndWait(
    ...at,
    name,
    { properties: { comments: 'it started' } },
    soon,
  );
  seen['agents: cleaned up'] = cleaned.properties?.testFailoverState;
  const migrated = await items.beginUnplannedFailoverAndWait(
    ...at,
    name,
    {
      properties: {
        failoverDirection: 'PrimaryToRecovery',
        providerSpecificDetails: { instanceType, performShutdown: 'true' },
      },
    },
    soon,
  );
  seen['agents: migrated'] = [migrated.properties?.protectionState, migrated.properties?.allowedOperations];
  await items.beginDeleteAndWait(
    ...at,
    name,
    {
      properties: {
        disableProtectionReason: 'MigrationComplete',
      },
    },
    soon,
  );
  seen['agents: after the end of replication'] = await refusal(() => items.get(...at, name));
}

const operatingSystemDetails = { osType: 'windowsguest', osName: 'Microsoft Windows Server 2019 (64-bit)' };
const hypervMachine = {
  displayName: 'hv-1',
  instanceUuid: '70000000-0000-4000-8000-000000000001',
  ...{ numberOfProcessorCore: 2, allocatedMemoryInMb: 4096, operatingSystemDetails, firmware: 'EFI' },
  ...{ powerStatus: 'Running', hostFqdn: 'host-1.corp.test', managementServerType: 'Host', generation: 2 },
  disks: [{ instanceId: 'Microsoft:7000:0', maxSizeInBytes: 2 ** 36, name: 'os.vhdx', isOSDisk: 'true' }],
  networkAdapters: [
    { nicId: 'Microsoft:7000:NIC', macAddress: '00-15-5D-00-00-01', ipAddressList: ['10.2.0.4'] },
  ],
};
const server = {
  ...{ id: 'server-1', displayName: 'metal-1', fqdn: 'metal-1.corp.test', numberOfProcessorCore: 8 },
  ...{ allocatedMemoryInMb: 32_768, firmware: 'BIOS' },
  operatingSystemDetails: { osType: 'linuxguest', osName: 'Ubuntu', osVersion: '22.04' },
  disks: [{ id: 'sda', maxSizeInBytes: 2 ** 38 }],
  networkAdapters: [{ nicId: 'eth0', ipAddressList: ['10.3.0.1'] }],
};

/** A site of another kind, an inventory sent to it, its collector in the project. */
async function otherSites(): Promise<void> {
  const api = 'api-version=2023-06-06';
  const migrate = new AzureMigrateV2(credential, subscription);
  const fill = async (type: string, name: string, inventory: object): Promise<string> => {
    const body = { location: 'westeurope', properties: { applianceName: 'appliance-2' } };
    const { json } = await rest('PUT', `Microsoft.OffAzure/${type}/${name}?${api}`, body);
    const sent = await rest(
      'PUT',
      `${json.properties.serviceEndpoint}/inventory/1`,
      { full: true, removed: [], ...inventory },
      'https://discoverysrv.windowsazure.com',
    );
    seen[`${name}: inventory`] = [sent.status, sent.json.machines];
    return json.id;
  };
  const source = { fqdn: 'host-1.corp.test', type: 'Host', version: '10.0' };
  const hyperv = await fill('HyperVSites', 'sdk-hyperv', { source, machines: [hypervMachine] });
  const servers = await fill('ServerSites', 'sdk-servers', { machines: [server] });
  const collector = (discoverySiteId: string) => ({
    collectorBody: { properties: { discoverySiteId, agentProperties: { version: '6.1.294.1012' } } },
  });
  const made = await migrate.hyperVCollectors.create(group, project, 'sdk-hyperv', collector(hyperv));
  await migrate.serverCollectors.create(group, project, 'sdk-servers', collector(servers));
  seen['sdk-hyperv: collector'] = made.properties?.discoverySiteId === hyperv;
  seen['sdk-servers: collectors'] = (
    await all(migrate.serverCollectors.listByProject(group, project))
  ).length;
  const machines = (await all(migrate.machines.listByProject(group, project))).filter(({ properties }) =>
    ['hv-1', 'metal-1'].includes(properties?.displayName ?? ''),
  );
  seen['other sites: machines'] = machines
    .map(({ properties: p }) => [p?.displayName, p?.numberOfCores, p?.megabytesOfMemory, p?.bootType])
    .sort();
  await migrate.groups.create(group, project, 'sdk-others', { group: { properties: {} } });
  await migrate.groups.updateMachines(group, project, 'sdk-others', {
    groupUpdateProperties: { properties: { operationType: 'Add', machines: machines.map(({ id }) => id!) } },
  });
  await migrate.assessments.create(group, project, 'sdk-others', 'as-it-stands', {
    assessment: {
      properties: {
        ...{ azureLocation: 'WestEurope', azureOfferCode: 'MSAZR0003P', azurePricingTier: 'Standard' },
        ...{ azureStorageRedundancy: 'LocallyRedundant', scalingFactor: 1, percentile: 'Percentile95' },
        ...{ timeRange: 'Day', stage: 'InProgress', currency: 'EUR', azureHybridUseBenefit: 'Yes' },
        ...{ discountPercentage: 0, sizingCriterion: 'AsOnPremises', reservedInstance: 'None' },
        ...{ azureVmFamilies: [], azureDiskType: 'Premium', vmUptime: { daysPerMonth: 31, hoursPerDay: 24 } },
      },
    },
  });
  const done = await until(
    () => migrate.assessments.get(group, project, 'sdk-others', 'as-it-stands'),
    ({ properties: { status } }) => status === 'Completed',
  );
  seen['other sites: assessment'] = [
    done.properties.status,
    done.properties.currency,
    done.properties.numberOfMachines,
    done.properties.monthlyComputeCost! > 0,
  ];
  const assessed = await all(
    migrate.assessedMachines.listByAssessment(group, project, 'sdk-others', 'as-it-stands'),
  );
  seen['other sites: assessed'] = assessed
    .map(({ properties: p }) => [p?.displayName, p?.suitability, Object.keys(p?.disks ?? {}).length])
    .sort();
}

await runParts({ enabling, processServers, protectedItems, otherSites });
