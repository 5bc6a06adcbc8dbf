/** OVF descriptors of machines (DMTF DSP0243 1.1, with CIM classes for hardware): what CreateDescriptor answers. */
import { escapeAttribute, escapeText } from '#core/wire/xml/writer.ts';
import type { DiskFacts, Nic } from '../../estate/model.ts';
import { busOf, controllerKey, diskControllers } from '../vm/devices.ts';
import type { VirtualMachine } from '../vm/virtual-machine.ts';

/** A file that the descriptor's reader will find beside it. */
export interface OvfFile {
  readonly disk: DiskFacts;
  readonly path: string;
  readonly size: number;
  readonly populatedSize: number | undefined;
}

const SUBTYPES: Readonly<Record<DiskFacts['controller'], string>> = {
  pvscsi: 'VirtualSCSI',
  lsilogic: 'lsilogic',
  lsilogicsas: 'lsilogicsas',
  buslogic: 'buslogic',
  sata: 'vmware.sata.ahci',
  nvme: 'vmware.nvme.controller',
  ide: 'PIIX4',
};
const ADAPTERS: Readonly<Record<Nic['adapter'], string>> = {
  vmxnet3: 'VmxNet3',
  vmxnet2: 'VmxNet2',
  e1000: 'E1000',
  e1000e: 'E1000e',
  pcnet32: 'PCNet32',
  sriov: 'vmware.sriov',
};
/** CIM_ResourceAllocationSettingData.ResourceType. */
const TYPES = { cpu: 3, memory: 4, ide: 5, scsi: 6, ethernet: 10, disk: 17, other: 20 } as const;

export function ovfOf(vm: VirtualMachine, name: string, files: readonly OvfFile[]): string {
  const { machine } = vm;
  const networks = [...new Set(machine.nics.map(({ networkId }) => vm.inventory.network(networkId).name))];
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
    '  <References>',
    ...files.map(
      ({ path, size }, n) =>
        `    <File ovf:href="${escapeAttribute(path)}" ovf:id="file${n + 1}" ovf:size="${size}"/>`,
    ),
    '  </References>',
    '  <DiskSection>',
    '    <Info>Virtual disk information</Info>',
    ...files.map(({ disk, populatedSize }, n) => {
      const populated = populatedSize === undefined ? '' : ` ovf:populatedSize="${populatedSize}"`;
      return (
        `    <Disk ovf:capacity="${disk.sizeBytes}" ovf:capacityAllocationUnits="byte" ovf:diskId="vmdisk${n + 1}" ovf:fileRef="file${n + 1}" ` +
        `ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"${populated}/>`
      );
    }),
    '  </DiskSection>',
    '  <NetworkSection>',
    '    <Info>The list of logical networks</Info>',
    ...networks.map(
      (network) =>
        `    <Network ovf:name="${escapeAttribute(network)}"><Description>The ${escapeText(network)} network</Description></Network>`,
    ),
    '  </NetworkSection>',
    `  <VirtualSystem ovf:id="${escapeAttribute(name)}">`,
    '    <Info>A virtual machine</Info>',
    `    <Name>${escapeText(name)}</Name>`,
    ...(vm.annotation === ''
      ? []
      : [
          `    <AnnotationSection><Info>A human-readable annotation</Info><Annotation>${escapeText(vm.annotation)}</Annotation></AnnotationSection>`,
        ]),
    `    <OperatingSystemSection ovf:id="1" vmw:osType="${escapeAttribute(machine.os.guestId)}">`,
    '      <Info>The kind of installed guest operating system</Info>',
    `      <Description>${escapeText(machine.os.fullName)}</Description>`,
    '    </OperatingSystemSection>',
    '    <VirtualHardwareSection>',
    '      <Info>Virtual hardware requirements</Info>',
    '      <System>',
    '        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>',
    '        <vssd:InstanceID>0</vssd:InstanceID>',
    `        <vssd:VirtualSystemIdentifier>${escapeText(name)}</vssd:VirtualSystemIdentifier>`,
    `        <vssd:VirtualSystemType>vmx-${String(machine.hardwareVersion).padStart(2, '0')}</vssd:VirtualSystemType>`,
    '      </System>',
    ...hardwareOf(vm, files).map((item) => `      <Item>${item}</Item>`),
    `      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="${machine.firmware}"/>`,
    '    </VirtualHardwareSection>',
    '  </VirtualSystem>',
    '</Envelope>',
    '',
  ];
  return lines.join('\n');
}

/** Elements of CIM_ResourceAllocationSettingData come in the order of their names. */
function item(fields: Readonly<Record<string, string | number | undefined>>): string {
  return Object.keys(fields)
    .sort()
    .filter((name) => fields[name] !== undefined)
    .map((name) => `<rasd:${name}>${escapeText(String(fields[name]))}</rasd:${name}>`)
    .join('');
}

function hardwareOf(vm: VirtualMachine, files: readonly OvfFile[]): string[] {
  const { machine } = vm;
  let instance = 0;
  const next = () => ++instance;
  const items = [
    item({
      AllocationUnits: 'hertz * 10^6',
      Description: 'Number of Virtual CPUs',
      ElementName: `${machine.cores} virtual CPU(s)`,
      InstanceID: next(),
      ResourceType: TYPES.cpu,
      VirtualQuantity: machine.cores,
    }),
    item({
      AllocationUnits: 'byte * 2^20',
      Description: 'Memory Size',
      ElementName: `${machine.memoryMiB}MB of memory`,
      InstanceID: next(),
      ResourceType: TYPES.memory,
      VirtualQuantity: machine.memoryMiB,
    }),
  ];
  const instanceOf = new Map<number, number>();
  const addController = (key: number, kind: DiskFacts['controller'], bus: number): void => {
    const id = next();
    instanceOf.set(key, id);
    const family = busOf({ controller: kind });
    items.push(
      item({
        Address: bus,
        ElementName: `${family.toUpperCase()} controller ${bus}`,
        InstanceID: id,
        ResourceSubType: SUBTYPES[kind],
        ResourceType: family === 'scsi' ? TYPES.scsi : family === 'ide' ? TYPES.ide : TYPES.other,
      }),
    );
  };
  for (const [key, { controller, bus }] of diskControllers(machine)) addController(key, controller, bus);
  for (const disk of machine.disks)
    if (!instanceOf.has(controllerKey(disk))) addController(controllerKey(disk), disk.controller, disk.bus);
  for (const [n, { disk }] of files.entries())
    items.push(
      item({
        AddressOnParent: disk.unit,
        ElementName: disk.label,
        HostResource: `ovf:/disk/vmdisk${n + 1}`,
        InstanceID: next(),
        Parent: instanceOf.get(controllerKey(disk)),
        ResourceType: TYPES.disk,
      }),
    );
  for (const nic of machine.nics)
    items.push(
      item({
        AddressOnParent: 7 + nic.index,
        AutomaticAllocation: 'true',
        Connection: vm.inventory.network(nic.networkId).name,
        ElementName: `Network adapter ${nic.index + 1}`,
        InstanceID: next(),
        ResourceSubType: ADAPTERS[nic.adapter],
        ResourceType: TYPES.ethernet,
      }),
    );
  return items;
}
