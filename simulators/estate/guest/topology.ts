/**
 * Who uses whom: the application topology of an estate. Machines are dealt into sites of a few dozen in the order of
 * the estate; inside a site web servers use application servers, those use databases and mail, everybody asks a
 * domain controller and reports to monitoring, and at night backup reads what is worth keeping. A link is drawn once,
 * by the client, and both ends read it from here.
 */
import { isIPv4 } from 'node:net';
import { Entropy } from '#core/entropy/entropy.ts';
import type { EstateFacts, Machine, Platform } from '../model.ts';
import type { Role } from '../workload-guess.ts';
import { guestOsOf } from './guest-os.ts';
import { roleOf, type ServiceKind, type Stack, stackOf } from './stack.ts';

export interface End {
  readonly machineId: string;
  readonly address: string;
  /** Key of the process in the machine's stack. */
  readonly process: string;
}

export interface Link {
  /** Unique in the estate, stable: addresses the link's chance. */
  readonly id: string;
  readonly kind: ServiceKind;
  readonly client: End;
  readonly server: End & { readonly port: number };
  /** Number of the first of the client's connection slots that are this link's, and how many there are. */
  readonly firstSlot: number;
  readonly slots: number;
}

export interface Topology {
  /** Links of which the machine is the client, and those of which it is the server. */
  linksFrom(machineId: string): readonly Link[];
  linksTo(machineId: string): readonly Link[];
  /** Slots of all links of which the machine is the client. */
  slotsOf(machineId: string): number;
}

/** Machines that share domain controllers, databases and so on. A multiple of nothing that generators use. */
const SITE_SIZE = 29;
/** Fewest and most connections at a time, and with how many servers of the kind. */
const HABITS: Readonly<Record<ServiceKind, { slots: readonly [number, number]; targets: number }>> = {
  app: { slots: [2, 5], targets: 2 },
  sql: { slots: [2, 6], targets: 2 },
  ldap: { slots: [1, 2], targets: 1 },
  kerberos: { slots: [1, 1], targets: 1 },
  files: { slots: [1, 2], targets: 1 },
  smtp: { slots: [1, 2], targets: 1 },
  monitoring: { slots: [1, 1], targets: 1 },
  backup: { slots: [1, 1], targets: 6 },
  web: { slots: [1, 2], targets: 1 },
};
/** Who else may serve, when nobody in the site does. Databases and applications are not shared between sites. */
const SHARED = new Set<ServiceKind>(['ldap', 'kerberos', 'smtp', 'monitoring', 'files']);
/** What a backup server reads. */
const WORTH_KEEPING = new Set<Role>(['db', 'file', 'mail']);
export const BACKUP_PORT = 9102;

interface Member {
  readonly machine: Machine;
  readonly role: Role;
  readonly stack: Stack;
  readonly address: string;
}

/** The first IPv4 address of the machine; undefined when nothing is known to reach it by. */
export function addressOf(machine: Machine): string | undefined {
  return machine.nics
    .flatMap((nic) => (nic.connected ? nic.ipAddresses : []))
    .find((address) => isIPv4(address));
}

/** @param estates of one datacentre and one seed, at least one: their machines talk to each other. */
export function topologyOf(estates: readonly EstateFacts[]): Topology {
  const { seed } = estates[0]!;
  const entropy = new Entropy(seed);
  const membersOf = (machine: Machine, platform: Platform | undefined): Member[] => {
    const address = addressOf(machine);
    if (address === undefined || machine.template || machine.os.family === 'other') return [];
    const os = guestOsOf(seed, machine);
    return [{ machine, role: roleOf(machine), stack: stackOf(seed, machine, os, platform), address }];
  };
  const members = estates.flatMap(({ machines, platform }) =>
    machines.flatMap((machine) => membersOf(machine, platform)),
  );
  const byDatacenter = Map.groupBy(members, ({ machine }) => machine.datacenterId);
  const from = new Map<string, Link[]>();
  const to = new Map<string, Link[]>();
  const slots = new Map<string, number>();
  for (const all of byDatacenter.values()) {
    const offering = (kind: ServiceKind) => all.filter(({ stack }) => stack.offers[kind] !== undefined);
    const shared = new Map([...SHARED].map((kind) => [kind, offering(kind)] as const));
    for (let start = 0, site = 0; start < all.length; start += SITE_SIZE, site++) {
      const inSite = all.slice(start, start + SITE_SIZE);
      for (const client of inSite)
        for (const [kind, process] of Object.entries(client.stack.uses) as Array<[ServiceKind, string]>)
          for (const server of serversFor(client, kind, inSite, shared.get(kind) ?? [], site))
            draw(client, process, server, kind);
    }
  }
  return {
    linksFrom: (id) => from.get(id) ?? [],
    linksTo: (id) => to.get(id) ?? [],
    slotsOf: (id) => slots.get(id) ?? 0,
  };

  function serversFor(
    client: Member,
    kind: ServiceKind,
    inSite: readonly Member[],
    elsewhere: readonly Member[],
    site: number,
  ): Member[] {
    const others = (pool: readonly Member[]) => pool.filter((member) => member !== client);
    if (kind === 'backup')
      return others(inSite)
        .filter(({ role }) => WORTH_KEEPING.has(role))
        .slice(0, HABITS.backup.targets);
    const near = others(inSite).filter(({ stack }) => stack.offers[kind] !== undefined);
    const far = near.length > 0 ? [] : others(elsewhere);
    const pool = near.length > 0 ? near : far.length > 0 ? [far[site % far.length]!] : [];
    if (pool.length === 0) return [];
    // a client keeps to servers of its choice; a domain controller asks another one only
    const first = entropy.below(pool.length, 'guest.link.server', client.machine.id, kind);
    return Array.from(
      { length: Math.min(HABITS[kind].targets, pool.length) },
      (_, i) => pool[(first + i) % pool.length]!,
    );
  }

  function draw(client: Member, process: string, server: Member, kind: ServiceKind): void {
    const [least, most] = HABITS[kind].slots;
    const id = `${client.machine.id}>${server.machine.id}>${kind}`;
    const firstSlot = slots.get(client.machine.id) ?? 0;
    const count = least + entropy.below(most - least + 1, 'guest.link.slots', id);
    const offer = kind === 'backup' ? { port: BACKUP_PORT, process: 'agent' } : server.stack.offers[kind]!;
    const link: Link = {
      id,
      kind,
      client: { machineId: client.machine.id, address: client.address, process },
      server: { machineId: server.machine.id, address: server.address, ...offer },
      firstSlot,
      slots: count,
    };
    slots.set(client.machine.id, firstSlot + count);
    append(from, client.machine.id, link);
    append(to, server.machine.id, link);
  }
}

function append<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}
