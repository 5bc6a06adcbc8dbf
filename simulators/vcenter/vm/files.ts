/**
 * The files of a machine: what layoutEx lists, what a datastore browser finds and what /folder serves, all
 * from one table, so that they agree.
 */
import { type Bytes, KIB, MIB } from '#core/units.ts';
import type { DiskFacts } from '../../estate/model.ts';
import type { Epoch } from '../../estate/virtual-disk.ts';
import type { Data, Ref } from '../values.ts';
import type { DiskLink } from './disk-chain.ts';
import { directoryOf, formatDatastorePath, parseDatastorePath, withoutExtension } from './paths.ts';
import type { SnapshotObject } from './snapshot.ts';
import type { VirtualMachine } from './virtual-machine.ts';
import { deltaDescriptor, flatDescriptor } from './vmdk.ts';
import { vmsdText } from './vmsd.ts';
import { vmxText } from './vmx.ts';

export interface VmFile {
  /** "[ds] dir/file" */
  readonly name: string;
  /** VirtualMachineFileLayoutExFileType. */
  readonly type:
    | 'config'
    | 'nvram'
    | 'snapshotList'
    | 'diskDescriptor'
    | 'diskExtent'
    | 'snapshotData'
    | 'swap'
    | 'other';
  /** As clients may read it. */
  size(): Bytes;
  /** Space taken on the datastore. */
  used(): Bytes;
  /** Absent where the simulator has no content for it. Undefined when the content went away meanwhile. */
  read?(offset: Bytes, length: Bytes): Buffer | undefined;
  /** The machine that it belongs to, if it belongs to one. */
  readonly vm?: VirtualMachine;
  /** The disk it belongs to. */
  readonly disk?: DiskFacts;
  readonly link?: DiskLink;
  readonly snapshot?: SnapshotObject;
}

const NVRAM_BIOS_BYTES = 8684;
const NVRAM_EFI_BYTES = 270_840;
const SNAPSHOT_DATA_BYTES = 28 * KIB;

export function filesOfVm(vm: VirtualMachine): VmFile[] {
  const { datastore, vmx } = vm.home;
  const inHome = (file: string) =>
    formatDatastorePath({ datastore: datastore.name, path: joined(directoryOf(vmx), file) });
  const files: VmFile[] = [
    ofText(vm, vm.vmPathName, 'config', () => vmxText(vm)),
    ofText(vm, inHome(`${vm.fileStem}.vmsd`), 'snapshotList', () => vmsdText(vm)),
    ofZeros(
      vm,
      inHome(`${vm.fileStem}.nvram`),
      'nvram',
      vm.machine.firmware === 'efi' ? NVRAM_EFI_BYTES : NVRAM_BIOS_BYTES,
    ),
  ];
  for (const snapshot of vm.snapshots())
    files.push({
      ...ofZeros(vm, inHome(snapshot.dataFileName), 'snapshotData', SNAPSHOT_DATA_BYTES),
      snapshot,
    });
  for (const disk of vm.machine.disks) files.push(...filesOfDisk(vm, disk));
  if (vm.isOn) {
    const size = () => vm.machine.memoryMiB * MIB;
    files.push({ name: inHome(`${vm.fileStem}-swap.vswp`), type: 'swap', size, used: size, vm });
  }
  return files;
}

function filesOfDisk(vm: VirtualMachine, disk: DiskFacts): VmFile[] {
  const virtualDisk = vm.diskOf(disk);
  const files: VmFile[] = [];
  for (const link of vm.links(disk)) {
    const stem = withoutExtension(link.fileName);
    const { parent } = link;
    const descriptor = () =>
      parent
        ? deltaDescriptor(disk, vm.contentId(disk), link, parent)
        : flatDescriptor(disk, vm.contentId(disk), disk.raw ? 'rdm' : 'flat');
    files.push({ ...ofText(vm, link.fileName, 'diskDescriptor', descriptor), disk, link });
    if (parent) {
      // A delta's own format is not served: its content is read through the base, frozen or merged.
      const used = () =>
        sizeOfExtents(virtualDisk.changedSince(parent.frozenAt ?? 0, link.frozenAt ?? 'now'));
      files.push({ name: `${stem}-sesparse.vmdk`, type: 'diskExtent', size: used, used, vm, disk, link });
      continue;
    }
    files.push({
      name: disk.raw ? `${stem}-rdmp.vmdk` : `${stem}-flat.vmdk`,
      type: 'diskExtent',
      size: () => disk.sizeBytes,
      used: () => (disk.raw ? 0 : disk.thin ? takenBy(vm, disk, link.frozenAt) : disk.sizeBytes),
      read: (offset, length) =>
        link.frozenAt === undefined || virtualDisk.isReadable(link.frozenAt)
          ? virtualDisk.read(offset, length, link.frozenAt)
          : undefined,
      vm,
      disk,
      link,
    });
  }
  return files;
}

function sizeOfExtents(extents: ReadonlyArray<{ length: Bytes }>): Bytes {
  return extents.reduce((sum, { length }) => sum + length, 0);
}

function ofText(vm: VirtualMachine, name: string, type: VmFile['type'], text: () => string): VmFile {
  const size = () => Buffer.byteLength(text());
  return {
    name,
    type,
    size,
    used: size,
    vm,
    read: (offset, length) => Buffer.from(text()).subarray(offset, offset + length),
  };
}

function ofZeros(vm: VirtualMachine, name: string, type: VmFile['type'], bytes: Bytes): VmFile {
  const size = () => bytes;
  return { name, type, size, used: size, vm, read: (_offset, length) => Buffer.alloc(length) };
}

/** Bytes of a thin disk that are not known to be zero, now or as frozen at an epoch. */
function takenBy(vm: VirtualMachine, disk: DiskFacts, epoch: Epoch | undefined): Bytes {
  return epoch === undefined
    ? vm.inventory.allocatedBytes(disk.id)
    : sizeOfExtents(vm.diskOf(disk).allocated(epoch));
}

function joined(directory: string, file: string): string {
  return directory === '' ? file : `${directory}/${file}`;
}

/** Bytes taken, and bytes that thin disks may still take. Physical RDMs live elsewhere. */
export function storageOf(vm: VirtualMachine): { committed: Bytes; uncommitted: Bytes } {
  let committed = vm.isOn ? vm.machine.memoryMiB * MIB : 0;
  let uncommitted = 0;
  for (const disk of vm.machine.disks) {
    if (disk.raw) continue;
    const used = disk.thin ? takenBy(vm, disk, undefined) : disk.sizeBytes;
    committed += used;
    uncommitted += disk.sizeBytes - used;
  }
  return { committed, uncommitted };
}

/** The same by datastore: the property `storage`. */
export function usageByDatastore(vm: VirtualMachine): Data[] {
  const usage = new Map<string, { datastore: Ref; committed: Bytes; uncommitted: Bytes }>();
  const entry = (datastore: Ref) => {
    const known = usage.get(datastore.id) ?? { datastore, committed: 0, uncommitted: 0 };
    usage.set(datastore.id, known);
    return known;
  };
  if (vm.isOn) entry(vm.home.datastore.ref).committed += vm.machine.memoryMiB * MIB;
  for (const disk of vm.machine.disks) {
    const own = entry(vm.datastoreOf(disk).ref);
    if (disk.raw) continue;
    const used = disk.thin ? takenBy(vm, disk, undefined) : disk.sizeBytes;
    own.committed += used;
    own.uncommitted += disk.sizeBytes - used;
  }
  return [...usage.values()].map(({ datastore, committed, uncommitted }) => ({
    $: 'VirtualMachineUsageOnDatastore',
    datastore,
    committed,
    uncommitted,
    unshared: committed,
  }));
}

/** Directory and file name of a file on its datastore. */
export function placeOf(file: VmFile): { datastore: string; path: string } {
  return parseDatastorePath(file.name)!;
}
