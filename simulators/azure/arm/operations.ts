/**
 * Long-running operations: begun by a request, done at an instant of the story, polled in either of ARM's
 * two ways (azure.md, section 4). Both URLs lead to the same operation; Location carries `monitor=true`.
 */
import { assert } from '#core/assert.ts';
import { SECOND, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { iso } from '../http.ts';
import { errorBody } from './faults.ts';
import { ArmError, type ArmOperation } from './provider.ts';

interface Running {
  readonly id: string;
  readonly path: string;
  readonly apiVersion: string;
  readonly startedAt: UnixMillis;
  readonly dueAt: UnixMillis;
  endedAt?: UnixMillis;
  outcome?: { readonly result: unknown } | { readonly error: ArmError };
}

export interface Polled {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const KEPT_MAX = 2_000;
const RETRY_AFTER_SECONDS_MAX = 15;

export class Operations {
  readonly #context: SimulatorContext;
  readonly #pace: number;
  readonly #byPath = new Map<string, Running>();
  #begun = 0;

  /** @param pace story seconds per second of clients: what they are asked to wait is in theirs */
  constructor(context: SimulatorContext, pace: number) {
    this.#context = context;
    this.#pace = pace;
  }

  nextId(): string {
    return this.#context.entropy.uuid('azure.arm.operation', this.#begun++);
  }

  /**
   * Begins an operation and says how its first answer looks.
   * @param path where its status is polled @param origin of the client's request, for absolute URLs
   * @param onEnd told the HTTP status of what it failed with
   */
  begin(
    operation: ArmOperation,
    id: string,
    path: string,
    apiVersion: string,
    origin: string,
    onEnd: (failedWith: number | undefined) => void,
  ): Polled {
    assert(Number.isFinite(operation.takesMs) && operation.takesMs >= 0, 'an operation takes some time');
    const { clock } = this.#context;
    const startedAt = clock.wall();
    const running: Running = { id, path, apiVersion, startedAt, dueAt: startedAt + operation.takesMs };
    this.#byPath.set(path.toLowerCase(), running);
    this.#forget();
    const end = (): void => {
      if (running.endedAt !== undefined) return;
      timer.cancel();
      running.endedAt = clock.wall();
      try {
        running.outcome = { result: operation.run() };
        onEnd(undefined);
      } catch (error) {
        if (!(error instanceof ArmError)) throw error;
        running.outcome = { error };
        onEnd(error.status);
      }
    };
    const timer = clock.schedule(running.dueAt, 'azure.operation', end);
    operation.endEarly?.(end);
    const url = `${origin}${path}?api-version=${encodeURIComponent(apiVersion)}`;
    const retry =
      operation.retryAfterSeconds ?? Math.min(Math.ceil(operation.takesMs / SECOND), RETRY_AFTER_SECONDS_MAX);
    const headers: Record<string, string> = { 'Retry-After': this.#wait(retry) };
    if (operation.asyncOperation !== false) headers['Azure-AsyncOperation'] = url;
    if (operation.location || operation.asyncOperation === false) headers['Location'] = `${url}&monitor=true`;
    return {
      status: operation.status,
      headers,
      ...(operation.body === undefined ? {} : { body: operation.body }),
    };
  }

  /** Answers a poll; undefined when no operation is polled at that path. */
  poll(path: string, query: URLSearchParams, origin: string): Polled | undefined {
    const running = this.#byPath.get(path.toLowerCase());
    if (!running) return undefined;
    return query.get('monitor') === 'true' ? this.#byLocation(running, origin) : this.#byStatus(running);
  }

  /** Always 200 with a status body. */
  #byStatus(running: Running): Polled {
    const { id, path, outcome, startedAt, endedAt } = running;
    const body = { id: path, name: id, startTime: iso(startedAt) };
    if (!outcome)
      return { status: 200, body: { ...body, status: 'InProgress' }, headers: this.#retryAfter(running) };
    const ended = { ...body, endTime: iso(endedAt!), percentComplete: 100 };
    if ('error' in outcome)
      return { status: 200, body: { ...ended, status: 'Failed', ...errorBody(outcome.error) } };
    const output = outcome.result === undefined ? {} : { properties: { output: outcome.result } };
    return { status: 200, body: { ...ended, status: 'Succeeded', ...output } };
  }

  /** 202 until it is done, then 200, also without a result: the SDKs take 204 for a mistake there. */
  #byLocation(running: Running, origin: string): Polled {
    const { path, apiVersion, outcome } = running;
    if (!outcome) {
      const url = `${origin}${path}?api-version=${encodeURIComponent(apiVersion)}&monitor=true`;
      return { status: 202, headers: { Location: url, ...this.#retryAfter(running) } };
    }
    if ('error' in outcome) return { status: outcome.error.status, body: errorBody(outcome.error) };
    return outcome.result === undefined ? { status: 200 } : { status: 200, body: outcome.result };
  }

  #retryAfter({ dueAt }: Running): Record<string, string> {
    const seconds = Math.ceil((dueAt - this.#context.clock.wall()) / SECOND);
    return { 'Retry-After': this.#wait(Math.min(Math.max(seconds, 0), RETRY_AFTER_SECONDS_MAX)) };
  }

  #wait(seconds: number): string {
    return String(Math.ceil(seconds / this.#pace));
  }

  /** Old operations that are done go first; nothing that runs is forgotten. */
  #forget(): void {
    if (this.#byPath.size <= KEPT_MAX) return;
    for (const [path, running] of this.#byPath) {
      if (!running.outcome) continue;
      this.#byPath.delete(path);
      if (this.#byPath.size <= KEPT_MAX) return;
    }
  }
}
