/** Programs that tell of disks and what is on them: df, lsblk, fdisk, mount. Forms differ by the release of util-linux. */
import { MIB } from '#core/units.ts';
import type { Guest } from '../guest.ts';
import { type BlockDevice, blockDevices, type Partition } from '../linux-devices.ts';
import { mountTable } from '../linux-proc.ts';
import { diskMaker, diskModel } from '../linux-sys.ts';
import { linuxTools } from '../linux-tools.ts';
import { fdisk } from './fdisk.ts';
import { absolute } from './file-commands.ts';
import {
  type LinuxCommand,
  type LinuxCommands,
  type LinuxSession,
  linuxOf,
  needsRoot,
  options,
} from './shell.ts';
import { sizeText } from './sizes.ts';

interface FileSystem {
  readonly device: string;
  readonly type: string;
  readonly mountPoint: string;
  readonly sizeBytes: number;
  readonly usedBytes: number;
}

/** In the order of the mount table. What a full disk or somebody's files take is of the root file system. */
function fileSystems(session: LinuxSession): FileSystem[] {
  const { guest } = session.machine;
  const volumes = new Map(
    guest.disks().flatMap((disk) => disk.volumes.map((v) => [v.mountPoint, v] as const)),
  );
  const loops = new Map(blockDevices(guest).map((device) => [device.mountPoint, device] as const));
  return mountTable(guest).flatMap(({ device, mountPoint, type }): FileSystem[] => {
    const volume = volumes.get(mountPoint);
    if (volume) {
      const written = mountPoint === '/' ? guest.files.writtenBytes : 0;
      const usedBytes = guest.files.isFull
        ? volume.sizeBytes
        : Math.min(volume.sizeBytes, volume.usedBytes + written);
      return [{ device, type, mountPoint, sizeBytes: volume.sizeBytes, usedBytes }];
    }
    if (type === 'tmpfs') {
      const sizeBytes = Math.floor(guest.machine.memoryMiB / 10) * MIB;
      return [{ device, type, mountPoint, sizeBytes, usedBytes: MIB }];
    }
    const loop = loops.get(mountPoint);
    return loop ? [{ device, type, mountPoint, sizeBytes: loop.sizeBytes, usedBytes: loop.sizeBytes }] : [];
  });
}

function fileSystemOf(all: readonly FileSystem[], path: string): FileSystem | undefined {
  return [...all]
    .sort((a, b) => b.mountPoint.length - a.mountPoint.length)
    .find(
      ({ mountPoint }) => path === mountPoint || path.startsWith(mountPoint === '/' ? '/' : `${mountPoint}/`),
    );
}

const df: LinuxCommand = (args, io, session) => {
  const { has, value, rest, unknown } = options(args, 'kmhPTBalHt:x:', {
    '--portability': 'P',
    '--print-type': 'T',
    '--human-readable': 'h',
    '--local': 'l',
    '--type': 't',
    '--exclude-type': 'x',
  });
  if (unknown) {
    io.err(`df: invalid option -- '${unknown.replace(/^-+/, '')}'\n`);
    return 1;
  }
  const all = fileSystems(session);
  let status = 0;
  const shown =
    rest.length === 0
      ? all.filter(
          ({ type }) => (value.get('t') === undefined || type === value.get('t')) && type !== value.get('x'),
        )
      : rest.flatMap((path) => {
          const { files } = session.machine.guest;
          const given = absolute(session, path);
          const device = all.find((each) => each.device === given);
          if (device) return [device];
          if (!files.find(given, session.machine.now)) {
            io.err(
              `df: ${session.machine.guest.os.family === 'linux' && linuxTools(linuxOf(session)!).utilLinux < 30 ? `\u2018${path}\u2019` : path}: No such file or directory\n`,
            );
            status = 1;
            return [];
          }
          return fileSystemOf(all, given) ?? [];
        });
  if (shown.length === 0) return 1;
  const human = has.has('h');
  const unit = has.has('m') ? MIB : 1024;
  const amount = (bytes: number) => (human ? sizeText(bytes, true) : String(Math.ceil(bytes / unit)));
  const rows = [
    [
      'Filesystem',
      ...(has.has('T') ? ['Type'] : []),
      human ? 'Size' : has.has('m') ? '1M-blocks' : has.has('P') ? '1024-blocks' : '1K-blocks',
      'Used',
      human ? 'Avail' : 'Available',
      has.has('P') ? 'Capacity' : 'Use%',
      'Mounted on',
    ],
    ...shown.map(({ device, type, sizeBytes, usedBytes, mountPoint }) => [
      device,
      ...(has.has('T') ? [type] : []),
      amount(sizeBytes),
      amount(usedBytes),
      amount(sizeBytes - usedBytes),
      `${Math.ceil((usedBytes / sizeBytes) * 100)}%`,
      mountPoint,
    ]),
  ];
  const left = has.has('T') ? 2 : 1;
  // names of devices have at least 14 places
  const widths = rows[0]!.map((_, i) => Math.max(i === 0 ? 14 : 0, ...rows.map((row) => row[i]!.length)));
  for (const row of rows)
    io.out(
      `${row.map((cell, i) => (i < left ? cell.padEnd(widths[i]!) : i === row.length - 1 ? cell : cell.padStart(widths[i]!))).join(' ')}\n`,
    );
  return status;
};

interface Row {
  readonly values: Readonly<Record<string, string | number | boolean | null | readonly (string | null)[]>>;
  readonly children: readonly Row[];
}

/** Every column of lsblk that scripts ask for. */
function lsblkRow(guest: Guest, device: BlockDevice, part: Partition | undefined, bytes: boolean): Row {
  const size = part?.sizeBytes ?? device.sizeBytes;
  const mountPoint = part?.volume.mountPoint ?? device.mountPoint ?? null;
  const isDisk = device.kind === 'disk';
  const facts = guest.machine.disks[device.index];
  const serial = facts?.uuid.replaceAll('-', '') ?? '';
  const platform = guest.facts.platform ?? 'vmware';
  const wwn =
    !isDisk || platform === 'vmware'
      ? null
      : platform === 'hyperv'
        ? `0x60022480${serial.slice(0, 24)}`
        : `0x600508b1001c${serial.slice(0, 20)}`;
  return {
    values: {
      name: part?.name ?? device.name,
      kname: part?.name ?? device.name,
      path: `/dev/${part?.name ?? device.name}`,
      'maj:min': `${device.major}:${part?.minor ?? device.minor}`,
      rm: false,
      size: bytes ? size : sizeText(size),
      ro: device.kind === 'loop',
      type: part ? 'part' : device.kind,
      mountpoint: mountPoint,
      mountpoints: [mountPoint],
      fstype: part?.volume.fileSystem ?? (isDisk ? null : 'squashfs'),
      uuid: part ? guest.entropy.uuid('guest.fsUuid', guest.machine.id, part.name) : null,
      pkname: part ? device.name : null,
      rota: guest.hardware.virtual,
      model: part || !isDisk ? null : diskModel(guest),
      vendor: part || !isDisk ? null : diskMaker(guest).padEnd(8),
      serial: part || !isDisk || platform === 'vmware' ? null : serial,
      wwn,
      hctl:
        part || !isDisk
          ? null
          : platform === 'vmware'
            ? `2:0:${facts?.unit ?? device.index}:0`
            : `0:${platform === 'physical' ? 1 : 0}:0:${device.index}`,
      tran: part || !isDisk ? null : platform === 'physical' ? 'sas' : null,
    },
    children: part ? [] : device.partitions.map((each) => lsblkRow(guest, device, each, bytes)),
  };
}

/** Right-aligned columns. */
const NUMBERS = new Set(['maj:min', 'rm', 'size', 'ro', 'rota']);

const lsblk: LinuxCommand = (args, io, session) => {
  const version = linuxTools(linuxOf(session)!).utilLinux;
  const known = `${version >= 27 ? 'J' : ''}${version >= 20 ? 'P' : ''}abdno:lfpriSe:I:m`;
  const { has, value, rest, unknown } = options(args, known, {
    ...(version >= 27 ? { '--json': 'J' } : {}),
    '--bytes': 'b',
    '--nodeps': 'd',
    '--noheadings': 'n',
    '--output': 'o',
    '--list': 'l',
    '--fs': 'f',
    '--paths': 'p',
    '--pairs': 'P',
    '--raw': 'r',
    '--exclude': 'e',
  });
  if (unknown) {
    const letter = /^-+(\w)/.exec(unknown)?.[1] ?? '';
    io.err(
      unknown.startsWith('--')
        ? `lsblk: unrecognized option '${unknown}'\n`
        : `lsblk: invalid option -- '${
            args
              .find((arg) => /^-\w/.test(arg) && [...arg].slice(1).some((c) => !known.includes(c)))
              ?.split('')
              .find((c) => c !== '-' && !known.includes(c)) ?? letter
          }'\n`,
    );
    return 1;
  }
  const { guest } = session.machine;
  const standard = [
    'name',
    'maj:min',
    'rm',
    'size',
    'ro',
    'type',
    version >= 37 ? 'mountpoints' : 'mountpoint',
  ];
  const columns = has.has('f')
    ? ['name', 'fstype', 'uuid', version >= 37 ? 'mountpoints' : 'mountpoint']
    : value.has('o')
      ? value
          .get('o')!
          .split(',')
          .map((name) => name.toLowerCase())
      : standard;
  const wanted = rest.map((path) => path.replace(/^\/dev\//, ''));
  const excluded = (value.get('e') ?? '').split(',').map(Number);
  const devices = blockDevices(guest)
    .filter(({ major }) => !value.has('e') || !excluded.includes(major))
    .filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const rows = devices.map((device) => lsblkRow(guest, device, undefined, has.has('b')));
  const sample = rows[0] ?? lsblkRow(guest, blockDevices(guest)[0]!, undefined, true);
  const strange = columns.find(
    (name) => !(name in sample.values) || (name === 'mountpoints' && version < 37),
  );
  if (strange !== undefined) {
    io.err(`lsblk: unknown column: ${strange.toUpperCase()}\n`);
    return 1;
  }
  if (has.has('J')) {
    io.out(lsblkJson(rows, columns, version, has.has('d')));
    return 0;
  }
  const cell = (row: Row, name: string): string => {
    const shown = row.values[name];
    if (shown === null || shown === undefined) return '';
    if (typeof shown === 'boolean') return shown ? '1' : '0';
    if (Array.isArray(shown)) return shown.map((each) => each ?? '').join('\n');
    if (name === 'name' && has.has('p')) return `/dev/${shown}`;
    return String(shown);
  };
  if (has.has('P')) {
    const each = (row: Row): void => {
      io.out(`${columns.map((name) => `${name.toUpperCase()}="${cell(row, name)}"`).join(' ')}\n`);
      if (!has.has('d')) row.children.forEach(each);
    };
    rows.forEach(each);
    return 0;
  }
  const utf8 = /utf-?8/i.test(
    session.variables.get('LC_ALL') ||
      session.variables.get('LC_CTYPE') ||
      session.variables.get('LANG') ||
      '',
  );
  const branch = (last: boolean) =>
    utf8 ? Buffer.from(last ? '\u2514\u2500' : '\u251c\u2500').toString('latin1') : last ? '`-' : '|-';
  const table: string[][] = has.has('n') ? [] : [columns.map((name) => name.toUpperCase())];
  for (const row of rows) {
    table.push(columns.map((name) => cell(row, name)));
    if (has.has('d')) continue;
    for (const [i, child] of row.children.entries())
      table.push(
        columns.map((name) =>
          name === 'name' && !has.has('l') && !has.has('r')
            ? branch(i === row.children.length - 1) + cell(child, name)
            : cell(child, name),
        ),
      );
  }
  // a branch is two places wide, and six bytes long
  const width = (text: string) => (utf8 ? Buffer.from(text, 'latin1').toString('utf8') : text).length;
  const widths = columns.map((_, i) => Math.max(...table.map((row) => width(row[i]!))));
  for (const row of table)
    io.out(
      `${row
        .map((text, i) => {
          const fill = ' '.repeat(widths[i]! - width(text));
          if (has.has('r')) return text;
          return NUMBERS.has(columns[i]!) ? fill + text : text + fill;
        })
        .join(' ')
        .trimEnd()}\n`,
    );
  return 0;
};

/** Before 2.33 every value is a text; before 2.37 a device stands on one line. */
function lsblkJson(rows: readonly Row[], columns: readonly string[], version: number, flat: boolean): string {
  const shown = (value: Row['values'][string] | undefined) => {
    if (version >= 33 || value === null || value === undefined) return value ?? null;
    return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
  };
  if (version >= 37) {
    const plain = (row: Row): unknown => ({
      ...Object.fromEntries(columns.map((name) => [name, shown(row.values[name])])),
      ...(flat || row.children.length === 0 ? {} : { children: row.children.map(plain) }),
    });
    return `${JSON.stringify({ blockdevices: rows.map(plain) }, undefined, 3)}\n`;
  }
  const colon = version >= 33 ? ':' : ': ';
  const line = (row: Row, indent: string): string => {
    const fields = columns
      .map((name) => `${JSON.stringify(name)}${colon}${JSON.stringify(shown(row.values[name]))}`)
      .join(', ');
    if (flat || row.children.length === 0) return `${indent}{${fields}}`;
    const inner = row.children.map((child) => line(child, `${indent}      `)).join(',\n');
    return `${indent}{${fields},\n${indent}   "children": [\n${inner}\n${indent}   ]\n${indent}}`;
  };
  return `{\n   "blockdevices": [\n${rows.map((row) => line(row, '      ')).join(',\n')}\n   ]\n}\n`;
}

/** No volume groups anywhere: these programs find nothing, which is no failure. */
const nothing: LinuxCommand = (_args, io, session) => {
  if (!needsRoot(session)) return 0;
  io.err('  WARNING: Running as a non-root user. Functionality may be unavailable.\n');
  return 5;
};

export const diskCommands: LinuxCommands = {
  df,
  lsblk,
  fdisk,
  lvdisplay: nothing,
  lvs: nothing,
  pvs: nothing,
  vgs: nothing,
  mount(args, io, session) {
    if (args.some((arg) => !arg.startsWith('-'))) {
      io.err('mount: only root can do that\n');
      return 1;
    }
    for (const { device, mountPoint, type, options: how } of mountTable(session.machine.guest))
      io.out(`${device} on ${mountPoint} type ${type} (${how})\n`);
    return 0;
  },
  blkid(_args, io, session) {
    const { guest } = session.machine;
    for (const { partitions } of blockDevices(guest))
      for (const { name, volume } of partitions)
        io.out(
          `/dev/${name}: UUID="${guest.entropy.uuid('guest.fsUuid', guest.machine.id, name)}" TYPE="${volume.fileSystem}"\n`,
        );
    return 0;
  },
};
