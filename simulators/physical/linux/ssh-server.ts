/**
 * A Linux server over SSH: OpenSSH's behaviour as clients see it. Commands run in the guest's shell, files are the
 * guest's files; the protocol itself is ssh2's.
 */
import type { Duplex } from 'node:stream';
import type { Connection } from 'ssh2';
import ssh2 from 'ssh2';
import type { Endpoint, Listener } from '#core/net/transport.ts';
import type { Timer } from '#core/time/clock.ts';
import type { Millis, UnixMillis } from '#core/units.ts';
import type { Guest } from '../../estate/guest/guest.ts';
import { linuxTools } from '../../estate/guest/linux-tools.ts';
import type { Simulator, SimulatorContext } from '../../kit/context.ts';
import { linuxFaultPoints, POINTS, ServerFaults } from './fault-points.ts';
import { opensshKeyFrom } from './openssh-key.ts';
import { type Admitted, type AuthMethod, admitted } from './ssh-authentication.ts';
import { serveSession } from './ssh-session.ts';

/** As in sshd_config, with the defaults of OpenSSH. */
export interface SshdSettings {
  readonly maxAuthTries: number;
  readonly maxSessions: number;
  /** Of connections that nobody has logged in on: from `begin` on some are dropped, from `full` on all. */
  readonly maxStartups: { readonly begin: number; readonly percent: number; readonly full: number };
  readonly loginGraceMs: Millis;
  readonly methods: readonly AuthMethod[];
}

const DEFAULTS: SshdSettings = {
  maxAuthTries: 6,
  maxSessions: 10,
  maxStartups: { begin: 10, percent: 30, full: 100 },
  loginGraceMs: 120_000,
  methods: ['publickey', 'password', 'keyboard-interactive'],
};

export interface SshOptions {
  readonly context: SimulatorContext;
  readonly guest: Guest;
  readonly at: Endpoint | readonly Endpoint[];
  /** Keys in OpenSSH's one-line form ("ssh-ed25519 AAAA…") by user name. */
  readonly authorizedKeys?: ReadonlyMap<string, readonly string[]>;
  readonly settings?: Partial<SshdSettings>;
}

export interface SshServer extends Simulator {
  readonly endpoint: Endpoint;
}

/** SSH_DISCONNECT_PROTOCOL_ERROR: what sshd says to too many attempts. [RFC 4253, 11.1] */
const PROTOCOL_ERROR = 2;

/** Starts listening. @throws DryliftError `net.listen` */
export async function startSshServer(options: SshOptions): Promise<SshServer> {
  const server = new Sshd(options);
  await server.listen();
  return server;
}

class Sshd implements SshServer {
  readonly #options: SshOptions;
  readonly #settings: SshdSettings;
  readonly #faults: ServerFaults;
  readonly #open = new Set<Duplex>();
  readonly #timers = new Set<Timer>();
  readonly #server: ssh2.Server;
  readonly #watching: Disposable;
  #listener: Listener | undefined;
  /** Connections that nobody has logged in on. */
  readonly #startups = new Set<Duplex>();
  #taken = 0;
  #downUntil: UnixMillis = Number.NEGATIVE_INFINITY;

  constructor(options: SshOptions) {
    const { context, guest } = options;
    this.#options = options;
    this.#settings = { ...DEFAULTS, ...options.settings };
    context.faults.declare(linuxFaultPoints());
    this.#faults = new ServerFaults(context.faults, guest.machine.dnsName || guest.machine.name);
    this.#server = this.#withKey('ssh.hostKey');
    this.#watching = this.#faults.watch(POINTS.host, ({ from, until }) => this.#reboot(from, until));
  }

  get endpoint(): Endpoint {
    return this.#listener!.endpoint;
  }

  async listen(): Promise<void> {
    const { context, at } = this.#options;
    this.#listener = await context.transport.listen(at, (raw, from) => this.#take(raw, from));
  }

  async stop(): Promise<void> {
    this.#watching[Symbol.dispose]();
    for (const timer of this.#timers) timer.cancel();
    await this.#listener?.close();
    for (const raw of this.#open) raw.destroy();
  }

  #withKey(stream: string): ssh2.Server {
    const { context, guest } = this.#options;
    const key = opensshKeyFrom(context.entropy.bytes(32, stream, guest.machine.id));
    return new ssh2.Server({ hostKeys: [key], ident: identOf(guest) }, (connection) =>
      this.#serve(connection),
    );
  }

  /** The system goes down, and is up again when the fault is over, as after any start. */
  #reboot(from: UnixMillis, until: UnixMillis): void {
    const { clock } = this.#options.context;
    const at = (when: UnixMillis, label: string, act: () => void): void => {
      const timer = clock.schedule(when, label, () => {
        this.#timers.delete(timer);
        act();
      });
      this.#timers.add(timer);
    };
    at(Math.max(from, clock.wall()), 'ssh.reboot', () => {
      // somebody may have lifted the fault in the meantime
      if (!this.#faults.hit(POINTS.host)) return;
      this.#downUntil = until;
      for (const raw of this.#open) raw.destroy();
    });
    at(until, 'ssh.booted', () => {
      if (this.#downUntil === until) this.#options.guest.restart(until);
    });
  }

  #take(raw: Duplex, from: string): void {
    const { context, guest } = this.#options;
    const { clock, entropy } = context;
    raw.on('error', () => {});
    // a machine that is off does not answer
    if (!guest.isOn() || clock.wall() < this.#downUntil) return void raw.destroy();
    const fault = this.#faults.hit(POINTS.connect, from)?.answer;
    if (fault === 'refused' || fault === 'reset' || fault === 'maxStartups') return void raw.destroy();
    this.#open.add(raw);
    raw.once('close', () => this.#open.delete(raw));
    if (fault === 'silent') return;
    const { begin, percent, full } = this.#settings.maxStartups;
    const startups = this.#startups.size;
    const chance = (percent + ((100 - percent) * (startups - begin)) / Math.max(1, full - begin)) / 100;
    const taken = this.#taken++;
    if (
      startups >= full ||
      (startups >= begin && entropy.ratio('ssh.startup', guest.machine.id, taken) < chance)
    )
      return void raw.destroy();
    const changed = this.#faults.hit(POINTS.hostKey)?.answer === 'changed';
    const server = changed ? this.#withKey('ssh.otherHostKey') : this.#server;
    this.#startups.add(raw);
    const grace = clock.schedule(clock.wall() + this.#settings.loginGraceMs, 'ssh.grace', () => {
      if (this.#startups.has(raw)) raw.destroy();
    });
    raw.once('close', () => {
      this.#startups.delete(raw);
      grace.cancel();
    });
    server.injectSocket(raw as Parameters<typeof server.injectSocket>[0]);
  }

  #serve(connection: Connection): void {
    const { context, guest, authorizedKeys = new Map() } = this.#options;
    const { maxAuthTries, maxSessions, methods } = this.#settings;
    const raw = internals(connection)._sock;
    const cut = (): void => void raw.destroy();
    let who: Admitted | undefined;
    let attempts = 0;
    let sessions = 0;
    connection.on('error', () => {}); // the client went away, or spoke something else
    connection.on('authentication', (attempt) => {
      void admitted(attempt, { guest, authorizedKeys, methods, faults: this.#faults }).then((found) => {
        if (found === 'more') return;
        if (found === 'nologin') return cut();
        if (found) {
          who = found;
          this.#startups.delete(raw);
          return attempt.accept();
        }
        // `none` only asks for the methods
        if (attempt.method !== 'none' && ++attempts >= maxAuthTries) return disconnect(connection);
        attempt.reject([...methods]);
      });
    });
    connection.on('ready', () => {
      connection.on('session', (accept, reject) => {
        if (sessions >= maxSessions) return void reject();
        sessions++;
        const session = accept();
        session.on('close', () => sessions--);
        serveSession(session, { context, guest, who: who!, faults: this.#faults, cut });
      });
    });
  }
}

/** What ssh2 has and does not offer. */
function internals(connection: Connection): {
  readonly _sock: Duplex;
  readonly _protocol?: { disconnect(reason: number): void };
} {
  return connection as never;
}

/** "Too many authentication failures": its reason is a protocol error, which ssh2's own `end` does not say. */
function disconnect(connection: Connection): void {
  internals(connection)._protocol?.disconnect(PROTOCOL_ERROR);
  connection.end();
}

/** As each distribution's sshd names itself. */
function identOf({ os }: Guest): string {
  if (os.family !== 'linux') return 'OpenSSH_8.9p1';
  const { kernel } = linuxTools(os);
  const version =
    kernel < 300 ? '5.3' : kernel < 400 ? '7.4' : kernel < 500 ? '8.0' : kernel < 600 ? '8.9p1' : '9.2p1';
  if (os.id === 'ubuntu') return `OpenSSH_${version} Ubuntu-3ubuntu0.10`;
  return os.id === 'debian' ? `OpenSSH_${version} Debian-2+deb${os.versionId}u3` : `OpenSSH_${version}`;
}
