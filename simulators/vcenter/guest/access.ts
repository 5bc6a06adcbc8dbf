/**
 * The way into a guest, in the order in which vCenter checks it: the machine exists, the account has the privilege on
 * it, it is powered on, its tools run, the guest lets the user in. [vSphere API, GuestOperationsManager]
 */
import { MINUTE, type Millis, type UnixMillis } from '#core/units.ts';
import type { GuestUser } from '../../estate/guest/accounts.ts';
import { FileProblem } from '../../estate/guest/file-tree.ts';
import type { Guest } from '../../estate/guest/guest.ts';
import { guestsOf } from '../../estate/guest/guests.ts';
import { invalidArgument, type VimFault, vimFault } from '../faults.ts';
import type { Call } from '../methods/method.ts';
import { requirePrivilege } from '../methods/privileges.ts';
import { objectNotFound } from '../property/selection.ts';
import type { Data, Ref } from '../values.ts';
import type { Vcenter } from '../vcenter.ts';
import { invalidPowerState } from '../vm/operations.ts';
import { VirtualMachine } from '../vm/virtual-machine.ts';

export interface GuestArgs {
  readonly vm: Ref;
  readonly auth: Data;
}

export interface Access {
  readonly vm: VirtualMachine;
  readonly guest: Guest;
  readonly user: GuestUser;
}

/** What every method of the managers can answer, beside what its own parameters bring. */
export const GUEST_FAULTS = [
  'GuestOperationsUnavailable',
  'InvalidGuestLogin',
  'GuestPermissionDenied',
  'TaskInProgress',
];

const TICKET_LIFE: Millis = 120 * MINUTE;
const TICKETS_MAX = 1000;

interface Ticket {
  readonly machineId: string;
  readonly user: GuestUser;
  readonly expiresAt: UnixMillis;
}

const TICKETS = new WeakMap<Vcenter, Map<string, Ticket>>();

function ticketsOf(vcenter: Vcenter): Map<string, Ticket> {
  let tickets = TICKETS.get(vcenter);
  if (!tickets) {
    tickets = new Map();
    TICKETS.set(vcenter, tickets);
  }
  return tickets;
}

/** @throws VimFault */
export function enterGuest(
  call: Call,
  { vm: reference, auth }: GuestArgs,
  privilege: 'Query' | 'Modify' | 'Execute' | 'QueryAliases' | 'ModifyAliases',
): Access {
  const { vcenter } = call;
  const vm = call.find(reference);
  if (!(vm instanceof VirtualMachine)) throw objectNotFound(reference);
  requirePrivilege(call, `VirtualMachine.GuestOperations.${privilege}`, vm);
  if (!vm.isOn) throw invalidPowerState('on', vm.power);
  const guest = guestsOf(vcenter.estate).guest(vm.machine.id);
  if (!vm.toolsRun || !guest)
    throw vimFault('GuestOperationsUnavailable', 'The guest operations agent could not be contacted.');
  if (guest.os.family === 'other')
    throw vimFault(
      'OperationNotSupportedByGuest',
      'The operation is not supported by the guest operating system.',
    );
  const user = userOf(call, guest, auth);
  if (!user)
    throw vimFault(
      'InvalidGuestLogin',
      'Failed to authenticate with the guest operating system using the supplied credentials.',
    );
  return { vm, guest, user };
}

function userOf({ vcenter, now }: Call, guest: Guest, auth: Data): GuestUser | undefined {
  if (auth.$ === 'NamePasswordAuthentication')
    return guest.logIn(String(auth.username), String(auth.password));
  if (auth.$ === 'TicketedSessionAuthentication') {
    const ticket = ticketsOf(vcenter).get(String(auth.ticket));
    return ticket && ticket.machineId === guest.machine.id && now < ticket.expiresAt
      ? ticket.user
      : undefined;
  }
  throw invalidArgument('auth');
}

export function issueTicket({ vcenter, now }: Call, { guest, user }: Access): string {
  const tickets = ticketsOf(vcenter);
  for (const [text, ticket] of tickets)
    if (ticket.expiresAt <= now || tickets.size >= TICKETS_MAX) tickets.delete(text);
  const text = vcenter.context.entropy.hex(32, 'vcenter.guestTicket', guest.machine.id, now, tickets.size);
  tickets.set(text, { machineId: guest.machine.id, user, expiresAt: now + TICKET_LIFE });
  return text;
}

export function releaseTicket({ vcenter }: Call, auth: Data): void {
  if (auth.$ === 'TicketedSessionAuthentication') ticketsOf(vcenter).delete(String(auth.ticket));
}

/** A path as the guest writes it. @throws VimFault InvalidArgument naming the parameter */
export function guestPath(guest: Guest, path: string, parameter: string): string {
  const normal = guest.files.normal(path);
  if (normal === undefined) throw invalidArgument(parameter);
  return normal;
}

/** Runs `work` and tells what is wrong with a file as a fault. @throws VimFault */
export function telling<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FileProblem) throw fileFault(error);
    throw error;
  }
}

function fileFault({ kind, path }: FileProblem): VimFault {
  const file = { file: path };
  switch (kind) {
    case 'notFound':
      return vimFault('FileNotFound', `File ${path} was not found.`, file);
    case 'exists':
      return vimFault('FileAlreadyExists', `The file ${path} already exists.`, file);
    case 'denied':
      return vimFault('GuestPermissionDenied', 'Permission to perform this operation was denied.');
    case 'notDirectory':
      return vimFault('NotADirectory', `${path} is not a directory.`, file);
    case 'isDirectory':
      return vimFault('NotAFile', `${path} is not a file.`, file);
    case 'notEmpty':
      return vimFault('DirectoryNotEmpty', `The directory ${path} is not empty.`, file);
    case 'tooLarge':
      return vimFault('FileFault', `There is not enough space for ${path}.`, file);
  }
}
