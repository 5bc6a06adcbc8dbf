/**
 * Hosts that a scenario disconnects for a while: they and their machines show it, work on them fails, and they
 * come back by themselves.
 */
import type { Fault } from '../kit/fault-points.ts';
import { type VimFault, vimFault } from './faults.ts';
import type { HostObject } from './objects/host.ts';
import type { Vcenter } from './vcenter.ts';

export const HOST_POINT = 'vcenter.host';

/** Follows faults that are armed at the point, each from its start to its end. */
export function followHostFaults(vcenter: Vcenter): Disposable {
  const { faults, clock } = vcenter.context;
  return faults.watch(HOST_POINT, (fault) => {
    const now = clock.wall();
    vcenter.tasks.later(Math.max(0, fault.from - now), () => begin(vcenter, fault));
  });
}

function begin(vcenter: Vcenter, { subject, answer, until }: Fault): void {
  const { faults, clock } = vcenter.context;
  const hosts = [...vcenter.inventory.hosts()].filter(
    (host) => (subject === undefined || host.name.includes(subject)) && isConnected(host),
  );
  for (const host of hosts) {
    if (!faults.hit(HOST_POINT, host.name)) continue;
    set(vcenter, host, answer === 'notResponding' ? 'notResponding' : 'disconnected');
    const end = until - clock.wall();
    if (Number.isFinite(end)) vcenter.tasks.later(Math.max(0, end), () => set(vcenter, host, 'connected'));
  }
}

function set(
  vcenter: Vcenter,
  host: HostObject,
  connection: 'connected' | 'disconnected' | 'notResponding',
): void {
  host.facts = { ...host.facts, connection };
  vcenter.changes.changed(host, 'runtime', 'summary', 'overallStatus');
  for (const vm of host.vms.list()) vcenter.changes.changed(vm, 'runtime', 'summary');
  vcenter.events.post({
    type: connection === 'connected' ? 'HostConnectedEvent' : 'HostDisconnectedEvent',
    about: host,
    fields: connection === 'connected' ? {} : { reason: 'hostDown' },
  });
}

export function isConnected({ facts }: HostObject): boolean {
  return (facts.connection ?? 'connected') === 'connected';
}

export function hostNotConnected(host: HostObject): VimFault {
  return vimFault(
    'HostNotConnected',
    `Unable to communicate with the remote host ${host.name}, since it is disconnected.`,
  );
}
