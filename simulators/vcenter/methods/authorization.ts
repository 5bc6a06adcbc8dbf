/** Methods of AuthorizationManager and UserDirectory: roles, permissions, and who may do what. */
import type { PermissionSpec } from '../authorization/authorization.ts';
import { invalidArgument } from '../faults.ts';
import { Entity } from '../objects/object.ts';
import { objectNotFound } from '../property/selection.ts';
import { accountName } from '../sessions.ts';
import type { Data, FieldValue, Ref } from '../values.ts';
import { type Call, defineMethod, type Method } from './method.ts';
import { requirePrivilege } from './privileges.ts';

/** @throws VimFault ManagedObjectNotFound, InvalidArgument */
function entityOf(reference: Ref, call: Call): Entity {
  const found = call.find(reference);
  if (!found) throw objectNotFound(reference);
  if (!(found instanceof Entity)) throw invalidArgument('entity');
  return found;
}

const roleArgument = (roleId: number, name: string): Data => ({ $: 'RoleEventArgument', roleId, name });

function postRole(
  call: Call,
  type: string,
  roleId: number,
  name: string,
  fields: Readonly<Record<string, FieldValue>>,
): void {
  call.vcenter.events.post({
    type,
    user: call.session?.user.name,
    fields: { role: roleArgument(roleId, name), ...fields },
    words: { role: name },
  });
}

function postPermission(
  call: Call,
  type: string,
  { name, ref }: Entity,
  { principal, group }: { readonly principal: string; readonly group: boolean },
  fields: Readonly<Record<string, FieldValue>>,
): void {
  call.vcenter.events.post({
    type,
    user: call.session?.user.name,
    fields: {
      entity: { $: 'ManagedEntityEventArgument', name, entity: ref },
      principal,
      group,
      ...fields,
    },
    words: { principal, entity: name },
  });
}

const addAuthorizationRole = defineMethod<{ name: string; privIds: readonly string[] }>({
  on: 'AuthorizationManager',
  name: 'AddAuthorizationRole',
  takes: 'name string, privIds string[]',
  returns: 'int',
  privilege: 'Authorization.ModifyRoles',
  faults: ['AlreadyExists', 'InvalidName'],
  run({ name, privIds }, call) {
    const roleId = call.vcenter.authorization.addRole(name, privIds);
    postRole(call, 'RoleAddedEvent', roleId, name, { privilegeList: privIds });
    return roleId;
  },
});

const updateAuthorizationRole = defineMethod<{
  roleId: number;
  newName: string;
  privIds: readonly string[];
}>({
  on: 'AuthorizationManager',
  name: 'UpdateAuthorizationRole',
  takes: 'roleId int, newName string, privIds string[]',
  privilege: 'Authorization.ModifyRoles',
  faults: ['NotFound', 'InvalidName', 'AlreadyExists'],
  run({ roleId, newName, privIds }, call) {
    call.vcenter.authorization.updateRole(roleId, newName, privIds);
    call.vcenter.changes.rights();
    postRole(call, 'RoleUpdatedEvent', roleId, newName, { privilegeList: privIds });
    return undefined;
  },
});

const removeAuthorizationRole = defineMethod<{ roleId: number; failIfUsed: boolean }>({
  on: 'AuthorizationManager',
  name: 'RemoveAuthorizationRole',
  takes: 'roleId int, failIfUsed boolean',
  privilege: 'Authorization.ModifyRoles',
  faults: ['NotFound', 'RemoveFailed'],
  run({ roleId, failIfUsed }, call) {
    const name = call.vcenter.authorization.roleName(roleId);
    call.vcenter.authorization.removeRole(roleId, failIfUsed);
    call.vcenter.changes.rights();
    postRole(call, 'RoleRemovedEvent', roleId, name, {});
    return undefined;
  },
});

const retrieveRolePermissions = defineMethod<{ roleId: number }>({
  on: 'AuthorizationManager',
  name: 'RetrieveRolePermissions',
  takes: 'roleId int',
  returns: 'Permission[]',
  privilege: 'System.View',
  faults: ['NotFound'],
  run: ({ roleId }, { vcenter }) => vcenter.authorization.ofRole(roleId),
});

const retrieveAllPermissions = defineMethod({
  on: 'AuthorizationManager',
  name: 'RetrieveAllPermissions',
  returns: 'Permission[]',
  privilege: 'System.View',
  run: (_args, { vcenter }) => vcenter.authorization.all(),
});

const retrieveEntityPermissions = defineMethod<{ entity: Ref; inherited: boolean }>({
  on: 'AuthorizationManager',
  name: 'RetrieveEntityPermissions',
  takes: 'entity &ManagedEntity, inherited boolean',
  returns: 'Permission[]',
  run({ entity, inherited }, call) {
    const found = entityOf(entity, call);
    requirePrivilege(call, 'System.Read', found);
    const { authorization } = call.vcenter;
    return inherited ? authorization.effectiveOn(found) : authorization.on(found);
  },
});

/** Who waits for updates may see other objects now. */
function tellRights({ vcenter }: Call, entity: Entity): void {
  vcenter.changes.changed(entity, 'permission', 'effectiveRole');
  vcenter.changes.rights();
}

/** SetEntityPermissions adds to what is there, ResetEntityPermissions replaces it. */
function permissionsMethod(name: string, replacesAll: boolean): Method {
  return defineMethod<{ entity: Ref; permission: readonly PermissionSpec[] }>({
    on: 'AuthorizationManager',
    name,
    takes: 'entity &ManagedEntity, permission Permission[]',
    faults: ['UserNotFound', 'NotFound', 'AuthMinimumAdminPermission'],
    run({ entity, permission }, call) {
      const found = entityOf(entity, call);
      requirePrivilege(call, 'Authorization.ModifyPermissions', found);
      call.vcenter.authorization.set(found, permission, replacesAll);
      for (const { principal, group, roleId, propagate } of permission)
        postPermission(
          call,
          'PermissionAddedEvent',
          found,
          { principal, group },
          {
            role: roleArgument(roleId, call.vcenter.authorization.roleName(roleId)),
            propagate,
          },
        );
      tellRights(call, found);
      return undefined;
    },
  });
}

const removeEntityPermission = defineMethod<{ entity: Ref; user: string; isGroup: boolean }>({
  on: 'AuthorizationManager',
  name: 'RemoveEntityPermission',
  takes: 'entity &ManagedEntity, user string, isGroup boolean',
  faults: ['NotFound', 'AuthMinimumAdminPermission'],
  run({ entity, user, isGroup }, call) {
    const found = entityOf(entity, call);
    requirePrivilege(call, 'Authorization.ModifyPermissions', found);
    call.vcenter.authorization.remove(found, user, isGroup);
    postPermission(call, 'PermissionRemovedEvent', found, { principal: user, group: isGroup }, {});
    tellRights(call, found);
    return undefined;
  },
});

/** The user of a session by its key: one's own, or anybody's. */
function userOfSession(sessionId: string, call: Call): string {
  const session = call.vcenter.sessions.all().find(({ key }) => key === sessionId);
  if (!session) throw invalidArgument('sessionId');
  return session.user.name;
}

function granted(entity: Entity, userName: string, privIds: readonly string[], call: Call): Data {
  return {
    $: 'EntityPrivilege',
    entity: entity.ref,
    privAvailability: privIds.map((privId) => ({
      $: 'PrivilegeAvailability',
      privId,
      isGranted: call.vcenter.authorization.allows(userName, privId, entity),
    })),
  };
}

const hasPrivilegeOnEntity = defineMethod<{
  entity: Ref;
  sessionId: string;
  privId: readonly string[];
}>({
  on: 'AuthorizationManager',
  name: 'HasPrivilegeOnEntity',
  since: '5.0',
  takes: 'entity &ManagedEntity, sessionId string, privId string[]',
  returns: 'boolean[]',
  privilege: 'System.View',
  run({ entity, sessionId, privId }, call) {
    const found = entityOf(entity, call);
    const userName = userOfSession(sessionId, call);
    return privId.map((id) => call.vcenter.authorization.allows(userName, id, found));
  },
});

const hasPrivilegeOnEntities = defineMethod<{
  entity: readonly Ref[];
  sessionId: string;
  privId: readonly string[];
}>({
  on: 'AuthorizationManager',
  name: 'HasPrivilegeOnEntities',
  since: '5.5',
  takes: 'entity &ManagedEntity[]!, sessionId string, privId string[]',
  returns: 'EntityPrivilege[]',
  privilege: 'System.View',
  run({ entity, sessionId, privId }, call) {
    const userName = userOfSession(sessionId, call);
    return entity.map((each) => granted(entityOf(each, call), userName, privId, call));
  },
});

/** Everybody may ask for oneself; asking for others is an administrator's. */
function requireSelf(userName: string, call: Call): void {
  const session = call.requireSession();
  if (accountName(userName).toLowerCase() !== accountName(session.user.name).toLowerCase())
    requirePrivilege(call, 'Authorization.ModifyPermissions');
}

const hasUserPrivilegeOnEntities = defineMethod<{
  entities: readonly Ref[];
  userName: string;
  privId: readonly string[];
}>({
  on: 'AuthorizationManager',
  name: 'HasUserPrivilegeOnEntities',
  since: '6.5',
  takes: 'entities &ManagedObject[]!, userName string, privId string[]',
  returns: 'EntityPrivilege[]',
  run({ entities, userName, privId }, call) {
    requireSelf(userName, call);
    return entities.map((each) => granted(entityOf(each, call), userName, privId, call));
  },
});

const fetchUserPrivilegeOnEntities = defineMethod<{ entities: readonly Ref[]; userName: string }>({
  on: 'AuthorizationManager',
  name: 'FetchUserPrivilegeOnEntities',
  since: '6.5',
  takes: 'entities &ManagedEntity[]!, userName string',
  returns: 'UserPrivilegeResult[]',
  run({ entities, userName }, call) {
    requireSelf(userName, call);
    return entities.map((each) => {
      const entity = entityOf(each, call);
      return {
        $: 'UserPrivilegeResult',
        entity: entity.ref,
        privileges: call.vcenter.authorization.privilegesOf(userName, entity),
      };
    });
  },
});

const retrieveUserGroups = defineMethod<{
  domain?: string;
  searchStr: string;
  belongsToGroup?: string;
  belongsToUser?: string;
  exactMatch: boolean;
  findUsers: boolean;
  findGroups: boolean;
}>({
  on: 'UserDirectory',
  name: 'RetrieveUserGroups',
  takes:
    'domain string?, searchStr string, belongsToGroup string?, belongsToUser string?, exactMatch boolean, ' +
    'findUsers boolean, findGroups boolean',
  returns: 'UserSearchResult[]',
  faults: ['NotFound'],
  run(args, call) {
    requirePrivilege(call, 'System.View');
    return call.vcenter.authorization.directory.search({
      text: args.searchStr,
      domain: args.domain,
      isExact: args.exactMatch,
      findsUsers: args.findUsers,
      findsGroups: args.findGroups,
      inGroup: args.belongsToGroup,
      ofUser: args.belongsToUser,
    });
  },
});

export const AUTHORIZATION_METHODS: readonly Method[] = [
  addAuthorizationRole,
  updateAuthorizationRole,
  removeAuthorizationRole,
  retrieveRolePermissions,
  retrieveAllPermissions,
  retrieveEntityPermissions,
  permissionsMethod('SetEntityPermissions', false),
  permissionsMethod('ResetEntityPermissions', true),
  removeEntityPermission,
  hasPrivilegeOnEntity,
  hasPrivilegeOnEntities,
  hasUserPrivilegeOnEntities,
  fetchUserPrivilegeOnEntities,
  retrieveUserGroups,
];
