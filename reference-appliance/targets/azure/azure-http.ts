/**
 * What all calls to Azure share: a bearer token, JSON, error bodies of ARM's shape, and one renewal of a token that
 * was refused. One attempt per call: who calls knows whether it may be repeated.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { ZodType } from 'zod';
import type { Entropy } from '#core/entropy/entropy.ts';
import { defineErrors } from '#core/errors.ts';
import type { HttpAnswer, HttpClient } from '#core/net/http-client.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { TokenClient } from './token-client.ts';

export const errors = defineErrors({
  'azure.busy': {
    blame: 'peer',
    retry: 'safe',
    why: 'The service is throttling or has a passing problem (429, 408 or 5xx).',
    next: 'Nothing is to be done: the appliance waits as it was told and tries again.',
  },
  'azure.unauthorised': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The service did not accept the token, twice in a row.',
    next: 'Check tenant and application in the configuration, and that the clock of this machine is right.',
  },
  'azure.forbidden': {
    blame: 'input',
    retry: 'after-change',
    why: 'The application is known but has no role that allows this.',
    next: 'Give the application the Contributor role on the resource group of the project.',
  },
  'azure.notFound': {
    blame: 'input',
    retry: 'after-change',
    why: 'A resource that the configuration names does not exist.',
    next: 'Check subscription, resource group, project and vault in the configuration; the project is made in the portal first.',
  },
  'azure.refused': {
    blame: 'peer',
    why: 'The service understood the request and refused it.',
    next: 'Look at the code and message above.',
  },
  'azure.protocol': {
    blame: 'peer',
    why: 'The answer does not have the documented form.',
    next: 'Look at what stands at that address; a proxy may answer in its place.',
  },
  'azure.operation.failed': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The service accepted the operation and later reported that it failed.',
    next: 'Look at the code and message above, and at the activity log of the resource.',
  },
});

export interface AzureRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: string;
  /** Audience of the token. */
  readonly audience: string;
  /** Sent as JSON, unless it is bytes already. */
  readonly body?: unknown;
  /** Statuses that are answers; everything else is an error. */
  readonly expect: readonly number[];
  readonly signal: AbortSignal;
}

export interface AzureAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Undefined when the body is empty. */
  readonly json: unknown;
}

export interface AzureHttpOptions {
  http: HttpClient;
  tokens: TokenClient;
  entropy: Entropy;
  counters: Counters;
  /** Tells the request ids of one life of the appliance from those of the next. */
  incarnation: number;
}

export class AzureHttp {
  readonly #options: AzureHttpOptions;
  #requests = 0;

  constructor(options: AzureHttpOptions) {
    this.#options = options;
  }

  /** @throws `azure.*`, `net.*` */
  async send(request: AzureRequest): Promise<AzureAnswer> {
    let answer = await this.#attempt(request);
    if (answer.status === 401) {
      this.#options.tokens.forget(request.audience);
      answer = await this.#attempt(request);
    }
    if (!request.expect.includes(answer.status)) throw refusal(request, answer);
    return { status: answer.status, headers: answer.headers, json: parseJson(request.url, answer) };
  }

  async #attempt({ method, url, audience, body, signal }: AzureRequest): Promise<HttpAnswer> {
    const { http, tokens, entropy, counters, incarnation } = this.#options;
    const token = await tokens.token(audience, signal);
    counters.add('appliance.azure.requests');
    return http.fetch({
      method,
      url,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'x-ms-client-request-id': entropy.uuid('appliance.azure.request', incarnation, this.#requests++),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
      signal,
    });
  }
}

/** The body as the given shape. @throws `azure.protocol` naming the member */
export function readAs<T>(shape: ZodType<T>, what: string, json: unknown): T {
  const result = shape.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw errors.make('azure.protocol', {
    what: `The answer about ${what} is not as documented: ${issue?.path.join('.') || 'body'}: ${issue?.message}.`,
  });
}

function parseJson(url: string, { body, status }: HttpAnswer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (cause) {
    throw errors.make('azure.protocol', {
      what: `${placeOf(url)} answered ${status} with a body that is not JSON.`,
      cause,
    });
  }
}

function refusal({ method, url }: AzureRequest, { status, headers, body }: HttpAnswer): Error {
  const { code, message } = errorOf(body);
  const what = `${placeOf(url)} answered ${status} ${code} to ${method}${message ? `: ${message}` : ''}`;
  const retryAfter = retryAfterSeconds(headers);
  const data = { status, code, ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }) };
  if (status === 429 || status === 408 || status >= 500) return errors.make('azure.busy', { what, data });
  if (status === 401) return errors.make('azure.unauthorised', { what, data });
  if (status === 403) return errors.make('azure.forbidden', { what, data });
  if (status === 404) return errors.make('azure.notFound', { what, data });
  return errors.make('azure.refused', { what, data });
}

/** Retry-After in seconds (Azure sends no dates there); undefined when there is none. */
export function retryAfterSeconds(headers: IncomingHttpHeaders): number | undefined {
  const seconds = Number(headers['retry-after']);
  return headers['retry-after'] !== undefined && Number.isFinite(seconds) && seconds >= 0
    ? seconds
    : undefined;
}

/** `{"error":{"code","message"}}`, or nothing of the kind. */
export function errorOf(body: Buffer): { code: string; message: string } {
  try {
    const { error } = JSON.parse(body.toString('utf8')) as { error?: { code?: unknown; message?: unknown } };
    return { code: String(error?.code ?? ''), message: String(error?.message ?? '').slice(0, 500) };
  } catch {
    return { code: '', message: '' };
  }
}

/** Host and path: queries may hold signatures. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
