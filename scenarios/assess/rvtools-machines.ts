/** Machines of an RVTools workbook, as an assessment takes them: an import without performance figures. */
import type { MachineFacts } from '#core/assessment/machine-facts.ts';
import type { EstateFacts, Machine } from '#simulators/estate/model.ts';
import { importRvtools } from '#simulators/estate/rvtools.ts';

/**
 * Templates are left out. What the workbook lacks is derived as for an estate, and the same for the same file.
 * @throws `estate.workbook.*`, of which `badRows` lists rows and columns
 */
export function readRvtoolsMachines(file: Buffer, fileName: string): MachineFacts[] {
  return machinesOfEstate(importRvtools(file, { fileName, seed: fileName }));
}

function machinesOfEstate({ machines }: EstateFacts): MachineFacts[] {
  return machines.filter(({ template }) => !template).map(factsOf);
}

function factsOf({ id, name, cores, memoryMiB, firmware, os, disks, nics }: Machine): MachineFacts {
  return {
    id: `rvtools/${id}`,
    displayName: name,
    platform: 'Import',
    cores,
    memoryMiB,
    bootType: firmware === 'efi' ? 'EFI' : 'BIOS',
    os: { name: os.toolsFullName ?? os.fullName, family: os.family, bits: os.bits },
    disks: disks.map(({ index, label, sizeBytes, usedBytes }) => ({
      id: `disk${index + 1}`,
      label,
      sizeBytes,
      isOs: index === 0,
      ...(usedBytes === undefined ? {} : { usedBytes }),
    })),
    nics: nics.map(({ index, macAddress, ipAddresses }) => ({
      id: `nic${index + 1}`,
      macAddress,
      ipAddresses,
    })),
  };
}
