import { describe, expect, test } from 'vitest';
import { GIB } from '../units.ts';
import { readImportCsv } from './import-csv.ts';

const HEADER =
  'Server name,IP address,Cores,Memory (In MB),OS name,OS version,OS architecture,Number of disks,Disk 1 size (In GB),Disk 1 read ops (Per second),Disk 1 write ops,Disk 1 read throughput (In MBPS),Disk 2 size,CPU utilization percentage,Memory utilization percentage,Network Out throughput,Firmware type,MAC address';
const read = (...rows: string[]) => readImportCsv([[HEADER, ...rows].join('\n')], 'servers.csv');

describe('the import template', () => {
  test('a row becomes a machine: units converted, first disk the OS disk, given figures kept', () => {
    const { machines, problems } = read(
      'web-01.contoso.com,10.0.0.4,4,8192,Microsoft Windows Server 2016 (64-bit),10.0,x64,2,127,100,50,12.5,500,40,55.5,25,UEFI,00:50:56:01:02:03',
    );
    expect(problems).toEqual([]);
    expect(machines).toEqual([
      {
        id: 'import/web-01.contoso.com',
        displayName: 'web-01.contoso.com',
        platform: 'Import',
        cores: 4,
        memoryMiB: 8192,
        bootType: 'EFI',
        os: { name: 'Microsoft Windows Server 2016 (64-bit)', version: '10.0', bits: 64 },
        disks: [
          { id: 'disk1', label: 'Disk 1', sizeBytes: 127 * GIB, isOs: true },
          { id: 'disk2', label: 'Disk 2', sizeBytes: 500 * GIB, isOs: false },
        ],
        nics: [{ id: 'nic1', macAddress: '00:50:56:01:02:03', ipAddresses: ['10.0.0.4'] }],
        given: {
          cpuPercent: 40,
          memoryPercent: 55.5,
          disks: { disk1: { readIops: 100, writeIops: 50, readBps: 12.5e6 } },
          outBps: 25e6,
        },
      },
    ]);
  });

  test('the four mandatory columns are enough; firmware is then BIOS, and one adapter is taken', () => {
    const { machines } = readImportCsv(['Server name;Cores;Memory;OS name\na;2;4.096,0;Debian 11'], 'x.csv');
    expect(machines[0]).toMatchObject({
      memoryMiB: 4096,
      bootType: 'BIOS',
      disks: [],
      nics: [{ id: 'nic1' }],
    });
  });

  test('every row that cannot be used is told with its line and column, and the others come through', () => {
    const { machines, problems } = read(
      ',,4,8192,Debian',
      'b,,four,8192,Debian',
      'c,,4,8192,Debian,,sparc',
      'd,,4,-1,Debian',
      'e,,4,8192,Debian,,,,,100',
      'f,,4,8192,Debian,,,,=2+2',
      'g,,4,8192,Debian,,,,10,,,,,120',
      'h,,4,8192,Debian',
    );
    expect(machines.map(({ displayName }) => displayName)).toEqual(['h']);
    expect(problems.map(({ line, column, severity }) => [line, column, severity])).toEqual([
      [2, 'Server name', 'error'],
      [3, 'Cores', 'error'],
      [4, 'OS architecture', 'error'],
      [5, 'Memory', 'error'],
      [6, 'Disk 1 size', 'error'],
      [7, 'Disk 1 size', 'error'],
      [8, 'CPU utilization percentage', 'error'],
    ]);
  });

  test('a server named again is updated, and a column that is none of the template is named', () => {
    const { machines, problems } = readImportCsv(
      ['Server name,Cores,Memory,OS name,OS nmae\na,2,4096,Debian,\nA,8,4096,Debian,'],
      'x.csv',
    );
    expect(machines.map(({ cores }) => cores)).toEqual([8]);
    expect(problems.map(({ line, column, severity }) => [line, column, severity])).toEqual([
      [1, 'OS nmae', 'warning'],
      [3, 'Server name', 'warning'],
    ]);
  });

  test('a file without the mandatory columns, an empty one and one of 20,001 servers are refused', () => {
    for (const text of ['', 'Server name,Cores\na,1\n', 'nothing of this'])
      expect(() => readImportCsv([text], 'x.csv')).toThrow(
        expect.objectContaining({ code: 'serverImport.badHeader' }),
      );
    const many = Array.from({ length: 20_001 }, (_, i) => `s${i},1,1024,Debian`).join('\n');
    expect(() => readImportCsv([`Server name,Cores,Memory,OS name\n${many}`], 'x.csv')).toThrow(
      expect.objectContaining({ code: 'serverImport.tooManyServers' }),
    );
  });
});
