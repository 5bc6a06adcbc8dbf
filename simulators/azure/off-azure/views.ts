/** Sites, vCenters, accounts, jobs and machines as ARM shows them, in the spelling of an api-version. */
import type { StoredMachine } from '../discovery-service/inventory.ts';
import type { DiscoveredMachine } from '../discovery-service/machine-shape.ts';
import { iso } from '../http.ts';
import type { Site, SiteJob, VCenter } from './sites.ts';
import { type Spelling, spelt } from './versions.ts';

export function siteView(site: Site, serviceEndpoint: string, spelling: Spelling): object {
  const { properties, inventory } = site;
  const heartbeat = inventory.heartbeats().at(-1);
  return {
    id: site.id,
    name: site.name,
    type: 'Microsoft.OffAzure/VMwareSites',
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
    type: 'Microsoft.OffAzure/VMwareSites/runAsAccounts',
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
    type: 'Microsoft.OffAzure/VMwareSites/jobs',
    properties: {
      displayName: job.displayName,
      status: job.status,
      startTime: iso(job.startedAt),
      ...(job.endedAt === undefined ? {} : { endTime: iso(job.endedAt) }),
      errors: [],
    },
  };
}

/** `{vcenter}_{instanceUuid}`; a vCenter that is not registered in ARM is named after its address. */
export function machineName(site: Site, facts: DiscoveredMachine): string {
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

/** Disks and adapters as published: without the performance instances, which only the data plane knows. */
export function machineView(site: Site, machine: StoredMachine, spelling: Spelling): object {
  const { facts } = machine;
  const {
    isTemplate: _isTemplate,
    managedObjectId: _managedObjectId,
    operatingSystemDetails,
    disks,
    ...rest
  } = facts;
  const name = machineName(site, facts);
  const { applianceName } = site.properties;
  const properties = {
    ...rest,
    operatingSystemDetails,
    guestOSDetails: operatingSystemDetails,
    // in ARM always the id of a resource, whatever the appliance calls its vCenter
    vCenterId: `${site.id}/vcenters/${name.slice(0, name.lastIndexOf('_'))}`,
    numberOfSnapshots: facts.numberOfSnapshots ?? -1,
    maxSnapshots: -1,
    disks: disks.map(({ instance: _instance, key: _key, ...disk }) => disk),
    isDeleted: machine.isDeleted,
    createdTimestamp: iso(machine.createdAt),
    updatedTimestamp: iso(machine.updatedAt),
    isGuestDetailsDiscoveryInProgress: false,
    dependencyMapping: 'Disabled',
    errors: [],
    tags: {},
    ...(spelling === 'late'
      ? { applianceNames: applianceName === undefined ? [] : [applianceName], provisioningState: 'Succeeded' }
      : {}),
  };
  return {
    id: `${site.id}/machines/${name}`,
    name,
    type: 'Microsoft.OffAzure/VMwareSites/machines',
    properties: spelt(properties, spelling),
  };
}

function slugOf(fqdn: string): string {
  return fqdn.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

function sameHost(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
