/**
 * Who may do what on what: roles, which are sets of privileges, and permissions, which give a user a role on
 * an object and, where they propagate, on everything below it. Of several on the way up the nearest counts.
 */
import { invalidArgument, invalidName, vimFault } from '../faults.ts';
import type { Entity, ManagedObject } from '../objects/object.ts';
import { accountName, type User } from '../sessions.ts';
import type { Data } from '../values.ts';
import { GUEST_OPERATIONS, PRIVILEGES, READING } from './privileges.ts';

interface Role {
  readonly id: number;
  readonly isSystem: boolean;
  name: string;
  label: string;
  privileges: ReadonlySet<string>;
}

interface Permission {
  /** As vCenter shows it: "VSPHERE.LOCAL\reader". */
  readonly principal: string;
  readonly isGroup: boolean;
  readonly roleId: number;
  readonly propagate: boolean;
}

export interface PermissionSpec {
  readonly principal: string;
  readonly group: boolean;
  readonly roleId: number;
  readonly propagate: boolean;
}

const ADMINISTRATOR = -1;
const READ_ONLY = -2;
const NO_ACCESS = -5;
const GUEST_READER = 501;
/** Roles that are added get ids from here on. */
const FIRST_ADDED = 1001;
const ROLES_MAX = 1000;
const NAME_LENGTH_MAX = 80;

const ROLE_OF_USER: Readonly<Record<User['role'], number>> = {
  administrator: ADMINISTRATOR,
  readOnly: READ_ONLY,
  readOnlyGuest: GUEST_READER,
  none: NO_ACCESS,
};

export class Authorization {
  readonly #root: Entity;
  readonly #users: readonly User[];
  readonly #roles = new Map<number, Role>();
  readonly #permissions = new Map<Entity, Map<string, Permission>>();
  #nextRole = FIRST_ADDED;

  /** Every user has the role of its kind on the root folder, and so on everything. */
  constructor(root: Entity, users: readonly User[]) {
    this.#root = root;
    this.#users = users;
    const system = (id: number, name: string, label: string, privileges: Iterable<string>): void =>
      void this.#roles.set(id, { id, isSystem: true, name, label, privileges: new Set(privileges) });
    system(NO_ACCESS, 'NoAccess', 'No access', []);
    system(-4, 'Anonymous', 'Anonymous', ['System.Anonymous']);
    system(-3, 'View', 'View', ['System.Anonymous', 'System.View']);
    system(READ_ONLY, 'ReadOnly', 'Read-only', READING);
    system(ADMINISTRATOR, 'Admin', 'Administrator', PRIVILEGES.keys());
    this.#roles.set(GUEST_READER, {
      id: GUEST_READER,
      isSystem: false,
      name: 'ReadOnlyGuestOperations',
      label: 'ReadOnlyGuestOperations',
      privileges: new Set([...READING, ...GUEST_OPERATIONS]),
    });
    for (const user of users)
      this.#put(root, {
        principal: accountName(user.name),
        isGroup: false,
        roleId: ROLE_OF_USER[user.role],
        propagate: true,
      });
  }

  /** @param object what it is about; the whole vCenter when it is not in the inventory or left out. */
  allows(userName: string, privilege: string, object?: ManagedObject): boolean {
    return this.#roleOf(userName, object?.entity ?? this.#root)?.privileges.has(privilege) ?? false;
  }

  privilegesOf(userName: string, object: ManagedObject): string[] {
    return [...(this.#roleOf(userName, object.entity ?? this.#root)?.privileges ?? [])];
  }

  /** Ids of the roles that a user has on an object. */
  effectiveRoles(userName: string, entity: Entity): number[] {
    const role = this.#roleOf(userName, entity);
    return role ? [role.id] : [];
  }

  roles(): Data[] {
    return [...this.#roles.values()].map(({ id, isSystem, name, label, privileges }) => ({
      $: 'AuthorizationRole',
      roleId: id,
      system: isSystem,
      name,
      info: { $: 'Description', label, summary: label },
      privilege: [...privileges],
    }));
  }

  /** Empty when there is no such role. */
  roleName(roleId: number): string {
    return this.#roles.get(roleId)?.name ?? '';
  }

  /** @throws VimFault InvalidName, AlreadyExists, InvalidArgument, LimitExceeded */
  addRole(name: string, privileges: readonly string[]): number {
    this.#checkRole(name, privileges);
    if (this.#roles.size >= ROLES_MAX)
      throw vimFault('LimitExceeded', `There can be at most ${ROLES_MAX} roles.`, { limit: ROLES_MAX });
    const id = this.#nextRole++;
    this.#roles.set(id, {
      id,
      isSystem: false,
      name,
      label: name,
      privileges: new Set([...READING, ...privileges]),
    });
    return id;
  }

  /** @throws VimFault NotFound, InvalidName, AlreadyExists, InvalidArgument */
  updateRole(roleId: number, name: string, privileges: readonly string[]): void {
    const role = this.#changeable(roleId);
    this.#checkRole(name, privileges, role);
    role.name = role.label = name;
    role.privileges = new Set([...READING, ...privileges]);
  }

  /** @throws VimFault NotFound, RemoveFailed, InvalidArgument */
  removeRole(roleId: number, failIfUsed: boolean): void {
    this.#changeable(roleId);
    const used = [...this.#permissions].flatMap(([entity, own]) =>
      [...own.values()].filter((each) => each.roleId === roleId).map((each) => ({ entity, each })),
    );
    if (failIfUsed && used.length > 0) throw vimFault('RemoveFailed', 'The role is in use.');
    for (const { entity, each } of used) this.#permissions.get(entity)!.delete(keyOf(each.principal));
    this.#roles.delete(roleId);
  }

  /** Permissions that are given on the object itself. */
  on(entity: Entity): Data[] {
    return [...(this.#permissions.get(entity)?.values() ?? [])].map((each) => permissionData(entity, each));
  }

  all(): Data[] {
    return [...this.#permissions.keys()].flatMap((entity) => this.on(entity));
  }

  /** @throws VimFault NotFound */
  ofRole(roleId: number): Data[] {
    if (!this.#roles.has(roleId)) throw vimFault('NotFound', `There is no role ${roleId}.`);
    return this.all().filter((permission) => permission.roleId === roleId);
  }

  /** Its own permissions and those that reach it from above. */
  effectiveOn(entity: Entity): Data[] {
    const found = this.on(entity);
    for (let at = entity.parent; at; at = at.parent)
      found.push(...this.on(at).filter((permission) => permission.propagate === true));
    return found;
  }

  /** @throws VimFault NotFound, UserNotFound, AuthMinimumAdminPermission */
  set(entity: Entity, specs: readonly PermissionSpec[], replacesAll: boolean): void {
    for (const { principal, group, roleId } of specs) {
      if (!this.#roles.has(roleId)) throw vimFault('NotFound', `There is no role ${roleId}.`);
      if (group || !this.#knows(principal))
        throw vimFault('UserNotFound', `The user or group named '${principal}' does not exist.`, {
          principal,
          unresolved: false,
        });
    }
    const before = this.#permissions.get(entity);
    const own = new Map(replacesAll ? [] : before);
    for (const { principal, roleId, propagate } of specs)
      own.set(keyOf(principal), {
        principal: accountName(principal),
        isGroup: false,
        roleId,
        propagate,
      });
    this.#permissions.set(entity, own);
    this.#keepAnAdministrator(entity, before);
  }

  /** @throws VimFault NotFound, AuthMinimumAdminPermission */
  remove(entity: Entity, principal: string): void {
    const own = this.#permissions.get(entity);
    if (!own?.has(keyOf(principal))) throw vimFault('NotFound', 'There is no such permission on the object.');
    const before = new Map(own);
    own.delete(keyOf(principal));
    this.#keepAnAdministrator(entity, before);
  }

  /** The object is no more, and what was given on it neither. */
  forget(entity: Entity): void {
    this.#permissions.delete(entity);
  }

  /** Users whose names contain the text, as UserDirectory answers. */
  search(text: string, exact: boolean): Data[] {
    const wanted = text.toLowerCase();
    return this.#users
      .map(({ name }) => ({ short: name.split('@')[0]!.toLowerCase(), name }))
      .filter(({ short, name }) =>
        exact ? short === wanted || name.toLowerCase() === wanted : name.toLowerCase().includes(wanted),
      )
      .map(({ name }) => ({
        $: 'UserSearchResult',
        principal: name.split('@')[0]!,
        fullName: name.split('@')[0]!,
        group: false,
      }));
  }

  #knows(principal: string): boolean {
    return this.#users.some(({ name }) => keyOf(name) === keyOf(principal));
  }

  #roleOf(userName: string, entity: Entity): Role | undefined {
    const key = keyOf(userName);
    for (let at: Entity | undefined = entity; at; at = at.parent) {
      const permission = this.#permissions.get(at)?.get(key);
      if (permission && (at === entity || permission.propagate)) return this.#roles.get(permission.roleId);
    }
    return undefined;
  }

  #put(entity: Entity, permission: Permission): void {
    const own = this.#permissions.get(entity) ?? new Map<string, Permission>();
    this.#permissions.set(entity, own.set(keyOf(permission.principal), permission));
  }

  /** vCenter refuses a change after which nobody could administer the root. */
  #keepAnAdministrator(entity: Entity, before: ReadonlyMap<string, Permission> | undefined): void {
    const remaining = [...(this.#permissions.get(this.#root)?.values() ?? [])];
    if (remaining.some(({ roleId }) => roleId === ADMINISTRATOR)) return;
    this.#permissions.set(entity, new Map(before));
    throw vimFault(
      'AuthMinimumAdminPermission',
      'The change would leave nobody with the Administrator role on the root folder.',
    );
  }

  #changeable(roleId: number): Role {
    const role = this.#roles.get(roleId);
    if (!role) throw vimFault('NotFound', `There is no role ${roleId}.`);
    if (role.isSystem) throw invalidArgument('roleId');
    return role;
  }

  #checkRole(name: string, privileges: readonly string[], own?: Role): void {
    if (name === '' || name.length > NAME_LENGTH_MAX) throw invalidName(name);
    if (privileges.some((id) => !PRIVILEGES.has(id))) throw invalidArgument('privIds');
    for (const role of this.#roles.values())
      if (role !== own && role.name === name)
        throw vimFault('AlreadyExists', `The role '${name}' exists already.`, { name });
  }
}

function keyOf(principal: string): string {
  return accountName(principal).toLowerCase();
}

function permissionData(entity: Entity, { principal, isGroup, roleId, propagate }: Permission): Data {
  return { $: 'Permission', entity: entity.ref, principal, group: isGroup, roleId, propagate };
}
