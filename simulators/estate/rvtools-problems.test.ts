import { utils, write } from '@e965/xlsx';
import { describe, expect, test } from 'vitest';
import { type DryliftError, formatError } from '#core/errors.ts';
import { importRvtools } from './rvtools.ts';
import { failure, goodSheets, importOf } from './testing-workbooks.ts';

const problemsOf = (error: DryliftError) =>
  Object.entries(error.data)
    .filter(([key]) => /^problem\d+$/.test(key))
    .map(([, text]) => String(text));

describe('bad rows', () => {
  const cases: [string, (sheets: ReturnType<typeof goodSheets>) => void, string][] = [
    [
      'text for a number',
      ({ vInfo }) => (vInfo[1]!.CPUs = 'four'),
      'vInfo row 3 column D (CPUs): "four" is not a number',
    ],
    [
      'a fraction',
      ({ vInfo }) => (vInfo[0]!.Memory = 4096.5),
      'vInfo row 2 column E (Memory): "4096.5" is not a whole number',
    ],
    [
      'a truth for a number',
      ({ vInfo }) => (vInfo[0]!.CPUs = true),
      'vInfo row 2 column D (CPUs): "true" is not a number',
    ],
    [
      'a negative size',
      ({ vDisk }) => (vDisk[2]!['Capacity MiB'] = -1),
      'vDisk row 4 column C (Capacity MiB): "-1" is negative',
    ],
    [
      'a disk of no size',
      ({ vDisk }) => (vDisk[0]!['Capacity MiB'] = 0),
      'vDisk row 2 column C (Capacity MiB): "0" is not between 1 and 67,108,864',
    ],
    [
      'a disk without a size',
      ({ vDisk }) => (vDisk[1]!['Capacity MiB'] = undefined),
      'vDisk row 3 column C (Capacity MiB): is empty: the disk has no size',
    ],
    [
      'absurd memory',
      ({ vInfo }) => (vInfo[2]!.Memory = 99_999_999_999),
      'vInfo row 4 column E (Memory): "99999999999" is not between 4 and 25,165,824',
    ],
    [
      'a formula error',
      ({ vInfo }) => (vInfo[1]!.Memory = '#REF!'),
      'vInfo row 3 column E (Memory): holds the error #REF!',
    ],
    [
      'an error in an unread column',
      ({ vInfo }) => (vInfo[1]!.Annotation = '#N/A'),
      'vInfo row 3 column Q (Annotation): holds the error #N/A',
    ],
    [
      'an error for a name',
      ({ vInfo }) => (vInfo[0]!.VM = '#NAME?'),
      'vInfo row 2 column A (VM): holds the error #NAME?',
    ],
    [
      'no name',
      ({ vInfo }) => (vInfo[1]!.VM = undefined),
      'vInfo row 3 column A (VM): is empty: the machine has no name',
    ],
    [
      'a name twice',
      ({ vInfo }) => (vInfo[2]!.VM = 'ALPHA'),
      'vInfo row 4 column A (VM): "ALPHA" is there twice; the first one is in row 2',
    ],
    [
      'a VM ID twice',
      ({ vInfo }) => (vInfo[1]!['VM ID'] = 'vm-11'),
      'vInfo row 3 column O (VM ID): "vm-11" is there twice; the first one is in row 2',
    ],
    [
      'a UUID twice',
      ({ vInfo }) => (vInfo[1]!['VM UUID'] = vInfo[0]!['VM UUID']),
      'vInfo row 3 column P (VM UUID): "50000000-0000-4000-8000-000000000000" is there twice; the first one is in row 2',
    ],
    [
      'not a UUID',
      ({ vInfo }) => (vInfo[0]!['VM UUID'] = 'none'),
      'vInfo row 2 column P (VM UUID): "none" is not a UUID',
    ],
    [
      'an unknown power state',
      ({ vInfo }) => (vInfo[0]!.Powerstate = 'asleep'),
      'vInfo row 2 column B (Powerstate): "asleep" is none of poweredOn, poweredOff, suspended',
    ],
    [
      'neither true nor false',
      ({ vDisk }) => (vDisk[0]!.Thin = 'maybe'),
      'vDisk row 2 column F (Thin): "maybe" is neither True nor False',
    ],
    [
      'a hardware version of words',
      ({ vInfo }) => (vInfo[0]!['HW version'] = 'newest'),
      'vInfo row 2 column J (HW version): "newest" is not a hardware version',
    ],
    [
      'a control character',
      ({ vInfo }) => (vInfo[0]!.VM = 'al\u0007pha'),
      'vInfo row 2 column A (VM): holds control characters',
    ],
  ];
  test.each(cases)('%s is reported with its place', (_, spoil, expected) => {
    const sheets = goodSheets();
    spoil(sheets);
    const error = failure(() => importOf(sheets));
    expect(error.code).toBe('estate.workbook.badRows');
    expect(error.blame).toBe('input');
    expect(problemsOf(error)).toEqual([expected]);
    expect(formatError(error)).toContain(expected);
    const [, sheet, row, column] = /^(\w+) row (\d+) column (\w+)/.exec(expected)!;
    expect(error.where).toEqual({ file: 'inventory.xlsx', sheet, row: Number(row), column });
  });

  test('real error cells and formulas without a stored result are caught, not only their text', () => {
    const sheets = goodSheets();
    const workbook = utils.book_new();
    const info = utils.json_to_sheet(sheets.vInfo);
    info.E2 = { t: 'e', v: 0x17 };
    info.D3 = { t: 'n', v: 0, f: 'SUM(A9:A10)' };
    utils.book_append_sheet(workbook, info, 'vInfo');
    const error = failure(() =>
      importRvtools(write(workbook, { type: 'buffer' }), { fileName: 'f.xlsx', seed: 's' }),
    );
    expect(problemsOf(error)).toEqual([
      'vInfo row 2 column E (Memory): holds the error #REF!',
      'vInfo row 3 column D (CPUs): is a formula without a stored result; open and save the workbook in a spreadsheet program',
    ]);
  });

  test('all of them are reported together, over all sheets, and the list is cut at twenty', () => {
    const sheets = goodSheets();
    sheets.vInfo = Array.from({ length: 30 }, (_, i) => ({
      ...sheets.vInfo[0],
      VM: `m${i}`,
      'VM ID': `vm-${i + 1}`,
      'VM UUID': undefined,
      CPUs: 'x',
    }));
    sheets.vDisk[0]!['Capacity MiB'] = 'big';
    const error = failure(() => importOf(sheets));
    expect(error.data.problems).toBe(31);
    expect(error.what).toBe('inventory.xlsx has 31 bad cells in 31 rows; nothing was imported.');
    expect(problemsOf(error).length).toBe(20);
    expect(error.why).toContain('… and 11 more');
  });

  test('numbers stored as text, with commas between thousands, and truths in any spelling are good', () => {
    const { vInfo, vDisk } = goodSheets();
    Object.assign(vInfo[0]!, { CPUs: '4', Memory: '16,384', Template: 'FALSE' });
    Object.assign(vDisk[0]!, { Thin: true, Raw: 0 });
    expect(importOf({ vInfo, vDisk }).machines[0]).toMatchObject({
      cores: 4,
      memoryMiB: 16_384,
      disks: [{ thin: true }],
    });
  });
});

describe('what is no RVTools export', () => {
  test.each([
    ['has no sheet vInfo', () => importOf({ Sheet1: [{ VM: 'x' }] }), 'estate.workbook.noVInfo'],
    [
      'has no column of names',
      () => importOf({ vInfo: [{ CPUs: 3, Memory: 4 }] }),
      'estate.workbook.noVInfo',
    ],
    [
      'lists no machines',
      () => importOf({ vInfo: [{ VM: undefined, CPUs: undefined }] }),
      'estate.workbook.noMachines',
    ],
    [
      'lists 20,001 machines',
      () => importOf({ vInfo: Array.from({ length: 20_001 }, (_, i) => ({ VM: `m${i}` })) }),
      'estate.workbook.tooManyMachines',
    ],
    [
      'holds two vCenters',
      () =>
        importOf({
          vInfo: [
            { VM: 'a', 'VI SDK Server': 'one' },
            { VM: 'b', 'VI SDK Server': 'two' },
          ],
        }),
      'estate.workbook.severalVcenters',
    ],
  ])('a workbook that %s is refused', (_, run, code) => {
    expect(failure(run).code).toBe(code);
  });
});
