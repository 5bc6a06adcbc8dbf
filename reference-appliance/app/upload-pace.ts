/**
 * How many uploads run at a time over the whole appliance: halved when the storage account says it is busy, one more
 * for each 30 s without complaint. [facts/replication.md §8]
 */
import type { Clock } from '#core/time/clock.ts';
import { SECOND, type UnixMillis } from '#core/units.ts';

const START = 16;
const MAX = 64;
const CALM_MS = 30 * SECOND;

export class UploadPace {
  readonly #clock: Clock;
  readonly #waiting: Array<() => void> = [];
  #limit = START;
  #running = 0;
  #calmSince: UnixMillis;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#calmSince = clock.wall();
  }

  get limit(): number {
    return this.#limit;
  }

  /** Runs one upload when its turn comes. */
  async run<T>(signal: AbortSignal, upload: () => Promise<T>): Promise<T> {
    while (this.#running >= this.#limit) await this.#turn(signal);
    this.#running++;
    try {
      return await upload();
    } finally {
      this.#running--;
      this.#wake();
    }
  }

  /** The account throttled: uploads that began before this are part of the same complaint. */
  busy(): void {
    const now = this.#clock.wall();
    if (now > this.#calmSince) this.#limit = Math.max(1, this.#limit >> 1);
    this.#calmSince = now;
  }

  /** An upload succeeded. */
  good(): void {
    const calmFor = this.#clock.wall() - this.#calmSince;
    const steps = Math.floor(calmFor / CALM_MS);
    if (steps === 0 || this.#limit >= MAX) return;
    this.#limit = Math.min(MAX, this.#limit + steps);
    this.#calmSince += steps * CALM_MS;
    this.#wake();
  }

  #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        const at = this.#waiting.indexOf(wake);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
      };
      this.#waiting.push(wake);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #wake(): void {
    for (let free = this.#limit - this.#running; free > 0; free--) this.#waiting.shift()?.();
  }
}
