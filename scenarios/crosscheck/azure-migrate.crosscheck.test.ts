/** `drylift serve azure` and the estate in it, judged by the official clients of Migrate, Recovery Services and Site Recovery. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Seen, seenByClient } from './azure-migrate/served-client.ts';

/** The longest wait, five minutes for a test machine, takes ten seconds. */
const PACE = 30;
const MACHINES = 6;

let seen: Seen;
beforeAll(async () => {
  seen = await seenByClient('client.ts', {
    seed: 'azure-migrate crosscheck',
    machines: MACHINES,
    pace: PACE,
  });
}, 240_000);
afterAll(() => seen?.stop());

test('no client stopped in the middle', () => seen.expectNoStop());

describe('@azure/arm-migrate', () => {
  test('finds the project, its machines and a completed assessment with its workbook', () => {
    seen.expect({
      'migrate: projects': [['move', 'Active']],
      'migrate: machines': MACHINES,
      'migrate: a machine has': [true, true, true, 1],
      'migrate: preloaded assessment': ['Completed', MACHINES, true, true],
      'migrate: report is a workbook': true,
      'migrate: options': true,
      'migrate: collector': true,
    });
  });

  test('makes a group, assesses it, and is told when the assessment is out of sync', () => {
    seen.expect({
      'migrate: group': ['Created', 0],
      'migrate: machines in the group': 2,
      'migrate: an old eTag': '412 PreconditionFailed',
      'migrate: assessment made': 'Created',
      'migrate: assessment computed': ['Completed', 2],
      'migrate: assessed machines': [
        [true, true, true],
        [true, true, true],
      ],
      'migrate: assessment after a change of the group': 'OutOfSync',
      'migrate: recalculated': 'Percentile50',
      'migrate: all assessments': 2,
      'migrate: a percentile that there is not': '400 InvalidRequestContent',
      'migrate: group deleted': '404 ResourceNotFound',
    });
  });

  test('sees servers that came from a list, brought by @azure/storage-blob', () => {
    seen.expect({
      'import: outcome': ['CompletedWithErrors', 1, expect.stringContaining('Line 3, Cores')],
      'import: machine in the project': true,
    });
  });
});

test('@azure/arm-recoveryservices keeps a vault and registers with it', () => {
  seen.expect({
    'vault: listed': ['rehearsal-vault'],
    'vault: made': ['sdk-vault', 'Succeeded'],
    'vault: changed': { a: 'b' },
    'vault: registered': 'AzureActiveDirectory',
    'vault: usages': [
      ['RegisteredServers', 1],
      ['ProtectedItems', 0],
    ],
    'vault: protected items': 5,
    'vault: extended': 'None',
    'vault: deleted': '404 ResourceNotFound',
    'vault: one that holds something': '409 ServiceResourceNotEmptyWithContainerDetails',
    'vault: among the deleted': [true, 14],
    'vault: had back': { a: 'b' },
    'vault: not among the deleted any more': 0,
  });
});

describe('@azure/arm-recoveryservices-siterecovery', () => {
  test('finds the fabric, its items in their states, and recovery points', () => {
    seen.expect({
      'recovery: fabrics': [
        ['rehearsal-fabric', 'VMwareV2'],
        ['rehearsal-agents', 'InMageRcm'],
      ],
      // nobody lives in its place: a quarter of an hour of the story later it counts as gone
      'recovery: appliance': expect.stringMatching(/^(?:Not)?Connected$/),
      'recovery: items': [
        ['Replicating', ['DisableMigration', 'TestMigrate', 'Migrate', 'PauseReplication']],
        ['InitialSeedingInProgress', ['DisableMigration']],
        ['MigrationSucceeded', ['DisableMigration', 'ResumeReplication']],
        ['ProtectionSuspended', ['DisableMigration', 'ResumeReplication']],
      ],
      'recovery: details of an item': ['VMwareCbt', true, true, expect.any(String)],
      'recovery: points': ['CrashConsistent', 'CrashConsistent', 'CrashConsistent'],
    });
  });

  test('makes and removes policies and mappings', () => {
    seen.expect({
      'recovery: mapping': ['Paired', 'sdk-policy'],
      'recovery: policy deleted': '404 ResourceNotFound',
    });
  });

  test('tests a migration: a machine is there, and gone after the clean-up', () => {
    seen.expect({
      'recovery: test while seeding': '409 OperationNotAllowedInState',
      'recovery: test of a point that there is not': '400 BadRequest',
      'recovery: tested': [
        'TestMigrationSucceeded',
        ['DisableMigration', 'TestMigrateCleanup', 'Migrate', 'PauseReplication'],
      ],
      'recovery: test machine has disks': true,
      'recovery: cleaned up': 'None',
      'recovery: test machine after that': '404 ResourceNotFound',
    });
  });

  test('steers items, and follows and cancels what is done', () => {
    seen.expect({
      'recovery: updated': 'Standard_D2s_v3',
      'recovery: job': ['Migrate', ['Cancel']],
      'recovery: job cancelled': 'Cancelled',
      'recovery: migration that was cancelled': expect.stringContaining('cancelled'),
      'recovery: and its item': 'MigrationFailed',
      'recovery: jobs exported': 1,
      'recovery: resumed': 'ResumeInitiated',
      'recovery: pause of a resumed one': '409 OperationNotAllowedInState',
      'recovery: disabled': '404 ResourceNotFound',
      'recovery: an item that there is not': '404 ResourceNotFound',
    });
  });

  test('reads events and health, and sets alerts', () => {
    seen.expect({
      'recovery: events': true,
      'recovery: health': 3,
      'recovery: alerts': ['ops@corp.test'],
    });
  });
});
