/** One Windows server of the estate as a WinRM host. */
import type { Clock } from '#core/time/clock.ts';
import type { Guest } from '../estate/guest/guest.ts';
import { Accounts, type WindowsAccount } from '../winrm/accounts.ts';
import type { ServiceSettings } from '../winrm/authentication/http-authentication.ts';
import { CimRepository } from '../winrm/cim/repository.ts';
import type { WinrmHost } from '../winrm/server.ts';
import type { CommandHost } from '../winrm/shell/command-host.ts';
import { cimv2Classes } from './cimv2-classes.ts';
import { domainOf, hostName, vmwareHardware, type WindowsServer } from './windows-server.ts';

export interface WindowsHostOptions {
  readonly guest: Guest;
  readonly clock: Clock;
  readonly accounts: readonly WindowsAccount[];
  readonly settings: ServiceSettings;
  readonly commands: CommandHost;
}

/** Groups whose members may read CIM from afar. */
const READERS = ['Administrators', 'Remote Management Users'];

/** Undefined when the machine does not run Windows. */
export function windowsHost(options: WindowsHostOptions): WinrmHost | undefined {
  const { guest, clock, settings, commands } = options;
  if (guest.os.family !== 'windows') return undefined;
  const server: WindowsServer = { guest, os: guest.os, clock, hardware: vmwareHardware(guest) };
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
      repository: new CimRepository(cimv2Classes(server)),
      methods: [],
      computer,
      mayRead: ({ groups }) => groups.some((group) => READERS.includes(group)),
    },
    commands,
  };
}
