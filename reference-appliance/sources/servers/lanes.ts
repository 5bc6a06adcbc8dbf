/**
 * Many things at a time, in bounded width, none of which delays the others: one that takes long gives its place away and
 * goes on beside it.
 */
import type { Clock } from '#core/time/clock.ts';
import type { Millis } from '#core/units.ts';

export interface Lanes {
  readonly clock: Clock;
  readonly width: number;
  /** After this time a piece of work does not count any more. */
  readonly slowMs: Millis;
}

/** Resolves when all is done. `work` must not throw. Pieces begin in order. */
export function inLanes<T>(
  items: readonly T[],
  { clock, width, slowMs }: Lanes,
  work: (item: T) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0;
    let open = 0;
    let counting = 0;
    const begin = (): void => {
      while (next < items.length && counting < width) {
        const item = items[next++]!;
        let counts = true;
        const leave = (): void => {
          if (!counts) return;
          counts = false;
          counting--;
          begin();
        };
        open++;
        counting++;
        const slow = clock.schedule(clock.wall() + slowMs, 'appliance.servers.slow', leave);
        work(item).then(() => {
          slow.cancel();
          open--;
          leave();
          if (open === 0 && next >= items.length) resolve();
        }, reject);
      }
    };
    if (items.length === 0) return resolve();
    begin();
  });
}
