/** What requests on sites and what lies below them share. */
import type { SimulatorContext } from '../../kit/context.ts';
import { parentNotFound } from '../arm/faults.ts';
import type { ArmRequest } from '../arm/provider.ts';
import type { SiteKind } from '../discovery-service/service.ts';
import type { PublishedFiles } from '../published-files.ts';
import { SITE_TYPES, type Site, type Sites } from './sites.ts';

export interface OffAzureState {
  readonly context: SimulatorContext;
  readonly sites: Sites;
  /** Where reports are left and lists of servers are brought. */
  readonly files: PublishedFiles;
  /** The base of the data plane. */
  /** Counts up: part of the names of jobs. */
  nextJob(): number;
}

export function siteIdOf({ subscriptionId, resourceGroup, names }: ArmRequest, kind: SiteKind): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.OffAzure/${SITE_TYPES[kind]}/${names[0]}`;
}

/** The site that a request lies below. @throws ArmError ParentResourceNotFound */
export function parentSite({ sites }: OffAzureState, request: ArmRequest, kind: SiteKind): Site {
  const id = siteIdOf(request, kind);
  const site = sites.find(id);
  if (!site) throw parentNotFound(id);
  return site;
}
