/** One Windows server of the estate as a WinRM host. */
import type { Clock } from '#core/time/clock.ts';
import { SECOND } from '#core/units.ts';
import type { Guest } from '../estate/guest/guest.ts';
import type { WindowsOs } from '../estate/guest/guest-os.ts';
import { Accounts, type WindowsAccount } from '../winrm/accounts.ts';
import type { ServiceSettings } from '../winrm/authentication/http-authentication.ts';
import { CimRepository } from '../winrm/cim/repository.ts';
import { type ClassSet, classSet } from '../winrm/cim/schema.ts';
import type { WinrmHost } from '../winrm/server.ts';
import type { CommandHost } from '../winrm/shell/command-host.ts';
import { cimv2Classes } from './cimv2-classes.ts';
import { domainOf, hostName, type PowerControl, type WindowsServer } from './windows-server.ts';

export interface WindowsHostOptions {
  readonly guest: Guest;
  readonly clock: Clock;
  readonly accounts: readonly WindowsAccount[];
  readonly settings: ServiceSettings;
  readonly commands: CommandHost;
}

/** Groups whose members may read CIM from afar; the last of them may do nothing else. */
const READERS = ['Administrators', 'Remote Management Users', 'WinRMRemoteWMIUsers__'];

/** Undefined when the machine does not run Windows. */
export function windowsHost(options: WindowsHostOptions): WinrmHost | undefined {
  const { guest, clock, settings, commands } = options;
  if (guest.os.family !== 'windows') return undefined;
  const server: WindowsServer = { guest, os: guest.os, clock, power: powerOf(guest, clock) };
  const { sources, associations, methods } = cimv2Classes(server);
  const computer = hostName(server);
  const dnsDomain = domainOf(server);
  const names = {
    computer,
    dnsName: dnsDomain === '' ? guest.hostName.toLowerCase() : `${guest.hostName.toLowerCase()}.${dnsDomain}`,
    domain: dnsDomain === '' ? computer : dnsDomain.split('.')[0]!.toUpperCase(),
    dnsDomain: dnsDomain === '' ? guest.hostName.toLowerCase() : dnsDomain,
  };
  return {
    names,
    osVersion: guest.os.version,
    accounts: new Accounts({ accounts: options.accounts, names, clock }),
    settings,
    cim: {
      repository: new CimRepository({ sources, associations, classes: classesOf(guest.os) }),
      methods,
      computer,
      mayRead: ({ groups }) => groups.some((group) => READERS.includes(group)),
    },
    commands,
    isUp: () => guest.isOn(),
  };
}

/** How long a server is away when it starts again. */
const REBOOT_MS = 40 * SECOND;

function powerOf(guest: Guest, clock: Clock): PowerControl {
  return {
    shutdown: () => guest.setPower('off'),
    reboot() {
      guest.setPower('off');
      clock.schedule(clock.wall() + REBOOT_MS, 'windows.boot', () => guest.setPower('on'));
    },
  };
}

/** A server without Hyper-V has neither its namespace nor its counters; a client has no Server Manager. */
function classesOf({ server }: WindowsOs): ClassSet {
  const hyperv = ['Win32_PerfFormattedData', 'Win32_PerfRawData'].flatMap((kind) =>
    [
      'BalancerStats_HyperVDynamicMemoryVM',
      'Counters_HyperVVirtualStorageDevice',
      'HvStats_HyperVHypervisorLogicalProcessor',
      'HvStats_HyperVHypervisorVirtualProcessor',
      'NvspNicStats_HyperVVirtualNetworkAdapter',
    ].map((object) => `${kind}_${object}`),
  );
  return classSet(['root/cimv2', 'root/default'], {
    'root/cimv2': server ? hyperv : [...hyperv, 'Win32_ServerFeature'],
  });
}
