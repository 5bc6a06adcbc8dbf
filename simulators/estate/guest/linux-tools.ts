/** Versions of the programs that distributions came with, as far as their answers differ by it. */
import type { LinuxOs } from './guest-os.ts';

export interface LinuxTools {
  /** Of util-linux 2.x: lsblk, fdisk. */
  readonly utilLinux: number;
  /** Of procps 3.a.b as a × 100 + b: free, ps; 4.x counts as 400. */
  readonly procps: number;
  /** Of the kernel, major × 100 + minor; of 2.6.n 206 + n / 1000. */
  readonly kernel: number;
  readonly dmidecode: string;
  /** `ip -j`: iproute2 4.16 and later. */
  readonly ipJson: boolean;
  /** netstat and route come in a package that is not everywhere. */
  readonly netTools: boolean;
  readonly lshw: boolean;
  /** bash 5.1 and later says "line 1" of what it was given with -c. */
  readonly numbersLines: boolean;
}

type Row = readonly [utilLinux: number, procps: number, dmidecode: string];

const RED_HAT: Readonly<Record<number, Row>> = {
  5: [13, 207, '2.12'],
  6: [17, 208, '2.12'],
  7: [23, 310, '3.2'],
  8: [32, 315, '3.3'],
  9: [37, 317, '3.3'],
};
const UBUNTU: Readonly<Record<number, Row>> = {
  12: [20, 208, '2.11'],
  14: [20, 309, '2.12'],
  16: [27, 310, '3.0'],
  18: [31, 312, '3.1'],
  20: [34, 316, '3.2'],
  22: [37, 317, '3.3'],
  24: [39, 400, '3.5'],
};
const DEBIAN: Readonly<Record<number, Row>> = {
  7: [20, 303, '2.11'],
  8: [25, 309, '2.12'],
  9: [29, 312, '3.0'],
  10: [33, 315, '3.2'],
  11: [36, 317, '3.3'],
  12: [38, 400, '3.4'],
};
const SLES: Readonly<Record<number, Row>> = {
  11: [19, 207, '2.12'],
  12: [33, 309, '3.2'],
  15: [37, 315, '3.4'],
};
const AMAZON: Row = [30, 310, '3.2'];

export function linuxTools(os: LinuxOs): LinuxTools {
  const major = Math.floor(Number(os.versionId));
  const [kernelMajor = 0, kernelMinor = 0, patch = 0] = os.kernel.split(/[.-]/).map(Number);
  const [utilLinux, procps, dmidecode] =
    (os.id === 'ubuntu'
      ? UBUNTU[major]
      : os.id === 'debian'
        ? DEBIAN[major]
        : os.id === 'sles'
          ? SLES[major]
          : os.id === 'amzn'
            ? AMAZON
            : RED_HAT[major]) ?? RED_HAT[7]!;
  const kernel = kernelMajor * 100 + kernelMinor + (kernelMajor < 3 ? patch / 1000 : 0);
  return {
    utilLinux,
    procps,
    kernel,
    dmidecode,
    ipJson: utilLinux >= 31,
    netTools: !(os.id === 'sles' && major >= 15),
    lshw: os.id === 'ubuntu' || (os.packages === 'rpm' && major === 7),
    numbersLines: utilLinux >= 36 && os.id !== 'sles',
  };
}

/** Programs that come with every system that is simulated. */
const EVERYWHERE =
  '[ awk base64 basename bash blkid cat chmod chown cp curl cut date df dirname dmidecode echo egrep env expr false fdisk fgrep find free gawk getcap getconf getent grep gunzip gzip head hostname id ip kill ln ls lvdisplay lvs md5sum mkdir mktemp mount mv nice nohup nproc printf ps pvs pwd readlink rm rmdir sed seq service sh sha1sum sha256sum sleep sort ss stat sudo tac tail tar tee test timeout touch tr true uname uniq uptime vgs wc which whoami xargs zcat zgrep'.split(
    ' ',
  );

/** Is the program there? Those that nobody knows are not. */
export function isInstalled(os: LinuxOs, program: string): boolean {
  const tools = linuxTools(os);
  switch (program) {
    case 'lsblk':
      return tools.utilLinux >= 17;
    case 'lscpu':
      return tools.utilLinux >= 17;
    case 'netstat':
    case 'route':
    case 'ifconfig':
      return tools.netTools;
    case 'lshw':
      return tools.lshw;
    case 'rpm':
      return os.packages === 'rpm';
    case 'yum':
      return os.packages === 'rpm' && os.id !== 'sles';
    case 'dnf':
      return os.packages === 'rpm' && os.id !== 'sles' && tools.kernel >= 418;
    case 'dpkg':
    case 'dpkg-query':
    case 'apt':
    case 'apt-cache':
      return os.packages === 'dpkg';
    case 'snap':
      return os.id === 'ubuntu' && Number(os.versionId) >= 16;
    case 'systemctl':
    case 'systemd-detect-virt':
      return os.systemd;
    case 'locate':
      return os.packages === 'rpm' ? tools.kernel < 400 && os.id !== 'sles' : os.id === 'ubuntu';
    case 'mawk':
      return os.packages === 'dpkg';
    default:
      return EVERYWHERE.includes(program);
  }
}

/** Names of all programs that are there. */
export function programsOf(os: LinuxOs): string[] {
  const some =
    'lsblk lscpu netstat route ifconfig lshw rpm yum dnf dpkg dpkg-query apt apt-cache snap systemctl systemd-detect-virt locate mawk'.split(
      ' ',
    );
  return [...EVERYWHERE, ...some].filter((program) => isInstalled(os, program)).sort();
}
