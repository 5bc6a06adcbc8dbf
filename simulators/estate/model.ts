/**
 * The estate: the one, protocol-free truth about the datacentre. Every simulator is a view of it; whatever
 * two views say of one machine agrees, at every instant.
 *
 * These are plain data. What changes in the story (power, disks' bytes, snapshots' epochs) changes through
 * `Estate` in estate.ts, so that everybody sees it.
 */
import type { Bytes } from '#core/units.ts';

export type PowerState = 'on' | 'off' | 'suspended';
/** What the machines of an estate run on: what their firmware says, and what runs in them for its sake. */
export type Platform = 'vmware' | 'hyperv' | 'physical';
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

/** Inventory folders, outermost first, below the folder that vCenter makes for such objects. */
export type FolderPath = readonly string[];

/** Values of custom attributes by attribute name. */
export type AttributeValues = Readonly<Record<string, string>>;

export interface Datacenter {
  readonly id: string;
  readonly name: string;
  readonly folder?: FolderPath;
}

export interface Cluster {
  readonly id: string;
  readonly name: string;
  readonly datacenterId: string;
  readonly folder?: FolderPath;
  /** vSphere HA; on when left out. */
  readonly ha?: boolean;
  /** How far DRS goes by itself; 'fullyAutomated' when left out. */
  readonly drs?: 'off' | 'manual' | 'partiallyAutomated' | 'fullyAutomated';
}

/**
 * A resource pool or vApp below the root pool of a cluster or of a stand-alone host. Pools that only machines
 * name (`Machine.resourcePool`) need no entry: they have no limits.
 */
export interface ResourcePool {
  /** A vApp is a pool whose machines start and stop together. */
  readonly kind: 'pool' | 'vApp';
  readonly clusterId?: string;
  /** A stand-alone host; one of the two is given. */
  readonly hostId?: string;
  /** Names from the root pool ("Resources", which is not named) down to this one. */
  readonly path: readonly string[];
  /** Inventory folder of a vApp, as of a machine. */
  readonly folder?: FolderPath;
  readonly cpuReservationMhz?: number;
  /** Unlimited when left out. */
  readonly cpuLimitMhz?: number;
  readonly memoryReservationMiB?: number;
  readonly memoryLimitMiB?: number;
  readonly shares?: 'low' | 'normal' | 'high';
}

export interface Host {
  readonly id: string;
  readonly name: string;
  readonly datacenterId: string;
  /** Absent for a stand-alone host. */
  readonly clusterId?: string;
  /** Folder of a stand-alone host. */
  readonly folder?: FolderPath;
  /** 'connected' when left out. */
  readonly connection?: 'connected' | 'disconnected' | 'notResponding';
  readonly attributes?: AttributeValues;
  readonly tagIds?: readonly string[];
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
  readonly folder?: FolderPath;
  /** Hosts that mount it; all of the datacenter when left out. One host: a local disk. */
  readonly hostIds?: readonly string[];
  /** Where an NFS datastore is; made up when left out. */
  readonly nfs?: { readonly host: string; readonly path: string; readonly version: '3' | '4.1' };
  /** Do hosts reach it? Yes when left out. */
  readonly accessible?: boolean;
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
  readonly folder?: FolderPath;
  /** 0, and when left out: untagged. */
  readonly vlanId?: number;
  /**
   * Switch that carries it: of a standard network the name on each host ("vSwitch0" when left out), of a
   * distributed one the id in `EstateFacts.switches` (one for each datacenter when left out).
   */
  readonly switch?: string;
  /** Hosts that have it; all of the datacenter when left out. */
  readonly hostIds?: readonly string[];
}

/** A distributed switch. */
export interface DistributedSwitch {
  readonly id: string;
  readonly name: string;
  readonly datacenterId: string;
  readonly folder?: FolderPath;
  /** "7.0.3" */
  readonly version: string;
  /** Hosts that are members; all of the datacenter when left out. */
  readonly hostIds?: readonly string[];
}

/** A custom attribute that the administrators of the estate defined. */
export interface CustomAttribute {
  readonly name: string;
  /** What it can stand on: one managed object type of vSphere, anything when left out. */
  readonly objectType?: 'VirtualMachine' | 'HostSystem';
}

export interface TagCategory {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** May an object have several tags of it? */
  readonly cardinality: 'single' | 'multiple';
  /** Managed object types of vSphere that its tags can stand on; any when empty. */
  readonly objectTypes: readonly string[];
}

export interface Tag {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly categoryId: string;
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
  readonly adapter: 'vmxnet3' | 'vmxnet2' | 'e1000' | 'e1000e' | 'pcnet32' | 'sriov';
  /** How it came by its address; 'assigned', by vCenter, when left out. */
  readonly addressType?: 'assigned' | 'generated' | 'manual';
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
  /** Of a disk that is not thin: was all of it zeroed when it was made? No when left out. */
  readonly eagerlyZeroed?: boolean;
  readonly controller: 'pvscsi' | 'lsilogic' | 'lsilogicsas' | 'buslogic' | 'sata' | 'nvme' | 'ide';
  /** Bus number and unit on it: scsi<bus>:<unit>. */
  readonly bus: number;
  readonly unit: number;
  readonly mode: 'persistent' | 'independent_persistent' | 'independent_nonpersistent';
  /** Raw device mapping. */
  readonly raw: boolean;
  /** Of a raw disk: 'physical', which no snapshot freezes, when left out. */
  readonly rawMode?: 'physical' | 'virtual';
  /** Several machines write to it (multi-writer). */
  readonly shared: boolean;
  /** SCSI bus sharing of its controller, as failover clusters need it; 'none' when left out. */
  readonly busSharing?: 'none' | 'virtual' | 'physical';
  readonly encrypted?: boolean;
  /** Of a linked clone: the disk, in the same notation as `path`, that this one holds only the changes to. */
  readonly parentPath?: string;
  readonly datastoreId: string;
  /** "[ds] dir/x.vmdk" */
  readonly path: string;
  readonly uuid: string;
  /** In-guest use of the disk, if the source said (vPartition); for reports only. */
  readonly usedBytes?: Bytes;
}

export interface ControllerFacts {
  readonly controller: DiskFacts['controller'];
  readonly bus: number;
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

/** Devices of a machine beside disks and adapters. */
export type OtherDevice =
  | { readonly kind: 'tpm' }
  | { readonly kind: 'usbController'; readonly version: 2 | 3 }
  /** A device of the host, or of a desk, that the guest sees: "Aladdin HASP HL", vendor and product in hex. */
  | { readonly kind: 'usb'; readonly name: string; readonly vendor: number; readonly product: number }
  /** A card of the host that the guest drives itself: a GPU, an HBA. */
  | {
      readonly kind: 'pciPassthrough';
      readonly name: string;
      readonly vendor: number;
      readonly device: number;
    }
  /** An image in the CD drive that every machine has: "[ds] iso/name.iso". */
  | { readonly kind: 'iso'; readonly path: string; readonly connected: boolean }
  | { readonly kind: 'floppy' }
  | { readonly kind: 'serialPort' }
  | { readonly kind: 'parallelPort' }
  | { readonly kind: 'sound' };

/** What vCenter can say of a machine's standing; the last four keep a machine from being migrated. */
export type Connection = 'connected' | 'disconnected' | 'orphaned' | 'inaccessible' | 'invalid';

export interface Machine {
  readonly id: string;
  readonly name: string;
  readonly dnsName: string;
  readonly datacenterId: string;
  readonly clusterId?: string;
  readonly hostId: string;
  /** Inventory folders below the datacenter's vm folder, outermost first. */
  readonly folder: FolderPath;
  /** Path of the pool or vApp below the root pool, cut at slashes; the words up to "Resources" do not count. */
  readonly resourcePool?: string;
  readonly biosUuid: string;
  readonly instanceUuid: string;
  readonly template: boolean;
  readonly cores: number;
  readonly sockets: number;
  readonly memoryMiB: number;
  readonly firmware: Firmware;
  /** Only with EFI; no when left out. */
  readonly secureBoot?: boolean;
  /** VM encryption of its home and disks; no when left out. */
  readonly encrypted?: boolean;
  /** 'connected' when left out. */
  readonly connection?: Connection;
  /** Its part in a fault tolerant pair. */
  readonly faultTolerance?: 'primary' | 'secondary';
  readonly os: OperatingSystem;
  readonly annotation: string;
  /** Virtual hardware version: 13 for "vmx-13". */
  readonly hardwareVersion: number;
  readonly tools: 'running' | 'notRunning' | 'notInstalled';
  readonly toolsVersion: number;
  /** Of installed tools: from the host's own and current, older than that, or kept by the guest's packages; the last when left out. */
  readonly toolsState?: 'current' | 'needUpgrade' | 'unmanaged';
  /** Beside those that every machine has. */
  readonly devices?: readonly OtherDevice[];
  readonly attributes?: AttributeValues;
  readonly tagIds?: readonly string[];
  /** Controllers that stand there by themselves, with disks or without; those of disks need not be named. */
  readonly controllers?: readonly ControllerFacts[];
  /** Its configuration file, "[ds] dir/x.vmx"; beside the first disk, by the machine's name, when left out. */
  readonly home?: string;
  readonly disks: readonly DiskFacts[];
  readonly nics: readonly Nic[];
  readonly workload: Workload;
  /** Power at the start of the story. */
  readonly power: PowerState;
}

export interface EstateFacts {
  readonly seed: string;
  readonly name: string;
  /** 'vmware' when left out. A physical machine is alone on its host, which is the machine's chassis. */
  readonly platform?: Platform;
  readonly vcenterUuid: string;
  readonly datacenters: readonly Datacenter[];
  readonly clusters: readonly Cluster[];
  readonly hosts: readonly Host[];
  readonly datastores: readonly Datastore[];
  readonly networks: readonly Network[];
  readonly machines: readonly Machine[];
  /** Folders for machines that hold none yet, by datacenter. */
  readonly emptyFolders?: ReadonlyArray<{ readonly datacenterId: string; readonly path: FolderPath }>;
  readonly resourcePools?: readonly ResourcePool[];
  readonly switches?: readonly DistributedSwitch[];
  readonly customAttributes?: readonly CustomAttribute[];
  readonly tagCategories?: readonly TagCategory[];
  readonly tags?: readonly Tag[];
  /** Recorded traces by name: CPU utilisation in whole per cent, one value per 300 s. */
  readonly cpuTraces: ReadonlyMap<string, Uint8Array>;
  readonly derivations: readonly Derivation[];
}

/** A run of bytes on a disk. */
export interface Extent {
  readonly start: Bytes;
  readonly length: Bytes;
}
