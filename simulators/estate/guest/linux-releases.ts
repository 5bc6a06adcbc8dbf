/** How a Linux system says which one it is: /etc/os-release where it has one, and the older files of its distribution. */
import type { LinuxOs } from './guest-os.ts';

/** Contents by path. */
export function releaseFiles(os: LinuxOs): Record<string, string> {
  const major = Number(os.versionId.split('.')[0]);
  const files: Record<string, string> = {};
  const hasOsRelease =
    os.packages === 'dpkg' || os.id === 'sles' || os.id === 'amzn' || (os.packages === 'rpm' && major >= 7);
  if (hasOsRelease) files['/etc/os-release'] = osRelease(os);
  // where /usr/lib holds it, /etc has a link to it; here both are files
  if (hasOsRelease && os.systemd && os.id !== 'sles')
    files['/usr/lib/os-release'] = files['/etc/os-release']!;
  switch (os.id) {
    case 'rhel':
      files['/etc/redhat-release'] = `${os.name} release ${os.versionId} (${codename(os)})\n`;
      break;
    case 'centos':
      files['/etc/redhat-release'] =
        major >= 7
          ? `CentOS Linux release ${major === 7 ? '7.9.2009 (Core)' : '8.5.2111'}\n`
          : `CentOS release ${major === 6 ? '6.10' : '5.11'} (Final)\n`;
      files['/etc/centos-release'] = files['/etc/redhat-release'];
      break;
    case 'ol':
      files['/etc/oracle-release'] = `Oracle Linux Server release ${os.versionId}\n`;
      files['/etc/redhat-release'] =
        `Red Hat Enterprise Linux${major <= 7 ? ' Server' : ''} release ${os.versionId} (${codename(os)})\n`;
      if (major <= 5)
        files['/etc/enterprise-release'] =
          `Enterprise Linux Enterprise Linux Server release ${os.versionId} (Carthage)\n`;
      break;
    case 'amzn':
      files['/etc/system-release'] = 'Amazon Linux release 2 (Karoo)\n';
      break;
    case 'debian':
      files['/etc/debian_version'] = `${DEBIAN_POINT[major] ?? `${major}.0`}\n`;
      break;
    case 'ubuntu':
      files['/etc/debian_version'] =
        `${major >= 22 ? 'bookworm' : major >= 20 ? 'bullseye' : major >= 18 ? 'buster' : 'stretch'}/sid\n`;
      files['/etc/lsb-release'] =
        `DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=${os.versionId}\nDISTRIB_CODENAME=${codename(os).split(' ')[0]!.toLowerCase()}\nDISTRIB_DESCRIPTION="${os.prettyName}"\n`;
      break;
    case 'sles':
      if (major <= 12)
        files['/etc/SuSE-release'] =
          `SUSE Linux Enterprise Server ${major} (${os.architecture})\nVERSION = ${major}\nPATCHLEVEL = ${os.versionId.split('.')[1]}\n`;
  }
  return files;
}

const DEBIAN_POINT: Readonly<Record<number, string>> = {
  7: '7.11',
  8: '8.11',
  9: '9.13',
  10: '10.13',
  11: '11.9',
  12: '12.5',
};
const RED_HAT_NAMES: Readonly<Record<number, string>> = {
  5: 'Tikanga',
  6: 'Santiago',
  7: 'Maipo',
  8: 'Ootpa',
  9: 'Plow',
};

function codename({ version, versionId }: LinuxOs): string {
  return /[(,] ?([A-Z][\w ]+)\)?$/.exec(version)?.[1] ?? RED_HAT_NAMES[Number(versionId.split('.')[0])] ?? '';
}

/** KEY=value lines, in each distribution's own order and with its own quotes. */
function osRelease(os: LinuxOs): string {
  const { id, name, version, versionId, prettyName } = os;
  const major = Number(versionId.split('.')[0]);
  const lines = (...pairs: ReadonlyArray<readonly [key: string, value: string, plain?: 'plain']>) =>
    pairs.map(([key, value, plain]) => `${key}=${plain ? value : `"${value}"`}\n`).join('');
  const homes = (url: string) => [['HOME_URL', url] as const, ['BUG_REPORT_URL', `${url}bugs/`] as const];
  switch (id) {
    case 'ubuntu': {
      const pretty = ['PRETTY_NAME', prettyName] as const;
      const rest = [
        ['NAME', name],
        ...(major >= 22 ? [['VERSION_ID', versionId] as const] : []),
        ['VERSION', version],
        ...(major >= 22
          ? [['VERSION_CODENAME', codename(os).split(' ')[0]!.toLowerCase(), 'plain'] as const]
          : []),
        ['ID', 'ubuntu', 'plain'],
        ['ID_LIKE', 'debian', 'plain'],
      ] as const;
      return major >= 22
        ? lines(pretty, ...rest, ...homes('https://www.ubuntu.com/'))
        : lines(...rest, pretty, ['VERSION_ID', versionId], ...homes('http://www.ubuntu.com/'));
    }
    case 'debian':
      return lines(
        ['PRETTY_NAME', prettyName],
        ['NAME', name],
        ['VERSION_ID', versionId],
        ['VERSION', version],
        ['ID', 'debian', 'plain'],
        ...homes('https://www.debian.org/'),
      );
    case 'sles':
      return lines(
        ['NAME', name],
        ['VERSION', version],
        ['VERSION_ID', versionId],
        ['PRETTY_NAME', prettyName],
        ['ID', 'sles'],
        ...(major >= 15 ? [['ID_LIKE', 'suse'] as const] : []),
        ['ANSI_COLOR', '0;32'],
        ['CPE_NAME', `cpe:/o:suse:sles:${major}:sp${versionId.split('.')[1]}`],
      );
    default:
      return lines(
        ['NAME', name],
        ['VERSION', version],
        ['ID', id],
        ['ID_LIKE', id === 'rhel' || id === 'ol' ? 'fedora' : 'rhel fedora'],
        ['VERSION_ID', versionId],
        ['PRETTY_NAME', prettyName],
        ['ANSI_COLOR', '0;31'],
        ['CPE_NAME', `cpe:/o:${id === 'rhel' ? 'redhat:enterprise_linux' : `${id}:${id}`}:${versionId}`],
      );
  }
}
