/**
 * What the appliance collects of servers: each datum that the Azure Migrate appliance is documented to collect, the command
 * and the class of the documentation, those that are used here, and the name under which the service is told. Printed to
 * docs/coverage/appliance-servers.md and judged by tests: nothing is asked that is not listed, nothing is listed that is
 * not asked. [learn.microsoft.com/azure/migrate/discovered-metadata, 2023-02]
 */
import { CONFIGURATION, SAMPLE } from './linux-script.ts';
import { COUNTER_CLASSES } from './windows-reader.ts';

export interface Attribute {
  readonly datum: string;
  /** Of Linux, as the documentation words it; empty: not documented. */
  readonly documentedLinux: string;
  /** Names of sections of the script. */
  readonly sections: readonly string[];
  readonly documentedWindows: string;
  /** "Class.Property", several with ", ". */
  readonly windows: string;
  /** Path in the `Server` of the discovery data plane; empty: needed to put the others together. */
  readonly sentAs: string;
}

const of = (
  datum: string,
  [documentedLinux, ...sections]: readonly string[],
  [documentedWindows, windows]: readonly [string, string],
  sentAs: string,
): Attribute => ({ datum, documentedLinux: documentedLinux!, sections, documentedWindows, windows, sentAs });

const system = (...names: string[]) => names.map((name) => `Win32_ComputerSystem.${name}`).join(', ');
const os = (name: string) => `Win32_OperatingSystem.${name}`;
const drive = (...names: string[]) => names.map((name) => `Win32_DiskDrive.${name}`).join(', ');
const adapter = (name: string) => `Win32_NetworkAdapterConfiguration.${name}`;

export const ATTRIBUTES: readonly Attribute[] = [
  of(
    'identifier',
    ['', 'uuid', 'dmi', 'ip'],
    [
      '',
      'Win32_ComputerSystemProduct.UUID, else Win32_ComputerSystemProduct.IdentifyingNumber or Win32_BIOS.SerialNumber with Win32_NetworkAdapterConfiguration.MACAddress',
    ],
    'id',
  ),
  of(
    'name',
    ['/proc/sys/kernel/hostname', 'host'],
    ['Win32_ComputerSystem: Name', system('DNSHostName', 'Name')],
    'displayName',
  ),
  of(
    'FQDN',
    ['hostname -f', 'fqdn'],
    [
      'Win32_ComputerSystem: Domain, Name, PartOfDomain',
      system('DNSHostName', 'Domain', 'PartOfDomain', 'Workgroup'),
    ],
    'fqdn',
  ),
  of(
    'cores',
    ['processor entries of /proc/cpuinfo', 'cpu'],
    [
      'Win32_Processor: NumberOfCores',
      'Win32_Processor.NumberOfCores, else Win32_Processor.NumberOfLogicalProcessors',
    ],
    'numberOfProcessorCore',
  ),
  of('processor', ['', 'cpu'], ['', 'Win32_Processor.Name'], 'processorInfo.name'),
  of(
    'sockets',
    ['', 'cpu'],
    ['', 'Win32_Processor: the number of instances'],
    'processorInfo.numberOfSockets',
  ),
  of(
    'memory',
    ['MemTotal of /proc/meminfo', 'memory'],
    ['Win32_ComputerSystem: TotalPhysicalMemory', system('TotalPhysicalMemory')],
    'allocatedMemoryInMb',
  ),
  of(
    'BIOS serial number',
    ['lshw; dmidecode -t 1', 'dmi'],
    [
      'Win32_ComputerSystemProduct: IdentifyingNumber',
      'Win32_BIOS.SerialNumber, Win32_ComputerSystemProduct.IdentifyingNumber',
    ],
    'biosSerialNumber',
  ),
  of(
    'BIOS GUID',
    ['/sys/class/dmi/id/product_uuid', 'uuid', 'dmi'],
    ['Win32_ComputerSystemProduct: UUID', 'Win32_ComputerSystemProduct.UUID'],
    'biosGuid',
  ),
  of(
    'boot type',
    ['/sys/firmware/efi exists', 'boot'],
    ['Win32_DiskPartition: type GPT:System', 'Win32_DiskPartition.Type: one of "GPT: System" is EFI'],
    'firmware',
  ),
  of(
    'operating system: name',
    [
      '/etc/os-release, /usr/lib/os-release, /etc/enterprise-release, /etc/redhat-release, /etc/oracle-release, /etc/SuSE-release, /etc/lsb-release, /etc/debian_version',
      'os',
    ],
    ['Win32_OperatingSystem: Caption', os('Caption')],
    'operatingSystemDetails.osName',
  ),
  of(
    'operating system: version',
    ['the same', 'os'],
    ['Win32_OperatingSystem: Version', os('Version')],
    'operatingSystemDetails.osVersion',
  ),
  of(
    'architecture',
    ['uname -m', 'arch'],
    ['Win32_OperatingSystem: OSArchitecture', os('OSArchitecture')],
    'operatingSystemDetails.osArchitecture',
  ),
  of(
    'maker and model: what it runs on',
    ['', 'board', 'dmi'],
    ['', system('Manufacturer', 'Model')],
    'hypervisor',
  ),
  of(
    'disk: identifier',
    ['', 'lsblk'],
    ['', 'Win32_DiskDrive.SerialNumber where it is one, else Win32_DiskDrive.Index'],
    'disks[].id',
  ),
  of(
    'disk: name',
    ['fdisk -l', 'lsblk', 'fdisk'],
    ['Win32_DiskDrive: Model, DeviceID, Name', drive('Model', 'DeviceID')],
    'disks[].diskId',
  ),
  of(
    'disk: size',
    ['fdisk -l', 'lsblk', 'fdisk'],
    ['Win32_DiskDrive: Size', drive('Size')],
    'disks[].maxSizeInBytes',
  ),
  of(
    'disk: media',
    ['', 'lsblk'],
    ['Win32_DiskDrive: MediaType', drive('MediaType', 'InterfaceType')],
    'disks[].diskType',
  ),
  of('disk: unit', ['', 'lsblk'], ['', drive('SCSILogicalUnit')], 'disks[].lun'),
  of(
    'disk: holds the system',
    ['df on /boot', 'root', 'lsblk'],
    ['', 'Win32_DiskPartition.BootPartition, Win32_DiskPartition.DiskIndex'],
    'disks[].isOSDisk',
  ),
  of(
    'adapter: identifier',
    ['ip addr', 'ip'],
    ['Win32_NetworkAdapterConfiguration: Index', adapter('Index')],
    'networkAdapters[].nicId',
  ),
  of(
    'adapter: MAC address',
    ['ip addr', 'ip'],
    ['Win32_NetworkAdapterConfiguration: MACAddress', adapter('MACAddress')],
    'networkAdapters[].macAddress',
  ),
  of(
    'adapter: addresses',
    ['ip addr', 'ip'],
    [
      'Win32_NetworkAdapterConfiguration: Description, IPAddress',
      `${adapter('IPAddress')}, ${adapter('IPEnabled')}, ${adapter('Description')}`,
    ],
    'networkAdapters[].ipAddressList',
  ),
  of('the clock of the server', ['', 'time'], ['', os('LocalDateTime')], ''),
  of('whether the account is root', ['', 'user'], ['', ''], ''),
];

export interface Counter {
  readonly name: string;
  readonly documentedLinux: string;
  readonly sections: readonly string[];
  readonly documentedWindows: string;
  readonly windows: keyof typeof COUNTER_CLASSES;
}

export const COUNTERS_READ: readonly Counter[] = [
  {
    name: 'cpu.usage',
    documentedLinux: 'cpu lines of /proc/stat',
    sections: ['stat', 'uptime'],
    documentedWindows: 'PercentIdleTime',
    windows: 'Win32_PerfFormattedData_PerfOS_Processor',
  },
  {
    name: 'mem.usage',
    documentedLinux: 'free: used / total',
    sections: ['free', 'memory'],
    documentedWindows: 'AvailableMBytes',
    windows: 'Win32_PerfFormattedData_PerfOS_Memory',
  },
  {
    name: 'net.receivedBytes, net.sentBytes of each adapter',
    documentedLinux: 'rx_bytes and tx_bytes under /sys/class/net',
    sections: ['net', 'macs', 'uptime'],
    documentedWindows: 'BytesReceivedPerSec, BytesSentPersec',
    windows: 'Win32_PerfFormattedData_Tcpip_NetworkInterface',
  },
  {
    name: 'disk.reads, disk.writes, disk.readBytes, disk.writeBytes of each disk',
    documentedLinux: '/proc/diskstats',
    sections: ['disks', 'uptime'],
    documentedWindows: 'DiskReadsPerSec, DiskWritesPerSec, DiskReadBytesPerSec, DiskWriteBytesPerSec',
    windows: 'Win32_PerfFormattedData_PerfDisk_PhysicalDisk',
  },
];

/** Commands may hold what a table of Markdown ends a cell at. */
const code = (command: string): string => `\`${command.replaceAll('|', '\\|')}\``;

/** The page of the documentation. */
export function attributesPage(): string {
  const rows = ATTRIBUTES.map(
    ({ datum, documentedLinux, sections, documentedWindows, windows, sentAs }) =>
      `| ${datum} | ${documentedLinux || '–'} | ${sections.join(', ') || '–'} | ${documentedWindows || '–'} | ${windows || '–'} | ${sentAs || '–'} |`,
  );
  const counters = COUNTERS_READ.map(
    ({ name, documentedLinux, sections, documentedWindows, windows }) =>
      `| ${name} | ${documentedLinux} | ${sections.join(', ') || '–'} | ${documentedWindows} | ${windows}: ${COUNTER_CLASSES[windows].join(', ')} |`,
  );
  const commands = (data: typeof CONFIGURATION) =>
    data.map(({ section, commands: lines }) => `| ${section} | ${lines.map(code).join('<br>')} |`).join('\n');
  return `# What the appliance collects of servers

Made from \`reference-appliance/sources/servers/attributes.ts\`, \`linux-script.ts\` and \`windows-reader.ts\`; a test keeps both equal, and compares the list with
what is really asked and sent. Judged by the simulators (\`scenarios/servers\`) and by Debian's own sshd (\`scenarios/crosscheck/sshd-servers\`).

Documented: the command or property as Microsoft's page of discovered metadata words it; "–" where that page is silent. Linux servers are asked by one
script through the standard input of \`/bin/sh\`: its sections stand below, each fails by itself, \`$S\` is \`sudo -n\` for an account that is not
root. Windows servers are asked class by class in root/cimv2, each with a projection of the properties named here. Configuration every three hours, samples
every five minutes.

| datum | documented, Linux | sections | documented, Windows | class and property | sent as |
|---|---|---|---|---|---|
${rows.join('\n')}

| counter, every 5 minutes | documented, Linux | sections | documented, Windows | class and properties |
|---|---|---|---|---|
${counters.join('\n')}

Counters of Linux only grow: rates are what they grew by between two looks, over the time that the server's own uptime grew by. After a new start there is
none until the next look; a counter of 32 bits that ran over is put right. Windows works rates out by itself.

| section of the configuration | commands |
|---|---|
${commands(CONFIGURATION)}

| section of a sample | commands |
|---|---|
${commands(SAMPLE)}
`;
}
