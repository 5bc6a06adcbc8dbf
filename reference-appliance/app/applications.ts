/**
 * Applications, roles and features: what is installed in each guest, asked twice a day with the credential that works
 * there. Which one that is, is found out by trying those of the guest's family in order, and remembered; a machine
 * that takes none is told with the reason, and tried again at the next round only, so that no account gets locked.
 */
import { createHash } from 'node:crypto';
import { DryliftError } from '#core/errors.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { UnixMillis } from '#core/units.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { BatchForms } from './cloud-ports.ts';
import { errors } from './guest-errors.ts';
import { INVENTORY_SCRIPTS, readInventory } from './guest-scripts.ts';
import type { Outbox } from './outbox.ts';
import type { DiscoverySource, GuestCredential, GuestFailure, GuestReport, GuestScript } from './ports.ts';
import type { SourceKind, SourceMachine } from './source-machines.ts';

export interface GuestsOptions {
  /** For the guests of virtual machines. */
  readonly credentials: readonly GuestCredential[];
  /** For servers. */
  readonly servers: readonly GuestCredential[];
  readonly forms: BatchForms;
  readonly store: Store;
  /** By the kind of the machines that a batch is about. */
  readonly outboxes: ReadonlyMap<SourceKind, Outbox>;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
}

/** Guests that are asked at one time: their hosts and vCenter have other work too. */
const AT_ONCE = 10;
const MACHINES_PER_BATCH = 500;

export class Applications {
  readonly #options: GuestsOptions;
  /** Instance UUID → name of the credential that worked last. */
  readonly #logins = new Map<string, string>();
  /** Instance UUID → digest of what the service was told. */
  readonly #told = new Map<string, string>();
  readonly #failures = new Map<string, GuestFailure>();
  #known = 0;
  inventoriedAt: UnixMillis | undefined;

  constructor(options: GuestsOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const rows = await this.#options.store.read((db) => db.selectFrom('guests').selectAll().execute());
    for (const { instance_uuid, credential, digest } of rows) {
      if (credential !== '') this.#logins.set(instance_uuid, credential);
      this.#told.set(instance_uuid, digest);
      if (credential !== '') this.#known++;
    }
  }

  /** Machines whose inside is known, and those that could not be looked into. */
  get inventoried(): number {
    return this.#known;
  }

  failures(): readonly GuestFailure[] {
    return [...this.#failures.values()];
  }

  /** Has a credential been found for it? */
  isMapped(machine: SourceMachine): boolean {
    return this.#logins.has(machine.instanceUuid);
  }

  /** Asks every machine that runs. @throws `net.*`, `vcenter.*` when the source itself fails */
  async collect(
    source: DiscoverySource,
    machines: readonly SourceMachine[],
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, counters, log } = this.#options;
    const reports: GuestReport[] = [];
    await inParallel(machines.filter(isLookedInto), AT_ONCE, async (machine) => {
      reports.push(await this.#inventory(source, machine, signal));
      if (reports.length >= MACHINES_PER_BATCH) await this.#tell(source, reports.splice(0));
    });
    await this.#tell(source, reports);
    this.inventoriedAt = clock.wall();
    counters.add('appliance.inventories');
    log.info(
      { source: source.name, guests: this.#known, failed: this.#failures.size },
      'applications were collected',
    );
  }

  async #inventory(
    source: DiscoverySource,
    machine: SourceMachine,
    signal: AbortSignal,
  ): Promise<GuestReport> {
    const { family } = machine.os;
    try {
      const { text, credential } = await this.run(
        source,
        machine,
        INVENTORY_SCRIPTS[family as 'linux' | 'windows'],
        signal,
      );
      const inventory = readInventory(family as 'linux' | 'windows', text);
      if (!inventory)
        throw errors.make('guest.answer', {
          what: `What ${machine.name} answered breaks off before its end.`,
        });
      this.#failures.delete(machine.instanceUuid);
      return { machine, at: this.#options.clock.wall(), credential, inventory, failure: undefined };
    } catch (error) {
      const failure = failureOf(machine, error);
      if (!failure) throw error;
      this.#failures.set(machine.instanceUuid, failure);
      return {
        machine,
        at: this.#options.clock.wall(),
        credential: undefined,
        inventory: undefined,
        failure,
      };
    }
  }

  /**
   * Runs a script with the credential that worked last, else with each of the family in order.
   * @throws `guest.*` of the credential that was tried last; `guest.login.none` when there is none to try
   */
  async run(
    source: DiscoverySource,
    machine: SourceMachine,
    script: GuestScript,
    signal: AbortSignal,
  ): Promise<{ text: string; credential: string }> {
    const fitting = this.#fitting(machine);
    const last = this.#logins.get(machine.instanceUuid);
    const ordered = [
      ...fitting.filter(({ name }) => name === last),
      ...fitting.filter(({ name }) => name !== last),
    ];
    let refused: unknown;
    for (const credential of ordered)
      try {
        const text = await source.runInGuest(machine, credential, script, signal);
        this.#logins.set(machine.instanceUuid, credential.name);
        return { text, credential: credential.name };
      } catch (error) {
        if (!(error instanceof DryliftError) || error.code !== 'guest.login.refused') throw error;
        this.#options.counters.add('appliance.guest.refusals');
        refused = error;
      }
    this.#logins.delete(machine.instanceUuid);
    throw (
      refused ??
      errors.make('guest.login.none', {
        what: `There is no credential for ${machine.os.family} guests such as ${machine.name}.`,
      })
    );
  }

  /** A server has been reached by a credential: that one. What runs in virtual machines is tried. */
  #fitting(machine: SourceMachine): readonly GuestCredential[] {
    const { credentials, servers } = this.#options;
    return machine.kind === 'server'
      ? servers.filter(({ name }) => name === machine.credential)
      : credentials.filter(({ family }) => family === machine.os.family);
  }

  async #tell(source: DiscoverySource, reports: readonly GuestReport[]): Promise<void> {
    const { forms, store, outboxes } = this.#options;
    const outbox = outboxes.get(source.kind)!;
    const news = reports.flatMap((report) => {
      const words = forms.guestReport(report);
      const { inventory, credential, failure } = report;
      const digest = createHash('sha256')
        .update(JSON.stringify([inventory, credential, failure?.code]))
        .digest('base64')
        .slice(0, 22);
      return this.#told.get(report.machine.instanceUuid) === digest ? [] : [{ report, words, digest }];
    });
    if (news.length === 0) return;
    await store.transaction(async (db) => {
      for (const { report, digest } of news)
        await db
          .insertInto('guests')
          .values({ instance_uuid: report.machine.instanceUuid, credential: report.credential ?? '', digest })
          .onConflict((c) =>
            c.column('instance_uuid').doUpdateSet({ credential: report.credential ?? '', digest }),
          )
          .execute();
      await outbox.add(db, 'applications', forms.guestReports(news.map(({ words }) => words)), 0);
    });
    await store.flush();
    for (const { report, digest } of news) this.#told.set(report.machine.instanceUuid, digest);
    this.#known = this.#logins.size;
    outbox.wake();
  }
}

export function isLookedInto({ isTemplate, power, os }: SourceMachine): boolean {
  return !isTemplate && power === 'on' && os.family !== 'other';
}

/** What kept the appliance out of one machine; undefined when it is not the machine's doing. */
export function failureOf(machine: SourceMachine, error: unknown): GuestFailure | undefined {
  // a virtual machine of VMware is looked into through its vCenter, all others at their own addresses
  if (
    !(error instanceof DryliftError) ||
    (machine.kind === 'vmware' &&
      !/^(guest|vcenter\.machine|vcenter\.login\.noPrivilege|vcenter\.fault)/.test(error.code))
  )
    return undefined;
  return {
    machine: machine.name,
    instanceUuid: machine.instanceUuid,
    code: error.code,
    what: error.what,
    why: error.why,
    next: error.next,
  };
}

/** Runs `work` for all items, a few at a time, in order. The first failure ends it. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length)
      try {
        await work(items[next++]!);
      } catch (error) {
        next = items.length;
        throw error;
      }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
