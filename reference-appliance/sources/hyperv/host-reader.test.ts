/** Reading a host: what older releases lack, files that cannot be read, and what is to be told of it. */
import { expect, test } from 'vitest';
import { DryliftError } from '#core/errors.ts';
import type { CimInstance } from '../winrm/cim.ts';
import type { WinrmConnection } from '../winrm/types.ts';
import { HostReader, warningsOf } from './host-reader.ts';

const signal = new AbortController().signal;
const A = '11111111-2222-3333-4444-55555555555A';

const row = (values: Readonly<Record<string, string | readonly string[]>>): CimInstance => ({
  className: '',
  properties: new Map(Object.entries(values).map(([name, value]) => [name, [value].flat()])),
});
const refusal = (code: string): DryliftError =>
  new DryliftError(code, { blame: 'peer', why: '', next: '' }, { what: code });

interface FakeHost {
  readonly tables: Record<string, readonly CimInstance[] | DryliftError>;
  /** By path: the size; an error: refused so. */
  readonly files: Record<string, number | DryliftError>;
  readonly asked: string[];
}

function fakeHost(): FakeHost & { connection: WinrmConnection } {
  const disk = (n: number, path: string): CimInstance =>
    row({
      InstanceID: `Microsoft:${A}\\C\\0\\${n}\\L`,
      HostResource: [path],
      ResourceSubType: 'Microsoft:Hyper-V:Virtual Hard Disk',
    });
  const host: FakeHost = {
    tables: {
      Win32_ComputerSystem: [row({ DNSHostName: 'HV1', Domain: 'corp.example', PartOfDomain: 'true' })],
      Win32_OperatingSystem: [row({ Version: '10.0.17763' })],
      Win32_Processor: [row({ Name: 'Xeon ' }), row({ Name: 'Xeon' })],
      Msvm_VirtualSystemSettingData: [row({ VirtualSystemIdentifier: A, ElementName: 'web' })],
      Msvm_ComputerSystem: [row({ Name: A, EnabledState: '2' })],
      Msvm_StorageAllocationSettingData: [
        disk(0, 'C:\\web.vhdx'),
        disk(1, '\\\\files\\vms\\a.vhdx'),
        disk(2, '\\\\files\\vms\\b.vhdx'),
      ],
      Msvm_SecuritySettingData: refusal('winrm.class.missing'),
    },
    files: {
      'C:\\web.vhdx': 40,
      '\\\\files\\vms\\a.vhdx': refusal('winrm.namespace.denied'),
      '\\\\files\\vms\\b.vhdx': 50,
    },
    asked: [],
  };
  const query: WinrmConnection['query'] = async (_namespace, wql) => {
    host.asked.push(wql);
    const table = host.tables[/from (\w+)/.exec(wql)![1]!] ?? [];
    if (table instanceof DryliftError) throw table;
    return [...table];
  };
  const invoke: WinrmConnection['invoke'] = async (_namespace, _class, method, _selectors, input) => {
    const path = input[0]![1];
    host.asked.push(`${method} ${path}`);
    const size = host.files[path] ?? refusal('winrm.fault');
    if (size instanceof DryliftError) throw size;
    return row({
      ReturnValue: '0',
      SettingData: `<INSTANCE CLASSNAME="X"><PROPERTY NAME="MaxInternalSize"><VALUE>${size}</VALUE></PROPERTY><PROPERTY NAME="Type"><VALUE>3</VALUE></PROPERTY></INSTANCE>`,
    });
  };
  return { ...host, connection: { host: 'hv1', clockAheadMs: undefined, query, invoke } as WinrmConnection };
}

test('a file server that the host may not ask in our name is asked once, and told with what to do', async () => {
  const host = fakeHost();
  const reading = await new HostReader(host.connection).read(signal);
  expect(reading.host).toMatchObject({
    fqdn: 'hv1.corp.example',
    processorModel: 'Xeon',
    processorSockets: 2,
  });
  expect(reading.machines[0]!.disks.map(({ sizeBytes, diskType }) => [sizeBytes, diskType])).toEqual([
    [40, 'Dynamic'],
    [0, 'Unknown'],
    [0, 'Unknown'],
  ]);
  expect(host.asked.filter((each) => each.includes('files'))).toHaveLength(1);
  const warning = warningsOf(reading).get('hyperv.delegation hv1.corp.example \\\\files\\vms');
  expect(warning?.message).toMatch(
    /may not read 2 virtual disks on \\\\files\\vms .*Enable-WSManCredSSP -Role Server/,
  );
});

test('a file that cannot be read for once is what it was; one that never could is told by its path', async () => {
  const host = fakeHost();
  const reader = new HostReader(host.connection);
  await reader.read(signal);
  host.files['C:\\web.vhdx'] = refusal('winrm.timeout');
  const reading = await reader.read(signal);
  expect(reading.machines[0]!.disks[0]!.sizeBytes).toBe(40);
  const fresh = await new HostReader(host.connection).read(signal);
  expect(warningsOf(fresh).get('hyperv.disk hv1.corp.example')?.message).toContain('C:\\web.vhdx');
});

test('what concerns the whole host ends the reading', async () => {
  const host = fakeHost();
  host.files['C:\\web.vhdx'] = refusal('net.reset');
  await expect(new HostReader(host.connection).read(signal)).rejects.toMatchObject({ code: 'net.reset' });
});

test('a release that lacks a column is asked for all it has, one that lacks a class is not asked again', async () => {
  const host = fakeHost();
  const reader = new HostReader(host.connection);
  const whole = host.tables['Msvm_MemorySettingData'];
  host.tables['Msvm_MemorySettingData'] = refusal('winrm.fault');
  await expect(reader.read(signal)).rejects.toMatchObject({ code: 'winrm.fault' });
  expect(host.asked.filter((wql) => wql.includes('Memory'))).toEqual([
    expect.stringContaining('select DynamicMemoryEnabled,'),
    'select * from Msvm_MemorySettingData',
  ]);
  host.tables['Msvm_MemorySettingData'] = whole ?? [];
  host.asked.length = 0;
  await reader.read(signal);
  await reader.read(signal);
  expect(host.asked.filter((wql) => wql.includes('Msvm_Memory'))).toEqual([
    'select * from Msvm_MemorySettingData',
    'select * from Msvm_MemorySettingData',
  ]);
  expect(host.asked.filter((wql) => wql.includes('Msvm_Security'))).toHaveLength(1);
});

test.each(['6.2.9200', '6.1.7601', ''])('a host of version %j is too old', async (version) => {
  const host = fakeHost();
  host.tables['Win32_OperatingSystem'] = [row({ Version: version })];
  await expect(new HostReader(host.connection).read(signal)).rejects.toMatchObject({
    code: 'hyperv.version',
  });
});

test('an account that sees not even the host is told which group it lacks; a copy is told as one', async () => {
  const host = fakeHost();
  host.tables['Msvm_ComputerSystem'] = [];
  const blind = warningsOf(await new HostReader(host.connection).read(signal));
  expect(blind.get('hyperv.group hv1.corp.example')?.message).toContain('Hyper-V Administrators');
  host.tables['Msvm_ComputerSystem'] = [row({ Name: A, EnabledState: '2', ReplicationMode: '2' })];
  const warnings = warningsOf(await new HostReader(host.connection).read(signal));
  expect(warnings.get('hyperv.replica hv1.corp.example')?.message).toContain('(web)');
  expect(warnings.get('hyperv.integrationServices hv1.corp.example')?.message).toContain('(web)');
});
