/**
 * The reference appliance: discovers machines of vCenters, Hyper-V hosts and lists of servers, collects their performance,
 * reports both to an Azure Migrate project, and replicates machines of vCenters that the project chose. It is given addresses, certificates and credentials and
 * speaks protocols; it does not know whether what answers is real.
 *
 * It never gives up by itself: what fails is shown in its status and tried again.
 */
import { setMaxListeners } from 'node:events';
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Transport } from '#core/net/transport.ts';
import type { Clock } from '#core/time/clock.ts';
import { Counters, type Recorder } from '#core/trace/recorder.ts';
import { MINUTE, type Millis, type UnixMillis } from '#core/units.ts';
import { Applications } from './app/applications.ts';
import { Dependencies } from './app/dependencies.ts';
import type { Seen } from './app/duplicates.ts';
import { beyondLimits, LIMIT_KEYS } from './app/limits.ts';
import { Outbox, readNumber, writeNumber } from './app/outbox.ts';
import { SeriesNames } from './app/peaks.ts';
import { PointLog } from './app/point-log.ts';
import type { Dependency, DiscoverySource, GuestFailure, ReplicationSource, Warning } from './app/ports.ts';
import { type Problem, Problems } from './app/problems.ts';
import { Replication } from './app/replication.ts';
import type { ReplicationView } from './app/replication-view.ts';
import { Retrier } from './app/retry.ts';
import { runJob } from './app/scheduler.ts';
import type { SourceKind, VmwareMachine } from './app/source-machines.ts';
import { TwinFinder, type TwinView } from './app/twin-finder.ts';
import { UnreachedMachines, type UnreachedView } from './app/unreached.ts';
import { Warnings } from './app/warnings.ts';
import type { ApplianceConfig } from './config.ts';
import { settleCredentials } from './credentials.ts';
import { guarded } from './guarded.ts';
import type { Logger } from './log.ts';
import { type SharedBySites, Site, type SiteOptions } from './site.ts';
import { openSources, type Sources } from './sources/open-sources.ts';
import { storeMemory } from './sources/servers/memory.ts';
import { type Store, StoreClosed } from './store/store.ts';
import { type AzureCloud, azureCloud } from './targets/azure/azure-cloud.ts';

export const APPLIANCE_VERSION = '1.0.0';

export interface ApplianceOptions {
  clock: Clock;
  /** The network as the appliance's node sees it. */
  transport: Transport;
  entropy: Entropy;
  /** Open, and the appliance's from now on: `stop` closes it, `crash` crashes it. */
  store: Store;
  config: ApplianceConfig;
  log: Logger;
  /** PEM certificates to trust towards Azure, and towards sources that have none of their own. Default: the system's. */
  trust?: readonly string[] | undefined;
  recorder?: Recorder | undefined;
  counters?: Counters | undefined;
}

export type ApplianceState = 'starting' | 'running' | 'stopping' | 'stopped' | 'crashed' | 'failed';

export interface SourceStatus {
  readonly name: string;
  readonly kind: SourceKind;
  /** From `about`; undefined until it answered once, and of lists of servers. */
  readonly version: string | undefined;
  readonly machines: number;
  readonly refreshedAt: UnixMillis | undefined;
  readonly collectedAt: UnixMillis | undefined;
}

/** A plain view for progress displays, scenarios and tests. Cheap: it can be asked for at any time. */
export interface ApplianceStatus {
  readonly state: ApplianceState;
  /** Number of this life of the store, from 1. 0 while starting. */
  readonly incarnation: number;
  readonly isRegistered: boolean;
  readonly sources: readonly SourceStatus[];
  /** One that two sources have is counted once. */
  readonly machines: number;
  /** In this life: samples read, and points made of them. */
  readonly samples: number;
  readonly points: number;
  /** In this life: machine-windows that a vCenter no longer held when it was asked. */
  readonly lostWindows: number;
  /** In this life: machine-windows in which nobody asked a Hyper-V host or a server, which keep nothing. */
  readonly unaskedWindows: number;
  /** Batches that the service does not have yet, and those sent in this life. */
  readonly outbox: number;
  readonly sent: number;
  readonly replications: readonly ReplicationView[];
  /** Machines that were looked into, and those that could not be, with the reason. */
  readonly guests: { readonly known: number; readonly failures: readonly GuestFailure[] };
  /** Machines and hosts that cannot be looked at, each with the reason. */
  readonly unreached: readonly UnreachedView[];
  /** Machines that two sources have. */
  readonly twins: readonly TwinView[];
  /** What does not work at the moment. Empty: healthy. */
  readonly problems: readonly Problem[];
  /** What works and yet should be known: documented limits exceeded, privileges that lack. */
  readonly warnings: readonly Warning[];
}

export interface Appliance {
  /** Ends what is under way, flushes, signs out, closes the store. Can be called once it has begun; never rejects. */
  stop(): Promise<void>;
  /** Gone at once: connections cut, timers dead, what was not flushed lost. */
  crash(): void;
  status(): ApplianceStatus;
  /** Who talks to whom, as far as it was seen in the last month. Empty while starting, or without credentials of guests. */
  dependencies(): Promise<readonly Dependency[]>;
}

const SHORT_LIMIT_MS: Millis = 10 * MINUTE;

interface Running {
  readonly incarnation: number;
  readonly cloud: AzureCloud;
  readonly sources: Sources;
  readonly sites: readonly Site[];
  readonly replication: Replication | undefined;
  readonly applications: Applications;
  readonly dependencies: Dependencies;
  readonly twins: TwinFinder;
}

export function startAppliance(options: ApplianceOptions): Appliance {
  const { config, store } = options;
  const { clock, transport, cut } = guarded(options.clock, options.transport);
  const counters = options.counters ?? new Counters();
  const log = options.log.child({});
  const life = new AbortController();
  setMaxListeners(0, life.signal); // every wait of every job listens to it
  const problems = new Problems({ clock, log });
  const warnings = new Warnings(log);
  const unreached = new UnreachedMachines({ clock, log });
  let state: ApplianceState = 'starting';
  let running: Running | undefined;

  const whole = main().catch((error: unknown) => {
    if (life.signal.aborted || error instanceof StoreClosed) return;
    state = 'failed';
    problems.met('start', error);
    log.error({ err: error }, 'the appliance cannot start');
  });

  async function main(): Promise<void> {
    const incarnation = await nextIncarnation();
    const credentials = await settleCredentials(config, store);
    const retrier = new Retrier({ clock, entropy: options.entropy, counters, incarnation });
    const cloud = azureCloud({
      config,
      clientSecret: credentials.clientSecret,
      version: APPLIANCE_VERSION,
      transport,
      clock,
      entropy: options.entropy,
      counters,
      trust: options.trust,
      incarnation,
    });
    const sources = openSources({
      ...options,
      transport,
      clock,
      log,
      counters,
      credentials,
      trust: options.trust,
      life: life.signal,
      memory: (of) => storeMemory(store, of),
    });
    const names = new SeriesNames();
    const outboxes = new Map(
      kindsOf(config).map((kind) => [
        kind,
        new Outbox({ store, cloud: cloud.site(kind), clock, retrier, problems, counters, log }),
      ]),
    );
    // how points are worded is the same for all sites
    const { forms } = cloud.site('vmware');
    const pointLog = new PointLog({ store, forms, names, counters });
    const guests = { ...credentials, credentials: credentials.guests };
    const looking = { ...guests, forms, store, outboxes, clock, counters, log };
    const applications = new Applications(looking);
    const dependencies = new Dependencies(looking, applications);
    const sites: Site[] = [];
    const twins = new TwinFinder(warnings, () => seenBy(sites));
    const shared: SharedBySites = {
      ...{ config, store, clock, counters, log, names, pointLog, retrier, problems, warnings, unreached },
      ...{ applications, dependencies, life: life.signal, version: APPLIANCE_VERSION },
      onChange() {
        twins.expire();
        checkLimits(sites, replication);
      },
      onStep: note,
      everyMachine: () => twins.firsts(),
      isSecond(machine) {
        const first = twins.firstOf(machine);
        return first !== undefined && applications.isMapped(first);
      },
    };
    const open = (
      kind: SourceKind,
      more: Pick<SiteOptions, 'sources' | 'refreshMs' | 'looksInside'>,
    ): void => {
      const services = [
        'discovery',
        'assessment',
        ...(replication && kind === 'vmware' ? ['gateway', 'dra'] : []),
      ];
      sites.push(
        new Site({ ...shared, ...more, services, cloud: cloud.site(kind), outbox: outboxes.get(kind)! }),
      );
    };
    // only what vCenters have can be replicated
    const control = outboxes.has('vmware') ? cloud.replication : undefined;
    const replication: Replication | undefined =
      control &&
      new Replication({
        control,
        find: (uuid) => findMachine(sources, sites, uuid),
        store,
        clock,
        retrier,
        problems,
        counters,
        log,
        life: life.signal,
        onStep: note,
        ...config.replication,
      });
    const hasGuests = credentials.guests.length > 0;
    if (outboxes.has('vmware'))
      open('vmware', {
        sources: { history: sources.vmware },
        refreshMs: config.collection.refreshMs,
        looksInside: hasGuests,
      });
    if (outboxes.has('hyperv'))
      open('hyperv', {
        sources: { live: sources.hyperv },
        refreshMs: config.hyperv.refreshMs,
        looksInside: hasGuests,
      });
    if (outboxes.has('server'))
      open('server', {
        sources: { live: sources.servers },
        refreshMs: config.servers.refreshMs,
        looksInside: true,
      });
    running = { incarnation, cloud, sources, sites, replication, applications, dependencies, twins };
    for (const site of sites) await site.load();
    await applications.load();
    await pointLog.load();
    await replication?.load();
    state = 'running';
    log.info(
      { incarnation, sources: sites.reduce((sum, site) => sum + site.discoveries.length, 0) },
      'the appliance runs',
    );
    await Promise.all([...sites.map((site) => site.run()), replication && follow(replication, sites)]);

    /** Asks for work once the site of machines that can be replicated is registered. */
    async function follow(work: Replication, all: readonly Site[]): Promise<void> {
      await all.find(({ kind }) => kind === 'vmware')?.registered.passed;
      await runJob(
        { clock, retrier, problems },
        {
          name: 'replication',
          everyMs: () => work.pollMs,
          limitMs: SHORT_LIMIT_MS,
          run: (signal) => work.poll(signal),
        },
        life.signal,
      );
    }
  }

  function checkLimits(sites: readonly Site[], replication: Replication | undefined): void {
    const items = replication?.views().filter(({ phase }) => phase !== 'stopped') ?? [];
    const of = (kind: SourceKind) =>
      sites.filter((site) => site.kind === kind).flatMap(({ discoveries }) => discoveries);
    const count = (kind: SourceKind): number =>
      of(kind).reduce((sum, discovery) => sum + discovery.machines().size, 0);
    warnings.replace(
      LIMIT_KEYS,
      beyondLimits({
        vcenters: of('vmware').map((discovery) => {
          const { source, about } = discovery;
          const machines = discovery.machines();
          return {
            name: source.name,
            instanceUuid: about?.kind === 'vmware' ? about.instanceUuid : undefined,
            machines,
            replicating: items.flatMap(({ instanceUuid }) => machines.get(instanceUuid) ?? []),
          };
        }),
        hyperv: {
          hosts: of('hyperv').reduce(
            (sum, { about }) => sum + (about?.kind === 'hyperv' ? about.hosts.length : 1),
            0,
          ),
          machines: count('hyperv'),
        },
        servers: count('server'),
      }),
    );
  }

  /** An event of the trace; not one of an appliance that has crashed. */
  function note(what: string): void {
    if (!life.signal.aborted)
      options.recorder?.record({ at: clock.wall(), kind: 'step', who: 'appliance', what });
  }

  async function nextIncarnation(): Promise<number> {
    const incarnation = await store.transaction(async (db) => {
      const next = (await readNumber(db, 'incarnation')) + 1;
      await writeNumber(db, 'incarnation', next);
      return next;
    });
    await store.flush();
    return incarnation;
  }

  const sites = (): readonly Site[] => running?.sites ?? [];
  const sum = (of: (site: Site) => number): number => sites().reduce((total, site) => total + of(site), 0);

  return {
    async stop() {
      if (state === 'crashed' || state === 'stopped') return;
      state = 'stopping';
      life.abort(new Error('the appliance is stopping'));
      await whole;
      for (const site of running?.sites ?? [])
        await site
          .keepOpen()
          .catch((error: unknown) => log.error({ err: error }, 'windows that run were not kept'));
      await running?.sources.close();
      running?.cloud.close();
      await store.close().catch((error: unknown) => log.error({ err: error }, 'the store did not close'));
      cut();
      state = 'stopped';
      log.info('the appliance has stopped');
    },
    crash() {
      if (state === 'crashed' || state === 'stopped') return;
      state = 'crashed';
      cut();
      store.crash();
      log.level = 'silent';
      life.abort(new Error('the appliance has crashed'));
    },
    async dependencies() {
      if (!running) return [];
      const { dependencies, twins } = running;
      return dependencies.of(0, Number.MAX_SAFE_INTEGER, twins.firsts());
    },
    status: () => ({
      state,
      incarnation: running?.incarnation ?? 0,
      isRegistered: sites().length > 0 && sites().every((site) => site.isRegistered),
      sources: sites().flatMap((site) =>
        site.discoveries.map((discovery) => ({
          name: discovery.source.name,
          kind: site.kind,
          version: discovery.about && 'version' in discovery.about ? discovery.about.version : undefined,
          machines: discovery.machines().size,
          refreshedAt: discovery.refreshedAt,
          collectedAt: site.collectedAt(discovery.source),
        })),
      ),
      machines: running?.twins.count() ?? 0,
      samples: sum((site) => site.collected.samples),
      points: sum((site) => site.collected.points),
      lostWindows: sum((site) => (site.kind === 'vmware' ? site.collected.lostWindows : 0)),
      unaskedWindows: sum((site) => (site.kind === 'vmware' ? 0 : site.collected.lostWindows)),
      outbox: sum((site) => site.outbox.pending),
      sent: sum((site) => site.outbox.sent),
      replications: running?.replication?.views() ?? [],
      guests: {
        known: running?.applications.inventoried ?? 0,
        failures: running?.applications.failures() ?? [],
      },
      unreached: unreached.list(),
      twins: running?.twins.views() ?? [],
      problems: problems.list(),
      warnings: warnings.list(),
    }),
  };
}

/** Of what there is a source at all. */
function kindsOf({ vcenters, hyperv, servers }: ApplianceConfig): SourceKind[] {
  return [
    ...(vcenters.length > 0 ? ['vmware' as const] : []),
    ...(hyperv.hosts.length > 0 ? ['hyperv' as const] : []),
    ...(servers.list.length > 0 ? ['server' as const] : []),
  ];
}

/** Sites of virtualisation come before those of servers: their view of a machine counts. */
function seenBy(sites: readonly Site[]): Seen[] {
  return sites.flatMap(({ discoveries }) =>
    discoveries.flatMap((discovery) =>
      [...discovery.machines().values()].map((machine) => ({ source: discovery.source.name, machine })),
    ),
  );
}

function findMachine(
  sources: Sources,
  sites: readonly Site[],
  uuid: string,
): { source: ReplicationSource; machine: VmwareMachine } | undefined {
  for (const { discoveries } of sites)
    for (const discovery of discoveries) {
      const machine = discovery.machines().get(uuid);
      const source = sources.vmware.find((each: DiscoverySource) => each === discovery.source);
      if (machine?.kind === 'vmware' && source) return { source, machine };
    }
  return undefined;
}
