/**
 * An estate published into a served cloud, as if an appliance had discovered, watched and replicated it for a
 * month: a site with machines, what is in them, who talks to whom, and points, a project with a group and a completed assessment, a vault with
 * migration items in different states. Other people's clients find something to work with.
 */
import { MINUTE, type UnixMillis } from '#core/units.ts';
import type { EstateFacts, Machine } from '../../estate/model.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { iso } from '../http.ts';
import { groupIdOf, type SeedResources } from '../landing-zone.ts';
import { machineId } from '../off-azure/views.ts';
import type { AzureSimulator } from '../server.ts';
import { type PreloadedAgents, publishAgents } from './agents.ts';
import { historyWindows, publishHistory } from './history.ts';
import { GUEST_ACCOUNTS, publishInsides } from './insides.ts';
import { publishedMachine, VCENTER_FQDN, VCENTER_VERSION } from './published-machine.ts';
import { publishReplicas } from './replicas.ts';

const APPLIANCE = 'appliance-1';
const APPLIANCE_VERSION = '6.1.294.1012';
const SITE = 'rehearsal-site';
const ACCOUNT = 'vcenter-reader';
const FABRIC = 'rehearsal-fabric';
const CONTAINER = 'rehearsal-container';
const POLICY = 'rehearsal-policy';
const GROUP = 'all-machines';
const ASSESSMENT = 'as-it-ran';
const OFF_AZURE_API = '2020-07-07';
const MIGRATE_API = '2019-10-01';
const REPLICATION_API = '2023-06-01';

export interface PreloadOptions {
  readonly azure: Pick<AzureSimulator, 'arm' | 'sites' | 'replication' | 'protection' | 'migrate'>;
  readonly context: SimulatorContext;
  /** The landing zone that the cloud was started with. */
  readonly seed: SeedResources;
  readonly estate: EstateFacts;
}

/** Names of what was made, as clients give them. */
export interface Preloaded {
  readonly site: string;
  readonly appliance: string;
  readonly fabric: string;
  readonly container: string;
  readonly group: string;
  /** Completed. */
  readonly assessment: string;
  /** Of migration items, in the order replicating, seeding, migrated, paused; at most one of each. */
  readonly items: readonly string[];
  readonly agents: PreloadedAgents;
  /** How many ten-minute points each counter has. */
  readonly historyWindows: number;
}

/**
 * @throws ArmError when the landing zone is not there. The estate's machines that are on have points of the
 * last month, of less than a month in estates of more than 100 machines (history.ts)
 */
export function preloadEstate(options: PreloadOptions): Preloaded {
  const { azure, context, seed, estate } = options;
  const { arm } = azure;
  const now = context.clock.wall();
  const group = groupIdOf(seed);
  const siteId = `${group}/providers/Microsoft.OffAzure/VMwareSites/${SITE}`;
  publishSite(options, siteId, now);
  const site = azure.sites().find(({ name }) => name === SITE)!;
  const windows = historyWindows(estate.machines.length);
  for (const machine of estate.machines) publishHistory(estate, machine, site.inventory, windows, now);

  publishInsides(estate, site.inventory, context);

  const project = `${group}/providers/Microsoft.Migrate/assessmentprojects/${seed.project}`;
  arm.apply('PUT', `${project}/vmwarecollectors/${SITE}-collector`, MIGRATE_API, {
    properties: {
      discoverySiteId: siteId,
      agentProperties: { id: APPLIANCE, version: APPLIANCE_VERSION, lastHeartbeatUtc: iso(now) },
    },
  });
  assess(options, project);

  const vault = `${group}/providers/Microsoft.RecoveryServices/vaults/${seed.vault}`;
  const fabric = `${vault}/replicationFabrics/${FABRIC}`;
  const container = `${fabric}/replicationProtectionContainers/${CONTAINER}`;
  const policy = `${vault}/replicationPolicies/${POLICY}`;
  arm.apply('PUT', fabric, REPLICATION_API, {
    properties: { customDetails: { instanceType: 'VMwareV2', vmwareSiteId: siteId } },
  });
  arm.apply('PUT', container, REPLICATION_API, { properties: {} });
  arm.apply('PUT', policy, REPLICATION_API, {
    properties: {
      providerSpecificInput: {
        instanceType: 'VMwareCbt',
        recoveryPointHistoryInMinutes: 1440,
        crashConsistentFrequencyInMinutes: 60,
        appConsistentFrequencyInMinutes: 240,
      },
    },
  });
  const shared = {
    arm,
    estate,
    targetGroup: group,
    machineId: (machine: Machine) =>
      machineId(site, site.inventory.machines().get(machine.instanceUuid.toLowerCase())!.facts),
  };
  const items = publishReplicas({
    ...shared,
    store: azure.replication,
    container,
    policy,
  });
  const agents = publishAgents({
    ...shared,
    context,
    protection: azure.protection,
    vault,
    site: siteId,
    logAccount: `${group}/providers/Microsoft.Storage/storageAccounts/${seed.logAccount}`,
  });
  return {
    site: SITE,
    appliance: APPLIANCE,
    fabric: FABRIC,
    container: CONTAINER,
    group: GROUP,
    assessment: ASSESSMENT,
    items: items.map((id) => id.slice(id.lastIndexOf('/') + 1)),
    agents,
    historyWindows: windows,
  };
}

/** The site, its appliance's heartbeat, its vCenter and its machines. */
function publishSite({ azure, seed, estate }: PreloadOptions, siteId: string, now: UnixMillis): void {
  const { arm } = azure;
  arm.apply('PUT', siteId, OFF_AZURE_API, {
    location: seed.region,
    properties: { applianceName: APPLIANCE },
  });
  const { inventory } = azure.sites().find(({ name }) => name === SITE)!;
  inventory.beat({
    applianceName: APPLIANCE,
    version: APPLIANCE_VERSION,
    services: ['discovery', 'assessment', 'dra', 'gateway'].map((name) => ({
      name,
      version: APPLIANCE_VERSION,
      state: 'Running',
    })),
    at: now - MINUTE,
  });
  inventory.putRunAsAccount(ACCOUNT, 'vCenter, read-only', 'VMwareFabric', now);
  inventory.putRunAsAccount(GUEST_ACCOUNTS.windows, 'Windows servers', 'WindowsGuest', now);
  inventory.putRunAsAccount(GUEST_ACCOUNTS.linux, 'Linux servers', 'LinuxGuest', now);
  inventory.putVCenter({ fqdn: VCENTER_FQDN, instanceUuid: estate.vcenterUuid, version: VCENTER_VERSION });
  arm.apply('PUT', `${siteId}/vcenters/vcenter`, OFF_AZURE_API, {
    properties: { fqdn: VCENTER_FQDN, port: '443', runAsAccountId: `${siteId}/runAsAccounts/${ACCOUNT}` },
  });
  const hosts = new Map(estate.hosts.map((host) => [host.id, host]));
  for (const machine of estate.machines)
    inventory.put(publishedMachine(estate, machine, hosts.get(machine.hostId)!), now);
}

/** A group of all machines that can be assessed, and its assessment by what they did. */
function assess({ azure, estate }: PreloadOptions, project: string): void {
  const { arm, migrate } = azure;
  const group = `${project}/groups/${GROUP}`;
  arm.apply('PUT', group, MIGRATE_API, { properties: {} });
  arm.apply('POST', `${group}/updateMachines`, MIGRATE_API, {
    properties: {
      operationType: 'Add',
      machines: estate.machines
        .filter(({ template }) => !template)
        .map(({ instanceUuid }) => `${project}/machines/${instanceUuid.toLowerCase()}`),
    },
  });
  const assessment = `${group}/assessments/${ASSESSMENT}`;
  arm.apply('PUT', assessment, MIGRATE_API, {
    properties: {
      azureLocation: 'WestEurope',
      azureOfferCode: 'MSAZR0003P',
      azurePricingTier: 'Standard',
      azureStorageRedundancy: 'LocallyRedundant',
      scalingFactor: 1.3,
      percentile: 'Percentile95',
      timeRange: 'Month',
      sizingCriterion: 'PerformanceBased',
      stage: 'InProgress',
      currency: 'USD',
      azureHybridUseBenefit: 'Yes',
      reservedInstance: 'None',
      discountPercentage: 0,
      azureVmFamilies: [],
      azureDiskType: 'StandardOrPremium',
    },
  });
  migrate.completeAssessment(assessment);
}
