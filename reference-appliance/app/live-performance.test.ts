/** Samples of sources that keep nothing, from the tick of the clock to the points of the service. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sleep, sleepUntil } from '#core/time/clock.ts';
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import { stored } from '../testing/collection-stage.ts';
import {
  type FakeLiveSource,
  fakeLiveSource,
  hypervMachine,
  serverMachine,
} from '../testing/fake-live-source.ts';
import {
  LIVE_SERIES_PER_MACHINE,
  type LiveStage,
  livePeak,
  liveStage,
  ticksOf,
} from '../testing/live-stage.ts';
import { START } from '../testing/memory-world.ts';
import type { CounterName } from './ports.ts';

const FIRST = START / (10 * MINUTE);
const HALF = 30 * SECOND;

async function played(
  names: readonly string[],
  perSource: number,
  story: (it: LiveStage) => Promise<void>,
): Promise<void> {
  await using it = await liveStage(
    ({ clock }) =>
      names.map((name, s) => {
        const source = fakeLiveSource(clock, name);
        for (let i = 1; i <= perSource; i++) {
          const n = s * 100 + i;
          source.put(name.startsWith('servers') ? serverMachine(n) : hypervMachine(n, { host: name }));
        }
        return source;
      }),
    30 * MINUTE,
  );
  await it.world.run(() => story(it));
}

const handleOf = (sources: readonly FakeLiveSource[], uuid: string): string =>
  sources
    .flatMap(({ machinesByHandle }) => [...machinesByHandle.values()])
    .find((m) => m.instanceUuid === uuid)!.handle;

/** What the service was told, with where it comes from. */
function told(it: LiveStage) {
  return [...stored(it.cloud)].map(([key, values]) => {
    const [uuid, counter, , window] = key.split(' ') as [string, CounterName, string, string];
    return { uuid, handle: handleOf(it.sources, uuid), counter, window: Number(window), values };
  });
}

const gapsOf = (it: LiveStage) =>
  it.life.store.read((db) => db.selectFrom('gaps').selectAll().orderBy('first').execute());
const until = (it: LiveStage, at: number) => sleepUntil(it.world.clock, at, 'test');

test.each([
  ['Hyper-V, every 30 seconds', ['hv1', 'hv2'], HALF],
  ['servers, every 5 minutes', ['servers'], 5 * MINUTE],
])('%s: the peak of all samples of a window is told once, and nothing else', (_, names, sampleMs) =>
  played(names, 3, async (it) => {
    await it.start();
    await until(it, START + HOUR + 10 * MINUTE);
    const all = told(it);
    expect(all).toHaveLength(names.length * 3 * LIVE_SERIES_PER_MACHINE * 6);
    for (const { handle, counter, window, values } of all)
      expect(values).toEqual([livePeak(handle, counter, ticksOf(window, sampleMs))]);
    expect(await gapsOf(it)).toEqual([]);
    expect(it.life.site.collected.lostWindows).toBe(0);
  }));

test('a source that hangs, one that fails and one machine that is slow keep nothing back from the others', () =>
  played(['hv1', 'hv2', 'hv3', 'hv4'], 2, async (it) => {
    const [hangs, fails, slow] = it.sources;
    hangs!.slowMs = () => HOUR;
    fails!.trouble = (call) => {
      if (call === 'sample') throw new Error('no');
    };
    const late = [...slow!.machinesByHandle.keys()][0]!;
    slow!.slowMs = (handle) => (handle === late ? 20 * SECOND : 0);
    await it.start();
    await until(it, START + 31 * MINUTE);
    const windowsOf = (name: string) =>
      told(it).filter(({ handle }) => it.sources.find((s) => s.name === name)!.machinesByHandle.has(handle));
    expect(windowsOf('hv1')).toEqual([]);
    expect(windowsOf('hv2')).toEqual([]);
    for (const name of ['hv3', 'hv4']) {
      expect(windowsOf(name)).toHaveLength(2 * LIVE_SERIES_PER_MACHINE * 3);
      for (const { handle, counter, window, values } of windowsOf(name))
        expect(values).toEqual([livePeak(handle, counter, ticksOf(window, HALF))]);
    }
  }));

test('an appliance that is stopped in the middle of a window goes on with what it had of it', () =>
  played(['hv1'], 2, async (it) => {
    await it.start();
    await until(it, START + 15 * MINUTE + SECOND);
    await it.life.stop();
    await until(it, START + 17 * MINUTE + SECOND);
    await it.start();
    await until(it, START + 31 * MINUTE);
    const missed = (at: number) => at > START + 15 * MINUTE + SECOND && at < START + 17 * MINUTE + SECOND;
    const all = told(it);
    expect(all).toHaveLength(2 * LIVE_SERIES_PER_MACHINE * 3);
    for (const { handle, counter, window, values } of all)
      expect(values).toEqual([
        livePeak(
          handle,
          counter,
          ticksOf(window, HALF).filter((at) => !missed(at)),
        ),
      ]);
    expect(await gapsOf(it)).toEqual([]);
  }));

test('a window that was open at the stop is told when the appliance comes back too late for it', () =>
  played(['hv1'], 1, async (it) => {
    await it.start();
    await until(it, START + 5 * MINUTE + SECOND);
    await it.life.stop();
    await until(it, START + 35 * MINUTE);
    await it.start();
    await until(it, START + 52 * MINUTE);
    const uuid = hypervMachine(1).instanceUuid;
    const cpu = told(it).filter(({ counter }) => counter === 'cpu.usage');
    expect(cpu.map(({ window }) => window - FIRST)).toEqual([0, 3, 4]);
    const early = ticksOf(FIRST, HALF).filter((at) => at <= START + 5 * MINUTE);
    expect(cpu[0]!.values).toEqual([livePeak(cpu[0]!.handle, 'cpu.usage', early)]);
    expect(await gapsOf(it)).toEqual([
      { machine: uuid, first: FIRST + 1, last: FIRST + 2, reason: 'not asked' },
    ]);
    expect(it.life.site.collected.lostWindows).toBe(2);
  }));

test('windows in which a machine did not answer are gaps with that reason; while it is off nothing is missing', () =>
  played(['servers'], 2, async (it) => {
    const [source] = it.sources;
    const [away, off] = [...source!.machinesByHandle.values()];
    source!.isAway = (handle, at) =>
      handle === away!.handle && at > START + 10 * MINUTE && at < START + 40 * MINUTE;
    await it.start();
    await until(it, START + 31 * MINUTE);
    source!.put({ ...off!, power: 'off' } as typeof off & object);
    await until(it, START + 2 * HOUR);
    expect(await gapsOf(it)).toEqual([
      { machine: away!.instanceUuid, first: FIRST + 1, last: FIRST + 2, reason: 'no samples' },
    ]);
    expect(it.life.site.collected.lostWindows).toBe(0);
  }));

test('property: through kills, stops, restarts and machines that flap no window is told twice, or more than was there', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          after: fc.integer({ min: 1, max: 40 }).map((n) => n * 37 * SECOND),
          how: fc.constantFrom('crash' as const, 'stop' as const),
          away: fc.integer({ min: 0, max: 20 }).map((n) => n * MINUTE + SECOND),
        }),
        { maxLength: 5 },
      ),
      fc.integer({ min: 2, max: 9 }),
      async (breaks, flap) => {
        await played(['hv1', 'hv2'], 2, async (it) => {
          const flapping = [...it.sources[0]!.machinesByHandle.keys()][0]!;
          it.sources[0]!.isAway = (handle, at) =>
            handle === flapping && Math.floor(at / (7 * MINUTE)) % flap === 1;
          const down: Array<{ from: number; to: number; how: 'crash' | 'stop' }> = [];
          const { clock } = it.world;
          await it.start();
          for (const { after, how, away } of breaks) {
            await sleep(clock, after, 'test');
            const from = clock.wall();
            if (how === 'stop') await it.life.stop();
            else it.life.crash();
            await sleep(clock, away, 'test');
            down.push({ from, to: clock.wall(), how });
            await it.start();
          }
          const last = Math.floor(clock.wall() / (10 * MINUTE));
          await until(it, (last + 2) * 10 * MINUTE + MINUTE);
          const all = told(it);
          for (const { handle, counter, window, values } of all) {
            expect(values).toHaveLength(1);
            const ticks = ticksOf(window, HALF);
            const answers = (at: number) => !it.sources.some((s) => s.isAway(handle, at));
            const isUp = (at: number) => !down.some(({ from, to }) => at >= from && at <= to);
            const seen = ticks.filter((at) => isUp(at) && answers(at));
            // the instant of the stop itself, and that to which the first look after it belongs
            const perhaps = ticks.filter(
              (at) => answers(at) && down.some(({ from, to }) => at === from || (at <= to && at > to - HALF)),
            );
            expect(values[0]).toBeLessThanOrEqual(livePeak(handle, counter, ticks));
            const end = (window + 1) * 10 * MINUTE + HALF;
            const isKilled = down.some(
              ({ from, how }) => how === 'crash' && from >= window * 10 * MINUTE && from <= end,
            );
            if (!isKilled && handle !== flapping && seen.length > 0)
              expect(
                [seen, ...perhaps.map((at) => [...seen, at])].map((at) => livePeak(handle, counter, at)),
              ).toContain(values[0]);
          }
          // what is told, and what is a gap, follow each other without a hole or an overlap
          const gaps = await gapsOf(it);
          for (const uuid of new Set(all.map((each) => each.uuid))) {
            const windows = new Set(all.filter((each) => each.uuid === uuid).map(({ window }) => window));
            for (const { machine, first, last: through } of gaps)
              if (machine === uuid)
                for (let w = first; w <= through; w++) {
                  expect(windows.has(w)).toBe(false);
                  windows.add(w);
                }
            const covered = [...windows].sort((a, b) => a - b);
            expect(covered).toEqual(covered.map((_, i) => covered[0]! + i));
            if (handleOf(it.sources, uuid) !== flapping) expect(covered.at(-1)).toBe(last + 1);
          }
        });
      },
    ),
    { numRuns: 25 },
  ));
