/**
 * Batches on their way to the service: numbered in one unit with what they report, durable before they are sent,
 * sent in order, repeated with the same bytes until the service has them.
 *
 * The service counts too. Once per life, before the first batch, both compare: what the service has need not be sent
 * again; what only a lost store can have sent is passed over by numbering on behind it; and when the service itself
 * has lost something, what is left is numbered anew from what it expects.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Selectable } from 'kysely';
import { type Clock, sleep } from '#core/time/clock.ts';
import type { Counters } from '#core/trace/recorder.ts';
import type { Bytes } from '#core/units.ts';
import type { Logger } from '../log.ts';
import type { ApplianceSchema } from '../store/schema.ts';
import type { Database, Store } from '../store/store.ts';
import type { BatchKind, SiteCloud } from './cloud-ports.ts';
import type { Problems } from './problems.ts';
import type { Retrier } from './retry.ts';
import type { SourceKind } from './source-machines.ts';

export type OutboxKind = BatchKind;

export interface OutboxOptions {
  store: Store;
  /** Its site: each has numbers of its own. */
  cloud: SiteCloud;
  clock: Clock;
  retrier: Retrier;
  problems: Problems;
  counters: Counters;
  log: Logger;
}

const BODY_BYTES_MAX: Bytes = 256 * 1024 * 1024;

export class Outbox {
  readonly #options: OutboxOptions;
  #reconciled = false;
  #pending = 0;
  #sent = 0;
  #ring: () => void = () => {};
  #rang = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get site(): SourceKind {
    return this.#options.cloud.kind;
  }

  /** Batches that the service does not have yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Batches stored by the service in this life of the appliance. */
  get sent(): number {
    return this.#sent;
  }

  async load(): Promise<void> {
    const { count } = await this.#options.store.read((db) =>
      db
        .selectFrom('outbox')
        .select((e) => e.fn.countAll<number>().as('count'))
        .where('site', '=', this.site)
        .where('sent_at', 'is', null)
        .executeTakeFirstOrThrow(),
    );
    this.#pending = count;
  }

  /**
   * Adds a batch to the unit that `db` belongs to. @param lastWindow newest window of a points batch, else 0
   */
  async add(db: Database, kind: OutboxKind, body: Buffer, lastWindow: number): Promise<void> {
    const sequence = (await readNumber(db, this.#key(kind))) + 1;
    await writeNumber(db, this.#key(kind), sequence);
    await db
      .insertInto('outbox')
      .values({
        site: this.site,
        kind,
        sequence,
        body: pack(body),
        last_window: lastWindow,
        created_at: this.#options.clock.wall(),
        sent_at: null,
        compacted: 0,
      })
      .execute();
    this.#pending++;
  }

  /** There is something durable to send. */
  wake(): void {
    this.#rang = true;
    this.#ring();
  }

  /** Sends until `life` aborts. @returns never rejects */
  async run(life: AbortSignal): Promise<void> {
    const { clock, retrier, problems } = this.#options;
    life.addEventListener('abort', () => this.#ring(), { once: true });
    for (let failures = 0; !life.aborted; ) {
      try {
        this.#rang = false;
        const row = await this.#next();
        if (!row) {
          if (!this.#rang)
            await new Promise<void>((resolve) => {
              this.#ring = resolve;
            });
          continue;
        }
        if (!this.#reconciled) {
          await this.#reconcile(life);
          continue;
        }
        await this.#send(row, life);
        failures = 0;
        problems.solved(this.#job);
      } catch (error) {
        if (life.aborted) return;
        problems.met(this.#job, error);
        failures++;
        await sleep(
          clock,
          retrier.waitAfter(this.#job, failures, error),
          `appliance.job.${this.#job}`,
          life,
        ).catch(() => {});
      }
    }
  }

  /** VMware came first, and stores of that time know no sites. */
  #key(what: string): string {
    return this.site === 'vmware' ? `outbox.${what}` : `outbox.${this.site}.${what}`;
  }

  get #job(): string {
    return this.site === 'vmware' ? 'upload' : `upload ${this.site}`;
  }

  /** Inventory first: points of a machine that the service has never heard of would be of no use to it. */
  #next() {
    return this.#options.store.read((db) =>
      db
        .selectFrom('outbox')
        .select(['id', 'kind', 'sequence', 'body', 'compacted'])
        .where('site', '=', this.site)
        .where('sent_at', 'is', null)
        .orderBy((e) =>
          e.case().when('kind', '=', 'inventory').then(0).when('kind', '=', 'points').then(1).else(2).end(),
        )
        .orderBy('id')
        .executeTakeFirst(),
    );
  }

  async #send(
    row: Pick<Selectable<ApplianceSchema['outbox']>, 'id' | 'kind' | 'sequence' | 'body' | 'compacted'>,
    life: AbortSignal,
  ): Promise<void> {
    const { store, cloud, clock, counters } = this.#options;
    const { id, kind, sequence, body, compacted } = row;
    const plain = zstdDecompressSync(body, { maxOutputLength: BODY_BYTES_MAX });
    const accepted = await cloud.send(kind, sequence, plain, life);
    if (!accepted.ok) return this.#renumber(kind, accepted.expected);
    counters.add(`appliance.sent.${kind}`);
    counters.add(`appliance.sent.bytes`, plain.length);
    this.#pending--;
    this.#sent++;
    // not flushed: if a crash loses this, the batch is sent again, which changes nothing
    await store.transaction(async (db) => {
      if (kind !== 'points' || compacted === 1) await db.deleteFrom('outbox').where('id', '=', id).execute();
      else await db.updateTable('outbox').set({ sent_at: clock.wall() }).where('id', '=', id).execute();
    });
  }

  async #reconcile(life: AbortSignal): Promise<void> {
    const { store, cloud, log } = this.#options;
    const stored = await cloud.sequences(life);
    const met = await store.read((db) => readNumber(db, this.#key('met')));
    for (const kind of ['inventory', 'points', 'applications', 'dependencies'] as const) {
      const ours = await this.#firstUnsent(kind);
      if (met === 0 && stored[kind] > 0) {
        // the service knows batches of a store that we do not have: ours come after those
        log.warn(
          { kind, stored: stored[kind] },
          'the service has batches of an earlier store; numbering on behind them',
        );
        await this.#renumber(kind, stored[kind] + 1);
      } else if (ours !== undefined && ours <= stored[kind]) await this.#markSent(kind, stored[kind]);
    }
    await store.transaction((db) => writeNumber(db, this.#key('met'), 1));
    await store.flush();
    await this.load();
    this.#reconciled = true;
  }

  async #firstUnsent(kind: OutboxKind): Promise<number | undefined> {
    const row = await this.#options.store.read((db) =>
      db
        .selectFrom('outbox')
        .select('sequence')
        .where('kind', '=', kind)
        .where('site', '=', this.site)
        .where('sent_at', 'is', null)
        .orderBy('id')
        .executeTakeFirst(),
    );
    return row?.sequence;
  }

  async #markSent(kind: OutboxKind, through: number): Promise<void> {
    await this.#options.store.transaction(async (db) => {
      await db
        .updateTable('outbox')
        .set({ sent_at: this.#options.clock.wall() })
        .where('kind', '=', kind)
        .where('sequence', '<=', through)
        .where('site', '=', this.site)
        .where('sent_at', 'is', null)
        .execute();
      await db
        .deleteFrom('outbox')
        .where('kind', '=', kind)
        .where('site', '=', this.site)
        .where('sent_at', 'is not', null)
        .where((e) => e.or([e('kind', '!=', 'points'), e('compacted', '=', 1)]))
        .execute();
    });
  }

  /** Gives what is unsent the numbers from `first` on, in the same order. */
  async #renumber(kind: OutboxKind, first: number): Promise<void> {
    const { store, counters } = this.#options;
    counters.add(`appliance.renumbered.${kind}`);
    await store.transaction(async (db) => {
      const rows = await db
        .selectFrom('outbox')
        .select('id')
        .where('kind', '=', kind)
        .where('site', '=', this.site)
        .where('sent_at', 'is', null)
        .orderBy('id')
        .execute();
      for (const [i, { id }] of rows.entries())
        await db
          .updateTable('outbox')
          .set({ sequence: first + i })
          .where('id', '=', id)
          .execute();
      await writeNumber(db, this.#key(kind), first + rows.length - 1);
    });
    await store.flush();
  }
}

/** zstd at its quickest, in one output chunk: zlib's default of many small ones costs more than the compression. */
function pack(body: Buffer): Buffer {
  return zstdCompressSync(body, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    chunkSize: body.length + (body.length >> 7) + 1024,
  });
}

/** A whole number of the meta table; 0 when it is not there. */
export async function readNumber(db: Database, key: string): Promise<number> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  return Number(row?.value ?? 0);
}

export async function writeNumber(db: Database, key: string, value: number): Promise<void> {
  await db
    .insertInto('meta')
    .values({ key, value: String(value) })
    .onConflict((c) => c.column('key').doUpdateSet({ value: String(value) }))
    .execute();
}
