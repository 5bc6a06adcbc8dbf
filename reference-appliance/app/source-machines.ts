/** What sources tell of themselves and of their machines: VMware's, Hyper-V's, and servers reached directly. */
import type { Bytes } from '#core/units.ts';

export type SourceKind = 'vmware' | 'hyperv' | 'server';

export interface VmwareAbout {
  readonly kind: 'vmware';
  /** Host name it was reached by. */
  readonly fqdn: string;
  readonly instanceUuid: string;
  readonly version: string;
  /** "VMware VirtualCenter Server" */
  readonly licenseProductName: string;
}

/** A Hyper-V host, or a failover cluster of them. */
export interface HypervAbout {
  readonly kind: 'hyperv';
  readonly type: 'Host' | 'Cluster';
  /** As it names itself. */
  readonly fqdn: string;
  /** Of the operating system: "10.0.20348". */
  readonly version: string;
  /** The nodes of a cluster; of a host itself alone. FQDNs. */
  readonly hosts: readonly string[];
  /** Name of the credential that it took. */
  readonly credential: string;
}

/** The list of servers of the configuration: nothing answers for all of them. */
export interface ServersAbout {
  readonly kind: 'server';
}

export type SourceAbout = VmwareAbout | HypervAbout | ServersAbout;

/** What disks of all kinds have. */
interface DiskBase {
  /** Identifies the disk over the whole migration. Letters, digits, `_.:{}-`, 128 at most. */
  readonly uuid: string;
  readonly label: string;
  readonly sizeBytes: Bytes;
  /** The instance of its performance counters: "scsi0:0" of VMware, the `uuid` of all others. */
  readonly instance: string;
  readonly isOsDisk: boolean;
}

export interface VmwareDisk extends DiskBase {
  readonly provisioning: 'Thin' | 'Thick' | 'Unknown';
  readonly mode: string;
  readonly controllerType: string;
  /** The size as the source words it. */
  readonly sizeText: string;
  readonly controllerKey: number;
  readonly unit: number;
  /** "[ds] dir/x.vmdk" */
  readonly path: string;
  readonly key: number;
  readonly datastore: string;
}

export interface HypervDisk extends DiskBase {
  /** "Fixed", "Dynamic", "Differencing", "PassThrough". */
  readonly diskType: string;
  /** Place on its controller. */
  readonly lun: number;
  /** Of the VHD or VHDX; empty for one that is passed through. */
  readonly path: string;
  /** VirtualDiskId of the VHD; empty when it cannot be read. */
  readonly vhdId: string;
  /** What a differencing disk is based on; empty for all others. */
  readonly parentPath: string;
}

export interface ServerDisk extends DiskBase {
  /** As the system names it: "\\\\.\\PHYSICALDRIVE0", "/dev/sda". */
  readonly diskId: string;
  /** "Fixed hard disk media", "disk": the media as the system words it. */
  readonly diskType: string;
  readonly lun: number | undefined;
  /** Serial number or world-wide name, where the system tells one. */
  readonly generatedId: string;
}

export type SourceDisk = VmwareDisk | HypervDisk | ServerDisk;

/** What adapters of all kinds have. */
interface NicBase {
  /** Also the instance of its performance counters: the device key as text of VMware. The characters of a disk's `uuid`. */
  readonly id: string;
  readonly label: string;
  /** As its source words it; empty when it has none. */
  readonly macAddress: string;
  readonly addresses: readonly string[];
  readonly networkName: string;
}

export interface VmwareNic extends NicBase {
  readonly adapterType: string;
}

export interface HypervNic extends NicBase {
  readonly nicType: 'Synthetic' | 'Legacy';
  /** Of the virtual switch; empty when it is not connected. */
  readonly networkId: string;
  readonly isDhcp: boolean | undefined;
}

export type ServerNic = NicBase;

export type SourceNic = VmwareNic | HypervNic | ServerNic;

/** A container above a machine. */
export interface InventoryPlace {
  /** "Datacenter", "Folder", "VirtualApp" */
  readonly type: string;
  readonly id: string;
  readonly name: string;
}

export interface SourceOs {
  readonly family: 'windows' | 'linux' | 'other';
  readonly name: string;
  /** As the system itself tells it; undefined where only a name is known. */
  readonly version?: string;
  /** "64", "x86_64", "64-bit": as the system itself tells it. */
  readonly architecture?: string;
}

/** What machines of all kinds have. */
interface MachineBase {
  /** The source's own handle; valid for this source only. */
  readonly handle: string;
  /**
   * Identifies the machine over all sources of its kind, and through restarts of the appliance: instance UUID, GUID of
   * the virtual machine, id of a server. Letters, digits, `_.:{}-`, 64 at most.
   */
  readonly instanceUuid: string;
  /** SMBIOS UUID in the order in which its source words it; empty when it is not known. */
  readonly biosUuid: string;
  readonly name: string;
  readonly isTemplate: boolean;
  readonly power: 'on' | 'off' | 'suspended';
  readonly cores: number;
  readonly coresPerSocket: number;
  readonly memoryMiB: number;
  readonly firmware: 'BIOS' | 'EFI';
  readonly os: SourceOs;
  readonly description: string;
  /** As the guest names itself; empty when it does not tell. */
  readonly guestHostName: string;
  /** Of the host that it runs on, of a server its own; empty when it is not known. */
  readonly processorModel: string;
  readonly processorSockets: number;
  readonly disks: readonly SourceDisk[];
  readonly nics: readonly SourceNic[];
}

export interface VmwareMachine extends MachineBase {
  readonly kind: 'vmware';
  readonly datacenter: string;
  /** Inventory path, names joined by "/". */
  readonly folder: string;
  /** The same with what each name belongs to, outermost first. */
  readonly path: readonly InventoryPlace[];
  readonly cluster: string;
  /** Names of the cluster or host and of the pools down to the machine's own, joined by "/". */
  readonly resourcePool: string;
  readonly host: string;
  readonly hostVersion: string;
  readonly toolsRunning: boolean;
  readonly toolsStatus: string;
  readonly toolsVersion: string;
  readonly changeTrackingSupported: boolean;
  readonly changeTrackingEnabled: boolean;
  readonly snapshots: number;
  /** disk.EnableUUID, as text. */
  readonly diskUuidEnabled: string;
  readonly disks: readonly VmwareDisk[];
  readonly nics: readonly VmwareNic[];
}

/** Msvm_SecuritySettingData and the firmware's; of hosts that have them. */
export interface HypervSecurity {
  readonly secureBootEnabled: boolean;
  readonly secureBootTemplateId: string;
  readonly tpmEnabled: boolean;
  readonly ksdEnabled: boolean;
  readonly shieldingRequested: boolean;
  readonly dataProtectionRequested: boolean;
  readonly encryptStateAndVmMigrationTraffic: boolean;
  readonly virtualizationBasedSecurityOptOut: boolean;
}

export interface HypervMachine extends MachineBase {
  readonly kind: 'hyperv';
  /** FQDN of the host that it is on; also what `Unreached.name` says when that host does not answer. */
  readonly host: string;
  /** FQDN; empty when the host is in none. */
  readonly cluster: string;
  readonly generation: 1 | 2;
  /** Configuration version: "9.0". */
  readonly version: string;
  /** Undefined: the memory is fixed. */
  readonly dynamicMemory: { readonly minimumMiB: number; readonly maximumMiB: number } | undefined;
  /** Is it a role of its cluster? */
  readonly highAvailability: 'Unknown' | 'No' | 'Yes';
  readonly security: HypervSecurity | undefined;
  /** "OK", "No Contact", "Off" …; empty when the host does not tell. */
  readonly integrationServicesState: string;
  readonly integrationServicesVersion: string;
  readonly biosSerialNumber: string;
  /** A copy that Hyper-V Replica keeps: the original is another machine. */
  readonly isReplica: boolean;
  readonly disks: readonly HypervDisk[];
  readonly nics: readonly HypervNic[];
}

export interface ServerMachine extends MachineBase {
  readonly kind: 'server';
  /** As configured; also what `Unreached.name` says when it does not answer. */
  readonly address: string;
  readonly fqdn: string;
  readonly domainOrWorkgroup: string;
  readonly biosSerialNumber: string;
  readonly manufacturer: string;
  readonly model: string;
  /** What it runs on: "VMware", "Hyper-V", "KVM", "Xen" …; empty for hardware. */
  readonly hypervisor: string;
  /** Name of the credential by which it was reached: tried first inside it. */
  readonly credential: string;
  readonly disks: readonly ServerDisk[];
  readonly nics: readonly ServerNic[];
}

export type SourceMachine = VmwareMachine | HypervMachine | ServerMachine;

/** A machine, or a host of machines, that could not be looked at; the others go on. */
export interface Unreached {
  /** `address` of a server, `host` of machines of Hyper-V. */
  readonly name: string;
  readonly code: string;
  readonly what: string;
  readonly why: string;
  readonly next: string;
}

export interface SourceChanges<Machine extends SourceMachine = SourceMachine> {
  /** True when `machines` is everything there is but for what is `unreached`: whatever else is not listed is gone. */
  readonly full: boolean;
  readonly machines: readonly Machine[];
  /** Instance UUIDs. Empty when `full`. */
  readonly removed: readonly string[];
  /** All that could not be looked at, as of now; machines of it that were known stay as they are. */
  readonly unreached: readonly Unreached[];
}
