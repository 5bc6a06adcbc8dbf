/** The properties layout and layoutEx: which files make up a machine. */
import type { UnixMillis } from '#core/units.ts';
import type { Data } from '../values.ts';
import { diskKey } from './devices.ts';
import { chainOf, type DiskLink } from './disk-chain.ts';
import { filesOfVm, type VmFile } from './files.ts';
import { fileNameOf } from './paths.ts';
import type { VirtualMachine } from './virtual-machine.ts';

export function layoutExOf(vm: VirtualMachine, now: UnixMillis): Data {
  const files = filesOfVm(vm);
  const keyOf = new Map(files.map((file, key) => [file, key]));
  const unitsOf = (link: DiskLink): Data[] =>
    chainOf(link)
      .reverse()
      .map((unit) => ({
        $: 'VirtualMachineFileLayoutExDiskUnit',
        fileKey: files.filter((file) => file.link === unit).map((file) => keyOf.get(file)!),
      }));
  return {
    $: 'VirtualMachineFileLayoutEx',
    file: files.map((file, key) => ({
      $: 'VirtualMachineFileLayoutExFileInfo',
      key,
      name: file.name,
      type: file.type,
      size: file.used(),
      uniqueSize: file.used(),
      accessible: true,
    })),
    disk: vm.machine.disks.map((disk) => ({
      $: 'VirtualMachineFileLayoutExDiskLayout',
      key: diskKey(disk),
      chain: unitsOf(vm.topLink(disk)),
    })),
    snapshot: vm.snapshots().map((snapshot) => ({
      $: 'VirtualMachineFileLayoutExSnapshotLayout',
      key: snapshot.ref,
      dataKey: files.findIndex((file) => file.snapshot === snapshot),
      memoryKey: -1,
      disk: [...snapshot.disks].map(([index, { link }]) => ({
        $: 'VirtualMachineFileLayoutExDiskLayout',
        key: diskKey(vm.machine.disks[index]!),
        chain: unitsOf(link),
      })),
    })),
    timestamp: now,
  };
}

/** The older form: names only. */
export function layoutOf(vm: VirtualMachine): Data {
  const files = filesOfVm(vm);
  const names = (type: VmFile['type']) =>
    files.filter((file) => file.type === type).map((file) => fileNameOf(file.name));
  return {
    $: 'VirtualMachineFileLayout',
    configFile: [...names('config'), ...names('nvram'), ...names('snapshotList')],
    disk: vm.machine.disks.map((disk) => ({
      $: 'VirtualMachineFileLayoutDiskLayout',
      key: diskKey(disk),
      diskFile: chainOf(vm.topLink(disk))
        .reverse()
        .map((link) => link.fileName),
    })),
    snapshot: vm.snapshots().map((snapshot) => ({
      $: 'VirtualMachineFileLayoutSnapshotLayout',
      key: snapshot.ref,
      snapshotFile: [snapshot.dataFileName],
    })),
    swapFile: files.find((file) => file.type === 'swap')?.name,
  };
}
