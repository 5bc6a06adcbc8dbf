/**
 * Time is given, not taken. Everything outside `core/time` asks a Clock; no other file may read the
 * system's time or set a timer.
 */
import type { Millis, UnixMillis } from '../units.ts';

export interface Timer {
  /** Idempotent; after it the callback never runs. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since this clock started. Never steps back. */
  monotonic(): Millis;
  /** The instant in the story, as machines in it would tell it. Reading never moves it. */
  wall(): UnixMillis;
  /**
   * Runs `fn` once, at `at` or as soon after as possible; never synchronously.
   * @param label names the owner ("appliance.collect"); it breaks ties, and is what a deadlock report prints.
   */
  schedule(at: UnixMillis, label: string, fn: () => void): Timer;
}

/** Resolves at `at`. Rejects with the signal's reason when aborted first. */
export function sleepUntil(clock: Clock, at: UnixMillis, label: string, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = clock.schedule(at, label, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    function onAbort(): void {
      timer.cancel();
      reject(signal!.reason);
    }
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Resolves after `ms`. Rejects with the signal's reason when aborted first. */
export function sleep(clock: Clock, ms: Millis, label: string, signal?: AbortSignal): Promise<void> {
  return sleepUntil(clock, clock.wall() + ms, label, signal);
}

/** The reason carried by the signal of an expired deadline. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal that aborts with DeadlineExceeded after `ms`, or with the parent's reason when that aborts.
 * Dispose it when the work is done, so that no timer is left behind.
 */
export function deadline(clock: Clock, ms: Millis, label: string, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const timer = clock.schedule(clock.wall() + ms, label, () =>
    controller.abort(new DeadlineExceeded(`${label}: no result within ${ms} ms`)),
  );
  const onParent = () => controller.abort(parent!.reason);
  if (parent?.aborted) onParent();
  else parent?.addEventListener('abort', onParent, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      timer.cancel();
      parent?.removeEventListener('abort', onParent);
    },
  };
}
