/**
 * Data types of roles, permissions and tickets. Notation: notation.ts. Field names, order, optionality and
 * first versions are the published WSDL's; scenarios/crosscheck/vcenter/schema.py holds them against pyVmomi.
 */
export const SECURITY = `
AuthorizationPrivilege: privId string, onParent boolean, name string, privGroupName string
AuthorizationDescription: privilege ElementDescription[]!, privilegeGroup ElementDescription[]!
EntityPrivilege @5.5: entity &ManagedEntity, privAvailability PrivilegeAvailability[]!
PrivilegeAvailability @5.5: privId string, isGranted boolean
UserPrivilegeResult @6.5: entity &ManagedEntity, privileges string[]
UserSearchResult: principal string, fullName string?, group boolean
AlreadyExists < VimFault: name string?
RemoveFailed < VimFault:
UserNotFound < VimFault: principal string, unresolved boolean
AuthMinimumAdminPermission < VimFault:
SessionManagerServiceRequestSpec @5.0:
SessionManagerHttpServiceRequestSpec < SessionManagerServiceRequestSpec @5.0: method string?, url string
SessionManagerGenericServiceTicket @5.0: id string, hostName string? @5.1, sslThumbprint string? @5.1,
  certThumbprintList VirtualMachineCertThumbprint[] @7.0.3.1, ticketType string? @7.0.2.0
`;
