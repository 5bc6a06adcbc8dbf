/**
 * Azure Resource Manager: putting and getting resources, and waiting for long-running operations in both of ARM's
 * styles. [azure-resource-manager/management/async-operations]
 */
import { z } from 'zod';
import { type Clock, sleep } from '#core/time/clock.ts';
import { MINUTE, type Millis, SECOND } from '#core/units.ts';
import { type AzureAnswer, type AzureHttp, errors, readAs, retryAfterSeconds } from './azure-http.ts';

/** Between polls when the service names no time; what Azure's own pollers do. */
const POLL_MS: Millis = 2 * SECOND;
const PATIENCE_MS: Millis = 60 * MINUTE;

const STATUS = z.object({
  status: z.string(),
  error: z.object({ code: z.string(), message: z.string() }).partial().optional(),
});
const RESOURCE = z.object({
  properties: z.object({ provisioningState: z.string().optional() }).loose().optional(),
});

export interface ArmOptions {
  azure: AzureHttp;
  clock: Clock;
  /** "https://management.azure.com": origin and audience. */
  endpoint: string;
}

export interface ArmClient {
  /** The resource, or undefined when there is none. */
  get(id: string, apiVersion: string, signal: AbortSignal): Promise<unknown>;
  /** Creates or replaces, waits until that is done, and returns the resource as it is then. @throws `azure.*` */
  put(id: string, apiVersion: string, resource: unknown, signal: AbortSignal): Promise<unknown>;
}

export function armClient({ azure, clock, endpoint }: ArmOptions): ArmClient {
  const urlOf = (id: string, apiVersion: string): string => `${endpoint}${id}?api-version=${apiVersion}`;

  async function send(
    method: 'GET' | 'PUT',
    url: string,
    expect: number[],
    signal: AbortSignal,
    body?: unknown,
  ) {
    return azure.send({
      method,
      url,
      audience: endpoint,
      expect,
      signal,
      ...(body === undefined ? {} : { body }),
    });
  }

  async function get(id: string, apiVersion: string, signal: AbortSignal): Promise<unknown> {
    const answer = await send('GET', urlOf(id, apiVersion), [200, 404], signal);
    return answer.status === 404 ? undefined : answer.json;
  }

  return {
    get,
    async put(id, apiVersion, resource, signal) {
      const started = await send('PUT', urlOf(id, apiVersion), [200, 201, 202], signal, resource);
      const waited = await wait(started, signal);
      // neither header: the resource itself tells when it is ready
      const deadline = clock.wall() + PATIENCE_MS;
      for (let resourceNow = waited ? await get(id, apiVersion, signal) : started.json; ; ) {
        const state = readAs(RESOURCE, id, resourceNow ?? {}).properties?.provisioningState;
        if (state === undefined || isSucceeded(state)) return resourceNow;
        if (isFailed(state) || clock.wall() > deadline)
          throw errors.make('azure.operation.failed', { what: `${id} ended as ${state}.` });
        await sleep(clock, pollAfter(started), 'appliance.azure.poll', signal);
        resourceNow = await get(id, apiVersion, signal);
      }
    },
  };

  /** Azure-AsyncOperation if present, else Location, else nothing is to be polled. */
  async function wait(started: AzureAnswer, signal: AbortSignal): Promise<boolean> {
    const statusUrl = headerOf(started, 'azure-asyncoperation');
    const location = headerOf(started, 'location');
    if (started.status === 200 && !statusUrl) return false;
    if (!statusUrl && !(started.status === 202 && location)) return false;
    const deadline = clock.wall() + PATIENCE_MS;
    for (let last = started; ; ) {
      await sleep(clock, pollAfter(last), 'appliance.azure.poll', signal);
      if (statusUrl) {
        last = await send('GET', statusUrl, [200], signal);
        const { status, error } = readAs(STATUS, 'an operation', last.json);
        if (isSucceeded(status)) return true;
        if (isFailed(status))
          throw errors.make('azure.operation.failed', {
            what: `An operation ended as ${status}: ${error?.code ?? ''} ${error?.message ?? ''}`.trim(),
            data: { code: error?.code ?? '' },
          });
      } else {
        last = await send('GET', location!, [200, 201, 202, 204], signal);
        if (last.status !== 202) return true;
      }
      if (clock.wall() > deadline)
        throw errors.make('azure.operation.failed', {
          what: `An operation did not end within ${PATIENCE_MS / MINUTE} minutes.`,
        });
    }
  }
}

function headerOf({ headers }: AzureAnswer, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function pollAfter({ headers }: AzureAnswer): Millis {
  const seconds = retryAfterSeconds(headers);
  return seconds === undefined ? POLL_MS : seconds * SECOND;
}

const isSucceeded = (status: string): boolean =>
  /^(succeeded|completed|created|updated|ready)$/i.test(status);
const isFailed = (status: string): boolean => /fail|cancell?ed/i.test(status);
