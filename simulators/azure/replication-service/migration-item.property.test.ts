import { describe, expect, test } from 'vitest';
import {
  allowedOperations,
  commandFor,
  isUnderWay,
  type MigrationEvent,
  type MigrationState,
  NEXT,
  step,
} from './migration-item.ts';

const STATES = Object.keys(NEXT) as MigrationState[];
const EVENTS = [...new Set(STATES.flatMap((s) => Object.keys(NEXT[s])))] as MigrationEvent[];

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

describe('migration item', () => {
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
      if (!['EnableMigrationFailed', 'DisableMigrationInProgress', 'Removed'].includes(state))
        expect(able).toContain(state);
  });

  test('a cycle that is being applied can end in whatever state its item has come to meanwhile', () => {
    // what cannot happen before it has ended
    const after: MigrationEvent[] = [
      'cycleBegun',
      'cycleApplied',
      'quiet',
      'migrated',
      'seedingFailed',
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

  test('while seeding only stopping is allowed', () => {
    expect(allowedOperations('InitialSeedingInProgress')).toEqual(['DisableMigration']);
  });

  test('a replicating machine can be migrated, paused or stopped', () => {
    expect(allowedOperations('Replicating')).toEqual(['DisableMigration', 'Migrate', 'PauseReplication']);
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
