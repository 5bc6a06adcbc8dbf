/** VirtualDisk and its backing: flat, thin or thick, raw, linked to a parent, frozen by a snapshot. */
import { KIB } from '#core/units.ts';
import type { DiskFacts } from '../../estate/model.ts';
import { constant, type Data } from '../values.ts';
import { controllerKey, diskKey } from './devices.ts';
import type { DiskLink } from './disk-chain.ts';
import { described } from './other-devices.ts';
import type { SnapshotDisk } from './snapshot.ts';
import type { VirtualMachine } from './virtual-machine.ts';

const NORMAL_SHARES = constant({ $: 'SharesInfo', shares: 1000, level: 'normal' });
const UNLIMITED_IO = constant({
  $: 'StorageIOAllocationInfo',
  limit: -1,
  shares: NORMAL_SHARES,
  reservation: 0,
});

export function diskDevice(vm: VirtualMachine, disk: DiskFacts, frozen: SnapshotDisk | undefined): Data {
  const capacityInKB = Math.floor(disk.sizeBytes / KIB);
  return {
    $: 'VirtualDisk',
    key: diskKey(disk),
    deviceInfo: () => described(disk.label, `${thousands(capacityInKB)} KB`),
    backing: () => backingOf(vm, disk, frozen),
    controllerKey: controllerKey(disk),
    unitNumber: disk.unit,
    capacityInKB,
    capacityInBytes: disk.sizeBytes,
    shares: NORMAL_SHARES,
    storageIOAllocation: UNLIMITED_IO,
    diskObjectId: `${diskObjectNumber(vm)}-${diskKey(disk)}`,
    nativeUnmanagedLinkedClone: disk.parentPath !== undefined,
  };
}

/** "41,943,040": vCenter groups the digits of a disk's summary. */
function thousands(value: number): string {
  const digits = String(value);
  let out = digits.slice(0, digits.length % 3 || 3);
  for (let at = out.length; at < digits.length; at += 3) out += `,${digits.slice(at, at + 3)}`;
  return out;
}

function diskObjectNumber(vm: VirtualMachine): string {
  return vm.ref.id.replace('vm-', '');
}

function backingOf(vm: VirtualMachine, disk: DiskFacts, frozen: SnapshotDisk | undefined): Data {
  const datastore = vm.datastoreOf(disk).ref;
  const changeId = frozen ? frozen.changeId : vm.trackingOf(disk.index)?.current;
  const sharing = disk.shared ? 'sharingMultiWriter' : 'sharingNone';
  const isTop = (link: Pick<DiskLink, 'fileName'>) => link === top;
  const top: Pick<DiskLink, 'fileName' | 'parent'> = frozen?.link ?? vm.topLink(disk);
  if (disk.raw) {
    const isVirtual = disk.rawMode === 'virtual';
    const raw = (link: Pick<DiskLink, 'fileName' | 'parent'>): Data => ({
      $: 'VirtualDiskRawDiskMappingVer1BackingInfo',
      fileName: link.fileName,
      datastore,
      backingObjectId: '',
      lunUuid: vm.lunUuid(disk),
      deviceName: `vml.${vm.lunUuid(disk)}`,
      compatibilityMode: isVirtual ? 'virtualMode' : 'physicalMode',
      diskMode: isVirtual ? disk.mode : disk.mode === 'persistent' ? '' : disk.mode,
      uuid: disk.uuid,
      contentId: isVirtual ? vm.contentId(disk) : undefined,
      changeId: isVirtual && isTop(link) ? changeId : undefined,
      parent: link.parent && raw(link.parent),
      sharing,
    });
    return raw(top);
  }
  const flat = (link: Pick<DiskLink, 'fileName' | 'parent'>): Data => ({
    $: 'VirtualDiskFlatVer2BackingInfo',
    fileName: link.fileName,
    datastore,
    backingObjectId: '',
    diskMode: disk.mode,
    split: false,
    writeThrough: false,
    thinProvisioned: disk.thin,
    eagerlyScrub: disk.thin ? undefined : (disk.eagerlyZeroed ?? false),
    uuid: disk.uuid,
    contentId: vm.contentId(disk),
    changeId: isTop(link) ? changeId : undefined,
    parent: link.parent ? flat(link.parent) : linkedParent(vm, disk),
    deltaDiskFormat: link.parent || disk.parentPath !== undefined ? 'seSparseFormat' : undefined,
    digestEnabled: false,
    sharing,
    keyId: disk.encrypted ? vm.keyId : undefined,
  });
  return flat(top);
}

/** Of a linked clone: the disk of another machine, which all of its own files are changes to. */
function linkedParent(vm: VirtualMachine, disk: DiskFacts): Data | undefined {
  if (disk.parentPath === undefined) return undefined;
  return {
    $: 'VirtualDiskFlatVer2BackingInfo',
    fileName: disk.parentPath,
    datastore: vm.datastoreOf(disk).ref,
    backingObjectId: '',
    diskMode: disk.mode,
    thinProvisioned: disk.thin,
    uuid: disk.uuid,
    digestEnabled: false,
    sharing: 'sharingNone',
  };
}
