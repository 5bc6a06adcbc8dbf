/**
 * What an assessment is told about a server: facts and points, free of any protocol. Whoever has them
 * (a simulated service, the appliance's preview, a report) translates into these.
 */
import type { Points } from '../metrics/points.ts';
import type { Bytes } from '../units.ts';

export interface DiskOfMachine {
  /** Unique in the machine. */
  readonly id: string;
  readonly label: string;
  readonly sizeBytes: Bytes;
  /** The OS disk; if no disk says so, the first is taken for it. */
  readonly isOs: boolean;
  /** In-guest use, where it is known. */
  readonly usedBytes?: Bytes;
}

export interface NicOfMachine {
  /** Unique in the machine. */
  readonly id: string;
  readonly macAddress?: string;
  readonly ipAddresses?: readonly string[];
}

export interface OsOfMachine {
  /** As vCenter, Hyper-V or the guest words it; empty when unreadable. */
  readonly name: string;
  readonly family?: 'windows' | 'linux' | 'other';
  /** Absent: read from a "(32-bit)" in the name, else 64. */
  readonly bits?: 32 | 64;
  /**
   * Full version, "7.9" or "15 SP1", where guest credentials supplied it. vCenter and Hyper-V do not give
   * Linux minor versions; leave it out then, the machine comes out with conditions.
   */
  readonly version?: string;
}

/** Utilization that came with an import (CSV): used as it is, without history, percentile or rating. */
export interface GivenUtilization {
  readonly cpuPercent?: number;
  readonly memoryPercent?: number;
  /** Per disk id, like `totals`: operations per second and bytes per second. */
  readonly disks?: Readonly<Record<string, DiskRates>>;
  /** Totals of a machine whose disks were not listed: they constrain the VM size, no disk is sized. */
  readonly totals?: DiskRates;
  /** Bytes per second over all adapters. */
  readonly outBps?: number;
}

export interface DiskRates {
  readonly readIops?: number;
  readonly writeIops?: number;
  readonly readBps?: number;
  readonly writeBps?: number;
}

export interface MachineFacts {
  readonly id: string;
  readonly displayName: string;
  readonly platform: 'VMware' | 'HyperV' | 'Physical' | 'Import';
  readonly cores: number;
  readonly memoryMiB: number;
  readonly bootType: 'BIOS' | 'EFI' | 'Unknown';
  readonly os: OsOfMachine;
  readonly disks: readonly DiskOfMachine[];
  readonly nics: readonly NicOfMachine[];
  /** Only with platform Import. */
  readonly given?: GivenUtilization;
}

/**
 * Counters and the units their points are in. All are whole numbers, so that 32-bit floats hold them exactly:
 * cpu and memory in hundredths of a percent of what the machine has; Iops in operations per second; Bps in
 * bytes per second (vSphere's KBps × 1024, A19).
 */
export type MachineCounter = 'cpu' | 'memory';
export type DiskCounter = 'readIops' | 'writeIops' | 'readBps' | 'writeBps';
export type NicCounter = 'inBps' | 'outBps';
export type CounterName = MachineCounter | DiskCounter | NicCounter;

export const DISK_COUNTERS: readonly DiskCounter[] = ['readIops', 'writeIops', 'readBps', 'writeBps'];

/**
 * Points of one counter of one machine. `instance` is the disk's or adapter's id, '' for cpu and memory.
 * Undefined: nothing was ever collected. A series whose period is not that of the assessment
 * (pointPeriodMinutes) cannot be used and counts as missing.
 */
export type PointSource = (counter: CounterName, instance: string) => Points | undefined;
