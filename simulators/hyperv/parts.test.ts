/** Parts of machines that not every machine has, and the counters of all: how Hyper-V shows them. */
import { beforeEach, describe, expect, test } from 'vitest';
import { SECOND } from '#core/units.ts';
import { generateEstate } from '../estate/generate.ts';
import type { EstateFacts, Machine } from '../estate/model.ts';
import { curveAt, curveOf, sampleAt } from '../estate/workload-curve.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimValue } from '../winrm/cim/values.ts';
import { texts } from '../winrm/testing/cim-client.ts';
import { type Stage, stage } from './testing/stage.ts';

const V2 = 'root/virtualization/v2';
const CIMV2 = 'root/cimv2';

/** Two machines of one host with all that is rare. */
function rare(): EstateFacts {
  const made = generateEstate({ seed: 'hyperv parts', machines: 2, hosts: 1 });
  const machines = made.machines.map((machine, i): Machine => {
    const [disk] = machine.disks;
    const more = (index: number, kind: object) => ({
      ...disk!,
      id: `${machine.id}/${index}`,
      index,
      ...kind,
    });
    return {
      ...machine,
      power: 'on',
      tools: 'running',
      firmware: i === 0 ? 'bios' : 'efi',
      devices: [{ kind: 'iso', path: '[ds] iso/setup.iso', connected: true }],
      disks: [
        more(0, {}),
        more(1, { shared: true, path: '[ds] shared/quorum.vmdk' }),
        more(2, { raw: true }),
      ],
      nics: [{ ...machine.nics[0]!, adapter: 'e1000', ipAddresses: ['10.1.2.3', 'fe80::1'] }],
    };
  });
  return { ...made, machines, networks: made.networks.map((network) => ({ ...network, vlanId: 42 })) };
}

let on: Stage;
let client: ReturnType<Stage['client']>;
const ask = (query: string, name: string, namespace = V2): string[] =>
  client.ask(query, namespace).flatMap((xml) => texts(xml, name));

beforeEach(() => {
  on = stage({ facts: rare() });
  client = on.client(on.hosts[0]!);
});

test('a shared disk is one file, a VHD Set, to every machine that has it; before 2016 a VHDX file', () => {
  const shared = (): string[] =>
    ask(
      'SELECT HostResource FROM Msvm_StorageAllocationSettingData WHERE PersistentReservationsSupported = TRUE',
      'HostResource',
    );
  expect(shared()).toEqual(Array(2).fill('C:\\ClusterStorage\\Volume1\\Shared\\quorum.vhds'));
  const xml = client.invoke(
    V2,
    'Msvm_ImageManagementService',
    'GetVirtualHardDiskSettingData',
    `<p:Path>${shared()[0]}</p:Path>`,
  );
  expect(texts(xml, 'SettingData')[0]).toContain('<PROPERTY NAME="Format" TYPE="uint16"><VALUE>4</VALUE>');
  on = stage({ facts: rare(), release: '2012 R2' });
  client = on.client(on.hosts[0]!);
  expect(shared()[0]).toMatch(/quorum\.vhdx$/);
});

test('a disk of the host that is passed through has no file, but a number', () => {
  const drives = ask(
    "SELECT * FROM Msvm_ResourceAllocationSettingData WHERE ResourceSubType = 'Microsoft:Hyper-V:Physical Disk Drive'",
    'HostResource',
  );
  expect(drives).toHaveLength(2);
  const paths = client.ask('SELECT * FROM Msvm_DiskDrive', V2).map((xml) => texts(xml, 'DeviceID')[0]!);
  for (const [i, path] of drives.entries()) expect(path).toContain(`DeviceID="${paths[i]}"`);
  expect(ask('SELECT HostResource FROM Msvm_StorageAllocationSettingData', 'HostResource')).toHaveLength(6);
});

test('an image in the DVD drive, an old adapter of generation 1, serial ports, VLANs, two kinds of addresses', () => {
  expect(
    ask(
      "SELECT HostResource FROM Msvm_StorageAllocationSettingData WHERE ResourceSubType LIKE '%CD/DVD%'",
      'HostResource',
    ),
  ).toEqual(Array(2).fill('C:\\ClusterStorage\\Volume1\\ISO\\setup.iso'));
  expect(ask('SELECT * FROM Msvm_EmulatedEthernetPortSettingData', 'Address')).toHaveLength(1);
  expect(ask('SELECT * FROM Msvm_SyntheticEthernetPortSettingData', 'Address')).toHaveLength(1);
  expect(ask('SELECT * FROM Msvm_SerialPortSettingData', 'ElementName')).toEqual(['COM 1', 'COM 2']);
  const [connection] = ask('SELECT * FROM Msvm_EthernetPortAllocationSettingData', 'InstanceID');
  expect(
    ask(
      `ASSOCIATORS OF {Msvm_EthernetPortAllocationSettingData.InstanceID='${connection!.replaceAll('\\', '\\\\')}'} WHERE AssocClass = Msvm_EthernetPortSettingDataComponent`,
      'AccessVlanId',
    ),
  ).toEqual(['42']);
  expect(ask('SELECT * FROM Msvm_GuestNetworkAdapterConfiguration', 'ProtocolIFType')).toEqual([
    '4098',
    '4098',
  ]);
});

describe('counters', () => {
  const rows = (className: string): Array<Readonly<Record<string, CimValue>>> =>
    [...on.winrm(on.hosts[0]!).cim.repository.instances(cimClass(CIMV2, className))].map(
      ({ values }) => values,
    );

  test('say what the estate’s curves say, and two raw readings give it, too', () => {
    on.pass(3 * SECOND);
    for (const [object, names] of [
      ['Counters_HyperVVirtualStorageDevice', ['ReadBytesPersec', 'WriteOperationsPerSec']],
      ['NvspNicStats_HyperVVirtualNetworkAdapter', ['BytesReceivedPersec', 'BytesSentPersec']],
    ] as const) {
      const formatted = rows(`Win32_PerfFormattedData_${object}`);
      const before = rows(`Win32_PerfRawData_${object}`);
      on.pass(10 * SECOND);
      const after = rows(`Win32_PerfRawData_${object}`);
      on.pass(10 * SECOND - 1000);
      expect(formatted.length).toBeGreaterThan(0);
      for (const [i, row] of formatted.entries())
        for (const name of names)
          expect((Number(after[i]![name]) - Number(before[i]![name])) / 10, name).toBeCloseTo(
            Number(row[name]),
            -1,
          );
      on.pass(1000);
    }
    const [machine] = on.machinesOn(on.hosts[0]!);
    const curve = curveOf(on.estate.facts, machine!, 'cpu.usage', 0);
    const wanted = Math.round(curveAt(curve, sampleAt(on.clock.wall())) / 100);
    const processors = rows('Win32_PerfFormattedData_HvStats_HyperVHypervisorVirtualProcessor');
    expect(processors[0]).toMatchObject({ Name: `${machine!.name}:Hv VP 0`, PercentGuestRunTime: wanted });
  });

  test('of processors: a share of time, from its own base', () => {
    on.pass(2 * SECOND);
    const name = 'Win32_PerfRawData_HvStats_HyperVHypervisorVirtualProcessor';
    const [before] = rows(name);
    const [formatted] = rows('Win32_PerfFormattedData_HvStats_HyperVHypervisorVirtualProcessor');
    on.pass(10 * SECOND);
    const [after] = rows(name);
    const grown = (property: string): number => Number(after![property]) - Number(before![property]);
    expect(grown('PercentGuestRunTime_Base')).toBe(100_000_000);
    const share = (grown('PercentGuestRunTime') / grown('PercentGuestRunTime_Base')) * 100;
    expect(Math.abs(share - Number(formatted!['PercentGuestRunTime']))).toBeLessThanOrEqual(0.51);
  });
});
