/**
 * What a disk of a machine really holds, read from its bytes: partitions (MBR, GPT), file systems, the files in
 * them that name the system, and digests of the whole. Nothing here is known from anywhere else.
 */
import type { Bytes } from '#core/units.ts';
import { contentDigestOf } from '../../estate/content-digest.ts';
import type { ExtentSpace } from '../storage/extent-store.ts';
import { type FileSystem, openExt, type Readable } from './ext4.ts';

export interface Partition {
  readonly start: Bytes;
  readonly sizeBytes: Bytes;
  /** Type byte of MBR as two hex digits, or the GUID of GPT. */
  readonly type: string;
}

const SECTOR = 512;
const GPT_ENTRIES_MAX = 128;
const LINUX_NAMES = ['/etc/os-release', '/usr/lib/os-release'];

/** By GPT where there is one, else by the master boot record; empty without either. */
export function partitionsOf(disk: Readable): Partition[] {
  if (disk.sizeBytes < 34 * SECTOR) return [];
  const mbr = disk.read(0, SECTOR);
  if (mbr.readUInt16LE(510) !== 0xaa55) return [];
  const entries = [0, 1, 2, 3].map((i) => {
    const at = 446 + 16 * i;
    return {
      type: mbr[at + 4]!.toString(16).padStart(2, '0'),
      start: mbr.readUInt32LE(at + 8) * SECTOR,
      sizeBytes: mbr.readUInt32LE(at + 12) * SECTOR,
    };
  });
  const used = entries.filter(({ type, sizeBytes }) => type !== '00' && sizeBytes > 0);
  return used.some(({ type }) => type === 'ee')
    ? gptPartitions(disk)
    : used.filter((part) => fits(disk, part));
}

function gptPartitions(disk: Readable): Partition[] {
  const header = disk.read(SECTOR, SECTOR);
  if (header.toString('latin1', 0, 8) !== 'EFI PART') return [];
  const table = Number(header.readBigUInt64LE(72)) * SECTOR;
  const count = Math.min(header.readUInt32LE(80), GPT_ENTRIES_MAX);
  const entryBytes = header.readUInt32LE(84);
  if (entryBytes < 128 || entryBytes > 4096 || table + count * entryBytes > disk.sizeBytes) return [];
  const entries = disk.read(table, count * entryBytes);
  const found: Partition[] = [];
  for (let i = 0; i < count; i++) {
    const entry = entries.subarray(i * entryBytes, (i + 1) * entryBytes);
    const type = guidOf(entry);
    if (/^[0-]+$/.test(type)) continue;
    const start = Number(entry.readBigUInt64LE(32)) * SECTOR;
    const part = { type, start, sizeBytes: (Number(entry.readBigUInt64LE(40)) + 1) * SECTOR - start };
    if (fits(disk, part)) found.push(part);
  }
  return found;
}

/** The first three parts of a GUID are stored little end first. */
function guidOf(bytes: Buffer): string {
  const hex = (from: number, to: number, isReversed: boolean) => {
    const piece = Buffer.from(bytes.subarray(from, to));
    return (isReversed ? piece.reverse() : piece).toString('hex');
  };
  return [hex(0, 4, true), hex(4, 6, true), hex(6, 8, true), hex(8, 10, false), hex(10, 16, false)].join('-');
}

function fits(disk: Readable, { start, sizeBytes }: Partition): boolean {
  return sizeBytes > 0 && start + sizeBytes <= disk.sizeBytes;
}

/** File systems of a disk that can be read, on partitions or on the whole disk. */
export function fileSystemsOf(disk: Readable): FileSystem[] {
  const starts = partitionsOf(disk).map(({ start }) => start);
  return [...starts, 0].flatMap((start) => openExt(disk, start) ?? []);
}

export interface InstalledSystem {
  /** PRETTY_NAME's words without the version: "Ubuntu". */
  readonly name: string;
  readonly version: string;
  readonly hostName: string | undefined;
}

/** The system that is installed on a disk; undefined when no file of it says so. */
export function installedSystem(disk: Readable): InstalledSystem | undefined {
  for (const fileSystem of fileSystemsOf(disk))
    for (const path of LINUX_NAMES) {
      const text = fileSystem.file(path)?.toString('utf8');
      if (text === undefined) continue;
      const value = (key: string) =>
        new RegExp(`^${key}=(?:"([^"\\n]*)"|'([^'\\n]*)'|([^\\n]*))$`, 'm')
          .exec(text)
          ?.slice(1)
          .find((part) => part !== undefined);
      const hostName = fileSystem.file('/etc/hostname')?.toString('utf8').trim();
      return {
        name: value('ID') ?? value('NAME') ?? 'linux',
        version: value('VERSION_ID') ?? '',
        hostName: hostName === '' ? undefined : hostName,
      };
    }
  return undefined;
}

/** The digest by which replication is verified (estate/content-digest.ts): linear in what is allocated. */
export function contentDigest(space: ExtentSpace): string {
  return contentDigestOf(space.sizeBytes, [...space.ranges()], (offset, length) =>
    space.read(offset, length),
  );
}
