/**
 * An RVTools sheet as a table of fields, and the two lists that reading it fills: problems, each a cell that
 * cannot be used, and derivations, each a value that the workbook does not state.
 */

import type { Derivation } from './model.ts';
import { FIELDS, type FieldOf, fieldOfHeader, isRvtoolsHeader, type SheetName } from './rvtools-columns.ts';
import { type Cell, columnLetters, type Sheet } from './workbook.ts';

export interface Problem {
  readonly sheet: string;
  /** As spreadsheets count, from 1. */
  readonly row: number;
  /** Letters: "AB". Empty when the row as a whole is at fault. */
  readonly column: string;
  /** The column's name in this workbook. */
  readonly header: string;
  /** "…" is not a whole number. */
  readonly what: string;
}

/** Collects what an import finds out. */
export class Findings {
  readonly problems: Problem[] = [];
  readonly derivations: Derivation[] = [];
  readonly #seen = new Set<string>();

  /** A cell that is looked at twice is one problem. */
  addProblem(problem: Problem): void {
    const key = `${problem.sheet}\u0000${problem.row}\u0000${problem.column}\u0000${problem.what}`;
    if (!this.#seen.has(key)) this.problems.push(problem);
    this.#seen.add(key);
  }

  derive(object: string, field: string, value: string | number, reason: string): void {
    this.derivations.push({ object, field, value: String(value), reason });
  }
}

/** Longest text that is taken from a cell; a spreadsheet cell holds at most 32,767 characters. */
const MAX_TEXT = 4_000;
const QUOTED = 60;

export class Table<S extends SheetName> {
  readonly sheet: Sheet;
  readonly kind: S;
  readonly #columns = new Map<string, number>();
  readonly #findings: Findings;
  /** Columns that RVTools writes, whether they are read or not: an error value in them spoils the row. */
  readonly #known: number[] = [];

  constructor(sheet: Sheet, kind: S, findings: Findings) {
    this.sheet = sheet;
    this.kind = kind;
    this.#findings = findings;
    const strays: [column: number, text: string][] = [];
    for (const [column, { value }] of sheet.header.cells) {
      const text = String(value);
      const field = fieldOfHeader(kind, text);
      if (field !== undefined && !this.#columns.has(field)) this.#columns.set(field, column);
      if (isRvtoolsHeader(kind, text)) this.#known.push(column);
      else strays.push([column, text]);
    }
    for (const [column, text] of strays) {
      // RVTools puts the name first: a stray value there stands in for it.
      const isName = column === 0 && 'name' in FIELDS[kind] && !this.#columns.has('name');
      if (isName) {
        this.#columns.set('name', column);
        this.#known.push(column);
      }
      findings.derive(
        `sheet ${sheet.name} ${columnLetters(column)}${sheet.header.row}`,
        'header',
        text.slice(0, QUOTED),
        isName
          ? 'not a column of RVTools, but in the place of the name; read as the name'
          : 'not a column of RVTools (a custom attribute?); ignored',
      );
    }
  }

  has(field: FieldOf<S>): boolean {
    return this.#columns.has(field);
  }

  /** Rows that hold anything in a column of RVTools. Error values in them are reported here. */
  *rows(): Generator<TableRow<S>, void, void> {
    for (const row of this.sheet.rows) {
      let filled = false;
      for (const column of this.#known) {
        const cell = this.sheet.cell(row, column);
        if (!cell) continue;
        filled = true;
        if (cell.type === 'error') this.report(row, column, `holds the error ${cell.value}`);
      }
      if (filled) yield new TableRow(this, row);
    }
  }

  cell(row: number, field: FieldOf<S>): Cell | undefined {
    const column = this.#columns.get(field);
    const cell = column === undefined ? undefined : this.sheet.cell(row, column);
    return cell?.type === 'error' ? undefined : cell;
  }

  /** Reports a cell by its column, or the whole row when there is no such column. */
  report(row: number, column: number | undefined, what: string): void {
    const header = column === undefined ? undefined : this.sheet.header.cells.get(column);
    this.#findings.addProblem({
      sheet: this.sheet.name,
      row,
      column: column === undefined ? '' : columnLetters(column),
      header: String(header?.value ?? ''),
      what,
    });
  }

  columnOf(field: FieldOf<S>): number | undefined {
    return this.#columns.get(field);
  }
}

/** One row. Every getter gives undefined for an empty cell and for one it has reported as a problem. */
export class TableRow<S extends SheetName> {
  readonly number: number;
  readonly table: Table<S>;

  constructor(table: Table<S>, number: number) {
    this.table = table;
    this.number = number;
  }

  report(field: FieldOf<S>, what: string): undefined {
    this.table.report(this.number, this.table.columnOf(field), what);
    return undefined;
  }

  /** True when nothing at all is there, not even an error value. */
  isBlank(field: FieldOf<S>): boolean {
    const column = this.table.columnOf(field);
    return column === undefined || this.table.sheet.cell(this.number, column) === undefined;
  }

  /** Text; numbers and booleans as spreadsheets show them. Control characters are a problem. */
  text(field: FieldOf<S>, maxLength = MAX_TEXT): string | undefined {
    const cell = this.table.cell(this.number, field);
    if (!cell) return undefined;
    const text = String(cell.value);
    if (text.length > maxLength) return this.report(field, `is longer than ${maxLength} characters`);
    if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text))
      return this.report(field, 'holds control characters');
    return text;
  }

  /** A whole number from `min` to `max`. Numbers stored as text are accepted, with commas between thousands. */
  whole(field: FieldOf<S>, min: number, max: number): number | undefined {
    const cell = this.table.cell(this.number, field);
    if (!cell) return undefined;
    const quoted = `"${String(cell.value).slice(0, QUOTED)}"`;
    const text =
      typeof cell.value === 'string'
        ? cell.value.replace(/^(-?\d{1,3})((,\d{3})+)$/, (all) => all.replaceAll(',', ''))
        : undefined;
    const value = text === undefined ? cell.value : /^-?\d+(\.0+)?$/.test(text) ? Number(text) : Number.NaN;
    if (typeof value !== 'number' || !Number.isFinite(value))
      return this.report(field, `${quoted} is not a number`);
    if (!Number.isInteger(value)) return this.report(field, `${quoted} is not a whole number`);
    if (cell.formula && value === 0)
      return this.report(
        field,
        'is a formula without a stored result; open and save the workbook in a spreadsheet program',
      );
    if (value < 0 && min >= 0) return this.report(field, `${quoted} is negative`);
    if (value < min || value > max)
      return this.report(
        field,
        `${quoted} is not between ${min.toLocaleString('en')} and ${max.toLocaleString('en')}`,
      );
    return value;
  }

  /** True, False, yes, no, 1 or 0, in any case. */
  flag(field: FieldOf<S>): boolean | undefined {
    const cell = this.table.cell(this.number, field);
    if (!cell) return undefined;
    const text = String(cell.value).toLowerCase();
    if (text === 'true' || text === 'yes' || text === '1') return true;
    if (text === 'false' || text === 'no' || text === '0') return false;
    return this.report(field, `"${text.slice(0, QUOTED)}" is neither True nor False`);
  }

  /** One of the given words (compared without case), translated. */
  oneOf<T>(field: FieldOf<S>, words: Readonly<Record<string, T>>): T | undefined {
    const text = this.text(field);
    if (text === undefined) return undefined;
    const found = Object.entries(words).find(([word]) => word.toLowerCase() === text.toLowerCase());
    if (found) return found[1];
    return this.report(field, `"${text.slice(0, QUOTED)}" is none of ${Object.keys(words).join(', ')}`);
  }

  /** A UUID in lower case. */
  uuid(field: FieldOf<S>): string | undefined {
    const text = this.text(field)?.toLowerCase();
    if (text === undefined) return undefined;
    if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text;
    return this.report(field, `"${text.slice(0, QUOTED)}" is not a UUID`);
  }
}
