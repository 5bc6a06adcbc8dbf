/** Resources over all providers: lists, and requests that the world makes itself, without a client. */
import { assert } from '#core/assert.ts';
import { isRecord } from '../http.ts';
import { locate, requireVersion, resolveType, splitPath } from './dispatch.ts';
import { badRequest } from './faults.ts';
import { listOf } from './paging.ts';
import { type ArmAnswer, ArmError, type ArmRequest, type Principal } from './provider.ts';
import { type ArmState, ownAddresses } from './state.ts';

type Resource = Record<string, unknown>;

/** As whom the world itself asks. */
export const SYSTEM: Principal = { objectId: 'system', appId: 'system' };

/**
 * A request of the world's own to a provider: same code, no token. The resource's group must exist.
 * @throws ArmError
 */
export function askProvider(
  state: ArmState,
  method: string,
  path: string,
  apiVersion: string | undefined,
  body?: unknown,
): ArmAnswer {
  const place = locate(splitPath(path));
  assert(place, `${path} is the path of a resource`);
  const { subscriptionId, resourceGroup: group } = place;
  const found = resolveType(state.providers, place.namespace, place.rest, apiVersion ?? '');
  const version = apiVersion ?? found.handler.apiVersions[0]!;
  requireVersion(found, version, state.region);
  const { type, names, name, segments } = found;
  return found.handler.handle({
    method,
    subscriptionId,
    resourceGroup: group === '' ? '' : state.groups.require(subscriptionId, group).name,
    type,
    names,
    name,
    segments,
    apiVersion: version,
    query: new URLSearchParams(),
    body: body === undefined ? undefined : structuredClone(body),
    principal: SYSTEM,
    now: state.context.clock.wall(),
    addresses: ownAddresses(state),
  });
}

/** The result of an answer, an operation carried out at once. @throws ArmError */
export function resultOf(given: ArmAnswer): unknown {
  if ('operation' in given) return given.operation.run() ?? given.operation.body;
  return 'list' in given ? undefined : given.body;
}

/** Deletes a resource at once. @throws ArmError */
export function deleteResource(state: ArmState, id: string): void {
  resultOf(askProvider(state, 'DELETE', id, undefined));
}

/** Top-level resources of a subscription or of one group. The providers keep them, ARM only joins their lists. */
export function resourcesIn(state: ArmState, subscriptionId: string, group?: string): Resource[] {
  const found: Resource[] = [];
  for (const provider of state.providers.values())
    for (const [type, { apiVersions, handle, holdsResources }] of Object.entries(provider.types)) {
      if (type.includes('/') || holdsResources === false) continue;
      const request: ArmRequest = {
        method: 'GET',
        subscriptionId,
        resourceGroup: '',
        type,
        names: [],
        name: '',
        segments: [],
        apiVersion: apiVersions[0]!,
        query: new URLSearchParams(),
        body: undefined,
        principal: SYSTEM,
        now: state.context.clock.wall(),
        addresses: ownAddresses(state),
      };
      for (const resource of itemsOf(handle, request))
        if (isRecord(resource) && (group === undefined || groupOf(resource['id']) === group.toLowerCase()))
          found.push(resource);
    }
  return found;
}

/** The answer to a list of resources, with its `$filter`. */
export function resourceList(state: ArmState, url: URL, subscriptionId: string, group?: string): ArmAnswer {
  const keep = filterOf(url.searchParams.get('$filter'));
  const shown = resourcesIn(state, subscriptionId, group).filter(keep);
  return {
    list: listOf(
      shown.map(({ id, name, type, location, tags, sku, kind }) => ({
        id,
        name,
        type,
        location,
        tags,
        sku,
        kind,
      })),
    ),
  };
}

/** A collection's items; none where the type has no list at the level of the subscription. */
function itemsOf(handle: (request: ArmRequest) => ArmAnswer, request: ArmRequest): unknown[] {
  let given: ArmAnswer;
  try {
    given = handle(request);
  } catch (error) {
    if (error instanceof ArmError) return [];
    throw error;
  }
  if ('list' in given) {
    const { list } = given;
    return Array.from({ length: list.count }, (_, i) => list.item(i));
  }
  if ('operation' in given) return [];
  return isRecord(given.body) && Array.isArray(given.body['value']) ? given.body['value'] : [];
}

function groupOf(id: unknown): string {
  return (/\/resourceGroups\/([^/]+)\//i.exec(String(id))?.[1] ?? '').toLowerCase();
}

const FILTER_CLAUSE = /^\s*(resourceType|name|location|resourceGroup|tagName|tagValue)\s+eq\s+'([^']*)'\s*$/i;

/** `resourceType eq 'x'`, `name eq 'x'`, `tagName eq 'a' and tagValue eq 'b'` …, joined by `and`. */
function filterOf(filter: string | null): (resource: Resource) => boolean {
  if (filter === null || filter.trim() === '') return () => true;
  const clauses = filter.split(/\s+and\s+/i).map((clause) => {
    const match = FILTER_CLAUSE.exec(clause);
    if (!match) throw badRequest(`The $filter '${filter.slice(0, 200)}' is not supported.`, '$filter');
    return { field: match[1]!.toLowerCase(), value: match[2]!.toLowerCase() };
  });
  const is = (text: unknown, value: string) => String(text).toLowerCase() === value;
  return (resource) =>
    clauses.every(({ field, value }) => {
      const tags = isRecord(resource['tags']) ? resource['tags'] : {};
      if (field === 'resourcetype') return is(resource['type'], value);
      if (field === 'resourcegroup') return groupOf(resource['id']) === value;
      if (field === 'tagname') return Object.keys(tags).some((name) => is(name, value));
      if (field === 'tagvalue') return Object.values(tags).some((text) => is(text, value));
      return is(resource[field], value);
    });
}
