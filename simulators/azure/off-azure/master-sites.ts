/** Master sites: what groups the sites of a project, and says who may reach them. */
import { invalidProperty, methodNotAllowed, resourceNotFound, unknownAction } from '../arm/faults.ts';
import { readLocation, readTags } from '../arm/groups.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import { flag, list, oneOf, shape, text } from '../shape.ts';
import type { OffAzureState } from './requests.ts';

export interface MasterSite {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  tags: Readonly<Record<string, string>>;
  properties: Readonly<Record<string, unknown>>;
}

const NAMESPACE = 'Microsoft.OffAzure';
const SITES_MAX = 100;

const properties = shape(
  {},
  {
    publicNetworkAccess: oneOf('NotSpecified', 'Enabled', 'Disabled'),
    allowMultipleSites: flag,
    sites: list(text(1_024), SITES_MAX),
    customerStorageAccountArmId: text(1_024),
    nestedSites: (value: unknown) => value,
    privateEndpointConnections: (value: unknown) => value,
    provisioningState: text(64),
  },
);
const tags = (value: unknown) => readTags(value);
const readMaster = shape(
  { location: (value: unknown) => readLocation(value) },
  { id: text(1_024), name: text(64), type: text(128), eTag: text(128), tags, properties },
);
const readUpdate = shape({}, { tags, properties, eTag: text(128), location: text(64) });

/** @param byId master sites by id in lower case */
export function handleMasterSites(
  { sites }: OffAzureState,
  byId: Map<string, MasterSite>,
): (request: ArmRequest) => ArmAnswer {
  const requireSites = (given: readonly string[] | undefined): void => {
    for (const [i, id] of (given ?? []).entries())
      if (!sites.find(id)) throw invalidProperty(`properties.sites[${i}]`, 'the id of a site that exists');
  };
  return (request) => {
    const { method, name, segments, type, subscriptionId, resourceGroup } = request;
    if (segments.length > 0) throw unknownAction(method, `${NAMESPACE}/${type}/${segments.join('/')}`);
    const scope = `/subscriptions/${subscriptionId}${resourceGroup === '' ? '' : `/resourceGroups/${resourceGroup}`}`;
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
      const prefix = `${scope.toLowerCase()}/`;
      const shown = [...byId.values()].filter(({ id }) => id.toLowerCase().startsWith(prefix));
      return { list: listOf(shown.map(view)) };
    }
    const id = `${scope}/providers/${NAMESPACE}/MasterSites/${name}`;
    const key = id.toLowerCase();
    const known = byId.get(key);
    if (method === 'PUT') {
      const { location, tags: given = {}, properties: asked = {} } = readMaster(request.body, '');
      requireSites(asked.sites);
      const master = { id, name, location, tags: given, properties: { ...known?.properties, ...asked } };
      byId.set(key, master);
      return { status: known ? 200 : 201, body: view(master) };
    }
    if (method === 'DELETE') return { status: byId.delete(key) ? 200 : 204 };
    if (!known) throw resourceNotFound(request, NAMESPACE);
    if (method === 'PATCH') {
      const { tags: given, properties: asked } = readUpdate(request.body, '');
      requireSites(asked?.sites);
      if (given) known.tags = given;
      known.properties = { ...known.properties, ...asked };
    } else if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    return { status: 200, body: view(known) };
  };
}

function view({ id, name, location, tags: shown, properties: given }: MasterSite): object {
  return {
    id,
    name,
    type: `${NAMESPACE}/MasterSites`,
    location,
    tags: shown,
    properties: {
      publicNetworkAccess: 'NotSpecified',
      allowMultipleSites: true,
      sites: [],
      ...given,
      nestedSites: [],
      privateEndpointConnections: [],
      provisioningState: 'Succeeded',
    },
  };
}
