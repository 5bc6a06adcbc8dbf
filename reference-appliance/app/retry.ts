/**
 * Trying again: when it is allowed, and how long to wait before.
 *
 * Full jitter: the wait is drawn uniformly from zero to an exponentially growing bound, 0.8 s to 60 s, so that many
 * appliances that failed together do not come back together. A Retry-After of the peer is a lower bound on top.
 * [facts/replication.md §8; Azure storage guidance: exponential back-off on 503 and 500]
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { DryliftError } from '#core/errors.ts';
import { type Clock, sleep } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { MINUTE, type Millis, SECOND } from '#core/units.ts';

export const FIRST_WAIT_MS: Millis = 800;
export const LONGEST_WAIT_MS: Millis = MINUTE;

export interface RetryOptions {
  clock: Clock;
  entropy: Entropy;
  counters: Counters;
  /** Tells the draws of one appliance's life from those of the next. */
  incarnation: number;
}

export interface Patience {
  /** No further attempt begins later than this after the first. */
  readonly totalMs: Millis;
}

export class Retrier {
  readonly #options: RetryOptions;
  readonly #draws = new Map<string, number>();

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /**
   * Repeats `work` while it fails in a way that makes repeating worth while, until patience ends. The work must
   * be safe to repeat. @throws the last error, or the signal's reason
   */
  async run<T>(name: string, patience: Patience, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const giveUpAt = clock.wall() + patience.totalMs;
    for (let failures = 0; ; ) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (!isWorthRepeating(error)) throw error;
        failures++;
        const wait = this.waitAfter(name, failures, error);
        if (clock.wall() + wait > giveUpAt) throw error;
        await sleep(clock, wait, `appliance.retry.${name}`, signal);
      }
    }
  }

  /** How long to wait after the n-th failure in a row (from 1). Counts the retry. */
  waitAfter(name: string, failures: number, error?: unknown): Millis {
    const { entropy, counters, incarnation } = this.#options;
    counters.add(`appliance.retries.${name}`);
    const n = this.#draws.get(name) ?? 0;
    this.#draws.set(name, n + 1);
    const bound = Math.min(FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20), LONGEST_WAIT_MS);
    const drawn = Math.round(entropy.ratio('appliance.backoff', name, incarnation, n) * bound);
    return retryAfterOf(error) + drawn;
  }
}

/** What the peer asked us to wait: at most an hour is believed. */
function retryAfterOf(error: unknown): Millis {
  const seconds = error instanceof DryliftError ? error.data['retryAfterSeconds'] : undefined;
  return typeof seconds === 'number' && seconds >= 0 ? Math.min(seconds, 3600) * SECOND : 0;
}

/** `safe`, and for work that may be repeated also `outcome-unknown`. */
export function isWorthRepeating(error: unknown): boolean {
  return error instanceof DryliftError && (error.retry === 'safe' || error.retry === 'outcome-unknown');
}
