/**
 * What a Linux server is asked, in one command: sections with marks between them, each of which stands alone, so that a
 * program that is missing costs its section only. Better programs come first (lsblk, ip -j, /proc), the published ones
 * where these are missing. The script goes in through the standard input of /bin/sh: nothing of it, and no password, ever
 * stands in an argument list, and no shell that the account may have gets to see it.
 * [facts: physical-servers §2; collected-data §7]
 */

/** The only command line that is sent. */
export const SHELL = '/bin/sh -s';

export interface LinuxDatum {
  /** Name of its section. */
  readonly section: string;
  readonly commands: readonly string[];
}

/** In documented order; /usr/lib/os-release stands for /etc/os-release where that was deleted. */
const RELEASE_FILES =
  '/etc/os-release /usr/lib/os-release /etc/enterprise-release /etc/oracle-release /etc/redhat-release /etc/SuSE-release /etc/lsb-release /etc/debian_version';

export const CONFIGURATION: readonly LinuxDatum[] = [
  { section: 'user', commands: ['id -u'] },
  { section: 'time', commands: ['date +%s'] },
  { section: 'host', commands: ['cat /proc/sys/kernel/hostname || hostname'] },
  { section: 'fqdn', commands: ['hostname -f'] },
  {
    section: 'cpu',
    commands: [
      'grep -E "^(processor|model name|physical id|cpu cores|vendor_id)" /proc/cpuinfo || cat /proc/cpuinfo',
    ],
  },
  { section: 'memory', commands: ['grep MemTotal /proc/meminfo'] },
  { section: 'uuid', commands: ['$S cat /sys/class/dmi/id/product_uuid'] },
  // its complaint says whether root was to be had
  { section: 'dmi', commands: ['$S dmidecode -t 1 2>&1 || $S lshw -class system'] },
  {
    section: 'board',
    commands: ['cat /sys/class/dmi/id/sys_vendor', 'cat /sys/class/dmi/id/product_name'],
  },
  { section: 'boot', commands: ['if [ -d /sys/firmware/efi ]; then echo EFI; else echo BIOS; fi'] },
  {
    section: 'os',
    commands: [`for f in ${RELEASE_FILES}; do if [ -r $f ]; then cat $f; break; fi; done`],
  },
  { section: 'arch', commands: ['uname -m'] },
  {
    section: 'lsblk',
    commands: [
      'lsblk -J -b -o NAME,KNAME,TYPE,SIZE,MODEL,SERIAL,WWN,HCTL,MOUNTPOINT ||' +
        // before util-linux 2.27
        ' lsblk -P -b -o NAME,KNAME,PKNAME,TYPE,SIZE,MODEL,SERIAL,MOUNTPOINT || L=none',
    ],
  },
  // only where lsblk cannot tell: it reads the partition tables of all disks
  { section: 'fdisk', commands: ['if [ "$L" = none ]; then $S fdisk -l; fi'] },
  { section: 'root', commands: ['df -kP /boot || df -kP /', 'df -kP /'] },
  { section: 'ip', commands: ['ip -j addr || ip addr || /sbin/ifconfig -a'] },
];

export const SAMPLE: readonly LinuxDatum[] = [
  { section: 'uptime', commands: ['cat /proc/uptime'] },
  { section: 'stat', commands: ['grep "^cpu " /proc/stat'] },
  { section: 'free', commands: ['free'] },
  {
    section: 'memory',
    commands: ['grep -E "^(MemTotal|MemFree|MemAvailable|Buffers|Cached):" /proc/meminfo'],
  },
  { section: 'disks', commands: ['cat /proc/diskstats'] },
  { section: 'net', commands: ['cat /proc/net/dev'] },
  { section: 'macs', commands: ['cat /sys/class/net/*/address'] },
];

/** A text as one word of a POSIX shell, whatever is in it. A NUL cannot be in one, and ends a script: it is dropped. */
export function shellWord(text: string): string {
  return `'${text.replaceAll('\0', '').replaceAll("'", "'\\''")}'`;
}

/**
 * Makes `$S` what root's commands begin with: nothing for root, else `sudo -n`. Where sudo wants a password, it gets it
 * once, through a pipe from a builtin of the shell; sudo then remembers it for the commands of this shell.
 */
function becomeRoot(password: string): string[] {
  const lines = [
    'export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"',
    'S=""; L=""; if [ "$(id -u)" != 0 ]; then S="sudo -n"; fi',
  ];
  if (password !== '')
    lines.push(
      'echo @@sudo',
      `if [ -n "$S" ]; then if sudo -n true; then :; else printf '%s\\n' ${shellWord(password)} | sudo -S -p '' -v 2>&1; fi; fi`,
    );
  return lines;
}

/** What the shell reads; its own input is not for the commands in it. */
export function scriptOf(data: readonly LinuxDatum[], password: string): string {
  const commands = data.flatMap((datum) => [`echo @@${datum.section}`, ...datum.commands]);
  return block([...becomeRoot(password), ...commands, 'echo @@end']);
}

/** Lines of a script of app/guest-scripts.ts in the same way; its `sudo -n` means nothing to root, who may have no sudo. */
export function guestScriptOf(commands: readonly string[], password: string): string {
  return block([...becomeRoot(password), 'if [ -z "$S" ]; then sudo() { shift; "$@"; }; fi', ...commands]);
}

function block(lines: readonly string[]): string {
  return `{\n${lines.join('\n')}\n} </dev/null 2>/dev/null\n`;
}
