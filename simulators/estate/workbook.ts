/**
 * Spreadsheets as sheets of typed cells, whatever program wrote them, with limits on everything and a clear
 * refusal of what is not a workbook. The reading itself is SheetJS (@e965/xlsx).
 */
import { readFileSync, statSync } from 'node:fs';
import { type CellObject, read, utils, type WorkSheet } from '@e965/xlsx';
import { defineErrors } from '#core/errors.ts';
import { type Bytes, formatBytes, MIB } from '#core/units.ts';
import { ZipRefused, zipEntries } from './zip-guard.ts';

export const errors = defineErrors({
  'estate.workbook.missing': {
    blame: 'input',
    why: 'The file does not exist or cannot be read.',
    next: 'Check the path and the permissions.',
  },
  'estate.workbook.notAWorkbook': {
    blame: 'input',
    why: 'An RVTools workbook is an .xlsx file: a zip archive with spreadsheets in it.',
    next: 'Export from RVTools with "Export all to Excel", or open the file in a spreadsheet program and save it as .xlsx without a password.',
  },
  'estate.workbook.damaged': {
    blame: 'input',
    why: 'The file is a zip archive, but some of it is missing or altered.',
    next: 'Copy or export it again; opening and saving it in a spreadsheet program may repair it.',
  },
  'estate.workbook.tooLarge': {
    blame: 'input',
    why: 'Workbooks are read into memory, so their size is limited.',
    next: 'Remove the sheets that are not read (all but vInfo, vDisk, vPartition, vNetwork, vCPU, vMemory, vTools, vHost, vCluster and vDatastore), or split the workbook.',
  },
  'estate.workbook.inflatesTooLarge': {
    blame: 'input',
    why: 'A small file that unpacks to a huge one is either damaged or made to fill the memory of who opens it.',
    next: 'Remove sheets that are not needed, or export again from RVTools.',
  },
  'estate.workbook.tooManyCells': {
    blame: 'input',
    why: 'The number of cells is limited, to keep memory bounded. Sheets that are not read do not count.',
    next: 'Remove vCPU, vMemory and vTools, or columns that are not needed, or split the workbook.',
  },
});

export const MAX_FILE_BYTES: Bytes = 64 * MIB;
export const MAX_INFLATED_BYTES: Bytes = 512 * MIB;
export const MAX_CELLS = 1_000_000;
/** Limits of the format itself: ECMA-376 part 1, 18.2.27 and Excel's own. */
const MAX_ROWS = 1_048_576;
const MAX_COLUMNS = 16_384;

export interface Cell {
  readonly type: 'text' | 'number' | 'boolean' | 'error';
  /** Trimmed text, never empty; for an error its sign: "#REF!". */
  readonly value: string | number | boolean;
  /** True when the value is the stored result of a formula, which is 0 if no program ever calculated it. */
  readonly formula: boolean;
}

export interface Sheet {
  readonly name: string;
  /** The first row that holds anything: its number as spreadsheets count (from 1) and its cells by column from 0. */
  readonly header: { readonly row: number; readonly cells: ReadonlyMap<number, Cell> };
  /** Numbers of the rows after the header that exist. */
  readonly rows: readonly number[];
  /** Undefined for an empty cell, and for one of blanks only. */
  cell(row: number, column: number): Cell | undefined;
}

/**
 * Reads a workbook file from disk.
 * @throws `estate.workbook.missing`, `estate.workbook.tooLarge`
 */
export function readWorkbookFile(path: string): Buffer {
  const unreadable = (what: string, cause?: unknown) =>
    errors.make('estate.workbook.missing', { what, where: { file: path }, ...(cause ? { cause } : {}) });
  let size: Bytes;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw unreadable(`${path} is not a file.`);
    size = stat.size;
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') throw unreadable(`There is no file ${path}.`, cause);
    throw cause;
  }
  checkFileSize(size, path);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadable(`${path} cannot be read.`, cause);
  }
}

/**
 * The wanted sheets of a workbook that are there, in the workbook's order; names are compared without case.
 *
 * @param fileName for messages.
 * @throws `estate.workbook.notAWorkbook`, `.damaged`, `.tooLarge`, `.inflatesTooLarge`, `.tooManyCells`
 */
export function readSheets(file: Buffer, fileName: string, wanted: readonly string[]): Sheet[] {
  checkArchive(file, fileName, wanted);
  const damaged = (what: string, cause?: unknown) =>
    errors.make('estate.workbook.damaged', { what, where: { file: fileName }, ...(cause ? { cause } : {}) });
  let workbook: ReturnType<typeof read>;
  try {
    workbook = read(file, {
      type: 'buffer',
      dense: true,
      cellFormula: true,
      cellHTML: false,
      cellText: false,
      cellNF: false,
      sheets: [...wanted],
    });
  } catch (cause) {
    throw damaged(`${fileName} cannot be read as a workbook.`, cause);
  }
  const lower = new Set(wanted.map((name) => name.toLowerCase()));
  return workbook.SheetNames.filter((name) => lower.has(name.toLowerCase())).map((name) => {
    const sheet = workbook.Sheets[name];
    // SheetJS leaves out a sheet that it cannot parse, without a word.
    if (sheet === undefined) throw damaged(`Sheet ${name} of ${fileName} cannot be read.`);
    return viewOf(sheet, name, damaged);
  });
}

/** The letters of a column as spreadsheets show them: 0 is A, 27 is AB. */
export function columnLetters(column: number): string {
  return utils.encode_col(column);
}

function viewOf(sheet: WorkSheet, name: string, damaged: (what: string) => Error): Sheet {
  const data = (sheet['!data'] ?? []) as (CellObject | undefined)[][];
  // The sheet's stated dimension may lie and rows may be sparse: only what exists is looked at.
  if (data.length > MAX_ROWS)
    throw damaged(`Sheet ${name} has a row ${data.length}, which no spreadsheet has.`);
  const rows: number[] = [];
  for (let row = 0; row < data.length; row++) {
    const cells = data[row];
    if (cells === undefined) continue;
    if (cells.length > MAX_COLUMNS)
      throw damaged(
        `Row ${row + 1} of sheet ${name} has a column ${cells.length}, which no spreadsheet has.`,
      );
    rows.push(row + 1);
  }
  const cell = (row: number, column: number) => cellOf(data[row - 1]?.[column]);
  const isEmpty = (row: number) => !Object.keys(data[row - 1]!).some((column) => cell(row, Number(column)));
  const first = rows.findIndex((row) => !isEmpty(row));
  const headerRow = first < 0 ? 1 : rows[first]!;
  const header = new Map<number, Cell>();
  for (const column of Object.keys(data[headerRow - 1] ?? [])) {
    const found = cell(headerRow, Number(column));
    if (found) header.set(Number(column), found);
  }
  return {
    name,
    header: { row: headerRow, cells: header },
    rows: first < 0 ? [] : rows.slice(first + 1),
    cell,
  };
}

/** Error values by their code in the file format: [MS-XLS] 2.5.10 BErr. */
const ERROR_SIGNS: Readonly<Record<number, string>> = {
  0: '#NULL!',
  7: '#DIV/0!',
  15: '#VALUE!',
  23: '#REF!',
  29: '#NAME?',
  36: '#NUM!',
  42: '#N/A',
  43: '#GETTING_DATA',
};
/** An error that was pasted as text is as useless as the error itself. */
const ERROR_TEXT = /^#(NULL!|DIV\/0!|VALUE!|REF!|NAME\?|NUM!|N\/A|SPILL!|CALC!|GETTING_DATA)$/i;

function cellOf(raw: CellObject | undefined): Cell | undefined {
  if (raw === undefined) return undefined;
  const formula = raw.f !== undefined;
  switch (raw.t) {
    case 'n':
      return { type: 'number', value: raw.v as number, formula };
    case 'b':
      return { type: 'boolean', value: raw.v as boolean, formula };
    case 'e':
      return { type: 'error', value: ERROR_SIGNS[raw.v as number] ?? '#ERROR!', formula };
    case 's': {
      const text = String(raw.v ?? '').trim();
      if (text === '') return undefined;
      return { type: ERROR_TEXT.test(text) ? 'error' : 'text', value: text, formula };
    }
    default:
      return undefined;
  }
}

function checkFileSize(size: Bytes, file: string): void {
  if (size > MAX_FILE_BYTES)
    throw errors.make('estate.workbook.tooLarge', {
      what: `${file} has ${formatBytes(size)}; at most ${formatBytes(MAX_FILE_BYTES)} are read.`,
      where: { file },
    });
}

function checkArchive(file: Buffer, fileName: string, wanted: readonly string[]): void {
  checkFileSize(file.length, fileName);
  const where = { file: fileName };
  if (file.length >= 8 && file.readUInt32BE(0) === 0xd0cf11e0)
    throw errors.make('estate.workbook.notAWorkbook', {
      what: `${fileName} is an old .xls file or is protected by a password.`,
      where,
    });
  if (file.length < 4 || file.readUInt32LE(0) !== 0x04034b50)
    throw errors.make('estate.workbook.notAWorkbook', {
      what: `${fileName} is not an .xlsx workbook.`,
      where,
    });
  const cells = new Map<string, number>();
  let workbook: string | undefined;
  let relations = '';
  try {
    for (const { name, content } of zipEntries(file, MAX_INFLATED_BYTES)) {
      if (/^xl\/workbook[^/]*\.xml$/i.test(name)) workbook = content.toString('utf8', 0, MIB);
      if (/^xl\/_rels\/workbook[^/]*\.xml\.rels$/i.test(name)) relations = content.toString('utf8', 0, MIB);
      if (/^xl\/worksheets\/[^/]*\.xml$/i.test(name))
        cells.set(name.slice('xl/'.length), countCells(content));
    }
  } catch (error) {
    if (!(error instanceof ZipRefused)) throw error;
    if (error.tooLarge)
      throw errors.make('estate.workbook.inflatesTooLarge', {
        what: `${fileName} is not opened: ${error.message} (${formatBytes(MAX_INFLATED_BYTES)}).`,
        where,
      });
    throw errors.make('estate.workbook.damaged', {
      what: `${fileName} is damaged: ${error.message}.`,
      where,
    });
  }
  if (workbook === undefined)
    throw errors.make('estate.workbook.notAWorkbook', {
      what: `${fileName} is a zip archive, but holds no workbook.`,
      where,
    });
  const unread = new Set(unwantedParts(workbook, relations, wanted));
  const counted = [...cells].reduce((sum, [part, count]) => (unread.has(part) ? sum : sum + count), 0);
  if (counted > MAX_CELLS)
    throw errors.make('estate.workbook.tooManyCells', {
      what: `${fileName} has ${counted.toLocaleString('en')} cells in the sheets that are read; at most ${MAX_CELLS.toLocaleString('en')} are.`,
      where,
    });
}

/**
 * The parts of sheets that nobody asked for, whose size is no matter, since they are not read: the workbook
 * gives each sheet a relation (ECMA-376 part 1, 18.2.19), and the relation its part ("worksheets/sheet3.xml").
 */
function unwantedParts(workbook: string, relations: string, wanted: readonly string[]): string[] {
  const attribute = (tag: string, name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  const targets = new Map(
    [...relations.matchAll(/<Relationship\b[^>]*>/g)].map(([tag]) => [
      attribute(tag, 'Id'),
      attribute(tag, 'Target'),
    ]),
  );
  const lower = new Set(wanted.map((name) => name.toLowerCase()));
  return [...workbook.matchAll(/<sheet\b[^>]*>/g)]
    .filter(([tag]) => !lower.has((attribute(tag, 'name') ?? '').toLowerCase()))
    .map(([tag]) => (targets.get(attribute(tag, 'r:id')) ?? '').replace(/^\/?xl\//, ''));
}

/** Counts `<c …>` elements, with or without a namespace prefix, as fast as the bytes can be looked at. */
function countCells(xml: Buffer): number {
  let count = 0;
  for (let at = xml.indexOf(0x3c); at >= 0; at = xml.indexOf(0x3c, at + 1)) {
    let name = at + 1;
    for (let i = name; i < at + 12; i++) if (xml[i] === 0x3a) name = i + 1; // behind the prefix's colon
    const next = xml[name + 1];
    if (xml[name] === 0x63 && (next === 0x20 || next === 0x3e || next === 0x2f)) count++;
  }
  return count;
}
