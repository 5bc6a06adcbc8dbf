/**
 * What the appliance collects of Hyper-V machines: each datum that the Azure Migrate appliance is documented to collect, the
 * class and property of the documentation, those that are read here, and the name under which the service is told. Printed
 * to docs/coverage/appliance-hyperv.md and judged by tests: nothing is read that is not listed, nothing is listed that is
 * not read. [learn.microsoft.com/azure/migrate/discovered-metadata, 2023-02]
 */
import { COUNTER_QUERIES, HOST_QUERIES } from './queries.ts';

export interface Attribute {
  readonly datum: string;
  /** "Class.Property" as the documentation words it; empty: not documented. */
  readonly documented: string;
  /** "Class.Property", several with ", ". */
  readonly read: string;
  /** Path in the `HyperVMachine` of the discovery data plane; empty: needed to put the others together. */
  readonly sentAs: string;
}

const of = (datum: string, documented: string, read: string, sentAs: string): Attribute => ({
  datum,
  documented,
  read,
  sentAs,
});

export const ATTRIBUTES: readonly Attribute[] = [
  of(
    'identifier',
    '',
    'Msvm_VirtualSystemSettingData.VirtualSystemIdentifier, Msvm_ComputerSystem.Name (with a mark where Msvm_ComputerSystem.ReplicationMode tells of a replica, which has the GUID of its original)',
    'instanceUuid',
  ),
  of(
    'BIOS serial number',
    'Msvm_BIOSElement.BIOSSerialNumber',
    'Msvm_BIOSElement.BIOSSerialNumber',
    'biosSerialNumber',
  ),
  of('BIOS GUID', '', 'Msvm_VirtualSystemSettingData.BIOSGUID', 'biosGuid'),
  of(
    'generation',
    'Msvm_VirtualSystemSettingData.VirtualSystemSubType',
    'Msvm_VirtualSystemSettingData.VirtualSystemSubType',
    'generation',
  ),
  of('boot type', '', 'Msvm_VirtualSystemSettingData.VirtualSystemSubType: generation 2 is EFI', 'firmware'),
  of(
    'display name',
    'Msvm_VirtualSystemSettingData.ElementName',
    'Msvm_VirtualSystemSettingData.ElementName',
    'displayName',
  ),
  of(
    'processors (the page says: server version)',
    'Msvm_ProcessorSettingData.VirtualQuantity',
    'Msvm_ProcessorSettingData.VirtualQuantity',
    'numberOfProcessorCore',
  ),
  of(
    'processors per socket',
    '',
    'Msvm_ProcessorSettingData.MaxProcessorsPerNumaNode, Msvm_ProcessorSettingData.MaxNumaNodesPerSocket',
    '',
  ),
  of(
    'memory',
    'Msvm_MemorySettingData.VirtualQuantity',
    'Msvm_MemorySettingData.VirtualQuantity (MB)',
    'allocatedMemoryInMb',
  ),
  of('maximum memory', 'Msvm_MemorySettingData.Limit', 'Msvm_MemorySettingData.Limit', 'maxMemoryMb'),
  of('minimum memory', '', 'Msvm_MemorySettingData.Reservation', ''),
  of(
    'dynamic memory',
    'Msvm_MemorySettingData.DynamicMemoryEnabled',
    'Msvm_MemorySettingData.DynamicMemoryEnabled',
    'isDynamicMemoryEnabled',
  ),
  of(
    'operating system: name, version, architecture',
    'Msvm_KvpExchangeComponent.GuestIntrinsicExchangeItems',
    'Msvm_KvpExchangeComponent.GuestIntrinsicExchangeItems: OSName, OSVersion, OSPlatformId, OSDistributionName, OSDistributionData, OSKernelVersion, ProcessorArchitecture; Msvm_KvpExchangeComponent.SystemName',
    'operatingSystemDetails.osName',
  ),
  of(
    'FQDN of the guest',
    'Msvm_KvpExchangeComponent.GuestIntrinsicExchangeItems',
    'Msvm_KvpExchangeComponent.GuestIntrinsicExchangeItems: FullyQualifiedDomainName',
    '',
  ),
  of(
    'integration services',
    '',
    'Msvm_HeartbeatComponent.OperationalStatus, Msvm_HeartbeatComponent.SystemName, Msvm_KvpExchangeComponent.GuestIntrinsicExchangeItems: IntegrationServicesVersion',
    '',
  ),
  of('power', 'Msvm_ComputerSystem.EnabledState', 'Msvm_ComputerSystem.EnabledState', 'powerStatus'),
  of('notes', '', 'Msvm_VirtualSystemSettingData.Notes', ''),
  of('configuration version', '', 'Msvm_VirtualSystemSettingData.Version', 'version'),
  of(
    'secure boot',
    '',
    'Msvm_VirtualSystemSettingData.SecureBootEnabled, Msvm_VirtualSystemSettingData.SecureBootTemplateId',
    'secureBootEnabled',
  ),
  of('trusted platform module', '', 'Msvm_SecuritySettingData.TpmEnabled', 'tpmEnabled'),
  of(
    'shielding',
    '',
    'Msvm_SecuritySettingData.ShieldingRequested, Msvm_SecuritySettingData.KsdEnabled, Msvm_SecuritySettingData.DataProtectionRequested, Msvm_SecuritySettingData.EncryptStateAndVmMigrationTraffic, Msvm_SecuritySettingData.VirtualizationBasedSecurityOptOut',
    'shieldingRequested',
  ),
  of(
    'disk: identifier',
    'Msvm_VirtualHardDiskSettingData.VirtualDiskId',
    'Msvm_StorageAllocationSettingData.InstanceID (which survives a copy of the file)',
    'disks[].instanceId',
  ),
  of(
    'disk: identifier of the file',
    'Msvm_VirtualHardDiskSettingData.VirtualDiskId',
    'Msvm_VirtualHardDiskSettingData.VirtualDiskId',
    'disks[].vhdId',
  ),
  of(
    'disk: type',
    'Msvm_VirtualHardDiskSettingData.Type',
    'Msvm_VirtualHardDiskSettingData.Type',
    'disks[].diskType',
  ),
  of(
    'disk: size',
    'Msvm_VirtualHardDiskSettingData.MaxInternalSize',
    'Msvm_VirtualHardDiskSettingData.MaxInternalSize; passed through: Msvm_DiskDrive.MaxMediaSize, Msvm_DiskDrive.DeviceID',
    'disks[].maxSizeInBytes',
  ),
  of(
    'disk: parent',
    'Msvm_VirtualHardDiskSettingData.ParentPath',
    'Msvm_VirtualHardDiskSettingData.ParentPath',
    '',
  ),
  of(
    'disk: file',
    '',
    'Msvm_StorageAllocationSettingData.HostResource, Msvm_StorageAllocationSettingData.ResourceSubType',
    'disks[].path',
  ),
  of(
    'disk: place',
    '',
    'Msvm_StorageAllocationSettingData.Parent, Msvm_ResourceAllocationSettingData.Parent, Msvm_ResourceAllocationSettingData.Address, Msvm_ResourceAllocationSettingData.AddressOnParent, Msvm_ResourceAllocationSettingData.InstanceID, Msvm_ResourceAllocationSettingData.ResourceType, Msvm_ResourceAllocationSettingData.ResourceSubType, Msvm_ResourceAllocationSettingData.HostResource',
    'disks[].lun',
  ),
  of(
    'adapter: addresses',
    'Msvm_GuestNetworkAdapterConfiguration.IPAddresses',
    'Msvm_GuestNetworkAdapterConfiguration.IPAddresses, Msvm_GuestNetworkAdapterConfiguration.InstanceID',
    'networkAdapters[].ipAddressList',
  ),
  of(
    'adapter: DHCP',
    'Msvm_GuestNetworkAdapterConfiguration.DHCPEnabled',
    'Msvm_GuestNetworkAdapterConfiguration.DHCPEnabled',
    '',
  ),
  of(
    'synthetic adapter: identifier',
    'Msvm_SyntheticEthernetPortSettingData.InstanceID',
    'Msvm_SyntheticEthernetPortSettingData.InstanceID, Msvm_SyntheticEthernetPortSettingData.ElementName',
    'networkAdapters[].nicId',
  ),
  of(
    'synthetic adapter: MAC address',
    'Msvm_SyntheticEthernetPortSettingData.Address',
    'Msvm_SyntheticEthernetPortSettingData.Address',
    'networkAdapters[].macAddress',
  ),
  of(
    'legacy adapter: identifier',
    'Msvm_EmulatedEthernetPortSettingData.InstanceID',
    'Msvm_EmulatedEthernetPortSettingData.InstanceID, Msvm_EmulatedEthernetPortSettingData.ElementName',
    'networkAdapters[].nicId',
  ),
  of(
    'legacy adapter: MAC address',
    'Msvm_EmulatedEthernetPortSettingData.Address',
    'Msvm_EmulatedEthernetPortSettingData.Address',
    'networkAdapters[].macAddress',
  ),
  of(
    'adapter: switch',
    '',
    'Msvm_EthernetPortAllocationSettingData.Parent, Msvm_EthernetPortAllocationSettingData.HostResource, Msvm_EthernetPortAllocationSettingData.EnabledState, Msvm_EthernetPortAllocationSettingData.LastKnownSwitchName, Msvm_VirtualEthernetSwitch.Name, Msvm_VirtualEthernetSwitch.ElementName',
    'networkAdapters[].networkName',
  ),
  of(
    'joins',
    '',
    'Msvm_VirtualSystemSettingData.InstanceID, Msvm_BIOSElement.InstanceID, Msvm_BIOSElement.SoftwareElementID, Msvm_ProcessorSettingData.InstanceID, Msvm_MemorySettingData.InstanceID, Msvm_SecuritySettingData.InstanceID',
    '',
  ),
  of(
    'host',
    '',
    'Win32_ComputerSystem.DNSHostName, Win32_ComputerSystem.Name, Win32_ComputerSystem.Domain, Win32_ComputerSystem.PartOfDomain',
    'hostFqdn',
  ),
  of('host: release', '', 'Win32_OperatingSystem.Version', ''),
  of('host: processors', '', 'Win32_Processor.Name', ''),
  of(
    'cluster',
    '',
    'MSCluster_Cluster.Fqdn, MSCluster_Cluster.Name, MSCluster_Node.Name, MSCluster_Node.State',
    'clusterFqdn',
  ),
  of(
    'role of the cluster',
    '',
    'MSCluster_Resource.PrivateProperties: VmID, MSCluster_Resource.OwnerGroup, MSCluster_Resource.OwnerNode',
    'highAvailability',
  ),
];

export interface Counter {
  readonly documented: string;
  readonly impact: string;
  readonly query: keyof typeof COUNTER_QUERIES;
  readonly becomes: string;
}

export const COUNTERS_READ: readonly Counter[] = [
  {
    documented: 'Hyper-V Hypervisor Virtual Processor: % Guest Run Time',
    impact: 'size, cost',
    query: 'processors',
    becomes: 'cpu.usage: the sum over the virtual processors, as a share of all of them',
  },
  {
    documented: 'Hyper-V Dynamic Memory VM: Current Pressure (%), Guest Visible Physical Memory (MB)',
    impact: 'size, cost',
    query: 'memory',
    becomes:
      'mem.usage: pressure x visible memory, as a share of the memory; only of machines with dynamic memory',
  },
  {
    documented: 'Hyper-V Virtual Storage Device: Read Bytes/Second, Write Bytes/Second',
    impact: 'disk size, storage cost, size',
    query: 'disks',
    becomes: 'disk.readBytes, disk.writeBytes, disk.reads, disk.writes of each disk',
  },
  {
    documented: 'Hyper-V Virtual Network Adapter: Bytes Received/Second, Bytes Sent/Second',
    impact: 'size',
    query: 'adapters',
    becomes: 'net.receivedBytes, net.sentBytes of each adapter',
  },
];

/** The page of the documentation. */
export function attributesPage(): string {
  const rows = ATTRIBUTES.map(
    ({ datum, documented, read, sentAs }) =>
      `| ${datum} | ${documented || '–'} | ${read} | ${sentAs || '–'} |`,
  );
  const counters = COUNTERS_READ.map(({ documented, impact, query, becomes }) => {
    const { className, columns } = COUNTER_QUERIES[query];
    return `| ${documented} | ${impact} | ${className}: ${columns.filter((name) => name !== 'Name').join(', ')} | ${becomes} |`;
  });
  return `# What the appliance collects of Hyper-V machines

Made from \`reference-appliance/sources/hyperv/attributes.ts\`; a test keeps both equal, and compares the list with what is really asked and sent.

Classes beginning with Msvm_ are of root/virtualization/v2, with MSCluster_ of root/MSCluster, all others of root/cimv2. Each class is asked once for
all machines of a host, with a projection of the columns named here (\`select …\`); only virtual disks are asked for one by one, by
Msvm_ImageManagementService.GetVirtualHardDiskSettingData, since WMI has no other way. Checkpoints are left out: their settings are of another
VirtualSystemType. The release of a host comes from \`${HOST_QUERIES.system.className}\`; what an older release lacks is left out.
Documented: the class and property as Microsoft's page of discovered metadata words it; "–" where that page is silent. Sent as: "–" where the service has no
name for it.

| datum | documented | read from | sent as |
|---|---|---|---|
${rows.join('\n')}

| counter, every 30 seconds | impact | read from | becomes |
|---|---|---|---|
${counters.join('\n')}

Instances are matched by name: \`machine:Hv VP 0\`, the machine's name, the path of the virtual disk with \`\\\` and \`:\` as \`-\`, and the GUIDs at the end of an
adapter's name. Machines of one name on one host cannot be told apart by the first two, and get no such counters.
`;
}
