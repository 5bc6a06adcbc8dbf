/**
 * Who may do what on what: roles, which are sets of privileges, and permissions, which give a user or a group a role
 * on an object and, where they propagate, on everything below it. Of several on the way up the nearest counts; on one
 * object a user's own comes before those of groups, and those of several groups add up. A machine inherits from its
 * folder and from its pool alike. Whoever has a permission somewhere may view what is above it, as clients need to
 * find it.
 */
import { invalidArgument, invalidName, vimFault } from '../faults.ts';
import type { Entity, ManagedObject } from '../objects/object.ts';
import { accountName, type User } from '../sessions.ts';
import type { Data } from '../values.ts';
import { Directory, keyOf } from './directory.ts';
import { GUEST_OPERATIONS, PRIVILEGES, READING } from './privileges.ts';
import { Sight } from './sight.ts';

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

/** What follows for an account from the permissions as they are. */
interface Standing {
  readonly keys: { readonly user: string; readonly groups: readonly string[] };
  /** Nothing is hidden from it. */
  readonly seesAll: boolean;
}

export class Authorization {
  readonly #root: Entity;
  readonly directory: Directory;
  /** By name; made anew after each change of roles and permissions. */
  readonly #standings = new Map<string, Standing>();
  readonly #roles = new Map<number, Role>();
  readonly #permissions = new Map<Entity, Map<string, Permission>>();
  #nextRole = FIRST_ADDED;

  /** Every user has the role of its kind on the root folder, and so on everything. */
  constructor(root: Entity, users: readonly User[]) {
    this.#root = root;
    this.directory = new Directory(users);
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
    const entity = object?.entity ?? this.#root;
    if (this.#rolesOf(userName, entity).some((role) => role.privileges.has(privilege))) return true;
    return privilege === 'System.View' && this.#isAbovePermission(userName, entity);
  }

  privilegesOf(userName: string, object: ManagedObject): string[] {
    const roles = this.#rolesOf(userName, object.entity ?? this.#root);
    return [...new Set(roles.flatMap((role) => [...role.privileges]))];
  }

  /** Ids of the roles that a user has on an object. */
  effectiveRoles(userName: string, entity: Entity): number[] {
    return this.#rolesOf(userName, entity).map(({ id }) => id);
  }

  /** What of the inventory an account sees, as of now; undefined when it sees everything. */
  sightOf(userName: string): Sight | undefined {
    if (this.#standingOf(userName).seesAll) return undefined;
    return new Sight((privilege, entity) => this.allows(userName, privilege, entity));
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
    this.#standings.clear();
  }

  /** @throws VimFault NotFound, RemoveFailed, InvalidArgument */
  removeRole(roleId: number, failIfUsed: boolean): void {
    this.#changeable(roleId);
    const used = [...this.#permissions].flatMap(([entity, own]) =>
      [...own.values()].filter((each) => each.roleId === roleId).map((each) => ({ entity, each })),
    );
    if (failIfUsed && used.length > 0) throw vimFault('RemoveFailed', 'The role is in use.');
    for (const { entity, each } of used)
      this.#permissions.get(entity)!.delete(keyOf(each.principal, each.isGroup));
    this.#roles.delete(roleId);
    this.#standings.clear();
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
    const seen = new Set<Entity>();
    const climb = (from: Entity): void => {
      for (const at of from.inheritsFrom) {
        if (seen.has(at)) continue;
        seen.add(at);
        found.push(...this.on(at).filter((permission) => permission.propagate === true));
        climb(at);
      }
    };
    climb(entity);
    return found;
  }

  /** @throws VimFault NotFound, UserNotFound, AuthMinimumAdminPermission */
  set(entity: Entity, specs: readonly PermissionSpec[], replacesAll: boolean): void {
    for (const { principal, group, roleId } of specs) {
      if (!this.#roles.has(roleId)) throw vimFault('NotFound', `There is no role ${roleId}.`);
      if (!this.directory.knows(principal, group))
        throw vimFault('UserNotFound', `The user or group named '${principal}' does not exist.`, {
          principal,
          unresolved: false,
        });
    }
    const before = this.#permissions.get(entity);
    const own = new Map(replacesAll ? [] : before);
    for (const { principal, group, roleId, propagate } of specs)
      own.set(keyOf(principal, group), {
        principal: accountName(principal),
        isGroup: group,
        roleId,
        propagate,
      });
    this.#permissions.set(entity, own);
    this.#standings.clear();
    this.#keepAnAdministrator(entity, before);
  }

  /** @throws VimFault NotFound, AuthMinimumAdminPermission */
  remove(entity: Entity, principal: string, isGroup: boolean): void {
    const own = this.#permissions.get(entity);
    const key = keyOf(principal, isGroup);
    if (!own?.has(key)) throw vimFault('NotFound', 'There is no such permission on the object.');
    const before = new Map(own);
    own.delete(key);
    this.#standings.clear();
    this.#keepAnAdministrator(entity, before);
  }

  /** The object is no more, and what was given on it neither. */
  forget(entity: Entity): void {
    if (this.#permissions.delete(entity)) this.#standings.clear();
  }

  #standingOf(userName: string): Standing {
    let standing = this.#standings.get(userName);
    if (!standing) {
      const user = keyOf(userName, false);
      const keys = { user, groups: this.directory.groupsOf(user) };
      standing = { keys, seesAll: this.#seesAll(keys) };
      if (this.directory.knows(userName, false)) this.#standings.set(userName, standing);
    }
    return standing;
  }

  #seesAll(keys: Standing['keys']): boolean {
    for (const [entity, own] of this.#permissions) {
      const given = this.#givenOn(own, keys);
      if (given.length === 0 && entity !== this.#root) continue;
      if (!given.some(({ role }) => role.privileges.has('System.Read'))) return false;
      if (
        entity === this.#root &&
        !given.some(({ propagate, role }) => propagate && role.privileges.has('System.Read'))
      )
        return false;
    }
    return true;
  }

  /** The permissions of one object that count for an account. */
  #givenOn(
    own: ReadonlyMap<string, Permission> | undefined,
    { user, groups }: Standing['keys'],
  ): ReadonlyArray<{ readonly role: Role; readonly propagate: boolean }> {
    if (!own) return [];
    const mine = own.get(user);
    const counting = mine ? [mine] : groups.flatMap((group) => own.get(group) ?? []);
    return counting.map(({ roleId, propagate }) => ({ role: this.#roles.get(roleId)!, propagate }));
  }

  #rolesOf(userName: string, entity: Entity): readonly Role[] {
    const { keys } = this.#standingOf(userName);
    const own = this.#givenOn(this.#permissions.get(entity), keys);
    return own.length > 0 ? own.map(({ role }) => role) : this.#inherited(entity, keys);
  }

  #inherited(entity: Entity, keys: Standing['keys']): readonly Role[] {
    const found = entity.inheritsFrom.map((above) => {
      const given = this.#givenOn(this.#permissions.get(above), keys).filter(({ propagate }) => propagate);
      return given.length > 0 ? given.map(({ role }) => role) : this.#inherited(above, keys);
    });
    return found.length === 1 ? found[0]! : [...new Set(found.flat())];
  }

  #isAbovePermission(userName: string, entity: Entity): boolean {
    const { keys } = this.#standingOf(userName);
    for (const [at, own] of this.#permissions) {
      if (at === entity || !this.#givenOn(own, keys).some(({ role }) => role.privileges.has('System.View')))
        continue;
      if (isAbove(entity, at)) return true;
    }
    return false;
  }

  #put(entity: Entity, permission: Permission): void {
    const own = this.#permissions.get(entity) ?? new Map<string, Permission>();
    this.#permissions.set(entity, own.set(keyOf(permission.principal, permission.isGroup), permission));
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

function isAbove(entity: Entity, below: Entity): boolean {
  return below.inheritsFrom.some((above) => above === entity || isAbove(entity, above));
}

function permissionData(entity: Entity, { principal, isGroup, roleId, propagate }: Permission): Data {
  return { $: 'Permission', entity: entity.ref, principal, group: isGroup, roleId, propagate };
}
