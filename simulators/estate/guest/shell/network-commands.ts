/** Programs that tell of the network: addresses, routes, sockets. */
import type { Connection, Listener } from '../guest.ts';
import { adapterCounts } from '../linux-proc.ts';
import { linuxTools } from '../linux-tools.ts';
import type { GuestProcess } from '../processes.ts';
import { type LinuxCommand, type LinuxCommands, type LinuxSession, linuxOf, options } from './shell.ts';

/** A process is shown to its owner and to root. */
function visible(process: GuestProcess | undefined, session: LinuxSession): GuestProcess | undefined {
  return process && (session.user.isRoot || process.user === session.user.name) ? process : undefined;
}

function sockets(session: LinuxSession): { listeners: Listener[]; connections: Connection[] } {
  const { guest, now } = session.machine;
  return { listeners: guest.listeners(now), connections: guest.connections(now) };
}

const netstat: LinuxCommand = (args, io, session) => {
  const { has, unknown } = options(args, 'antulpWeors46', {
    '--listening': 'l',
    '--tcp': 't',
    '--numeric': 'n',
    '--programs': 'p',
    '--all': 'a',
  });
  if (unknown) {
    io.err(`netstat: invalid option -- '${unknown.replace(/^-+/, '')[0]}'\n`);
    return 4;
  }
  if (has.has('r')) return route(io, session);
  const { listeners, connections } = sockets(session);
  const program = (process: GuestProcess | undefined) => {
    if (!has.has('p')) return '';
    const shown = visible(process, session);
    return ` ${(shown ? `${shown.pid}/${shown.name}` : '-').padEnd(20)}`;
  };
  const row = (local: string, remote: string, state: string, process: GuestProcess | undefined) =>
    io.out(
      `tcp        0      0 ${local.padEnd(23)} ${remote.padEnd(23)} ${state.padEnd(11)}${program(process)}\n`,
    );
  if (has.has('p') && !session.user.isRoot)
    io.err(
      '(Not all processes could be identified, non-owned process info\n will not be shown, you would have to be root to see it all.)\n',
    );
  io.out(
    `Active Internet connections (${has.has('l') ? 'only servers' : has.has('a') ? 'servers and established' : 'w/o servers'})\n`,
  );
  io.out(
    `Proto Recv-Q Send-Q Local Address           Foreign Address         State      ${has.has('p') ? ' PID/Program name    ' : ''}\n`,
  );
  if (has.has('l') || has.has('a'))
    for (const { address, port, process } of listeners)
      row(`${address}:${port}`, '0.0.0.0:*', 'LISTEN', process);
  if (!has.has('l'))
    for (const { localAddress, localPort, remoteAddress, remotePort, state, process } of connections)
      row(`${localAddress}:${localPort}`, `${remoteAddress}:${remotePort}`, state, process);
  return 0;
};

const ss: LinuxCommand = (args, io, session) => {
  const { has, unknown } = options(args, 'antulpHeois46', {
    '--no-header': 'H',
    '--tcp': 't',
    '--numeric': 'n',
    '--processes': 'p',
    '--listening': 'l',
    '--all': 'a',
  });
  if (unknown) {
    io.err(`ss: invalid option -- '${unknown.replace(/^-+/, '')[0]}'\n`);
    return 255;
  }
  const { listeners, connections } = sockets(session);
  const users = (process: GuestProcess | undefined, descriptor: number) => {
    const shown = has.has('p') ? visible(process, session) : undefined;
    return shown ? ` users:(("${shown.name}",pid=${shown.pid},fd=${descriptor}))` : '';
  };
  const row = (state: string, queue: number, local: string, remote: string, rest: string) =>
    io.out(
      `${state.padEnd(9)} 0      ${String(queue).padEnd(6)} ${local.padStart(21)} ${remote.padStart(21)}${rest}\n`,
    );
  if (!has.has('H')) io.out('State     Recv-Q Send-Q    Local Address:Port     Peer Address:Port Process\n');
  if (has.has('l') || has.has('a'))
    for (const { address, port, process } of listeners)
      row('LISTEN', 128, `${address}:${port}`, '0.0.0.0:*', users(process, 3));
  if (!has.has('l'))
    for (const [
      i,
      { localAddress, localPort, remoteAddress, remotePort, state, process },
    ] of connections.entries())
      if (state === 'ESTABLISHED' || has.has('a'))
        row(
          state === 'ESTABLISHED' ? 'ESTAB' : 'TIME-WAIT',
          0,
          `${localAddress}:${localPort}`,
          `${remoteAddress}:${remotePort}`,
          users(process, 10 + i),
        );
  return 0;
};

function route(io: { out(text: string): void }, session: LinuxSession): number {
  const { guest } = session.machine;
  io.out(
    'Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n',
  );
  for (const [i, nic] of guest.machine.nics.entries()) {
    const address = nic.ipAddresses.find((each) => each.includes('.'));
    if (address === undefined) continue;
    const gateway = address.replace(/\d+$/, '1');
    if (i === 0)
      io.out(
        `${'0.0.0.0'.padEnd(15)} ${gateway.padEnd(15)} ${'0.0.0.0'.padEnd(15)} UG    100    0        0 ${guest.interfaceName(nic)}\n`,
      );
    io.out(
      `${address.replace(/\d+$/, '0').padEnd(15)} ${'0.0.0.0'.padEnd(15)} ${'255.255.255.0'.padEnd(15)} U     100    0        0 ${guest.interfaceName(nic)}\n`,
    );
  }
  return 0;
}

const ip: LinuxCommand = (args, io, session) => {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const [object = '', ...rest] = args.filter((arg) => !arg.startsWith('-'));
  const { guest } = session.machine;
  const { ipJson } = linuxTools(linuxOf(session)!);
  const isJson = flags.some((flag) => /^-(?:j(?:son)?|-json|p(?:retty)?)$/.test(flag));
  if (isJson && !ipJson) {
    io.err(`Option "${flags.find((flag) => flag.includes('j')) ?? flags[0]}" is unknown, try "ip -help".\n`);
    return 255;
  }
  const wanted = rest.filter((word) => !['show', 'list', 'dev', 'ls'].includes(word))[0];
  const links = [
    { number: 1, name: 'lo', mac: '00:00:00:00:00:00', addresses: ['127.0.0.1'], up: true, prefix: 8 },
    ...guest.machine.nics.map((nic, i) => ({
      number: i + 2,
      name: guest.interfaceName(nic),
      mac: nic.macAddress,
      addresses: nic.connected ? nic.ipAddresses : [],
      up: nic.connected,
      prefix: 24,
    })),
  ].filter(({ name }) => wanted === undefined || name === wanted);
  if (wanted !== undefined && links.length === 0) {
    io.err(`Device "${wanted}" does not exist.\n`);
    return 1;
  }
  const broadcast = (address: string) => address.replace(/\d+$/, '255');
  const inet = (link: (typeof links)[number], address: string) =>
    address.includes(':')
      ? `inet6 ${address}/64 scope global`
      : `inet ${address}/${link.prefix}${link.name === 'lo' ? '' : ` brd ${broadcast(address)}`} scope ${link.name === 'lo' ? 'host' : 'global'} ${link.name}`;
  const fits = (address: string) =>
    flags.includes('-4') ? !address.includes(':') : flags.includes('-6') ? address.includes(':') : true;
  if (/^a(ddr(ess)?)?$/.test(object)) {
    if (isJson) {
      io.out(
        `${JSON.stringify(
          links.map(({ number, name, mac, addresses, up, prefix }) => ({
            ifindex: number,
            ifname: name,
            flags: [name === 'lo' ? 'LOOPBACK' : 'BROADCAST', ...(up ? ['UP', 'LOWER_UP'] : [])],
            mtu: name === 'lo' ? 65_536 : 1500,
            qdisc: name === 'lo' ? 'noqueue' : 'mq',
            operstate: name === 'lo' ? 'UNKNOWN' : up ? 'UP' : 'DOWN',
            group: 'default',
            txqlen: 1000,
            link_type: name === 'lo' ? 'loopback' : 'ether',
            address: mac,
            broadcast: name === 'lo' ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff',
            addr_info: addresses.filter(fits).map((local) => ({
              family: local.includes(':') ? 'inet6' : 'inet',
              local,
              prefixlen: local.includes(':') ? 64 : prefix,
              ...(name === 'lo' || local.includes(':') ? {} : { broadcast: broadcast(local) }),
              scope: name === 'lo' ? 'host' : 'global',
              label: name,
              valid_life_time: 4_294_967_295,
              preferred_life_time: 4_294_967_295,
            })),
          })),
        )}\n`,
      );
      return 0;
    }
    for (const link of links) {
      if (flags.includes('-o')) {
        for (const address of link.addresses.filter(fits))
          io.out(
            `${link.number}: ${link.name}    ${inet(link, address)}\\       valid_lft forever preferred_lft forever\n`,
          );
        continue;
      }
      io.out(linkText(link));
      for (const address of link.addresses.filter(fits))
        io.out(`    ${inet(link, address)}\n       valid_lft forever preferred_lft forever\n`);
    }
    return 0;
  }
  if (/^l(ink)?$/.test(object)) {
    for (const link of links) io.out(linkText(link));
    return 0;
  }
  if (/^r(oute)?$/.test(object)) {
    for (const link of links.slice(1))
      for (const address of link.addresses.filter((each) => !each.includes(':'))) {
        if (link.number === 2)
          io.out(`default via ${address.replace(/\d+$/, '1')} dev ${link.name} proto static metric 100 \n`);
        io.out(
          `${address.replace(/\d+$/, '0')}/24 dev ${link.name} proto kernel scope link src ${address} metric 100 \n`,
        );
      }
    return 0;
  }
  io.err(`Object "${object}" is unknown, try "ip help".\n`);
  return 1;
};

function linkText({
  number,
  name,
  mac,
  up,
}: {
  number: number;
  name: string;
  mac: string;
  up: boolean;
}): string {
  const loop = name === 'lo';
  return (
    `${number}: ${name}: <${loop ? 'LOOPBACK' : 'BROADCAST,MULTICAST'}${up ? ',UP,LOWER_UP' : ''}> mtu ${loop ? 65_536 : 1500} qdisc ${loop ? 'noqueue' : 'mq'} state ${loop ? 'UNKNOWN' : up ? 'UP' : 'DOWN'} group default qlen 1000\n` +
    `    link/${loop ? 'loopback' : 'ether'} ${mac} brd ${loop ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff'}\n`
  );
}

/** net-tools 1.60 and 2.0 word it differently; the older says HWaddr. */
const ifconfig: LinuxCommand = (args, io, session) => {
  const { guest, now } = session.machine;
  const isOld = linuxTools(linuxOf(session)!).utilLinux < 23;
  const wanted = args.find((arg) => !arg.startsWith('-'));
  const counts = adapterCounts(guest, now);
  const nics = [undefined, ...guest.machine.nics.filter(({ connected }) => connected || args.includes('-a'))];
  let shown = 0;
  for (const nic of [...nics.slice(1), nics[0]]) {
    const name = nic ? guest.interfaceName(nic) : 'lo';
    if (wanted !== undefined && wanted !== name) continue;
    shown++;
    const { rxBytes, rxPackets, txBytes, txPackets } = counts.find((each) => each.name === name)!;
    const address = nic ? nic.ipAddresses.find((each) => each.includes('.')) : '127.0.0.1';
    const mask = nic ? '255.255.255.0' : '255.0.0.0';
    const mib = (bytes: number) => (bytes / 1e6).toFixed(1);
    io.out(
      isOld
        ? `${name.padEnd(9)} Link encap:${nic ? `Ethernet  HWaddr ${nic.macAddress.toUpperCase()}  ` : 'Local Loopback  '}\n` +
            (address === undefined
              ? ''
              : `          inet addr:${address}  ${nic ? `Bcast:${address.replace(/\d+$/, '255')}  ` : ''}Mask:${mask}\n`) +
            `          UP ${nic ? 'BROADCAST RUNNING MULTICAST' : 'LOOPBACK RUNNING'}  MTU:${nic ? 1500 : 65_536}  Metric:1\n` +
            `          RX packets:${rxPackets} errors:0 dropped:0 overruns:0 frame:0\n          TX packets:${txPackets} errors:0 dropped:0 overruns:0 carrier:0\n` +
            `          RX bytes:${rxBytes} (${mib(rxBytes)} MB)  TX bytes:${txBytes} (${mib(txBytes)} MB)\n\n`
        : `${name}: flags=${nic ? '4163<UP,BROADCAST,RUNNING,MULTICAST>' : '73<UP,LOOPBACK,RUNNING>'}  mtu ${nic ? 1500 : 65_536}\n` +
            (address === undefined
              ? ''
              : `        inet ${address}  netmask ${mask}${nic ? `  broadcast ${address.replace(/\d+$/, '255')}` : ''}\n`) +
            (nic ? `        ether ${nic.macAddress}  txqueuelen 1000  (Ethernet)\n` : '') +
            `        RX packets ${rxPackets}  bytes ${rxBytes} (${mib(rxBytes)} MB)\n        TX packets ${txPackets}  bytes ${txBytes} (${mib(txBytes)} MB)\n\n`,
    );
  }
  if (shown > 0) return 0;
  io.err(`${wanted}: error fetching interface information: Device not found\n`);
  return 1;
};

export const networkCommands: LinuxCommands = {
  ifconfig,
  netstat,
  ss,
  ip,
  route: (_args, io, session) => route(io, session),
};
