/**
 * The promise of collection: what the service ends up with is, for each machine that was on, the peak of every
 * ten-minute window, each exactly once where samples are on time, as long as no outage outlasts the hour that the source
 * keeps; and the appliance's own points say the same.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errors as netErrors } from '#core/net/transport.ts';
import { sleep } from '#core/time/clock.ts';
import { HOUR, MINUTE } from '#core/units.ts';
import { COLLECTED, firstWindow, type Life, stage, stored, truth } from '../testing/collection-stage.ts';
import { machine, sampleAt } from '../testing/fake-source.ts';
import { START } from '../testing/memory-world.ts';
import { newestWindow, SETTLE_MS } from './peaks.ts';
import type { CounterName } from './ports.ts';

describe('collection', () => {
  test('a day of two machines arrives whole, and lies in the own store the same', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      it.source.put(machine(1));
      it.source.put(machine(2, { power: 'off' }));
      await it.start();
      await sleep(it.world.clock, 26 * HOUR + 2 * MINUTE, 'test');
      const has = stored(it.cloud);
      const last = (START + 26 * HOUR) / 600_000 - 1;
      expect(has.size).toBe((last - firstWindow + 1) * COLLECTED.length);
      const { instanceUuid } = machine(1);
      for (const [counter, instance, scale] of COLLECTED) {
        const own = await it.life.pointLog.read(instanceUuid, counter, instance);
        for (let window = firstWindow; window <= last; window++) {
          const peak = truth('vm-1', counter, window);
          expect(has.get(`${instanceUuid} ${counter} ${instance} ${window}`)).toEqual([peak / scale]);
          expect(own.at(window)).toBe(peak);
        }
      }
      expect(it.life.problems.list()).toEqual([]);
      // batches of the day that is over are gone: the store does not grow with what was sent
      const rows = await it.life.store.read((db) => db.selectFrom('outbox').select('last_window').execute());
      expect(Math.min(...rows.map((row) => row.last_window))).toBeGreaterThanOrEqual(
        (START + 16 * HOUR) / 600_000,
      );
    });
  });

  test('an outage longer than the source remembers leaves a gap, counted, and nothing invented', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      it.source.put(machine(1));
      await it.start();
      await sleep(it.world.clock, 31 * MINUTE, 'test');
      it.source.trouble = () => {
        throw netErrors.make('net.unreachable', { what: 'down' });
      };
      await sleep(it.world.clock, 3 * HOUR, 'test');
      expect(it.life.problems.list().map(({ job, code }) => `${job} ${code}`)).toContain(
        'collect net.unreachable',
      );
      it.source.trouble = () => {};
      await sleep(it.world.clock, HOUR, 'test');
      expect(it.life.problems.list()).toEqual([]);
      expect(it.life.performance.lostWindows).toBeGreaterThan(10);
      for (const [key, values] of stored(it.cloud)) {
        const [, counter, , window] = key.split(' ');
        expect(values).toEqual([
          truth('vm-1', counter as CounterName, Number(window)) / (counter!.includes('usage') ? 100 : 1),
        ]);
      }
    });
  });

  test('a machine that disappears takes nobody else with it', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      for (let n = 1; n <= 5; n++) it.source.put(machine(n));
      await it.start();
      await sleep(it.world.clock, 29 * MINUTE, 'test');
      it.source.remove('vm-3'); // the refresh at half past and the collection race
      await sleep(it.world.clock, 2 * MINUTE, 'test');
      const has = stored(it.cloud);
      const window = (START + 20 * MINUTE) / 600_000;
      for (const n of [1, 2, 4, 5])
        expect(has.has(`${machine(n).instanceUuid} cpu.usage  ${window}`)).toBe(true);
    });
  });

  test('crashes and outages shorter than an hour lose nothing and double nothing', async () => {
    const trouble = fc.record({
      afterMinutes: fc.integer({ min: 1, max: 180 }),
      does: fc.constantFrom('crash', 'source', 'cloud', 'answer'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(trouble, { maxLength: 5 }), async (troubles) => {
        await using it = await stage();
        await it.world.run(async () => {
          it.source.put(machine(1));
          await it.start();
          for (const { afterMinutes, does } of troubles) {
            await sleep(it.world.clock, afterMinutes * MINUTE, 'test');
            const down = () => {
              throw netErrors.make('net.reset', { what: 'down' });
            };
            if (does === 'crash') {
              it.life.crash();
              await sleep(it.world.clock, 3 * MINUTE, 'test');
              await it.start();
            } else if (does === 'answer') {
              it.cloud.trouble = (call) => (call.endsWith('answered') ? down() : undefined);
              await sleep(it.world.clock, 5 * MINUTE, 'test');
            } else {
              it[does].trouble = down;
              await sleep(it.world.clock, 14 * MINUTE, 'test');
            }
            it.cloud.trouble = () => {};
            it.source.trouble = () => {};
            await sleep(it.world.clock, 40 * MINUTE, 'test');
          }
          await sleep(it.world.clock, HOUR, 'test');
          const has = stored(it.cloud);
          const now = it.world.clock.wall();
          const last = Math.floor((now - SETTLE_MS - 31 * MINUTE) / 600_000) - 1;
          for (const [counter, instance, scale] of COLLECTED)
            for (let window = firstWindow; window <= last; window++)
              expect(has.get(`${machine(1).instanceUuid} ${counter} ${instance} ${window}`)).toEqual([
                truth('vm-1', counter, window) / scale,
              ]);
          expect(it.life.performance.lostWindows).toBe(0);
          expect(it.life.outbox.pending).toBe(0);
        });
      }),
      { numRuns: 25 },
    );
  });
});

describe('samples as they really come', () => {
  /** Some order of them, with some told twice: a function of the list alone. */
  const disorder = (salt: number) => (instants: readonly number[]) => {
    const rank = (at: number) => Math.abs(Math.imul((at / 20_000) | 0, 2_654_435_761 + salt) | 0);
    return [...instants, ...instants.filter((at) => rank(at) % 7 === 0)].sort((a, b) => rank(a) - rank(b));
  };

  test('late, repeated and disordered samples, told in parts of any size, make the same points', async () => {
    const source = fc.record({
      lateMinutes: fc.integer({ min: 0, max: 14 }),
      machinesPerPart: fc.integer({ min: 1, max: 4 }),
      salt: fc.nat(1000),
      crashAfterMinutes: fc.option(fc.integer({ min: 1, max: 200 })),
    });
    await fc.assert(
      fc.asyncProperty(source, async ({ lateMinutes, machinesPerPart, salt, crashAfterMinutes }) => {
        await using it = await stage();
        await it.world.run(async () => {
          for (let n = 1; n <= 3; n++) it.source.put(machine(n));
          // only one of them is late: the others must not suffer, nor wait for it
          it.source.lateMs = (handle) => (handle === 'vm-2' ? lateMinutes * MINUTE : 0);
          it.source.machinesPerPart = machinesPerPart;
          it.source.disorder = disorder(salt);
          await it.start();
          if (crashAfterMinutes !== null) {
            await sleep(it.world.clock, crashAfterMinutes * MINUTE, 'test');
            it.life.crash();
            await sleep(it.world.clock, MINUTE, 'test');
            await it.start();
          }
          await sleep(it.world.clock, 4 * HOUR, 'test');
          const has = stored(it.cloud);
          const last = Math.floor((it.world.clock.wall() - SETTLE_MS - 46 * MINUTE) / 600_000) - 1;
          // of the first windows a late machine has lost samples before anybody could ask
          for (let n = 1; n <= 3; n++)
            for (const [counter, instance, scale] of COLLECTED) {
              const { instanceUuid } = machine(n);
              const own = await it.life.pointLog.read(instanceUuid, counter, instance);
              for (let window = firstWindow; window <= last; window++) {
                const peak = truth(`vm-${n}`, counter, window);
                expect(has.get(`${instanceUuid} ${counter} ${instance} ${window}`)?.at(-1)).toBe(
                  peak / scale,
                );
                expect(own.at(window)).toBe(peak);
              }
            }
          expect(it.life.performance.lostWindows).toBe(0);
        });
      }),
      { numRuns: 15 },
    );
  });

  const gapsOf = async (life: Life) => {
    const rows = await life.store.read((db) => db.selectFrom('gaps').selectAll().orderBy('first').execute());
    return rows.flatMap(({ machine: uuid, first, last, reason }) =>
      Array.from({ length: last - first + 1 }, (_, i) => ({ uuid, window: first + i, reason })),
    );
  };

  test('every window that is behind is a point or a recorded gap, never both and never neither', async () => {
    const outage = fc.record({
      afterMinutes: fc.integer({ min: 20, max: 120 }),
      lastsMinutes: fc.integer({ min: 5, max: 240 }),
      what: fc.constantFrom('unreachable', 'no samples'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(outage, { minLength: 1, maxLength: 3 }), async (outages) => {
        await using it = await stage();
        await it.world.run(async () => {
          it.source.put(machine(1));
          await it.start();
          const away: Array<[number, number]> = [];
          it.source.isAbsent = (_, at) => away.some(([from, to]) => at > from && at <= to);
          for (const { afterMinutes, lastsMinutes, what } of outages) {
            await sleep(it.world.clock, afterMinutes * MINUTE, 'test');
            const from = it.world.clock.wall();
            if (what === 'no samples') away.push([from, from + lastsMinutes * MINUTE]);
            else
              it.source.trouble = () => {
                throw netErrors.make('net.unreachable', { what: 'down' });
              };
            await sleep(it.world.clock, lastsMinutes * MINUTE, 'test');
            it.source.trouble = () => {};
          }
          await sleep(it.world.clock, 3 * HOUR, 'test');
          const { instanceUuid } = machine(1);
          const has = stored(it.cloud);
          const gaps = new Map((await gapsOf(it.life)).map(({ window, reason }) => [window, reason]));
          const last = newestWindow(it.world.clock.wall()) - 6;
          for (let window = firstWindow; window <= last; window++) {
            const instants = Array.from({ length: 30 }, (_, i) => window * 600_000 + (i + 1) * 20_000);
            const there = instants.filter((at) => !it.source.isAbsent('vm-1', at));
            const value = has.get(`${instanceUuid} cpu.usage  ${window}`)?.at(-1);
            const reason = gaps.get(window);
            if (value !== undefined) {
              expect(reason).toBeUndefined();
              expect(value).toBe(Math.max(...there.map((at) => sampleAt('vm-1', 'cpu.usage', at))) / 100);
            } else if (there.length > 0) expect(reason).toBe('too late');
            // an empty window between others was told as null, with its neighbours
            else expect([undefined, 'no samples', 'too late']).toContain(reason);
          }
          const late = [...gaps.values()].filter((reason) => reason === 'too late').length;
          expect(it.life.performance.lostWindows).toBe(late);
        });
      }),
      { numRuns: 25 },
    );
  });
});
