/** Who talks to whom in a site, by slots of six hours: the last month of it. */
import { DAY, HOUR, type UnixMillis } from '#core/units.ts';
import { type Dependency, slotOf } from './guest-shapes.ts';

const KEPT_MS = 30 * DAY;

export interface StoredDependency extends Dependency {
  /** Start of the six hours. */
  readonly slot: UnixMillis;
}

export const SLOT_LENGTH_MS = 6 * HOUR;

export class Dependencies {
  /** By start of the slot, then by what makes two of them the same. */
  readonly #slots = new Map<UnixMillis, Map<string, StoredDependency>>();

  /** Equal ones in a slot become one: observations add up, the earliest and latest times stay. */
  add(slotStart: UnixMillis, dependencies: readonly Dependency[]): void {
    const slot = slotOf(slotStart);
    let stored = this.#slots.get(slot);
    if (!stored) {
      stored = new Map();
      this.#slots.set(slot, stored);
    }
    for (const dependency of dependencies) {
      const key = keyOf(dependency);
      const known = stored.get(key);
      stored.set(
        key,
        known
          ? {
              ...known,
              source: { ...known.source, ...dependency.source },
              destination: { ...known.destination, ...dependency.destination },
              observations: known.observations + dependency.observations,
              firstSeen: Math.min(known.firstSeen, dependency.firstSeen),
              lastSeen: Math.max(known.lastSeen, dependency.lastSeen),
            }
          : { ...dependency, slot },
      );
    }
    const newest = Math.max(...this.#slots.keys());
    for (const start of this.#slots.keys()) if (start < newest - KEPT_MS) this.#slots.delete(start);
  }

  /** Of the slots that touch the time, in order of time and then of arrival. */
  between(from: UnixMillis, to: UnixMillis): StoredDependency[] {
    return [...this.#slots]
      .filter(([slot]) => slot + SLOT_LENGTH_MS > from && slot <= to)
      .sort(([a], [b]) => a - b)
      .flatMap(([, stored]) => [...stored.values()]);
  }
}

function keyOf({ source, destination }: Dependency): string {
  const end = ({ instanceUuid, ip, process = '' }: Dependency['source']): string =>
    `${instanceUuid?.toLowerCase() ?? ip} ${process}`;
  return `${end(source)} → ${end(destination)} ${destination.port}`;
}
