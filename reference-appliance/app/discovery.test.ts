/** What the service is told of machines: what is new, when, in what portions, and what it is spared. */
import { describe, expect, test } from 'vitest';
import { sleep } from '#core/time/clock.ts';
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import { type Stage, stage } from '../testing/collection-stage.ts';
import { machine } from '../testing/fake-source.ts';
import { beyondLimits } from './limits.ts';

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
      expect([
        ...beyondLimits({ hyperv: { hosts: 0, machines: 0 }, servers: 0, vcenters: [load] }).values(),
      ]).toEqual([
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
