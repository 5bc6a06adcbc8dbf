/**
 * The privileges that a vCenter has, by group: what roles are made of. Those that the methods offered here ask
 * for are among them; scenarios/crosscheck/vcenter/schema.py holds the methods' privileges against pyVmomi.
 */
const TEXT = `
Alarm: Acknowledge Create Delete DisableActions Edit SetStatus
Authorization: ModifyPermissions ModifyRoles ReassignRolePermissions
Certificate: Manage
Cryptographer: Access ManageKeyServers ManageKeys RegisterHost RegisterVM
DVPortgroup: Create
DVSwitch: Create Modify PortConfig ResourceManagement
Datacenter: Create Delete Move Reconfigure Rename
Datastore: AllocateSpace Browse Config Delete DeleteFile FileManagement Move Rename
  UpdateVirtualMachineFiles UpdateVirtualMachineMetadata
Extension: Register Unregister Update
Folder: Create Delete Move Rename
Global: CancelTask Diagnostics DisableMethods EnableMethods Licenses LogEvent ManageCustomFields
  ServiceManagers SetCustomField Settings VCServer
HealthUpdateProvider: Register Unregister Update
Host.Cim: CimInteraction
Host.Config: AdvancedConfig AuthenticationStore AutoStart Connection DateTime Firmware HyperThreading Image
  Maintenance Memory NetService Network Nvdimm Patch PciPassthru Power Resources Settings Storage
Host.Inventory: AddHostToCluster AddStandaloneHost CreateCluster EditCluster
Host.Local: ManageUserGroups
InventoryService.Tagging: AttachTag CreateCategory CreateTag DeleteCategory DeleteTag EditCategory EditTag
Network: Assign Config Delete Move
Performance: ModifyIntervals
Profile: Clear Create Delete Edit Export View
Resource: AssignVAppToPool AssignVMToPool ColdMigrate CreatePool DeletePool EditPool HotMigrate MovePool
  QueryVMotion RenamePool
ScheduledTask: Delete Edit Run
Sessions: GlobalMessage ImpersonateUser TerminateSession ValidateSession
StorageProfile: Update View
StorageViews: ConfigureService View
System: Anonymous Read View
Task: Create Update
VApp: AssignVM Clone Create Delete Export ExtractOvfEnvironment Import Move PowerOff PowerOn Rename Suspend
  Unregister
VirtualMachine.Config: AddExistingDisk AddNewDisk AddRemoveDevice AdvancedConfig Annotation CPUCount
  ChangeTracking DiskExtend DiskLease EditDevice HostUSBDevice ManagedBy Memory MksControl
  QueryFTCompatibility QueryUnownedFiles RawDevice ReloadFromPath RemoveDisk Rename ResetGuestInfo Resource
  Settings SwapPlacement ToggleForkParent UpgradeVirtualHardware
VirtualMachine.GuestOperations: Execute Modify ModifyAliases Query QueryAliases
VirtualMachine.Interact: AnswerQuestion Backup ConsoleInteract CreateScreenshot CreateSecondary
  DefragmentAllDisks DeviceConnection DisableSecondary EnableSecondary GuestControl MakePrimary PowerOff
  PowerOn PutUsbScanCodes Record Replay Reset SetCDMedia SetFloppyMedia Suspend TerminateFaultTolerantVM
  ToolsInstall TurnOffFaultTolerance
VirtualMachine.Inventory: Create CreateFromExisting Delete Move Register Unregister
VirtualMachine.Provisioning: Clone CloneTemplate CreateTemplateFromVM Customize DeployTemplate
  DiskRandomAccess DiskRandomRead FileRandomAccess GetVmFiles MarkAsTemplate MarkAsVM ModifyCustSpecs
  PromoteDisks PutVmFiles ReadCustSpecs
VirtualMachine.State: CreateSnapshot RemoveSnapshot RenameSnapshot RevertToSnapshot
`;

const ONLY_ON_PARENT = /\.(Create|CreateCluster|AddStandaloneHost|CreatePool|CreateFromExisting|Register)$/;

export interface Privilege {
  /** "VirtualMachine.Config.Annotation" */
  readonly id: string;
  /** "Annotation" */
  readonly name: string;
  /** "VirtualMachine.Config" */
  readonly group: string;
  /** Is it looked up on the place where something is made, rather than on the thing? */
  readonly onParent: boolean;
}

export const PRIVILEGES: ReadonlyMap<string, Privilege> = new Map(
  TEXT.trim()
    .split(/\n(?=\S)/)
    .flatMap((line) => {
      const [group, names] = line.split(': ') as [string, string];
      return names.split(/\s+/).map((name): [string, Privilege] => {
        const id = `${group}.${name}`;
        return [id, { id, name, group, onParent: ONLY_ON_PARENT.test(id) }];
      });
    }),
);

/** What every role has, so that its holder can log in and look. */
export const READING: readonly string[] = ['System.Anonymous', 'System.Read', 'System.View'];

/** What an account needs to run programs in guests and to move files there, as the documentation has it. */
export const GUEST_OPERATIONS: readonly string[] = [
  'VirtualMachine.GuestOperations.Execute',
  'VirtualMachine.GuestOperations.Modify',
  'VirtualMachine.GuestOperations.Query',
];
