/**
 * Resources of one kind that ARM keeps for a provider: by id, with etag, tags and location; made, read, listed,
 * tagged and deleted in the one way that is the same for all of them. What a kind adds (which properties there
 * are, what must hold when it is made or deleted, actions) it says in its ShelfKind.
 */
import type { Millis } from '#core/units.ts';
import { shape, text } from '../shape.ts';
import {
  badRequest,
  methodNotAllowed,
  preconditionFailed,
  resourceNotFound,
  unknownAction,
} from './faults.ts';
import { readTags } from './groups.ts';
import { listOf } from './paging.ts';
import type { ArmAnswer, ArmRequest, ArmType } from './provider.ts';

export interface Shelved<P> {
  /** In the spelling of its creation. */
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly location: string;
  tags: Readonly<Record<string, string>>;
  /** Members beside `properties`: sku, zones, kind. */
  beside: Readonly<Record<string, unknown>>;
  properties: P;
  /** Counts up with every change. */
  version: number;
  state: 'Succeeded' | 'Creating' | 'Updating' | 'Deleting';
}

/** What a body says of a resource. */
export interface Stated<P> {
  readonly location: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly beside?: Readonly<Record<string, unknown>>;
  readonly properties: P;
}

export interface ShelfKind<P> {
  readonly namespace: string;
  /** "networkInterfaces" */
  readonly type: string;
  readonly apiVersions: readonly string[];
  readonly name: RegExp;
  readonly createTakesMs: Millis;
  readonly deleteTakesMs: Millis;
  /** How a PUT begins that takes time: 201 with Azure-AsyncOperation (default), or 202 with Location alone. */
  readonly older?: boolean;
  /** Reads the body of a PUT; `before` is what it replaces. @throws ArmError 4xx, and nothing is changed then */
  read(request: ArmRequest, before: Shelved<P> | undefined): Stated<P>;
  /** After it was put on the shelf. */
  made?(resource: Shelved<P>, before: P | undefined): void;
  /** Reads the body of a PATCH; without it only tags can be patched. @throws ArmError */
  patch?(
    request: ArmRequest,
    resource: Shelved<P>,
  ): Partial<Pick<Shelved<P>, 'tags' | 'beside' | 'properties'>>;
  /** Just before it is taken off. @throws ArmError 409 when it is in use: checked at once */
  leaving?(resource: Shelved<P>): void;
  left?(resource: Shelved<P>, request: ArmRequest): void;
  view(resource: Shelved<P>, request: ArmRequest): object;
  /** `segments` below the resource. @returns undefined when there is no such operation */
  act?(resource: Shelved<P>, request: ArmRequest): ArmAnswer | undefined;
}

const readTagsPatch = shape({}, { tags: (value: unknown) => readTags(value) });

/** Readers of the members that every resource may send back without meaning a change. */
export const ENVELOPE = {
  id: text(2_048),
  name: text(260),
  type: text(128),
  etag: text(128),
  systemData: () => undefined,
};

export class ResourceShelf<P> {
  readonly #kind: ShelfKind<P>;
  readonly #kept = new Map<string, Shelved<P>>();

  /** Answers requests for this kind. */
  readonly type: ArmType;

  constructor(kind: ShelfKind<P>) {
    this.#kind = kind;
    this.type = { apiVersions: kind.apiVersions, handle: (request) => this.#handle(request) };
  }

  find(id: string): Shelved<P> | undefined {
    return this.#kept.get(id.toLowerCase());
  }

  /** In the order of their creation; those below `scope` when given. */
  all(scope = ''): Shelved<P>[] {
    const prefix = scope === '' ? '' : `${scope.toLowerCase()}/`;
    return [...this.#kept].filter(([id]) => id.startsWith(prefix)).map(([, resource]) => resource);
  }

  /** Takes it off for another service of the cloud; nobody is asked. */
  remove({ id }: Shelved<P>): void {
    this.#kept.delete(id.toLowerCase());
  }

  etagOf({ id, version }: Shelved<P>): string {
    return `W/"${Buffer.from(id).toString('hex').slice(-16)}${version.toString(16).padStart(4, '0')}"`;
  }

  #handle(request: ArmRequest): ArmAnswer {
    const kind = this.#kind;
    const { method, name, segments, subscriptionId, resourceGroup } = request;
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, kind.type);
      const group = resourceGroup === '' ? '' : `/resourceGroups/${resourceGroup}`;
      const shown = this.all(`/subscriptions/${subscriptionId}${group}`);
      return { list: listOf(shown.map((resource) => this.#view(resource, request))) };
    }
    const resource = this.find(this.#idOf(request));
    if (segments.length > 0) {
      if (!resource) throw resourceNotFound(request, kind.namespace);
      const given = kind.act?.(resource, request);
      if (!given) throw unknownAction(method, `${kind.type}/${segments.join('/')}`);
      return given;
    }
    if (method === 'PUT') return this.#put(resource, request);
    if (method === 'DELETE') return resource ? this.#delete(resource, request) : { status: 204 };
    if (!resource) throw resourceNotFound(request, kind.namespace);
    if (method === 'GET') return { status: 200, body: this.#view(resource, request) };
    if (method !== 'PATCH') throw methodNotAllowed(method, kind.type);
    this.#requireMatch(resource, request);
    const change = kind.patch?.(request, resource) ?? readTagsPatch(request.body, '');
    if (change.tags) resource.tags = change.tags;
    Object.assign(resource, change);
    resource.version++;
    return { status: 200, body: this.#view(resource, request) };
  }

  #idOf({ subscriptionId, resourceGroup, name }: ArmRequest): string {
    const { namespace, type } = this.#kind;
    return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${namespace}/${type}/${name}`;
  }

  #view(resource: Shelved<P>, request: ArmRequest): object {
    const { namespace, type } = this.#kind;
    const { id, name, location, tags, beside } = resource;
    return {
      id,
      name,
      type: `${namespace}/${type}`,
      location,
      tags,
      etag: this.etagOf(resource),
      ...beside,
      properties: this.#kind.view(resource, request),
    };
  }

  #requireMatch(resource: Shelved<P> | undefined, { ifMatch, ifNoneMatch }: ArmRequest): void {
    if (ifMatch !== undefined && (!resource || (ifMatch !== '*' && ifMatch !== this.etagOf(resource))))
      throw preconditionFailed(ifMatch);
    if (ifNoneMatch === '*' && resource) throw preconditionFailed(ifNoneMatch);
  }

  #put(before: Shelved<P> | undefined, request: ArmRequest): ArmAnswer {
    const kind = this.#kind;
    if (!kind.name.test(request.name))
      throw badRequest(`'${request.name}' is no name for ${kind.type}.`, 'name');
    this.#requireMatch(before, request);
    const { location, tags = {}, beside = {}, properties } = kind.read(request, before);
    const earlier = before?.properties;
    let resource = before;
    if (resource) {
      Object.assign(resource, { tags, beside, properties });
      resource.version++;
      resource.state = 'Updating';
    } else {
      const { name, resourceGroup } = request;
      const id = this.#idOf(request);
      resource = {
        id,
        name,
        resourceGroup,
        location,
        tags,
        beside,
        properties,
        version: 1,
        state: 'Creating',
      };
      this.#kept.set(id.toLowerCase(), resource);
    }
    kind.made?.(resource, earlier);
    const { state } = resource;
    const settle = (): object => {
      if (resource.state === state) resource.state = 'Succeeded';
      return this.#view(resource, request);
    };
    if (kind.createTakesMs === 0) return { status: before ? 200 : 201, body: settle() };
    return {
      operation: {
        takesMs: kind.createTakesMs,
        status: kind.older ? 202 : before ? 200 : 201,
        ...(kind.older ? { asyncOperation: false } : { body: this.#view(resource, request) }),
        run: settle,
      },
    };
  }

  #delete(resource: Shelved<P>, request: ArmRequest): ArmAnswer {
    const kind = this.#kind;
    this.#requireMatch(resource, request);
    kind.leaving?.(resource);
    const run = (): void => {
      resource.state = 'Succeeded';
      kind.leaving?.(resource);
      this.#kept.delete(resource.id.toLowerCase());
      kind.left?.(resource, request);
    };
    if (kind.deleteTakesMs === 0) {
      run();
      return { status: 200 };
    }
    resource.state = 'Deleting';
    return { operation: { takesMs: kind.deleteTakesMs, status: 202, location: true, run } };
  }
}
