/** Msvm_ConcreteJob: work of a host that takes time. A job's state follows from the clock; its effect comes at its end. */
import type { Clock } from '#core/time/clock.ts';
import type { Millis, UnixMillis } from '#core/units.ts';
import type { MethodResult } from '../winrm/cim/cim-service.ts';
import { CimDatetime, type CimInstance, CimReference, instant, pathOf } from '../winrm/cim/values.ts';
import { JOB_REMEMBERED } from './machine-state.ts';
import { instance } from './names.ts';

/** Answers of methods: done, a job was started, and why not [HyperV_v2 documentation]. */
export const RETURN = {
  done: 0,
  started: 4096,
  failed: 32768,
  accessDenied: 32769,
  notSupported: 32770,
  invalidParameter: 32773,
  invalidState: 32775,
  fileNotFound: 32779,
} as const;

interface Job {
  readonly id: string;
  readonly caption: string;
  readonly type: number;
  readonly startedAt: UnixMillis;
  readonly endsAt: UnixMillis;
  /** What it is about. */
  readonly affected: () => CimInstance | undefined;
  /** Why it failed. */
  error: string | undefined;
}

const STATE = { running: 4, completed: 7, exception: 10 } as const;
const JOBS_MAX = 1000;
/** ErrorCode of a job that failed. */
const JOB_FAILED = 32768;

export class Jobs {
  readonly #clock: Clock;
  readonly #newId: (n: number) => string;
  readonly #jobs: Job[] = [];
  #made = 0;

  constructor(options: { clock: Clock; newId: (n: number) => string }) {
    this.#clock = options.clock;
    this.#newId = options.newId;
  }

  /**
   * Starts one.
   * @param effect what comes of it at its end; why it failed, when it returns text
   */
  start(options: {
    caption: string;
    type: number;
    takes: Millis;
    affected?: () => CimInstance | undefined;
    effect: () => string | undefined;
  }): MethodResult {
    const now = this.#clock.wall();
    const { caption, type, takes, affected = () => undefined, effect } = options;
    const job: Job = {
      id: this.#newId(this.#made++),
      caption,
      type,
      startedAt: now,
      endsAt: now + takes,
      affected,
      error: undefined,
    };
    this.#forget(now);
    this.#jobs.push(job);
    this.#clock.schedule(job.endsAt, 'hyperv.job', () => {
      job.error = effect();
    });
    return {
      returnValue: RETURN.started,
      outputs: { Job: new CimReference(pathOf(this.#instance(job, now))) },
    };
  }

  instances(): CimInstance[] {
    const now = this.#clock.wall();
    this.#forget(now);
    return this.#jobs.map((job) => this.#instance(job, now));
  }

  find(id: string): CimInstance | undefined {
    return this.instances().find(({ values }) => String(values['InstanceID']).toLowerCase() === id);
  }

  /** What the job of an instance is about. */
  affectedBy({ values }: CimInstance): CimInstance[] {
    const found = this.#jobs.find(({ id }) => id === values['InstanceID'])?.affected();
    return found ? [found] : [];
  }

  #forget(now: UnixMillis): void {
    while (
      this.#jobs.length > 0 &&
      (this.#jobs[0]!.endsAt + JOB_REMEMBERED <= now || this.#jobs.length >= JOBS_MAX)
    )
      this.#jobs.shift();
  }

  #instance(job: Job, now: UnixMillis): CimInstance {
    const ended = now >= job.endsAt;
    const failed = ended && job.error !== undefined;
    const share = Math.min(1, (now - job.startedAt) / Math.max(1, job.endsAt - job.startedAt));
    return instance('Msvm_ConcreteJob', {
      Caption: job.caption,
      Description: job.caption,
      ElementName: job.caption,
      Name: 'Msvm_ConcreteJob',
      InstanceID: job.id,
      JobType: job.type,
      JobState: failed ? STATE.exception : ended ? STATE.completed : STATE.running,
      JobStatus: failed ? 'Job failed' : ended ? 'Job completed' : 'Job is running',
      OperationalStatus: failed ? [6] : [2],
      HealthState: failed ? 25 : 5,
      Status: failed ? 'Error' : 'OK',
      PercentComplete: ended ? 100 : Math.floor(share * 100),
      ErrorCode: failed ? JOB_FAILED : 0,
      ErrorDescription: job.error ?? '',
      ErrorSummaryDescription: job.error ?? '',
      StartTime: instant(job.startedAt),
      TimeSubmitted: instant(job.startedAt),
      TimeOfLastStateChange: instant(Math.min(now, job.endsAt)),
      ElapsedTime: interval(Math.min(now, job.endsAt) - job.startedAt),
      TimeBeforeRemoval: interval(JOB_REMEMBERED),
      DeleteOnCompletion: false,
      Cancellable: false,
      LocalOrUtcTime: 2,
      JobRunTimes: 1,
      Priority: 0,
      RecoveryAction: 2,
    });
  }
}

function interval(ms: Millis): CimDatetime {
  const seconds = Math.floor(ms / 1000);
  return new CimDatetime(
    'Interval',
    `P${Math.floor(seconds / 86_400)}DT${Math.floor(seconds / 3600) % 24}H${Math.floor(seconds / 60) % 60}M${seconds % 60}S`,
  );
}
