/**
 * The estate: the one, protocol-free truth about the datacentre. Every simulator is a view of it; whatever
 * two views say of one machine agrees, at every instant.
 *
 * These are plain data. What changes in the story (power, disks' bytes, snapshots' epochs) changes through
 * `Estate` in estate.ts, so that everybody sees it.
 */
import type { Bytes } from '#core/units.ts';

export type PowerState = 'on' | 'off' | 'suspended';
export type Firmware = 'bios' | 'efi';
export type OsFamily = 'windows' | 'linux' | 'other';

/** Where a value came from when the source of the estate did not say it. */
export interface Derivation {
  /** Object it is about: "machine web-07", "host esx-3". */
  readonly object: string;
  readonly field: string;
  readonly value: string;
  readonly reason: string;
}

export interface Datacenter {
  readonly id: string;
  readonly name: string;
}

export interface Cluster {
  readonly id: string;
  readonly name: string;
  readonly datacenterId: string;
}

export interface Host {
  readonly id: string;
  readonly name: string;
  readonly datacenterId: string;
  /** Absent for a stand-alone host. */
  readonly clusterId?: string;
  readonly uuid: string;
  readonly vendor: string;
  readonly model: string;
  readonly cpuModel: string;
  readonly cpuMhz: number;
  readonly cpuPackages: number;
  readonly cpuCores: number;
  readonly cpuThreads: number;
  readonly memoryBytes: Bytes;
  /** "7.0.3" */
  readonly version: string;
  readonly build: string;
  readonly maintenance: boolean;
}

export interface Datastore {
  readonly id: string;
  readonly name: string;
  readonly datacenterId: string;
  readonly type: 'VMFS' | 'NFS' | 'vsan';
  readonly capacityBytes: Bytes;
  readonly freeBytes: Bytes;
  /** As in /vmfs/volumes/<uuid>. */
  readonly uuid: string;
}

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly datacenterId: string;
  readonly kind: 'standard' | 'distributed';
}

export interface OperatingSystem {
  readonly family: OsFamily;
  /** As vCenter words it, from the configuration: "Microsoft Windows Server 2016 (64-bit)". */
  readonly fullName: string;
  /** vSphere guest id: "windows9Server64Guest". */
  readonly guestId: string;
  /** What the tools report, if they run: may be more exact than fullName. */
  readonly toolsFullName?: string;
  readonly bits: 32 | 64;
}

export interface Nic {
  /** Index among the machine's adapters, from 0. */
  readonly index: number;
  readonly networkId: string;
  readonly macAddress: string;
  readonly adapter: 'vmxnet3' | 'e1000' | 'e1000e';
  readonly connected: boolean;
  /** IPv4 or IPv6 addresses seen by the tools; empty when they do not run. */
  readonly ipAddresses: readonly string[];
}

export interface DiskFacts {
  /** Stable over the whole story: "<machineId>/<index>". */
  readonly id: string;
  /** Index among the machine's disks, from 0. 0 is the OS disk. */
  readonly index: number;
  /** "Hard disk 1" */
  readonly label: string;
  readonly sizeBytes: Bytes;
  readonly thin: boolean;
  readonly controller: 'pvscsi' | 'lsilogic' | 'lsilogicsas' | 'sata' | 'nvme' | 'ide';
  /** Bus number and unit on it: scsi<bus>:<unit>. */
  readonly bus: number;
  readonly unit: number;
  readonly mode: 'persistent' | 'independent_persistent' | 'independent_nonpersistent';
  readonly raw: boolean;
  readonly shared: boolean;
  readonly datastoreId: string;
  /** "[ds] dir/x.vmdk" */
  readonly path: string;
  readonly uuid: string;
  /** In-guest use of the disk, if the source said (vPartition); for reports only. */
  readonly usedBytes?: Bytes;
}

/** Named shapes of load over time; see workload-curve.ts. */
export type WorkloadShape = 'office' | 'batch' | 'bursty' | 'idle' | 'steady' | 'leaking';

export interface Workload {
  readonly shape: WorkloadShape;
  /** Mean of the busy part of the shape, 0…1 of the machine's CPU. */
  readonly cpuLevel: number;
  readonly memoryLevel: number;
  /** Peak of one disk's reads and writes, in KB/s and operations/s. */
  readonly diskKBps: number;
  readonly diskIops: number;
  /** Peak of one adapter, KB/s. */
  readonly netKBps: number;
  /** Bytes rewritten on a disk per hour at the shape's plateau; drives churn (churn.ts), for each disk alike. */
  readonly churnBytesPerHour: Bytes;
  /** Replays a recorded CPU trace instead of the shape: its name in the estate's trace table. */
  readonly cpuTrace?: string;
}

export interface Machine {
  readonly id: string;
  readonly name: string;
  readonly dnsName: string;
  readonly datacenterId: string;
  readonly clusterId?: string;
  readonly hostId: string;
  /** Inventory folders below the datacenter's vm folder, outermost first. */
  readonly folder: readonly string[];
  readonly resourcePool?: string;
  readonly biosUuid: string;
  readonly instanceUuid: string;
  readonly template: boolean;
  readonly cores: number;
  readonly sockets: number;
  readonly memoryMiB: number;
  readonly firmware: Firmware;
  readonly os: OperatingSystem;
  readonly annotation: string;
  /** Virtual hardware version: 13 for "vmx-13". */
  readonly hardwareVersion: number;
  readonly tools: 'running' | 'notRunning' | 'notInstalled';
  readonly toolsVersion: number;
  readonly disks: readonly DiskFacts[];
  readonly nics: readonly Nic[];
  readonly workload: Workload;
  /** Power at the start of the story. */
  readonly power: PowerState;
}

export interface EstateFacts {
  readonly seed: string;
  readonly name: string;
  readonly vcenterUuid: string;
  readonly datacenters: readonly Datacenter[];
  readonly clusters: readonly Cluster[];
  readonly hosts: readonly Host[];
  readonly datastores: readonly Datastore[];
  readonly networks: readonly Network[];
  readonly machines: readonly Machine[];
  /** Recorded traces by name: CPU utilisation in whole per cent, one value per 300 s. */
  readonly cpuTraces: ReadonlyMap<string, Uint8Array>;
  readonly derivations: readonly Derivation[];
}

/** A run of bytes on a disk. */
export interface Extent {
  readonly start: Bytes;
  readonly length: Bytes;
}
