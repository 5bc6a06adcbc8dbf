/** Routes of ARM's own types: tenants, subscriptions, locations, providers, resource groups, lists of resources. */
import type { Express, Request, Response } from 'express';
import { sendJson } from '../http.ts';
import { actionOf, apiVersionOf } from './dispatch.ts';
import { forbidden, invalidApiVersion } from './faults.ts';
import {
  findProvider,
  handleGroup,
  locationViews,
  metadata,
  providerView,
  RESOURCES_API_VERSIONS,
  SUBSCRIPTIONS_API_VERSIONS,
  subscriptionView,
} from './groups.ts';
import { listOf } from './paging.ts';
import type { ArmAnswer } from './provider.ts';
import { resourceList } from './resources.ts';
import {
  type ArmState,
  answer,
  armRequestOf,
  type Call,
  callOf,
  param,
  requireAllowed,
  requireSubscription,
  setOperation,
} from './state.ts';

interface OwnRoute {
  readonly method: 'get' | 'post';
  readonly path: string;
  /** What it is in the words of a role, and in the trace. */
  readonly action: string;
  readonly versions: readonly string[];
  handle(state: ArmState, call: Call, request: Request): ArmAnswer;
}

const SUBSCRIPTION = '/subscriptions/:subscriptionId';

/** Answered to whoever has a role in the subscription; the posts ask for a right of their own. */
export const OWN_ROUTES: readonly OwnRoute[] = [
  {
    method: 'get',
    path: '/tenants',
    action: 'Microsoft.Resources/tenants/read',
    versions: SUBSCRIPTIONS_API_VERSIONS,
    handle: ({ tenantId }) => ({
      list: listOf([{ id: `/tenants/${tenantId}`, tenantId, countryCode: 'NL', displayName: 'drylift' }]),
    }),
  },
  {
    method: 'get',
    path: '/subscriptions',
    action: 'Microsoft.Resources/subscriptions/read',
    versions: SUBSCRIPTIONS_API_VERSIONS,
    handle: (state, { principal }) => ({
      list: listOf(
        state.subscriptions
          .filter(({ id }) => state.authorization.sees(principal, `/subscriptions/${id}`))
          .map((subscription) => subscriptionView(state, subscription)),
      ),
    }),
  },
  {
    method: 'get',
    path: SUBSCRIPTION,
    action: 'Microsoft.Resources/subscriptions/read',
    versions: SUBSCRIPTIONS_API_VERSIONS,
    handle: (state, _call, request) => ({
      status: 200,
      body: subscriptionView(state, subscriptionOf(state, request)),
    }),
  },
  {
    method: 'get',
    path: `${SUBSCRIPTION}/locations`,
    action: 'Microsoft.Resources/subscriptions/locations/read',
    versions: SUBSCRIPTIONS_API_VERSIONS,
    handle: (state, _call, request) => ({
      list: listOf(locationViews(state, subscriptionOf(state, request).id)),
    }),
  },
  {
    method: 'get',
    path: `${SUBSCRIPTION}/providers`,
    action: 'Microsoft.Resources/providers/read',
    versions: RESOURCES_API_VERSIONS,
    handle: (state, _call, request) => {
      const { id } = subscriptionOf(state, request);
      return {
        list: listOf([...state.providers.values()].map((provider) => providerView(state, id, provider))),
      };
    },
  },
  {
    method: 'get',
    path: `${SUBSCRIPTION}/providers/:namespace`,
    action: 'Microsoft.Resources/providers/read',
    versions: RESOURCES_API_VERSIONS,
    handle: (state, _call, request) => {
      const provider = findProvider(state, param(request, 'namespace'));
      return { status: 200, body: providerView(state, subscriptionOf(state, request).id, provider) };
    },
  },
  registration('register'),
  registration('unregister'),
  {
    method: 'get',
    path: `${SUBSCRIPTION}/resources`,
    action: 'Microsoft.Resources/resources/read',
    versions: RESOURCES_API_VERSIONS,
    handle: (state, { url }, request) => resourceList(state, url, subscriptionOf(state, request).id),
  },
  {
    method: 'get',
    path: `${SUBSCRIPTION}/resourceGroups/:group/resources`,
    action: 'Microsoft.Resources/resources/read',
    versions: RESOURCES_API_VERSIONS,
    handle: (state, { url }, request) => {
      const { id } = subscriptionOf(state, request);
      return resourceList(state, url, id, state.groups.require(id, param(request, 'group')).name);
    },
  },
];

function registration(verb: 'register' | 'unregister'): OwnRoute {
  const action = `Microsoft.Resources/providers/${verb}/action`;
  return {
    method: 'post',
    path: `${SUBSCRIPTION}/providers/:namespace/${verb}`,
    action,
    versions: RESOURCES_API_VERSIONS,
    handle(state, call, request) {
      const { id } = subscriptionOf(state, request);
      requireAllowed(state, call, action, `/subscriptions/${id}`);
      const provider = findProvider(state, param(request, 'namespace'));
      const key = provider.namespace.toLowerCase();
      if (verb === 'register') state.registered.add(key);
      else state.registered.delete(key);
      return { status: 200, body: providerView(state, id, provider) };
    },
  };
}

export function mountMetadata(app: Express, { cloud }: ArmState): void {
  app.get('/metadata/endpoints', (request, response) => {
    setOperation(response, 'Metadata');
    const origin = `https://${request.headers.host ?? cloud.armHost}`;
    const version = request.query['api-version'];
    sendJson(response, 200, metadata(cloud, origin, typeof version === 'string' ? version : null));
  });
}

export function mountOwnRoutes(app: Express, state: ArmState): void {
  for (const { method, path, action, versions, handle } of OWN_ROUTES)
    app[method](path, (request: Request, response: Response) => {
      const call = callOf(response);
      setOperation(response, action);
      const version = requireOwnVersion(call, versions);
      const scope = call.url.pathname;
      if (
        param(request, 'subscriptionId') !== '' &&
        !state.authorization.sees(call.principal, scope) &&
        !state.authorization.allows(call.principal, action, scope)
      )
        throw forbidden(call.principal, action, scope);
      answer(state, response, call, version, handle(state, call, request), operationResults(state, request));
    });
  for (const path of [`${SUBSCRIPTION}/resourceGroups`, `${SUBSCRIPTION}/resourceGroups/:group`])
    app.all(path, (request: Request, response: Response) => {
      const call = callOf(response);
      const action = actionOf('Microsoft.Resources', 'subscriptions/resourceGroups', request.method, []);
      setOperation(response, action);
      const apiVersion = requireOwnVersion(call, RESOURCES_API_VERSIONS);
      const resourceGroup = param(request, 'group');
      if (resourceGroup !== '') {
        requireAllowed(state, call, action, call.url.pathname);
        state.locks.requireUnlocked(request.method, `/${call.parts.join('/')}`);
      }
      const given = handleGroup(
        state,
        armRequestOf(state, call, request, {
          subscriptionId: subscriptionOf(state, request).id,
          resourceGroup,
          type: 'resourceGroups',
          names: [],
          name: '',
          segments: [],
          apiVersion,
        }),
      );
      answer(state, response, call, apiVersion, given, operationResults(state, request));
    });
}

function subscriptionOf(state: ArmState, request: Request) {
  return requireSubscription(state, param(request, 'subscriptionId'));
}

function operationResults(state: ArmState, request: Request): (id: string) => string {
  return (id) => `/subscriptions/${subscriptionOf(state, request).id}/operationresults/${id}`;
}

function requireOwnVersion({ url }: Call, versions: readonly string[]): string {
  const version = apiVersionOf(url);
  if (!versions.includes(version)) throw invalidApiVersion(version, versions);
  return version;
}
