/**
 * Life of an agentless migration item, as tables (states and allowed operations of Microsoft.RecoveryServices
 * replicationMigrationItems; replication.md, 11.1). Pure: an event and a state give the next state, or nothing.
 *
 * There are two axes: the migration itself, and the test of it, which goes on beside replication. What a person
 * may ask for depends on both, and on whether the source lost track of its changes.
 */

export type MigrationState =
  | 'EnableMigrationInProgress'
  | 'EnableMigrationFailed'
  | 'InitialSeedingInProgress'
  | 'InitialSeedingFailed'
  | 'Replicating'
  | 'SuspendingProtection'
  | 'ProtectionSuspended'
  | 'ResumeInitiated'
  | 'ResumeInProgress'
  | 'MigrationInProgress'
  | 'MigrationFailed'
  | 'MigrationSucceeded'
  | 'MigrationCompletedWithInformation'
  | 'MigrationPartiallySucceeded'
  | 'DisableMigrationInProgress'
  | 'DisableMigrationFailed'
  | 'Removed';

export type MigrationEvent =
  | 'provisioned'
  | 'provisionFailed'
  | 'cycleBegun'
  | 'cycleApplied'
  | 'seedingFailed'
  | 'resync'
  | 'pause'
  | 'quiet' // the cycle that was under way when the pause was asked for has ended
  | 'resume'
  | 'resumeFailed'
  | 'migrate'
  | 'migrated'
  | 'migratedWithNotes'
  | 'migratedInPart'
  | 'migrateFailed'
  | 'disable'
  | 'disableFailed'
  | 'removed';

export type TestMigrationState =
  | 'None'
  | 'TestMigrationInProgress'
  | 'TestMigrationSucceeded'
  | 'TestMigrationFailed'
  | 'TestMigrationCleanupInProgress'
  | 'TestMigrationCompletedWithInformation'
  | 'TestMigrationPartiallySucceeded';

export type TestEvent =
  | 'test'
  | 'tested'
  | 'testedWithNotes'
  | 'testedInPart'
  | 'testFailed'
  | 'cleanUp'
  | 'cleanedUp'
  | 'cleanUpFailed';

/** Operations a person may ask for, in the API's words. */
export type AllowedOperation =
  | 'DisableMigration'
  | 'TestMigrate'
  | 'TestMigrateCleanup'
  | 'Migrate'
  | 'StartResync'
  | 'PauseReplication'
  | 'ResumeReplication';

/** What decides about operations. */
export interface Standing {
  readonly state: MigrationState;
  readonly testState: TestMigrationState;
  /** The source lost track of its changes; its disks have to be copied again. */
  readonly resyncRequired: boolean;
  /** When the source was found powered off for a migration; undefined while it runs. */
  readonly poweredOffAt: number | undefined;
}

type Transitions = Readonly<Partial<Record<MigrationEvent, MigrationState>>>;

/** After a migration its machine stands in Azure: it is completed, or the source goes on. */
const MIGRATED: Transitions = { resume: 'ResumeInitiated', disable: 'DisableMigrationInProgress' };

export const NEXT: Readonly<Record<MigrationState, Transitions>> = {
  EnableMigrationInProgress: {
    provisioned: 'InitialSeedingInProgress',
    provisionFailed: 'EnableMigrationFailed',
  },
  EnableMigrationFailed: { disable: 'DisableMigrationInProgress' },
  InitialSeedingInProgress: {
    cycleBegun: 'InitialSeedingInProgress',
    cycleApplied: 'Replicating',
    seedingFailed: 'InitialSeedingFailed',
    disable: 'DisableMigrationInProgress',
  },
  InitialSeedingFailed: { resync: 'InitialSeedingInProgress', disable: 'DisableMigrationInProgress' },
  Replicating: {
    cycleBegun: 'Replicating',
    cycleApplied: 'Replicating',
    pause: 'SuspendingProtection',
    migrate: 'MigrationInProgress',
    disable: 'DisableMigrationInProgress',
  },
  SuspendingProtection: {
    cycleApplied: 'SuspendingProtection',
    quiet: 'ProtectionSuspended',
    disable: 'DisableMigrationInProgress',
  },
  ProtectionSuspended: { resume: 'ResumeInitiated', disable: 'DisableMigrationInProgress' },
  ResumeInitiated: {
    cycleBegun: 'ResumeInProgress',
    cycleApplied: 'Replicating', // begun before, while the migration had failed
    disable: 'DisableMigrationInProgress',
  },
  ResumeInProgress: {
    cycleBegun: 'ResumeInProgress',
    cycleApplied: 'Replicating',
    resumeFailed: 'ProtectionSuspended',
    disable: 'DisableMigrationInProgress',
  },
  MigrationInProgress: {
    cycleBegun: 'MigrationInProgress',
    cycleApplied: 'MigrationInProgress',
    migrated: 'MigrationSucceeded',
    migratedWithNotes: 'MigrationCompletedWithInformation',
    migratedInPart: 'MigrationPartiallySucceeded',
    migrateFailed: 'MigrationFailed',
  },
  MigrationFailed: {
    cycleBegun: 'MigrationFailed',
    cycleApplied: 'MigrationFailed',
    migrate: 'MigrationInProgress',
    resume: 'ResumeInitiated',
    disable: 'DisableMigrationInProgress',
  },
  MigrationSucceeded: MIGRATED,
  MigrationCompletedWithInformation: MIGRATED,
  MigrationPartiallySucceeded: MIGRATED,
  DisableMigrationInProgress: {
    cycleApplied: 'DisableMigrationInProgress',
    disableFailed: 'DisableMigrationFailed',
    removed: 'Removed',
  },
  DisableMigrationFailed: {
    cycleApplied: 'DisableMigrationFailed',
    disable: 'DisableMigrationInProgress',
  },
  Removed: {},
};

type TestTransitions = Readonly<Partial<Record<TestEvent, TestMigrationState>>>;

const TESTED: TestTransitions = { cleanUp: 'TestMigrationCleanupInProgress' };

export const TEST_NEXT: Readonly<Record<TestMigrationState, TestTransitions>> = {
  None: { test: 'TestMigrationInProgress' },
  TestMigrationInProgress: {
    tested: 'TestMigrationSucceeded',
    testedWithNotes: 'TestMigrationCompletedWithInformation',
    testedInPart: 'TestMigrationPartiallySucceeded',
    testFailed: 'TestMigrationFailed',
  },
  TestMigrationSucceeded: TESTED,
  TestMigrationCompletedWithInformation: TESTED,
  TestMigrationPartiallySucceeded: TESTED,
  TestMigrationFailed: { test: 'TestMigrationInProgress', cleanUp: 'TestMigrationCleanupInProgress' },
  TestMigrationCleanupInProgress: { cleanedUp: 'None', cleanUpFailed: 'TestMigrationFailed' },
};

/** The state after `event`; undefined when the event has no place in `state`. */
export function step(state: MigrationState, event: MigrationEvent): MigrationState | undefined {
  return NEXT[state][event];
}

const OPERATION_EVENTS: ReadonlyArray<readonly [AllowedOperation, MigrationEvent | TestEvent]> = [
  ['DisableMigration', 'disable'],
  ['TestMigrate', 'test'],
  ['TestMigrateCleanup', 'cleanUp'],
  ['Migrate', 'migrate'],
  ['StartResync', 'resync'],
  ['PauseReplication', 'pause'],
  ['ResumeReplication', 'resume'],
];

/** What may be asked for now. */
export function allowedOperations(standing: Standing): AllowedOperation[] {
  return OPERATION_EVENTS.filter(([operation, event]) => isAllowed(standing, operation, event)).map(
    ([operation]) => operation,
  );
}

function isAllowed(
  { state, testState, resyncRequired, poweredOffAt }: Standing,
  operation: AllowedOperation,
  event: MigrationEvent | TestEvent,
): boolean {
  const isReplicating = state === 'Replicating';
  // until its disks have been copied again there is nothing whole that could be tested, migrated or kept
  if (isReplicating && resyncRequired) return operation === 'DisableMigration' || operation === 'StartResync';
  const inState = event in NEXT[state];
  switch (operation) {
    case 'TestMigrate':
    case 'TestMigrateCleanup':
      return isReplicating && event in TEST_NEXT[testState];
    case 'Migrate':
      return inState && !isTestUnderWay(testState);
    case 'ResumeReplication': // a migration that failed while its source runs goes on replicating anyway
      return inState && (state !== 'MigrationFailed' || poweredOffAt !== undefined);
    default:
      return inState;
  }
}

export function isTestUnderWay(testState: TestMigrationState): boolean {
  return testState === 'TestMigrationInProgress' || testState === 'TestMigrationCleanupInProgress';
}

/** States that end by themselves; the operation that led to one may be repeated (replication.md, 11). */
const UNDER_WAY: ReadonlySet<MigrationState> = new Set<MigrationState>([
  'InitialSeedingInProgress',
  'SuspendingProtection',
  'ResumeInitiated',
  'ResumeInProgress',
  'MigrationInProgress',
  'DisableMigrationInProgress',
]);

export function isUnderWay(state: MigrationState): boolean {
  return UNDER_WAY.has(state);
}

/** What the appliance is told to do; undefined: nothing, while a cycle that it has under way may end. */
export function commandFor(state: MigrationState): 'replicate' | 'cutover' | 'stop' | undefined {
  switch (state) {
    case 'InitialSeedingInProgress':
    case 'Replicating':
    case 'ResumeInitiated':
    case 'ResumeInProgress':
    case 'MigrationFailed':
      return 'replicate';
    case 'MigrationInProgress':
      return 'cutover';
    case 'DisableMigrationInProgress':
      return 'stop';
    default:
      return undefined;
  }
}
