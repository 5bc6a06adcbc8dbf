/** What happens to every request before it is known what it asks for, and to every refusal after. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { HttpResponseOut } from '#core/net/http-server.ts';
import { addressesFor, audiencesOf } from '../cloud.ts';
import { BadBody, parseJson, readBody, sendJson } from '../http.ts';
import { splitPath } from './dispatch.ts';
import { type Challenge, errorBody, unauthenticated } from './faults.ts';
import { ArmError } from './provider.ts';
import { type ArmState, callOf, param, requireSubscription, setCall } from './state.ts';
import { kindOf } from './throttle.ts';

const BODY_BYTES_MAX = 4 * 1024 * 1024;

export const ARM_FAULT_POINTS = [
  {
    name: 'azure.arm',
    says: 'a request to ARM, after its token was accepted; the subject is "METHOD Namespace/type path"',
    answers: ['429', '500', '503', 'ExpiredAuthenticationToken'],
  },
] as const;

const FAULT_ANSWERS: Readonly<Record<string, readonly [code: string, text: string]>> = {
  429: ['TooManyRequests', 'The request is being throttled as the limit has been reached for operation.'],
  500: ['InternalServerError', 'Encountered internal server error.'],
  503: ['ServiceUnavailable', 'The service is temporarily unavailable. Please retry.'],
};

/** Identifiers and headers that every answer carries. */
export function identify({ context, region }: ArmState): RequestHandler {
  let requests = 0;
  return (request, response, next) => {
    // SDKs put a scope that begins with a slash behind one
    request.url = request.url.replace(/^\/{2,}/, '/');
    const requestId = context.entropy.uuid('azure.arm.request', requests++);
    const correlationId = request.headers['x-ms-correlation-request-id'];
    const instant = new Date(context.clock.wall()).toISOString().replace(/[-:]|\.\d+/g, '');
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');
    response.setHeader('x-ms-request-id', requestId);
    response.setHeader('x-ms-correlation-request-id', echoed(correlationId) ?? requestId);
    response.setHeader('x-ms-routing-request-id', `${region.toUpperCase()}:${instant}:${requestId}`);
    const clientId = echoed(request.headers['x-ms-client-request-id']);
    if (clientId !== undefined && request.headers['x-ms-return-client-request-id'] === 'true')
      response.setHeader('x-ms-client-request-id', clientId);
    next();
  };
}

/** Who asks, and what is in the request. */
export function authenticate(state: ArmState): RequestHandler {
  const { identity, cloud } = state;
  return async (request, response, next) => {
    const origin = `https://${request.headers.host ?? cloud.armHost}`;
    const judged = identity.verifyHeader(request.headers.authorization, audiencesOf(cloud, 'arm'));
    if (judged === undefined || typeof judged === 'string') {
      request.resume();
      throw unauthenticated(judged, challengeOf(state, origin));
    }
    const url = new URL(request.url, origin);
    const body = parseJson(request, await readBody(request, BODY_BYTES_MAX));
    const principal = { objectId: judged.oid, appId: judged.appid };
    setCall(response, { url, parts: splitPath(url.pathname), origin, principal, body });
    next();
  };
}

/** Writes every change, and every attempt at one, into the activity log. */
export function noteChanges({ activity, context }: ArmState): RequestHandler {
  return (request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') return next();
    const { url, principal } = callOf(response);
    const at = context.clock.wall();
    response.once('finish', () => {
      const { statusCode: httpStatus } = response;
      activity.write({
        at,
        action: (response as HttpResponseOut).operation ?? request.method,
        resourceId: decodeURIComponent(url.pathname),
        principal,
        correlationId: String(response.getHeader('x-ms-correlation-request-id')),
        operationId: String(response.getHeader('x-ms-request-id')),
        httpStatus,
        status: httpStatus >= 400 ? 'Failed' : httpStatus === 202 ? 'Accepted' : 'Succeeded',
      });
    });
    next();
  };
}

function challengeOf({ cloud, tenantId }: ArmState, origin: string): Challenge {
  return { login: addressesFor(cloud, origin).login, tenantId, audiences: audiencesOf(cloud, 'arm') };
}

/** Request limits of a subscription; also refuses subscriptions that do not exist. */
export function limitRequests(state: ArmState): RequestHandler {
  return (request, response, next) => {
    const { id } = requireSubscription(state, param(request, 'subscriptionId'));
    const kind = kindOf(request.method);
    const left = state.throttle.take(callOf(response).principal, id, kind, state.context.clock.wall());
    response.setHeader(`x-ms-ratelimit-remaining-subscription-${kind}`, String(left));
    next();
  };
}

/** Acts on the fault point `azure.arm`. */
export function actOnFaults(state: ArmState): RequestHandler {
  const { context } = state;
  context.faults.declare(ARM_FAULT_POINTS);
  return (request, response, next) => {
    const { url, parts, origin } = callOf(response);
    const type = parts.slice(parts.lastIndexOf('providers') + 1).slice(0, 2);
    const fault = context.faults.hit('azure.arm', `${request.method} ${type.join('/')} ${url.pathname}`);
    if (!fault) return next();
    if (fault.answer === 'ExpiredAuthenticationToken')
      throw unauthenticated('ExpiredAuthenticationToken', challengeOf(state, origin));
    const [code, text] = FAULT_ANSWERS[fault.answer]!;
    const headers =
      fault.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(fault.retryAfterSeconds) };
    throw new ArmError(Number(fault.answer), code, text, { headers });
  };
}

/** Turns every error into ARM's shape: the one place that does. */
export function refuse({ context }: ArmState) {
  const faultOf = (error: unknown): ArmError => {
    if (error instanceof ArmError) return error;
    if (error instanceof BadBody) {
      const code = error.status === 413 ? 'RequestContentTooLarge' : 'InvalidRequestContent';
      return new ArmError(error.status, code, error.message);
    }
    context.counters.add('bugs.azure');
    return new ArmError(
      500,
      'InternalServerError',
      error instanceof Error ? `${error.name}: ${error.message}` : 'bug',
    );
  };
  return (error: unknown, _request: Request, response: Response, _next: NextFunction): void => {
    if (response.headersSent) return void response.destroy();
    const fault = faultOf(error);
    sendJson(response, fault.status, errorBody(fault), { 'x-ms-failure-cause': 'gateway', ...fault.headers });
  };
}

function echoed(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.:-]{1,64}$/.test(header) ? header : undefined;
}
