/**
 * What a Windows server is asked over CIM, class by class, each with the properties that are needed; and how the answers
 * are read. A class that is missing or denied costs its data only. [facts: physical-servers §5; collected-data §7]
 */
import { MIB } from '#core/units.ts';
import type { ServerDisk, ServerNic, SourceMachine } from '../../app/source-machines.ts';
import { type CimInstance, flag, number, text, texts } from '../winrm/cim.ts';

export const NAMESPACE = 'root/cimv2';

/** Classes of the configuration, and which properties of them are asked for. */
export const CLASSES = {
  Win32_ComputerSystem:
    'Name, DNSHostName, Domain, PartOfDomain, Workgroup, Manufacturer, Model, TotalPhysicalMemory',
  Win32_OperatingSystem: 'Caption, Version, OSArchitecture, LocalDateTime',
  Win32_Processor: 'Name, NumberOfCores, NumberOfLogicalProcessors',
  Win32_ComputerSystemProduct: 'IdentifyingNumber, UUID',
  Win32_BIOS: 'SerialNumber',
  Win32_DiskPartition: 'DiskIndex, Type, BootPartition',
  Win32_DiskDrive: 'DeviceID, Index, Model, Size, MediaType, InterfaceType, SerialNumber, SCSILogicalUnit',
  Win32_NetworkAdapterConfiguration: 'Index, Description, IPAddress, MACAddress, IPEnabled',
} as const;
export type ClassName = keyof typeof CLASSES;

/** Without these there is no machine to tell of. */
export const NEEDED: readonly ClassName[] = ['Win32_ComputerSystem', 'Win32_OperatingSystem'];

/** Counters, as the performance classes work them out by themselves. */
export const COUNTER_CLASSES = {
  Win32_PerfFormattedData_PerfOS_Processor: ['Name', 'PercentIdleTime'],
  Win32_PerfFormattedData_PerfOS_Memory: ['AvailableMBytes'],
  Win32_PerfFormattedData_Tcpip_NetworkInterface: ['Name', 'BytesReceivedPersec', 'BytesSentPersec'],
  Win32_PerfFormattedData_PerfDisk_PhysicalDisk: [
    'Name',
    'DiskReadsPersec',
    'DiskWritesPersec',
    'DiskReadBytesPersec',
    'DiskWriteBytesPersec',
  ],
} as const;
export type CounterClass = keyof typeof COUNTER_CLASSES;

const DISKS_MAX = 256;
const NICS_MAX = 64;

export interface WindowsFacts {
  readonly hostName: string;
  readonly fqdn: string;
  readonly domainOrWorkgroup: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly cores: number;
  readonly sockets: number;
  readonly processorModel: string;
  readonly memoryMiB: number;
  readonly uuid: string;
  readonly serial: string;
  readonly firmware: SourceMachine['firmware'];
  readonly osName: string;
  readonly osVersion: string;
  readonly architecture: string;
  readonly disks: readonly ServerDisk[];
  readonly nics: readonly ServerNic[];
  /** By the server's own clock. */
  readonly now: number | undefined;
}

type Found = ReadonlyMap<ClassName, readonly CimInstance[]>;

/** @returns undefined when what was found is no machine */
export function readWindows(found: Found): WindowsFacts | undefined {
  const all = (name: ClassName) => found.get(name) ?? [];
  const [system] = all('Win32_ComputerSystem');
  const [os] = all('Win32_OperatingSystem');
  if (!system || !os) return undefined;
  const [product] = all('Win32_ComputerSystemProduct');
  const [bios] = all('Win32_BIOS');
  const processors = all('Win32_Processor');
  const hostName = text(system, 'DNSHostName') || text(system, 'Name') || '';
  const isJoined = flag(system, 'PartOfDomain') === true;
  const domain = text(system, 'Domain') ?? '';
  const sum = (name: string) => processors.reduce((total, each) => total + (number(each, name) ?? 0), 0);
  return {
    hostName,
    fqdn: isJoined && domain !== '' ? `${hostName}.${domain}` : hostName,
    domainOrWorkgroup: isJoined ? domain : text(system, 'Workgroup') || domain,
    manufacturer: text(system, 'Manufacturer')?.trim() ?? '',
    model: text(system, 'Model')?.trim() ?? '',
    // before Windows Server 2008 only logical processors are known
    cores: sum('NumberOfCores') || sum('NumberOfLogicalProcessors') || processors.length,
    sockets: Math.max(1, processors.length),
    processorModel: (processors[0] && text(processors[0], 'Name')?.trim()) ?? '',
    memoryMiB: Math.round((number(system, 'TotalPhysicalMemory') ?? 0) / MIB),
    uuid: (product && text(product, 'UUID')) ?? '',
    serial: (bios && text(bios, 'SerialNumber')) || (product && text(product, 'IdentifyingNumber')) || '',
    firmware: all('Win32_DiskPartition').some((each) => /^GPT: System/i.test(text(each, 'Type') ?? ''))
      ? 'EFI'
      : 'BIOS',
    osName: text(os, 'Caption')?.trim() ?? '',
    osVersion: text(os, 'Version') ?? '',
    architecture: text(os, 'OSArchitecture') ?? '',
    disks: readDisks(all('Win32_DiskDrive'), all('Win32_DiskPartition')),
    nics: readNics(all('Win32_NetworkAdapterConfiguration')),
    now: cimTime(text(os, 'LocalDateTime') ?? ''),
  };
}

/** Identifiers are letters, digits and `_.:{}-`. */
export function identifier(text: string): string {
  return text
    .trim()
    .replace(/[^\w.:{}-]+/g, '_')
    .slice(0, 128);
}

/** Of each the serial number where it is one, and nobody else's; else the name. */
export function uniqueIds(
  disks: ReadonlyArray<{ readonly serial: string; readonly name: string }>,
): string[] {
  const serials = disks.map(({ serial }) => identifier(serial));
  return disks.map(({ name }, i) => {
    const serial = serials[i]!;
    const isOwn = /[^0_.:{}-]/.test(serial) && serials.indexOf(serial) === serials.lastIndexOf(serial);
    return isOwn ? serial : identifier(name);
  });
}

function readDisks(drives: readonly CimInstance[], partitions: readonly CimInstance[]): ServerDisk[] {
  const fixed = drives
    .filter(
      (each) => (number(each, 'Size') ?? 0) > 0 && !/removable|external/i.test(text(each, 'MediaType') ?? ''),
    )
    .sort((a, b) => (number(a, 'Index') ?? 0) - (number(b, 'Index') ?? 0))
    .slice(0, DISKS_MAX);
  const boot = partitions.find((each) => flag(each, 'BootPartition') === true);
  const bootIndex = (boot && number(boot, 'DiskIndex')) ?? 0;
  const names = fixed.map((each) => `PHYSICALDRIVE${number(each, 'Index') ?? 0}`);
  const ids = uniqueIds(
    fixed.map((each, i) => ({ serial: text(each, 'SerialNumber') ?? '', name: names[i]! })),
  );
  return fixed.map((each, i) => ({
    uuid: ids[i]!,
    label: text(each, 'Model')?.trim() || names[i]!,
    sizeBytes: number(each, 'Size') ?? 0,
    instance: ids[i]!,
    isOsDisk: number(each, 'Index') === bootIndex,
    diskId: text(each, 'DeviceID') || `\\\\.\\${names[i]!}`,
    diskType: text(each, 'MediaType') || text(each, 'InterfaceType') || 'Fixed hard disk media',
    lun: number(each, 'SCSILogicalUnit'),
    generatedId: text(each, 'SerialNumber')?.trim() ?? '',
  }));
}

function readNics(adapters: readonly CimInstance[]): ServerNic[] {
  return adapters
    .filter((each) => text(each, 'MACAddress') && flag(each, 'IPEnabled') !== false)
    .slice(0, NICS_MAX)
    .map((each) => ({
      id: String(number(each, 'Index') ?? 0),
      label: text(each, 'Description') ?? '',
      macAddress: text(each, 'MACAddress') ?? '',
      addresses: texts(each, 'IPAddress').filter((address) => !/^(169\.254\.|fe[89ab])/i.test(address)),
      networkName: '',
    }));
}

/** "20260302100000.000000+060": date and time, then the offset from UTC in minutes. [DSP0004, datetime] */
export function cimTime(text: string): number | undefined {
  const [, y, mo, d, h, mi, s, offset] =
    /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})\.\d{6}([+-]\d{3})$/.exec(text) ?? [];
  if (offset === undefined) return undefined;
  return (
    Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)) - Number(offset) * 60_000
  );
}

/** The name that an adapter has among the counters. */
export function counterNameOf(description: string): string {
  return description
    .replaceAll('(', '[')
    .replaceAll(')', ']')
    .replace(/[#/\\]/g, '_');
}
