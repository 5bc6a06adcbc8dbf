/**
 * Windows Remote Management of one host: its listeners on HTTP and HTTPS, and what may become of the host while they
 * listen. It reboots, shows another certificate, or has a clock that is wrong, as long as a scenario says so.
 */
import { serveHttp } from '#core/net/http-server.ts';
import type { Endpoint, Listener, TlsIdentity } from '#core/net/transport.ts';
import { channelBindingOf } from '#core/wire/ntlm/channel-binding.ts';
import { exchangeObserver, type Simulator, type SimulatorContext } from '../kit/context.ts';
import type { Fault, FaultPoint } from '../kit/fault-points.ts';
import type { Accounts, HostNames } from './accounts.ts';
import type { CertificateMapping } from './authentication/client-certificates.ts';
import { HttpAuthentication, type ServiceSettings } from './authentication/http-authentication.ts';
import type { CimHost } from './cim/cim-service.ts';
import { ServiceConfig } from './config.ts';
import { CLOCK_ERRORS, POINTS, winrmFaultPoints } from './fault-points.ts';
import { HostFaults } from './host-faults.ts';
import { HttpService } from './http-service.ts';
import { WsmanOperations } from './operations.ts';
import { quotasOf } from './quotas.ts';
import type { CommandHost } from './shell/command-host.ts';

export interface WinrmHost {
  readonly names: HostNames;
  /** "10.0.17763" */
  readonly osVersion: string;
  readonly accounts: Accounts;
  /** What the service begins with; an administrator may change it (winrm/config). */
  readonly settings: ServiceSettings;
  /** Accounts that certificates stand for, where the settings take them. */
  readonly certificateMappings?: readonly CertificateMapping[];
  readonly cim: CimHost;
  readonly commands: CommandHost;
  /** Is the machine on? It always is where this is left out. */
  readonly isUp?: () => boolean;
}

export interface WinrmOptions {
  readonly context: SimulatorContext;
  /** In the trace and the counters: "hyperv", "windows". */
  readonly who: string;
  readonly host: WinrmHost;
  /** Usually port 5985; none without. */
  readonly http?: Endpoint | readonly Endpoint[];
  /** Usually port 5986; none without. */
  readonly https?: Endpoint | readonly Endpoint[];
  /** Names and addresses in its certificate. */
  readonly certificateNames: readonly string[];
  /** Points of what the host shows beside WinRM itself. */
  readonly points?: readonly FaultPoint[];
}

export interface WinrmServer extends Simulator {
  readonly http: Endpoint | undefined;
  readonly https: Endpoint | undefined;
}

/** Starts listening. @throws DryliftError `net.listen` */
export async function startWinrm(options: WinrmOptions): Promise<WinrmServer> {
  options.context.faults.declare([...winrmFaultPoints(), ...(options.points ?? [])]);
  const server = new HostListeners(options);
  try {
    return await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Long over by any clock. */
const EXPIRED = { from: Date.UTC(2001, 0, 1), to: Date.UTC(2001, 0, 2) };

interface StrangeIdentities {
  readonly expired: TlsIdentity;
  readonly otherName: TlsIdentity;
}

const strange = new WeakMap<object, Promise<StrangeIdentities>>();

/** Made once for all hosts of a world, before anything happens in it: no client looks further than at what is wrong. */
function strangeIdentities({ faults, identityFor }: SimulatorContext): Promise<StrangeIdentities> {
  let made = strange.get(faults);
  if (!made) {
    const make = async (): Promise<StrangeIdentities> => ({
      expired: await identityFor(['expired.invalid'], EXPIRED),
      otherName: await identityFor(['another.invalid']),
    });
    made = make();
    strange.set(faults, made);
  }
  return made;
}

class HostListeners {
  readonly #options: WinrmOptions;
  readonly #operations: WsmanOperations;
  readonly #service: HttpService;
  readonly #faults: HostFaults;
  readonly #config: ServiceConfig;
  readonly #watching: Disposable[] = [];
  #listeners: Listener[] = [];
  /** Of HTTPS: what is shown now, and all that were ever shown, which clients may have bound a logon to. */
  #identity: TlsIdentity | undefined;
  readonly #bindings: Buffer[] = [];
  #strange: StrangeIdentities | undefined;
  #clockError = 0;
  #isStopped = false;
  /** What a reboot has begun and not ended. */
  #pending: Promise<unknown> = Promise.resolve();

  constructor(options: WinrmOptions) {
    const { context, host } = options;
    this.#options = options;
    this.#faults = new HostFaults(context.faults, host.names.dnsName);
    const config = new ServiceConfig(host.settings, quotasOf(host.osVersion));
    this.#config = config;
    this.#operations = new WsmanOperations({ context, host, config, faults: this.#faults });
    this.#service = new HttpService({
      context,
      host,
      config,
      operations: this.#operations,
      faults: this.#faults,
      now: () => this.#now(),
    });
  }

  async start(): Promise<WinrmServer> {
    const { http, https } = this.#options;
    if (https) {
      const { context, certificateNames } = this.#options;
      this.#show(await context.identityFor(certificateNames));
      this.#strange = await strangeIdentities(context);
    }
    const at = {
      http: http && (await this.#listen(http, false)),
      https: https && (await this.#listen(https, true)),
    };
    this.#follow(at);
    return { ...at, stop: () => this.stop() };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const watching of this.#watching) watching[Symbol.dispose]();
    await this.#pending;
    this.#operations.stop();
    await this.#close();
  }

  #now(): number {
    return this.#options.context.clock.wall() + this.#clockError;
  }

  /** From now on connections are shown this certificate. */
  #show(identity: TlsIdentity): void {
    this.#identity = identity;
    const binding = channelBindingOf(identity.certificatePem);
    if (!this.#bindings.some((known) => known.equals(binding))) this.#bindings.push(binding);
  }

  async #listen(at: Endpoint | readonly Endpoint[], secure: boolean): Promise<Endpoint> {
    const { context, who, host } = this.#options;
    const authentication = new HttpAuthentication({
      accounts: host.accounts,
      names: host.names,
      settings: this.#config.settings,
      secure,
      clock: { wall: () => this.#now() },
      entropy: context.entropy,
      channelBindings: this.#bindings,
      faults: this.#faults,
      certificateMappings: host.certificateMappings ?? [],
    });
    const listener = await serveHttp({
      transport: context.transport,
      at,
      ...(secure
        ? { identity: () => this.#identity!, asksForCertificate: this.#config.settings.certificate ?? false }
        : {}),
      clock: context.clock,
      handler: this.#service.handler(authentication, secure),
      onExchange: exchangeObserver(context, who),
    });
    this.#listeners.push(listener);
    return listener.endpoint;
  }

  async #close(): Promise<void> {
    const open = this.#listeners;
    this.#listeners = [];
    for (const listener of open) await listener.close();
  }

  /** States that a scenario brings about, each from its start to its end. */
  #follow({ http, https }: { http: Endpoint | undefined; https: Endpoint | undefined }): void {
    this.#state(POINTS.host, () => {
      this.#operations.stop();
      this.#soon(() => this.#close());
      return () =>
        this.#soon(async () => {
          // a real port stays what it became; a name of the world is what it was
          const again = (real: Endpoint, given: Endpoint | readonly Endpoint[]) =>
            this.#options.context.transport.tier === 'wall' ? real : given;
          if (http) await this.#listen(again(http, this.#options.http!), false);
          if (https) await this.#listen(again(https, this.#options.https!), true);
        });
    });
    this.#state(POINTS.certificate, ({ answer }) => {
      const own = this.#identity;
      const strange = this.#strange?.[answer === 'expired' ? 'expired' : 'otherName'];
      if (strange) this.#show(strange);
      return () => {
        if (own) this.#show(own);
      };
    });
    this.#state(POINTS.clock, ({ answer }) => {
      this.#clockError = CLOCK_ERRORS[answer] ?? 0;
      return () => {
        this.#clockError = 0;
      };
    });
  }

  #state(point: string, begin: (fault: Fault) => () => void): void {
    const { clock } = this.#options.context;
    const watching = this.#faults.watch(point, (fault) => {
      clock.schedule(Math.max(fault.from, clock.wall()), point, () => {
        if (this.#isStopped || !this.#faults.hit(point, () => [])) return;
        const end = begin(fault);
        if (Number.isFinite(fault.until))
          clock.schedule(fault.until, point, () => {
            if (!this.#isStopped) end();
          });
      });
    });
    this.#watching.push(watching);
  }

  /** One after the other. */
  #soon(work: () => Promise<void>): void {
    this.#pending = this.#pending.then(() => (this.#isStopped ? undefined : work()));
  }
}
