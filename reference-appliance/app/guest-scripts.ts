/**
 * What discovery asks inside guests, and how it reads the answers: the published commands, several in one go with marks
 * between them, since each start of a program is several round trips. Each section stands alone: a command that a
 * system lacks costs that section only. [facts: collected-data §8, §9; physical-servers §2, §5]
 */
import type { GuestScript } from './ports.ts';

/** Limits of what one machine may tell: more is cut. */
const APPLICATIONS_MAX = 5000;
const CONNECTIONS_MAX = 20_000;

const MARK = '@@';

const RELEASE_FILES =
  '/etc/os-release /etc/oracle-release /etc/redhat-release /etc/SuSE-release /etc/lsb-release /etc/debian_version';
/** In the words of dpkg-query and of the shell, which use the same brace. */
const field = (name: string): string => `\u0024{${name}}`;

const POWERSHELL = 'powershell.exe -NoProfile -NonInteractive -Command';

export const INVENTORY_SCRIPTS: Readonly<Record<'linux' | 'windows', GuestScript>> = {
  linux: {
    family: 'linux',
    commands: [
      'export LC_ALL=C',
      `echo ${MARK}os`,
      `for f in ${RELEASE_FILES}; do if [ -r $f ]; then cat $f; break; fi; done`,
      `echo ${MARK}arch`,
      'uname -m',
      `echo ${MARK}rpm`,
      "rpm -qa --queryformat '%{NAME}|%{VERSION}-%{RELEASE}|%{VENDOR}\\n'",
      `echo ${MARK}dpkg`,
      `dpkg-query -W -f='${field('Package')}|${field('Version')}|${field('Maintainer')}|${field('db:Status-Abbrev')}\\n'`,
      `echo ${MARK}snap`,
      'snap list',
      `echo ${MARK}end`,
    ],
  },
  windows: {
    family: 'windows',
    commands: [
      `echo ${MARK}os`,
      `${POWERSHELL} "Get-WmiObject Win32_OperatingSystem | Select-Object Caption,Version,OSArchitecture | ConvertTo-Csv -NoTypeInformation"`,
      `echo ${MARK}native`,
      'reg query HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall /s',
      `echo ${MARK}wow`,
      'reg query HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall /s',
      `echo ${MARK}features`,
      `${POWERSHELL} "Get-WindowsFeature | Where-Object {$_.Installed} | Select-Object Name,FeatureType,Parent | ConvertTo-Csv -NoTypeInformation"`,
      `echo ${MARK}instances`,
      'reg query "HKLM\\SOFTWARE\\Microsoft\\Microsoft SQL Server\\Instance Names\\SQL"',
      `echo ${MARK}setup`,
      'reg query "HKLM\\SOFTWARE\\Microsoft\\Microsoft SQL Server" /s',
      `echo ${MARK}end`,
    ],
  },
};

export const DEPENDENCY_SCRIPTS: Readonly<Record<'linux' | 'windows', GuestScript>> = {
  linux: {
    family: 'linux',
    commands: [
      'export LC_ALL=C',
      `echo ${MARK}net`,
      'sudo -n netstat -antp || netstat -antp || ss -tan',
      `echo ${MARK}owners`,
      // the package that owns each program that runs
      "for f in $(sudo -n ls -l /proc/[0-9]*/exe | sed -n 's/.* -> //p' | sort -u); do " +
        'echo "$f|$(rpm -qf --queryformat \'%{NAME}\' $f || dpkg-query -S $f | cut -d: -f1)"; done',
      `echo ${MARK}exe`,
      "sudo -n ls -l /proc/[0-9]*/exe | sed -n 's#.*/proc/\\([0-9]*\\)/exe -> #\\1|#p'",
      `echo ${MARK}end`,
    ],
  },
  windows: {
    family: 'windows',
    commands: [
      `echo ${MARK}net`,
      'netstat -ano',
      `echo ${MARK}processes`,
      `${POWERSHELL} "Get-WmiObject Win32_Process | Select-Object ProcessId,Name,ExecutablePath | ConvertTo-Csv -NoTypeInformation"`,
      `echo ${MARK}services`,
      `${POWERSHELL} "Get-WmiObject Win32_Service | Select-Object DisplayName,ProcessId | ConvertTo-Csv -NoTypeInformation"`,
      `echo ${MARK}end`,
    ],
  },
};

export interface Application {
  readonly name: string;
  readonly version: string;
  readonly provider: string;
}

export interface GuestInventory {
  readonly osName: string;
  readonly osVersion: string;
  readonly osArchitecture: string;
  readonly applications: readonly Application[];
  readonly features: ReadonlyArray<{
    readonly name: string;
    readonly featureType: string;
    readonly parent: string;
  }>;
  readonly sqlServers: ReadonlyArray<{
    readonly sqlServerName: string;
    readonly version: string;
    readonly edition: string;
    readonly servicePack: string;
  }>;
}

export interface SeenConnection {
  /** Did the machine open it? */
  readonly outbound: boolean;
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** Of the side that serves. */
  readonly port: number;
  readonly process: string;
  readonly application: string;
}

/** Sections by name; undefined when the answer breaks off before its end. */
function sections(text: string): Map<string, string[]> | undefined {
  const found = new Map<string, string[]>();
  let lines: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const mark = /^@@(\w+)\s*$/.exec(line)?.[1];
    if (mark === undefined) lines?.push(line);
    else {
      lines = [];
      found.set(mark, lines);
    }
  }
  return found.has('end') ? found : undefined;
}

/** @returns undefined when the answer is not whole */
export function readInventory(family: 'linux' | 'windows', text: string): GuestInventory | undefined {
  const parts = sections(text);
  return parts && (family === 'linux' ? linuxInventory(parts) : windowsInventory(parts));
}

function linuxInventory(parts: ReadonlyMap<string, readonly string[]>): GuestInventory {
  const release = parts.get('os') ?? [];
  const value = (name: string): string | undefined =>
    release.map((line) => /^(\w+)="?(.*?)"?$/.exec(line)).find((match) => match?.[1] === name)?.[2];
  const first = release.find((line) => line !== '') ?? '';
  const applications: Application[] = [];
  for (const line of [...(parts.get('rpm') ?? []), ...(parts.get('dpkg') ?? [])]) {
    const [name, version, provider, state] = line.split('|');
    if (provider === undefined || (state !== undefined && !state.startsWith('ii'))) continue;
    if (applications.length < APPLICATIONS_MAX)
      applications.push({ name: name!, version: version!, provider });
  }
  for (const line of (parts.get('snap') ?? []).slice(1)) {
    const [name, version, , , publisher] = line.split(/\s+/);
    if (name && publisher) applications.push({ name, version: version!, provider: publisher });
  }
  return {
    osName: value('PRETTY_NAME') ?? value('DISTRIB_DESCRIPTION') ?? first,
    osVersion: value('VERSION_ID') ?? value('DISTRIB_RELEASE') ?? /\d+(?:\.\d+)*/.exec(first)?.[0] ?? '',
    osArchitecture: (parts.get('arch') ?? [''])[0] ?? '',
    applications,
    features: [],
    sqlServers: [],
  };
}

function windowsInventory(parts: ReadonlyMap<string, readonly string[]>): GuestInventory {
  const [system] = csv(parts.get('os') ?? []);
  const keys = [...registryKeys(parts.get('native') ?? []), ...registryKeys(parts.get('wow') ?? [])];
  const applications = keys.flatMap(({ values }): Application[] => {
    const name = values.get('DisplayName');
    // parts of the system and of other products are not shown to users
    if (name === undefined || values.get('SystemComponent') === '0x1' || values.has('ParentKeyName'))
      return [];
    return [{ name, version: values.get('DisplayVersion') ?? '', provider: values.get('Publisher') ?? '' }];
  });
  const setups = registryKeys(parts.get('setup') ?? []);
  const sqlServers = registryKeys(parts.get('instances') ?? []).flatMap(({ values }) =>
    [...values].map(([sqlServerName, id]) => {
      const setup = setups.find(({ path }) =>
        path.toLowerCase().endsWith(`\\${id.toLowerCase()}\\setup`),
      )?.values;
      return {
        sqlServerName,
        version: setup?.get('Version') ?? '',
        edition: setup?.get('Edition') ?? '',
        servicePack: String(Number(setup?.get('SP') ?? 0)),
      };
    }),
  );
  return {
    osName: system?.get('Caption') ?? '',
    osVersion: system?.get('Version') ?? '',
    osArchitecture: system?.get('OSArchitecture') ?? '',
    applications: applications.slice(0, APPLICATIONS_MAX),
    features: csv(parts.get('features') ?? []).map((row) => ({
      name: row.get('Name') ?? '',
      featureType: row.get('FeatureType') ?? '',
      parent: row.get('Parent') ?? '',
    })),
    sqlServers,
  };
}

/** What `reg query` prints: a line for each key, and below it its values, indented. */
function registryKeys(lines: readonly string[]): Array<{ path: string; values: Map<string, string> }> {
  const keys: Array<{ path: string; values: Map<string, string> }> = [];
  for (const line of lines) {
    if (/^HKEY_/.test(line)) keys.push({ path: line.trim(), values: new Map() });
    const [, name, data] = /^ {4}(.+?) {4}REG_\w+(?: {4}(.*))?$/.exec(line) ?? [];
    if (name !== undefined) keys.at(-1)?.values.set(name, data ?? '');
  }
  return keys;
}

/** Rows of a CSV with a head. */
function csv(lines: readonly string[]): Array<ReadonlyMap<string, string>> {
  const cells = (line: string) =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
      (match) => match[1]?.replaceAll('""', '"') ?? match[2] ?? '',
    );
  const [head, ...rows] = lines.filter((line) => line !== '');
  const names = head === undefined ? [] : cells(head);
  return rows.map((row) => new Map(cells(row).map((cell, i) => [names[i] ?? '', cell])));
}

/** @returns undefined when the answer is not whole */
export function readConnections(family: 'linux' | 'windows', text: string): SeenConnection[] | undefined {
  const parts = sections(text);
  if (!parts) return undefined;
  const describe = family === 'linux' ? linuxProcesses(parts) : windowsProcesses(parts);
  const rows = (parts.get('net') ?? []).flatMap((line) => socketOf(line, family));
  const listening = new Set(
    rows.filter(({ state }) => /^LISTEN/.test(state)).map(({ localPort }) => localPort),
  );
  return rows
    .filter(
      ({ state, localAddress, remoteAddress }) => /^ESTAB/.test(state) && localAddress !== remoteAddress,
    )
    .slice(0, CONNECTIONS_MAX)
    .map((row) => {
      const outbound = !listening.has(row.localPort);
      return {
        outbound,
        localAddress: row.localAddress,
        remoteAddress: row.remoteAddress,
        port: outbound ? row.remotePort : row.localPort,
        ...describe(row.pid, row.name),
      };
    });
}

interface Socket {
  readonly state: string;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly pid: string;
  readonly name: string;
}

/** One line of `netstat -antp`, `ss -tan` or `netstat -ano`; nothing for heads and other protocols. */
function socketOf(line: string, family: 'linux' | 'windows'): Socket[] {
  const words = line.trim().split(/\s+/);
  const [local, remote, state, owner] =
    family === 'windows'
      ? words[0] === 'TCP'
        ? [words[1], words[2], words[3], words[4]]
        : []
      : /^tcp/.test(words[0]!)
        ? [words[3], words[4], words[5], words.slice(6).join(' ')]
        : /^(ESTAB|LISTEN)$/.test(words[0]!)
          ? [words[3], words[4], words[0], '']
          : [];
  const [, localAddress, localPort] = /^\[?(.*?)\]?:(\d+)$/.exec(local ?? '') ?? [];
  const [, remoteAddress, remotePort] = /^\[?(.*?)\]?:(\d+|\*)$/.exec(remote ?? '') ?? [];
  if (localPort === undefined || remotePort === undefined || state === undefined) return [];
  const [, pid, name] = /^(\d+)(?:\/(.*))?$/.exec(owner ?? '') ?? [];
  return [
    {
      state: state.toUpperCase(),
      localAddress: localAddress!,
      localPort: Number(localPort),
      remoteAddress: remoteAddress!,
      remotePort: Number(remotePort) || 0,
      pid: pid ?? '',
      name: (name ?? '').replace(/:.*/, '').trim(),
    },
  ];
}

type Describe = (pid: string, name: string) => { process: string; application: string };

function linuxProcesses(parts: ReadonlyMap<string, readonly string[]>): Describe {
  const pairs = (section: string) =>
    new Map((parts.get(section) ?? []).map((line) => line.split('|') as [string, string]));
  const programs = pairs('exe');
  const owners = pairs('owners');
  return (pid, name) => {
    const program = programs.get(pid);
    const owner = (program && owners.get(program)) || '';
    // "file /opt/x is not owned by any package": rpm says so where a name would stand
    return { process: name, application: owner.includes(' ') ? '' : owner };
  };
}

function windowsProcesses(parts: ReadonlyMap<string, readonly string[]>): Describe {
  const names = new Map(
    csv(parts.get('processes') ?? []).map((row) => [row.get('ProcessId') ?? '', row.get('Name') ?? '']),
  );
  const services = new Map(
    csv(parts.get('services') ?? []).map((row) => [row.get('ProcessId') ?? '', row.get('DisplayName') ?? '']),
  );
  return (pid) => ({ process: names.get(pid) ?? '', application: services.get(pid) ?? '' });
}
