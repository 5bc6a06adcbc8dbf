/**
 * /proc as the kernel of each release writes it: number of columns and which lines there are differ by its version.
 * [Linux Documentation/filesystems/proc.rst, admin-guide/iostats.rst]
 */
import { DAY, SECOND, type UnixMillis } from '#core/units.ts';
import { cpuTicksOf, diskCountsOf, netCountsOf } from './counters.ts';
import type { Guest } from './guest.ts';
import type { LinuxOs } from './guest-os.ts';
import { type BlockDevice, blockDevices } from './linux-devices.ts';
import { linuxTools } from './linux-tools.ts';
import { memoryOf } from './load.ts';

export type LiveFile = (now: UnixMillis) => string;

const SWAP_KB = 2_097_148;
/** Mean size of a packet. */
const PACKET_BYTES = 820;
/** What goes over the loop-back adapter, bytes a second. */
const LOOPBACK_RATE = 96;

/** Files by path. */
export function procFiles(guest: Guest, os: LinuxOs): Record<string, LiveFile> {
  const tools = linuxTools(os);
  const load = (now: UnixMillis) => (guest.cpuRatio(now) * guest.machine.cores).toFixed(2);
  return {
    '/proc/sys/kernel/hostname': () => `${guest.hostName}\n`,
    '/proc/sys/kernel/osrelease': () => `${os.kernel}\n`,
    '/proc/sys/kernel/ostype': () => 'Linux\n',
    '/proc/sys/kernel/random/boot_id': () =>
      `${guest.entropy.uuid('guest.bootId', guest.machine.id, guest.bootedAt())}\n`,
    '/proc/version': () => `Linux version ${os.kernel} (mockbuild@builder) (gcc) #1 SMP\n`,
    '/proc/cmdline': () => `BOOT_IMAGE=/vmlinuz-${os.kernel} root=/dev/${rootDevice(guest)} ro quiet\n`,
    '/proc/cpuinfo': () => cpuInfo(guest),
    '/proc/meminfo': (now) => memInfo(guest, tools.kernel, now),
    '/proc/stat': (now) => procStat(guest, tools.kernel, now),
    '/proc/uptime': (now) => uptime(guest, now),
    '/proc/loadavg': (now) =>
      `${load(now)} ${load(now)} ${load(now)} 1/${guest.processes(now).length} ${guest.processes(now).at(-1)?.pid ?? 1}\n`,
    '/proc/mounts': () => mounts(guest),
    '/proc/partitions': () => partitions(guest),
    '/proc/diskstats': (now) => diskStats(guest, tools.kernel, now),
    '/proc/net/dev': (now) => netDev(guest, now),
    '/proc/swaps': () =>
      `Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n/swap.img                               file\t\t${SWAP_KB}\t0\t-2\n`,
    '/proc/filesystems': () => 'nodev\tsysfs\nnodev\tproc\nnodev\ttmpfs\n\text4\n\txfs\n\tvfat\n',
  };
}

function rootDevice(guest: Guest): string {
  return (
    guest
      .disks()
      .flatMap(({ volumes }) => volumes)
      .find(({ mountPoint }) => mountPoint === '/')?.name ?? 'sda1'
  );
}

function cpuInfo(guest: Guest): string {
  const { cores, sockets } = guest.machine;
  const { cpuModel, cpuMhz, virtual } = guest.hardware;
  const perSocket = Math.max(1, Math.floor(cores / sockets));
  const vendor = cpuModel.includes('AMD') ? 'AuthenticAMD' : 'GenuineIntel';
  return Array.from(
    { length: cores },
    (_, i) =>
      `processor\t: ${i}\nvendor_id\t: ${vendor}\ncpu family\t: 6\nmodel\t\t: 85\n` +
      `model name\t: ${cpuModel}\nstepping\t: 4\nmicrocode\t: 0x2006a08\ncpu MHz\t\t: ${(cpuMhz - 4.922).toFixed(3)}\ncache size\t: 22528 KB\n` +
      `physical id\t: ${Math.floor(i / perSocket)}\nsiblings\t: ${perSocket}\ncore id\t\t: ${i % perSocket}\ncpu cores\t: ${perSocket}\napicid\t\t: ${i}\n` +
      `fpu\t\t: yes\ncpuid level\t: 22\nwp\t\t: yes\nflags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr${virtual ? ' hypervisor' : ''} lahf_lm\n` +
      `bogomips\t: ${(cpuMhz * 2).toFixed(2)}\nclflush size\t: 64\ncache_alignment\t: 64\naddress sizes\t: 43 bits physical, 48 bits virtual\npower management:\n\n`,
  ).join('');
}

function memInfo(guest: Guest, kernel: number, now: UnixMillis): string {
  const { totalKb, usedKb } = memoryOf(guest, now);
  const line = (name: string, kb: number) => `${`${name}:`.padEnd(16)}${String(kb).padStart(8)} kB\n`;
  const free = totalKb - usedKb;
  const { buffers, cached, available } = cacheOf(totalKb, usedKb);
  return (
    line('MemTotal', totalKb) +
    line('MemFree', free - buffers - cached) +
    // since 3.14, and in Red Hat's 3.10
    (kernel >= 310 ? line('MemAvailable', available) : '') +
    line('Buffers', buffers) +
    line('Cached', cached) +
    line('SwapCached', 0) +
    line('SwapTotal', SWAP_KB) +
    line('SwapFree', SWAP_KB)
  );
}

/** Of what nobody uses, most holds what was read from disks. KiB. */
export function cacheOf(
  totalKb: number,
  usedKb: number,
): { buffers: number; cached: number; available: number; swap: number } {
  const cache = Math.floor((totalKb - usedKb) * 0.6);
  const buffers = Math.floor(cache * 0.1);
  return {
    buffers,
    cached: cache - buffers,
    available: Math.floor((totalKb - usedKb) * 0.95),
    swap: SWAP_KB,
  };
}

/** One line for all CPUs and one for each, in hundredths of a second since the start of the system. */
function procStat(guest: Guest, kernel: number, now: UnixMillis): string {
  const { busy, idle } = cpuTicksOf(guest, now);
  const { cores } = guest.machine;
  const up = Math.max(0, now - guest.bootedAt()) / SECOND;
  const part = (ticks: number, share: number) => Math.floor((ticks * share) / cores);
  // user nice system idle iowait irq softirq steal guest guest_nice
  const one = [
    part(busy, 0.72),
    0,
    part(busy, 0.24),
    part(idle, 0.99),
    part(idle, 0.01),
    0,
    part(busy, 0.04),
    0,
    0,
    0,
  ].slice(0, kernel >= 300 ? 10 : kernel >= 206.032 ? 9 : 8);
  const line = (name: string, factor: number) => `${name} ${one.map((ticks) => ticks * factor).join(' ')}\n`;
  return (
    line('cpu ', cores) +
    Array.from({ length: cores }, (_, i) => line(`cpu${i}`, 1)).join('') +
    `intr ${Math.floor(up * 900)}\nctxt ${Math.floor(up * 1400)}\nbtime ${Math.floor(guest.bootedAt() / SECOND)}\n` +
    `processes ${1000 + Math.floor(up / 7)}\nprocs_running 1\nprocs_blocked 0\n` +
    (kernel >= 206.032 ? `softirq ${Math.floor(up * 700)} 0 0 0 0 0 0 0 0 0 0\n` : '')
  );
}

function uptime(guest: Guest, now: UnixMillis): string {
  const up = Math.max(0, now - guest.bootedAt()) / SECOND;
  return `${up.toFixed(2)} ${(cpuTicksOf(guest, now).idle / 100).toFixed(2)}\n`;
}

/** Partition and mount point, in the order in which they were mounted. */
export function mountTable(
  guest: Guest,
): ReadonlyArray<{ device: string; mountPoint: string; type: string; options: string }> {
  const volumes = guest
    .disks()
    .flatMap((disk) => disk.volumes)
    .sort((a, b) => a.mountPoint.length - b.mountPoint.length);
  const loops = blockDevices(guest).filter(({ kind }) => kind === 'loop');
  return [
    { device: 'sysfs', mountPoint: '/sys', type: 'sysfs', options: 'rw,nosuid,nodev,noexec,relatime' },
    { device: 'proc', mountPoint: '/proc', type: 'proc', options: 'rw,nosuid,nodev,noexec,relatime' },
    ...volumes.map(({ name, mountPoint, fileSystem }) => ({
      device: `/dev/${name}`,
      mountPoint,
      type: fileSystem,
      options: 'rw,relatime',
    })),
    { device: 'tmpfs', mountPoint: '/run', type: 'tmpfs', options: 'rw,nosuid,nodev,mode=755' },
    ...loops.map(({ name, mountPoint }) => ({
      device: `/dev/${name}`,
      mountPoint: mountPoint!,
      type: 'squashfs',
      options: 'ro,nodev,relatime',
    })),
  ];
}

function mounts(guest: Guest): string {
  return mountTable(guest)
    .map(({ device, mountPoint, type, options }) => `${device} ${mountPoint} ${type} ${options} 0 0\n`)
    .join('');
}

function partitions(guest: Guest): string {
  const row = (major: number, minor: number, bytes: number, name: string) =>
    `${String(major).padStart(4)} ${String(minor).padStart(8)} ${String(Math.floor(bytes / 1024)).padStart(10)} ${name}\n`;
  return `major minor  #blocks  name\n\n${blockDevices(guest)
    .flatMap((device) => [
      row(device.major, device.minor, device.sizeBytes, device.name),
      ...device.partitions.map((each) => row(each.major, each.minor, each.sizeBytes, each.name)),
    ])
    .join('')}`;
}

function diskStats(guest: Guest, kernel: number, now: UnixMillis): string {
  return blockDevices(guest)
    .flatMap((device) => statLines(guest, device, kernel, now))
    .join('');
}

function statLines(guest: Guest, device: BlockDevice, kernel: number, now: UnixMillis): string[] {
  const head = (major: number, minor: number, name: string) =>
    `${String(major).padStart(4)} ${String(minor).padStart(7)} ${name}`;
  const own = activity(guest, device.index, now, 1);
  const more = kernel >= 505 ? ' 0 0 0 0 0 0' : kernel >= 418 ? ' 0 0 0 0' : '';
  return [
    `${head(device.major, device.minor, device.name)} ${own.join(' ')}${more}\n`,
    ...device.partitions.map((partition) => {
      const part = activity(guest, device.index, now, partition.share);
      const begin = head(partition.major, partition.minor, partition.name);
      // up to 2.6.24 partitions have reads, sectors, writes, sectors only
      if (kernel < 206.025) return `${begin} ${part[0]} ${part[2]} ${part[4]} ${part[6]}\n`;
      return `${begin} ${part.join(' ')}${more}\n`;
    }),
  ];
}

/** Reads, merged, sectors, ms; writes, merged, sectors, ms; in flight, ms busy, weighted ms. */
export function activity(guest: Guest, index: number, now: UnixMillis, share: number): number[] {
  if (index < 0 || share === 0) return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const { reads, readKb, writes, writtenKb } = diskCountsOf(guest, index, now);
  const [readMs, writeMs] = [Math.floor(reads * 0.8), Math.floor(writes * 1.3)];
  return [
    reads,
    Math.floor(reads / 60),
    readKb * 2,
    readMs,
    writes,
    Math.floor(writes / 3),
    writtenKb * 2,
    writeMs,
    0,
    Math.floor((readMs + writeMs) * 0.7),
    readMs + writeMs,
  ];
}

export interface AdapterCounts {
  readonly name: string;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
}

/** lo, then the machine's adapters. */
export function adapterCounts(guest: Guest, now: UnixMillis): AdapterCounts[] {
  const loop = Math.floor((Math.max(0, now - guest.bootedAt()) / SECOND) * LOOPBACK_RATE);
  const row = (name: string, rxBytes: number, txBytes: number): AdapterCounts => ({
    name,
    rxBytes,
    txBytes,
    rxPackets: Math.floor(rxBytes / PACKET_BYTES),
    txPackets: Math.floor(txBytes / PACKET_BYTES),
  });
  return [
    row('lo', loop, loop),
    ...guest.machine.nics.map((nic) => {
      const { received, sent } = nic.connected
        ? netCountsOf(guest, nic.index, now)
        : { received: 0, sent: 0 };
      return row(guest.interfaceName(nic), received, sent);
    }),
  ];
}

function netDev(guest: Guest, now: UnixMillis): string {
  const wide = (values: readonly number[], widths: readonly number[]) =>
    values.map((value, i) => String(value).padStart(widths[i]!)).join(' ');
  const widths = [7, 7, 4, 4, 4, 5, 10, 9];
  return (
    'Inter-|   Receive                                                |  Transmit\n' +
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n' +
    adapterCounts(guest, now)
      .map(
        ({ name, rxBytes, rxPackets, txBytes, txPackets }) =>
          `${name.padStart(6)}: ${wide([rxBytes, rxPackets, 0, 0, 0, 0, 0, 0], widths)} ${wide([txBytes, txPackets, 0, 0, 0, 0, 0, 0], widths)}\n`,
      )
      .join('')
  );
}

/** Whole days and the rest since the start of the system, in seconds. */
export function upFor(guest: Guest, now: UnixMillis): { days: number; seconds: number } {
  const up = Math.max(0, now - guest.bootedAt());
  return { days: Math.floor(up / DAY), seconds: Math.floor((up % DAY) / SECOND) };
}
