/**
 * What the firmware says of the machine it is in: SMBIOS, read by dmidecode, /sys/class/dmi and Win32_ComputerSystemProduct
 * alike. It tells a virtual machine from a server in a rack, and which is which.
 */
import { Entropy } from '#core/entropy/entropy.ts';
import type { EstateFacts, Host, Machine } from '../model.ts';

export interface Hardware {
  readonly vendor: string;
  readonly model: string;
  readonly version: string;
  readonly serialNumber: string;
  /**
   * UUID as systems show it, in lower case. VMware writes the bytes of its own into SMBIOS as they stand, and whoever
   * goes by the rule of SMBIOS 2.6 shows the first three fields the other way round.
   */
  readonly uuid: string;
  /** Version of the firmware. */
  readonly bios: string;
  readonly biosVendor: string;
  /** "05/28/2020" */
  readonly biosDate: string;
  readonly boardName: string;
  readonly cpuModel: string;
  readonly cpuMhz: number;
  readonly virtual: boolean;
}

export function hardwareOf(facts: EstateFacts, machine: Machine): Hardware {
  const host = facts.hosts.find(({ id }) => id === machine.hostId);
  const cpu = {
    cpuModel: host?.cpuModel ?? 'Intel(R) Xeon(R) CPU',
    cpuMhz: host?.cpuMhz ?? 2400,
  };
  switch (facts.platform) {
    case 'hyperv':
      return { ...cpu, ...onHyperv(facts.seed, machine) };
    case 'physical':
      return { ...cpu, ...inRack(facts.seed, machine, host) };
    default:
      return { ...cpu, ...onVmware(machine) };
  }
}

type Firmware = Omit<Hardware, 'cpuModel' | 'cpuMhz'>;

function swapped(uuid: string): string {
  const [a = '', b = '', c = '', ...rest] = uuid.toLowerCase().split('-');
  const reversed = (hex: string): string => (hex.match(/../g) ?? []).reverse().join('');
  return [reversed(a), reversed(b), reversed(c), ...rest].join('-');
}

function onVmware(machine: Machine): Firmware {
  const hex = machine.biosUuid.replaceAll('-', '').match(/../g)!;
  const efi = machine.firmware === 'efi';
  return {
    vendor: 'VMware, Inc.',
    model: efi ? 'VMware7,1' : 'VMware Virtual Platform',
    version: 'None',
    uuid: swapped(machine.biosUuid),
    serialNumber: `VMware-${hex.slice(0, 8).join(' ')}-${hex.slice(8).join(' ')}`,
    bios: efi ? 'VMW71.00V.16722896.B64.2008100651' : '6.00',
    biosVendor: efi ? 'VMware, Inc.' : 'Phoenix Technologies LTD',
    biosDate: '11/12/2020',
    boardName: '440BX Desktop Reference Platform',
    virtual: true,
  };
}

/** Hyper-V makes serial numbers of groups of digits. */
function onHyperv(seed: string, machine: Machine): Firmware {
  const entropy = new Entropy(seed);
  const digits = (length: number, at: number) =>
    String(entropy.below(10 ** length, 'guest.serial', machine.id, at)).padStart(length, '0');
  return {
    vendor: 'Microsoft Corporation',
    model: 'Virtual Machine',
    uuid: machine.biosUuid.toLowerCase(),
    version: machine.firmware === 'efi' ? 'Hyper-V UEFI Release v4.0' : '7.0',
    serialNumber: [...[4, 4, 4, 4, 4, 4].map(digits), digits(2, 6)].join('-'),
    bios: machine.firmware === 'efi' ? 'Hyper-V UEFI Release v4.0' : '090008',
    biosVendor: machine.firmware === 'efi' ? 'Microsoft Corporation' : 'American Megatrends Inc.',
    biosDate: machine.firmware === 'efi' ? '11/01/2019' : '12/07/2018',
    boardName: 'Virtual Machine',
    virtual: true,
  };
}

function inRack(seed: string, machine: Machine, host: Host | undefined): Firmware {
  const entropy = new Entropy(seed);
  const letters = 'BCDFGHJKLMNPQRSTVWXZ';
  const drawn = (from: string, length: number, at: number) =>
    Array.from(
      { length },
      (_, i) => from[entropy.below(from.length, 'guest.serial', machine.id, at + i)],
    ).join('');
  return {
    vendor: host?.vendor ?? 'Example Systems',
    model: host?.model ?? 'Rack server',
    version: 'Not Specified',
    uuid: machine.biosUuid.toLowerCase(),
    serialNumber: `CZ${drawn('23456789', 4, 0)}${drawn(letters, 2, 4)}${drawn('0123456789', 2, 6)}`,
    bios: machine.firmware === 'efi' ? 'U30 v2.36' : 'P89 2.40',
    biosVendor: host?.vendor ?? 'Example Systems',
    biosDate: '07/16/2020',
    boardName: host?.model ?? 'Rack server',
    virtual: false,
  };
}
