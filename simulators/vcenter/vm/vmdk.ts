/** VMDK descriptors: the text files that name a virtual disk's extents (Virtual Disk Format 5.0). */
import type { DiskFacts } from '../../estate/model.ts';
import { chainOf, type DiskLink } from './disk-chain.ts';
import { fileNameOf, vmxUuid, withoutExtension } from './paths.ts';

const SECTOR_BYTES = 512;
const NO_PARENT = 'ffffffff';

export function flatDescriptor(disk: DiskFacts, contentId: string, kind: 'flat' | 'rdm'): string {
  const stem = fileNameOf(withoutExtension(disk.path));
  const extent =
    kind === 'rdm'
      ? `RW ${disk.sizeBytes / SECTOR_BYTES} VMFSRDM "${stem}-rdmp.vmdk"`
      : `RW ${disk.sizeBytes / SECTOR_BYTES} VMFS "${stem}-flat.vmdk"`;
  const createType = kind === 'rdm' ? 'vmfsPassthroughRawDeviceMap' : 'vmfs';
  return descriptor(cidOf(contentId, undefined), NO_PARENT, createType, [], extent, [
    `ddb.adapterType = "${adapterTypeOf(disk)}"`,
    ...geometryOf(disk),
    ...(disk.thin ? ['ddb.thinProvisioned = "1"'] : []),
    `ddb.uuid = "${vmxUuid(disk.uuid)}"`,
    'ddb.virtualHWVersion = "13"',
  ]);
}

/** @param contentId the disk's; content ids of deltas count up from it, so that child and parent match. */
export function deltaDescriptor(
  disk: DiskFacts,
  contentId: string,
  link: DiskLink,
  parent: DiskLink,
): string {
  const stem = fileNameOf(withoutExtension(link.fileName));
  return descriptor(
    cidOf(contentId, link),
    cidOf(contentId, parent),
    'seSparse',
    [`parentFileNameHint="${fileNameOf(parent.fileName)}"`],
    `RW ${disk.sizeBytes / SECTOR_BYTES} SESPARSE "${stem}-sesparse.vmdk"`,
    [],
  );
}

function cidOf(contentId: string, link: DiskLink | undefined): string {
  const depth = link ? chainOf(link).length - 1 : 0;
  return ((Number.parseInt(contentId.slice(0, 8), 16) + depth) >>> 0).toString(16).padStart(8, '0');
}

function descriptor(
  cid: string,
  parentCid: string,
  createType: string,
  hints: readonly string[],
  extent: string,
  database: readonly string[],
): string {
  return [
    '# Disk DescriptorFile',
    'version=1',
    'encoding="UTF-8"',
    `CID=${cid}`,
    `parentCID=${parentCid}`,
    `createType="${createType}"`,
    ...hints,
    '',
    '# Extent description',
    extent,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    ...database,
    '',
  ].join('\n');
}

/** Descriptors know three words only; everything that is not IDE or BusLogic is written as LSI Logic. */
function adapterTypeOf(disk: DiskFacts): string {
  return disk.controller === 'ide' ? 'ide' : 'lsilogic';
}

function geometryOf(disk: DiskFacts): string[] {
  const [heads, sectors] = disk.controller === 'ide' ? [16, 63] : [255, 63];
  const cylinders = Math.floor(disk.sizeBytes / SECTOR_BYTES / (heads! * sectors!));
  return [
    `ddb.geometry.cylinders = "${cylinders}"`,
    `ddb.geometry.heads = "${heads}"`,
    `ddb.geometry.sectors = "${sectors}"`,
  ];
}
