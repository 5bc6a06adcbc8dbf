/** A site of live sources with a store that can crash and a service without a protocol: what tests of it play on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SECOND } from '#core/units.ts';
import { Applications } from '../app/applications.ts';
import { Dependencies } from '../app/dependencies.ts';
import { Outbox } from '../app/outbox.ts';
import { SeriesNames } from '../app/peaks.ts';
import { PointLog } from '../app/point-log.ts';
import { type CounterName, LIVE_COUNTERS, type LiveCounter } from '../app/ports.ts';
import { Problems } from '../app/problems.ts';
import { Retrier } from '../app/retry.ts';
import { UnreachedMachines } from '../app/unreached.ts';
import { Warnings } from '../app/warnings.ts';
import { configFrom } from '../config.ts';
import { guarded } from '../guarded.ts';
import { Site } from '../site.ts';
import { openStore, type Store } from '../store/store.ts';
import { type FakeCloud, fakeCloud } from './fake-cloud.ts';
import { type FakeLiveSource, liveSampleAt } from './fake-live-source.ts';
import { type MemoryWorld, memoryWorld } from './memory-world.ts';

export interface LiveLife {
  readonly store: Store;
  readonly site: Site;
  readonly unreached: UnreachedMachines;
  readonly problems: Problems;
  crash(): void;
  stop(): Promise<void>;
}

export interface LiveStage extends AsyncDisposable {
  readonly world: MemoryWorld;
  readonly sources: readonly FakeLiveSource[];
  readonly cloud: FakeCloud;
  life: LiveLife;
  start(): Promise<void>;
}

const CONFIG = configFrom({
  applianceName: 'appl01',
  cloud: {
    tenantId: '11111111-1111-4111-8111-111111111111',
    clientId: '22222222-2222-4222-8222-222222222222',
    clientSecret: 's',
    subscriptionId: '33333333-3333-4333-8333-333333333333',
    resourceGroup: 'rg',
    project: 'project',
    siteName: 'site',
    region: 'westeurope',
  },
  vcenters: [{ host: 'vc', user: 'u', password: 'p' }],
});

/** @param make the sources, on the world's clock; all of one kind */
export async function liveStage(
  make: (world: MemoryWorld) => readonly FakeLiveSource[],
  refreshMs: number,
): Promise<LiveStage> {
  const world = await memoryWorld();
  const sources = make(world);
  const { kind } = sources[0]!;
  const cloud = fakeCloud(world.clock, kind);
  const folder = mkdtempSync(join(tmpdir(), 'drylift-live-'));
  let incarnation = 0;
  const it: LiveStage = {
    world,
    sources,
    cloud,
    life: undefined as unknown as LiveLife,
    async start() {
      const end = new AbortController();
      const { clock, cut } = guarded(world.clock, world.transport);
      const { counters, log } = world;
      const key = Buffer.alloc(32);
      const store = openStore({ path: join(folder, 'a.db'), clock, key, synchronous: 'off' });
      const problems = new Problems({ clock, log });
      const retrier = new Retrier({ ...world, clock, incarnation: ++incarnation });
      const outbox = new Outbox({ store, cloud, clock, retrier, problems, counters, log });
      const names = new SeriesNames();
      const { forms } = cloud;
      const pointLog = new PointLog({ store, forms, names, counters });
      const outboxes = new Map([[kind, outbox]]);
      const looking = { credentials: [], servers: [], forms, store, outboxes, clock, counters, log };
      const applications = new Applications(looking);
      const unreached = new UnreachedMachines({ clock, log });
      const site = new Site({
        ...{ config: CONFIG, store, clock, counters, log, names, pointLog, retrier, problems, unreached },
        warnings: new Warnings(log),
        applications,
        dependencies: new Dependencies(looking, applications),
        life: end.signal,
        version: '1',
        onChange: () => {},
        onStep: () => {},
        everyMachine: () => [],
        isSecond: () => false,
        cloud,
        outbox,
        sources: { live: sources },
        refreshMs,
        looksInside: false,
        services: ['discovery'],
      });
      await site.load();
      await pointLog.load();
      const whole = site.run();
      it.life = {
        store,
        site,
        unreached,
        problems,
        crash() {
          cut();
          store.crash();
          end.abort(new Error('crashed'));
        },
        async stop() {
          end.abort(new Error('stopped'));
          await whole;
          await site.keepOpen();
          await store.close();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      it.life?.crash();
      rmSync(folder, { recursive: true, force: true });
      await world[Symbol.asyncDispose]();
    },
  };
  return it;
}

/** The instants at which samples of a window are taken. */
export function ticksOf(window: number, sampleMs: number): number[] {
  const ticks: number[] = [];
  for (let at = window * 600 * SECOND + sampleMs; at <= (window + 1) * 600 * SECOND; at += sampleMs)
    ticks.push(at);
  return ticks;
}

/** The peak of samples at these instants, as the service is told it. */
export function livePeak(handle: string, counter: CounterName, ticks: readonly number[]): number {
  const peak = Math.max(...ticks.map((at) => Math.round(liveSampleAt(handle, counter as LiveCounter, at))));
  return counter === 'cpu.usage' || counter === 'mem.usage' ? peak / 100 : peak;
}

/** The series of a machine with one disk and one adapter. */
export const LIVE_SERIES_PER_MACHINE: number = LIVE_COUNTERS.length;
