/**
 * First stage: may the server come to Azure at all? Every rule is judged, and the worst verdict stands
 * (assessment.md §7, A9, A11, A12).
 */
import { GIB } from '../units.ts';
import type { DiskOfMachine, MachineFacts } from './machine-facts.ts';
import { bitsOf, judgeOs } from './os-rules.ts';
import { fits } from './plan.ts';
import type { Ruleset } from './rulesets.ts';
import { type LaterCode, type Suitability, type VmExplanation, worse } from './vocabulary.ts';

/** One thing found about a machine, with its reason. */
export interface Finding {
  readonly stage: 'readiness' | 'storage' | 'compute';
  readonly suitability: Suitability;
  readonly code: VmExplanation;
  /** What later API versions call it, where they are more exact. */
  readonly laterCode?: LaterCode;
  readonly why: string;
  /** The disk it is about. */
  readonly diskId?: string;
}

export interface Readiness {
  readonly suitability: Suitability;
  readonly findings: readonly Finding[];
}

/** Limits of a boot disk by its firmware, current ruleset (A12). */
const BIOS_BOOT_GIB_MAX = 2048;
const UEFI_BOOT_GIB_MAX = 4096;

/** The OS disk: the one that says so, else the first. */
export function osDiskOf(facts: MachineFacts): DiskOfMachine | undefined {
  return facts.disks.find((disk) => disk.isOs) ?? facts.disks[0];
}

/** Firmware that counts: an import without one is taken for BIOS. */
export function bootTypeOf(facts: MachineFacts): MachineFacts['bootType'] {
  return facts.platform === 'Import' && facts.bootType === 'Unknown' ? 'BIOS' : facts.bootType;
}

/** @param cores,memoryMiB utilized times factor where there is history, else allocated. */
export function judgeReadiness(
  facts: MachineFacts,
  rules: Ruleset,
  cores: number,
  memoryMiB: number,
): Readiness {
  const findings: Finding[] = [];
  const add = (suitability: Suitability, code: VmExplanation, why: string, more: Partial<Finding> = {}) =>
    findings.push({ stage: 'readiness', suitability, code, why, ...more });
  const boot = bootTypeOf(facts);

  const os = judgeOs(facts.os, rules.name);
  if (os.suitability !== 'Suitable' || os.code !== 'NotApplicable')
    add(os.suitability, os.code, `${facts.os.name.trim() || 'no name'}: ${os.why}`);
  if (bitsOf(facts.os) === 32 && !os.also32Bit)
    add(
      'ConditionallySuitable',
      'GuestOperatingSystemArchitectureNotSupported',
      'a 32-bit system may start in Azure without full support',
    );

  if (boot === 'Unknown') add('ConditionallySuitable', 'BootTypeUnknown', 'the boot type is not known');
  if (boot === 'EFI' && rules.uefi === 'conditions')
    add('ConditionallySuitable', 'BootTypeNotSupported', 'UEFI boot is converted to BIOS by the migration');
  if (boot === 'EFI' && rules.uefi === 'oldWindowsNotReady' && os.uefiNotReadyInCurrent)
    add('NotSuitable', 'BootTypeNotSupported', `UEFI boot is not supported with ${facts.os.name.trim()}`);

  if (!fits(cores, rules.coresMax))
    add('NotSuitable', 'NoSuitableVmSizeFound', `${figure(cores)} cores; ${rules.coresMax} are supported`);
  if (!fits(memoryMiB, rules.memoryMiBMax))
    add(
      'NotSuitable',
      'NoSuitableVmSizeFound',
      `${figure(memoryMiB / 1024)} GiB of memory; ${rules.memoryMiBMax / 1024} are supported`,
    );
  if (facts.disks.length > rules.disksMax)
    add(
      'NotSuitable',
      'MoreDisksThanSupported',
      `${facts.disks.length} disks; ${rules.disksMax} are supported`,
    );
  if (facts.nics.length > rules.nicsMax)
    add(
      'NotSuitable',
      'OneOrMoreAdaptersNotSuitable',
      `${facts.nics.length} network adapters; ${rules.nicsMax} are supported`,
    );
  judgeDisks(facts, rules, boot, add);

  const suitability = findings.reduce<Suitability>((worst, f) => worse(worst, f.suitability), 'Suitable');
  return { suitability, findings };
}

function judgeDisks(
  facts: MachineFacts,
  rules: Ruleset,
  boot: MachineFacts['bootType'],
  add: (suitability: Suitability, code: VmExplanation, why: string, more?: Partial<Finding>) => void,
): void {
  for (const disk of facts.disks)
    if (disk.sizeBytes > rules.diskGiBMax * GIB)
      add(
        'NotSuitable',
        'OneOrMoreDisksNotSuitable',
        `${disk.label} has ${figure(disk.sizeBytes / GIB)} GiB; ${rules.diskGiBMax} are supported`,
        { diskId: disk.id },
      );
  const osDisk = osDiskOf(facts);
  if (!rules.bootDiskLimits || osDisk === undefined) return;
  const limit = boot === 'BIOS' ? BIOS_BOOT_GIB_MAX : boot === 'EFI' ? UEFI_BOOT_GIB_MAX : undefined;
  if (limit === undefined || osDisk.sizeBytes <= limit * GIB) return;
  add(
    'NotSuitable',
    'OneOrMoreDisksNotSuitable',
    `boot disk ${osDisk.label} has ${figure(osDisk.sizeBytes / GIB)} GiB; ${limit} are supported with ${boot}`,
    {
      diskId: osDisk.id,
      laterCode: boot === 'BIOS' ? 'StandardNotReady2TBBiosBoot' : 'AnyDiskSizeExceeds4TB',
    },
  );
}

/** A figure in a sentence: up to two decimals, no trailing zeros. */
export function figure(value: number): string {
  return String(Number(value.toFixed(2)));
}
