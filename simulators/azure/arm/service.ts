/**
 * Azure Resource Manager: one Express application. What is the same for all resource providers happens here
 * (identifiers, identity, api-version, roles, request limits, faults, long-running operations, paging, the
 * shape of errors); what is a provider's own, in its folder.
 */
import express, { type Request, type Response } from 'express';
import type { HttpHandler } from '#core/net/http-server.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import type { Cloud } from '../cloud.ts';
import type { IdentityService } from '../identity/service.ts';
import { ActivityLog } from './activity-log.ts';
import type { Authorization } from './authorization.ts';
import { deploymentsType } from './deployments.ts';
import {
  actionOf,
  apiVersionOf,
  type ExtensionPlace,
  locate,
  locateExtension,
  requireVersion,
  resolveType,
  splitPath,
} from './dispatch.ts';
import { notRegistered } from './faults.ts';
import { Groups, groupBeingDeleted, handleGroup } from './groups.ts';
import { Locks } from './locks.ts';
import { actOnFaults, authenticate, identify, limitRequests, noteChanges, refuse } from './middleware.ts';
import { Operations } from './operations.ts';
import { mountMetadata, mountOwnRoutes } from './own-routes.ts';
import { type ArmAnswer, ArmError, type ArmProvider } from './provider.ts';
import { askProvider, resultOf, SYSTEM } from './resources.ts';
import { authorizationProvider } from './role-assignments.ts';
import {
  type ArmState,
  answer,
  armRequestOf,
  type Call,
  callOf,
  ownAddresses,
  requireAllowed,
  requireSubscription,
  type Subscription,
  send,
  setOperation,
} from './state.ts';
import { tagsType } from './tags-api.ts';
import { type RequestKind, Throttle } from './throttle.ts';

export interface ArmOptions {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly identity: IdentityService;
  readonly authorization: Authorization;
  readonly tenantId: string;
  readonly subscriptions: readonly Subscription[];
  readonly providers: readonly ArmProvider[];
  /** Region that answers; it shows in routing ids and in messages. */
  readonly region: string;
  readonly limits?: Readonly<Record<RequestKind, number>>;
  /** Story seconds per second of clients; 1. */
  readonly pace?: number;
}

export interface ArmService {
  /** With ARM's own, for the coverage ledger. */
  readonly providers: readonly ArmProvider[];
  readonly handler: HttpHandler;
  hasGroup(subscriptionId: string, name: string): boolean;
  /**
   * A request of the world's own, for preparing a landing zone: same code, no token, and an operation is
   * carried out at once. @returns the body of the result. @throws ArmError
   */
  apply(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, apiVersion: string, body?: unknown): unknown;
}

export function createArm(options: ArmOptions): ArmService {
  const { context, limits } = options;
  const locks = new Locks();
  const activity = new ActivityLog();
  const { authorization, identity } = options;
  const own: readonly ArmProvider[] = [
    authorizationProvider({
      context,
      authorization,
      locks,
      principalType: (id) => identity.directory.principalType(id),
    }),
    activity.provider,
    {
      namespace: 'Microsoft.Resources',
      types: {},
      extensions: { tags: tagsType(() => state), deployments: deploymentsType(() => state) },
    },
  ];
  const providers = new Map(
    [...options.providers, ...own].map((provider) => [provider.namespace.toLowerCase(), provider]),
  );
  const state: ArmState = {
    ...options,
    providers,
    registered: new Set(providers.keys()),
    groups: new Groups(),
    operations: new Operations(context, options.pace ?? 1),
    throttle: new Throttle(limits),
    locks,
    activity,
  };
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use(identify(state));
  mountMetadata(app, state);
  app.use(authenticate(state));
  app.use('/subscriptions/:subscriptionId', limitRequests(state));
  app.use(noteChanges(state));
  app.use(actOnFaults(state));
  mountOwnRoutes(app, state);
  app.use((request: Request, response: Response) => provide(state, request, response));
  app.use(refuse(state));
  return {
    providers: [...providers.values()],
    handler: app as unknown as HttpHandler,
    hasGroup: (subscriptionId, name) => state.groups.find(subscriptionId, name) !== undefined,
    apply: (method, path, apiVersion, body) => resultOf(ask(state, method, path, apiVersion, body)),
  };
}

function ask(state: ArmState, method: string, path: string, apiVersion: string, body: unknown): ArmAnswer {
  const parts = splitPath(path);
  if (parts.length !== 4 || !/^resourceGroups$/i.test(parts[2]!))
    return askProvider(state, method, path, apiVersion, body);
  return handleGroup(state, {
    method,
    subscriptionId: parts[1]!,
    resourceGroup: parts[3]!,
    type: 'resourceGroups',
    names: [],
    name: '',
    segments: [],
    apiVersion,
    query: new URLSearchParams(),
    body,
    principal: SYSTEM,
    now: state.context.clock.wall(),
    addresses: ownAddresses(state),
  });
}

/** Everything that is not ARM's own: polls of operations, then resource providers. */
function provide(state: ArmState, request: Request, response: Response): void {
  const call = callOf(response);
  const { url, parts } = call;
  const apiVersion = apiVersionOf(url);
  const polled =
    request.method === 'GET' && state.operations.poll(url.pathname, url.searchParams, call.origin);
  if (polled) {
    setOperation(response, 'PollOperation');
    return send(response, polled);
  }
  const extension = locateExtension(state.providers, parts);
  if (extension) return extend(state, call, request, response, extension, apiVersion);
  const place = locate(parts);
  if (!place) throw new ArmError(404, 'NotFound', `There is nothing at '${url.pathname.slice(0, 300)}'.`);
  const found = resolveType(state.providers, place.namespace, place.rest, apiVersion);
  const { namespace } = found.provider;
  const { id: subscriptionId } = requireSubscription(state, place.subscriptionId);
  const action = actionOf(namespace, found.type, request.method, found.segments);
  setOperation(response, action);
  requireAllowed(state, call, action, url.pathname);
  state.locks.requireUnlocked(request.method, `/${parts.join('/')}`);
  requireVersion(found, apiVersion, state.region);
  if (!state.registered.has(namespace.toLowerCase())) throw notRegistered(namespace);
  const group =
    place.resourceGroup === '' ? undefined : state.groups.require(subscriptionId, place.resourceGroup);
  const changes = request.method === 'PUT' || request.method === 'PATCH' || request.method === 'POST';
  if (group?.state === 'Deleting' && changes) throw groupBeingDeleted(group.name);
  const armRequest = armRequestOf(state, call, request, {
    subscriptionId,
    resourceGroup: group?.name ?? '',
    type: found.type,
    names: found.names,
    name: found.name,
    segments: found.segments,
    apiVersion,
  });
  if (request.method === 'HEAD') {
    found.handler.handle({ ...armRequest, method: 'GET' });
    return send(response, { status: 204 });
  }
  const given = found.handler.handle(armRequest);
  answer(
    state,
    response,
    call,
    apiVersion,
    given,
    (id) =>
      found.provider.operationPath?.(armRequest, id) ??
      `/subscriptions/${subscriptionId}/providers/${namespace}/locations/${state.region}/operationStatuses/${id}`,
  );
}

/** A request for what hangs on a scope; the scope must exist. */
function extend(
  state: ArmState,
  call: Call,
  request: Request,
  response: Response,
  place: ExtensionPlace,
  apiVersion: string,
): void {
  const { scope, provider, type, handler, name, segments } = place;
  const { namespace } = provider;
  const action = actionOf(namespace, type, request.method, segments);
  setOperation(response, action);
  // what roles there are, everybody may know
  if (scope !== '' || type !== 'roleDefinitions') requireAllowed(state, call, action, scope || '/');
  if (type !== 'locks') state.locks.requireUnlocked(request.method, scope);
  requireVersion(place, apiVersion, state.region);
  const [, subscription = '', , group = ''] = call.parts;
  const isBelow = scope !== '';
  const subscriptionId = isBelow ? requireSubscription(state, subscription).id : '';
  const depth = scope.split('/').length;
  const resourceGroup = depth > 3 ? state.groups.require(subscriptionId, group).name : '';
  if (depth > 5) askProvider(state, 'GET', scope, undefined);
  const given = handler.handle(
    armRequestOf(state, call, request, {
      subscriptionId,
      resourceGroup,
      type,
      names: name === '' ? [] : [name],
      name,
      segments,
      apiVersion,
      scope,
    }),
  );
  answer(
    state,
    response,
    call,
    apiVersion,
    given,
    (id) => `${scope}/providers/${namespace}/operationresults/${id}`,
  );
}
