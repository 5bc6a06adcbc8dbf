/**
 * Life of an agent-based protected item, as tables (replication.md, 11.2, 11.4; its names are ours, its behaviour
 * the documented one). Pure. Beside the protection itself there is the test of it, and the upgrade of its agent.
 */

export type ProtectionState =
  | 'Enabling'
  | 'Registering'
  | 'EnableFailed'
  | 'SeedQueued'
  | 'Seeding'
  | 'Protected'
  | 'ResyncRequired'
  | 'PreparedForResynchronization'
  | 'StartedResynchronization'
  | 'Migrating'
  | 'Migrated'
  | 'Removing'
  | 'Disabling'
  | 'Removed';

export type ProtectionEvent =
  | 'installed'
  | 'installFailed'
  | 'registered'
  | 'slot' // one of the three disks at a time that seeding has
  | 'seeded'
  | 'resyncFlagged'
  | 'resync'
  | 'resyncStarted'
  | 'resynced'
  | 'migrate'
  | 'migrated'
  | 'migrateFailed'
  | 'stop'
  | 'disable'
  | 'removed';

/** Of the test failover. */
export type TestState = 'None' | 'Testing' | 'TestCleanupPending';

/** Operations a person may ask for, in the portal's words for this API. */
export type ProtectedOperation =
  | 'DisableProtection'
  | 'TestFailover'
  | 'TestFailoverCleanup'
  | 'UnplannedFailover'
  | 'Resynchronize'
  | 'SwitchProcessServer'
  | 'UpdateMobilityService';

export interface ProtectedStanding {
  readonly state: ProtectionState;
  readonly testState: TestState;
  /** There is a recovery point that a machine can be made from. */
  readonly hasPoint: boolean;
  readonly agentState: AgentState;
}

type Transitions = Readonly<Partial<Record<ProtectionEvent, ProtectionState>>>;

const RESYNC: Transitions = { resynced: 'Protected', migrate: 'Migrating', disable: 'Disabling' };

export const NEXT_PROTECTION: Readonly<Record<ProtectionState, Transitions>> = {
  Enabling: { installed: 'Registering', installFailed: 'EnableFailed', disable: 'Disabling' },
  Registering: { registered: 'SeedQueued', installFailed: 'EnableFailed', disable: 'Disabling' },
  EnableFailed: { disable: 'Disabling' },
  SeedQueued: { slot: 'Seeding', disable: 'Disabling' },
  Seeding: { seeded: 'Protected', resyncFlagged: 'ResyncRequired', disable: 'Disabling' },
  Protected: { resyncFlagged: 'ResyncRequired', migrate: 'Migrating', disable: 'Disabling' },
  ResyncRequired: { ...RESYNC, resync: 'PreparedForResynchronization' },
  PreparedForResynchronization: { ...RESYNC, resyncStarted: 'StartedResynchronization' },
  StartedResynchronization: { ...RESYNC, resyncFlagged: 'ResyncRequired' },
  Migrating: { migrated: 'Migrated', migrateFailed: 'Protected' },
  Migrated: { stop: 'Removing' },
  Removing: { removed: 'Removed' },
  Disabling: { removed: 'Removed' },
  Removed: {},
};

export function stepProtection(state: ProtectionState, event: ProtectionEvent): ProtectionState | undefined {
  return NEXT_PROTECTION[state][event];
}

/** States whose disks are being copied again: only points made before count. */
const RESYNCING: ReadonlySet<ProtectionState> = new Set<ProtectionState>([
  'ResyncRequired',
  'PreparedForResynchronization',
  'StartedResynchronization',
]);

/** What may be asked for now. */
export function allowedOnProtected({
  state,
  testState,
  hasPoint,
  agentState,
}: ProtectedStanding): ProtectedOperation[] {
  // a test that is under way or waits for its clean-up stands in the way of all else; replication goes on
  if (testState === 'Testing') return [];
  if (testState === 'TestCleanupPending') return ['TestFailoverCleanup'];
  const allowed: ProtectedOperation[] = [];
  if ('disable' in NEXT_PROTECTION[state] || state === 'Migrated') allowed.push('DisableProtection');
  if (hasPoint && (state === 'Protected' || RESYNCING.has(state)))
    allowed.push('TestFailover', 'UnplannedFailover');
  if (RESYNCING.has(state)) allowed.push('Resynchronize');
  if (state === 'Protected') {
    allowed.push('SwitchProcessServer');
    if (agentState === 'Available') allowed.push('UpdateMobilityService');
  }
  return allowed;
}

/** Of the Mobility agent's version. */
export type AgentState = 'UpToDate' | 'Available' | 'Blocked' | 'Started' | 'Completed' | 'Failed';

export type AgentEvent = 'newer' | 'blocked' | 'unblocked' | 'start' | 'installed' | 'committed' | 'failed';

export const NEXT_AGENT: Readonly<Record<AgentState, Readonly<Partial<Record<AgentEvent, AgentState>>>>> = {
  UpToDate: { newer: 'Available', blocked: 'Blocked' },
  Available: { start: 'Started', blocked: 'Blocked' },
  Blocked: { unblocked: 'Available' },
  Started: { installed: 'Completed', failed: 'Available' },
  Completed: { committed: 'UpToDate', failed: 'Failed' },
  Failed: { newer: 'Available' },
};
