/**
 * The point store for any amount: DuckDB, one row a point, sorted by machine, series and time when it is settled, so
 * that a machine's points lie together. Any engine that reads Parquet can be given the points, and give them back.
 *
 * DuckDB is an optional dependency: it is loaded when a store of it is opened, and nothing else needs it.
 */
import type {
  DuckDBAppender,
  DuckDBConnection,
  DuckDBInstance,
  DuckDBUIntegerVector,
} from '@duckdb/node-api';
import { assert } from '#core/assert.ts';
import type { MachineFacts } from '#core/assessment/machine-facts.ts';
import { defineErrors } from '#core/errors.ts';
import { Points } from '#core/metrics/points.ts';
import type { WindowIndex } from '#core/metrics/roll-up.ts';
import { checkPeriod } from '#core/points/packed-store.ts';
import {
  type MachineWithPoints,
  type PointStore,
  type Series,
  errors as storeErrors,
} from '#core/points/store.ts';
import type { Millis } from '#core/units.ts';

export const errors = defineErrors({
  'points.noDuckdb': {
    blame: 'prepare',
    why: 'DuckDB is an optional dependency (@duckdb/node-api); npm left it out, or has none for this platform.',
    next: 'Run `npm ci` without --omit=optional, or use a store of packed points (a file ending in .db) or CSV.',
  },
  'points.badParquet': {
    blame: 'input',
    why: 'A Parquet file of points has the columns machine, counter, instance, "window" and value.',
    next: 'Write it with `drylift points convert`, or rename the columns.',
  },
});

type Duckdb = typeof import('@duckdb/node-api');

/** @throws `points.noDuckdb` */
async function loadDuckdb(): Promise<Duckdb> {
  try {
    return await import('@duckdb/node-api');
  } catch (cause) {
    throw errors.make('points.noDuckdb', { what: 'DuckDB cannot be loaded.', cause });
  }
}

const SCHEMA = [
  'CREATE TABLE settings (period_ms INTEGER NOT NULL)',
  'CREATE TABLE machines (no UINTEGER PRIMARY KEY, id VARCHAR NOT NULL UNIQUE, facts VARCHAR NOT NULL)',
  'CREATE TABLE series (no UINTEGER PRIMARY KEY, counter VARCHAR NOT NULL, instance VARCHAR NOT NULL)',
  'CREATE TABLE points (machine UINTEGER NOT NULL, series UINTEGER NOT NULL, "window" UINTEGER NOT NULL, value FLOAT NOT NULL)',
];

/** Rows of one vector in DuckDB: an appended chunk has at most so many. */
const CHUNK_ROWS = 2_048;
/** Leaves the rest of a small machine to others. */
const MEMORY_LIMIT = '1GB';

/** What Parquet files hold, and settled tables are in. */
const ORDER = 'ORDER BY machine, series, "window"';

/**
 * Opens a store, or makes one.
 * @param path of a file, or ':memory:'.
 * @param periodMs needed for a new store, checked for an old one.
 * @throws `points.noDuckdb`, `pointStore.notAStore`, `pointStore.otherPeriod`
 */
export async function openDuckdbStore(path: string, periodMs?: Millis): Promise<DuckdbStore> {
  const duckdb = await loadDuckdb();
  let instance: DuckDBInstance;
  try {
    instance = await duckdb.DuckDBInstance.create(path, { memory_limit: MEMORY_LIMIT, threads: '2' });
  } catch (cause) {
    throw storeErrors.make('pointStore.notAStore', {
      what: `${path} is no DuckDB file.`,
      where: { file: path },
      cause,
    });
  }
  const connection = await instance.connect();
  try {
    const found = await periodOf(connection, path, periodMs);
    const store = new DuckdbStore(duckdb, instance, connection, found);
    await store.load();
    return store;
  } catch (error) {
    connection.closeSync();
    instance.closeSync();
    throw error;
  }
}

async function periodOf(db: DuckDBConnection, path: string, wanted: Millis | undefined): Promise<Millis> {
  const bad = (what: string) => storeErrors.make('pointStore.notAStore', { what, where: { file: path } });
  const tables = await rows(db, 'SELECT table_name FROM duckdb_tables() ORDER BY table_name');
  if (tables.length === 0) {
    if (wanted === undefined) throw bad(`${path} is not a point store.`);
    for (const statement of SCHEMA) await db.run(statement);
    await db.run('INSERT INTO settings VALUES ($1)', [wanted]);
    return wanted;
  }
  if (tables.flat().join() !== 'machines,points,series,settings') throw bad(`${path} is not a point store.`);
  const period = Number((await rows(db, 'SELECT period_ms FROM settings'))[0]?.[0]);
  if (wanted !== undefined && wanted !== period)
    throw storeErrors.make('pointStore.otherPeriod', {
      what: `${path} holds points of ${period / 60_000} minutes, not of ${wanted / 60_000}.`,
      where: { file: path },
    });
  return period;
}

async function rows(db: DuckDBConnection, sql: string) {
  return (await db.runAndReadAll(sql)).getRows();
}

export class DuckdbStore implements PointStore {
  readonly periodMs: Millis;
  readonly #duckdb: Duckdb;
  readonly #instance: DuckDBInstance;
  readonly #db: DuckDBConnection;
  readonly #machines = new Map<string, number>();
  readonly #series = new Map<string, number>();
  readonly #names: Array<{ counter: Series['counter']; instance: string }> = [];
  #appender: DuckDBAppender | undefined;
  /** Rows of the next chunk, column by column. */
  readonly #pending = [0, 1, 2, 3].map(() => new Float64Array(CHUNK_ROWS));
  #filled = 0;
  /** Something was raised since the table was sorted. */
  #isFresh = false;

  constructor(duckdb: Duckdb, instance: DuckDBInstance, db: DuckDBConnection, periodMs: Millis) {
    this.periodMs = periodMs;
    this.#duckdb = duckdb;
    this.#instance = instance;
    this.#db = db;
  }

  /** Reads the names that numbers stand for; before anything else. */
  async load(): Promise<void> {
    for (const [no, id] of await rows(this.#db, 'SELECT no, id FROM machines ORDER BY no'))
      this.#machines.set(String(id), Number(no));
    this.#series.clear();
    this.#names.length = 0;
    for (const [, counter, instance] of await rows(this.#db, 'SELECT * FROM series ORDER BY no'))
      this.#remember(String(counter) as Series['counter'], String(instance));
    // A file that was closed without being settled may hold a window twice.
    this.#isFresh = true;
  }

  async putMachine(facts: MachineFacts): Promise<void> {
    const text = JSON.stringify(facts);
    const known = this.#machines.get(facts.id);
    if (known !== undefined)
      await this.#db.run('UPDATE machines SET facts = $1 WHERE no = $2', [text, known]);
    else {
      const no = this.#machines.size;
      await this.#db.run('INSERT INTO machines VALUES ($1, $2, $3)', [no, facts.id, text]);
      this.#machines.set(facts.id, no);
    }
  }

  async raise(machineId: string, series: readonly Series[]): Promise<void> {
    const machine = this.#machines.get(machineId);
    assert(machine !== undefined, `machine ${machineId} is put before its points`);
    for (const { counter, instance, points } of series) {
      checkPeriod(points, this.periodMs);
      const name = await this.#numberOf(counter, instance);
      this.#appender ??= await this.#db.createAppender('points');
      for (const [window, value] of points.entries()) this.#append(machine, name, window, value);
    }
    this.#isFresh = true;
  }

  async settle(): Promise<void> {
    await this.#flush();
    if (this.#isFresh) {
      await this.#db.run(
        `CREATE OR REPLACE TABLE points AS
           SELECT machine, series, "window", max(value) AS value FROM points GROUP BY ALL ${ORDER}`,
      );
      this.#isFresh = false;
    }
    await this.#db.run('CHECKPOINT');
  }

  async dropBefore(window: WindowIndex): Promise<void> {
    await this.#flush();
    await this.#db.run('DELETE FROM points WHERE "window" < $1', [window]);
    await this.settle();
  }

  async machineCount(): Promise<number> {
    return this.#machines.size;
  }

  async end(): Promise<WindowIndex | undefined> {
    await this.#flush();
    const last = (await rows(this.#db, 'SELECT max("window") FROM points'))[0]?.[0];
    return typeof last === 'number' ? last + 1 : undefined;
  }

  async *read(first: number, count: number): AsyncGenerator<MachineWithPoints, void, void> {
    await this.#flush();
    const facts = await this.#db.runAndReadAll(
      'SELECT no, facts FROM machines WHERE no >= $1 AND no < $2 ORDER BY no',
      [first, first + count],
    );
    const points = this.#pointsOf(first, first + count);
    let next = await points.next();
    for (const [no, text] of facts.getRows()) {
      const series: Series[] = [];
      for (; !next.done && next.value.machine === no; next = await points.next())
        series.push(next.value.series);
      yield { facts: JSON.parse(String(text)) as MachineFacts, series: series.toSorted(byName) };
    }
  }

  /** All points as one Parquet file, in order, names written out. */
  async writeParquet(path: string): Promise<void> {
    await this.settle();
    await this.#db.run(
      `COPY (SELECT m.id AS machine, s.counter, s.instance, p."window",
                    make_timestamp_ms(p."window"::BIGINT * ${this.periodMs}) AS time, p.value
             FROM points p JOIN machines m ON m.no = p.machine JOIN series s ON s.no = p.series
             ORDER BY p.machine, p.series, p."window")
       TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  }

  /**
   * Raises every point of a Parquet file whose machine was put; points of other machines are counted, not taken.
   * @returns how many rows name a machine that was not put.
   * @throws `points.badParquet`
   */
  async readParquet(path: string): Promise<number> {
    await this.#flush();
    const source = `read_parquet(${quoted(path)})`;
    let columns: string[];
    try {
      columns = (await this.#db.run(`SELECT * FROM ${source} LIMIT 0`)).columnNames();
    } catch (cause) {
      throw errors.make('points.badParquet', {
        what: `${path} is no Parquet file.`,
        where: { file: path },
        cause,
      });
    }
    const missing = ['machine', 'counter', 'instance', 'window', 'value'].filter(
      (name) => !columns.includes(name),
    );
    const bad = (what: string, cause?: unknown) =>
      errors.make('points.badParquet', { what, where: { file: path }, ...(cause ? { cause } : {}) });
    if (missing.length > 0) throw bad(`${path} has no column ${missing.join(', ')}.`);
    const [wrong] = await rows(
      this.#db,
      `SELECT counter, value FROM ${source} WHERE value IS NULL OR NOT isfinite(value) OR value < 0
         OR counter NOT IN ('cpu', 'memory', 'readIops', 'writeIops', 'readBps', 'writeBps', 'inBps', 'outBps') LIMIT 1`,
    );
    if (wrong) throw bad(`${path} has a point ${String(wrong[0])} = ${String(wrong[1])}.`);
    for (const [counter, instance] of await rows(
      this.#db,
      `SELECT DISTINCT counter, coalesce(instance, '') FROM ${source} ORDER BY ALL`,
    ))
      await this.#numberOf(String(counter) as Series['counter'], String(instance));
    await this.#db.run(
      `INSERT INTO points SELECT m.no, s.no, p."window"::UINTEGER, p.value::FLOAT FROM ${source} p
         JOIN machines m ON m.id = p.machine
         JOIN series s ON s.counter = p.counter AND s.instance = coalesce(p.instance, '')`,
    );
    this.#isFresh = true;
    const [left] = await rows(
      this.#db,
      `SELECT count(*) FROM ${source} p WHERE p.machine NOT IN (SELECT id FROM machines)`,
    );
    return Number(left?.[0] ?? 0);
  }

  async close(): Promise<void> {
    await this.#flush();
    this.#db.closeSync();
    this.#instance.closeSync();
  }

  /** Series by series, machines in order. */
  async *#pointsOf(
    from: number,
    to: number,
  ): AsyncGenerator<{ machine: number; series: Series }, void, void> {
    const what = this.#isFresh
      ? 'machine, series, "window", max(value) AS value'
      : 'machine, series, "window", value';
    const result = await this.#db.stream(
      `SELECT ${what} FROM points WHERE machine >= ${from} AND machine < ${to}
         ${this.#isFresh ? 'GROUP BY ALL' : ''} ${ORDER}`,
    );
    let open: { machine: number; series: number; points: Points } | undefined;
    const finished = ({ machine, series, points }: NonNullable<typeof open>) => ({
      machine,
      series: { ...this.#names[series]!, points },
    });
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const [machines, names, windows, values] = [0, 1, 2, 3].map(
        (column) => chunk.getColumnVector(column) as DuckDBUIntegerVector,
      );
      for (let row = 0; row < chunk.rowCount; row++) {
        const machine = machines!.getItem(row)!;
        const series = names!.getItem(row)!;
        if (open?.machine !== machine || open.series !== series) {
          if (open) yield finished(open);
          open = { machine, series, points: new Points(this.periodMs) };
        }
        open.points.raise(windows!.getItem(row)!, values!.getItem(row)!);
      }
    }
    if (open) yield finished(open);
  }

  async #numberOf(counter: Series['counter'], instance: string): Promise<number> {
    const known = this.#series.get(`${counter} ${instance}`);
    if (known !== undefined) return known;
    const no = this.#remember(counter, instance);
    await this.#db.run('INSERT INTO series VALUES ($1, $2, $3)', [no, counter, instance]);
    return no;
  }

  #remember(counter: Series['counter'], instance: string): number {
    const no = this.#names.length;
    this.#names.push({ counter, instance });
    this.#series.set(`${counter} ${instance}`, no);
    return no;
  }

  #append(machine: number, series: number, window: number, value: number): void {
    const at = this.#filled++;
    const [machines, names, windows, values] = this.#pending;
    machines![at] = machine;
    names![at] = series;
    windows![at] = window;
    values![at] = value;
    if (this.#filled === CHUNK_ROWS) this.#appendChunk();
  }

  #appendChunk(): void {
    assert(this.#appender !== undefined, 'rows are pending, so they are being appended');
    const { DuckDBDataChunk, UINTEGER, FLOAT } = this.#duckdb;
    const chunk = DuckDBDataChunk.create([UINTEGER, UINTEGER, UINTEGER, FLOAT], this.#filled);
    for (const [column, items] of this.#pending.entries()) {
      const vector = chunk.getColumnVector(column) as DuckDBUIntegerVector;
      for (let row = 0; row < this.#filled; row++) vector.setItem(row, items[row]!);
      vector.flush();
    }
    this.#appender.appendDataChunk(chunk);
    this.#filled = 0;
  }

  async #flush(): Promise<void> {
    if (this.#filled > 0) this.#appendChunk();
    this.#appender?.closeSync();
    this.#appender = undefined;
  }
}

function byName(a: Series, b: Series): number {
  const [x, y] = [`${a.counter} ${a.instance}`, `${b.counter} ${b.instance}`];
  return x < y ? -1 : x > y ? 1 : 0;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
