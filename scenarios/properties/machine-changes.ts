/** Changes of one machine, for stories that are drawn: what every source of machines has to follow. */
import { GIB } from '#core/units.ts';
import type { Estate } from '#simulators/estate/estate.ts';
import type { Machine } from '#simulators/estate/model.ts';

/** Carries it out on the estate. @param serial tells what is new apart from what was */
export function changeMachine(
  estate: Estate,
  machine: Machine,
  what: 'power' | 'rename' | 'resize' | 'grow',
  n: number,
  serial: number,
): void {
  switch (what) {
    case 'power':
      return machine.template ? undefined : estate.setPower(machine.id, n % 2 === 0 ? 'on' : 'off');
    case 'rename':
      return estate.replace({ ...machine, name: `renamed-${serial}`, annotation: `was ${machine.name}` });
    case 'resize':
      return estate.replace({
        ...machine,
        cores: machine.sockets * (1 + (n % 4)),
        memoryMiB: 1024 * (1 + (n % 16)),
      });
    case 'grow':
      return estate.replace({
        ...machine,
        disks: machine.disks.map((disk) =>
          disk.index === 0 ? { ...disk, sizeBytes: disk.sizeBytes + GIB } : disk,
        ),
      });
  }
}
