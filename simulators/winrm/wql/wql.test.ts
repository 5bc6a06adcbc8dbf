/** WQL by the queries that real clients send (libvirt's Hyper-V driver, virt-who) and by the rules of its logic. */
import { describe, expect, test } from 'vitest';
import { type CimClass, CimDatetime, type CimInstance, type CimValue } from '../cim/values.ts';
import type { SelectQuery } from './ast.ts';
import { satisfies } from './evaluate.ts';
import { parsePath, parseWql } from './parse.ts';

const names = [
  'CreationClassName',
  'Name',
  'ElementName',
  'EnabledState',
  'ProcessID',
  'Big',
  'On',
  'At',
  'Notes',
];
const cimClass: CimClass = {
  name: 'Msvm_ComputerSystem',
  namespace: 'root/virtualization/v2',
  superclass: {
    name: 'CIM_ComputerSystem',
    namespace: 'root/virtualization/v2',
    superclass: undefined,
    keys: ['CreationClassName', 'Name'],
    properties: [],
  },
  keys: ['CreationClassName', 'Name'],
  properties: names.map((name) => ({ name, type: 'string', array: false })),
};

const vm = (values: Record<string, CimValue> = {}): CimInstance => ({
  class: cimClass,
  values: {
    CreationClassName: 'Msvm_ComputerSystem',
    Name: '1F2E3D4C-0000-4000-8000-000000000001',
    ElementName: 'web_01',
    EnabledState: 2,
    Big: 9_007_199_254_740_993n,
    On: true,
    At: new CimDatetime('Datetime', '2026-03-02T08:00:00.000000Z'),
    ...values,
  },
});

function holds(where: string, values: Record<string, CimValue> = {}): boolean {
  const query = parseWql(`select * from Msvm_ComputerSystem where ${where}`) as SelectQuery;
  return satisfies(vm(values), query.where!, { host: 'HV1' });
}

describe('a condition', () => {
  test.each([
    ['Name != __SERVER AND (EnabledState != 0 and EnabledState != 3 and EnabledState != 32769)', true],
    ['Name != __SERVER AND (EnabledState = 0 or EnabledState = 3)', false],
    [`name = '1f2e3d4c-0000-4000-8000-000000000001'`, true],
    [`"WEB_01" = ElementName`, true],
    [`ElementName like 'web%'`, true],
    [`ElementName like '%b[_]0_'`, true],
    [`ElementName like 'web_[^0]1'`, false],
    [`ElementName like 'w[a-f]b[-_]0[0-9]'`, true],
    [`not ElementName like 'x%' and not (EnabledState > 2)`, true],
    [`ElementName not like 'x%'`, true],
    ['EnabledState >= 2 and EnabledState <= 0x2 and EnabledState < 3', true],
    [`EnabledState = '2'`, true],
    ['Big = 9007199254740993', true],
    [`Big > '9007199254740992'`, true],
    ['On = true and On <> FALSE and On = 1', true],
    [`At >= '2026-03-02'`, true],
    ['Notes is null and ElementName is not null', true],
    ['__CLASS = "msvm_computersystem"', true],
    ['__this isa "CIM_ComputerSystem"', true],
  ])('%s: %s', (where, expected) => {
    expect(holds(where)).toBe(expected);
  });

  test.each([
    'Notes = 1',
    'Notes <> 1',
    'not Notes = 1',
    `Notes like '%'`,
    'Absent < 5',
    'Notes = null',
  ])('%s is unknown when there is nothing to compare, and unknown is no', (where) => {
    expect(holds(where)).toBe(false);
  });

  test('unknown gives way where the other side decides', () => {
    expect(holds('Notes = 1 or EnabledState = 2')).toBe(true);
    expect(holds('not (Notes = 1 and EnabledState = 3)')).toBe(true);
    expect(holds('not (Notes = 1 or EnabledState = 3)')).toBe(false);
  });

  test('paths are compared by what they name', () => {
    const written = `\\\\\\\\hv1\\\\root\\\\virtualization\\\\v2:Msvm_ComputerSystem.Name=\\"1F2E3D4C-0000-4000-8000-000000000001\\",CreationClassName=\\"Msvm_ComputerSystem\\"`;
    expect(holds(`__PATH = '${written}'`)).toBe(true);
    expect(holds(`__RELPATH = '${written.replace('0001', '0002')}'`)).toBe(false);
    expect(holds(`__RELPATH <> 'no path at all'`)).toBe(true);
  });
});

describe('a query', () => {
  test('may name properties, in any case and spacing', () => {
    expect(parseWql(' SELECT  DNSHostName,NumberOfProcessors FROM Win32_ComputerSystem\n')).toEqual({
      kind: 'select',
      properties: ['DNSHostName', 'NumberOfProcessors'],
      className: 'Win32_ComputerSystem',
      where: undefined,
    });
  });

  test('escapes within strings', () => {
    const query = parseWql(
      `select * from CIM_Datafile where Path = '\\\\windows\\\\system32\\\\' and FileName='vm\\'ms'`,
    ) as SelectQuery;
    expect(query.where).toMatchObject({
      left: { right: { literal: '\\windows\\system32\\' } },
      right: { right: { literal: "vm'ms" } },
    });
  });

  test('asks for what is related to an object', () => {
    expect(
      parseWql(
        `ASSOCIATORS OF {Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='g}'} WHERE AssocClass = Msvm_SettingsDefineState ResultClass = Msvm_VirtualSystemSettingData`,
      ),
    ).toEqual({
      kind: 'associators',
      path: {
        className: 'Msvm_ComputerSystem',
        keys: new Map([
          ['CreationClassName', 'Msvm_ComputerSystem'],
          ['Name', 'g}'],
        ]),
      },
      assocClass: 'Msvm_SettingsDefineState',
      resultClass: 'Msvm_VirtualSystemSettingData',
    });
    expect(parseWql('references of {Win32_Service="WinRM"} where role=Antecedent')).toMatchObject({
      kind: 'references',
      role: 'Antecedent',
    });
  });

  test.each([
    ['', 'REFERENCES is missing at character 1'],
    ['select from x', 'FROM is missing'],
    ['select * from', 'a class is missing'],
    ['select * from x where', 'a value is missing'],
    ['select * from x where a', 'a comparison is missing'],
    ["select * from x where a = 'b", 'a string does not end at character 27'],
    ['select * from x where (a = 1', 'a ) is missing'],
    ['select * from x where a = 1 b', 'unexpected text at character 29'],
    ['select * from x where 1 is null', 'only a property can be null'],
    ['select * from x; drop', '";" stands for nothing'],
    ['associators of {x', 'a { is not closed'],
    ['associators of {x.y=1} where colour = red', 'the option colour is not known here'],
  ])('%s is refused: %s', (text, why) => {
    expect(() => parseWql(text)).toThrow(why);
  });

  test('has limits of length and nesting', () => {
    const nested = `select * from x where ${'not '.repeat(100)}a = 1`;
    expect(() => parseWql(nested)).toThrow('nested deeper than 64');
    const long = `select * from x where a = '${'b'.repeat(20_000)}'`;
    expect(() => parseWql(long)).toThrow('more than 16384 characters');
  });
});

test.each([
  ['Win32_Service.Name="WinRM"', 'Win32_Service', [['Name', 'WinRM']]],
  ['\\\\HV1\\root\\cimv2:Win32_Service.Name="WinRM"', 'Win32_Service', [['Name', 'WinRM']]],
  ['root\\cimv2:Win32_Service="WinRM"', 'Win32_Service', [['', 'WinRM']]],
  [
    'Msvm_X.InstanceID="Microsoft:G\\\\0",N=3',
    'Msvm_X',
    [
      ['InstanceID', 'Microsoft:G\\0'],
      ['N', '3'],
    ],
  ],
])('the path %s names an instance of %s', (text, className, keys) => {
  expect(parsePath(text)).toEqual({ className, keys: new Map(keys as [string, string][]) });
});
