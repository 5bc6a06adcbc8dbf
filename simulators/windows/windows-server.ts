/** A Windows server as CIM providers see it: the guest truth of a machine, at the clock's time. */
import type { Clock } from '#core/time/clock.ts';
import { type GuestUser, userOf } from '../estate/guest/accounts.ts';
import type { Guest } from '../estate/guest/guest.ts';
import type { WindowsOs } from '../estate/guest/guest-os.ts';
import type { WindowsAccount } from '../winrm/accounts.ts';
import type { ClassSource, Question } from '../winrm/cim/repository.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimInstance, CimValue } from '../winrm/cim/values.ts';

export interface WindowsServer {
  readonly guest: Guest;
  readonly os: WindowsOs;
  readonly clock: Clock;
  readonly power: PowerControl;
}

/** What a shutdown from inside does. */
export interface PowerControl {
  shutdown(): void;
  reboot(): void;
}

/** The account as the guest knows it. */
export function remoteUser(guest: Guest, { name, groups }: WindowsAccount): GuestUser {
  return userOf(guest.os, guest.hostName, {
    id: 'remote',
    family: 'windows',
    user: name,
    password: '',
    admin: groups.includes('Administrators'),
  });
}

const NAMESPACE = 'root/cimv2';

/** A class of root/cimv2 with what gives its instances. */
export function cimv2(
  name: string,
  rows: (question: Question) => Iterable<Readonly<Record<string, CimValue>>>,
): ClassSource {
  const of = cimClass(NAMESPACE, name);
  return {
    class: of,
    *instances(question = {}): Iterable<CimInstance> {
      for (const values of rows(question)) yield { class: of, values };
    },
  };
}

export function hostName({ guest }: WindowsServer): string {
  return guest.hostName.toUpperCase().slice(0, 15);
}

/** "corp.example", or nothing for a host in a workgroup. */
export function domainOf({ guest }: WindowsServer): string {
  return guest.machine.dnsName.split('.').slice(1).join('.');
}

/** What most devices say of the system that they are in. */
export function systemKeys(server: WindowsServer, creationClassName: string) {
  return {
    CreationClassName: creationClassName,
    SystemCreationClassName: 'Win32_ComputerSystem',
    SystemName: hostName(server),
  };
}
