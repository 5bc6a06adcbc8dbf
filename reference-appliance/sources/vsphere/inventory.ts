/**
 * From managed objects to machines: which properties are asked for, how each is read, and how a machine is put
 * together from its own properties and those of the host, cluster, datacenter and folders it lies in.
 *
 * The list follows what the Azure Migrate appliance is documented to read of VMware servers
 * [learn.microsoft.com/azure/migrate/discovered-metadata].
 */
import { child, childrenOf, childText, typeOf, type XmlElement } from '#core/wire/xml/element.ts';
import type { SourceDisk, SourceMachine, SourceNic } from '../../app/ports.ts';
import { readReference } from './connection.ts';
import type { ObjectUpdate, PropertySpec } from './property-collector.ts';

export const INVENTORY_SPECS: readonly PropertySpec[] = [
  {
    type: 'VirtualMachine',
    paths: [
      'name',
      'parent',
      'runtime.powerState',
      'runtime.host',
      'capability.changeTrackingSupported',
      'config.instanceUuid',
      'config.uuid',
      'config.template',
      'config.firmware',
      'config.annotation',
      'config.guestId',
      'config.guestFullName',
      'config.changeTrackingEnabled',
      'config.flags.diskUuidEnabled',
      'config.hardware.numCPU',
      'config.hardware.memoryMB',
      'config.hardware.device',
      'guest.guestFullName',
      'guest.toolsRunningStatus',
      'guest.toolsVersionStatus2',
      'guest.net',
      'snapshot',
    ],
  },
  { type: 'HostSystem', paths: ['name', 'parent', 'summary.config.product.version'] },
  { type: 'ComputeResource', paths: ['name', 'parent'] },
  { type: 'Datacenter', paths: ['name', 'parent'] },
  { type: 'Folder', paths: ['name', 'parent'] },
  { type: 'Datastore', paths: ['name'] },
  { type: 'Network', paths: ['name'] },
];

/** Which machines of a vCenter are looked at; everything when absent. Names; any match admits a machine. */
export interface Scope {
  readonly machines?: readonly string[] | undefined;
  readonly folders?: readonly string[] | undefined;
  readonly clusters?: readonly string[] | undefined;
}

interface Entry {
  readonly type: string;
  name: string;
  parent: string | undefined;
  version: string;
}

interface Device {
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
  readonly backing: string;
  readonly fileName: string;
  readonly uuid: string;
  readonly mode: string;
  readonly thin: string | undefined;
  readonly datastore: string;
}

interface NicDevice {
  readonly label: string;
  readonly macAddress: string;
  readonly network: string | undefined;
  readonly networkName: string;
}

interface GuestNic {
  readonly macAddress: string;
  readonly network: string;
  readonly addresses: readonly string[];
}

/** What is known of one virtual machine: one field per property, so that an update replaces just its field. */
interface MachineFacts {
  values: Map<string, string>;
  devices: readonly Device[];
  guestNics: readonly GuestNic[];
  snapshots: number;
}

/** The appliance's picture of one vCenter, kept up to date by updates. */
export class Inventory {
  readonly #entries = new Map<string, Entry>();
  readonly #machines = new Map<string, MachineFacts>();
  readonly #touched = new Set<string>();
  readonly #left: string[] = [];
  readonly #scope: Scope | undefined;
  #surroundingsChanged = false;

  constructor(scope: Scope | undefined) {
    this.#scope = scope;
  }

  /** Forgets everything: the server tells it anew. */
  clear(): void {
    this.#entries.clear();
    this.#machines.clear();
    this.#touched.clear();
    this.#left.length = 0;
  }

  apply({ kind, object, changes }: ObjectUpdate): void {
    const { type, id } = object;
    if (type === 'VirtualMachine') return this.#applyMachine(kind, id, changes);
    this.#surroundingsChanged = true;
    if (kind === 'leave') {
      this.#entries.delete(id);
      return;
    }
    const entry = this.#entries.get(id) ?? { type, name: '', parent: undefined, version: '' };
    for (const [path, value] of changes) {
      if (path === 'name') entry.name = unescapeName(value?.text ?? '');
      else if (path === 'parent') entry.parent = value && readReference(value).id;
      else if (path === 'summary.config.product.version') entry.version = value?.text ?? '';
    }
    this.#entries.set(id, entry);
  }

  /** Machines that changed since the last call (all of them when a host, cluster or folder did), and those gone. */
  takeChanges(): { machines: SourceMachine[]; removed: string[] } {
    const handles = this.#surroundingsChanged ? this.#machines.keys() : this.#touched;
    const machines: SourceMachine[] = [];
    const removed = [...this.#left];
    for (const handle of handles) {
      const facts = this.#machines.get(handle);
      const machine = facts && this.#assemble(handle, facts);
      if (!machine) continue;
      if (this.#isInScope(machine)) machines.push(machine);
      else if (this.#scope) removed.push(machine.instanceUuid);
    }
    this.#touched.clear();
    this.#left.length = 0;
    this.#surroundingsChanged = false;
    return { machines, removed };
  }

  /** Name of the datacenter, with the folders above it, of the machine's files: what /folder calls dcPath. */
  datacenterPath(handle: string): string {
    const chain = this.#ancestors(this.#machines.get(handle)?.values.get('parent'));
    const at = chain.findIndex(({ type }) => type === 'Datacenter');
    return at < 0 ? '' : pathOf(chain.slice(at));
  }

  #applyMachine(
    kind: ObjectUpdate['kind'],
    id: string,
    changes: ReadonlyMap<string, XmlElement | undefined>,
  ): void {
    if (kind === 'leave') {
      const uuid = this.#machines.get(id)?.values.get('config.instanceUuid');
      this.#machines.delete(id);
      this.#touched.delete(id);
      if (uuid) this.#left.push(uuid);
      return;
    }
    const facts = this.#machines.get(id) ?? { values: new Map(), devices: [], guestNics: [], snapshots: 0 };
    for (const [path, value] of changes) {
      if (path === 'config.hardware.device') facts.devices = value ? value.children.map(readDevice) : [];
      else if (path === 'guest.net') facts.guestNics = value ? value.children.map(readGuestNic) : [];
      else if (path === 'snapshot') facts.snapshots = value ? countSnapshots(value, 'rootSnapshotList') : 0;
      else if (value) facts.values.set(path, value.text);
      else facts.values.delete(path);
    }
    this.#machines.set(id, facts);
    this.#touched.add(id);
  }

  /** From the given object up to, not including, the root folder: that has no parent, and no place in paths. */
  #ancestors(from: string | undefined): Entry[] {
    const chain: Entry[] = [];
    for (let id = from; id !== undefined && chain.length < 100; ) {
      const entry = this.#entries.get(id);
      if (!entry || (entry.type === 'Folder' && entry.parent === undefined)) break;
      chain.push(entry);
      id = entry.parent;
    }
    return chain;
  }

  /** Undefined while vCenter has not given it an identity: just being created, or its host is not connected. */
  #assemble(
    handle: string,
    { values, devices, guestNics, snapshots }: MachineFacts,
  ): SourceMachine | undefined {
    const instanceUuid = values.get('config.instanceUuid');
    if (!instanceUuid) return undefined;
    const text = (path: string): string => values.get(path) ?? '';
    const host = this.#entries.get(text('runtime.host'));
    const compute = this.#ancestors(host?.parent)[0];
    const folders = this.#ancestors(values.get('parent'));
    const datacenter = folders.find(({ type }) => type === 'Datacenter');
    const disks = readDisks(devices);
    return {
      handle,
      instanceUuid,
      biosUuid: text('config.uuid'),
      name: unescapeName(text('name')),
      isTemplate: text('config.template') === 'true',
      power: readPower(text('runtime.powerState')),
      cores: Number(text('config.hardware.numCPU')),
      memoryMiB: Number(text('config.hardware.memoryMB')),
      firmware: text('config.firmware') === 'efi' ? 'EFI' : 'BIOS',
      os: readOs(text('config.guestId'), text('guest.guestFullName') || text('config.guestFullName')),
      description: text('config.annotation'),
      datacenter: datacenter?.name ?? '',
      folder: pathOf(folders),
      cluster: compute?.type === 'ClusterComputeResource' ? compute.name : '',
      host: host?.name ?? '',
      hostVersion: host?.version ?? '',
      toolsRunning: text('guest.toolsRunningStatus') === 'guestToolsRunning',
      toolsStatus: text('guest.toolsVersionStatus2') || text('guest.toolsRunningStatus'),
      changeTrackingSupported: text('capability.changeTrackingSupported') === 'true',
      changeTrackingEnabled: text('config.changeTrackingEnabled') === 'true',
      snapshots,
      diskUuidEnabled: text('config.flags.diskUuidEnabled'),
      disks,
      nics: devices.flatMap((device) => (device.nic ? [this.#nic(device, device.nic, guestNics)] : [])),
    };
  }

  #nic({ key, type }: Device, nic: NicDevice, guestNics: readonly GuestNic[]): SourceNic {
    const seen = guestNics.find(({ macAddress }) => macAddress === nic.macAddress);
    return {
      id: String(key),
      label: nic.label,
      adapterType: type,
      macAddress: nic.macAddress,
      addresses: seen?.addresses ?? [],
      networkName:
        (nic.network && this.#entries.get(nic.network)?.name) || nic.networkName || seen?.network || '',
    };
  }

  #isInScope({ name, folder, cluster }: SourceMachine): boolean {
    if (!this.#scope) return true;
    const { machines, folders, clusters } = this.#scope;
    const names = folder.split('/');
    return (
      machines?.includes(name) === true ||
      clusters?.includes(cluster) === true ||
      folders?.some((wanted) => names.includes(wanted)) === true
    );
  }
}

/** Names from the outermost inwards. */
function pathOf(chain: readonly Entry[]): string {
  return chain
    .map(({ name }) => name)
    .reverse()
    .join('/');
}

/** Names escape "%", "/" and "\" as %25, %2f, %5c [ManagedEntity.name]. */
function unescapeName(name: string): string {
  return name.replace(/%(25|2f|5c)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

export function readPower(text: string): SourceMachine['power'] {
  return text === 'poweredOn' ? 'on' : text === 'suspended' ? 'suspended' : 'off';
}

function readOs(guestId: string, name: string): SourceMachine['os'] {
  const isWindows = /^win/i.test(guestId) || /windows/i.test(name);
  const isOther =
    /^(darwin|freebsd|solaris|netware|os2|dos|vmkernel|unixWare|openServer)/i.test(guestId) ||
    /^other(?!.*linux)/i.test(guestId);
  return { family: isWindows ? 'windows' : isOther || guestId === '' ? 'other' : 'linux', name };
}

function countSnapshots(element: XmlElement, listName: string): number {
  let n = 0;
  for (const tree of childrenOf(element, listName)) n += 1 + countSnapshots(tree, 'childSnapshotList');
  return n;
}

function readGuestNic(element: XmlElement): GuestNic {
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
function readDevice(element: XmlElement): Device {
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

function readDisks(devices: readonly Device[]): SourceDisk[] {
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
