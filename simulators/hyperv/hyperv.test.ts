/** A Hyper-V host by the questions that its clients ask: libvirt's driver, virt-who, the appliance. */
import { beforeEach, describe, expect, test } from 'vitest';
import { SECOND } from '#core/units.ts';
import type { Estate } from '../estate/estate.ts';
import type { Host, Machine } from '../estate/model.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import { texts as values } from '../winrm/testing/cim-client.ts';
import { misfits } from '../winrm/testing/cim-shape.ts';
import { NS, RESOURCE } from '../winrm/wsman/names.ts';
import type { SelectorValue } from '../winrm/wsman/request.ts';
import { computerName } from './cluster-classes.ts';
import { type Stage, stage } from './testing/stage.ts';

const V2 = 'root/virtualization/v2';

let on: Stage;
let estate: Estate;
let place: Host;
let mine: Machine[];
let client: ReturnType<Stage['client']>;

beforeEach(() => {
  on = stage();
  estate = on.estate;
  place = on.hosts[0]!;
  mine = on.machinesOn(place);
  client = on.client(place);
});

const ask = (query: string, namespace = V2): string[] => client.ask(query, namespace);
const invoke = (
  className: string,
  method: string,
  input = '',
  selectors: Record<string, SelectorValue> = {},
): string => client.invoke(V2, className, method, input, selectors);

test.each([
  '2012 R2',
  '2016',
  '2019',
  '2022',
  '2025',
] as const)('every instance of a host of %s has only properties of its class, of their types, and all of its keys', (release) => {
  const hosts = stage({ release, machines: 8, hosts: 1 });
  const { repository } = hosts.winrm(hosts.hosts[0]!).cim;
  let seen = 0;
  for (const [namespace, roots] of [
    [V2, ['CIM_ManagedElement', 'Msvm_GuestNetworkAdapterConfiguration', 'CIM_Dependency', 'CIM_Component']],
    ['root/cimv2', ['CIM_ManagedSystemElement', 'Win32_Perf', 'CIM_Product']],
    ['root/MSCluster', ['CIM_ManagedSystemElement', 'CIM_Dependency', 'CIM_Component']],
  ] as const)
    for (const root of roots)
      for (const instance of repository.instances(repository.findClass(namespace, root)!)) {
        seen++;
        // what an older release lacks is left out when it is written
        const all = { class: cimClass(namespace, instance.class.name), values: instance.values };
        expect(misfits(instance.class.name === 'MSCluster_Property' ? instance : all)).toEqual([]);
      }
  expect(seen).toBeGreaterThan(100);
});

describe('libvirt', () => {
  test('lists the machines that are on, and those that are not', () => {
    const running = ask(
      'SELECT * FROM Msvm_ComputerSystem WHERE Name != __SERVER AND (EnabledState != 0 and EnabledState != 3 and EnabledState != 32769)',
    );
    const off = ask(
      'SELECT * FROM Msvm_ComputerSystem WHERE Name != __SERVER AND (EnabledState = 0 or EnabledState = 3 or EnabledState = 32769)',
    );
    const namesOf = (items: string[]): string[] => items.flatMap((xml) => values(xml, 'ElementName')).sort();
    const wanted = (isOn: boolean): string[] =>
      mine
        .filter(({ id }) => (estate.power(id) === 'off') !== isOn)
        .map(({ name }) => name)
        .sort();
    expect(namesOf(running)).toEqual(wanted(true));
    expect(namesOf(off)).toEqual(wanted(false));
  });

  test('goes from a machine to its one active setting, and from that to all parts, disks found by the ends of paths', () => {
    const machine = mine.find(({ disks }) => disks.length > 1) ?? mine[0]!;
    const guid = machine.instanceUuid.toLowerCase();
    const settings = ask(
      `ASSOCIATORS OF {Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='${guid}'} WHERE AssocClass = Msvm_SettingsDefineState ResultClass = Msvm_VirtualSystemSettingData`,
    );
    expect(settings).toHaveLength(1);
    const id = values(settings[0]!, 'InstanceID')[0]!;
    const parts = (resultClass: string): string[] =>
      ask(
        `ASSOCIATORS OF {Msvm_VirtualSystemSettingData.InstanceID='${id}'} WHERE AssocClass = Msvm_VirtualSystemSettingDataComponent ResultClass = ${resultClass}`,
      );
    expect(parts('Msvm_ProcessorSettingData').flatMap((xml) => values(xml, 'VirtualQuantity'))).toEqual([
      String(machine.cores),
    ]);
    expect(parts('Msvm_MemorySettingData').flatMap((xml) => values(xml, 'VirtualQuantity'))).toEqual([
      String(machine.memoryMiB),
    ]);
    const hardware = parts('Msvm_ResourceAllocationSettingData').map((xml) => values(xml, 'InstanceID')[0]!);
    const disks = parts('Msvm_StorageAllocationSettingData');
    expect(disks).toHaveLength(machine.disks.length);
    for (const disk of disks) {
      const parent = values(disk, 'Parent')[0]!;
      const owners = hardware.filter((one) => parent.endsWith(`${one.replaceAll('\\', '\\\\')}"`));
      expect(owners).toHaveLength(1);
    }
    expect(parts('Msvm_EthernetPortAllocationSettingData')).toHaveLength(machine.nics.length);
  });

  test('finds a switch by its path, as that stands in a connection', () => {
    const [connection] = ask('SELECT * FROM Msvm_EthernetPortAllocationSettingData');
    const path = values(connection!, 'HostResource')[0]!;
    const quoted = path.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
    expect(ask(`SELECT * FROM Msvm_VirtualEthernetSwitch WHERE __PATH = '${quoted}'`)).toHaveLength(1);
  });

  test('starts and stops machines', () => {
    const machine = mine.find(({ id }) => estate.power(id) === 'on')!;
    const self = { creationclassname: 'Msvm_ComputerSystem', name: machine.instanceUuid };
    const change = (state: number): string[] =>
      values(
        invoke(
          'Msvm_ComputerSystem',
          'RequestStateChange',
          `<p:RequestedState>${state}</p:RequestedState>`,
          self,
        ),
        'ReturnValue',
      );
    const state = (): string[] =>
      values(
        ask(`SELECT EnabledState FROM Msvm_ComputerSystem WHERE Name = '${machine.instanceUuid}'`)[0]!,
        'EnabledState',
      );
    expect(change(3)).toEqual(['4096']);
    expect(state()).toEqual(['4']);
    expect(change(3)).toEqual(['32775']);
    on.pass(3 * SECOND);
    expect(estate.power(machine.id)).toBe('off');
    expect(state()).toEqual(['3']);
    expect(change(2)).toEqual(['4096']);
    expect(state()).toEqual(['10']);
    on.pass(4 * SECOND);
    expect(estate.power(machine.id)).toBe('on');
    expect(change(9)).toEqual(['4096']);
    on.pass(2 * SECOND);
    expect(state()).toEqual(['9']);
    expect(change(12345)).toEqual(['32768']);
  });

  test('follows the job of a change by its state and share', () => {
    const machine = mine.find(({ id }) => estate.power(id) === 'on')!;
    const answer = invoke(
      'Msvm_ComputerSystem',
      'RequestStateChange',
      '<p:RequestedState>6</p:RequestedState>',
      {
        creationclassname: 'Msvm_ComputerSystem',
        name: machine.instanceUuid,
      },
    );
    const id = /Name="InstanceID">([^<]*)</.exec(answer)![1]!;
    const job = (): string => ask(`select * from Msvm_ConcreteJob where InstanceID='${id}'`)[0]!;
    expect(values(job(), 'JobState')).toEqual(['4']);
    on.pass(3 * SECOND);
    expect(values(job(), 'PercentComplete')).toEqual(['50']);
    on.pass(3 * SECOND);
    expect(values(job(), 'JobState')).toEqual(['7']);
    expect(estate.power(machine.id)).toBe('suspended');
    const about = ask(
      `ASSOCIATORS OF {Msvm_ConcreteJob.InstanceID='${id}'} WHERE AssocClass = Msvm_AffectedJobElement`,
    );
    expect(about.flatMap((xml) => values(xml, 'ElementName'))).toEqual([machine.name]);
    on.pass(600 * SECOND);
    expect(ask('select * from Msvm_ConcreteJob')).toEqual([]);
  });
});

describe('the appliance', () => {
  test('gets the summary of all machines, or of chosen ones, with what it asked for', () => {
    const all = invoke(
      'Msvm_VirtualSystemManagementService',
      'GetSummaryInformation',
      [0, 1, 4, 100].map((code) => `<p:RequestedInformation>${code}</p:RequestedInformation>`).join(''),
      { creationclassname: 'Msvm_VirtualSystemManagementService' },
    );
    expect(values(all, 'ElementName')).toEqual(mine.map(({ name }) => name));
    expect(values(all, 'NumberOfProcessors')).toEqual(mine.map(({ cores }) => String(cores)));
    expect(values(all, 'UpTime')).toEqual([]);
    const chosen = mine[1]!;
    const one = invoke(
      'Msvm_VirtualSystemManagementService',
      'GetSummaryInformation',
      `<p:SettingData xmlns:a="${NS.a}" xmlns:w="${NS.w}"><a:Address>x</a:Address><a:ReferenceParameters>` +
        `<w:ResourceURI>${RESOURCE.wmi}${V2}/Msvm_VirtualSystemSettingData</w:ResourceURI><w:SelectorSet>` +
        `<w:Selector Name="InstanceID">Microsoft:${chosen.instanceUuid.toUpperCase()}</w:Selector>` +
        '</w:SelectorSet></a:ReferenceParameters></p:SettingData>',
    );
    expect(values(one, 'ElementName')).toEqual([chosen.name]);
  });

  test('learns the size of a disk from its file', () => {
    const machine = mine[0]!;
    const [path] = values(ask('SELECT * FROM Msvm_StorageAllocationSettingData')[0]!, 'HostResource');
    const xml = invoke(
      'Msvm_ImageManagementService',
      'GetVirtualHardDiskSettingData',
      `<p:Path>${path}</p:Path>`,
    );
    expect(values(xml, 'SettingData')[0]).toContain(`<VALUE>${machine.disks[0]!.sizeBytes}</VALUE>`);
    const none = invoke(
      'Msvm_ImageManagementService',
      'GetVirtualHardDiskSettingData',
      '<p:Path>C:\\no.vhdx</p:Path>',
    );
    expect(values(none, 'ReturnValue')).toEqual(['32779']);
  });

  test('reads what guests say of themselves where integration services run, and nothing elsewhere', () => {
    for (const machine of mine) {
      const [kvp] = ask(
        `SELECT * FROM Msvm_KvpExchangeComponent WHERE SystemName = '${machine.instanceUuid.toUpperCase()}'`,
      );
      const items = values(kvp!, 'GuestIntrinsicExchangeItems');
      const speaks = estate.power(machine.id) === 'on' && machine.tools === 'running';
      expect(
        items.some((item) => item.includes(machine.dnsName)),
        machine.name,
      ).toBe(speaks);
    }
  });

  test('sees counters of machines that are on, by the names that Hyper-V gives them', () => {
    const rows = ask(
      'SELECT Name, PercentGuestRunTime FROM Win32_PerfFormattedData_HvStats_HyperVHypervisorVirtualProcessor',
      'root/cimv2',
    );
    const running = mine.filter(({ id }) => estate.power(id) === 'on');
    expect(rows.flatMap((xml) => values(xml, 'Name'))).toEqual([
      ...running.flatMap(({ name, cores }) => Array.from({ length: cores }, (_, n) => `${name}:Hv VP ${n}`)),
      '_Total',
    ]);
  });

  test('sees the whole cluster from any node', () => {
    const hosts = estate.facts.hosts.filter(({ clusterId }) => clusterId === place.clusterId);
    expect(
      ask('SELECT Name FROM MSCluster_Node', 'root/MSCluster').flatMap((xml) => values(xml, 'Name')),
    ).toEqual(hosts.map(computerName));
    const owned = ask(
      `ASSOCIATORS OF {MSCluster_Node.Name='${computerName(place)}'} WHERE AssocClass = MSCluster_NodeToActiveGroup`,
      'root/MSCluster',
    );
    expect(owned.flatMap((xml) => values(xml, 'Name'))).toEqual([
      'Cluster Group',
      ...mine.map(({ name }) => name),
    ]);
  });
});

describe('virt-who', () => {
  test('is sent on from the old namespace, and finds identifiers in the new one', () => {
    expect(() => ask('select BIOSGUID from Msvm_VirtualSystemSettingData', 'root/virtualization')).toThrow(
      'Invalid namespace',
    );
    const rows = ask(
      "select BIOSGUID, VirtualSystemIdentifier from Msvm_VirtualSystemSettingData where VirtualSystemType = 'Microsoft:Hyper-V:System:Realized'",
    );
    expect(rows.flatMap((xml) => values(xml, 'BIOSGUID'))).toEqual(
      mine.map(({ biosUuid }) => `{${biosUuid.toUpperCase()}}`),
    );
    expect(rows[0]).toMatch(/^<w:XmlFragment [^>]*><BIOSGUID>/);
  });

  test('reads the version from a file', () => {
    const [file] = ask(
      `select * from CIM_Datafile where Path = '\\\\windows\\\\system32\\\\' and FileName='vmms'`,
      'root/cimv2',
    );
    expect(values(file!, 'Version')).toEqual(['10.0.17763.1']);
  });
});

test('a query by an identifier gives what the whole class has of it, and no more', () => {
  for (const machine of mine) {
    const guid = machine.instanceUuid;
    for (const [className, property, value] of [
      ['Msvm_ComputerSystem', 'Name', guid],
      ['Msvm_KvpExchangeComponent', 'SystemName', guid.toUpperCase()],
      ['Msvm_VirtualSystemSettingData', 'VirtualSystemIdentifier', guid],
      ['Msvm_ProcessorSettingData', 'InstanceID', `Microsoft:${guid}`],
    ] as const) {
      const all = ask(`SELECT * FROM ${className}`).filter(
        (xml) => values(xml, property)[0]?.toLowerCase() === value.toLowerCase(),
      );
      expect(
        ask(`SELECT * FROM ${className} WHERE ${property} = '${value}' AND Caption IS NOT NULL`),
      ).toEqual(all);
    }
  }
});

test('an account sees the namespaces of its groups only', () => {
  const reader = on.client(place, { name: 'reader', password: 'x', groups: ['Hyper-V Administrators'] });
  expect(reader.enumerate(V2, 'Msvm_ComputerSystem').length).toBe(mine.length + 1);
  expect(() => reader.enumerate('root/cimv2', 'Win32_OperatingSystem')).toThrow('Access denied');
});
