/** How ARM shows protected items of the agent-based way and their recovery points (azure.md, section 7). */
import { MIB, MINUTE, SECOND, type UnixMillis } from '#core/units.ts';
import { iso } from '../http.ts';
import { NAMESPACE } from './ids.ts';
import { type Jobs, jobIdOf } from './jobs.ts';
import type { AgentDisk, AgentPoint, ProtectedItem, ProtectedStore } from './protected-store.ts';

const TYPE = `${NAMESPACE}/vaults/replicationFabrics/replicationProtectionContainers/replicationProtectedItems`;

/** An agent that says nothing for so long is an error (78174). */
const AGENT_SILENT_MS = 15 * MINUTE;

export function protectedItemView(
  item: ProtectedItem,
  store: ProtectedStore,
  jobs: Jobs,
  now: UnixMillis,
): object {
  const { machine, state, disks, points, agent } = item;
  const last = points.at(-1);
  const running = jobs.runningOn(item.vaultId, item.armId);
  const server = store.server(item.processServerId);
  const fabric = item.armId.split('/').at(-5) ?? '';
  const isResyncing = /Resync/i.test(state);
  return {
    id: item.armId,
    name: item.name,
    type: TYPE,
    properties: {
      friendlyName: machine.displayName,
      protectedItemType: 'InMageRcm',
      primaryFabricFriendlyName: fabric,
      primaryFabricProvider: 'InMageRcm',
      recoveryFabricFriendlyName: 'Microsoft Azure',
      protectionState: state,
      protectionStateDescription: state,
      activeLocation: state === 'Migrated' ? 'Recovery' : 'Primary',
      testFailoverState: item.testState,
      testFailoverStateDescription: item.testState,
      allowedOperations: store.allowed(item),
      replicationHealth: protectedHealth(item, now),
      failoverHealth: points.length > 0 ? 'Normal' : 'Critical',
      healthErrors: protectedIssues(item, now),
      policyId: item.policyId,
      policyFriendlyName: item.policyId.split('/').at(-1) ?? '',
      ...(item.migratedAt === undefined ? {} : { lastSuccessfulFailoverTime: iso(item.migratedAt) }),
      ...(item.testedAt === undefined ? {} : { lastSuccessfulTestFailoverTime: iso(item.testedAt) }),
      currentScenario: running
        ? { scenarioName: running.scenario, jobId: jobIdOf(running), startTime: iso(running.startedAt) }
        : { scenarioName: 'None', jobId: jobIdOf({ vaultId: item.vaultId, name: 'None' }) },
      providerSpecificDetails: {
        ...item.settings,
        instanceType: 'InMageRcm',
        fabricDiscoveryMachineId: item.machineArmId,
        discoveryType: /\/ServerSites\//i.test(item.machineArmId) ? 'Physical' : 'vCenter',
        processServerId: item.processServerId,
        processServerName: server?.name ?? '',
        osType: machine.osType,
        firmwareType: machine.firmware,
        primaryNicIpAddress: machine.nics[0]?.ipAddresses[0] ?? '',
        targetGeneration: machine.firmware === 'EFI' ? 'V2' : 'V1',
        targetVmName: item.targetVmName,
        targetResourceGroupId: item.targetResourceGroupId,
        ...(last
          ? {
              lastRecoveryPointReceived: iso(last.at),
              lastRecoveryPointId: `${item.armId}/recoveryPoints/${last.name}`,
              lastRpoInSeconds: Math.max(0, Math.round((now - last.at) / SECOND)),
              lastRpoCalculatedTime: iso(now),
            }
          : {}),
        ...progressView('initialReplication', disks, state === 'Seeding'),
        ...(isResyncing ? progressView('resync', disks, true) : {}),
        resyncRequired: String(isResyncing),
        resyncState:
          state === 'PreparedForResynchronization' || state === 'StartedResynchronization' ? state : 'None',
        agentUpgradeState:
          item.agentState === 'Started' || item.agentState === 'Completed' ? item.agentState : 'None',
        ...(agent
          ? {
              mobilityAgentDetails: {
                version: agent.version,
                latestVersion: agent.latestVersion,
                lastHeartbeatUtc: iso(agent.heardAt),
                isUpgradeable: String(item.agentState === 'Available'),
                reasonsBlockingUpgrade: item.agentState === 'Available' ? [] : ['AlreadyOnLatestVersion'],
              },
            }
          : {}),
        vmNics: machine.nics.map(({ nicId, ipAddresses }, i) => ({
          nicId,
          isPrimaryNic: String(i === 0),
          isSelectedForFailover: 'true',
          sourceIPAddress: ipAddresses.join(','),
        })),
        protectedDisks: disks.map((disk) => diskView(item, disk)),
      },
    },
  };
}

function diskView({ state, target }: ProtectedItem, disk: AgentDisk): object {
  const targetDiskId = target?.diskIds.get(disk.diskId);
  return {
    diskId: disk.diskId,
    diskName: disk.label,
    isOSDisk: String(disk.isOsDisk),
    capacityInBytes: disk.capacityBytes,
    logStorageAccountId: disk.logStorageAccountId,
    diskType: disk.diskType,
    dataPendingInLogDataStoreInMB: disk.pendingInLogBytes / MIB,
    dataPendingAtSourceAgentInMB: disk.pendingAtSourceBytes / MIB,
    isInitialReplicationComplete: String(disk.processedBytes >= disk.capacityBytes),
    irDetails: {
      progressHealth: progressHealth(state === 'Seeding', disk),
      processedBytes: disk.processedBytes,
      transferredBytes: disk.transferredBytes,
      progressPercentage: percent(disk.processedBytes, disk.capacityBytes),
    },
    ...(targetDiskId === undefined ? {} : { targetManagedDiskId: targetDiskId }),
  };
}

function progressHealth(isMoving: boolean, { processedBytes, capacityBytes }: AgentDisk): string {
  if (!isMoving || processedBytes >= capacityBytes) return 'None';
  return processedBytes === 0 ? 'Queued' : 'InProgress';
}

function progressView(name: string, disks: readonly AgentDisk[], isMoving: boolean): object {
  const sum = (of: (disk: AgentDisk) => number) => disks.reduce((total, disk) => total + of(disk), 0);
  const processed = sum((disk) => disk.processedBytes);
  return {
    [`${name}ProgressPercentage`]: percent(
      processed,
      sum((disk) => disk.capacityBytes),
    ),
    [`${name}ProcessedBytes`]: processed,
    [`${name}TransferredBytes`]: sum((disk) => disk.transferredBytes),
    [`${name}ProgressHealth`]: isMoving ? 'InProgress' : 'None',
  };
}

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : Math.floor((100 * part) / whole));

export function protectedHealth(item: ProtectedItem, now: UnixMillis): 'Normal' | 'Warning' | 'Critical' {
  if (item.state === 'EnableFailed' || item.state === 'ResyncRequired') return 'Critical';
  return protectedIssues(item, now).length > 0 ? 'Critical' : 'Normal';
}

interface IssueView {
  readonly errorCode: string;
  readonly summaryMessage: string;
  readonly [member: string]: string;
}

export function protectedIssues({ issue, agent, machine }: ProtectedItem, now: UnixMillis): IssueView[] {
  const view = (code: string, message: string, cause: string, remedy: string): IssueView => ({
    errorSource: 'Agent',
    errorLevel: 'Error',
    errorCategory: 'Replication',
    errorCode: code,
    summaryMessage: message,
    errorMessage: message,
    possibleCauses: cause,
    recommendedAction: remedy,
  });
  return [
    ...(issue ? [view(issue.code, issue.message, issue.cause, issue.remedy)] : []),
    ...(agent && now - agent.heardAt > AGENT_SILENT_MS
      ? [
          view(
            '78174',
            `No heartbeat of the agent on ${machine.displayName} for 15 minutes.`,
            'The machine is off, or cannot reach the configuration server.',
            'Start the Mobility service and look at the network.',
          ),
        ]
      : []),
  ];
}

export function agentPointView(item: ProtectedItem, point: AgentPoint): object {
  return {
    id: `${item.armId}/recoveryPoints/${point.name}`,
    name: point.name,
    type: `${TYPE}/recoveryPoints`,
    properties: {
      recoveryPointTime: iso(point.at),
      recoveryPointType: point.kind,
      providerSpecificDetails: { instanceType: 'InMageRcm', isMultiVmSyncPoint: 'false' },
    },
  };
}
