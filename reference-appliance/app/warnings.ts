/**
 * What works and yet somebody should know: documented limits that the appliance is beyond, privileges that its account
 * lacks. Told once in the log, shown in the status and sent with every heartbeat as long as they hold.
 */
import type { Logger } from '../log.ts';
import type { Warning } from './ports.ts';

export class Warnings {
  readonly #log: Logger;
  readonly #current = new Map<string, Warning>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Says what holds under this key at the moment; undefined: nothing to warn of. */
  set(key: string, warning: Warning | undefined): void {
    const before = this.#current.get(key);
    if (!warning) {
      if (this.#current.delete(key)) this.#log.info({ warning: before?.code }, 'no longer the case');
      return;
    }
    this.#current.set(key, warning);
    if (before?.message !== warning.message) this.#log.warn({ code: warning.code }, warning.message);
  }

  /** Replaces all warnings whose keys begin so. */
  replace(prefix: string, warnings: ReadonlyMap<string, Warning>): void {
    for (const key of [...this.#current.keys()])
      if (key.startsWith(prefix) && !warnings.has(key)) this.set(key, undefined);
    for (const [key, warning] of warnings) this.set(key, warning);
  }

  list(): readonly Warning[] {
    return [...this.#current.values()];
  }
}
