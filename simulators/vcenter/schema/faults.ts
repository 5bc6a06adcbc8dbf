/**
 * Faults and their base chains, which decide the except clauses of clients. Notation: notation.ts. Field
 * names, order, optionality and first versions are the published WSDL's;
 * scenarios/crosscheck/vcenter/schema.py holds them against pyVmomi.
 */
export const FAULTS = `
MethodFault: faultCause LocalizedMethodFault?, faultMessage LocalizableMessage[]
LocalizedMethodFault: fault MethodFault, localizedMessage string?
RuntimeFault < MethodFault:
VimFault < MethodFault:
SecurityError < RuntimeFault:
NoPermissionEntityPrivileges @7.0.3.2: entity &ManagedObject, privilegeIds string[]
NoPermission < SecurityError: object &ManagedObject, privilegeId string,
  missingPrivileges NoPermissionEntityPrivileges[] @7.0.3.2
NotAuthenticated < NoPermission:
InvalidRequest < RuntimeFault:
MethodNotFound < InvalidRequest: receiver &ManagedObject, method string
InvalidType < InvalidRequest: argument PropertyPath?
ManagedObjectNotFound < RuntimeFault: obj &ManagedObject
InvalidArgument < RuntimeFault: invalidProperty PropertyPath?
NotSupported < RuntimeFault:
RequestCanceled < RuntimeFault:
SystemError < RuntimeFault: reason string
HostCommunication < RuntimeFault:
InvalidProperty < MethodFault: name PropertyPath
InvalidCollectorVersion < MethodFault:
InvalidLogin < VimFault:
InvalidLocale < VimFault:
InvalidState < VimFault:
InvalidPowerState < InvalidState: requestedState %VirtualMachinePowerState?,
  existingState %VirtualMachinePowerState
NotFound < VimFault:
FileFault < VimFault: file string
FileNotFound < FileFault:
FileLocked < FileFault:
CannotAccessFile < FileFault:
NoDiskSpace < FileFault: datastore string
VmConfigFault < VimFault:
GenericVmConfigFault < VmConfigFault: reason string
SnapshotFault < VimFault:
FilesystemQuiesceFault < SnapshotFault:
TooManySnapshotLevels < SnapshotFault:
TaskInProgress < VimFault: task &Task
ConcurrentAccess < VimFault:
ToolsUnavailable < VimFault:
InvalidName < VimFault: name string, entity &ManagedEntity?
InvalidDatastore < VimFault: datastore &Datastore?, name string?
InvalidDatastorePath < InvalidDatastore: datastorePath string
LimitExceeded < VimFault @4.0: property PropertyPath?, limit int?
Timedout < VimFault:
`;
