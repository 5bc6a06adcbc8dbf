/**
 * Discovery: what each source holds, told to the service when it differs from what the service was told before.
 *
 * A refresh asks the source for what changed. Whether that matters is decided by comparing, machine by machine, the
 * words the service would get: addresses that flap and hosts that come back cost nothing. What was told is remembered
 * (as digests) in the same unit that queues the batch, so that a restart neither repeats nor forgets.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { UnixMillis } from '#core/units.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { Outbox } from './outbox.ts';
import type { BatchForms, Source, SourceAbout, SourceMachine } from './ports.ts';

export interface DiscoveryOptions {
  source: Source;
  forms: BatchForms;
  store: Store;
  outbox: Outbox;
  clock: Clock;
  counters: Counters;
  log: Logger;
}

/** Documented limit of an appliance: more is warned about, not refused. */
const MACHINES_SUPPORTED = 10_000;
const ROWS_PER_STATEMENT = 500;

export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #machines = new Map<string, SourceMachine>();
  /** Instance UUID → digest of what the service was told. */
  #told: Map<string, string> | undefined;
  #about: SourceAbout | undefined;
  #refreshedAt: UnixMillis | undefined;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  get source(): Source {
    return this.#options.source;
  }

  get about(): SourceAbout | undefined {
    return this.#about;
  }

  /** When the picture was last brought up to date; undefined before the first time in this life. */
  get refreshedAt(): UnixMillis | undefined {
    return this.#refreshedAt;
  }

  /** By instance UUID, in the order in which they were met. Empty before the first refresh. */
  machines(): ReadonlyMap<string, SourceMachine> {
    return this.#machines;
  }

  /** Brings the picture up to date and queues what the service has to be told. @throws `vcenter.*`, `net.*` */
  async refresh(signal: AbortSignal): Promise<void> {
    const { source, store, outbox, clock, log } = this.#options;
    const about = await source.about(signal);
    this.#about = about;
    this.#told ??= await this.#loadTold();
    const changes = await source.changes(signal);
    if (changes.full) this.#machines.clear();
    for (const machine of changes.machines) this.#machines.set(machine.instanceUuid, machine);
    for (const uuid of changes.removed) this.#machines.delete(uuid);
    if (this.#machines.size > MACHINES_SUPPORTED && this.#refreshedAt === undefined)
      log.warn(
        { vcenter: source.name, machines: this.#machines.size },
        'more machines than one appliance supports',
      );

    const news = this.#news(changes.machines, about);
    const gone = changes.full
      ? [...this.#told.keys()].filter((uuid) => !this.#machines.has(uuid))
      : changes.removed.filter((uuid) => this.#told!.has(uuid));
    if (news.length > 0 || gone.length > 0) {
      // everything is new: then let the service drop what it may have from an earlier store
      const full = changes.full && this.#told.size === 0;
      const body = this.#options.forms.inventory(
        about,
        full,
        news.map(({ words }) => words),
        gone,
      );
      await store.transaction(async (db) => {
        for (let i = 0; i < news.length; i += ROWS_PER_STATEMENT)
          await db
            .insertInto('machines')
            .values(
              news
                .slice(i, i + ROWS_PER_STATEMENT)
                .map(({ uuid, digest }) => ({ source: source.name, instance_uuid: uuid, digest })),
            )
            .onConflict((c) =>
              c
                .columns(['source', 'instance_uuid'])
                .doUpdateSet((e) => ({ digest: e.ref('excluded.digest') })),
            )
            .execute();
        for (const uuid of gone) {
          await db
            .deleteFrom('machines')
            .where('source', '=', source.name)
            .where('instance_uuid', '=', uuid)
            .execute();
          await db.deleteFrom('watermarks').where('machine', '=', uuid).execute();
        }
        await outbox.add(db, 'inventory', body, 0);
      });
      await store.flush();
      for (const { uuid, digest } of news) this.#told.set(uuid, digest);
      for (const uuid of gone) this.#told.delete(uuid);
      outbox.wake();
      log.info(
        { vcenter: source.name, machines: this.#machines.size, changed: news.length, gone: gone.length },
        'the inventory changed',
      );
    }
    this.#refreshedAt = clock.wall();
    this.#options.counters.add('appliance.refreshes');
  }

  /** Machines whose words differ from those the service was told. */
  #news(
    machines: readonly SourceMachine[],
    about: SourceAbout,
  ): Array<{ uuid: string; words: string; digest: string }> {
    const news: Array<{ uuid: string; words: string; digest: string }> = [];
    for (const machine of machines) {
      const words = this.#options.forms.machine(machine, about);
      const digest = createHash('sha256').update(words).digest('base64').slice(0, 22);
      if (this.#told!.get(machine.instanceUuid) !== digest)
        news.push({ uuid: machine.instanceUuid, words, digest });
    }
    return news;
  }

  async #loadTold(): Promise<Map<string, string>> {
    const { store, source } = this.#options;
    const rows = await store.read((db) =>
      db
        .selectFrom('machines')
        .select(['instance_uuid', 'digest'])
        .where('source', '=', source.name)
        .execute(),
    );
    return new Map(rows.map(({ instance_uuid, digest }) => [instance_uuid, digest]));
  }
}
