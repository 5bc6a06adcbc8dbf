/** One Hyper-V host of the estate as a WinRM host. */

import { assert } from '#core/assert.ts';
import type { Guest } from '../estate/guest/guest.ts';
import { cimv2Classes } from '../windows/cimv2-classes.ts';
import { guestCommands } from '../windows/guest-commands.ts';
import { Accounts, type WindowsAccount } from '../winrm/accounts.ts';
import type { ServiceSettings } from '../winrm/authentication/http-authentication.ts';
import { CimRepository } from '../winrm/cim/repository.ts';
import type { WinrmHost } from '../winrm/server.ts';
import { clusterClasses } from './cluster-classes.ts';
import { hostClasses } from './host-classes.ts';
import type { HypervHost } from './hyperv-host.ts';
import { virtualization } from './virtualization.ts';

export interface HypervOptions {
  readonly host: HypervHost;
  /** The inside of the host itself (host-machine.ts). */
  readonly inside: Guest;
  readonly accounts: readonly WindowsAccount[];
  readonly settings: ServiceSettings;
}

/** Groups that may read a namespace; administrators may read all. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  'root/cimv2': ['Remote Management Users', 'Performance Monitor Users'],
  'root/virtualization/v2': ['Hyper-V Administrators'],
  'root/mscluster': [],
};

export function hypervHost({ host, inside, accounts, settings }: HypervOptions): WinrmHost {
  assert(inside.os.family === 'windows', 'a Hyper-V host runs Windows');
  const { computer, clock, release } = host;
  const domain = host.host.name.split('.').slice(1).join('.');
  const names = {
    computer,
    dnsName: host.host.name.toLowerCase(),
    domain: domain === '' ? computer : domain.split('.')[0]!.toUpperCase(),
    dnsDomain: domain === '' ? computer.toLowerCase() : domain,
  };
  const v2 = virtualization(host);
  const cimv2 = cimv2Classes({
    guest: inside,
    os: inside.os,
    clock,
    power: { shutdown() {}, reboot() {} },
  });
  const cluster = clusterClasses(host, ({ maintenance }) => !maintenance);
  return {
    names,
    osVersion: release.version,
    accounts: new Accounts({ accounts, names, clock }),
    settings,
    cim: {
      repository: new CimRepository({
        sources: [...v2.sources, ...cimv2.sources, ...hostClasses(host), ...cluster.sources],
        associations: [...v2.associations, ...cimv2.associations, ...cluster.associations],
      }),
      methods: [...v2.methods, ...cimv2.methods],
      computer,
      mayRead: ({ groups }, namespace) =>
        groups.includes('Administrators') ||
        (READERS[namespace.toLowerCase()] ?? []).some((group) => groups.includes(group)),
    },
    commands: guestCommands(inside, clock),
  };
}
