/**
 * A world: the parts of one datacentre, what shows them (a vCenter, Hyper-V hosts, servers that are reached directly)
 * and Azure, the internet between, the appliance, and a person at Azure's side; on one clock, one network of the
 * chosen tier, one trace. Everything that is started here is stopped here.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Appliance, startAppliance } from '#appliance/appliance.ts';
import type { ApplianceConfig } from '#appliance/config.ts';
import { createLog } from '#appliance/log.ts';
import { openStore } from '#appliance/store/store.ts';
import { assert } from '#core/assert.ts';
import { Entropy } from '#core/entropy/entropy.ts';
import { type CertificateAuthority, createAuthority } from '#core/net/certificates.ts';
import { HttpClient } from '#core/net/http-client.ts';
import { type LinkRule, LinkRules } from '#core/net/link-rules.ts';
import { MemoryNetwork } from '#core/net/memory-network.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import type { Network, Transport } from '#core/net/transport.ts';
import { Quiescence } from '#core/time/quiescence.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { VirtualClock } from '#core/time/virtual-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { DAY, type Millis, type UnixMillis } from '#core/units.ts';
import type { SeedResources } from '#simulators/azure/landing-zone.ts';
import { type AzureSimulator, startAzure } from '#simulators/azure/server.ts';
import { Estate } from '#simulators/estate/estate.ts';
import { guestsOf, joinGuests } from '#simulators/estate/guest/guests.ts';
import type { Machine } from '#simulators/estate/model.ts';
import { attachImage } from '#simulators/estate/virtual-disk.ts';
import { startProxy } from '#simulators/internet/forward-proxy.ts';
import { startInternetHosts } from '#simulators/internet/hosts.ts';
import type { Simulator, SimulatorContext } from '#simulators/kit/context.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';
import { startVcenter } from '#simulators/vcenter/server.ts';
import { ArmClient } from './arm-client.ts';
import type { EstatePlan } from './estate-plan.ts';
import { FaultPlan } from './fault-plan.ts';
import { type LandingZone, Operator } from './operator.ts';
import type { LinkQuality, Scenario } from './scenario.ts';
import { TraceLog } from './trace-log.ts';
import {
  applianceConfig,
  type GuestLogin,
  guestLogins,
  landingZone,
  SERVER_LOGINS,
  SITE,
} from './world-appliance.ts';
import {
  type HypervTarget,
  hypervLogin,
  hypervTargets,
  type Login,
  startHypervHosts,
  startMachines,
} from './world-machines.ts';

export interface WorldOptions {
  readonly scenario: Pick<Scenario, 'clock' | 'faults'> & Partial<Pick<Scenario, 'network' | 'appliance'>>;
  readonly estate: EstatePlan;
  readonly seed: string;
  readonly tier: 'memory' | 'loopback';
  /** Aborted to end the story early. */
  readonly signal: AbortSignal;
}

/** Nodes that are dialled by name; link rules match on these, and on Azure's real host names. */
const VCENTER = { host: 'vcenter', port: 443 } as const;
const PROXY = { host: 'proxy', port: 3128 } as const;
const USER = 'appliance@vsphere.local';
const LOG_LINES_MAX = 50_000;

export class World {
  readonly clock: VirtualClock;
  readonly start: UnixMillis;
  readonly tier: 'memory' | 'loopback';
  readonly entropy: Entropy;
  /** What vCenter shows. */
  readonly estate: Estate;
  /** What Hyper-V shows; without hosts where there is none. */
  readonly hyperv: Estate;
  /** Servers that stand by themselves; without machines where there are none. */
  readonly servers: Estate;
  readonly counters = new Counters();
  readonly trace = new TraceLog();
  readonly points: FaultPoints;
  readonly faults: FaultPlan;
  /** Texts that must be found nowhere. */
  readonly secrets: readonly string[];
  /** What the appliance logged in all its lives. */
  readonly log: string[] = [];
  readonly #seed: string;
  readonly #signal: AbortSignal;
  readonly #quiescence: Quiescence;
  readonly #network: Network;
  readonly #authority: CertificateAuthority;
  readonly #zone: SeedResources;
  readonly #password: string;
  readonly #collectEvery: Millis | undefined;
  readonly #guests: readonly GuestLogin[];
  readonly #serverLogins: readonly GuestLogin[];
  readonly #hypervLogin: Login;
  readonly #alsoServers: readonly string[];
  readonly #started: Simulator[] = [];
  #azure: AzureSimulator | undefined;
  #http: HttpClient | undefined;
  #arm: ArmClient | undefined;
  #operator: Operator | undefined;
  #appliance: Appliance | undefined;
  #storePath: string | undefined;

  /** Builds and starts everything but the appliance. @throws `net.listen` and whatever the parts throw */
  static async start(options: WorldOptions): Promise<World> {
    const { clock } = options.scenario;
    const now = new SystemClock().wall();
    const authority = await createAuthority('drylift rehearsal CA', {
      from: Math.min(now, clock.start) - DAY,
      to: Math.max(now, clock.start + clock.limit) + 3650 * DAY,
    });
    const world = new World(options, authority);
    try {
      await world.#startServers();
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  private constructor(
    { scenario, estate, seed, tier, signal }: WorldOptions,
    authority: CertificateAuthority,
  ) {
    this.tier = tier;
    this.start = scenario.clock.start;
    this.#seed = seed;
    this.#signal = signal;
    this.#authority = authority;
    this.entropy = new Entropy(seed);
    this.#quiescence = new Quiescence();
    this.clock = new VirtualClock({
      start: scenario.clock.start,
      entropy: this.entropy,
      quiescence: this.#quiescence,
      onTimer: (at, label) => {
        // what follows the first space names an object, and would make a counter of each
        this.counters.add(`timers.${label.split(' ', 1)[0]}`);
        this.trace.record({ at, kind: 'timer', who: 'clock', what: label });
      },
    });
    const links = new LinkRules(this.clock, (rule, note) => this.#linkActed(rule, note));
    for (const [i, quality] of (scenario.network ?? []).entries())
      for (const rule of permanentRules(quality, `network ${i + 1}`)) links.add(rule);
    this.#network =
      tier === 'memory'
        ? new MemoryNetwork({ clock: this.clock, links, quiescence: this.#quiescence })
        : new TcpNetwork({ tier, links, quiescence: this.#quiescence });
    this.points = new FaultPoints({ clock: this.clock, recorder: this.trace });
    const shared = { clock: this.clock, entropy: this.entropy };
    this.estate = new Estate(estate.facts, shared);
    this.hyperv = new Estate(estate.hyperv, shared);
    this.servers = new Estate(estate.servers, shared);
    joinGuests([this.estate, this.hyperv, this.servers]);
    this.#alsoServers = estate.alsoServers;
    this.#hypervLogin = hypervLogin(this.entropy);
    for (const [diskId, image] of estate.images) attachImage(this.estate.disk(diskId), image);
    this.#collectEvery = scenario.appliance?.['collect-every'];
    this.#password = `Pw-${this.entropy.hex(24, 'world.vcenterPassword')}`;
    this.#zone = landingZone(this.entropy);
    this.#guests = guestLogins(estate.facts.seed, scenario.appliance?.guests ?? []);
    this.#serverLogins = guestLogins(estate.facts.seed, scenario.appliance?.guests ?? SERVER_LOGINS);
    this.secrets = [
      this.#password,
      this.#hypervLogin.password,
      ...this.#zone.clients.map(({ secret }) => secret),
      ...this.#guests.map(({ password }) => password),
      ...this.#serverLogins.map(({ password }) => password),
    ];
    this.faults = new FaultPlan({
      faults: scenario.faults,
      clock: this.clock,
      points: this.points,
      links,
      crash: () => this.crashAppliance(),
      restart: async () => this.startAppliance(),
      onAct: (id, what) =>
        this.trace.record({ at: this.clock.wall(), kind: 'fault', who: 'appliance', what: `${id} ${what}` }),
    });
    this.trace.listen((event) => this.faults.observe(event));
  }

  get azure(): AzureSimulator {
    assert(this.#azure, 'Azure has been started');
    return this.#azure;
  }

  /** The network as a node sees it: for tools of tests. */
  networkAs(node: string): Transport {
    return this.#network.as(node);
  }

  /** PEM of the authority that all certificates of the world come from. */
  get trust(): string {
    return this.#authority.certificatePem;
  }

  get hasVcenter(): boolean {
    return this.estate.facts.hosts.length > 0;
  }

  /** Hyper-V hosts and clusters by the names they are reached by. */
  get hypervTargets(): readonly HypervTarget[] {
    return hypervTargets(this.hyperv);
  }

  /** Does one of the accounts that the appliance has for servers open the machine? */
  opensServer(machineId: string): boolean {
    const guest = guestsOf(this.servers).guest(machineId);
    return this.#serverLogins.some(({ user, password }) => guest?.logIn(user, password));
  }

  /** Machines that are listed as servers: those in racks, and those that another source shows as well. */
  listedServers(): ReadonlyArray<{ readonly machine: Machine; readonly estate: Estate }> {
    const also = (estate: Estate) =>
      estate
        .machines()
        .filter(({ name }) => this.#alsoServers.includes(name))
        .map((machine) => ({ machine, estate }));
    return [
      ...this.servers.machines().map((machine) => ({ machine, estate: this.servers })),
      ...also(this.hyperv),
      ...also(this.estate),
    ];
  }

  get operator(): Operator {
    assert(this.#operator, 'the operator has been given an account');
    return this.#operator;
  }

  /** The operator's own connection, for downloads. */
  get tools(): { readonly arm: ArmClient; readonly http: HttpClient } {
    assert(this.#arm && this.#http, 'the operator has been given an account');
    return { arm: this.#arm, http: this.#http };
  }

  /** The appliance in its present life; undefined before the first and while it is dead. */
  get appliance(): Appliance | undefined {
    return this.#appliance;
  }

  /** Where the appliance keeps its store: a file in this folder, which outlives crashes. */
  keepStoreIn(folder: string): void {
    this.#storePath = join(folder, 'appliance.db');
  }

  get storePath(): string {
    assert(this.#storePath, 'the appliance has been given a place for its store');
    return this.#storePath;
  }

  /** Begins a life of the appliance on its store. */
  startAppliance(): void {
    assert(!this.#appliance, 'one appliance at a time');
    const log = createLog({
      clock: this.clock,
      level: 'info',
      write: (line) => void (this.log.length < LOG_LINES_MAX && this.log.push(line)),
    });
    const store = openStore({
      path: this.storePath,
      clock: this.clock,
      key: createHash('sha256').update(`store key ${this.#seed}`).digest(),
      recorder: this.trace,
      counters: this.counters,
      synchronous: 'off',
    });
    this.#appliance = startAppliance({
      clock: this.clock,
      transport: this.#network.as('appliance'),
      entropy: this.entropy,
      store,
      config: this.#applianceConfig(),
      log,
      trust: [this.#authority.certificatePem],
      recorder: this.trace,
      counters: this.counters,
    });
  }

  /** Ends the appliance in an orderly way; needs the clock to run. */
  async stopAppliance(): Promise<void> {
    const appliance = this.#appliance;
    this.#appliance = undefined;
    await appliance?.stop();
  }

  /** Stops whatever runs. Never needs the clock; can be called at any time. */
  async stop(): Promise<void> {
    this.crashAppliance();
    this.#http?.close();
    for (const simulator of this.#started.reverse()) await simulator.stop();
    await this.#network.close();
    this.#quiescence[Symbol.dispose]();
  }

  async #startServers(): Promise<void> {
    const context = (node: string): SimulatorContext => ({
      clock: this.clock,
      entropy: this.entropy,
      transport: this.#network.as(node),
      recorder: this.trace,
      counters: this.counters,
      faults: this.points,
      identityFor: (names, validity) => this.#authority.issue(names, validity),
    });
    if (this.hasVcenter)
      this.#started.push(
        await startVcenter({
          context: context('vcenter'),
          estate: this.estate,
          at: VCENTER,
          names: [VCENTER.host],
          users: [{ name: USER, password: this.#password, role: 'administrator' }],
        }),
      );
    const machines = { network: this.#network, context };
    this.#started.push(...(await startHypervHosts(this.hyperv, this.#hypervLogin, machines)));
    for (const [estate, reached] of [
      [this.estate, this.estate.machines().filter(({ name }) => this.#alsoServers.includes(name))],
      [this.hyperv, this.hyperv.machines()],
      [this.servers, this.servers.machines()],
    ] as const)
      this.#started.push(...(await startMachines(estate, reached, machines)));
    const azure = await startAzure({ context: context('azure'), seed: this.#zone });
    this.#azure = azure;
    this.#started.push(azure);
    // where agents are downloaded; telemetry is optional, and nobody takes it here
    const others = await startInternetHosts({ context: context('internet') });
    this.#started.push(others);
    this.#started.push(
      await startProxy({
        context: context('proxy'),
        at: PROXY,
        route: (host, port) =>
          azure.knows(host, port) || others.knows(host, port) ? { host, port } : undefined,
        dialAs: (node) => this.#network.as(node),
      }),
    );
    this.#http = new HttpClient({
      transport: this.#network.as('operator'),
      clock: this.clock,
      tls: { trust: [this.#authority.certificatePem] },
      proxy: PROXY,
    });
    const operator = this.#zone.clients.find(({ name }) => name === 'operator')!;
    const shared = { clock: this.clock, signal: this.#signal };
    this.#arm = new ArmClient({
      ...shared,
      http: this.#http,
      principal: {
        tenantId: this.#zone.tenantId,
        clientId: operator.clientId,
        clientSecret: operator.secret,
      },
    });
    const zone: LandingZone = { ...this.#zone, site: SITE };
    this.#operator = new Operator({ ...shared, arm: this.#arm, zone });
  }

  #applianceConfig(): ApplianceConfig {
    return applianceConfig({
      zone: this.#zone,
      proxy: PROXY,
      vcenter: this.hasVcenter ? { host: VCENTER.host, user: USER, password: this.#password } : undefined,
      hyperv: { targets: this.hypervTargets, login: this.#hypervLogin },
      servers: {
        guests: guestsOf(this.servers),
        listed: this.listedServers().map(({ machine }) => machine.id),
        logins: this.#serverLogins,
      },
      guests: this.#guests,
      collectEvery: this.#collectEvery,
    });
  }

  /** Ends the life of the appliance as a power cut would. @returns false when there was none. */
  crashAppliance(): boolean {
    const appliance = this.#appliance;
    if (!appliance) return false;
    this.#appliance = undefined;
    appliance.crash();
    return true;
  }

  /**
   * A cut or a refusal is an event each time. Delays act on every piece of data, and how data falls into pieces
   * is the tier's business: only the first is told.
   */
  #linkActed(rule: LinkRule, note: string): void {
    if (rule.end === FOREVER) return;
    const { do: action } = rule.action;
    const once = action === 'delay' || action === 'stall' || action === 'throttle';
    if (once && this.#told.has(rule.id)) return;
    this.#told.add(rule.id);
    this.trace.record({
      at: this.clock.wall(),
      kind: 'link',
      who: `${rule.from} -> ${rule.to}`,
      what: `${rule.id} ${once ? action : note}`,
    });
  }
  readonly #told = new Set<string>();
}

const FOREVER: UnixMillis = Number.MAX_SAFE_INTEGER;

/** What always holds of a link is no event and no fault. */
function permanentRules({ link, latency, bandwidth }: LinkQuality, id: string): LinkRule[] {
  const always = { id, ...link, start: 0, end: FOREVER };
  const rules: LinkRule[] = [];
  if (latency !== undefined)
    rules.push({ ...always, direction: 'both', action: { do: 'delay', ms: latency } });
  if (bandwidth !== undefined)
    for (const direction of ['out', 'in'] as const)
      rules.push({ ...always, direction, action: { do: 'throttle', bytesPerSecond: bandwidth } });
  return rules;
}
