/** Programs of a Windows system that tell what it is and does. Lines end in CR LF. */
import { SECOND } from '#core/units.ts';
import { memoryOf } from '../load.ts';
import { type RegistryKey, registryPath } from '../registry.ts';
import { type CommandFunction, type Commands, linesOf, type Session } from './shell.ts';

const windows = (session: Session) => {
  const { os } = session.machine.guest;
  return os.family === 'windows' ? os : undefined;
};

const netstat: CommandFunction = (args, io, session) => {
  const { guest, now } = session.machine;
  const flags = args.join('').toLowerCase();
  const pid = (value: number | undefined) =>
    flags.includes('o') ? `  ${String(value ?? 0).padStart(8)}` : '';
  io.out(
    `\r\nActive Connections\r\n\r\n  Proto  Local Address          Foreign Address        State${flags.includes('o') ? '           PID' : ''}\r\n`,
  );
  if (flags.includes('a'))
    for (const { address, port, process } of guest.listeners(now))
      io.out(
        `  TCP    ${`${address}:${port}`.padEnd(22)} ${'0.0.0.0:0'.padEnd(22)} ${'LISTENING'.padEnd(11)}${pid(process.pid)}\r\n`,
      );
  for (const { localAddress, localPort, remoteAddress, remotePort, state, process } of guest.connections(now))
    io.out(
      `  TCP    ${`${localAddress}:${localPort}`.padEnd(22)} ${`${remoteAddress}:${remotePort}`.padEnd(22)} ${state.padEnd(11)}${pid(process?.pid)}\r\n`,
    );
  return 0;
};

const tasklist: CommandFunction = (args, io, session) => {
  const { guest, now } = session.machine;
  const csv = args.some((arg) => /^csv$/i.test(arg));
  const headed = !args.some((arg) => /^\/nh$/i.test(arg));
  const used = memoryOf(guest, now).usedKb;
  const rows = guest
    .processes(now)
    .map(({ name, pid, memoryShare, user }) => [
      name,
      String(pid),
      user.startsWith('NT ') ? 'Services' : 'Console',
      '0',
      `${Math.floor(used * memoryShare * 0.8).toLocaleString('en-US')} K`,
    ]);
  const head = ['Image Name', 'PID', 'Session Name', 'Session#', 'Mem Usage'];
  if (csv) {
    for (const row of headed ? [head, ...rows] : rows)
      io.out(`${row.map((cell) => `"${cell}"`).join(',')}\r\n`);
    return 0;
  }
  const widths = [25, 8, 16, 11, 12];
  const line = (row: readonly string[]) =>
    io.out(
      `${row.map((cell, i) => (i === 0 || i === 2 ? cell.slice(0, widths[i]).padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' ')}\r\n`,
    );
  if (headed) {
    io.out('\r\n');
    line(head);
    io.out(`${widths.map((width) => '='.repeat(width)).join(' ')}\r\n`);
  }
  for (const row of rows) line(row);
  return 0;
};

function shown(key: RegistryKey, only: string | undefined): string {
  const rows = [...key.values].filter(
    ([name]) => only === undefined || name.toLowerCase() === only.toLowerCase(),
  );
  const text = ({ type, value }: (typeof rows)[number][1]) => {
    if (type === 'REG_DWORD' || type === 'REG_QWORD') return `0x${value.toString(16)}`;
    if (type === 'REG_BINARY') return value.toString('hex').toUpperCase();
    return type === 'REG_MULTI_SZ' ? value.join('\\0') : value;
  };
  return `\r\n${key.path}\r\n${rows.map(([name, data]) => `    ${name === '' ? '(Default)' : name}    ${data.type}    ${text(data)}\r\n`).join('')}`;
}

const reg: CommandFunction = (args, io, session) => {
  const { registry } = session.machine.guest;
  const [verb = '', name = ''] = args;
  const path = registryPath(name);
  const key = path === undefined ? undefined : registry?.key(path);
  if (verb.toLowerCase() !== 'query') {
    io.err('ERROR: Access is denied.\r\n');
    return 1;
  }
  if (!registry || !key) {
    io.err('ERROR: The system was unable to find the specified registry key or value.\r\n');
    return 1;
  }
  const valueAt = args.findIndex((arg) => /^\/v$/i.test(arg));
  const only = valueAt < 0 ? undefined : (args[valueAt + 1] ?? '');
  if (
    only !== undefined &&
    ![...key.values.keys()].some((each) => each.toLowerCase() === only.toLowerCase())
  ) {
    io.err('ERROR: The system was unable to find the specified registry key or value.\r\n');
    return 1;
  }
  if (key.values.size > 0) io.out(shown(key, only));
  if (only !== undefined) return 0;
  const walk = (from: RegistryKey): void => {
    for (const below of registry.below(from.path)) {
      if (!args.some((arg) => /^\/s$/i.test(arg))) io.out(`${below.path}\r\n`);
      else {
        io.out(shown(below, undefined));
        walk(below);
      }
    }
  };
  if (!args.some((arg) => /^\/s$/i.test(arg))) io.out('\r\n');
  walk(key);
  return 0;
};

const findstr: CommandFunction = (args, io) => {
  const flags = args.filter((arg) => arg.startsWith('/')).map((arg) => arg.toLowerCase());
  const literal = args.find((arg) => /^\/c:/i.test(arg))?.slice(3);
  const words =
    literal === undefined ? (args.find((arg) => !arg.startsWith('/')) ?? '').split(' ') : [literal];
  const fold = (text: string) => (flags.includes('/i') ? text.toLowerCase() : text);
  let status = 1;
  for (const line of linesOf(io.stdin.replaceAll('\r\n', '\n'))) {
    if (words.some((word) => fold(line).includes(fold(word))) === flags.includes('/v')) continue;
    io.out(`${line}\r\n`);
    status = 0;
  }
  return status;
};

const systeminfo: CommandFunction = (_args, io, session) => {
  const { guest, now } = session.machine;
  const os = windows(session)!;
  const memory = memoryOf(guest, now);
  const mb = (kb: number) => `${Math.floor(kb / 1024).toLocaleString('en-US')} MB`;
  const rows: ReadonlyArray<readonly [string, string]> = [
    ['Host Name', guest.hostName.toUpperCase()],
    ['OS Name', os.caption],
    ['OS Version', `${os.version} N/A Build ${os.build}`],
    ['OS Manufacturer', 'Microsoft Corporation'],
    ['Original Install Date', new Date(guest.installedAt).toISOString().slice(0, 10)],
    ['System Boot Time', new Date(guest.bootedAt()).toISOString().slice(0, 19).replace('T', ', ')],
    ['System Manufacturer', 'VMware, Inc.'],
    ['System Model', 'VMware Virtual Platform'],
    ['System Type', os.architecture === '64-bit' ? 'x64-based PC' : 'X86-based PC'],
    ['Processor(s)', `${guest.machine.sockets} Processor(s) Installed.`],
    ['Total Physical Memory', mb(memory.totalKb)],
    ['Available Physical Memory', mb(memory.totalKb - memory.usedKb)],
    ['Domain', guest.machine.dnsName.split('.').slice(1).join('.') || 'WORKGROUP'],
  ];
  io.out(`\r\n${rows.map(([name, value]) => `${`${name}:`.padEnd(27)}${value}\r\n`).join('')}`);
  return 0;
};

const sc: CommandFunction = (args, io, session) => {
  const wanted = args[1]?.toLowerCase();
  const services = session.machine.guest
    .services(session.machine.now)
    .filter(({ name, state }) =>
      wanted === undefined ? state === 'running' : wanted === 'state=' || name.toLowerCase() === wanted,
    );
  if (!/^query(ex)?$/i.test(args[0] ?? '') || services.length === 0) {
    io.out(
      '[SC] EnumQueryServicesStatus:OpenService FAILED 1060:\r\n\r\nThe specified service does not exist as an installed service.\r\n\r\n',
    );
    return 1060;
  }
  for (const { name, displayName, state } of services)
    io.out(
      `\r\nSERVICE_NAME: ${name}\r\nDISPLAY_NAME: ${displayName}\r\n        TYPE               : 20  WIN32_SHARE_PROCESS\r\n        STATE              : ${state === 'running' ? '4  RUNNING' : '1  STOPPED'}\r\n`,
    );
  return 0;
};

export const windowsPrograms: Commands = {
  netstat,
  tasklist,
  reg,
  findstr,
  find: (args, io, session) =>
    findstr(
      [...args.filter((arg) => arg.startsWith('/')), `/c:${args.find((arg) => !arg.startsWith('/')) ?? ''}`],
      io,
      session,
    ),
  systeminfo,
  sc,
  hostname(_args, io, session) {
    io.out(`${session.machine.guest.hostName}\r\n`);
    return 0;
  },
  whoami(_args, io, session) {
    io.out(`${session.user.name.toLowerCase()}\r\n`);
    return 0;
  },
  ipconfig(_args, io, session) {
    io.out('\r\nWindows IP Configuration\r\n');
    for (const nic of session.machine.guest.machine.nics) {
      io.out(
        `\r\nEthernet adapter ${session.machine.guest.interfaceName(nic)}:\r\n\r\n   Physical Address. . . . . . . . . : ${nic.macAddress.toUpperCase().replaceAll(':', '-')}\r\n`,
      );
      for (const address of nic.ipAddresses)
        if (address.includes('.'))
          io.out(
            `   IPv4 Address. . . . . . . . . . . : ${address}\r\n   Subnet Mask . . . . . . . . . . . : 255.255.255.0\r\n`,
          );
    }
    return 0;
  },
  taskkill(args, io, session) {
    const pid = Number(args[args.findIndex((arg) => /^\/pid$/i.test(arg)) + 1]);
    if (session.machine.guest.kill(pid, session.machine.now)) {
      io.out(`SUCCESS: Sent termination signal to the process with PID ${pid}.\r\n`);
      return 0;
    }
    io.err(`ERROR: The process "${pid}" not found.\r\n`);
    return 128;
  },
  ping(args, io, session) {
    const count = Number(args[args.findIndex((arg) => /^-n$/i.test(arg)) + 1]) || 4;
    session.machine.now += Math.min(count, 600) * SECOND; // scripts wait with it
    io.out(`\r\nPinging ${args.at(-1)} with 32 bytes of data:\r\n`);
    return 0;
  },
};
