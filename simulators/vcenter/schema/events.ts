/**
 * Events, their arguments and filters, and the collectors of history. Notation: notation.ts. Field names, order, optionality
 * and first versions are the published WSDL's; scenarios/crosscheck/vcenter/schema.py holds them against pyVmomi.
 */
export const EVENTS = `
Event: key int, chainId int, createdTime dateTime, userName string, datacenter DatacenterEventArgument?,
  computeResource ComputeResourceEventArgument?, host HostEventArgument?, vm VmEventArgument?,
  ds DatastoreEventArgument? @4.0, net NetworkEventArgument? @4.0, dvs DvsEventArgument? @4.0,
  fullFormattedMessage string?, changeTag string? @4.0
VmEvent < Event: template boolean
TaskEvent < Event: info TaskInfo
SessionEvent < Event:
UserLoginSessionEvent < SessionEvent: ipAddress string, userAgent string? @5.1, locale string,
  sessionId string
UserLogoutSessionEvent < SessionEvent: ipAddress string? @5.1, userAgent string? @5.1, callCount long? @5.1,
  sessionId string? @5.1, loginTime dateTime? @5.1
BadUsernameSessionEvent < SessionEvent: ipAddress string
GeneralEvent < Event: message string
GeneralUserEvent < GeneralEvent: entity ManagedEntityEventArgument?
EventEx < Event @4.0: eventTypeId string, severity string?, message string?, arguments KeyAnyValue[],
  objectId string?, objectType TypeName?, objectName string? @4.1, fault LocalizedMethodFault? @4.1
VmBeingCreatedEvent < VmEvent: configSpec VirtualMachineConfigSpec?
VmCreatedEvent < VmEvent:
VmCloneEvent < VmEvent:
VmBeingClonedEvent < VmCloneEvent: destFolder FolderEventArgument, destName string,
  destHost HostEventArgument
VmClonedEvent < VmCloneEvent: sourceVm VmEventArgument
VmBeingDeployedEvent < VmEvent: srcTemplate VmEventArgument
VmDeployedEvent < VmEvent: srcTemplate VmEventArgument
VmReconfiguredEvent < VmEvent: configSpec VirtualMachineConfigSpec,
  configChanges ChangesInfoEventArgument? @6.5
VmRenamedEvent < VmEvent: oldName string, newName string
VmRemovedEvent < VmEvent:
VmRegisteredEvent < VmEvent:
VmStartingEvent < VmEvent:
VmPoweredOnEvent < VmEvent:
VmStoppingEvent < VmEvent:
VmPoweredOffEvent < VmEvent:
VmSuspendingEvent < VmEvent:
VmSuspendedEvent < VmEvent:
VmResumingEvent < VmEvent:
VmResettingEvent < VmEvent:
VmGuestShutdownEvent < VmEvent:
VmGuestRebootEvent < VmEvent:
VmBeingHotMigratedEvent < VmEvent: destHost HostEventArgument, destDatacenter DatacenterEventArgument? @5.0,
  destDatastore DatastoreEventArgument? @5.0
VmMigratedEvent < VmEvent: sourceHost HostEventArgument, sourceDatacenter DatacenterEventArgument? @5.0,
  sourceDatastore DatastoreEventArgument? @5.0
VmBeingMigratedEvent < VmEvent: destHost HostEventArgument, destDatacenter DatacenterEventArgument? @5.0,
  destDatastore DatastoreEventArgument? @5.0
VmRelocateSpecEvent < VmEvent:
VmBeingRelocatedEvent < VmRelocateSpecEvent: destHost HostEventArgument,
  destDatacenter DatacenterEventArgument? @5.0, destDatastore DatastoreEventArgument? @5.0
VmRelocatedEvent < VmRelocateSpecEvent: sourceHost HostEventArgument,
  sourceDatacenter DatacenterEventArgument? @5.0, sourceDatastore DatastoreEventArgument? @5.0
VmUuidAssignedEvent < VmEvent: uuid string
VmInstanceUuidAssignedEvent < VmEvent @4.0: instanceUuid string
VmFailedToPowerOnEvent < VmEvent: reason LocalizedMethodFault
VmCloneFailedEvent < VmCloneEvent: destFolder FolderEventArgument, destName string,
  destHost HostEventArgument, reason LocalizedMethodFault
ResourcePoolEvent < Event: resourcePool ResourcePoolEventArgument
ResourcePoolCreatedEvent < ResourcePoolEvent: parent ResourcePoolEventArgument
ResourcePoolDestroyedEvent < ResourcePoolEvent:
HostEvent < Event:
HostDisconnectedEvent < HostEvent: reason string? @4.0
HostConnectedEvent < HostEvent:
AuthorizationEvent < Event:
RoleEvent < AuthorizationEvent: role RoleEventArgument
RoleAddedEvent < RoleEvent: privilegeList string[]
RoleUpdatedEvent < RoleEvent: privilegeList string[], prevRoleName string? @6.5,
  privilegesAdded string[] @6.5, privilegesRemoved string[] @6.5
RoleRemovedEvent < RoleEvent:
PermissionEvent < AuthorizationEvent: entity ManagedEntityEventArgument, principal string, group boolean
PermissionAddedEvent < PermissionEvent: role RoleEventArgument, propagate boolean
PermissionRemovedEvent < PermissionEvent:
AlarmEvent < Event: alarm AlarmEventArgument
AlarmStatusChangedEvent < AlarmEvent: source ManagedEntityEventArgument, entity ManagedEntityEventArgument,
  from string, to string
EventArgument:
EntityEventArgument < EventArgument: name string
ManagedEntityEventArgument < EntityEventArgument: entity &ManagedEntity
FolderEventArgument < EntityEventArgument: folder &Folder
DatacenterEventArgument < EntityEventArgument: datacenter &Datacenter
ComputeResourceEventArgument < EntityEventArgument: computeResource &ComputeResource
HostEventArgument < EntityEventArgument: host &HostSystem
VmEventArgument < EntityEventArgument: vm &VirtualMachine
DatastoreEventArgument < EntityEventArgument: datastore &Datastore
NetworkEventArgument < EntityEventArgument @4.0: network &Network
DvsEventArgument < EntityEventArgument @4.0: dvs &DistributedVirtualSwitch
ResourcePoolEventArgument < EntityEventArgument: resourcePool &ResourcePool
RoleEventArgument < EventArgument: roleId int, name string
AlarmEventArgument < EntityEventArgument: alarm &Alarm
KeyAnyValue: key string, value anyType
ChangesInfoEventArgument @6.5: modified string?, added string?, deleted string?
EventFilterSpec: entity EventFilterSpecByEntity?, time EventFilterSpecByTime?, userName EventFilterSpecByUsername?,
  eventChainId int?, alarm &Alarm?, scheduledTask &ScheduledTask?, disableFullMessage boolean?, category string[],
  type TypeName[], tag string[] @4.0, eventTypeId string[] @4.0, maxCount int? @6.5, delayedInit boolean? @8.0.3.0
EventFilterSpecByEntity: entity &ManagedEntity, recursion %EventFilterSpecRecursionOption
EventFilterSpecByTime: beginTime dateTime?, endTime dateTime?
EventFilterSpecByUsername: systemUser boolean, userList string[]
enum EventFilterSpecRecursionOption: self children all
EventDescription: category ElementDescription[]!, eventInfo EventDescriptionEventDetail[]!,
  enumeratedTypes EnumDescription[] @4.0
EventDescriptionEventDetail: key TypeName, description string? @4.0, category string,
  formatOnDatacenter string, formatOnComputeResource string, formatOnHost string, formatOnVm string,
  fullFormat string, longDescription string? @4.1
EnumDescription @4.0: key TypeName, tags ElementDescription[]!
managed HistoryCollector: filter anyType
managed EventHistoryCollector < HistoryCollector: latestPage Event[], initialized boolean? @8.0.3.0
managed TaskHistoryCollector < HistoryCollector: latestPage TaskInfo[]
TaskFilterSpec: entity TaskFilterSpecByEntity?, time TaskFilterSpecByTime?,
  userName TaskFilterSpecByUsername?, activationId string[] @6.0, state %TaskInfoState[], alarm &Alarm?,
  scheduledTask &ScheduledTask?, eventChainId int[] @4.0, tag string[] @4.0, parentTaskKey string[] @4.0,
  rootTaskKey string[] @4.0
TaskFilterSpecByEntity: entity &ManagedEntity, recursion %TaskFilterSpecRecursionOption
TaskFilterSpecByTime: timeType %TaskFilterSpecTimeOption, beginTime dateTime?, endTime dateTime?
TaskFilterSpecByUsername: systemUser boolean, userList string[]
enum TaskFilterSpecRecursionOption: self children all
enum TaskFilterSpecTimeOption: queuedTime startedTime completedTime
InvalidEvent < VimFault:
OutOfBounds < VimFault: argumentName PropertyPath
`;
