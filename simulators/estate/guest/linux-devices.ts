/** Block devices of a Linux system as its kernel numbers them: disks, their partitions, and images that snaps mount. */
import { type Bytes, MIB } from '#core/units.ts';
import type { Guest } from './guest.ts';
import type { LinuxOs } from './guest-os.ts';
import type { Volume } from './volumes.ts';

export interface BlockDevice {
  /** "sda", "loop0" */
  readonly name: string;
  readonly kind: 'disk' | 'loop';
  readonly major: number;
  readonly minor: number;
  readonly sizeBytes: Bytes;
  /** Of a disk: its index among the machine's. */
  readonly index: number;
  readonly mountPoint: string | undefined;
  readonly partitions: readonly Partition[];
}

export interface Partition {
  readonly name: string;
  readonly major: number;
  readonly minor: number;
  /** In sectors of 512 bytes. */
  readonly start: number;
  readonly sizeBytes: Bytes;
  readonly volume: Volume;
  /** Part of the disk's activity that is this partition's, 0…1. */
  readonly share: number;
}

export interface Snap {
  readonly name: string;
  readonly version: string;
  readonly revision: number;
  readonly publisher: string;
  readonly notes: string;
  readonly bytes: Bytes;
}

const SECTOR: Bytes = 512;
const FIRST_SECTOR = 2048;
const SD_MAJORS = [8, 65, 66, 67, 68, 69, 70, 71];

/** Packages that Ubuntu's servers bring as images. */
export function snapsOf(os: LinuxOs): readonly Snap[] {
  if (os.id !== 'ubuntu' || Number(os.versionId) < 18) return [];
  const core = Number(os.versionId) < 20 ? '18' : '20';
  return [
    {
      name: `core${core}`,
      version: '20240416',
      revision: 2318,
      publisher: 'canonical**',
      notes: 'base',
      bytes: 64 * MIB,
    },
    {
      name: 'lxd',
      version: '4.0.9',
      revision: 24_061,
      publisher: 'canonical**',
      notes: '-',
      bytes: 92 * MIB,
    },
    {
      name: 'snapd',
      version: '2.61.4',
      revision: 21_465,
      publisher: 'canonical**',
      notes: 'snapd',
      bytes: 40 * MIB,
    },
  ];
}

export function blockDevices(guest: Guest): BlockDevice[] {
  const { os } = guest;
  const snaps = os.family === 'linux' ? snapsOf(os) : [];
  const disks = guest.disks().map((disk): BlockDevice => {
    const major = SD_MAJORS[Math.floor(disk.index / 16)] ?? 128;
    const minor = (disk.index % 16) * 16;
    let start = FIRST_SECTOR;
    return {
      name: disk.name,
      kind: 'disk',
      major,
      minor,
      sizeBytes: disk.sizeBytes,
      index: disk.index,
      mountPoint: undefined,
      partitions: disk.volumes.map((volume, i): Partition => {
        const sectors = Math.floor(volume.sizeBytes / SECTOR);
        const partition = {
          name: volume.name,
          major,
          minor: minor + i + 1,
          start,
          sizeBytes: sectors * SECTOR,
          volume,
          // what is read of /boot is next to nothing
          share: disk.volumes.length === 1 || i > 0 ? 1 : 0,
        };
        start += sectors;
        return partition;
      }),
    };
  });
  const loops = snaps.map(
    ({ name, revision, bytes }, i): BlockDevice => ({
      name: `loop${i}`,
      kind: 'loop',
      major: 7,
      minor: i,
      sizeBytes: bytes,
      index: -1,
      mountPoint: `/snap/${name}/${revision}`,
      partitions: [],
    }),
  );
  return [...loops, ...disks];
}
