/** The named points at which a scenario may act on a vCenter, and what each can answer. */
import { MINUTE, type Millis, SECOND } from '#core/units.ts';
import type { Fault, FaultPoint } from '../kit/fault-points.ts';
import { type VimFault, vimFault } from './faults.ts';
import { HOST_POINT } from './host-outages.ts';
import { METHODS } from './methods/table.ts';
import type { ManagedObject } from './objects/object.ts';
import { typeNamed } from './schema/schema.ts';
import { ref, type Value } from './values.ts';
import { TRACKING_DEFECTS } from './vm/tracking-defects.ts';

/** HTTP status: the web server in front of the service answers in its place. */
export const UNAVAILABLE = '503';
/** The connection is cut without an answer. */
export const RESET = 'reset';

export const DELAYS: Readonly<Record<string, Millis>> = {
  '100ms': 100,
  '1s': SECOND,
  '5s': 5 * SECOND,
  '30s': 30 * SECOND,
  '2min': 2 * MINUTE,
};

/** What may happen to any call. */
const COMMON = [
  'NotAuthenticated',
  'ManagedObjectNotFound',
  'HostCommunication',
  'SystemError',
  UNAVAILABLE,
  RESET,
];

export function faultPoints(): FaultPoint[] {
  return [
    ...METHODS.map(({ name, faults }) => ({
      name: `vcenter.${name}`,
      says: `a call of ${name}; the subject is the names of the objects it is about`,
      answers: [...faults, ...COMMON],
    })),
    {
      name: 'vcenter.session',
      says: 'a request with a session cookie, before anything else; the subject is the method',
      answers: ['expire'],
    },
    {
      name: 'vcenter.nfc',
      says: 'a request for a disk of a lease; the subject is machine and file; reset cuts it in its middle',
      answers: ['sessionLimit', '404', '500', UNAVAILABLE, RESET],
    },
    {
      name: 'vcenter.guestFile',
      says: 'a transfer of a guest file; reset cuts the connection without an answer',
      answers: ['403', '404', '500', UNAVAILABLE, RESET],
    },
    {
      name: 'vcenter.folder',
      says: 'a request to /folder; the subject is the path; reset cuts the answer in its middle, and vmotion moves the machine to another host then',
      answers: ['401', '404', '500', '507', UNAVAILABLE, RESET, 'vmotion'],
    },
    {
      name: 'vcenter.slow',
      says: 'any call of /sdk, which is answered so much later; the subject is the method',
      answers: Object.keys(DELAYS),
    },
    {
      name: 'vcenter.changeTracking',
      says: 'a snapshot of a machine, whose change tracking begins anew with it, so that older change ids are of another epoch; the subject is the machine',
      answers: ['newEpoch'],
    },
    {
      name: 'vcenter.changedAreas',
      says: 'an answer of QueryChangedDiskAreas with a defect of vSphere; the subject is the machine',
      answers: Object.keys(TRACKING_DEFECTS),
    },
    {
      name: HOST_POINT,
      says: 'a host, from the fault on to its end; the subject is the name of the host',
      answers: ['disconnected', 'notResponding'],
    },
  ];
}

/** Does this answer become the outcome of the method's task, rather than of the call? */
export function actsOnTask(method: string, answer: string): boolean {
  return method.endsWith('_Task') && /^[A-Z]/.test(answer) && typeNamed(answer).lineage.has('VimFault');
}

/** The injected fault, with the fields that its type requires. */
export function faultOf({ answer }: Fault, self: ManagedObject): VimFault {
  const fields: Record<string, Value> = {};
  for (const { name, kind, type, isOptional } of typeNamed(answer).fields.values()) {
    if (isOptional) continue;
    if (kind === 'reference') fields[name] = name === 'task' ? ref('Task', 'task-0') : self.ref;
    else if (kind === 'enumeration') fields[name] = 'poweredOff';
    else if (type === 'boolean') fields[name] = false;
    else if (type === 'int') fields[name] = 0;
    else fields[name] = name === 'privilegeId' ? 'System.View' : self.label;
  }
  return vimFault(answer, MESSAGES[answer] ?? `${answer} (injected by the scenario).`, fields);
}

const MESSAGES: Readonly<Record<string, string>> = {
  NotAuthenticated: 'The session is not authenticated.',
  ManagedObjectNotFound: 'The object has already been deleted or has not been completely created.',
  HostCommunication: 'Unable to communicate with the remote host, since it is disconnected.',
  SystemError: 'A general system error occurred.',
  SnapshotFault: 'An error occurred while taking a snapshot.',
  FilesystemQuiesceFault: 'An error occurred while quiescing the virtual machine.',
  TaskInProgress: 'The operation is not allowed in the current state: another task is already in progress.',
  GenericVmConfigFault: 'An error occurred while changing the configuration of the machine.',
  InvalidState: 'The operation is not allowed in the current state.',
  NoDiskSpace: 'There is not enough space on the file system for the selected operation.',
  RequestCanceled: 'The task was canceled by a user.',
};
