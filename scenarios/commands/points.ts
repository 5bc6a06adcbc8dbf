/** `drylift points convert FROM TO`: points from one form into another: CSV, JSON, packed store, DuckDB, Parquet. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { extname } from 'node:path';
import type { CounterName, PointSource } from '#core/assessment/machine-facts.ts';
import { defineErrors } from '#core/errors.ts';
import { openPackedStore } from '#core/points/packed-store.ts';
import type { PointStore, Series } from '#core/points/store.ts';
import { type AssessOptions, sourceOf } from '../assess/options.ts';
import type { AssessSource } from '../assess/sources.ts';
import { openDuckdbStore } from '../points/duckdb-store.ts';

export const errors = defineErrors({
  'points.unknownTarget': {
    blame: 'input',
    why: 'Points are written as .db (packed), .duckdb, .parquet or .csv.',
    next: 'Give the target one of these endings.',
  },
});

export async function convert(from: string, to: string, options: AssessOptions): Promise<void> {
  const source = await sourceOf({ ...options, points: from });
  try {
    for (const warning of source.warnings) process.stderr.write(`note: ${warning}\n`);
    await write(source, to);
    process.stdout.write(`${to}: ${source.count} machines\n`);
  } finally {
    await source.close();
  }
}

async function write(source: AssessSource, to: string): Promise<void> {
  switch (extname(to).toLowerCase()) {
    case '.db':
      removed(to, ['', '-wal', '-shm']);
      return filled(openPackedStore(to, source.periodMs), source);
    case '.duckdb':
      removed(to, ['', '.wal']);
      return filled(await openDuckdbStore(to, source.periodMs), source);
    case '.parquet': {
      const store = await openDuckdbStore(':memory:', source.periodMs);
      return filled(store, source, () => store.writeParquet(to));
    }
    case '.csv':
      return writeCsv(source, to);
    default:
      throw errors.make('points.unknownTarget', { what: `${to} is of no known form.` });
  }
}

function removed(path: string, endings: readonly string[]): void {
  for (const ending of endings) rmSync(path + ending, { force: true });
}

async function filled(store: PointStore, source: AssessSource, then?: () => Promise<void>): Promise<void> {
  try {
    for await (const { facts, points } of source.read(0, source.count)) {
      await store.putMachine(facts);
      await store.raise(facts.id, [...seriesOf(facts, points)]);
    }
    await store.settle();
    await then?.();
  } finally {
    await store.close();
  }
}

const DISK_COUNTERS: readonly CounterName[] = ['readIops', 'writeIops', 'readBps', 'writeBps'];
const NIC_COUNTERS: readonly CounterName[] = ['inBps', 'outBps'];

function* seriesOf(
  facts: {
    readonly disks: ReadonlyArray<{ readonly id: string }>;
    readonly nics: ReadonlyArray<{ readonly id: string }>;
  },
  points: PointSource,
): Generator<Series, void, void> {
  const names: Array<[CounterName, string]> = [
    ['cpu', ''],
    ['memory', ''],
    ...facts.disks.flatMap(({ id }) => DISK_COUNTERS.map((counter): [CounterName, string] => [counter, id])),
    ...facts.nics.flatMap(({ id }) => NIC_COUNTERS.map((counter): [CounterName, string] => [counter, id])),
  ];
  for (const [counter, instance] of names) {
    const found = points(counter, instance);
    if (found) yield { counter, instance, points: found };
  }
}

/** The long form, in percent, operations and bytes a second. */
async function writeCsv(source: AssessSource, to: string): Promise<void> {
  const file = openSync(to, 'w');
  const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  try {
    writeSync(file, 'machine,time,counter,instance,value\n');
    for await (const { facts, points } of source.read(0, source.count))
      for (const { counter, instance, points: series } of seriesOf(facts, points)) {
        const scale = counter === 'cpu' || counter === 'memory' ? 100 : 1;
        let text = '';
        for (const [window, value] of series.entries())
          text += `${cell(facts.id)},${new Date(window * source.periodMs).toISOString()},${counter},${cell(instance)},${value / scale}\n`;
        writeSync(file, text);
      }
  } finally {
    closeSync(file);
  }
}
