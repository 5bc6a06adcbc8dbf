/** What a person's operation and a target's outcome mean to an item, and how what has no place is refused. */
import { ArmError } from '../arm/provider.ts';
import {
  type AllowedOperation,
  allowedOperations,
  isTestUnderWay,
  type MigrationEvent,
  type Standing,
  type TestEvent,
} from './migration-item.ts';
import type { MigrationItem, Outcome } from './replicated-item.ts';
import type { Target } from './target.ts';

/** Operations on the axis of the migration; those of its test have functions of their own. */
export type MainOperation = Exclude<AllowedOperation, 'TestMigrate' | 'TestMigrateCleanup'>;

export const EVENTS: Readonly<Record<MainOperation, MigrationEvent>> = {
  DisableMigration: 'disable',
  Migrate: 'migrate',
  StartResync: 'resync',
  PauseReplication: 'pause',
  ResumeReplication: 'resume',
};

export const MIGRATED_EVENTS: Readonly<Record<Target['status'], MigrationEvent>> = {
  Succeeded: 'migrated',
  CompletedWithInformation: 'migratedWithNotes',
  PartiallySucceeded: 'migratedInPart',
};

export const TESTED_EVENTS: Readonly<Record<Outcome['status'], TestEvent>> = {
  Succeeded: 'tested',
  CompletedWithInformation: 'testedWithNotes',
  PartiallySucceeded: 'testedInPart',
  Failed: 'testFailed',
};

/** @throws ArmError 409 with the state and what it allows */
export function requireAllowed(item: MigrationItem, operation: AllowedOperation): void {
  if (!allowedOperations(item).includes(operation)) throw refusal(item, operation);
}

export function refusal(item: MigrationItem & Standing, what: string): ArmError {
  const allowed = allowedOperations(item).join(', ') || 'none';
  const test = isTestUnderWay(item.testState) ? `, its test in ${item.testState}` : '';
  const repair = item.resyncRequired ? ', and its disks have to be copied again' : '';
  return new ArmError(
    409,
    'OperationNotAllowedInState',
    `'${what}' is not possible: ${item.name} is in the state ${item.state}${test}${repair}. Allowed operations: ${allowed}.`,
  );
}
