/** Hyper-V hosts of one estate, with a clock that tests move, asked directly: for tests of providers. */
import { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { Estate } from '../../estate/estate.ts';
import { generateEstate } from '../../estate/generate.ts';
import type { EstateFacts, Host, Machine } from '../../estate/model.ts';
import { FaultPoints } from '../../kit/fault-points.ts';
import type { WindowsAccount } from '../../winrm/accounts.ts';
import type { WinrmHost } from '../../winrm/server.ts';
import { cimClient } from '../../winrm/testing/cim-client.ts';
import type { Nodes } from '../cluster.ts';
import { hypervHost } from '../host.ts';
import { guestsOfHosts, nodesOf } from '../host-machine.ts';
import { RELEASES, type ReleaseName } from '../hyperv-host.ts';

const START = Date.UTC(2026, 2, 2, 10);

export interface Stage {
  readonly estate: Estate;
  readonly nodes: Nodes;
  readonly faults: FaultPoints;
  readonly clock: Clock;
  /** Moves the clock, and runs what is due. */
  pass(ms: number): void;
  /** Hosts in the order of the estate. */
  readonly hosts: readonly Host[];
  winrm(host: Host): WinrmHost;
  client(host: Host, account?: WindowsAccount): ReturnType<typeof cimClient>;
  machinesOn(host: Host): Machine[];
}

export function stage(
  options: { facts?: EstateFacts; release?: ReleaseName; machines?: number; hosts?: number } = {},
): Stage {
  const { release: name = '2019', machines = 24, hosts = 3 } = options;
  let now = START;
  let due: Array<{ at: number; fn: () => void }> = [];
  const clock: Clock = {
    wall: () => now,
    monotonic: () => now - START,
    schedule(at, _label, fn) {
      const timer = { at, fn };
      due.push(timer);
      return { cancel: () => void due.splice(due.indexOf(timer), 1) };
    },
  };
  const entropy = new Entropy('hyperv test');
  const facts = options.facts ?? generateEstate({ seed: 'hyperv test', machines, hosts });
  const estate = new Estate(facts, { clock, entropy });
  const faults = new FaultPoints({ clock, recorder: { record: () => {} } });
  const release = RELEASES[name];
  const made = new Map<string, WinrmHost>();
  for (const host of facts.hosts)
    made.set(
      host.id,
      hypervHost({
        inside: guestsOfHosts(facts, release, { clock, entropy }).guest(host.id)!,
        host: { estate, host, clock, entropy, release, faults },
        accounts: [],
        settings: { basic: false, allowUnencrypted: false },
      }),
    );
  return {
    estate,
    nodes: nodesOf(estate, release, { clock, entropy }),
    faults,
    clock,
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        due = due.filter((timer) => timer !== next);
        now = Math.max(now, next.at);
        next.fn();
      }
      now = end;
    },
    hosts: facts.hosts,
    winrm: (host) => made.get(host.id)!,
    client: (host, account) => cimClient(made.get(host.id)!.cim, account),
    machinesOn: (host) => estate.machines().filter(({ hostId, template }) => hostId === host.id && !template),
  };
}
