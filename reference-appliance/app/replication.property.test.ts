/**
 * The promise of replication, under crashes and troubles at any point: whenever the service says that a cycle was
 * applied, the seed disk is the source as it was when that cycle's snapshot was taken; and in the end, after a
 * cutover, it is the source.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errors as netErrors } from '#core/net/transport.ts';
import { sleep } from '#core/time/clock.ts';
import { HOUR, KIB, MINUTE, SECOND } from '#core/units.ts';
import { guarded } from '../guarded.ts';
import { openStore, type Store } from '../store/store.ts';
import { type FakeCloud, fakeCloud } from '../testing/fake-cloud.ts';
import { type FakeSource, fakeSource, machine } from '../testing/fake-source.ts';
import { type MemoryWorld, memoryWorld } from '../testing/memory-world.ts';
import { Problems } from './problems.ts';
import { Replication } from './replication.ts';
import { Retrier } from './retry.ts';
import { runJob } from './scheduler.ts';

interface Stage {
  readonly world: MemoryWorld;
  readonly source: FakeSource;
  readonly cloud: FakeCloud;
  readonly path: string;
  life: { replication: Replication; store: Store; crash: () => void; ended: Promise<void> };
  start(): Promise<void>;
  crash(): void;
}

/** A world with one machine under replication; its appliance can be crashed and started again. */
async function stage(): Promise<Stage & AsyncDisposable> {
  const world = await memoryWorld();
  const source = fakeSource(world.clock);
  const cloud = fakeCloud(world.clock);
  const folder = mkdtempSync(join(tmpdir(), 'drylift-replication-'));
  let incarnation = 0;
  const it: Stage & AsyncDisposable = {
    world,
    source,
    cloud,
    path: join(folder, 'a.db'),
    life: undefined as unknown as Stage['life'],
    async start() {
      const end = new AbortController();
      const { clock, cut } = guarded(world.clock, world.transport);
      const store = openStore({ path: it.path, clock, key: Buffer.alloc(32), synchronous: 'off' });
      const problems = new Problems({ clock, log: world.log });
      const retrier = new Retrier({ ...world, clock, incarnation: ++incarnation });
      const replication = new Replication({
        control: cloud.replication!,
        find: (uuid) => {
          const found = [...source.machinesByHandle.values()].find(
            ({ instanceUuid }) => instanceUuid === uuid,
          );
          return found && { source, machine: found };
        },
        store,
        clock,
        retrier,
        problems,
        counters: world.counters,
        log: world.log,
        life: end.signal,
        onStep: () => {},
        uploadsPerDisk: 4,
        shutdownGraceMs: MINUTE,
      });
      await replication.load();
      const ended = runJob(
        { clock, retrier, problems },
        {
          name: 'replication',
          everyMs: () => replication.pollMs,
          limitMs: HOUR,
          run: (signal) => replication.poll(signal),
        },
        end.signal,
      );
      it.life = {
        replication,
        store,
        ended,
        crash: () => {
          cut();
          store.crash();
          end.abort(new Error('crashed'));
        },
      };
    },
    crash: () => it.life.crash(),
    async [Symbol.asyncDispose]() {
      it.life?.crash();
      rmSync(folder, { recursive: true, force: true });
      await world[Symbol.asyncDispose]();
    },
  };
  return it;
}

const TARGET = machine(1);
const DISK = TARGET.disks[0]!.uuid;

function begin({ source, cloud }: Stage): void {
  source.put(TARGET);
  cloud.order('item-1', TARGET, TARGET.disks);
}

/** Waits in story time until it holds; every few seconds `between` may do something. */
async function until(
  it: Stage,
  holds: () => boolean,
  limitMs: number,
  between: () => Promise<void> | void = () => {},
) {
  const giveUpAt = it.world.clock.wall() + limitMs;
  while (!holds()) {
    if (it.world.clock.wall() > giveUpAt)
      throw new Error(
        `not within ${limitMs / MINUTE} minutes: ${JSON.stringify(it.life.replication.views())}\n${it.world.lines.slice(-12).join('')}`,
      );
    await sleep(it.world.clock, 3 * SECOND, 'test');
    await between();
  }
}

const phaseOf = (it: Stage) => it.life.replication.views()[0]?.phase;
const isEqual = (it: Stage) =>
  it.cloud.items.get('item-1')!.seeds.get(DISK)!.equals(it.source.disks.get(DISK)!.content);

describe('one machine, nothing going wrong', () => {
  test('is copied, followed, cut over, and equal; nothing of ours stays on the source', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      begin(it);
      it.source.write(DISK, 0, Buffer.from('boot sector'));
      it.source.write(DISK, 3 * 1024 * KIB, Buffer.from('the very end'));
      await it.start();
      await until(
        it,
        () => it.cloud.items.get('item-1')!.cycles.filter(({ state }) => state === 'Applied').length >= 2,
        HOUR,
      );
      expect(isEqual(it)).toBe(true);
      it.source.write(DISK, 100 * KIB, Buffer.from('written later'));
      it.cloud.command('item-1', 'cutover');
      await until(it, () => phaseOf(it) === 'cutOver', HOUR);
      expect(isEqual(it)).toBe(true);
      expect(it.cloud.items.get('item-1')!.isSourceOff).toBe(true);
      expect(it.source.snapshotsById.size).toBe(0);
      expect(it.cloud.items.get('item-1')!.cycles.map(({ kind }) => kind)).toEqual([
        'initial',
        'delta',
        'final',
      ]);
    });
  });

  test('a paused machine begins no cycle, and goes on with a delta when it is resumed', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      begin(it);
      await it.start();
      await until(it, () => phaseOf(it) === 'waiting', HOUR);
      const item = it.cloud.items.get('item-1')!;
      it.cloud.items.delete('item-1');
      await sleep(it.world.clock, 30 * HOUR, 'test');
      const cycles = item.cycles.length;
      it.cloud.items.set('item-1', item);
      await until(it, () => item.cycles.length > cycles, HOUR);
      expect(item.cycles.at(-1)!.kind).toBe('delta');
    });
  });

  test('stop releases the snapshot and says so', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      begin(it);
      it.source.write(DISK, 0, Buffer.from('x'));
      // the copy hangs: uploads are throttled without end
      it.cloud.trouble = (call) => {
        if (call === 'putBlob') throw netErrors.make('net.timeout', { what: 'no answer' });
      };
      await it.start();
      await until(it, () => it.source.snapshotsById.size === 1, HOUR);
      it.cloud.command('item-1', 'stop');
      await until(it, () => it.cloud.items.get('item-1')!.progress?.phase === 'stopped', HOUR);
      expect(it.source.snapshotsById.size).toBe(0);
    });
  });
});

describe('what goes wrong', () => {
  test('tracking that was reset brings a full copy', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      begin(it);
      it.source.write(DISK, 0, Buffer.from('old'));
      await it.start();
      await until(
        it,
        () => phaseOf(it) === 'waiting' && it.life.replication.views()[0]!.cycles.length >= 2,
        HOUR,
      );
      it.source.resetTracking(DISK);
      it.source.write(DISK, 0, Buffer.from('new'));
      const item = it.cloud.items.get('item-1')!;
      await until(
        it,
        () => item.cycles.at(-1)!.kind === 'resync' && item.cycles.at(-1)!.state === 'Applied',
        3 * HOUR,
      );
      expect(isEqual(it)).toBe(true);
      const cycles = item.cycles.length;
      await until(it, () => item.cycles.length > cycles, 3 * HOUR);
      expect(item.cycles.at(-1)!.kind).toBe('delta');
    });
  });

  test('a cycle that the service refuses is repaired by the next one', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      begin(it);
      it.source.write(DISK, 0, Buffer.from('old'));
      await it.start();
      await until(it, () => it.life.replication.views()[0]?.cycles.length === 2, HOUR);
      it.source.write(DISK, 0, Buffer.from('new'));
      it.cloud.refuseNext = { code: 'ChecksumMismatch', message: 'a block' };
      await until(
        it,
        () => it.life.replication.views()[0]!.cycles.some(({ state }) => state === 'failed'),
        3 * HOUR,
      );
      expect(it.life.replication.views()[0]!.health[0]!.message).toContain('ChecksumMismatch');
      await until(it, () => it.life.replication.views()[0]!.cycles.at(-1)!.state === 'applied', HOUR);
      expect(isEqual(it)).toBe(true);
    });
  });

  test('an appliance that lost its store copies in full, because the old marks are lost with it', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      begin(it);
      it.source.write(DISK, 0, Buffer.from('old'));
      await it.start();
      await until(
        it,
        () => phaseOf(it) === 'waiting' && it.life.replication.views()[0]!.cycles.length >= 2,
        HOUR,
      );
      it.crash();
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${it.path}${suffix}`, { force: true });
      it.source.write(DISK, 0, Buffer.from('new'));
      await it.start();
      const item = it.cloud.items.get('item-1')!;
      await until(
        it,
        () => item.cycles.at(-1)!.kind === 'resync' && item.cycles.at(-1)!.state === 'Applied',
        HOUR,
      );
      expect(isEqual(it)).toBe(true);
    });
  });

  test('a signature that expired is renewed once for each upload that meets it', async () => {
    await using it = await stage();
    await it.world.run(async () => {
      begin(it);
      it.source.write(DISK, 0, Buffer.from('x'));
      let refused = 0;
      it.cloud.trouble = (call) => {
        if (call !== 'putBlob' || refused++ > 0) return;
        throw Object.assign(netErrors.make('net.proxy', { what: '403' }), { code: 'azure.blob.forbidden' });
      };
      await it.start();
      await until(it, () => phaseOf(it) === 'waiting', HOUR);
      expect(it.cloud.calls.filter((call) => call === 'sas')).toHaveLength(1);
      expect(isEqual(it)).toBe(true);
    });
  });
});

test('crashes, lost answers and outages at any point never make the target differ from the source', async () => {
  const trouble = fc.record({
    /** The n-th call from now … */
    call: fc.nat(60),
    does: fc.constantFrom('crash', 'reset', 'outage', 'refusal', 'tracking'),
  });
  const write = fc.record({
    at: fc.nat(3 * 1024 * KIB),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(trouble, { maxLength: 6 }),
      fc.array(write, { minLength: 1, maxLength: 12 }),
      async (troubles, writes) => {
        await using it = await stage();
        await it.world.run(async () => {
          begin(it);
          const pending = [...troubles];
          let counted = 0;
          let outageUntil = 0;
          let isCrashDue = false;
          const meet = (): void => {
            if (it.world.clock.wall() < outageUntil) throw netErrors.make('net.refused', { what: 'outage' });
            const next = pending[0];
            if (!next || counted++ < next.call) return;
            pending.shift();
            counted = 0;
            if (next.does === 'outage') outageUntil = it.world.clock.wall() + 10 * MINUTE;
            if (next.does === 'crash') isCrashDue = true;
            if (next.does === 'refusal') it.cloud.refuseNext = { code: 'BitmapMismatch', message: 'test' };
            if (next.does === 'tracking') it.source.resetTracking(DISK);
            if (next.does === 'refusal' || next.does === 'tracking') return;
            // a crash in the middle of a call: its answer never arrives
            throw netErrors.make('net.reset', { what: next.does });
          };
          it.source.trouble = meet;
          it.cloud.trouble = meet;
          const queue = [...writes];
          const live = async (): Promise<void> => {
            if (isCrashDue) {
              isCrashDue = false;
              it.crash();
              await sleep(it.world.clock, 30 * SECOND, 'test');
              await it.start();
            }
            const next = queue.shift();
            if (next && [...it.source.machinesByHandle.values()][0]!.power === 'on')
              it.source.write(DISK, next.at, Buffer.from(next.bytes));
          };
          await it.start();
          await until(
            it,
            () =>
              it.cloud.items.get('item-1')!.cycles.some(({ state }) => state === 'Applied') &&
              queue.length === 0,
            12 * HOUR,
            live,
          );
          it.cloud.command('item-1', 'cutover');
          await until(it, () => phaseOf(it) === 'cutOver', 12 * HOUR, live);
          expect(isEqual(it)).toBe(true);
          expect(it.source.snapshotsById.size).toBe(0);
        });
      },
    ),
    { numRuns: 40 },
  );
});
