/**
 * The reference appliance: discovers machines of vCenters, collects their performance, reports both to an Azure Migrate
 * project, and replicates machines that the project chose. It is given addresses, certificates and credentials and
 * speaks protocols; it does not know whether what answers is real.
 *
 * It never gives up by itself: what fails is shown in its status and tried again.
 */
import { setMaxListeners } from 'node:events';
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Transport } from '#core/net/transport.ts';
import { type Clock, sleep } from '#core/time/clock.ts';
import { Counters, type Recorder } from '#core/trace/recorder.ts';
import { HOUR, MINUTE, type Millis, type UnixMillis } from '#core/units.ts';
import { Applications } from './app/applications.ts';
import { Dependencies } from './app/dependencies.ts';
import { Discovery } from './app/discovery.ts';
import { beyondLimits, LIMIT_KEYS } from './app/limits.ts';
import { Outbox, readNumber, writeNumber } from './app/outbox.ts';
import { SETTLE_MS, SeriesNames } from './app/peaks.ts';
import { Performance } from './app/performance.ts';
import { PointLog } from './app/point-log.ts';
import type {
  Dependency,
  GuestFailure,
  ReplicationSource,
  SourceMachine,
  VmwareMachine,
  Warning,
} from './app/ports.ts';
import { type Problem, Problems } from './app/problems.ts';
import { Replication } from './app/replication.ts';
import type { ReplicationView } from './app/replication-view.ts';
import { Retrier } from './app/retry.ts';
import { type Job, runJob } from './app/scheduler.ts';
import { Warnings } from './app/warnings.ts';
import { type ApplianceConfig, tlsOf } from './config.ts';
import { settleCredentials } from './credentials.ts';
import { guarded } from './guarded.ts';
import type { Logger } from './log.ts';
import { vsphereSource } from './sources/vsphere/vsphere-source.ts';
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
  /** PEM certificates to trust towards Azure, and towards vCenters that have none of their own. Default: the system's. */
  trust?: readonly string[] | undefined;
  recorder?: Recorder | undefined;
  counters?: Counters | undefined;
}

export type ApplianceState = 'starting' | 'running' | 'stopping' | 'stopped' | 'crashed' | 'failed';

export interface VcenterStatus {
  readonly host: string;
  /** From `about`; undefined until it answered once. */
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
  readonly vcenters: readonly VcenterStatus[];
  readonly machines: number;
  /** In this life: samples read, points made of them, machine-windows lost to vCenter's retention. */
  readonly samples: number;
  readonly points: number;
  readonly lostWindows: number;
  /** Batches that the service does not have yet, and those sent in this life. */
  readonly outbox: number;
  readonly sent: number;
  readonly replications: readonly ReplicationView[];
  /** Machines that were looked into, and those that could not be, with the reason. */
  readonly guests: { readonly known: number; readonly failures: readonly GuestFailure[] };
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

const DEPENDENCIES_EVERY_MS: Millis = 5 * MINUTE;
const GUESTS_LIMIT_MS: Millis = HOUR;
/** The first inventory waits for the first picture of the machines. */
const INVENTORY_AFTER_MS: Millis = MINUTE;
const FOLLOW_LIMIT_MS: Millis = 30 * MINUTE;
const PRIVILEGES_EVERY_MS: Millis = 6 * HOUR;
const HEARTBEAT_EVERY_MS: Millis = 30 * MINUTE;
const SHORT_LIMIT_MS: Millis = 10 * MINUTE;
/** The appliance's clock may differ so much from the service's [error 802 of the real one]. */
const CLOCK_SKEW_MAX_MS: Millis = 5 * MINUTE;

interface Running {
  readonly incarnation: number;
  readonly cloud: AzureCloud;
  readonly sources: readonly ReplicationSource[];
  readonly discoveries: readonly Discovery[];
  readonly performance: Performance;
  readonly outbox: Outbox;
  readonly replication: Replication | undefined;
  readonly applications: Applications;
  readonly dependencies: Dependencies;
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
  let state: ApplianceState = 'starting';
  let isRegistered = false;
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
    const sources = config.vcenters.map((vcenter) =>
      vsphereSource({
        ...vcenter,
        password: credentials.passwords.get(vcenter.host)!,
        tls: tlsOf(vcenter, options.trust),
        transport,
        clock,
        life: life.signal,
        log,
        counters,
      }),
    );
    const outbox = new Outbox({ store, cloud, clock, retrier, problems, counters, log });
    const names = new SeriesNames();
    const pointLog = new PointLog({ store, forms: cloud.forms, names, counters });
    const shared = { forms: cloud.forms, store, outbox, clock, counters, log };
    const performance = new Performance({ ...shared, pointLog, names });
    const discoveries: Discovery[] = sources.map(
      (source) =>
        new Discovery({
          ...shared,
          source,
          refreshMs: config.collection.refreshMs,
          isElsewhere: (uuid) =>
            discoveries.some((other) => other.source !== source && other.machines().has(uuid)),
          onChange: () => checkLimits(discoveries, replication),
        }),
    );
    const replication: Replication | undefined =
      cloud.replication &&
      new Replication({
        control: cloud.replication,
        find: (uuid) => findMachine(sources, discoveries, uuid),
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
    const applications = new Applications({ ...shared, credentials: credentials.guests });
    const dependencies = new Dependencies({ ...shared, credentials: credentials.guests }, applications);
    running = {
      incarnation,
      cloud,
      sources,
      discoveries,
      performance,
      outbox,
      replication,
      applications,
      dependencies,
    };
    await outbox.load();
    await applications.load();
    await pointLog.load();
    await replication?.load();
    state = 'running';
    log.info({ incarnation, vcenters: sources.length }, 'the appliance runs');

    const job = (definition: Job) => runJob({ clock, retrier, problems }, definition, life.signal);
    const looked = discoveries.map(() => gate(life.signal));
    const registered = gate(life.signal);
    await Promise.all([
      ...discoveries.map((discovery, i) =>
        job({
          name: `discover ${discovery.source.name}`,
          everyMs: () => discovery.paceMs,
          limitMs: FOLLOW_LIMIT_MS,
          run: (signal) => discovery.follow(signal).finally(looked[i]!.open),
        }),
      ),
      ...sources.map((source, i) =>
        looked[i]!.passed.then(() =>
          job({
            name: `privileges ${source.name}`,
            everyMs: PRIVILEGES_EVERY_MS,
            limitMs: SHORT_LIMIT_MS,
            run: async (signal) => {
              const missing = await source.prerequisites(signal);
              const prefix = `privilege ${source.name} `;
              warnings.replace(
                prefix,
                new Map([...missing].map(([name, warning]) => [`${prefix}${name}`, warning])),
              );
            },
          }),
        ),
      ),
      ...discoveries.map((discovery, i) =>
        looked[i]!.passed.then(() =>
          job({
            name: `collect ${discovery.source.name}`,
            everyMs: config.collection.everyMs,
            alignedPlusMs: SETTLE_MS,
            limitMs: config.collection.everyMs,
            run: (signal) => performance.collect(sources[i]!, discovery.machines().values(), signal),
          }),
        ),
      ),
      ...(credentials.guests.length === 0 ? [] : discoveries).map((discovery, i) =>
        looked[i]!.passed.then(() => lookInside(discovery)),
      ),
      Promise.all(looked.map(({ passed }) => passed)).then(() => register(registered.open)),
      registered.passed.then(() => outbox.run(life.signal)),
      registered.passed.then(() =>
        job({ name: 'heartbeat', everyMs: HEARTBEAT_EVERY_MS, limitMs: SHORT_LIMIT_MS, run: heartbeat }),
      ),
      registered.passed.then(() => replication && pollReplication(replication)),
    ]);

    /** The inventory of software first: it finds out which credential works where. */
    async function lookInside(discovery: Discovery): Promise<void> {
      await sleep(clock, INVENTORY_AFTER_MS, 'appliance.guest.first', life.signal).catch(() => {});
      const machines = () => [...discovery.machines().values()];
      const inventoried = gate(life.signal);
      await Promise.all([
        job({
          name: `applications ${discovery.source.name}`,
          everyMs: config.guests.inventoryMs,
          limitMs: GUESTS_LIMIT_MS,
          run: (signal) =>
            applications.collect(discovery.source, machines(), signal).finally(inventoried.open),
        }),
        inventoried.passed.then(async () => {
          if (!config.guests.dependencies) return;
          await job({
            name: `dependencies ${discovery.source.name}`,
            everyMs: DEPENDENCIES_EVERY_MS,
            alignedPlusMs: 0,
            limitMs: GUESTS_LIMIT_MS,
            run: (signal) => dependencies.collect(discovery.source, machines(), everyMachine, signal),
          });
        }),
      ]);
    }

    function everyMachine(): SourceMachine[] {
      return discoveries.flatMap((discovery) => [...discovery.machines().values()]);
    }

    /** Registers what answered; vCenters that answer only later are added when they do. */
    async function register(onDone: () => void): Promise<void> {
      let told = 0;
      for (let failures = 0; told < discoveries.length && !life.signal.aborted; ) {
        let wait = config.collection.refreshMs;
        const abouts = discoveries.flatMap(({ about }) => (about?.kind === 'vmware' ? [about] : []));
        if (abouts.length > told)
          try {
            await cloud.register(abouts, life.signal);
            told = abouts.length;
            isRegistered = true;
            failures = 0;
            problems.solved('register');
            log.info({ vcenters: told }, 'registered');
            note(`registered with ${told} vCenters`);
            onDone();
            continue;
          } catch (error) {
            if (life.signal.aborted) return;
            problems.met('register', error);
            failures++;
            wait = retrier.waitAfter('register', failures, error);
          }
        await sleep(clock, wait, 'appliance.job.register', life.signal).catch(() => {});
      }
    }

    async function heartbeat(signal: AbortSignal): Promise<void> {
      const names = ['discovery', 'assessment', ...(replication ? ['gateway', 'dra'] : [])];
      const services = names.map((name) => ({ name, version: APPLIANCE_VERSION, state: 'Running' }));
      const before = clock.wall();
      checkLimits(discoveries, replication);
      const beat = { version: APPLIANCE_VERSION, services, warnings: warnings.list() };
      const theirs = await cloud.heartbeat(beat, signal);
      const skew = Math.abs(theirs - before);
      if (skew > CLOCK_SKEW_MAX_MS)
        log.warn({ skewMinutes: Math.round(skew / MINUTE) }, 'the clock differs from that of the service');
    }

    async function pollReplication(work: Replication): Promise<void> {
      await job({
        name: 'replication',
        everyMs: () => work.pollMs,
        limitMs: SHORT_LIMIT_MS,
        run: (signal) => work.poll(signal),
      });
    }
  }

  function checkLimits(discoveries: readonly Discovery[], replication: Replication | undefined): void {
    const items = replication?.views().filter(({ phase }) => phase !== 'stopped') ?? [];
    warnings.replace(
      LIMIT_KEYS,
      beyondLimits({
        vcenters: discoveries.map((discovery) => {
          const machines = discovery.machines();
          const replicating = items.flatMap(({ instanceUuid }): readonly SourceMachine[] => {
            const machine = machines.get(instanceUuid);
            return machine ? [machine] : [];
          });
          const { source, about } = discovery;
          return {
            name: source.name,
            instanceUuid: about?.kind === 'vmware' ? about.instanceUuid : undefined,
            machines,
            replicating,
          };
        }),
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

  return {
    async stop() {
      if (state === 'crashed' || state === 'stopped') return;
      state = 'stopping';
      life.abort(new Error('the appliance is stopping'));
      await whole;
      await Promise.all((running?.sources ?? []).map((source) => source.close()));
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
      const { dependencies, discoveries } = running;
      const machines = discoveries.flatMap((discovery) => [...discovery.machines().values()]);
      return dependencies.of(0, Number.MAX_SAFE_INTEGER, machines);
    },
    status: () => ({
      state,
      incarnation: running?.incarnation ?? 0,
      isRegistered,
      vcenters: (running?.discoveries ?? []).map((discovery, i) => ({
        host: discovery.source.name,
        version: discovery.about?.kind === 'vmware' ? discovery.about.version : undefined,
        machines: discovery.machines().size,
        refreshedAt: discovery.refreshedAt,
        collectedAt: running!.performance.collectedAt(running!.sources[i]!),
      })),
      machines: (running?.discoveries ?? []).reduce((sum, discovery) => sum + discovery.machines().size, 0),
      samples: running?.performance.samples ?? 0,
      points: running?.performance.points ?? 0,
      lostWindows: running?.performance.lostWindows ?? 0,
      outbox: running?.outbox.pending ?? 0,
      sent: running?.outbox.sent ?? 0,
      replications: running?.replication?.views() ?? [],
      guests: {
        known: running?.applications.inventoried ?? 0,
        failures: running?.applications.failures() ?? [],
      },
      problems: problems.list(),
      warnings: warnings.list(),
    }),
  };
}

function findMachine(
  sources: readonly ReplicationSource[],
  discoveries: readonly Discovery[],
  uuid: string,
): { source: ReplicationSource; machine: VmwareMachine } | undefined {
  for (const [i, discovery] of discoveries.entries()) {
    const machine = discovery.machines().get(uuid);
    if (machine?.kind === 'vmware') return { source: sources[i]!, machine };
  }
  return undefined;
}

/** A promise that its maker resolves, and the end of the appliance as well. */
function gate(life: AbortSignal): { readonly passed: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (life.aborted) resolve();
  else life.addEventListener('abort', () => resolve(), { once: true });
  return { passed: promise, open: resolve };
}
