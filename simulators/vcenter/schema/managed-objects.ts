/**
 * Managed object types and their properties. Notation: notation.ts. Field names, order, optionality and
 * first versions are the published WSDL's; scenarios/crosscheck/vcenter/schema.py holds them against
 * pyVmomi.
 */
export const MANAGED_OBJECTS = `
managed ExtensibleManagedObject: value CustomFieldValue[], availableField CustomFieldDef[]
managed ManagedEntity < ExtensibleManagedObject: parent &ManagedEntity?, customValue CustomFieldValue[],
  overallStatus %ManagedEntityStatus, configStatus %ManagedEntityStatus, configIssue Event[],
  effectiveRole int[], permission Permission[], name string, disabledMethod MethodName[], recentTask &Task[],
  declaredAlarmState AlarmState[], triggeredAlarmState AlarmState[], alarmActionsEnabled boolean? @4.0,
  tag Tag[] @4.0
managed Folder < ManagedEntity: childType TypeName[], childEntity &ManagedEntity[], namespace string? @7.0.0.0
managed Datacenter < ManagedEntity: vmFolder &Folder, hostFolder &Folder, datastoreFolder &Folder @4.0,
  networkFolder &Folder @4.0, datastore &Datastore[], network &Network[],
  configuration DatacenterConfigInfo @5.1
managed ComputeResource < ManagedEntity: resourcePool &ResourcePool?, host &HostSystem[], datastore &Datastore[],
  network &Network[], summary ComputeResourceSummary, environmentBrowser &EnvironmentBrowser?,
  configurationEx ComputeResourceConfigInfo, lifecycleManaged boolean? @6.9.1, configManagerEnabled boolean? @8.0.0.0
managed ClusterComputeResource < ComputeResource: configuration ClusterConfigInfo,
  recommendation ClusterRecommendation[], drsRecommendation ClusterDrsRecommendation[],
  summaryEx ClusterComputeResourceSummary @7.0.1.1, hciConfig ClusterComputeResourceHCIConfigInfo? @6.7.1,
  migrationHistory ClusterDrsMigration[], actionHistory ClusterActionHistory[], drsFault ClusterDrsFaults[] @4.0
managed HostSystem < ManagedEntity: runtime HostRuntimeInfo, summary HostListSummary,
  hardware HostHardwareInfo?, capability HostCapability?, licensableResource HostLicensableResourceInfo @5.0,
  remediationState HostSystemRemediationState? @6.7,
  precheckRemediationResult ApplyHostProfileConfigurationSpec? @6.7,
  remediationResult ApplyHostProfileConfigurationResult? @6.7,
  complianceCheckState HostSystemComplianceCheckState? @6.7, complianceCheckResult ComplianceResult? @6.7,
  configManager HostConfigManager, config HostConfigInfo?, vm &VirtualMachine[], datastore &Datastore[],
  network &Network[], datastoreBrowser &HostDatastoreBrowser, systemResources HostSystemResourceInfo?,
  answerFileValidationState AnswerFileStatusResult? @6.7,
  answerFileValidationResult AnswerFileStatusResult? @6.7
managed ResourcePool < ManagedEntity: summary ResourcePoolSummary, runtime ResourcePoolRuntimeInfo,
  owner &ComputeResource, resourcePool &ResourcePool[], vm &VirtualMachine[], config ResourceConfigSpec,
  namespace string? @7.0.0.0, childConfiguration ResourceConfigSpec[]
managed VirtualMachine < ManagedEntity: capability VirtualMachineCapability,
  config VirtualMachineConfigInfo?, layout VirtualMachineFileLayout?,
  layoutEx VirtualMachineFileLayoutEx? @4.0, storage VirtualMachineStorageInfo? @4.0,
  environmentBrowser &EnvironmentBrowser, resourcePool &ResourcePool?, parentVApp &ManagedEntity? @4.1,
  resourceConfig ResourceConfigSpec?, runtime VirtualMachineRuntimeInfo, guest GuestInfo?,
  summary VirtualMachineSummary, datastore &Datastore[], network &Network[],
  snapshot VirtualMachineSnapshotInfo?, rootSnapshot &VirtualMachineSnapshot[] @4.1,
  guestHeartbeatStatus %ManagedEntityStatus
managed VirtualMachineSnapshot < ExtensibleManagedObject: config VirtualMachineConfigInfo,
  childSnapshot &VirtualMachineSnapshot[] @4.1, vm &VirtualMachine @6.0
managed Datastore < ManagedEntity: info DatastoreInfo, summary DatastoreSummary, host DatastoreHostMount[],
  vm &VirtualMachine[], browser &HostDatastoreBrowser, capability DatastoreCapability,
  iormConfiguration StorageIORMInfo? @4.1
managed HostDatastoreBrowser: datastore &Datastore[], supportedType FileQuery[]
managed Network < ManagedEntity: summary NetworkSummary, host &HostSystem[], vm &VirtualMachine[]
managed DistributedVirtualPortgroup < Network @4.0: key string, config DVPortgroupConfigInfo,
  portKeys string[]
managed DistributedVirtualSwitch < ManagedEntity @4.0: uuid string, capability DVSCapability,
  summary DVSSummary, config DVSConfigInfo, networkResourcePool DVSNetworkResourcePool[] @4.1,
  portgroup &DistributedVirtualPortgroup[], runtime DVSRuntimeInfo? @5.1
managed VmwareDistributedVirtualSwitch < DistributedVirtualSwitch @4.0:
managed VirtualApp < ResourcePool @4.0: parentFolder &Folder?, datastore &Datastore[], network &Network[],
  vAppConfig VAppConfigInfo?, parentVApp &ManagedEntity? @4.1, childLink VirtualAppLinkInfo[] @4.1
managed StoragePod < Folder @5.0: summary StoragePodSummary?, podStorageDrsEntry PodStorageDrsEntry?
managed OpaqueNetwork < Network @5.5: capability OpaqueNetworkCapability? @6.5,
  extraConfig OptionValue[] @6.5
managed EnvironmentBrowser: datastoreBrowser &HostDatastoreBrowser?
managed Task < ExtensibleManagedObject: info TaskInfo
managed ServiceInstance: serverClock dateTime, capability Capability, content ServiceContent
managed SessionManager: sessionList UserSession[], currentSession UserSession?, message string?,
  messageLocaleList string[], supportedLocaleList string[], defaultLocale string
managed PropertyCollector: filter &PropertyFilter[]
managed PropertyFilter: spec PropertyFilterSpec, partialUpdates boolean
managed ViewManager: viewList &View[]
managed View:
managed ManagedObjectView < View: view &ManagedObject[]
managed ContainerView < ManagedObjectView: container &ManagedEntity, type TypeName[], recursive boolean
managed ListView < ManagedObjectView:
managed PerformanceManager: description PerformanceDescription, historicalInterval PerfInterval[],
  perfCounter PerfCounterInfo[]
managed SearchIndex:
managed TaskManager: recentTask &Task[], description TaskDescription, maxCollector int
managed EventManager: description EventDescription, latestEvent Event?, maxCollector int
managed AuthorizationManager: privilegeList AuthorizationPrivilege[], roleList AuthorizationRole[],
  description AuthorizationDescription
managed OptionManager: supportedOption OptionDef[], setting OptionValue[]
managed LicenseManager: source LicenseSource, sourceAvailable boolean, diagnostics LicenseDiagnostics?,
  featureInfo LicenseFeatureInfo[], licensedEdition string, licenses LicenseManagerLicenseInfo[]! @4.0,
  licenseAssignmentManager &LicenseAssignmentManager? @4.0, evaluation LicenseManagerEvaluationInfo @4.0
managed ExtensionManager: extensionList Extension[]
managed CustomFieldsManager: field CustomFieldDef[]
managed UserDirectory: domainList string[]
managed FileManager:
managed VirtualDiskManager:
managed OvfManager @4.0: ovfImportOption OvfOptionInfo[] @5.1, ovfExportOption OvfOptionInfo[] @5.1
managed GuestOperationsManager @5.0: authManager &GuestAuthManager?, fileManager &GuestFileManager?,
  processManager &GuestProcessManager?, guestWindowsRegistryManager &GuestWindowsRegistryManager? @6.0,
  aliasManager &GuestAliasManager? @6.0
managed ScheduledTaskManager: scheduledTask &ScheduledTask[], description ScheduledTaskDescription
managed AlarmManager: defaultExpression AlarmExpression[], description AlarmDescription
managed DiagnosticManager:
`;
