/**
 * The clock of a simulated world. It moves only when nothing is in flight, by releasing exactly one timer
 * and waiting for rest again. Timers of one instant are ordered by a seeded draw addressed by their label,
 * so that ties are explored from seed to seed and repeat within one.
 */

import type { Entropy } from '../entropy/entropy.ts';
import { defineErrors } from '../errors.ts';
import type { Millis, UnixMillis } from '../units.ts';
import type { Clock, Timer } from './clock.ts';
import type { Quiescence } from './quiescence.ts';

export const errors = defineErrors({
  'time.deadlock': {
    blame: 'us',
    why: 'The world is at rest, no timer is set, and the run has not finished: somebody waits for something that cannot come.',
    next: 'Look at what is named above; a request without a deadline to a peer that never answers is the usual cause.',
  },
  'time.limit': {
    blame: 'check',
    why: 'The script did not come to its end within the limit of the scenario.',
    next: 'Raise clock.limit, or look in the report at what the run was waiting for.',
  },
});

interface PendingTimer {
  readonly at: UnixMillis;
  readonly tie: number;
  readonly order: number;
  readonly label: string;
  fn: (() => void) | undefined;
}

export interface VirtualClockOptions {
  start: UnixMillis;
  entropy: Entropy;
  quiescence: Quiescence;
  /** Told of each timer as it is released, for the trace. */
  onTimer?: (at: UnixMillis, label: string) => void;
}

export class VirtualClock implements Clock {
  readonly #start: UnixMillis;
  readonly #entropy: Entropy;
  readonly #quiescence: Quiescence;
  readonly #onTimer: ((at: UnixMillis, label: string) => void) | undefined;
  readonly #heap: PendingTimer[] = [];
  readonly #perLabel = new Map<string, number>();
  #now: UnixMillis;
  #order = 0;

  constructor({ start, entropy, quiescence, onTimer }: VirtualClockOptions) {
    this.#start = this.#now = start;
    this.#entropy = entropy;
    this.#quiescence = quiescence;
    this.#onTimer = onTimer;
  }

  monotonic(): Millis {
    return this.#now - this.#start;
  }

  wall(): UnixMillis {
    return this.#now;
  }

  /** Labels and instants of the timers that are set, soonest first. */
  pending(): ReadonlyArray<{ at: UnixMillis; label: string }> {
    return this.#heap
      .filter((t) => t.fn)
      .sort(sooner)
      .map(({ at, label }) => ({ at, label }));
  }

  schedule(at: UnixMillis, label: string, fn: () => void): Timer {
    const nth = this.#perLabel.get(label) ?? 0;
    this.#perLabel.set(label, nth + 1);
    const timer: PendingTimer = {
      at: Math.max(at, this.#now),
      tie: this.#entropy.u32('clock.tie', label, nth),
      order: this.#order++,
      label,
      fn,
    };
    push(this.#heap, timer);
    return {
      cancel() {
        timer.fn = undefined;
      },
    };
  }

  /**
   * Lets the world live until `finished` settles, and passes its outcome on.
   * @throws `time.deadlock`, `time.limit`, `time.neverQuiet`
   */
  async run<T>(finished: Promise<T>, limit: UnixMillis = Number.POSITIVE_INFINITY): Promise<T> {
    let over = false;
    const outcome = finished.finally(() => {
      over = true;
    });
    outcome.catch(() => {}); // awaited below; a rejection must not be reported as unhandled meanwhile
    for (;;) {
      await this.#quiescence.settle();
      if (over) return outcome;
      const timer = this.#next();
      if (!timer)
        throw errors.make('time.deadlock', {
          what: `Nothing can happen any more at ${new Date(this.#now).toISOString()}.`,
        });
      if (timer.at > limit)
        throw errors.make('time.limit', {
          what: `The run reached its limit at ${new Date(limit).toISOString()}; next would have been "${timer.label}".`,
        });
      this.#now = timer.at;
      this.#onTimer?.(timer.at, timer.label);
      const fn = timer.fn!;
      timer.fn = undefined;
      fn();
    }
  }

  #next(): PendingTimer | undefined {
    for (;;) {
      const timer = pop(this.#heap);
      if (!timer || timer.fn) return timer;
    }
  }
}

function sooner(a: PendingTimer, b: PendingTimer): number {
  return a.at - b.at || a.tie - b.tie || a.order - b.order;
}

function push(heap: PendingTimer[], timer: PendingTimer): void {
  let i = heap.push(timer) - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (sooner(heap[parent]!, timer) <= 0) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = timer;
}

function pop(heap: PendingTimer[]): PendingTimer | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (!top || !last || heap.length === 0) return top;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && sooner(heap[child + 1]!, heap[child]!) < 0) child++;
    if (sooner(last, heap[child]!) <= 0) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = last;
  return top;
}
