/**
 * What the appliance collects of VMware machines: each datum that the Azure Migrate appliance is documented to collect, the
 * property of the documentation, the one that is read here, and the name under which the service is told. Printed to
 * docs/coverage/appliance-vmware.md and judged by tests: nothing is read that is not listed, nothing is listed that is
 * not read. [learn.microsoft.com/azure/migrate/discovered-metadata, 2019-11 and 2023-02]
 */

export interface Attribute {
  readonly datum: string;
  /** As the documentation words it; empty: not documented, and needed by migration. */
  readonly documented: string;
  /** "Type: path", several with ";". */
  readonly property: string;
  /** Path in the `Machine` of the discovery data plane; empty: told apart from the machine. */
  readonly sentAs: string;
}

const of = (datum: string, documented: string, property: string, sentAs: string): Attribute => ({
  datum,
  documented,
  property,
  sentAs,
});

export const ATTRIBUTES: readonly Attribute[] = [
  of('server id', 'vm.Config.InstanceUuid', 'VirtualMachine: config.instanceUuid', 'instanceUuid'),
  of('server name', 'vm.Config.Name', 'VirtualMachine: name', 'displayName'),
  of('vCenter id', 'VMwareClient.Instance.Uuid', 'ServiceContent: about.instanceUuid', 'vCenterId'),
  of(
    'description',
    'vm.Summary.Config.Annotation',
    'VirtualMachine: summary.config.annotation',
    'description',
  ),
  of(
    'licence product',
    'vm.Client.ServiceContent.About.LicenseProductName',
    'ServiceContent: about.licenseProductName',
    'fabric.licenseProductName',
  ),
  of(
    'operating system',
    'vm.SummaryConfig.GuestFullName',
    'VirtualMachine: guest.guestFullName (where tools report it), summary.config.guestFullName',
    'operatingSystemDetails.osName',
  ),
  of('boot type', 'vm.Config.Firmware', 'VirtualMachine: config.firmware', 'firmware'),
  of('cores', 'vm.Config.Hardware.NumCPU', 'VirtualMachine: config.hardware.numCPU', 'numberOfProcessorCore'),
  of(
    'memory (MB)',
    'vm.Config.Hardware.MemoryMB',
    'VirtualMachine: config.hardware.memoryMB',
    'allocatedMemoryInMB',
  ),
  of(
    'disks',
    'vm.Config.Hardware.Device (VirtualDisk)',
    'VirtualMachine: config.hardware.device[VirtualDisk]',
    'disks',
  ),
  of(
    'adapters',
    'vm.Config.Hardware.Device (VirtualEthernet)',
    'VirtualMachine: config.hardware.device[VirtualEthernetCard]',
    'networkAdapters',
  ),
  of(
    'processor model',
    'vm.Config.Hardware.CpuModel',
    'HostSystem: summary.hardware.cpuModel, of the host it runs on (a machine has no such property)',
    'fabric.processorModel',
  ),
  of(
    'sockets',
    'vm.Config.Hardware.NumCpuPkgs',
    'HostSystem: summary.hardware.numCpuPkgs, of the host it runs on (a machine has no such property)',
    'fabric.processorSockets',
  ),
  of('disk: key', 'disk.Key', 'VirtualDisk: key', 'disks[].key'),
  of('disk: unit', 'disk.UnitNumber', 'VirtualDisk: unitNumber', 'disks[].lun'),
  of(
    'disk: controller',
    'disk.ControllerKey.Value',
    'VirtualDisk: controllerKey',
    'fabric.disks[].controllerKey',
  ),
  of(
    'disk: size',
    'virtualDisk.DeviceInfo.Summary',
    'VirtualDisk: deviceInfo.summary; capacityInBytes, capacityInKB',
    'fabric.disks[].sizeText',
  ),
  of(
    'disk: size in bytes',
    '',
    'VirtualDisk: capacityInBytes, or capacityInKB before 5.5',
    'disks[].maxSizeInBytes',
  ),
  of(
    'disk: name',
    'built from unit number, key and controller key',
    'VirtualDisk: controllerKey, unitNumber, key',
    'fabric.disks[].name',
  ),
  of('adapter: name', 'nic.Key', 'VirtualEthernetCard: key', 'networkAdapters[].nicId'),
  of(
    'adapter: MAC address',
    '((VirtualEthernetCard)nic).MacAddress',
    'VirtualEthernetCard: macAddress',
    'networkAdapters[].macAddress',
  ),
  of(
    'adapter: addresses',
    'vm.Guest.Net',
    'VirtualMachine: guest.net[].ipConfig, or ipAddress',
    'networkAdapters[].ipAddressList',
  ),
  of(
    'path: type and reference of each container',
    'container type name, MoRef',
    'Folder, Datacenter, VirtualApp: the object itself',
    'fabric.inventoryPath[].id',
  ),
  of(
    'path: names',
    'container name',
    'Folder: name; Datacenter: name; VirtualApp: name',
    'fabric.inventoryPath[].name',
  ),
  of(
    'path: parents',
    'Parent, ChildType, Folder.ChildEntity.Type, Datacenter.VmFolder',
    'VirtualMachine: parent; VirtualMachine: parentVApp; Folder: parent; Datacenter: parent; VirtualApp: parentFolder; VirtualApp: parent (upwards, so that no list of children is read)',
    'dataCenterScope',
  ),
  of(
    'path: cluster and host',
    'Datacenter.HostFolder, ClusterComputeResource.Host, HostSystem.VM',
    'VirtualMachine: runtime.host; HostSystem: name; HostSystem: parent; ComputeResource: name; ComputeResource: parent (upwards)',
    'fabric.clusterName',
  ),
  of('host', '', 'VirtualMachine: runtime.host; HostSystem: name', 'hostName'),
  of('host version', '', 'HostSystem: summary.config.product.version', 'hostVersion'),
  of(
    'resource pool',
    '',
    'VirtualMachine: resourcePool; ResourcePool: name; ResourcePool: parent',
    'fabric.resourcePool',
  ),
  of('power', '', 'VirtualMachine: runtime.powerState', 'powerStatus'),
  of('BIOS UUID', '', 'VirtualMachine: config.uuid', 'biosGuid'),
  of('template', '', 'VirtualMachine: config.template', 'isTemplate'),
  of(
    'family of the operating system',
    '',
    'VirtualMachine: config.guestId; VirtualMachine: guest.guestFullName',
    'operatingSystemDetails.osType',
  ),
  of('cores per socket', '', 'VirtualMachine: config.hardware.numCoresPerSocket', 'fabric.coresPerSocket'),
  of(
    'tools: state',
    '',
    'VirtualMachine: guest.toolsVersionStatus2; VirtualMachine: guest.toolsRunningStatus',
    'vMwareToolsStatus',
  ),
  of('tools: version', '', 'VirtualMachine: guest.toolsVersion', 'fabric.toolsVersion'),
  of('host name of the guest', '', 'VirtualMachine: guest.hostName', 'fabric.guestHostName'),
  of(
    'change tracking',
    '',
    'VirtualMachine: capability.changeTrackingSupported; VirtualMachine: config.changeTrackingEnabled',
    'changeTrackingEnabled',
  ),
  of('snapshots', '', 'VirtualMachine: snapshot', 'numberOfSnapshots'),
  of('disk UUIDs shown to the guest', '', 'VirtualMachine: config.flags.diskUuidEnabled', 'diskEnabledUuid'),
  of(
    'disk: identity, file, mode, thin',
    '',
    'VirtualDisk: backing.uuid, backing.fileName, backing.diskMode, backing.thinProvisioned',
    'disks[].uuid',
  ),
  of('disk: datastore', '', 'VirtualDisk: backing.datastore; Datastore: name', 'disks[].path'),
  of(
    'adapter: network',
    '',
    'VirtualEthernetCard: backing.network, or backing.port.portgroupKey; Network: name',
    'networkAdapters[].networkName',
  ),
];

export const COUNTERS_READ: ReadonlyArray<readonly [counter: string, impact: string, instances: string]> = [
  ['cpu.usage.average', 'size, cost', 'the whole machine'],
  ['mem.usage.average', 'size, cost', 'the whole machine'],
  ['virtualDisk.read.average', 'disk size, storage cost, server size', 'each disk (scsi0:0)'],
  ['virtualDisk.write.average', 'disk size, storage cost, server size', 'each disk'],
  ['virtualDisk.numberReadAveraged.average', 'disk size, storage cost, server size', 'each disk'],
  ['virtualDisk.numberWriteAveraged.average', 'disk size, storage cost, server size', 'each disk'],
  ['net.received.average', 'server size', 'each adapter (4000)'],
  ['net.transmitted.average', 'server size', 'each adapter'],
];

/** The page of the documentation. */
export function attributesPage(): string {
  const rows = ATTRIBUTES.map(
    ({ datum, documented, property, sentAs }) =>
      `| ${datum} | ${documented || '–'} | ${property} | ${sentAs} |`,
  );
  return `# What the appliance collects of VMware machines

Made from \`reference-appliance/sources/vsphere/attributes.ts\`; a test keeps both equal, and compares the list with what is really read and sent.

Documented: the property as Microsoft's page of discovered metadata words it; "–" where that page is silent and migration needs the datum. Properties are read
once and then followed through \`WaitForUpdatesEx\`; the service is told every 15 minutes what changed.

| datum | documented | read from | sent as |
|---|---|---|---|
${rows.join('\n')}

| counter, every 20 seconds | impact | instances |
|---|---|---|
${COUNTERS_READ.map((row) => `| ${row.join(' | ')} |`).join('\n')}
`;
}
