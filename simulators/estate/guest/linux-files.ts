/** The files that a Linux system comes with, as far as anybody has a use for them; /proc and /sys are of the moment. */
import type { UnixMillis } from '#core/units.ts';
import type { BaseTree, FileNode } from './file-tree.ts';
import type { Guest } from './guest.ts';
import type { LinuxOs } from './guest-os.ts';
import { procFiles } from './linux-proc.ts';
import { releaseFiles } from './linux-releases.ts';
import { type SysFile, sysFiles } from './linux-sys.ts';
import { programsOf } from './linux-tools.ts';

const DIRECTORIES =
  '/ /bin /boot /dev /etc /etc/cron.d /home /opt /proc /proc/sys /proc/sys/kernel /proc/net /root /run /sbin /srv /sys /sys/class /sys/class/dmi /sys/class/dmi/id /sys/class/net /tmp /usr /usr/bin /usr/lib /usr/sbin /var /var/lib /var/log /var/tmp'.split(
    ' ',
  );
const STICKY = new Set(['/tmp', '/var/tmp']);
type Content = string | (() => string);

export function linuxFiles(guest: Guest, os: LinuxOs): (now: UnixMillis) => BaseTree {
  const { machine } = guest;
  const installedAt = guest.installedAt;
  const files = new Map<string, { content: Content; mode: number; live: boolean; target?: string }>();
  const add = (path: string, content: Content, mode = 0o644, live = false) =>
    void files.set(path, { content, mode, live });

  add('/etc/hostname', `${guest.hostName}\n`);
  add(
    '/etc/hosts',
    `127.0.0.1   localhost\n${guest.addresses()[0] ?? '127.0.1.1'}   ${machine.dnsName} ${guest.hostName}\n`,
  );
  const release = releaseFiles(os);
  for (const [path, content] of Object.entries(release)) add(path, content);
  add(
    '/etc/passwd',
    [
      'root:x:0:0:root:/root:/bin/bash',
      'bin:x:1:1:bin:/bin:/usr/sbin/nologin',
      'daemon:x:2:2:daemon:/sbin:/usr/sbin/nologin',
      'nobody:x:65534:65534:nobody:/:/usr/sbin/nologin',
      ...guest
        .accounts()
        .filter(({ user }) => user !== 'root')
        .map(({ user }) => [user, 'x', 1000, 1000, '', `/home/${user}`, '/bin/bash'].join(':')),
      '',
    ].join('\n'),
  );
  add('/etc/shadow', 'root:*:19000:0:99999:7:::\n', 0o600);
  add('/etc/resolv.conf', `search ${machine.dnsName.split('.').slice(1).join('.')}\n`);
  add(
    '/etc/fstab',
    guest
      .disks()
      .flatMap(({ volumes }) => volumes)
      .map((v) => `/dev/${v.name} ${v.mountPoint} ${v.fileSystem} defaults 0 0\n`)
      .join(''),
  );
  for (const service of guest.stack.services)
    add(
      os.systemd ? `/usr/lib/systemd/system/${service.name}.service` : `/etc/init.d/${service.name}`,
      `# ${service.displayName}\n`,
      os.systemd ? 0o644 : 0o755,
    );
  for (const program of programsOf(os)) add(`/usr/bin/${program}`, '\x7fELF', 0o755);
  for (const { executable } of guest.stack.processes)
    if (executable !== '') add(executable, '\x7fELF', 0o755);
  add('/bin/sh', '\x7fELF', 0o755);
  add('/bin/bash', '\x7fELF', 0o755);
  add('/var/log/messages', '', 0o640);

  const moving = new Map<string, SysFile>(Object.entries(sysFiles(guest, os)));
  for (const [path, content] of Object.entries(procFiles(guest, os)))
    moving.set(path, { content, mode: 0o444 });

  const directories = new Map<string, Set<string>>();
  const place = (path: string): void => {
    for (let at = path; at !== '/'; ) {
      const above = at.slice(0, at.lastIndexOf('/')) || '/';
      const names = directories.get(above) ?? new Set<string>();
      const known = names.has(at.slice(at.lastIndexOf('/') + 1));
      names.add(at.slice(at.lastIndexOf('/') + 1));
      directories.set(above, names);
      if (known) return;
      at = above;
    }
  };
  for (const path of [...DIRECTORIES.slice(1), ...files.keys(), ...moving.keys()]) place(path);
  for (const { mountPoint } of guest.disks().flatMap(({ volumes }) => volumes))
    if (mountPoint !== '/') place(`${mountPoint}/lost+found`);
  for (const { user } of guest.accounts()) if (user !== 'root') place(`/home/${user}/.profile`);
  const homes = new Map<string, number>(guest.accounts().map(({ user }) => [`/home/${user}`, 1000] as const));
  for (const path of homes.keys()) files.set(`${path}/.profile`, { content: '', mode: 0o644, live: false });
  const emptyDirectories = new Set([
    ...DIRECTORIES,
    ...guest.disks().flatMap(({ volumes }) => volumes.map((v) => `${v.mountPoint}/lost+found`)),
  ]);

  return (now) => ({
    find(path): FileNode | undefined {
      const file = files.get(path);
      const uid = homes.get(path.slice(0, path.lastIndexOf('/'))) ?? homes.get(path) ?? 0;
      if (file) {
        const { content, mode } = file;
        return {
          type: 'file',
          mode,
          uid,
          modifiedAt: installedAt,
          content: () => Buffer.from(typeof content === 'string' ? content : content(), 'latin1'),
        };
      }
      const moment = moving.get(path);
      if (moment)
        return {
          type: 'file',
          mode: moment.mode,
          uid: 0,
          modifiedAt: now,
          content: () => Buffer.from(moment.content(now)),
        };
      if (emptyDirectories.has(path) || directories.has(path))
        return {
          type: 'directory',
          mode: STICKY.has(path) ? 0o1777 : path === '/root' ? 0o700 : 0o755,
          uid,
          modifiedAt: installedAt,
        };
      return processFile(guest, path, now);
    },
    names(path) {
      const names = [...(directories.get(path) ?? [])];
      if (path === '/proc') names.push(...guest.processes(now).map(({ pid }) => String(pid)));
      if (/^\/proc\/\d+$/.test(path)) names.push('cmdline', 'comm', 'exe', 'status');
      return names;
    },
  });
}

/** /proc/N and what is in it. `exe` is a link that only its owner and root may read. */
function processFile(guest: Guest, path: string, now: UnixMillis): FileNode | undefined {
  const [, pid, name] = /^\/proc\/(\d+)(?:\/(cmdline|comm|exe|status))?$/.exec(path) ?? [];
  if (pid === undefined) return undefined;
  const process = guest.process(Number(pid), now);
  if (!process) return undefined;
  const uid =
    process.user === 'root' ? 0 : guest.accounts().some(({ user }) => user === process.user) ? 1000 : 990;
  const base = { uid, modifiedAt: process.startedAt };
  const text = (content: string): FileNode => ({
    ...base,
    type: 'file',
    mode: 0o444,
    content: () => Buffer.from(content),
  });
  switch (name) {
    case undefined:
      return { ...base, type: 'directory', mode: 0o555 };
    case 'exe':
      return process.executable === ''
        ? undefined
        : { ...base, type: 'symlink', mode: 0o777, target: process.executable };
    case 'cmdline':
      return text(process.executable === '' ? '' : `${process.commandLine.split(' ').join('\0')}\0`);
    case 'comm':
      return text(`${process.name}\n`);
    default:
      return text(
        `Name:\t${process.name}\nPid:\t${process.pid}\nPPid:\t${process.parentPid}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
      );
  }
}
