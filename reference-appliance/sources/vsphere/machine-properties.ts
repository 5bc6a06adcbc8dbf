/**
 * What is asked of a vCenter's objects, and how each value is read.
 *
 * The list follows what the Azure Migrate appliance is documented to read of VMware servers
 * [learn.microsoft.com/azure/migrate/discovered-metadata]; attributes.ts says which is which.
 */
import { child, childrenOf, childText, typeOf, type XmlElement } from '#core/wire/xml/element.ts';
import type { SourceMachine, VmwareDisk } from '../../app/source-machines.ts';
import { readReference } from './connection.ts';
import type { PropertySpec } from './property-collector.ts';

export const INVENTORY_SPECS: readonly PropertySpec[] = [
  {
    type: 'VirtualMachine',
    paths: [
      'name',
      'parent',
      'parentVApp',
      'resourcePool',
      'runtime.powerState',
      'runtime.host',
      'capability.changeTrackingSupported',
      'config.instanceUuid',
      'config.uuid',
      'config.template',
      'config.firmware',
      'config.guestId',
      'config.changeTrackingEnabled',
      'config.flags.diskUuidEnabled',
      'config.hardware.numCPU',
      'config.hardware.numCoresPerSocket',
      'config.hardware.memoryMB',
      'config.hardware.device',
      'summary.config.annotation',
      'summary.config.guestFullName',
      'guest.guestFullName',
      'guest.hostName',
      'guest.toolsRunningStatus',
      'guest.toolsVersion',
      'guest.toolsVersionStatus2',
      'guest.net',
      'snapshot',
    ],
  },
  {
    type: 'HostSystem',
    paths: [
      'name',
      'parent',
      'summary.config.product.version',
      'summary.hardware.cpuModel',
      'summary.hardware.numCpuPkgs',
    ],
  },
  { type: 'ComputeResource', paths: ['name', 'parent'] },
  { type: 'Datacenter', paths: ['name', 'parent'] },
  { type: 'Folder', paths: ['name', 'parent'] },
  { type: 'ResourcePool', paths: ['name', 'parent'] },
  { type: 'VirtualApp', paths: ['name', 'parent', 'parentFolder'] },
  { type: 'Datastore', paths: ['name'] },
  { type: 'Network', paths: ['name'] },
];

export interface Device {
  readonly key: number;
  readonly type: string;
  readonly bus: number;
  readonly disk?: DiskDevice;
  readonly nic?: NicDevice;
}

interface DiskDevice {
  readonly label: string;
  readonly controllerKey: number;
  readonly unit: number;
  readonly sizeBytes: number;
  /** deviceInfo.summary: "16,777,216 KB" */
  readonly sizeText: string;
  readonly backing: string;
  readonly fileName: string;
  readonly uuid: string;
  readonly mode: string;
  readonly thin: string | undefined;
  readonly datastore: string;
}

export interface NicDevice {
  readonly label: string;
  readonly macAddress: string;
  readonly network: string | undefined;
  readonly networkName: string;
}

export interface GuestNic {
  readonly macAddress: string;
  readonly network: string;
  readonly addresses: readonly string[];
}

/** Names escape "%", "/" and "\" as %25, %2f, %5c [ManagedEntity.name]. */
export function unescapeName(name: string): string {
  return name.replace(/%(25|2f|5c)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

export function readPower(text: string): SourceMachine['power'] {
  return text === 'poweredOn' ? 'on' : text === 'suspended' ? 'suspended' : 'off';
}

export function readOs(guestId: string, name: string): SourceMachine['os'] {
  const isWindows = /^win/i.test(guestId) || /windows/i.test(name);
  const isOther =
    /^(darwin|freebsd|solaris|netware|os2|dos|vmkernel|unixWare|openServer)/i.test(guestId) ||
    /^other(?!.*linux)/i.test(guestId);
  return { family: isWindows ? 'windows' : isOther || guestId === '' ? 'other' : 'linux', name };
}

export function countSnapshots(element: XmlElement, listName: string): number {
  let n = 0;
  for (const tree of childrenOf(element, listName)) n += 1 + countSnapshots(tree, 'childSnapshotList');
  return n;
}

export function readGuestNic(element: XmlElement): GuestNic {
  const configured = child(element, 'ipConfig');
  const addresses = configured
    ? childrenOf(configured, 'ipAddress').map((address) => childText(address, 'ipAddress') ?? '')
    : childrenOf(element, 'ipAddress').map((address) => address.text);
  return {
    macAddress: childText(element, 'macAddress') ?? '',
    network: childText(element, 'network') ?? '',
    addresses: addresses.filter((address) => address !== ''),
  };
}

/** Types with a MAC address are adapters, whatever their model. */
export function readDevice(element: XmlElement): Device {
  const type = typeOf(element) ?? '';
  const number = (name: string): number => Number(childText(element, name) ?? 0);
  const info = child(element, 'deviceInfo');
  const label = (info && childText(info, 'label')) ?? '';
  const backing = child(element, 'backing');
  const macAddress = childText(element, 'macAddress');
  const device: Device = { key: number('key'), type, bus: number('busNumber') };
  if (type === 'VirtualDisk') {
    const text = (name: string): string | undefined => backing && childText(backing, name);
    const bytes = childText(element, 'capacityInBytes');
    const datastore = backing && child(backing, 'datastore');
    return {
      ...device,
      disk: {
        label,
        controllerKey: number('controllerKey'),
        unit: number('unitNumber'),
        sizeText: (info && childText(info, 'summary')) ?? '',
        sizeBytes: bytes ? Number(bytes) : number('capacityInKB') * 1024,
        backing: (backing && typeOf(backing)) ?? '',
        fileName: text('fileName') ?? '',
        uuid: text('uuid') ?? '',
        mode: text('diskMode') ?? '',
        thin: text('thinProvisioned'),
        datastore: (datastore && readReference(datastore).id) ?? '',
      },
    };
  }
  if (macAddress === undefined) return device;
  const network = backing && child(backing, 'network');
  const port = backing && child(backing, 'port');
  return {
    ...device,
    nic: {
      label,
      macAddress,
      network: (network && readReference(network).id) || (port && childText(port, 'portgroupKey')),
      networkName: (backing && childText(backing, 'deviceName')) ?? '',
    },
  };
}

/** Controllers by type: how counters name a disk on one, and what the service calls it. */
const CONTROLLERS: ReadonlyArray<readonly [RegExp, string]> = [
  [/NVME/i, 'nvme'],
  [/SATA|AHCI/i, 'sata'],
  [/IDE/i, 'ide'],
  [/SCSI|LsiLogic|BusLogic/i, 'scsi'],
];

/** Virtual disks have a UUID except on very old hardware and for some raw mappings. */
export function diskUuid(uuid: string | undefined, key: number): string {
  return uuid || `disk-${key}`;
}

export function readDisks(devices: readonly Device[]): VmwareDisk[] {
  const disks = devices.flatMap((device) => (device.disk ? [{ device, disk: device.disk }] : []));
  const controllerOf = (key: number) => devices.find((device) => device.key === key);
  const ordered = [...disks].sort(
    (a, b) => a.disk.controllerKey - b.disk.controllerKey || a.disk.unit - b.disk.unit,
  );
  return disks.map(({ device, disk }) => {
    const controller = controllerOf(disk.controllerKey);
    const bus = CONTROLLERS.find(([pattern]) => pattern.test(controller?.type ?? ''))?.[1] ?? 'scsi';
    return {
      uuid: diskUuid(disk.uuid, device.key),
      label: disk.label,
      provisioning: disk.thin === 'true' ? 'Thin' : disk.thin === 'false' ? 'Thick' : 'Unknown',
      mode: disk.mode,
      controllerType: controller?.type ?? '',
      sizeBytes: disk.sizeBytes,
      sizeText: disk.sizeText,
      controllerKey: disk.controllerKey,
      instance: `${bus}${controller?.bus ?? 0}:${disk.unit}`,
      unit: disk.unit,
      path: disk.fileName,
      // vSphere does not say which disk holds the system; firmware boots the first on the first controller
      isOsDisk: ordered[0]?.device === device,
      key: device.key,
      datastore: disk.datastore,
    };
  });
}
