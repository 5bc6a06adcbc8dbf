/** What a site discovers from: vCenters of a VMware site, hosts and clusters of a Hyper-V site. */
import { SECOND } from '#core/units.ts';
import {
  badRequest,
  invalidProperty,
  methodNotAllowed,
  resourceNotFound,
  unknownAction,
} from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import { list, matching, shape, text } from '../shape.ts';
import { type OffAzureState, parentSite } from './requests.ts';
import type { HyperVSource, Site, VCenter, VCenterProperties } from './sites.ts';
import { spellingOf } from './versions.ts';
import { hyperVSourceView, vCenterView } from './views.ts';

const NAMESPACE = 'Microsoft.OffAzure';
const NAME = /^[a-zA-Z0-9-]{1,128}$/;
const TAKES_MS = 5 * SECOND;
const VCENTERS_MAX = 10;
const HOSTS_MAX = 300;
const JOBS_KEPT = 200;

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

const readHyperV = shape(
  {
    properties: shape(
      { fqdn: text(256), runAsAccountId: text(1_024) },
      {
        hostFqdnList: list(text(256), 64),
        createdTimestamp: text(64),
        updatedTimestamp: text(64),
        version: text(64),
        functionalLevel: (value: unknown) => value,
        status: text(64),
        errors: (value: unknown) => value,
        provisioningState: text(64),
      },
    ),
  },
  { id: text(1_024), name: text(128), type: text(128), eTag: text(128) },
);

/** What a kind of source does its own way. */
interface SourceKind<T> {
  readonly all: readonly T[];
  readonly existing: T | undefined;
  view(source: T): object;
  put(): T;
  remove(): void;
  readonly label: string;
}

export function handleVCenters(state: OffAzureState): (request: ArmRequest) => ArmAnswer {
  return (request) => {
    const site = parentSite(state, request, 'VMware');
    const spelling = spellingOf(request.apiVersion);
    return handleSource<VCenter>(state, site, request, {
      all: [...site.vcenters.values()],
      existing: site.vcenters.get(request.name.toLowerCase()),
      view: (vcenter) => vCenterView(site, vcenter, spelling),
      put: () => putVCenter(site, request),
      remove: () => site.vcenters.delete(request.name.toLowerCase()),
      label: 'vCenter',
    });
  };
}

export function handleHyperV(
  state: OffAzureState,
  kind: HyperVSource['kind'],
): (request: ArmRequest) => ArmAnswer {
  return (request) => {
    const site = parentSite(state, request, 'HyperV');
    const spelling = spellingOf(request.apiVersion);
    const key = `${kind}/${request.name.toLowerCase()}`;
    return handleSource<HyperVSource>(state, site, request, {
      all: [...site.hyperV.values()].filter((source) => source.kind === kind),
      existing: site.hyperV.get(key),
      view: (source) => hyperVSourceView(site, source, spelling),
      put: () => putHyperV(site, kind, request),
      remove: () => site.hyperV.delete(key),
      label: kind === 'hosts' ? 'Hyper-V host' : 'Hyper-V cluster',
    });
  };
}

function handleSource<T extends { readonly properties: { readonly fqdn: string } }>(
  state: OffAzureState,
  site: Site,
  request: ArmRequest,
  { all, existing, view, put, remove, label }: SourceKind<T>,
): ArmAnswer {
  const { method, name, segments, type, now } = request;
  if (segments.length > 0) throw unknownAction(method, `${NAMESPACE}/${type}/${segments.join('/')}`);
  if (name === '' && method === 'GET') return { list: listOf(all.map(view)) };
  if (method === 'PUT' && name !== '') {
    if (!NAME.test(name)) throw badRequest(`The ${label} name '${name}' is not valid.`, 'name');
    const source = put();
    return added(
      state,
      site,
      request,
      `${existing ? 'Update' : 'Add'} ${label}`,
      existing !== undefined,
      () => view(source),
    );
  }
  if (!existing) throw resourceNotFound(request, NAMESPACE);
  if (method === 'GET') return { status: 200, body: view(existing) };
  if (method !== 'DELETE') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
  remove();
  for (const [uuid, { facts }] of site.inventory.machines())
    if (facts.vCenterFQDN.toLowerCase() === existing.properties.fqdn.toLowerCase())
      site.inventory.markDeleted(uuid, now);
  return { status: 200 };
}

function requireAccount(site: Site, runAsAccountId: string): void {
  if (!runAsAccountId.toLowerCase().startsWith(`${site.id}/runAsAccounts/`.toLowerCase()))
    throw invalidProperty('properties.runAsAccountId', 'the id of a run-as account of this site');
}

function putVCenter(site: Site, { name, now, body }: ArmRequest): VCenter {
  const { fqdn, port = '443', runAsAccountId, friendlyName = fqdn } = readVCenter(body, '').properties;
  requireAccount(site, runAsAccountId);
  const existing = site.vcenters.get(name.toLowerCase());
  if (!existing && site.vcenters.size >= VCENTERS_MAX)
    throw badRequest(`A site has at most ${VCENTERS_MAX} vCenter servers.`);
  const properties: VCenterProperties = { fqdn, port, runAsAccountId, friendlyName };
  const vcenter = existing ?? { name, properties, createdAt: now, updatedAt: now };
  vcenter.properties = properties;
  vcenter.updatedAt = now;
  site.vcenters.set(name.toLowerCase(), vcenter);
  return vcenter;
}

function putHyperV(site: Site, kind: HyperVSource['kind'], { name, now, body }: ArmRequest): HyperVSource {
  const { fqdn, runAsAccountId, hostFqdnList } = readHyperV(body, '').properties;
  requireAccount(site, runAsAccountId);
  if (kind === 'hosts' && hostFqdnList)
    throw invalidProperty('properties.hostFqdnList', 'it is for clusters only');
  const key = `${kind}/${name.toLowerCase()}`;
  const existing = site.hyperV.get(key);
  if (!existing && site.hyperV.size >= HOSTS_MAX)
    throw badRequest(`A site has at most ${HOSTS_MAX} hosts and clusters.`);
  const properties = { fqdn, runAsAccountId, ...(hostFqdnList ? { hostFqdnList } : {}) };
  const source = existing ?? { name, kind, properties, createdAt: now, updatedAt: now };
  source.properties = properties;
  source.updatedAt = now;
  site.hyperV.set(key, source);
  return source;
}

/** The answer to a PUT: an operation, which shows as a job of the site. */
function added(
  { context, nextJob }: OffAzureState,
  site: Site,
  { apiVersion, now }: ArmRequest,
  displayName: string,
  isUpdate: boolean,
  view: () => object,
): ArmAnswer {
  const spelling = spellingOf(apiVersion);
  const jobName = context.entropy.uuid('azure.offazure.job', nextJob());
  site.jobs.set(jobName, { name: jobName, displayName, startedAt: now, status: 'InProgress' });
  if (site.jobs.size > JOBS_KEPT) site.jobs.delete(site.jobs.keys().next().value!);
  return {
    operation: {
      takesMs: TAKES_MS,
      status: isUpdate ? 200 : 201,
      // 2020-07-07 is polled by its status, later versions by Location
      asyncOperation: spelling === 'early',
      location: spelling === 'late',
      body: view(),
      run() {
        const job = site.jobs.get(jobName);
        if (job) Object.assign(job, { status: 'Completed', endedAt: context.clock.wall() });
        return view();
      },
    },
  };
}
