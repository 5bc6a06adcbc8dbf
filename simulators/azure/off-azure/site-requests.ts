/** Requests on discovery sites themselves, of every kind: made, changed, summed up (azure.md, section 5). */
import { SECOND } from '#core/units.ts';
import {
  badRequest,
  invalidProperty,
  methodNotAllowed,
  preconditionFailed,
  resourceNotFound,
  unknownAction,
} from '../arm/faults.ts';
import { readLocation, readTags } from '../arm/groups.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import type { SiteKind } from '../discovery-service/service.ts';
import { list, type Reader, shape, text } from '../shape.ts';
import { handleImportAction } from './import-jobs.ts';
import { type OffAzureState, parentSite, siteIdOf } from './requests.ts';
import { exportAction } from './site-reports.ts';
import { SITE_TYPES, type Site, type SiteProperties } from './sites.ts';
import { spellingOf } from './versions.ts';
import { etagOf, machineNamed, siteView, typeOf } from './views.ts';

const SITE_NAME = /^[a-zA-Z0-9-]{3,24}$/;
const TAGGED_MAX = 1_000;

const readSiteProperties: Reader<SiteProperties> = shape(
  {},
  {
    servicePrincipalIdentityDetails: shape(
      {},
      {
        tenantId: text(64),
        applicationId: text(64),
        objectId: text(64),
        audience: text(256),
        aadAuthority: text(256),
        rawCertData: text(16_384),
        machineResourceId: text(1_024),
      },
    ),
    agentDetails: shape({}, { keyVaultUri: text(512), keyVaultId: text(1_024) }),
    applianceName: text(64),
    discoverySolutionId: text(1_024),
    siteAppliancePropertiesCollection: (value: unknown) => value,
    discoveryScenario: text(16),
    serviceEndpoint: text(512),
    masterSiteId: text(1_024),
    provisioningState: text(64),
  },
) as Reader<SiteProperties>;

const readSite = shape(
  { location: (value: unknown) => readLocation(value) },
  {
    id: text(1_024),
    name: text(64),
    type: text(128),
    eTag: text(128),
    tags: (value: unknown) => readTags(value),
    properties: readSiteProperties,
  },
);

const readUpdate = shape(
  {},
  {
    eTag: text(128),
    tags: (value: unknown) => readTags(value),
    properties: readSiteProperties,
    location: text(64),
  },
);

const readUpdateTags = shape(
  {},
  {
    machines: list(
      shape({ machineArmId: text(1_024) }, { tags: (value: unknown) => readTags(value) }),
      TAGGED_MAX,
    ),
  },
);

export function handleSites(state: OffAzureState, kind: SiteKind): (request: ArmRequest) => ArmAnswer {
  const { sites } = state;
  const type = `Microsoft.OffAzure/${SITE_TYPES[kind]}`;
  const view = (site: Site, { apiVersion, addresses }: ArmRequest): object =>
    siteView(site, `${addresses.discovery(site.location)}/v1/sites/${site.token}`, spellingOf(apiVersion));

  function put(existing: Site | undefined, request: ArmRequest): ArmAnswer {
    if (!SITE_NAME.test(request.name))
      throw badRequest(`The site name '${request.name}' does not match ${SITE_NAME.source}.`, 'name');
    const { location, tags = {}, properties = {} } = readSite(request.body, '');
    if (
      request.ifMatch !== undefined &&
      request.ifMatch !== '*' &&
      (!existing || etagOf(existing) !== request.ifMatch)
    )
      throw preconditionFailed(request.ifMatch);
    if (existing) {
      if (existing.location !== location)
        throw invalidProperty('location', `it cannot change from ${existing.location}`);
      existing.tags = tags;
      existing.properties = { ...existing.properties, ...properties };
      existing.etag++;
      return { status: 200, body: view(existing, request) };
    }
    const { name, subscriptionId, resourceGroup } = request;
    const id = siteIdOf(request, kind);
    const site = sites.create({ id, name, subscriptionId, resourceGroup, location, tags, properties }, kind);
    return { status: 201, body: view(site, request) };
  }

  return (request) => {
    const { method, name, segments } = request;
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, type);
      const shown = sites
        .all()
        .filter(
          (site) =>
            site.kind === kind &&
            site.subscriptionId === request.subscriptionId &&
            (request.resourceGroup === '' || site.resourceGroup === request.resourceGroup),
        );
      return { list: listOf(shown.map((site) => view(site, request))) };
    }
    const site = sites.find(siteIdOf(request, kind));
    if (segments.length > 0) return act(state, site ?? parentSite(state, request, kind), request);
    switch (method) {
      case 'GET':
        if (!site) throw resourceNotFound(request, 'Microsoft.OffAzure');
        return { status: 200, body: view(site, request) };
      case 'PUT':
        return put(site, request);
      case 'PATCH': {
        if (!site) throw resourceNotFound(request, 'Microsoft.OffAzure');
        const { tags, properties } = readUpdate(request.body, '');
        if (tags) site.tags = tags;
        if (properties) site.properties = { ...site.properties, ...properties };
        site.etag++;
        return { status: 200, body: view(site, request) };
      }
      case 'DELETE':
        if (site) sites.delete(site);
        return { status: site ? 200 : 204 };
      default:
        throw methodNotAllowed(method, type);
    }
  };
}

function act(state: OffAzureState, site: Site, request: ArmRequest): ArmAnswer {
  const [action = '', ...more] = request.segments;
  const verb = request.method === 'POST' && more.length === 0 ? action.toLowerCase() : '';
  const answer =
    site.kind === 'Import'
      ? handleImportAction(state, site, verb)
      : applianceAction(state, site, verb, request);
  if (!answer) throw unknownAction(request.method, `${typeOf(site)}/${request.segments.join('/')}`);
  return answer;
}

/** @returns undefined for an action that there is not */
function applianceAction(
  state: OffAzureState,
  site: Site,
  verb: string,
  request: ArmRequest,
): ArmAnswer | undefined {
  switch (verb) {
    case 'refresh': // the appliance discovers all the time: there is nothing to hurry
      return { status: 202 };
    case 'summary':
    case 'usage':
    case 'computeusage':
      return { status: 200, body: usageOf(site) };
    case 'healthsummary':
    case 'listhealthsummary':
      return { list: listOf(healthOf(site)) };
    case 'computeerrorsummary':
      return { status: 200, body: errorSummaryOf(site) };
    case 'updatetags':
      return updateTags(site, request);
    default:
      return exportAction(state, site, verb, request);
  }
}

function usageOf(site: Site): object {
  const machineCount = [...site.inventory.machines().values()].filter(({ isDeleted }) => !isDeleted).length;
  const runAsAccountCount = site.inventory.runAsAccounts().size;
  const count = (kind: string) => [...site.hyperV.values()].filter((source) => source.kind === kind).length;
  if (site.kind === 'HyperV')
    return { machineCount, runAsAccountCount, hostCount: count('hosts'), clusterCount: count('clusters') };
  if (site.kind === 'Server') return { machineCount, runAsAccountCount, serverCount: machineCount };
  return { machineCount, runAsAccountCount, vCenterCount: site.vcenters.size };
}

/** What appliances complain of, and what could not be looked into; alike ones together. */
function healthOf(site: Site): object[] {
  const shown: object[] = [];
  const add = (
    code: string,
    message: string,
    appliance: string,
    type: string,
    resources: readonly string[],
  ) =>
    shown.push({
      applianceName: appliance,
      errorId: shown.length,
      errorCode: code,
      errorMessage: message,
      summaryMessage: message,
      severity: 'Warning',
      affectedResourceType: type,
      affectedResources: resources,
      affectedObjectsCount: resources.length,
      hitCount: resources.length,
      remediationGuidance: '',
      fabricLayoutUpdateSources: ['RefreshFabricLayout'],
    });
  for (const { applianceName, warnings = [] } of site.inventory.heartbeats())
    for (const { code, message } of warnings) add(code, message, applianceName, 'Appliance', [applianceName]);
  const byCode = new Map<string, { message: string; machines: string[] }>();
  for (const [uuid, { facts }] of site.inventory.machines()) {
    const { errors = [], dependencies } = site.inventory.guest(uuid) ?? {};
    for (const { code, message } of [...errors, ...(dependencies?.errors ?? [])]) {
      const known = byCode.get(code) ?? { message, machines: [] };
      known.machines.push(facts.displayName);
      byCode.set(code, known);
    }
  }
  const { applianceName = '' } = site.properties;
  for (const [code, { message, machines }] of byCode) add(code, message, applianceName, 'Machine', machines);
  return shown;
}

function errorSummaryOf(site: Site): object {
  const guests = [...site.inventory.machines().keys()].map((uuid) => site.inventory.guest(uuid));
  const scope = (discoveryScope: string, failed: (guest: (typeof guests)[number]) => boolean) => ({
    affectedResourceType: 'Machine',
    discoveryScope,
    affectedObjectsCount: guests.filter(failed).length,
  });
  return {
    applianceName: site.properties.applianceName ?? '',
    discoveryScopeErrorSummaries: [
      scope('AppsAndRoles', (guest) => (guest?.errors.length ?? 0) > 0),
      scope('DependencyMap', (guest) => (guest?.dependencies?.errors.length ?? 0) > 0),
    ],
  };
}

function updateTags(site: Site, { body }: ArmRequest): ArmAnswer {
  const { machines = [] } = readUpdateTags(body, '');
  const found = machines.map(({ machineArmId, tags = {} }, i) => {
    const machine = machineNamed(site, machineArmId.slice(machineArmId.lastIndexOf('/') + 1));
    if (!machine || !machineArmId.toLowerCase().startsWith(`${site.id.toLowerCase()}/machines/`))
      throw invalidProperty(`machines[${i}].machineArmId`, 'the id of a machine of this site');
    return { uuid: machine.facts.instanceUuid.toLowerCase(), tags };
  });
  return {
    operation: {
      takesMs: SECOND,
      status: 202,
      location: true,
      asyncOperation: false,
      run() {
        for (const { uuid, tags } of found) site.machineTags.set(uuid, tags);
        return {};
      },
    },
  };
}
