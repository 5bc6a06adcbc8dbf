/**
 * Rates of counters that only grow. What is between two looks is a rate; a machine that was started anew in between
 * began again at zero and gives none this time; a counter of 32 bits that ran over is put right; nothing is ever negative.
 */

/** Counters by what they count: "read sda". */
export interface Look {
  /** Seconds since the machine started, by its own clock. */
  readonly uptime: number;
  /** Seconds of the one who looks. */
  readonly at: number;
  readonly counters: ReadonlyMap<string, number>;
}

const WORD = 2 ** 32;
/** A clock that runs so far behind that of the one who looks has been set back by a new start. */
const LAG_SECONDS = 30;

/** @returns growth since the last look, or undefined when it cannot be known */
export function growth(before: number | undefined, now: number): number | undefined {
  if (before === undefined || !Number.isFinite(before) || !Number.isFinite(now)) return undefined;
  if (now >= before) return now - before;
  // it ran over when it stood in the upper half of its range, and has not come far since
  const wrapped = now + WORD - before;
  return before < WORD && wrapped < WORD / 2 && before >= WORD / 2 ? wrapped : undefined;
}

export class Rates {
  readonly #looks = new Map<string, Look>();

  /**
   * Takes a look at a machine. @returns seconds since the last one and what grew since then; undefined for the first
   * look, after a new start, and when no time has passed
   */
  since(machine: string, look: Look): { seconds: number; grown: ReadonlyMap<string, number> } | undefined {
    const before = this.#looks.get(machine);
    this.#looks.set(machine, look);
    if (!before || look.uptime <= before.uptime) return undefined;
    const seconds = look.uptime - before.uptime;
    if (seconds < look.at - before.at - LAG_SECONDS) return undefined;
    const grown = new Map<string, number>();
    for (const [name, now] of look.counters) {
      const by = growth(before.counters.get(name), now);
      if (by !== undefined) grown.set(name, by);
    }
    return { seconds, grown };
  }

  /** Machines that are not looked at any more. */
  keepOnly(machines: ReadonlySet<string>): void {
    for (const machine of this.#looks.keys()) if (!machines.has(machine)) this.#looks.delete(machine);
  }
}
