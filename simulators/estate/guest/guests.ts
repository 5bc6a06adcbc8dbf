/** The guests of an estate, each made when somebody looks into it; and who in the estate talks to whom. */
import { assert } from '#core/assert.ts';
import type { Estate } from '../estate.ts';
import type { GuestAccount } from './accounts.ts';
import { Guest } from './guest.ts';
import { type Topology, topologyOf } from './topology.ts';

export class Guests {
  readonly #estates: readonly Estate[];
  readonly #guests = new Map<string, Guest>();
  readonly #everywhere: GuestAccount[] = [];
  #topology: Topology | undefined;

  constructor(...estates: readonly Estate[]) {
    this.#estates = estates;
  }

  guest(machineId: string): Guest | undefined {
    const estate = this.#estates.find((each) => each.machine(machineId));
    const machine = estate?.machine(machineId);
    if (!estate || !machine) return undefined;
    let guest = this.#guests.get(machineId);
    if (!guest) {
      guest = new Guest(estate, this, machine);
      this.#guests.set(machineId, guest);
    }
    return guest;
  }

  topology(): Topology {
    this.#topology ??= topologyOf(this.#estates.map(({ facts }) => facts));
    return this.#topology;
  }

  /** Makes every guest accept one more administrator: for people who try their own tools on a served estate. */
  acceptEverywhere(user: string, password: string): void {
    for (const family of ['linux', 'windows'] as const)
      this.#everywhere.push({ id: 'everywhere', family, user, password, admin: true });
  }

  everywhere(family: string): readonly GuestAccount[] {
    return this.#everywhere.filter((account) => account.family === family);
  }
}

const GUESTS = new WeakMap<Estate, Guests>();

/** The guests of an estate: one set, whichever protocol asks. */
export function guestsOf(estate: Estate): Guests {
  let guests = GUESTS.get(estate);
  if (!guests) {
    guests = new Guests(estate);
    GUESTS.set(estate, guests);
  }
  return guests;
}

/**
 * The estates are parts of one datacentre: their guests talk to each other. To be called before anybody asks for the
 * guests of one of them; ids of machines are unique among all.
 */
export function joinGuests(estates: readonly Estate[]): Guests {
  const guests = new Guests(...estates);
  for (const estate of estates) {
    assert(!GUESTS.has(estate), 'nobody has looked into these guests before');
    GUESTS.set(estate, guests);
  }
  return guests;
}
