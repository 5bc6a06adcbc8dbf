/** Who may do what where: role assignments at a subscription, a group or a resource, inherited downwards. */
import type { Principal } from './provider.ts';

export type RoleName =
  | 'Owner'
  | 'Contributor'
  | 'Reader'
  | 'Storage Blob Data Contributor'
  | 'Storage Blob Data Reader';

export interface RoleAssignment {
  readonly principalId: string;
  readonly role: RoleName;
  /** Resource id: "/subscriptions/…", a group's, or a resource's. */
  readonly scope: string;
}

/** What stands in blobs is data: roles over resources do not reach it, roles over data nothing else. */
const BLOB_DATA = /^Microsoft\.Storage\/storageAccounts\/blobServices\//i;
const GRANTING = /^Microsoft\.Authorization\/.*\/(?:write|delete)$/i;

/** Contributor may do everything but grant access; Reader may look (built-in roles of Azure). */
const MAY: Readonly<Record<RoleName, (action: string) => boolean>> = {
  Owner: (action) => !BLOB_DATA.test(action),
  Contributor: (action) => !BLOB_DATA.test(action) && !GRANTING.test(action),
  Reader: (action) => !BLOB_DATA.test(action) && action.endsWith('/read'),
  'Storage Blob Data Contributor': (action) => BLOB_DATA.test(action),
  'Storage Blob Data Reader': (action) => BLOB_DATA.test(action) && action.endsWith('/read'),
};

export class Authorization {
  readonly #assignments: RoleAssignment[];

  constructor(assignments: readonly RoleAssignment[]) {
    this.#assignments = [...assignments];
  }

  assign(assignment: RoleAssignment): void {
    this.#assignments.push(assignment);
  }

  /** @param action "Microsoft.Compute/disks/write" @param scope id of what is acted on */
  allows(principal: Principal, action: string, scope: string): boolean {
    return this.#assignments.some(
      (assignment) =>
        assignment.principalId === principal.objectId &&
        covers(assignment.scope, scope) &&
        MAY[assignment.role](action),
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

function covers(outer: string, inner: string): boolean {
  const a = outer.toLowerCase().replace(/\/+$/, '');
  const b = inner.toLowerCase().replace(/\/+$/, '');
  return a === b || b.startsWith(`${a}/`);
}
