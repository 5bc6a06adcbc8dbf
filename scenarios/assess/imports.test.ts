/** RVTools workbooks of several versions as machines of an assessment, and workbooks made to do harm. */
import { utils, write } from '@e965/xlsx';
import { describe, expect, test } from 'vitest';
import { GIB } from '#core/units.ts';
import { readRvtoolsMachines } from './rvtools-machines.ts';

type Row = Record<string, string | number | boolean | undefined>;

function workbookOf(sheets: Record<string, Row[]>): Buffer {
  const book = utils.book_new();
  for (const [name, rows] of Object.entries(sheets))
    utils.book_append_sheet(book, utils.json_to_sheet(rows), name);
  return write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer;
}

const readSheets = (sheets: Record<string, Row[]>) =>
  readRvtoolsMachines(workbookOf(sheets), 'inventory.xlsx');
const OS = 'Microsoft Windows Server 2016 (64-bit)';

describe('versions of RVTools', () => {
  test.each<[string, Record<string, Row[]>]>([
    [
      '4: MiB, firmware and one sheet a thing',
      {
        vInfo: [
          {
            VM: 'a',
            Template: 'False',
            CPUs: 4,
            Memory: 8192,
            Firmware: 'efi',
            'OS according to the configuration file': OS,
            'VM ID': 'vm-1',
          },
        ],
        vDisk: [{ VM: 'a', Disk: 'Hard disk 1', 'Capacity MiB': 40_960, 'VM ID': 'vm-1' }],
        vNetwork: [
          { VM: 'a', 'NIC label': 'Network adapter 1', 'Mac Address': '00:50:56:00:00:01', 'VM ID': 'vm-1' },
        ],
      },
    ],
    [
      '3: MB in the names',
      {
        vInfo: [
          {
            VM: 'a',
            Template: 'False',
            CPUs: 4,
            Memory: 8192,
            Firmware: 'efi',
            OS,
            'Provisioned MB': 40_960,
          },
        ],
        vDisk: [{ VM: 'a', Disk: 'Hard disk 1', 'Capacity MB': 40_960 }],
      },
    ],
    [
      'with thousands parted, as text',
      {
        vInfo: [{ VM: 'a', Template: 'False', CPUs: '4', Memory: '8,192', Firmware: 'efi', OS }],
        vDisk: [{ VM: 'a', Disk: 'Hard disk 1', 'Capacity MiB': '40,960' }],
      },
    ],
    [
      'from the command line: each column with its sheet',
      {
        vInfo: [
          {
            vInfoVMName: 'a',
            vInfoTemplate: 'False',
            vInfoCPUs: 4,
            vInfoMemory: 8192,
            vInfoFirmware: 'efi',
            vInfoOS: OS,
          },
        ],
        vDisk: [{ vDiskVMName: 'a', vDiskDisk: 'Hard disk 1', vDiskCapacityMiB: 40_960 }],
      },
    ],
    [
      'vInfo alone, with totals',
      {
        vInfo: [
          {
            VM: 'a',
            Template: 'False',
            CPUs: 4,
            Memory: 8192,
            Firmware: 'efi',
            OS,
            Disks: 1,
            'Total disk capacity MiB': 40_960,
          },
        ],
      },
    ],
  ])('%s', (_, sheets) => {
    const [machine, ...others] = readSheets(sheets);
    expect(others).toEqual([]);
    expect(machine).toMatchObject({
      displayName: 'a',
      platform: 'Import',
      cores: 4,
      memoryMiB: 8192,
      bootType: 'EFI',
      os: { name: OS, family: 'windows', bits: 64 },
      disks: [{ id: 'disk1', sizeBytes: 40 * GIB, isOs: true }],
    });
  });

  test('templates stay behind, and machines that are off come along', () => {
    const row = { CPUs: 1, Memory: 1024, OS, 'Provisioned MiB': 10_240 };
    const machines = readSheets({
      vInfo: [
        { VM: 'template', Template: 'True', Powerstate: 'poweredOff', ...row },
        { VM: 'off', Template: 'False', Powerstate: 'poweredOff', ...row },
      ],
    });
    expect(machines.map(({ displayName }) => displayName)).toEqual(['off']);
  });
});

describe('workbooks with mistakes or made to do harm', () => {
  const good = { VM: 'a', CPUs: 2, Memory: 2048, OS, 'Provisioned MiB': 10_240 };
  const failure = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return error as { code: string; why: string };
    }
    throw new Error('nothing was thrown');
  };

  test('every cell that cannot be used is told by sheet, row and column', () => {
    const { code, why } = failure(() =>
      readSheets({ vInfo: [good, { ...good, VM: 'b', CPUs: 'two' }, { ...good, VM: 'c', Memory: -1 }] }),
    );
    expect(code).toBe('estate.workbook.badRows');
    expect(why).toMatch(/vInfo[^\n]*3[^\n]*two/);
    expect(why).toMatch(/vInfo[^\n]*4[^\n]*negative/);
  });

  test('a formula without a result, and one that reads another workbook, is no number', () => {
    for (const f of ['1+1', '[1]Sheet1!A1', 'HYPERLINK("http://127.0.0.1/","x")']) {
      const sheet = utils.json_to_sheet([good]);
      const column = Object.keys(good).indexOf('CPUs');
      sheet[utils.encode_cell({ r: 1, c: column })] = { t: 'n', f, v: 0 };
      const book = utils.book_new();
      utils.book_append_sheet(book, sheet, 'vInfo');
      const bytes = write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer;
      expect(failure(() => readRvtoolsMachines(bytes, 'x.xlsx')).why).toMatch(
        /formula without a stored result/,
      );
    }
  });

  test('what is no workbook, is cut short, or inflates beyond measure is refused before it is read', () => {
    const bytes = workbookOf({ vInfo: [good] });
    expect(failure(() => readRvtoolsMachines(Buffer.from('Server name,Cores\n'), 'x.xlsx')).code).toBe(
      'estate.workbook.notAWorkbook',
    );
    expect(failure(() => readRvtoolsMachines(bytes.subarray(0, bytes.length - 400), 'x.xlsx')).code).toBe(
      'estate.workbook.damaged',
    );
  });
});
