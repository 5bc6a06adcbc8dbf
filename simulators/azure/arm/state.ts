/** What the parts of ARM share, and what its middleware has found out about a request. */
import type { Request, Response } from 'express';
import type { HttpResponseOut } from '#core/net/http-server.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { addressesFor, type Cloud } from '../cloud.ts';
import { sendJson } from '../http.ts';
import type { IdentityService } from '../identity/service.ts';
import type { ActivityLog } from './activity-log.ts';
import type { Authorization } from './authorization.ts';
import { forbidden, subscriptionNotFound } from './faults.ts';
import type { Groups } from './groups.ts';
import type { Locks } from './locks.ts';
import type { Operations, Polled } from './operations.ts';
import { pageOf } from './paging.ts';
import type { ArmAnswer, ArmProvider, ArmRequest, Principal } from './provider.ts';
import type { Throttle } from './throttle.ts';

export interface Subscription {
  readonly id: string;
  readonly displayName: string;
}

export interface ArmState {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly identity: IdentityService;
  readonly authorization: Authorization;
  readonly tenantId: string;
  readonly subscriptions: readonly Subscription[];
  /** By namespace in lower case. */
  readonly providers: ReadonlyMap<string, ArmProvider>;
  /** Namespaces in lower case. */
  readonly registered: Set<string>;
  readonly region: string;
  readonly groups: Groups;
  readonly operations: Operations;
  readonly throttle: Throttle;
  readonly locks: Locks;
  readonly activity: ActivityLog;
}

export interface Call {
  readonly url: URL;
  /** Of the path, decoded. */
  readonly parts: readonly string[];
  /** As the client spelt it: absolute links lead back there. */
  readonly origin: string;
  readonly principal: Principal;
  readonly body: unknown;
}

/** Addresses that the world itself uses. */
export function ownAddresses({ cloud }: ArmState) {
  return addressesFor(cloud, `https://${cloud.armHost}`);
}

export function setCall(response: Response, call: Call): void {
  response.locals['call'] = call;
}

export function callOf(response: Response): Call {
  return response.locals['call'] as Call;
}

export function setOperation(response: Response, operation: string): void {
  (response as HttpResponseOut).operation = operation;
}

/** A named part of the route; empty when the route has none of that name. */
export function param(request: Request, name: string): string {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
}

/** @throws ArmError SubscriptionNotFound */
export function requireSubscription({ subscriptions }: ArmState, asked: string): Subscription {
  const found = subscriptions.find(({ id }) => id.toLowerCase() === asked.toLowerCase());
  if (!found) throw subscriptionNotFound(asked);
  return found;
}

/** @throws ArmError AuthorizationFailed */
export function requireAllowed(
  { authorization }: ArmState,
  { principal }: Call,
  action: string,
  scope: string,
): void {
  if (!authorization.allows(principal, action, scope)) throw forbidden(principal, action, scope);
}

/** A provider's view of a request. */
export function armRequestOf(
  state: ArmState,
  { url, body, principal, origin }: Call,
  request: Request,
  at: Pick<
    ArmRequest,
    'subscriptionId' | 'resourceGroup' | 'type' | 'names' | 'name' | 'segments' | 'apiVersion' | 'scope'
  >,
): ArmRequest {
  const ifMatch = request.headers['if-match'];
  const ifNoneMatch = request.headers['if-none-match'];
  const { subscriptionId, resourceGroup, type, names, name, segments, apiVersion, scope } = at;
  return {
    method: request.method,
    subscriptionId,
    resourceGroup,
    type,
    names,
    name,
    segments,
    apiVersion,
    query: url.searchParams,
    body,
    principal,
    now: state.context.clock.wall(),
    addresses: addressesFor(state.cloud, origin),
    ...(scope === undefined ? {} : { scope }),
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  };
}

/** Sends what a handler answered; an operation begins here. @param operationPath where it is polled, by its id */
export function answer(
  state: ArmState,
  response: Response,
  { url, origin, principal }: Call,
  apiVersion: string,
  given: ArmAnswer,
  operationPath: (id: string) => string,
): void {
  if ('list' in given) return send(response, { status: 200, body: pageOf(given.list, url) });
  if (!('operation' in given)) return send(response, given);
  const id = state.operations.nextId();
  const ended = endingNoted(state, response, { url, principal }, id);
  send(response, state.operations.begin(given.operation, id, operationPath(id), apiVersion, origin, ended));
}

/** Writes into the activity log how an operation ended. */
function endingNoted(
  { activity, context }: ArmState,
  response: Response,
  { url, principal }: Pick<Call, 'url' | 'principal'>,
  operationId: string,
): (failedWith: number | undefined) => void {
  const action = (response as HttpResponseOut).operation ?? '';
  const correlationId = String(response.getHeader('x-ms-correlation-request-id'));
  return (failedWith) =>
    activity.write({
      at: context.clock.wall(),
      action,
      resourceId: decodeURIComponent(url.pathname),
      principal,
      correlationId,
      operationId,
      httpStatus: failedWith ?? 200,
      status: failedWith === undefined ? 'Succeeded' : 'Failed',
    });
}

export function send(response: Response, { status, body, headers }: Polled): void {
  sendJson(response, status, body, headers);
}
