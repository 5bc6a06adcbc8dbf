/** `drylift serve hyperv`: one Hyper-V host, with its cluster around it, for other people's WinRM clients. */
import { Estate } from '../estate/estate.ts';
import { generateHyperv } from '../estate/generate-sites.ts';
import type { EstateFacts } from '../estate/model.ts';
import { type EstateChoice, openEstate } from '../estate/open-estate.ts';
import type { ServeOutcome } from '../kit/serve.ts';
import { createWallWorld } from '../kit/wall-world.ts';
import { serveWinrm, type WinrmServeFlags } from '../winrm/serve.ts';
import { hypervHost } from './host.ts';
import { guestsOfHosts } from './host-machine.ts';
import { RELEASES, type ReleaseName, type WindowsRelease } from './hyperv-host.ts';

export interface ServeHypervOptions extends EstateChoice, WinrmServeFlags {
  readonly release?: ReleaseName;
  /** All nodes of the cluster, each at ports of its own. */
  readonly cluster?: boolean;
  /** Story seconds per real second; 1. */
  readonly pace?: number;
}

const MACHINES = 12;

/** Serves the host with most machines, or all nodes of its cluster. @throws `estate.noFile`, `net.listen`, errors of the workbook */
export async function serveHyperv(options: ServeHypervOptions): Promise<ServeOutcome> {
  const { seed = 'serve', pace = 1 } = options;
  const release = RELEASES[options.release ?? '2019'];
  const { machines = MACHINES } = options;
  const facts =
    options.estate === undefined
      ? generateHyperv(seed, { servers: machines, clusters: [2], standalone: 0, version: release.version })
      : asHyperv(openEstate(options, machines), release);
  const world = await createWallWorld({ name: 'drylift serve hyperv', seed, pace });
  const { clock, entropy } = world;
  const { faults } = world.context('windows');
  const estate = new Estate(facts, { clock, entropy });
  const load = (id: string): number =>
    facts.machines.filter(({ hostId, template }) => hostId === id && !template).length;
  const first = facts.hosts.reduce((best, host) => (load(host.id) > load(best.id) ? host : best));
  const nodes = facts.hosts.filter(
    (host) => host !== first && host.clusterId !== undefined && host.clusterId === first.clusterId,
  );
  const insides = guestsOfHosts(facts, release, { clock, entropy });
  return serveWinrm(world, options, estate, ({ account, settings }) =>
    [first, ...(options.cluster ? nodes : [])].map((host) =>
      hypervHost({
        host: { estate, host, clock, entropy, release, faults },
        inside: insides.guest(host.id)!,
        accounts: [account],
        settings,
      }),
    ),
  );
}

/** The machines of an estate of vSphere as they would be on Hyper-V: guests that run have integration services. */
function asHyperv(facts: EstateFacts, { version }: WindowsRelease): EstateFacts {
  return {
    ...facts,
    platform: 'hyperv',
    hosts: facts.hosts.map((host) => ({ ...host, version })),
    machines: facts.machines.map((machine) => ({
      ...machine,
      tools: machine.power === 'on' ? 'running' : 'notRunning',
    })),
  };
}
