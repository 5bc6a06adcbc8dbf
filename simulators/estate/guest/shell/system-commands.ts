/** Programs that tell of the system: what runs, what is installed, what it is made of. */
import { SECOND } from '#core/units.ts';
import { memoryOf } from '../load.ts';
import type { GuestProcess } from '../processes.ts';
import type { GuestDisk } from '../volumes.ts';
import { type CommandFunction, type Commands, options, type Session } from './shell.ts';

const linuxOf = (session: Session) => {
  const { os } = session.machine.guest;
  return os.family === 'linux' ? os : undefined;
};

const PERCENT = 100;

function startText(startedAt: number, now: number): string {
  const date = new Date(startedAt);
  return now - startedAt < 86_400_000
    ? date.toISOString().slice(11, 16)
    : `${date.toUTCString().slice(8, 11)}${String(date.getUTCDate()).padStart(2, '0')}`;
}

interface Column {
  readonly title: string;
  readonly right?: boolean;
  readonly value: (process: GuestProcess, session: Session) => string;
}

const cpuSeconds = (process: GuestProcess, { machine }: Session): number => {
  const { guest, now } = machine;
  return Math.floor(
    ((now - process.startedAt) / SECOND) *
      guest.machine.workload.cpuLevel *
      guest.machine.cores *
      process.cpuShare,
  );
};
const clockText = (seconds: number): string =>
  [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((n) => String(n).padStart(2, '0'))
    .join(':');
const cpuPercent = (process: GuestProcess, { machine }: Session): string =>
  (machine.guest.cpuRatio(machine.now) * machine.guest.machine.cores * process.cpuShare * PERCENT).toFixed(1);
const residentKb = (process: GuestProcess, { machine }: Session): number =>
  Math.floor(memoryOf(machine.guest, machine.now).usedKb * process.memoryShare * 0.8);

const COLUMNS: Readonly<Record<string, Column>> = {
  pid: { title: 'PID', right: true, value: ({ pid }) => String(pid) },
  ppid: { title: 'PPID', right: true, value: ({ parentPid }) => String(parentPid) },
  user: { title: 'USER', value: ({ user }) => user },
  uid: { title: 'UID', right: true, value: ({ user }) => (user === 'root' ? '0' : '1000') },
  comm: { title: 'COMMAND', value: ({ name }) => name },
  args: { title: 'COMMAND', value: ({ commandLine }) => commandLine },
  tty: { title: 'TTY', value: () => '?' },
  stat: { title: 'STAT', value: () => 'Ss' },
  pcpu: { title: '%CPU', right: true, value: cpuPercent },
  pmem: {
    title: '%MEM',
    right: true,
    value: (process, session) =>
      (
        (residentKb(process, session) / memoryOf(session.machine.guest, session.machine.now).totalKb) *
        PERCENT
      ).toFixed(1),
  },
  rss: { title: 'RSS', right: true, value: (process, session) => String(residentKb(process, session)) },
  vsz: { title: 'VSZ', right: true, value: (process, session) => String(residentKb(process, session) * 3) },
  time: { title: 'TIME', right: true, value: (process, session) => clockText(cpuSeconds(process, session)) },
  etimes: {
    title: 'ELAPSED',
    right: true,
    value: ({ startedAt }, { machine }) => String(Math.floor((machine.now - startedAt) / SECOND)),
  },
  stime: { title: 'STIME', value: ({ startedAt }, { machine }) => startText(startedAt, machine.now) },
  lstart: {
    title: 'STARTED',
    value: ({ startedAt }) =>
      new Date(startedAt).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) ([\d:]+).*/, '$1 $3 $2 $5 $4'),
  },
};
const ALIASES: Readonly<Record<string, string>> = {
  cmd: 'args',
  command: 'args',
  ucmd: 'comm',
  '%cpu': 'pcpu',
  '%mem': 'pmem',
  tname: 'tty',
  start: 'stime',
  euser: 'user',
  ruser: 'user',
  cputime: 'time',
  s: 'stat',
  state: 'stat',
};

const ps: CommandFunction = (args, io, session) => {
  const columns: Column[] = [];
  let every = false;
  let pids: number[] | undefined;
  let names: string[] | undefined;
  let headed = true;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const format = /^-([a-zA-Z]*)o(.*)$/.exec(arg) ?? (arg === '--format' ? ['', '', ''] : null);
    if (format && !/^-(aux|-)/.test(arg)) {
      if (/[eA]/.test(format[1]!)) every = true;
      const list = format[2] !== '' ? format[2]! : (args[++i] ?? '');
      for (const part of list.split(/[,\s]+/).filter((piece) => piece !== '')) {
        const [name, title] = part.split('=') as [string, string | undefined];
        const column = COLUMNS[ALIASES[name] ?? name];
        if (!column) {
          io.err(`error: unknown user-defined format specifier "${name}"\n`);
          return 1;
        }
        if (title === '' && columns.length === 0) headed = false;
        columns.push(title === undefined ? column : { ...column, title });
      }
    } else if (arg === '-p' || arg === '-q' || arg === '--pid')
      pids = (args[++i] ?? '').split(/[,\s]+/).map(Number);
    else if (arg === '-C') names = (args[++i] ?? '').split(',');
    else if (arg === '--no-headers' || arg === '--no-heading') headed = false;
    else if (/^a?[aux]+w*$/.test(arg) || /^-aux$/.test(arg)) {
      every = true;
      for (const name of [
        'user',
        'pid',
        'pcpu',
        'pmem',
        'vsz',
        'rss',
        'tty',
        'stat',
        'stime',
        'time',
        'args',
      ])
        columns.push(COLUMNS[name]!);
    } else if (/^-[eAfFlwx]+$/.test(arg)) {
      if (/[eA]/.test(arg)) every = true;
      if (/[fF]/.test(arg) && columns.length === 0)
        for (const name of ['user', 'pid', 'ppid', 'pcpu', 'stime', 'tty', 'time', 'args'])
          columns.push(COLUMNS[name]!);
    }
  }
  if (columns.length === 0) for (const name of ['pid', 'tty', 'time', 'comm']) columns.push(COLUMNS[name]!);
  const rows = session.machine.guest
    .processes(session.machine.now)
    .filter((process) =>
      pids
        ? pids.includes(process.pid)
        : names
          ? names.includes(process.name)
          : every || process.user === session.user.name,
    );
  const table = rows.map((process) => columns.map((column) => column.value(process, session)));
  if (headed) table.unshift(columns.map(({ title }) => title));
  const widths = columns.map((_, i) => Math.max(...table.map((row) => row[i]!.length), 1));
  for (const row of table)
    io.out(
      `${row.map((cell, i) => (columns[i]!.right ? cell.padStart(widths[i]!) : i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join(' ')}\n`,
    );
  return rows.length === 0 ? 1 : 0;
};

function needsRoot(program: string, session: Session, io: { err(text: string): void }): boolean {
  if (session.user.isRoot) return false;
  io.err(`${program}: Permission denied\n`);
  return true;
}

const sizeText = (bytes: number): string => {
  const units = ['B', 'K', 'M', 'G', 'T', 'P'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)}${units[unit]}`;
};

const df: CommandFunction = (args, io, session) => {
  const { has, rest } = options(args, 'khPTBaml', {});
  const all = session.machine.guest.disks().flatMap(({ volumes }) => volumes);
  const mounted = [...all].sort((a, b) => b.mountPoint.length - a.mountPoint.length);
  const shown =
    rest.length === 0
      ? all
      : rest.map(
          (path) =>
            mounted.find(
              ({ mountPoint }) =>
                path === mountPoint || path.startsWith(mountPoint === '/' ? '/' : `${mountPoint}/`),
            ) ?? all.at(-1)!,
        );
  const human = has.has('h');
  const amount = (bytes: number) => (human ? sizeText(bytes) : String(Math.floor(bytes / 1024)));
  const type = has.has('T') ? ['Type'] : [];
  const rows = [
    [
      'Filesystem',
      ...type,
      human ? 'Size' : has.has('P') ? '1024-blocks' : '1K-blocks',
      'Used',
      human ? 'Avail' : 'Available',
      has.has('P') ? 'Capacity' : 'Use%',
      'Mounted on',
    ],
    ...shown.map((volume) => [
      `/dev/${volume.name}`,
      ...(has.has('T') ? [volume.fileSystem] : []),
      amount(volume.sizeBytes),
      amount(volume.usedBytes),
      amount(volume.sizeBytes - volume.usedBytes),
      `${Math.ceil((volume.usedBytes / volume.sizeBytes) * PERCENT)}%`,
      volume.mountPoint,
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  for (const row of rows)
    io.out(
      `${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : i === row.length - 1 ? cell : cell.padStart(widths[i]!))).join(' ')}\n`,
    );
  return 0;
};

const lsblk: CommandFunction = (args, io, session) => {
  const { has } = options(args, 'Jbdno:lfp', {
    '--json': 'J',
    '--bytes': 'b',
    '--nodeps': 'd',
    '--noheadings': 'n',
    '--output': 'o',
  });
  const disks = session.machine.guest.disks();
  const size = (bytes: number) => (has.has('b') ? String(bytes) : sizeText(bytes));
  const device = (disk: GuestDisk, volume: number | undefined) => {
    const part = volume === undefined ? undefined : disk.volumes[volume]!;
    return {
      name: part?.name ?? disk.name,
      'maj:min': `8:${disk.index * 16 + (volume === undefined ? 0 : volume + 1)}`,
      rm: false,
      size: has.has('b') ? (part?.sizeBytes ?? disk.sizeBytes) : sizeText(part?.sizeBytes ?? disk.sizeBytes),
      ro: false,
      type: part ? 'part' : 'disk',
      mountpoint: part?.mountPoint ?? null,
    };
  };
  if (has.has('J')) {
    const blockdevices = disks.map((disk) => ({
      ...device(disk, undefined),
      ...(has.has('d') ? {} : { children: disk.volumes.map((_, i) => device(disk, i)) }),
    }));
    io.out(`${JSON.stringify({ blockdevices }, undefined, 3)}\n`);
    return 0;
  }
  if (!has.has('n')) io.out('NAME   MAJ:MIN RM  SIZE RO TYPE MOUNTPOINT\n');
  const row = (name: string, minor: number, bytes: number, type: string, mount: string) =>
    io.out(
      `${name.padEnd(6)} ${`8:${minor}`.padStart(5)}    0 ${size(bytes).padStart(5)}  0 ${type} ${mount}`
        .trimEnd()
        .concat('\n'),
    );
  for (const disk of disks) {
    row(disk.name, disk.index * 16, disk.sizeBytes, 'disk', '');
    if (!has.has('d'))
      for (const [i, volume] of disk.volumes.entries())
        row(
          `${i === disk.volumes.length - 1 ? '`-' : '|-'}${volume.name}`,
          disk.index * 16 + i + 1,
          volume.sizeBytes,
          'part',
          volume.mountPoint,
        );
  }
  return 0;
};

const rpm: CommandFunction = (args, io, session) => {
  const os = linuxOf(session);
  if (os?.packages !== 'rpm') {
    io.err('bash: line 1: rpm: command not found\n');
    return 127;
  }
  const { guest } = session.machine;
  const formatAt = args.findIndex((arg) => arg === '--queryformat' || arg === '--qf');
  const format = formatAt < 0 ? '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n' : (args[formatAt + 1] ?? '');
  const given = args.filter((arg, i) => !arg.startsWith('-') && i !== formatAt + 1);
  const byFile = args.some((arg) => /^-q[a-z]*f|^-[a-z]*f[a-z]*q/.test(arg)) || args.includes('--file');
  const everything = args.some((arg) => /^-q?[a-z]*a/.test(arg)) || args.includes('--all');
  let status = 0;
  const show = ({ name, version, vendor }: (typeof guest.stack.packages)[number]) => {
    const cut = version.lastIndexOf('-');
    const fields: Record<string, string> = {
      NAME: name,
      VERSION: version.slice(0, cut),
      RELEASE: version.slice(cut + 1),
      VENDOR: vendor,
      ARCH: os.architecture,
      INSTALLTIME: String(Math.floor(guest.installedAt / SECOND)),
    };
    io.out(
      format
        .replace(/\\n/g, '\n')
        .replace(/\\t/g, '\t')
        .replace(/%-?\d*\{(\w+)(?::\w+)?\}/g, (_, field: string) => fields[field.toUpperCase()] ?? '(none)'),
    );
  };
  if (everything) for (const each of guest.stack.packages) show(each);
  else
    for (const name of given) {
      const found = byFile
        ? packageOf(session, name)
        : guest.stack.packages.find((each) => each.name === name);
      if (found) show(found);
      else {
        io.out(byFile ? `file ${name} is not owned by any package\n` : `package ${name} is not installed\n`);
        status = 1;
      }
    }
  return status;
};

/** The package that an executable came in: the one whose name is in its path or in the name of its process. */
function packageOf(session: Session, path: string) {
  const { guest } = session.machine;
  const process = guest.stack.processes.find(({ executable }) => executable === path);
  const words = [path.split('/').at(-1) ?? '', process?.key ?? '', ...path.split('/')].filter(
    (word) => word.length > 2,
  );
  return guest.stack.packages.find(({ name }) =>
    words.some(
      (word) =>
        name === word || name.startsWith(`${word}-`) || name.startsWith(word) || word.startsWith(name),
    ),
  );
}

/** dpkg-query's own placeholders. */
const field = (name: string): string => `$\{${name}}`;
const DPKG_FORMAT = `${field('Package')}\\t${field('Version')}\\n`;
const DPKG_LIST = `ii  ${field('Package')} ${field('Version')} ${field('Architecture')}\\n`;

const dpkgQuery: CommandFunction = (args, io, session) => {
  const os = linuxOf(session);
  if (os?.packages !== 'dpkg') {
    io.err('bash: line 1: dpkg-query: command not found\n');
    return 127;
  }
  const { guest } = session.machine;
  const searching = args.includes('-S') || args.includes('--search');
  const formatArg = args.find((arg) => /^(-f=?|--showformat=)/.test(arg));
  const formatNext = formatArg === '-f' ? args[args.indexOf('-f') + 1] : undefined;
  const format = formatNext ?? formatArg?.replace(/^(-f=?|--showformat=)/, '') ?? DPKG_FORMAT;
  const given = args.filter((arg) => !arg.startsWith('-') && arg !== formatNext);
  let status = 0;
  if (searching) {
    for (const path of given) {
      const found = packageOf(session, path);
      if (found) io.out(`${found.name}: ${path}\n`);
      else {
        io.err(`dpkg-query: no path found matching pattern ${path}\n`);
        status = 1;
      }
    }
    return status;
  }
  const architecture = os.architecture === 'x86_64' ? 'amd64' : 'i386';
  const packages =
    given.length === 0
      ? guest.stack.packages
      : given.flatMap((name) => guest.stack.packages.filter((each) => each.name === name));
  for (const { name, version, vendor } of packages) {
    const fields: Record<string, string> = {
      Package: name,
      'binary:Package': name,
      Version: version,
      Maintainer: vendor,
      Architecture: architecture,
      Status: 'install ok installed',
      'db:Status-Abbrev': 'ii ',
      'db:Status-Status': 'installed',
    };
    io.out(
      format
        .replace(/\\n/g, '\n')
        .replace(/\\t/g, '\t')
        .replace(/\$\{([\w:-]+)(?:;-?\d+)?\}/g, (_, field: string) => fields[field] ?? ''),
    );
  }
  if (args.includes('-l') || args.includes('--list')) return 0;
  return given.length > packages.length ? 1 : 0;
};

const date: CommandFunction = (args, io, session) => {
  const { now } = session.machine;
  const at = new Date(now);
  const format = args.find((arg) => arg.startsWith('+'))?.slice(1) ?? '%a %b %e %H:%M:%S UTC %Y';
  const two = (n: number) => String(n).padStart(2, '0');
  const fields: Record<string, string> = {
    Y: String(at.getUTCFullYear()),
    m: two(at.getUTCMonth() + 1),
    d: two(at.getUTCDate()),
    e: String(at.getUTCDate()).padStart(2),
    H: two(at.getUTCHours()),
    M: two(at.getUTCMinutes()),
    S: two(at.getUTCSeconds()),
    s: String(Math.floor(now / SECOND)),
    N: `${String(now % SECOND).padStart(3, '0')}000000`,
    F: at.toISOString().slice(0, 10),
    T: at.toISOString().slice(11, 19),
    a: at.toUTCString().slice(0, 3),
    b: at.toUTCString().slice(8, 11),
    Z: 'UTC',
    z: '+0000',
    '%': '%',
  };
  io.out(`${format.replace(/%([a-zA-Z%])/g, (whole, letter: string) => fields[letter] ?? whole)}\n`);
  return 0;
};

const systemctl: CommandFunction = (args, io, session) => {
  const os = linuxOf(session);
  if (!os?.systemd) {
    io.err('bash: line 1: systemctl: command not found\n');
    return 127;
  }
  const services = session.machine.guest.services(session.machine.now);
  const [verb = 'list-units', ...names] = args.filter((arg) => !arg.startsWith('-'));
  const named = (name: string) => services.find((service) => service.name === name.replace(/\.service$/, ''));
  if (verb === 'is-active' || verb === 'is-enabled') {
    let status = 0;
    for (const name of names) {
      const service = named(name);
      const good = verb === 'is-active' ? service?.state === 'running' : service?.start === 'auto';
      io.out(`${verb === 'is-active' ? (good ? 'active' : 'inactive') : good ? 'enabled' : 'disabled'}\n`);
      if (!good) status = 3;
    }
    return status;
  }
  if (verb !== 'list-units' && verb !== 'list-unit-files') {
    io.err(`Failed to ${verb}: Interactive authentication required.\n`);
    return 1;
  }
  for (const { name, displayName, state, start } of services)
    if (verb === 'list-unit-files')
      io.out(`${`${name}.service`.padEnd(40)} ${start === 'auto' ? 'enabled' : 'disabled'}\n`);
    else if (state === 'running')
      io.out(`${`${name}.service`.padEnd(30)} loaded active running ${displayName}\n`);
  return 0;
};

export const systemCommands: Commands = {
  ps,
  df,
  lsblk,
  rpm,
  'dpkg-query': dpkgQuery,
  dpkg: (args, io, session) => dpkgQuery(args.includes('-l') ? ['-W', `-f=${DPKG_LIST}`] : args, io, session),
  date,
  systemctl,
  snap(_args, io) {
    io.err("No snaps are installed yet. Try 'snap install hello-world'.\n");
    return 0;
  },
  uname(args, io, session) {
    const os = linuxOf(session)!;
    const { hostName } = session.machine.guest;
    const fields: Record<string, string> = {
      s: 'Linux',
      n: hostName,
      r: os.kernel,
      v: '#1 SMP',
      m: os.architecture,
      p: os.architecture,
      i: os.architecture,
      o: 'GNU/Linux',
    };
    const letters = args.flatMap((arg) =>
      arg === '-a' || arg === '--all' ? [...'snrvmpio'] : [...arg.replace(/^-+/, '')],
    );
    if (letters.some((letter) => fields[letter] === undefined)) {
      io.err(`uname: extra operand '${args[0]}'\n`);
      return 1;
    }
    io.out(`${(letters.length === 0 ? ['s'] : letters).map((letter) => fields[letter]).join(' ')}\n`);
    return 0;
  },
  hostname(args, io, session) {
    const { guest } = session.machine;
    const { dnsName } = guest.machine;
    if (args[0] === '-I' || args[0] === '-i') io.out(`${guest.addresses().join(' ')} \n`);
    else if (args[0] === '-d') io.out(`${dnsName.split('.').slice(1).join('.')}\n`);
    else io.out(`${args[0] === '-f' || args[0] === '--fqdn' ? dnsName : guest.hostName}\n`);
    return 0;
  },
  whoami(_args, io, session) {
    io.out(`${session.user.name}\n`);
    return 0;
  },
  id(args, io, session) {
    const { name, uid } = session.user;
    if (args[0] === '-u') io.out(`${uid}\n`);
    else if (args[0] === '-un') io.out(`${name}\n`);
    else io.out(`uid=${uid}(${name}) gid=${uid}(${name}) groups=${uid}(${name})\n`);
    return 0;
  },
  uptime(args, io, session) {
    const { guest, now } = session.machine;
    const seconds = Math.floor((now - guest.bootedAt()) / SECOND);
    if (args[0] === '-s')
      io.out(`${new Date(guest.bootedAt()).toISOString().slice(0, 19).replace('T', ' ')}\n`);
    else {
      const load = (guest.cpuRatio(now) * guest.machine.cores).toFixed(2);
      const days = Math.floor(seconds / 86_400);
      io.out(
        ` ${new Date(now).toISOString().slice(11, 19)} up ${days > 0 ? `${days} days, ` : ''}${clockText(seconds % 86_400).slice(0, 5)},  0 users,  load average: ${load}, ${load}, ${load}\n`,
      );
    }
    return 0;
  },
  free(args, io, session) {
    const { totalKb, usedKb } = memoryOf(session.machine.guest, session.machine.now);
    const divisor = args.includes('-m')
      ? 1024
      : args.includes('-b')
        ? 1 / 1024
        : args.includes('-g')
          ? 1024 * 1024
          : 1;
    const cell = (kb: number) => String(Math.floor(kb / divisor)).padStart(11);
    const free = totalKb - usedKb;
    const cached = Math.floor(free * 0.6);
    io.out('              total        used        free      shared  buff/cache   available\n');
    io.out(
      `Mem:    ${[totalKb, usedKb, free - cached, 0, cached, Math.floor(free * 0.95)].map(cell).join(' ')}\n`,
    );
    io.out(`Swap:   ${[2_097_148, 0, 2_097_148].map(cell).join(' ')}\n`);
    return 0;
  },
  nproc(_args, io, session) {
    io.out(`${session.machine.guest.machine.cores}\n`);
    return 0;
  },
  getconf(args, io, session) {
    if (args[0] !== '_NPROCESSORS_ONLN') return 1;
    io.out(`${session.machine.guest.machine.cores}\n`);
    return 0;
  },
  fdisk(args, io, session) {
    if (needsRoot('fdisk', session, io)) return 1;
    if (!args.includes('-l')) return 1;
    const old = Number(linuxOf(session)!.kernel.split('.')[0]) < 4;
    for (const disk of session.machine.guest.disks()) {
      const { sizeBytes, name, volumes } = disk;
      io.out(
        old
          ? `\nDisk /dev/${name}: ${(sizeBytes / 1e9).toFixed(1)} GB, ${sizeBytes} bytes, ${sizeBytes / 512} sectors\n`
          : `Disk /dev/${name}: ${sizeBytes / 2 ** 30} GiB, ${sizeBytes} bytes, ${sizeBytes / 512} sectors\n`,
      );
      let start = 2048;
      for (const volume of volumes) {
        const sectors = Math.floor(volume.sizeBytes / 512);
        io.out(
          `/dev/${volume.name} ${start} ${start + sectors - 1} ${sectors} ${sizeText(volume.sizeBytes)} 83 Linux\n`,
        );
        start += sectors;
      }
      io.out('\n');
    }
    return 0;
  },
  dmidecode(args, io, session) {
    if (needsRoot('/dev/mem', session, io)) return 1;
    const { guest } = session.machine;
    if (args[0] === '-s') {
      const fields: Record<string, string> = {
        'system-serial-number': guest.serialNumber(),
        'system-uuid': guest.machine.biosUuid.toUpperCase(),
        'system-manufacturer': 'VMware, Inc.',
        'system-product-name': 'VMware Virtual Platform',
      };
      io.out(`${fields[args[1] ?? ''] ?? ''}\n`);
      return 0;
    }
    io.out(
      `# dmidecode 3.3\nGetting SMBIOS data from sysfs.\nSMBIOS 2.7 present.\n\nHandle 0x0001, DMI type 1, 27 bytes\nSystem Information\n` +
        `\tManufacturer: VMware, Inc.\n\tProduct Name: VMware Virtual Platform\n\tVersion: None\n\tSerial Number: ${guest.serialNumber()}\n` +
        `\tUUID: ${guest.machine.biosUuid.toUpperCase()}\n\tWake-up Type: Power Switch\n\tSKU Number: Not Specified\n\tFamily: Not Specified\n\n`,
    );
    return 0;
  },
  getcap: () => 0,
  lvdisplay: () => 0,
  getent(args, io, session) {
    const { guest } = session.machine;
    if (args[0] === 'hosts' && (args[1] === guest.machine.dnsName || args[1] === guest.hostName)) {
      io.out(`${guest.addresses()[0] ?? '127.0.1.1'}      ${guest.machine.dnsName}\n`);
      return 0;
    }
    return 2;
  },
  kill: (args, _io, session) => {
    const pids = args.filter((arg) => /^\d+$/.test(arg)).map(Number);
    return pids.every((pid) => session.machine.guest.kill(pid, session.machine.now)) ? 0 : 1;
  },
};
