/** A Hyper-V host by the questions that its clients ask: libvirt's driver, virt-who, the appliance. */
import { beforeEach, describe, expect, test } from 'vitest';
import { Entropy } from '#core/entropy/entropy.ts';
import type { Clock } from '#core/time/clock.ts';
import { parseXml } from '#core/wire/xml/reader.ts';
import { Estate } from '../estate/estate.ts';
import { generateEstate } from '../estate/generate.ts';
import { guestsOf } from '../estate/guest/guests.ts';
import type { Host, Machine } from '../estate/model.ts';
import { CimService } from '../winrm/cim/cim-service.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimClass } from '../winrm/cim/values.ts';
import type { WinrmHost } from '../winrm/server.ts';
import { NS, RESOURCE, WQL_DIALECT } from '../winrm/wsman/names.ts';
import type { SelectorValue, WsmanRequest } from '../winrm/wsman/request.ts';
import { computerName } from './cluster-classes.ts';
import { hypervHost } from './host.ts';
import { guestsOfHosts } from './host-machine.ts';
import { RELEASES } from './hyperv-host.ts';

const ADMINISTRATOR = { name: 'Administrator', password: 'x', groups: ['Administrators'] };
const V2 = 'root/virtualization/v2';

let estate: Estate;
let place: Host;
let mine: Machine[];
let winrm: WinrmHost;
let cim: CimService;

beforeEach(() => {
  const now = Date.UTC(2026, 2, 2, 10);
  const clock: Clock = { wall: () => now, monotonic: () => now, schedule: () => ({ cancel() {} }) };
  const entropy = new Entropy('hyperv test');
  estate = new Estate(generateEstate({ seed: 'hyperv test', machines: 24, hosts: 3 }), { clock, entropy });
  place = estate.facts.hosts[0]!;
  mine = estate.machines().filter(({ hostId, template }) => hostId === place.id && !template);
  const release = RELEASES['2019'];
  winrm = hypervHost({
    inside: guestsOfHosts(estate.facts, release, { clock, entropy }).guest(place.id)!,
    host: {
      estate,
      guests: guestsOf(estate),
      host: place,
      clock,
      entropy,
      computer: computerName(place),
      release,
    },
    accounts: [ADMINISTRATOR],
    settings: { basic: false, allowUnencrypted: false },
  });
  cim = new CimService(winrm.cim);
});

function request(change: Partial<WsmanRequest>): WsmanRequest {
  return {
    action: '',
    messageId: '',
    resourceUri: '',
    selectors: new Map(),
    options: new Map(),
    operationTimeoutMs: 60_000,
    envelopeUnitsMax: 250_000,
    body: undefined,
    ...change,
  };
}

function ask(query: string, namespace = V2, mode = ''): string[] {
  const escaped = query.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const body = parseXml(
    `<n:Enumerate xmlns:n="${NS.n}" xmlns:w="${NS.w}">${mode === '' ? '' : `<w:EnumerationMode>${mode}</w:EnumerationMode>`}` +
      `<w:Filter Dialect="${WQL_DIALECT}">${escaped}</w:Filter></n:Enumerate>`,
  );
  return [...cim.enumerate(request({ resourceUri: `${RESOURCE.wmi}${namespace}/*`, body }), ADMINISTRATOR)];
}

function values(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<(?:\\w+:)?${name}>([^<]*)</`, 'g'))].map(([, text]) =>
    text!.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&gt;', '>').replaceAll('&lt;', '<'),
  );
}

function invoke(
  className: string,
  method: string,
  input = '',
  selectors: Record<string, SelectorValue> = {},
): string {
  const uri = `${RESOURCE.wmi}${V2}/${className}`;
  return cim.invoke(
    request({
      action: `${uri}/${method}`,
      resourceUri: uri,
      selectors: new Map(Object.entries(selectors)),
      body: parseXml(`<p:${method}_INPUT xmlns:p="${uri}">${input}</p:${method}_INPUT>`),
    }),
    ADMINISTRATOR,
  );
}

test('every instance has only properties of its class, and all of its keys', () => {
  let seen = 0;
  const check = (of: CimClass): void => {
    for (const instance of winrm.cim.repository.instances(of)) {
      seen++;
      const names = instance.class.properties.map(({ name }) => name);
      for (const name of Object.keys(instance.values))
        expect(names, `${instance.class.name}`).toContain(name);
      for (const key of instance.class.keys)
        expect(instance.values[key], `${instance.class.name}.${key}`).toEqual(expect.anything());
    }
  };
  for (const root of ['CIM_ManagedElement', 'Msvm_GuestNetworkAdapterConfiguration', 'CIM_Dependency'])
    check(cimClass(V2, root));
  for (const root of ['CIM_ManagedSystemElement', 'Win32_Perf', 'CIM_Product'])
    check(cimClass('root/cimv2', root));
  expect(seen).toBeGreaterThan(mine.length * 8);
});

describe('libvirt', () => {
  test('lists the machines that are on, and those that are not', () => {
    const on = ask(
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
    expect(namesOf(on)).toEqual(wanted(true));
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
    expect(change(3)).toEqual(['0']);
    expect(estate.power(machine.id)).toBe('off');
    expect(change(3)).toEqual(['32775']);
    expect(change(2)).toEqual(['0']);
    expect(estate.power(machine.id)).toBe('on');
    expect(change(12345)).toEqual(['32768']);
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
    const on = mine.filter(({ id }) => estate.power(id) === 'on');
    expect(rows.flatMap((xml) => values(xml, 'Name'))).toEqual([
      ...on.flatMap(({ name, cores }) => Array.from({ length: cores }, (_, n) => `${name}:Hv VP ${n}`)),
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
    expect(owned.flatMap((xml) => values(xml, 'Name'))).toEqual(mine.map(({ name }) => name));
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

test('an account sees the namespaces of its groups only', () => {
  const reader = { name: 'reader', password: 'x', groups: ['Hyper-V Administrators'] };
  const uri = (namespace: string, name: string) => ({ resourceUri: `${RESOURCE.wmi}${namespace}/${name}` });
  expect([...cim.enumerate(request(uri(V2, 'Msvm_ComputerSystem')), reader)].length).toBe(mine.length + 1);
  expect(() => cim.enumerate(request(uri('root/cimv2', 'Win32_OperatingSystem')), reader)).toThrow(
    'Access denied',
  );
});
