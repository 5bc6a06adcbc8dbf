/**
 * Data types of a virtual machine: configuration, runtime state, summary, snapshots and layout. Notation:
 * notation.ts. Field names, order, optionality and first versions are the published WSDL's;
 * scenarios/crosscheck/vcenter/schema.py holds them against pyVmomi.
 */
export const VIRTUAL_MACHINE = `
VirtualMachineCapability: snapshotOperationsSupported boolean, multipleSnapshotsSupported boolean,
  snapshotConfigSupported boolean, poweredOffSnapshotsSupported boolean, memorySnapshotsSupported boolean,
  revertToSnapshotSupported boolean, quiescedSnapshotsSupported boolean, disableSnapshotsSupported boolean,
  lockSnapshotsSupported boolean, consolePreferencesSupported boolean, cpuFeatureMaskSupported boolean,
  s1AcpiManagementSupported boolean, settingScreenResolutionSupported boolean, toolsAutoUpdateSupported boolean,
  vmNpivWwnSupported boolean, npivWwnOnNonRdmVmSupported boolean, vmNpivWwnDisableSupported boolean @4.0,
  vmNpivWwnUpdateSupported boolean @4.0, swapPlacementSupported boolean, toolsSyncTimeSupported boolean,
  virtualMmuUsageSupported boolean, diskSharesSupported boolean, bootOptionsSupported boolean,
  bootRetryOptionsSupported boolean @4.1, settingVideoRamSizeSupported boolean,
  settingDisplayTopologySupported boolean, recordReplaySupported boolean @4.0, changeTrackingSupported boolean @4.0,
  multipleCoresPerSocketSupported boolean @5.0, hostBasedReplicationSupported boolean @5.0,
  guestAutoLockSupported boolean @5.0, memoryReservationLockSupported boolean @5.0,
  featureRequirementSupported boolean @5.1, poweredOnMonitorTypeChangeSupported boolean @5.1,
  seSparseDiskSupported boolean @5.1, nestedHVSupported boolean @5.1, vPMCSupported boolean @5.1,
  secureBootSupported boolean? @6.5, perVmEvcSupported boolean? @6.7, virtualMmuUsageIgnored boolean? @6.7,
  virtualExecUsageIgnored boolean? @6.7, diskOnlySnapshotOnSuspendedVMSupported boolean? @6.7,
  suspendToMemorySupported boolean? @7.0.2.0, toolsSyncTimeAllowSupported boolean? @7.0.1.0,
  sevSupported boolean? @7.0.1.0, pmemFailoverSupported boolean? @7.0.2.0,
  requireSgxAttestationSupported boolean? @8.0.0.1, changeModeDisksSupported boolean? @8.0.0.1,
  vendorDeviceGroupSupported boolean? @8.0.1.0
VirtualMachineConfigInfo: changeVersion string, modified dateTime, name string, guestFullName string, version string,
  uuid string, createDate dateTime? @6.7, instanceUuid string? @4.0, npivNodeWorldWideName long[],
  npivPortWorldWideName long[], npivWorldWideNameType string?, npivDesiredNodeWwns short? @4.0,
  npivDesiredPortWwns short? @4.0, npivTemporaryDisabled boolean? @4.0, npivOnNonRdmDisks boolean? @4.0,
  locationId string?, template boolean, guestId string, alternateGuestName string, annotation string?,
  files VirtualMachineFileInfo, tools ToolsConfigInfo?, flags VirtualMachineFlagInfo,
  consolePreferences VirtualMachineConsolePreferences?, defaultPowerOps VirtualMachineDefaultPowerOpInfo,
  rebootPowerOff boolean? @8.0.0.1, hardware VirtualHardware, vcpuConfig VirtualMachineVcpuConfig[] @7.0.0.0,
  cpuAllocation ResourceAllocationInfo?, memoryAllocation ResourceAllocationInfo?,
  latencySensitivity LatencySensitivity? @5.1, memoryHotAddEnabled boolean?, cpuHotAddEnabled boolean?,
  cpuHotRemoveEnabled boolean?, hotPlugMemoryLimit long?, hotPlugMemoryIncrementSize long?,
  cpuAffinity VirtualMachineAffinityInfo?, memoryAffinity VirtualMachineAffinityInfo?,
  networkShaper VirtualMachineNetworkShaperInfo?, extraConfig OptionValue[], cpuFeatureMask HostCpuIdInfo[],
  datastoreUrl VirtualMachineConfigInfoDatastoreUrlPair[], swapPlacement string?,
  bootOptions VirtualMachineBootOptions?, ftInfo FaultToleranceConfigInfo? @4.0,
  repConfig ReplicationConfigSpec? @6.0, vAppConfig VmConfigInfo? @4.0, vAssertsEnabled boolean? @4.0,
  changeTrackingEnabled boolean? @4.0, firmware string? @5.0, maxMksConnections int? @5.0,
  guestAutoLockEnabled boolean? @5.0, managedBy ManagedByInfo? @5.0, memoryReservationLockedToMax boolean? @5.0,
  initialOverhead VirtualMachineConfigInfoOverheadInfo? @5.0, nestedHVEnabled boolean? @5.1,
  vPMCEnabled boolean? @5.1, scheduledHardwareUpgradeInfo ScheduledHardwareUpgradeInfo? @5.1,
  forkConfigInfo VirtualMachineForkConfigInfo? @6.0, vFlashCacheReservation long? @5.5,
  vmxConfigChecksum base64Binary? @6.0, messageBusTunnelEnabled boolean? @6.0, vmStorageObjectId string? @6.0,
  swapStorageObjectId string? @6.0, keyId CryptoKeyId? @6.5,
  guestIntegrityInfo VirtualMachineGuestIntegrityInfo? @6.5, migrateEncryption string? @6.5,
  sgxInfo VirtualMachineSgxInfo? @7.0.0.0, contentLibItemInfo VirtualMachineContentLibraryItemInfo? @7.0.0.0,
  ftEncryptionMode string? @7.0.2.0, guestMonitoringModeInfo VirtualMachineGuestMonitoringModeInfo? @7.0.0.0,
  sevEnabled boolean? @7.0.1.0, numaInfo VirtualMachineVirtualNumaInfo? @8.0.0.1,
  pmemFailoverEnabled boolean? @7.0.2.0, vmxStatsCollectionEnabled boolean? @7.0.3.1,
  vmOpNotificationToAppEnabled boolean? @7.0.3.0, vmOpNotificationTimeout long? @8.0.0.1,
  deviceSwap VirtualMachineVirtualDeviceSwap? @8.0.0.1, pmem VirtualMachineVirtualPMem? @7.0.3.0,
  deviceGroups VirtualMachineVirtualDeviceGroups? @8.0.0.1, fixedPassthruHotPlugEnabled boolean? @8.0.1.0,
  metroFtEnabled boolean? @8.0.3.0, metroFtHostGroup string? @8.0.3.0
VirtualMachineFileInfo: vmPathName string?, snapshotDirectory string?, suspendDirectory string?,
  logDirectory string?, ftMetadataDirectory string? @6.0
ToolsConfigInfo: toolsVersion int?, toolsInstallType string? @6.5, afterPowerOn boolean?, afterResume boolean?,
  beforeGuestStandby boolean?, beforeGuestShutdown boolean?, beforeGuestReboot boolean?, toolsUpgradePolicy string?,
  pendingCustomization string?, customizationKeyId CryptoKeyId? @6.5, syncTimeWithHostAllowed boolean? @7.0.1.0,
  syncTimeWithHost boolean?, lastInstallInfo ToolsConfigInfoToolsLastInstallInfo? @5.0
VirtualMachineFlagInfo: disableAcceleration boolean?, enableLogging boolean?, useToe boolean?,
  runWithDebugInfo boolean?, monitorType string?, htSharing string?, snapshotDisabled boolean?,
  snapshotLocked boolean?, diskUuidEnabled boolean?, virtualMmuUsage string?, virtualExecUsage string? @4.0,
  snapshotPowerOffBehavior string?, recordReplayEnabled boolean? @4.0, faultToleranceType string? @6.0,
  cbrcCacheEnabled boolean? @6.5, vvtdEnabled boolean? @6.7, vbsEnabled boolean? @6.7
VirtualMachineDefaultPowerOpInfo: powerOffType string?, suspendType string?, resetType string?,
  defaultPowerOffType string?, defaultSuspendType string?, defaultResetType string?, standbyAction string?
VirtualHardware: numCPU int, numCoresPerSocket int? @5.0, autoCoresPerSocket boolean? @8.0.0.1, memoryMB int,
  virtualICH7MPresent boolean? @5.0, virtualSMCPresent boolean? @5.0, device VirtualDevice[],
  motherboardLayout string? @8.0.0.1, simultaneousThreads int? @8.0.0.1
ResourceAllocationInfo: reservation long?, expandableReservation boolean?, limit long?, shares SharesInfo?,
  overheadLimit long?
SharesInfo: shares int, level %SharesLevel
ResourceConfigSpec: entity &ManagedEntity?, changeVersion string?, lastModified dateTime?,
  cpuAllocation ResourceAllocationInfo, memoryAllocation ResourceAllocationInfo,
  scaleDescendantsShares string? @7.0.0.0
LatencySensitivity @5.1: level %LatencySensitivitySensitivityLevel, sensitivity int?
VirtualMachineAffinityInfo: affinitySet int[]
OptionValue: key string, value anyType?
VirtualMachineConfigInfoDatastoreUrlPair: name string, url string
VirtualMachineBootOptions: bootDelay long?, enterBIOSSetup boolean?, efiSecureBootEnabled boolean? @6.5,
  bootRetryEnabled boolean? @4.1, bootRetryDelay long? @4.1,
  bootOrder VirtualMachineBootOptionsBootableDevice[] @5.0, networkBootProtocol string? @6.0
VirtualMachineRuntimeInfo: device VirtualMachineDeviceRuntimeInfo[] @4.1, host &HostSystem?,
  connectionState %VirtualMachineConnectionState, powerState %VirtualMachinePowerState,
  vmFailoverInProgress boolean? @7.0.2.0, faultToleranceState %VirtualMachineFaultToleranceState @4.0,
  dasVmProtection VirtualMachineRuntimeInfoDasProtectionState? @5.0, toolsInstallerMounted boolean,
  suspendTime dateTime?, bootTime dateTime?, suspendInterval long?, question VirtualMachineQuestionInfo?,
  memoryOverhead long?, maxCpuUsage int?, maxMemoryUsage int?, numMksConnections int,
  recordReplayState %VirtualMachineRecordReplayState @4.0, cleanPowerOff boolean? @4.0,
  needSecondaryReason string? @4.0, onlineStandby boolean @5.1, minRequiredEVCModeKey string? @4.1,
  consolidationNeeded boolean @5.0, offlineFeatureRequirement VirtualMachineFeatureRequirement[] @5.1,
  featureRequirement VirtualMachineFeatureRequirement[] @5.1, featureMask HostFeatureMask[] @5.1,
  vFlashCacheAllocation long? @5.5, paused boolean? @6.0, snapshotInBackground boolean? @6.0,
  quiescedForkParent boolean? @6.0, instantCloneFrozen boolean? @6.7, cryptoState string? @6.7,
  suspendedToMemory boolean? @7.0.2.0, opNotificationTimeout long? @8.0.0.1, iommuActive boolean? @8.0.1.0
VirtualMachineSummary: vm &VirtualMachine?, runtime VirtualMachineRuntimeInfo,
  guest VirtualMachineGuestSummary?, config VirtualMachineConfigSummary,
  storage VirtualMachineStorageSummary? @4.0, quickStats VirtualMachineQuickStats,
  overallStatus %ManagedEntityStatus, customValue CustomFieldValue[]
VirtualMachineConfigSummary: name string, template boolean, vmPathName string, memorySizeMB int?,
  cpuReservation int?, memoryReservation int?, numCpu int?, numEthernetCards int?, numVirtualDisks int?,
  uuid string?, instanceUuid string? @4.0, guestId string?, guestFullName string?, annotation string?,
  product VAppProductInfo? @4.0, installBootRequired boolean? @4.0, ftInfo FaultToleranceConfigInfo? @4.0,
  managedBy ManagedByInfo? @5.0, tpmPresent boolean? @6.7, numVmiopBackings int? @6.7,
  hwVersion string? @6.9.1
VirtualMachineGuestSummary: guestId string?, guestFullName string?, toolsStatus %VirtualMachineToolsStatus?,
  toolsVersionStatus string? @4.0, toolsVersionStatus2 string? @5.0, toolsRunningStatus string? @4.0,
  hostName string?, ipAddress string?, hwVersion string? @6.9.1
VirtualMachineStorageSummary @4.0: committed long, uncommitted long, unshared long, timestamp dateTime
VirtualMachineQuickStats: overallCpuUsage int?, overallCpuDemand int? @4.0, overallCpuReadiness int? @7.0.0.0,
  guestMemoryUsage int?, hostMemoryUsage int?, guestHeartbeatStatus %ManagedEntityStatus,
  distributedCpuEntitlement int?, distributedMemoryEntitlement int?, staticCpuEntitlement int? @4.0,
  staticMemoryEntitlement int? @4.0, grantedMemory int? @7.0.0.0, privateMemory int? @4.0, sharedMemory int? @4.0,
  swappedMemory int? @4.0, balloonedMemory int? @4.0, consumedOverheadMemory int? @4.0, ftLogBandwidth int? @4.0,
  ftSecondaryLatency int? @4.0, ftLatencyStatus %ManagedEntityStatus? @4.0, compressedMemory long? @4.1,
  uptimeSeconds int? @4.1, ssdSwappedMemory long? @5.0, activeMemory int? @7.0.3.0,
  memoryTierStats VirtualMachineQuickStatsMemoryTierStats[] @7.0.3.0
VirtualMachineSnapshotInfo: currentSnapshot &VirtualMachineSnapshot?,
  rootSnapshotList VirtualMachineSnapshotTree[]!
VirtualMachineSnapshotTree: snapshot &VirtualMachineSnapshot, vm &VirtualMachine, name string,
  description string, id int @4.0, createTime dateTime, state %VirtualMachinePowerState, quiesced boolean,
  backupManifest string?, childSnapshotList VirtualMachineSnapshotTree[], replaySupported boolean? @4.0
VirtualMachineFileLayout: configFile string[], logFile string[], disk VirtualMachineFileLayoutDiskLayout[],
  snapshot VirtualMachineFileLayoutSnapshotLayout[], swapFile string?
VirtualMachineFileLayoutDiskLayout: key int, diskFile string[]!
VirtualMachineFileLayoutSnapshotLayout: key &VirtualMachineSnapshot, snapshotFile string[]!
VirtualMachineFileLayoutEx @4.0: file VirtualMachineFileLayoutExFileInfo[],
  disk VirtualMachineFileLayoutExDiskLayout[], snapshot VirtualMachineFileLayoutExSnapshotLayout[],
  timestamp dateTime
VirtualMachineFileLayoutExFileInfo @4.0: key int, name string, type string, size long, uniqueSize long? @5.1,
  backingObjectId string? @6.0, accessible boolean? @6.0
VirtualMachineFileLayoutExDiskLayout @4.0: key int, chain VirtualMachineFileLayoutExDiskUnit[]
VirtualMachineFileLayoutExDiskUnit @4.0: fileKey int[]!
VirtualMachineFileLayoutExSnapshotLayout @4.0: key &VirtualMachineSnapshot, dataKey int, memoryKey int @6.0,
  disk VirtualMachineFileLayoutExDiskLayout[]
VirtualMachineStorageInfo @4.0: perDatastoreUsage VirtualMachineUsageOnDatastore[], timestamp dateTime
VirtualMachineUsageOnDatastore @4.0: datastore &Datastore, committed long, uncommitted long, unshared long
GuestInfo: toolsStatus %VirtualMachineToolsStatus?, toolsVersionStatus string? @4.0, toolsVersionStatus2 string? @5.0,
  toolsRunningStatus string? @4.0, toolsVersion string?, toolsInstallType string? @6.5, guestId string?,
  guestFamily string?, guestFullName string?, guestDetailedData string? @8.0.2.0, hostName string?, ipAddress string?,
  net GuestNicInfo[], ipStack GuestStackInfo[] @4.1, disk GuestDiskInfo[], screen GuestScreenInfo?, guestState string,
  appHeartbeatStatus string? @4.1, guestKernelCrashed boolean? @6.0, appState string? @5.5,
  guestOperationsReady boolean? @5.0, interactiveGuestOperationsReady boolean? @5.0,
  guestStateChangeSupported boolean? @6.0, generationInfo GuestInfoNamespaceGenerationInfo[] @5.1,
  hwVersion string? @6.9.1, customizationInfo GuestInfoCustomizationInfo? @7.0.2.0
GuestNicInfo: network string?, ipAddress string[], macAddress string?, connected boolean, deviceConfigId int,
  dnsConfig NetDnsConfigInfo? @4.1, ipConfig NetIpConfigInfo? @4.1, netBIOSConfig NetBIOSConfigInfo? @4.1
NetIpConfigInfo @4.1: ipAddress NetIpConfigInfoIpAddress[], dhcp NetDhcpConfigInfo?,
  autoConfigurationEnabled boolean?
NetIpConfigInfoIpAddress @4.1: ipAddress string, prefixLength int, origin string?, state string?,
  lifetime dateTime?
NetDnsConfigInfo @4.1: dhcp boolean, hostName string, domainName string, ipAddress string[],
  searchDomain string[]
GuestStackInfo @4.1: dnsConfig NetDnsConfigInfo?, ipRouteConfig NetIpRouteConfigInfo?,
  ipStackConfig KeyValue[], dhcpConfig NetDhcpConfigInfo?
NetIpRouteConfigInfo @4.1: ipRoute NetIpRouteConfigInfoIpRoute[]
NetIpRouteConfigInfoIpRoute @4.1: network string, prefixLength int, gateway NetIpRouteConfigInfoGateway
NetIpRouteConfigInfoGateway @4.1: ipAddress string?, device string?
GuestDiskInfo: diskPath string?, capacity long?, freeSpace long?, filesystemType string? @7.0.0.0,
  mappings GuestInfoVirtualDiskMapping[] @7.0.0.0
GuestScreenInfo: width int, height int
CryptoKeyId @6.5: keyId string, providerId KeyProviderId?
KeyProviderId @6.5: id string
FaultToleranceConfigInfo @4.0: role int, instanceUuids string[]!, configPaths string[]!,
  orphaned boolean? @6.0
FaultTolerancePrimaryConfigInfo < FaultToleranceConfigInfo @4.0: secondaries &VirtualMachine[]!
FaultToleranceSecondaryConfigInfo < FaultToleranceConfigInfo @4.0: primaryVM &VirtualMachine
DiskChangeInfo @4.0: startOffset long, length long, changedArea DiskChangeExtent[]
DiskChangeExtent @4.0: start long, length long
VirtualMachineConfigSpec: changeVersion string?, name string?, version string?, createDate dateTime? @6.7,
  uuid string?, instanceUuid string? @4.0, npivNodeWorldWideName long[], npivPortWorldWideName long[],
  npivWorldWideNameType string?, npivDesiredNodeWwns short? @4.0, npivDesiredPortWwns short? @4.0,
  npivTemporaryDisabled boolean? @4.0, npivOnNonRdmDisks boolean? @4.0, npivWorldWideNameOp string?,
  locationId string?, guestId string?, alternateGuestName string?, annotation string?, files VirtualMachineFileInfo?,
  tools ToolsConfigInfo?, flags VirtualMachineFlagInfo?, consolePreferences VirtualMachineConsolePreferences?,
  powerOpInfo VirtualMachineDefaultPowerOpInfo?, rebootPowerOff boolean? @8.0.0.1, numCPUs int?,
  vcpuConfig VirtualMachineVcpuConfig[] @7.0.0.0, numCoresPerSocket int? @5.0, memoryMB long?,
  memoryHotAddEnabled boolean?, cpuHotAddEnabled boolean?, cpuHotRemoveEnabled boolean?,
  virtualICH7MPresent boolean? @5.0, virtualSMCPresent boolean? @5.0, deviceChange VirtualDeviceConfigSpec[],
  cpuAllocation ResourceAllocationInfo?, memoryAllocation ResourceAllocationInfo?,
  latencySensitivity LatencySensitivity? @5.1, cpuAffinity VirtualMachineAffinityInfo?,
  memoryAffinity VirtualMachineAffinityInfo?, networkShaper VirtualMachineNetworkShaperInfo?,
  cpuFeatureMask VirtualMachineCpuIdInfoSpec[], extraConfig OptionValue[], swapPlacement string?,
  bootOptions VirtualMachineBootOptions?, vAppConfig VmConfigSpec? @4.0, ftInfo FaultToleranceConfigInfo? @4.0,
  repConfig ReplicationConfigSpec? @6.0, vAppConfigRemoved boolean? @4.0, vAssertsEnabled boolean? @4.0,
  changeTrackingEnabled boolean? @4.0, firmware string? @5.0, maxMksConnections int? @5.0,
  guestAutoLockEnabled boolean? @5.0, managedBy ManagedByInfo? @5.0, memoryReservationLockedToMax boolean? @5.0,
  nestedHVEnabled boolean? @5.1, vPMCEnabled boolean? @5.1,
  scheduledHardwareUpgradeInfo ScheduledHardwareUpgradeInfo? @5.1, vmProfile VirtualMachineProfileSpec[] @5.5,
  messageBusTunnelEnabled boolean? @6.0, crypto CryptoSpec? @6.5, migrateEncryption string? @6.5,
  sgxInfo VirtualMachineSgxInfo? @7.0.0.0, ftEncryptionMode string? @7.0.2.0,
  guestMonitoringModeInfo VirtualMachineGuestMonitoringModeInfo? @7.0.0.0, sevEnabled boolean? @7.0.1.0,
  virtualNuma VirtualMachineVirtualNuma? @8.0.0.1, motherboardLayout string? @8.0.0.1,
  pmemFailoverEnabled boolean? @7.0.2.0, vmxStatsCollectionEnabled boolean? @7.0.3.1,
  vmOpNotificationToAppEnabled boolean? @7.0.3.0, vmOpNotificationTimeout long? @8.0.0.1,
  deviceSwap VirtualMachineVirtualDeviceSwap? @8.0.0.1, simultaneousThreads int? @8.0.0.1,
  pmem VirtualMachineVirtualPMem? @7.0.3.0, deviceGroups VirtualMachineVirtualDeviceGroups? @8.0.0.1,
  fixedPassthruHotPlugEnabled boolean? @8.0.1.0, metroFtEnabled boolean? @8.0.3.0, metroFtHostGroup string? @8.0.3.0
VirtualMachineGuestQuiesceSpec @6.5: timeout int?
enum VirtualMachinePowerState: poweredOff poweredOn suspended
enum VirtualMachineConnectionState: connected disconnected orphaned inaccessible invalid
enum ManagedEntityStatus: gray green yellow red
enum VirtualMachineToolsStatus: toolsNotInstalled toolsNotRunning toolsOld toolsOk
enum VirtualMachineRecordReplayState: recording replaying inactive
enum VirtualMachineFaultToleranceState: notConfigured disabled enabled needSecondary starting running
enum VirtualMachineHtSharing: any none internal
enum VirtualMachinePowerOffBehavior: powerOff revert prompt take
enum LatencySensitivitySensitivityLevel: low normal medium high custom
enum SharesLevel: low normal high custom
`;
