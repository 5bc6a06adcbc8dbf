/** One Hyper-V host of the estate as a WinRM host. */

import { assert } from '#core/assert.ts';
import type { Guest } from '../estate/guest/guest.ts';
import { guestsOf } from '../estate/guest/guests.ts';
import type { Machine } from '../estate/model.ts';
import { cimv2Classes } from '../windows/cimv2-classes.ts';
import { guestCommands } from '../windows/guest-commands.ts';
import { cimv2 } from '../windows/windows-server.ts';
import { Accounts, type WindowsAccount } from '../winrm/accounts.ts';
import type { ServiceSettings } from '../winrm/authentication/http-authentication.ts';
import { CimRepository, type ClassSource } from '../winrm/cim/repository.ts';
import { CIM_FAULTS } from '../winrm/fault-points.ts';
import type { WinrmHost } from '../winrm/server.ts';
import { WsmanFault } from '../winrm/wsman/fault.ts';
import type { Nodes } from './cluster.ts';
import { clusterClasses, computerName } from './cluster-classes.ts';
import { HYPERV_POINTS, hypervFaultPoints } from './fault-points.ts';
import { nodesOf } from './host-machine.ts';
import { type HypervHost, machinesOf } from './hyperv-host.ts';
import { hypervPerformance } from './performance.ts';
import { classesOfHost } from './release-classes.ts';
import { virtualization } from './virtualization.ts';

export interface HypervOptions {
  /** Guests and the host's own name follow from it. */
  readonly host: Omit<HypervHost, 'guests' | 'computer'>;
  /** The inside of the host itself (host-machine.ts). */
  readonly inside: Guest;
  readonly accounts: readonly WindowsAccount[];
  readonly settings: ServiceSettings;
}

/** How long a host is away when it starts again. */
const REBOOT_MS = 90_000;

/** Groups that may read a namespace; administrators may read all. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  'root/cimv2': ['Remote Management Users', 'WinRMRemoteWMIUsers__', 'Performance Monitor Users'],
  'root/default': ['Remote Management Users', 'WinRMRemoteWMIUsers__'],
  'root/virtualization/v2': ['Hyper-V Administrators'],
  'root/mscluster': [],
};

export function hypervHost({ host: place, inside, accounts, settings }: HypervOptions): WinrmHost {
  const host = { ...place, guests: guestsOf(place.estate), computer: computerName(place.host) };
  assert(inside.os.family === 'windows', 'a Hyper-V host runs Windows');
  const { computer, clock, entropy, release, estate } = host;
  const domain = host.host.name.split('.').slice(1).join('.');
  const names = {
    computer,
    dnsName: host.host.name.toLowerCase(),
    domain: domain === '' ? computer : domain.split('.')[0]!.toUpperCase(),
    dnsDomain: domain === '' ? computer.toLowerCase() : domain,
  };
  const nodes = nodesOf(estate, release, { clock, entropy });
  struckByScenario(host, nodes);
  const v2 = virtualization({ host, machines: (className) => machinesInTurn(host, nodes, className) });
  const server = cimv2Classes({
    guest: inside,
    os: inside.os,
    clock,
    power: {
      shutdown: () => nodes.shutdown(host.host.id),
      reboot() {
        nodes.shutdown(host.host.id);
        clock.schedule(clock.wall() + REBOOT_MS, 'hyperv.boot', () => nodes.start(host.host.id));
      },
    },
  });
  const cluster = clusterClasses(host, nodes);
  return {
    names,
    osVersion: release.version,
    accounts: new Accounts({ accounts, names, clock }),
    settings,
    cim: {
      repository: new CimRepository({
        sources: [
          ...v2.sources,
          ...server.sources,
          managementFile(host),
          ...hypervPerformance(host, () => inside.bootedAt()),
          ...cluster.sources,
        ],
        associations: [...v2.associations, ...server.associations, ...cluster.associations],
        classes: classesOfHost(release, host.host.clusterId !== undefined),
      }),
      methods: [...v2.methods, ...server.methods, ...cluster.methods],
      computer,
      mayRead: ({ groups }, namespace) =>
        groups.includes('Administrators') ||
        (READERS[namespace.toLowerCase()] ?? []).some((group) => groups.includes(group)),
    },
    commands: guestCommands(inside, clock),
    isUp: () => nodes.isUp(host.host.id),
  };
}

/** The management service's file, from which clients read the version of Hyper-V. */
function managementFile({ computer, release }: HypervHost): ClassSource {
  return cimv2('CIM_DataFile', () => [
    {
      Name: 'c:\\windows\\system32\\vmms.exe',
      Caption: 'c:\\windows\\system32\\vmms.exe',
      CreationClassName: 'CIM_LogicalFile',
      CSName: computer,
      Drive: 'c:',
      Extension: 'exe',
      FileName: 'vmms',
      Path: '\\windows\\system32\\',
      Version: `${release.version}.1`,
      Manufacturer: 'Microsoft Corporation',
    },
  ]);
}

/** Faults of a whole host begin and end by the clock. */
function struckByScenario({ faults, clock, host }: HypervHost, nodes: Nodes): void {
  if (!faults) return;
  faults.declare(hypervFaultPoints());
  faults.watch(HYPERV_POINTS.node, ({ from, until, answer, subject }) => {
    if (subject !== undefined && !host.name.includes(subject)) return;
    const begin = (): void => {
      if (!faults.hit(HYPERV_POINTS.node, host.name)) return;
      if (answer === 'fails') nodes.fail(host.id);
      else nodes.drain(host.id);
    };
    if (from <= clock.wall()) begin();
    else clock.schedule(from, 'hyperv.node', begin);
    if (!Number.isFinite(until)) return;
    clock.schedule(until, 'hyperv.node', () => {
      if (answer === 'fails') nodes.start(host.id);
      else nodes.resume(host.id);
    });
  });
}

/** The machines of a host; in the middle of them a scenario may make the host fail, or the next one move away. */
function* machinesInTurn(host: HypervHost, nodes: Nodes, className: string): Iterable<Machine> {
  const machines = machinesOf(host);
  const middle = Math.floor(machines.length / 2);
  for (const [i, machine] of machines.entries()) {
    if (i === middle && host.faults && host.faults.armed().length > 0) {
      const fault = host.faults.hit(HYPERV_POINTS.enumeration, `${host.host.name} ${className}`);
      if (fault?.answer === 'failOver') {
        nodes.fail(host.host.id);
        if (Number.isFinite(fault.until))
          host.clock.schedule(fault.until, 'hyperv.node', () => nodes.start(host.host.id));
        const { name, wmi } = CIM_FAULTS['shuttingDown']!;
        throw new WsmanFault(name, undefined, wmi);
      }
      if (fault?.answer === 'migration') nodes.evacuate(machine.id);
    }
    // who has moved away in the meantime is told of by another host
    if (host.estate.machine(machine.id)?.hostId === host.host.id) yield host.estate.machine(machine.id)!;
  }
}
