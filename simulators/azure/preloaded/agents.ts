/**
 * The agent-based way in a served cloud: a fabric with its process server and one machine that its agent protects,
 * brought there through the service's own tables. Server and agent are heard of at every instant, so that further
 * machines can be enabled; nobody installs agents on those, and their jobs fail after an hour of the story.
 */
import { assert } from '#core/assert.ts';
import { type Bytes, GIB, MIB, MINUTE, type Millis } from '#core/units.ts';
import type { EstateFacts, Machine } from '../../estate/model.ts';
import { createDisk } from '../../estate/virtual-disk.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { ArmError } from '../arm/provider.ts';
import type { ArmService } from '../arm/service.ts';
import type { ProtectedItem, ProtectedStore } from '../recovery/protected-store.ts';

const API = '2023-06-01';
const FABRIC = 'rehearsal-agents';
const CONTAINER = 'rehearsal-agents-container';
const POLICY = 'rehearsal-agents-policy';
const AGENT_VERSION = '9.62.0.0';
const LATEST_AGENT_VERSION = '9.63.0.0';
/** Of each disk. */
const CONTENT_BYTES: Bytes = MIB;
const POINTS_AGO: readonly Millis[] = [10 * MINUTE, 5 * MINUTE];

export interface AgentsOptions {
  readonly arm: ArmService;
  readonly context: SimulatorContext;
  readonly protection: ProtectedStore;
  readonly estate: EstateFacts;
  /** ARM ids. */
  readonly vault: string;
  readonly site: string;
  readonly logAccount: string;
  readonly targetGroup: string;
  machineId(machine: Machine): string;
}

/** Names of what was made. */
export interface PreloadedAgents {
  readonly fabric: string;
  readonly container: string;
  readonly policy: string;
  readonly processServer: string;
  /** Undefined where no machine of the estate can be protected so. */
  readonly item: string | undefined;
}

export function publishAgents(options: AgentsOptions): PreloadedAgents {
  const { arm, context, protection, vault, site } = options;
  const { clock, entropy } = context;
  const fabric = `${vault}/replicationFabrics/${FABRIC}`;
  const container = `${fabric}/replicationProtectionContainers/${CONTAINER}`;
  const policy = `${vault}/replicationPolicies/${POLICY}`;
  const put = (path: string, properties: object): unknown => arm.apply('PUT', path, API, { properties });
  put(fabric, { customDetails: { instanceType: 'InMageRcm', vmwareSiteId: site } });
  put(container, {});
  put(policy, {
    providerSpecificInput: {
      instanceType: 'InMageRcm',
      recoveryPointHistoryInMinutes: 1_440,
      crashConsistentFrequencyInMinutes: 5,
      appConsistentFrequencyInMinutes: 240,
      enableMultiVmSync: 'false',
    },
  });
  const { id: fabricId } = arm.apply('GET', fabric, API) as { id: string };
  const processServer = entropy.uuid('azure.preloaded.processServer');
  protection.putServer({
    id: processServer,
    name: 'ps-1',
    fabricId,
    fqdn: 'ps-1.rehearsal.test',
    biosId: entropy.uuid('azure.preloaded.processServer', 'bios'),
    version: AGENT_VERSION,
    ipAddresses: ['10.0.0.9'],
    get heardAt() {
      return clock.wall();
    },
    metrics: {
      processorUsage: 20,
      totalMemoryBytes: 16 * GIB,
      availableMemoryBytes: 9 * GIB,
      totalSpaceBytes: 600 * GIB,
      availableSpaceBytes: 520 * GIB,
      pendingBytes: 64 * MIB,
      throughputBytesPerSecond: 8 * MIB,
      systemLoad: 1,
      stoppedServices: [],
    },
  });
  for (const machine of options.estate.machines) {
    if (machine.template || machine.disks.length === 0 || machine.power === 'off') continue;
    const item = enable(options, { container, policy, processServer, machine });
    if (!item) continue;
    protect(options, item, machine);
    return { fabric: FABRIC, container: CONTAINER, policy: POLICY, processServer, item: item.name };
  }
  return { fabric: FABRIC, container: CONTAINER, policy: POLICY, processServer, item: undefined };
}

interface Enabling {
  readonly container: string;
  readonly policy: string;
  readonly processServer: string;
  readonly machine: Machine;
}

/** @returns undefined for a machine that the service refuses: replicated the other way already, say */
function enable(
  { arm, protection, logAccount, targetGroup, machineId }: AgentsOptions,
  { container, policy, processServer, machine }: Enabling,
): ProtectedItem | undefined {
  const name = machine.name.replace(/[^a-z0-9-]+/gi, '-').slice(0, 60);
  const id = `${container}/replicationProtectedItems/${name}`;
  let added: ProtectedItem | undefined;
  const end = protection.whenAdded((item) => {
    for (const event of ['installed', 'registered'] as const) protection.apply(item, event);
    added = item;
  });
  try {
    arm.apply('PUT', id, API, {
      properties: {
        policyId: policy,
        providerSpecificDetails: {
          instanceType: 'InMageRcm',
          fabricDiscoveryMachineId: machineId(machine),
          disksDefault: { logStorageAccountId: logAccount, diskType: 'StandardSSD_LRS' },
          targetResourceGroupId: targetGroup,
          processServerId: processServer,
        },
      },
    });
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
  } finally {
    end();
  }
  return added;
}

/** Seeded with the beginning of each disk, and with two points. */
function protect(
  { context, protection, estate }: AgentsOptions,
  item: ProtectedItem,
  machine: Machine,
): void {
  const now = context.clock.wall();
  protection.apply(item, 'slot');
  item.agent = {
    version: AGENT_VERSION,
    latestVersion: LATEST_AGENT_VERSION,
    get heardAt() {
      return context.clock.wall();
    },
  };
  item.agentState = 'Available';
  for (const disk of item.disks) {
    const facts = machine.disks.find(({ uuid }) => uuid.toLowerCase() === disk.diskId.toLowerCase());
    assert(facts, 'a protected disk is one of the machine');
    const length = Math.min(CONTENT_BYTES, disk.capacityBytes);
    disk.seed.write(0, createDisk(estate.seed, facts).read(0, length));
    disk.processedBytes = disk.capacityBytes;
    disk.transferredBytes = length;
  }
  protection.apply(item, 'seeded');
  for (const ago of POINTS_AGO) protection.addPoint(item, now - ago, 'CrashConsistent');
}
