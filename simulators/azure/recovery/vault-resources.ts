/**
 * Vaults and what is set up in them once: replication policies, fabrics (a VMware site of the agentless way, or
 * the sites of the agent-based one), their protection containers, and which policy goes with which container.
 * They are remembered and shown; what they do shows in the items (migration-items.ts, protected-items.ts).
 */
import { SECOND } from '#core/units.ts';
import {
  badRequest,
  conflict,
  methodNotAllowed,
  parentNotFound,
  resourceNotFound,
  unknownAction,
} from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import type { ReplicationStore } from '../replication-service/store.ts';
import { idOf, isBelow, NAMESPACE, parentOf } from './ids.ts';

export interface Resource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

/** What a resource shows besides its id, name and type. */
type Content = Pick<Resource, 'properties'> & Readonly<Record<string, unknown>>;

/** Turns the body of a PUT into what the resource shows. @throws ArmError 400 */
type Maker = (body: unknown, request: ArmRequest, find: (id: string) => Resource | undefined) => Content;

/** A kind of thing that is set up in a vault. */
export interface Kind {
  readonly make: Maker;
  /** What a PATCH makes of it; kinds without it cannot be changed so. */
  readonly update?: (body: unknown, before: Resource) => Content;
  /** POST: `remove` is a DELETE, what else stands here has no effect that shows. */
  readonly actions?: readonly string[];
  /** There at once, without a long-running operation. */
  readonly isImmediate?: boolean;
}

const TAKES_MS = 10 * SECOND;
const RETRY_AFTER_SECONDS = 30;

/** There is one of each in a vault; they go with it. */
const SETTINGS = new Set(
  ['replicationAlertSettings', 'replicationVaultSettings'].map((type) => `${NAMESPACE}/vaults/${type}`),
);

/** An item, by what it lies below and refers to. */
interface Use {
  readonly armId: string;
  readonly policyId: string;
}

export class VaultResources {
  readonly #store: ReplicationStore;
  readonly #uses: () => readonly Use[];
  /** By id in lower case. */
  readonly #resources = new Map<string, Resource>();

  /** @param protectedItems what is protected the agent-based way */
  constructor(store: ReplicationStore, protectedItems: () => readonly Use[]) {
    this.#store = store;
    this.#uses = () => [...store.items(), ...protectedItems()];
  }

  find(id: string): Resource | undefined {
    return this.#resources.get(id.toLowerCase());
  }

  /** What Site Recovery makes, it makes with a long-running operation (azure.md, section 4). */
  handle(request: ArmRequest, kind: Kind): ArmAnswer {
    const { method, segments, type } = request;
    if (segments.length > 0) {
      const action = kind.actions?.find((name) => name.toLowerCase() === segments[0]!.toLowerCase());
      if (method !== 'POST' || segments.length > 1 || action === undefined)
        throw unknownAction(method, `${NAMESPACE}/${type}/${segments.join('/')}`);
      const known = this.find(idOf(request));
      if (!known) throw resourceNotFound(request, NAMESPACE);
      return action === 'remove' ? this.#remove(known) : operation(() => known);
    }
    if (method === 'PATCH' && kind.update) {
      const known = this.find(idOf(request));
      if (!known) throw resourceNotFound(request, NAMESPACE);
      const content = kind.update(request.body, known);
      return operation(() => this.set(request, content));
    }
    return this.#handle(request, (body) => {
      const content = kind.make(body, request, this.#find);
      if (kind.isImmediate) return { status: 200, body: this.set(request, content) };
      return operation(() => {
        this.#requireParent(request);
        return this.set(request, content);
      });
    });
  }

  readonly #find = (id: string): Resource | undefined => this.find(id);

  #handle(request: ArmRequest, put: (body: unknown) => ArmAnswer): ArmAnswer {
    const { method, name, type } = request;
    this.#requireParent(request);
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
      return this.list(request);
    }
    const known = this.find(idOf(request));
    switch (method) {
      case 'GET':
        if (!known) throw resourceNotFound(request, NAMESPACE);
        return { status: 200, body: known };
      case 'PUT':
        return put(request.body);
      case 'DELETE':
        return known ? this.#remove(known) : { status: 204 };
      default:
        throw methodNotAllowed(method, `${NAMESPACE}/${type}`);
    }
  }

  #remove(known: Resource): ArmAnswer {
    this.#requireUnused(known);
    return operation(() => {
      this.#requireUnused(known);
      this.#resources.delete(known.id.toLowerCase());
    });
  }

  /** All of a kind in a vault, whatever they lie below: `vaults/replicationProtectionContainers`. */
  listInVault(request: ArmRequest, type: string): ArmAnswer {
    const { method, name } = request;
    const vault = parentOf(request);
    if (!this.find(vault)) throw parentNotFound(vault);
    if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${request.type}`);
    if (name !== '') throw resourceNotFound(request, NAMESPACE);
    refuseFilter(request);
    return { list: listOf(this.below(vault, type)) };
  }

  /** In the order in which they were made. @param type "vaults/replicationFabrics" */
  below(id: string, type: string): Resource[] {
    return [...this.#resources.values()].filter(
      (resource) => resource.type === `${NAMESPACE}/${type}` && isBelow(resource.id, id),
    );
  }

  list(request: ArmRequest): ArmAnswer {
    refuseFilter(request);
    return { list: listOf(this.below(parentOf(request), request.type)) };
  }

  /** Makes it so, whatever was there. */
  set(request: ArmRequest, content: Content): Resource {
    const id = idOf(request);
    const resource: Resource = { id, name: request.name, type: `${NAMESPACE}/${request.type}`, ...content };
    this.#resources.set(id.toLowerCase(), resource);
    if (request.type === 'vaults') this.#store.addVault(id);
    return resource;
  }

  #requireParent(request: ArmRequest): void {
    const parent = parentOf(request);
    if (!this.find(parent)) throw parentNotFound(parent);
  }

  /** Names of what lies below it or refers to it. Settings that every vault has one of do not count. */
  heldBy({ id }: Resource): string[] {
    const is = (other: unknown) => String(other).toLowerCase() === id.toLowerCase();
    const resources = [...this.#resources.values()]
      .filter((other) => isBelow(other.id, id) || is(other.properties['policyId']))
      .filter(({ type }) => !SETTINGS.has(type));
    const items = this.#uses().filter(({ armId, policyId }) => isBelow(armId, id) || is(policyId));
    return [
      ...resources.map(({ name }) => name),
      ...items.map(({ armId }) => armId.slice(armId.lastIndexOf('/') + 1)),
    ];
  }

  /** @returns the settings that went with it */
  forgetVault(vault: Resource): Resource[] {
    const within = [...this.#resources.values()].filter(({ id }) => isBelow(id, vault.id));
    for (const { id } of [vault, ...within]) this.#resources.delete(id.toLowerCase());
    this.#store.removeVault(vault.id);
    return within;
  }

  /** @param formerId under which the settings within lay */
  restoreVault(vault: Resource, within: readonly Resource[], formerId: string): Resource {
    const moved = within.map((one) => ({ ...one, id: `${vault.id}${one.id.slice(formerId.length)}` }));
    for (const one of [vault, ...moved]) this.#resources.set(one.id.toLowerCase(), one);
    this.#store.addVault(vault.id);
    return vault;
  }

  /** @throws ArmError 409 while something lies below it or refers to it */
  #requireUnused(known: Resource): void {
    if (this.heldBy(known).length > 0)
      throw conflict(
        'CannotDeleteResource',
        `Can not delete resource '${known.id}' before nested resources and the migration items that use it are deleted.`,
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
