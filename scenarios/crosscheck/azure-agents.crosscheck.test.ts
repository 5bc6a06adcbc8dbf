/** Agent-based protection, Hyper-V and server sites of `drylift serve azure`, judged by the official clients. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Seen, seenByClient } from './azure-migrate/served-client.ts';

/** The longest wait, ten minutes for a migration, takes fifteen seconds. */
const PACE = 40;

let seen: Seen;
beforeAll(async () => {
  seen = await seenByClient('agents.ts', { seed: 'azure-agents crosscheck', machines: 8, pace: PACE });
}, 240_000);
afterAll(() => seen?.stop());

test('no client stopped in the middle', () => seen.expectNoStop());

describe('@azure/arm-recoveryservices-siterecovery', () => {
  test('finds the process server of a fabric, and the same as an appliance', () => {
    seen.expect({
      'agents: fabric': ['InMageRcm', true],
      'agents: process server': [true, 'Normal', true, true, 'Healthy', 1],
      'agents: appliance': ['InMageRcm', 'ps-1'],
    });
  });

  test('enables protection, which waits for an agent, and takes it back', () => {
    seen.expect({
      'agents: enabling': ['Enabling', ['DisableProtection']],
      'agents: its job': 'EnableProtection',
      'agents: a process server of nobody': '400 BadRequest',
      'agents: purged': '404 ResourceNotFound',
    });
  });

  test('tests, migrates and stops an item that an agent protects', () => {
    seen.expect({
      'agents: item': [
        'Protected',
        'Normal',
        [
          'DisableProtection',
          'TestFailover',
          'UnplannedFailover',
          'SwitchProcessServer',
          'UpdateMobilityService',
        ],
      ],
      'agents: its details': ['ps-1', '9.62.0.0', 'true', true, 'true', 'true', true],
      'agents: points': ['CrashConsistent', 'CrashConsistent'],
      'agents: updated': 'Standard_D2s_v3',
      'agents: agent upgrade': 'Started',
      'agents: resync of one that needs none': '409 OperationNotAllowedInState',
      'agents: tested': ['TestCleanupPending', ['TestFailoverCleanup']],
      'agents: cleaned up': 'None',
      'agents: migrated': ['Migrated', ['DisableProtection']],
      'agents: after the end of replication': '404 ResourceNotFound',
    });
  });
});

test('@azure/arm-migrate groups and assesses machines of Hyper-V hosts and servers, in euros', () => {
  seen.expect({
    'sdk-hyperv: inventory': [200, 1],
    'sdk-servers: inventory': [200, 1],
    'sdk-hyperv: collector': true,
    'sdk-servers: collectors': 1,
    'other sites: machines': [
      ['hv-1', 2, 4096, 'EFI'],
      ['metal-1', 8, 32_768, 'BIOS'],
    ],
    'other sites: assessment': ['Completed', 'EUR', 2, true],
    'other sites: assessed': [
      ['hv-1', expect.any(String), 1],
      ['metal-1', expect.any(String), 1],
    ],
  });
});
