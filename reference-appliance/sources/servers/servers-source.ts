/**
 * A list of Linux and Windows servers as one source. Each is looked at by itself: what keeps the appliance from one is
 * told with code, cause and remedy, and delays no other. Nothing is installed, nothing is written.
 */
import type { Entropy } from '#core/entropy/entropy.ts';
import { DryliftError } from '#core/errors.ts';
import type { Transport } from '#core/net/transport.ts';
import { type Clock, DeadlineExceeded, deadline } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { MINUTE, type Millis, SECOND } from '#core/units.ts';
import type { GuestCredential, LiveSink, LiveSource, Warning } from '../../app/ports.ts';
import type { ServerMachine, SourceChanges, SourceMachine, Unreached } from '../../app/source-machines.ts';
import type { Logger } from '../../log.ts';
import { errors as sshErrors } from '../ssh/ssh-errors.ts';
import { Logins, splitUser } from '../winrm/logins.ts';
import { Identities, realUuid } from './identity.ts';
import { inLanes } from './lanes.ts';
import { readConfiguration, readCounters } from './linux-reader.ts';
import { tellLinux } from './linux-samples.ts';
import { CONFIGURATION, SAMPLE, scriptOf } from './linux-script.ts';
import type { SourceMemory } from './memory.ts';
import { Rates } from './rates.ts';
import { Machines } from './run-on-machine.ts';
import { errors } from './server-errors.ts';
import { linuxMachine, windowsMachine } from './server-machine.ts';
import { labelOf, type ServerTarget } from './targets.ts';
import { lookAtWindows, sampleWindows } from './windows-look.ts';

export interface ServersOptions {
  /** Names the source in logs and the store. */
  readonly name: string;
  readonly targets: readonly ServerTarget[];
  /** Of both families; those of a target's family are tried in this order. */
  readonly credentials: readonly GuestCredential[];
  readonly memory: SourceMemory;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly counters: Counters;
  readonly log: Logger;
}

/** [facts: collected-data §4] */
const SAMPLE_MS: Millis = 5 * MINUTE;
/** One look at the configuration, and one sample, of one server. */
const LOOK_MS: Millis = 2 * MINUTE;
const SAMPLE_WITHIN_MS: Millis = MINUTE;
/** Servers that are asked at one time; one that takes longer than `SLOW_MS` makes room for the next. */
const WIDTH = 50;
const SLOW_MS: Millis = 5 * SECOND;
/** Further apart, and what the server writes into its logs belongs elsewhere; Azure's own limit of the appliance too. */
const SKEW_MS: Millis = 5 * MINUTE;

interface State {
  readonly target: ServerTarget;
  readonly label: string;
  readonly credentials: readonly GuestCredential[];
  /** As it was seen last. */
  machine: ServerMachine | undefined;
  unreached: Unreached | undefined;
  /** Code → what lacks, of the last look. */
  warnings: readonly Warning[];
}

export function serversSource(options: ServersOptions): LiveSource {
  const { name, clock, counters, memory } = options;
  const logins = new Logins(clock);
  const hostKeys = {
    get: (place: string) => memory.get(`hostKey.${place}`),
    set: (place: string, key: string) => memory.set(`hostKey.${place}`, key),
  };
  const machines = new Machines({ ...options, logins, hostKeys });
  const identities = new Identities(memory);
  const rates = new Rates();
  const states = options.targets.map(
    (target): State => ({
      target,
      label: labelOf(target),
      credentials: options.credentials.filter(
        ({ family, name: known }) =>
          family === target.os && (target.credential === undefined || target.credential === known),
      ),
      machine: undefined,
      unreached: undefined,
      warnings: [],
    }),
  );
  const byHandle = new Map<string, State>();
  for (const state of states) if (!byHandle.has(state.label)) byHandle.set(state.label, state);

  /** Looks at one server. Never throws but for the end of the appliance. */
  async function look(state: State, signal: AbortSignal): Promise<void> {
    try {
      if (byHandle.get(state.label) !== state)
        throw errors.make('server.twice', { what: `${state.label} is listed twice.` });
      const machine = await within(LOOK_MS, signal, (inner) =>
        state.target.os === 'linux' ? lookAtLinux(state, inner) : lookAtWindowsServer(state, inner),
      );
      state.machine = machine;
      state.unreached = undefined;
      counters.add('appliance.servers.looks');
    } catch (error) {
      signal.throwIfAborted();
      miss(state, error);
    }
  }

  async function within<T>(ms: Millis, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) {
    using timer = deadline(clock, ms, 'appliance.servers.look', signal);
    return await work(timer.signal);
  }

  function miss(state: State, error: unknown): void {
    const told =
      error instanceof DeadlineExceeded
        ? errors.make('server.slow', {
            what: `${state.label} took longer than one look may take.`,
            cause: error,
          })
        : error;
    if (!(told instanceof DryliftError)) throw told;
    const { code, what, why, next } = told;
    state.unreached = { name: state.label, code, what, why, next };
    counters.add('appliance.servers.unreached');
  }

  function credentialsOf({ label, target, credentials }: State): readonly GuestCredential[] {
    if (credentials.length > 0) return credentials;
    throw errors.make('server.credential.none', {
      what:
        target.credential === undefined
          ? `There is no credential for ${target.os} servers such as ${label}.`
          : `There is no credential "${target.credential}" for ${target.os} servers, which ${label} wants.`,
    });
  }

  async function lookAtLinux(state: State, signal: AbortSignal): Promise<ServerMachine> {
    const { target, label } = state;
    const askedAt = clock.wall();
    const { result, credential } = await machines.linux.run(
      target,
      credentialsOf(state),
      ({ password }) => scriptOf(CONFIGURATION, password),
      LOOK_MS,
      signal,
    );
    const facts = readConfiguration(result.stdout.toString('utf8'));
    if (!facts)
      throw errors.make('server.answer', {
        what: `${label} answered with what no Linux answers${result.signal === undefined ? '' : ` (ended by ${result.signal})`}.`,
      });
    const macs = facts.nics.map(({ mac }) => mac);
    const id = await identities.of({ uuid: facts.uuid, serial: facts.serial, macs, label });
    const warnings = [
      skew(label, facts.epochSeconds === undefined ? undefined : facts.epochSeconds * SECOND, askedAt),
      facts.sudoComplaint === '' ? undefined : sudoWarning(label, credential.user, facts.sudoComplaint),
      realUuid(facts.uuid) || facts.sudoComplaint !== ''
        ? undefined
        : warning('server.noUuid', `${label} has no SMBIOS UUID: it is known by serial number and adapters.`),
    ];
    state.warnings = warnings.filter((each) => each !== undefined);
    return linuxMachine({ target, credential: credential.name }, id, facts);
  }

  async function lookAtWindowsServer(state: State, signal: AbortSignal): Promise<ServerMachine> {
    const { target, label } = state;
    return machines.windows.use(target, credentialsOf(state), 'inventory', async (connection) => {
      const askedAt = clock.wall();
      const { facts, missing } = await lookAtWindows(connection, signal);
      if (!facts)
        throw errors.make('server.answer', { what: `${label} answered with what no Windows answers.` });
      const macs = facts.nics.map(({ macAddress }) => macAddress);
      const id = await identities.of({ uuid: facts.uuid, serial: facts.serial, macs, label });
      const warnings = [
        skew(label, facts.now, askedAt),
        ...[...missing].map(([name, { code, what, next }]) => warning(`${code}.${name}`, `${what} ${next}`)),
      ];
      state.warnings = warnings.filter((each) => each !== undefined);
      return windowsMachine({ target, credential: connection.credential?.name ?? '' }, id, facts);
    });
  }

  function skew(label: string, now: number | undefined, askedAt: number): Warning | undefined {
    if (now === undefined || Math.abs(now - askedAt) <= SKEW_MS) return undefined;
    const minutes = Math.round(Math.abs(now - askedAt) / MINUTE);
    return warning(
      'server.clock',
      `The clock of ${label} is ${minutes} minutes ${now < askedAt ? 'behind' : 'ahead'}: set it by NTP. Its figures are taken by the appliance's clock.`,
    );
  }

  /** Two entries that lead to one machine: the first counts. */
  function tellTwins(): void {
    const seen = new Map<string, State>();
    for (const state of states) {
      if (!state.machine || state.unreached) continue;
      const twin = seen.get(state.machine.instanceUuid);
      if (!twin) seen.set(state.machine.instanceUuid, state);
      else {
        miss(
          state,
          errors.make('server.twice', { what: `${state.label} is the machine that ${twin.label} is.` }),
        );
        state.machine = undefined;
      }
    }
  }

  const unreached = () => states.flatMap((state) => (state.unreached ? [state.unreached] : []));
  const lanes = { clock, width: WIDTH, slowMs: SLOW_MS };

  /**
   * While nobody knows whether the password of a domain's account is right, what one server refuses is shown to no other.
   * Those that were spared are asked again, the last first: one server that refuses must not stand before all others.
   */
  async function lookAtAll(some: readonly State[], signal: AbortSignal): Promise<void> {
    await inLanes(some, lanes, (state) => look(state, signal));
    const refused = some.filter(
      ({ unreached: why, credentials }) =>
        why?.code === 'winrm.login.refused' && credentials.some(({ user }) => isOfDomain(user)),
    );
    const last = refused.length > 1 ? refused.pop() : undefined;
    if (!last) return;
    await look(last, signal);
    if (!last.unreached) await inLanes(refused, lanes, (state) => look(state, signal));
  }

  async function sampleOne(state: State, machine: ServerMachine, sink: LiveSink, signal: AbortSignal) {
    const { target, label } = state;
    try {
      await within(SAMPLE_WITHIN_MS, signal, async (inner) => {
        if (target.os === 'windows')
          return machines.windows.use(target, credentialsOf(state), 'samples', (connection) =>
            sampleWindows(connection, machine, sink, inner),
          );
        const { result } = await machines.linux.run(
          target,
          credentialsOf(state),
          () => scriptOf(SAMPLE, ''),
          SAMPLE_WITHIN_MS,
          inner,
        );
        const seen = readCounters(result.stdout.toString('utf8'));
        if (!seen) throw errors.make('server.answer', { what: `${label} did not tell its counters.` });
        const macs = machine.nics.map(({ macAddress }) => macAddress);
        if (macs.length > 0 && seen.macs.length > 0 && !macs.some((mac) => seen.macs.includes(mac)))
          throw errors.make('server.changed', {
            what: `At ${label} there is another machine than ${machine.name} now.`,
          });
        tellLinux(machine, seen, rates, clock.monotonic() / SECOND, sink);
      });
      counters.add('appliance.servers.samples');
    } catch (error) {
      signal.throwIfAborted();
      miss(state, error);
    }
  }

  return {
    name,
    kind: 'server',
    sampleMs: SAMPLE_MS,
    about: async () => ({ kind: 'server' }),
    async changes(_waitMs, signal): Promise<SourceChanges> {
      await lookAtAll(states, signal);
      tellTwins();
      const found = states.flatMap(({ machine, unreached: why }) => (machine && !why ? [machine] : []));
      rates.keepOnly(new Set(found.map(({ instanceUuid }) => instanceUuid)));
      return { full: true, machines: found, removed: [], unreached: unreached() };
    },
    async retryUnreached(signal): Promise<SourceChanges> {
      const again = states.filter((state) => state.unreached);
      const before = again.map(({ machine }) => machine?.instanceUuid);
      await lookAtAll(again, signal);
      tellTwins();
      const present = new Set(states.flatMap(({ machine }) => (machine ? [machine.instanceUuid] : [])));
      return {
        full: false,
        machines: again.flatMap(({ machine, unreached: why }) => (machine && !why ? [machine] : [])),
        removed: before.filter((id) => id !== undefined && !present.has(id)) as string[],
        unreached: unreached(),
      };
    },
    async prerequisites(): Promise<ReadonlyMap<string, Warning>> {
      return new Map(
        states.flatMap(({ label, warnings }) =>
          warnings.map((each) => [`${label} ${each.code}`, each] as const),
        ),
      );
    },
    async sample(wanted, sink, signal): Promise<void> {
      const asked = wanted.flatMap((machine) => {
        const state = byHandle.get(machine.handle);
        return state && isServer(machine) ? [{ state, machine }] : [];
      });
      await inLanes(asked, lanes, ({ state, machine }) => sampleOne(state, machine, sink, signal));
    },
    async runInGuest(machine, credential, script, signal): Promise<string> {
      const state = byHandle.get(machine.handle);
      if (!state) throw errors.make('guest.unreachable', { what: `${machine.name} is in the list no more.` });
      return machines.runScript(state.target, credential, script, signal);
    },
    async close() {
      machines.close();
    },
  };
}

const isOfDomain = (user: string): boolean => !['', '.'].includes(splitUser(user).domain);

const isServer = (machine: SourceMachine): machine is ServerMachine => machine.kind === 'server';

const warning = (code: string, message: string): Warning => ({ code, message });

/** Sudo's own words say which of its refusals it is. */
function sudoWarning(label: string, user: string, complaint: string): Warning {
  const code = /must have a tty/.test(complaint)
    ? 'ssh.sudo.tty'
    : /not found/.test(complaint)
      ? 'ssh.sudo.missing'
      : 'ssh.sudo.denied';
  const { why, next } = sshErrors.codes[code];
  return warning(
    code,
    `${label} does not let ${user} become root ("${complaint.slice(0, 200)}"): serial number, UUID and the processes of connections stay unknown. ${why} ${next}`,
  );
}
