/** Whatever a workbook holds, the import ends in facts that hold together or in an error that names the place. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DryliftError } from '#core/errors.ts';
import { MIB } from '#core/units.ts';
import { generateEstate } from './generate.ts';
import type { EstateFacts } from './model.ts';
import { importRvtools } from './rvtools.ts';
import { harbourWorkbook } from './samples/harbour.ts';
import { expectSound, goodSheets, importOf, type Row } from './testing-workbooks.ts';

/** An estate as RVTools would show it, in the sheets that are kept. */
function sheetsOf(facts: EstateFacts, keep: (sheet: string) => boolean): Record<string, Row[]> {
  const name = (items: readonly { id: string; name: string }[], id: string | undefined) =>
    items.find((item) => item.id === id)?.name;
  const keys = (machine: EstateFacts['machines'][number]): Row => ({
    VM: machine.name,
    Datacenter: name(facts.datacenters, machine.datacenterId),
    Cluster: name(facts.clusters, machine.clusterId),
    Host: name(facts.hosts, machine.hostId),
    'VM ID': machine.id,
    'VM UUID': machine.instanceUuid,
  });
  const sheets: Record<string, Row[]> = {
    vDisk: facts.machines.flatMap((machine) =>
      machine.disks.map((disk) => ({
        ...keys(machine),
        Disk: disk.label,
        'Capacity MiB': disk.sizeBytes / MIB,
        'Disk Mode': disk.mode,
        Thin: disk.thin,
        Controller: { pvscsi: 'VMware paravirtual SCSI', lsilogicsas: 'LSI Logic SAS' }[
          disk.controller as 'pvscsi'
        ],
        Label: `SCSI controller ${disk.bus}`,
        'Unit #': disk.unit,
        'Disk Path': disk.path,
        'Disk UUID': disk.uuid,
      })),
    ),
    vNetwork: facts.machines.flatMap((machine) =>
      machine.nics.map((nic) => ({
        ...keys(machine),
        'NIC label': `Network adapter ${nic.index + 1}`,
        Adapter: nic.adapter,
        Network: name(facts.networks, nic.networkId),
        Switch: 'vSwitch0',
        Connected: nic.connected,
        'Mac Address': nic.macAddress,
        'IPv4 Address': nic.ipAddresses.join(', '),
      })),
    ),
    vHost: facts.hosts.map((host) => ({
      Host: host.name,
      Datacenter: name(facts.datacenters, host.datacenterId),
      Cluster: name(facts.clusters, host.clusterId),
      Speed: host.cpuMhz,
      '# CPU': host.cpuPackages,
      '# Cores': host.cpuCores,
      'HT Active': host.cpuThreads > host.cpuCores,
      '# Memory': host.memoryBytes / MIB,
      'CPU Model': host.cpuModel,
      Vendor: host.vendor,
      Model: host.model,
      'ESX Version': `VMware ESXi ${host.version} build-${host.build}`,
      'Object ID': host.id,
      UUID: host.uuid,
    })),
  };
  const vInfo = facts.machines.map((machine) => ({
    ...keys(machine),
    Powerstate: machine.power === 'on' ? 'poweredOn' : 'poweredOff',
    Template: machine.template,
    'DNS Name': machine.dnsName,
    'Guest state': machine.tools === 'running' ? 'running' : 'notRunning',
    CPUs: machine.cores,
    Memory: machine.memoryMiB,
    NICs: machine.nics.length,
    Disks: machine.disks.length,
    'Total disk capacity MiB': machine.disks.reduce((sum, { sizeBytes }) => sum + sizeBytes / MIB, 0),
    Folder: `/${name(facts.datacenters, machine.datacenterId)}/vm/${machine.folder.join('/')}`,
    Firmware: machine.firmware,
    'HW version': machine.hardwareVersion,
    'OS according to the configuration file': machine.os.fullName,
    'SMBIOS UUID': machine.biosUuid,
  }));
  return { vInfo, ...Object.fromEntries(Object.entries(sheets).filter(([sheet]) => keep(sheet))) };
}

/** What a machine keeps through an export with all sheets and an import, whatever ids places get. */
const essence = (facts: EstateFacts) => ({
  hosts: facts.hosts.map(({ datacenterId: _, clusterId: __, ...host }) => host),
  machines: facts.machines.map((machine) => ({
    ...machine,
    datacenterId: facts.datacenters.find(({ id }) => id === machine.datacenterId)!.name,
    clusterId: facts.clusters.find(({ id }) => id === machine.clusterId)!.name,
    disks: machine.disks.map(({ datastoreId: _, ...disk }) => disk),
    nics: machine.nics.map(({ networkId, ...nic }) => ({
      ...nic,
      network: facts.networks.find(({ id }) => id === networkId)!.name,
    })),
    // Not in a workbook, and derived:
    tools: undefined,
    toolsVersion: undefined,
    sockets: undefined,
    workload: undefined,
  })),
});

test('an estate that goes through a workbook comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 5 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 40 }),
      (seed, machines, hosts) => {
        const facts = generateEstate({ seed, machines, hosts });
        const back = importOf(sheetsOf(facts, () => true));
        expectSound(back);
        expect(essence(back)).toEqual(essence(facts));
      },
    ),
    { numRuns: 25 },
  );
});

test('with any sheet but vInfo missing, machines, their places and total capacity are the same', () => {
  fc.assert(
    fc.property(fc.nat({ max: 7 }), fc.integer({ min: 1, max: 30 }), (mask, machines) => {
      const sheets = ['vDisk', 'vNetwork', 'vHost'];
      const facts = generateEstate({ seed: 'g', machines });
      const back = importOf(sheetsOf(facts, (sheet) => (mask & (1 << sheets.indexOf(sheet))) !== 0));
      expectSound(back);
      const capacity = (each: EstateFacts) =>
        each.machines.map(({ name, cores, memoryMiB, disks, nics }) => [
          name,
          cores,
          memoryMiB,
          disks.length,
          disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
          nics.length,
        ]);
      expect(capacity(back)).toEqual(capacity(facts));
    }),
    { numRuns: 25 },
  );
});

const junk = fc.constantFrom<Row[string]>(
  undefined,
  '',
  ' ',
  '#REF!',
  '#N/A',
  -1,
  0,
  1,
  7,
  1e15,
  3.7,
  true,
  false,
  'text',
  '[ds] x.vmdk',
  'vm-12',
  'vm-0',
  'alpha',
  'independent_persistent',
  'IDE 1',
  'NVME controller 9',
  'SCSI controller 3',
  '\u0001',
  'x'.repeat(5000),
  '50000000-0000-4000-8000-000000000000',
);

test('any cells changed to anything give sound facts or an error that lists them, never a crash', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          sheet: fc.constantFrom('vInfo', 'vDisk'),
          row: fc.nat({ max: 2 }),
          column: fc.nat({ max: 15 }),
          value: junk,
        }),
        {
          minLength: 1,
          maxLength: 6,
        },
      ),
      (changes) => {
        const sheets = goodSheets();
        for (const { sheet, row, column, value } of changes) {
          const cells = sheets[sheet as 'vInfo'][row]!;
          const keys = Object.keys(cells);
          cells[keys[column % keys.length]!] = value;
        }
        try {
          expectSound(importOf(sheets));
        } catch (error) {
          if (!(error instanceof DryliftError)) throw error;
          expect(error.code).toBe('estate.workbook.badRows');
          expect(error.why).toMatch(/v(Info|Disk) row [234]/);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a workbook with any bytes changed or cut off imports or is refused, never a crash', () => {
  const good = harbourWorkbook();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 })), {
        maxLength: 4,
      }),
      fc.option(fc.nat({ max: good.length }), { freq: 4 }),
      (flips, length) => {
        const file = Buffer.from(good.subarray(0, length ?? good.length));
        for (const [at, mask] of flips) if (at < file.length) file[at] = file[at]! ^ mask;
        try {
          expectSound(importRvtools(file, { fileName: 'x.xlsx', seed: 's' }));
        } catch (error) {
          if (!(error instanceof DryliftError)) throw error;
          expect(error.code).toMatch(/^estate\.workbook\./);
        }
      },
    ),
    { numRuns: 150 },
  );
});
