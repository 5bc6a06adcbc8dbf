import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AllowedOperation,
  allowedOperations,
  commandFor,
  isTestUnderWay,
  isUnderWay,
  type MigrationEvent,
  type MigrationState,
  NEXT,
  step,
  TEST_NEXT,
  type TestMigrationState,
} from './migration-item.ts';

const STATES = Object.keys(NEXT) as MigrationState[];
const TEST_STATES = Object.keys(TEST_NEXT) as TestMigrationState[];
const EVENTS = [...new Set(STATES.flatMap((s) => Object.keys(NEXT[s])))] as MigrationEvent[];

/** Column "allowed" of replication.md, 11.1, row by row and without its footnotes; written down apart from the code. */
const ALLOWED: Readonly<Record<MigrationState, string>> = {
  EnableMigrationInProgress: '',
  EnableMigrationFailed: 'DisableMigration',
  InitialSeedingInProgress: 'DisableMigration',
  InitialSeedingFailed: 'DisableMigration StartResync',
  Replicating: 'DisableMigration TestMigrate TestMigrateCleanup Migrate StartResync PauseReplication',
  SuspendingProtection: 'DisableMigration',
  ProtectionSuspended: 'DisableMigration ResumeReplication',
  ResumeInitiated: 'DisableMigration',
  ResumeInProgress: 'DisableMigration',
  MigrationInProgress: '',
  MigrationFailed: 'DisableMigration Migrate ResumeReplication',
  MigrationSucceeded: 'DisableMigration ResumeReplication',
  MigrationCompletedWithInformation: 'DisableMigration ResumeReplication',
  MigrationPartiallySucceeded: 'DisableMigration ResumeReplication',
  DisableMigrationInProgress: '',
  DisableMigrationFailed: 'DisableMigration',
  Removed: '',
};

/** The footnotes of that table. */
function footnoteForbids(
  operation: string,
  state: MigrationState,
  test: TestMigrationState,
  resyncRequired: boolean,
  isOff: boolean,
): boolean {
  if (state === 'Replicating' && resyncRequired)
    return !['DisableMigration', 'StartResync'].includes(operation);
  switch (operation) {
    case 'TestMigrate':
      return test !== 'None' && test !== 'TestMigrationFailed';
    case 'TestMigrateCleanup':
      return ['None', 'TestMigrationInProgress', 'TestMigrationCleanupInProgress'].includes(test);
    case 'Migrate':
      return ['TestMigrationInProgress', 'TestMigrationCleanupInProgress'].includes(test);
    case 'StartResync':
      return state === 'Replicating';
    case 'ResumeReplication':
      return state === 'MigrationFailed' && !isOff;
    default:
      return false;
  }
}

/** States from which `goal` can be reached, by walking the table. */
function reaches(goal: MigrationState): Set<MigrationState> {
  const found = new Set<MigrationState>([goal]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const state of STATES)
      if (!found.has(state) && Object.values(NEXT[state]).some((next) => found.has(next))) {
        found.add(state);
        grew = true;
      }
  }
  return found;
}

const atRest = { testState: 'None', resyncRequired: false, poweredOffAt: undefined } as const;

describe('migration item', () => {
  test('the operations allowed are those of the documented table with its footnotes, for every standing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...STATES),
        fc.constantFrom(...TEST_STATES),
        fc.boolean(),
        fc.option(fc.nat(), { nil: undefined }),
        (state, testState, resyncRequired, poweredOffAt) => {
          const expected = ALLOWED[state]
            .split(' ')
            .filter(
              (operation) =>
                operation !== '' &&
                !footnoteForbids(operation, state, testState, resyncRequired, poweredOffAt !== undefined),
            );
          expect(allowedOperations({ state, testState, resyncRequired, poweredOffAt })).toEqual(expected);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('every operation that is allowed leads somewhere', () => {
    const events: Readonly<Record<AllowedOperation, MigrationEvent | undefined>> = {
      DisableMigration: 'disable',
      TestMigrate: undefined,
      TestMigrateCleanup: undefined,
      Migrate: 'migrate',
      StartResync: 'resync',
      PauseReplication: 'pause',
      ResumeReplication: 'resume',
    };
    for (const state of STATES)
      for (const operation of allowedOperations({ ...atRest, state, poweredOffAt: 1 })) {
        const event = events[operation];
        if (event) expect([state, operation, step(state, event)]).not.toContain(undefined);
      }
  });

  test('every state and event has an answer: a known state, or a refusal', () => {
    for (const state of STATES)
      for (const event of EVENTS) {
        const next = step(state, event);
        if (next !== undefined) expect(STATES).toContain(next);
      }
  });

  test('every item can be removed, and none leaves the removed state', () => {
    expect([...reaches('Removed')].sort()).toEqual([...STATES].sort());
    expect(NEXT.Removed).toEqual({});
  });

  test('from every state but removal the migration can still succeed', () => {
    const able = reaches('MigrationSucceeded');
    for (const state of STATES)
      if (!/^(?:EnableMigrationFailed|DisableMigration\w+|Removed)$/.test(state))
        expect(able).toContain(state);
  });

  test('every test comes to an end, and every end of one can be cleaned up', () => {
    for (const state of TEST_STATES) {
      if (isTestUnderWay(state)) expect(Object.keys(TEST_NEXT[state]).length).toBeGreaterThan(1);
      else if (state !== 'None') expect(TEST_NEXT[state].cleanUp).toBe('TestMigrationCleanupInProgress');
    }
    expect(TEST_NEXT.TestMigrationCleanupInProgress.cleanedUp).toBe('None');
  });

  test('a cycle that is being applied can end in whatever state its item has come to meanwhile', () => {
    // what cannot happen before it has ended
    const after: MigrationEvent[] = [
      'cycleBegun',
      'cycleApplied',
      'quiet',
      'migrated',
      'migratedWithNotes',
      'migratedInPart',
      'seedingFailed',
      'resumeFailed',
      'removed',
    ];
    const found = new Set(
      STATES.map((state) => step(state, 'cycleBegun')).filter((state) => state !== undefined),
    );
    for (const state of found)
      for (const event of EVENTS) {
        const next = after.includes(event) ? undefined : step(state, event);
        if (next !== undefined) found.add(next);
      }
    expect([...found].filter((state) => step(state, 'cycleApplied') === undefined)).toEqual([]);
    expect(found.size).toBeGreaterThan(5);
  });

  test('an operation that was asked for is under way in the state that it leads to, and may be repeated there', () => {
    for (const state of STATES)
      for (const event of ['pause', 'resume', 'resync', 'migrate', 'disable'] as const) {
        const next = step(state, event);
        if (next !== undefined) expect([state, event, isUnderWay(next)]).toEqual([state, event, true]);
      }
  });

  test('a paused machine is not worked on', () => {
    expect(commandFor('SuspendingProtection')).toBeUndefined();
    expect(commandFor('ProtectionSuspended')).toBeUndefined();
  });

  test('the appliance is told to work exactly in the states in which cycles are taken', () => {
    for (const state of STATES) {
      const command = commandFor(state);
      if (command === 'replicate' || command === 'cutover') expect(step(state, 'cycleBegun')).toBeDefined();
      else if (step(state, 'cycleBegun') !== undefined)
        throw new Error(`${state} takes cycles but nobody is told to make them`);
    }
  });
});
