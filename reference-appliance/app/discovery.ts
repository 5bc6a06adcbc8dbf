/**
 * Discovery: what each source holds, told to the service when it differs from what the service was told before.
 *
 * The source is followed: it is asked to answer as soon as something changes, so the picture is as old as the network.
 * The service is told at the documented cadence. Whether a change matters is decided by comparing, machine by machine,
 * the words the service would get: addresses that flap and hosts that come back cost nothing. What was told is
 * remembered (as digests) in the same unit that queues the batches, so that a restart neither repeats nor forgets.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import { MINUTE, type Millis, SECOND, type UnixMillis } from '#core/units.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { Outbox } from './outbox.ts';
import type { BatchForms, DiscoverySource, SourceAbout, SourceMachine } from './ports.ts';

export interface DiscoveryOptions {
  source: DiscoverySource;
  forms: BatchForms;
  store: Store;
  outbox: Outbox;
  clock: Clock;
  counters: Counters;
  log: Logger;
  /** How often the service is told what changed. */
  refreshMs: Millis;
  /** Does another source have the machine now? A machine that moved there is not gone. */
  isElsewhere: (instanceUuid: string) => boolean;
  /** The picture has changed. */
  onChange: () => void;
}

/** A session without a call ends after half an hour: no wait is longer than this. */
const WAIT_MAX_MS: Millis = 15 * MINUTE;
/** Between an answer and the next question: changes that come in a storm are taken together. */
const PACE_MS: Millis = SECOND;
/** The same for a server that answers at once that there is nothing, although it was asked to wait. */
const IMPATIENT_PACE_MS: Millis = MINUTE;
/** Bounds the body of one batch to some 10 MB. */
const MACHINES_PER_BATCH = 2_000;
const ROWS_PER_STATEMENT = 500;

interface News {
  readonly uuid: string;
  readonly words: string;
  readonly digest: string;
}

export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #machines = new Map<string, SourceMachine>();
  /** Instance UUIDs of which something was heard since the service was told last. */
  readonly #heard = new Set<string>();
  /** Since then everything was heard anew: whoever was told and is not there has gone. */
  #isHeardInFull = false;
  /** Instance UUID → digest of what the service was told. */
  #told: Map<string, string> | undefined;
  #about: SourceAbout | undefined;
  #tellAt: UnixMillis | undefined;
  #refreshedAt: UnixMillis | undefined;
  #paceMs: Millis;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#paceMs = options.refreshMs;
  }

  get source(): DiscoverySource {
    return this.#options.source;
  }

  get about(): SourceAbout | undefined {
    return this.#about;
  }

  /** When the source last answered: the picture is of then. Undefined before the first time in this life. */
  get refreshedAt(): UnixMillis | undefined {
    return this.#refreshedAt;
  }

  /** How soon `follow` is due again after it ended; where it failed, at the documented cadence at the latest. */
  get paceMs(): Millis {
    return this.#paceMs;
  }

  /** By instance UUID, in the order in which they were met. Empty before the first answer. */
  machines(): ReadonlyMap<string, SourceMachine> {
    return this.#machines;
  }

  /**
   * Waits until something changes, or until the service is to be told, and tells it then. The first time it reads and
   * tells what there is. @throws `vcenter.*`, `net.*`
   */
  async follow(signal: AbortSignal): Promise<void> {
    const { source, clock, counters, refreshMs, onChange } = this.#options;
    this.#paceMs = refreshMs;
    this.#about = await source.about(signal);
    this.#told ??= await this.#loadTold();
    const due = this.#tellAt === undefined ? 0 : this.#tellAt - clock.wall();
    const waitMs = Math.min(Math.max(due, 0), WAIT_MAX_MS);
    const askedAt = clock.wall();
    const changes = await source.changes(waitMs, signal);
    if (changes.full) {
      this.#machines.clear();
      this.#isHeardInFull = true;
    }
    for (const machine of changes.machines) this.#machines.set(machine.instanceUuid, machine);
    for (const uuid of changes.removed) this.#machines.delete(uuid);
    for (const { instanceUuid } of changes.machines) this.#heard.add(instanceUuid);
    for (const uuid of changes.removed) this.#heard.add(uuid);
    this.#refreshedAt = clock.wall();
    const isNew = changes.full || changes.machines.length > 0 || changes.removed.length > 0;
    const isImpatient = !isNew && waitMs >= MINUTE && this.#refreshedAt - askedAt < SECOND;
    this.#paceMs = isImpatient ? IMPATIENT_PACE_MS : PACE_MS;
    if (isNew) onChange();
    if (this.#tellAt !== undefined && clock.wall() < this.#tellAt) return;
    await this.#tell();
    const next = (this.#tellAt ?? clock.wall()) + refreshMs;
    this.#tellAt = next > clock.wall() ? next : clock.wall() + refreshMs;
    counters.add('appliance.refreshes');
  }

  /** Queues what the service has to be told. */
  async #tell(): Promise<void> {
    const { source, outbox, log } = this.#options;
    const told = this.#told!;
    const news = this.#news();
    const candidates = this.#isHeardInFull ? told.keys() : this.#heard;
    const gone = [...candidates].filter((uuid) => told.has(uuid) && !this.#machines.has(uuid));
    if (news.length > 0 || gone.length > 0) {
      // everything is new: then let the service drop what it may have from an earlier store
      await this.#queue(news, gone, this.#isHeardInFull && told.size === 0);
      for (const { uuid, digest } of news) told.set(uuid, digest);
      for (const uuid of gone) told.delete(uuid);
      outbox.wake();
      log.info(
        { vcenter: source.name, machines: this.#machines.size, changed: news.length, gone: gone.length },
        'the inventory changed',
      );
    }
    this.#heard.clear();
    this.#isHeardInFull = false;
  }

  /** All of it in one unit, durable when it returns. */
  async #queue(news: readonly News[], gone: readonly string[], full: boolean): Promise<void> {
    const { source, forms, store, outbox, isElsewhere } = this.#options;
    const reallyGone = gone.filter((uuid) => !isElsewhere(uuid));
    await store.transaction(async (db) => {
      for (const slice of slicesOf(news, ROWS_PER_STATEMENT))
        await db
          .insertInto('machines')
          .values(slice.map(({ uuid, digest }) => ({ source: source.name, instance_uuid: uuid, digest })))
          .onConflict((c) =>
            c.columns(['source', 'instance_uuid']).doUpdateSet((e) => ({ digest: e.ref('excluded.digest') })),
          )
          .execute();
      for (const slice of slicesOf(gone, ROWS_PER_STATEMENT))
        await db
          .deleteFrom('machines')
          .where('source', '=', source.name)
          .where('instance_uuid', 'in', slice)
          .execute();
      for (const slice of slicesOf(reallyGone, ROWS_PER_STATEMENT))
        await db.deleteFrom('watermarks').where('machine', 'in', slice).execute();
      const words = slicesOf(news, MACHINES_PER_BATCH).map((slice) => slice.map((each) => each.words));
      const removals = slicesOf(reallyGone, MACHINES_PER_BATCH);
      // with `full` the service drops what the first batch does not list; the following ones bring it back
      for (let i = 0; i < Math.max(words.length, removals.length); i++)
        await outbox.add(
          db,
          'inventory',
          forms.inventory(this.#about!, full && i === 0, words[i] ?? [], removals[i] ?? []),
          0,
        );
    });
    await store.flush();
  }

  /** Machines that were heard of and whose words differ from those the service was told. */
  #news(): News[] {
    const news: News[] = [];
    for (const uuid of this.#heard) {
      const machine = this.#machines.get(uuid);
      if (!machine) continue;
      const words = this.#options.forms.machine(machine, this.#about!);
      const digest = createHash('sha256').update(words).digest('base64').slice(0, 22);
      if (this.#told!.get(uuid) !== digest) news.push({ uuid, words, digest });
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

function slicesOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
