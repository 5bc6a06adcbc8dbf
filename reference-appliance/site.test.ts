/** A site of live sources: who is told of, who cannot be looked at, and what that costs the others. */
import { expect, test } from 'vitest';
import { sleepUntil } from '#core/time/clock.ts';
import { HOUR, MINUTE } from '#core/units.ts';
import { fakeLiveSource, hypervMachine, serverMachine } from './testing/fake-live-source.ts';
import { type LiveStage, liveStage } from './testing/live-stage.ts';
import { START } from './testing/memory-world.ts';

async function played(
  names: readonly string[],
  refreshMs: number,
  story: (it: LiveStage) => Promise<void>,
): Promise<void> {
  await using it = await liveStage(
    ({ clock }) =>
      names.map((name, s) => {
        const source = fakeLiveSource(clock, name);
        for (let n = s * 10 + 1; n <= s * 10 + 3; n++)
          source.put(name.startsWith('servers') ? serverMachine(n) : hypervMachine(n, { host: name }));
        return source;
      }),
    refreshMs,
  );
  await it.world.run(() => story(it));
}

interface Inventory {
  readonly source?: { readonly fqdn: string; readonly type: string };
  readonly full: boolean;
  readonly machines: ReadonlyArray<{ readonly displayName: string }>;
  readonly removed: readonly string[];
}

const inventories = (it: LiveStage): Inventory[] =>
  [...it.cloud.stored.inventory.values()].map((body) => JSON.parse(body) as Inventory);
const until = (it: LiveStage, at: number) => sleepUntil(it.world.clock, START + at, 'test');
const says = (it: LiveStage, text: string): number =>
  it.world.lines.filter((line) => line.includes(text)).length;

test('servers are one list; one that does not answer is explained, tried again, told when it answers; others go on', () =>
  played(['servers'], 3 * HOUR, async (it) => {
    const [source] = it.sources;
    let isAway = true;
    source!.isAway = (handle) => isAway && handle === '10.0.0.2';
    await it.start();
    await until(it, 31 * MINUTE);
    // not told in full: the service would take the one that is away for gone
    expect(inventories(it)).toMatchObject([
      { full: false, machines: [{ displayName: 'db-1' }, { displayName: 'db-3' }], removed: [] },
    ]);
    expect(inventories(it)[0]!.source).toBeUndefined();
    expect(it.life.unreached.list()).toMatchObject([
      { source: 'servers', name: '10.0.0.2', code: 'server.unreachable', next: 'Look at the firewall.' },
    ]);
    expect(it.cloud.beats.at(-1)!.warnings).toEqual([
      {
        code: 'server.unreachable',
        message: 'db-2 does not answer. No connection could be made. Look at the firewall.',
      },
    ]);
    expect(source!.calls.filter((call) => call === 'changes')).toHaveLength(1);
    expect(source!.calls.filter((call) => call === 'retryUnreached').length).toBeGreaterThan(4);
    expect(says(it, 'db-2 does not answer')).toBe(1);
    expect(it.life.problems.list()).toEqual([]);

    isAway = false;
    await until(it, 61 * MINUTE);
    expect(inventories(it).at(-1)).toMatchObject({ machines: [{ displayName: 'db-2' }] });
    expect(it.life.unreached.list()).toEqual([]);
    expect(it.cloud.beats.at(-1)!.warnings).toEqual([]);
    expect(says(it, 'it answers again')).toBe(1);
  }));

test('a machine that is away is not gone, over a restart too; one that left the list is', () =>
  played(['servers'], 30 * MINUTE, async (it) => {
    const [source] = it.sources;
    await it.start();
    await until(it, 5 * MINUTE);
    await it.life.stop();
    source!.isAway = (handle) => handle === '10.0.0.2';
    source!.machinesByHandle.delete('10.0.0.3');
    await it.start();
    await until(it, HOUR);
    expect(inventories(it)).toHaveLength(2);
    expect(inventories(it)[0]).toMatchObject({ full: true });
    expect(inventories(it)[1]).toEqual({
      full: false,
      machines: [],
      removed: [serverMachine(3).instanceUuid],
    });
  }));

test('of three Hyper-V hosts the one that cannot be reached holds up neither registration nor the others', () =>
  played(['hv1', 'hv2', 'hv3'], 30 * MINUTE, async (it) => {
    let isDown = true;
    it.sources[1]!.trouble = (call) => {
      if (isDown && call !== 'close') throw new Error(`${call} refused`);
    };
    await it.start();
    await until(it, 21 * MINUTE);
    expect(it.life.site.isRegistered).toBe(true);
    expect(inventories(it).map(({ source, full }) => [source?.fqdn, full])).toEqual([
      ['hv1', true],
      ['hv3', true],
    ]);
    expect(it.cloud.stored.points.size).toBe(2);
    expect(it.life.problems.list().map(({ job }) => job)).toContain('discover hv2');
    isDown = false;
    await until(it, 45 * MINUTE);
    expect(inventories(it).map(({ source }) => source?.fqdn)).toContain('hv2');
    expect(it.cloud.calls.filter((call) => call === 'register')).toHaveLength(2);
    expect(it.life.problems.list()).toEqual([]);
  }));

test('a machine that flaps is told in the log at each change, and costs no batch', () =>
  played(['servers'], 15 * MINUTE, async (it) => {
    it.sources[0]!.isAway = (handle, at) =>
      handle === '10.0.0.1' && at > START + 10 * MINUTE && Math.floor(at / HOUR) % 2 === 0;
    await it.start();
    await until(it, 6 * HOUR - MINUTE);
    expect(says(it, 'db-1 does not answer')).toBe(3);
    expect(says(it, 'it answers again')).toBe(3);
    expect(inventories(it)).toHaveLength(1);
  }));
