/** What a Windows system has besides processes: registry, files, roles and features. */
import { MIB, SECOND, type UnixMillis } from '#core/units.ts';
import type { BaseTree, FileNode } from './file-tree.ts';
import type { Guest } from './guest.ts';
import type { WindowsOs } from './guest-os.ts';
import { Registry, type RegistryData } from './registry.ts';

const text = (value: string): RegistryData => ({ type: 'REG_SZ', value });
const number = (value: number): RegistryData => ({ type: 'REG_DWORD', value });

const UNINSTALL = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall';
const UNINSTALL_32 = 'HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall';

export function windowsRegistry(guest: Guest, os: WindowsOs): Registry {
  const { machine, stack } = guest;
  const keys: Record<string, Record<string, RegistryData>> = {
    'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion': {
      ProductName: text(os.caption.replace('Microsoft ', '')),
      CurrentVersion: text(
        Number(os.version.split('.')[0]) >= 10 ? '6.3' : os.version.split('.').slice(0, 2).join('.'),
      ),
      CurrentBuild: text(os.build),
      CurrentBuildNumber: text(os.build),
      EditionID: text(
        /Datacenter/.test(os.caption) ? 'ServerDatacenter' : os.server ? 'ServerStandard' : 'Enterprise',
      ),
      InstallationType: text(os.server ? 'Server' : 'Client'),
      RegisteredOrganization: text('Example'),
      SystemRoot: text('C:\\Windows'),
      InstallDate: number(guest.installedAt / SECOND),
      DigitalProductId: { type: 'REG_BINARY', value: productId(guest) },
    },
    'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager': {
      BootExecute: { type: 'REG_MULTI_SZ', value: ['autocheck autochk *'] },
    },
    'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment': {
      ComSpec: { type: 'REG_EXPAND_SZ', value: '%SystemRoot%\\system32\\cmd.exe' },
      NUMBER_OF_PROCESSORS: text(String(machine.cores)),
      OS: text('Windows_NT'),
    },
    'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}\\0000': {
      'HardwareInformation.qwMemorySize': { type: 'REG_QWORD', value: 8 * MIB },
    },
    'HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS': {
      SystemManufacturer: text(guest.hardware.vendor),
      SystemProductName: text(guest.hardware.model),
      BIOSVersion: text(guest.hardware.bios),
    },
    'HKLM\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0': {
      ProcessorNameString: text(guest.hardware.cpuModel),
      '~MHz': number(guest.hardware.cpuMhz),
    },
    'HKLM\\SOFTWARE\\Microsoft\\PowerShell\\1\\PowerShellEngine': {
      PowerShellVersion: text(
        os.release.startsWith('2008') ? '2.0' : `${Number(os.version.split('.')[0]) >= 10 ? '5.1' : '4.0'}`,
      ),
    },
    'HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName': {
      ComputerName: text(guest.hostName.toUpperCase()),
    },
    'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters': {
      Hostname: text(guest.hostName),
      Domain: text(machine.dnsName.split('.').slice(1).join('.')),
    },
    'HKCU\\Environment': { TEMP: text('%USERPROFILE%\\AppData\\Local\\Temp') },
    [UNINSTALL]: {},
    // parts of the system that users do not see: an inventory leaves them out
    [`${UNINSTALL}\\WIC`]: { SystemComponent: number(1), DisplayName: text('Windows Imaging Component') },
  };
  if (os.architecture === '64-bit') keys[UNINSTALL_32] = {};
  for (const [i, { name, version, vendor }] of stack.packages.entries()) {
    const under = / \(x86\)/.test(name) && os.architecture === '64-bit' ? UNINSTALL_32 : UNINSTALL;
    const id = `{${guest.uuid('guest.product', i).toUpperCase()}}`;
    keys[`${under}\\${id}`] = {
      DisplayName: text(name),
      DisplayVersion: text(version),
      Publisher: text(vendor),
      InstallDate: text(new Date(guest.installedAt).toISOString().slice(0, 10).replaceAll('-', '')),
      WindowsInstaller: number(1),
      UninstallString: text(`MsiExec.exe /X${id}`),
    };
  }
  for (const service of stack.services) {
    const process = stack.processes.find(({ key }) => key === service.process);
    keys[`HKLM\\SYSTEM\\CurrentControlSet\\Services\\${service.name}`] = {
      DisplayName: text(service.displayName),
      Start: number({ auto: 2, manual: 3, disabled: 4 }[service.start]),
      Type: number(16),
      ...(process
        ? { ImagePath: { type: 'REG_EXPAND_SZ', value: `${process.executable} ${process.arguments}`.trim() } }
        : {}),
    };
  }
  const sql = 'HKLM\\SOFTWARE\\Microsoft\\Microsoft SQL Server';
  if (stack.sql.length > 0)
    keys[`${sql}\\Instance Names\\SQL`] = Object.fromEntries(
      stack.sql.map(({ name, id }) => [name, text(id)]),
    );
  for (const { id, edition, version, servicePack } of stack.sql)
    keys[`${sql}\\${id}\\Setup`] = {
      Edition: text(edition),
      Version: text(version),
      SP: number(Number(servicePack)),
      SQLProgramDir: text('C:\\Program Files\\Microsoft SQL Server\\'),
    };
  return new Registry(keys, guest.installedAt);
}

/** Looks like one: a header, an id in text, and what only licensing can read. */
function productId(guest: Guest): Buffer {
  const head = Buffer.alloc(56);
  head.writeUInt32LE(164, 0);
  head.writeUInt32LE(3, 4);
  head.write('00429-00000-00001-AA000', 8, 'latin1');
  return Buffer.concat([head, guest.entropy.bytes(108, 'guest.productId', guest.machine.id)]);
}

export interface Feature {
  readonly name: string;
  readonly displayName: string;
  readonly type: 'Role' | 'Role Service' | 'Feature';
  /** Name of the feature that it is a part of; "" for none. */
  readonly parent: string;
  readonly installed: boolean;
}

/** Name, display name, type and parent as Get-WindowsFeature tells them; the children stand behind their parents. */
const FEATURES: ReadonlyArray<
  readonly [name: string, displayName: string, type: Feature['type'], parent: string]
> = [
  ['AD-Domain-Services', 'Active Directory Domain Services', 'Role', ''],
  ['DHCP', 'DHCP Server', 'Role', ''],
  ['DNS', 'DNS Server', 'Role', ''],
  ['FileAndStorage-Services', 'File and Storage Services', 'Role', ''],
  ['File-Services', 'File and iSCSI Services', 'Role Service', 'FileAndStorage-Services'],
  ['FS-FileServer', 'File Server', 'Role Service', 'File-Services'],
  ['FS-DFS-Namespace', 'DFS Namespaces', 'Role Service', 'File-Services'],
  ['FS-Resource-Manager', 'File Server Resource Manager', 'Role Service', 'File-Services'],
  ['Storage-Services', 'Storage Services', 'Role Service', 'FileAndStorage-Services'],
  ['Hyper-V', 'Hyper-V', 'Role', ''],
  ['Web-Server', 'Web Server (IIS)', 'Role', ''],
  ['Web-WebServer', 'Web Server', 'Role Service', 'Web-Server'],
  ['Web-Common-Http', 'Common HTTP Features', 'Role Service', 'Web-WebServer'],
  ['Web-Default-Doc', 'Default Document', 'Role Service', 'Web-Common-Http'],
  ['Web-Static-Content', 'Static Content', 'Role Service', 'Web-Common-Http'],
  ['Web-App-Dev', 'Application Development', 'Role Service', 'Web-WebServer'],
  ['Web-Asp-Net45', 'ASP.NET 4.6', 'Role Service', 'Web-App-Dev'],
  ['Web-Mgmt-Tools', 'Management Tools', 'Role Service', 'Web-Server'],
  ['Web-Mgmt-Console', 'IIS Management Console', 'Role Service', 'Web-Mgmt-Tools'],
  ['NET-Framework-45-Features', '.NET Framework 4.6 Features', 'Feature', ''],
  ['NET-Framework-45-Core', '.NET Framework 4.6', 'Feature', 'NET-Framework-45-Features'],
  ['Failover-Clustering', 'Failover Clustering', 'Feature', ''],
  ['RSAT', 'Remote Server Administration Tools', 'Feature', ''],
  ['RSAT-Role-Tools', 'Role Administration Tools', 'Feature', 'RSAT'],
  ['RSAT-AD-Tools', 'AD DS and AD LDS Tools', 'Feature', 'RSAT-Role-Tools'],
  ['RSAT-DNS-Server', 'DNS Server Tools', 'Feature', 'RSAT-Role-Tools'],
  ['RPC-over-HTTP-Proxy', 'RPC over HTTP Proxy', 'Feature', ''],
  ['PowerShellRoot', 'Windows PowerShell', 'Feature', ''],
  ['PowerShell', 'Windows PowerShell 5.1', 'Feature', 'PowerShellRoot'],
  ['Telnet-Client', 'Telnet Client', 'Feature', ''],
  ['WoW64-Support', 'WoW64 Support', 'Feature', ''],
];

export function windowsFeatures(installed: readonly string[]): Feature[] {
  const names = new Set(installed);
  return FEATURES.map(([name, displayName, type, parent]) => ({
    name,
    displayName,
    type,
    parent,
    installed: names.has(name),
  }));
}

const DIRECTORIES = [
  'C:\\',
  'C:\\Windows',
  'C:\\Windows\\System32',
  'C:\\Windows\\System32\\drivers\\etc',
  'C:\\Windows\\Temp',
  'C:\\Windows\\System32\\WindowsPowerShell\\v1.0',
  'C:\\Program Files',
  'C:\\Program Files (x86)',
  'C:\\ProgramData',
  'C:\\Users',
  'C:\\Users\\Public',
];
const PROGRAMS =
  'cmd.exe hostname.exe netstat.exe tasklist.exe reg.exe systeminfo.exe ipconfig.exe whoami.exe sc.exe findstr.exe WindowsPowerShell\\v1.0\\powershell.exe'.split(
    ' ',
  );

export function windowsFiles(guest: Guest): (now: UnixMillis) => BaseTree {
  const { machine } = guest;
  const nodes = new Map<string, FileNode>();
  const names = new Map<string, string[]>();
  const place = (path: string, node: FileNode): void => {
    if (nodes.has(path.toLowerCase())) return;
    nodes.set(path.toLowerCase(), node);
    const cut = path.lastIndexOf('\\');
    const above = cut === 2 ? path.slice(0, 3) : path.slice(0, cut);
    if (above === path) return;
    const list = names.get(above.toLowerCase());
    if (list) list.push(path.slice(cut + 1));
    else names.set(above.toLowerCase(), [path.slice(cut + 1)]);
    place(above, directory());
  };
  const directory = (mode = 0o755): FileNode => ({
    type: 'directory',
    mode,
    uid: 0,
    modifiedAt: guest.installedAt,
  });
  const file = (content: string, mode = 0o644): FileNode => ({
    type: 'file',
    mode,
    uid: 0,
    modifiedAt: guest.installedAt,
    content: () => Buffer.from(content),
  });
  place('C:\\Windows\\Temp', directory(0o777));
  for (const path of DIRECTORIES) place(path, directory());
  for (const { mountPoint } of guest.disks().flatMap(({ volumes }) => volumes))
    place(mountPoint, directory());
  for (const account of guest.accounts()) {
    const name = account.user.slice(account.user.lastIndexOf('\\') + 1);
    place(`C:\\Users\\${name}\\AppData\\Local\\Temp`, directory(0o777));
  }
  place(
    'C:\\Windows\\System32\\drivers\\etc\\hosts',
    file(`127.0.0.1 localhost\r\n${guest.addresses()[0] ?? '127.0.0.1'} ${machine.dnsName}\r\n`),
  );
  place('C:\\Windows\\win.ini', file('; for 16-bit app support\r\n[fonts]\r\n[extensions]\r\n'));
  for (const program of PROGRAMS) place(`C:\\Windows\\System32\\${program}`, file('MZ', 0o755));
  for (const { executable } of guest.stack.processes)
    if (executable !== '') place(executable, file('MZ', 0o755));
  const tree: BaseTree = {
    find: (path) => nodes.get(path.toLowerCase()),
    names: (path) => names.get(path.toLowerCase()) ?? [],
  };
  return () => tree;
}
