/**
 * What is protected the agent-based way: items, their disks, recovery points and agents. ARM steers them
 * (protected-items.ts); what agents and process servers report moves them on, by the events of protected-item.ts.
 */
import { type Bytes, DAY, type Millis, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { ArmError } from '../arm/provider.ts';
import type { DiscoveredMachine, HealthIssue } from '../replication-service/replicated-item.ts';
import type { DiskSpace, ReplicationStorage } from '../replication-service/storage-port.ts';
import { makeTarget, type Target, type TargetCloud } from '../replication-service/target.ts';
import type { ProcessServer } from './process-servers.ts';
import {
  type AgentState,
  allowedOnProtected,
  type ProtectedOperation,
  type ProtectionEvent,
  type ProtectionState,
  stepProtection,
  type TestState,
} from './protected-item.ts';

export interface AgentDisk {
  readonly diskId: string;
  readonly label: string;
  readonly capacityBytes: Bytes;
  readonly isOsDisk: boolean;
  readonly diskType: string;
  readonly logStorageAccountId: string;
  /** The replica, of which recovery points are copies. */
  readonly seed: DiskSpace;
  processedBytes: Bytes;
  transferredBytes: Bytes;
  pendingAtSourceBytes: Bytes;
  pendingInLogBytes: Bytes;
}

export interface AgentPoint {
  readonly name: string;
  readonly at: UnixMillis;
  readonly kind: 'CrashConsistent' | 'ApplicationConsistent';
  readonly replicas: ReadonlyMap<string, DiskSpace>;
}

export interface AgentDetails {
  readonly version: string;
  readonly latestVersion: string;
  heardAt: UnixMillis;
}

export interface ProtectedItem {
  readonly armId: string;
  readonly name: string;
  readonly vaultId: string;
  readonly policyId: string;
  readonly machine: DiscoveredMachine;
  readonly machineArmId: string;
  readonly pointHistoryMs: Millis;
  targetResourceGroupId: string;
  targetVmName: string;
  settings: Readonly<Record<string, unknown>>;
  processServerId: string;
  readonly disks: readonly AgentDisk[];
  state: ProtectionState;
  stateSince: UnixMillis;
  testState: TestState;
  agentState: AgentState;
  agent: AgentDetails | undefined;
  /** Oldest first. */
  readonly points: AgentPoint[];
  issue: HealthIssue | undefined;
  target: Target | undefined;
  testTarget: Target | undefined;
  migratedAt: UnixMillis | undefined;
  testedAt: UnixMillis | undefined;
  tests: number;
  migrations: number;
  /** Called once, when the item leaves its present state. */
  onLeaving: Array<() => void>;
}

/** Beyond this many the oldest point goes; each holds what changed since. */
const POINTS_MAX = 24;

export interface ProtectedStoreOptions {
  readonly context: SimulatorContext;
  readonly storage: ReplicationStorage;
  readonly target: TargetCloud;
}

export class ProtectedStore {
  readonly #options: ProtectedStoreOptions;
  /** By ARM id in lower case. */
  readonly #items = new Map<string, ProtectedItem>();
  /** By id. */
  readonly #servers = new Map<string, ProcessServer>();
  readonly #added = new Set<(item: ProtectedItem) => void>();

  constructor(options: ProtectedStoreOptions) {
    this.#options = options;
  }

  items(): ProtectedItem[] {
    return [...this.#items.values()];
  }

  find(armId: string): ProtectedItem | undefined {
    return this.#items.get(armId.toLowerCase());
  }

  /** Tells of machines that are to be protected, which is when their agents are installed. @returns what ends that */
  whenAdded(tell: (item: ProtectedItem) => void): () => void {
    this.#added.add(tell);
    return () => void this.#added.delete(tell);
  }

  /** A process server that is new, or has something new to say. */
  putServer(server: ProcessServer): void {
    this.#servers.set(server.id.toLowerCase(), server);
  }

  server(id: string): ProcessServer | undefined {
    return this.#servers.get(id.toLowerCase());
  }

  serversOf(fabricId: string): ProcessServer[] {
    return [...this.#servers.values()].filter(
      (server) => server.fabricId.toLowerCase() === fabricId.toLowerCase(),
    );
  }

  add(
    given: Pick<
      ProtectedItem,
      | 'armId'
      | 'name'
      | 'vaultId'
      | 'policyId'
      | 'machine'
      | 'machineArmId'
      | 'pointHistoryMs'
      | 'targetResourceGroupId'
      | 'targetVmName'
      | 'settings'
      | 'processServerId'
    > & {
      disks: ReadonlyArray<
        Pick<
          AgentDisk,
          'diskId' | 'label' | 'capacityBytes' | 'isOsDisk' | 'diskType' | 'logStorageAccountId'
        >
      >;
    },
  ): ProtectedItem {
    const item: ProtectedItem = {
      ...given,
      disks: given.disks.map((disk) => ({
        ...disk,
        seed: this.#options.storage.createSeedDisk(disk.capacityBytes),
        processedBytes: 0,
        transferredBytes: 0,
        pendingAtSourceBytes: 0,
        pendingInLogBytes: 0,
      })),
      state: 'Enabling',
      stateSince: this.#options.context.clock.wall(),
      testState: 'None',
      agentState: 'UpToDate',
      agent: undefined,
      points: [],
      issue: undefined,
      target: undefined,
      testTarget: undefined,
      migratedAt: undefined,
      testedAt: undefined,
      tests: 0,
      migrations: 0,
      onLeaving: [],
    };
    this.#items.set(item.armId.toLowerCase(), item);
    for (const tell of this.#added) tell(item);
    return item;
  }

  allowed(item: ProtectedItem): ProtectedOperation[] {
    return allowedOnProtected({ ...item, hasPoint: item.points.length > 0 });
  }

  /** @throws ArmError 409 with the state and what it allows */
  require(item: ProtectedItem, operation: ProtectedOperation): void {
    if (this.allowed(item).includes(operation)) return;
    const test = item.testState === 'None' ? '' : `, its test ${item.testState}`;
    throw new ArmError(
      409,
      'OperationNotAllowedInState',
      `'${operation}' is not possible: ${item.name} is in the state ${item.state}${test}. Allowed operations: ${this.allowed(item).join(', ') || 'none'}.`,
    );
  }

  /** @throws ArmError 409 when the event has no place in the item's state */
  apply(item: ProtectedItem, event: ProtectionEvent): void {
    const next = stepProtection(item.state, event);
    if (next === undefined)
      throw new ArmError(
        409,
        'OperationNotAllowedInState',
        `'${event}' is not possible: ${item.name} is ${item.state}.`,
      );
    item.state = next;
    item.stateSince = this.#options.context.clock.wall();
    for (const tell of item.onLeaving.splice(0)) tell();
  }

  /** All disks as they are now, at one common moment. */
  addPoint(item: ProtectedItem, at: UnixMillis, kind: AgentPoint['kind']): AgentPoint {
    const name = this.#options.context.entropy.uuid(
      'azure.recovery.point',
      item.armId.toLowerCase(),
      at,
      kind,
    );
    const point = {
      name,
      at,
      kind,
      replicas: new Map(item.disks.map(({ diskId, seed }) => [diskId, seed.copy()])),
    };
    item.points.push(point);
    const oldest = at - Math.min(item.pointHistoryMs, 15 * DAY);
    while (item.points.length > 1 && (item.points.length > POINTS_MAX || item.points[0]!.at < oldest))
      release(item.points.shift()!);
    return point;
  }

  completeTest(item: ProtectedItem, point: AgentPoint, network: string): void {
    item.testTarget = this.#make(item, point, item.tests++, network);
    item.testedAt = this.#options.context.clock.wall();
    item.testState = 'TestCleanupPending';
  }

  completeCleanUp(item: ProtectedItem): void {
    const { target } = this.#options;
    if (item.testTarget?.machineId !== undefined) target.machines?.delete(item.testTarget.machineId);
    for (const id of item.testTarget?.diskIds.values() ?? []) target.deleteManagedDisk(id);
    item.testTarget = undefined;
    item.testState = 'None';
  }

  completeMigration(item: ProtectedItem, point: AgentPoint): void {
    item.target = this.#make(item, point, item.migrations++);
    item.migratedAt = this.#options.context.clock.wall();
    this.apply(item, 'migrated');
  }

  #make(item: ProtectedItem, point: AgentPoint, number: number, network?: string): Target {
    return makeTarget(this.#options.target, item, {
      number,
      replicaOf: (id) => point.replicas.get(id)!,
      ...(network === undefined ? {} : { test: { network } }),
    });
  }

  remove(item: ProtectedItem): void {
    this.#items.delete(item.armId.toLowerCase());
    for (const { seed } of item.disks) seed.release();
    for (const point of item.points.splice(0)) release(point);
    this.apply(item, 'removed');
  }
}

function release({ replicas }: AgentPoint): void {
  for (const replica of replicas.values()) replica.release();
}
