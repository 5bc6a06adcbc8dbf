/**
 * Points or samples from CSV, in either of two forms.
 *
 *     long   machine,time,counter,instance,value       one value a row
 *     wide   machine,time,cpu,memory,readIops:disk1    one instant a row
 *
 * `machine` may be left out when there is one, `instance` where there is one disk or adapter, and `time` when the
 * rows are windows one after the other, the last of which ends when the assessment is made.
 */
import { type CsvRow, csvRows, readNumber } from '../csv.ts';
import { nearest } from '../errors.ts';
import type { WindowIndex } from '../metrics/roll-up.ts';
import { COUNTER_SPELLINGS, counterNamed, type NamedCounter, splitHeader } from './counter-names.ts';
import { errors, PointTable, readInstant, type TableOptions } from './point-table.ts';

/** What a machine is called when the file names none. */
export const ONLY_MACHINE = 'machine';
/** Rows without a time end here, far from either end of the calendar: only their order means anything. */
const TIMELESS_END: WindowIndex = 3_000_000;
const EMPTY = /^(|-|null|nan|n\/a)$/i;

const MACHINE = /^(machine|server|server ?name|vm|vm ?name|host|name)$/i;
const TIME = /^(time|timestamp|date|datetime|at|window ?start)$/i;
const COUNTER = /^(counter|metric)$/i;
const INSTANCE = /^(instance|disk|adapter|device)$/i;
const VALUE = /^(value|point|sample)$/i;

interface Shape {
  /** Columns of the header. */
  readonly width: number;
  readonly machine: number;
  readonly time: number;
  readonly instance: number;
  /** Long form: the columns of counter and value. */
  readonly long: { readonly counter: number; readonly value: number } | undefined;
  readonly wide: ReadonlyArray<{ column: number; header: string; counter: NamedCounter; instance: string }>;
}

/**
 * @param into the table of files that were read before; @param onlyMachine what a file without the column is about.
 * @throws `csv.malformed`, `points.noColumn`, `points.badFile` with every bad cell by line and column.
 */
export function readPointsCsv(
  chunks: Iterable<string>,
  fileName: string,
  options: TableOptions,
  into = new PointTable(options),
  onlyMachine = ONLY_MACHINE,
): PointTable {
  const rows = csvRows(chunks, fileName);
  const first = rows.next();
  const shape = shapeOf(first.done ? undefined : first.value, fileName);
  const reader = shape.time < 0 ? timelessRows(rows, shape, options) : rows;
  into.begin(fileName);
  for (const row of reader) readRow(row, shape, into, onlyMachine);
  return into.finish();
}

function shapeOf(header: CsvRow | undefined, fileName: string): Shape {
  const cells = header?.cells ?? [];
  const column = (pattern: RegExp) => cells.findIndex((cell) => pattern.test(cell));
  const [counter, value] = [column(COUNTER), column(VALUE)];
  const fixed = {
    width: cells.length,
    machine: column(MACHINE),
    time: column(TIME),
    instance: column(INSTANCE),
  };
  const isFixed = (i: number) => i === fixed.machine || i === fixed.time || i === fixed.instance;
  const noColumn = (what: string) =>
    errors.make('points.noColumn', {
      what: `${fileName} ${what}.`,
      where: { file: fileName, line: header?.line ?? 1 },
    });
  if (counter >= 0 && value >= 0) return { ...fixed, long: { counter, value }, wide: [] };
  const wide = cells.flatMap((text, i) => {
    const split = isFixed(i) ? undefined : splitHeader(text);
    return split ? [{ column: i, header: text, ...split }] : [];
  });
  if (wide.length === 0) throw noColumn('has no column of a counter');
  for (const [i, text] of cells.entries()) {
    if (isFixed(i) || text === '' || wide.some((each) => each.column === i)) continue;
    const near = nearest(text, COUNTER_SPELLINGS);
    throw noColumn(`has a column "${text.slice(0, 60)}" that is no counter${near ? `; ${near}?` : ''}`);
  }
  return { ...fixed, long: undefined, wide };
}

/** Numbers the rows of each machine (and, in the long form, series), the last of each at the same window. */
function* timelessRows(
  rows: Iterable<CsvRow>,
  shape: Shape,
  { periodMs, samplePeriodMs }: TableOptions,
): Generator<CsvRow> {
  const kept = [...rows];
  const keyOf = ({ cells }: CsvRow) =>
    [shape.machine, ...(shape.long ? [shape.long.counter, shape.instance] : [])]
      .map((i) => cells[i] ?? '')
      .join('\0');
  const left = new Map<string, number>();
  for (const row of kept) left.set(keyOf(row), (left.get(keyOf(row)) ?? 0) + 1);
  const step = samplePeriodMs ?? periodMs;
  const end = TIMELESS_END * periodMs + (samplePeriodMs === undefined ? 0 : step);
  for (const row of kept) {
    const key = keyOf(row);
    const n = left.get(key)!;
    left.set(key, n - 1);
    const cells = Array.from({ length: shape.width }, (_, i) => row.cells[i] ?? '');
    yield { line: row.line, cells: [...cells, String(end - n * step)] };
  }
}

function readRow({ line, cells }: CsvRow, shape: Shape, table: PointTable, onlyMachine: string): void {
  const machine = shape.machine < 0 ? onlyMachine : (cells[shape.machine] ?? '');
  if (machine === '') return table.problem({ line, column: 'machine' }, 'is empty');
  const time = (shape.time < 0 ? cells.at(-1) : cells[shape.time]) ?? '';
  const at = readInstant(time);
  if (at === undefined)
    return table.problem(
      { line, column: 'time' },
      `"${time.slice(0, 40)}" is not an instant (ISO 8601, or seconds since 1970)`,
    );
  const window = table.windowAt(at);
  const stated = shape.instance < 0 ? '' : (cells[shape.instance] ?? '');
  if (shape.long) {
    const name = cells[shape.long.counter] ?? '';
    const counter = counterNamed(name);
    if (!counter) {
      const near = nearest(name, COUNTER_SPELLINGS);
      return table.problem(
        { line, column: 'counter' },
        `"${name.slice(0, 40)}" is no counter${near ? ` (${near}?)` : ''}`,
      );
    }
    return readValue(
      cells[shape.long.value] ?? '',
      { line, column: 'value' },
      (value, place) => table.raise(machine, counter, stated, window, value, place),
      table,
    );
  }
  for (const { column, header, counter, instance } of shape.wide)
    readValue(
      cells[column] ?? '',
      { line, column: header },
      (value, place) =>
        table.raise(machine, counter, instance || (isOfMachine(counter) ? '' : stated), window, value, place),
      table,
    );
}

function isOfMachine({ counter }: NamedCounter): boolean {
  return counter === 'cpu' || counter === 'memory';
}

type ReadPlace = { readonly line: number; readonly column: string };

function readValue(
  text: string,
  place: ReadPlace,
  take: (value: number, place: ReadPlace) => void,
  table: PointTable,
): void {
  if (EMPTY.test(text)) return; // no value in that window
  const value = readNumber(text.replace(/\s*%$/, ''));
  if (value === undefined) table.problem(place, `"${text.slice(0, 40)}" is not a number`);
  else take(value, place);
}
