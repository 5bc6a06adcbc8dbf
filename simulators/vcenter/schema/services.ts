/**
 * Data types of the services: session, content, property collector, tasks, performance, files, security.
 * Notation: notation.ts. Field names, order, optionality and first versions are the published WSDL's;
 * scenarios/crosscheck/vcenter/schema.py holds them against pyVmomi.
 */
export const SERVICES = `
ServiceContent: rootFolder &Folder, propertyCollector &PropertyCollector, viewManager &ViewManager?, about AboutInfo,
  setting &OptionManager?, userDirectory &UserDirectory?, sessionManager &SessionManager?,
  authorizationManager &AuthorizationManager?, serviceManager &ServiceManager? @5.1, perfManager &PerformanceManager?,
  scheduledTaskManager &ScheduledTaskManager?, alarmManager &AlarmManager?, eventManager &EventManager?,
  taskManager &TaskManager?, extensionManager &ExtensionManager?, customizationSpecManager &CustomizationSpecManager?,
  guestCustomizationManager &VirtualMachineGuestCustomizationManager? @6.8.7,
  customFieldsManager &CustomFieldsManager?, accountManager &HostLocalAccountManager?,
  diagnosticManager &DiagnosticManager?, licenseManager &LicenseManager?, searchIndex &SearchIndex?,
  fileManager &FileManager?, datastoreNamespaceManager &DatastoreNamespaceManager? @5.5,
  virtualDiskManager &VirtualDiskManager?, virtualizationManager &VirtualizationManager?,
  snmpSystem &HostSnmpSystem? @4.0, vmProvisioningChecker &VirtualMachineProvisioningChecker? @4.0,
  vmCompatibilityChecker &VirtualMachineCompatibilityChecker? @4.0, ovfManager &OvfManager? @4.0,
  ipPoolManager &IpPoolManager? @4.0, dvSwitchManager &DistributedVirtualSwitchManager? @4.0,
  hostProfileManager &HostProfileManager? @4.0, clusterProfileManager &ClusterProfileManager? @4.0,
  complianceManager &ProfileComplianceManager? @4.0, localizationManager &LocalizationManager? @4.0,
  storageResourceManager &StorageResourceManager? @4.1, guestOperationsManager &GuestOperationsManager? @5.0,
  overheadMemoryManager &OverheadMemoryManager? @6.0, certificateManager &CertificateManager? @6.0,
  ioFilterManager &IoFilterManager? @6.0, vStorageObjectManager &VStorageObjectManagerBase? @6.5,
  hostSpecManager &HostSpecificationManager? @6.5, cryptoManager &CryptoManager? @6.5,
  healthUpdateManager &HealthUpdateManager? @6.5, failoverClusterConfigurator &FailoverClusterConfigurator? @6.5,
  failoverClusterManager &FailoverClusterManager? @6.5, tenantManager &TenantTenantManager? @6.9.1,
  siteInfoManager &SiteInfoManager? @7.0.0.0
Capability: provisioningSupported boolean, multiHostSupported boolean, userShellAccessSupported boolean,
  supportedEVCMode EVCMode[] @4.0, supportedEVCGraphicsMode FeatureEVCMode[] @7.0.1.0,
  networkBackupAndRestoreSupported boolean? @5.1, ftDrsWithoutEvcSupported boolean? @6.7,
  hciWorkflowSupported boolean? @6.7.1, computePolicyVersion int? @6.8.7, clusterPlacementSupported boolean? @7.0.0.0,
  lifecycleManagementSupported boolean? @7.0.0.0, hostSeedingSupported boolean? @7.0.2.0,
  scalableSharesSupported boolean? @7.0.0.0, hadcsSupported boolean? @7.0.1.1, configMgmtSupported boolean? @7.0.3.1
UserSession: key string, userName string, fullName string, loginTime dateTime, lastActiveTime dateTime,
  locale string, messageLocale string, extensionSession boolean @5.0, ipAddress string @5.1,
  userAgent string @5.1, callCount long @5.1
TaskInfo: key string, task &Task, description LocalizableMessage? @4.0, name MethodName?, descriptionId string,
  entity &ManagedEntity?, entityName string?, locked &ManagedEntity[], state %TaskInfoState, cancelled boolean,
  cancelable boolean, error LocalizedMethodFault?, result anyType?, progress int?,
  progressDetails KeyAnyValue[] @8.0.1.0, reason TaskReason, queueTime dateTime, startTime dateTime?,
  completeTime dateTime?, eventChainId int, changeTag string? @4.0, parentTaskKey string? @4.0,
  rootTaskKey string? @4.0, activationId string? @6.0
TaskReason:
TaskReasonUser < TaskReason: userName string
TaskReasonSystem < TaskReason:
enum TaskInfoState: queued running success error
TypeDescription < Description: key TypeName
ElementDescription < Description: key string
TaskDescription: methodInfo ElementDescription[]!, state ElementDescription[]!, reason TypeDescription[]!
PropertyFilterSpec: propSet PropertySpec[]!, objectSet ObjectSpec[]!,
  reportMissingObjectsInResults boolean? @4.1
PropertySpec: type TypeName, all boolean?, pathSet PropertyPath[]
ObjectSpec: obj &ManagedObject, skip boolean?, selectSet SelectionSpec[]
SelectionSpec: name string?
TraversalSpec < SelectionSpec: type TypeName, path PropertyPath, skip boolean?, selectSet SelectionSpec[]
RetrieveOptions @4.1: maxObjects int?
RetrieveResult @4.1: token string?, objects ObjectContent[]!
ObjectContent: obj &ManagedObject, propSet DynamicProperty[], missingSet MissingProperty[]
DynamicProperty: name PropertyPath, val anyType
MissingProperty: path PropertyPath, fault LocalizedMethodFault
UpdateSet: version string, filterSet PropertyFilterUpdate[], truncated boolean? @4.1
PropertyFilterUpdate: filter &PropertyFilter, objectSet ObjectUpdate[], missingSet MissingObject[]
ObjectUpdate: kind %ObjectUpdateKind, obj &ManagedObject, changeSet PropertyChange[],
  missingSet MissingProperty[]
PropertyChange: name PropertyPath, op %PropertyChangeOp, val anyType?
MissingObject: obj &ManagedObject, fault LocalizedMethodFault
WaitOptions @4.1: maxWaitSeconds int?, maxObjectUpdates int?
enum ObjectUpdateKind: modify enter leave
enum PropertyChangeOp: add remove assign indirectRemove
PerfCounterInfo: key int, nameInfo ElementDescription, groupInfo ElementDescription,
  unitInfo ElementDescription, rollupType %PerfSummaryType, statsType %PerfStatsType, level int?,
  perDeviceLevel int? @4.1, associatedCounterId int[]
PerfInterval: key int, samplingPeriod int, name string, length int, level int?, enabled boolean
PerfProviderSummary: entity &ManagedObject, currentSupported boolean, summarySupported boolean,
  refreshRate int?
PerfCompositeMetric: entity PerfEntityMetricBase?, childEntity PerfEntityMetricBase[]
PerfMetricId: counterId int, instance string
PerfQuerySpec: entity &ManagedObject, startTime dateTime?, endTime dateTime?, maxSample int?,
  metricId PerfMetricId[], intervalId int?, format string?
PerfEntityMetricBase: entity &ManagedObject
PerfEntityMetric < PerfEntityMetricBase: sampleInfo PerfSampleInfo[], value PerfMetricSeries[]
PerfEntityMetricCSV < PerfEntityMetricBase: sampleInfoCSV string, value PerfMetricSeriesCSV[]
PerfMetricSeries: id PerfMetricId
PerfMetricIntSeries < PerfMetricSeries: value long[]
PerfMetricSeriesCSV < PerfMetricSeries: value string?
PerfSampleInfo: timestamp dateTime, interval int
PerformanceDescription: counterType ElementDescription[]!, statsType ElementDescription[]!
enum PerfStatsType: absolute delta rate
enum PerfSummaryType: average maximum minimum latest summation none
HostDatastoreBrowserSearchSpec: query FileQuery[], details FileQueryFlags?, searchCaseInsensitive boolean?,
  matchPattern string[], sortFoldersFirst boolean?
FileQuery:
FolderFileQuery < FileQuery:
VmDiskFileQuery < FileQuery: filter VmDiskFileQueryFilter?, details VmDiskFileQueryFlags?
VmConfigFileQuery < FileQuery: filter VmConfigFileQueryFilter?, details VmConfigFileQueryFlags?
VmSnapshotFileQuery < FileQuery:
VmNvramFileQuery < FileQuery:
VmLogFileQuery < FileQuery:
IsoImageFileQuery < FileQuery:
FloppyImageFileQuery < FileQuery:
TemplateConfigFileQuery < VmConfigFileQuery:
VmDiskFileQueryFilter: diskType TypeName[], matchHardwareVersion int[], controllerType TypeName[],
  thin boolean? @4.0, encrypted boolean? @6.5
VmDiskFileQueryFlags: diskType boolean, capacityKb boolean, hardwareVersion boolean, controllerType boolean?,
  diskExtents boolean?, thin boolean? @4.0, encryption boolean? @6.5
VmConfigFileQueryFilter: matchConfigVersion int[], encrypted boolean? @6.5
VmConfigFileQueryFlags: configVersion boolean, encryption boolean? @6.5
FileQueryFlags: fileType boolean, fileSize boolean, modification boolean, fileOwner boolean @4.0
HostDatastoreBrowserSearchResults: datastore &Datastore?, folderPath string?, file FileInfo[]
FileInfo: path string, friendlyName string? @6.5, fileSize long?, modification dateTime?, owner string? @4.0
FolderFileInfo < FileInfo:
VmDiskFileInfo < FileInfo: diskType TypeName?, capacityKb long?, hardwareVersion int?,
  controllerType TypeName?, diskExtents string[], thin boolean? @4.0,
  encryption VmDiskFileEncryptionInfo? @6.5
VmConfigFileInfo < FileInfo: configVersion int?, encryption VmConfigFileEncryptionInfo? @6.5
VmSnapshotFileInfo < FileInfo:
VmNvramFileInfo < FileInfo:
VmLogFileInfo < FileInfo:
LicenseManagerLicenseInfo @4.0: licenseKey string, editionKey string, name string, total int, used int?,
  costUnit string, properties KeyAnyValue[], labels KeyValue[]
AuthorizationRole: roleId int, system boolean, name string, info Description, privilege string[]
CustomFieldValue: key int
CustomFieldStringValue < CustomFieldValue: value string
CustomFieldDef: key int, name string, type TypeName, managedObjectType TypeName?,
  fieldDefPrivileges PrivilegePolicyDef?, fieldInstancePrivileges PrivilegePolicyDef?
Tag @4.0: key string
Permission: entity &ManagedEntity?, principal string, group boolean, roleId int, propagate boolean
`;
