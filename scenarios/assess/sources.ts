/**
 * Where `assess` and `what-if` get machines and points: a folder, a store, or files of anybody's. Whatever it is, it
 * is read machine by machine.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { type ImportProblem, readImportCsv } from '#core/assessment/import-csv.ts';
import type { MachineFacts, PointSource } from '#core/assessment/machine-facts.ts';
import { defineErrors, nearest } from '#core/errors.ts';
import type { WindowIndex } from '#core/metrics/roll-up.ts';
import { openPackedStore } from '#core/points/packed-store.ts';
import { PointTable, type TableOptions } from '#core/points/point-table.ts';
import { ONLY_MACHINE, readPointsCsv } from '#core/points/points-csv.ts';
import type { PointStore, Series } from '#core/points/store.ts';
import { type Bytes, formatBytes, GIB, MIB, type Millis } from '#core/units.ts';
import { openDuckdbStore } from '../points/duckdb-store.ts';
import { readMachinesJson } from './machines-json.ts';
import { readRvtoolsMachines } from './rvtools-machines.ts';

export const errors = defineErrors({
  'assess.noFile': {
    blame: 'input',
    why: 'The file or folder does not exist or cannot be read.',
    next: 'Check the path and the permissions.',
  },
  'assess.unknownForm': {
    blame: 'input',
    why: 'Points come as .csv, .json, .parquet, .db (packed) or .duckdb, or as a folder with points in one of these; machines as .csv, .json or .xlsx.',
    next: 'See docs/guides/assess.md.',
  },
  'assess.noFacts': {
    blame: 'input',
    why: 'Points alone do not say how many cores, how much memory, which disks and which system a machine has.',
    next: 'Give --machines FILE, or for one machine --cores, --memory-gib, --os and --disk-gib.',
  },
  'assess.unknownInstance': {
    blame: 'input',
    why: 'Every point of a disk or adapter belongs to one that the machine has, by id, label or number.',
    next: 'Use the ids of the machine file (disk1, disk2 …; nic1 …), or leave the instance out where there is one.',
  },
  'assess.badServers': {
    blame: 'input',
    why: 'These rows cannot be used.',
    next: 'Correct them, or add --skip-bad-rows to assess the others.',
  },
});

export interface SourceOptions {
  readonly points?: string | undefined;
  readonly machines?: string | undefined;
  readonly table: TableOptions;
  /** Facts for machines that have none, from options. */
  readonly defaults?: Omit<MachineFacts, 'id' | 'displayName'> | undefined;
  readonly skipBadRows?: boolean | undefined;
}

export interface AssessSource {
  readonly count: number;
  readonly periodMs: Millis;
  /** The window after the last point; undefined without points. */
  readonly end: WindowIndex | undefined;
  /** A packed store that other threads can open as well. */
  readonly path: string | undefined;
  /** What was passed over or corrected, for people. */
  readonly warnings: readonly string[];
  read(first: number, count: number): AsyncIterable<{ facts: MachineFacts; points: PointSource }>;
  close(): Promise<void>;
}

const TEXT_BYTES_MAX: Bytes = 8 * GIB;
const JSON_BYTES_MAX: Bytes = 400 * MIB;
const CHUNK: Bytes = MIB;

/** @throws the codes above, and those of the readers */
export async function openSource(options: SourceOptions): Promise<AssessSource> {
  const { points } = options;
  if (points === undefined) return withoutPoints(options);
  const isFolder = statOf(points).isDirectory();
  const path = isFolder ? pointsIn(points) : points;
  const kind = extname(path).toLowerCase();
  if (kind === '.db') return storeSource(openPackedStore(path), path);
  if (kind === '.duckdb') return storeSource(await openDuckdbStore(path), undefined);
  if (kind === '.json') {
    const { machines, table } = readMachinesJson(textOf(path), basename(path));
    return tableSource(machines, table, []);
  }
  const machinesPath = options.machines ?? (isFolder ? machinesIn(points) : undefined);
  const { machines, warnings } = machinesPath
    ? readMachines(machinesPath, 'discovered', options.skipBadRows)
    : { machines: [], warnings: [] };
  if (path === points && isFolder) {
    const table = readFolder(points, options.table);
    return tableSource(withDefaults(machines, table.machines, options), table, warnings);
  }
  if (kind === '.csv' || kind === '.txt') {
    const table = readPointsCsv(chunksOf(path), basename(path), options.table);
    return tableSource(withDefaults(machines, table.machines, options), table, warnings);
  }
  if (kind === '.parquet') {
    const store = await openDuckdbStore(':memory:', options.table.periodMs);
    for (const facts of machines) await store.putMachine(facts);
    const left = await store.readParquet(path);
    if (machines.length === 0) throw noFacts(basename(path));
    return storeSource(store, undefined, [
      ...warnings,
      ...(left > 0 ? [`${left} points of ${basename(path)} are of machines without facts; passed over`] : []),
    ]);
  }
  throw unknownForm(path);
}

/** The file of a folder that holds the points; the folder itself when they are in a file a machine. */
function pointsIn(folder: string): string {
  for (const name of ['points.db', 'points.duckdb', 'points.json', 'points.parquet', 'points.csv'])
    if (existsSync(join(folder, name))) return join(folder, name);
  if (pointFilesIn(folder).length > 0) return folder;
  throw errors.make('assess.unknownForm', {
    what: `There is no points.db, points.duckdb, points.json, points.parquet or points.csv in ${folder}, and no other .csv.`,
    where: { file: folder },
  });
}

const MACHINE_FILES = ['machines.csv', 'machines.json', 'machines.xlsx'];

function machinesIn(folder: string): string | undefined {
  const name = MACHINE_FILES.find((each) => existsSync(join(folder, each)));
  return name === undefined ? undefined : join(folder, name);
}

function pointFilesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.toLowerCase().endsWith('.csv') && !MACHINE_FILES.includes(name))
    .sort();
}

/** Every CSV of a folder; one without a column `machine` is about the machine that it is called after. */
function readFolder(folder: string, options: TableOptions): PointTable {
  const table = new PointTable(options);
  for (const name of pointFilesIn(folder))
    readPointsCsv(chunksOf(join(folder, name)), name, options, table, name.slice(0, -'.csv'.length));
  return table;
}

/** Machines of a file, for whoever puts them into a store. @throws the codes above */
export function readMachines(
  path: string,
  as: 'import' | 'discovered',
  skipBadRows = false,
): { machines: readonly MachineFacts[]; warnings: readonly string[] } {
  const file = basename(path);
  const discovered = (facts: MachineFacts): MachineFacts => {
    if (as === 'import' || facts.platform !== 'Import') return facts;
    const { given: _, ...others } = facts;
    return { ...others, platform: 'VMware', id: facts.displayName };
  };
  switch (extname(path).toLowerCase()) {
    case '.json':
      return { machines: readMachinesJson(textOf(path), file).machines, warnings: [] };
    case '.xlsx':
      statOf(path);
      return { machines: readRvtoolsMachines(readFileSync(path), file).map(discovered), warnings: [] };
    case '.csv':
    case '.txt': {
      const { machines, problems } = readImportCsv(chunksOf(path), file);
      const bad = problems.filter(({ severity }) => severity === 'error');
      if (bad.length > 0 && !skipBadRows) throw badServers(bad, file);
      return {
        machines: machines.map(discovered),
        warnings: problems.map((problem) => problemText(problem, file)),
      };
    }
    default:
      throw unknownForm(path);
  }
}

const PROBLEMS_SHOWN = 20;

function badServers(problems: readonly ImportProblem[], file: string) {
  const shown = problems.slice(0, PROBLEMS_SHOWN).map((problem) => problemText(problem, file));
  const more = problems.length - shown.length;
  return errors.make('assess.badServers', {
    what: `${file} has ${problems.length} rows or cells that cannot be used.`,
    why: `${shown.join('\n')}${more > 0 ? `\n… and ${more} more` : ''}`,
    where: { file, line: problems[0]!.line, column: problems[0]!.column },
    data: { problems: problems.length },
  });
}

function problemText({ line, column, what, severity }: ImportProblem, file: string): string {
  return `${file} line ${line}${column === '' ? '' : `, column ${column}`}: ${what}${severity === 'error' ? '; not assessed' : ''}`;
}

function withoutPoints({ machines: path, skipBadRows, table }: SourceOptions): AssessSource {
  if (path === undefined)
    throw errors.make('assess.noFile', { what: 'Neither --points nor --machines was given.' });
  const { machines, warnings } = readMachines(path, 'import', skipBadRows);
  return listSource(machines, () => [], table.periodMs, undefined, warnings);
}

function tableSource(
  machines: readonly MachineFacts[],
  table: PointTable,
  warnings: readonly string[],
): AssessSource {
  const bySpelling = new Map(
    machines.flatMap((facts) => [
      [facts.id.toLowerCase(), facts],
      [facts.displayName.toLowerCase(), facts],
    ]),
  );
  const series = new Map<string, readonly Series[]>();
  for (const name of table.machines) {
    const facts = bySpelling.get(name.toLowerCase());
    if (!facts) throw noFacts(name, machines);
    series.set(facts.id, resolved(facts, table.seriesOf(name)));
  }
  return listSource(machines, ({ id }) => series.get(id) ?? [], table.periodMs, table.end, warnings);
}

function listSource(
  machines: readonly MachineFacts[],
  seriesOf: (facts: MachineFacts) => readonly Series[],
  periodMs: Millis,
  end: WindowIndex | undefined,
  warnings: readonly string[],
): AssessSource {
  return {
    count: machines.length,
    periodMs,
    end,
    path: undefined,
    warnings,
    async *read(first, count) {
      for (const facts of machines.slice(first, first + count))
        yield { facts, points: pointSource(seriesOf(facts)) };
    },
    async close() {},
  };
}

async function storeSource(
  store: PointStore,
  path: string | undefined,
  warnings: readonly string[] = [],
): Promise<AssessSource> {
  return {
    count: await store.machineCount(),
    periodMs: store.periodMs,
    end: await store.end(),
    path,
    warnings,
    async *read(first, count) {
      for await (const { facts, series } of store.read(first, count))
        yield { facts, points: pointSource(series) };
    },
    close: () => store.close(),
  };
}

/** A source over the series of one machine. */
export function pointSource(series: readonly Series[]): PointSource {
  return (counter, instance) => {
    for (const one of series) if (one.counter === counter && one.instance === instance) return one.points;
    return undefined;
  };
}

function withDefaults(
  machines: readonly MachineFacts[],
  named: readonly string[],
  { defaults }: SourceOptions,
): readonly MachineFacts[] {
  if (!defaults) return machines;
  const known = new Set(
    machines.flatMap(({ id, displayName }) => [id.toLowerCase(), displayName.toLowerCase()]),
  );
  const added = named
    .filter((name) => !known.has(name.toLowerCase()))
    .map((name): MachineFacts => ({ ...defaults, id: name, displayName: name }));
  return [...machines, ...added];
}

/** Points under the ids of the machine's disks and adapters. @throws `assess.unknownInstance` */
function resolved(facts: MachineFacts, series: readonly Series[]): Series[] {
  return series.map((one) => {
    const isMachine = one.counter === 'cpu' || one.counter === 'memory';
    if (isMachine) return { ...one, instance: '' };
    const isNic = one.counter === 'inBps' || one.counter === 'outBps';
    const all = isNic
      ? facts.nics.map(({ id, macAddress }) => ({ id, names: [id, macAddress ?? id] }))
      : facts.disks.map(({ id, label }) => ({ id, names: [id, label] }));
    const id = findInstance(all, one.instance);
    if (id !== undefined) return { ...one, instance: id };
    throw errors.make('assess.unknownInstance', {
      what: `${facts.displayName} has no ${isNic ? 'adapter' : 'disk'} "${one.instance}"; it has ${all.map((each) => each.id).join(', ') || 'none'}.`,
    });
  });
}

function findInstance(
  all: ReadonlyArray<{ id: string; names: readonly string[] }>,
  stated: string,
): string | undefined {
  if (stated === '') return all.length === 1 ? all[0]!.id : undefined;
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const exact =
    all.find(({ names }) => names.includes(stated)) ??
    all.find(({ names }) => names.some((name) => plain(name) === plain(stated)));
  if (exact) return exact.id;
  return /^\d{1,3}$/.test(stated) ? all[Number(stated) - 1]?.id : undefined;
}

function noFacts(name: string, machines: readonly MachineFacts[] = []) {
  const near = nearest(
    name,
    machines.map(({ displayName }) => displayName),
  );
  return errors.make('assess.noFacts', {
    what:
      name === ONLY_MACHINE
        ? 'Nothing is known of the machine but its points.'
        : `Nothing is known of ${name} but its points${near ? `; ${near} is known` : ''}.`,
  });
}

function unknownForm(path: string) {
  return errors.make('assess.unknownForm', { what: `${path} is of no known form.`, where: { file: path } });
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw errors.make('assess.noFile', {
      what: code === 'ENOENT' ? `There is no ${path}.` : `${path} cannot be read (${code}).`,
      where: { file: path },
      cause,
    });
  }
}

function checkSize(path: string, most: Bytes): void {
  const { size } = statOf(path);
  if (size > most)
    throw errors.make('assess.noFile', {
      what: `${path} has ${formatBytes(size)}; at most ${formatBytes(most)} are read.`,
      next: 'Split it, or put the points into a store with `drylift points convert`.',
      where: { file: path },
    });
}

function textOf(path: string): string {
  checkSize(path, JSON_BYTES_MAX);
  return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
}

function* chunksOf(path: string): Generator<string, void, void> {
  checkSize(path, TEXT_BYTES_MAX);
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(CHUNK);
    const decoder = new StringDecoder('utf8');
    for (let n = readSync(file, bytes); n > 0; n = readSync(file, bytes))
      yield decoder.write(bytes.subarray(0, n));
    yield decoder.end();
  } finally {
    closeSync(file);
  }
}
