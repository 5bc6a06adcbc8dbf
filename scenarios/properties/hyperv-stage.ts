/** Hyper-V hosts and clusters of an estate in a world of their own, and an appliance's source for each: for behaviour tests. */

import type { LiveSource } from '#appliance/app/ports.ts';
import { createLog } from '#appliance/log.ts';
import type { HypervOptions } from '#appliance/sources/hyperv/hyperv-source.ts';
import { hypervSource } from '#appliance/sources/hyperv/hyperv-source.ts';
import { Machines } from '#appliance/sources/servers/run-on-machine.ts';
import { winrmConnection } from '#appliance/sources/winrm/connection.ts';
import { Logins } from '#appliance/sources/winrm/logins.ts';
import type { WinrmConnection, WinrmOptions } from '#appliance/sources/winrm/types.ts';
import type { LinkRules } from '#core/net/link-rules.ts';
import { tierWorld } from '#core/testing/tier-world.ts';
import type { VirtualClock } from '#core/time/virtual-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { Estate } from '#simulators/estate/estate.ts';
import { generateHyperv } from '#simulators/estate/generate-sites.ts';
import { guestsOf } from '#simulators/estate/guest/guests.ts';
import type { EstateFacts } from '#simulators/estate/model.ts';
import { RELEASES, type ReleaseName } from '#simulators/hyperv/hyperv-host.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';
import {
  type HypervTarget,
  hypervLogin,
  hypervTargets,
  type Login,
  type MachinesOptions,
  startHypervHosts,
  startMachines,
} from '../kit/world-machines.ts';

export interface HypervStage extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly estate: Estate;
  readonly faults: FaultPoints;
  readonly links: LinkRules;
  readonly login: Login;
  /** An administrator inside a guest. */
  guestLogin(instanceUuid: string): Login;
  readonly targets: readonly HypervTarget[];
  readonly counters: Counters;
  connect(host: string, change?: Partial<WinrmOptions>): WinrmConnection;
  /** The source of a host or a cluster. */
  source(target: HypervTarget, change?: Partial<HypervOptions>): LiveSource;
  readonly given: Pick<WinrmOptions, 'transport' | 'clock' | 'entropy' | 'counters' | 'log' | 'tls'>;
}

export async function hypervStage(
  seed: string,
  options: {
    facts?: EstateFacts;
    tier?: 'memory' | 'loopback';
    machines?: number;
    guests?: true;
    release?: ReleaseName;
  } = {},
): Promise<HypervStage> {
  const tier = await tierWorld(options.tier ?? 'memory', seed);
  const { clock, entropy } = tier;
  const facts =
    options.facts ??
    generateHyperv(seed, {
      servers: options.machines ?? 12,
      clusters: [3],
      standalone: 1,
      version: RELEASES[options.release ?? '2019'].version,
    });
  const estate = new Estate(facts, { clock, entropy });
  const recorder = { record() {} };
  const faults = new FaultPoints({ clock, recorder });
  const login = hypervLogin(entropy);
  const simulated = new Counters();
  const place: MachinesOptions = {
    network: tier.network,
    context: (node) => ({
      clock,
      entropy,
      transport: tier.network.as(node),
      recorder,
      counters: simulated,
      faults,
      identityFor: (names, validity) => tier.authority.issue(names, validity),
    }),
  };
  const hosts = await startHypervHosts(estate, login, place);
  if (options.guests) hosts.push(...(await startMachines(estate, estate.machines(), place)));
  const counters = new Counters();
  const given = {
    transport: tier.network.as('appliance'),
    clock,
    entropy,
    counters,
    log: createLog({ clock, level: 'silent', write: () => {} }),
    tls: { trust: [tier.authority.certificatePem] },
  };
  return {
    clock,
    estate,
    faults,
    links: tier.links,
    login,
    guestLogin: (uuid) => {
      const { id } = estate.machines().find(({ instanceUuid }) => instanceUuid === uuid)!;
      return guestsOf(estate)
        .guest(id)!
        .accounts()
        .find(({ admin }) => admin)!;
    },
    targets: hypervTargets(estate),
    counters,
    given,
    connect: (host, change) =>
      winrmConnection({
        ...given,
        host,
        port: change?.https === true ? 5986 : 5985,
        https: false,
        credentials: [{ name: 'admin', ...login }],
        logins: new Logins(clock),
        purpose: 'test',
        ...change,
      }),
    source: ({ host, type }, change) => {
      const logins = new Logins(clock);
      return hypervSource({
        ...given,
        host,
        type,
        port: change?.https === true ? 5986 : 5985,
        https: false,
        credentials: [{ name: 'admin', ...login }],
        logins,
        machines: new Machines({
          ...given,
          logins,
          hostKeys: { get: async () => undefined, set: async () => {} },
        }),
        ...change,
      });
    },
    async [Symbol.asyncDispose]() {
      for (const host of hosts) await host.stop();
      await tier[Symbol.asyncDispose]();
    },
  };
}
