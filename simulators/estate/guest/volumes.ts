/** Disks as the guest sees them: names, partitions, file systems and how full they are. */
import { Entropy } from '#core/entropy/entropy.ts';
import { type Bytes, GIB, MIB } from '#core/units.ts';
import type { Machine } from '../model.ts';
import type { GuestOs } from './guest-os.ts';

export interface Volume {
  /** "sda2", "C:" */
  readonly name: string;
  readonly sizeBytes: Bytes;
  readonly usedBytes: Bytes;
  /** "/", "/data1", "C:\" */
  readonly mountPoint: string;
  readonly fileSystem: string;
}

export interface GuestDisk {
  /** "sda", "\\.\PHYSICALDRIVE0" */
  readonly name: string;
  readonly index: number;
  readonly sizeBytes: Bytes;
  readonly volumes: readonly Volume[];
}

const BOOT_BYTES: Bytes = GIB;
const FIRST_SECTOR_BYTES: Bytes = MIB;

export function disksOf(seed: string, machine: Machine, os: GuestOs): GuestDisk[] {
  const entropy = new Entropy(seed);
  const windows = os.family === 'windows';
  return machine.disks.map((disk, i): GuestDisk => {
    const letter = String.fromCharCode((windows ? 67 : 97) + (i % 24));
    const size = disk.sizeBytes - FIRST_SECTOR_BYTES;
    const used = (bytes: Bytes) =>
      Math.min(
        bytes,
        disk.usedBytes ?? Math.round(bytes * (0.25 + 0.5 * entropy.ratio('guest.diskUsed', disk.id))),
      );
    if (windows)
      return {
        name: `\\\\.\\PHYSICALDRIVE${i}`,
        index: i,
        sizeBytes: disk.sizeBytes,
        volumes: [
          {
            name: `${letter}:`,
            sizeBytes: size,
            usedBytes: used(size),
            mountPoint: `${letter}:\\`,
            fileSystem: 'NTFS',
          },
        ],
      };
    const name = `sd${letter}`;
    const fileSystem = os.family === 'linux' && os.packages === 'rpm' && os.systemd ? 'xfs' : 'ext4';
    if (i > 0)
      return {
        name,
        index: i,
        sizeBytes: disk.sizeBytes,
        volumes: [
          { name: `${name}1`, sizeBytes: size, usedBytes: used(size), mountPoint: `/data${i}`, fileSystem },
        ],
      };
    const boot = Math.min(BOOT_BYTES, Math.floor(size / 4));
    return {
      name,
      index: i,
      sizeBytes: disk.sizeBytes,
      volumes: [
        {
          name: `${name}1`,
          sizeBytes: boot,
          usedBytes: Math.round(boot * 0.2),
          mountPoint: machine.firmware === 'efi' ? '/boot/efi' : '/boot',
          fileSystem: machine.firmware === 'efi' ? 'vfat' : fileSystem,
        },
        {
          name: `${name}2`,
          sizeBytes: size - boot,
          usedBytes: used(size - boot),
          mountPoint: '/',
          fileSystem,
        },
      ],
    };
  });
}
