/** `drylift serve windows`: one Windows server of an estate for other people's WinRM clients. */
import { defineErrors } from '#core/errors.ts';
import { Estate } from '../estate/estate.ts';
import type { Guest } from '../estate/guest/guest.ts';
import { guestsOf } from '../estate/guest/guests.ts';
import { type EstateChoice, openEstate } from '../estate/open-estate.ts';
import type { ServeOutcome } from '../kit/serve.ts';
import { createWallWorld } from '../kit/wall-world.ts';
import { serveWinrm, type WinrmServeFlags } from '../winrm/serve.ts';
import { guestCommands } from './guest-commands.ts';
import { windowsHost } from './host.ts';

export const errors = defineErrors({
  'serve.noWindows': {
    blame: 'input',
    why: 'A running Windows Server is needed, and the estate has none.',
    next: 'Give a workbook with one, more --machines, or another --seed.',
  },
});

export interface ServeWindowsOptions extends EstateChoice, WinrmServeFlags {
  /** Story seconds per real second; 1. */
  readonly pace?: number;
}

const MACHINES = 20;

/** Serves the server with most disks and adapters. @throws `serve.noWindows`, `estate.noFile`, `net.listen` */
export async function serveWindows(options: ServeWindowsOptions): Promise<ServeOutcome> {
  const { seed = 'serve', pace = 1 } = options;
  const facts = openEstate(options, MACHINES);
  const world = await createWallWorld({ name: 'drylift serve windows', seed, pace });
  const { clock, entropy } = world;
  const estate = new Estate(facts, { clock, entropy });
  const guests = guestsOf(estate);
  const found = estate
    .machines()
    .filter(({ id, template, os }) => !template && os.family === 'windows' && estate.power(id) === 'on')
    .map(({ id }) => guests.guest(id)!)
    .filter(({ os }) => os.family === 'windows' && os.server);
  const parts = ({ machine }: Guest): number => machine.disks.length * 2 + machine.nics.length;
  const [guest] = found.sort((a, b) => parts(b) - parts(a));
  if (!guest) {
    await world.close();
    throw errors.make('serve.noWindows', { what: 'No machine of the estate is a running Windows Server.' });
  }
  return serveWinrm(world, options, estate, ({ account, settings }) => [
    windowsHost({ guest, clock, accounts: [account], settings, commands: guestCommands(guest, clock) })!,
  ]);
}
