/** How the instances of root/cimv2 hang together: pairs that fit, found by what both say. */
import type { AssociationSource, ClassSource } from '../winrm/cim/repository.ts';
import { cimClass } from '../winrm/cim/schema.ts';
import type { CimInstance, CimValue } from '../winrm/cim/values.ts';

/** @param sources of all classes that are at an end */
export function cimv2Associations(sources: readonly ClassSource[]): AssociationSource[] {
  const link = (
    name: string,
    [role, of]: readonly [role: string, of: string],
    [otherRole, other]: readonly [role: string, of: string],
    fits: (one: CimInstance['values'], other: CimInstance['values']) => boolean,
  ): AssociationSource => {
    const sourceOf = (className: string): ClassSource =>
      sources.find((source) => source.class.name === className)!;
    return {
      class: cimClass('root/cimv2', name),
      ends: [
        {
          role,
          of: cimClass('root/cimv2', of),
          others: (one) => [...sourceOf(other).instances()].filter(({ values }) => fits(one.values, values)),
        },
        {
          role: otherRole,
          of: cimClass('root/cimv2', other),
          others: (one) => [...sourceOf(of).instances()].filter(({ values }) => fits(values, one.values)),
        },
      ],
    };
  };
  return [
    link(
      'Win32_DiskDriveToDiskPartition',
      ['Antecedent', 'Win32_DiskDrive'],
      ['Dependent', 'Win32_DiskPartition'],
      (drive, partition) => drive['Index'] === partition['DiskIndex'],
    ),
    link(
      'Win32_LogicalDiskToPartition',
      ['Antecedent', 'Win32_DiskPartition'],
      ['Dependent', 'Win32_LogicalDisk'],
      (partition, disk) => diskOf(disk['DeviceID']) === partition['DiskIndex'] && !partition['BootPartition'],
    ),
    link(
      'Win32_NetworkAdapterSetting',
      ['Element', 'Win32_NetworkAdapter'],
      ['Setting', 'Win32_NetworkAdapterConfiguration'],
      (adapter, setting) => adapter['Index'] === setting['Index'],
    ),
    link(
      'Win32_ComputerSystemProcessor',
      ['GroupComponent', 'Win32_ComputerSystem'],
      ['PartComponent', 'Win32_Processor'],
      (system, processor) => system['Name'] === processor['SystemName'],
    ),
  ];
}

/** Each disk holds one volume with a letter: C: is on the first. */
function diskOf(letter: CimValue | undefined): number {
  return String(letter).charCodeAt(0) - 'C'.charCodeAt(0);
}
