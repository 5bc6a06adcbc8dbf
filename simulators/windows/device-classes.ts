/** Disks, volumes and adapters. */
import { isIPv4 } from 'node:net';
import { type Bytes, MIB } from '#core/units.ts';
import { adapterDriver, adapterMaker, adapterName, windowsDevices } from '../estate/guest/windows-devices.ts';
import type { ClassSource } from '../winrm/cim/repository.ts';
import type { CimValue } from '../winrm/cim/values.ts';
import { cimv2, systemKeys, type WindowsServer } from './windows-server.ts';

const SECTOR: Bytes = 512;
/** Win32_DiskDrive counts whole cylinders of 255 heads and 63 sectors, and so shows a little less than there is. */
const CYLINDER: Bytes = 255 * 63 * SECTOR;
const FIRST_PARTITION_AT: Bytes = MIB;
interface Partition {
  readonly disk: number;
  readonly index: number;
  readonly startsAt: Bytes;
  readonly sizeBytes: Bytes;
  readonly letter: string | undefined;
  readonly boot: boolean;
}

export function deviceClasses(server: WindowsServer): ClassSource[] {
  return [
    cimv2('Win32_DiskDrive', () => diskDrives(server)),
    cimv2('Win32_DiskPartition', () =>
      partitionsOf(server).map((partition) => partitionRow(server, partition)),
    ),
    cimv2('Win32_LogicalDisk', () => logicalDisks(server)),
    cimv2('Win32_Volume', () => volumes(server)),
    cimv2('Win32_NetworkAdapter', () => adapters(server)),
    cimv2('Win32_NetworkAdapterConfiguration', () => adapterConfigurations(server)),
  ];
}

function* diskDrives(server: WindowsServer): Iterable<Record<string, CimValue>> {
  const partitions = partitionsOf(server);
  const { disk, hardwareId } = windowsDevices(server.guest);
  for (const { name, index, sizeBytes } of server.guest.disks()) {
    const cylinders = Math.floor(sizeBytes / CYLINDER);
    yield {
      ...systemKeys(server, 'Win32_DiskDrive'),
      DeviceID: name,
      Name: name,
      Caption: disk,
      Description: 'Disk drive',
      Model: disk,
      Manufacturer: '(Standard disk drives)',
      Status: 'OK',
      Index: index,
      InterfaceType: 'SCSI',
      MediaType: 'Fixed hard disk media',
      MediaLoaded: true,
      BytesPerSector: SECTOR,
      Partitions: partitions.filter((partition) => partition.disk === index).length,
      PNPDeviceID: `${hardwareId}\\5&1982005&0&${String(index).padStart(6, '0')}`,
      SCSIBus: 0,
      SCSIPort: 2,
      SCSILogicalUnit: 0,
      SCSITargetId: index,
      SectorsPerTrack: 63,
      TotalHeads: 255,
      TracksPerCylinder: 255,
      TotalCylinders: cylinders,
      TotalTracks: cylinders * 255,
      TotalSectors: cylinders * 255 * 63,
      Size: BigInt(cylinders * CYLINDER),
      SerialNumber: server.guest.machine.disks[index]?.uuid.replaceAll('-', '').toLowerCase() ?? null,
    };
  }
}

/** A system partition in front of C:, one partition on every other disk. */
function partitionsOf({ guest }: WindowsServer): Partition[] {
  const SYSTEM_BYTES = Math.min(500 * MIB, Math.floor((guest.disks()[0]?.sizeBytes ?? 0) / 8));
  return guest.disks().flatMap(({ index, volumes }): Partition[] => {
    const letter = volumes[0]?.name;
    const size = volumes[0]?.sizeBytes ?? 0;
    const at = FIRST_PARTITION_AT;
    if (index > 0) return [{ disk: index, index: 0, startsAt: at, sizeBytes: size, letter, boot: false }];
    return [
      { disk: 0, index: 0, startsAt: at, sizeBytes: SYSTEM_BYTES, letter: undefined, boot: true },
      { disk: 0, index: 1, startsAt: at + SYSTEM_BYTES, sizeBytes: size - SYSTEM_BYTES, letter, boot: false },
    ];
  });
}

function nameOf(partition: Partition): string {
  return `Disk #${partition.disk}, Partition #${partition.index}`;
}

function partitionRow(server: WindowsServer, partition: Partition): Record<string, CimValue> {
  const gpt = server.guest.machine.firmware === 'efi';
  const name = nameOf(partition);
  const kind = partition.boot ? 'System' : 'Basic Data';
  return {
    ...systemKeys(server, 'Win32_DiskPartition'),
    DeviceID: name,
    Name: name,
    Caption: name,
    Description: gpt ? `GPT: ${kind}` : 'Installable File System',
    Type: gpt ? `GPT: ${kind}` : 'Installable File System',
    BlockSize: SECTOR,
    NumberOfBlocks: Math.floor(partition.sizeBytes / SECTOR),
    Bootable: partition.boot,
    BootPartition: partition.boot,
    PrimaryPartition: true,
    DiskIndex: partition.disk,
    Index: partition.index,
    Size: BigInt(Math.floor(partition.sizeBytes / SECTOR) * SECTOR),
    StartingOffset: BigInt(partition.startsAt),
  };
}

function* logicalDisks(server: WindowsServer): Iterable<Record<string, CimValue>> {
  for (const { volumes } of server.guest.disks())
    for (const volume of volumes)
      yield {
        ...systemKeys(server, 'Win32_LogicalDisk'),
        DeviceID: volume.name,
        Name: volume.name,
        Caption: volume.name,
        Description: 'Local Fixed Disk',
        DriveType: 3,
        MediaType: 12,
        FileSystem: volume.fileSystem,
        Size: BigInt(volume.sizeBytes),
        FreeSpace: BigInt(volume.sizeBytes - volume.usedBytes),
        Access: 0,
        Compressed: false,
        MaximumComponentLength: 255,
        SupportsFileBasedCompression: true,
        VolumeName: '',
        VolumeSerialNumber: serialOf(server, volume.name).toString(16).toUpperCase().padStart(8, '0'),
      };
}

function* volumes(server: WindowsServer): Iterable<Record<string, CimValue>> {
  for (const { index, volumes: onDisk } of server.guest.disks())
    for (const volume of onDisk)
      yield {
        ...systemKeys(server, 'Win32_Volume'),
        DeviceID: `\\\\?\\Volume{${server.guest.uuid('windows.volume', index)}}\\`,
        Name: volume.mountPoint,
        Caption: volume.mountPoint,
        DriveLetter: volume.name,
        DriveType: 3,
        FileSystem: volume.fileSystem,
        Capacity: BigInt(volume.sizeBytes),
        FreeSpace: BigInt(volume.sizeBytes - volume.usedBytes),
        BlockSize: 4096,
        Automount: true,
        BootVolume: volume.name === 'C:',
        SystemVolume: false,
        Compressed: false,
        Label: '',
        SerialNumber: serialOf(server, volume.name),
      };
}

function serialOf({ guest }: WindowsServer, volume: string): number {
  return guest.entropy.u32('windows.volumeSerial', guest.machine.id, volume);
}

function* adapters(server: WindowsServer): Iterable<Record<string, CimValue>> {
  for (const nic of server.guest.machine.nics) {
    const product = adapterName(server.guest, nic);
    yield {
      ...systemKeys(server, 'Win32_NetworkAdapter'),
      DeviceID: String(nic.index + 1),
      Index: nic.index + 1,
      InterfaceIndex: nic.index + 4,
      Name: product,
      Caption: `[${String(nic.index + 1).padStart(8, '0')}] ${product}`,
      Description: product,
      ProductName: product,
      AdapterType: 'Ethernet 802.3',
      AdapterTypeId: 0,
      Availability: 3,
      GUID: `{${server.guest.uuid('windows.adapter', nic.index).toUpperCase()}}`,
      Installed: true,
      MACAddress: nic.macAddress.toUpperCase(),
      Manufacturer: adapterMaker(server.guest, nic),
      NetConnectionID: server.guest.interfaceName(nic),
      NetConnectionStatus: nic.connected ? 2 : 7,
      NetEnabled: nic.connected,
      PhysicalAdapter: true,
      ServiceName: adapterDriver(server.guest, nic),
      Speed: nic.connected ? 10_000_000_000 : null,
      PowerManagementSupported: false,
    };
  }
  for (const { index, product, service, caption } of miniportsOf(server))
    yield {
      ...systemKeys(server, 'Win32_NetworkAdapter'),
      DeviceID: String(index),
      Index: index,
      InterfaceIndex: index + 3,
      Name: product,
      Caption: caption,
      Description: product,
      ProductName: product,
      Availability: 3,
      Installed: true,
      Manufacturer: 'Microsoft',
      PhysicalAdapter: false,
      ServiceName: service,
      PowerManagementSupported: false,
    };
}

/** Network devices without a cable, which every Windows has; the first has the lowest number of all. */
const MINIPORTS = [
  { product: 'Microsoft Kernel Debug Network Adapter', service: 'kdnic' },
  { product: 'WAN Miniport (IP)', service: 'NdisWan' },
  { product: 'WAN Miniport (IPv6)', service: 'NdisWan' },
  { product: 'Microsoft ISATAP Adapter', service: 'tunnel' },
] as const;

interface Miniport {
  readonly index: number;
  readonly product: string;
  readonly service: string;
  readonly caption: string;
}

function miniportsOf({ guest }: WindowsServer): Miniport[] {
  return MINIPORTS.map(({ product, service }, i) => {
    const index = i === 0 ? 0 : guest.machine.nics.length + i;
    return { index, product, service, caption: `[${String(index).padStart(8, '0')}] ${product}` };
  });
}

function* adapterConfigurations(server: WindowsServer): Iterable<Record<string, CimValue>> {
  for (const nic of server.guest.machine.nics) {
    const enabled = nic.connected && nic.ipAddresses.length > 0;
    const addresses = enabled ? nic.ipAddresses : [];
    const first = addresses.find((address) => isIPv4(address));
    yield {
      Index: nic.index + 1,
      InterfaceIndex: nic.index + 4,
      Description: adapterName(server.guest, nic),
      Caption: `[${String(nic.index + 1).padStart(8, '0')}] ${adapterName(server.guest, nic)}`,
      SettingID: `{${server.guest.uuid('windows.adapter', nic.index).toUpperCase()}}`,
      DHCPEnabled: false,
      IPEnabled: enabled,
      IPAddress: enabled ? addresses : null,
      IPSubnet: enabled ? addresses.map((address) => (isIPv4(address) ? '255.255.255.0' : '64')) : null,
      DefaultIPGateway: first === undefined ? null : [first.replace(/\d+$/, '1')],
      DNSHostName: enabled ? server.guest.hostName : null,
      DNSServerSearchOrder: first === undefined ? null : [first.replace(/\d+$/, '2')],
      MACAddress: nic.macAddress.toUpperCase(),
      ServiceName: adapterDriver(server.guest, nic),
    };
  }
  for (const { index, product, service, caption } of miniportsOf(server))
    yield {
      Index: index,
      InterfaceIndex: index + 3,
      Description: product,
      Caption: caption,
      DHCPEnabled: false,
      IPEnabled: false,
      ServiceName: service,
    };
}
