/** Where a Receive waits for output: one at a time, until something comes or its time is over. */
import type { Clock, Timer } from '#core/time/clock.ts';
import type { Millis } from '#core/units.ts';

export class WaitingPlace {
  readonly #clock: Clock;
  #wake: ((isReplaced?: boolean) => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whoever waits goes on. */
  wake(): void {
    this.#wake?.();
  }

  /**
   * False for who was replaced by a later one, and goes home with nothing.
   * @param signal aborted when the client goes away
   */
  wait(withinMs: Millis, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const done = (isReplaced = false): void => {
        timer?.cancel();
        signal.removeEventListener('abort', onAbort);
        if (this.#wake === done) this.#wake = undefined;
        resolve(!isReplaced);
      };
      const onAbort = (): void => done();
      this.#wake?.(true);
      this.#wake = done;
      timer = this.#clock.schedule(this.#clock.wall() + withinMs, 'winrm.receive', () => done());
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
