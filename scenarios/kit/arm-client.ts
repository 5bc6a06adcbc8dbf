/**
 * Azure Resource Manager as a person's tools speak it: a token for a service principal, JSON over HTTPS,
 * long-running operations polled when the service says so (docs: azure-resource-manager/management/
 * async-operations.md), throttled and failed answers repeated. All waiting is the Clock's.
 */
import { defineErrors } from '#core/errors.ts';
import type { HttpAnswer, HttpClient } from '#core/net/http-client.ts';
import { type Clock, sleep } from '#core/time/clock.ts';
import { MINUTE, SECOND, type UnixMillis } from '#core/units.ts';

export const errors = defineErrors({
  'operator.refused': {
    blame: 'check',
    why: 'Azure refused what the story wanted to be done there.',
    next: 'Look at code and message; the exchange is in the trace of the run.',
  },
  'operator.failed': {
    blame: 'check',
    why: 'Azure accepted the work and did not finish it.',
    next: 'Look at code and message, and at what happened before in the timeline of the run.',
  },
});

export interface Principal {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A JSON value, looked into field by field; `textOf`, `numberOf` and `itemsOf` read the leaves. */
export interface Json {
  readonly [name: string]: Json | undefined;
}

export function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

export function itemsOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export interface ArmClientOptions {
  http: HttpClient;
  clock: Clock;
  principal: Principal;
  signal: AbortSignal;
}

const LOGIN = 'https://login.microsoftonline.com';
const ARM = 'https://management.azure.com';
const AUDIENCE = 'https://management.azure.com';
const TRIES = 8;

export class ArmClient {
  readonly #options: ArmClientOptions;
  #token: { readonly text: string; readonly expires: UnixMillis } | undefined;

  constructor(options: ArmClientOptions) {
    this.#options = options;
  }

  async get(path: string, apiVersion: string): Promise<Json> {
    return objectOf(await this.#ask('GET', urlOf(path, apiVersion)));
  }

  /** Undefined when there is nothing. */
  async find(path: string, apiVersion: string): Promise<Json | undefined> {
    const answer = await this.#send('GET', urlOf(path, apiVersion));
    return answer.status === 404 ? undefined : objectOf(this.#accept(answer, 'GET', path));
  }

  /** Creates or updates, and waits until that is done. @returns the resource */
  async put(path: string, apiVersion: string, body: unknown): Promise<Json> {
    const url = urlOf(path, apiVersion);
    const answer = await this.#ask('PUT', url, body);
    if (await this.#waitFor(answer, path)) return this.get(path, apiVersion);
    return objectOf(answer);
  }

  /** Acts, and waits until that is done. @returns the result, if it has one */
  async post(path: string, apiVersion: string, body: unknown = {}): Promise<Json> {
    const answer = await this.#ask('POST', urlOf(path, apiVersion), body);
    const status = await this.#waitFor(answer, path);
    if (!status) return jsonOf(answer) ?? {};
    const { location } = answer.headers;
    if (status.properties?.output !== undefined) return status.properties['output'];
    return location === undefined ? status : (jsonOf(await this.#ask('GET', location)) ?? {});
  }

  /** Deletes, and waits until that is done. */
  async delete(path: string, apiVersion: string): Promise<void> {
    await this.#waitFor(await this.#ask('DELETE', urlOf(path, apiVersion)), path);
  }

  /** All items of a collection, through its pages. */
  async *list(path: string, apiVersion: string): AsyncGenerator<Json> {
    for (let url: string | undefined = urlOf(path, apiVersion); url !== undefined; ) {
      const page = objectOf(await this.#ask('GET', url));
      yield* itemsOf(page.value);
      url = textOf(page.nextLink);
    }
  }

  /** Polls until the operation is over. @returns its last status, or undefined when there was none */
  async #waitFor(answer: HttpAnswer, path: string): Promise<Json | undefined> {
    const poll = answer.headers['azure-asyncoperation'] ?? answer.headers.location;
    if (poll === undefined || (answer.status === 200 && !answer.headers['azure-asyncoperation'])) return;
    const { clock, signal } = this.#options;
    let wait = retryAfter(answer) ?? 15 * SECOND;
    for (;;) {
      await sleep(clock, wait, 'operator.poll', signal);
      const polled = await this.#ask('GET', String(poll));
      const body = jsonOf(polled);
      const status = textOf(body?.status) ?? (polled.status === 202 ? 'InProgress' : 'Succeeded');
      if (status === 'Succeeded') return body ?? {};
      if (status === 'Failed' || status === 'Canceled')
        throw errors.make('operator.failed', {
          what: `${path}: ${faultOf(body) ?? status}`,
        });
      wait = retryAfter(polled) ?? wait;
    }
  }

  async #ask(method: string, url: string, body?: unknown): Promise<HttpAnswer> {
    return this.#accept(await this.#send(method, url, body), method, new URL(url).pathname);
  }

  #accept(answer: HttpAnswer, method: string, path: string): HttpAnswer {
    if (answer.status < 400) return answer;
    const body = jsonOf(answer);
    throw errors.make('operator.refused', {
      what: `${method} ${path}: ${answer.status} ${faultOf(body) ?? ''}`.trim(),
      data: { status: answer.status, code: textOf(body?.error?.code) ?? '' },
    });
  }

  /** Repeats what was throttled or failed on the way, as the SDKs do. */
  async #send(method: string, url: string, body?: unknown): Promise<HttpAnswer> {
    const { http, clock, signal } = this.#options;
    for (let n = 1; ; n++) {
      let answer: HttpAnswer | undefined;
      let failure: unknown;
      try {
        answer = await http.fetch({
          method,
          url,
          headers: {
            authorization: `Bearer ${await this.#bearer()}`,
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal,
        });
        if (answer.status === 401 && n === 1) this.#token = undefined;
        else if (answer.status !== 429 && answer.status < 500) return answer;
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
      if (n >= TRIES) {
        if (answer) return answer;
        throw failure;
      }
      await sleep(clock, (answer && retryAfter(answer)) ?? 2 ** n * SECOND, 'operator.retry', signal);
    }
  }

  async #bearer(): Promise<string> {
    const { http, clock, principal, signal } = this.#options;
    if (this.#token && clock.wall() < this.#token.expires - 5 * MINUTE) return this.#token.text;
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: principal.clientId,
      client_secret: principal.clientSecret,
      scope: `${AUDIENCE}/.default`,
    });
    const answer = await http.fetch({
      method: 'POST',
      url: `${LOGIN}/${principal.tenantId}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
      signal,
    });
    const body = jsonOf(answer);
    if (answer.status !== 200)
      throw errors.make('operator.refused', {
        what: `No token: ${textOf(body?.error) ?? answer.status}: ${(textOf(body?.error_description) ?? '').split(' Trace ID')[0]}`,
        data: { status: answer.status },
      });
    const expiresIn = numberOf(body?.expires_in) ?? 0;
    this.#token = { text: textOf(body?.access_token) ?? '', expires: clock.wall() + expiresIn * SECOND };
    return this.#token.text;
  }
}

function urlOf(path: string, apiVersion: string): string {
  return `${ARM}${path}${path.includes('?') ? '&' : '?'}api-version=${apiVersion}`;
}

function jsonOf(answer: HttpAnswer): Json | undefined {
  return answer.body.length === 0 ? undefined : (JSON.parse(answer.body.toString('utf8')) as Json);
}

function objectOf(answer: HttpAnswer): Json {
  return jsonOf(answer) ?? {};
}

/** "Code: message" of ARM's error body. */
function faultOf(body: Json | undefined): string | undefined {
  const error = body?.error;
  return error && `${textOf(error.code) ?? ''}: ${textOf(error.message) ?? 'no message'}`;
}

function retryAfter(answer: HttpAnswer): number | undefined {
  const seconds = Number(answer.headers['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * SECOND : undefined;
}
