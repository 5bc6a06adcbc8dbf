/**
 * Percentiles and assessments from packed points on disk: month percentiles of servers with twelve counters, against
 * DuckDB's quantile_disc over the raw rows of the same points, and whole assessments against reading the same store.
 * Sizes 500, 1,000 and 2,000 stand beside each other to show that cost grows with the estate and no faster.
 * 35,000 servers are in bench/long/assessment.long.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '#core/assert.ts';
import { openPackedStore } from '#core/points/packed-store.ts';
import { planOf, type Wants } from '#scenarios/assess/chunk.ts';
import { propertiesOf } from '#scenarios/assess/property-words.ts';
import { runAssessment } from '#scenarios/assess/run.ts';
import { openSource } from '#scenarios/assess/sources.ts';
import { COUNTERS, MONTH, MONTHS_END, VALUE_SQL, writeMonths } from '../months.ts';
import type { Bench, BenchSuite } from '../suite.ts';

const SERVERS = [500, 1_000, 2_000] as const;

/** Sum of the P95 of every series: one number that both engines must agree on. */
async function percentilesOf(path: string, servers: number): Promise<number> {
  const store = openPackedStore(path);
  let sum = 0;
  for await (const { series } of store.read(0, servers))
    for (const { points } of series) sum += points.percentile(95, 0, Number.MAX_SAFE_INTEGER)!.value;
  await store.close();
  return sum;
}

async function readOnly(path: string, servers: number): Promise<number> {
  const store = openPackedStore(path);
  let windows = 0;
  for await (const { series } of store.read(0, servers)) windows += series.length;
  await store.close();
  return windows;
}

async function assessAll(path: string, servers: number): Promise<number> {
  const source = await openSource({ points: path, table: { periodMs: 600_000 } });
  const set = propertiesOf(
    new Map([
      ['history', 'month'],
      ['percentile', '95'],
      ['comfort', '1.3'],
    ]),
  );
  const wants: Wants = { json: 'no', csv: true, workbook: false, table: false };
  const part = { ...source, count: servers };
  const plan = planOf(set, undefined, MONTHS_END);
  const totals = await runAssessment(
    plan,
    part,
    { set, prices: undefined, asOf: MONTHS_END, wants },
    1,
    () => {},
  );
  await source.close();
  return totals.machines;
}

async function duckdbAsker(servers: number, folder: string) {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const db = await (await DuckDBInstance.create(join(folder, 'peer.duckdb'), { threads: '1' })).connect();
  await db.run(`CREATE TABLE points AS
    SELECT m::USMALLINT AS machine, c::UTINYINT AS counter, (2900000 + w)::UINTEGER AS "window", (${VALUE_SQL})::FLOAT AS value
    FROM range(${servers}) ms(m), range(${COUNTERS.length}) cs(c), range(${MONTH}) ws(w)`);
  return async () => {
    const result = await db.runAndReadAll(
      `SELECT sum(p95::DOUBLE) FROM (SELECT quantile_disc(value, 0.95) AS p95 FROM points GROUP BY machine, counter)`,
    );
    return Number(result.getRows()[0]![0]);
  };
}

export const suite: BenchSuite = {
  name: 'assessment',
  async benches(): Promise<Bench[]> {
    const folder = mkdtempSync(join(tmpdir(), 'drylift-bench-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'points.db');
    const most = SERVERS.at(-1)!;
    await writeMonths(path, most);
    const ask = await duckdbAsker(most, folder);
    assert((await ask()) === (await percentilesOf(path, most)), 'DuckDB and we pick the same points');
    const perServer = COUNTERS.length * MONTH;
    return [
      ...SERVERS.map(
        (servers): Bench => ({
          name: `P95 of a month, ${servers.toLocaleString('en')} servers × 12 counters, from disk`,
          unit: 'points',
          work: servers * perServer,
          isLong: true,
          ...(servers === most
            ? { peer: { name: 'quantile_disc of raw rows in DuckDB, one thread', run: ask } }
            : {}),
          run: () => percentilesOf(path, servers),
        }),
      ),
      ...SERVERS.map(
        (servers): Bench => ({
          name: `assessment of ${servers.toLocaleString('en')} servers, a month, to CSV`,
          unit: 'servers',
          work: servers,
          isLong: true,
          peer: { name: 'reading the same points', run: () => readOnly(path, servers) },
          run: () => assessAll(path, servers),
        }),
      ),
    ];
  },
};
