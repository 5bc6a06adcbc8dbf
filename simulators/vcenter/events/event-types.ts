/** The events that this vCenter tells: the category of each and the sentence for people, as EventManager describes them. */

export type Severity = 'info' | 'warning' | 'error' | 'user';

interface EventType {
  readonly category: Severity;
  /** What it is called in lists. */
  readonly says: string;
  /** Sentence; names in braces are replaced by what the event tells. */
  readonly text: string;
}

export const EVENT_TYPES: Readonly<Record<string, EventType>> = {
  TaskEvent: { category: 'info', says: 'Task event', text: 'Task: {task}' },
  UserLoginSessionEvent: {
    category: 'info',
    says: 'User login',
    text: 'User {user}@{address} logged in as {agent}',
  },
  UserLogoutSessionEvent: {
    category: 'info',
    says: 'User logout',
    text: 'User {user}@{address} logged out (login time: {since}, number of API invocations: {calls}, user agent: {agent})',
  },
  BadUsernameSessionEvent: {
    category: 'error',
    says: 'Invalid user name',
    text: 'Cannot login {user}@{address}',
  },
  GeneralUserEvent: { category: 'user', says: 'User logged event', text: 'User logged event: {text}' },
  EventEx: { category: 'info', says: 'Event of an extension', text: '{text}' },
  VmBeingCreatedEvent: {
    category: 'info',
    says: 'Creating VM',
    text: 'Creating {vm} on host {host} in {datacenter}',
  },
  VmCreatedEvent: {
    category: 'info',
    says: 'VM created',
    text: 'Created virtual machine {vm} on {host} in {datacenter}',
  },
  VmBeingClonedEvent: {
    category: 'info',
    says: 'VM being cloned',
    text: 'Cloning {vm} on host {host} in {datacenter} to {dest} on host {destHost}',
  },
  VmClonedEvent: {
    category: 'info',
    says: 'VM cloned',
    text: 'Clone of {source} completed on host {host} in {datacenter}',
  },
  VmCloneFailedEvent: {
    category: 'error',
    says: 'Cannot complete virtual machine clone',
    text: 'Failed to clone {vm} on host {host} in {datacenter}',
  },
  VmBeingDeployedEvent: {
    category: 'info',
    says: 'Deploying VM',
    text: 'Deploying {vm} on host {host} in {datacenter} from template {source}',
  },
  VmDeployedEvent: {
    category: 'info',
    says: 'VM deployed',
    text: 'Template {source} deployed on host {host}',
  },
  VmReconfiguredEvent: {
    category: 'info',
    says: 'VM reconfigured',
    text: 'Reconfigured {vm} on {host} in {datacenter}',
  },
  VmRenamedEvent: { category: 'info', says: 'VM renamed', text: 'Renamed {vm} from {from} to {to}' },
  VmRemovedEvent: {
    category: 'info',
    says: 'VM removed',
    text: 'Removed {vm} on {host} from {datacenter}',
  },
  VmRegisteredEvent: {
    category: 'info',
    says: 'VM registered',
    text: 'Registered {vm} on {host} in {datacenter}',
  },
  VmStartingEvent: {
    category: 'info',
    says: 'VM starting',
    text: '{vm} on host {host} in {datacenter} is starting',
  },
  VmPoweredOnEvent: {
    category: 'info',
    says: 'VM powered on',
    text: '{vm} on {host} in {datacenter} is powered on',
  },
  VmStoppingEvent: {
    category: 'info',
    says: 'VM stopping',
    text: '{vm} on {host} in {datacenter} is stopping',
  },
  VmPoweredOffEvent: {
    category: 'info',
    says: 'VM powered off',
    text: '{vm} on {host} in {datacenter} is powered off',
  },
  VmSuspendingEvent: {
    category: 'info',
    says: 'VM being suspended',
    text: '{vm} on {host} in {datacenter} is being suspended',
  },
  VmSuspendedEvent: {
    category: 'info',
    says: 'VM suspended',
    text: '{vm} on {host} in {datacenter} is suspended',
  },
  VmResettingEvent: {
    category: 'info',
    says: 'VM resetting',
    text: '{vm} on {host} in {datacenter} is reset',
  },
  VmGuestShutdownEvent: {
    category: 'info',
    says: 'Guest OS shut down',
    text: 'Guest OS shut down for {vm} on {host} in {datacenter}',
  },
  VmGuestRebootEvent: {
    category: 'info',
    says: 'Guest reboot',
    text: 'Guest OS reboot for {vm} on {host} in {datacenter}',
  },
  VmBeingMigratedEvent: {
    category: 'info',
    says: 'VM migrating',
    text: 'Relocating {vm} from {host} to {destHost} in {datacenter}',
  },
  VmBeingHotMigratedEvent: {
    category: 'info',
    says: 'VM is hot migrating',
    text: 'Migrating {vm} from {host} to {destHost} in {datacenter}',
  },
  VmMigratedEvent: {
    category: 'info',
    says: 'VM migrated',
    text: 'Migration of virtual machine {vm} from {sourceHost} to {host} completed',
  },
  VmBeingRelocatedEvent: {
    category: 'info',
    says: 'VM relocating',
    text: 'Relocating {vm} in {datacenter} from {host} to {destHost}',
  },
  VmRelocatedEvent: {
    category: 'info',
    says: 'VM relocated',
    text: 'Completed the relocation of the virtual machine {vm}',
  },
  VmUuidAssignedEvent: {
    category: 'info',
    says: 'VM UUID assigned',
    text: 'Assigned new BIOS UUID ({uuid}) to {vm}',
  },
  VmInstanceUuidAssignedEvent: {
    category: 'info',
    says: 'Assign a new instance UUID',
    text: 'Assign a new instance UUID ({uuid}) to {vm}',
  },
  ResourcePoolCreatedEvent: {
    category: 'info',
    says: 'Resource pool created',
    text: 'Created resource pool {pool}',
  },
  ResourcePoolDestroyedEvent: {
    category: 'info',
    says: 'Resource pool deleted',
    text: 'Removed resource pool {pool}',
  },
  HostDisconnectedEvent: {
    category: 'info',
    says: 'Host disconnected',
    text: 'Disconnected from {host} in {datacenter}',
  },
  HostConnectedEvent: {
    category: 'info',
    says: 'Host connected',
    text: 'Connected to {host} in {datacenter}',
  },
  RoleAddedEvent: { category: 'info', says: 'Role added', text: 'New role {role} created' },
  RoleUpdatedEvent: { category: 'info', says: 'Role updated', text: 'Modified role {role}' },
  RoleRemovedEvent: { category: 'info', says: 'Role removed', text: 'Role {role} removed' },
  PermissionAddedEvent: {
    category: 'info',
    says: 'Permission added',
    text: 'Permission created for {principal} on {entity}',
  },
  PermissionRemovedEvent: {
    category: 'info',
    says: 'Permission removed',
    text: 'Permission rule removed for {principal} on {entity}',
  },
};

/** "VmPoweredOnEvent" as EventFilterSpec.eventTypeId names it. */
export function eventTypeId(type: string): string {
  return `vim.event.${type}`;
}
