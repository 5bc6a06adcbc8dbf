/** A Windows server by what collection and common clients ask it. */
import { beforeEach, describe, expect, test } from 'vitest';
import { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { SECOND } from '#core/units.ts';
import { Estate } from '../estate/estate.ts';
import { generateEstate } from '../estate/generate.ts';
import type { Guest } from '../estate/guest/guest.ts';
import { guestsOf } from '../estate/guest/guests.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimValue } from '../winrm/cim/values.ts';
import type { WinrmHost } from '../winrm/server.ts';
import { cimClient, texts } from '../winrm/testing/cim-client.ts';
import { misfits } from '../winrm/testing/cim-shape.ts';
import { guestCommands } from './guest-commands.ts';
import { windowsHost } from './host.ts';

const CIMV2 = 'root/cimv2';
const START = Date.UTC(2026, 2, 2, 10, 0, 3);
const READER = { name: 'reader', password: 'x', groups: ['Remote Management Users'] };

let now: number;
let due: Array<{ at: number; fn: () => void }>;
let estate: Estate;
let guest: Guest;
let winrm: WinrmHost;
let client: ReturnType<typeof cimClient>;

function pass(ms: number): void {
  now += ms;
  for (const timer of due.filter(({ at }) => at <= now)) {
    due.splice(due.indexOf(timer), 1);
    timer.fn();
  }
}

beforeEach(() => {
  now = START;
  due = [];
  const clock: Clock = {
    wall: () => now,
    monotonic: () => now - START,
    schedule: (at, _label, fn) => {
      due.push({ at, fn });
      return { cancel() {} };
    },
  };
  estate = new Estate(generateEstate({ seed: 'windows test', machines: 40 }), {
    clock,
    entropy: new Entropy('windows test'),
  });
  const guests = guestsOf(estate);
  guest = estate
    .machines()
    .filter(({ id, os }) => os.family === 'windows' && estate.power(id) === 'on')
    .map(({ id }) => guests.guest(id)!)
    .find(({ machine, os }) => os.family === 'windows' && os.server && machine.disks.length > 1)!;
  winrm = windowsHost({
    guest,
    clock,
    accounts: [],
    settings: { basic: false, allowUnencrypted: false },
    commands: guestCommands(guest, clock),
  })!;
  client = cimClient(winrm.cim);
});

const one = (query: string, name: string): string => texts(client.ask(query, CIMV2)[0]!, name)[0]!;

test('every instance has only properties of its class, of their types, and all of its keys', () => {
  let seen = 0;
  for (const root of [
    'CIM_ManagedSystemElement',
    'CIM_StatisticalInformation',
    'CIM_Product',
    'CIM_Setting',
    'CIM_ElementSetting',
    'CIM_Dependency',
    'CIM_Component',
  ])
    for (const instance of winrm.cim.repository.instances(cimClass(CIMV2, root))) {
      seen++;
      expect(misfits(instance)).toEqual([]);
    }
  expect(seen).toBeGreaterThan(60);
});

describe('performance', () => {
  test('two raw readings give what the formatted class says, in every class', () => {
    now = Math.ceil(START / 20_000) * 20_000 + 1000; // both readings lie in one sample
    const reading = (className: string): Array<Record<string, CimValue>> =>
      [...winrm.cim.repository.instances(cimClass(CIMV2, className))].map(({ values }) => values);
    for (const [object, rates, times] of [
      ['PerfOS_Processor', [], ['PercentIdleTime', 'PercentUserTime', 'PercentProcessorTime']],
      [
        'PerfDisk_PhysicalDisk',
        ['DiskReadsPersec', 'DiskWritesPersec', 'DiskReadBytesPersec', 'DiskWriteBytesPersec'],
        [],
      ],
      ['PerfDisk_LogicalDisk', ['DiskReadBytesPersec'], []],
      ['Tcpip_NetworkInterface', ['BytesReceivedPersec', 'BytesSentPersec'], []],
    ] as const) {
      const formatted = reading(`Win32_PerfFormattedData_${object}`);
      const before = reading(`Win32_PerfRawData_${object}`);
      pass(10 * SECOND);
      const after = reading(`Win32_PerfRawData_${object}`);
      pass(-10 * SECOND);
      expect(before.length, object).toBe(formatted.length);
      for (const [i, wanted] of formatted.entries()) {
        const [from, to] = [before[i]!, after[i]!];
        const ticks = Number(to['Timestamp_Sys100NS']) - Number(from['Timestamp_Sys100NS']);
        for (const name of rates) {
          const grown = Number(to[name]) - Number(from[name]);
          expect(grown / (ticks / Number(to['Frequency_Sys100NS'])), `${object}.${name}`).toBeCloseTo(
            Number(wanted[name]),
            -1,
          );
        }
        for (const name of times) {
          const share = ((Number(to[name]) - Number(from[name])) / ticks) * 100;
          const percent = name === 'PercentProcessorTime' ? 100 - share : share; // this one counts what is left
          expect(Math.abs(percent - Number(wanted[name])), `${object}.${name}`).toBeLessThanOrEqual(0.51);
        }
      }
    }
  });

  test('raw counters only grow, and begin again when the server starts again', () => {
    const bytes = (): bigint =>
      BigInt(
        one(
          "SELECT DiskBytesPersec FROM Win32_PerfRawData_PerfDisk_PhysicalDisk WHERE Name = '_Total'",
          'DiskBytesPersec',
        ),
      );
    let last = bytes();
    for (const step of [1, 7, 20, 3600, 86_400]) {
      pass(step * SECOND);
      const next = bytes();
      expect(next).toBeGreaterThanOrEqual(last);
      last = next;
    }
    guest.setPower('off');
    guest.setPower('on');
    pass(5 * SECOND);
    expect(bytes()).toBeLessThan(last);
  });
});

describe('the registry', () => {
  const call = (method: string, input: Record<string, string | number>, namespace = CIMV2): string =>
    client.invoke(
      namespace,
      'StdRegProv',
      method,
      Object.entries(input)
        .map(([name, value]) => `<p:${name}>${value}</p:${name}>`)
        .join(''),
    );
  const VERSION = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';

  test('gives keys, values with their types, and values of every type', () => {
    expect(
      texts(call('EnumKey', { sSubKeyName: 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion' }), 'sNames'),
    ).toContain('Uninstall');
    const listed = call('EnumValues', { hDefKey: 2147483650, sSubKeyName: VERSION }, 'root/default');
    const names = texts(listed, 'sNames');
    expect(texts(listed, 'Types')[names.indexOf('ProductName')]).toBe('1');
    expect(texts(listed, 'Types')[names.indexOf('DigitalProductId')]).toBe('3');
    const read = (method: string, key: string, value: string, out: string): string[] =>
      texts(call(method, { sSubKeyName: key, sValueName: value }), out);
    expect(read('GetStringValue', VERSION, 'productname', 'sValue')[0]).toMatch(/^Windows Server/);
    expect(read('GetBinaryValue', VERSION, 'DigitalProductId', 'uValue').length).toBeGreaterThan(16);
    expect(read('GetDWORDValue', VERSION, 'InstallDate', 'uValue')).toEqual([
      String(guest.installedAt / 1000),
    ]);
    const SESSION = 'SYSTEM\\CurrentControlSet\\Control\\Session Manager';
    expect(read('GetExpandedStringValue', `${SESSION}\\Environment`, 'ComSpec', 'sValue')).toEqual([
      'C:\\Windows\\system32\\cmd.exe',
    ]);
    expect(read('GetMultiStringValue', SESSION, 'BootExecute', 'sValue')).toEqual(['autocheck autochk *']);
    const VIDEO = 'SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}\\0000';
    expect(read('GetQWORDValue', VIDEO, 'HardwareInformation.qwMemorySize', 'uValue')).toEqual(['8388608']);
  });

  test('says in return values what is missing, of another type, or forbidden', () => {
    const result = (method: string, input: Record<string, string | number>): string =>
      texts(call(method, input), 'ReturnValue')[0]!;
    expect(result('GetStringValue', { sSubKeyName: VERSION, sValueName: 'None' })).toBe('1');
    expect(result('EnumKey', { sSubKeyName: 'SOFTWARE\\None' })).toBe('2');
    expect(result('GetStringValue', { sSubKeyName: VERSION, sValueName: 'InstallDate' })).toBe('2147749893');
    expect(result('EnumKey', { hDefKey: 7, sSubKeyName: '' })).toBe('6');
    expect(result('EnumKey', { sSubKeyName: 'SAM\\SAM' })).toBe('5');
    expect(result('SetStringValue', { sSubKeyName: VERSION, sValueName: 'x', sValue: 'y' })).toBe('5');
    expect(result('CheckAccess', { sSubKeyName: VERSION, uRequired: 1 })).toBe('0');
    const reader = cimClient(winrm.cim, READER);
    const denied = reader.invoke(
      CIMV2,
      'StdRegProv',
      'CheckAccess',
      `<p:sSubKeyName>${VERSION}</p:sSubKeyName><p:uRequired>2</p:uRequired>`,
    );
    expect([texts(denied, 'bGranted'), texts(denied, 'ReturnValue')]).toEqual([['false'], ['5']]);
  });

  test('is where products come from', () => {
    const products = client.ask('SELECT Name FROM Win32_Product', CIMV2).flatMap((xml) => texts(xml, 'Name'));
    expect(products).toContain('7-Zip 19.00 (x64)');
    expect(products).not.toContain('Windows Imaging Component');
  });
});

test('disks, partitions and volumes are found from each other, and so are adapters and their settings', () => {
  const partitions = client.ask(
    "ASSOCIATORS OF {Win32_LogicalDisk.DeviceID='C:'} WHERE AssocClass = Win32_LogicalDiskToPartition",
    CIMV2,
  );
  expect(partitions.map((xml) => texts(xml, 'DeviceID')[0])).toEqual(['Disk #0, Partition #1']);
  const drives = client.ask(
    "ASSOCIATORS OF {Win32_DiskPartition.DeviceID='Disk #1, Partition #0'} WHERE ResultClass = Win32_DiskDrive",
    CIMV2,
  );
  expect(drives.map((xml) => texts(xml, 'Index')[0])).toEqual(['1']);
  const settings = client.ask(
    "ASSOCIATORS OF {Win32_NetworkAdapter.DeviceID='1'} WHERE AssocClass = Win32_NetworkAdapterSetting",
    CIMV2,
  );
  expect(texts(settings[0]!, 'MACAddress')).toEqual([guest.machine.nics[0]!.macAddress.toUpperCase()]);
  const processors = client.ask(
    `ASSOCIATORS OF {Win32_ComputerSystem.Name='${winrm.names.computer}'} WHERE AssocClass = Win32_ComputerSystemProcessor ResultClass = Win32_Processor`,
    CIMV2,
  );
  expect(processors).toHaveLength(guest.machine.sockets);
});

describe('methods', () => {
  test('start a program, say whose it is, and end it', () => {
    const made = client.invoke(
      CIMV2,
      'Win32_Process',
      'Create',
      '<p:CommandLine>cmd.exe /c timeout 30</p:CommandLine>',
    );
    expect(texts(made, 'ReturnValue')).toEqual(['0']);
    const [pid] = texts(made, 'ProcessId');
    const svchost = guest.processes(now).find(({ name }) => name === 'svchost.exe')!;
    const owner = client.invoke(CIMV2, 'Win32_Process', 'GetOwner', '', { handle: String(svchost.pid) });
    expect([texts(owner, 'Domain'), texts(owner, 'User')]).toEqual([['NT AUTHORITY'], ['SYSTEM']]);
    expect(Number(pid)).toBeGreaterThan(0);
    const missing = client.invoke(
      CIMV2,
      'Win32_Process',
      'Create',
      '<p:CommandLine>C:\\none.exe</p:CommandLine>',
    );
    expect(texts(missing, 'ReturnValue')).toEqual(['9']);
  });

  test('a reboot takes the server away and brings it back; others than administrators may not', () => {
    const reboot = (who: typeof client): string[] =>
      texts(who.invoke(CIMV2, 'Win32_OperatingSystem', 'Reboot'), 'ReturnValue');
    expect(reboot(cimClient(winrm.cim, READER))).toEqual(['1314']);
    const before = guest.bootedAt();
    expect(reboot(client)).toEqual(['0']);
    expect(guest.isOn()).toBe(true);
    pass(2 * SECOND);
    expect(guest.isOn()).toBe(false);
    pass(60 * SECOND);
    expect(guest.isOn()).toBe(true);
    expect(guest.bootedAt()).toBeGreaterThan(before);
  });
});

test('who is no administrator sees neither files nor command lines of others', () => {
  const rows = cimClient(winrm.cim, READER).ask(
    'SELECT Name, CommandLine, ExecutablePath FROM Win32_Process',
    CIMV2,
  );
  expect(rows.length).toBe(guest.processes(now).length);
  expect(rows.flatMap((xml) => [...texts(xml, 'CommandLine'), ...texts(xml, 'ExecutablePath')])).toEqual([]);
  const all = client.ask("SELECT CommandLine FROM Win32_Process WHERE Name = 'lsass.exe'", CIMV2);
  expect(texts(all[0]!, 'CommandLine')[0]).toContain('lsass.exe');
});

test('a server without Hyper-V has neither its namespace nor its counters', () => {
  expect(() => client.enumerate('root/virtualization/v2', 'Msvm_ComputerSystem')).toThrow(
    'Invalid namespace',
  );
  expect(() =>
    client.enumerate(CIMV2, 'Win32_PerfFormattedData_BalancerStats_HyperVDynamicMemoryVM'),
  ).toThrow('Invalid class');
});
