/** OVF descriptors as they come in: what ParseDescriptor and CreateImportSpec need of them. */
import { DryliftError } from '#core/errors.ts';
import { attribute, child, childrenOf, childText, type XmlElement } from '#core/wire/xml/element.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import type { DiskFacts, Nic } from '../../estate/model.ts';
import { vimFault } from '../faults.ts';

const OVF = 'http://schemas.dmtf.org/ovf/envelope/1';
const VMW = 'http://www.vmware.com/schema/ovf';
const LIMITS = { bytesMax: 2 * 1024 * 1024, depthMax: 40, elementsMax: 20_000 };
const ITEMS_MAX = 500;

export interface OvfDisk {
  readonly sizeBytes: number;
  /** File that holds its content; undefined for an empty one. */
  readonly file: { readonly href: string; readonly size: number | undefined } | undefined;
  readonly controller: DiskFacts['controller'];
  readonly bus: number;
  readonly unit: number;
}

export interface OvfMachine {
  readonly name: string;
  readonly annotation: string;
  readonly guestId: string;
  readonly hardware: string | undefined;
  readonly firmware: string | undefined;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly disks: readonly OvfDisk[];
  readonly nics: ReadonlyArray<{ readonly adapter: Nic['adapter']; readonly network: string }>;
}

const SCSI: Readonly<Record<string, DiskFacts['controller']>> = {
  virtualscsi: 'pvscsi',
  lsilogic: 'lsilogic',
  lsilogicsas: 'lsilogicsas',
  buslogic: 'buslogic',
};
const ADAPTERS: Readonly<Record<string, Nic['adapter']>> = {
  vmxnet3: 'vmxnet3',
  vmxnet2: 'vmxnet2',
  e1000: 'e1000',
  e1000e: 'e1000e',
  pcnet32: 'pcnet32',
};

function bad(description: string) {
  return vimFault('OvfXmlFormat', `The OVF descriptor cannot be read: ${description}.`, {
    lineNumber: 0,
    description,
  });
}

/** What a descriptor describes: one machine, or a vApp of several. */
export interface OvfPackage {
  readonly name: string;
  /** Of the vApp, or of the machine. */
  readonly annotation: string;
  readonly isVApp: boolean;
  readonly machines: readonly OvfMachine[];
  readonly networks: ReadonlyArray<{ readonly name: string; readonly description: string }>;
  readonly eula: readonly string[];
}

const MACHINES_MAX = 100;

/** @throws VimFault OvfXmlFormat, NotSupported for vApps in vApps */
export function readOvf(text: string): OvfPackage {
  let envelope: XmlElement;
  try {
    envelope = parseXml(text, LIMITS);
  } catch (error) {
    if (error instanceof DryliftError) throw bad(error.what.replace(/\.$/, ''));
    throw error;
  }
  if (envelope.name !== 'Envelope' || envelope.namespace !== OVF) throw bad('it is no OVF envelope');
  const sections = child(envelope, 'NetworkSection');
  const networks = (sections ? childrenOf(sections, 'Network') : []).map((network) => ({
    name: attribute(network, OVF, 'name') ?? '',
    description: childText(network, 'Description') ?? '',
  }));
  const collection = child(envelope, 'VirtualSystemCollection');
  const top = collection ?? child(envelope, 'VirtualSystem');
  if (!top) throw bad('there is no VirtualSystem with hardware');
  if (collection && child(collection, 'VirtualSystemCollection'))
    throw vimFault('NotSupported', 'vApps in vApps are not imported by this server.');
  const systems = collection ? childrenOf(collection, 'VirtualSystem') : [top];
  if (systems.length === 0 || systems.length > MACHINES_MAX)
    throw bad(`a vApp has between 1 and ${MACHINES_MAX} machines`);
  return {
    name: nameOf(top),
    annotation: annotationOf(top),
    isVApp: collection !== undefined,
    machines: systems.map((system) => machineOf(envelope, system)),
    networks,
    eula: childrenOf(top, 'EulaSection').map((section) => childText(section, 'License') ?? ''),
  };
}

function nameOf(system: XmlElement): string {
  return childText(system, 'Name') ?? attribute(system, OVF, 'id') ?? 'imported';
}

function annotationOf(system: XmlElement): string {
  const annotation = child(system, 'AnnotationSection');
  return annotation ? (childText(annotation, 'Annotation') ?? '') : '';
}

function machineOf(envelope: XmlElement, system: XmlElement): OvfMachine {
  const hardware = child(system, 'VirtualHardwareSection');
  if (!hardware) throw bad('there is no VirtualSystem with hardware');
  const items = childrenOf(hardware, 'Item').slice(0, ITEMS_MAX);
  const quantity = (type: string, otherwise: number) => {
    const found = items.find((item) => childText(item, 'ResourceType') === type);
    return Number(found ? childText(found, 'VirtualQuantity') : otherwise) || otherwise;
  };
  const os = child(system, 'OperatingSystemSection');
  return {
    name: nameOf(system),
    annotation: annotationOf(system),
    guestId: (os && attribute(os, VMW, 'osType')) ?? 'otherGuest',
    hardware: childText(child(hardware, 'System') ?? hardware, 'VirtualSystemType')
      ?.split(/\s+/)
      .filter((each) => /^vmx-\d\d$/.test(each))
      .at(-1),
    firmware: childrenOf(hardware, 'Config')
      .filter((config) => attribute(config, VMW, 'key') === 'firmware')
      .map((config) => attribute(config, VMW, 'value'))[0],
    cores: quantity('3', 1),
    memoryMiB: quantity('4', 1024),
    disks: disksOf(envelope, items),
    nics: items
      .filter((item) => childText(item, 'ResourceType') === '10')
      .map((item) => ({
        adapter: ADAPTERS[(childText(item, 'ResourceSubType') ?? '').toLowerCase()] ?? 'vmxnet3',
        network: childText(item, 'Connection') ?? '',
      })),
  };
}

function disksOf(envelope: XmlElement, items: readonly XmlElement[]): OvfDisk[] {
  const references = child(envelope, 'References');
  const files = new Map(
    (references ? childrenOf(references, 'File') : []).map((file) => [
      attribute(file, OVF, 'id') ?? '',
      { href: attribute(file, OVF, 'href') ?? '', size: Number(attribute(file, OVF, 'size')) || undefined },
    ]),
  );
  const section = child(envelope, 'DiskSection');
  const disks = new Map(
    (section ? childrenOf(section, 'Disk') : []).map((disk) => [attribute(disk, OVF, 'diskId') ?? '', disk]),
  );
  const controllers = new Map(items.map((item) => [childText(item, 'InstanceID') ?? '', item]));
  return items
    .filter((item) => childText(item, 'ResourceType') === '17')
    .map((item, nth) => {
      const id = /^(?:ovf:)?\/disk\/(.+)$/.exec(childText(item, 'HostResource') ?? '')?.[1] ?? '';
      const disk = disks.get(id);
      if (!disk) throw bad(`there is no disk "${id.slice(0, 80)}"`);
      const unit = unitOf(attribute(disk, OVF, 'capacityAllocationUnits'));
      const sizeBytes = Number(attribute(disk, OVF, 'capacity')) * unit;
      if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0 || sizeBytes % 512 !== 0)
        throw bad(`the capacity of disk "${id.slice(0, 80)}" is none`);
      const parent = controllers.get(childText(item, 'Parent') ?? '');
      return {
        sizeBytes,
        file: files.get(attribute(disk, OVF, 'fileRef') ?? ''),
        controller: controllerOf(parent),
        bus: Number((parent && childText(parent, 'Address')) || 0) || 0,
        unit: Number(childText(item, 'AddressOnParent') ?? nth) || 0,
      };
    });
}

function controllerOf(item: XmlElement | undefined): DiskFacts['controller'] {
  const type = item && childText(item, 'ResourceType');
  const subtype = ((item && childText(item, 'ResourceSubType')) ?? '').toLowerCase();
  if (type === '5') return 'ide';
  if (type === '20') return subtype.includes('nvme') ? 'nvme' : 'sata';
  return SCSI[subtype] ?? 'lsilogic';
}

/** "byte", "byte * 2^30", "MegaBytes". */
function unitOf(units: string | undefined): number {
  if (units === undefined || units.trim() === 'byte') return 1;
  const power = /2\^(\d{1,2})$/.exec(units.replaceAll(' ', ''))?.[1];
  if (power !== undefined) return 2 ** Number(power);
  if (/kilobytes/i.test(units)) return 1024;
  if (/megabytes/i.test(units)) return 1024 ** 2;
  if (/gigabytes/i.test(units)) return 1024 ** 3;
  throw bad(`disk capacities are in "${units.slice(0, 40)}"`);
}
