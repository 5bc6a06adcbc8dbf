/** Programs that tell which machine this is and who is there: names, firmware, processors, users, time. */
import { SECOND } from '#core/units.ts';
import { shownUuid } from '../linux-sys.ts';
import { linuxTools } from '../linux-tools.ts';
import { memoryOf } from '../load.ts';
import { type LinuxCommand, type LinuxCommands, type LinuxSession, linuxOf, needsRoot } from './shell.ts';

const date: LinuxCommand = (args, io, session) => {
  const now = session.machine.now + (session.machine.conditions.clockError ?? 0);
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

/** Fields of SMBIOS by the keywords of `dmidecode -s`. */
function smbios(session: LinuxSession): Record<string, string> {
  const { guest } = session.machine;
  const { hardware } = guest;
  const version = Number(linuxTools(linuxOf(session)!).dmidecode);
  return {
    'bios-vendor': hardware.biosVendor,
    'bios-version': hardware.bios,
    'bios-release-date': hardware.biosDate,
    'system-manufacturer': hardware.vendor,
    'system-product-name': hardware.model,
    'system-version': hardware.version,
    'system-serial-number': hardware.serialNumber,
    'system-uuid': shownUuid(guest, version >= 3.2),
    'baseboard-manufacturer': hardware.vendor,
    'baseboard-product-name': hardware.boardName,
    'baseboard-serial-number': hardware.serialNumber,
    'chassis-manufacturer': hardware.vendor,
    'chassis-type': hardware.virtual ? 'Other' : 'Rack Mount Chassis',
    'processor-version': hardware.cpuModel,
    'processor-frequency': `${hardware.cpuMhz} MHz`,
  };
}

const dmidecode: LinuxCommand = (args, io, session) => {
  const { dmidecode: version } = linuxTools(linuxOf(session)!);
  const at = args.findIndex((arg) => arg === '-s' || arg === '--string');
  const fields = smbios(session);
  if (needsRoot(session)) {
    if (at < 0) io.out(`# dmidecode ${version}\n`);
    io.err(
      Number(version) >= 3
        ? '/sys/firmware/dmi/tables/smbios_entry_point: Permission denied\nScanning /dev/mem for entry point.\n/dev/mem: Permission denied\n'
        : '/dev/mem: Permission denied\n',
    );
    return 1;
  }
  if (at >= 0) {
    const value = fields[args[at + 1] ?? ''];
    if (value === undefined) {
      io.err(`Invalid string keyword: ${args[at + 1] ?? ''}\n`);
      return 2;
    }
    io.out(`${value}\n`);
    return 0;
  }
  const typeAt = args.findIndex((arg) => arg === '-t' || arg === '--type');
  const asked = typeAt < 0 ? undefined : (args[typeAt + 1] ?? '').split(',');
  const wanted = (type: number, name: string) =>
    asked === undefined || asked.includes(String(type)) || asked.includes(name);
  const from = Number(version) >= 3 ? 'Getting SMBIOS data from sysfs.\n' : '';
  io.out(`# dmidecode ${version}\n${from}SMBIOS 2.7 present.\n`);
  const { memoryMiB, sockets, cores } = session.machine.guest.machine;
  if (wanted(0, 'bios'))
    io.out(
      `\nHandle 0x0000, DMI type 0, 24 bytes\nBIOS Information\n\tVendor: ${fields['bios-vendor']}\n\tVersion: ${fields['bios-version']}\n\tRelease Date: ${fields['bios-release-date']}\n`,
    );
  if (wanted(1, 'system'))
    io.out(
      `\nHandle 0x0001, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: ${fields['system-manufacturer']}\n\tProduct Name: ${fields['system-product-name']}\n\tVersion: ${fields['system-version']}\n` +
        `\tSerial Number: ${fields['system-serial-number']}\n\tUUID: ${fields['system-uuid']}\n\tWake-up Type: Power Switch\n\tSKU Number: Not Specified\n\tFamily: Not Specified\n`,
    );
  if (wanted(3, 'chassis'))
    io.out(
      `\nHandle 0x0003, DMI type 3, 21 bytes\nChassis Information\n\tManufacturer: ${fields['chassis-manufacturer']}\n\tType: ${fields['chassis-type']}\n`,
    );
  if (wanted(4, 'processor'))
    for (let socket = 0; socket < sockets; socket++)
      io.out(
        `\nHandle 0x${(4 + socket).toString(16).padStart(4, '0')}, DMI type 4, 42 bytes\nProcessor Information\n\tSocket Designation: CPU #${socket}\n\tType: Central Processor\n\tVersion: ${fields['processor-version']}\n\tCurrent Speed: ${fields['processor-frequency']}\n\tCore Count: ${Math.max(1, Math.floor(cores / sockets))}\n`,
      );
  if (wanted(17, 'memory'))
    io.out(
      `\nHandle 0x0011, DMI type 17, 34 bytes\nMemory Device\n\tSize: ${memoryMiB} MB\n\tLocator: RAM slot #0\n\tType: DRAM\n`,
    );
  io.out('\n');
  return 0;
};

/** Class system, disk or network; without root the first warns and knows no serial number. */
const lshw: LinuxCommand = (args, io, session) => {
  const { guest } = session.machine;
  const classAt = args.findIndex((arg) => arg === '-class' || arg === '-C' || arg === '-c');
  const wanted = classAt < 0 ? undefined : args[classAt + 1];
  const fields = smbios(session);
  const root = !needsRoot(session);
  if (!root) io.err('WARNING: you should run this program as super-user.\n');
  if (wanted === undefined || wanted === 'system') {
    io.out(`${guest.hostName}\n    description: Computer\n`);
    if (root)
      io.out(
        `    product: ${fields['system-product-name']}\n    vendor: ${fields['system-manufacturer']}\n    version: ${fields['system-version']}\n    serial: ${fields['system-serial-number']}\n    width: 64 bits\n    configuration: uuid=${fields['system-uuid']}\n`,
      );
  }
  if (wanted === undefined || wanted === 'memory')
    io.out(
      `     *-memory\n          description: System memory\n          size: ${Math.round(memoryOf(guest, session.machine.now).totalKb / 1024)}MiB\n`,
    );
  if (wanted === undefined || wanted === 'network')
    for (const nic of guest.machine.nics)
      io.out(
        `  *-network${guest.machine.nics.length > 1 ? `:${nic.index}` : ''}\n       description: Ethernet interface\n       logical name: ${guest.interfaceName(nic)}\n       serial: ${nic.macAddress}\n`,
      );
  if (!root)
    io.err('WARNING: output may be incomplete or inaccurate, you should run this program as super-user.\n');
  return 0;
};

const lscpu: LinuxCommand = (_args, io, session) => {
  const { guest } = session.machine;
  const { cores, sockets } = guest.machine;
  const line = (name: string, value: string | number) => io.out(`${`${name}:`.padEnd(22)} ${value}\n`);
  line('Architecture', linuxOf(session)!.architecture);
  line('CPU(s)', cores);
  line('On-line CPU(s) list', cores === 1 ? '0' : `0-${cores - 1}`);
  line('Thread(s) per core', 1);
  line('Core(s) per socket', Math.max(1, Math.floor(cores / sockets)));
  line('Socket(s)', sockets);
  line('Vendor ID', guest.hardware.cpuModel.includes('AMD') ? 'AuthenticAMD' : 'GenuineIntel');
  line('Model name', guest.hardware.cpuModel);
  line('CPU MHz', guest.hardware.cpuMhz.toFixed(3));
  if (guest.hardware.virtual)
    line('Hypervisor vendor', virtualization(session) === 'vmware' ? 'VMware' : 'Microsoft');
  return 0;
};

function virtualization(session: LinuxSession): string {
  return { vmware: 'vmware', hyperv: 'microsoft', physical: 'none' }[
    session.machine.guest.facts.platform ?? 'vmware'
  ];
}

/** Files with capabilities: one for whom no setting of an account is enough. */
const getcap: LinuxCommand = (args, io, session) => {
  const os = linuxOf(session)!;
  const shown =
    linuxTools(os).utilLinux >= 36 ? '/usr/bin/ping cap_net_raw=ep' : '/usr/bin/ping = cap_net_raw+ep';
  if (args.includes('-r') || args.some((arg) => arg.endsWith('/ping'))) io.out(`${shown}\n`);
  return 0;
};

export const identityCommands: LinuxCommands = {
  date,
  dmidecode,
  lshw,
  lscpu,
  getcap,
  'systemd-detect-virt'(_args, io, session) {
    const kind = virtualization(session);
    io.out(`${kind}\n`);
    return Number(kind === 'none');
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
  nproc(_args, io, session) {
    io.out(`${session.machine.guest.machine.cores}\n`);
    return 0;
  },
  getconf(args, io, session) {
    if (args[0] !== '_NPROCESSORS_ONLN') return 1;
    io.out(`${session.machine.guest.machine.cores}\n`);
    return 0;
  },
  getent(args, io, session) {
    const { guest } = session.machine;
    if (args[0] === 'hosts' && (args[1] === guest.machine.dnsName || args[1] === guest.hostName)) {
      io.out(`${guest.addresses()[0] ?? '127.0.1.1'}      ${guest.machine.dnsName}\n`);
      return 0;
    }
    return 2;
  },
};
