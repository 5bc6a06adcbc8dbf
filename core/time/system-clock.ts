/** Real time, and real time at another pace: the only file that reads the system's clock or sets its timers. */
import type { Millis, UnixMillis } from '../units.ts';
import type { Clock, Timer } from './clock.ts';

/** Longest delay setTimeout can take: 2^31 - 1 ms. */
const LONGEST_MS = 0x7fff_ffff;

export class SystemClock implements Clock {
  readonly #started = performance.now();

  monotonic(): Millis {
    return performance.now() - this.#started;
  }

  wall(): UnixMillis {
    return Date.now();
  }

  schedule(at: UnixMillis, _label: string, fn: () => void): Timer {
    return scheduleReal(() => at - Date.now(), fn);
  }
}

/**
 * Story time that runs `pace` times as fast as real time, can be paused and can jump. For trainers and for
 * `serve --pace`: what happens between two reads of the clock is not repeatable.
 */
export class PacedClock implements Clock {
  readonly #start: UnixMillis;
  readonly #timers = new Set<{ at: UnixMillis; label: string; fn: () => void; timer: Timer }>();
  #pace: number;
  #anchorReal = performance.now();
  #anchorStory: UnixMillis;
  #paused = false;

  constructor({ start, pace }: { start: UnixMillis; pace: number }) {
    this.#start = this.#anchorStory = start;
    this.#pace = pace;
  }

  monotonic(): Millis {
    return this.wall() - this.#start;
  }

  wall(): UnixMillis {
    if (this.#paused) return this.#anchorStory;
    // whole milliseconds, as every other clock has them: identifiers are drawn by instants
    return this.#anchorStory + Math.floor((performance.now() - this.#anchorReal) * this.#pace);
  }

  get pace(): number {
    return this.#paused ? 0 : this.#pace;
  }

  /** Story milliseconds per real millisecond; 0 pauses. */
  setPace(pace: number): void {
    this.#reanchor(this.wall());
    this.#paused = pace === 0;
    if (pace > 0) this.#pace = pace;
    this.#rearm();
  }

  /** Moves the story forward to `at`; timers on the way fire at once, in order. */
  jumpTo(at: UnixMillis): void {
    if (at <= this.wall()) return;
    this.#reanchor(at);
    this.#rearm();
  }

  /** The next instant at which something is due, if anything is. */
  nextEvent(): UnixMillis | undefined {
    let next: UnixMillis | undefined;
    for (const { at } of this.#timers) if (next === undefined || at < next) next = at;
    return next;
  }

  schedule(at: UnixMillis, label: string, fn: () => void): Timer {
    const entry = { at, label, fn, timer: { cancel() {} } as Timer };
    this.#timers.add(entry);
    this.#arm(entry);
    return {
      cancel: () => {
        this.#timers.delete(entry);
        entry.timer.cancel();
      },
    };
  }

  #arm(entry: { at: UnixMillis; fn: () => void; timer: Timer }): void {
    entry.timer.cancel();
    if (this.#paused && entry.at > this.wall()) return;
    entry.timer = scheduleReal(
      () => {
        const storyMs = entry.at - this.wall();
        if (storyMs <= 0) return 0; // due, also by a jump while paused
        return this.#paused ? LONGEST_MS : storyMs / this.#pace;
      },
      () => {
        this.#timers.delete(entry as never);
        entry.fn();
      },
    );
  }

  #rearm(): void {
    for (const entry of [...this.#timers].sort((a, b) => a.at - b.at)) this.#arm(entry);
  }

  #reanchor(story: UnixMillis): void {
    this.#anchorReal = performance.now();
    this.#anchorStory = story;
  }
}

function scheduleReal(remainingMs: () => Millis, fn: () => void): Timer {
  let handle: NodeJS.Timeout;
  const arm = (): void => {
    const ms = remainingMs();
    handle = setTimeout(
      () => (remainingMs() > 0 ? arm() : fn()),
      Math.min(Math.max(0, Math.ceil(ms)), LONGEST_MS),
    );
  };
  arm();
  return { cancel: () => clearTimeout(handle) };
}
