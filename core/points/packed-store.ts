/**
 * The point store without a dependency: SQLite, one packed block of bytes a machine (packed-series.ts). What is
 * raised goes to a table of its own in the form it came in; `settle` merges it into the blocks, so that a day of
 * arrivals is one rewrite of each machine's block, and reading is one row a machine.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { assert } from '../assert.ts';
import type { MachineFacts } from '../assessment/machine-facts.ts';
import { Points } from '../metrics/points.ts';
import type { WindowIndex } from '../metrics/roll-up.ts';
import type { Millis } from '../units.ts';
import { packSeries, unpackSeries } from './packed-series.ts';
import { errors, inOrder, type MachineWithPoints, type PointStore, type Series } from './store.ts';

const VERSION = 1;
/** "dryl": SQLite keeps it at byte 68 of the file. */
const APPLICATION_ID = 0x6472_796c;

const SCHEMA = `
  PRAGMA page_size = 32768;
  PRAGMA journal_mode = WAL;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};
  CREATE TABLE settings (period_ms INTEGER NOT NULL);
  CREATE TABLE machines (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, facts TEXT NOT NULL, last INTEGER, block BLOB);
  CREATE TABLE fresh (machine INTEGER NOT NULL, counter TEXT NOT NULL, instance TEXT NOT NULL, points BLOB NOT NULL);
  CREATE INDEX fresh_by_machine ON fresh (machine);
`;

/** Machines whose arrivals are merged in one transaction. */
const MACHINES_PER_COMMIT = 500;

/**
 * Opens a store, or makes one.
 * @param path of a file, or ':memory:'.
 * @param periodMs of its points; needed for a new store, checked for an old one.
 * @throws `pointStore.notAStore`, `pointStore.otherPeriod`
 */
export function openPackedStore(path: string, periodMs?: Millis): PointStore {
  const db = open(path);
  try {
    const found = periodOf(db, path, periodMs);
    return new PackedStore(db, found);
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * A new store of machines that are known as a whole: each is one row, written once.
 * @param path of a file that is not there
 * @param machines series in order of counter and instance, of that period
 * @throws `pointStore.notAStore`, `pointStore.otherPeriod`
 */
export function writePackedStore(
  path: string,
  periodMs: Millis,
  machines: Iterable<MachineWithPoints>,
): void {
  const db = open(path);
  try {
    periodOf(db, path, periodMs);
    const insert = db.prepare('INSERT INTO machines (id, facts, last, block) VALUES (?, ?, ?, ?)');
    db.exec('BEGIN');
    for (const { facts, series } of machines) {
      let last: WindowIndex | null = null;
      for (const { points } of series) {
        checkPeriod(points, periodMs);
        if (points.last !== undefined) last = Math.max(last ?? 0, points.last);
      }
      insert.run(facts.id, JSON.stringify(facts), last, packSeries(periodMs, series));
    }
    db.exec('COMMIT');
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}

function open(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (cause) {
    throw errors.make('pointStore.notAStore', {
      what: `${path} cannot be opened.`,
      where: { file: path },
      cause,
    });
  }
}

function periodOf(db: DatabaseSync, path: string, wanted: Millis | undefined): Millis {
  const bad = (what: string, cause?: unknown) =>
    errors.make('pointStore.notAStore', { what, where: { file: path }, ...(cause ? { cause } : {}) });
  let id: unknown;
  let tables: unknown;
  try {
    id = db.prepare('PRAGMA application_id').get()?.['application_id'];
    tables = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'];
  } catch (cause) {
    throw bad(`${path} is not a SQLite file.`, cause);
  }
  if (tables === 0 && wanted !== undefined) {
    db.exec(SCHEMA);
    db.prepare('INSERT INTO settings VALUES (?)').run(wanted);
    return wanted;
  }
  const version = db.prepare('PRAGMA user_version').get()?.['user_version'];
  if (id !== APPLICATION_ID || version !== VERSION)
    throw bad(`${path} is not a point store of version ${VERSION}.`);
  const period = Number(db.prepare('SELECT period_ms FROM settings').get()?.['period_ms']);
  if (wanted !== undefined && wanted !== period)
    throw errors.make('pointStore.otherPeriod', {
      what: `${path} holds points of ${period / 60_000} minutes, not of ${wanted / 60_000}.`,
      where: { file: path },
    });
  return period;
}

class PackedStore implements PointStore {
  readonly periodMs: Millis;
  readonly #db: DatabaseSync;
  readonly #put: StatementSync;
  readonly #number: StatementSync;
  readonly #insert: StatementSync;
  readonly #lastOf: StatementSync;
  readonly #freshOf: StatementSync;
  readonly #store: StatementSync;

  constructor(db: DatabaseSync, periodMs: Millis) {
    this.periodMs = periodMs;
    this.#db = db;
    this.#put = db.prepare(
      'INSERT INTO machines (id, facts) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET facts = excluded.facts',
    );
    this.#number = db.prepare('SELECT no FROM machines WHERE id = ?');
    this.#insert = db.prepare('INSERT INTO fresh VALUES (?, ?, ?, ?)');
    this.#lastOf = db.prepare('UPDATE machines SET last = max(coalesce(last, 0), ?) WHERE no = ?');
    this.#freshOf = db.prepare('SELECT counter, instance, points FROM fresh WHERE machine = ?');
    this.#store = db.prepare('UPDATE machines SET block = ? WHERE no = ?');
  }

  async putMachine(facts: MachineFacts): Promise<void> {
    this.#put.run(facts.id, JSON.stringify(facts));
  }

  async raise(machineId: string, series: readonly Series[]): Promise<void> {
    const no = this.#number.get(machineId)?.['no'];
    assert(typeof no === 'number', `machine ${machineId} is put before its points`);
    this.#db.exec('BEGIN');
    try {
      for (const { counter, instance, points } of series) {
        checkPeriod(points, this.periodMs);
        if (points.last === undefined) continue;
        this.#insert.run(no, counter, instance, points.encode());
        this.#lastOf.run(points.last, no);
      }
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  async settle(): Promise<void> {
    await this.#rewrite('SELECT DISTINCT machine AS no FROM fresh ORDER BY no', (series) => series);
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  async dropBefore(window: WindowIndex): Promise<void> {
    await this.#rewrite('SELECT no FROM machines ORDER BY no', (series) => {
      for (const { points } of series) points.dropBefore(window);
      return series;
    });
  }

  async machineCount(): Promise<number> {
    return Number(this.#db.prepare('SELECT count(*) AS n FROM machines').get()?.['n']);
  }

  async end(): Promise<WindowIndex | undefined> {
    const last = this.#db.prepare('SELECT max(last) AS last FROM machines').get()?.['last'];
    return typeof last === 'number' ? last + 1 : undefined;
  }

  async *read(first: number, count: number): AsyncGenerator<MachineWithPoints, void, void> {
    const rows = this.#db
      .prepare('SELECT no, facts, block FROM machines WHERE no > ? ORDER BY no LIMIT ?') // numbered from 1
      .iterate(first, count);
    for (const row of rows)
      yield {
        facts: JSON.parse(String(row['facts'])) as MachineFacts,
        series: this.#seriesOf(Number(row['no']), row['block'] as Uint8Array | null),
      };
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #seriesOf(no: number, block: Uint8Array | null): Series[] {
    const packed = block === null ? [] : unpackSeries(block, this.periodMs);
    const fresh = this.#freshOf.all(no);
    if (fresh.length === 0) return packed;
    const byName = new Map(packed.map((one) => [`${one.counter} ${one.instance}`, one]));
    for (const row of fresh) {
      const [counter, instance] = [row['counter'] as Series['counter'], String(row['instance'])];
      const points = Points.decode(row['points'] as Uint8Array);
      const known = byName.get(`${counter} ${instance}`);
      if (known) known.points.merge(points);
      else byName.set(`${counter} ${instance}`, { counter, instance, points });
    }
    return inOrder([...byName.values()]);
  }

  async #rewrite(machines: string, change: (series: Series[]) => Series[]): Promise<void> {
    const numbers = this.#db
      .prepare(machines)
      .all()
      .map((row) => Number(row['no']));
    const blockOf = this.#db.prepare('SELECT block FROM machines WHERE no = ?');
    const clear = this.#db.prepare('DELETE FROM fresh WHERE machine = ?');
    for (let from = 0; from < numbers.length; from += MACHINES_PER_COMMIT) {
      this.#db.exec('BEGIN');
      try {
        for (const no of numbers.slice(from, from + MACHINES_PER_COMMIT)) {
          const series = change(
            this.#seriesOf(no, (blockOf.get(no)?.['block'] ?? null) as Uint8Array | null),
          );
          this.#store.run(packSeries(this.periodMs, series), no);
          clear.run(no);
        }
        this.#db.exec('COMMIT');
      } catch (error) {
        this.#db.exec('ROLLBACK');
        throw error;
      }
    }
  }
}

/** @throws `pointStore.otherPeriod` */
export function checkPeriod(points: Points, periodMs: Millis): void {
  if (points.periodMs === periodMs) return;
  throw errors.make('pointStore.otherPeriod', {
    what: `Points of ${points.periodMs / 60_000} minutes go into a store of ${periodMs / 60_000}.`,
  });
}
