/**
 * What machines are made, changed and moved by, and the faults of it. Notation: notation.ts. Field names, order, optionality
 * and first versions are the published WSDL's; scenarios/crosscheck/vcenter/schema.py holds them against pyVmomi.
 */
export const LIFECYCLE = `
VirtualDeviceConfigSpec: operation %VirtualDeviceConfigSpecOperation?,
  fileOperation %VirtualDeviceConfigSpecFileOperation?, device VirtualDevice,
  profile VirtualMachineProfileSpec[] @5.5, backing VirtualDeviceConfigSpecBackingSpec? @6.5,
  filterSpec VirtualMachineBaseIndependentFilterSpec[] @7.0.2.1, changeMode string? @8.0.0.1
enum VirtualDeviceConfigSpecOperation: add remove edit
enum VirtualDeviceConfigSpecFileOperation: create destroy replace
VirtualMachineProfileSpec @5.5:
VirtualMachineEmptyProfileSpec < VirtualMachineProfileSpec @5.5:
VirtualMachineRelocateSpec: service ServiceLocator? @6.0, folder &Folder? @6.0, datastore &Datastore?,
  diskMoveType string? @4.0, pool &ResourcePool?, host &HostSystem?, disk VirtualMachineRelocateSpecDiskLocator[],
  transform %VirtualMachineRelocateTransformation?, deviceChange VirtualDeviceConfigSpec[] @5.5,
  profile VirtualMachineProfileSpec[] @5.5, cryptoSpec CryptoSpec? @7.0.0.0
VirtualMachineRelocateSpecDiskLocator: diskId int, datastore &Datastore, diskMoveType string? @4.0,
  diskBackingInfo VirtualDeviceBackingInfo? @5.0, profile VirtualMachineProfileSpec[] @5.5,
  backing VirtualMachineRelocateSpecDiskLocatorBackingSpec? @7.0.0.0,
  filterSpec VirtualMachineBaseIndependentFilterSpec[] @7.0.2.1
enum VirtualMachineRelocateTransformation: flat sparse
enum VirtualMachineMovePriority: lowPriority highPriority defaultPriority
VirtualMachineCloneSpec: location VirtualMachineRelocateSpec, template boolean, config VirtualMachineConfigSpec?,
  customization CustomizationSpec?, powerOn boolean, snapshot &VirtualMachineSnapshot? @4.0, memory boolean? @5.5,
  tpmProvisionPolicy string? @8.0.0.1
HostNotConnected < HostCommunication:
DuplicateName < VimFault: name string, object &ManagedObject
InvalidVmConfig < VmConfigFault: property PropertyPath?
InvalidDeviceSpec < InvalidVmConfig: deviceIndex int
InvalidDeviceBacking < InvalidDeviceSpec:
InvalidController < InvalidDeviceSpec: controllerKey int
DeviceNotFound < InvalidDeviceSpec:
InvalidFolder < VimFault: target &ManagedEntity
AlreadyUpgraded < VimFault:
ResourceInUse < VimFault: type TypeName?, name string?
FileAlreadyExists < FileFault:
DirectoryNotEmpty < FileFault @5.0:
NoDiskFound < VimFault:
MigrationFault < VimFault:
ClusterPowerOnVmResult: attempted ClusterAttemptedVmInfo[], notAttempted ClusterNotAttemptedVmInfo[],
  recommendations ClusterRecommendation[]
ClusterAttemptedVmInfo: vm &VirtualMachine, task &Task?
ClusterNotAttemptedVmInfo: vm &VirtualMachine, fault LocalizedMethodFault
`;
