/**
 * Machines and hosts that could not be looked at: told once in the log when that begins, changes and ends, shown in the
 * status and sent with every heartbeat as long as it holds.
 */
import type { Clock } from '#core/time/clock.ts';
import type { UnixMillis } from '#core/units.ts';
import type { Logger } from '../log.ts';
import type { Warning } from './ports.ts';
import type { Unreached } from './source-machines.ts';

/** One of them, as the status shows it. */
export interface UnreachedView extends Unreached {
  readonly source: string;
  readonly since: UnixMillis;
}

export class UnreachedMachines {
  readonly #clock: Clock;
  readonly #log: Logger;
  /** By source, then by name. */
  readonly #current = new Map<string, Map<string, UnreachedView>>();

  constructor({ clock, log }: { clock: Clock; log: Logger }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** All that a source could not look at, as of now. */
  replace(source: string, unreached: readonly Unreached[]): void {
    const before = this.#current.get(source) ?? new Map<string, UnreachedView>();
    const now = new Map<string, UnreachedView>();
    for (const each of unreached) {
      const known = before.get(each.name);
      // an account that is held back after refusals: the refusal is what is wrong
      if (known && each.code.endsWith('.held')) {
        now.set(each.name, known);
        continue;
      }
      const isSame = known?.code === each.code;
      now.set(each.name, { ...each, source, since: isSame ? known.since : this.#clock.wall() });
      if (!isSame)
        this.#log.warn(
          { source, machine: each.name, code: each.code, why: each.why, next: each.next },
          each.what,
        );
    }
    for (const { name, code } of before.values())
      if (!now.has(name)) this.#log.info({ source, machine: name, was: code }, 'it answers again');
    this.#current.set(source, now);
  }

  list(): readonly UnreachedView[] {
    return [...this.#current.values()].flatMap((ofSource) => [...ofSource.values()]);
  }

  /** For a heartbeat. @param source which */
  warningsOf(source: string): readonly Warning[] {
    return [...(this.#current.get(source)?.values() ?? [])].map(({ code, what, why, next }) => ({
      code,
      message: `${what} ${why} ${next}`,
    }));
  }
}
