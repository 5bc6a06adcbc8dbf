/** Who may do what where: role assignments at a subscription, a group or a resource, inherited downwards. */
import type { UnixMillis } from '#core/units.ts';
import type { Principal } from './provider.ts';
import { type RoleName, roleAllows, roleNamed } from './roles.ts';

export interface RoleAssignment {
  readonly principalId: string;
  readonly role: RoleName;
  /** Resource id: "/subscriptions/…", a group's, or a resource's. */
  readonly scope: string;
  /** GUID that names it; those of the world's beginning have none until they are listed. */
  readonly name?: string;
  readonly principalType?: 'ServicePrincipal' | 'User' | 'Group';
  readonly createdOn?: UnixMillis;
  readonly createdBy?: string;
}

export class Authorization {
  readonly #assignments: RoleAssignment[];

  constructor(assignments: readonly RoleAssignment[]) {
    this.#assignments = [...assignments];
  }

  assign(assignment: RoleAssignment): void {
    this.#assignments.push(assignment);
  }

  /** In the order of their making. */
  all(): readonly RoleAssignment[] {
    return this.#assignments;
  }

  remove(assignment: RoleAssignment): void {
    this.#assignments.splice(this.#assignments.indexOf(assignment), 1);
  }

  /** @param action "Microsoft.Compute/disks/write" @param scope id of what is acted on */
  allows(principal: Pick<Principal, 'objectId'>, action: string, scope: string): boolean {
    return this.#assignments.some(
      (assignment) =>
        assignment.principalId === principal.objectId &&
        covers(assignment.scope, scope) &&
        roleAllows(roleNamed(assignment.role), action),
    );
  }

  /** Has the principal any role that reaches `scope` or something below it? Then it sees that it exists. */
  sees(principal: Principal, scope: string): boolean {
    return this.#assignments.some(
      (assignment) =>
        assignment.principalId === principal.objectId &&
        (covers(assignment.scope, scope) || covers(scope, assignment.scope)),
    );
  }
}

/** Is `inner` the scope `outer`, or below it? */
export function covers(outer: string, inner: string): boolean {
  const a = outer.toLowerCase().replace(/\/+$/, '');
  const b = inner.toLowerCase().replace(/\/+$/, '');
  return a === b || b.startsWith(`${a}/`);
}
