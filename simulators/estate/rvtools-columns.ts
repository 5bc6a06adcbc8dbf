/**
 * The columns of the RVTools sheets that are read, by the names that different versions give them, and the
 * names of all others, so that a header that RVTools never wrote can be told from one that is merely unused.
 *
 * Versions before 4 write "MB" where later ones write "MiB"; the numbers are MiB in both (a 60 GiB disk is
 * 61440). Exports from RVTools' command line prefix each column with its sheet ("vInfoVMName").
 * Column lists: public exports of RVTools 3.9 and 4.x.
 */

/** Columns that tell which machine a row is about; in every sheet with one row per thing of a machine. */
const MACHINE_KEYS = {
  name: ['VM', 'VM Name'],
  vmId: ['VM ID'],
  instanceUuid: ['VM UUID', 'UUID'],
  datacenter: ['Datacenter'],
} as const;

/** Fields by sheet, with the column names that mean them, newest first. */
export const FIELDS = {
  vInfo: {
    name: ['VM', 'VM Name'],
    power: ['Powerstate'],
    template: ['Template'],
    dnsName: ['DNS Name', 'Guest Host Name'],
    guestState: ['Guest state'],
    cpus: ['CPUs', 'Num CPUs'],
    memoryMiB: ['Memory', 'Memory MiB'],
    activeMiB: ['Active Memory'],
    nics: ['NICs'],
    disks: ['Disks'],
    totalMiB: ['Total disk capacity MiB'],
    provisionedMiB: ['Provisioned MiB', 'Provisioned'],
    primaryIp: ['Primary IP Address'],
    network1: ['Network #1', 'Network1'],
    network2: ['Network #2', 'Network2'],
    network3: ['Network #3', 'Network3'],
    network4: ['Network #4', 'Network4'],
    network5: ['Network #5', 'Network5'],
    network6: ['Network #6', 'Network6'],
    network7: ['Network #7', 'Network7'],
    network8: ['Network #8', 'Network8'],
    pool: ['Resource pool'],
    folder: ['Folder'],
    firmware: ['Firmware'],
    hardware: ['HW version'],
    path: ['Path'],
    annotation: ['Annotation'],
    datacenter: ['Datacenter'],
    cluster: ['Cluster'],
    host: ['Host'],
    osConfig: ['OS according to the configuration file', 'OS'],
    osTools: ['OS according to the VMware Tools', 'OS Tools'],
    vmId: ['VM ID'],
    biosUuid: ['SMBIOS UUID'],
    instanceUuid: ['VM UUID', 'UUID'],
    vcenter: ['VI SDK Server'],
    vcenterUuid: ['VI SDK UUID'],
  },
  vCPU: {
    ...MACHINE_KEYS,
    cpus: ['CPUs'],
    sockets: ['Sockets'],
    overallMhz: ['Overall'],
  },
  vMemory: {
    ...MACHINE_KEYS,
    sizeMiB: ['Size MiB'],
    activeMiB: ['Active'],
  },
  vTools: {
    ...MACHINE_KEYS,
    tools: ['Tools'],
    toolsVersion: ['Tools Version'],
  },
  vDisk: {
    ...MACHINE_KEYS,
    label: ['Disk'],
    key: ['Disk Key'],
    uuid: ['Disk UUID'],
    diskPath: ['Disk Path'],
    path: ['Path'],
    capacityMiB: ['Capacity MiB'],
    raw: ['Raw'],
    mode: ['Disk Mode'],
    sharing: ['Sharing mode'],
    thin: ['Thin'],
    controller: ['Controller'],
    controllerLabel: ['Label'],
    unit: ['Unit #'],
    sharedBus: ['Shared Bus'],
  },
  vPartition: {
    ...MACHINE_KEYS,
    key: ['Disk Key'],
    disk: ['Disk'],
    capacityMiB: ['Capacity MiB'],
    consumedMiB: ['Consumed MiB'],
  },
  vNetwork: {
    ...MACHINE_KEYS,
    label: ['NIC label'],
    adapter: ['Adapter'],
    network: ['Network'],
    switch: ['Switch'],
    connected: ['Connected'],
    mac: ['Mac Address'],
    ipv4: ['IPv4 Address', 'IP Address'],
    ipv6: ['IPv6 Address'],
  },
  vCluster: {
    name: ['Name'],
    objectId: ['Object ID'],
  },
  vHost: {
    name: ['Host', 'Name'],
    datacenter: ['Datacenter'],
    cluster: ['Cluster'],
    maintenance: ['in Maintenance Mode'],
    cpuModel: ['CPU Model'],
    speedMhz: ['Speed', 'Cpu Mhz'],
    hyperthreading: ['HT Active'],
    packages: ['# CPU', 'Num CPU'],
    cores: ['# Cores', 'Num Cpu Cores'],
    memoryMiB: ['# Memory', 'Memory Size'],
    version: ['ESX Version'],
    vendor: ['Vendor'],
    model: ['Model'],
    objectId: ['Object ID'],
    uuid: ['UUID'],
  },
  vDatastore: {
    name: ['Name'],
    type: ['Type'],
    capacityMiB: ['Capacity MiB'],
    freeMiB: ['Free MiB'],
    hosts: ['Hosts'],
    url: ['URL'],
    objectId: ['Object ID'],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export type SheetName = keyof typeof FIELDS;
export type FieldOf<S extends SheetName> = keyof (typeof FIELDS)[S] & string;

/** The sheets that are read, in the order in which they are. */
export const SHEET_NAMES = Object.keys(FIELDS) as readonly SheetName[];

/** Columns that RVTools writes and that are not read, separated by bars. */
const UNUSED: Readonly<Record<SheetName, string>> = {
  vInfo:
    'SRM Placeholder|Config status|Connection state|Heartbeat|Consolidation Needed|PowerOn|Suspended To Memory|Suspend time|Suspend Interval|Creation date|Change Version|Overall Cpu Readiness|Fixed Passthru HotPlug|min Required EVC Mode Key|Latency Sensitivity|Op Notification Timeout|EnableUUID|CBT|Num Monitors|Video Ram KiB|Folder ID|vApp|DAS protection|FT State|FT Role|FT Latency|FT Bandwidth|FT Sec. Latency|Vm Failover In Progress|In Use MiB|Unshared MiB|HA Restart Priority|HA Isolation Response|HA VM Monitoring|Cluster rule(s)|Cluster rule name(s)|Boot Required|Boot delay|Boot retry delay|Boot retry enabled|Boot BIOS setup|Reboot PowerOff|EFI Secure boot|HW upgrade status|HW upgrade policy|HW target|Log directory|Snapshot directory|Suspend directory|Backup status|ClusterInvariantVMMId|Last backup|Customization Info|Guest Detailed Data|VI SDK Server type|VI SDK API Version|Video Ram MiB',
  vCPU: 'Powerstate|Template|SRM Placeholder|Cores p/s|Max|Level|Shares|Reservation|Entitlement|DRS Entitlement|Limit|Hot Add|Hot Remove|Numa Hotadd Exposed|Annotation|Backup status|ClusterInvariantVMMId|Last backup|Cluster|Host|Folder|OS according to the configuration file|OS according to the VMware Tools|VI SDK Server|VI SDK UUID',
  vMemory:
    'Powerstate|Template|SRM Placeholder|Memory Reservation Locked To Max|Overhead|Max|Consumed|Consumed Overhead|Private|Shared|Swapped|Ballooned|Entitlement|DRS Entitlement|Level|Shares|Reservation|Limit|Hot Add|Annotation|Backup status|ClusterInvariantVMMId|Last backup|Cluster|Host|Folder|OS according to the configuration file|OS according to the VMware Tools|VI SDK Server|VI SDK UUID',
  vTools:
    'Powerstate|Template|SRM Placeholder|VM Version|Required Version|Upgradeable|Upgrade Policy|Sync time|App status|Heartbeat status|Kernel Crash state|Operation Ready|State change support|Interactive Guest|Annotation|Backup status|ClusterInvariantVMMId|Last backup|Cluster|Host|Folder|OS according to the configuration file|OS according to the VMware Tools|VMRef|VI SDK Server|VI SDK UUID',
  vDisk:
    'Powerstate|Template|SRM Placeholder|Eagerly Scrub|Split|Write Through|Level|Shares|Reservation|Limit|SCSI Unit #|Raw LUN ID|Raw Comp. Mode|Internal Sort Column|Annotation|Backup status|ClusterInvariantVMMId|Last backup|Cluster|Host|Folder|OS according to the configuration file|OS according to the VMware Tools|VI SDK Server|VI SDK UUID',
  vPartition:
    'Powerstate|Template|SRM Placeholder|Free MiB|Free %|Internal Sort Column|Annotation|Backup status|ClusterInvariantVMMId|Last backup|Cluster|Host|Folder|OS according to the configuration file|OS according to the VMware Tools|VI SDK Server|VI SDK UUID',
  vNetwork:
    'Powerstate|Template|SRM Placeholder|Starts Connected|Type|Direct Path IO|Internal Sort Column|Annotation|Backup status|ClusterInvariantVMMId|Last backup|Cluster|Host|Folder|OS according to the configuration file|OS according to the VMware Tools|VI SDK Server|VI SDK UUID',
  vCluster:
    'Config status|OverallStatus|NumHosts|numEffectiveHosts|TotalCpu|NumCpuCores|NumCpuThreads|Effective Cpu|TotalMemory|Effective Memory|Num VMotions|HA enabled|Failover Level|AdmissionControlEnabled|Host monitoring|HB Datastore Candidate Policy|Isolation Response|Restart Priority|Cluster Settings|Max Failures|Max Failure Window|Failure Interval|Min Up Time|VM Monitoring|DRS enabled|DRS default VM behavior|DRS vmotion rate|DPM enabled|DPM default behavior|DPM Host Power Action Rate|Backup status|ClusterInvariantVMMId|com.vmware.vcenter.cluster.edrs.upgradeHostAdded|Last backup|VI SDK Server|VI SDK UUID|Num VMotions',
  vHost:
    'Config status|Compliance Check State|in Quarantine Mode|vSAN Fault Domain Name|HT Available|Cores per CPU|CPU usage %|Memory Tiering Type|Memory usage %|Console|# NICs|# HBAs|# VMs total|# VMs|VMs per Core|# vCPUs|vCPUs per Core|vRAM|VM Used memory|VM Memory Swapped|VM Memory Ballooned|VMotion support|Storage VMotion support|Current EVC|Max EVC|Assigned License(s)|ATS Heartbeat|ATS Locking|Current CPU power man. policy|Supported CPU power man.|Host Power Policy|Boot time|DNS Servers|DHCP|Domain|Domain List|DNS Search Order|NTP Server(s)|NTPD running|Time Zone|Time Zone Name|GMT Offset|Serial number|Service tag|OEM specific string|BIOS Vendor|BIOS Version|BIOS Date|Certificate Issuer|Certificate Start Date|Certificate Expiry Date|Certificate Status|Certificate Subject|AutoDeploy.MachineIdentity|Backup status|ClusterInvariantVMMId|Last backup|VI SDK Server|VI SDK UUID',
  vDatastore:
    'Config status|Address|Accessible|# VMs total|# VMs|Provisioned MiB|In Use MiB|Free %|SIOC enabled|SIOC Threshold|# Hosts|Cluster name|Cluster capacity MiB|Cluster free space MiB|Block size|Max Blocks|# Extents|Major Version|Version|VMFS Upgradeable|MHA|Backup status|ClusterInvariantVMMId|Last backup|VI SDK Server|VI SDK UUID',
};

const MIB = /m(i?)b$/;
const KIB = /k(i?)b$/;

/** A header as it is compared: lower-case letters, digits, # and % only; MB as MiB; no sheet prefix. */
export function normaliseHeader(header: string, sheet: SheetName): string {
  const plain = header
    .toLowerCase()
    .replace(/[^a-z0-9#%]/g, '')
    .replace(MIB, 'mib')
    .replace(KIB, 'kib');
  const prefix = sheet.toLowerCase();
  return header.startsWith(sheet) && plain.length > prefix.length ? plain.slice(prefix.length) : plain;
}

const NAMES = new Map<SheetName, { fields: Map<string, string>; known: Set<string> }>();
for (const sheet of SHEET_NAMES) {
  const fields = new Map<string, string>();
  for (const [field, columns] of Object.entries<readonly string[]>(FIELDS[sheet]))
    for (const column of columns) fields.set(normaliseHeader(column, sheet), field);
  const unused = UNUSED[sheet].split('|').map((column) => normaliseHeader(column, sheet));
  NAMES.set(sheet, { fields, known: new Set([...fields.keys(), ...unused]) });
}

/** The field a column holds, if it is one that is read. */
export function fieldOfHeader(sheet: SheetName, header: string): string | undefined {
  return NAMES.get(sheet)!.fields.get(normaliseHeader(header, sheet));
}

/** False for headers that no known version of RVTools writes: custom attributes, and mistakes. */
export function isRvtoolsHeader(sheet: SheetName, header: string): boolean {
  return NAMES.get(sheet)!.known.has(normaliseHeader(header, sheet));
}
