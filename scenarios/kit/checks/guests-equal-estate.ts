/**
 * What Azure knows of the inside of machines is what is there: software, roles and features, SQL Server, and who talks
 * to whom. Computed from the estate in the plainest way, for machines that one of the given accounts opens.
 */
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import { estateAccounts } from '#simulators/estate/guest/accounts.ts';
import type { Guest } from '#simulators/estate/guest/guest.ts';
import { guestsOf } from '#simulators/estate/guest/guests.ts';
import { snapsOf } from '#simulators/estate/guest/linux-devices.ts';
import type { World } from '../world.ts';
import { type Check, someOf } from './check.ts';

const EVERY = 5 * MINUTE;
/** A round through all guests takes less. */
const ROUND = 90 * SECOND;
/** How far back the truth about connections is looked at. */
const LOOK_BACK = 3 * HOUR;

/** Machines that have been on for long, with what is inside, opened by one of the accounts. */
function openGuests({ estate }: World, names: readonly string[]): Guest[] {
  const guests = guestsOf(estate);
  const accounts = estateAccounts(estate.facts.seed).filter(({ id }) => names.includes(id));
  return estate.machines().flatMap((machine) => {
    const guest = guests.guest(machine.id)!;
    const isOpen =
      machine.tools === 'running' &&
      guest.isOn() &&
      accounts.some(({ user, password }) => guest.logIn(user, password));
    return isOpen ? [guest] : [];
  });
}

const listed = (items: readonly string[]) => [...items].sort().join('|');

export const guestsEqualEstate: Check = {
  id: 'guests-equal-estate',
  says: 'the applications, roles and SQL Server instances that Azure shows are those in the guests; the others are explained',
  judge({ world, scenario }) {
    const names = scenario.appliance.guests;
    if (!names || !world.hasVcenter) return undefined;
    const inventory = world.azure.sites().find(({ kind }) => kind === 'VMware')?.inventory;
    const open = new Set(openGuests(world, names));
    const wrong: string[] = [];
    for (const machine of world.estate.machines()) {
      const guest = guestsOf(world.estate).guest(machine.id)!;
      if (!guest.isOn() || machine.template || guest.os.family === 'other') continue;
      const told = inventory?.guest(machine.instanceUuid);
      if (!open.has(guest)) {
        if (!told || told.errors.length === 0)
          wrong.push(`${machine.name} cannot be opened, and nobody says why`);
        continue;
      }
      const apps = told?.inventory?.appsAndRoles;
      if (!apps) {
        wrong.push(`${machine.name} was not looked into`);
        continue;
      }
      const snaps = guest.os.family === 'linux' ? snapsOf(guest.os) : [];
      const truth = listed(
        [...guest.stack.packages, ...snaps].map(({ name, version }) => `${name} ${version}`),
      );
      if (listed((apps.applications ?? []).map(({ name, version }) => `${name} ${version}`)) !== truth)
        wrong.push(`${machine.name}: applications differ`);
      const features = guest.features().filter(({ installed }) => installed);
      const canTell = guest.os.family === 'windows' && !/^200/.test(guest.os.release);
      if (
        canTell &&
        listed((apps.features ?? []).map(({ name }) => name)) !== listed(features.map(({ name }) => name))
      )
        wrong.push(`${machine.name}: features differ`);
      if (
        listed((apps.sqlServers ?? []).map(({ sqlServerName, version }) => `${sqlServerName} ${version}`)) !==
        listed(guest.stack.sql.map(({ name, version }) => `${name} ${version}`))
      )
        wrong.push(`${machine.name}: SQL Server differs`);
    }
    return {
      holds: wrong.length === 0 && open.size > 0,
      limit: `${open.size} guests, no difference`,
      actual: wrong.length === 0 ? `${open.size} guests, no difference` : `${wrong.length} differences`,
      ...(wrong.length > 0 ? { detail: someOf(wrong, 6) } : {}),
    };
  },
};

export const dependenciesEqualEstate: Check = {
  id: 'dependencies-equal-estate',
  says: 'every connection that stood through a collection was seen, and none that was never there',
  async judge({ world, scenario }) {
    if (!scenario.appliance.guests || !world.appliance || !world.hasVcenter) return undefined;
    const seen = await world.appliance.dependencies();
    const keys = new Set(
      seen.map(({ source, destination }) => `${source.ip} ${destination.ip}:${destination.port}`),
    );
    const { estate } = world;
    const topology = guestsOf(estate).topology();
    const possible = new Set(
      [estate, world.hyperv, world.servers]
        .flatMap((part) => part.machines())
        .flatMap(({ id }) =>
          topology
            .linksFrom(id)
            .map(({ client, server }) => `${client.address} ${server.address}:${server.port}`),
        ),
    );
    const wrong = [...keys].filter((key) => !possible.has(key)).map((key) => `${key} does not exist`);
    const now = world.clock.wall();
    const since = Math.max(world.start + HOUR, now - LOOK_BACK);
    let expected = 0;
    const missed = new Set<string>();
    for (const guest of openGuests(world, scenario.appliance.guests))
      for (let at = Math.ceil(since / EVERY) * EVERY; at + ROUND < now - MINUTE; at += EVERY)
        for (const connection of guest.connections(at)) {
          if (connection.state !== 'ESTABLISHED' || !connection.outbound) continue;
          const stood = guest
            .connections(at + ROUND)
            .some(
              ({ localPort, remotePort, remoteAddress, state }) =>
                state === 'ESTABLISHED' &&
                localPort === connection.localPort &&
                remotePort === connection.remotePort &&
                remoteAddress === connection.remoteAddress,
            );
          if (!stood) continue;
          expected++;
          const key = `${connection.localAddress} ${connection.remoteAddress}:${connection.remotePort}`;
          if (!keys.has(key)) missed.add(`${key} was not seen`);
        }
    wrong.push(...missed);
    return {
      holds: wrong.length === 0 && expected > 0,
      limit: `${expected} sightings, no difference`,
      actual: `${keys.size} dependencies, ${wrong.length} differences`,
      ...(wrong.length > 0 ? { detail: someOf(wrong, 6) } : {}),
    };
  },
};
