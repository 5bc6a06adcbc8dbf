/** What is installed: products, roles and features, updates. */
import { DAY, type UnixMillis } from '#core/units.ts';
import { registryPath } from '../estate/guest/registry.ts';
import type { ClassSource } from '../winrm/cim/repository.ts';
import type { CimValue } from '../winrm/cim/values.ts';
import { cimv2, hostName, type WindowsServer } from './windows-server.ts';

const UNINSTALL = [
  'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall',
  'HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall',
];
const INSTALLED = 5;

export function softwareClasses(server: WindowsServer): ClassSource[] {
  const { guest, os } = server;
  return [
    cimv2('Win32_Product', () => products(server)),
    // on server editions only; lists what is installed
    ...(os.server
      ? [
          cimv2('Win32_ServerFeature', () => {
            const installed = guest.features().filter((feature) => feature.installed);
            const idOf = new Map(installed.map(({ name }, i) => [name, i + 1]));
            return installed.map((feature) => ({
              ID: idOf.get(feature.name)!,
              Name: feature.displayName,
              ParentID: idOf.get(feature.parent) ?? 0,
            }));
          }),
        ]
      : []),
    cimv2('Win32_OptionalFeature', () =>
      guest.features().map(({ name, displayName, installed }) => ({
        Name: name,
        Caption: displayName,
        Description: displayName,
        InstallState: installed ? 1 : 2,
      })),
    ),
    cimv2('Win32_QuickFixEngineering', () => updates(server)),
  ];
}

/** What Windows Installer put there: those of the two Uninstall keys that are its own. */
function* products({ guest }: WindowsServer): Iterable<Record<string, CimValue>> {
  for (const path of UNINSTALL)
    for (const key of guest.registry?.below(registryPath(path)!) ?? []) {
      const text = (name: string): string => String(key.values.get(name)?.value ?? '');
      const id = key.path.slice(key.path.lastIndexOf('\\') + 1);
      if (key.values.get('WindowsInstaller')?.value !== 1 || !id.startsWith('{')) continue;
      const name = text('DisplayName');
      yield {
        IdentifyingNumber: id,
        Name: name,
        Version: text('DisplayVersion'),
        Caption: name,
        Description: name,
        Vendor: text('Publisher'),
        AssignmentType: 1,
        InstallDate: text('InstallDate'),
        InstallState: INSTALLED,
        InstallSource: 'C:\\Windows\\Temp\\',
        Language: '1033',
        LocalPackage: `C:\\Windows\\Installer\\${id.slice(1, 7).toLowerCase()}.msi`,
        PackageCode: id,
        PackageName: `${name}.msi`,
        WordCount: 2,
      };
    }
}

/** Of the months after the installation, as many as somebody cared for. */
function* updates(server: WindowsServer): Iterable<Record<string, CimValue>> {
  const { guest } = server;
  const count = 2 + guest.entropy.below(4, 'windows.updates', guest.machine.id);
  for (let i = 0; i < count; i++) {
    const number = 4_000_000 + guest.entropy.below(1_200_000, 'windows.update', guest.os.family, i);
    yield {
      HotFixID: `KB${number}`,
      ServicePackInEffect: '',
      CSName: hostName(server),
      Caption: `http://support.microsoft.com/?kbid=${number}`,
      Description: i === 0 ? 'Update' : 'Security Update',
      FixComments: '',
      InstalledBy: 'NT AUTHORITY\\SYSTEM',
      InstalledOn: usDate(guest.installedAt + (i + 1) * 30 * DAY),
    };
  }
}

/** "8/12/2021", as this class has it. */
function usDate(at: UnixMillis): string {
  const date = new Date(at);
  return `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()}`;
}
