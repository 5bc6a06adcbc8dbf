/** How ARM shows migration items and their recovery points (azure.md, section 7). Booleans travel as text there. */
import { iso } from '../http.ts';
import { allowedOperations } from '../replication-service/migration-item.ts';
import type { Cycle, HealthIssue, MigrationItem, Outcome } from '../replication-service/replicated-item.ts';
import { NAMESPACE } from './ids.ts';
import { type Job, type Jobs, jobIdOf } from './jobs.ts';

/** Deltas that failed in a row before the machine is called critical rather than in doubt. */
const CRITICAL_AFTER = 3;
const CRITICAL_JOBS_SHOWN = 5;
const TYPE = `${NAMESPACE}/vaults/replicationFabrics/replicationProtectionContainers/replicationMigrationItems`;

/** @param jobs what is and was done with it */
export function migrationItemView(item: MigrationItem, jobs: Jobs): object {
  const { machine, progress, state, testState } = item;
  const applied = item.cycles.findLast((cycle) => cycle.state === 'Applied');
  const errors = issuesOf(item);
  return {
    id: item.armId,
    name: item.name,
    type: TYPE,
    properties: {
      machineName: machine.displayName,
      policyId: item.policyId,
      policyFriendlyName: item.policyId.split('/').at(-1) ?? '',
      recoveryServicesProviderId: providerIdOf(item),
      replicationStatus: progress.phase,
      migrationState: state,
      migrationStateDescription: descriptionOf(item),
      testMigrateState: testState,
      testMigrateStateDescription: testState === 'None' ? 'None' : wordsOf(testState),
      health: healthOf(item),
      healthErrors: errors,
      allowedOperations: allowedOperations(item),
      ...outcomeView('lastTestMigration', item.lastTest),
      ...outcomeView('lastMigration', item.lastMigration),
      ...jobsView(item, jobs),
      eventCorrelationId: item.itemId,
      providerSpecificDetails: {
        ...item.settings,
        targetVmName: item.targetVmName,
        targetResourceGroupId: item.targetResourceGroupId,
        instanceType: 'VMwareCbt',
        vmwareMachineId: item.machineArmId,
        osType: machine.osType,
        osName: machine.osName,
        firmwareType: machine.firmware,
        targetGeneration: machine.firmware === 'EFI' ? 'V2' : 'V1',
        ...(applied
          ? {
              lastRecoveryPointReceived: iso(applied.takenAt),
              lastRecoveryPointId: recoveryPointId(item, applied),
              migrationRecoveryPointId: recoveryPointId(item, applied),
            }
          : {}),
        ...progressPercentage(item),
        initialSeedingRetryCount: item.failures.initial,
        deltaSyncRetryCount: item.failures.delta,
        resyncRetryCount: item.failures.resync,
        resumeRetryCount: item.failures.resume,
        isCheckSumResyncCycle: String(item.cycles.at(-1)?.kind === 'resync'),
        resyncRequired: String(item.resyncRequired),
        resyncState: !item.resyncRequired
          ? 'None'
          : item.resyncStarted
            ? 'StartedResynchronization'
            : 'PreparedForResynchronization',
        performAutoResync: String(item.performAutoResync),
        operationName: progress.phase,
        gatewayOperationDetails: {
          state: progress.phase,
          progressPercentage: Math.round(progress.percent),
          hostName: machine.applianceName,
        },
        vmNics: nicViews(item),
        protectedDisks: item.disks.map((disk) => ({
          diskId: disk.diskId,
          diskName: disk.label,
          diskType: disk.diskType,
          diskPath: disk.path,
          isOSDisk: String(disk.isOsDisk),
          capacityInBytes: disk.capacityBytes,
          ...disk.echo,
          ...(disk.targetDiskName === undefined ? {} : { targetDiskName: disk.targetDiskName }),
          ...(disk.targetDiskId === undefined ? {} : { targetManagedDiskId: disk.targetDiskId }),
        })),
      },
    },
  };
}

/** "TestMigrationInProgress" → "Test migration in progress" */
function wordsOf(name: string): string {
  const words = name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return `${words[0]!.toUpperCase()}${words.slice(1)}`;
}

/** As the portal words it, with how far it is. */
function descriptionOf({ state, resyncRequired, resyncStarted, progress }: MigrationItem): string {
  const percent = `${Math.round(progress.percent)} %`;
  switch (state) {
    case 'InitialSeedingInProgress':
      return `Initial replication in progress (${percent})`;
    case 'Replicating':
      if (!resyncRequired) return 'Ready to migrate';
      return resyncStarted ? `Resynchronisation in progress (${percent})` : 'Repair pending';
    case 'SuspendingProtection':
      return 'Pause in progress';
    case 'ProtectionSuspended':
      return 'Paused';
    case 'ResumeInitiated':
      return 'Resume queued';
    case 'ResumeInProgress':
      return `Resume in progress (${percent})`;
    default:
      return wordsOf(state);
  }
}

export function healthOf(item: MigrationItem): 'Normal' | 'Warning' | 'Critical' {
  const { state, resyncRequired, resyncStarted, failures } = item;
  const waits = resyncRequired && !resyncStarted;
  if (state.endsWith('Failed') || waits || failures.delta >= CRITICAL_AFTER) return 'Critical';
  return issuesOf(item).length === 0 ? 'Normal' : 'Warning';
}

function outcomeView(name: string, outcome: Outcome | undefined): object {
  return outcome === undefined ? {} : { [`${name}Time`]: iso(outcome.at), [`${name}Status`]: outcome.status };
}

/** The appliance, as the provider of the fabric (vault-resources.ts). */
function providerIdOf({ armId, machine }: MigrationItem): string {
  const fabric = armId.slice(0, armId.toLowerCase().indexOf('/replicationprotectioncontainers/'));
  return `${fabric}/replicationRecoveryServicesProviders/${machine.applianceName}`;
}

function jobsView({ vaultId, armId }: MigrationItem, jobs: Jobs): object {
  const running = jobs.runningOn(vaultId, armId);
  const view = (job: Job) => ({ jobName: job.scenario, jobId: jobIdOf(job), startTime: iso(job.startedAt) });
  return {
    currentJob: running ? view(running) : { jobName: 'None', jobId: jobIdOf({ vaultId, name: 'None' }) },
    criticalJobHistory: jobs
      .failedOn(vaultId, armId)
      .slice(0, CRITICAL_JOBS_SHOWN)
      .map((job) => ({ ...view(job), jobStatus: job.state })),
  };
}

type NicSettings = ReadonlyArray<Readonly<Record<string, string>> & { readonly nicId: string }>;

/** Adapters as they are at the source, and what was chosen for them. */
function nicViews({ machine, settings }: MigrationItem): object[] {
  const chosen = (settings['vmNics'] ?? []) as NicSettings;
  return machine.nics.map(({ nicId, ipAddresses, networkName }, i) => {
    const { targetStaticIPAddress, testStaticIPAddress, ...rest } =
      chosen.find((nic) => nic.nicId === nicId) ?? ({} as Readonly<Record<string, string>>);
    const address = (name: string, given: string | undefined) =>
      given === undefined
        ? { [`${name}IPAddressType`]: 'Dynamic' }
        : { [`${name}IPAddress`]: given, [`${name}IPAddressType`]: 'Static' };
    return {
      nicId,
      isPrimaryNic: String(i === 0),
      sourceIPAddress: ipAddresses.join(','),
      sourceIPAddressType: 'Dynamic',
      sourceNetworkId: networkName,
      isSelectedForMigration: 'true',
      ...rest,
      ...address('target', targetStaticIPAddress),
      ...address('test', testStaticIPAddress),
    };
  });
}

/** The appliance's figure, under the name of what is going on. */
function progressPercentage({ state, cycles, progress }: MigrationItem): object {
  const percent = Math.round(progress.percent);
  switch (state) {
    case 'InitialSeedingInProgress':
      return { initialSeedingProgressPercentage: percent };
    case 'ResumeInProgress':
      return { resumeProgressPercentage: percent };
    case 'MigrationInProgress':
      return { migrationProgressPercentage: percent };
    case 'Replicating': {
      const last = cycles.at(-1);
      const isRepair = last?.kind === 'resync' && last.state !== 'Applied';
      return isRepair ? { resyncProgressPercentage: percent } : { deltaSyncProgressPercentage: percent };
    }
    default:
      return {};
  }
}

/** As `HealthError` of the published API. */
interface IssueView {
  readonly errorCode: string;
  readonly summaryMessage: string;
  readonly [member: string]: string;
}

export function issuesOf(item: MigrationItem): IssueView[] {
  const issues = [...item.health];
  const last = item.cycles.at(-1);
  if (last?.error)
    issues.push({
      code: last.error.code,
      message: `Cycle ${last.id} failed. ${last.error.message}`,
      cause: 'It did not arrive at the service whole and as it was read at the source.',
      remedy: 'Nothing is to be done: the next cycle sends the same ranges again.',
    });
  if (item.migrationIssue) issues.push(item.migrationIssue);
  if (item.testIssue) issues.push(item.testIssue);
  if (item.resyncRequired && !item.resyncStarted)
    issues.push({
      code: 'ResyncRequired',
      message: `${item.name} has to be copied again.`,
      cause: 'The source lost track of what has changed on its disks.',
      remedy: 'Start a resynchronisation.',
    });
  return issues.map(({ code, message, cause, remedy }: HealthIssue) => ({
    errorSource: 'Agent',
    errorLevel: 'Warning',
    errorCode: code,
    summaryMessage: message,
    errorMessage: message,
    possibleCauses: cause,
    recommendedAction: remedy,
  }));
}

function recoveryPointId(item: MigrationItem, cycle: Cycle): string {
  return `${item.armId}/migrationRecoveryPoints/${cycle.id}`;
}

export function recoveryPointView(item: MigrationItem, cycle: Cycle): object {
  return {
    id: recoveryPointId(item, cycle),
    name: cycle.id,
    type: `${TYPE}/migrationRecoveryPoints`,
    properties: { recoveryPointTime: iso(cycle.takenAt), recoveryPointType: 'CrashConsistent' },
  };
}
