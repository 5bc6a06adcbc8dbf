/**
 * Life of an agentless migration item, as one table (states and allowed operations of Microsoft.RecoveryServices
 * replicationMigrationItems; replication.md, 11.1). Pure: an event and a state give the next state, or nothing.
 *
 * The axis of test migrations is not offered yet; TestMigrate is refused and never listed as allowed.
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
  | 'DisableMigrationInProgress'
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
  | 'migrate'
  | 'migrated'
  | 'migrateFailed'
  | 'disable'
  | 'removed';

/** Operations a person may ask for, in the API's words. */
export type AllowedOperation =
  | 'DisableMigration'
  | 'Migrate'
  | 'StartResync'
  | 'PauseReplication'
  | 'ResumeReplication';

type Transitions = Readonly<Partial<Record<MigrationEvent, MigrationState>>>;

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
    disable: 'DisableMigrationInProgress',
  },
  MigrationInProgress: {
    cycleBegun: 'MigrationInProgress',
    cycleApplied: 'MigrationInProgress',
    migrated: 'MigrationSucceeded',
    migrateFailed: 'MigrationFailed',
  },
  MigrationFailed: {
    cycleBegun: 'MigrationFailed',
    cycleApplied: 'MigrationFailed',
    migrate: 'MigrationInProgress',
    resume: 'ResumeInitiated',
    disable: 'DisableMigrationInProgress',
  },
  MigrationSucceeded: { resume: 'ResumeInitiated', disable: 'DisableMigrationInProgress' },
  DisableMigrationInProgress: { cycleApplied: 'DisableMigrationInProgress', removed: 'Removed' },
  Removed: {},
};

/** The state after `event`; undefined when the event has no place in `state`. */
export function step(state: MigrationState, event: MigrationEvent): MigrationState | undefined {
  return NEXT[state][event];
}

const OPERATION_EVENTS: ReadonlyArray<readonly [AllowedOperation, MigrationEvent]> = [
  ['DisableMigration', 'disable'],
  ['Migrate', 'migrate'],
  ['StartResync', 'resync'],
  ['PauseReplication', 'pause'],
  ['ResumeReplication', 'resume'],
];

/** What may be asked for now. */
export function allowedOperations(state: MigrationState): AllowedOperation[] {
  return OPERATION_EVENTS.filter(([, event]) => NEXT[state][event] !== undefined).map(
    ([operation]) => operation,
  );
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
