/**
 * Licences, what hosts are set to, options for machines, and vApps. Notation: notation.ts. Field names, order,
 * optionality and first versions are the published WSDL's; scenarios/crosscheck/vcenter/schema.py holds them against
 * pyVmomi.
 */
export const ADMINISTRATION = `
managed LicenseAssignmentManager @4.0:
LicenseAssignmentManagerLicenseAssignment @4.0: entityId string, scope string?, entityDisplayName string?,
  assignedLicense LicenseManagerLicenseInfo, properties KeyAnyValue[]
LicenseEntityNotFound < VimFault @4.0: entityId string
managed HostAutoStartManager: config HostAutoStartManagerConfig
HostAutoStartManagerConfig: defaults AutoStartDefaults?, powerInfo AutoStartPowerInfo[]
AutoStartDefaults: enabled boolean?, startDelay int?, stopDelay int?, waitForHeartbeat boolean?,
  stopAction string?
AutoStartPowerInfo: key &VirtualMachine, startOrder int, startDelay int,
  waitForHeartbeat %AutoStartWaitHeartbeatSetting, startAction string, stopDelay int, stopAction string
enum AutoStartWaitHeartbeatSetting: yes no systemDefault
managed HostServiceSystem < ExtensibleManagedObject: serviceInfo HostServiceInfo
HostServiceInfo: service HostService[]
HostService: key string, label string, required boolean, uninstallable boolean, running boolean,
  ruleset string[], policy string, sourcePackage HostServiceSourcePackage? @5.0
HostServiceSourcePackage @5.0: sourcePackageName string, description string
managed HostNetworkSystem < ExtensibleManagedObject: capabilities HostNetCapabilities?,
  networkInfo HostNetworkInfo?, offloadCapabilities HostNetOffloadCapabilities?, networkConfig HostNetworkConfig?,
  dnsConfig HostDnsConfig?, ipRouteConfig HostIpRouteConfig?, consoleIpRouteConfig HostIpRouteConfig?
HostNetworkConfig: vswitch HostVirtualSwitchConfig[], proxySwitch HostProxySwitchConfig[] @4.0,
  portgroup HostPortGroupConfig[], pnic PhysicalNicConfig[], vnic HostVirtualNicConfig[],
  consoleVnic HostVirtualNicConfig[], dnsConfig HostDnsConfig?, ipRouteConfig HostIpRouteConfig?,
  consoleIpRouteConfig HostIpRouteConfig?, routeTableConfig HostIpRouteTableConfig? @4.0,
  dhcp HostDhcpServiceConfig[], nat HostNatServiceConfig[], ipV6Enabled boolean? @4.0,
  netStackSpec HostNetworkConfigNetStackSpec[] @5.5, migrationStatus string? @7.0.2.0
PhysicalNicConfig: device string, spec PhysicalNicSpec
ToolsConfigInfoToolsLastInstallInfo @5.0: counter int, fault LocalizedMethodFault?
ClusterResourceUsageSummary @6.0: cpuUsedMHz int, cpuCapacityMHz int, memUsedMB int, memCapacityMB int,
  pMemAvailableMB long? @6.7, pMemCapacityMB long? @6.7, storageUsedMB long, storageCapacityMB long
managed HostDateTimeSystem: dateTimeInfo HostDateTimeInfo
HostDateTimeInfo: timeZone HostDateTimeSystemTimeZone, systemClockProtocol string? @7.0.0.0, ntpConfig HostNtpConfig?,
  ptpConfig HostPtpConfig? @7.0.3.0, enabled boolean? @7.0.3.0, disableEvents boolean? @7.0.3.0,
  disableFallback boolean? @7.0.3.0, inFallbackState boolean? @7.0.3.0, serviceSync boolean? @7.0.3.0,
  lastSyncTime dateTime? @7.0.3.0, remoteNtpServer string? @7.0.3.0, ntpRunTime long? @7.0.3.0,
  ptpRunTime long? @7.0.3.0, ntpDuration string? @7.0.3.0, ptpDuration string? @7.0.3.0
HostDateTimeSystemTimeZone: key string, name string, description string, gmtOffset int
HostNtpConfig: server string[], configFile string[] @6.0
VsanClusterConfigInfo @5.5: enabled boolean?, defaultConfig VsanClusterConfigInfoHostDefaultInfo?,
  vsanEsaEnabled boolean? @8.0.0.1
VsanClusterConfigInfoHostDefaultInfo @5.5: uuid string?, autoClaimStorage boolean?,
  checksumEnabled boolean? @6.0
ClusterDpmConfigInfo: enabled boolean?, defaultDpmBehavior %DpmBehavior?, hostPowerActionRate int? @4.0,
  option OptionValue[]
enum DpmBehavior: manual automated
LocalizableMessage: key string, arg KeyAnyValue[], message string?
InvalidEvent < VimFault:
VirtualMachineConfigOptionDescriptor: key string, description string?, host &HostSystem[],
  createSupported boolean, defaultConfigOption boolean, runSupported boolean @5.1, upgradeSupported boolean @5.1
EnvironmentBrowserConfigOptionQuerySpec @6.0: key string?, host &HostSystem?, guestId string[]
VirtualMachineConfigOption: version string, description string, guestOSDescriptor GuestOsDescriptor[]!,
  guestOSDefaultIndex int, hardwareOptions VirtualHardwareOption, capabilities VirtualMachineCapability,
  datastore DatastoreOption, defaultDevice VirtualDevice[], supportedMonitorType string[]!,
  supportedOvfEnvironmentTransport string[] @4.0, supportedOvfInstallTransport string[] @4.0,
  propertyRelations VirtualMachinePropertyRelation[] @6.7
GuestOsDescriptor: id string, family string, fullName string, supportedMaxCPUs int,
  numSupportedPhysicalSockets int @5.0, numSupportedCoresPerSocket int @5.0, supportedMinMemMB int,
  supportedMaxMemMB int, recommendedMemMB int, recommendedColorDepth int, supportedDiskControllerList TypeName[]!,
  recommendedSCSIController TypeName?, recommendedDiskController TypeName, supportedNumDisks int,
  recommendedDiskSizeMB int, recommendedCdromController TypeName @5.5, supportedEthernetCard TypeName[]!,
  recommendedEthernetCard TypeName?, supportsSlaveDisk boolean?, cpuFeatureMask HostCpuIdInfo[],
  smcRequired boolean @5.0, supportsWakeOnLan boolean, supportsVMI boolean, supportsMemoryHotAdd boolean,
  supportsCpuHotAdd boolean, supportsCpuHotRemove boolean, supportedFirmware string[]! @5.0,
  recommendedFirmware string @5.0, supportedUSBControllerList TypeName[] @5.0,
  recommendedUSBController TypeName? @5.0, supports3D boolean @5.0, recommended3D boolean @5.1,
  smcRecommended boolean @5.0, ich7mRecommended boolean @5.0, usbRecommended boolean @5.0, supportLevel string @5.0,
  supportedForCreate boolean @5.0, vRAMSizeInKB IntOption @5.0, numSupportedFloppyDevices int @6.0,
  wakeOnLanEthernetCard TypeName[] @6.0, supportsPvscsiControllerForBoot boolean @6.0, diskUuidEnabled boolean @6.0,
  supportsHotPlugPCI boolean @6.0, supportsSecureBoot boolean? @6.5, defaultSecureBoot boolean? @6.5,
  persistentMemorySupported boolean? @6.7, supportedMinPersistentMemoryMB long? @6.7,
  supportedMaxPersistentMemoryMB long? @6.7, recommendedPersistentMemoryMB long? @6.7,
  persistentMemoryHotAddSupported boolean? @6.7, persistentMemoryHotRemoveSupported boolean? @6.7,
  persistentMemoryColdGrowthSupported boolean? @6.7, persistentMemoryColdGrowthGranularityMB long? @6.7,
  persistentMemoryHotGrowthSupported boolean? @6.7, persistentMemoryHotGrowthGranularityMB long? @6.7,
  numRecommendedPhysicalSockets int? @6.7, numRecommendedCoresPerSocket int? @6.7, vvtdSupported BoolOption? @6.7,
  vbsSupported BoolOption? @6.7, vsgxSupported BoolOption? @7.0.0.0, vsgxRemoteAttestationSupported boolean? @8.0.0.1,
  supportsTPM20 boolean? @6.7, recommendedTPM20 boolean? @8.0.0.1, vwdtSupported boolean? @7.0.0.0
VirtualHardwareOption: hwVersion int, virtualDeviceOption VirtualDeviceOption[]!, deviceListReadonly boolean,
  numCPU int[]!, numCoresPerSocket IntOption @5.0, autoCoresPerSocket BoolOption? @8.0.0.1, numCpuReadonly boolean,
  memoryMB LongOption, numPCIControllers IntOption, numIDEControllers IntOption, numUSBControllers IntOption,
  numUSBXHCIControllers IntOption @5.0, numSIOControllers IntOption, numPS2Controllers IntOption,
  licensingLimit PropertyPath[], numSupportedWwnPorts IntOption? @4.0, numSupportedWwnNodes IntOption? @4.0,
  resourceConfigOption ResourceConfigOption @4.1, numNVDIMMControllers IntOption? @6.7, numTPMDevices IntOption? @6.7,
  numWDTDevices IntOption? @7.0.0.0, numPrecisionClockDevices IntOption? @7.0.0.0, epcMemoryMB LongOption? @7.0.0.0,
  acpiHostBridgesFirmware string[] @8.0.0.1, numCpuSimultaneousThreads IntOption? @8.0.0.1,
  numNumaNodes IntOption? @8.0.0.1, numDeviceGroups IntOption? @8.0.0.1, deviceGroupTypes TypeName[] @8.0.0.1
DatastoreOption: unsupportedVolumes VirtualMachineDatastoreVolumeOption[]
OptionType: valueIsReadonly boolean?
BoolOption < OptionType: supported boolean, defaultValue boolean
IntOption < OptionType: min int, max int, defaultValue int
LongOption < OptionType: min long, max long, defaultValue long
ChoiceOption < OptionType: choiceInfo ElementDescription[]!, defaultIndex int?
ResourceConfigOption @4.1: cpuAllocationOption ResourceAllocationOption,
  memoryAllocationOption ResourceAllocationOption
ResourceAllocationOption @4.1: sharesOption SharesOption
SharesOption @4.1: sharesOption IntOption, defaultLevel %SharesLevel
VirtualDeviceOption: type TypeName, connectOption VirtualDeviceConnectOption?,
  busSlotOption VirtualDeviceBusSlotOption? @5.1, controllerType TypeName?, autoAssignController BoolOption?,
  backingOption VirtualDeviceBackingOption[], defaultBackingOptionIndex int?, licensingLimit PropertyPath[],
  deprecated boolean, plugAndPlay boolean, hotRemoveSupported boolean, numaSupported boolean? @8.0.0.1
ConfigTarget: numCpus int, numCpuCores int, numNumaNodes int, maxCpusPerHost int? @7.0.0.0, smcPresent boolean @5.0,
  datastore VirtualMachineDatastoreInfo[], network VirtualMachineNetworkInfo[],
  opaqueNetwork OpaqueNetworkTargetInfo[] @5.5, distributedVirtualPortgroup DistributedVirtualPortgroupInfo[] @4.0,
  distributedVirtualSwitch DistributedVirtualSwitchInfo[] @4.0, cdRom VirtualMachineCdromInfo[],
  serial VirtualMachineSerialInfo[], parallel VirtualMachineParallelInfo[], sound VirtualMachineSoundInfo[],
  usb VirtualMachineUsbInfo[], floppy VirtualMachineFloppyInfo[],
  legacyNetworkInfo VirtualMachineLegacyNetworkSwitchInfo[], scsiPassthrough VirtualMachineScsiPassthroughInfo[],
  scsiDisk VirtualMachineScsiDiskDeviceInfo[], ideDisk VirtualMachineIdeDiskDeviceInfo[], maxMemMBOptimalPerf int,
  supportedMaxMemMB int? @7.0.0.0, resourcePool ResourcePoolRuntimeInfo?, autoVmotion boolean?,
  pciPassthrough VirtualMachinePciPassthroughInfo[] @4.0, sriov VirtualMachineSriovInfo[] @5.5,
  vFlashModule VirtualMachineVFlashModuleInfo[] @5.5,
  sharedGpuPassthroughTypes VirtualMachinePciSharedGpuPassthroughInfo[] @6.0,
  availablePersistentMemoryReservationMB long? @6.7,
  dynamicPassthrough VirtualMachineDynamicPassthroughInfo[] @7.0.0.0,
  sgxTargetInfo VirtualMachineSgxTargetInfo? @7.0.0.0, precisionClockInfo VirtualMachinePrecisionClockInfo[] @7.0.0.0,
  sevSupported boolean? @7.0.1.0, vgpuDeviceInfo VirtualMachineVgpuDeviceInfo[] @7.0.3.0,
  vgpuProfileInfo VirtualMachineVgpuProfileInfo[] @7.0.3.0,
  vendorDeviceGroupInfo VirtualMachineVendorDeviceGroupInfo[] @8.0.0.1, maxSimultaneousThreads int? @8.0.0.1,
  dvxClassInfo VirtualMachineDvxClassInfo[] @8.0.0.1
VirtualMachineTargetInfo: name string, configurationTag string[]
VirtualMachineDatastoreInfo < VirtualMachineTargetInfo: datastore DatastoreSummary,
  capability DatastoreCapability, maxFileSize long, maxVirtualDiskCapacity long? @5.5,
  maxPhysicalRDMFileSize long? @6.0, maxVirtualRDMFileSize long? @6.0, mode string, vStorageSupport string? @5.0
VirtualMachineNetworkInfo < VirtualMachineTargetInfo: network NetworkSummary, vswitch string? @6.5
DistributedVirtualPortgroupInfo @4.0: switchName string, switchUuid string, portgroupName string, portgroupKey string,
  portgroupType string, uplinkPortgroup boolean, portgroup &DistributedVirtualPortgroup,
  networkReservationSupported boolean? @6.0, backingType string? @7.0.0.0, logicalSwitchUuid string? @7.0.0.0,
  segmentId string? @7.0.0.0
DistributedVirtualSwitchInfo @4.0: switchName string, switchUuid string,
  distributedVirtualSwitch &DistributedVirtualSwitch, networkReservationSupported boolean? @6.0
InsufficientResourcesFault < VimFault:
InsufficientCpuResourcesFault < InsufficientResourcesFault: unreserved long, requested long
InsufficientMemoryResourcesFault < InsufficientResourcesFault: unreserved long, requested long
SnapshotSelectionSpec @8.0.3.0: retentionDays int?
PrivilegePolicyDef: createPrivilege string, readPrivilege string, updatePrivilege string, deletePrivilege string
VmConfigSpec @4.0: product VAppProductSpec[], property VAppPropertySpec[], ipAssignment VAppIPAssignmentInfo?,
  eula string[], ovfSection VAppOvfSectionSpec[], ovfEnvironmentTransport string[],
  installBootRequired boolean?, installBootStopDelay int?
VAppConfigSpec < VmConfigSpec @4.0: entityConfig VAppEntityConfigInfo[], annotation string?,
  instanceUuid string? @4.1, managedBy ManagedByInfo? @5.0
VirtualAppImportSpec < ImportSpec @4.0: name string, vAppConfigSpec VAppConfigSpec,
  resourcePoolSpec ResourceConfigSpec, child ImportSpec[]
`;
