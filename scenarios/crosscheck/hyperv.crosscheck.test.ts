/** Our Hyper-V hosts, judged by pywinrm: machines and their parts, summary, disks, jobs, the cluster, counters. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { missing } from '#core/testing/installed.ts';
import { serveHyperv } from '#simulators/hyperv/serve.ts';
import type { ServeOutcome } from '#simulators/kit/serve.ts';
import { asked, hasPywinrm, type Instance } from './windows/pywinrm.ts';

const V2 = 'root/virtualization/v2';
const CIMV2 = 'root/cimv2';
const MSCLUSTER = 'root/MSCluster';

let served: ServeOutcome;

beforeAll(async () => {
  served = await serveHyperv({ port: 0, seed: 'hyperv crosscheck', cluster: true, pace: 20 });
});

afterAll(() => served?.stop());

/** What comes after the machine's GUID, and the like, in a path's end. */
const endsWith = (path: unknown, id: unknown): boolean =>
  String(path).endsWith(`"${String(id).replaceAll('\\', '\\\\')}"`);

test('machines come with all their parts, found by the ends of paths as libvirt finds them', async (context) => {
  if (!hasPywinrm) return missing(context, 'pywinrm is not installed (Debian: python3-winrm)');
  const classes = [
    'Msvm_ComputerSystem',
    'Msvm_VirtualSystemSettingData',
    'Msvm_ProcessorSettingData',
    'Msvm_MemorySettingData',
    'Msvm_ResourceAllocationSettingData',
    'Msvm_StorageAllocationSettingData',
    'Msvm_EthernetPortAllocationSettingData',
    'Msvm_GuestNetworkAdapterConfiguration',
    'Msvm_KvpExchangeComponent',
    'Msvm_BIOSElement',
    'Msvm_VirtualEthernetSwitch',
  ];
  const seen = await asked(served, [
    ...classes.map((name) => ({ name, namespace: V2, class: name })),
    { name: 'v1', namespace: 'root/virtualization', class: 'Msvm_ComputerSystem' },
    {
      name: 'summary',
      namespace: V2,
      class: 'Msvm_VirtualSystemManagementService',
      method: 'GetSummaryInformation',
      input: { RequestedInformation: '1' },
      selectors: { CreationClassName: 'Msvm_VirtualSystemManagementService' },
    },
  ]);
  const all = (name: string): readonly Instance[] => seen[name]!;
  const machines = all('Msvm_ComputerSystem').filter((one) => one['Caption'] === 'Virtual Machine');
  expect(machines.length).toBeGreaterThanOrEqual(2);
  // what a machine may be given stands in the same classes, under ids of its own
  const isOfMachine = (one: Instance): boolean =>
    !String(one['InstanceID']).startsWith('Microsoft:Definition');
  for (const name of ['Msvm_VirtualSystemSettingData', 'Msvm_ProcessorSettingData', 'Msvm_MemorySettingData'])
    expect(all(name).filter(isOfMachine).length, name).toBe(machines.length);
  const hardware = all('Msvm_ResourceAllocationSettingData');
  for (const disk of all('Msvm_StorageAllocationSettingData')) {
    const drives = hardware.filter((one) => endsWith(disk['Parent'], one['InstanceID']));
    expect(drives).toHaveLength(1);
    expect(hardware.filter((one) => endsWith(drives[0]!['Parent'], one['InstanceID']))).toHaveLength(1);
  }
  const known = all('Msvm_KvpExchangeComponent').filter(
    (one) => one['GuestIntrinsicExchangeItems'] !== undefined,
  );
  expect(known.length).toBeGreaterThanOrEqual(1);
  expect(String(known[0]!['GuestIntrinsicExchangeItems'])).toContain('FullyQualifiedDomainName');
  expect(seen['v1']).toMatchObject({ refused: expect.stringContaining('Invalid namespace') });
  const told = seen['summary']!['SummaryInformation'] as unknown as readonly Instance[];
  expect(told.map((one) => one['ElementName']).sort()).toEqual(
    machines.map((one) => one['ElementName']).sort(),
  );
}, 60_000);

test('a machine is saved by a job, its disk tells its size, and the cluster knows every machine', async (context) => {
  if (!hasPywinrm) return missing(context, 'pywinrm is not installed (Debian: python3-winrm)');
  const first = await asked(served, [
    {
      name: 'running',
      namespace: V2,
      wql: "SELECT * FROM Msvm_ComputerSystem WHERE EnabledState = 2 AND Caption = 'Virtual Machine'",
    },
    { name: 'disks', namespace: V2, wql: 'SELECT HostResource FROM Msvm_StorageAllocationSettingData' },
    { name: 'nodes', namespace: MSCLUSTER, class: 'MSCluster_Node' },
    {
      name: 'groups',
      namespace: MSCLUSTER,
      wql: 'SELECT Name, OwnerNode FROM MSCluster_ResourceGroup WHERE GroupType = 111',
    },
    {
      name: 'processors',
      namespace: CIMV2,
      wql: 'SELECT Name, PercentGuestRunTime FROM Win32_PerfFormattedData_HvStats_HyperVHypervisorVirtualProcessor',
    },
    { name: 'storage', namespace: CIMV2, class: 'Win32_PerfRawData_Counters_HyperVVirtualStorageDevice' },
    {
      name: 'release',
      namespace: CIMV2,
      wql: "SELECT Version FROM CIM_DataFile WHERE Path = '\\\\windows\\\\system32\\\\' AND FileName = 'vmms'",
    },
  ]);
  const machine = first['running']![0]!;
  expect(first['nodes']!.length).toBe(2);
  expect(new Set(first['groups']!.map((one) => one['OwnerNode']))).toEqual(
    new Set(first['nodes']!.map((one) => one['Name'])),
  );
  expect(
    first['processors']!.some((one) => String(one['Name']).startsWith(`${machine['ElementName']}:Hv VP `)),
  ).toBe(true);
  expect(first['storage']!.length).toBeGreaterThan(0);
  expect(first['release']![0]!['Version']).toMatch(/^10\.0\.17763/);
  const path = String(first['disks']![0]!['HostResource']);
  const second = await asked(served, [
    {
      name: 'size',
      namespace: V2,
      class: 'Msvm_ImageManagementService',
      method: 'GetVirtualHardDiskSettingData',
      input: { Path: path },
    },
    {
      name: 'save',
      namespace: V2,
      class: 'Msvm_ComputerSystem',
      method: 'RequestStateChange',
      input: { RequestedState: '6' },
      selectors: { CreationClassName: 'Msvm_ComputerSystem', Name: String(machine['Name']) },
    },
    { name: 'jobs', namespace: V2, class: 'Msvm_ConcreteJob' },
  ]);
  expect(String(second['size']!['SettingData'])).toContain('NAME="MaxInternalSize" TYPE="uint64"><VALUE>');
  expect(second['save']).toMatchObject({ ReturnValue: '4096' });
  expect(second['jobs']!.map((one) => one['Caption'])).toContain('Saving Virtual Machine');
  // six seconds of the story, twenty times as fast
  const deadline = 40;
  for (let i = 0; ; i++) {
    const { now } = await asked(served, [
      {
        name: 'now',
        namespace: V2,
        wql: `SELECT EnabledState FROM Msvm_ComputerSystem WHERE Name = '${machine['Name']}'`,
      },
    ]);
    if (now![0]!['EnabledState'] === '6') break;
    expect(i, 'saved in time').toBeLessThan(deadline);
  }
}, 60_000);
