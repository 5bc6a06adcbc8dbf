/**
 * What the replication service remembers: vaults, migration items, their cycles and their disks. Both sides
 * of the service work on it: ARM (recovery/) for people, the control plane (service.ts) for appliances.
 */
import { createHash } from 'node:crypto';
import { type Bytes, HOUR, type Millis, type UnixMillis } from '#core/units.ts';
import type { SimulatorContext } from '../../kit/context.ts';
import { ArmError } from '../arm/provider.ts';
import type { Block, Range } from './blocks.ts';
import {
  allowedOperations,
  isUnderWay,
  type MigrationEvent,
  type MigrationState,
  step,
} from './migration-item.ts';
import type { DiskSpace, ReplicationStorage } from './storage-port.ts';

export interface DiscoveredDisk {
  readonly uuid: string;
  readonly label: string;
  readonly sizeBytes: Bytes;
  /** vSphere's word: "persistent", "independent_persistent"; empty where it is not known. */
  readonly mode: string;
}

/** What discovery knows of a machine; `instanceUuid` is the one name that both worlds share. */
export interface DiscoveredMachine {
  readonly instanceUuid: string;
  readonly displayName: string;
  /** "windowsguest", "linuxguest" */
  readonly osType: string;
  readonly firmware: 'BIOS' | 'EFI';
  /** The appliance that discovered it, and that is to replicate it. */
  readonly applianceName: string;
  readonly disks: readonly DiscoveredDisk[];
}

/** What somebody asked to be protected. */
export interface DiskToProtect {
  readonly facts: DiscoveredDisk;
  readonly isOsDisk: boolean;
  readonly diskType: string;
  /** Of the request, shown with the disk and otherwise of no effect here. */
  readonly echo: Readonly<Record<string, string>>;
}

export interface ProtectedDisk {
  readonly diskId: string;
  readonly label: string;
  readonly capacityBytes: Bytes;
  readonly isOsDisk: boolean;
  readonly diskType: string;
  readonly echo: Readonly<Record<string, string>>;
  /** Log container of this disk. */
  readonly container: string;
  /** The replica; replaced as a whole by each applied cycle. */
  seed: DiskSpace;
  targetDiskId?: string;
}

export type CycleKind = 'initial' | 'delta' | 'final' | 'resync';

export interface Cycle {
  readonly id: string;
  readonly kind: CycleKind;
  /** When the source was frozen. */
  readonly takenAt: UnixMillis;
  readonly openedAt: UnixMillis;
  /** Blocks by disk and number of the manifest; only the numbers are left once the cycle has ended. */
  readonly manifests: Map<string, Map<number, readonly Block[]>>;
  /** By disk; empty before the commit and once the cycle has ended. */
  dirty: ReadonlyMap<string, readonly Range[]>;
  state: 'Open' | 'Applying' | 'Applied' | 'Failed';
  endedAt?: UnixMillis;
  /** Bytes of the disks that this cycle wrote; 0 unless it is applied. */
  appliedBytes: Bytes;
  error?: { readonly code: string; readonly message: string };
}

export interface HealthIssue {
  readonly code: string;
  readonly message: string;
  readonly cause: string;
  readonly remedy: string;
}

export interface MigrationItem {
  readonly itemId: string;
  /** Path below the vault: fabric, container, item. */
  readonly armId: string;
  readonly name: string;
  readonly vaultId: string;
  readonly machine: DiscoveredMachine;
  readonly machineArmId: string;
  /** The enable request's target settings, echoed to whoever reads the item. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly targetResourceGroupId: string;
  readonly targetVmName: string;
  readonly policyId: string;
  readonly disks: readonly ProtectedDisk[];
  /** Oldest first; one at most is open or being applied, and then it is the last. */
  readonly cycles: Cycle[];
  state: MigrationState;
  stateSince: UnixMillis;
  /** Operation of a person that led here. */
  lastOperation: MigrationEvent | undefined;
  performShutdown: boolean;
  /** When the source was found powered off for the migration that is under way. */
  poweredOffAt: UnixMillis | undefined;
  /** Migrations that came to making disks; part of the disks' names. */
  migrations: number;
  lastMigration: { readonly at: UnixMillis; readonly status: 'Succeeded' | 'Failed' } | undefined;
  /** Whole copies that could not be applied, in a row. */
  seedingFailures: number;
  /** When the appliance last said something of this item. */
  heardAt: UnixMillis;
  progress: { phase: string; percent: number; bytesSent: Bytes; nextCycleAt?: UnixMillis };
  /** What the appliance has to complain of. */
  health: readonly HealthIssue[];
  /** Why the last migration failed. */
  migrationIssue: HealthIssue | undefined;
  /** Called once, when the item leaves its present state. */
  onLeaving: Array<() => void>;
}

/** How long the service lets a log container be written to by one grant. */
const SAS_LIFE_MS: Millis = 12 * HOUR;
/** Removed items that are remembered, so that a repeated "stopped" of their appliance finds an answer. */
const REMOVED_KEPT_MAX = 10_000;

export interface ManagedDiskOptions {
  readonly name: string;
  readonly resourceGroupId: string;
  /** "Standard_LRS" */
  readonly sku: string;
  /** The receiver's from then on. */
  readonly content: DiskSpace;
  /** Of an OS disk. */
  readonly os?: { readonly type: 'Windows' | 'Linux'; readonly generation: 'V1' | 'V2' };
}

export interface ReplicationStoreOptions {
  readonly context: SimulatorContext;
  readonly storage: ReplicationStorage;
  /** Makes a managed disk from a replica. @returns its ARM id. @throws ArmError: the migration fails with it */
  readonly createManagedDisk: (options: ManagedDiskOptions) => string;
}

/** What names a vault on the control plane: MD5 of its ARM id in lower case. */
export function vaultToken(vaultId: string): string {
  return createHash('md5').update(vaultId.toLowerCase()).digest('hex');
}

export class ReplicationStore {
  readonly context: SimulatorContext;
  readonly storage: ReplicationStorage;
  readonly #createManagedDisk: ReplicationStoreOptions['createManagedDisk'];
  /** ARM id by token. */
  readonly #vaults = new Map<string, string>();
  readonly #items = new Map<string, MigrationItem>();
  /** By ARM id in lower case. */
  readonly #byArmId = new Map<string, MigrationItem>();
  readonly #removed = new Set<string>();

  constructor({ context, storage, createManagedDisk }: ReplicationStoreOptions) {
    this.context = context;
    this.storage = storage;
    this.#createManagedDisk = createManagedDisk;
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
        capacityBytes: facts.sizeBytes,
        container: `${itemId}-${i}`,
        seed: this.storage.createSeedDisk(facts.sizeBytes),
      })),
      cycles: [],
      state: 'EnableMigrationInProgress',
      stateSince: now,
      lastOperation: undefined,
      performShutdown: false,
      poweredOffAt: undefined,
      migrations: 0,
      lastMigration: undefined,
      seedingFailures: 0,
      heardAt: now,
      progress: { phase: 'Enabling', percent: 0, bytesSent: 0 },
      health: [],
      migrationIssue: undefined,
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
    if (next === undefined) {
      const allowed = allowedOperations(item.state).join(', ') || 'none';
      throw new ArmError(
        409,
        'OperationNotAllowedInState',
        `'${event}' is not possible: ${item.name} is in the state ${item.state}. Allowed operations: ${allowed}.`,
      );
    }
    if (next === item.state) return;
    item.state = next;
    item.stateSince = this.context.clock.wall();
    for (const tell of item.onLeaving.splice(0)) tell();
  }

  /**
   * An operation of a person. @returns false when this is a repetition of the one that is under way.
   * @throws ArmError 409
   */
  request(item: MigrationItem, operation: MigrationEvent): boolean {
    if (item.lastOperation === operation && isUnderWay(item.state)) return false;
    this.apply(item, operation);
    item.lastOperation = operation;
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

  /** @throws ArmError 409 */
  beginMigration(item: MigrationItem, performShutdown: boolean): void {
    if (!this.request(item, 'migrate')) return;
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
    try {
      this.#makeTargetDisks(item);
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
    this.#endMigration(item, 'Succeeded');
    this.apply(item, 'migrated');
  }

  failMigration(item: MigrationItem, issue: HealthIssue): void {
    item.migrationIssue = issue;
    this.#endMigration(item, 'Failed');
    this.apply(item, 'migrateFailed');
  }

  #endMigration(item: MigrationItem, status: 'Succeeded' | 'Failed'): void {
    const { clock, recorder } = this.context;
    const at = clock.wall();
    item.lastMigration = { at, status };
    recorder.record({ at, kind: 'step', who: 'azure', what: `migration of ${item.name} ${status}` });
  }

  #makeTargetDisks(item: MigrationItem): void {
    const number = String(item.migrations++).padStart(2, '0');
    const { firmware, osType } = item.machine;
    const os = {
      type: /windows/i.test(osType) ? 'Windows' : 'Linux',
      generation: firmware === 'EFI' ? 'V2' : 'V1',
    } as const;
    for (const [i, disk] of item.disks.entries()) {
      const content = disk.seed.copy();
      try {
        disk.targetDiskId = this.#createManagedDisk({
          name: `${item.targetVmName}-${disk.isOsDisk ? 'OSdisk' : `datadisk-${i}`}-${number}`,
          resourceGroupId: item.targetResourceGroupId,
          sku: disk.diskType,
          content,
          ...(disk.isOsDisk ? { os } : {}),
        });
      } catch (error) {
        content.release();
        throw error;
      }
    }
  }

  /** Forgets an item that is being stopped, with everything that was stored for it. */
  remove(item: MigrationItem): void {
    this.#items.delete(item.itemId);
    this.#byArmId.delete(item.armId.toLowerCase());
    for (const { seed, container } of item.disks) {
      seed.release();
      this.storage.deleteLogContainer(container);
    }
    if (this.#removed.size >= REMOVED_KEPT_MAX) this.#removed.clear();
    this.#removed.add(item.itemId);
    this.apply(item, 'removed');
  }
}
