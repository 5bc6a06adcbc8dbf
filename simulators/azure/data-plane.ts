/**
 * The shell of the two data planes that drylift defines itself (docs/protocols/appliance-data-planes.md):
 * bearer tokens, JSON in and out, errors in ARM's shape, one fault point per operation. Not Express: these
 * carry the bulk.
 */
import type { IncomingMessage } from 'node:http';
import type { HttpHandler, HttpResponseOut } from '#core/net/http-server.ts';
import type { Bytes, UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../kit/context.ts';
import { splitPath } from './arm/dispatch.ts';
import { type Challenge, errorBody, unauthenticated } from './arm/faults.ts';
import { ArmError, type Principal } from './arm/provider.ts';
import { addressesFor, type Cloud } from './cloud.ts';
import { BadBody, parseJson, readBody, sendJson } from './http.ts';
import type { IdentityService } from './identity/service.ts';

export interface PlaneCall {
  /** Named parts of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly principal: Principal;
  readonly now: UnixMillis;
}

export interface PlaneAnswer {
  readonly status: number;
  readonly body?: unknown;
}

export interface PlaneRoute {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** "/v1/sites/:site/inventory/:sequence" */
  readonly path: string;
  /** Names it in the trace and, after "azure.", as a fault point. */
  readonly operation: string;
  readonly says: string;
  handle(call: PlaneCall): PlaneAnswer;
}

export interface PlaneOptions {
  readonly context: SimulatorContext;
  readonly cloud: Cloud;
  readonly identity: IdentityService;
  readonly tenantId: string;
  readonly audiences: readonly string[];
  readonly routes: readonly PlaneRoute[];
  readonly bodyBytesMax: Bytes;
}

export const PLANE_FAULT_ANSWERS = ['401', '429', '500', '503'] as const;

const FAULT_TEXT: Readonly<Record<string, readonly [code: string, text: string]>> = {
  429: ['TooManyRequests', 'Too many requests. Try again later.'],
  500: ['InternalServerError', 'The service met an internal error.'],
  503: ['ServiceUnavailable', 'The service is temporarily unavailable.'],
};

export function createPlane(options: PlaneOptions): HttpHandler {
  const { context, cloud, identity, tenantId, audiences } = options;
  const routes = options.routes.map((route) => ({ route, parts: route.path.split('/').slice(1) }));
  context.faults.declare(
    options.routes.map(({ operation, says }) => ({
      name: `azure.${operation}`,
      says,
      answers: PLANE_FAULT_ANSWERS,
    })),
  );
  let requests = 0;

  const answer = async (request: IncomingMessage, response: HttpResponseOut): Promise<PlaneAnswer> => {
    const url = new URL(request.url ?? '/', `https://${request.headers.host ?? 'localhost'}`);
    const at = { login: addressesFor(cloud, url.origin).login, tenantId, audiences };
    const judged = identity.verifyHeader(request.headers.authorization, audiences);
    if (judged === undefined || typeof judged === 'string') {
      request.resume();
      throw unauthenticated(judged, at);
    }
    const parts = splitPath(url.pathname);
    const found = routes.find(
      ({ route, parts: pattern }) => route.method === request.method && fits(pattern, parts),
    );
    if (!found) {
      request.resume();
      throw new ArmError(
        404,
        'OperationNotFound',
        `There is no operation ${request.method} ${url.pathname.slice(0, 200)}.`,
      );
    }
    const { route } = found;
    response.operation = route.operation;
    const body = parseJson(request, await readBody(request, options.bodyBytesMax));
    actOnFault(context, route.operation, url.pathname, at);
    const principal = { objectId: judged.oid, appId: judged.appid };
    const now = context.clock.wall();
    return route.handle({
      params: paramsOf(found.parts, parts),
      query: url.searchParams,
      body,
      principal,
      now,
    });
  };

  return (request, response) => {
    response.setHeader(
      'x-ms-request-id',
      context.entropy.uuid('azure.plane.request', audiences[0]!, requests++),
    );
    answer(request, response).then(
      ({ status, body }) => sendJson(response, status, body),
      (error: unknown) => {
        const fault = faultOf(error, context);
        sendJson(response, fault.status, errorBody(fault), fault.headers);
      },
    );
  };
}

function actOnFault(context: SimulatorContext, operation: string, subject: string, at: Challenge): void {
  const fault = context.faults.hit(`azure.${operation}`, subject);
  if (!fault) return;
  if (fault.answer === '401') throw unauthenticated('ExpiredAuthenticationToken', at);
  const [code, text] = FAULT_TEXT[fault.answer]!;
  // the page promises Retry-After with 429 and 503
  const seconds = fault.retryAfterSeconds ?? (fault.answer === '500' ? undefined : 1);
  throw new ArmError(Number(fault.answer), code, text, {
    headers: seconds === undefined ? {} : { 'Retry-After': String(seconds) },
  });
}

function faultOf(error: unknown, { counters }: SimulatorContext): ArmError {
  if (error instanceof ArmError) return error;
  if (error instanceof BadBody) return new ArmError(error.status, 'InvalidRequestContent', error.message);
  counters.add('bugs.azure');
  return new ArmError(
    500,
    'InternalServerError',
    error instanceof Error ? `${error.name}: ${error.message}` : 'bug',
  );
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  return (
    pattern.length === parts.length && pattern.every((part, i) => part.startsWith(':') || part === parts[i])
  );
}

function paramsOf(pattern: readonly string[], parts: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [i, part] of pattern.entries()) if (part.startsWith(':')) params[part.slice(1)] = parts[i]!;
  return params;
}
