/**
 * Microsoft.OffAzure, VMware sites: sites, vCenters, accounts, jobs, machines (azure.md, section 5). Machines
 * are read-only in ARM; the appliance delivers them through the site's service endpoint.
 */
import { SECOND } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import {
  badRequest,
  invalidProperty,
  methodNotAllowed,
  parentNotFound,
  preconditionFailed,
  resourceNotFound,
  unknownAction,
} from '../arm/faults.ts';
import { readLocation, readTags } from '../arm/groups.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmProvider, ArmRequest } from '../arm/provider.ts';
import type { Cloud } from '../cloud.ts';
import { isRecord } from '../http.ts';
import { matching, type Reader, shape, text } from '../shape.ts';
import type { Site, SiteProperties, Sites, VCenterProperties } from './sites.ts';
import { OFF_AZURE_API_VERSIONS, spellingOf } from './versions.ts';
import {
  etagOf,
  instanceUuidOf,
  jobView,
  machineView,
  runAsAccountViews,
  siteView,
  vCenterView,
} from './views.ts';

export interface OffAzureOptions {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly sites: Sites;
}

const NAMESPACE = 'Microsoft.OffAzure';
const SITE_NAME = /^[a-zA-Z0-9-]{3,24}$/;
const VCENTER_NAME = /^[a-zA-Z0-9-]{1,128}$/;
const VCENTER_TAKES_MS = 5 * SECOND;
const VCENTERS_MAX = 10;
const JOBS_KEPT = 200;

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

const readVCenter = shape(
  {
    properties: shape(
      { fqdn: text(256), runAsAccountId: text(1_024) },
      {
        port: matching(/^\d{1,5}$/, 'a port as text'),
        friendlyName: text(256),
        version: text(64),
        perfStatisticsLevel: text(64),
        instanceUuid: text(64),
        errors: (value: unknown) => value,
        createdTimestamp: text(64),
        updatedTimestamp: text(64),
        provisioningState: text(64),
      },
    ),
  },
  { id: text(1_024), name: text(128), type: text(128), eTag: text(128) },
);

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

export function offAzureProvider({ context, cloud, sites }: OffAzureOptions): ArmProvider {
  let jobs = 0;

  const endpointOf = (site: Site): string =>
    `https://${site.location}.${cloud.discoverySuffix}/v1/sites/${site.token}`;

  const idOf = ({ subscriptionId, resourceGroup, names }: ArmRequest): string =>
    `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${NAMESPACE}/VMwareSites/${names[0]}`;

  const parent = (request: ArmRequest): Site => {
    const site = sites.find(idOf(request));
    if (!site) throw parentNotFound(idOf(request));
    return site;
  };

  const view = (site: Site, { apiVersion }: ArmRequest): object =>
    siteView(site, endpointOf(site), spellingOf(apiVersion));

  function handleSite(request: ArmRequest): ArmAnswer {
    const { method, name, segments } = request;
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/VMwareSites`);
      const shown = sites
        .all()
        .filter(
          (site) =>
            site.subscriptionId === request.subscriptionId &&
            (request.resourceGroup === '' || site.resourceGroup === request.resourceGroup),
        );
      return { list: listOf(shown.map((site) => view(site, request))) };
    }
    const site = sites.find(idOf(request));
    if (segments.length > 0) return siteAction(site ?? parent(request), request);
    switch (method) {
      case 'GET':
        if (!site) throw resourceNotFound(request, NAMESPACE);
        return { status: 200, body: view(site, request) };
      case 'PUT':
        return putSite(site, request);
      case 'PATCH': {
        if (!site) throw resourceNotFound(request, NAMESPACE);
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
        throw methodNotAllowed(method, `${NAMESPACE}/VMwareSites`);
    }
  }

  function putSite(existing: Site | undefined, request: ArmRequest): ArmAnswer {
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
    const site = sites.create({
      id: idOf(request),
      name,
      subscriptionId,
      resourceGroup,
      location,
      tags,
      properties,
    });
    return { status: 201, body: view(site, request) };
  }

  function siteAction(site: Site, request: ArmRequest): ArmAnswer {
    const [action, ...more] = request.segments;
    const known = ['summary', 'usage', 'computeusage', 'healthsummary', 'listhealthsummary', 'refresh'];
    if (request.method !== 'POST' || more.length > 0 || !known.includes(action!.toLowerCase()))
      throw unknownAction(request.method, `${NAMESPACE}/VMwareSites/${request.segments.join('/')}`);
    switch (action!.toLowerCase()) {
      case 'refresh': // the appliance discovers all the time: there is nothing to hurry
        return { status: 202 };
      case 'healthsummary':
      case 'listhealthsummary':
        return { list: listOf([]) };
      default: {
        const machines = [...site.inventory.machines().values()].filter(({ isDeleted }) => !isDeleted);
        return {
          status: 200,
          body: {
            machineCount: machines.length,
            runAsAccountCount: site.inventory.runAsAccounts().size,
            vCenterCount: site.vcenters.size,
          },
        };
      }
    }
  }

  function handleVCenter(request: ArmRequest): ArmAnswer {
    const { method, name, segments, apiVersion, now } = request;
    const site = parent(request);
    if (segments.length > 0)
      throw unknownAction(method, `${NAMESPACE}/VMwareSites/vcenters/${segments.join('/')}`);
    const spelling = spellingOf(apiVersion);
    if (name === '' && method === 'GET')
      return {
        list: listOf([...site.vcenters.values()].map((vcenter) => vCenterView(site, vcenter, spelling))),
      };
    const existing = site.vcenters.get(name.toLowerCase());
    if (method === 'PUT' && name !== '') return putVCenter(site, request);
    if (!existing) throw resourceNotFound(request, NAMESPACE);
    if (method === 'GET') return { status: 200, body: vCenterView(site, existing, spelling) };
    if (method !== 'DELETE') throw methodNotAllowed(method, `${NAMESPACE}/VMwareSites/vcenters`);
    site.vcenters.delete(name.toLowerCase());
    for (const [uuid, { facts }] of site.inventory.machines())
      if (facts.vCenterFQDN.toLowerCase() === existing.properties.fqdn.toLowerCase())
        site.inventory.markDeleted(uuid, now);
    return { status: 200 };
  }

  function putVCenter(site: Site, request: ArmRequest): ArmAnswer {
    const { name, apiVersion, now } = request;
    if (!VCENTER_NAME.test(name)) throw badRequest(`The vCenter name '${name}' is not valid.`, 'name');
    const {
      fqdn,
      port = '443',
      runAsAccountId,
      friendlyName = fqdn,
    } = readVCenter(request.body, '').properties;
    const prefix = `${site.id}/runAsAccounts/`.toLowerCase();
    if (!runAsAccountId.toLowerCase().startsWith(prefix))
      throw invalidProperty('properties.runAsAccountId', 'the id of a run-as account of this site');
    const existing = site.vcenters.get(name.toLowerCase());
    if (!existing && site.vcenters.size >= VCENTERS_MAX)
      throw badRequest(`A site has at most ${VCENTERS_MAX} vCenter servers.`);
    const properties: VCenterProperties = { fqdn, port, runAsAccountId, friendlyName };
    const vcenter = existing ?? { name, properties, createdAt: now, updatedAt: now };
    vcenter.properties = properties;
    vcenter.updatedAt = now;
    site.vcenters.set(name.toLowerCase(), vcenter);
    const jobName = context.entropy.uuid('azure.offazure.job', jobs++);
    site.jobs.set(jobName, {
      name: jobName,
      displayName: existing ? 'Update vCenter' : 'Add vCenter',
      startedAt: now,
      status: 'InProgress',
    });
    if (site.jobs.size > JOBS_KEPT) site.jobs.delete(site.jobs.keys().next().value!);
    const spelling = spellingOf(apiVersion);
    return {
      operation: {
        takesMs: VCENTER_TAKES_MS,
        status: existing ? 200 : 201,
        // 2020-07-07 is polled by its status, later versions by Location
        asyncOperation: spelling === 'early',
        location: spelling === 'late',
        body: vCenterView(site, vcenter, spelling),
        run() {
          const job = site.jobs.get(jobName);
          if (job) Object.assign(job, { status: 'Completed', endedAt: context.clock.wall() });
          return vCenterView(site, vcenter, spelling);
        },
      },
    };
  }

  function handleMachine(request: ArmRequest): ArmAnswer {
    const { method, name, segments, apiVersion } = request;
    const site = parent(request);
    if (segments.length > 0)
      throw unknownAction(method, `${NAMESPACE}/VMwareSites/machines/${segments.join('/')}`);
    if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/VMwareSites/machines`);
    const spelling = spellingOf(apiVersion);
    if (request.query.get('$filter') ?? request.query.get('filter'))
      throw badRequest('Filtering machines is not supported.', '$filter');
    if (name === '') {
      const machines = [...site.inventory.machines().values()];
      return { list: { count: machines.length, item: (i) => machineView(site, machines[i]!, spelling) } };
    }
    const machine = site.inventory.machines().get(instanceUuidOf(name));
    if (!machine) throw resourceNotFound(request, NAMESPACE);
    return { status: 200, body: machineView(site, machine, spelling) };
  }

  /** Collections that can only be read. */
  function readOnly(views: (site: Site) => object[]): (request: ArmRequest) => ArmAnswer {
    return (request) => {
      const site = parent(request);
      if (request.method !== 'GET') throw methodNotAllowed(request.method, `${NAMESPACE}/${request.type}`);
      const shown = views(site);
      if (request.name === '') return { list: listOf(shown) };
      const one = shown.find(
        (item) => isRecord(item) && String(item['name']).toLowerCase() === request.name.toLowerCase(),
      );
      if (!one) throw resourceNotFound(request, NAMESPACE);
      return { status: 200, body: one };
    };
  }

  const apiVersions = OFF_AZURE_API_VERSIONS;
  return {
    namespace: NAMESPACE,
    types: {
      VMwareSites: { apiVersions, handle: handleSite },
      'VMwareSites/vcenters': { apiVersions, handle: handleVCenter },
      'VMwareSites/machines': { apiVersions, handle: handleMachine },
      'VMwareSites/runAsAccounts': { apiVersions, handle: readOnly(runAsAccountViews) },
      'VMwareSites/jobs': {
        apiVersions,
        handle: readOnly((site) => [...site.jobs.values()].map((job) => jobView(site, job))),
      },
    },
    operationPath: (request, operationId) => `${idOf(request)}/operationsStatus/${operationId}`,
  };
}
