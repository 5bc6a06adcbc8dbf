/**
 * What is done with a migration item, as a long-running operation and as a job that shows it. Who steers items
 * (migration-items.ts) says what is to be done and how it came out.
 */
import { SECOND } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { type ArmAnswer, ArmError, type ArmOperation } from '../arm/provider.ts';
import type { HealthIssue, MigrationItem } from '../replication-service/replicated-item.ts';
import type { Job, JobOutcome, Jobs, Scenario } from './jobs.ts';

const RETRY_AFTER_SECONDS = 30;
/** Who joins a job ends after it. */
const JOINED_MS = 5 * SECOND;

/** Jobs that a scenario may make fail at their end. */
const FAULTS: ReadonlyArray<readonly [Scenario, string]> = [
  ['EnableMigration', 'the service prepares the replication of a machine'],
  ['DisableMigration', 'the service removes what it holds of a machine'],
  ['TestMigrate', 'the service makes a test machine'],
  ['TestMigrateCleanup', 'the service removes a test machine'],
  ['Migrate', 'the service begins a migration'],
];
/** Of which these are judged where they begin, not at their end. */
const JUDGED_EARLY: ReadonlySet<Scenario> = new Set<Scenario>(['DisableMigration', 'Migrate']);

export function declareJobFaults({ faults }: SimulatorContext): void {
  faults.declare(
    FAULTS.map(([scenario, says]) => ({ name: `azure.job.${scenario}`, says, answers: ['fail'] })),
  );
}

/** Is the job to fail? @param name of the item */
export function jobFault(
  { faults }: SimulatorContext,
  scenario: Scenario,
  name: string,
): ArmError | undefined {
  const hit = faults.hit(`azure.job.${scenario}`, name);
  return (
    hit &&
    new ArmError(
      500,
      'InternalServerError',
      `An internal error has occurred in the job ${scenario} of ${name}.`,
    )
  );
}

export interface ItemOperation
  extends Pick<ArmOperation, 'takesMs' | 'endEarly'>,
    Partial<Pick<Job, 'restart' | 'cancel'>> {
  /** The first answer shows the item. */
  readonly body?: boolean;
  /** A repetition: the job that does it already is joined. */
  readonly joins?: boolean;
  /** Does the work at its end, and says how it came out. @throws ArmError: it failed */
  run?(fault: ArmError | undefined): JobOutcome | undefined;
}

export function itemOperation(
  { jobs, context, view }: { jobs: Jobs; context: SimulatorContext; view: (item: MigrationItem) => object },
  item: MigrationItem,
  scenario: Scenario,
  given: ItemOperation,
): ArmAnswer {
  let end: (() => void) | undefined;
  const { cancel, restart } = given;
  const running = given.joins ? jobs.runningOn(item.vaultId, item.armId) : undefined;
  const target = { id: item.armId, name: item.machine.displayName, instanceType: 'VMwareCbt' };
  const job =
    running ??
    jobs.begin(item.vaultId, scenario, target, {
      ...(restart ? { restart } : {}),
      ...(cancel
        ? {
            cancel() {
              cancel();
              end?.();
            },
          }
        : {}),
    });
  const isMine = running === undefined;
  const isJudged = isMine && !JUDGED_EARLY.has(scenario) && FAULTS.some(([name]) => name === scenario);
  return {
    operation: {
      takesMs: given.takesMs + (isMine ? 0 : JOINED_MS),
      ...(given.body ? { body: view(item) } : {}),
      endEarly(told) {
        end = told;
        given.endEarly?.(told);
      },
      status: 202,
      location: true,
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      run() {
        try {
          const fault = isJudged ? jobFault(context, scenario, item.name) : undefined;
          const outcome = given.run?.(fault) ?? 'Succeeded';
          if (isMine) jobs.end(job, outcome);
        } catch (error) {
          if (isMine && error instanceof ArmError) jobs.end(job, error);
          throw error;
        }
        return scenario === 'DisableMigration' ? undefined : view(item);
      },
    },
  };
}

/** @throws ArmError when it failed */
export function outcomeOf(
  status: JobOutcome | 'Failed' | undefined,
  issue: HealthIssue | undefined,
): JobOutcome {
  if (status === undefined || status === 'Failed')
    throw new ArmError(
      409,
      issue?.code ?? 'InternalServerError',
      issue?.message ?? 'It did not come to its end.',
    );
  return status;
}

export function cancelled(item: MigrationItem): ArmError {
  return new ArmError(409, 'JobCancelled', `The job of ${item.name} was cancelled.`);
}

export function notDone(item: MigrationItem): ArmError {
  return new ArmError(409, 'OperationNotAllowedInState', `${item.name} is in the state ${item.state}.`);
}

export function issueOf({ code, message }: ArmError): HealthIssue {
  return {
    code,
    message,
    cause: code === 'JobCancelled' ? 'Somebody asked for that.' : 'The service met an internal error.',
    remedy: 'Try again; replication goes on meanwhile.',
  };
}
