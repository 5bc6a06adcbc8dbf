/**
 * Data types of hosts, clusters, pools, datastores and networks. Notation: notation.ts. Field names, order,
 * optionality and first versions are the published WSDL's; scenarios/crosscheck/vcenter/schema.py holds
 * them against pyVmomi.
 */
export const INFRASTRUCTURE = `
AboutInfo: name string, fullName string, vendor string, version string, patchLevel string? @7.0.2.0, build string,
  localeVersion string?, localeBuild string?, osType string, productLineId string, apiType string, apiVersion string,
  instanceUuid string? @4.0, licenseProductName string? @4.0, licenseProductVersion string? @4.0
HostListSummary: host &HostSystem?, hardware HostHardwareSummary?, runtime HostRuntimeInfo?, config HostConfigSummary,
  quickStats HostListSummaryQuickStats, overallStatus %ManagedEntityStatus, rebootRequired boolean,
  customValue CustomFieldValue[], managementServerIp string?, maxEVCModeKey string? @4.0,
  currentEVCModeKey string? @4.0, currentEVCGraphicsModeKey string? @7.0.1.0,
  gateway HostListSummaryGatewaySummary? @6.0, tpmAttestation HostTpmAttestationInfo? @6.7,
  trustAuthorityAttestationInfos HostTrustAuthorityAttestationInfo[] @7.0.1.0
HostHardwareSummary: vendor string, model string, uuid string,
  otherIdentifyingInfo HostSystemIdentificationInfo[], memorySize long, cpuModel string, cpuMhz int,
  numCpuPkgs short, numCpuCores short, numCpuThreads short, numNics int, numHBAs int
HostSystemIdentificationInfo: identifierValue string, identifierType ElementDescription
HostListSummaryQuickStats: overallCpuUsage int?, overallMemoryUsage int?, distributedCpuFairness int?,
  distributedMemoryFairness int?, availablePMemCapacity int? @6.7, uptime int? @4.1
HostConfigSummary: name string, port int, sslThumbprint string? @4.0, product AboutInfo?,
  vmotionEnabled boolean, faultToleranceEnabled boolean @4.0, featureVersion HostFeatureVersionInfo[] @4.1,
  agentVmDatastore &Datastore? @5.0, agentVmNetwork &Network? @5.0
HostRuntimeInfo: connectionState %HostSystemConnectionState, powerState %HostSystemPowerState,
  standbyMode string? @4.1, inMaintenanceMode boolean, inQuarantineMode boolean? @6.5, bootTime dateTime?,
  healthSystemRuntime HealthSystemRuntime?, dasHostState ClusterDasFdmHostState? @5.0,
  tpmPcrValues HostTpmDigestInfo[] @4.0, vsanRuntimeInfo VsanHostRuntimeInfo? @5.5,
  networkRuntimeInfo HostRuntimeInfoNetworkRuntimeInfo? @5.5,
  vFlashResourceRuntimeInfo HostVFlashManagerVFlashResourceRunTimeInfo? @5.5, hostMaxVirtualDiskCapacity long? @5.5,
  cryptoState string? @6.5, cryptoKeyId CryptoKeyId? @6.5, statelessNvdsMigrationReady string? @7.0.2.0,
  partialMaintenanceMode HostPartialMaintenanceModeRuntimeInfo[] @8.0.3.0,
  stateEncryption HostRuntimeInfoStateEncryptionInfo? @7.0.3.0
HostHardwareInfo: systemInfo HostSystemInfo, cpuPowerManagementInfo HostCpuPowerManagementInfo? @4.0,
  cpuInfo HostCpuInfo, cpuPkg HostCpuPackage[]!, memorySize long, numaInfo HostNumaInfo?, smcPresent boolean @5.0,
  pciDevice HostPciDevice[], dvxClasses HostDvxClass[] @8.0.0.1, cpuFeature HostCpuIdInfo[], biosInfo HostBIOSInfo?,
  reliableMemoryInfo HostReliableMemoryInfo? @5.5, persistentMemoryInfo HostPersistentMemoryInfo? @6.7,
  sgxInfo HostSgxInfo? @7.0.0.0, sevInfo HostSevInfo? @7.0.1.0, memoryTieringType string? @7.0.3.0,
  memoryTierInfo HostMemoryTierInfo[] @7.0.3.0
HostSystemInfo: vendor string, model string, uuid string, otherIdentifyingInfo HostSystemIdentificationInfo[],
  serialNumber string? @6.7, qualifiedName HostQualifiedName[] @7.0.3.0, vvolHostNQN HostQualifiedName? @8.0.0.0,
  vvolHostId string? @8.0.0.0, bootCommandLine string? @8.0.3.0
HostCpuInfo: numCpuPackages short, numCpuCores short, numCpuThreads short, hz long
HostCpuPackage: index short, vendor string, hz long, busHz long, description string, threadId short[]!,
  cpuFeature HostCpuIdInfo[], family short? @8.0.3.0, model short? @8.0.3.0, stepping short? @8.0.3.0
HostCpuIdInfo: level int, vendor string?, eax string?, ebx string?, ecx string?, edx string?
HostBIOSInfo: biosVersion string?, releaseDate dateTime?, vendor string? @6.5, majorRelease int? @6.5,
  minorRelease int? @6.5, firmwareMajorRelease int? @6.5, firmwareMinorRelease int? @6.5,
  firmwareType string? @8.0.2.0
HostCapability: recursiveResourcePoolsSupported boolean, cpuMemoryResourceConfigurationSupported boolean,
  rebootSupported boolean, shutdownSupported boolean, vmotionSupported boolean, standbySupported boolean,
  ipmiSupported boolean? @4.0, maxSupportedVMs int?, maxRunningVMs int?, maxSupportedVcpus int?,
  maxRegisteredVMs int? @5.1, datastorePrincipalSupported boolean, sanSupported boolean, nfsSupported boolean,
  iscsiSupported boolean, vlanTaggingSupported boolean, nicTeamingSupported boolean, highGuestMemSupported boolean,
  maintenanceModeSupported boolean, suspendedRelocateSupported boolean, restrictedSnapshotRelocateSupported boolean,
  perVmSwapFiles boolean, localSwapDatastoreSupported boolean, unsharedSwapVMotionSupported boolean,
  backgroundSnapshotsSupported boolean, preAssignedPCIUnitNumbersSupported boolean, screenshotSupported boolean,
  scaledScreenshotSupported boolean, storageVMotionSupported boolean @4.0,
  vmotionWithStorageVMotionSupported boolean @4.0, vmotionAcrossNetworkSupported boolean? @5.5,
  maxNumDisksSVMotion int? @6.0, maxVirtualDiskDescVersionSupported int? @8.0.1.0,
  hbrNicSelectionSupported boolean @5.1, vrNfcNicSelectionSupported boolean @6.0, recordReplaySupported boolean @4.0,
  ftSupported boolean @4.0, replayUnsupportedReason string? @4.0, replayCompatibilityIssues string[] @4.1,
  smpFtSupported boolean @6.0, ftCompatibilityIssues string[] @4.1, smpFtCompatibilityIssues string[] @6.0,
  maxVcpusPerFtVm int? @6.0, loginBySSLThumbprintSupported boolean? @4.0, cloneFromSnapshotSupported boolean @4.0,
  deltaDiskBackingsSupported boolean @4.0, perVMNetworkTrafficShapingSupported boolean, tpmSupported boolean @4.0,
  tpmVersion string? @6.7, txtEnabled boolean? @6.7, supportedCpuFeature HostCpuIdInfo[] @4.0,
  virtualExecUsageSupported boolean @4.0, storageIORMSupported boolean @4.1, vmDirectPathGen2Supported boolean @4.1,
  vmDirectPathGen2UnsupportedReason string[] @4.1, vmDirectPathGen2UnsupportedReasonExtended string? @4.1,
  supportedVmfsMajorVersion int[] @5.0, vStorageCapable boolean @4.1, snapshotRelayoutSupported boolean @5.0,
  firewallIpRulesSupported boolean? @5.0, servicePackageInfoSupported boolean? @5.0, maxHostRunningVms int? @5.0,
  maxHostSupportedVcpus int? @5.0, vmfsDatastoreMountCapable boolean @5.0,
  eightPlusHostVmfsSharedAccessSupported boolean @5.1, nestedHVSupported boolean @5.1, vPMCSupported boolean @5.1,
  interVMCommunicationThroughVMCISupported boolean @5.1, scheduledHardwareUpgradeSupported boolean? @5.1,
  featureCapabilitiesSupported boolean @5.1, latencySensitivitySupported boolean @5.1,
  storagePolicySupported boolean? @5.5, accel3dSupported boolean @5.1, reliableMemoryAware boolean? @5.5,
  multipleNetworkStackInstanceSupported boolean? @5.5, messageBusProxySupported boolean? @6.0,
  vsanSupported boolean? @5.5, vFlashSupported boolean? @5.5, hostAccessManagerSupported boolean? @6.0,
  provisioningNicSelectionSupported boolean @6.0, nfs41Supported boolean? @6.0, nfs41Krb5iSupported boolean? @6.5,
  turnDiskLocatorLedSupported boolean? @6.0, virtualVolumeDatastoreSupported boolean? @6.0,
  markAsSsdSupported boolean? @6.0, markAsLocalSupported boolean? @6.0,
  smartCardAuthenticationSupported boolean? @6.0, pMemSupported boolean? @6.7, pMemSnapshotSupported boolean? @6.7,
  cryptoSupported boolean? @6.5, oneKVolumeAPIsSupported boolean? @6.5, gatewayOnNicSupported boolean? @6.5,
  upitSupported boolean? @6.5, cpuHwMmuSupported boolean? @6.5, encryptedVMotionSupported boolean? @6.5,
  encryptionChangeOnAddRemoveSupported boolean? @6.5, encryptionHotOperationSupported boolean? @6.5,
  encryptionWithSnapshotsSupported boolean? @6.5, encryptionFaultToleranceSupported boolean? @6.5,
  encryptionMemorySaveSupported boolean? @6.5, encryptionRDMSupported boolean? @6.5,
  encryptionVFlashSupported boolean? @6.5, encryptionCBRCSupported boolean? @6.5,
  encryptionHBRSupported boolean? @6.5, ftEfiSupported boolean? @6.7, unmapMethodSupported string? @6.7,
  maxMemMBPerFtVm int? @6.7, virtualMmuUsageIgnored boolean? @6.7, virtualExecUsageIgnored boolean? @6.7,
  vmCreateDateSupported boolean? @6.7, vmfs3EOLSupported boolean? @6.7, ftVmcpSupported boolean? @6.7,
  quickBootSupported boolean? @6.7.1, encryptedFtSupported boolean? @7.0.2.0,
  assignableHardwareSupported boolean? @7.0.0.0, suspendToMemorySupported boolean? @7.0.2.0,
  useFeatureReqsForOldHWv boolean? @6.8.7, hppPspSupported boolean? @7.0.0.0,
  deviceRebindWithoutRebootSupported boolean? @7.0.0.0, storagePolicyChangeSupported boolean? @7.0.0.0,
  precisionTimeProtocolSupported boolean? @7.0.0.0, remoteDeviceVMotionSupported boolean? @7.0.0.0,
  maxSupportedVmMemory int? @7.0.0.0, ahDeviceHintsSupported boolean? @7.0.2.0,
  nvmeOverTcpSupported boolean? @7.0.3.0, nvmeStorageFabricServicesSupported boolean? @7.0.3.0,
  assignHwPciConfigSupported boolean? @7.0.2.0, timeConfigSupported boolean? @7.0.3.0,
  nvmeBatchOperationsSupported boolean? @7.0.3.0, pMemFailoverSupported boolean? @7.0.2.0,
  hostConfigEncryptionSupported boolean? @7.0.2.0, maxSupportedSimultaneousThreads int? @8.0.0.1,
  ptpConfigSupported boolean? @7.0.3.0, maxSupportedPtpPorts int? @7.0.3.0,
  sgxRegistrationSupported boolean? @8.0.0.1, pMemIndependentSnapshotSupported boolean? @7.0.3.0,
  iommuSLDirtyCapable boolean? @8.0.0.1, vmknicBindingSupported boolean? @8.0.1.0,
  ultralowFixedUnmapSupported boolean? @8.0.0.1, nvmeVvolSupported boolean? @8.0.0.0,
  fptHotplugSupported boolean? @8.0.1.0, mconnectSupported boolean? @8.0.1.0, vsanNicMgmtSupported boolean? @8.0.2.0,
  vvolNQNSupported boolean? @8.0.2.0, stretchedSCSupported boolean? @8.0.3.0, vmknicBindingOnNFSv41 boolean? @8.0.3.0,
  vpStatusCheckSupported boolean? @8.0.3.0, nConnectSupported boolean? @8.0.3.0, userKeySupported boolean? @8.0.3.0,
  ndcmSupported boolean? @8.0.3.0, uefiSecureBoot boolean? @8.0.3.0
HostConfigManager: cpuScheduler &HostCpuSchedulerSystem?, datastoreSystem &HostDatastoreSystem?,
  memoryManager &HostMemorySystem?, storageSystem &HostStorageSystem?, networkSystem &HostNetworkSystem?,
  vmotionSystem &HostVMotionSystem?, virtualNicManager &HostVirtualNicManager? @4.0,
  serviceSystem &HostServiceSystem?, firewallSystem &HostFirewallSystem?, advancedOption &OptionManager?,
  diagnosticSystem &HostDiagnosticSystem?, autoStartManager &HostAutoStartManager?, snmpSystem &HostSnmpSystem?,
  dateTimeSystem &HostDateTimeSystem?, patchManager &HostPatchManager?,
  imageConfigManager &HostImageConfigManager? @5.0, bootDeviceSystem &HostBootDeviceSystem?,
  firmwareSystem &HostFirmwareSystem?, healthStatusSystem &HostHealthStatusSystem?,
  pciPassthruSystem &HostPciPassthruSystem? @4.0, licenseManager &LicenseManager? @4.0,
  kernelModuleSystem &HostKernelModuleSystem? @4.0, authenticationManager &HostAuthenticationManager? @4.1,
  powerSystem &HostPowerSystem? @4.1, cacheConfigurationManager &HostCacheConfigurationManager? @5.0,
  esxAgentHostManager &HostEsxAgentHostManager? @5.0, iscsiManager &IscsiManager? @5.0,
  vFlashManager &HostVFlashManager? @5.5, vsanSystem &HostVsanSystem? @5.5, messageBusProxy &MessageBusProxy? @6.0,
  userDirectory &UserDirectory? @6.0, accountManager &HostLocalAccountManager? @6.0,
  hostAccessManager &HostAccessManager? @6.0, graphicsManager &HostGraphicsManager? @5.5,
  vsanInternalSystem &HostVsanInternalSystem? @5.5, certificateManager &HostCertificateManager? @6.0,
  cryptoManager &CryptoManager? @6.5, nvdimmSystem &HostNvdimmSystem? @6.7,
  assignableHardwareManager &HostAssignableHardwareManager? @7.0.0.0
HostConfigInfo: host &HostSystem, product AboutInfo, deploymentInfo HostDeploymentInfo? @6.5,
  hyperThread HostHyperThreadScheduleInfo?, cpuScheduler HostCpuSchedulerInfo? @8.0.3.0,
  consoleReservation ServiceConsoleReservationInfo?, virtualMachineReservation VirtualMachineMemoryReservationInfo?,
  storageDevice HostStorageDeviceInfo?, multipathState HostMultipathStateInfo? @4.0,
  fileSystemVolume HostFileSystemVolumeInfo?, systemFile string[] @4.1, network HostNetworkInfo?,
  vmotion HostVMotionInfo?, virtualNicManagerInfo HostVirtualNicManagerInfo? @4.0, capabilities HostNetCapabilities?,
  datastoreCapabilities HostDatastoreSystemCapabilities?, offloadCapabilities HostNetOffloadCapabilities?,
  service HostServiceInfo?, firewall HostFirewallInfo?, autoStart HostAutoStartManagerConfig?,
  activeDiagnosticPartition HostDiagnosticPartition?, option OptionValue[], optionDef OptionDef[],
  datastorePrincipal string?, localSwapDatastore &Datastore?,
  systemSwapConfiguration HostSystemSwapConfiguration? @5.1, systemResources HostSystemResourceInfo?,
  dateTimeInfo HostDateTimeInfo?, flags HostFlagInfo?, adminDisabled boolean?, lockdownMode %HostLockdownMode? @6.0,
  ipmi HostIpmiInfo? @4.0, sslThumbprintInfo HostSslThumbprintInfo? @4.0,
  sslThumbprintData HostSslThumbprintInfo[] @5.0, certificate byte[] @5.0, pciPassthruInfo HostPciPassthruInfo[] @4.0,
  authenticationManagerInfo HostAuthenticationManagerInfo? @4.1, featureVersion HostFeatureVersionInfo[] @4.1,
  powerSystemCapability PowerSystemCapability? @4.1, powerSystemInfo PowerSystemInfo? @4.1,
  cacheConfigurationInfo HostCacheConfigurationInfo[] @5.0, wakeOnLanCapable boolean? @5.0,
  featureCapability HostFeatureCapability[] @5.1, maskedFeatureCapability HostFeatureCapability[] @5.1,
  vFlashConfigInfo HostVFlashManagerVFlashConfigInfo? @5.5, vsanHostConfig VsanHostConfigInfo? @5.5,
  domainList string[] @6.0, scriptCheckSum base64Binary? @6.0, hostConfigCheckSum base64Binary? @6.0,
  descriptionTreeCheckSum base64Binary? @7.0.0.0, graphicsInfo HostGraphicsInfo[] @5.5,
  sharedPassthruGpuTypes string[] @6.0, graphicsConfig HostGraphicsConfig? @6.5,
  sharedGpuCapabilities HostSharedGpuCapabilities[] @6.7, ioFilterInfo HostIoFilterInfo[] @6.0,
  sriovDevicePool HostSriovDevicePoolInfo[] @6.5, assignableHardwareBinding HostAssignableHardwareBinding[] @7.0.0.0,
  assignableHardwareConfig HostAssignableHardwareConfig? @7.0.0.0
HostNetworkInfo: vswitch HostVirtualSwitch[], proxySwitch HostProxySwitch[] @4.0, portgroup HostPortGroup[],
  pnic PhysicalNic[], rdmaDevice HostRdmaDevice[] @7.0.0.0, vnic HostVirtualNic[], consoleVnic HostVirtualNic[],
  dnsConfig HostDnsConfig?, ipRouteConfig HostIpRouteConfig?, consoleIpRouteConfig HostIpRouteConfig?,
  routeTableInfo HostIpRouteTableInfo? @4.0, dhcp HostDhcpService[], nat HostNatService[], ipV6Enabled boolean? @4.0,
  atBootIpV6Enabled boolean? @4.1, netStackInstance HostNetStackInstance[] @5.5, opaqueSwitch HostOpaqueSwitch[] @5.5,
  opaqueNetwork HostOpaqueNetworkInfo[] @5.5, nsxTransportNodeId string? @7.0.0.0,
  nvdsToVdsMigrationRequired boolean? @7.0.2.0, migrationStatus string? @7.0.2.0
HostVirtualSwitch: name string, key string, numPorts int, numPortsAvailable int, mtu int?, portgroup Link[],
  pnic Link[], spec HostVirtualSwitchSpec
HostVirtualSwitchSpec: numPorts int, bridge HostVirtualSwitchBridge?, policy HostNetworkPolicy?, mtu int?
HostVirtualSwitchBridge:
HostVirtualSwitchBondBridge < HostVirtualSwitchBridge: nicDevice string[]!,
  beacon HostVirtualSwitchBeaconConfig?, linkDiscoveryProtocolConfig LinkDiscoveryProtocolConfig? @4.0
HostNetworkPolicy: security HostNetworkSecurityPolicy?, nicTeaming HostNicTeamingPolicy?,
  offloadPolicy HostNetOffloadCapabilities?, shapingPolicy HostNetworkTrafficShapingPolicy?
HostNetworkSecurityPolicy: allowPromiscuous boolean?, macChanges boolean?, forgedTransmits boolean?
HostPortGroup: key string?, port HostPortGroupPort[], vswitch Link?, computedPolicy HostNetworkPolicy,
  spec HostPortGroupSpec
HostPortGroupPort: key string?, mac string[], type string
HostPortGroupSpec: name string, vlanId int, vswitchName string, policy HostNetworkPolicy
HostProxySwitch @4.0: dvsUuid string, dvsName string, key string, numPorts int, configNumPorts int? @5.0,
  numPortsAvailable int, uplinkPort KeyValue[], mtu int?, pnic Link[], spec HostProxySwitchSpec,
  hostLag HostProxySwitchHostLagConfig[] @5.5, networkReservationSupported boolean? @5.5,
  nsxtEnabled boolean? @7.0.0.0, ensEnabled boolean? @7.0.0.0, ensInterruptEnabled boolean? @7.0.0.0,
  transportZones DistributedVirtualSwitchHostMemberTransportZoneInfo[] @7.0.0.0, nsxUsedUplinkPort string[] @7.0.0.0,
  nsxtStatus string? @7.0.0.0, nsxtStatusDetail string? @7.0.0.0, ensInfo HostProxySwitchEnsInfo? @8.0.0.1,
  networkOffloadingEnabled boolean? @8.0.0.1,
  hostUplinkState DistributedVirtualSwitchHostMemberHostUplinkState[] @8.0.3.0
HostProxySwitchSpec @4.0: backing DistributedVirtualSwitchHostMemberBacking?
PhysicalNic: key string?, device string, pci string, driver string?, driverVersion string? @8.0.0.1,
  firmwareVersion string? @8.0.0.1, linkSpeed PhysicalNicLinkInfo?, validLinkSpecification PhysicalNicLinkInfo[],
  spec PhysicalNicSpec, wakeOnLanSupported boolean, mac string, fcoeConfiguration FcoeConfig? @5.0,
  vmDirectPathGen2Supported boolean? @4.1, vmDirectPathGen2SupportedMode string? @4.1,
  resourcePoolSchedulerAllowed boolean? @4.1, resourcePoolSchedulerDisallowedReason string[] @4.1,
  autoNegotiateSupported boolean? @4.1, enhancedNetworkingStackSupported boolean? @6.7,
  ensInterruptSupported boolean? @7.0.0.0, rdmaDevice Link? @7.0.0.0, dpuId string? @8.0.0.1
PhysicalNicLinkInfo: speedMb int, duplex boolean
PhysicalNicSpec: ip HostIpConfig?, linkSpeed PhysicalNicLinkInfo?, enableEnhancedNetworkingStack boolean? @6.7,
  ensInterruptEnabled boolean? @7.0.0.0
HostVirtualNic: device string, key string, portgroup string, spec HostVirtualNicSpec, port Link?
HostVirtualNicSpec: ip HostIpConfig?, mac string?,
  distributedVirtualPort DistributedVirtualSwitchPortConnection? @4.0, portgroup string? @4.0, mtu int? @4.0,
  tsoEnabled boolean? @4.0, netStackInstanceKey string? @5.5, opaqueNetwork HostVirtualNicOpaqueNetworkSpec? @6.0,
  externalId string? @6.0, pinnedPnic string? @6.0, ipRouteSpec HostVirtualNicIpRouteSpec? @6.5,
  systemOwned boolean? @7.0.0.0, dpuId string? @8.0.0.1
HostIpConfig: dhcp boolean, ipAddress string?, subnetMask string?,
  ipV6Config HostIpConfigIpV6AddressConfiguration? @4.0
HostDnsConfig: dhcp boolean, virtualNicDevice string?, ipv6VirtualNicDevice string? @6.7, hostName string,
  domainName string, address string[], searchDomain string[]
ComputeResourceSummary: totalCpu int, totalMemory long, numCpuCores short, numCpuThreads short,
  effectiveCpu int, effectiveMemory long, numHosts int, numEffectiveHosts int,
  overallStatus %ManagedEntityStatus
ClusterComputeResourceSummary < ComputeResourceSummary: currentFailoverLevel int,
  admissionControlInfo ClusterDasAdmissionControlInfo? @4.0, numVmotions int, targetBalance int? @4.0,
  currentBalance int? @4.0, drsScore int? @7.0.0.0, numVmsPerDrsScoreBucket int[] @7.0.0.0,
  usageSummary ClusterUsageSummary? @6.0, currentEVCModeKey string? @4.0, currentEVCGraphicsModeKey string? @7.0.1.0,
  dasData ClusterDasData? @5.0, clusterMaintenanceModeStatus string? @7.0.0.2, vcsHealthStatus string? @7.0.1.1,
  vcsSlots ClusterComputeResourceVcsSlots[] @7.0.1.1
ComputeResourceConfigInfo: vmSwapPlacement string, spbmEnabled boolean? @5.0, defaultHardwareVersionKey string? @5.1,
  maximumHardwareVersionKey string? @7.0.2.0
ClusterConfigInfoEx < ComputeResourceConfigInfo: systemVMsConfig ClusterSystemVMsConfigInfo? @7.0.3.0,
  dasConfig ClusterDasConfigInfo, dasVmConfig ClusterDasVmConfigInfo[], drsConfig ClusterDrsConfigInfo,
  drsVmConfig ClusterDrsVmConfigInfo[], rule ClusterRuleInfo[], orchestration ClusterOrchestrationInfo? @6.5,
  vmOrchestration ClusterVmOrchestrationInfo[] @6.5, dpmConfigInfo ClusterDpmConfigInfo?,
  dpmHostConfig ClusterDpmHostConfigInfo[], vsanConfigInfo VsanClusterConfigInfo? @5.5,
  vsanHostConfig VsanHostConfigInfo[] @5.5, group ClusterGroupInfo[] @4.1,
  infraUpdateHaConfig ClusterInfraUpdateHaConfigInfo? @6.5, proactiveDrsConfig ClusterProactiveDrsConfigInfo? @6.5,
  cryptoConfig ClusterCryptoConfigInfo? @7.0.0.0
ClusterConfigInfo: dasConfig ClusterDasConfigInfo, dasVmConfig ClusterDasVmConfigInfo[],
  drsConfig ClusterDrsConfigInfo, drsVmConfig ClusterDrsVmConfigInfo[], rule ClusterRuleInfo[]
ClusterDasConfigInfo: enabled boolean?, vmMonitoring string? @4.0, hostMonitoring string? @4.0,
  vmComponentProtecting string? @6.0, failoverLevel int?,
  admissionControlPolicy ClusterDasAdmissionControlPolicy? @4.0, admissionControlEnabled boolean?,
  defaultVmSettings ClusterDasVmSettings?, option OptionValue[], heartbeatDatastore &Datastore[] @5.0,
  hBDatastoreCandidatePolicy string? @5.0
ClusterDrsConfigInfo: enabled boolean?, enableVmBehaviorOverrides boolean? @4.0, defaultVmBehavior %DrsBehavior?,
  vmotionRate int?, scaleDescendantsShares string? @7.0.0.0, option OptionValue[]
ResourcePoolSummary: name string, config ResourceConfigSpec, runtime ResourcePoolRuntimeInfo,
  quickStats ResourcePoolQuickStats? @4.0, configuredMemoryMB int? @4.0
ResourcePoolRuntimeInfo: memory ResourcePoolResourceUsage, cpu ResourcePoolResourceUsage,
  overallStatus %ManagedEntityStatus, sharesScalable string? @7.0.0.0
ResourcePoolResourceUsage: reservationUsed long, reservationUsedForVm long, unreservedForPool long,
  unreservedForVm long, overallUsage long, maxUsage long
ResourcePoolQuickStats @4.0: overallCpuUsage long?, overallCpuDemand long?, guestMemoryUsage long?,
  hostMemoryUsage long?, distributedCpuEntitlement long?, distributedMemoryEntitlement long?,
  staticCpuEntitlement int?, staticMemoryEntitlement int?, privateMemory long?, sharedMemory long?,
  swappedMemory long?, balloonedMemory long?, overheadMemory long?, consumedOverheadMemory long?,
  compressedMemory long? @4.1
VirtualAppSummary < ResourcePoolSummary @4.0: product VAppProductInfo?, vAppState %VirtualAppVAppState?,
  suspended boolean? @4.1, installBootRequired boolean?, instanceUuid string? @4.1
VmConfigInfo @4.0: product VAppProductInfo[], property VAppPropertyInfo[], ipAssignment VAppIPAssignmentInfo,
  eula string[], ovfSection VAppOvfSectionInfo[], ovfEnvironmentTransport string[],
  installBootRequired boolean, installBootStopDelay int
VAppConfigInfo < VmConfigInfo @4.0: entityConfig VAppEntityConfigInfo[], annotation string,
  instanceUuid string? @4.1, managedBy ManagedByInfo? @5.0
KeyValue: key string, value string
VAppIPAssignmentInfo @4.0: supportedAllocationScheme string[], ipAllocationPolicy string?,
  supportedIpProtocol string[], ipProtocol string?
VAppEntityConfigInfo @4.0: key &ManagedEntity?, tag string?, startOrder int?, startDelay int?,
  waitingForGuest boolean?, startAction string?, stopDelay int?, stopAction string?,
  destroyWithParent boolean? @4.1
DatastoreInfo: name string, url string, freeSpace long, maxFileSize long, maxVirtualDiskCapacity long? @5.5,
  maxMemoryFileSize long @6.0, timestamp dateTime? @4.0, containerId string? @5.5, aliasOf string? @6.7.1
VmfsDatastoreInfo < DatastoreInfo: maxPhysicalRDMFileSize long @5.1, maxVirtualRDMFileSize long @5.1,
  vmfs HostVmfsVolume?
NasDatastoreInfo < DatastoreInfo: nas HostNasVolume?
LocalDatastoreInfo < DatastoreInfo: path string?
HostFileSystemVolume: type string, name string, capacity long
HostVmfsVolume < HostFileSystemVolume: blockSizeMb int, blockSize int? @6.5, unmapGranularity int? @6.5,
  unmapPriority string? @6.5, unmapBandwidthSpec VmfsUnmapBandwidthSpec? @6.7, maxBlocks int,
  majorVersion int, version string, uuid string, extent HostScsiDiskPartition[]!, vmfsUpgradable boolean,
  forceMountedInfo HostForceMountedInfo? @4.0, ssd boolean? @5.0, local boolean? @5.5,
  scsiDiskType string? @6.5
HostScsiDiskPartition: diskName string, partition int
HostNasVolume < HostFileSystemVolume: remoteHost string, remotePath string, userName string?,
  remoteHostNames string[] @6.0, securityType string? @6.0, protocolEndpoint boolean? @6.0
DatastoreSummary: datastore &Datastore?, name string, url string, capacity long, freeSpace long,
  uncommitted long? @4.0, accessible boolean, multipleHostAccess boolean?, type string,
  maintenanceMode string? @5.0
DatastoreHostMount: key &HostSystem, mountInfo HostMountInfo
HostMountInfo: path string?, accessMode string, mounted boolean? @5.0, accessible boolean?,
  inaccessibleReason string? @5.1, vmknicName string? @8.0.1.0, vmknicActive boolean? @8.0.1.0,
  mountFailedReason string? @8.0.0.1, numTcpConnections int? @8.0.1.0
DatastoreCapability: directoryHierarchySupported boolean, rawDiskMappingsSupported boolean,
  perFileThinProvisioningSupported boolean, storageIORMSupported boolean @4.1, nativeSnapshotSupported boolean @5.1,
  topLevelDirectoryCreateSupported boolean? @5.5, seSparseSupported boolean? @5.5, vmfsSparseSupported boolean? @6.5,
  vsanSparseSupported boolean? @6.5, upitSupported boolean? @6.5, vmdkExpandSupported boolean? @6.7,
  clusteredVmdkSupported boolean? @7.0.0.0
NetworkSummary: network &Network?, name string, accessible boolean, ipPoolName string @4.0,
  ipPoolId int? @5.1
DVPortgroupConfigInfo @4.0: key string, name string, numPorts int,
  distributedVirtualSwitch &DistributedVirtualSwitch?, defaultPortConfig DVPortSetting?, description string?,
  type string, backingType string? @7.0.0.0, policy DVPortgroupPolicy, portNameFormat string?, scope &ManagedEntity[],
  vendorSpecificConfig DistributedVirtualSwitchKeyedOpaqueBlob[], configVersion string?, autoExpand boolean? @5.0,
  vmVnicNetworkResourcePoolKey string? @6.0, uplink boolean? @6.5, transportZoneUuid string? @7.0.0.0,
  transportZoneName string? @7.0.0.0, logicalSwitchUuid string? @7.0.0.0, segmentId string? @7.0.0.0
DVPortgroupPolicy @4.0: blockOverrideAllowed boolean, shapingOverrideAllowed boolean,
  vendorConfigOverrideAllowed boolean, livePortMovingAllowed boolean, portConfigResetAtDisconnect boolean,
  networkResourcePoolOverrideAllowed boolean? @5.0, trafficFilterOverrideAllowed boolean? @5.5
VMwareDVSPortgroupPolicy < DVPortgroupPolicy @4.0: vlanOverrideAllowed boolean,
  uplinkTeamingOverrideAllowed boolean, securityPolicyOverrideAllowed boolean,
  ipfixOverrideAllowed boolean? @5.0, macManagementOverrideAllowed boolean? @6.7.1
InheritablePolicy @4.0: inherited boolean
VmwareDistributedVirtualSwitchVlanSpec < InheritablePolicy @4.0:
VmwareDistributedVirtualSwitchVlanIdSpec < VmwareDistributedVirtualSwitchVlanSpec @4.0: vlanId int
DVPortSetting @4.0: blocked BoolPolicy?, vmDirectPathGen2Allowed BoolPolicy? @4.1,
  inShapingPolicy DVSTrafficShapingPolicy?, outShapingPolicy DVSTrafficShapingPolicy?,
  vendorSpecificConfig DVSVendorSpecificConfig?, networkResourcePoolKey StringPolicy? @5.0,
  filterPolicy DvsFilterPolicy? @5.5
VMwareDVSPortSetting < DVPortSetting @4.0: vlan VmwareDistributedVirtualSwitchVlanSpec?, qosTag IntPolicy?,
  uplinkTeamingPolicy VmwareUplinkPortTeamingPolicy?, securityPolicy DVSSecurityPolicy?,
  ipfixEnabled BoolPolicy? @5.0, txUplink BoolPolicy?, lacpPolicy VMwareUplinkLacpPolicy? @5.1,
  macManagementPolicy DVSMacManagementPolicy? @6.7, VNI IntPolicy? @7.0.0.0
DVSUplinkPortPolicy @4.0:
DVSNameArrayUplinkPortPolicy < DVSUplinkPortPolicy @4.0: uplinkPortName string[]!
DistributedVirtualSwitchProductSpec @4.0: name string?, vendor string?, version string?, build string?,
  forwardingClass string?, bundleId string?, bundleUrl string?
DistributedVirtualSwitchHostMemberBacking @4.0:
DistributedVirtualSwitchHostMemberPnicBacking < DistributedVirtualSwitchHostMemberBacking @4.0:
  pnicSpec DistributedVirtualSwitchHostMemberPnicSpec[]
DistributedVirtualSwitchHostMemberPnicSpec @4.0: pnicDevice string, uplinkPortKey string?,
  uplinkPortgroupKey string?, connectionCookie int?
DistributedVirtualSwitchHostMember @4.0:
  runtimeState DistributedVirtualSwitchHostMemberRuntimeState? @5.0,
  config DistributedVirtualSwitchHostMemberConfigInfo, productInfo DistributedVirtualSwitchProductSpec?,
  uplinkPortKey string[], status string, statusDetail string? @4.1
DistributedVirtualSwitchHostMemberConfigInfo @4.0: host &HostSystem?, maxProxySwitchPorts int,
  vendorSpecificConfig DistributedVirtualSwitchKeyedOpaqueBlob[], backing DistributedVirtualSwitchHostMemberBacking,
  nsxSwitch boolean? @7.0.0.0, ensEnabled boolean? @7.0.0.0, ensInterruptEnabled boolean? @7.0.0.0,
  transportZones DistributedVirtualSwitchHostMemberTransportZoneInfo[] @7.0.0.0,
  nsxtUsedUplinkNames string[] @7.0.0.0, networkOffloadingEnabled boolean? @8.0.0.1
DVSContactInfo @4.0: name string?, contact string?
DVSConfigInfo @4.0: uuid string, name string, numStandalonePorts int, numPorts int, maxPorts int,
  uplinkPortPolicy DVSUplinkPortPolicy, uplinkPortgroup &DistributedVirtualPortgroup[],
  defaultPortConfig DVPortSetting, host DistributedVirtualSwitchHostMember[],
  productInfo DistributedVirtualSwitchProductSpec, targetInfo DistributedVirtualSwitchProductSpec?,
  extensionKey string?, vendorSpecificConfig DistributedVirtualSwitchKeyedOpaqueBlob[], policy DVSPolicy?,
  description string?, configVersion string, contact DVSContactInfo, switchIpAddress string? @5.0,
  createTime dateTime, networkResourceManagementEnabled boolean @4.1,
  defaultProxySwitchMaxNumPorts int? @5.1, healthCheckConfig DVSHealthCheckConfig[] @5.1,
  infrastructureTrafficResourceConfig DvsHostInfrastructureTrafficResource[] @6.0,
  netResourcePoolTrafficResourceConfig DvsHostInfrastructureTrafficResource[] @6.7,
  networkResourceControlVersion string? @6.0, vmVnicNetworkResourcePool DVSVmVnicNetworkResourcePool[] @6.0,
  pnicCapacityRatioForReservation int? @6.0
VMwareDVSConfigInfo < DVSConfigInfo @4.0: vspanSession VMwareVspanSession[] @5.0,
  pvlanConfig VMwareDVSPvlanMapEntry[], maxMtu int, linkDiscoveryProtocolConfig LinkDiscoveryProtocolConfig?,
  ipfixConfig VMwareIpfixConfig? @5.0, lacpGroupConfig VMwareDvsLacpGroupConfig[] @5.5, lacpApiVersion string? @5.5,
  multicastFilteringMode string? @6.0, networkOffloadSpecId string? @8.0.0.1,
  networkOffloadConfig VmwareDistributedVirtualSwitchNetworkOffloadConfig? @8.0.3.0
DVSSummary @4.0: name string, uuid string, numPorts int, productInfo DistributedVirtualSwitchProductSpec?,
  hostMember &HostSystem[], vm &VirtualMachine[], host &HostSystem[], portgroupName string[],
  description string?, contact DVSContactInfo?, numHosts int? @5.5
DVSCapability @4.0: dvsOperationSupported boolean?, dvPortGroupOperationSupported boolean?,
  dvPortOperationSupported boolean?,
  compatibleHostComponentProductInfo DistributedVirtualSwitchHostProductSpec[],
  featuresSupported DVSFeatureCapability? @4.1
DatacenterConfigInfo @5.1: defaultHardwareVersionKey string?, maximumHardwareVersionKey string? @7.0.2.0
enum HostSystemConnectionState: connected notResponding disconnected
enum HostSystemPowerState: poweredOn poweredOff standBy unknown
enum VirtualAppVAppState: started stopped starting stopping
enum DrsBehavior: manual partiallyAutomated fullyAutomated
`;
