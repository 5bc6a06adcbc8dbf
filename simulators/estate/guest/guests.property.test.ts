import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tierWorld } from '#core/testing/tier-world.ts';
import { DAY, HOUR, MINUTE } from '#core/units.ts';
import { Estate } from '../estate.ts';
import { generateEstate } from '../generate.ts';
import type { Connection } from './guest.ts';
import { Guests } from './guests.ts';

async function estateOf(seed: string, machines: number): Promise<{ estate: Estate; start: number }> {
  const tier = await tierWorld('memory', seed);
  const estate = new Estate(generateEstate({ seed, machines }), { clock: tier.clock, entropy: tier.entropy });
  return { estate, start: tier.clock.wall() + HOUR };
}

const ends = (connection: Connection) =>
  `${connection.localAddress}:${connection.localPort} ${connection.remoteAddress}:${connection.remotePort}`;
const mirrored = (connection: Connection) =>
  `${connection.remoteAddress}:${connection.remotePort} ${connection.localAddress}:${connection.localPort}`;

describe('the inside of guests', () => {
  test('whatever connection one end shows as established, the other end shows as well, at every instant', async () => {
    const { estate, start } = await estateOf('ends', 60);
    const guests = new Guests(estate);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 3 * DAY }), async (offset) => {
        const at = start + offset;
        const all = new Set<string>();
        for (const { id } of estate.machines())
          for (const connection of guests.guest(id)!.connections(at))
            if (connection.state === 'ESTABLISHED') all.add(ends(connection));
        for (const { id } of estate.machines())
          for (const connection of guests.guest(id)!.connections(at))
            if (connection.state === 'ESTABLISHED') expect(all).toContain(mirrored(connection));
        expect(all.size).toBeGreaterThan(60);
      }),
      { numRuns: 25 },
    );
  });

  test('no two connections of a machine have the same ends, and each is held by a process that runs', async () => {
    const { estate, start } = await estateOf('unique', 90);
    const guests = new Guests(estate);
    for (let at = start; at < start + 6 * HOUR; at += 23 * MINUTE)
      for (const { id } of estate.machines()) {
        const guest = guests.guest(id)!;
        const connections = guest.connections(at);
        expect(new Set(connections.map(ends)).size).toBe(connections.length);
        const pids = new Set(guest.processes(at).map(({ pid }) => pid));
        for (const { state, process } of connections)
          if (state === 'ESTABLISHED') expect(pids).toContain(process!.pid);
        const listening = new Set(guest.listeners(at).map(({ port }) => port));
        for (const { outbound, localPort } of connections)
          if (!outbound) expect(listening).toContain(localPort);
      }
  });

  test('pids are unique, parents exist and stand before their children', async () => {
    const { estate, start } = await estateOf('pids', 120);
    const guests = new Guests(estate);
    for (const { id } of estate.machines()) {
      const seen = new Set([0]);
      for (const { pid, parentPid } of guests.guest(id)!.processes(start)) {
        expect(seen.has(pid)).toBe(false);
        expect(seen.has(parentPid)).toBe(true);
        seen.add(pid);
      }
    }
  });

  test('the same questions in another order, or to another set of guests, get the same answers', async () => {
    const { estate, start } = await estateOf('order', 40);
    const ask = (guests: Guests, id: string, at: number) => {
      const guest = guests.guest(id)!;
      return JSON.stringify([
        guest.processes(at),
        guest.connections(at),
        guest.listeners(at),
        guest.services(at),
      ]);
    };
    const first = new Guests(estate);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 10 * DAY })), {
          maxLength: 12,
        }),
        async (questions) => {
          const second = new Guests(estate);
          const answers = questions.map(([n, offset]) => ask(second, `vm-${n}`, start + offset));
          questions.reverse().forEach(([n, offset], i) => {
            expect(ask(first, `vm-${n}`, start + offset)).toBe(answers.at(-1 - i));
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  test('connections come and go', async () => {
    const { estate, start } = await estateOf('rhythm', 30);
    const guests = new Guests(estate);
    const at = (time: number) =>
      new Set(estate.machines().flatMap(({ id }) => guests.guest(id)!.connections(time).map(ends)));
    const now = at(start);
    const later = at(start + 5 * MINUTE);
    expect([...now].some((each) => !later.has(each))).toBe(true);
    expect([...later].some((each) => !now.has(each))).toBe(true);
    expect([...now].some((each) => later.has(each))).toBe(true);
  });

  test('a machine that is off runs nothing and holds no connection, and its peers have none with it', async () => {
    const { estate, start } = await estateOf('off', 30);
    const guests = new Guests(estate);
    const victim = estate.machines().find(({ id }) => guests.guest(id)!.connections(start).length > 0)!;
    estate.setPower(victim.id, 'off');
    expect(guests.guest(victim.id)!.processes(start)).toEqual([]);
    expect(guests.guest(victim.id)!.connections(start)).toEqual([]);
    const address = guests.guest(victim.id)!.addresses()[0]!;
    for (const { id } of estate.machines())
      for (const connection of guests.guest(id)!.connections(start))
        expect(connection.remoteAddress).not.toBe(address);
  });
});
