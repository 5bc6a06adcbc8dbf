/** What becomes of the rows of a host: joins by identifiers, odd hardware, copies, checkpoints, and nonsense. */
import { describe, expect, test } from 'vitest';
import type { CimInstance } from '../winrm/cim.ts';
import { diskOf } from './disks.ts';
import { readGuestData } from './guest-data.ts';
import { counterNameOfPath, keyInPath, machineOf, plainId, shareOf } from './identifiers.ts';
import { draftMachines, type MachineRows } from './machines.ts';

const A = '11111111-2222-3333-4444-55555555555A';
const B = '11111111-2222-3333-4444-55555555555B';
const HOST = { fqdn: 'hv1.example', version: '10.0.17763', processorModel: 'Xeon', processorSockets: 2 };

const row = (values: Readonly<Record<string, string | readonly string[]>>): CimInstance => ({
  className: '',
  properties: new Map(Object.entries(values).map(([name, value]) => [name, [value].flat()])),
});
const NONE: MachineRows = {
  ...{ settings: [], systems: [], bios: [], processors: [], memory: [], drives: [], storage: [] },
  ...{ synthetic: [], legacy: [], connections: [], switches: [], addresses: [] },
  ...{ guests: [], heartbeats: [], security: [], passThrough: [] },
};
const settings = (guid: string, more = {}): CimInstance =>
  row({
    InstanceID: `Microsoft:${guid}`,
    VirtualSystemIdentifier: guid,
    ElementName: `vm ${guid.at(-1)}`,
    ...more,
  });
const system = (guid: string, more = {}): CimInstance => row({ Name: guid, EnabledState: '2', ...more });
const path = (className: string, key: string, value: string): string =>
  `\\\\HV1\\root\\virtualization\\v2:${className}.${key}="${value.replaceAll('\\', '\\\\')}"`;

describe('a machine', () => {
  test('of the least that a host can say', () => {
    const [draft] = draftMachines(HOST, { ...NONE, settings: [settings(A)], systems: [system(A)] });
    expect(draft!.machine).toMatchObject({
      instanceUuid: A.toLowerCase(),
      power: 'on',
      cores: 1,
      memoryMiB: 0,
      generation: 1,
      firmware: 'BIOS',
      dynamicMemory: undefined,
      os: { family: 'other', name: '' },
      nics: [],
    });
    expect(draft!.disks).toEqual([]);
  });

  test('that is a replica is another machine than its original, although its GUID is the same', () => {
    const of = (mode: string) =>
      draftMachines(HOST, {
        ...NONE,
        settings: [settings(A)],
        systems: [system(A, { ReplicationMode: mode })],
      })[0]!.machine;
    expect([of('1').isReplica, of('1').instanceUuid]).toEqual([false, A.toLowerCase()]);
    for (const mode of ['2', '3', '4'])
      expect([of(mode).isReplica, of(mode).instanceUuid]).toEqual([true, `${A.toLowerCase()}-replica`]);
  });

  test('takes nothing from its checkpoints, whose settings have a GUID of their own', () => {
    const [draft] = draftMachines(HOST, {
      ...NONE,
      settings: [settings(A)],
      systems: [system(A)],
      memory: [
        row({ InstanceID: `Microsoft:${B}\\m`, VirtualQuantity: '9999' }),
        row({ InstanceID: 'Microsoft:Definition\\m\\Maximum', VirtualQuantity: '12' }),
        row({
          InstanceID: `Microsoft:${A}\\m`,
          VirtualQuantity: '2048',
          Limit: '4096',
          Reservation: '512',
          DynamicMemoryEnabled: 'true',
        }),
      ],
    });
    expect(draft!.machine).toMatchObject({
      memoryMiB: 2048,
      dynamicMemory: { minimumMiB: 512, maximumMiB: 4096 },
    });
  });

  test('that came or went between two questions, and one without a GUID, wait for the next look', () => {
    expect(
      draftMachines(HOST, { ...NONE, settings: [settings(A), settings('nonsense')], systems: [system(B)] }),
    ).toEqual([]);
  });

  test.each([
    ['2', 'on'],
    ['3', 'off'],
    ['4', 'on'],
    ['6', 'suspended'],
    ['9', 'suspended'],
    ['10', 'on'],
    ['32768', 'suspended'],
    ['32769', 'suspended'],
    ['32770', 'on'],
    ['x', 'off'],
  ])('in state %s is %s', (state, power) => {
    const [draft] = draftMachines(HOST, {
      ...NONE,
      settings: [settings(A)],
      systems: [system(A, { EnabledState: state })],
    });
    expect(draft!.machine.power).toBe(power);
  });

  test('has as many cores and as much memory as can be, whatever the host says', () => {
    const [draft] = draftMachines(HOST, {
      ...NONE,
      settings: [settings(A)],
      systems: [system(A)],
      processors: [
        row({ InstanceID: `Microsoft:${A}\\p\\0`, VirtualQuantity: '1e300', MaxProcessorsPerNumaNode: '-3' }),
      ],
      memory: [row({ InstanceID: `Microsoft:${A}\\m`, VirtualQuantity: '-5' })],
    });
    expect(draft!.machine).toMatchObject({ cores: 1, coresPerSocket: 1, memoryMiB: 0 });
  });
});

test('disks stand by controller and slot; a DVD is none; one that is passed through has the size of the host’s', () => {
  const IDE = `Microsoft:${A}\\83F8638B\\0`;
  const SCSI = `Microsoft:${A}\\AAAA\\0`;
  const kind = (name: string) => `Microsoft:Hyper-V:${name}`;
  const drive = (controller: string, slot: string, type = 'Synthetic Disk Drive', more = {}) =>
    row({
      InstanceID: `${controller}\\0\\${slot}\\D`,
      Parent: path('Msvm_ResourceAllocationSettingData', 'InstanceID', controller),
      AddressOnParent: slot,
      ResourceType: '17',
      ResourceSubType: kind(type),
      ...more,
    });
  const file = (controller: string, slot: string, hostResource: string, type = 'Virtual Hard Disk') =>
    row({
      InstanceID: `${controller}\\0\\${slot}\\L`,
      Parent: path('Msvm_ResourceAllocationSettingData', 'InstanceID', `${controller}\\0\\${slot}\\D`),
      HostResource: [hostResource],
      ResourceSubType: kind(type),
    });
  const [draft] = draftMachines(HOST, {
    ...NONE,
    settings: [settings(A)],
    systems: [system(A)],
    drives: [
      drive(SCSI, '1', 'Physical Disk Drive', {
        HostResource: [path('Msvm_DiskDrive', 'DeviceID', 'Microsoft:GUID\\1')],
      }),
      drive(SCSI, '0'),
      drive(IDE, '0'),
      row({
        InstanceID: IDE,
        ResourceType: '5',
        Address: '0',
        ResourceSubType: kind('Emulated IDE Controller'),
      }),
      row({ InstanceID: SCSI, ResourceType: '6', ResourceSubType: kind('Synthetic SCSI Controller') }),
    ],
    storage: [
      file(SCSI, '0', 'C:\\data.avhdx'),
      file(IDE, '0', 'C:\\boot.vhdx'),
      file(IDE, '1', 'C:\\setup.iso', 'Virtual CD/DVD Disk'),
    ],
  });
  const physical = new Map([['Microsoft:GUID\\1', 777]]);
  const facts = { sizeBytes: 5, diskType: 'Differencing', vhdId: 'v', parentPath: 'C:\\data.vhdx' };
  const disks = draft!.disks.map((disk, i) =>
    diskOf(disk, disk.path.endsWith('avhdx') ? facts : undefined, physical, i),
  );
  expect(disks).toMatchObject([
    { label: 'IDE 0:0', path: 'C:\\boot.vhdx', isOsDisk: true, diskType: 'Unknown', sizeBytes: 0 },
    {
      label: 'SCSI 0:0',
      lun: 0,
      diskType: 'Differencing',
      parentPath: 'C:\\data.vhdx',
      isOsDisk: false,
      sizeBytes: 5,
    },
    { label: 'SCSI 0:1', lun: 1, path: '', diskType: 'PassThrough', sizeBytes: 777 },
  ]);
  for (const { uuid } of disks) expect(uuid).toMatch(/^[\w.:{}-]{1,128}$/);
});

test('adapters know their switch, and the addresses that the guest tells', () => {
  const nic = `Microsoft:${A}\\NIC1`;
  const of = (enabled: string) =>
    draftMachines(HOST, {
      ...NONE,
      settings: [settings(A)],
      systems: [system(A)],
      synthetic: [row({ InstanceID: nic, Address: '00155D010203', ElementName: 'Network Adapter' })],
      legacy: [row({ InstanceID: `Microsoft:${A}\\NIC2`, Address: '000000000000', ElementName: 'Legacy' })],
      connections: [
        row({
          Parent: path('Msvm_SyntheticEthernetPortSettingData', 'InstanceID', nic),
          HostResource: [
            `\\\\HV1\\root\\virtualization\\v2:Msvm_VirtualEthernetSwitch.CreationClassName="Msvm_VirtualEthernetSwitch",Name="SW1"`,
          ],
          EnabledState: enabled,
        }),
      ],
      switches: [row({ Name: 'sw1', ElementName: 'Production' })],
      addresses: [
        row({
          InstanceID: `Microsoft:GuestNetwork\\${A}\\NIC1`,
          IPAddresses: ['10.0.0.5', 'fe80::1'],
          DHCPEnabled: 'true',
        }),
      ],
    })[0]!.machine.nics;
  expect(of('2')).toMatchObject([
    {
      macAddress: '00155D010203',
      networkName: 'Production',
      networkId: 'SW1',
      nicType: 'Synthetic',
      isDhcp: true,
      addresses: ['10.0.0.5', 'fe80::1'],
    },
    { macAddress: '', networkName: '', nicType: 'Legacy', isDhcp: undefined, addresses: [] },
  ]);
  expect(of('3')[0]).toMatchObject({ networkName: '', networkId: '' });
});

const item = (name: string, data: string): string =>
  `<INSTANCE CLASSNAME="Msvm_KvpExchangeDataItem"><PROPERTY NAME="Caption" TYPE="string"></PROPERTY><PROPERTY NAME="Data" TYPE="string"><VALUE>${data}</VALUE></PROPERTY>` +
  `<PROPERTY NAME="Name" TYPE="string"><VALUE>${name}</VALUE></PROPERTY></INSTANCE>`;

test.each([
  [
    [
      item('OSName', 'Windows Server 2019 Datacenter'),
      item('OSVersion', '10.0.17763'),
      item('OSPlatformId', '2'),
      item('ProcessorArchitecture', '9'),
    ],
    { family: 'windows', name: 'Windows Server 2019 Datacenter', version: '10.0.17763', architecture: 'x64' },
  ],
  [
    [
      item('OSName', 'Ubuntu'),
      item('OSDistributionName', 'Ubuntu'),
      item('OSDistributionData', '22.04'),
      item('ProcessorArchitecture', 'x86_64'),
    ],
    { family: 'linux', name: 'Ubuntu 22.04', version: '22.04', architecture: 'x86_64' },
  ],
  [[item('OSName', 'R &amp; D Linux')], { family: 'linux', name: 'R & D Linux' }],
  [[item('OSName', 'Plan 9')], { family: 'other', name: 'Plan 9' }],
  [
    [
      '<INSTANCE><PROPERTY',
      '<!DOCTYPE x [<!ENTITY a "b">]><INSTANCE>&a;</INSTANCE>',
      item('OSName', 'Windows'),
    ],
    { family: 'windows', name: 'Windows' },
  ],
  [[item('OSName', 'W'.repeat(100_000))], { family: 'other', name: 'W'.repeat(256) }],
])('a guest that tells %j', (items, os) => {
  expect(readGuestData(items)?.os).toEqual(os);
});

test('a guest that tells nothing', () => {
  expect(readGuestData([])).toBeUndefined();
  expect(readGuestData(['nonsense'])).toBeUndefined();
});

test('identifiers', () => {
  expect(machineOf(`Microsoft:${A.toLowerCase()}\\x\\0`)).toBe(A);
  expect(machineOf(`Microsoft:GuestNetwork\\${A}\\x`)).toBe(A);
  expect(machineOf(`Microsoft:${A}x\\y`)).toBeUndefined();
  expect(keyInPath('\\\\H\\root:C.A="1",InstanceID="a\\\\b\\"c"', 'InstanceID')).toBe('a\\b"c');
  expect(keyInPath('\\\\H\\root:C.XName="1"', 'Name')).toBeUndefined();
  expect(plainId(`Microsoft:${A}\\b c\\0`)).toBe(`Microsoft:${A}:b:c:0`);
  expect(counterNameOfPath('C:\\VMs\\Disk 1.vhdx')).toBe('c--vms-disk 1.vhdx');
  expect(shareOf('\\\\files\\vms\\a.vhdx')).toBe('\\\\files\\vms');
  expect([shareOf('C:\\a\\b'), shareOf('\\\\?\\C:\\a\\b'), shareOf('\\\\.\\PHYSICALDRIVE1')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
