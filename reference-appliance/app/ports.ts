/**
 * What the domain needs of its sources: machines, what is measured and found in them, and for some their disks. Domain
 * code knows no SOAP, WinRM or SSH; sources/ implements these ports in their protocols' own words.
 */
import type { Bytes, Millis, SampleIndex, UnixMillis } from '#core/units.ts';
import type { GuestInventory } from './guest-scripts.ts';

// ---------------------------------------------------------------- discovery

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

/** What works and yet somebody should know. */
export interface Warning {
  /** "limit.machines" */
  readonly code: string;
  readonly message: string;
}

// ---------------------------------------------------------------- performance

/** Of VMware: percentages in hundredths, KB/s, operations/s. */
export const VMWARE_COUNTERS = [
  'cpu.usage',
  'mem.usage',
  'virtualDisk.read',
  'virtualDisk.write',
  'virtualDisk.numberReadAveraged',
  'virtualDisk.numberWriteAveraged',
  'net.received',
  'net.transmitted',
] as const;
/** Of Hyper-V and servers: percentages in hundredths, bytes/s, operations/s. */
export const LIVE_COUNTERS = [
  'cpu.usage',
  'mem.usage',
  'disk.readBytes',
  'disk.writeBytes',
  'disk.reads',
  'disk.writes',
  'net.receivedBytes',
  'net.sentBytes',
] as const;
export type VmwareCounter = (typeof VMWARE_COUNTERS)[number];
export type LiveCounter = (typeof LIVE_COUNTERS)[number];
export type CounterName = VmwareCounter | LiveCounter;

/** Consecutive samples: `count` of them from array position `offset`, the first being number `first`. */
export interface SampleRun {
  readonly first: SampleIndex;
  readonly offset: number;
  readonly count: number;
}

/** Takes the samples of one question. The array is reused: nothing may keep it. */
export interface SampleSink {
  /** @param handle the machine whose series follow; @param runs which samples each of its series holds. */
  machine(handle: string, runs: readonly SampleRun[]): void;
  /** In the unit of the counter. Negative: no data. */
  series(counter: CounterName, instance: string, values: Int32Array, count: number): void;
}

export interface SampleQuery {
  readonly handles: readonly string[];
  /** Samples that stand after this instant … */
  readonly after: UnixMillis;
  /** … up to and including this one. */
  readonly through: UnixMillis;
}

// ---------------------------------------------------------------- replication

/** A run of bytes of a disk. */
export interface ByteRange {
  readonly start: Bytes;
  readonly length: Bytes;
}

/** A disk as a snapshot froze it. */
export interface FrozenDisk {
  readonly uuid: string;
  readonly key: number;
  readonly sizeBytes: Bytes;
  /** Mark of this snapshot for the next "what changed since"; absent while tracking is not in effect. */
  readonly changeId: string | undefined;
  /** Opaque to the domain: where the source can read it. */
  readonly location: string;
}

export interface Frozen {
  /** The source's handle of the snapshot. */
  readonly snapshot: string;
  readonly disks: readonly FrozenDisk[];
}

// ---------------------------------------------------------------- guests

export interface GuestCredential {
  /** As configured: names it in messages and to the service. */
  readonly name: string;
  readonly family: 'linux' | 'windows';
  readonly user: string;
  /** Empty when there is only a key. Also what `sudo` is answered. */
  readonly password: string;
  /** PEM or OpenSSH format. Of Linux only. */
  readonly privateKey?: string;
  readonly passphrase?: string;
}

/** An account of Hyper-V hosts. */
export interface HostCredential {
  readonly name: string;
  /** "DOMAIN\\user", "user@domain" or "user". */
  readonly user: string;
  readonly password: string;
}

/** Command lines that are run one after the other; what they write is taken together. */
export interface GuestScript {
  readonly family: 'linux' | 'windows';
  readonly commands: readonly string[];
}

/** Why one machine could not be looked into. */
export interface GuestFailure {
  readonly machine: string;
  readonly instanceUuid: string;
  readonly code: string;
  readonly what: string;
  readonly why: string;
  readonly next: string;
}

/** What was found inside one machine, or why nothing was. */
export interface GuestReport {
  readonly machine: SourceMachine;
  readonly at: UnixMillis;
  /** Name of the credential that worked. */
  readonly credential: string | undefined;
  readonly inventory: GuestInventory | undefined;
  readonly failure: GuestFailure | undefined;
}

export interface DependencyEnd {
  readonly ip: string;
  /** Of the one discovered machine that has the address. */
  readonly instanceUuid?: string;
  readonly serverName?: string;
  readonly process?: string;
  readonly application?: string;
}

export interface Dependency {
  readonly source: DependencyEnd;
  readonly destination: DependencyEnd & { readonly port: number };
  /** Collections that saw it. */
  readonly observations: number;
  readonly firstSeen: UnixMillis;
  readonly lastSeen: UnixMillis;
}

export interface DependencyStatus {
  readonly instanceUuid: string;
  /** Collections that succeeded. */
  readonly collections: number;
  readonly failure: GuestFailure | undefined;
}

/** Where machines are discovered. Errors are coded: `vcenter.*`, `hyperv.*`, `winrm.*`, `ssh.*`, `server.*`, `net.*`. */
export interface DiscoverySource {
  /** As configured: names the source in logs, errors and the store. */
  readonly name: string;
  readonly kind: SourceKind;
  /** Signs in and learns who is there. Cheap when already done. */
  about(signal: AbortSignal): Promise<SourceAbout>;
  /**
   * What is there, then what changed since the last call. Throws only when nothing could be looked at.
   * @param waitMs how long to wait for a change when there is none; 0: not at all. A `LiveSource` never waits
   */
  changes(waitMs: Millis, signal: AbortSignal): Promise<SourceChanges>;
  /**
   * What discovery needs and lacks, as far as it can be asked: privileges of the account, group memberships, delegation,
   * shares; by a key that stays the same. Never throws for a server that cannot tell.
   */
  prerequisites(signal: AbortSignal): Promise<ReadonlyMap<string, Warning>>;
  /** Runs a script inside a machine. @returns what it wrote. @throws `guest.*`; `guest.login.refused` makes the next credential be tried */
  runInGuest(
    machine: SourceMachine,
    credential: GuestCredential,
    script: GuestScript,
    signal: AbortSignal,
  ): Promise<string>;
  /** Signs out. Never throws. */
  close(): Promise<void>;
}

/**
 * A source that keeps no samples: one is of now. One source is one Hyper-V host or cluster, or the whole list of
 * servers.
 */
export interface LiveSource extends DiscoverySource {
  /** 30 s of Hyper-V, 5 min of servers. */
  readonly sampleMs: Millis;
  /** Looks again at what was unreached, and only at that; `full` is false. */
  retryUnreached(signal: AbortSignal): Promise<SourceChanges>;
  /**
   * One sample of each machine that runs, within `sampleMs`. One without an answer is left out; throws only when nothing
   * can be asked at all. Rates of counters that only grow are worked out by the source between its own two looks; they
   * are never negative, and the first look gives none.
   * @param sink may be told at any time until the promise settles; unknown handles are ignored
   */
  sample(machines: readonly SourceMachine[], sink: LiveSink, signal: AbortSignal): Promise<void>;
}

/** @param instance "", or a disk's `instance`, or an adapter's `id`; @param value in the unit of its counter, at least 0 */
export type LiveSink = (handle: string, counter: LiveCounter, instance: string, value: number) => void;

/** vCenter keeps samples for an hour. */
export interface HistorySource extends DiscoverySource {
  readonly kind: 'vmware';
  about(signal: AbortSignal): Promise<VmwareAbout>;
  changes(waitMs: Millis, signal: AbortSignal): Promise<SourceChanges<VmwareMachine>>;
  /**
   * Asks for samples of several machines, in as many parts as the server's limits make of it. Sinks are made by the
   * call, because an answer may have to be read twice; only those that are returned count, one for each part.
   * @throws `vcenter.machine.gone` when one of the machines does not exist any more
   */
  samples<Sink extends SampleSink>(
    query: SampleQuery,
    makeSink: () => Sink,
    signal: AbortSignal,
  ): Promise<readonly Sink[]>;
}

/** What can be replicated without an agent. */
export interface ReplicationSource extends HistorySource {
  enableChangeTracking(handle: string, signal: AbortSignal): Promise<void>;
  /** Names and handles of the machine's snapshots, roots first. */
  snapshots(handle: string, signal: AbortSignal): Promise<ReadonlyArray<{ name: string; snapshot: string }>>;
  createSnapshot(handle: string, name: string, signal: AbortSignal): Promise<string>;
  /** Removes it alone and consolidates. A snapshot that is not there any more is a success. */
  removeSnapshot(snapshot: string, signal: AbortSignal): Promise<void>;
  frozen(snapshot: string, signal: AbortSignal): Promise<Frozen>;
  /**
   * Ranges written between `since` and the snapshot, sorted, disjoint. `undefined`: ranges that hold data at
   * all. @throws `vcenter.cbt.reset` when `since` cannot be compared with any more
   */
  changedRanges(
    handle: string,
    snapshot: string,
    disk: FrozenDisk,
    since: string | undefined,
    signal: AbortSignal,
  ): Promise<ByteRange[]>;
  /** Bytes of a frozen disk of the machine. */
  read(handle: string, disk: FrozenDisk, range: ByteRange, signal: AbortSignal): Promise<Buffer>;
  powerState(handle: string, signal: AbortSignal): Promise<SourceMachine['power']>;
  /** Asks the guest to shut down. False when it cannot be asked. */
  shutDownGuest(handle: string, signal: AbortSignal): Promise<boolean>;
  powerOff(handle: string, signal: AbortSignal): Promise<void>;
}
