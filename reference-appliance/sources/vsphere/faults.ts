/** vSphere faults as they arrive, and as the appliance tells them to its user. */
import { type DryliftError, defineErrors } from '#core/errors.ts';
import { child, childrenOf, childText, typeOf, type XmlElement } from '#core/wire/xml/element.ts';
import { featureLostWithout } from './required-privileges.ts';

export const errors = defineErrors({
  'vcenter.login.invalid': {
    blame: 'input',
    retry: 'after-change',
    why: 'vCenter does not know that user, or the password is wrong; after several tries it locks the account for a while.',
    next: 'Correct user and password of this vCenter in the configuration (user@domain, as in the vSphere client), then start again.',
  },
  'vcenter.login.noPrivilege': {
    blame: 'input',
    retry: 'after-change',
    why: 'The account may sign in, but its role lacks a privilege that this operation needs.',
    next: 'Give the account a role with the privilege named above on the vCenter root, propagating to children.',
  },
  'vcenter.session.lost': {
    blame: 'peer',
    retry: 'safe',
    why: 'vCenter ended the session, and the one made in its place at once as well.',
    next: 'Look at the session limit of vCenter and at who else uses this account; the appliance tries again by itself.',
  },
  'vcenter.notVcenter': {
    blame: 'input',
    retry: 'after-change',
    why: 'What answers there does not speak the vSphere API.',
    next: 'Check host and port of this vCenter in the configuration.',
  },
  'vcenter.isHost': {
    blame: 'input',
    retry: 'after-change',
    why: 'Hosts without a vCenter cannot be discovered: identity, permissions and placement of machines are those of a vCenter.',
    next: 'Give the address of the vCenter that manages the host.',
  },
  'vcenter.machine.gone': {
    blame: 'peer',
    retry: 'never',
    why: 'The object was deleted or unregistered since the appliance last looked.',
    next: 'Nothing is to be done: the next refresh of the inventory notices it.',
  },
  'vcenter.cbt.reset': {
    blame: 'peer',
    retry: 'never',
    why: 'Changed block tracking was reset (power loss, storage migration, revert to a snapshot, disk recreated), so that what changed since the last cycle is not known.',
    next: 'Nothing is to be done: the appliance copies the disk in full again.',
  },
  'vcenter.cbt.broken': {
    blame: 'peer',
    retry: 'safe',
    why: 'The answer of QueryChangedDiskAreas breaks the API: areas must be sorted, disjoint, inside their window, and windows must end at the capacity.',
    next: 'Report it to the vendor of the server; a full copy is made in the next cycle.',
  },
  'vcenter.cbt.snapshots': {
    blame: 'peer',
    retry: 'after-change',
    why: 'Changed block tracking cannot be switched on while snapshots exist (error 31453 of Azure Migrate).',
    next: 'Delete or consolidate the snapshots of the machine, then start the replication again.',
  },
  'vcenter.cbt.unsupported': {
    blame: 'peer',
    retry: 'after-change',
    why: 'Changed block tracking needs virtual hardware 7 or later.',
    next: 'Upgrade the virtual hardware of the machine, or migrate it with the agent.',
  },
  'vcenter.disk.unreadable': {
    blame: 'peer',
    retry: 'safe',
    why: 'The datastore path did not give the bytes that were asked for.',
    next: 'Check Datastore.Browse and Datastore.FileManagement of the account, and the state of the datastore.',
  },
  'vcenter.disk.unsupported': {
    blame: 'peer',
    retry: 'after-change',
    why: 'Only a flat disk without other snapshots can be read over the datastore path.',
    next: 'Delete the snapshots of the machine; migrate machines with raw mappings with the agent.',
  },
  'vcenter.task.failed': {
    blame: 'peer',
    retry: 'after-change',
    why: 'vCenter accepted the task and then reported that it failed.',
    next: 'Look at the task in vCenter; the appliance tries again in the next cycle.',
  },
  'vcenter.fault': {
    blame: 'peer',
    retry: 'after-change',
    why: 'vCenter refused the call with the fault named above.',
    next: 'Look at the events of the object in vCenter.',
  },
  'vcenter.protocol': {
    blame: 'peer',
    why: 'The answer does not follow the vSphere Web Services API.',
    next: 'Look at what stands at that address; a proxy may answer in its place.',
  },
});

/** A fault inside the protocol. Unwound to a DryliftError by `told` before it leaves this folder. */
export class VimFault extends Error {
  override readonly name = 'VimFault';
  /** Type name: "InvalidLogin". */
  readonly type: string;
  readonly detail: XmlElement | undefined;

  constructor(type: string, text: string, detail?: XmlElement) {
    super(text || type);
    this.type = type;
    this.detail = detail;
  }

  field(name: string): string | undefined {
    return this.detail && childText(this.detail, name);
  }
}

/**
 * The fault in a SOAP body element. Its type is the `xsi:type` of the detail's child or, without one, that
 * child's name less its suffix "Fault" (vSphere Web Services SDK, "Handling faults").
 */
export function faultOf(fault: XmlElement): VimFault {
  const text = childText(fault, 'faultstring') ?? '';
  const detail = child(fault, 'detail')?.children[0];
  if (!detail) return new VimFault('RuntimeFault', text);
  return new VimFault(typeOf(detail) ?? detail.name.replace(/Fault$/, ''), text, detail);
}

/** A LocalizedMethodFault inside data (TaskInfo.error, missingSet.fault). */
export function localizedFault(element: XmlElement): VimFault {
  const fault = child(element, 'fault');
  return new VimFault(
    (fault && typeOf(fault)) ?? 'MethodFault',
    childText(element, 'localizedMessage') ?? '',
    fault,
  );
}

/** A fault as a coded error. Other errors pass through. @param doing "take a snapshot of web-01" */
export function told(error: unknown, server: string, doing: string): unknown {
  if (!(error instanceof VimFault)) return error;
  return faultError(error, server, doing);
}

/** Names object, privilege and what is lost without it. Since 7.0 the fault may name several privileges. */
function noPermission(fault: VimFault, server: string, doing: string): DryliftError {
  const [first] = fault.detail ? childrenOf(fault.detail, 'missingPrivileges') : [];
  const privileges = first ? childrenOf(first, 'privilegeIds').map(({ text }) => text) : [];
  const privilege = fault.field('privilegeId') ?? (privileges.join(', ') || 'a privilege');
  const object = (fault.detail && child(fault.detail, 'object')) ?? (first && child(first, 'entity'));
  const type = object?.attributes.get('type')?.value;
  const where = object ? ` on ${type === undefined ? '' : `${type} `}${object.text}` : '';
  const feature = featureLostWithout(privilege);
  return errors.make('vcenter.login.noPrivilege', {
    what: `vCenter ${server} does not let the account ${doing}: ${privilege} is missing${where}.`,
    why: `The account may sign in, but its role lacks a privilege${feature === undefined ? ' that this operation needs' : `; without it there is no ${feature}`}.`,
    next: `Give the account a role with ${privilege} on the vCenter root, propagating to children, or on that object.`,
    cause: fault,
    data: { privilege, object: object?.text ?? '' },
  });
}

function faultError(fault: VimFault, server: string, doing: string): DryliftError {
  const cause = fault;
  switch (fault.type) {
    case 'InvalidLogin':
      return errors.make('vcenter.login.invalid', { what: `vCenter ${server} refused the sign-in.`, cause });
    case 'NoPermission':
      return noPermission(fault, server, doing);
    case 'NotAuthenticated':
      return errors.make('vcenter.session.lost', {
        what: `vCenter ${server} ended the session twice in a row while asked to ${doing}.`,
        cause,
      });
    case 'ManagedObjectNotFound':
      return errors.make('vcenter.machine.gone', {
        what: `vCenter ${server} cannot ${doing}: ${fault.field('obj') ?? 'the object'} does not exist any more.`,
        cause,
        data: { object: fault.field('obj') ?? '' },
      });
    default:
      return errors.make('vcenter.fault', {
        what: `vCenter ${server} could not ${doing}: ${fault.type}: ${fault.message}`,
        cause,
        data: { fault: fault.type },
      });
  }
}
