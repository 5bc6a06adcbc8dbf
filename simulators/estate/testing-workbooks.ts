/** Small workbooks for tests. */
import { utils, write } from '@e965/xlsx';
import { expect } from 'vitest';
import { Entropy } from '#core/entropy/entropy.ts';
import { DryliftError } from '#core/errors.ts';
import { Estate } from './estate.ts';
import type { EstateFacts } from './model.ts';
import { importRvtools } from './rvtools.ts';

export type Row = Record<string, string | number | boolean | undefined>;

/** A workbook of the given sheets; the header of a sheet is the keys of its rows in order of appearance. */
export function workbookOf(sheets: Record<string, Row[]>): Buffer {
  const workbook = utils.book_new();
  for (const [name, rows] of Object.entries(sheets))
    utils.book_append_sheet(workbook, utils.json_to_sheet(rows), name);
  return write(workbook, { type: 'buffer', bookType: 'xlsx' });
}

export const importOf = (sheets: Record<string, Row[]>, seed = 's'): EstateFacts =>
  importRvtools(workbookOf(sheets), { fileName: 'inventory.xlsx', seed });

export function failure(run: () => unknown): DryliftError {
  try {
    run();
  } catch (error) {
    if (error instanceof DryliftError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Three good machines, as RVTools 4 would write them. */
export function goodSheets(): { vInfo: Row[]; vDisk: Row[] } {
  const names = ['alpha', 'beta', 'gamma'];
  return {
    vInfo: names.map((VM, i) => ({
      VM,
      Powerstate: 'poweredOn',
      Template: 'False',
      CPUs: 2,
      Memory: 4096,
      NICs: 1,
      Disks: 1,
      'Provisioned MiB': 50_000,
      Firmware: 'bios',
      'HW version': 'vmx-15',
      Datacenter: 'DC',
      Cluster: 'C',
      Host: 'esx1',
      'OS according to the configuration file': 'Ubuntu Linux (64-bit)',
      'VM ID': `vm-${11 + i}`,
      'VM UUID': `50000000-0000-4000-8000-00000000000${i}`,
    })),
    vDisk: names.map((VM, i) => ({
      VM,
      Disk: 'Hard disk 1',
      'Capacity MiB': 40_960,
      Raw: 'False',
      'Disk Mode': 'persistent',
      Thin: 'True',
      Controller: 'VMware paravirtual SCSI',
      Label: 'SCSI controller 0',
      'Unit #': 0,
      'Disk Path': `[store] ${VM}/${VM}.vmdk`,
      'VM ID': `vm-${11 + i}`,
    })),
  };
}

/** Facts hold together when an estate can be built on them: ids are unique and references lead somewhere. */
export function expectSound(facts: EstateFacts): void {
  const clock = { monotonic: () => 0, wall: () => 1.7e12, schedule: () => ({ cancel: () => {} }) };
  const estate = new Estate(facts, { clock, entropy: new Entropy(facts.seed) });
  expect(estate.machines().length).toBe(facts.machines.length);
  for (const machine of facts.machines) {
    const host = facts.hosts.find(({ id }) => id === machine.hostId)!;
    expect([host.datacenterId, host.clusterId]).toEqual([machine.datacenterId, machine.clusterId]);
    const places = machine.disks.map(({ controller, bus, unit }) => `${controller}${bus}:${unit}`);
    expect(new Set(places).size).toBe(places.length);
    for (const disk of machine.disks) {
      const datastore = facts.datastores.find(({ id }) => id === disk.datastoreId)!;
      expect(datastore.datacenterId).toBe(machine.datacenterId);
      expect(disk.path.startsWith(`[${datastore.name}] `)).toBe(true);
    }
  }
}
