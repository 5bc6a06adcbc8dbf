/**
 * Run Command on a machine whose system is known only by its disks. A handful of commands that read are answered
 * from the bytes of the disks; everything else ends as in a shell that does not find it (127). Nothing is run.
 */
import { createHash } from 'node:crypto';
import { KIB } from '#core/units.ts';
import type { Shelved } from '../arm/resource-shelf.ts';
import { contentDigest, fileSystemsOf, installedSystem, partitionsOf } from './disk-inspection.ts';
import type { Disk } from './disks.ts';
import type { Machine } from './vm-model.ts';

interface Ran {
  readonly out: string;
  readonly error: string;
  readonly code: number;
}

const OUTPUT_CHARACTERS_MAX = 4 * KIB;
const ok = (out: string): Ran => ({ out, error: '', code: 0 });
const failed = (error: string, code = 1): Ran => ({ out: '', error, code });

/** @returns what the command prints; the last 4 KiB of each, as the service keeps it */
export function runScript(
  machine: Shelved<Machine>,
  lines: readonly string[],
): { out: string; error: string } {
  let out = '';
  let error = '';
  for (const line of lines.flatMap((text) => text.split(/\r?\n|;|&&/))) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]!.startsWith('#')) continue;
    const ran = runOne(machine, words[0]!, words.slice(1).map(unquoted));
    out += ran.out;
    error += ran.error;
  }
  return { out: out.slice(-OUTPUT_CHARACTERS_MAX), error: error.slice(-OUTPUT_CHARACTERS_MAX) };
}

function runOne(machine: Shelved<Machine>, command: string, args: readonly string[]): Ran {
  const paths = args.filter((arg) => !arg.startsWith('-'));
  const { os } = machine.properties;
  switch (command) {
    case 'echo':
      return ok(`${args.join(' ')}\n`);
    case 'hostname':
      return ok(`${installedSystem(os.disk.space)?.hostName ?? machine.name}\n`);
    case 'lsblk':
      return ok(lsblk(machine));
    case 'cat':
      return each(paths, (path) => {
        const file = fileOf(machine, path);
        return file ? ok(file.toString('utf8')) : failed(`cat: ${path}: No such file or directory\n`);
      });
    case 'ls':
      return each(paths.length === 0 ? ['/'] : paths, (path) => {
        for (const fileSystem of fileSystemsOf(os.disk.space)) {
          const names = fileSystem.names(path)?.filter((name) => !name.startsWith('.'));
          if (names)
            return ok(
              names
                .sort()
                .map((name) => `${name}\n`)
                .join(''),
            );
          if (fileSystem.file(path)) return ok(`${path}\n`);
        }
        return failed(`ls: cannot access '${path}': No such file or directory\n`, 2);
      });
    case 'sha256sum':
      return each(paths, (path) => {
        const disk = deviceOf(machine, path);
        if (disk) return ok(`${disk.space.sha256()}  ${path}\n`);
        const file = fileOf(machine, path);
        if (!file) return failed(`sha256sum: ${path}: No such file or directory\n`);
        return ok(`${createHash('sha256').update(file).digest('hex')}  ${path}\n`);
      });
    // drylift's own: the digest that replication is verified by, quick on huge and mostly empty disks
    case 'drylift-digest':
      return each(paths, (path) => {
        const disk = deviceOf(machine, path);
        return disk
          ? ok(`${contentDigest(disk.space)}  ${path}\n`)
          : failed(`drylift-digest: ${path}: No such device\n`);
      });
    default:
      return failed(`sh: 1: ${command}: not found\n`, 127);
  }
}

function each(paths: readonly string[], run: (path: string) => Ran): Ran {
  const all = paths.map(run);
  const joined = (of: 'out' | 'error') => all.map((ran) => ran[of]).join('');
  return { out: joined('out'), error: joined('error'), code: all.find(({ code }) => code !== 0)?.code ?? 0 };
}

function fileOf({ properties }: Shelved<Machine>, path: string): Buffer | undefined {
  for (const { disk } of [properties.os, ...properties.data])
    for (const fileSystem of fileSystemsOf(disk.space)) {
      const file = fileSystem.file(path);
      if (file) return file;
    }
  return undefined;
}

/** The OS disk is sda, data disks follow by LUN. */
function devicesOf({ properties }: Shelved<Machine>): Map<string, Disk> {
  const data = [...properties.data].sort((a, b) => a.lun - b.lun);
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  return new Map(
    [properties.os, ...data]
      .slice(0, letters.length)
      .map(({ disk }, i): [string, Disk] => [`/dev/sd${letters[i]}`, disk]),
  );
}

function deviceOf(machine: Shelved<Machine>, path: string): Disk | undefined {
  return devicesOf(machine).get(path);
}

function lsblk(machine: Shelved<Machine>): string {
  const lines = ['NAME SIZE TYPE'];
  for (const [path, { space }] of devicesOf(machine)) {
    const name = path.slice('/dev/'.length);
    lines.push(`${name} ${space.sizeBytes} disk`);
    for (const [i, { sizeBytes }] of partitionsOf(space).entries())
      lines.push(`${name}${i + 1} ${sizeBytes} part`);
  }
  return `${lines.join('\n')}\n`;
}

function unquoted(word: string): string {
  return word.replace(/^(['"])(.*)\1$/, '$2');
}
