/** Package managers: what is installed, and which package a file came in. */
import { SECOND } from '#core/units.ts';
import { snapsOf } from '../linux-devices.ts';
import type { PackageSpec } from '../stack.ts';
import { type LinuxCommand, type LinuxCommands, type LinuxSession, linuxOf } from './shell.ts';

const rpm: LinuxCommand = (args, io, session) => {
  const os = linuxOf(session)!;
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
function packageOf(session: LinuxSession, path: string) {
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
const DPKG_LIST = `${field('db:Status-Abbrev')} ${field('Package')} ${field('Version')} ${field('Architecture')}\\n`;

const dpkgQuery: LinuxCommand = (args, io, session) => {
  const os = linuxOf(session)!;
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
  const known = [...guest.stack.packages, ...REMOVED];
  const packages =
    given.length === 0 ? known : given.flatMap((name) => known.filter((each) => each.name === name));
  for (const each of packages) {
    const { name, version, vendor } = each;
    const removed = REMOVED.includes(each);
    const fields: Record<string, string> = {
      Package: name,
      'binary:Package': name,
      Version: version,
      Maintainer: vendor,
      Architecture: architecture,
      Status: removed ? 'deinstall ok config-files' : 'install ok installed',
      'db:Status-Abbrev': removed ? 'rc ' : 'ii ',
      'db:Status-Status': removed ? 'config-files' : 'installed',
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

/** Packages that were removed and left their settings behind: dpkg lists them, too. */
const REMOVED: readonly PackageSpec[] = [
  { name: 'telnetd', version: '0.17-41', vendor: 'Mats Erik Andersson <mats.andersson@gisladisker.se>' },
];

/** "name.x86_64   version   @anaconda" */
const yum: LinuxCommand = (args, io, session) => {
  const os = linuxOf(session)!;
  const [verb = '', ...names] = args.filter((arg) => !arg.startsWith('-'));
  if (verb !== 'list' && verb !== 'info') {
    io.err('You need to be root to perform this command.\n');
    return 1;
  }
  io.out('Installed Packages\n');
  const wanted = names.filter((name) => name !== 'installed');
  const found = session.machine.guest.stack.packages.filter(
    ({ name }) => wanted.length === 0 || wanted.includes(name),
  );
  for (const { name, version } of found)
    io.out(
      `${`${name}.${os.architecture}`.padEnd(40)} ${version.padEnd(30)} ${os.id === 'rhel' ? '@anaconda' : '@base'}\n`,
    );
  return found.length === 0 ? 1 : 0;
};

const apt: LinuxCommand = (args, io, session) => {
  const [verb = ''] = args.filter((arg) => !arg.startsWith('-'));
  if (verb !== 'list') {
    io.err('E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n');
    return 100;
  }
  io.err('\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n');
  io.out('Listing...\n');
  for (const { name, version } of session.machine.guest.stack.packages)
    io.out(`${name}/now ${version} amd64 [installed,local]\n`);
  return 0;
};

const aptCache: LinuxCommand = (args, io, session) => {
  const [verb = '', ...names] = args.filter((arg) => !arg.startsWith('-'));
  let status = 0;
  for (const name of names) {
    const found = session.machine.guest.stack.packages.find((each) => each.name === name);
    if (!found) {
      io.err(`N: Unable to locate package ${name}\n`);
      status = verb === 'policy' ? 0 : 100;
    } else if (verb === 'policy')
      io.out(
        `${name}:\n  Installed: ${found.version}\n  Candidate: ${found.version}\n  Version table:\n *** ${found.version} 100\n        100 /var/lib/dpkg/status\n`,
      );
    else io.out(`Package: ${name}\nVersion: ${found.version}\nMaintainer: ${found.vendor}\n\n`);
  }
  return status;
};

const snap: LinuxCommand = (args, io, session) => {
  const os = linuxOf(session)!;
  if (args[0] !== 'list') {
    io.err(`error: access denied (try with sudo)\n`);
    return 1;
  }
  const snaps = snapsOf(os);
  if (snaps.length === 0) {
    io.err("No snaps are installed yet. Try 'snap install hello-world'.\n");
    return 0;
  }
  const rows = [
    ['Name', 'Version', 'Rev', 'Tracking', 'Publisher', 'Notes'],
    ...snaps.map(({ name, version, revision, publisher, notes }) => [
      name,
      version,
      String(revision),
      'latest/stable',
      publisher,
      notes,
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  for (const row of rows)
    io.out(
      `${row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd()}\n`,
    );
  return 0;
};

export const packageCommands: LinuxCommands = {
  rpm,
  'dpkg-query': dpkgQuery,
  dpkg: (args, io, session) => dpkgQuery(args.includes('-l') ? ['-W', `-f=${DPKG_LIST}`] : args, io, session),
  yum,
  dnf: yum,
  apt,
  'apt-cache': aptCache,
  snap,
};
