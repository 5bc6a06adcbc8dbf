/** What each release of Windows Server lacks of the classes of the newest one. */
import { type ClassSet, classSet } from '../winrm/cim/schema.ts';
import type { WindowsRelease } from './hyperv-host.ts';

const V2 = 'root/virtualization/v2';

const each = (className: string, properties: string): string[] =>
  properties.split(' ').map((property) => `${className}.${property}`);

/** Came with 2019. */
const SINCE_2019: Readonly<Record<string, readonly string[]>> = {
  [V2]: [
    'Msvm_ComputerSystem.HwThreadsPerCoreRealized',
    ...each(
      'Msvm_VirtualSystemSettingData',
      'AutomaticSnapshotsEnabled EnableHibernation EnhancedSessionTransportType HighMmioGapBase IsAutomaticSnapshot',
    ),
    'Msvm_SyntheticEthernetPortSettingData.MediaType',
    'Msvm_StorageAllocationSettingData.CachingMode',
  ],
};

/** Came with 2016. */
const SINCE_2016: Readonly<Record<string, readonly string[]>> = {
  [V2]: [
    'Msvm_VirtualSystemReferencePoint',
    'Msvm_VirtualSystemReferencePointService',
    'Msvm_ReferencePointOfVirtualSystem',
    ...each(
      'Msvm_VirtualSystemSettingData',
      'AutomaticCriticalErrorAction AutomaticCriticalErrorActionTimeout ConsoleMode GuestStateDataRoot GuestStateFile HighMmioGapSize LowMmioGapSize LockOnDisconnect PauseAfterBootFailure SecureBootTemplateId UserSnapshotType TurnOffOnGuestRestart',
    ),
    ...each('Msvm_ProcessorSettingData', 'HwThreadsPerCore ExposeVirtualizationExtensions'),
    ...each('Msvm_StorageAllocationSettingData', 'StorageQoSPolicyID WriteHardeningMethod'),
    ...each(
      'Msvm_SyntheticEthernetPortSettingData',
      'AllowPacketDirect DeviceNamingEnabled InterruptModeration NumaAwarePlacement',
    ),
    'Msvm_SummaryInformation.Shielded',
  ],
  'root/cimv2': ['Formatted', 'Raw'].flatMap((kind) =>
    each(
      `Win32_Perf${kind}Data_Counters_HyperVVirtualStorageDevice`,
      'AdapterOpenChannelCount ByteQuotaReplenishmentRate IoQuotaReplenishmentRate Latency LowerLatency LowerQueueLength MaximumBandwidth MaximumIORate MinimumIORate NormalizedThroughput Throughput',
    ),
  ),
};

const SETS = new Map<string, ClassSet>();

/** What a host of the release has; `root/MSCluster` where it is a node of a cluster. `root/virtualization` is gone since 2012 R2. */
export function classesOfHost({ version }: WindowsRelease, isNode: boolean): ClassSet {
  const key = `${version} ${isNode}`;
  let set = SETS.get(key);
  if (!set) {
    const build = Number(version.split('.')[2]);
    const missing = [
      ...(build < 17763 ? [SINCE_2019] : []),
      ...(version.startsWith('6.') ? [SINCE_2016] : []),
    ];
    const names = (namespace: string) => missing.flatMap((table) => table[namespace] ?? []);
    set = classSet(['root/cimv2', 'root/default', V2, ...(isNode ? ['root/MSCluster'] : [])], {
      [V2]: names(V2),
      'root/cimv2': names('root/cimv2'),
    });
    SETS.set(key, set);
  }
  return set;
}
