/**
 * Vaults and what is set up in them once: replication policies, the fabric of a VMware site, its protection
 * container. They are remembered and shown; what they do shows in the migration items (migration-items.ts).
 */
import { SECOND } from '#core/units.ts';
import {
  badRequest,
  conflict,
  invalidProperty,
  methodNotAllowed,
  parentNotFound,
  resourceNotFound,
  unknownAction,
} from '../arm/faults.ts';
import { readLocation, readTags } from '../arm/groups.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import type { ReplicationStore } from '../replication-service/store.ts';
import { list, oneOf, type Reader, shape, text, whole } from '../shape.ts';
import { idOf, isBelow, NAMESPACE, parentOf } from './ids.ts';

interface Resource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

/** What a resource shows besides its id, name and type. */
type Content = Pick<Resource, 'properties'> & Readonly<Record<string, unknown>>;

/** Turns the body of a PUT into what the resource shows. @throws ArmError 400 */
type Maker = (body: unknown, request: ArmRequest) => Content;

const TAKES_MS = 10 * SECOND;
const RETRY_AFTER_SECONDS = 30;

const envelope = { id: text(1_024), name: text(256), type: text(256), etag: text(128), eTag: text(128) };

const readVault = shape(
  { location: (value: unknown) => readLocation(value) },
  {
    ...envelope,
    sku: shape({ name: oneOf('Standard', 'RS0') }, { tier: text(64) }),
    tags: (value: unknown) => readTags(value),
    properties: shape({}, { publicNetworkAccess: oneOf('Enabled', 'Disabled'), provisioningState: text(64) }),
  },
);

const makeVault: Maker = (body) => {
  const { location, sku = { name: 'Standard' }, tags = {}, properties = {} } = readVault(body, '');
  return {
    location,
    sku,
    tags,
    properties: { publicNetworkAccess: 'Enabled', ...properties, provisioningState: 'Succeeded' },
  };
};

const DAYS_15_MINUTES = 15 * 24 * 60;
const readPolicy = shape(
  {
    properties: shape({
      providerSpecificInput: shape(
        { instanceType: oneOf('VMwareCbt') },
        {
          recoveryPointHistoryInMinutes: whole(0, DAYS_15_MINUTES),
          crashConsistentFrequencyInMinutes: whole(0, DAYS_15_MINUTES),
          appConsistentFrequencyInMinutes: whole(0, DAYS_15_MINUTES),
        },
      ),
    }),
  },
  envelope,
);

export const makePolicy: Maker = (body, { name }) => ({
  properties: {
    friendlyName: name,
    providerSpecificDetails: readPolicy(body, '').properties.providerSpecificInput,
  },
});

const SITE_ID =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.OffAzure\/VMwareSites\/[^/]+$/i;
const siteId: Reader<string> = (value, path) => {
  if (typeof value !== 'string' || value.length > 1_024 || !SITE_ID.test(value))
    throw invalidProperty(path, 'the id of a VMware site');
  return value;
};

/** Only the fabric of the agentless way is offered; the solution it belongs to is remembered where it is given. */
const readFabric = shape(
  {
    properties: shape({
      customDetails: shape(
        { instanceType: oneOf('VMwareV2'), vmwareSiteId: siteId },
        { migrationSolutionId: text(1_024) },
      ),
    }),
  },
  envelope,
);

export const makeFabric: Maker = (body, { name }) => ({
  properties: {
    friendlyName: name,
    bcdrState: 'Valid',
    health: 'Normal',
    healthErrors: [],
    customDetails: readFabric(body, '').properties.customDetails,
  },
});

const readContainer = shape(
  { properties: shape({}, { providerSpecificInput: list(shape({ instanceType: oneOf('VMwareCbt') }), 1) }) },
  envelope,
);

export const makeContainer: Maker = (body, { name, names }) => {
  readContainer(body, '');
  return { properties: { friendlyName: name, fabricFriendlyName: names[1], fabricType: 'VMwareV2' } };
};

export class VaultResources {
  readonly #store: ReplicationStore;
  /** By id in lower case. */
  readonly #resources = new Map<string, Resource>();

  constructor(store: ReplicationStore) {
    this.#store = store;
  }

  find(id: string): Resource | undefined {
    return this.#resources.get(id.toLowerCase());
  }

  /** Vaults are there at once. */
  handleVault(request: ArmRequest): ArmAnswer {
    return this.#handle(request, (body) => {
      const known = this.find(idOf(request));
      const content = makeVault(body, request);
      if (known && known['location'] !== content['location'])
        throw conflict(
          'InvalidResourceLocation',
          `The vault '${request.name}' already exists in location '${String(known['location'])}'.`,
        );
      return { status: known ? 200 : 201, body: this.#set(request, content) };
    });
  }

  /** What Site Recovery makes, it makes with a long-running operation (azure.md, section 4). */
  handle(request: ArmRequest, make: Maker): ArmAnswer {
    return this.#handle(request, (body) => {
      const content = make(body, request);
      return operation(() => {
        this.#requireParent(request);
        return this.#set(request, content);
      });
    });
  }

  #handle(request: ArmRequest, put: (body: unknown) => ArmAnswer): ArmAnswer {
    const { method, name, segments, type } = request;
    if (segments.length > 0) throw unknownAction(method, `${NAMESPACE}/${type}/${segments.join('/')}`);
    this.#requireParent(request);
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
      return this.#list(request);
    }
    const known = this.find(idOf(request));
    switch (method) {
      case 'GET':
        if (!known) throw resourceNotFound(request, NAMESPACE);
        return { status: 200, body: known };
      case 'PUT':
        return put(request.body);
      case 'DELETE': {
        if (!known) return { status: 204 };
        const remove = (): void => {
          this.#requireUnused(known);
          this.#resources.delete(known.id.toLowerCase());
          if (type === 'vaults') this.#store.removeVault(known.id);
        };
        this.#requireUnused(known);
        if (type !== 'vaults') return operation(remove);
        remove();
        return { status: 200 };
      }
      default:
        throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    }
  }

  #list(request: ArmRequest): ArmAnswer {
    refuseFilter(request);
    const below = parentOf(request);
    const type = `${NAMESPACE}/${request.type}`;
    const shown = [...this.#resources.values()].filter(
      (resource) => resource.type === type && isBelow(resource.id, below),
    );
    return { list: listOf(shown) };
  }

  #set(request: ArmRequest, content: Content): Resource {
    const id = idOf(request);
    const resource: Resource = { id, name: request.name, type: `${NAMESPACE}/${request.type}`, ...content };
    this.#resources.set(id.toLowerCase(), resource);
    if (request.type === 'vaults') this.#store.addVault(id);
    return resource;
  }

  #requireParent(request: ArmRequest): void {
    if (request.type === 'vaults') return;
    const parent = parentOf(request);
    if (!this.find(parent)) throw parentNotFound(parent);
  }

  /** @throws ArmError 409 while something lies below it or refers to it */
  #requireUnused({ id }: Resource): void {
    const holds = [...this.#resources.keys()].some((other) => isBelow(other, id));
    const items = this.#store.items();
    const isUsed = items.some(
      ({ armId, policyId }) => isBelow(armId, id) || policyId.toLowerCase() === id.toLowerCase(),
    );
    if (holds || isUsed)
      throw conflict(
        'CannotDeleteResource',
        `Can not delete resource '${id}' before nested resources and the migration items that use it are deleted.`,
      );
  }
}

/** @throws ArmError 400: collections of this provider are listed whole */
export function refuseFilter({ query }: ArmRequest): void {
  if (query.get('$filter')) throw badRequest('Filtering is not supported here.', '$filter');
}

function operation(run: () => unknown): ArmAnswer {
  return {
    operation: {
      takesMs: TAKES_MS,
      status: 202,
      location: true,
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      run,
    },
  };
}
