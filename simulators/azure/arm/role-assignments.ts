/**
 * Microsoft.Authorization: role definitions, role assignments, locks. What is assigned here is what ARM and the
 * data services judge by from the next request on.
 *
 * @see Azure/azure-rest-api-specs, authorization/resource-manager/Microsoft.Authorization, 2022-04-01.
 */
import type { SimulatorContext } from '../../kit/context.ts';
import { iso } from '../http.ts';
import { matching, oneOf, shape, text } from '../shape.ts';
import { type Authorization, covers, type RoleAssignment } from './authorization.ts';
import { badRequest, methodNotAllowed, unknownAction } from './faults.ts';
import type { Locks } from './locks.ts';
import { listOf } from './paging.ts';
import { type ArmAnswer, ArmError, type ArmProvider, type ArmRequest } from './provider.ts';
import { ROLES, type Role, roleNamed, roleWithId } from './roles.ts';

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ROLE_ID = /\/roleDefinitions\/([0-9a-f-]{36})$/i;
const ASSIGNMENT_VERSIONS = [
  ...['2015-07-01', '2018-01-01-preview', '2018-07-01', '2018-09-01-preview', '2020-03-01-preview'],
  ...['2020-04-01-preview', '2020-08-01-preview', '2020-10-01-preview', '2022-04-01'],
];
const DEFINITION_VERSIONS = [
  '2015-07-01',
  '2018-01-01-preview',
  '2018-07-01',
  '2022-04-01',
  '2022-05-01-preview',
];
/** When the built-in roles were last changed; a date like any other. */
const BUILT_IN_SINCE = '2021-11-11T20:13:00.0000000Z';

const readAssignment = shape(
  {
    properties: shape(
      { roleDefinitionId: text(512), principalId: matching(GUID, 'a GUID') },
      {
        principalType: oneOf('User', 'Group', 'ServicePrincipal', 'ForeignGroup', 'Device'),
        canDelegate: () => undefined,
        description: text(1_024),
        condition: () => {
          throw badRequest('Conditions on role assignments are not offered here.', 'properties.condition');
        },
        scope: text(1_024),
      },
    ),
  },
  { id: text(2_048), name: text(64), type: text(128) },
);

export interface AuthorizationProviderOptions {
  readonly context: SimulatorContext;
  readonly authorization: Authorization;
  readonly locks: Locks;
  /** What a principal is; undefined when the directory has none of that id. */
  readonly principalType: (objectId: string) => 'ServicePrincipal' | 'User' | undefined;
}

export function authorizationProvider(options: AuthorizationProviderOptions): ArmProvider {
  const { context, authorization, locks } = options;
  const named = new Map<RoleAssignment, string>();
  const nameOf = (assignment: RoleAssignment): string => {
    const known = assignment.name ?? named.get(assignment);
    if (known !== undefined) return known;
    const { principalId, role, scope } = assignment;
    const made = context.entropy.uuid('azure.roleAssignment', `${principalId} ${role} ${scope}`);
    named.set(assignment, made);
    return made;
  };

  const view = (assignment: RoleAssignment): object => {
    const name = nameOf(assignment);
    const { scope, principalId, principalType, createdOn = 0, createdBy = null } = assignment;
    const since = iso(createdOn);
    return {
      properties: {
        roleDefinitionId: definitionId(scope, roleNamed(assignment.role)),
        principalId,
        principalType: principalType ?? options.principalType(principalId) ?? 'Unknown',
        scope,
        condition: null,
        conditionVersion: null,
        createdOn: since,
        updatedOn: since,
        createdBy,
        updatedBy: createdBy,
        delegatedManagedIdentityResourceId: null,
        description: null,
      },
      id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      type: 'Microsoft.Authorization/roleAssignments',
      name,
    };
  };

  const find = (scope: string, name: string) =>
    authorization
      .all()
      .find(
        (assignment) =>
          assignment.scope.toLowerCase() === scope.toLowerCase() &&
          nameOf(assignment).toLowerCase() === name.toLowerCase(),
      );

  const put = (request: ArmRequest, scope: string): ArmAnswer => {
    if (!GUID.test(request.name))
      throw new ArmError(
        400,
        'InvalidRoleAssignmentId',
        `The role assignment ID '${request.name}' is not valid. The role assignment ID must be a GUID.`,
      );
    const { roleDefinitionId, principalId, principalType } = readAssignment(request.body, '').properties;
    const role = roleWithId(ROLE_ID.exec(roleDefinitionId)?.[1] ?? '');
    if (!role)
      throw new ArmError(
        404,
        'RoleDefinitionDoesNotExist',
        `The specified role definition with ID '${roleDefinitionId.split('/').at(-1)}' does not exist.`,
      );
    const kind = options.principalType(principalId);
    if (!kind)
      throw new ArmError(
        400,
        'PrincipalNotFound',
        `Principal ${principalId.replaceAll('-', '')} does not exist in the directory.`,
      );
    if (principalType !== undefined && principalType !== kind)
      throw new ArmError(
        400,
        'UnmatchedPrincipalType',
        `The PrincipalId '${principalId}' has type '${kind}', which is different from specified PrinciaplType '${principalType}'.`,
      );
    const same = authorization
      .all()
      .find(
        (known) =>
          known.principalId === principalId &&
          known.role === role.name &&
          known.scope.toLowerCase() === scope.toLowerCase(),
      );
    if (same && nameOf(same).toLowerCase() !== request.name.toLowerCase())
      throw new ArmError(409, 'RoleAssignmentExists', 'The role assignment already exists.');
    if (same) return { status: 200, body: view(same) };
    if (find(scope, request.name))
      throw new ArmError(
        409,
        'RoleAssignmentUpdateNotPermitted',
        'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
      );
    const assignment: RoleAssignment = {
      principalId,
      role: role.name,
      scope,
      name: request.name,
      principalType: kind,
      createdOn: request.now,
      createdBy: request.principal.objectId,
    };
    authorization.assign(assignment);
    return { status: 201, body: view(assignment) };
  };

  const handleAssignments = (request: ArmRequest): ArmAnswer => {
    const { method, name, segments, scope = '' } = request;
    if (segments.length > 0) throw unknownAction(method, `roleAssignments/${segments.join('/')}`);
    if (name === '') {
      if (method !== 'GET') throw methodNotAllowed(method, 'roleAssignments');
      const keep = assignmentFilter(request.query.get('$filter'), scope);
      return { list: listOf(authorization.all().filter(keep).map(view)) };
    }
    if (method === 'PUT') return put(request, scope);
    const found = find(scope, name);
    if (method === 'DELETE') {
      if (found) authorization.remove(found);
      return found ? { status: 200, body: view(found) } : { status: 204 };
    }
    if (method !== 'GET') throw methodNotAllowed(method, 'roleAssignments');
    if (!found)
      throw new ArmError(404, 'RoleAssignmentNotFound', `The role assignment '${name}' is not found.`);
    return { status: 200, body: view(found) };
  };

  return {
    namespace: 'Microsoft.Authorization',
    types: {},
    extensions: {
      locks: locks.type,
      roleAssignments: { apiVersions: ASSIGNMENT_VERSIONS, handle: handleAssignments },
      roleDefinitions: { apiVersions: DEFINITION_VERSIONS, handle: handleDefinitions },
    },
  };
}

/** `atScope()`: here and above; otherwise also below. `principalId eq '…'`, `assignedTo('…')`. */
function assignmentFilter(filter: string | null, scope: string): (assignment: RoleAssignment) => boolean {
  let atScope = false;
  let principal: string | undefined;
  for (const clause of (filter ?? '').split(/\s+and\s+/i).filter((part) => part.trim() !== '')) {
    const match = /^\s*(?:(atScope)\(\)|principalId\s+eq\s+'([^']*)'|assignedTo\('([^']*)'\))\s*$/i.exec(
      clause,
    );
    if (!match)
      throw badRequest(`The $filter '${String(filter).slice(0, 200)}' is not supported.`, '$filter');
    if (match[1] !== undefined) atScope = true;
    else principal = (match[2] ?? match[3])!.replace(/^\{|\}$/g, '').toLowerCase();
  }
  return (assignment) =>
    (covers(assignment.scope, scope) || (!atScope && covers(scope, assignment.scope))) &&
    (principal === undefined || assignment.principalId.toLowerCase() === principal);
}

function handleDefinitions({ method, name, query, segments, scope = '' }: ArmRequest): ArmAnswer {
  if (segments.length > 0) throw unknownAction(method, `roleDefinitions/${segments.join('/')}`);
  if (method !== 'GET') {
    if (method === 'PUT' || method === 'DELETE') throw badRequest('Custom roles are not offered here.');
    throw methodNotAllowed(method, 'roleDefinitions');
  }
  if (name !== '') {
    const found = roleWithId(name);
    if (!found)
      throw new ArmError(
        404,
        'RoleDefinitionDoesNotExist',
        `The specified role definition with ID '${name}' does not exist.`,
      );
    return { status: 200, body: definitionView(found, scope) };
  }
  const filter = query.get('$filter') ?? '';
  const wanted = /roleName\s+eq\s+'([^']*)'/i.exec(filter)?.[1]?.toLowerCase();
  const type = /type\s+eq\s+'([^']*)'/i.exec(filter)?.[1]?.toLowerCase();
  const shown = ROLES.filter(
    (role) =>
      (wanted === undefined || role.name.toLowerCase() === wanted) &&
      (type === undefined || type === 'builtinrole'),
  );
  return { list: listOf(shown.map((role) => definitionView(role, scope))) };
}

function definitionId(scope: string, { id }: Role): string {
  const subscription = /^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? '';
  return `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${id}`;
}

function definitionView(role: Role, scope: string): object {
  const { name, id, says, actions, notActions, dataActions } = role;
  return {
    properties: {
      roleName: name,
      type: 'BuiltInRole',
      description: says,
      assignableScopes: ['/'],
      permissions: [{ actions, notActions, dataActions, notDataActions: [] }],
      createdOn: BUILT_IN_SINCE,
      updatedOn: BUILT_IN_SINCE,
      createdBy: null,
      updatedBy: null,
    },
    id: definitionId(scope, role),
    type: 'Microsoft.Authorization/roleDefinitions',
    name: id,
  };
}
