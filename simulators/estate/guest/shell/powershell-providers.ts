/** What cmdlets of PowerShell read of the system: instances of WMI, keys of the registry. */
import { memoryOf } from '../load.ts';
import { registryPath } from '../registry.ts';
import { adapterName, windowsDevices } from '../windows-devices.ts';
import { type Item, item, PowerShellError, type Scalar } from './powershell-objects.ts';
import type { Session } from './shell.ts';

export function classOfQuery(query: string | undefined): string | undefined {
  return /\bfrom\s+(\w+)/i.exec(query ?? '')?.[1];
}

export function cimInstances(name: string, filter: (each: Item) => boolean, session: Session): Item[] {
  const { guest, now } = session.machine;
  const { os, machine, hardware } = guest;
  if (os.family !== 'windows') return [];
  const memory = memoryOf(guest, now);
  const classes: Record<string, () => Item[]> = {
    win32_operatingsystem: () => [
      item({
        Caption: os.caption,
        Version: os.version,
        BuildNumber: os.build,
        OSArchitecture: os.architecture,
        CSName: guest.hostName.toUpperCase(),
        ProductType: os.server ? 3 : 1,
        TotalVisibleMemorySize: memory.totalKb,
        FreePhysicalMemory: memory.totalKb - memory.usedKb,
        LastBootUpTime: new Date(guest.bootedAt()).toISOString(),
      }),
    ],
    win32_computersystem: () => [
      item({
        Name: guest.hostName.toUpperCase(),
        DNSHostName: guest.hostName,
        Domain: machine.dnsName.split('.').slice(1).join('.') || 'WORKGROUP',
        PartOfDomain: machine.dnsName.includes('.'),
        Manufacturer: hardware.vendor,
        Model: hardware.model,
        TotalPhysicalMemory: memory.totalKb * 1024,
        NumberOfProcessors: machine.sockets,
        NumberOfLogicalProcessors: machine.cores,
      }),
    ],
    win32_computersystemproduct: () => [
      item({
        Name: hardware.model,
        Vendor: hardware.vendor,
        IdentifyingNumber: guest.serialNumber(),
        UUID: hardware.uuid.toUpperCase(),
      }),
    ],
    win32_bios: () => [
      item({
        SerialNumber: guest.serialNumber(),
        Manufacturer: hardware.biosVendor,
        SMBIOSBIOSVersion: hardware.bios,
      }),
    ],
    win32_processor: () =>
      Array.from({ length: machine.sockets }, (_, i) =>
        item({
          DeviceID: `CPU${i}`,
          Name: hardware.cpuModel,
          NumberOfCores: Math.max(1, Math.floor(machine.cores / machine.sockets)),
          NumberOfLogicalProcessors: Math.max(1, Math.floor(machine.cores / machine.sockets)),
          MaxClockSpeed: hardware.cpuMhz,
        }),
      ),
    win32_process: () =>
      guest.processes(now).map(({ pid, parentPid, name: image, executable, commandLine }) =>
        item({
          ProcessId: pid,
          ParentProcessId: parentPid,
          Name: image,
          ExecutablePath: session.user.isRoot ? executable || null : null,
          CommandLine: session.user.isRoot ? commandLine || null : null,
        }),
      ),
    win32_service: () =>
      guest.services(now).map((service) =>
        item({
          Name: service.name,
          DisplayName: service.displayName,
          State: service.state === 'running' ? 'Running' : 'Stopped',
          StartMode: { auto: 'Auto', manual: 'Manual', disabled: 'Disabled' }[service.start],
          ProcessId: service.pid,
        }),
      ),
    win32_logicaldisk: () =>
      guest
        .disks()
        .flatMap(({ volumes }) => volumes)
        .map((volume) =>
          item({
            DeviceID: volume.name,
            DriveType: 3,
            FileSystem: volume.fileSystem,
            Size: volume.sizeBytes,
            FreeSpace: volume.sizeBytes - volume.usedBytes,
          }),
        ),
    win32_diskdrive: () =>
      guest.disks().map((disk) =>
        item({
          DeviceID: disk.name,
          Index: disk.index,
          Model: windowsDevices(guest).disk,
          Size: disk.sizeBytes,
          MediaType: 'Fixed hard disk media',
          InterfaceType: 'SCSI',
          Partitions: disk.volumes.length,
        }),
      ),
    win32_networkadapterconfiguration: () =>
      machine.nics.map((nic) =>
        item({
          Index: nic.index,
          Description: adapterName(guest, nic),
          MACAddress: nic.macAddress.toUpperCase(),
          IPAddress: nic.ipAddresses,
          IPEnabled: nic.connected,
          DHCPEnabled: false,
        }),
      ),
    win32_serverfeature: () =>
      guest
        .features()
        .filter(({ installed }) => installed)
        .map((feature, i) => item({ ID: i + 1, Name: feature.displayName, ParentID: 0 })),
  };
  const instances = classes[name.toLowerCase()];
  if (!instances)
    throw new PowerShellError(`Get-WmiObject : Invalid class "${name}"`, 'GetWMIManagementException');
  return instances().filter(filter);
}

/** Keys of the registry; a path that ends in \* means all keys directly below. */
export function registryItems(paths: string, keysOnly: boolean, session: Session): Item[] {
  const { registry } = session.machine.guest;
  return paths.split(',').flatMap((given) => {
    const all = /\\\*$/.test(given);
    const path = registryPath(
      given
        .replace(/^(Microsoft\.PowerShell\.Core\\)?Registry::/i, '')
        .replace(/\\\*$/, '')
        .replace(':\\', '\\'),
    );
    const key = path === undefined ? undefined : registry?.key(path);
    if (!registry || !key)
      throw new PowerShellError(
        `Get-ItemProperty : Cannot find path '${given}' because it does not exist.`,
        'PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand',
      );
    return (all || keysOnly ? registry.below(key.path) : [key]).map((each) =>
      item({
        ...Object.fromEntries(
          [...each.values].map(([name, { value }]) => [
            name,
            Buffer.isBuffer(value) ? value.toString('hex') : (value as Scalar | readonly Scalar[]),
          ]),
        ),
        PSPath: `Microsoft.PowerShell.Core\\Registry::${each.path}`,
        PSChildName: each.path.slice(each.path.lastIndexOf('\\') + 1),
      }),
    );
  });
}
