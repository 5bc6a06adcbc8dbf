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
import type { BatchForms } from './cloud-ports.ts';
import type { Outbox } from './outbox.ts';
import type { DiscoverySource, LiveSource } from './ports.ts';
import type { SourceAbout, SourceChanges, SourceMachine, Unreached } from './source-machines.ts';

export interface DiscoveryOptions {
  source: DiscoverySource;
  forms: BatchForms;
  store: Store;
  outbox: Outbox;
  clock: Clock;
  counters: Counters;
  log: Logger;
  /** How often the service is told what changed; how often a source that cannot be followed is read. */
  refreshMs: Millis;
  /** Does another source have the machine now? A machine that moved there is not gone. */
  isElsewhere: (instanceUuid: string) => boolean;
  /** The picture has changed. */
  onChange: () => void;
  /** What could not be looked at, as of now. */
  onUnreached: (unreached: readonly Unreached[]) => void;
}

/** A session without a call ends after half an hour: no wait is longer than this. */
const WAIT_MAX_MS: Millis = 15 * MINUTE;
/** A source that cannot be followed is asked so often what does not answer any more, and to try that again. */
const RETRY_UNREACHED_MS: Millis = 5 * MINUTE;
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
  readonly via: string;
}

/** What the service was told of a machine, and what it is reached by. */
interface Told {
  readonly digest: string;
  readonly via: string;
}

export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #machines = new Map<string, SourceMachine>();
  /** Instance UUIDs of which something was heard since the service was told last. */
  readonly #heard = new Set<string>();
  /** Since then everything was heard anew: whoever was told and is not there has gone. */
  #isHeardInFull = false;
  /** By instance UUID. */
  #told: Map<string, Told> | undefined;
  /** By the name that machines have as `via`. */
  #unreached: ReadonlyMap<string, Unreached> = new Map();
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

  /** What could not be looked at, as of now. */
  get unreached(): readonly Unreached[] {
    return [...this.#unreached.values()];
  }

  /**
   * Waits until something changes, or until the service is to be told, and tells it then. The first time it reads and
   * tells what there is. A source that cannot be followed is read when the service is to be told; in between only what
   * did not answer is tried again. @throws coded errors of the source
   */
  async follow(signal: AbortSignal): Promise<void> {
    const { source, clock, counters, refreshMs } = this.#options;
    this.#paceMs = refreshMs;
    this.#about = await source.about(signal);
    this.#told ??= await this.#loadTold();
    if (isLive(source)) await this.#look(source, signal);
    else await this.#wait(source, signal);
    if (this.#tellAt !== undefined && clock.wall() < this.#tellAt) return;
    await this.#tell();
    const next = (this.#tellAt ?? clock.wall()) + refreshMs;
    this.#tellAt = next > clock.wall() ? next : clock.wall() + refreshMs;
    if (isLive(source)) this.#paceMs = this.#livePaceMs();
    counters.add('appliance.refreshes');
  }

  /** Follows a source that tells what changes. */
  async #wait(source: DiscoverySource, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const due = this.#tellAt === undefined ? 0 : this.#tellAt - clock.wall();
    const waitMs = Math.min(Math.max(due, 0), WAIT_MAX_MS);
    const askedAt = clock.wall();
    const isNew = this.#take(await source.changes(waitMs, signal));
    const isImpatient = !isNew && waitMs >= MINUTE && clock.wall() - askedAt < SECOND;
    this.#paceMs = isImpatient ? IMPATIENT_PACE_MS : PACE_MS;
  }

  /** Reads a source that only answers what it is asked. What answers again is told at once. */
  async #look(source: LiveSource, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const isDue = this.#tellAt === undefined || clock.wall() >= this.#tellAt;
    const isNew = this.#take(await (isDue ? source.changes(0, signal) : source.retryUnreached(signal)));
    // what is only asked about what was away does not make the picture newer
    if (isDue) this.#refreshedAt = this.#options.clock.wall();
    if (!isDue && isNew) await this.#tell();
    this.#paceMs = this.#livePaceMs();
  }

  #livePaceMs(): Millis {
    const due = (this.#tellAt ?? 0) - this.#options.clock.wall();
    return Math.min(Math.max(due, PACE_MS), RETRY_UNREACHED_MS);
  }

  /** @returns whether it is news */
  #take({ full, machines, removed, unreached }: SourceChanges): boolean {
    const { clock, onChange, onUnreached } = this.#options;
    this.#unreached = new Map(unreached.map((each) => [each.name, each]));
    if (full) {
      // what was known of machines that could not be looked at stays
      for (const [uuid, machine] of this.#machines)
        if (!this.#unreached.has(viaOf(machine))) this.#machines.delete(uuid);
      this.#isHeardInFull = true;
    }
    for (const machine of machines) this.#machines.set(machine.instanceUuid, machine);
    for (const uuid of removed) this.#machines.delete(uuid);
    for (const { instanceUuid } of machines) this.#heard.add(instanceUuid);
    for (const uuid of removed) this.#heard.add(uuid);
    if (!isLive(this.source)) this.#refreshedAt = clock.wall();
    onUnreached(unreached);
    const isNew = full || machines.length > 0 || removed.length > 0;
    if (isNew) onChange();
    return isNew;
  }

  /** Queues what the service has to be told. */
  async #tell(): Promise<void> {
    const { source, outbox, log } = this.#options;
    const told = this.#told!;
    const news = this.#news();
    const candidates = this.#isHeardInFull ? told.keys() : this.#heard;
    const gone = [...candidates].filter((uuid) => {
      const before = told.get(uuid);
      return before && !this.#machines.has(uuid) && !this.#unreached.has(before.via);
    });
    if (news.length > 0 || gone.length > 0) {
      // everything is new: then let the service drop what it may have from an earlier store
      await this.#queue(news, gone, this.#isHeardInFull && told.size === 0 && this.#unreached.size === 0);
      for (const { uuid, digest, via } of news) told.set(uuid, { digest, via });
      for (const uuid of gone) told.delete(uuid);
      outbox.wake();
      log.info(
        { source: source.name, machines: this.#machines.size, changed: news.length, gone: gone.length },
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
          .values(
            slice.map(({ uuid, digest, via }) => ({ source: source.name, instance_uuid: uuid, digest, via })),
          )
          .onConflict((c) =>
            c
              .columns(['source', 'instance_uuid'])
              .doUpdateSet((e) => ({ digest: e.ref('excluded.digest'), via: e.ref('excluded.via') })),
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
      const before = this.#told!.get(uuid);
      const via = viaOf(machine);
      if (before?.digest !== digest || before.via !== via) news.push({ uuid, words, digest, via });
    }
    return news;
  }

  async #loadTold(): Promise<Map<string, Told>> {
    const { store, source } = this.#options;
    const rows = await store.read((db) =>
      db
        .selectFrom('machines')
        .select(['instance_uuid', 'digest', 'via'])
        .where('source', '=', source.name)
        .execute(),
    );
    return new Map(rows.map(({ instance_uuid, digest, via }) => [instance_uuid, { digest, via }]));
  }
}

/** What a machine is reached by, when that can fail for it alone. */
function viaOf(machine: SourceMachine): string {
  return machine.kind === 'hyperv' ? machine.host : machine.kind === 'server' ? machine.address : '';
}

function isLive(source: DiscoverySource): source is LiveSource {
  return source.kind !== 'vmware';
}

function slicesOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
