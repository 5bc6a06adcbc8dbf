/** Reads what a Linux server answered to the questions of linux-script.ts. Nothing in it is trusted. */
import { KIB } from '#core/units.ts';
import { readInventory } from '../../app/guest-scripts.ts';
import type { SourceMachine } from '../../app/source-machines.ts';

export interface LinuxDisk {
  /** "sda" */
  readonly name: string;
  readonly sizeBytes: number;
  readonly model: string;
  /** Serial number or world-wide name; empty where neither is known. */
  readonly serial: string;
  /** Last number of host:channel:target:lun. */
  readonly lun: number | undefined;
  readonly isOsDisk: boolean;
}

export interface LinuxNic {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly string[];
}

export interface LinuxFacts {
  readonly hostName: string;
  readonly fqdn: string;
  readonly cores: number;
  readonly sockets: number;
  readonly processorModel: string;
  readonly memoryMiB: number;
  readonly uuid: string;
  readonly serial: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: SourceMachine['firmware'];
  readonly osName: string;
  readonly osVersion: string;
  readonly architecture: string;
  readonly disks: readonly LinuxDisk[];
  readonly nics: readonly LinuxNic[];
  /** By the server's own clock, seconds since the epoch; undefined when it did not tell. */
  readonly epochSeconds: number | undefined;
  /** Why commands of root could not be run: sudo's own words; empty when they could. */
  readonly sudoComplaint: string;
}

/** Counters of one instant; they only grow, until the next start. */
export interface LinuxCounters {
  /** Seconds since the system started. */
  readonly uptime: number;
  readonly cpu: { readonly busy: number; readonly total: number } | undefined;
  /** Used part of the memory, 0…1. */
  readonly memory: number | undefined;
  readonly disks: ReadonlyMap<
    string,
    {
      readonly reads: number;
      readonly writes: number;
      readonly readBytes: number;
      readonly writeBytes: number;
    }
  >;
  readonly nics: ReadonlyMap<string, { readonly received: number; readonly sent: number }>;
  readonly macs: readonly string[];
}

const SECTOR_BYTES = 512;
const DISKS_MAX = 256;
const NICS_MAX = 64;
const DEPTH_MAX = 16;
/** What is no disk of the machine, though the kernel has a block device for it. */
const NO_DISK = /^(loop|ram|zram|sr|fd|nbd|md|dm-|mapper\/)/;
/** Adapters that exist inside the machine only. */
const NO_ADAPTER =
  /^(lo$|docker|veth|br-|virbr|vnet|cni|flannel|cali|tun|tap|lxc|lxdbr|podman|kube|dummy|sit|ip6tnl|gre|erspan|ifb|nodelocaldns|teql)/;

type Sections = ReadonlyMap<string, readonly string[]>;

/** Sections by name; undefined when the answer breaks off before its end. */
export function sectionsOf(text: string): Sections | undefined {
  const found = new Map<string, string[]>();
  let lines: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const mark = /^@@(\w+)$/.exec(line)?.[1];
    if (mark === undefined) lines?.push(line);
    else {
      lines = [];
      // a section that comes twice is somebody's imitation in the output of a command
      if (!found.has(mark)) found.set(mark, lines);
    }
  }
  return found.has('end') ? found : undefined;
}

const first = (parts: Sections, section: string): string =>
  (parts.get(section) ?? []).find((line) => line.trim() !== '')?.trim() ?? '';

/** @returns undefined when the answer is not whole, or no Linux gives it */
export function readConfiguration(text: string): LinuxFacts | undefined {
  const parts = sectionsOf(text);
  if (!parts) return undefined;
  const system = readInventory('linux', text);
  const cpu = readCpu(parts.get('cpu') ?? []);
  const memoryKb = Number(/(\d+)/.exec(first(parts, 'memory'))?.[1] ?? 0);
  const hostName = first(parts, 'host');
  if (hostName === '' || cpu.cores === 0) return undefined;
  const fqdn = first(parts, 'fqdn');
  const dmi = readDmi(parts.get('dmi') ?? []);
  const [vendor = '', product = ''] = (parts.get('board') ?? []).map((line) => line.trim());
  const uuid = first(parts, 'uuid') || dmi('UUID') || dmi('uuid');
  const bootDevices = (parts.get('root') ?? [])
    .map((line) => /^(\S+)\s+\d+\s+\d+/.exec(line)?.[1] ?? '')
    .filter((device) => device !== '');
  const block = readLsblk((parts.get('lsblk') ?? []).join('\n'), bootDevices);
  return {
    hostName,
    fqdn: /^[\w.-]+$/.test(fqdn) && !/^localhost/.test(fqdn) ? fqdn : hostName,
    ...cpu,
    memoryMiB: Math.round(memoryKb / KIB),
    uuid,
    serial: dmi('Serial Number') || dmi('serial'),
    manufacturer: dmi('Manufacturer') || vendor,
    model: dmi('Product Name') || product,
    firmware: first(parts, 'boot') === 'EFI' ? 'EFI' : 'BIOS',
    osName: system?.osName ?? '',
    osVersion: system?.osVersion ?? '',
    architecture: system?.osArchitecture ?? '',
    disks: block ?? readFdisk(parts.get('fdisk') ?? [], bootDevices),
    nics: readNics(parts.get('ip') ?? []),
    epochSeconds: /^\d+$/.test(first(parts, 'time')) ? Number(first(parts, 'time')) : undefined,
    sudoComplaint: sudoComplaint(parts),
  };
}

/** Root's commands complain by themselves; the last words of sudo say why. */
function sudoComplaint(parts: Sections): string {
  if (first(parts, 'user') === '0') return '';
  const lines = [...(parts.get('dmi') ?? []), ...(parts.get('sudo') ?? [])];
  const own = lines.filter((line) => /sudo|sudoers|must have a tty|password/i.test(line));
  const got = (parts.get('dmi') ?? []).some((line) => /^\tSerial Number:/.test(line));
  return got ? '' : (own[0] ?? '').trim();
}

function readCpu(lines: readonly string[]): Pick<LinuxFacts, 'cores' | 'sockets' | 'processorModel'> {
  const values = (name: string) =>
    lines.flatMap((line) => {
      const [key, value] = line.split(/\s*:\s*/, 2);
      return key?.trim() === name ? [value?.trim() ?? ''] : [];
    });
  return {
    cores: values('processor').length,
    sockets: Math.max(1, new Set(values('physical id')).size),
    processorModel: values('model name')[0] ?? '',
  };
}

/** `dmidecode -t 1`, indented by tabs; or `lshw -class system`, by blanks. */
function readDmi(lines: readonly string[]): (name: string) => string {
  const values = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^\s+([\w ]+?):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && !values.has(name)) values.set(name, value!);
  }
  return (name) => values.get(name) ?? '';
}

interface BlockDevice {
  readonly name: string;
  readonly type: string;
  readonly children: readonly BlockDevice[];
  readonly mounts: readonly string[];
  readonly row: Readonly<Record<string, unknown>>;
}

/** Since util-linux 2.33 sizes are numbers, before that texts. */
function readLsblk(text: string, bootDevices: readonly string[]): LinuxDisk[] | undefined {
  const devices = blockDevices(parsed(text) ?? treeOfPairs(text), 0);
  const disks = devices.filter(
    ({ name, type, row }) => type === 'disk' && !NO_DISK.test(name) && Number(row['size']) > 0,
  );
  if (disks.length === 0) return undefined;
  const holdsBoot = (device: BlockDevice): boolean =>
    bootDevices
      .slice(0, 1)
      .some((each) => [`/dev/${device.name}`, `/dev/mapper/${device.name}`].includes(each)) ||
    device.children.some(holdsBoot);
  const isMounted = (device: BlockDevice, at: string): boolean =>
    device.mounts.includes(at) || device.children.some((each) => isMounted(each, at));
  const osDisk =
    disks.find(holdsBoot) ??
    disks.find((disk) => isMounted(disk, '/boot')) ??
    disks.find((disk) => isMounted(disk, '/')) ??
    disks[0];
  const word = (value: unknown) => (typeof value === 'string' ? value.trim() : '');
  return disks.slice(0, DISKS_MAX).map((disk) => {
    const lun = /:(\d+)$/.exec(word(disk.row['hctl']))?.[1];
    return {
      name: disk.name,
      sizeBytes: Number(disk.row['size']),
      model: word(disk.row['model']),
      serial: word(disk.row['serial']) || word(disk.row['wwn']),
      lun: lun === undefined ? undefined : Number(lun),
      isOsDisk: disk === osDisk,
    };
  });
}

function blockDevices(value: unknown, depth: number): BlockDevice[] {
  const list = (value as { blockdevices?: unknown; children?: unknown } | undefined) ?? {};
  const rows = depth === 0 ? list.blockdevices : list.children;
  if (!Array.isArray(rows) || depth > DEPTH_MAX) return [];
  return rows.flatMap((row: unknown) => {
    if (typeof row !== 'object' || row === null) return [];
    const { kname, name, type, mountpoint, mountpoints } = row as Record<string, unknown>;
    if (typeof name !== 'string' || typeof type !== 'string') return [];
    const mounts = [mountpoint, ...(Array.isArray(mountpoints) ? mountpoints : [])];
    return [
      {
        // kname is what /proc/diskstats says; name is what df says of mapped devices
        name: type === 'disk' && typeof kname === 'string' ? kname : name,
        type,
        children: blockDevices(row, depth + 1),
        mounts: mounts.filter((each) => typeof each === 'string'),
        row: row as Record<string, unknown>,
      },
    ];
  });
}

/** `lsblk -P`: NAME="sda1" KNAME="sda1" PKNAME="sda" …, a line for each; as the tree that `lsblk -J` gives. */
function treeOfPairs(text: string): unknown {
  const rows = text
    .split('\n')
    .map((line) =>
      Object.fromEntries(
        [...line.matchAll(/([A-Z]+)="([^"]*)"/g)].map(([, key, value]) => [key!.toLowerCase(), value!]),
      ),
    );
  const within = (parent: string | undefined, depth: number): unknown[] =>
    rows
      .filter(({ pkname, name }) => name !== undefined && pkname === (parent ?? ''))
      .map((row) => ({ ...row, children: depth > DEPTH_MAX ? [] : within(row['kname'], depth + 1) }));
  return { blockdevices: within(undefined, 0) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** "Disk /dev/sda: 600 GiB, 644245094400 bytes, …", and older: "Disk /dev/sda: 644.2 GB, 644245094400 bytes". */
function readFdisk(lines: readonly string[], bootDevices: readonly string[]): LinuxDisk[] {
  const found = lines.flatMap((line) => {
    const [, name, bytes] = /^Disk \/dev\/([\w/-]+): .*?(\d+) bytes/.exec(line) ?? [];
    return name === undefined || NO_DISK.test(name) ? [] : [{ name, sizeBytes: Number(bytes) }];
  });
  const osDisk =
    found.find(({ name }) => bootDevices.some((device) => partitionOf(name).test(device))) ?? found[0];
  return found.slice(0, DISKS_MAX).map((disk) => ({
    ...disk,
    model: '',
    serial: '',
    lun: undefined,
    isOsDisk: disk === osDisk,
  }));
}

/** "/dev/sda1", "/dev/nvme0n1p1" */
const partitionOf = (name: string) => new RegExp(`^/dev/${name.replaceAll('/', '\\/')}(p?\\d+)?$`);

function readNics(lines: readonly string[]): LinuxNic[] {
  const links = jsonLinks(parsed(lines.join('\n'))) ?? textLinks(lines);
  return links
    .filter(({ name, mac }) => !NO_ADAPTER.test(name) && mac !== '' && mac !== '00:00:00:00:00:00')
    .slice(0, NICS_MAX);
}

/** Loopback and link-local addresses are those of every machine. */
const isOwnAddress = (address: string): boolean =>
  !/^(127\.|169\.254\.|::1$|fe[89ab])/i.test(address) && /^[\da-f.:]{2,45}$/i.test(address);

function jsonLinks(value: unknown): LinuxNic[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((link: unknown) => {
    const { ifname, address, link_type, addr_info } = (link ?? {}) as Record<string, unknown>;
    if (typeof ifname !== 'string' || link_type === 'loopback') return [];
    const addresses = (Array.isArray(addr_info) ? addr_info : []).flatMap((each: unknown) => {
      const { local } = (each ?? {}) as Record<string, unknown>;
      return typeof local === 'string' && isOwnAddress(local) ? [local] : [];
    });
    return [{ name: ifname, mac: typeof address === 'string' ? address : '', addresses }];
  });
}

/** `ip addr`, or `ifconfig -a` of old and of new net-tools. */
function textLinks(lines: readonly string[]): LinuxNic[] {
  const links: Array<{ name: string; mac: string; addresses: string[] }> = [];
  for (const line of lines) {
    const name = /^(?:\d+: )?([\w.-]+)(?:@\w+)?(?::|\s+Link encap)/.exec(line)?.[1];
    if (name !== undefined) links.push({ name, mac: '', addresses: [] });
    const link = links.at(-1);
    if (!link) continue;
    link.mac ||= /(?:link\/ether|\bether|HWaddr)\s+([\da-f:]{17})/i.exec(line)?.[1]?.toLowerCase() ?? '';
    const address = /\binet6?\s+(?:addr:\s*)?([\da-f.:]+)/i.exec(line)?.[1];
    if (address !== undefined && isOwnAddress(address)) link.addresses.push(address);
  }
  return links;
}

/** @returns undefined when the answer is not whole */
export function readCounters(text: string): LinuxCounters | undefined {
  const parts = sectionsOf(text);
  if (!parts) return undefined;
  const uptime = Number(/^(\d+(?:\.\d+)?)/.exec(first(parts, 'uptime'))?.[1] ?? Number.NaN);
  if (!Number.isFinite(uptime)) return undefined;
  return {
    uptime,
    cpu: readStat(first(parts, 'stat')),
    memory: readMemory(parts.get('free') ?? [], parts.get('memory') ?? []),
    disks: readDiskstats(parts.get('disks') ?? []),
    nics: readNetDev(parts.get('net') ?? []),
    macs: (parts.get('macs') ?? [])
      .map((line) => line.trim().toLowerCase())
      .filter((mac) => /^[\da-f:]{17}$/.test(mac)),
  };
}

/** user nice system idle iowait irq softirq steal guest guest_nice; the last two are in the first two already. */
function readStat(line: string): LinuxCounters['cpu'] {
  const times = line.split(/\s+/).slice(1, 9).map(Number);
  if (times.length < 4 || times.some((time) => !Number.isFinite(time))) return undefined;
  const total = times.reduce((sum, time) => sum + time, 0);
  return { total, busy: total - times[3]! - (times[4] ?? 0) };
}

/** Column "used" of `free`, as published; procps before 3.3.10 counts buffers and cache in, and says what is without them. */
function readMemory(free: readonly string[], info: readonly string[]): number | undefined {
  const mem = /^Mem:\s+(\d+)\s+(\d+)/.exec(free.find((line) => line.startsWith('Mem:')) ?? '');
  const without = /^-\/\+ buffers\/cache:\s+(\d+)/.exec(free.find((line) => line.startsWith('-/+')) ?? '');
  if (mem && Number(mem[1]) > 0) return Math.min(1, Number(without?.[1] ?? mem[2]) / Number(mem[1]));
  const kb = (name: string) =>
    Number(/(\d+)/.exec(info.find((line) => line.startsWith(`${name}:`)) ?? '')?.[1] ?? Number.NaN);
  const available = kb('MemAvailable');
  const left = Number.isNaN(available) ? kb('MemFree') + kb('Buffers') + kb('Cached') : available;
  const used = 1 - left / kb('MemTotal');
  return Number.isFinite(used) ? Math.min(1, Math.max(0, used)) : undefined;
}

/** Kernel, admin-guide/iostats: reads, merged, sectors, ms; writes likewise. Partitions of 2.6 have 4 numbers only. */
function readDiskstats(lines: readonly string[]): LinuxCounters['disks'] {
  const disks = new Map<string, { reads: number; writes: number; readBytes: number; writeBytes: number }>();
  for (const line of lines) {
    const words = line.trim().split(/\s+/);
    const name = words[2];
    const [reads, , readSectors, , writes, , writeSectors] = words.slice(3).map(Number);
    if (name === undefined || words.length < 14 || NO_DISK.test(name)) continue;
    disks.set(name, {
      reads: reads!,
      writes: writes!,
      readBytes: readSectors! * SECTOR_BYTES,
      writeBytes: writeSectors! * SECTOR_BYTES,
    });
  }
  return disks;
}

function readNetDev(lines: readonly string[]): LinuxCounters['nics'] {
  const nics = new Map<string, { received: number; sent: number }>();
  for (const line of lines) {
    const [, name, rest] = /^\s*([^\s:]+):\s*(.*)$/.exec(line) ?? [];
    const numbers = (rest ?? '').split(/\s+/).map(Number);
    if (name === undefined || numbers.length < 9 || NO_ADAPTER.test(name)) continue;
    nics.set(name, { received: numbers[0]!, sent: numbers[8]! });
  }
  return nics;
}
