/**
 * One of the appliance's sites: its sources, what is collected from them, and what goes to the service. Sites share the
 * store, the log of points and what is known of guests; each has batches, numbers, registration and heartbeats of its own.
 */
import { POINT_PERIOD_MS } from '#core/metrics/roll-up.ts';
import { type Clock, sleep } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { HOUR, MINUTE, type Millis, type UnixMillis } from '#core/units.ts';
import type { Applications } from './app/applications.ts';
import type { SiteCloud } from './app/cloud-ports.ts';
import type { Dependencies } from './app/dependencies.ts';
import { Discovery } from './app/discovery.ts';
import { LivePerformance } from './app/live-performance.ts';
import type { Outbox } from './app/outbox.ts';
import { SETTLE_MS, type SeriesNames } from './app/peaks.ts';
import { Performance } from './app/performance.ts';
import type { PointLog } from './app/point-log.ts';
import type { DiscoverySource, HistorySource, LiveSource, Warning } from './app/ports.ts';
import type { Problems } from './app/problems.ts';
import type { Retrier } from './app/retry.ts';
import { type Job, runJob } from './app/scheduler.ts';
import type { SourceMachine } from './app/source-machines.ts';
import type { UnreachedMachines } from './app/unreached.ts';
import type { Warnings } from './app/warnings.ts';
import type { ApplianceConfig } from './config.ts';
import type { Logger } from './log.ts';
import type { Store } from './store/store.ts';

/** What sites have in common. */
export interface SharedBySites {
  readonly config: ApplianceConfig;
  readonly store: Store;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
  readonly names: SeriesNames;
  readonly pointLog: PointLog;
  readonly retrier: Retrier;
  readonly problems: Problems;
  readonly warnings: Warnings;
  readonly unreached: UnreachedMachines;
  readonly applications: Applications;
  readonly dependencies: Dependencies;
  readonly life: AbortSignal;
  readonly version: string;
  /** The machines of a source are other ones than before. */
  readonly onChange: () => void;
  /** An event for the trace. */
  readonly onStep: (what: string) => void;
  /** Of all sites. */
  readonly everyMachine: () => SourceMachine[];
  /** Is it another source's machine, too, and looked into there? */
  readonly isSecond: (machine: SourceMachine) => boolean;
}

export interface SiteOptions extends SharedBySites {
  readonly cloud: SiteCloud;
  readonly outbox: Outbox;
  /** Of one kind; some are asked for their history, others for what is now. */
  readonly sources: { readonly history: readonly HistorySource[] } | { readonly live: readonly LiveSource[] };
  readonly refreshMs: Millis;
  /** Are there credentials to look into machines with? */
  readonly looksInside: boolean;
  /** "discovery", "assessment": what a heartbeat says that runs. */
  readonly services: readonly string[];
}

const DEPENDENCIES_EVERY_MS: Millis = 5 * MINUTE;
const GUESTS_LIMIT_MS: Millis = HOUR;
/** The first inventory waits for the first picture of the machines. */
const INVENTORY_AFTER_MS: Millis = MINUTE;
const FOLLOW_LIMIT_MS: Millis = 30 * MINUTE;
const PREREQUISITES_EVERY_MS: Millis = 6 * HOUR;
/** While the source has not answered yet. */
const PREREQUISITES_AGAIN_MS: Millis = 5 * MINUTE;
const HEARTBEAT_EVERY_MS: Millis = 30 * MINUTE;
const SHORT_LIMIT_MS: Millis = 10 * MINUTE;
/** So long registration waits for all sources to have been asked; what answers later is added then. */
const FIRST_LOOK_MS: Millis = MINUTE;
/** Of the time between two samples, what one may take. */
const SAMPLE_SHARE = 0.9;
/** The appliance's clock may differ so much from the service's [error 802 of the real one]. */
const CLOCK_SKEW_MAX_MS: Millis = 5 * MINUTE;

export class Site {
  readonly #options: SiteOptions;
  readonly discoveries: readonly Discovery[];
  readonly #performance: Performance | undefined;
  readonly #live: LivePerformance | undefined;
  readonly registered: Gate;
  isRegistered = false;

  constructor(options: SiteOptions) {
    this.#options = options;
    const { sources, cloud, refreshMs, onChange, unreached } = options;
    this.registered = gate(options.life);
    const all: readonly DiscoverySource[] = 'live' in sources ? sources.live : sources.history;
    const shared = { ...options, forms: cloud.forms };
    this.discoveries = all.map(
      (source) =>
        new Discovery({
          ...shared,
          source,
          refreshMs,
          isElsewhere: (uuid) =>
            this.discoveries.some((other) => other.source !== source && other.machines().has(uuid)),
          onChange,
          onUnreached: (list) => unreached.replace(source.name, list),
        }),
    );
    if ('live' in sources) {
      const sampleMs = Math.max(...sources.live.map((source) => source.sampleMs));
      this.#live = new LivePerformance({ ...shared, sampleMs });
    } else this.#performance = new Performance(shared);
  }

  get outbox(): Outbox {
    return this.#options.outbox;
  }

  get kind(): SiteCloud['kind'] {
    return this.#options.cloud.kind;
  }

  /** In this life: samples read, points made of them, machine-windows in which nobody asked in time. */
  get collected(): { readonly samples: number; readonly points: number; readonly lostWindows: number } {
    return this.#live ?? this.#performance!;
  }

  collectedAt(source: DiscoverySource): UnixMillis | undefined {
    return (this.#live ?? this.#performance!).collectedAt(source);
  }

  machines(): SourceMachine[] {
    return this.discoveries.flatMap((discovery) => [...discovery.machines().values()]);
  }

  async load(): Promise<void> {
    await this.#options.outbox.load();
    await this.#live?.load();
  }

  /** The appliance stops: what is under way and can be kept is kept. */
  async keepOpen(): Promise<void> {
    await this.#live?.keepOpen();
  }

  /** Until the appliance ends. Never rejects. */
  async run(): Promise<void> {
    const { outbox, life, looksInside, sources } = this.#options;
    const looked = this.discoveries.map(() => gate(life));
    const { registered } = this;
    await Promise.all([
      ...this.discoveries.map((discovery, i) => this.#discover(discovery, looked[i]!.open)),
      ...this.discoveries.map((discovery, i) => looked[i]!.passed.then(() => this.#checkAgain(discovery))),
      ...('live' in sources
        ? [
            ...sources.live.map((source, i) => looked[i]!.passed.then(() => this.#sample(source, i))),
            this.#close(),
          ]
        : sources.history.map((source, i) => looked[i]!.passed.then(() => this.#collect(source, i)))),
      ...(looksInside ? this.discoveries : []).map((discovery, i) =>
        looked[i]!.passed.then(() => this.#lookInside(discovery)),
      ),
      this.#firstLook(looked.map(({ passed }) => passed)).then(() => this.#register(registered.open)),
      registered.passed.then(() => outbox.run(life)),
      registered.passed.then(() => this.#beat()),
    ]);
  }

  #job(definition: Job): Promise<void> {
    return runJob(this.#options, definition, this.#options.life);
  }

  async #firstLook(looked: readonly Promise<void>[]): Promise<void> {
    const { clock, life } = this.#options;
    const enough = new AbortController();
    const signal = AbortSignal.any([life, enough.signal]);
    const all = Promise.all(looked).then(() => enough.abort());
    await Promise.race([all, sleep(clock, FIRST_LOOK_MS, 'appliance.firstLook', signal).catch(() => {})]);
  }

  #discover(discovery: Discovery, onLooked: () => void): Promise<void> {
    return this.#job({
      name: `discover ${discovery.source.name}`,
      everyMs: () => discovery.paceMs,
      limitMs: FOLLOW_LIMIT_MS,
      run: (signal) => discovery.follow(signal).finally(onLooked),
    });
  }

  #checkAgain(discovery: Discovery): Promise<void> {
    const { warnings } = this.#options;
    const { source } = discovery;
    const prefix = `prerequisite ${source.name} `;
    return this.#job({
      name: `prerequisites ${source.name}`,
      everyMs: () => (discovery.refreshedAt === undefined ? PREREQUISITES_AGAIN_MS : PREREQUISITES_EVERY_MS),
      limitMs: SHORT_LIMIT_MS,
      run: async (signal) => {
        if (discovery.refreshedAt === undefined) return; // who does not answer lacks nothing that can be told
        const missing = await source.prerequisites(signal);
        warnings.replace(
          prefix,
          new Map([...missing].map(([name, warning]) => [`${prefix}${name}`, warning])),
        );
      },
    });
  }

  #collect(source: HistorySource, i: number): Promise<void> {
    const { everyMs } = this.#options.config.collection;
    return this.#job({
      name: `collect ${source.name}`,
      everyMs,
      alignedPlusMs: SETTLE_MS,
      limitMs: everyMs,
      run: (signal) => this.#performance!.collect(source, this.discoveries[i]!.machines().values(), signal),
    });
  }

  #sample(source: LiveSource, i: number): Promise<void> {
    return this.#job({
      name: `sample ${source.name}`,
      everyMs: source.sampleMs,
      alignedPlusMs: 0,
      keepsToGrid: true,
      limitMs: source.sampleMs * SAMPLE_SHARE,
      run: async (signal) => {
        const machines = this.discoveries[i]!.machines();
        if (machines.size > 0) await this.#live!.sample(source, machines.values(), signal);
      },
    });
  }

  #close(): Promise<void> {
    const live = this.#live!;
    return this.#job({
      name: `points ${this.kind}`,
      everyMs: POINT_PERIOD_MS,
      alignedPlusMs: live.settleMs,
      limitMs: POINT_PERIOD_MS,
      run: () => live.close(() => this.machines()),
    });
  }

  /** The inventory of software first: it finds out which credential works where. */
  async #lookInside(discovery: Discovery): Promise<void> {
    const { clock, life, config, applications, dependencies, everyMachine, isSecond } = this.#options;
    const { source } = discovery;
    await sleep(clock, INVENTORY_AFTER_MS, 'appliance.guest.first', life).catch(() => {});
    const machines = (): SourceMachine[] => [...discovery.machines().values()];
    const inventoried = gate(life);
    await Promise.all([
      this.#job({
        name: `applications ${source.name}`,
        everyMs: config.guests.inventoryMs,
        limitMs: GUESTS_LIMIT_MS,
        run: (signal) => applications.collect(source, machines(), signal).finally(inventoried.open),
      }),
      inventoried.passed.then(async () => {
        if (!config.guests.dependencies) return;
        await this.#job({
          name: `dependencies ${source.name}`,
          everyMs: DEPENDENCIES_EVERY_MS,
          alignedPlusMs: 0,
          limitMs: GUESTS_LIMIT_MS,
          run: (signal) =>
            dependencies.collect(
              source,
              machines().filter((machine) => !isSecond(machine)),
              everyMachine,
              signal,
            ),
        });
      }),
    ]);
  }

  /** Registers what answered; sources that answer only later are added when they do. */
  async #register(onDone: () => void): Promise<void> {
    const { cloud, clock, life, problems, retrier, log, onStep } = this.#options;
    const job = this.kind === 'vmware' ? 'register' : `register ${this.kind}`;
    const told = new Set<Discovery>();
    for (let failures = 0; told.size < this.discoveries.length && !life.aborted; ) {
      let wait = MINUTE;
      const news = this.discoveries.filter((discovery) => discovery.about && !told.has(discovery));
      if (news.length > 0)
        try {
          await cloud.register(
            news.map(({ about }) => about!),
            life,
          );
          for (const discovery of news) told.add(discovery);
          this.isRegistered = true;
          failures = 0;
          problems.solved(job);
          log.info({ site: this.kind, sources: told.size }, 'registered');
          onStep(
            `registered with ${told.size} ${this.kind === 'vmware' ? 'vCenters' : `sources of ${this.kind}`}`,
          );
          onDone();
          continue;
        } catch (error) {
          if (life.aborted) return;
          problems.met(job, error);
          failures++;
          wait = retrier.waitAfter('register', failures, error);
        }
      await sleep(clock, wait, `appliance.job.${job}`, life).catch(() => {});
    }
  }

  #beat(): Promise<void> {
    const { cloud, clock, log, services, version, onChange } = this.#options;
    return this.#job({
      name: this.kind === 'vmware' ? 'heartbeat' : `heartbeat ${this.kind}`,
      everyMs: HEARTBEAT_EVERY_MS,
      limitMs: SHORT_LIMIT_MS,
      run: async (signal) => {
        const before = clock.wall();
        onChange();
        const theirs = await cloud.heartbeat(
          {
            version,
            services: services.map((name) => ({ name, version, state: 'Running' })),
            warnings: this.#troubles(),
          },
          signal,
        );
        const skew = Math.abs(theirs - before);
        if (skew > CLOCK_SKEW_MAX_MS)
          log.warn({ skewMinutes: Math.round(skew / MINUTE) }, 'the clock differs from that of the service');
      },
    });
  }

  /** What the service is told of: what should be known of the appliance, and what of this site cannot be looked at. */
  #troubles(): Warning[] {
    const { warnings, unreached, problems } = this.#options;
    const away = problems
      .list()
      .filter(({ job }) => this.discoveries.some(({ source }) => job === `discover ${source.name}`))
      .map(({ code, what, why, next }) => ({ code, message: `${what} ${why} ${next}` }));
    return [
      ...warnings.list(),
      ...away,
      ...this.discoveries.flatMap(({ source }) => unreached.warningsOf(source.name)),
    ];
  }
}

interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
}

/** A promise that its maker resolves, and the end of the appliance as well. */
function gate(life: AbortSignal): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (life.aborted) resolve();
  else life.addEventListener('abort', () => resolve(), { once: true });
  return { passed: promise, open: resolve };
}
