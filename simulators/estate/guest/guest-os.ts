/**
 * The operating system inside a machine, more exactly than vCenter knows it: vCenter shows what the machine was
 * configured with, the guest knows its release. Where the name leaves the release open, the seed decides.
 */
import { Entropy } from '#core/entropy/entropy.ts';
import type { Machine } from '../model.ts';

export interface LinuxOs {
  readonly family: 'linux';
  /** ID of os-release. */
  readonly id: 'ubuntu' | 'debian' | 'rhel' | 'centos' | 'ol' | 'sles' | 'amzn';
  /** NAME, VERSION_ID, VERSION and PRETTY_NAME of os-release. */
  readonly name: string;
  readonly versionId: string;
  readonly version: string;
  readonly prettyName: string;
  readonly kernel: string;
  readonly packages: 'rpm' | 'dpkg';
  /** False for systems with SysV init and no os-release (RHEL 6 and its kin). */
  readonly systemd: boolean;
  readonly architecture: 'x86_64' | 'i686';
}

export interface WindowsOs {
  readonly family: 'windows';
  /** Caption of Win32_OperatingSystem: "Microsoft Windows Server 2019 Standard". */
  readonly caption: string;
  /** "10.0.17763" */
  readonly version: string;
  readonly build: string;
  /** "2019", "2008 R2", "10". */
  readonly release: string;
  readonly server: boolean;
  readonly architecture: '64-bit' | '32-bit';
}

/** A guest that is neither: nothing is known of its inside. */
export interface OtherOs {
  readonly family: 'other';
}

export type GuestOs = LinuxOs | WindowsOs | OtherOs;

export function guestOsOf(seed: string, machine: Machine): GuestOs {
  const name = machine.os.toolsFullName ?? machine.os.fullName;
  if (machine.os.family === 'windows') return windowsOf(name, machine.os.bits);
  if (machine.os.family === 'linux') return linuxOf(new Entropy(seed), machine, name);
  return { family: 'other' };
}

/** Release as it stands in the name, with the version of the kernel and the build. */
const WINDOWS: ReadonlyArray<readonly [RegExp, release: string, version: string]> = [
  [/server 2025/i, '2025', '10.0.26100'],
  [/server 2022/i, '2022', '10.0.20348'],
  [/server 2019/i, '2019', '10.0.17763'],
  [/server (2016|threshold)/i, '2016', '10.0.14393'],
  [/server 2012 r2/i, '2012 R2', '6.3.9600'],
  [/server 2012/i, '2012', '6.2.9200'],
  [/server 2008 r2/i, '2008 R2', '6.1.7601'],
  [/server (\(r\) )?2008/i, '2008', '6.0.6003'],
  [/2003/i, '2003', '5.2.3790'],
  [/windows 11/i, '11', '10.0.22631'],
  [/windows 10/i, '10', '10.0.19045'],
  [/windows 8/i, '8.1', '6.3.9600'],
  [/windows 7/i, '7', '6.1.7601'],
  [/xp/i, 'XP', '5.1.2600'],
];

function windowsOf(name: string, bits: 32 | 64): WindowsOs {
  const [, release, version] = WINDOWS.find(([pattern]) => pattern.test(name)) ?? [0, '2016', '10.0.14393'];
  const server = /server|2003/i.test(name);
  const edition = /datacenter/i.test(name)
    ? 'Datacenter'
    : /enterprise/i.test(name)
      ? 'Enterprise'
      : 'Standard';
  return {
    family: 'windows',
    caption: server
      ? `Microsoft Windows Server ${release} ${edition}`
      : `Microsoft Windows ${release} Enterprise`,
    version,
    build: version.split('.')[2]!,
    release,
    server,
    architecture: bits === 64 ? '64-bit' : '32-bit',
  };
}

const UBUNTU: Readonly<Record<string, readonly [version: string, kernel: string]>> = {
  '12.04': ['12.04.5 LTS, Precise Pangolin', '3.2.0-150-generic'],
  '14.04': ['14.04.6 LTS, Trusty Tahr', '3.13.0-170-generic'],
  '16.04': ['16.04.7 LTS (Xenial Xerus)', '4.4.0-210-generic'],
  '18.04': ['18.04.6 LTS (Bionic Beaver)', '4.15.0-213-generic'],
  '20.04': ['20.04.6 LTS (Focal Fossa)', '5.4.0-182-generic'],
  '22.04': ['22.04.4 LTS (Jammy Jellyfish)', '5.15.0-107-generic'],
  '24.04': ['24.04.1 LTS (Noble Numbat)', '6.8.0-45-generic'],
};
const DEBIAN: Readonly<Record<string, readonly [codename: string, kernel: string]>> = {
  '7': ['wheezy', '3.2.0-6-amd64'],
  '8': ['jessie', '3.16.0-11-amd64'],
  '9': ['stretch', '4.9.0-19-amd64'],
  '10': ['buster', '4.19.0-26-amd64'],
  '11': ['bullseye', '5.10.0-29-amd64'],
  '12': ['bookworm', '6.1.0-21-amd64'],
};
const RED_HAT: Readonly<Record<string, readonly [minor: string, kernel: string, codename: string]>> = {
  '5': ['5.11', '2.6.18-419.el5', 'Tikanga'],
  '6': ['6.10', '2.6.32-754.35.1.el6', 'Santiago'],
  '7': ['7.9', '3.10.0-1160.119.1.el7', 'Maipo'],
  '8': ['8.9', '4.18.0-513.24.1.el8_9', 'Ootpa'],
  '9': ['9.3', '5.14.0-362.24.1.el9_3', 'Plow'],
};
const SLES: Readonly<Record<string, readonly [versionId: string, version: string, kernel: string]>> = {
  '11': ['11.4', '11.4', '3.0.101-108.138-default'],
  '12': ['12.5', '12-SP5', '4.12.14-122.216-default'],
  '15': ['15.5', '15-SP5', '5.14.21-150500.55.62-default'],
};

function linuxOf(entropy: Entropy, machine: Machine, name: string): LinuxOs {
  const architecture = machine.os.bits === 64 ? 'x86_64' : 'i686';
  const number = /(\d+(?:\.\d+)?)/.exec(name.replace(/\((32|64)-bit\)/, ''))?.[1];
  const major = number?.split('.')[0] ?? '';
  const base = { family: 'linux', architecture } as const;
  if (/ubuntu/i.test(name)) {
    const versionId =
      number !== undefined && UBUNTU[number]
        ? number
        : entropy.pick(['16.04', '18.04', '20.04', '22.04'], 'guest.release', machine.id);
    const [version, kernel] = UBUNTU[versionId]!;
    const prettyName = `Ubuntu ${version.replace(/ \(.*|, .*/, '')}`;
    return {
      ...base,
      id: 'ubuntu',
      name: 'Ubuntu',
      versionId,
      version,
      prettyName,
      kernel,
      packages: 'dpkg',
      systemd: Number(versionId) >= 15,
    };
  }
  if (/amazon/i.test(name))
    return {
      ...base,
      id: 'amzn',
      name: 'Amazon Linux',
      versionId: '2',
      version: '2',
      prettyName: 'Amazon Linux 2',
      kernel: '4.14.336-253.554.amzn2.x86_64',
      packages: 'rpm',
      systemd: true,
    };
  const isOracle = /oracle/i.test(name);
  const isCentos = /centos/i.test(name);
  if (isOracle || isCentos || /red hat/i.test(name)) {
    const [versionId, build, codename] = RED_HAT[major] ?? RED_HAT['7']!;
    const release = Number(versionId.split('.')[0]);
    const kernel = `${build}.${architecture}`;
    const server = release <= 7;
    if (isOracle)
      return {
        ...base,
        id: 'ol',
        name: server ? 'Oracle Linux Server' : 'Oracle Linux',
        versionId,
        version: versionId,
        prettyName: `Oracle Linux Server ${versionId}`,
        kernel,
        packages: 'rpm',
        systemd: release >= 7,
      };
    const product = isCentos ? 'CentOS Linux' : `Red Hat Enterprise Linux${server ? ' Server' : ''}`;
    const version = isCentos ? `${release} (Core)` : `${versionId} (${codename})`;
    return {
      ...base,
      id: isCentos ? 'centos' : 'rhel',
      name: product,
      versionId: isCentos ? String(release) : versionId,
      version,
      prettyName: `${product} ${version}`,
      kernel,
      packages: 'rpm',
      systemd: release >= 7,
    };
  }
  if (/suse/i.test(name)) {
    const [versionId, version, kernel] = SLES[major] ?? SLES['15']!;
    const prettyName = `SUSE Linux Enterprise Server ${version.replace('-SP', ' SP')}`;
    return {
      ...base,
      id: 'sles',
      name: 'SLES',
      versionId,
      version,
      prettyName,
      kernel,
      packages: 'rpm',
      systemd: major !== '11',
    };
  }
  const versionId = /debian/i.test(name) && DEBIAN[major] ? major : '10';
  const [codename, kernel] = DEBIAN[versionId]!;
  return {
    ...base,
    id: 'debian',
    name: 'Debian GNU/Linux',
    versionId,
    version: `${versionId} (${codename})`,
    prettyName: `Debian GNU/Linux ${versionId} (${codename})`,
    kernel,
    packages: 'dpkg',
    systemd: Number(versionId) >= 8,
  };
}
