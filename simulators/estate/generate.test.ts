import { describe, expect, test } from 'vitest';
import { DryliftError } from '#core/errors.ts';
import { type GenerateOptions, generateEstate } from './generate.ts';
import { recogniseOs } from './os-names.ts';

describe('a generated estate', () => {
  test('has predictable names, whatever the seed', () => {
    const names = (seed: string) => {
      const facts = generateEstate({ seed, machines: 6, hosts: 2 });
      return [
        facts.datacenters,
        facts.clusters,
        facts.hosts,
        facts.datastores,
        facts.networks,
        facts.machines,
      ].map((list) => list.map(({ name }: { name: string }) => name));
    };
    expect(names('a')).toEqual([
      ['DC0'],
      ['DC0_C0'],
      ['dc0-c0-h0.example', 'dc0-c0-h1.example'],
      ['DC0_C0_DS0', 'DC0_C0_DS1', 'DC0_C0_DS2', 'DC0_C0_DS3'],
      ['VM Network', 'Servers', 'Backup'],
      ['web-001', 'app-002', 'db-003', 'web-004', 'app-005', 'files-006'],
    ]);
    expect(names('b')).toEqual(names('a'));
  });

  test('is a function of its seed', () => {
    const facts = generateEstate({ seed: 'one', machines: 50 });
    expect(generateEstate({ seed: 'one', machines: 50 })).toEqual(facts);
    expect(generateEstate({ seed: 'two', machines: 50 }).machines).not.toEqual(facts.machines);
  });

  test('keeps its machines when it grows, but for where they run', () => {
    const [few, many] = [20, 400].map((machines) => generateEstate({ seed: 'g', machines }));
    const essence = (facts: typeof few) =>
      facts!.machines
        .slice(0, 20)
        .map(({ name, os, cores, memoryMiB, workload, biosUuid, disks, nics }) => [
          name,
          os,
          cores,
          memoryMiB,
          workload,
          biosUuid,
          disks.map(({ sizeBytes, uuid }) => [sizeBytes, uuid]),
          nics.map(({ macAddress, ipAddresses }) => [macAddress, ipAddresses]),
        ]);
    expect(essence(few)).toEqual(essence(many));
  });

  test('keeps to the mix and to the counts, and gives every role both families', () => {
    const facts = generateEstate({ seed: 'mix', machines: 1000, hosts: 33, mix: { windows: 3, linux: 1 } });
    expect(facts.machines.filter((m) => m.os.family === 'windows').length).toBe(750);
    expect(facts.machines.length).toBe(1000);
    expect(facts.hosts.length).toBe(33);
    const web = facts.machines.filter((m) => m.name.startsWith('web'));
    expect(new Set(web.map((m) => m.os.family)).size).toBe(2);
    const linux = generateEstate({ seed: 'l', machines: 30, mix: { windows: 0, linux: 1 } });
    expect(linux.machines.every((m) => m.os.family === 'linux')).toBe(true);
  });

  test('keeps to a wanted mix of load shapes', () => {
    const facts = generateEstate({ seed: 's', machines: 200, shapes: { batch: 1, idle: 3 } });
    expect(new Set(facts.machines.map((m) => m.workload.shape))).toEqual(new Set(['batch', 'idle']));
  });

  test('repeats no id, uuid, address or disk path among 2,000 machines, and every reference leads somewhere', () => {
    const facts = generateEstate({ seed: 'big', machines: 2000 });
    const unique = (values: unknown[]) => expect(new Set(values).size).toBe(values.length);
    const disks = facts.machines.flatMap((m) => m.disks);
    const nics = facts.machines.flatMap((m) => m.nics);
    unique(facts.machines.flatMap((m) => [m.id, m.biosUuid, m.instanceUuid, m.name]));
    unique(disks.map((disk) => disk.uuid));
    unique(disks.map((disk) => disk.path));
    unique(nics.map((nic) => nic.macAddress));
    unique(nics.flatMap((nic) => nic.ipAddresses));
    const datastores = new Map(facts.datastores.map((d) => [d.id, d]));
    const hosts = new Map(facts.hosts.map((h) => [h.id, h]));
    const networks = new Map(facts.networks.map((n) => [n.id, n]));
    for (const machine of facts.machines) {
      const host = hosts.get(machine.hostId)!;
      expect([host.clusterId, host.datacenterId]).toEqual([machine.clusterId, machine.datacenterId]);
      for (const disk of machine.disks) {
        expect(disk.path.startsWith(`[${datastores.get(disk.datastoreId)!.name}] `)).toBe(true);
        expect(datastores.get(disk.datastoreId)!.datacenterId).toBe(machine.datacenterId);
      }
      for (const nic of machine.nics)
        expect(networks.get(nic.networkId)!.datacenterId).toBe(machine.datacenterId);
      unique(machine.disks.map((disk) => `${disk.bus}:${disk.unit}`));
    }
    for (const { capacityBytes, freeBytes } of facts.datastores)
      expect(freeBytes).toBeGreaterThan(capacityBytes / 10);
  });

  test.each([
    { machines: 0 },
    { machines: 2.5 },
    { machines: 200_000 },
    { machines: 5, hosts: 0 },
    { machines: 5, mix: { windows: 0, linux: 0 } },
    { machines: 5, mix: { windows: -1, linux: 2 } },
    { machines: 5, shapes: { wavy: 1 } },
  ])('is refused for %j', (options) => {
    expect(() => generateEstate({ seed: 'x', ...options } as GenerateOptions)).toThrow(DryliftError);
  });
});

describe('names of operating systems', () => {
  test.each([
    ['Microsoft Windows Server 2016 (64-bit)', 'windows9Server64Guest', 64],
    ['Microsoft Windows Server 2016 or later (64-bit)', 'windows9Server64Guest', 64],
    ['Microsoft Windows Server 2012 (64-bit)', 'windows8Server64Guest', 64],
    ['Microsoft Windows Server 2008 R2 (64-bit)', 'windows7Server64Guest', 64],
    ['Microsoft Windows Server 2008 (32-bit)', 'winLonghornGuest', 32],
    ['Microsoft Windows Server 2003 Standard (32-bit)', 'winNetStandardGuest', 32],
    ['Microsoft Windows Server 2003 Standard (64-bit)', 'winNetStandard64Guest', 64],
    ['Microsoft Windows XP Professional (32-bit)', 'winXPProGuest', 32],
    ['Microsoft Windows 10 (64-bit)', 'windows9_64Guest', 64],
    ['Red Hat Enterprise Linux 6 (64-bit)', 'rhel6_64Guest', 64],
    ['Red Hat Enterprise Linux 5 (32-bit)', 'rhel5Guest', 32],
    ['CentOS 4/5 or later (64-bit)', 'centos64Guest', 64],
    ['CentOS 6 (64-bit)', 'centos6_64Guest', 64],
    ['Oracle Linux 4/5 or later (64-bit)', 'oracleLinux64Guest', 64],
    ['SUSE Linux Enterprise 11 (64-bit)', 'sles11_64Guest', 64],
    ['Ubuntu Linux (64-bit)', 'ubuntu64Guest', 64],
    ['Debian GNU/Linux 10 (64-bit)', 'debian10_64Guest', 64],
    ['Debian GNU/Linux 5 (32-bit)', 'debian5Guest', 32],
    ['Other 3.x or later Linux (64-bit)', 'other3xLinux64Guest', 64],
    ['VMware ESXi 6.5 or later', 'vmkernel65Guest', 64],
    ['Other (32-bit)', 'otherGuest', 32],
    ['Something of our own', 'otherGuest64', 64],
  ])('%s is %s', (name, guestId, bits) => {
    expect(recogniseOs(name)).toMatchObject({ guestId, bits });
  });
});
