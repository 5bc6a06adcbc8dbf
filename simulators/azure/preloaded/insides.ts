/**
 * What an appliance with credentials would have found inside the machines, and who talked to whom in the last six
 * hours, from the estate's own guests.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { HOUR, MINUTE, type UnixMillis } from '#core/units.ts';
import { Estate } from '../../estate/estate.ts';
import type { Guest } from '../../estate/guest/guest.ts';
import { guestsOf } from '../../estate/guest/guests.ts';
import type { EstateFacts, Machine } from '../../estate/model.ts';
import type { Dependency, GuestInventory } from '../discovery-service/guest-shapes.ts';
import type { SiteInventory } from '../discovery-service/inventory.ts';

/** Larger estates are looked into in part, so that the start stays short. */
const MACHINES_MAX = 200;
const SLOT_MS = 6 * HOUR;
/** Looks at the connections; an appliance looks every five minutes. */
const LOOK_EVERY_MS = 2 * HOUR;

export const GUEST_ACCOUNTS = { windows: 'windows-guests', linux: 'linux-guests' } as const;

export function publishInsides(
  facts: EstateFacts,
  inventory: SiteInventory,
  { clock, entropy }: { clock: Clock; entropy: Entropy },
): void {
  const now = clock.wall();
  const guests = guestsOf(new Estate(facts, { clock, entropy }));
  const machines = facts.machines
    .filter(
      ({ power, template, tools, os }) =>
        power === 'on' && !template && tools === 'running' && os.family !== 'other',
    )
    .slice(0, MACHINES_MAX);
  const byAddress = new Map<string, Machine>();
  for (const machine of facts.machines)
    for (const { ipAddresses } of machine.nics) for (const ip of ipAddresses) byAddress.set(ip, machine);
  // the newest slot that is over
  const slot = Math.floor(now / SLOT_MS) * SLOT_MS - SLOT_MS;
  const dependencies: Dependency[] = [];
  for (const machine of machines) {
    const guest = guests.guest(machine.id)!;
    inventory.putGuest(inventoryOf(machine, guest, now));
    const { instanceUuid } = machine;
    inventory.putDependencyStatus({ instanceUuid, status: 'Enabled', collections: 3, errors: [] }, slot);
    for (let at = slot + 5 * MINUTE; at < slot + SLOT_MS; at += LOOK_EVERY_MS)
      dependencies.push(...dependenciesOf(machine, guest, byAddress, at));
  }
  inventory.dependencies.add(slot, dependencies);
}

function inventoryOf({ instanceUuid }: Machine, guest: Guest, now: UnixMillis): GuestInventory {
  const { os, stack } = guest;
  const features = guest.features().filter(({ installed }) => installed);
  return {
    instanceUuid,
    discoveredAt: now,
    runAsAccount: os.family === 'windows' ? GUEST_ACCOUNTS.windows : GUEST_ACCOUNTS.linux,
    guestOsDetails:
      os.family === 'windows'
        ? {
            osType: 'windowsguest',
            osName: os.caption,
            osVersion: os.version,
            osArchitecture: os.architecture,
          }
        : os.family === 'linux'
          ? {
              osType: 'linuxguest',
              osName: os.prettyName,
              osVersion: os.versionId,
              osArchitecture: os.architecture,
            }
          : {},
    appsAndRoles: {
      applications: stack.packages.map(({ name, version, vendor }) => ({ name, version, provider: vendor })),
      features: features.map(({ name, type, parent }) => ({
        name,
        featureType: type,
        parent,
        status: 'Installed',
      })),
      sqlServers: stack.sql.map(({ name, version, edition, servicePack }) => ({
        sqlServerName: name,
        version,
        edition,
        servicePack,
      })),
    },
    errors: [],
  };
}

/** Connections that a machine had opened at an instant, without the ports of its own side. */
function dependenciesOf(
  machine: Machine,
  guest: Guest,
  byAddress: ReadonlyMap<string, Machine>,
  at: UnixMillis,
): Dependency[] {
  return guest
    .connections(at)
    .filter(({ outbound, process }) => outbound && process !== undefined)
    .map(({ localAddress, remoteAddress, remotePort, process }) => {
      const peer = byAddress.get(remoteAddress);
      return {
        source: {
          ip: localAddress,
          instanceUuid: machine.instanceUuid,
          serverName: machine.name,
          process: process!.name,
        },
        destination: {
          ip: remoteAddress,
          port: remotePort,
          ...(peer ? { instanceUuid: peer.instanceUuid, serverName: peer.name } : {}),
        },
        observations: 1,
        firstSeen: at,
        lastSeen: at,
      };
    });
}
