/** Subscriptions, locations, providers, resource groups and the lists over all resources: ARM's own types. */
import { addressesFor, type Cloud, isRegion, regionsOf } from '../cloud.ts';
import { isRecord } from '../http.ts';
import { badRequest, groupNotFound, invalidNamespace, invalidProperty } from './faults.ts';
import { listOf } from './paging.ts';
import { type ArmAnswer, ArmError, type ArmProvider, type ArmRequest } from './provider.ts';
import { deleteResource, resourcesIn } from './resources.ts';
import type { ArmState, Subscription } from './state.ts';

export const RESOURCES_API_VERSIONS = [
  '2025-04-01',
  '2025-03-01',
  '2024-11-01',
  '2024-07-01',
  '2024-03-01',
  '2023-07-01',
  '2022-09-01',
  '2021-04-01',
  '2021-01-01',
  '2020-10-01',
  '2020-06-01',
  '2019-10-01',
  '2019-08-01',
  '2019-07-01',
  '2019-05-01',
  '2018-05-01',
] as const;

export const SUBSCRIPTIONS_API_VERSIONS = [
  '2022-12-01',
  '2022-09-01',
  '2021-10-01',
  '2021-01-01',
  '2020-01-01',
  '2019-11-01',
  '2019-06-01',
  '2018-06-01',
  '2016-06-01',
] as const;

export interface ResourceGroup {
  readonly name: string;
  readonly location: string;
  tags: Readonly<Record<string, string>>;
  state: 'Succeeded' | 'Deleting';
}

const GROUP_NAME = /^[-\w.()]{0,89}[-\w()]$/;
const DELETE_TAKES_MS = 5_000;
const TAGS_MAX = 50;

export class Groups {
  readonly #groups = new Map<string, ResourceGroup>();

  find(subscriptionId: string, name: string): ResourceGroup | undefined {
    return this.#groups.get(keyOf(subscriptionId, name));
  }

  /** @throws ArmError ResourceGroupNotFound */
  require(subscriptionId: string, name: string): ResourceGroup {
    const group = this.find(subscriptionId, name);
    if (!group) throw groupNotFound(name);
    return group;
  }

  all(subscriptionId: string): ResourceGroup[] {
    const prefix = keyOf(subscriptionId, '');
    return [...this.#groups].filter(([key]) => key.startsWith(prefix)).map(([, group]) => group);
  }

  put(subscriptionId: string, group: ResourceGroup): void {
    this.#groups.set(keyOf(subscriptionId, group.name), group);
  }

  remove(subscriptionId: string, name: string): void {
    this.#groups.delete(keyOf(subscriptionId, name));
  }
}

function keyOf(subscriptionId: string, name: string): string {
  return `${subscriptionId}/${name}`.toLowerCase();
}

export function subscriptionView(state: ArmState, { id, displayName }: Subscription): object {
  return {
    id: `/subscriptions/${id}`,
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    subscriptionId: id,
    tenantId: state.tenantId,
    displayName,
    state: 'Enabled',
    subscriptionPolicies: {
      locationPlacementId: 'Internal_2014-09-01',
      quotaId: 'Internal_2014-09-01',
      spendingLimit: 'Off',
    },
  };
}

export function locationViews({ cloud }: ArmState, subscriptionId: string): object[] {
  return regionsOf(cloud).map(({ name, displayName, geographyGroup }) => ({
    id: `/subscriptions/${subscriptionId}/locations/${name}`,
    name,
    type: 'Region',
    displayName,
    regionalDisplayName: displayName,
    metadata: { regionType: 'Physical', regionCategory: 'Recommended', geographyGroup },
  }));
}

export function providerView(state: ArmState, subscriptionId: string, provider: ArmProvider): object {
  const { namespace, types } = provider;
  const locations = regionsOf(state.cloud).map(({ displayName }) => displayName);
  return {
    id: `/subscriptions/${subscriptionId}/providers/${namespace}`,
    namespace,
    registrationState: state.registered.has(namespace.toLowerCase()) ? 'Registered' : 'NotRegistered',
    registrationPolicy: 'RegistrationRequired',
    resourceTypes: Object.entries(types).map(([resourceType, { apiVersions }]) => ({
      resourceType,
      locations,
      apiVersions,
      capabilities: 'None',
    })),
  };
}

/** @throws ArmError InvalidResourceNamespace */
export function findProvider(state: ArmState, namespace: string): ArmProvider {
  const provider = state.providers.get(namespace.toLowerCase());
  if (!provider) throw invalidNamespace(namespace);
  return provider;
}

export function groupView(subscriptionId: string, group: ResourceGroup): object {
  return {
    id: `/subscriptions/${subscriptionId}/resourceGroups/${group.name}`,
    name: group.name,
    type: 'Microsoft.Resources/resourceGroups',
    location: group.location,
    tags: group.tags,
    properties: { provisioningState: group.state },
  };
}

/** Requests on one resource group or on the list of them. */
export function handleGroup(state: ArmState, request: ArmRequest): ArmAnswer {
  const { subscriptionId, resourceGroup: name, method } = request;
  if (name === '') {
    const groups = state.groups.all(subscriptionId);
    const visible = groups.filter((group) =>
      state.authorization.sees(
        request.principal,
        `/subscriptions/${subscriptionId}/resourceGroups/${group.name}`,
      ),
    );
    return { list: listOf(visible.map((group) => groupView(subscriptionId, group))) };
  }
  switch (method) {
    case 'GET':
      return { status: 200, body: groupView(subscriptionId, state.groups.require(subscriptionId, name)) };
    case 'HEAD':
      return { status: state.groups.find(subscriptionId, name) ? 204 : 404 };
    case 'PUT':
      return putGroup(state, request);
    case 'PATCH': {
      const group = state.groups.require(subscriptionId, name);
      if (isRecord(request.body) && 'tags' in request.body) group.tags = readTags(request.body['tags']);
      return { status: 200, body: groupView(subscriptionId, group) };
    }
    case 'DELETE':
      return deleteGroup(state, request);
    default:
      throw new ArmError(405, 'HttpMethodNotSupported', `Resource groups do not support ${method}.`);
  }
}

function putGroup(
  { groups }: ArmState,
  { subscriptionId, resourceGroup: name, body }: ArmRequest,
): ArmAnswer {
  if (!GROUP_NAME.test(name))
    throw new ArmError(400, 'InvalidResourceGroup', `The resource group name '${name}' is not valid.`);
  if (!isRecord(body)) throw badRequest('The request body is missing.');
  const location = readLocation(body['location']);
  const existing = groups.find(subscriptionId, name);
  if (existing?.state === 'Deleting') throw groupBeingDeleted(name);
  if (existing && existing.location !== location)
    throw new ArmError(
      409,
      'InvalidResourceGroupLocation',
      `Invalid resource group location '${location}'. The Resource group already exists in location '${existing.location}'.`,
    );
  const tags = readTags(body['tags']);
  const group: ResourceGroup = { name: existing?.name ?? name, location, tags, state: 'Succeeded' };
  groups.put(subscriptionId, group);
  return { status: existing ? 200 : 201, body: groupView(subscriptionId, group) };
}

function deleteGroup(state: ArmState, { subscriptionId, resourceGroup: name }: ArmRequest): ArmAnswer {
  const group = state.groups.require(subscriptionId, name);
  group.state = 'Deleting';
  return {
    operation: {
      takesMs: DELETE_TAKES_MS,
      status: 202,
      location: true,
      asyncOperation: false,
      run() {
        try {
          deleteAll(state, subscriptionId, name);
        } catch (error) {
          group.state = 'Succeeded';
          throw error;
        }
        state.groups.remove(subscriptionId, name);
        return undefined;
      },
    },
  };
}

/** What another resource still uses goes after that one: as long as anything goes, the rest is tried again. */
function deleteAll(state: ArmState, subscriptionId: string, group: string): void {
  for (;;) {
    const ids = resourcesIn(state, subscriptionId, group).map(({ id }) => String(id));
    let refusal: ArmError | undefined;
    let gone = 0;
    for (const id of ids)
      try {
        deleteResource(state, id);
        gone++;
      } catch (error) {
        if (!(error instanceof ArmError)) throw error;
        refusal ??= error;
      }
    if (!refusal) return;
    if (gone === 0) throw refusal;
  }
}

export function groupBeingDeleted(name: string): ArmError {
  return new ArmError(
    409,
    'ResourceGroupBeingDeleted',
    `The resource group '${name}' is in deprovisioning state and cannot perform this operation.`,
  );
}

/** A region by its name or display name. @throws ArmError LocationRequired, LocationNotAvailableForResourceType */
export function readLocation(value: unknown): string {
  if (typeof value !== 'string' || value === '')
    throw new ArmError(400, 'LocationRequired', 'The location property is required for this definition.');
  const name = value.toLowerCase().replaceAll(' ', '');
  if (!isRegion(name))
    throw new ArmError(
      400,
      'LocationNotAvailableForResourceType',
      `The provided location '${value.slice(0, 60)}' is not available for this resource type.`,
    );
  return name;
}

export function readTags(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw invalidProperty('tags', 'a map of names to text');
  const entries = Object.entries(value);
  if (entries.length > TAGS_MAX) throw invalidProperty('tags', `at most ${TAGS_MAX} tags`);
  for (const [name, text] of entries)
    if (typeof text !== 'string' || text.length > 256 || name.length > 512)
      throw invalidProperty(`tags.${name.slice(0, 40)}`, 'text of at most 256 characters');
  return { ...value } as Record<string, string>;
}

/** What command-line tools ask before they know any other address of the cloud. */
export function metadata(cloud: Cloud, origin: string, apiVersion: string | null): unknown {
  const { login, arm, graph } = addressesFor(cloud, origin);
  const authentication = {
    loginEndpoint: login,
    audiences: [...cloud.audiences.arm].reverse().map((audience) => `${audience}/`),
    tenant: 'common',
    identityProvider: 'AAD',
  };
  const gallery = `https://gallery.${cloud.armHost.replace(/^management\./, '')}/`;
  const common = { portal: `https://${cloud.portalHost}`, authentication, graph, gallery };
  if (apiVersion === null || apiVersion < '2019-05-01')
    return {
      galleryEndpoint: gallery,
      graphEndpoint: cloud.audiences.graph.at(-1),
      portalEndpoint: common.portal,
      authentication,
    };
  const name = cloud.name === 'public' ? 'AzureCloud' : 'AzureUSGovernment';
  const full = {
    ...common,
    name,
    resourceManager: arm,
    microsoftGraphResourceId: `${cloud.audiences.graph[0]}/`,
    suffixes: {
      storage: cloud.storageSuffix,
      keyVaultDns: cloud.vaultSuffix,
      sqlServerHostname: cloud.sqlSuffix,
    },
  };
  // since 2022 one cloud is answered, before that the list of all
  return apiVersion >= '2022-09-01' ? full : [full];
}
