/**
 * The promise of collection: what the service ends up with is, for each machine that was on, the peak of every
 * ten-minute window, each exactly once, as long as no outage outlasts the hour that the source keeps; and the
 * appliance's own points say the same.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errors as netErrors } from '#core/net/transport.ts';
import { sleep } from '#core/time/clock.ts';
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import { guarded } from '../guarded.ts';
import { openStore, type Store } from '../store/store.ts';
import { type FakeCloud, fakeCloud } from '../testing/fake-cloud.ts';
import { type FakeSource, fakeSource, machine, sampleAt } from '../testing/fake-source.ts';
import { type MemoryWorld, memoryWorld, START } from '../testing/memory-world.ts';
import { Discovery } from './discovery.ts';
import { beyondLimits } from './limits.ts';
import { Outbox } from './outbox.ts';
import { newestWindow, SETTLE_MS, SeriesNames } from './peaks.ts';
import { Performance } from './performance.ts';
import { PointLog } from './point-log.ts';
import type { CounterName } from './ports.ts';
import { Problems } from './problems.ts';
import { Retrier } from './retry.ts';
import { runJob } from './scheduler.ts';

interface Life {
  readonly store: Store;
  readonly discovery: Discovery;
  readonly performance: Performance;
  readonly outbox: Outbox;
  readonly pointLog: PointLog;
  readonly problems: Problems;
  crash(): void;
}

interface Stage extends AsyncDisposable {
  readonly world: MemoryWorld;
  readonly source: FakeSource;
  readonly cloud: FakeCloud;
  life: Life;
  /** Does another vCenter have the machine? */
  isElsewhere: (uuid: string) => boolean;
  start(): Promise<void>;
  /** Forgets all that was durable. */
  loseStore(): void;
}

async function stage(): Promise<Stage> {
  const world = await memoryWorld();
  const source = fakeSource(world.clock);
  const cloud = fakeCloud(world.clock);
  const folder = mkdtempSync(join(tmpdir(), 'drylift-collection-'));
  const path = join(folder, 'a.db');
  let incarnation = 0;
  const it: Stage = {
    world,
    source,
    cloud,
    life: undefined as unknown as Life,
    isElsewhere: () => false,
    async start() {
      source.beginSession();
      const end = new AbortController();
      const { clock, cut } = guarded(world.clock, world.transport);
      const { counters, log } = world;
      const store = openStore({ path, clock, key: Buffer.alloc(32), synchronous: 'off' });
      const problems = new Problems({ clock, log });
      const retrier = new Retrier({ ...world, clock, incarnation: ++incarnation });
      const outbox = new Outbox({ store, cloud, clock, retrier, problems, counters, log });
      const names = new SeriesNames();
      const pointLog = new PointLog({ store, forms: cloud.forms, names, counters });
      const shared = { forms: cloud.forms, store, outbox, clock, counters, log };
      const performance = new Performance({ ...shared, pointLog, names });
      const discovery = new Discovery({
        ...shared,
        source,
        refreshMs: 15 * MINUTE,
        isElsewhere: (uuid) => it.isElsewhere(uuid),
        onChange: () => {},
      });
      await outbox.load();
      await pointLog.load();
      const scheduler = { clock, retrier, problems };
      void outbox.run(end.signal);
      void runJob(
        scheduler,
        {
          name: 'discover',
          everyMs: () => discovery.paceMs,
          limitMs: HOUR,
          run: (signal) => discovery.follow(signal),
        },
        end.signal,
      );
      void runJob(
        scheduler,
        {
          name: 'collect',
          everyMs: 30 * MINUTE,
          alignedPlusMs: SETTLE_MS,
          limitMs: HOUR,
          run: async (signal) => {
            if (discovery.refreshedAt === undefined) throw netErrors.make('net.refused', { what: 'not yet' });
            await performance.collect(source, discovery.machines().values(), signal);
          },
        },
        end.signal,
      );
      it.life = {
        store,
        discovery,
        performance,
        outbox,
        pointLog,
        problems,
        crash: () => {
          cut();
          store.crash();
          end.abort(new Error('crashed'));
        },
      };
    },
    loseStore() {
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    },
    async [Symbol.asyncDispose]() {
      it.life?.crash();
      rmSync(folder, { recursive: true, force: true });
      await world[Symbol.asyncDispose]();
    },
  };
  return it;
}

const COLLECTED: ReadonlyArray<readonly [CounterName, string, number]> = [
  ['cpu.usage', '', 100],
  ['mem.usage', '', 100],
  ['virtualDisk.read', 'scsi0:0', 1],
  ['net.transmitted', '4000', 1],
];

/** The peak of a window, from the samples themselves. */
function truth(handle: string, counter: CounterName, window: number): number {
  let peak = -1;
  for (let at = window * 600_000 + 20_000; at <= (window + 1) * 600_000; at += 20_000)
    peak = Math.max(peak, sampleAt(handle, counter, at));
  return peak;
}

/** What the service has: "machine counter instance window" → values in the order in which they arrived. */
function stored(cloud: FakeCloud): Map<string, number[]> {
  const all = new Map<string, number[]>();
  for (const body of cloud.stored.points.values())
    for (const { machine: uuid, counter, instance, firstWindow, values } of (
      JSON.parse(body) as {
        series: Array<{
          machine: string;
          counter: string;
          instance: string;
          firstWindow: number;
          values: Array<number | null>;
        }>;
      }
    ).series)
      for (const [i, value] of values.entries()) {
        if (value === null) continue;
        const key = `${uuid} ${counter} ${instance} ${firstWindow + i}`;
        all.set(key, [...(all.get(key) ?? []), value]);
      }
  return all;
}

/** The first collection begins a moment after START: the window that began an hour before is no longer whole. */
const firstWindow = (START - HOUR) / 600_000 + 1;

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

describe('inventory', () => {
  test('more machines than one appliance is documented for are told all the same, in batches', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      for (let n = 1; n <= 10_050; n++) it.source.put(machine(n, { power: 'off', disks: [] }));
      await it.start();
      await sleep(it.world.clock, 2 * MINUTE, 'test');
      const batches = told(it);
      expect(batches.map(({ full, machines }) => [full, machines.length])).toEqual([
        [true, 2000],
        [false, 2000],
        [false, 2000],
        [false, 2000],
        [false, 2000],
        [false, 50],
      ]);
      const { machines } = it.life.discovery;
      const load = {
        name: 'vc1',
        instanceUuid: undefined,
        machines: machines.call(it.life.discovery),
        replicating: [],
      };
      expect([...beyondLimits({ vcenters: [load] }).values()]).toEqual([
        { code: 'limit.machines', message: expect.stringMatching(/^10050 machines; .*10000\. .*scope/) },
      ]);
    });
  });

  test('a machine that moved to another vCenter is not told gone by the one it left', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      it.source.put(machine(1));
      it.source.put(machine(2));
      it.isElsewhere = (uuid) => uuid === machine(1).instanceUuid;
      await it.start();
      await sleep(it.world.clock, 20 * MINUTE, 'test');
      it.source.remove('vm-1');
      it.source.remove('vm-2');
      await sleep(it.world.clock, 20 * MINUTE, 'test');
      expect(told(it).at(-1)).toEqual({ full: false, machines: [], removed: [machine(2).instanceUuid] });
      const rows = await it.life.store.read((db) => db.selectFrom('machines').selectAll().execute());
      expect(rows).toEqual([]);
    });
  });

  test('a change is known within seconds, and told at the documented cadence', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      it.source.put(machine(1));
      await it.start();
      await sleep(it.world.clock, MINUTE, 'test');
      it.source.put(machine(1, { cores: 16 }));
      it.source.put(machine(2));
      await sleep(it.world.clock, 2 * SECOND, 'test');
      expect([...it.life.discovery.machines().values()].map(({ cores }) => cores)).toEqual([16, 2]);
      expect(told(it)).toHaveLength(1);
      await sleep(it.world.clock, 14 * MINUTE, 'test');
      expect(told(it).slice(1)).toEqual([{ full: false, machines: ['web-1', 'web-2'], removed: [] }]);
      // asked once a refresh, and once for each time that something changed
      expect(it.source.calls.filter((call) => call === 'changes').length).toBeLessThan(6);
    });
  });

  const told = (it: Stage) =>
    [...it.cloud.stored.inventory.values()].map((body) => {
      const { full, machines, removed } = JSON.parse(body) as {
        full: boolean;
        machines: Array<{ displayName: string }>;
        removed: string[];
      };
      return { full, machines: machines.map(({ displayName }) => displayName), removed };
    });

  test('is told once; then only what changed, what is new and what is gone', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      for (let n = 1; n <= 3; n++) it.source.put(machine(n));
      await it.start();
      await sleep(it.world.clock, HOUR, 'test');
      it.source.put(machine(2, { cores: 8 }));
      it.source.put(machine(3)); // touched, not changed
      it.source.put(machine(4));
      it.source.remove('vm-1');
      await sleep(it.world.clock, HOUR, 'test');
      expect(told(it)).toEqual([
        { full: true, machines: ['web-1', 'web-2', 'web-3'], removed: [] },
        { full: false, machines: ['web-2', 'web-4'], removed: [machine(1).instanceUuid] },
      ]);
    });
  });

  test('after a restart nothing is told again, but what changed meanwhile is', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      for (let n = 1; n <= 3; n++) it.source.put(machine(n));
      await it.start();
      await sleep(it.world.clock, 2 * MINUTE, 'test');
      it.life.crash();
      it.source.put(machine(2, { memoryMiB: 1 }));
      it.source.remove('vm-3');
      await it.start();
      await sleep(it.world.clock, HOUR, 'test');
      expect(told(it).slice(1)).toEqual([
        { full: false, machines: ['web-2'], removed: [machine(3).instanceUuid] },
      ]);
    });
  });

  test('an appliance that lost its store numbers on behind what the service has, and tells everything', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      it.source.put(machine(1));
      await it.start();
      await sleep(it.world.clock, 2 * HOUR, 'test');
      it.life.crash();
      it.loseStore();
      it.source.remove('vm-1');
      it.source.put(machine(2));
      const before = { ...it.cloud.stored, points: it.cloud.stored.points.size };
      await it.start();
      await sleep(it.world.clock, 5 * SECOND, 'test');
      expect(told(it).at(-1)).toEqual({ full: true, machines: ['web-2'], removed: [] });
      await sleep(it.world.clock, HOUR, 'test');
      expect(it.cloud.stored.points.size).toBeGreaterThan(before.points);
    });
  });

  test('a service that lost batches gets what is left from where it stands', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      it.source.put(machine(1));
      await it.start();
      await sleep(it.world.clock, 2 * HOUR, 'test');
      it.cloud.stored.points.clear();
      await sleep(it.world.clock, HOUR, 'test');
      expect([...it.cloud.stored.points.keys()]).toEqual([1, 2]);
      expect(it.life.problems.list()).toEqual([]);
    });
  });
});
