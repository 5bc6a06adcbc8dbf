/**
 * Recurring work on the Clock. A job never overlaps itself, has a limit after which its run is aborted, keeps to its
 * grid however long a run takes, and after a failure comes back sooner than the grid says, but not in a rush.
 */
import { DryliftError, defineErrors } from '#core/errors.ts';
import { type Clock, deadline, sleepUntil } from '#core/time/clock.ts';
import { MINUTE, type Millis, type UnixMillis } from '#core/units.ts';
import type { Problems } from './problems.ts';
import type { Retrier } from './retry.ts';

const errors = defineErrors({
  'job.slow': {
    blame: 'peer',
    retry: 'safe',
    why: 'What was asked answers slowly or not at all: it is overloaded, or something on the way swallows what is sent.',
    next: 'Look at its load and at the network; the appliance tries again.',
  },
});

/** Until what is wrong is put right nothing helps, and sign-ins that keep failing lock accounts. */
const WRONG_INPUT_WAIT_MS: Millis = 5 * MINUTE;

export interface Job {
  /** "collect vc1": names the job in problems, timers and counters. */
  readonly name: string;
  /** Asked anew after each run when it is a function. */
  readonly everyMs: Millis | (() => Millis);
  /** Runs fall on epoch multiples of `everyMs` plus this. Without it they count from the first run. */
  readonly alignedPlusMs?: Millis;
  /** A run that takes longer is aborted and counts as failed. */
  readonly limitMs: Millis;
  /** Never runs beside its grid: not at once, and after a failure not sooner. */
  readonly keepsToGrid?: boolean;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export interface SchedulerOptions {
  clock: Clock;
  retrier: Retrier;
  problems: Problems;
}

/**
 * Runs the job at once and then on its grid, until `life` aborts.
 *
 * @returns resolves when the job has ended, never rejects
 */
export async function runJob(
  { clock, retrier, problems }: SchedulerOptions,
  job: Job,
  life: AbortSignal,
): Promise<void> {
  const startedAt = clock.wall();
  const wait = (until: UnixMillis): Promise<void> =>
    sleepUntil(clock, until, `appliance.job.${job.name}`, life).catch(() => {});
  if (job.keepsToGrid) await wait(nextDue(periodOf(job), job.alignedPlusMs ?? startedAt, clock.wall()));
  for (let failures = 0; !life.aborted; ) {
    const error = await attempt(clock, job, life);
    if (life.aborted) return;
    failures = error === undefined ? 0 : failures + 1;
    if (error === undefined) problems.solved(job.name);
    else problems.met(job.name, error);
    const isInputWrong = error instanceof DryliftError && error.blame === 'input';
    const origin = job.alignedPlusMs ?? startedAt;
    const due = nextDue(periodOf(job), origin, clock.wall());
    if (job.keepsToGrid) {
      await wait(isInputWrong ? nextDue(periodOf(job), origin, clock.wall() + WRONG_INPUT_WAIT_MS) : due);
      continue;
    }
    const sooner =
      clock.wall() +
      (isInputWrong ? WRONG_INPUT_WAIT_MS : failures > 0 ? retrier.waitAfter(job.name, failures) : 0);
    await wait(failures === 0 ? due : Math.min(due, sooner));
  }
}

/** @returns what went wrong */
async function attempt(clock: Clock, job: Job, life: AbortSignal): Promise<unknown> {
  using timer = deadline(clock, job.limitMs, `appliance.limit.${job.name}`, life);
  try {
    await job.run(timer.signal);
    return undefined;
  } catch (cause) {
    return timer.signal.aborted
      ? errors.make('job.slow', { what: `"${job.name}" took longer than it may take.`, cause })
      : cause;
  }
}

function periodOf({ everyMs }: Job): Millis {
  return typeof everyMs === 'function' ? everyMs() : everyMs;
}

/** The first instant after `now` that lies whole periods from `origin`. */
export function nextDue(everyMs: Millis, origin: UnixMillis, now: UnixMillis): UnixMillis {
  return origin + (Math.floor((now - origin) / everyMs) + 1) * everyMs;
}
