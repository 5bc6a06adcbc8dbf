/** `drylift serve hyperv`: one Hyper-V host, with its cluster around it, for other people's WinRM clients. */
import { Estate } from '../estate/estate.ts';
import { guestsOf } from '../estate/guest/guests.ts';
import { type EstateChoice, openEstate } from '../estate/open-estate.ts';
import type { ServeOutcome } from '../kit/serve.ts';
import { createWallWorld } from '../kit/wall-world.ts';
import { serveWinrm, type WinrmServeFlags } from '../winrm/serve.ts';
import { computerName } from './cluster-classes.ts';
import { hypervHost } from './host.ts';
import { guestsOfHosts } from './host-machine.ts';
import { RELEASES, type ReleaseName } from './hyperv-host.ts';

export interface ServeHypervOptions extends EstateChoice, WinrmServeFlags {
  readonly release?: ReleaseName;
  /** Story seconds per real second; 1. */
  readonly pace?: number;
}

const MACHINES = 12;

/** Serves the host with most machines. @throws `estate.noFile`, `net.listen`, errors of the workbook */
export async function serveHyperv(options: ServeHypervOptions): Promise<ServeOutcome> {
  const { seed = 'serve', pace = 1 } = options;
  const release = RELEASES[options.release ?? '2019'];
  const facts = openEstate(options, MACHINES);
  const world = await createWallWorld({ name: 'drylift serve hyperv', seed, pace });
  const { clock, entropy } = world;
  const estate = new Estate(facts, { clock, entropy });
  const load = (id: string): number =>
    facts.machines.filter(({ hostId, template }) => hostId === id && !template).length;
  const place = facts.hosts.reduce((best, host) => (load(host.id) > load(best.id) ? host : best));
  const inside = guestsOfHosts(facts, release, { clock, entropy }).guest(place.id)!;
  return serveWinrm(world, options, estate, ({ account, settings }) =>
    hypervHost({
      host: {
        estate,
        guests: guestsOf(estate),
        host: place,
        clock,
        entropy,
        computer: computerName(place),
        release,
      },
      inside,
      accounts: [account],
      settings,
    }),
  );
}
