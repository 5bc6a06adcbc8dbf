/** Files of virtual hard disks: their names, and what is in a file of some name. */
import type { DiskFacts, Machine } from '../estate/model.ts';
import { type HypervHost, reachedMachines, volumeOf } from './hyperv-host.ts';
import { type Checkpoint, ownDisks, stateOf } from './machine-state.ts';
import type { Settings } from './names.ts';

/**
 * "C:\ClusterStorage\Volume1\web-01\Virtual Hard Disks\web-01-0.vhdx", or the folder of a stand-alone host; a
 * differencing file where a checkpoint was made; and one file for all machines that share a disk.
 */
export function diskPath(host: HypervHost, { machine, fileId }: Settings, disk: DiskFacts): string {
  if (disk.shared) return sharedPath(host, disk);
  return fileOf(host, machine, disk, fileId);
}

function fileOf(host: HypervHost, machine: Machine, disk: DiskFacts, fileId: string | undefined): string {
  const end = fileId === undefined ? '.vhdx' : `_${fileId}.avhdx`;
  return `${volumeOf(host)}\\${machine.name}\\Virtual Hard Disks\\${machine.name}-${disk.index}${end}`;
}

/** A VHD Set since 2016, a VHDX file before: the same for every machine that has the disk. */
function sharedPath(host: HypervHost, disk: DiskFacts): string {
  const name = disk.path.slice(Math.max(disk.path.lastIndexOf('/'), disk.path.lastIndexOf(' ')) + 1);
  return `${volumeOf(host)}\\Shared\\${name.replace(/\.\w+$/, '')}.${host.release.changeTracking ? 'vhds' : 'vhdx'}`;
}

export interface DiskFile {
  readonly path: string;
  readonly machine: Machine;
  readonly disk: DiskFacts;
  /** Of a differencing file. */
  readonly parentPath: string | undefined;
  /** The checkpoint since which nothing is written to it; undefined of a file that is written to. */
  readonly frozenBy: Checkpoint | undefined;
}

/** Files of a machine's disks, the first ones in front. */
function filesOf(host: HypervHost, machine: Machine): DiskFile[] {
  const checkpoints = stateOf(host.estate).checkpoints(machine.id);
  const ids = [undefined, ...checkpoints.map(({ fileId }) => fileId)];
  const own = ownDisks(machine).flatMap((disk) =>
    ids.map(
      (fileId, i): DiskFile => ({
        path: fileOf(host, machine, disk, fileId),
        machine,
        disk,
        parentPath: i === 0 ? undefined : fileOf(host, machine, disk, ids[i - 1]),
        frozenBy: checkpoints[i],
      }),
    ),
  );
  const shared = machine.disks
    .filter((disk) => disk.shared && !disk.raw)
    .map(
      (disk): DiskFile => ({
        path: sharedPath(host, disk),
        machine,
        disk,
        parentPath: undefined,
        frozenBy: undefined,
      }),
    );
  return [...own, ...shared];
}

/** @param path in any case */
export function fileAt(host: HypervHost, path: string): DiskFile | undefined {
  const wanted = path.toLowerCase();
  // the machine's name stands in the path of all but shared files
  const folder = wanted.slice(volumeOf(host).length + 1).split('\\')[0];
  for (const machine of reachedMachines(host, folder === 'shared' ? undefined : folder)) {
    const found = filesOf(host, machine).find((file) => file.path.toLowerCase() === wanted);
    if (found) return found;
  }
  return undefined;
}
