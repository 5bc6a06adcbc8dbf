/**
 * Everything of a datacentre that is reached directly, by name and address: Hyper-V hosts and their clusters over WinRM,
 * servers and the guests of Hyper-V machines over WinRM or SSH. All of it shows the estate that it is given.
 */
import { assert } from '#core/assert.ts';
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Network } from '#core/net/transport.ts';
import type { Estate } from '#simulators/estate/estate.ts';
import type { Guest } from '#simulators/estate/guest/guest.ts';
import { guestsOf } from '#simulators/estate/guest/guests.ts';
import type { Host, Machine } from '#simulators/estate/model.ts';
import { hypervHost } from '#simulators/hyperv/host.ts';
import { guestsOfHosts } from '#simulators/hyperv/host-machine.ts';
import { RELEASES } from '#simulators/hyperv/hyperv-host.ts';
import type { Simulator, SimulatorContext } from '#simulators/kit/context.ts';
import { startSshServer } from '#simulators/physical/linux/ssh-server.ts';
import { guestCommands } from '#simulators/windows/guest-commands.ts';
import { windowsHost } from '#simulators/windows/host.ts';
import type { WindowsAccount } from '#simulators/winrm/accounts.ts';
import { startWinrm } from '#simulators/winrm/server.ts';
import { type MachineNetwork, machineNetwork } from './machine-network.ts';

export interface MachinesOptions {
  readonly network: Network;
  /** @param node whose view of the network it has */
  readonly context: (node: string) => SimulatorContext;
}

/** An account as somebody types it. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** A Hyper-V host, or a cluster of them, as the appliance is told of it. */
export interface HypervTarget {
  readonly host: string;
  readonly type: 'host' | 'cluster';
}

const HTTP = 5985;
const HTTPS = 5986;
const SSH = 22;
const SETTINGS = { basic: false, allowUnencrypted: false } as const;

/** The account that the administrators of Hyper-V have for the appliance. */
export function hypervLogin(entropy: Entropy): Login {
  return { user: 'EXAMPLE\\svc-hyperv', password: `Pw-${entropy.hex(24, 'world.hypervPassword')}` };
}

/** Clusters by their name, then hosts that stand alone. */
export function hypervTargets({ facts }: Estate): HypervTarget[] {
  return [
    ...facts.clusters.map(({ name }): HypervTarget => ({ host: clusterHost(name), type: 'cluster' })),
    ...facts.hosts
      .filter(({ clusterId }) => clusterId === undefined)
      .map(({ name }): HypervTarget => ({ host: name, type: 'host' })),
  ];
}

function clusterHost(name: string): string {
  return `${name.toLowerCase()}.example`;
}

/** Hosts and clusters of an estate of Hyper-V. @throws `net.listen` */
export async function startHypervHosts(
  estate: Estate,
  login: Login,
  { network, context }: MachinesOptions,
): Promise<Simulator[]> {
  const started: Simulator[] = [];
  const nodes = new Map<string, { network: MachineNetwork; inside: Guest }>();
  const account: WindowsAccount = {
    name: login.user.slice(login.user.indexOf('\\') + 1),
    password: login.password,
    groups: ['Administrators'],
  };
  const { clock, entropy, faults } = context('hyperv');
  for (const host of estate.facts.hosts) {
    const release = Object.values(RELEASES).find(({ version }) => version === host.version);
    assert(release, `${host.name} runs a release of Windows that hosts machines`);
    const inside = guestsOfHosts(estate.facts, release, { clock, entropy }).guest(host.id)!;
    const own = machineNetwork(network.as(host.name), () => inside.isOn());
    nodes.set(host.id, { network: own, inside });
    const clusterName = clusterOf(estate, host);
    const names = [host.name, host.name.split('.')[0]!, ...inside.addresses()];
    started.push(
      await startWinrm({
        context: { ...context('hyperv'), transport: own.transport },
        who: 'hyperv',
        host: hypervHost({
          host: { estate, host, clock, entropy, release, faults },
          inside,
          accounts: [account],
          settings: SETTINGS,
        }),
        http: names.map((name) => ({ host: name, port: HTTP })),
        https: names.map((name) => ({ host: name, port: HTTPS })),
        certificateNames: [...names, ...(clusterName === undefined ? [] : [clusterName])],
      }),
    );
  }
  // the name of a cluster leads to whichever node is up
  for (const cluster of estate.facts.clusters) {
    const members = estate.facts.hosts
      .filter(({ clusterId }) => clusterId === cluster.id)
      .map(({ id }) => nodes.get(id)!);
    for (const port of [HTTP, HTTPS]) {
      const listener = await network
        .as(clusterHost(cluster.name))
        .listen({ host: clusterHost(cluster.name), port }, (raw, from) => {
          const node = members.find(({ inside }) => inside.isOn());
          if (node) node.network.accept(port, raw, from);
          else raw.destroy();
        });
      started.push({ stop: () => listener.close() });
    }
  }
  return started;
}

function clusterOf({ facts }: Estate, { clusterId }: Host): string | undefined {
  const cluster = facts.clusters.find(({ id }) => id === clusterId);
  return cluster && clusterHost(cluster.name);
}

/**
 * Machines at their own addresses: WinRM where they run Windows, SSH where they run Linux, nothing where neither.
 * @throws `net.listen`
 */
export async function startMachines(
  estate: Estate,
  machines: readonly Machine[],
  { network, context }: MachinesOptions,
): Promise<Simulator[]> {
  const started: Simulator[] = [];
  const networks = new Map<string, MachineNetwork>();
  for (const machine of machines) {
    const guest = guestsOf(estate).guest(machine.id)!;
    const names = [machine.dnsName, ...guest.addresses()];
    const own = machineNetwork(network.as(machine.name), () => guest.isOn());
    networks.set(machine.id, own);
    const at = (port: number) => names.map((host) => ({ host, port }));
    if (guest.os.family === 'linux')
      started.push(
        await startSshServer({
          context: { ...context('linux'), transport: own.transport },
          guest,
          at: at(SSH),
        }),
      );
    if (guest.os.family !== 'windows') continue;
    const { clock } = context('windows');
    const host = windowsHost({
      guest,
      clock,
      accounts: windowsAccounts(guest),
      settings: SETTINGS,
      commands: guestCommands(guest, clock),
    })!;
    started.push(
      await startWinrm({
        context: { ...context('windows'), transport: own.transport },
        who: 'windows',
        host,
        http: at(HTTP),
        https: at(HTTPS),
        certificateNames: names,
      }),
    );
  }
  const watching = estate.onChange(({ kind, machineId }: { kind: string; machineId?: string }) => {
    if (kind === 'power' || kind === 'removed') networks.get(machineId!)?.cut();
  });
  started.push({ stop: async () => watching[Symbol.dispose]() });
  return started;
}

function windowsAccounts(guest: Guest): WindowsAccount[] {
  return guest.accounts().map(({ user, password, admin }) => ({
    name: user.slice(user.lastIndexOf('\\') + 1),
    password,
    groups: admin ? ['Administrators'] : ['Remote Management Users', 'Performance Monitor Users'],
  }));
}
