/** How ARM shows migration items and their recovery points (azure.md, section 7). Booleans travel as text there. */
import { iso } from '../http.ts';
import { allowedOperations } from '../replication-service/migration-item.ts';
import type { Cycle, HealthIssue, MigrationItem } from '../replication-service/store.ts';
import { NAMESPACE } from './ids.ts';

const TYPE = `${NAMESPACE}/vaults/replicationFabrics/replicationProtectionContainers/replicationMigrationItems`;

export function migrationItemView(item: MigrationItem): object {
  const { machine, progress, state } = item;
  const applied = item.cycles.findLast((cycle) => cycle.state === 'Applied');
  const errors = healthErrors(item);
  return {
    id: item.armId,
    name: item.name,
    type: TYPE,
    properties: {
      machineName: machine.displayName,
      policyId: item.policyId,
      policyFriendlyName: item.policyId.split('/').at(-1) ?? '',
      replicationStatus: progress.phase,
      migrationState: state,
      migrationStateDescription: state,
      testMigrateState: 'None',
      testMigrateStateDescription: 'None',
      health: state.endsWith('Failed') ? 'Critical' : errors.length === 0 ? 'Normal' : 'Warning',
      healthErrors: errors,
      allowedOperations: allowedOperations(state),
      ...(item.lastMigration === undefined
        ? {}
        : {
            lastMigrationTime: iso(item.lastMigration.at),
            lastMigrationStatus: item.lastMigration.status,
          }),
      currentJob: currentJob(item),
      providerSpecificDetails: {
        ...item.settings,
        targetVmName: item.targetVmName,
        instanceType: 'VMwareCbt',
        vmwareMachineId: item.machineArmId,
        osType: machine.osType,
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
        // repairs begin by themselves, so none is ever waited for
        resyncRequired: 'false',
        performAutoResync: 'true',
        protectedDisks: item.disks.map((disk) => ({
          diskId: disk.diskId,
          diskName: disk.label,
          diskType: disk.diskType,
          isOSDisk: String(disk.isOsDisk),
          capacityInBytes: disk.capacityBytes,
          ...disk.echo,
          ...(disk.targetDiskId === undefined ? {} : { targetManagedDiskId: disk.targetDiskId }),
        })),
      },
    },
  };
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

function healthErrors(item: MigrationItem): object[] {
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

const JOB_NAMES: Readonly<Record<string, string>> = {
  EnableMigrationInProgress: 'EnableMigration',
  MigrationInProgress: 'Migrate',
  DisableMigrationInProgress: 'DisableMigration',
};

/** What is under way; the jobs themselves are not offered as resources. */
function currentJob(item: MigrationItem): object {
  const jobName = JOB_NAMES[item.state];
  const jobs = `${item.vaultId}/replicationJobs`;
  return jobName === undefined
    ? { jobName: 'None', jobId: `${jobs}/None` }
    : { jobName, jobId: `${jobs}/${item.itemId}-${jobName}`, startTime: iso(item.stateSince) };
}
