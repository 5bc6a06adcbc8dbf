/**
 * The appliance's durable state, and what a crash does to it.
 *
 * The database is always inside one open SQLite transaction. `transaction` makes a savepoint in it, so that a
 * unit of work happens wholly or not at all; `flush` commits the open transaction and begins the next: only then
 * are the units durable, all of those since the last flush together (group commit). `crash` rolls the open
 * transaction back, which is exactly what a power cut would leave behind. So "not flushed" and "lost in a crash"
 * are the same thing by construction, in a world as in real life, and nobody can depend on more.
 *
 * The open transaction holds SQLite's write lock: a second appliance on the same database is refused.
 */
import { createHash, type Hash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { assert } from '#core/assert.ts';
import { defineErrors } from '#core/errors.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters, Recorder } from '#core/trace/recorder.ts';
import { type ApplianceSchema, META_TABLE, SCHEMA_STEPS } from './schema.ts';
import { type SecretBox, secretBox } from './secret-box.ts';
import { sqliteDialect } from './sqlite-dialect.ts';

export const errors = defineErrors({
  'store.locked': {
    blame: 'prepare',
    retry: 'after-change',
    why: 'Another process has this database open; two appliances must not share one.',
    next: 'Stop the other appliance, or give this one its own dataDirectory.',
  },
  'store.newer': {
    blame: 'prepare',
    retry: 'after-change',
    why: 'The database was written by a newer version of drylift.',
    next: 'Use that version, or another dataDirectory.',
  },
  'store.unusable': {
    blame: 'prepare',
    retry: 'after-change',
    why: 'The file cannot be opened as a database: wrong permissions, a full disk, or it is something else.',
    next: 'Check the dataDirectory; an appliance can start again from an empty one.',
  },
});

export type Database = Kysely<ApplianceSchema>;

export interface Store {
  readonly secrets: SecretBox;
  /** Reads what transactions have written, durable or not. */
  read<T>(fn: (db: Database) => Promise<T>): Promise<T>;
  /** One atomic unit; units never interleave. Durable at the next flush. */
  transaction<T>(fn: (db: Database) => Promise<T>): Promise<T>;
  /** Resolves when everything written so far is durable. */
  flush(): Promise<void>;
  /** Loses what was not flushed and closes. Everything that is called afterwards rejects. */
  crash(): void;
  /** Flushes and closes. */
  close(): Promise<void>;
}

/** What callers see when the appliance they belong to has crashed: never shown, only unwinds. */
export class StoreClosed extends Error {
  override readonly name = 'StoreClosed';
}

export interface StoreOptions {
  /** File, or ":memory:" (which a crash empties). */
  path: string;
  clock: Clock;
  /** Seals credentials: 32 bytes. */
  key: Uint8Array;
  recorder?: Recorder | undefined;
  counters?: Counters | undefined;
  /** SQLite's durability: "full" in real life, "off" in worlds, whose crashes are simulated. */
  synchronous: 'full' | 'off';
}

/** @throws `store.locked`, `store.newer`, `store.unusable` */
export function openStore(options: StoreOptions): Store {
  const database = openDatabase(options);
  const { clock, recorder, counters } = options;
  let open = true;
  let statements = 0;
  let digest: Hash | undefined;
  const db: Database = new Kysely<ApplianceSchema>({
    dialect: sqliteDialect(database, (sql, parameters) => {
      statements++;
      if (!recorder) return;
      digest ??= createHash('sha256');
      digestWrite(digest, sql, parameters);
    }),
  });

  // Units run one after the other: a unit awaits its queries, and must not see half of another.
  let tail: Promise<unknown> = Promise.resolve();
  function inTurn<T>(fn: () => Promise<T>): Promise<T> {
    const turn = tail.then(() => {
      if (!open) throw new StoreClosed('the store is closed');
      return fn();
    });
    tail = turn.catch(() => {});
    return turn;
  }

  function commit(): void {
    if (statements === 0) return;
    database.exec('commit');
    database.exec('begin immediate');
    counters?.add('appliance.store.flushes');
    counters?.add('appliance.store.statements', statements);
    recorder?.record({
      at: clock.wall(),
      kind: 'durable',
      who: 'appliance.store',
      what: `flush of ${statements} statements`,
      digest: digest!.digest('hex'),
    });
    statements = 0;
    digest = undefined;
  }

  return {
    secrets: secretBox(options.key),
    read: (fn) => inTurn(() => fn(db)),
    transaction: (fn) =>
      inTurn(async () => {
        database.exec('savepoint unit');
        try {
          const result = await fn(db);
          if (!open) throw new StoreClosed('the store was closed inside a unit');
          database.exec('release unit');
          return result;
        } catch (error) {
          if (open) database.exec('rollback to unit; release unit');
          throw error;
        }
      }),
    flush: () => inTurn(async () => commit()),
    crash() {
      if (!open) return;
      open = false;
      database.exec('rollback');
      database.close();
    },
    async close() {
      await inTurn(async () => {
        commit();
        database.exec('rollback');
        open = false;
        database.close();
      });
    },
  };
}

function openDatabase({ path, synchronous }: StoreOptions): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec(`pragma journal_mode = wal; pragma synchronous = ${synchronous}; pragma foreign_keys = on`);
    database.exec('begin immediate');
    bringUpToDate(database, path);
    database.exec('commit; begin immediate');
    return database;
  } catch (cause) {
    database?.close();
    if ((cause as Error).name === 'DryliftError') throw cause;
    const message = (cause as Error).message;
    throw errors.make(/locked|busy/i.test(message) ? 'store.locked' : 'store.unusable', {
      what: `The appliance's database ${path} cannot be opened: ${message}.`,
      cause,
    });
  }
}

function bringUpToDate(database: DatabaseSync, path: string): void {
  database.exec(META_TABLE);
  const row = database.prepare("select value from meta where key = 'schema'").get() as
    | { value: string }
    | undefined;
  const version = Number(row?.value ?? 0);
  assert(Number.isInteger(version) && version >= 0, 'the schema version is a whole number');
  if (version > SCHEMA_STEPS.length)
    throw errors.make('store.newer', {
      what: `The database ${path} has schema ${version}; this version knows ${SCHEMA_STEPS.length}.`,
    });
  for (const step of SCHEMA_STEPS.slice(version)) for (const statement of step) database.exec(statement);
  database
    .prepare("insert into meta values ('schema', ?) on conflict (key) do update set value = excluded.value")
    .run(String(SCHEMA_STEPS.length));
}

function digestWrite(hash: Hash, sql: string, parameters: readonly unknown[]): void {
  hash.update(sql);
  for (const parameter of parameters)
    if (parameter instanceof Uint8Array) hash.update(`\0b${parameter.length}:`).update(parameter);
    else hash.update(`\0${typeof parameter}:${String(parameter)}`);
  hash.update('\n');
}
