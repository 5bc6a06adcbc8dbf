import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Entropy } from '#core/entropy/entropy.ts';
import { Points } from '#core/metrics/points.ts';
import { openPackedStore } from '#core/points/packed-store.ts';
import type { MachineWithPoints, PointStore } from '#core/points/store.ts';
import { pointStoreSuite } from '#core/testing/point-store-suite.ts';
import { openDuckdbStore } from './duckdb-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'drylift-duckdb-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const freshPath = (ending = 'duckdb') => join(folder, `${++files}.${ending}`);

pointStoreSuite((path) => openDuckdbStore(path, 600_000), freshPath);

test('the percentile of a series is what quantile_disc of DuckDB says of the same rows', async () => {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  await db.run('CREATE TABLE v (n INTEGER, value FLOAT)');
  const entropy = new Entropy('quantile');
  const sizes = [1, 2, 7, 19, 20, 21, 99, 100, 144, 1_008, 4_320];
  for (const n of sizes)
    await db.run(
      `INSERT INTO v VALUES ${Array.from({ length: n }, (_, i) => `(${n}, ${entropy.below(500, 'v', n, i)})`).join(',')}`,
    );
  for (const p of [50, 90, 95, 99, 100]) {
    const rows = (
      await db.runAndReadAll(
        `SELECT n, quantile_disc(value, ${p}/100::DECIMAL(9, 2)) FROM v GROUP BY n ORDER BY n`,
      )
    ).getRows();
    expect(rows).toEqual(
      sizes.map((n) => {
        const points = new Points(600_000);
        for (let i = 0; i < n; i++) points.raise(100 + i, entropy.below(500, 'v', n, i));
        return [n, points.percentile(p, 0, 1e9)!.value];
      }),
    );
  }
  db.closeSync();
});

describe('Parquet', () => {
  const facts = (id: string) => ({
    id,
    displayName: id,
    platform: 'VMware' as const,
    cores: 2,
    memoryMiB: 2048,
    bootType: 'BIOS' as const,
    os: { name: 'Debian' },
    disks: [],
    nics: [],
  });
  async function filled(store: PointStore): Promise<void> {
    for (const id of ["m'1", 'm2']) {
      const points = new Points(600_000);
      for (let i = 0; i < 3_000; i++) if (i % 7 !== 3) points.raise(2_900_000 + i, (i * 13) % 10_000);
      await store.putMachine(facts(id));
      await store.raise(id, [
        { counter: 'cpu', instance: '', points },
        { counter: 'readIops', instance: 'd 1', points },
      ]);
    }
    await store.settle();
  }
  const content = async (store: PointStore): Promise<unknown[]> => {
    const machines: MachineWithPoints[] = [];
    for await (const machine of store.read(0, 10)) machines.push(machine);
    return machines.map(({ facts: { id }, series }) => [
      id,
      series.map(({ counter, instance, points }) => [counter, instance, points.encode().toString('base64')]),
    ]);
  };

  test('what is written out is read in again, and is what the packed store holds', async () => {
    const [store, copy, packed] = [
      await openDuckdbStore(freshPath(), 600_000),
      await openDuckdbStore(':memory:', 600_000),
      openPackedStore(':memory:', 600_000),
    ];
    await filled(store);
    await filled(packed);
    const parquet = freshPath('parquet');
    await store.writeParquet(parquet);
    await copy.putMachine(facts("m'1"));
    expect(await copy.readParquet(parquet)).toBeGreaterThan(5_000);
    await copy.putMachine(facts('m2'));
    expect(await copy.readParquet(parquet)).toBe(0);
    expect(await content(copy)).toEqual(await content(store));
    expect(await content(packed)).toEqual(await content(store));
    for (const each of [store, copy, packed]) await each.close();
  });

  test('a file that is no Parquet, lacks a column or holds no points is refused', async () => {
    const store = await openDuckdbStore(':memory:', 600_000);
    const text = freshPath('parquet');
    writeFileSync(text, 'machine,counter\n');
    await expect(store.readParquet(text)).rejects.toMatchObject({ code: 'points.badParquet' });
    await store.close();
    const database = freshPath();
    writeFileSync(database, 'no database at all, but long enough to be looked at'.repeat(100));
    await expect(openDuckdbStore(database, 600_000)).rejects.toMatchObject({ code: 'pointStore.notAStore' });
  });
});
