/** Sites, vCenters, accounts, jobs and machines as ARM shows them, in the spelling of an api-version. */
import type { MachineFacts } from '#core/assessment/machine-facts.ts';
import type { GuestInventory } from '../discovery-service/guest-shapes.ts';
import type { GuestFacts, StoredMachine } from '../discovery-service/inventory.ts';
import type { DiscoveredMachine } from '../discovery-service/machine-shape.ts';
import { iso } from '../http.ts';
import { type HyperVSource, SITE_TYPES, type Site, type SiteJob, type VCenter } from './sites.ts';
import { type Spelling, spelt } from './versions.ts';

export function siteView(site: Site, serviceEndpoint: string, spelling: Spelling): object {
  const { properties, inventory } = site;
  const heartbeat = inventory.heartbeats().at(-1);
  return {
    id: site.id,
    name: site.name,
    type: typeOf(site),
    location: site.location,
    tags: site.tags,
    eTag: etagOf(site),
    properties: {
      serviceEndpoint,
      ...(properties.applianceName === undefined ? {} : { applianceName: properties.applianceName }),
      ...(properties.discoverySolutionId === undefined
        ? {}
        : { discoverySolutionId: properties.discoverySolutionId }),
      agentDetails: {
        ...properties.agentDetails,
        ...(heartbeat === undefined
          ? {}
          : {
              id: heartbeat.applianceName,
              version: heartbeat.version,
              lastHeartBeatUtc: iso(heartbeat.at),
            }),
      },
      servicePrincipalIdentityDetails: properties.servicePrincipalIdentityDetails ?? {},
      ...(spelling === 'late' ? { discoveryScenario: 'Migrate', provisioningState: 'Succeeded' } : {}),
    },
  };
}

export function etagOf(site: Site): string {
  return `"${site.token.slice(0, 8)}-${site.etag}"`;
}

export function vCenterView(site: Site, vcenter: VCenter, spelling: Spelling): object {
  const report = site.inventory.vcenters().get(vcenter.properties.fqdn.toLowerCase());
  return {
    id: `${site.id}/vcenters/${vcenter.name}`,
    name: vcenter.name,
    type: 'Microsoft.OffAzure/VMwareSites/vcenters',
    properties: {
      ...vcenter.properties,
      version: report?.version ?? '',
      instanceUuid: report?.instanceUuid ?? '',
      perfStatisticsLevel: '1',
      errors: [],
      createdTimestamp: iso(vcenter.createdAt),
      updatedTimestamp: iso(vcenter.updatedAt),
      ...(spelling === 'late' ? { provisioningState: 'Succeeded' } : {}),
    },
  };
}

export function runAsAccountViews(site: Site): object[] {
  const applianceName = site.properties.applianceName ?? '';
  return [...site.inventory.runAsAccounts().values()].map((account) => ({
    id: `${site.id}/runAsAccounts/${account.name}`,
    name: account.name,
    type: `${typeOf(site)}/runAsAccounts`,
    properties: {
      displayName: account.displayName,
      credentialType: account.credentialType,
      applianceName,
      createdTimestamp: iso(account.createdAt),
      updatedTimestamp: iso(account.updatedAt),
    },
  }));
}

export function jobView(site: Site, job: SiteJob): object {
  return {
    id: `${site.id}/jobs/${job.name}`,
    name: job.name,
    type: `${typeOf(site)}/jobs`,
    properties: {
      displayName: job.displayName,
      status: job.status,
      startTime: iso(job.startedAt),
      ...(job.endedAt === undefined ? {} : { endTime: iso(job.endedAt) }),
      errors: [],
    },
  };
}

/** Of a host or cluster of a Hyper-V site. */
export function hyperVSourceView(site: Site, source: HyperVSource, spelling: Spelling): object {
  const { kind, name, properties } = source;
  return {
    id: `${site.id}/${kind}/${name}`,
    name,
    type: `${typeOf(site)}/${kind}`,
    properties: {
      ...properties,
      ...(kind === 'clusters' ? { functionalLevel: 9, status: 'Succeeded' } : { version: '10.0' }),
      errors: [],
      createdTimestamp: iso(source.createdAt),
      updatedTimestamp: iso(source.updatedAt),
      ...(spelling === 'late' ? { provisioningState: 'Succeeded' } : {}),
    },
  };
}

/** "Microsoft.OffAzure/VMwareSites" */
export function typeOf({ kind }: Site): string {
  return `Microsoft.OffAzure/${SITE_TYPES[kind]}`;
}

/**
 * VMware: `{vcenter}_{instanceUuid}`, where a vCenter that is not registered in ARM is named after its address;
 * of all other kinds the machine's own identifier.
 */
export function machineName(site: Site, facts: DiscoveredMachine): string {
  if (site.kind !== 'VMware') return facts.instanceUuid;
  const registered = [...site.vcenters.values()].find(({ properties }) =>
    sameHost(properties.fqdn, facts.vCenterFQDN),
  );
  const vcenter = registered?.name ?? slugOf(facts.vCenterFQDN);
  return `${vcenter}_${facts.instanceUuid}`;
}

/** The instance UUID is the end of a machine's name, whatever stands before it. */
export function instanceUuidOf(name: string): string {
  return name.slice(name.lastIndexOf('_') + 1).toLowerCase();
}

export function machineId(site: Site, facts: DiscoveredMachine): string {
  return `${site.id}/machines/${machineName(site, facts)}`;
}

/** A machine of a site by the name of its resource. */
export function machineNamed(site: Site, name: string): StoredMachine | undefined {
  return site.inventory.machines().get(site.kind === 'VMware' ? instanceUuidOf(name) : name.toLowerCase());
}

export function machineView(site: Site, machine: StoredMachine, spelling: Spelling): object {
  const { facts } = machine;
  const name = machineName(site, facts);
  const guest = site.inventory.guest(facts.instanceUuid);
  const { applianceName } = site.properties;
  const tags = site.machineTags.get(facts.instanceUuid.toLowerCase()) ?? {};
  const properties = {
    ...ownProperties(site, facts, name),
    isDeleted: machine.isDeleted,
    createdTimestamp: iso(machine.createdAt),
    updatedTimestamp: iso(machine.updatedAt),
    tags,
    ...(site.kind === 'Import' ? {} : guestProperties(site, facts, guest)),
    ...(spelling === 'late'
      ? { applianceNames: applianceName === undefined ? [] : [applianceName], provisioningState: 'Succeeded' }
      : {}),
  };
  return {
    id: `${site.id}/machines/${name}`,
    name,
    type: `${typeOf(site)}/machines`,
    properties: spelt(properties, spelling),
  };
}

/** What was found inside the machine, or why not. */
function guestProperties(site: Site, facts: DiscoveredMachine, guest: GuestFacts | undefined): object {
  const { inventory, errors = [], dependencies } = guest ?? {};
  const apps = inventory?.appsAndRoles;
  const failed = [...errors, ...(dependencies?.status === 'Failed' ? dependencies.errors : [])];
  const scope = (isDone: boolean, isTried: boolean, scopeErrors: readonly object[]) => ({
    discoveryScopeStatus: isDone
      ? scopeErrors.length === 0
        ? 'DiscoverySucceeded'
        : 'DiscoverySucceededAtleastOnce'
      : isTried
        ? 'DiscoveryFailed'
        : 'DiscoveryNotStarted',
    errors: scopeErrors,
  });
  const account = inventory?.runAsAccount;
  return {
    guestOSDetails: inventory?.guestOsDetails ?? facts.operatingSystemDetails,
    isGuestDetailsDiscoveryInProgress: false,
    numberOfApplications: apps?.applications?.length ?? 0,
    ...(inventory
      ? {
          guestDetailsDiscoveryTimestamp: iso(inventory.discoveredAt),
          appsAndRoles: appsAndRolesOf(inventory),
        }
      : {}),
    ...(account === undefined ? {} : { runAsAccountId: `${site.id}/runAsAccounts/${account}` }),
    applicationDiscovery: scope(inventory !== undefined, guest !== undefined, errors),
    dependencyMapDiscovery: scope(
      (dependencies?.collections ?? 0) > 0,
      dependencies !== undefined,
      dependencies?.errors ?? [],
    ),
    dependencyMapping: dependencies === undefined ? 'Disabled' : 'Enabled',
    ...(dependencies === undefined ? {} : { dependencyMappingStartTime: iso(dependencies.since) }),
    errors: failed.map((error, id) => ({
      id,
      ...error,
      source: 'RefreshFabricLayoutGuest',
      severity: 'Error',
    })),
  };
}

/** All lists of the published type; what nobody looks for is empty. */
export function appsAndRolesOf({ appsAndRoles }: GuestInventory): object {
  const { applications = [], features = [], sqlServers = [] } = appsAndRoles ?? {};
  return {
    applications,
    webApplications: [],
    features,
    sqlServers: sqlServers.map(({ sqlServerName, ...server }) => ({ name: sqlServerName, ...server })),
    sharePointServers: [],
    systemCenters: [],
    bizTalkServers: [],
    exchangeServers: [],
    otherDatabases: [],
  };
}

/** What comes from outside the machine, in the words of its kind. */
function ownProperties(site: Site, facts: DiscoveredMachine, name: string): Record<string, unknown> {
  const { hyperV, server, imported } = facts;
  const own = hyperV ?? server;
  if (imported) return importedProperties(facts, imported);
  if (own) {
    const { powerStatus: _power, allocatedMemoryInMb, ...rest } = own as Record<string, unknown>;
    return {
      ...rest,
      allocatedMemoryInMB: allocatedMemoryInMb,
      // of machines that are not virtual nothing is known of the power
      ...(hyperV ? { powerStatus: facts.powerStatus === 'ON' ? 'Running' : 'PowerOff' } : {}),
      disks: facts.disks.map(({ uuid, instance: _instance, label: _label, ...disk }) =>
        hyperV ? { instanceId: uuid, ...disk } : { id: uuid, ...disk },
      ),
      networkAdapters: facts.networkAdapters,
    };
  }
  const { isTemplate: _isTemplate, managedObjectId: _managedObjectId, fabric, disks, ...rest } = facts;
  return {
    ...rest,
    // in ARM always the id of a resource, whatever the appliance calls its vCenter
    vCenterId: `${site.id}/vcenters/${name.slice(0, name.lastIndexOf('_'))}`,
    ...(fabric?.toolsVersion === undefined ? {} : { vMwareToolsVersion: fabric.toolsVersion }),
    ...(fabric?.guestHostName === undefined ? {} : { vmFqdn: fabric.guestHostName }),
    numberOfSnapshots: facts.numberOfSnapshots ?? -1,
    maxSnapshots: -1,
    // without the performance instances, which only the data plane knows
    disks: disks.map(({ instance: _instance, key: _key, ...disk }) => disk),
  };
}

const MEGABYTE = 1e6;

function importedProperties(
  facts: DiscoveredMachine,
  { given = {}, nics, os }: MachineFacts,
): Record<string, unknown> {
  const { totals = {}, disks: rates = {} } = given;
  const mega = (bytes: number | undefined) => (bytes === undefined ? undefined : bytes / MEGABYTE);
  return {
    displayName: facts.displayName,
    vmFqdn: facts.displayName,
    machineId: facts.instanceUuid,
    numberOfProcessorCore: facts.numberOfProcessorCore,
    allocatedMemoryInMB: facts.allocatedMemoryInMB,
    firmware: facts.firmware,
    operatingSystemDetails: {
      ...facts.operatingSystemDetails,
      ...(os.version === undefined ? {} : { osVersion: os.version }),
    },
    ipAddresses: nics.flatMap(({ ipAddresses = [] }) => ipAddresses),
    macAddress: nics.flatMap(({ macAddress = [] }) => macAddress).join(';'),
    numberOfNetworkAdapters: nics.length,
    numberOfDisks: facts.disks.length,
    percentageCpuUtilization: given.cpuPercent,
    percentageMemoryUtilization: given.memoryPercent,
    networkOutThroughput: mega(given.outBps),
    totalDiskReadOperationsPerSecond: totals.readIops,
    totalDiskWriteOperationsPerSecond: totals.writeIops,
    totalDiskReadThroughput: mega(totals.readBps),
    totalDiskWriteThroughput: mega(totals.writeBps),
    disks: facts.disks.map(({ uuid, label, maxSizeInBytes, lun }) => ({
      name: label,
      lun,
      maxSizeInBytes,
      numberOfReadOperationsPerSecond: rates[uuid]?.readIops,
      numberOfWriteOperationsPerSecond: rates[uuid]?.writeIops,
      megabytesPerSecondOfRead: mega(rates[uuid]?.readBps),
      megabytesPerSecondOfWrite: mega(rates[uuid]?.writeBps),
    })),
  };
}

function slugOf(fqdn: string): string {
  return fqdn.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

function sameHost(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
