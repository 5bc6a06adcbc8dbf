/**
 * What the replication service remembers: vaults, migration items, their cycles and their disks. Both sides
 * of the service work on it: ARM (recovery/) for people, the control plane (service.ts) for appliances.
 */
import { createHash } from 'node:crypto';
import { assert } from '#core/assert.ts';
import { HOUR, type Millis, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { ArmError } from '../arm/provider.ts';
import {
  type AllowedOperation,
  allowedOperations,
  isUnderWay,
  type MigrationEvent,
  step,
  TEST_NEXT,
  type TestEvent,
} from './migration-item.ts';
import {
  EVENTS,
  type MainOperation,
  MIGRATED_EVENTS,
  refusal,
  requireAllowed,
  TESTED_EVENTS,
} from './operations.ts';
import type {
  Cycle,
  DiskToProtect,
  Happening,
  HealthIssue,
  HeldPoint,
  MigrationItem,
  Outcome,
  ProtectedDisk,
} from './replicated-item.ts';
import type { ReplicationStorage } from './storage-port.ts';
import { makeTarget, type Target, type TargetCloud } from './target.ts';

/** How long the service lets a log container be written to by one grant. */
const SAS_LIFE_MS: Millis = 12 * HOUR;
/** Removed items that are remembered, so that a repeated "stopped" of their appliance finds an answer. */
const REMOVED_KEPT_MAX = 10_000;

export interface ReplicationStoreOptions {
  readonly context: SimulatorContext;
  readonly storage: ReplicationStorage;
  /** Where machines are made from replicas. */
  readonly target: TargetCloud;
}

/** What names a vault on the control plane: MD5 of its ARM id in lower case. */
export function vaultToken(vaultId: string): string {
  return createHash('md5').update(vaultId.toLowerCase()).digest('hex');
}

export class ReplicationStore {
  readonly context: SimulatorContext;
  readonly storage: ReplicationStorage;
  /** Where machines are made from replicas. */
  readonly target: TargetCloud;
  readonly #observers: Array<(item: MigrationItem, happening: Happening) => void> = [];
  /** ARM id by token. */
  readonly #vaults = new Map<string, string>();
  readonly #items = new Map<string, MigrationItem>();
  /** By ARM id in lower case. */
  readonly #byArmId = new Map<string, MigrationItem>();
  readonly #removed = new Set<string>();

  constructor({ context, storage, target }: ReplicationStoreOptions) {
    this.context = context;
    this.storage = storage;
    this.target = target;
  }

  /** Tells of what happens to items, at the instant when it does. */
  observe(observer: (item: MigrationItem, happening: Happening) => void): void {
    this.#observers.push(observer);
  }

  tell(item: MigrationItem, happening: Happening): void {
    for (const observer of this.#observers) observer(item, happening);
  }

  /** From now on appliances can ask for the vault's work. */
  addVault(vaultId: string): void {
    this.#vaults.set(vaultToken(vaultId), vaultId);
  }

  removeVault(vaultId: string): void {
    this.#vaults.delete(vaultToken(vaultId));
  }

  /** ARM id of the vault that is named by the token. */
  vaultByToken(token: string): string | undefined {
    return this.#vaults.get(token);
  }

  /** In the order in which they were enabled. */
  items(): MigrationItem[] {
    return [...this.#items.values()];
  }

  byArmId(armId: string): MigrationItem | undefined {
    return this.#byArmId.get(armId.toLowerCase());
  }

  byId(itemId: string): MigrationItem | undefined {
    return this.#items.get(itemId);
  }

  wasRemoved(itemId: string): boolean {
    return this.#removed.has(itemId);
  }

  /** Begins to protect a machine; its log containers come with `provision`. */
  add(
    item: Pick<
      MigrationItem,
      | 'armId'
      | 'name'
      | 'vaultId'
      | 'machine'
      | 'machineArmId'
      | 'settings'
      | 'targetResourceGroupId'
      | 'targetVmName'
      | 'policyId'
      | 'performAutoResync'
      | 'recoveryPointHistoryMs'
    > & { disks: readonly DiskToProtect[] },
  ): MigrationItem {
    const { entropy, clock } = this.context;
    const now = clock.wall();
    const itemId = entropy.uuid('azure.migrationItem', item.armId.toLowerCase(), now);
    const made: MigrationItem = {
      ...item,
      itemId,
      disks: item.disks.map(({ facts, ...disk }, i) => ({
        ...disk,
        diskId: facts.uuid,
        label: facts.label,
        path: facts.path,
        capacityBytes: facts.sizeBytes,
        container: `${itemId}-${i}`,
        seed: this.storage.createSeedDisk(facts.sizeBytes),
      })),
      cycles: [],
      state: 'EnableMigrationInProgress',
      stateSince: now,
      testState: 'None',
      resyncRequired: false,
      resyncStarted: false,
      lastOperation: undefined,
      performShutdown: false,
      poweredOffAt: undefined,
      cutovers: 0,
      migrations: 0,
      lastMigration: undefined,
      target: undefined,
      lastTest: undefined,
      tests: 0,
      testTarget: undefined,
      testIssue: undefined,
      failures: { initial: 0, delta: 0, final: 0, resync: 0, resume: 0 },
      heardAt: now,
      progress: { phase: 'Enabling', percent: 0, bytesSent: 0 },
      health: [],
      migrationIssue: undefined,
      stopIssue: undefined,
      onLeaving: [],
    };
    this.#items.set(itemId, made);
    this.#byArmId.set(made.armId.toLowerCase(), made);
    return made;
  }

  provision(item: MigrationItem): void {
    for (const { container } of item.disks) this.storage.createLogContainer(container);
    this.apply(item, 'provisioned');
  }

  grant({ container }: ProtectedDisk): { logContainerUrl: string; expiresAt: UnixMillis } {
    const expiresAt = this.context.clock.wall() + SAS_LIFE_MS;
    return { logContainerUrl: this.storage.issueLogSas(container, expiresAt), expiresAt };
  }

  /** @throws ArmError 409 when the event has no place in the item's state */
  apply(item: MigrationItem, event: MigrationEvent): void {
    const next = step(item.state, event);
    if (next === undefined) throw refusal(item, event);
    if (next === item.state) return;
    if (event === 'cycleApplied' && next === 'Replicating') this.tell(item, { kind: 'replicating' });
    item.state = next;
    item.stateSince = this.context.clock.wall();
    for (const tell of item.onLeaving.splice(0)) tell();
  }

  /**
   * An operation of a person. @returns false when this is a repetition of the one that is under way.
   * @throws ArmError 409 with the state and what it allows
   */
  request(item: MigrationItem, operation: MainOperation): boolean {
    if (item.lastOperation === operation && isUnderWay(item.state)) return false;
    requireAllowed(item, operation);
    item.lastOperation = operation;
    if (operation === 'StartResync') item.resyncStarted = true;
    if (operation !== 'StartResync' || item.state !== 'Replicating') this.apply(item, EVENTS[operation]);
    return true;
  }

  /** The cycle that is open or being applied. */
  openCycle({ cycles }: MigrationItem): Cycle | undefined {
    const last = cycles.at(-1);
    return last?.state === 'Open' || last?.state === 'Applying' ? last : undefined;
  }

  lastApplied({ cycles }: MigrationItem): Cycle | undefined {
    return cycles.findLast(({ state }) => state === 'Applied');
  }

  /** Oldest first: cycles from which a machine can be made. */
  recoveryPoints(item: MigrationItem): Cycle[] {
    const last = this.lastApplied(item);
    return item.cycles.filter((cycle) => cycle === last || cycle.replicas !== undefined);
  }

  /** The content of a recovery point, which stays although the point may go. */
  hold(item: MigrationItem, cycle: Cycle): HeldPoint {
    const replicas = new Map(
      item.disks.map(({ diskId, seed }) => [diskId, (cycle.replicas?.get(diskId) ?? seed).copy()]),
    );
    return {
      replicas,
      release() {
        for (const replica of replicas.values()) replica.release();
        replicas.clear();
      },
    };
  }

  allows(item: MigrationItem, operation: AllowedOperation): boolean {
    return allowedOperations(item).includes(operation);
  }

  /** @throws ArmError 409 */
  beginMigration(item: MigrationItem, performShutdown: boolean): void {
    if (!this.request(item, 'Migrate')) return;
    item.cutovers++;
    item.performShutdown = performShutdown;
    item.poweredOffAt = undefined;
    item.migrationIssue = undefined;
  }

  /** Ends the migration once a final cycle of it is in and, where asked for, the source is off. */
  completeMigration(item: MigrationItem): void {
    if (item.state !== 'MigrationInProgress' || this.openCycle(item)) return;
    const last = this.lastApplied(item);
    if (last?.kind !== 'final' || last.openedAt < item.stateSince) return;
    if (item.performShutdown && item.poweredOffAt === undefined) return;
    let target: Target;
    try {
      target = makeTarget(this.target, item, {
        number: item.migrations++,
        replicaOf: (id) => item.disks.find(({ diskId }) => diskId === id)!.seed,
      });
    } catch (error) {
      if (!(error instanceof ArmError)) throw error;
      this.failMigration(item, {
        code: error.code,
        message: `The disks of ${item.targetVmName} could not be made. ${error.message}`,
        cause: 'The target resource group refused them.',
        remedy: 'Put right what the message names, then migrate again; replication goes on meanwhile.',
      });
      return;
    }
    for (const disk of item.disks) disk.targetDiskId = target.diskIds.get(disk.diskId)!;
    item.target = target;
    item.migrationIssue = target.issue;
    this.#endMigration(item, target.status);
    this.apply(item, MIGRATED_EVENTS[target.status]);
  }

  failMigration(item: MigrationItem, issue: HealthIssue): void {
    item.migrationIssue = issue;
    this.#endMigration(item, 'Failed');
    this.apply(item, 'migrateFailed');
  }

  #endMigration(item: MigrationItem, status: Outcome['status']): void {
    const { clock, recorder } = this.context;
    const at = clock.wall();
    item.lastMigration = { at, status };
    recorder.record({ at, kind: 'step', who: 'azure', what: `migration of ${item.name} ${status}` });
    this.tell(item, { kind: 'migrated', outcome: item.lastMigration });
  }

  /** @returns false when that is under way. @throws ArmError 409 */
  beginTest(item: MigrationItem): boolean {
    if (item.testState === 'TestMigrationInProgress') return false;
    requireAllowed(item, 'TestMigrate');
    this.#stepTest(item, 'test');
    return true;
  }

  /** Makes the test machine of a recovery point; the source and its replication go on. */
  completeTest(item: MigrationItem, point: HeldPoint, network: string): void {
    if (item.testTarget) this.#dispose(item.testTarget); // of a test that failed
    item.testTarget = undefined;
    try {
      item.testTarget = makeTarget(this.target, item, {
        number: item.tests++,
        test: { network },
        replicaOf: (id) => point.replicas.get(id)!,
      });
    } catch (error) {
      if (!(error instanceof ArmError)) throw error;
      this.failTest(item, {
        code: error.code,
        message: `The test machine of ${item.targetVmName} could not be made. ${error.message}`,
        cause: 'The target resource group refused it.',
        remedy: 'Put right what the message names, then test again.',
      });
      return;
    }
    item.testIssue = item.testTarget.issue;
    this.#endTest(item, item.testTarget.status);
  }

  failTest(item: MigrationItem, issue: HealthIssue): void {
    item.testIssue = issue;
    this.#endTest(item, 'Failed');
  }

  #endTest(item: MigrationItem, status: Outcome['status']): void {
    item.lastTest = { at: this.context.clock.wall(), status };
    this.#stepTest(item, TESTED_EVENTS[status]);
    this.tell(item, { kind: 'tested', outcome: item.lastTest });
  }

  /** @returns false when that is under way. @throws ArmError 409 */
  beginCleanUp(item: MigrationItem): boolean {
    if (item.testState === 'TestMigrationCleanupInProgress') return false;
    requireAllowed(item, 'TestMigrateCleanup');
    this.#stepTest(item, 'cleanUp');
    return true;
  }

  /** Removes the test machine and its disks. @throws ArmError: they are still there, and it can be tried again */
  completeCleanUp(item: MigrationItem): void {
    try {
      if (item.testTarget) this.#dispose(item.testTarget);
    } catch (error) {
      this.#stepTest(item, 'cleanUpFailed');
      throw error;
    }
    item.testTarget = undefined;
    item.testIssue = undefined;
    this.#stepTest(item, 'cleanedUp');
  }

  failCleanUp(item: MigrationItem): void {
    this.#stepTest(item, 'cleanUpFailed');
  }

  #stepTest(item: MigrationItem, event: TestEvent): void {
    const next = TEST_NEXT[item.testState][event];
    assert(next !== undefined, `${event} has a place in ${item.testState}`);
    item.testState = next;
  }

  #dispose({ machineId, diskIds }: Target): void {
    if (machineId !== undefined) this.target.machines?.delete(machineId);
    for (const id of diskIds.values()) this.target.deleteManagedDisk(id);
  }

  /** The source is let go of: forgets the item, with everything that was stored for it. */
  stop(item: MigrationItem): void {
    if (item.stopIssue) this.apply(item, 'disableFailed');
    else this.#remove(item);
  }

  #remove(item: MigrationItem): void {
    this.#items.delete(item.itemId);
    this.#byArmId.delete(item.armId.toLowerCase());
    for (const { seed, container } of item.disks) {
      seed.release();
      this.storage.deleteLogContainer(container);
    }
    for (const cycle of item.cycles) dropReplicas(cycle);
    if (this.#removed.size >= REMOVED_KEPT_MAX) this.#removed.clear();
    this.#removed.add(item.itemId);
    this.apply(item, 'removed');
  }
}

/** It is a recovery point no more. */
export function dropReplicas(cycle: Cycle): void {
  for (const replica of cycle.replicas?.values() ?? []) replica.release();
  delete cycle.replicas;
}
