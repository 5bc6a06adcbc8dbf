/**
 * Jobs of a vault: what Site Recovery shows of the work it does (azure.md, section 7). Each operation on an item
 * is one; whoever does the work begins the job, and ends it.
 */
import { SECOND, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { conflict, methodNotAllowed, resourceNotFound, unknownAction } from '../arm/faults.ts';
import { listOf } from '../arm/paging.ts';
import type { ArmAnswer, ArmRequest } from '../arm/provider.ts';
import { ArmError } from '../arm/provider.ts';
import { iso } from '../http.ts';
import type { PublishedFiles } from '../published-files.ts';
import { oneOf, shape, text, whole } from '../shape.ts';
import { instantOf, readFilter } from './filters.ts';
import { NAMESPACE } from './ids.ts';

/** In the words that the portal shows as well. */
export const SCENARIOS = {
  EnableMigration: 'Enable replication',
  DisableMigration: 'Disable replication',
  TestMigrate: 'Test migration',
  TestMigrateCleanup: 'Clean up test migration',
  Migrate: 'Migrate',
  StartResync: 'Resynchronise',
  PauseReplication: 'Pause replication',
  ResumeReplication: 'Resume replication',
  UpdateMigrationItem: 'Update the virtual machine',
  EnableProtection: 'Enable protection',
  DisableProtection: 'Disable protection',
  TestFailover: 'Test failover',
  TestFailoverCleanup: 'Clean up test failover',
  UnplannedFailover: 'Failover',
  FailoverCommit: 'Commit the failover',
  RepairReplication: 'Resynchronise',
  UpdateMobilityService: 'Update the Mobility service',
  UpdateAppliance: 'Switch the appliance',
  UpdateProtectedItem: 'Update the virtual machine',
  ExportJobs: 'Export jobs',
} as const;
export type Scenario = keyof typeof SCENARIOS;

export type JobState =
  | 'InProgress'
  | 'Suspended' // waits for a person
  | 'Succeeded'
  | 'CompletedWithInformation'
  | 'PartiallySucceeded'
  | 'Failed'
  | 'Cancelled';

export interface JobTarget {
  /** ARM id, and name, of what is worked on. */
  readonly id: string;
  readonly name: string;
  /** "VMwareCbt" */
  readonly instanceType: string;
}

export interface Job {
  readonly name: string;
  readonly vaultId: string;
  readonly scenario: Scenario;
  readonly target: JobTarget;
  readonly startedAt: UnixMillis;
  endedAt: UnixMillis | undefined;
  state: JobState;
  error: ArmError | undefined;
  /** Shown with the job: of an export, where the file is. */
  details: Readonly<Record<string, unknown>>;
  /** Gives the work up. Jobs without it cannot be cancelled. */
  cancel: (() => void) | undefined;
  /** Asks for the same again, once the job has failed. */
  restart: (() => ArmAnswer) | undefined;
  /** What a person is waited for: goes on. */
  resume: (() => ArmAnswer) | undefined;
}

/** How the outcome of an operation that ended is called. */
export type JobOutcome = 'Succeeded' | 'CompletedWithInformation' | 'PartiallySucceeded';

const KEPT_PER_VAULT = 1_000;
const FILTERS = ['StartTime', 'EndTime', 'FabricId', 'AffectedObjectTypes', 'JobStatus', 'JobName'] as const;

const readResume = shape({}, { properties: shape({}, { comments: text(1_024) }) });
const readQuery = shape(
  {},
  {
    startTime: text(64),
    endTime: text(64),
    fabricId: text(1_024),
    affectedObjectTypes: text(256),
    jobStatus: text(256),
    jobOutputType: oneOf('Json', 'Xml', 'Excel'),
    jobName: text(256),
    timezoneOffset: (value: unknown, path: string) =>
      typeof value === 'number' ? value : whole(0)(value, path),
  },
);

export interface JobsOptions {
  readonly context: SimulatorContext;
  /** Where exported lists are left. */
  readonly files: PublishedFiles;
}

export class Jobs {
  readonly #options: JobsOptions;
  /** By vault in lower case, then by name; oldest first. */
  readonly #byVault = new Map<string, Map<string, Job>>();
  readonly #observers: Array<(job: Job) => void> = [];

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** Tells of each job that has ended. */
  observe(observer: (job: Job) => void): void {
    this.#observers.push(observer);
  }

  begin(
    vaultId: string,
    scenario: Scenario,
    target: JobTarget,
    can: Partial<Pick<Job, 'cancel' | 'restart'>> = {},
  ): Job {
    const { clock, entropy } = this.#options.context;
    const ofVault = this.#ofVault(vaultId);
    const startedAt = clock.wall();
    const name = entropy.uuid('azure.recovery.job', vaultId.toLowerCase(), this.#begun++);
    const job: Job = {
      name,
      vaultId,
      scenario,
      target,
      startedAt,
      endedAt: undefined,
      state: 'InProgress',
      error: undefined,
      details: {},
      cancel: can.cancel,
      restart: can.restart,
      resume: undefined,
    };
    ofVault.set(name, job);
    if (ofVault.size > KEPT_PER_VAULT) ofVault.delete(ofVault.keys().next().value!);
    return job;
  }
  #begun = 0;

  end(job: Job, outcome: JobOutcome | 'Cancelled' | ArmError): void {
    if (job.endedAt !== undefined) return;
    job.endedAt = this.#options.context.clock.wall();
    job.resume = undefined;
    if (outcome instanceof ArmError) {
      job.state = 'Failed';
      job.error = outcome;
    } else job.state = outcome;
    for (const observer of this.#observers) observer(job);
  }

  /** The job waits for a person until it is resumed. */
  suspend(job: Job, resume: () => ArmAnswer): void {
    job.state = 'Suspended';
    job.resume = resume;
  }

  /** The newest job on a target that has not ended. */
  runningOn(vaultId: string, targetId: string): Job | undefined {
    return [...this.#ofVault(vaultId).values()].findLast(
      (job) => job.endedAt === undefined && job.target.id.toLowerCase() === targetId.toLowerCase(),
    );
  }

  /** Failed jobs on a target, newest first. */
  failedOn(vaultId: string, targetId: string): Job[] {
    return [...this.#ofVault(vaultId).values()]
      .filter((job) => job.state === 'Failed' && job.target.id.toLowerCase() === targetId.toLowerCase())
      .reverse();
  }

  counts(vaultId: string): { failedJobs: number; runningJobs: number } {
    const jobs = [...this.#ofVault(vaultId).values()];
    return {
      failedJobs: jobs.filter(({ state }) => state === 'Failed').length,
      runningJobs: jobs.filter(({ endedAt }) => endedAt === undefined).length,
    };
  }

  /** Requests on the collection or one of it; the vault is there. */
  handle(request: ArmRequest, vaultId: string): ArmAnswer {
    const { method, name, segments } = request;
    if (name.toLowerCase() === 'export' && segments.length === 0 && method === 'POST')
      return this.#export(request, vaultId);
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${request.type}`);
      const keep = filterOf(readFilter(request, FILTERS));
      return { list: listOf([...this.#ofVault(vaultId).values()].filter(keep).reverse().map(jobView)) };
    }
    const job = this.#ofVault(vaultId).get(name.toLowerCase());
    if (!job) throw resourceNotFound(request, NAMESPACE);
    if (segments.length === 0) {
      if (method !== 'GET') throw methodNotAllowed(method, `${NAMESPACE}/${request.type}`);
      return { status: 200, body: jobView(job) };
    }
    const action = segments.length === 1 && method === 'POST' ? segments[0]!.toLowerCase() : '';
    if (action !== 'cancel' && action !== 'restart' && action !== 'resume')
      throw unknownAction(method, `${NAMESPACE}/${request.type}/${segments.join('/')}`);
    return this.#act(job, action, request.body);
  }

  #act(job: Job, action: 'cancel' | 'restart' | 'resume', body: unknown): ArmAnswer {
    const allowed = allowedActions(job);
    const word = `${action[0]!.toUpperCase()}${action.slice(1)}`;
    if (!allowed.includes(word))
      throw conflict(
        'JobActionNotAllowed',
        `'${word}' is not possible: the job '${SCENARIOS[job.scenario]}' of ${job.target.name} is in the state ${job.state}. Allowed actions: ${allowed.join(', ') || 'none'}.`,
      );
    if (action === 'cancel') {
      this.end(job, 'Cancelled');
      job.cancel!();
      return {
        operation: { takesMs: 0, status: 202, location: true, retryAfterSeconds: 1, run: () => jobView(job) },
      };
    }
    if (action === 'resume') readResume(body ?? {}, '');
    const answer = action === 'resume' ? job.resume!() : job.restart!();
    if (!('operation' in answer)) return { status: 200, body: jobView(job) };
    const { operation } = answer;
    return {
      operation: {
        ...operation,
        run: () => {
          operation.run();
          const newest = this.#newestOf(job);
          return jobView(newest);
        },
      },
    };
  }

  /** After a restart another job does the work of this one. */
  #newestOf(job: Job): Job {
    return (
      [...this.#ofVault(job.vaultId).values()].findLast(
        ({ scenario, target }) => scenario === job.scenario && target.id === job.target.id,
      ) ?? job
    );
  }

  #export(request: ArmRequest, vaultId: string): ArmAnswer {
    const query = readQuery(request.body ?? {}, '');
    const given: Record<string, string> = {};
    for (const [key, value] of Object.entries(query))
      if (typeof value === 'string') given[key.toLowerCase()] = value;
    delete given['joboutputtype'];
    const keep = filterOf(new Map(Object.entries(given)));
    const shown = [...this.#ofVault(vaultId).values()].filter(keep);
    const job = this.begin(vaultId, 'ExportJobs', {
      id: vaultId,
      name: vaultId.slice(vaultId.lastIndexOf('/') + 1),
      instanceType: '',
    });
    return {
      operation: {
        takesMs: 5 * SECOND,
        status: 202,
        location: true,
        run: () => {
          const content = Buffer.from(JSON.stringify(shown.map(jobView)));
          const { blobUri, sasToken } = this.#options.files.publish(
            'site-recovery-jobs',
            `jobs-${job.name}.json`,
            content,
            'application/json',
          );
          job.details = { instanceType: 'ExportJobDetails', blobUri, sasToken };
          this.end(job, 'Succeeded');
          return jobView(job);
        },
      },
    };
  }

  #ofVault(vaultId: string): Map<string, Job> {
    const key = vaultId.toLowerCase();
    let found = this.#byVault.get(key);
    if (!found) {
      found = new Map();
      this.#byVault.set(key, found);
    }
    return found;
  }
}

function filterOf(asked: ReadonlyMap<string, string>): (job: Job) => boolean {
  const from = instantOf(asked, 'starttime');
  const to = instantOf(asked, 'endtime');
  const states = asked
    .get('jobstatus')
    ?.split(',')
    .map((word) => word.trim().toLowerCase());
  const name = asked.get('jobname')?.toLowerCase();
  const types = asked.get('affectedobjecttypes')?.toLowerCase();
  const fabric = asked.get('fabricid')?.toLowerCase();
  return (job) =>
    (from === undefined || job.startedAt >= from) &&
    (to === undefined || job.startedAt <= to) &&
    (states === undefined || states.includes(job.state.toLowerCase())) &&
    (name === undefined || job.scenario.toLowerCase() === name || job.name === name) &&
    (types === undefined || types.includes(objectTypeOf(job).toLowerCase())) &&
    (fabric === undefined || job.target.id.toLowerCase().startsWith(`${fabric}/`));
}

function allowedActions({ state, cancel, restart, resume }: Job): string[] {
  if (state === 'InProgress') return cancel ? ['Cancel'] : [];
  if (state === 'Suspended') return [...(resume ? ['Resume'] : []), ...(cancel ? ['Cancel'] : [])];
  return state === 'Failed' && restart ? ['Restart'] : [];
}

function objectTypeOf({ target }: Job): string {
  if (/\/replicationMigrationItems\//i.test(target.id)) return 'MigrationItem';
  return /\/replicationProtectedItems\//i.test(target.id) ? 'ProtectionEntity' : 'Vault';
}

export function jobIdOf({ vaultId, name }: Pick<Job, 'vaultId' | 'name'>): string {
  return `${vaultId.replace('/subscriptions/', '/Subscriptions/')}/replicationJobs/${name}`;
}

export function jobView(job: Job): object {
  const { scenario, target, state, startedAt, endedAt, error, details } = job;
  const errors = error ? [errorView(job, error)] : [];
  return {
    id: jobIdOf(job),
    name: job.name,
    type: `${NAMESPACE}/vaults/replicationJobs`,
    properties: {
      activityId: job.name,
      scenarioName: scenario,
      friendlyName: SCENARIOS[scenario],
      state,
      stateDescription: state,
      tasks: [
        {
          taskId: `${job.name}-1`,
          name: scenario,
          friendlyName: SCENARIOS[scenario],
          state,
          stateDescription: state,
          taskType: 'TaskType',
          startTime: iso(startedAt),
          ...(endedAt === undefined ? {} : { endTime: iso(endedAt) }),
          allowedActions: allowedActions(job),
          errors,
        },
      ],
      errors,
      startTime: iso(startedAt),
      ...(endedAt === undefined ? {} : { endTime: iso(endedAt) }),
      allowedActions: allowedActions(job),
      targetObjectId: target.id,
      targetObjectName: target.name,
      targetInstanceType: objectTypeOf(job),
      customDetails: { instanceType: 'AsrJobDetails', affectedObjectDetails: {}, ...details },
    },
  };
}

function errorView({ name, endedAt }: Job, { code, message }: ArmError): object {
  return {
    errorLevel: 'Error',
    taskId: `${name}-1`,
    creationTime: iso(endedAt ?? 0),
    serviceErrorDetails: {
      code,
      message,
      possibleCauses: 'The message names it.',
      recommendedAction: 'Put right what the message names, then restart the job.',
      activityId: name,
    },
  };
}
