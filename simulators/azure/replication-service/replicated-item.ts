/**
 * What the replication service keeps of a machine: its disks, cycles, health, and how far it is. Plain data; what
 * happens to them stands in store.ts and cycles.ts.
 */
import type { Bytes, Millis, UnixMillis } from '#core/units.ts';
import type { ArmError } from '../arm/provider.ts';
import type { Block, Range } from './blocks.ts';
import type { AllowedOperation, MigrationState, TestMigrationState } from './migration-item.ts';
import type { DiskSpace } from './storage-port.ts';
import type { Target } from './target.ts';

export interface DiscoveredNic {
  readonly nicId: string;
  readonly ipAddresses: readonly string[];
  readonly networkName: string;
}

export interface DiscoveredDisk {
  readonly uuid: string;
  readonly label: string;
  readonly sizeBytes: Bytes;
  /** On the datastore; empty where it is not known. */
  readonly path: string;
  /** vSphere's word: "persistent", "independent_persistent"; empty where it is not known. */
  readonly mode: string;
}

/** What discovery knows of a machine; `instanceUuid` is the one name that both worlds share. */
export interface DiscoveredMachine {
  readonly instanceUuid: string;
  readonly displayName: string;
  /** "windowsguest", "linuxguest" */
  readonly osType: string;
  /** As discovered; empty where it is not known. */
  readonly osName: string;
  readonly firmware: 'BIOS' | 'EFI';
  /** The appliance that discovered it, and that is to replicate it. */
  readonly applianceName: string;
  readonly disks: readonly DiscoveredDisk[];
  readonly nics: readonly DiscoveredNic[];
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
  readonly path: string;
  readonly capacityBytes: Bytes;
  readonly isOsDisk: boolean;
  readonly diskType: string;
  readonly echo: Readonly<Record<string, string>>;
  /** Log container of this disk. */
  readonly container: string;
  /** The replica; replaced as a whole by each applied cycle. */
  seed: DiskSpace;
  /** Name that the target disk is to have, where somebody chose one. */
  targetDiskName?: string;
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
  /**
   * Of an applied cycle that is not the last one: its replicas by disk, as long as it is a recovery point.
   * Those of the last one are the seeds of the disks.
   */
  replicas?: Map<string, DiskSpace>;
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
  /** Target settings, of the enable request or changed since, echoed to whoever reads the item. */
  settings: Readonly<Record<string, unknown>>;
  targetResourceGroupId: string;
  targetVmName: string;
  readonly policyId: string;
  /** Without it somebody has to start the repair of a source that lost track of its changes. */
  performAutoResync: boolean;
  /** How long recovery points are kept. */
  readonly recoveryPointHistoryMs: Millis;
  readonly disks: readonly ProtectedDisk[];
  /** Oldest first; one at most is open or being applied, and then it is the last. */
  readonly cycles: Cycle[];
  state: MigrationState;
  stateSince: UnixMillis;
  testState: TestMigrationState;
  resyncRequired: boolean;
  /** The repair may begin: somebody or the setting said so. */
  resyncStarted: boolean;
  /** Operation of a person that led here. */
  lastOperation: AllowedOperation | undefined;
  performShutdown: boolean;
  /** When the source was found powered off for the migration that is under way. */
  poweredOffAt: UnixMillis | undefined;
  /** Migrations that were begun. */
  cutovers: number;
  /** Migrations that came to making disks; part of the disks' names. */
  migrations: number;
  lastMigration: Outcome | undefined;
  /** Machine and disks of the last migration. */
  target: Target | undefined;
  lastTest: Outcome | undefined;
  /** Tests that came to making disks. */
  tests: number;
  /** What the test that was not cleaned up yet has made. */
  testTarget: Target | undefined;
  /** Why the last test failed. */
  testIssue: HealthIssue | undefined;
  /** Cycles of each kind that could not be applied, in a row. */
  readonly failures: Record<CycleKind | 'resume', number>;
  /** When the appliance last said something of this item. */
  heardAt: UnixMillis;
  progress: { phase: string; percent: number; bytesSent: Bytes; nextCycleAt?: UnixMillis };
  /** What the appliance has to complain of. */
  health: readonly HealthIssue[];
  /** Why the last migration failed. */
  migrationIssue: HealthIssue | undefined;
  /** Why it cannot be stopped, when that was asked for. */
  stopIssue: ArmError | undefined;
  /** Called once, when the item leaves its present state. */
  onLeaving: Array<() => void>;
}

export interface Outcome {
  readonly at: UnixMillis;
  readonly status: 'Succeeded' | 'CompletedWithInformation' | 'PartiallySucceeded' | 'Failed';
}

/** What somebody who watches an item may want to know. */
export type Happening =
  | { readonly kind: 'replicating' }
  | { readonly kind: 'cycleFailed'; readonly code: string; readonly message: string }
  | { readonly kind: 'seedingFailed' | 'resumeFailed' | 'resyncRequired' }
  | { readonly kind: 'migrated' | 'tested'; readonly outcome: Outcome };

export interface HeldPoint {
  /** By the disk's id at the source. */
  readonly replicas: ReadonlyMap<string, DiskSpace>;
  /** Idempotent. */
  release(): void;
}
