/**
 * Documented request limits: per hour, principal and subscription 12,000 reads, 1,200 writes, 15,000
 * deletes. The remaining number is told in every answer; beyond it 429, until the hour is over.
 */
import { HOUR, type UnixMillis } from '#core/units.ts';
import { throttled } from './faults.ts';
import type { Principal } from './provider.ts';

export type RequestKind = 'reads' | 'writes' | 'deletes';

export const REQUEST_LIMITS: Readonly<Record<RequestKind, number>> = {
  reads: 12_000,
  writes: 1_200,
  deletes: 15_000,
};

export function kindOf(method: string): RequestKind {
  if (method === 'GET' || method === 'HEAD') return 'reads';
  return method === 'DELETE' ? 'deletes' : 'writes';
}

export class Throttle {
  readonly #limits: Readonly<Record<RequestKind, number>>;
  readonly #windows = new Map<string, { start: UnixMillis; used: number }>();

  constructor(limits: Readonly<Record<RequestKind, number>> = REQUEST_LIMITS) {
    this.#limits = limits;
  }

  /** Counts one request. @returns how many are left. @throws ArmError 429 */
  take(principal: Principal, subscriptionId: string, kind: RequestKind, now: UnixMillis): number {
    const key = `${principal.objectId} ${subscriptionId} ${kind}`;
    let window = this.#windows.get(key);
    if (!window || now >= window.start + HOUR) {
      window = { start: now, used: 0 };
      this.#windows.set(key, window);
    }
    if (window.used >= this.#limits[kind]) throw throttled(kind, window.start + HOUR, now);
    window.used++;
    return this.#limits[kind] - window.used;
  }
}
