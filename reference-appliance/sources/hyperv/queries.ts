/**
 * What is asked of a host: one projected query for each class, for all machines at once; never one for each machine.
 * attributes.ts says what becomes of each column, and a test that nothing else is asked.
 */

export interface ClassQuery {
  readonly namespace: 'root/virtualization/v2' | 'root/cimv2' | 'root/MSCluster';
  readonly className: string;
  readonly columns: readonly string[];
  readonly where?: string;
  /** Older releases lack the class, or some of its columns. */
  readonly isOptional?: true;
}

export const V2 = 'root/virtualization/v2';
export const CIMV2 = 'root/cimv2';
export const CLUSTER = 'root/MSCluster';

const v2 = (className: string, columns: readonly string[], more: Partial<ClassQuery> = {}): ClassQuery => ({
  namespace: V2,
  className,
  columns,
  ...more,
});

/** Of the host itself. */
export const HOST_QUERIES = {
  computer: {
    namespace: CIMV2,
    className: 'Win32_ComputerSystem',
    columns: ['DNSHostName', 'Domain', 'Name', 'PartOfDomain'],
  },
  system: { namespace: CIMV2, className: 'Win32_OperatingSystem', columns: ['Version'] },
  processors: { namespace: CIMV2, className: 'Win32_Processor', columns: ['Name'] },
} as const satisfies Record<string, ClassQuery>;

/** Of all its machines. Checkpoints have settings of their own, of another type. */
export const MACHINE_QUERIES = {
  settings: v2(
    'Msvm_VirtualSystemSettingData',
    [
      'BIOSGUID',
      'ElementName',
      'InstanceID',
      'Notes',
      'SecureBootEnabled',
      'SecureBootTemplateId',
      'Version',
      'VirtualSystemIdentifier',
      'VirtualSystemSubType',
    ],
    { where: "VirtualSystemType = 'Microsoft:Hyper-V:System:Realized'" },
  ),
  systems: v2('Msvm_ComputerSystem', ['EnabledState', 'Name', 'ReplicationMode']),
  bios: v2('Msvm_BIOSElement', ['BIOSSerialNumber', 'InstanceID', 'SoftwareElementID']),
  processors: v2('Msvm_ProcessorSettingData', [
    'InstanceID',
    'MaxNumaNodesPerSocket',
    'MaxProcessorsPerNumaNode',
    'VirtualQuantity',
  ]),
  memory: v2('Msvm_MemorySettingData', [
    'DynamicMemoryEnabled',
    'InstanceID',
    'Limit',
    'Reservation',
    'VirtualQuantity',
  ]),
  drives: v2(
    'Msvm_ResourceAllocationSettingData',
    ['Address', 'AddressOnParent', 'HostResource', 'InstanceID', 'Parent', 'ResourceSubType', 'ResourceType'],
    { where: 'ResourceType = 5 or ResourceType = 6 or ResourceType = 17' },
  ),
  storage: v2(
    'Msvm_StorageAllocationSettingData',
    ['HostResource', 'InstanceID', 'Parent', 'ResourceSubType'],
    { where: 'ResourceType = 31' },
  ),
  synthetic: v2('Msvm_SyntheticEthernetPortSettingData', ['Address', 'ElementName', 'InstanceID']),
  legacy: v2('Msvm_EmulatedEthernetPortSettingData', ['Address', 'ElementName', 'InstanceID']),
  connections: v2('Msvm_EthernetPortAllocationSettingData', [
    'EnabledState',
    'HostResource',
    'LastKnownSwitchName',
    'Parent',
  ]),
  switches: v2('Msvm_VirtualEthernetSwitch', ['ElementName', 'Name']),
  addresses: v2('Msvm_GuestNetworkAdapterConfiguration', ['DHCPEnabled', 'InstanceID', 'IPAddresses']),
  guests: v2('Msvm_KvpExchangeComponent', ['GuestIntrinsicExchangeItems', 'SystemName']),
  heartbeats: v2('Msvm_HeartbeatComponent', ['OperationalStatus', 'SystemName']),
  security: v2(
    'Msvm_SecuritySettingData',
    [
      'DataProtectionRequested',
      'EncryptStateAndVmMigrationTraffic',
      'InstanceID',
      'KsdEnabled',
      'ShieldingRequested',
      'TpmEnabled',
      'VirtualizationBasedSecurityOptOut',
    ],
    { isOptional: true },
  ),
  passThrough: v2('Msvm_DiskDrive', ['DeviceID', 'MaxMediaSize'], { isOptional: true }),
} as const satisfies Record<string, ClassQuery>;

export const CLUSTER_QUERIES = {
  cluster: { namespace: CLUSTER, className: 'MSCluster_Cluster', columns: ['Fqdn', 'Name'] },
  nodes: { namespace: CLUSTER, className: 'MSCluster_Node', columns: ['Name', 'State'] },
  roles: {
    namespace: CLUSTER,
    className: 'MSCluster_Resource',
    columns: ['OwnerGroup', 'OwnerNode', 'PrivateProperties'],
    where: "Type = 'Virtual Machine'",
  },
} as const satisfies Record<string, ClassQuery>;

/** Of the method Msvm_ImageManagementService.GetVirtualHardDiskSettingData. */
export const DISK_SETTINGS = ['MaxInternalSize', 'ParentPath', 'Type', 'VirtualDiskId'] as const;

export const COUNTER_QUERIES = {
  processors: {
    className: 'Win32_PerfFormattedData_HvStats_HyperVHypervisorVirtualProcessor',
    columns: ['Name', 'PercentGuestRunTime'],
  },
  memory: {
    className: 'Win32_PerfFormattedData_BalancerStats_HyperVDynamicMemoryVM',
    columns: ['Name', 'CurrentPressure', 'GuestVisiblePhysicalMemory'],
  },
  disks: {
    className: 'Win32_PerfFormattedData_Counters_HyperVVirtualStorageDevice',
    columns: ['Name', 'ReadBytesPersec', 'WriteBytesPersec', 'ReadOperationsPerSec', 'WriteOperationsPerSec'],
  },
  adapters: {
    className: 'Win32_PerfFormattedData_NvspNicStats_HyperVVirtualNetworkAdapter',
    columns: ['Name', 'BytesReceivedPersec', 'BytesSentPersec'],
  },
} as const;

export function wqlOf({ className, columns, where }: ClassQuery, all = false): string {
  const projection = all ? '*' : columns.join(', ');
  return `select ${projection} from ${className}${where === undefined ? '' : ` where ${where}`}`;
}
