import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { MIB } from '#core/units.ts';
import { failure, workbookOf } from './testing-workbooks.ts';
import { readSheets, readWorkbookFile } from './workbook.ts';

const folder = mkdtempSync(join(tmpdir(), 'drylift-workbook-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Part {
  readonly name: string;
  readonly content: Buffer;
  readonly statedBytes?: number;
  readonly checksum?: number;
  readonly flags?: number;
  readonly method?: number;
}

/** A zip archive, PKWARE APPNOTE 6.3.10, that may lie. `repeat` lists the last part that often. */
function zip(parts: readonly Part[], repeat = 1): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  parts.forEach(({ name, content, statedBytes, checksum, flags = 0, method = 8 }, index) => {
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(checksum ?? crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(statedBytes ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    const entry = Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000'), common, tail, Buffer.from(name)]);
    for (let n = index === parts.length - 1 ? repeat : 1; n > 0; n--) directory.push(entry);
    locals.push(local);
    offset += local.length;
  });
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

const text = (name: string, content: string): Part => ({ name, content: Buffer.from(content) });

/** The parts of a workbook with one sheet of the given XML rows. */
function parts(sheetName: string, rows: string): Part[] {
  const xml = '<?xml version="1.0" encoding="UTF-8"?>';
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const types = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const relation = (type: string, target: string) =>
    `${xml}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${office}/${type}" Target="${target}"/></Relationships>`;
  return [
    text(
      '[Content_Types].xml',
      `${xml}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="${types}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${types}.worksheet+xml"/></Types>`,
    ),
    text('_rels/.rels', relation('officeDocument', 'xl/workbook.xml')),
    text('xl/_rels/workbook.xml.rels', relation('worksheet', 'worksheets/sheet1.xml')),
    text(
      'xl/workbook.xml',
      `${xml}<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="${sheetName}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    ),
    text(
      'xl/worksheets/sheet1.xml',
      `${xml}<worksheet xmlns="${main}"><sheetData>${rows}</sheetData></worksheet>`,
    ),
  ];
}

const HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>VM</t></is></c></row>';
const read = (file: Buffer) => readSheets(file, 'x.xlsx', ['vInfo']);

describe('a workbook', () => {
  test('gives the wanted sheets as typed cells, blanks left out', () => {
    const file = workbookOf({
      vInfo: [{ a: ' text ', b: 7, c: true, d: '  ', e: '#N/A' }],
      other: [{ x: 1 }],
    });
    const [sheet, ...rest] = readSheets(file, 'x.xlsx', ['VINFO', 'vDisk']);
    expect(rest).toEqual([]);
    expect(sheet!.name).toBe('vInfo');
    expect([...sheet!.header.cells.values()].map(({ value }) => value)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect([0, 1, 2, 3, 4].map((column) => sheet!.cell(2, column))).toEqual([
      { type: 'text', value: 'text', formula: false },
      { type: 'number', value: 7, formula: false },
      { type: 'boolean', value: true, formula: false },
      undefined,
      { type: 'error', value: '#N/A', formula: false },
    ]);
  });

  test('may have empty rows above its header and gaps in its rows', () => {
    const rows =
      '<row r="1"/><row r="3"><c r="B3" t="inlineStr"><is><t>VM</t></is></c></row><row r="9"><c r="B9"><v>5</v></c></row>';
    const [sheet] = read(zip(parts('vInfo', rows)));
    expect(sheet!.header.row).toBe(3);
    expect(sheet!.rows).toEqual([9]);
    expect(sheet!.cell(9, 1)).toMatchObject({ value: 5 });
  });

  test('that states a dimension of 17 billion cells costs no more than the cells it has', () => {
    const file = zip(
      parts('vInfo', HEADER).map((part) => ({
        ...part,
        content: Buffer.from(
          part.content.toString().replace('<sheetData>', '<dimension ref="A1:XFD1048576"/><sheetData>'),
        ),
      })),
    );
    expect(read(file)[0]!.rows).toEqual([]);
  });
});

describe('refused', () => {
  const sheetPart = (change: Partial<Part>) =>
    zip(
      parts('vInfo', HEADER).map((part) =>
        part.name.endsWith('sheet1.xml') ? { ...part, ...change } : part,
      ),
    );
  const good = zip(parts('vInfo', HEADER));
  test.each<[string, () => Buffer, string]>([
    ['an empty file', () => Buffer.alloc(0), 'notAWorkbook'],
    ['text', () => Buffer.from('VM,Powerstate\nalpha,poweredOn\n'), 'notAWorkbook'],
    [
      'an old .xls file',
      () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]),
      'notAWorkbook',
    ],
    ['another zip archive', () => zip([text('readme.txt', 'hello')]), 'notAWorkbook'],
    ['a truncated workbook', () => good.subarray(0, good.length - 300), 'damaged'],
    ['a wrong checksum', () => sheetPart({ checksum: 1 }), 'damaged'],
    ['a wrong size', () => sheetPart({ statedBytes: 10 }), 'damaged'],
    ['an encrypted part', () => sheetPart({ flags: 1 }), 'damaged'],
    ['an unknown packing', () => sheetPart({ method: 99 }), 'damaged'],
    [
      'a row that no spreadsheet has',
      () => zip(parts('vInfo', `${HEADER}<row r="9999999"><c r="A9999999"><v>1</v></c></row>`)),
      'damaged',
    ],
    [
      'a column that no spreadsheet has',
      () => zip(parts('vInfo', `${HEADER}<row r="2"><c r="ZZZZZ2"><v>1</v></c></row>`)),
      'damaged',
    ],
    ['65 MiB', () => Buffer.alloc(65 * MIB), 'tooLarge'],
    [
      '600 MiB in a few',
      () => zip([...parts('vInfo', HEADER), { name: 'xl/bomb.xml', content: Buffer.alloc(60 * MIB) }], 10),
      'inflatesTooLarge',
    ],
    ['100,000 parts', () => zip([...parts('vInfo', HEADER), text('x', '')], 20_000), 'inflatesTooLarge'],
    [
      'a million cells and one',
      () => zip(parts('vInfo', `<row>${'<c/>'.repeat(1_000_001)}</row>`)),
      'tooManyCells',
    ],
  ])('%s', (_, make, code) => {
    const error = failure(() => read(make()));
    expect(error.code).toBe(`estate.workbook.${code}`);
    expect(error.where).toEqual({ file: 'x.xlsx' });
  });

  test('but sheets that are not read may have any number of cells', () => {
    expect(read(zip(parts('vFileInfo', `<row>${'<c/>'.repeat(1_000_001)}</row>`)))).toEqual([]);
  });

  test('a missing file, a directory and a file beyond the limit', () => {
    expect(failure(() => readWorkbookFile(join(folder, 'none.xlsx'))).code).toBe('estate.workbook.missing');
    expect(failure(() => readWorkbookFile(folder)).code).toBe('estate.workbook.missing');
    const large = join(folder, 'large.xlsx');
    writeFileSync(large, Buffer.alloc(65 * MIB));
    expect(failure(() => readWorkbookFile(large)).code).toBe('estate.workbook.tooLarge');
  });
});
