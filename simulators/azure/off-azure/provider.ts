/**
 * Microsoft.OffAzure: sites of all kinds and what lies below them: vCenters, Hyper-V hosts and clusters, accounts,
 * jobs, machines, the software in them, lists of servers (azure.md, section 5). Machines are read-only in ARM; an
 * appliance delivers them through the site's service endpoint.
 */
import type { SimulatorContext } from '../../kit/context.ts';
import { methodNotAllowed, resourceNotFound, unknownAction } from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmProvider, ArmRequest, ArmType } from '../arm/provider.ts';
import type { SiteKind } from '../discovery-service/service.ts';
import { isRecord } from '../http.ts';
import type { PublishedFiles } from '../published-files.ts';
import { importJobViews } from './import-jobs.ts';
import { handleMachines, handleSoftware } from './machine-requests.ts';
import { handleMasterSites } from './master-sites.ts';
import { type OffAzureState, parentSite } from './requests.ts';
import { handleSites } from './site-requests.ts';
import { SITE_TYPES, type Site, type Sites } from './sites.ts';
import { handleHyperV, handleVCenters } from './source-requests.ts';
import { OFF_AZURE_API_VERSIONS } from './versions.ts';
import { jobView, runAsAccountViews } from './views.ts';

export interface OffAzureOptions {
  readonly context: SimulatorContext;
  readonly sites: Sites;
  readonly files: PublishedFiles;
}

const NAMESPACE = 'Microsoft.OffAzure';

export function offAzureProvider({ context, sites, files }: OffAzureOptions): ArmProvider {
  let jobs = 0;
  const state: OffAzureState = {
    context,
    sites,
    files,
    nextJob: () => jobs++,
  };

  const type = (handle: (request: ArmRequest) => ArmAnswer): ArmType => ({
    apiVersions: OFF_AZURE_API_VERSIONS,
    handle,
  });

  /** Collections that can only be read. */
  const readOnly = (kind: SiteKind, views: (site: Site) => object[]): ArmType =>
    type((request) => {
      const { method, name, segments } = request;
      const site = parentSite(state, request, kind);
      if (segments.length > 0)
        throw unknownAction(method, `${NAMESPACE}/${request.type}/${segments.join('/')}`);
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${request.type}`);
      const shown = views(site);
      if (name === '') return { list: listOf(shown) };
      const one = shown.find(
        (item) => isRecord(item) && String(item['name']).toLowerCase() === name.toLowerCase(),
      );
      if (!one) throw resourceNotFound(request, NAMESPACE);
      return { status: 200, body: one };
    });

  const site = (kind: SiteKind): Record<string, ArmType> => ({
    [SITE_TYPES[kind]]: type(handleSites(state, kind)),
    [`${SITE_TYPES[kind]}/machines`]: type(handleMachines(state, kind)),
  });
  const appliance = (kind: SiteKind): Record<string, ArmType> => ({
    ...site(kind),
    [`${SITE_TYPES[kind]}/machines/softwareInventories`]: type(handleSoftware(state, kind)),
    [`${SITE_TYPES[kind]}/runAsAccounts`]: readOnly(kind, runAsAccountViews),
    [`${SITE_TYPES[kind]}/jobs`]: readOnly(kind, (of) =>
      [...of.jobs.values()].map((job) => jobView(of, job)),
    ),
  });

  return {
    namespace: NAMESPACE,
    types: {
      MasterSites: type(handleMasterSites(state, new Map())),
      ...appliance('VMware'),
      'VMwareSites/vcenters': type(handleVCenters(state)),
      ...appliance('HyperV'),
      'HyperVSites/hosts': type(handleHyperV(state, 'hosts')),
      'HyperVSites/clusters': type(handleHyperV(state, 'clusters')),
      ...appliance('Server'),
      ...site('Import'),
      'ImportSites/importJobs': readOnly('Import', (of) => importJobViews(of, 'importJobs')),
      'ImportSites/exportJobs': readOnly('Import', (of) => importJobViews(of, 'exportJobs')),
      'ImportSites/deleteJobs': readOnly('Import', (of) => importJobViews(of, 'deleteJobs')),
      'ImportSites/jobs': readOnly('Import', (of) => importJobViews(of)),
    },
    operationPath: ({ subscriptionId, resourceGroup, type: asked, names }, operationId) =>
      `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${NAMESPACE}/${asked.split('/')[0]}/${names[0]}/operationsStatus/${operationId}`,
  };
}
