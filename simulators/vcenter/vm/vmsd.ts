/** The VMSD file: the snapshots of a machine, flat, with parents by number. */
import { diskInstance } from './devices.ts';
import { fileNameOf } from './paths.ts';
import type { VirtualMachine } from './virtual-machine.ts';

/** Empty when there are no snapshots, as on a datastore. */
export function vmsdText(vm: VirtualMachine): string {
  const snapshots = vm.snapshots();
  if (snapshots.length === 0) return '';
  const lines = [
    '.encoding = "UTF-8"',
    `snapshot.lastUID = "${snapshots.reduce((last, { number }) => Math.max(last, number), 0)}"`,
    `snapshot.current = "${vm.currentSnapshot?.number ?? 0}"`,
  ];
  snapshots.forEach((snapshot, i) => {
    const put = (key: string, value: string | number) =>
      lines.push(`snapshot${i}.${key} = "${String(value).replace(/["|\r\n]/g, ' ')}"`);
    const micros = snapshot.facts.createTime * 1000;
    put('uid', snapshot.number);
    put('filename', snapshot.dataFileName);
    if (snapshot.parent) put('parent', snapshot.parent.number);
    put('displayName', snapshot.name);
    put('description', snapshot.description);
    put('createTimeHigh', Math.floor(micros / 2 ** 32));
    put('createTimeLow', (micros % 2 ** 32) | 0);
    put('numDisks', snapshot.disks.size);
    [...snapshot.disks].forEach(([index, { link }], n) => {
      put(`disk${n}.fileName`, fileNameOf(link.fileName));
      put(`disk${n}.node`, diskInstance(vm.machine.disks[index]!));
    });
  });
  lines.push(`snapshot.numSnapshots = "${snapshots.length}"`, '');
  return lines.join('\n');
}
