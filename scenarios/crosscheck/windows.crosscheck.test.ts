/** Our Windows server's classes and methods, judged by pywinrm: raw enumerations, WQL, StdRegProv, PowerShell. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { missing } from '#core/testing/installed.ts';
import type { ServeOutcome } from '#simulators/kit/serve.ts';
import { serveWindows } from '#simulators/windows/serve.ts';
import { asked, hasPywinrm, type Instance, type Question } from './windows/pywinrm.ts';

const CIMV2 = 'root/cimv2';

let served: ServeOutcome;

beforeAll(async () => {
  served = await serveWindows({ port: 0, seed: 'windows crosscheck' });
});

afterAll(() => served?.stop());

test('classes that collection reads come whole, and agree with each other', async (context) => {
  if (!hasPywinrm) return missing(context, 'pywinrm is not installed (Debian: python3-winrm)');
  const names = [
    'Win32_ComputerSystem',
    'Win32_OperatingSystem',
    'Win32_Processor',
    'Win32_BIOS',
    'Win32_ComputerSystemProduct',
    'Win32_DiskDrive',
    'Win32_DiskPartition',
    'Win32_LogicalDisk',
    'Win32_Volume',
    'Win32_NetworkAdapter',
    'Win32_NetworkAdapterConfiguration',
    'Win32_Service',
    'Win32_Process',
    'Win32_Product',
    'Win32_ServerFeature',
    'Win32_QuickFixEngineering',
    'Win32_LogicalDiskToPartition',
    'Win32_PerfFormattedData_PerfOS_Processor',
    'Win32_PerfFormattedData_PerfDisk_PhysicalDisk',
    'Win32_PerfRawData_PerfDisk_PhysicalDisk',
    'Win32_PerfFormattedData_Tcpip_NetworkInterface',
  ];
  const seen = await asked(
    served,
    names.map((name) => ({ name, namespace: CIMV2, class: name })),
  );
  const all = (name: string): readonly Instance[] => seen[name]!;
  for (const name of names) expect(all(name).length, name).toBeGreaterThan(0);
  const [system] = all('Win32_ComputerSystem');
  const [os] = all('Win32_OperatingSystem');
  expect(os!['CSName']).toBe(system!['Name']);
  const cores = all('Win32_Processor').reduce((sum, one) => sum + Number(one['NumberOfCores']), 0);
  expect(Number(system!['NumberOfLogicalProcessors'])).toBe(cores);
  expect(all('Win32_PerfFormattedData_PerfOS_Processor').length).toBe(cores + 1);
  expect(all('Win32_DiskDrive').length).toBeGreaterThan(1);
  expect(all('Win32_PerfFormattedData_PerfDisk_PhysicalDisk').length).toBe(all('Win32_DiskDrive').length + 1);
  for (const drive of all('Win32_DiskDrive'))
    expect(all('Win32_DiskPartition').filter((one) => one['DiskIndex'] === drive['Index']).length).toBe(
      Number(drive['Partitions']),
    );
  const services = all('Win32_Service');
  expect(services.length).toBeGreaterThanOrEqual(10);
  expect(new Set(services.map((one) => one['State']))).toEqual(new Set(['Running', 'Stopped']));
  const pids = new Set(all('Win32_Process').map((one) => one['ProcessId']));
  for (const one of services) if (one['State'] === 'Running') expect(pids).toContain(one['ProcessId']);
  const settings = all('Win32_NetworkAdapterConfiguration');
  expect(settings.filter((one) => one['IPEnabled'] === 'true').length).toBeGreaterThan(0);
  expect(settings.filter((one) => one['IPEnabled'] === 'false').length).toBeGreaterThan(0);
}, 60_000);

test('WQL, the registry and PowerShell say the same of the server', async (context) => {
  if (!hasPywinrm) return missing(context, 'pywinrm is not installed (Debian: python3-winrm)');
  const uninstall = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall';
  const registry = (
    name: string,
    method: string,
    input: Readonly<Record<string, string>>,
    namespace = CIMV2,
  ): Question => ({ name, namespace, class: 'StdRegProv', method, input });
  const version = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';
  const seen = await asked(served, [
    { name: 'caption', namespace: CIMV2, wql: 'SELECT Caption, LastBootUpTime FROM Win32_OperatingSystem' },
    { name: 'running', namespace: CIMV2, wql: "SELECT Name FROM Win32_Service WHERE State = 'Running'" },
    {
      name: 'letters',
      namespace: CIMV2,
      wql: "ASSOCIATORS OF {Win32_DiskPartition.DeviceID='Disk #0, Partition #1'} WHERE ResultClass = Win32_LogicalDisk",
    },
    registry('products', 'EnumKey', { hDefKey: '2147483650', sSubKeyName: uninstall }, 'root/default'),
    registry('product', 'GetStringValue', { sSubKeyName: version, sValueName: 'ProductName' }),
    registry('binary', 'GetBinaryValue', { sSubKeyName: version, sValueName: 'DigitalProductId' }),
    registry('missing', 'GetStringValue', { sSubKeyName: 'SOFTWARE\\None', sValueName: 'x' }),
    registry('write', 'SetStringValue', { sSubKeyName: version, sValueName: 'x', sValue: 'y' }),
    {
      name: 'create',
      namespace: CIMV2,
      class: 'Win32_Process',
      method: 'Create',
      input: { CommandLine: 'cmd.exe /c hostname' },
    },
    { name: 'script', powershell: 'Get-Service | Where-Object { $_.Status -eq "Running" } | Measure-Object' },
    { name: 'hyperv', namespace: 'root/virtualization/v2', class: 'Msvm_ComputerSystem' },
  ]);
  expect(seen['caption']![0]).toMatchObject({ Caption: expect.stringMatching(/^Microsoft Windows Server/) });
  expect(seen['letters']!.map((one) => one['DeviceID'])).toEqual(['C:']);
  expect(seen['products']).toMatchObject({ ReturnValue: '0' });
  expect((seen['products']!['sNames'] as readonly string[]).length).toBeGreaterThan(3);
  expect(`Microsoft ${seen['product']!['sValue']}`).toBe(seen['caption']![0]!['Caption']);
  expect((seen['binary']!['uValue'] as readonly string[]).length).toBe(164);
  expect(seen['missing']).toMatchObject({ ReturnValue: '2' });
  expect(seen['write']).toMatchObject({ ReturnValue: '5' });
  expect(seen['create']).toMatchObject({ ReturnValue: '0', ProcessId: expect.stringMatching(/^\d+$/) });
  expect(seen['script']).toMatchObject({
    status: 0,
    out: expect.stringContaining(`: ${seen['running']!.length}`),
  });
  expect(seen['hyperv']).toMatchObject({ refused: expect.stringContaining('Invalid namespace') });
}, 60_000);
