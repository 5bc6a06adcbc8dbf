/**
 * Agentless dependencies: every five minutes each guest is asked for its TCP connections; what was seen is combined by
 * slots of six hours and told to the service when a slot is over. A collection's sightings become durable together, so
 * that a restart neither loses nor doubles them. [facts: collected-data §4, §9]
 */
import { HOUR, type UnixMillis } from '#core/units.ts';
import type { Database } from '../store/store.ts';
import {
  type Applications,
  failureOf,
  type GuestsOptions,
  inParallel,
  isLookedInto,
} from './applications.ts';
import { DEPENDENCY_SCRIPTS, readConnections } from './guest-scripts.ts';
import { readNumber, writeNumber } from './outbox.ts';
import type { Dependency, DependencyStatus, DiscoverySource, GuestFailure } from './ports.ts';
import type { SourceKind, SourceMachine } from './source-machines.ts';

export const SLOT = 6 * HOUR;
const AT_ONCE = 10;
/** Documented: dependencies of 1,000 servers an appliance. */
const MACHINES_SUPPORTED = 1000;
const SLOTS_KEPT = 4 * 30;
const DEPENDENCIES_PER_BATCH = 20_000;
const NO_PROCESS = '';

interface Sighting {
  readonly view: 'source' | 'destination';
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  readonly process: string;
  readonly application: string;
}

export class Dependencies {
  readonly #options: GuestsOptions;
  readonly #applications: Applications;
  /** Of the slot that runs, by machine: collections that succeeded, and what went wrong last. */
  readonly #status = new Map<string, { collections: number; failure: GuestFailure | undefined }>();
  collectedAt: UnixMillis | undefined;
  #isWarned = false;
  #closing: Promise<void> = Promise.resolve();

  constructor(options: GuestsOptions, applications: Applications) {
    this.#options = options;
    this.#applications = applications;
  }

  /** Asks every machine that a credential is known for, and closes slots that are over. @throws `net.*`, `vcenter.*` */
  async collect(
    source: DiscoverySource,
    machines: readonly SourceMachine[],
    all: () => Iterable<SourceMachine>,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, counters, log, store } = this.#options;
    // one at a time: sources collect side by side
    this.#closing = this.#closing.catch(() => {}).then(() => this.#closeSlots(all));
    await this.#closing;
    const wanted = machines.filter(
      (machine) => isLookedInto(machine) && this.#applications.isMapped(machine),
    );
    if (wanted.length > MACHINES_SUPPORTED && !this.#isWarned) {
      this.#isWarned = true;
      log.warn(
        { machines: wanted.length, limit: MACHINES_SUPPORTED },
        'dependencies are collected of the first machines only',
      );
    }
    const seen: Sighting[] = [];
    const at = clock.wall();
    await inParallel(wanted.slice(0, MACHINES_SUPPORTED), AT_ONCE, async (machine) => {
      const { instanceUuid, os } = machine;
      const status = this.#status.get(instanceUuid) ?? { collections: 0, failure: undefined };
      this.#status.set(instanceUuid, status);
      try {
        const family = os.family as 'linux' | 'windows';
        const { text } = await this.#applications.run(source, machine, DEPENDENCY_SCRIPTS[family], signal);
        const connections = readConnections(family, text);
        if (!connections) return;
        status.collections++;
        const own = new Map<string, Sighting>();
        for (const { outbound, localAddress, remoteAddress, port, process, application } of connections) {
          const sighting: Sighting = outbound
            ? { view: 'source', source: localAddress, destination: remoteAddress, port, process, application }
            : {
                view: 'destination',
                source: remoteAddress,
                destination: localAddress,
                port,
                process,
                application,
              };
          own.set(JSON.stringify(sighting), sighting);
        }
        seen.push(...own.values());
      } catch (error) {
        status.failure = failureOf(machine, error);
        if (!status.failure) throw error;
      }
    });
    const slot = Math.floor(at / SLOT);
    await store.transaction(async (db) => {
      for (const sighting of seen)
        await db
          .insertInto('dependencies')
          .values({ slot, ...sighting, observations: 1, first_seen: at, last_seen: at })
          .onConflict((c) =>
            c
              .columns(['slot', 'view', 'source', 'destination', 'port', 'process', 'application'])
              .doUpdateSet((e) => ({ observations: e('dependencies.observations', '+', 1), last_seen: at })),
          )
          .execute();
    });
    await store.flush();
    this.collectedAt = at;
    counters.add('appliance.dependency.collections');
  }

  /** Tells the service of every slot that is over and has not been told. */
  async #closeSlots(all: () => Iterable<SourceMachine>): Promise<void> {
    const { clock, store, outboxes } = this.#options;
    const now = Math.floor(clock.wall() / SLOT);
    const told = await store.read((db) => readNumber(db, 'dependencies.told'));
    const open = await store.read((db) =>
      db
        .selectFrom('dependencies')
        .select('slot')
        .distinct()
        .where('slot', '>', told)
        .where('slot', '<', now)
        .orderBy('slot')
        .execute(),
    );
    for (const { slot } of open) {
      const machines = [...all()];
      const dependencies = await this.of(slot, slot, machines);
      const statuses: DependencyStatus[] = [...this.#status].map(
        ([instanceUuid, { collections, failure }]) => ({
          instanceUuid,
          collections,
          failure: collections > 0 ? undefined : failure,
        }),
      );
      await store.transaction(async (db) => {
        for (const kind of outboxes.keys()) {
          const own = new Set(machines.filter((each) => each.kind === kind).map((each) => each.instanceUuid));
          await this.#tell(
            db,
            kind,
            slot,
            statuses.filter(({ instanceUuid }) => own.has(instanceUuid)),
            dependencies.filter(({ source, destination }) =>
              [source, destination].some(({ instanceUuid }) => instanceUuid && own.has(instanceUuid)),
            ),
          );
        }
        await writeNumber(db, 'dependencies.told', slot);
        await db
          .deleteFrom('dependencies')
          .where('slot', '<', slot - SLOTS_KEPT)
          .execute();
      });
      await store.flush();
      this.#status.clear();
      for (const outbox of outboxes.values()) outbox.wake();
    }
  }

  /** A dependency between machines of two sites is told to both. */
  async #tell(
    db: Database,
    kind: SourceKind,
    slot: number,
    statuses: readonly DependencyStatus[],
    dependencies: readonly Dependency[],
  ): Promise<void> {
    const { forms, outboxes } = this.#options;
    if (statuses.length === 0 && dependencies.length === 0) return;
    for (let i = 0; i === 0 || i < dependencies.length; i += DEPENDENCIES_PER_BATCH) {
      const body = forms.dependencies(
        slot * SLOT,
        (slot + 1) * SLOT,
        i === 0 ? statuses : [],
        dependencies.slice(i, i + DEPENDENCIES_PER_BATCH),
      );
      await outboxes.get(kind)!.add(db, 'dependencies', body, 0);
    }
  }

  /** What was seen in slots, both ends put together; the newest machines that have an address give it their name. */
  async of(first: number, last: number, machines: Iterable<SourceMachine>): Promise<Dependency[]> {
    const rows = await this.#options.store.read((db) =>
      db
        .selectFrom('dependencies')
        .selectAll()
        .where('slot', '>=', first)
        .where('slot', '<=', last)
        .orderBy('source')
        .orderBy('destination')
        .orderBy('port')
        .orderBy('view')
        .orderBy('process')
        .execute(),
    );
    const byAddress = new Map<string, SourceMachine>();
    for (const machine of machines)
      for (const nic of machine.nics) for (const address of nic.addresses) byAddress.set(address, machine);
    const end = (ip: string, row: { process: string; application: string } | undefined) => {
      const machine = byAddress.get(ip);
      return {
        ip,
        ...(machine ? { instanceUuid: machine.instanceUuid, serverName: machine.name } : {}),
        ...(row && row.process !== NO_PROCESS ? { process: row.process } : {}),
        ...(row && row.application !== '' ? { application: row.application } : {}),
      };
    };
    const merged: Dependency[] = [];
    for (const group of Map.groupBy(
      rows,
      ({ source, destination, port }) => `${source}|${destination}|${port}`,
    ).values()) {
      const clients = combined(group.filter(({ view }) => view === 'source'));
      const servers = combined(group.filter(({ view }) => view === 'destination'));
      const { source, destination, port } = group[0]!;
      for (const client of clients.length > 0 ? clients : [undefined])
        for (const server of servers.length > 0 ? servers : [undefined]) {
          const both = [client, server].filter((row) => row !== undefined);
          merged.push({
            source: end(source, client),
            destination: { ...end(destination, server), port },
            observations: Math.max(...both.map(({ observations }) => observations)),
            firstSeen: Math.min(...both.map(({ first_seen }) => first_seen)),
            lastSeen: Math.max(...both.map(({ last_seen }) => last_seen)),
          });
        }
    }
    return merged;
  }
}

interface Row {
  readonly process: string;
  readonly application: string;
  readonly observations: number;
  readonly first_seen: UnixMillis;
  readonly last_seen: UnixMillis;
}

/** Rows of several slots that name the same process, as one. */
function combined(rows: readonly Row[]): Row[] {
  return [...Map.groupBy(rows, ({ process }) => process).values()].map((same) => ({
    process: same[0]!.process,
    application: same.at(-1)!.application,
    observations: same.reduce((sum, { observations }) => sum + observations, 0),
    first_seen: Math.min(...same.map(({ first_seen }) => first_seen)),
    last_seen: Math.max(...same.map(({ last_seen }) => last_seen)),
  }));
}
