/**
 * Comma-separated values as RFC 4180 has them, and as spreadsheets write them: a byte-order mark, semicolons or
 * tabs where the comma is the decimal sign, line ends of any system. Rows are read one at a time from pieces of
 * text, so a file of any length needs the memory of its longest row.
 */
import { defineErrors } from './errors.ts';

export const errors = defineErrors({
  'csv.malformed': {
    blame: 'input',
    why: 'The file is not comma-separated text: a quotation mark is not closed or stands inside a plain cell, or a limit is passed.',
    next: 'Save it again as CSV from a spreadsheet program; a quotation mark inside a quoted cell is doubled.',
  },
});

export interface CsvRow {
  /** Line in which the row begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Longer rows are no table any more: 1 MiB of text and 4,096 cells. */
const ROW_CHARS_MAX = 1 << 20;
const CELLS_MAX = 4_096;

type Delimiter = ',' | ';' | '\t';

/**
 * Rows that hold anything; blank lines are passed over. The delimiter is the one of comma, semicolon and tab
 * that the first row has most of, outside quotation marks.
 *
 * @param chunks pieces of the text, cut anywhere.
 * @throws `csv.malformed` with the line, and the column where there is one.
 */
export function* csvRows(chunks: Iterable<string>, fileName: string): Generator<CsvRow, void, void> {
  let delimiter: Delimiter | undefined;
  let line = 1;
  for (const { text, lines } of records(chunks, fileName)) {
    const begins = line;
    line += lines;
    if (text.trim() === '') continue;
    delimiter ??= delimiterOf(text);
    const cells = text.includes('"')
      ? quotedCells(text, delimiter, begins, fileName)
      : text.split(delimiter).map(trimmed);
    if (cells.length > CELLS_MAX)
      throw malformed(`Line ${begins} of ${fileName} has more than ${CELLS_MAX} cells.`, fileName, begins);
    if (cells.some((cell) => cell !== '')) yield { line: begins, cells };
  }
}

const trimmed = (cell: string): string => cell.trim();

/** Lines joined where a quoted cell runs over the end of one, without their line ends. */
function* records(
  chunks: Iterable<string>,
  fileName: string,
): Generator<{ text: string; lines: number }, void, void> {
  let pending = '';
  let pendingLines = 0;
  let isOpen = false;
  let line = 0;
  const take = (text: string): { text: string; lines: number } | undefined => {
    line++;
    pendingLines++;
    if (isOpen) pending += '\n';
    pending += text;
    if (pending.length > ROW_CHARS_MAX)
      throw malformed(
        `A row of ${fileName} is longer than ${ROW_CHARS_MAX} characters${isOpen ? ': is a quotation mark left open?' : '.'}`,
        fileName,
        line - pendingLines + 1,
      );
    if (quotes(text) % 2 === 1) isOpen = !isOpen;
    if (isOpen) return undefined;
    const record = { text: pending, lines: pendingLines };
    pending = '';
    pendingLines = 0;
    return record;
  };
  for (const text of linesOf(chunks, fileName)) {
    const record = take(text);
    if (record) yield record;
  }
  if (isOpen)
    throw malformed(
      `A quotation mark in line ${line - pendingLines + 1} of ${fileName} is not closed.`,
      fileName,
      line - pendingLines + 1,
    );
}

function* linesOf(chunks: Iterable<string>, fileName: string): Generator<string, void, void> {
  let rest = '';
  let isFirst = true;
  for (const chunk of chunks) {
    let text = rest + chunk;
    if (isFirst && text.length > 0) {
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
      isFirst = false;
    }
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      yield text.slice(from, at > from && text.charCodeAt(at - 1) === 13 ? at - 1 : at);
      from = at + 1;
    }
    rest = text.slice(from);
    if (rest.length > ROW_CHARS_MAX)
      throw malformed(`A line of ${fileName} is longer than ${ROW_CHARS_MAX} characters.`, fileName);
  }
  if (rest !== '') yield rest.endsWith('\r') ? rest.slice(0, -1) : rest;
}

function quotes(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count++;
  return count;
}

function delimiterOf(text: string): Delimiter {
  const plain = text.replaceAll(/"[^"]*"/g, '');
  const count = (sign: string): number => plain.split(sign).length;
  const [best] = ([',', ';', '\t'] as const).toSorted((a, b) => count(b) - count(a));
  return best!;
}

/** A row in which some cell is quoted. Blanks around quotation marks are let pass, anything else is not. */
function quotedCells(text: string, delimiter: Delimiter, line: number, fileName: string): string[] {
  const cells: string[] = [];
  for (let at = 0; ; ) {
    const quote = /^[ \t]*"/.exec(text.slice(at, at + 64));
    if (quote && !(delimiter === '\t' && quote[0].includes('\t'))) {
      let cell = '';
      at += quote[0].length;
      for (;;) {
        const end = text.indexOf('"', at);
        if (end < 0)
          throw malformed(`A quotation mark in line ${line} is not closed.`, fileName, line, cells);
        cell += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at++;
      }
      const next = text.indexOf(delimiter, at);
      const behind = text.slice(at, next < 0 ? undefined : next);
      if (behind.trim() !== '')
        throw malformed(
          `Behind the quotation mark stands ${JSON.stringify(behind.slice(0, 20))}.`,
          fileName,
          line,
          cells,
        );
      cells.push(cell.trim());
      if (next < 0) return cells;
      at = next + 1;
      continue;
    }
    const next = text.indexOf(delimiter, at);
    const cell = text.slice(at, next < 0 ? undefined : next);
    if (cell.includes('"'))
      throw malformed('A quotation mark stands inside a plain cell.', fileName, line, cells);
    cells.push(cell.trim());
    if (next < 0) return cells;
    at = next + 1;
  }
}

function malformed(what: string, file: string, line?: number, cells?: readonly string[]) {
  return errors.make('csv.malformed', {
    what,
    where: {
      file,
      ...(line === undefined ? {} : { line }),
      ...(cells === undefined ? {} : { column: cells.length + 1 }),
    },
  });
}

/**
 * A number as people and spreadsheets write it: `1234.5`, `1,234.5`, `1.234,5`, `1 234,5`, `12,5`. A lone comma or
 * point before exactly three digits is read as the sign between thousands if it is a comma, and as the decimal
 * sign if it is a point. Undefined when it is none of these.
 */
export function readNumber(text: string): number | undefined {
  const plain = text.replaceAll(/[\s\u00a0\u202f']/g, '');
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(plain)) return Number(plain);
  if (/^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain)) return Number(plain.replaceAll(',', ''));
  if (/^[+-]?\d{1,3}(\.\d{3})+,\d+$/.test(plain) || /^[+-]?\d{1,3}(\.\d{3}){2,}$/.test(plain))
    return Number(plain.replaceAll('.', '').replace(',', '.'));
  if (/^[+-]?\d+,\d+$/.test(plain)) return Number(plain.replace(',', '.'));
  return undefined;
}
