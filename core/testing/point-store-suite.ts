/** What every point store does, whatever it is made of: the same tests for all adapters. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CounterName, MachineFacts } from '../assessment/machine-facts.ts';
import { Points } from '../metrics/points.ts';
import type { MachineWithPoints, PointStore, Series } from '../points/store.ts';

const PERIOD = 600_000;
const START = 2_900_000;

/** @param open a new, empty store, or the one at `path` again. */
export function pointStoreSuite(open: (path: string) => Promise<PointStore>, freshPath: () => string): void {
  describe('a point store', () => {
    test('gives back facts and points, machines in the order they came, series by name', async () => {
      const store = await open(freshPath());
      await store.putMachine(facts('b'));
      await store.putMachine(facts('a'));
      await store.raise('b', [series('outBps', 'n1', [1024, 2048]), series('cpu', '', [1, 2.5, 3])]);
      await store.putMachine({ ...facts('b'), cores: 16 });
      const [b, a] = await all(store);
      expect(b!.facts.cores).toBe(16);
      expect(shown(b!)).toEqual({ 'cpu ': [START, [1, 2.5, 3]], 'outBps n1': [START, [1024, 2048]] });
      expect([a!.facts.id, a!.series]).toEqual(['a', []]);
      expect(await store.machineCount()).toBe(2);
      expect(await store.end()).toBe(START + 3);
      await store.close();
    });

    test('the larger value of a window stands, whatever the order, before and after settling', async () => {
      const store = await open(freshPath());
      await store.putMachine(facts('m'));
      await store.raise('m', [series('cpu', '', [5, 1, 7])]);
      await store.settle();
      await store.raise('m', [series('cpu', '', [4, 9, 7], START + 1)]);
      const expected = { 'cpu ': [START, [5, 4, 9, 7]] };
      expect(shown((await all(store))[0]!)).toEqual(expected);
      await store.settle();
      await store.settle();
      expect(shown((await all(store))[0]!)).toEqual(expected);
      await store.close();
    });

    test('what was settled is there when the file is opened again, gaps and fractions as they were', async () => {
      const path = freshPath();
      const store = await open(path);
      await store.putMachine(facts('m'));
      const gaps = series('readIops', 'disk 7/é', [0, Number.NaN, 70_000, Number.NaN, 3]);
      await store.raise('m', [gaps, series('cpu', '', [33.25]), series('readBps', 'd', [3 * 2 ** 30, 1024])]);
      await store.settle();
      await store.close();
      const again = await open(path);
      expect(again.periodMs).toBe(PERIOD);
      expect(shown((await all(again))[0]!)).toEqual({
        'cpu ': [START, [33.25]],
        'readBps d': [START, [3 * 2 ** 30, 1024]],
        'readIops disk 7/é': [START, [0, null, 70_000, null, 3]],
      });
      await again.close();
    });

    test('months that are over are dropped, whole series too', async () => {
      const store = await open(freshPath());
      await store.putMachine(facts('m'));
      await store.raise('m', [series('cpu', '', [1, 2, 3]), series('memory', '', [9])]);
      await store.settle();
      await store.dropBefore(START + 2);
      expect(shown((await all(store))[0]!)).toEqual({ 'cpu ': [START + 2, [3]] });
      await store.close();
    });

    test('a part of the machines can be read alone', async () => {
      const store = await open(freshPath());
      for (let i = 0; i < 7; i++) {
        await store.putMachine(facts(`m${i}`));
        await store.raise(`m${i}`, [series('cpu', '', [i])]);
      }
      await store.settle();
      const part: string[] = [];
      for await (const { facts: of, series: s } of store.read(2, 3))
        part.push(`${of.id} ${s[0]!.points.at(START)}`);
      expect(part).toEqual(['m2 2', 'm3 3', 'm4 4']);
      await store.close();
    });

    test('points of another period are refused', async () => {
      const store = await open(freshPath());
      await store.putMachine(facts('m'));
      const other = new Points(300_000);
      other.raise(1, 1);
      await expect(store.raise('m', [{ counter: 'cpu', instance: '', points: other }])).rejects.toMatchObject(
        {
          code: 'pointStore.otherPeriod',
        },
      );
      await store.close();
    });

    test('any arrivals in any order, settled at any time, give the largest of each window', async () => {
      const arrival = fc.record({
        machine: fc.constantFrom('x', 'y'),
        counter: fc.constantFrom<CounterName>('cpu', 'readIops', 'outBps'),
        window: fc.integer({ min: 0, max: 40 }),
        value: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(0.5, 65_536, 1e9, 2 ** 33)),
        settles: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(arrival, { maxLength: 25 }), async (arrivals) => {
          const store = await open(freshPath());
          const truth = new Map<string, number>();
          for (const id of ['x', 'y']) await store.putMachine(facts(id));
          for (const { machine, counter, window, value, settles } of arrivals) {
            const instance = counter === 'cpu' ? '' : 'i';
            await store.raise(machine, [series(counter, instance, [value], START + window)]);
            const key = `${machine} ${counter} ${window}`;
            truth.set(key, Math.max(truth.get(key) ?? 0, Math.fround(value)));
            if (settles) await store.settle();
          }
          const stored = new Map<string, number>();
          for (const { facts: of, series: list } of await all(store))
            for (const { counter, points } of list)
              for (const [window, value] of points.entries())
                stored.set(`${of.id} ${counter} ${window - START}`, value);
          await store.close();
          expect([...stored].toSorted()).toEqual([...truth].toSorted());
        }),
        { numRuns: 25 },
      );
    });
  });
}

function facts(id: string): MachineFacts {
  return {
    id,
    displayName: id,
    platform: 'VMware',
    cores: 4,
    memoryMiB: 8192,
    bootType: 'BIOS',
    os: { name: 'Debian GNU/Linux 11 (64-bit)' },
    disks: [],
    nics: [],
  };
}

function series(counter: CounterName, instance: string, values: readonly number[], first = START): Series {
  const points = new Points(PERIOD);
  values.forEach((value, i) => {
    if (!Number.isNaN(value)) points.raise(first + i, value);
  });
  return { counter, instance, points };
}

async function all(store: PointStore): Promise<MachineWithPoints[]> {
  const machines: MachineWithPoints[] = [];
  for await (const machine of store.read(0, 1_000)) machines.push(machine);
  return machines;
}

function shown({ series: list }: MachineWithPoints): Record<string, [number, Array<number | null>]> {
  return Object.fromEntries(
    list.map(({ counter, instance, points }) => [
      `${counter} ${instance}`,
      [
        points.first!,
        Array.from(points.slots(points.first!, points.last! + 1), (v) => (Number.isNaN(v) ? null : v)),
      ],
    ]),
  );
}
