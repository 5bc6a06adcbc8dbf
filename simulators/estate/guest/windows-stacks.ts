/** What Windows machines run, by role: the system's own processes and services, and believable products. */
import type { Role } from '../workload-guess.ts';
import type { WindowsOs } from './guest-os.ts';
import type { ProcessSpec, ServiceSpec, SqlInstance, Stack } from './stack.ts';

type Choices = Readonly<Partial<Record<Role, ReadonlyArray<Partial<Stack>>>>>;

const SYSTEM = 'NT AUTHORITY\\SYSTEM';
const NETWORK = 'NT AUTHORITY\\NETWORK SERVICE';
const LOCAL = 'NT AUTHORITY\\LOCAL SERVICE';
const SYSTEM32 = 'C:\\Windows\\System32';

const image = (
  key: string,
  executable: string,
  args = '',
  user = SYSTEM,
  more: Partial<ProcessSpec> = {},
): ProcessSpec => ({
  key,
  name: executable.slice(executable.lastIndexOf('\\') + 1),
  executable,
  arguments: args,
  user,
  parent: 'services',
  cpu: 1,
  memory: 3,
  ...more,
});

const svchost = (key: string, group: string, user = SYSTEM): ProcessSpec =>
  image(key, `${SYSTEM32}\\svchost.exe`, `-k ${group}`, user);

const service = (name: string, displayName: string, process?: string): ServiceSpec => ({
  name,
  displayName,
  ...(process === undefined ? {} : { process }),
  start: process === undefined ? 'manual' : 'auto',
});

const MICROSOFT = 'Microsoft Corporation';

export function WINDOWS_BASE(os: WindowsOs): Partial<Stack> {
  const modern = Number(os.version.split('.')[0]) >= 10;
  return {
    processes: [
      {
        key: 'system',
        name: 'System',
        executable: '',
        arguments: '',
        user: SYSTEM,
        parent: '',
        cpu: 4,
        memory: 1,
      },
      image('smss', `${SYSTEM32}\\smss.exe`, '', SYSTEM, { parent: 'system' }),
      image(
        'csrss',
        `${SYSTEM32}\\csrss.exe`,
        'ObjectDirectory=\\Windows SharedSection=1024,20480,768 Windows=On',
        SYSTEM,
        { parent: 'smss' },
      ),
      image('wininit', `${SYSTEM32}\\wininit.exe`, '', SYSTEM, { parent: 'smss' }),
      image('winlogon', `${SYSTEM32}\\winlogon.exe`, '', SYSTEM, { parent: 'smss' }),
      image('services', `${SYSTEM32}\\services.exe`, '', SYSTEM, { parent: 'wininit' }),
      image('lsass', `${SYSTEM32}\\lsass.exe`, '', SYSTEM, { parent: 'wininit', cpu: 2, memory: 5 }),
      svchost('dcomlaunch', 'DcomLaunch'),
      svchost('rpcss', 'RPCSS', NETWORK),
      svchost('termsvcs', 'termsvcs', NETWORK),
      svchost('netsvcs', 'netsvcs'),
      svchost('localservice', 'LocalService', LOCAL),
      svchost('networkservice', 'NetworkService', NETWORK),
      image('spooler', `${SYSTEM32}\\spoolsv.exe`),
      image('vmtoolsd', 'C:\\Program Files\\VMware\\VMware Tools\\vmtoolsd.exe'),
      image(
        'agent',
        'C:\\Program Files\\Zabbix Agent\\zabbix_agentd.exe',
        '--config "C:\\Program Files\\Zabbix Agent\\zabbix_agentd.conf"',
      ),
      ...(modern
        ? [
            image('defender', 'C:\\Program Files\\Windows Defender\\MsMpEng.exe', '', SYSTEM, {
              cpu: 3,
              memory: 8,
            }),
          ]
        : []),
    ],
    listens: [
      { port: 135, process: 'rpcss' },
      { port: 139, process: 'system' },
      { port: 445, process: 'system' },
      { port: 3389, process: 'termsvcs' },
      { port: 5985, process: 'system' },
      { port: 10050, process: 'agent' },
    ],
    offers: {},
    uses: { ldap: 'lsass', kerberos: 'lsass', monitoring: 'agent' },
    packages: [
      { name: 'VMware Tools', version: '11.3.5.18557794', vendor: 'VMware, Inc.' },
      { name: `Zabbix Agent (64-bit)`, version: '5.0.42.2400', vendor: 'Zabbix SIA' },
      {
        name: 'Microsoft Visual C++ 2015-2019 Redistributable (x64) - 14.24.28127',
        version: '14.24.28127.4',
        vendor: MICROSOFT,
      },
      {
        name: 'Microsoft Visual C++ 2015-2019 Redistributable (x86) - 14.24.28127',
        version: '14.24.28127.4',
        vendor: MICROSOFT,
      },
      { name: '7-Zip 19.00 (x64)', version: '19.00', vendor: 'Igor Pavlov' },
    ],
    services: [
      service('DcomLaunch', 'DCOM Server Process Launcher', 'dcomlaunch'),
      service('RpcSs', 'Remote Procedure Call (RPC)', 'rpcss'),
      service('TermService', 'Remote Desktop Services', 'termsvcs'),
      service('Schedule', 'Task Scheduler', 'netsvcs'),
      service('Winmgmt', 'Windows Management Instrumentation', 'netsvcs'),
      service('LanmanServer', 'Server', 'netsvcs'),
      service('LanmanWorkstation', 'Workstation', 'networkservice'),
      service('Dnscache', 'DNS Client', 'networkservice'),
      service('EventLog', 'Windows Event Log', 'localservice'),
      service('WinRM', 'Windows Remote Management (WS-Management)', 'networkservice'),
      service('Spooler', 'Print Spooler', 'spooler'),
      service('VMTools', 'VMware Tools', 'vmtoolsd'),
      service('Zabbix Agent', 'Zabbix Agent', 'agent'),
      service('wuauserv', 'Windows Update'),
      service('msiserver', 'Windows Installer'),
      service('VSS', 'Volume Shadow Copy'),
      { name: 'RemoteRegistry', displayName: 'Remote Registry', start: 'disabled' },
    ],
    features: [
      'FileAndStorage-Services',
      'Storage-Services',
      'NET-Framework-45-Features',
      'NET-Framework-45-Core',
      'PowerShellRoot',
      'PowerShell',
      'WoW64-Support',
    ],
  };
}

const SQL_BY_RELEASE: Readonly<
  Record<string, readonly [year: string, major: number, version: string, pack: string]>
> = {
  '2003': ['2005', 9, '9.4.5000.00', '4'],
  '2008': ['2008', 10, '10.3.6000.29', '3'],
  '2008 R2': ['2008 R2', 10, '10.53.6000.34', '3'],
  '2012': ['2012', 11, '11.4.7001.0', '4'],
  '2012 R2': ['2014', 12, '12.3.6024.0', '3'],
  '2016': ['2016', 13, '13.2.5026.0', '2'],
  '2019': ['2019', 15, '15.0.2000.5', '0'],
  '2022': ['2019', 15, '15.0.2000.5', '0'],
  '2025': ['2022', 16, '16.0.1000.6', '0'],
};

export function WINDOWS_STACKS(os: WindowsOs): Choices {
  const [year, major, version, servicePack] = SQL_BY_RELEASE[os.release] ?? SQL_BY_RELEASE['2016']!;
  const sqlId = major === 10 && year === '2008 R2' ? 'MSSQL10_50' : major === 9 ? 'MSSQL.1' : `MSSQL${major}`;
  const instance = (name: string, edition: string): SqlInstance => ({
    name,
    id: major === 9 ? sqlId : `${sqlId}.${name}`,
    edition,
    version,
    servicePack,
  });
  const sqlOf = (name: string, edition: string): Partial<Stack> => {
    const one = instance(name, edition);
    const folder = `C:\\Program Files\\Microsoft SQL Server\\${one.id}\\MSSQL\\Binn`;
    const isDefault = name === 'MSSQLSERVER';
    return {
      processes: [
        image('sqlservr', `${folder}\\sqlservr.exe`, `-s${name}`, 'NT SERVICE\\MSSQLSERVER', {
          cpu: 60,
          memory: 80,
        }),
        image('sqlagent', `${folder}\\SQLAGENT.EXE`, `-i ${name}`, 'NT SERVICE\\SQLSERVERAGENT', {
          cpu: 3,
          memory: 4,
        }),
      ],
      listens: [{ port: 1433, process: 'sqlservr' }],
      offers: { sql: { port: 1433, process: 'sqlservr' } },
      packages: [
        { name: `Microsoft SQL Server ${year} (64-bit)`, version, vendor: MICROSOFT },
        { name: `Microsoft ODBC Driver 17 for SQL Server`, version: '17.10.5.1', vendor: MICROSOFT },
      ],
      services: [
        service(isDefault ? name : `MSSQL$${name}`, `SQL Server (${name})`, 'sqlservr'),
        service(isDefault ? 'SQLSERVERAGENT' : `SQLAgent$${name}`, `SQL Server Agent (${name})`, 'sqlagent'),
      ],
      sql: [one],
    };
  };
  const inetsrv = `${SYSTEM32}\\inetsrv`;
  const iis: Partial<Stack> = {
    processes: [
      svchost('iissvcs', 'iissvcs'),
      image(
        'w3wp',
        `${inetsrv}\\w3wp.exe`,
        '-ap "DefaultAppPool" -v "v4.0" -l "webengine4.dll"',
        'IIS APPPOOL\\DefaultAppPool',
        { parent: 'iissvcs', count: 2, cpu: 30, memory: 30 },
      ),
    ],
    listens: [
      { port: 80, process: 'system' },
      { port: 443, process: 'system' },
    ],
    offers: { web: { port: 443, process: 'system' } },
    uses: { app: 'w3wp', files: 'system' },
    packages: [{ name: 'IIS URL Rewrite Module 2', version: '7.2.1993', vendor: MICROSOFT }],
    services: [
      service('W3SVC', 'World Wide Web Publishing Service', 'iissvcs'),
      service('WAS', 'Windows Process Activation Service', 'iissvcs'),
    ],
    features: [
      'Web-Server',
      'Web-WebServer',
      'Web-Common-Http',
      'Web-Default-Doc',
      'Web-Static-Content',
      'Web-App-Dev',
      'Web-Asp-Net45',
      'Web-Mgmt-Tools',
      'Web-Mgmt-Console',
    ],
  };
  const orders: Partial<Stack> = {
    processes: [
      image(
        'orders',
        'C:\\Program Files\\Contoso\\Orders\\OrderService.exe',
        '--urls https://*:8443 --environment production',
        NETWORK,
        { cpu: 55, memory: 50 },
      ),
    ],
    listens: [{ port: 8443, process: 'orders' }],
    offers: { app: { port: 8443, process: 'orders' } },
    uses: { sql: 'orders', files: 'system', smtp: 'orders' },
    packages: [
      { name: 'Contoso Orders', version: '4.2.1', vendor: 'Contoso Ltd' },
      { name: 'Microsoft .NET Runtime - 6.0.28 (x64)', version: '48.115.5849', vendor: MICROSOFT },
    ],
    services: [service('ContosoOrders', 'Contoso Orders', 'orders')],
  };
  const tomcat: Partial<Stack> = {
    processes: [
      image(
        'tomcat',
        'C:\\Program Files\\Apache Software Foundation\\Tomcat 9.0\\bin\\Tomcat9.exe',
        '//RS//Tomcat9',
        LOCAL,
        { cpu: 50, memory: 55 },
      ),
    ],
    listens: [{ port: 8080, process: 'tomcat' }],
    offers: { app: { port: 8080, process: 'tomcat' } },
    uses: { sql: 'tomcat', files: 'system', smtp: 'tomcat' },
    packages: [
      {
        name: 'Apache Tomcat 9.0 Tomcat9 (remove only)',
        version: '9.0.58',
        vendor: 'The Apache Software Foundation',
      },
      { name: 'Java 8 Update 401 (64-bit)', version: '8.0.4010.10', vendor: 'Oracle Corporation' },
    ],
    services: [service('Tomcat9', 'Apache Tomcat 9.0 Tomcat9', 'tomcat')],
  };
  const files: Partial<Stack> = {
    offers: { files: { port: 445, process: 'system' } },
    features: ['File-Services', 'FS-FileServer', 'FS-DFS-Namespace', 'FS-Resource-Manager'],
    processes: [image('srmhost', `${SYSTEM32}\\srmhost.exe`, '', SYSTEM, { cpu: 2, memory: 4 })],
    services: [service('SrmSvc', 'File Server Resource Manager', 'srmhost')],
  };
  const domainController: Partial<Stack> = {
    processes: [
      image('dns', `${SYSTEM32}\\dns.exe`, '', SYSTEM, { cpu: 6, memory: 20 }),
      image('dfsr', `${SYSTEM32}\\dfsrs.exe`, '', SYSTEM, { cpu: 3, memory: 8 }),
      image('adws', 'C:\\Windows\\ADWS\\Microsoft.ActiveDirectory.WebServices.exe', '', SYSTEM, {
        cpu: 2,
        memory: 8,
      }),
    ],
    listens: [
      { port: 389, process: 'lsass' },
      { port: 636, process: 'lsass' },
      { port: 88, process: 'lsass' },
      { port: 3268, process: 'lsass' },
      { port: 53, process: 'dns' },
      { port: 9389, process: 'adws' },
    ],
    offers: { ldap: { port: 389, process: 'lsass' }, kerberos: { port: 88, process: 'lsass' } },
    services: [
      service('NTDS', 'Active Directory Domain Services', 'lsass'),
      service('Kdc', 'Kerberos Key Distribution Center', 'lsass'),
      service('DNS', 'DNS Server', 'dns'),
      service('DFSR', 'DFS Replication', 'dfsr'),
      service('ADWS', 'Active Directory Web Services', 'adws'),
    ],
    features: ['AD-Domain-Services', 'DNS', 'RSAT', 'RSAT-Role-Tools', 'RSAT-AD-Tools', 'RSAT-DNS-Server'],
  };
  const exchange: Partial<Stack> = {
    processes: [
      image(
        'edge',
        'C:\\Program Files\\Microsoft\\Exchange Server\\V15\\Bin\\EdgeTransport.exe',
        '-pipe:1320 -stopkey:Global -workerListening',
        NETWORK,
        { cpu: 25, memory: 30 },
      ),
      image(
        'store',
        'C:\\Program Files\\Microsoft\\Exchange Server\\V15\\Bin\\Microsoft.Exchange.Store.Worker.exe',
        '',
        SYSTEM,
        { cpu: 30, memory: 60 },
      ),
    ],
    listens: [
      { port: 25, process: 'edge' },
      { port: 443, process: 'system' },
      { port: 587, process: 'edge' },
    ],
    offers: { smtp: { port: 25, process: 'edge' } },
    packages: [
      {
        name: 'Microsoft Exchange Server 2016 Cumulative Update 23',
        version: '15.1.2507.6',
        vendor: MICROSOFT,
      },
    ],
    services: [
      service('MSExchangeTransport', 'Microsoft Exchange Transport', 'edge'),
      service('MSExchangeIS', 'Microsoft Exchange Information Store', 'store'),
    ],
    features: ['Web-Server', 'Web-WebServer', 'RPC-over-HTTP-Proxy'],
  };
  const batch: Partial<Stack> = {
    processes: [
      image('jobs', 'C:\\Program Files\\Contoso\\Jobs\\JobRunner.exe', '--queue nightly', NETWORK, {
        cpu: 55,
        memory: 40,
      }),
      image('director', 'C:\\Program Files\\Bacula\\bacula-dir.exe', '/service', SYSTEM, {
        cpu: 5,
        memory: 8,
      }),
    ],
    listens: [{ port: 9101, process: 'director' }],
    offers: { backup: { port: 9101, process: 'director' } },
    uses: { sql: 'jobs', files: 'system', backup: 'director' },
    packages: [
      { name: 'Contoso Job Runner', version: '2.8.0', vendor: 'Contoso Ltd' },
      { name: 'Bacula Enterprise Edition', version: '9.6.7', vendor: 'Bacula Systems' },
    ],
    services: [
      service('ContosoJobs', 'Contoso Job Runner', 'jobs'),
      service('bacula-dir', 'Bacula Director', 'director'),
    ],
  };
  const monitoring: Partial<Stack> = {
    processes: [
      image('prtg', 'C:\\Program Files (x86)\\PRTG Network Monitor\\64 bit\\PRTG Server.exe', '', SYSTEM, {
        cpu: 40,
        memory: 45,
      }),
    ],
    listens: [
      { port: 443, process: 'prtg' },
      { port: 10051, process: 'prtg' },
    ],
    offers: { monitoring: { port: 10051, process: 'prtg' } },
    uses: { sql: 'prtg' },
    packages: [{ name: 'PRTG Network Monitor', version: '23.2.84.1566', vendor: 'Paessler AG' }],
    services: [service('PRTGCoreService', 'PRTG Core Server Service', 'prtg')],
  };
  const desktop: Partial<Stack> = {
    processes: [
      image('explorer', 'C:\\Windows\\explorer.exe', '', 'EXAMPLE\\alex', {
        parent: 'winlogon',
        cpu: 10,
        memory: 20,
      }),
    ],
    uses: { files: 'system' },
    packages: [
      { name: 'Microsoft Office Professional Plus 2016', version: '16.0.4266.1001', vendor: MICROSOFT },
    ],
  };
  return {
    web: [iis],
    app: [orders, tomcat],
    db: [sqlOf('MSSQLSERVER', 'Standard Edition'), sqlOf('PROD', 'Enterprise Edition')],
    file: [files],
    directory: [domainController],
    mail: [exchange],
    batch: [batch],
    monitoring: [monitoring],
    desktop: [desktop],
    test: [iis, sqlOf('SQLEXPRESS', 'Express Edition')],
  };
}
