import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AgentState,
  allowedOnProtected,
  NEXT_AGENT,
  NEXT_PROTECTION,
  type ProtectionState,
  type TestState,
} from './protected-item.ts';

const STATES = Object.keys(NEXT_PROTECTION) as ProtectionState[];
const AGENT_STATES = Object.keys(NEXT_AGENT) as AgentState[];
const TEST_STATES: readonly TestState[] = ['None', 'Testing', 'TestCleanupPending'];

/** Column "allowed" of replication.md, 11.2, written down apart from the code. */
const DISABLE = ['Enabling', 'Registering', 'EnableFailed', 'SeedQueued', 'Seeding', 'Protected', 'Migrated'];
const RESYNC = ['ResyncRequired', 'PreparedForResynchronization', 'StartedResynchronization'];

function expected(state: ProtectionState, test: TestState, hasPoint: boolean, agent: AgentState): string[] {
  if (test !== 'None') return test === 'Testing' ? [] : ['TestFailoverCleanup'];
  const resyncs = RESYNC.includes(state);
  return [
    ...(DISABLE.includes(state) || resyncs ? ['DisableProtection'] : []),
    ...(hasPoint && (state === 'Protected' || resyncs) ? ['TestFailover', 'UnplannedFailover'] : []),
    ...(resyncs ? ['Resynchronize'] : []),
    ...(state === 'Protected' ? ['SwitchProcessServer'] : []),
    ...(state === 'Protected' && agent === 'Available' ? ['UpdateMobilityService'] : []),
  ];
}

describe('a protected item', () => {
  test('allows what the documented table allows, for every standing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...STATES),
        fc.constantFrom(...TEST_STATES),
        fc.boolean(),
        fc.constantFrom(...AGENT_STATES),
        (state, testState, hasPoint, agentState) => {
          expect(allowedOnProtected({ state, testState, hasPoint, agentState })).toEqual(
            expected(state, testState, hasPoint, agentState),
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('every state leads to known ones, and all to removal', () => {
    const found = new Set<ProtectionState>(['Removed']);
    for (let grew = true; grew; ) {
      grew = false;
      for (const state of STATES)
        if (!found.has(state) && Object.values(NEXT_PROTECTION[state]).some((next) => found.has(next))) {
          found.add(state);
          grew = true;
        }
    }
    expect([...found].sort()).toEqual([...STATES].sort());
  });

  test('an agent’s upgrade always comes to an end', () => {
    for (const state of AGENT_STATES) {
      expect(Object.keys(NEXT_AGENT[state]).length).toBeGreaterThan(0);
      for (const next of Object.values(NEXT_AGENT[state])) expect(AGENT_STATES).toContain(next);
    }
  });
});
