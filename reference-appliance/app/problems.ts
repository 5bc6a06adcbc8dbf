/** What does not work at the moment, by the job that met it: told once in the log, and shown until it is solved. */
import { DryliftError } from '#core/errors.ts';
import type { Clock } from '#core/time/clock.ts';
import type { UnixMillis } from '#core/units.ts';
import type { Logger } from '../log.ts';

export interface Problem {
  readonly job: string;
  readonly code: string;
  readonly what: string;
  readonly why: string;
  readonly next: string;
  readonly since: UnixMillis;
  /** Times in a row. */
  readonly times: number;
}

export class Problems {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #current = new Map<string, Problem>();

  constructor({ clock, log }: { clock: Clock; log: Logger }) {
    this.#clock = clock;
    this.#log = log;
  }

  met(job: string, error: unknown): void {
    const before = this.#current.get(job);
    const told = error instanceof DryliftError;
    const code = told ? error.code : 'appliance.bug';
    this.#current.set(job, {
      job,
      code,
      what: error instanceof Error ? error.message : String(error),
      why: told ? error.why : 'The appliance met something that it was not written for.',
      next: told ? error.next : 'This is our bug; report it with the log.',
      since: before?.code === code ? before.since : this.#clock.wall(),
      times: before?.code === code ? before.times + 1 : 1,
    });
    if (before?.code !== code) this.#log.warn({ job, err: error }, 'a job failed; it will be tried again');
  }

  solved(job: string): void {
    if (this.#current.delete(job)) this.#log.info({ job }, 'the job works again');
  }

  list(): readonly Problem[] {
    return [...this.#current.values()];
  }
}
