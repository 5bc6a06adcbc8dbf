/**
 * Which privileges the account lacks, before they are needed.
 *
 * Asked of vCenter up front where it can tell [vSphere Web Services API, AuthorizationManager.HasPrivilegeOnEntities
 * (since 5.5) and FetchUserPrivilegeOnEntities (since 6.5)]: for machines, datastores and the root folder themselves, since
 * a role may be given anywhere. Elsewhere the fault NoPermission tells the same, later.
 */
import { defineErrors } from '#core/errors.ts';
import { child, childrenOf, childText } from '#core/wire/xml/element.ts';
import type { Warning } from '../../app/ports.ts';
import { type ManagedObject, readReference, type VsphereConnection, writeReference } from './connection.ts';
import { VimFault } from './faults.ts';
import { NEEDS, type Need } from './required-privileges.ts';

const errors = defineErrors({
  'vcenter.privilege.missing': {
    blame: 'input',
    retry: 'after-change',
    why: 'The role of the account on that object does not hold the privilege.',
    next: 'Add the privilege to the role, given on the vCenter root and propagating, or on the object named; or do without the feature.',
  },
});

/** Objects that stand for all others: one machine of each folder, datastores, the root. */
export interface Places {
  readonly machines: readonly NamedObject[];
  readonly datastores: readonly NamedObject[];
  readonly root: NamedObject;
}

export interface NamedObject {
  readonly object: ManagedObject;
  readonly name: string;
}

/** Privileges of an object, as granted to us. */
type Granted = (object: ManagedObject, privilege: string) => boolean;

/**
 * One warning for each privilege that lacks somewhere, by the privilege. Empty as well when the server cannot tell.
 * @throws `net.*`, `vcenter.login.*`
 */
export async function missingPrivileges(
  connection: VsphereConnection,
  places: Places,
  signal: AbortSignal,
): Promise<Map<string, Warning>> {
  const missing = new Map<string, Warning>();
  const { machines, datastores, root } = places;
  const on = (kind: Need['on']): readonly NamedObject[] => {
    const chosen = kind === 'machine' ? machines : kind === 'datastore' ? datastores : [root];
    return chosen.length > 0 ? chosen : [root];
  };
  const objects = [...new Set([root, ...machines, ...datastores])];
  const granted = await grantedOn(connection, objects, signal);
  if (!granted) return missing;
  for (const { privilege, on: kind, feature } of NEEDS) {
    const without = on(kind).filter(({ object }) => !granted(object, privilege));
    const [first, ...others] = without;
    if (!first) continue;
    const where = others.length > 0 ? `${first.name} and ${others.length} more` : first.name;
    missing.set(privilege, asWarning(connection.host, privilege, where, feature));
  }
  return missing;
}

function asWarning(host: string, privilege: string, where: string, feature: string): Warning {
  const { code, what, next } = errors.make('vcenter.privilege.missing', {
    what: `${privilege} is missing on ${where} of ${host}: ${feature} will not work there.`,
  });
  return { code, message: `${what} ${next}` };
}

async function grantedOn(
  connection: VsphereConnection,
  objects: readonly NamedObject[],
  signal: AbortSignal,
): Promise<Granted | undefined> {
  for (const ask of [hasPrivileges, fetchPrivileges])
    try {
      return await ask(connection, objects, signal);
    } catch (error) {
      // an older server, one that is none, or an account that may not even ask: the faults will tell
      if (!(error instanceof VimFault)) throw error;
    }
  return undefined;
}

async function hasPrivileges(
  connection: VsphereConnection,
  objects: readonly NamedObject[],
  signal: AbortSignal,
): Promise<Granted> {
  const { authorizationManager } = await connection.content(signal);
  if (!authorizationManager) throw new VimFault('NotSupported', 'there is no AuthorizationManager');
  const { key } = await connection.user(signal);
  const answer = await connection.ask(
    'HasPrivilegeOnEntities',
    authorizationManager,
    (xml) => {
      for (const { object } of objects) writeReference(xml, 'entity', object);
      xml.leaf('sessionId', key);
      for (const { privilege } of NEEDS) xml.leaf('privId', privilege);
    },
    signal,
  );
  const granted = new Set<string>();
  for (const each of answer) {
    const entity = child(each, 'entity');
    for (const availability of childrenOf(each, 'privAvailability'))
      if (entity && childText(availability, 'isGranted') === 'true')
        granted.add(`${readReference(entity).id} ${childText(availability, 'privId')}`);
  }
  if (answer.length === 0) throw new VimFault('NotSupported', 'it answered nothing');
  return ({ id }, privilege) => granted.has(`${id} ${privilege}`);
}

async function fetchPrivileges(
  connection: VsphereConnection,
  objects: readonly NamedObject[],
  signal: AbortSignal,
): Promise<Granted> {
  const { authorizationManager } = await connection.content(signal);
  if (!authorizationManager) throw new VimFault('NotSupported', 'there is no AuthorizationManager');
  const { userName } = await connection.user(signal);
  const answer = await connection.ask(
    'FetchUserPrivilegeOnEntities',
    authorizationManager,
    (xml) => {
      for (const { object } of objects) writeReference(xml, 'entities', object);
      xml.leaf('userName', userName);
    },
    signal,
  );
  const granted = new Set<string>();
  for (const each of answer) {
    const entity = child(each, 'entity');
    for (const privilege of childrenOf(each, 'privileges'))
      if (entity) granted.add(`${readReference(entity).id} ${privilege.text}`);
  }
  if (answer.length === 0) throw new VimFault('NotSupported', 'it answered nothing');
  return ({ id }, privilege) => granted.has(`${id} ${privilege}`);
}
