/** Programs that tell of what runs: ps, free, uptime, services. */
import { SECOND } from '#core/units.ts';
import { cacheOf, upFor } from '../linux-proc.ts';
import { linuxTools } from '../linux-tools.ts';
import { memoryOf } from '../load.ts';
import type { GuestProcess } from '../processes.ts';
import { type LinuxCommand, type LinuxCommands, type LinuxSession, linuxOf } from './shell.ts';

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
  readonly value: (process: GuestProcess, session: LinuxSession) => string;
}

const cpuSeconds = (process: GuestProcess, { machine }: LinuxSession): number => {
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
const cpuPercent = (process: GuestProcess, { machine }: LinuxSession): string =>
  (machine.guest.cpuRatio(machine.now) * machine.guest.machine.cores * process.cpuShare * PERCENT).toFixed(1);
const residentKb = (process: GuestProcess, { machine }: LinuxSession): number =>
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

const ps: LinuxCommand = (args, io, session) => {
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
  // ids of processes have seven places since 3.3.16, before that five
  const pidWidth = linuxTools(linuxOf(session)!).procps >= 316 ? 7 : 5;
  const widths = columns.map(({ title }, i) =>
    Math.max(...table.map((row) => row[i]!.length), title === 'PID' || title === 'PPID' ? pidWidth : 1),
  );
  for (const row of table)
    io.out(
      `${row.map((cell, i) => (columns[i]!.right ? cell.padStart(widths[i]!) : i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join(' ')}\n`,
    );
  return rows.length === 0 ? 1 : 0;
};

const systemctl: LinuxCommand = (args, io, session) => {
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

/** Columns of procps before 3.3.10: buffers and cache count as used, and a line says what is without them. */
const free: LinuxCommand = (args, io, session) => {
  const { guest, now } = session.machine;
  const { totalKb, usedKb } = memoryOf(guest, now);
  const { buffers, cached, available, swap } = cacheOf(totalKb, usedKb);
  const divisor = args.includes('-m')
    ? 1024
    : args.includes('-b')
      ? 1 / 1024
      : args.includes('-g')
        ? 1024 * 1024
        : 1;
  const unused = totalKb - usedKb - buffers - cached;
  const row = (name: string, width: number, wide: number, values: readonly number[]) =>
    io.out(
      `${name.padEnd(width)}${values.map((kb) => String(Math.floor(kb / divisor)).padStart(wide)).join(' ')}\n`,
    );
  if (linuxTools(linuxOf(session)!).procps < 310) {
    io.out('             total       used       free     shared    buffers     cached\n');
    row('Mem:', 8, 10, [totalKb, usedKb + buffers + cached, unused, 0, buffers, cached]);
    row('-/+ buffers/cache:', 18, 10, [usedKb, totalKb - usedKb]);
    row('Swap:', 8, 10, [swap, 0, swap]);
    return 0;
  }
  io.out('              total        used        free      shared  buff/cache   available\n');
  row('Mem:', 8, 11, [totalKb, usedKb, unused, 0, buffers + cached, available]);
  row('Swap:', 8, 11, [swap, 0, swap]);
  return 0;
};

export const processCommands: LinuxCommands = {
  ps,
  systemctl,
  free,
  service(args, io, session) {
    const [name = '', verb = ''] = args;
    const found = session.machine.guest
      .services(session.machine.now)
      .find((service) => service.name === name);
    if (!found) {
      io.err(`${name}: unrecognized service\n`);
      return 1;
    }
    if (verb !== 'status') {
      if (session.user.isRoot) return 0;
      io.err(`${name}: Permission denied\n`);
      return 4;
    }
    io.out(
      found.state === 'running' ? `${name} (pid  ${found.pid}) is running...\n` : `${name} is stopped\n`,
    );
    return found.state === 'running' ? 0 : 3;
  },
  uptime(args, io, session) {
    const { guest, now } = session.machine;
    if (args[0] === '-s') {
      io.out(`${new Date(guest.bootedAt()).toISOString().slice(0, 19).replace('T', ' ')}\n`);
      return 0;
    }
    const load = (guest.cpuRatio(now) * guest.machine.cores).toFixed(2);
    const { days, seconds } = upFor(guest, now);
    io.out(
      ` ${new Date(now).toISOString().slice(11, 19)} up ${days > 0 ? `${days} day${days === 1 ? '' : 's'}, ` : ''}${clockText(seconds).slice(0, 5).replace(/^0/, ' ')},  0 users,  load average: ${load}, ${load}, ${load}\n`,
    );
    return 0;
  },
  kill: (args, _io, session) => {
    const pids = args.filter((arg) => /^\d+$/.test(arg)).map(Number);
    return pids.every((pid) => session.machine.guest.kill(pid, session.machine.now)) ? 0 : 1;
  },
};
