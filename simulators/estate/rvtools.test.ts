import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { MIB } from '#core/units.ts';
import { importRvtools } from './rvtools.ts';
import { harbourWorkbook } from './samples/harbour.ts';
import { expectSound, goodSheets, importOf, type Row } from './testing-workbooks.ts';
import { readWorkbookFile } from './workbook.ts';

const REAL = fileURLToPath(new URL('../../../shared/data/rvtools/next-133-machines.xlsx', import.meta.url));

describe('the real workbook', () => {
  test('gives 131 machines, 247 disks and 8 hosts', (ctx) => {
    if (!existsSync(REAL)) ctx.skip('the real RVTools workbook is not on this machine');
    const facts = importRvtools(readWorkbookFile(REAL), { fileName: REAL, seed: 'real' });
    expectSound(facts);
    expect(facts.name).toBe('next-133-machines');
    expect(facts.machines.length).toBe(131);
    expect(facts.machines.flatMap((machine) => machine.disks).length).toBe(247);
    expect(facts.hosts.length).toBe(8);
    expect(facts.clusters.map(({ name }) => name).sort()).toEqual(['Avaya Cluster', 'Production Cluster']);
    expect(facts.machines.filter(({ power }) => power === 'off').length).toBe(22);
    expect(facts.machines.filter(({ template }) => template).map(({ name }) => name)).toEqual([
      'Server 2008 R2 Update',
      'Server2016',
    ]);

    // 58 machines have another name in vDisk, ten of them also in vPartition.
    const renamed = (field: string) => facts.derivations.filter((each) => each.field === field).length;
    expect([renamed('name in vDisk'), renamed('name in vPartition')]).toEqual([58, 10]);
    const airline = facts.machines.find(({ name }) => name === 'nxtAPAIR01')!;
    expect(airline.id).toMatch(/^vm-\d+$/);
    expect(airline.disks.length).toBeGreaterThan(0);
    expect(facts.derivations).toContainEqual({
      object: 'sheet vPartition A1',
      field: 'header',
      value: 'NEXT Data Center',
      reason: 'not a column of RVTools, but in the place of the name; read as the name',
    });

    // Sizes are called MB and are MiB; "Hard disk 1" is first although vDisk lists it last.
    const sql = facts.machines.find(({ name }) => name === 'gtappDB02')!;
    expect(
      sql.disks.map(({ label, sizeBytes, raw, shared }) => [label, sizeBytes / MIB, raw, shared]),
    ).toEqual([
      ['Hard disk 1', 40_960, false, false],
      ['Hard disk 2', 153_600, true, true],
      ['Hard disk 3', 1024, true, true],
    ]);
    expect(sql.os).toMatchObject({ guestId: 'windows9Server64Guest', bits: 64, family: 'windows' });
    expect(facts.hosts.find(({ name }) => name === 'esxhost03.next.local')).toMatchObject({
      version: '5.5.0',
      build: '6480267',
      cpuCores: 16,
      cpuThreads: 32,
      cpuMhz: 2899,
    });
  });
});

describe('the sample workbook', () => {
  const committed = readFileSync(new URL('./samples/harbour.xlsx', import.meta.url));

  test('is, byte for byte, what its script makes', () => {
    expect(harbourWorkbook().equals(committed)).toBe(true);
  });

  test('imports without loss', () => {
    const facts = importRvtools(committed, { fileName: 'harbour.xlsx', seed: '1' });
    expectSound(facts);
    expect([
      facts.machines.length,
      facts.hosts.length,
      facts.datastores.length,
      facts.networks.length,
    ]).toEqual([12, 3, 3, 2]);
    expect(facts.machines.filter(({ power }) => power === 'off').map(({ name }) => name)).toEqual([
      'test-01',
      'tmpl-debian-10',
    ]);
    const files = facts.machines.find(({ name }) => name === 'files-01')!;
    expect(files).toMatchObject({ id: 'vm-101', folder: ['Office'], tools: 'running', firmware: 'bios' });
    expect(files.disks).toMatchObject([
      { sizeBytes: 16 * MIB, usedBytes: 6 * MIB, path: '[quay-vmfs-1] files-01/files-01.vmdk', thin: false },
    ]);
    expect(files.nics).toMatchObject([{ ipAddresses: ['192.0.2.11'], adapter: 'vmxnet3', connected: true }]);
    const db = facts.machines.find(({ name }) => name === 'db-01')!;
    expect(db.disks.map(({ usedBytes }) => usedBytes! / MIB)).toEqual([40_330, 322_800, 55_120]);
    expect(facts.hosts[0]).toMatchObject({
      id: 'host-11',
      cpuThreads: 64,
      version: '7.0.3',
      build: '21424296',
    });
    expect(facts.clusters[0]).toMatchObject({ id: 'domain-c7', name: 'Quay' });
  });
});

describe('what a workbook lacks', () => {
  test('a sheet vInfo with nothing but names is enough, and everything else is derived and listed', () => {
    const facts = importOf({ vInfo: [{ VM: 'one' }, { VM: 'two' }] });
    expectSound(facts);
    expect(
      facts.machines.map(({ name, cores, memoryMiB, power }) => [name, cores, memoryMiB, power]),
    ).toEqual([
      ['one', 2, 4096, 'on'],
      ['two', 2, 4096, 'on'],
    ]);
    expect([facts.hosts.length, facts.datastores.length, facts.networks.length]).toEqual([1, 1, 1]);
    const fields = new Set(
      facts.derivations.filter(({ object }) => object.includes(' one')).map(({ field }) => field),
    );
    for (const field of [
      'CPUs',
      'memory',
      'host',
      'firmware',
      'size',
      'MAC address',
      'BIOS UUID',
      'workload',
      'power',
    ])
      expect(fields).toContain(field);
  });

  test('disks are laid out from the total capacity, or else from the provisioned space less the memory', () => {
    const base = {
      Powerstate: 'poweredOn',
      Memory: 4096,
      'OS according to the configuration file': 'Microsoft Windows Server 2016 (64-bit)',
    };
    const facts = importOf({
      vInfo: [
        { VM: 'total', ...base, Disks: 3, 'Total disk capacity MiB': 200_000, 'Provisioned MiB': 999_999 },
        { VM: 'provisioned', ...base, Disks: 1, 'Provisioned MiB': 65_536 },
        { VM: 'none', ...base, Disks: 0, 'Provisioned MiB': 65_536 },
        { VM: 'tiny', ...base, Disks: 4, 'Total disk capacity MiB': 3 },
      ],
    });
    expectSound(facts);
    const sizes = facts.machines.map(({ disks }) => disks.map(({ sizeBytes }) => sizeBytes / MIB));
    expect(sizes).toEqual([[61_440, 69_280, 69_280], [61_440], [], [1, 1, 1, 1]]);
  });

  test('what derives follows from the seed, what is stated does not', () => {
    const [a, again, b] = ['a', 'a', 'b'].map((seed) => importOf(goodSheets(), seed));
    expect(again).toEqual(a);
    expect(b!.machines[0]!.biosUuid).not.toBe(a!.machines[0]!.biosUuid);
    expect(b!.machines[0]!.instanceUuid).toBe('50000000-0000-4000-8000-000000000000');
  });

  test('firmware and bits follow from the operating system', () => {
    const facts = importOf({
      vInfo: [
        { VM: 'new', 'OS according to the configuration file': 'Microsoft Windows Server 2022 (64-bit)' },
        {
          VM: 'old',
          'OS according to the configuration file': 'Microsoft Windows Server 2003 Standard (32-bit)',
        },
        { VM: 'mute', 'OS according to the VMware Tools': 'CentOS 7 (64-bit)' },
      ],
    });
    expect(facts.machines.map(({ firmware, os }) => [firmware, os.bits, os.guestId])).toEqual([
      ['efi', 64, 'windows2019srvNext_64Guest'],
      ['bios', 32, 'winNetStandardGuest'],
      ['bios', 64, 'centos7_64Guest'],
    ]);
  });

  test('templates are off whatever their row says, and do nothing', () => {
    const facts = importOf({ vInfo: [{ VM: 'tmpl', Template: true, Powerstate: 'poweredOn' }] });
    expect(facts.machines[0]).toMatchObject({
      template: true,
      power: 'off',
      workload: { churnBytesPerHour: 0 },
    });
  });
});

describe('versions of RVTools', () => {
  test('sheets named tabvInfo, sizes in MB and the short OS column of version 3', () => {
    const facts = importOf({
      tabvInfo: [
        {
          VM: 'm',
          Powerstate: 'poweredOff',
          CPUs: 4,
          Memory: 8192,
          Disks: 1,
          'Provisioned MB': 1,
          OS: 'CentOS 6 (64-bit)',
          'VM ID': 'vm-5',
        },
      ],
      tabvDisk: [
        {
          VM: 'm',
          Disk: 'Hard disk 1',
          'Capacity MB': 20_480,
          'Disk Mode': 'persistent',
          Thin: 'False',
          Controller: 'LSI Logic',
          Label: 'SCSI controller 0',
          'Unit #': 0,
          Path: '[ds 1] m/m.vmdk',
          'VM ID': 'vm-5',
        },
      ],
      tabvNetwork: [
        {
          VM: 'm',
          Adapter: 'E1000',
          Network: 'LAN',
          Connected: 'False',
          'Mac Address': '00:50:56:9A:00:01',
          'IP Address': '10.1.1.1, fe80::1',
          'VM ID': 'vm-5',
        },
      ],
    });
    expectSound(facts);
    expect(facts.machines[0]).toMatchObject({
      id: 'vm-5',
      cores: 4,
      power: 'off',
      os: { guestId: 'centos6_64Guest' },
      disks: [{ sizeBytes: 20_480 * MIB, controller: 'lsilogic', path: '[ds 1] m/m.vmdk' }],
      nics: [
        {
          adapter: 'e1000',
          macAddress: '00:50:56:9a:00:01',
          ipAddresses: ['10.1.1.1', 'fe80::1'],
          connected: false,
        },
      ],
    });
    expect(facts.datastores[0]!.name).toBe('ds 1');
  });

  test('the prefixed columns of the command line export', () => {
    const facts = importOf({
      vInfo: [
        {
          vInfoVMName: 'm',
          vInfoPowerstate: 'suspended',
          vInfoCPUs: 3,
          vInfoMemory: 6144,
          vInfoHost: 'h',
          vInfoCluster: 'c',
          vInfoDataCenter: 'd',
          vInfoUUID: '50000000-0000-4000-8000-000000000001',
        },
      ],
      vHost: [
        {
          vHostName: 'h',
          vHostDatacenter: 'd',
          vHostCluster: 'c',
          vHostCpuMhz: 2500,
          vHostNumCpuCores: 20,
          vHostMemorySize: 262_144,
        },
      ],
    });
    expectSound(facts);
    expect(facts.machines[0]).toMatchObject({
      name: 'm',
      cores: 3,
      memoryMiB: 6144,
      power: 'suspended',
      instanceUuid: '50000000-0000-4000-8000-000000000001',
    });
    expect(facts.hosts[0]).toMatchObject({
      name: 'h',
      cpuMhz: 2500,
      cpuCores: 20,
      memoryBytes: 262_144 * MIB,
    });
  });

  test('load is scaled by the use that vCPU and vMemory saw', () => {
    const { vInfo } = goodSheets();
    const facts = importOf({
      vInfo: vInfo.slice(0, 1),
      vHost: [{ Host: 'esx1', Datacenter: 'DC', Cluster: 'C', Speed: 2000 }],
      vCPU: [{ VM: 'alpha', CPUs: 2, Sockets: 2, Overall: 1000, 'VM ID': 'vm-11' }],
      vMemory: [{ VM: 'alpha', 'Size MiB': 4096, Active: 1024, 'VM ID': 'vm-11' }],
      vTools: [{ VM: 'alpha', Tools: 'toolsOld', 'Tools Version': 10_346, 'VM ID': 'vm-11' }],
    });
    expect(facts.machines[0]).toMatchObject({
      sockets: 2,
      tools: 'running',
      toolsVersion: 10_346,
      workload: { cpuLevel: 0.25, memoryLevel: 0.25 },
    });
  });
});

describe('joining sheets', () => {
  test('goes by VM ID, then by UUID, then by name; rows of strangers are ignored and listed', () => {
    const { vInfo } = goodSheets();
    const disk = (more: Row): Row => ({ Disk: 'Hard disk 1', 'Capacity MiB': 1024, ...more });
    const facts = importOf({
      vInfo,
      vDisk: [
        disk({ VM: 'beta', 'VM ID': 'vm-11', 'VM UUID': '50000000-0000-4000-8000-000000000002' }),
        disk({
          VM: 'alpha',
          'VM ID': 'vm-999',
          'VM UUID': '50000000-0000-4000-8000-000000000001',
          'Capacity MiB': 2048,
        }),
        disk({ VM: 'gamma', 'Capacity MiB': 4096 }),
        disk({ VM: 'stranger', 'VM ID': 'vm-998' }),
      ],
    });
    expect(facts.machines.map(({ disks }) => disks[0]!.sizeBytes / MIB)).toEqual([1024, 2048, 4096]);
    expect(facts.derivations.filter(({ object }) => object === 'sheet vDisk')).toEqual([
      {
        object: 'sheet vDisk',
        field: 'rows',
        value: '1 ignored',
        reason: 'they are about machines that vInfo does not have: stranger',
      },
    ]);
    expect(
      facts.derivations.filter(({ field }) => field === 'name in vDisk').map(({ reason }) => reason),
    ).toEqual(['differs from vInfo; joined by VM ID', 'differs from vInfo; joined by VM UUID']);
  });

  test('one name in two folders, or in two datacenters, is two machines', () => {
    const { vInfo } = goodSheets();
    vInfo[0]!.Folder = 'Prod';
    vInfo.push({ ...vInfo[0], Folder: 'Test', 'VM ID': 'vm-50', 'VM UUID': undefined });
    vInfo.push({
      ...vInfo[1],
      Datacenter: 'Elsewhere',
      Host: 'esx9',
      'VM ID': 'vm-51',
      'VM UUID': undefined,
    });
    const facts = importOf({ vInfo });
    expectSound(facts);
    expect(facts.machines.map(({ name }) => name)).toEqual(['alpha', 'beta', 'gamma', 'alpha', 'beta']);
    expect(new Set(facts.machines.flatMap(({ disks }) => disks.map(({ path }) => path))).size).toBe(5);
  });

  test('a machine is where its host is, even if its own row says otherwise', () => {
    const { vInfo } = goodSheets();
    const facts = importOf({ vInfo, vHost: [{ Host: 'ESX1', Datacenter: 'DC', Cluster: 'Other' }] });
    expectSound(facts);
    expect(facts.clusters.map(({ name }) => name)).toEqual(['Other']);
    expect(facts.derivations).toContainEqual({
      object: 'machine alpha',
      field: 'cluster',
      value: 'Other',
      reason: 'its host is there; its own row says C',
    });
  });
});
