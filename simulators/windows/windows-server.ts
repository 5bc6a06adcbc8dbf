/** A Windows server as CIM providers see it: the guest truth of a machine, at the clock's time. */
import type { Clock } from '#core/time/clock.ts';
import type { Guest } from '../estate/guest/guest.ts';
import type { WindowsOs } from '../estate/guest/guest-os.ts';
import type { ClassSource } from '../winrm/cim/repository.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimInstance, CimValue } from '../winrm/cim/values.ts';

export interface WindowsServer {
  readonly guest: Guest;
  readonly os: WindowsOs;
  readonly clock: Clock;
  readonly hardware: Hardware;
}

/** What the firmware says of the machine. */
export interface Hardware {
  readonly vendor: string;
  readonly model: string;
  readonly serialNumber: string;
  readonly bios: string;
  readonly cpuModel: string;
  readonly cpuMhz: number;
  readonly virtual: boolean;
}

/** Of a virtual machine on VMware, which is what estates hold. */
export function vmwareHardware(guest: Guest): Hardware {
  const host = guest.facts.hosts.find(({ id }) => id === guest.machine.hostId);
  return {
    vendor: 'VMware, Inc.',
    model: guest.machine.firmware === 'efi' ? 'VMware7,1' : 'VMware Virtual Platform',
    serialNumber: guest.serialNumber(),
    bios: 'PhoenixBIOS 4.0 Release 6.0',
    cpuModel: host?.cpuModel ?? 'Intel(R) Xeon(R) CPU',
    cpuMhz: host?.cpuMhz ?? 2400,
    virtual: true,
  };
}

const NAMESPACE = 'root/cimv2';

/** A class of root/cimv2 with what gives its instances. */
export function cimv2(name: string, rows: () => Iterable<Readonly<Record<string, CimValue>>>): ClassSource {
  const of = cimClass(NAMESPACE, name);
  return {
    class: of,
    *instances(): Iterable<CimInstance> {
      for (const values of rows()) yield { class: of, values };
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
