/**
 * Run records on disk: `.runs/<id>/record.ndjson.gz`, JSON lines, gzip. The first line is the RunRecord,
 * every further line one TraceEvent. The file is written beside its place and moved there, so that a reader
 * never meets half of one.
 *
 * The record is a gzip member of its own and the trace follows in members of a few MiB (RFC 1952 §2.2 allows
 * any number): writing needs little memory, and a list of runs reads only the first line of each.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { assert } from '#core/assert.ts';
import { RUN_RECORD_FORMAT, type RunRecord } from '#core/contracts/run-record.ts';
import { DryliftError, defineErrors, nearest } from '#core/errors.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { type Bytes, formatBytes, GIB, MIB } from '#core/units.ts';
import { isTraceEvent, problemWithRecord } from './schema.ts';

export const RUNS_FOLDER = '.runs';
export const RECORD_FILE = 'record.ndjson.gz';

export const errors = defineErrors({
  'record.notFound': {
    blame: 'input',
    why: 'A run is named by its id, by the first letters of its id, or by the path of its record or folder.',
    next: 'Run `drylift runs` for the ids of the runs kept here.',
  },
  'record.ambiguous': {
    blame: 'input',
    why: 'Several runs kept here begin with these letters.',
    next: 'Give more of the id.',
  },
  'record.notARecord': {
    blame: 'input',
    why: 'A record is a gzip file of JSON lines: one run record, then one trace event a line.',
    next: 'Give a record that drylift wrote, or repeat the run.',
  },
  'record.version': {
    blame: 'input',
    why: `This drylift reads ${RUN_RECORD_FORMAT} and nothing else.`,
    next: 'Use the drylift that wrote the record, or repeat the run with this one.',
  },
  'record.tooLarge': {
    blame: 'input',
    why: 'A record is read as a whole, so its size is limited.',
    next: 'Run a shorter scenario, or read the file with zcat.',
  },
  'record.cannotWrite': {
    blame: 'prepare',
    why: 'The folder cannot be made, or the disk is full or read-only.',
    next: 'Give a folder that you may write to, with room for the file.',
  },
});

export interface ReadLimits {
  /** The file as it is on disk. */
  readonly fileBytes: Bytes;
  /** What it unpacks to. */
  readonly textBytes: Bytes;
  readonly events: number;
}

export const READ_LIMITS: ReadLimits = { fileBytes: 256 * MIB, textBytes: 2 * GIB - 1, events: 5_000_000 };

/** The record itself, without the trace. */
const RECORD_LINE_BYTES = 256 * MIB;
const MEMBER_BYTES = 4 * MIB;

export interface RunFile {
  readonly record: RunRecord;
  readonly trace: readonly TraceEvent[];
}

/** Where the record of run `id` lies. */
export function recordPath(runsFolder: string, id: string): string {
  return join(runsFolder, id, RECORD_FILE);
}

/**
 * Writes record and trace to `path`, making its folder. The same input gives the same bytes.
 *
 * @param trace as many events as `record.traceEvents` says: a reader knows by it that none was lost.
 * @throws `record.cannotWrite`
 */
export function writeRecord(path: string, record: RunRecord, trace: readonly TraceEvent[]): void {
  assert(
    trace.length === record.traceEvents,
    `record ${record.id} and its trace agree on the number of events`,
  );
  writeAtomically(path, (write) => {
    write(gzipSync(`${JSON.stringify(record)}\n`));
    let lines: string[] = [];
    let length = 0;
    for (const event of trace) {
      const line = `${JSON.stringify(event)}\n`;
      lines.push(line);
      length += line.length;
      if (length < MEMBER_BYTES) continue;
      write(gzipSync(lines.join('')));
      lines = [];
      length = 0;
    }
    if (length > 0) write(gzipSync(lines.join('')));
  });
}

/**
 * Writes a report in one of its forms, making its folder.
 *
 * @throws `record.cannotWrite`
 */
export function writeText(path: string, text: string): void {
  writeAtomically(path, (write) => write(Buffer.from(text)));
}

/** Writes beside `path` and moves into place: a reader sees the old file or the new one, never half of one. */
function writeAtomically(path: string, produce: (write: (part: Uint8Array) => void) => void): void {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  let file: number | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const open = openSync(beside, 'w');
    file = open;
    produce((part) => {
      for (let at = 0; at < part.length; ) at += writeSync(open, part, at);
    });
    renameSync(beside, path);
  } catch (cause) {
    if (file !== undefined) rmSync(beside, { force: true });
    if (!isSystemError(cause)) throw cause;
    throw errors.make('record.cannotWrite', { what: `${path} could not be written (${cause.code}).`, cause });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Reads and checks a whole record.
 *
 * @throws `record.notFound`, `record.notARecord`, `record.version`, `record.tooLarge`
 */
export function readRecord(path: string, limits: ReadLimits = READ_LIMITS): RunFile {
  const file = fileName(path);
  const size = statOrThrow(path);
  if (size > limits.fileBytes) throw tooLarge(file, formatBytes(size), formatBytes(limits.fileBytes));
  let text: Buffer;
  try {
    text = gunzipSync(readFileSync(path), { maxOutputLength: limits.textBytes });
  } catch (cause) {
    if (hasCode(cause, 'ERR_BUFFER_TOO_LARGE'))
      throw tooLarge(file, 'more text', formatBytes(limits.textBytes));
    throw notARecord(file, 'it does not unpack', cause);
  }
  const firstEnd = text.indexOf(10);
  if (firstEnd < 0) throw notARecord(file, 'it has no first line');
  const record = checkRecord(text.subarray(0, firstEnd), file);
  const trace: TraceEvent[] = [];
  for (let from = firstEnd + 1; from < text.length; ) {
    const line = trace.length + 2;
    if (trace.length === limits.events)
      throw tooLarge(file, 'more trace events', limits.events.toLocaleString('en-US'));
    const end = text.indexOf(10, from);
    if (end < 0) throw notARecord(file, `line ${line} is cut off`);
    const event = parse(text.subarray(from, end));
    if (!isTraceEvent(event)) throw notARecord(file, `line ${line} is no trace event`);
    trace.push(event);
    from = end + 1;
  }
  if (trace.length !== record.traceEvents)
    throw notARecord(file, `it names ${record.traceEvents} trace events and holds ${trace.length}`);
  return { record, trace };
}

/** One run of a list. */
export interface ListedRun {
  readonly id: string;
  readonly path: string;
  readonly record: Pick<
    RunRecord,
    'scenario' | 'seed' | 'tier' | 'verdict' | 'startedAt' | 'wallSeconds' | 'clock' | 'checks' | 'counters'
  >;
}

export interface RunList {
  /** Youngest first. */
  readonly runs: readonly ListedRun[];
  /** Folders whose record cannot be read, each with the reason. */
  readonly unreadable: ReadonlyArray<{ readonly id: string; readonly error: DryliftError }>;
}

/** The runs kept in `runsFolder`; none when there is no such folder. Traces are not read. */
export function listRuns(runsFolder: string): RunList {
  const runs: ListedRun[] = [];
  const unreadable: Array<{ id: string; error: DryliftError }> = [];
  for (const id of runIds(runsFolder)) {
    const path = recordPath(runsFolder, id);
    const record = tryFirstLine(path);
    if (record instanceof DryliftError) unreadable.push({ id, error: record });
    else runs.push({ id, path, record: listed(record) });
  }
  const youngestFirst = (a: ListedRun, b: ListedRun) =>
    a.record.startedAt === b.record.startedAt
      ? Number(a.id < b.id) - Number(a.id > b.id)
      : a.record.startedAt < b.record.startedAt
        ? 1
        : -1;
  return { runs: runs.sort(youngestFirst), unreadable };
}

/**
 * Path of the record that `run` means: a path of a record or of its folder, an id, or the beginning of one.
 *
 * @throws `record.notFound` with the nearest ids, `record.ambiguous`
 */
export function findRun(run: string, runsFolder: string = RUNS_FOLDER): string {
  const ids = runIds(runsFolder);
  if (ids.includes(run)) return recordPath(runsFolder, run);
  if (existsSync(run)) return statSync(run).isDirectory() ? join(run, RECORD_FILE) : run;
  const beginning = ids.filter((id) => id.startsWith(run));
  if (beginning.length === 1) return recordPath(runsFolder, beginning[0]!);
  if (beginning.length > 1)
    throw errors.make('record.ambiguous', {
      what: `${beginning.length} runs begin with "${run}": ${beginning.slice(0, 5).join(', ')}.`,
    });
  throw notFound(`There is no run "${run}" in ${runsFolder}.`, run, ids);
}

/** The last run before `record` that told the same story on the same tier and passed, to say what grew since. */
export function lastGreenBefore(record: RunRecord, runsFolder: string = RUNS_FOLDER): RunRecord | undefined {
  // By the time of writing, so that the first one that fits ends the search: reading a record costs time.
  const paths = runIds(runsFolder)
    .filter((id) => id !== record.id)
    .map((id) => recordPath(runsFolder, id))
    .map((path) => ({ path, writtenAt: statSync(path).mtimeMs }))
    .sort((a, b) => b.writtenAt - a.writtenAt);
  for (const { path } of paths) {
    const earlier = tryFirstLine(path);
    if (
      earlier instanceof DryliftError ||
      earlier.scenario !== record.scenario ||
      earlier.tier !== record.tier ||
      earlier.verdict !== 'passed' ||
      earlier.startedAt >= record.startedAt
    )
      continue;
    return earlier;
  }
  return undefined;
}

function runIds(runsFolder: string): string[] {
  if (!existsSync(runsFolder)) return [];
  return readdirSync(runsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(recordPath(runsFolder, entry.name)))
    .map((entry) => entry.name)
    .sort();
}

/** Without the points, of which a list of runs would otherwise hold millions. */
function listed(record: RunRecord): ListedRun['record'] {
  const { scenario, seed, tier, verdict, startedAt, wallSeconds, clock, checks, counters } = record;
  return { scenario, seed, tier, verdict, startedAt, wallSeconds, clock, checks, counters };
}

/** In a list one broken file must not hide the others. */
function tryFirstLine(path: string): RunRecord | DryliftError {
  try {
    return readFirstLine(path);
  } catch (error) {
    if (error instanceof DryliftError) return error;
    throw error;
  }
}

/** Unpacks from the front until the first line is whole, reading four times as much each time it is not. */
function readFirstLine(path: string): RunRecord {
  const file = fileName(path);
  const size = statOrThrow(path);
  const open = openSync(path, 'r');
  try {
    for (let wanted = 256 * 1024; ; wanted *= 4) {
      const packed = Buffer.alloc(Math.min(wanted, size));
      readSync(open, packed, 0, packed.length, 0);
      const text = unpackBeginning(packed, file);
      const end = text.indexOf(10);
      if (end >= 0) return checkRecord(text.subarray(0, end), file);
      if (packed.length === size) throw notARecord(file, 'it has no first line');
    }
  } finally {
    closeSync(open);
  }
}

function unpackBeginning(packed: Buffer, file: string): Buffer {
  try {
    return gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: RECORD_LINE_BYTES });
  } catch (cause) {
    if (hasCode(cause, 'ERR_BUFFER_TOO_LARGE'))
      throw tooLarge(file, 'a first line', formatBytes(RECORD_LINE_BYTES));
    throw notARecord(file, 'it does not unpack', cause);
  }
}

function checkRecord(line: Buffer, file: string): RunRecord {
  const value = parse(line);
  const format = (value as { format?: unknown } | undefined)?.format;
  if (typeof format !== 'string' || !format.startsWith('drylift/run-record/'))
    throw notARecord(file, 'its first line is no run record');
  if (format !== RUN_RECORD_FORMAT)
    throw errors.make('record.version', { what: `${file} has the format ${format.slice(0, 60)}.` });
  const problem = problemWithRecord(value);
  if (problem !== undefined) throw notARecord(file, `line 1, ${problem}`);
  return value as RunRecord;
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
}

function statOrThrow(path: string): Bytes {
  try {
    const stat = statSync(path);
    if (stat.isFile()) return stat.size;
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT') && !hasCode(cause, 'ENOTDIR')) throw cause;
  }
  const folder = dirname(dirname(path));
  throw notFound(`There is no record ${fileName(path)}.`, basename(dirname(path)), runIds(folder));
}

function notFound(what: string, word: string, ids: readonly string[]): DryliftError {
  const likely = nearest(word, ids);
  const others = ids.filter((id) => id !== likely);
  const offered = [...(likely === undefined ? [] : [likely]), ...others].slice(0, 5);
  const next =
    offered.length === 0 ? undefined : `Nearest: ${offered.join(', ')}. \`drylift runs\` lists all.`;
  return errors.make('record.notFound', { what, ...(next !== undefined && { next }) });
}

function notARecord(file: string, because: string, cause?: unknown): DryliftError {
  return errors.make('record.notARecord', { what: `${file} is not a run record: ${because}.`, cause });
}

function tooLarge(file: string, has: string, limit: string): DryliftError {
  return errors.make('record.tooLarge', { what: `${file} holds ${has}; the limit is ${limit}.` });
}

/** The run's folder and the file: enough for a person, and no machine's paths in an error. */
function fileName(path: string): string {
  return join(basename(dirname(path)), basename(path));
}

function hasCode(error: unknown, code: string): boolean {
  return isSystemError(error) && error.code === code;
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
