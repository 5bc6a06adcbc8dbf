/** Discovery, collection and upload of one source, with a store that can crash: what tests of the domain play on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errors as netErrors } from '#core/net/transport.ts';
import { HOUR, MINUTE } from '#core/units.ts';
import { Discovery } from '../app/discovery.ts';
import { Outbox } from '../app/outbox.ts';
import { SETTLE_MS, SeriesNames } from '../app/peaks.ts';
import { Performance } from '../app/performance.ts';
import { PointLog } from '../app/point-log.ts';
import type { CounterName } from '../app/ports.ts';
import { Problems } from '../app/problems.ts';
import { Retrier } from '../app/retry.ts';
import { runJob } from '../app/scheduler.ts';
import { guarded } from '../guarded.ts';
import { openStore, type Store } from '../store/store.ts';
import { type FakeCloud, fakeCloud } from './fake-cloud.ts';
import { type FakeSource, fakeSource, sampleAt } from './fake-source.ts';
import { type MemoryWorld, memoryWorld, START } from './memory-world.ts';

export interface Life {
  readonly store: Store;
  readonly discovery: Discovery;
  readonly performance: Performance;
  readonly outbox: Outbox;
  readonly pointLog: PointLog;
  readonly problems: Problems;
  crash(): void;
}

export interface Stage extends AsyncDisposable {
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

export async function stage(): Promise<Stage> {
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
        onUnreached: () => {},
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

export const COLLECTED: ReadonlyArray<readonly [CounterName, string, number]> = [
  ['cpu.usage', '', 100],
  ['mem.usage', '', 100],
  ['virtualDisk.read', 'scsi0:0', 1],
  ['net.transmitted', '4000', 1],
];

/** The peak of a window, from the samples themselves. */
export function truth(handle: string, counter: CounterName, window: number): number {
  let peak = -1;
  for (let at = window * 600_000 + 20_000; at <= (window + 1) * 600_000; at += 20_000)
    peak = Math.max(peak, sampleAt(handle, counter, at));
  return peak;
}

/** What the service has: "machine counter instance window" → values in the order in which they arrived. */
export function stored(cloud: FakeCloud): Map<string, number[]> {
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
export const firstWindow = (START - HOUR) / 600_000 + 1;
