/**
 * Rules that differ between the years of the source documents: seed (2019-07 to 2020-03) and current
 * (2024-11 to 2025). Which one holds is a property of an assessment, never a guess.
 * Sources: assessment.md §5 to §7 and §10, decisions A6, A12, A18.
 */
export const RULESETS = ['seed', 'current'] as const;
export type RulesetName = (typeof RULESETS)[number];

export interface Ruleset {
  readonly name: RulesetName;
  readonly defaultScalingFactor: number;
  /** Is the comfort factor applied where allocated figures stand in (missing counters, as on-premises)? */
  readonly factorOnAllocated: boolean;
  /** UEFI: conditions for everybody, or not ready for four old Windows Servers and otherwise no matter. */
  readonly uefi: 'conditions' | 'oldWindowsNotReady';
  /** UEFI sources become generation 1 (the migration converts them to BIOS), or stay UEFI on generation 2. */
  readonly uefiBecomesBios: boolean;
  readonly coresMax: number;
  readonly memoryMiBMax: number;
  readonly diskGiBMax: number;
  /** Including the OS disk. */
  readonly disksMax: number;
  readonly nicsMax: number;
  /** Boot disk limits of migration count as readiness: BIOS over 2048 GiB, UEFI over 4096 GiB not ready. */
  readonly bootDiskLimits: boolean;
  /** Only families and disk SKUs of the 2019-10-01 API. */
  readonly only2019Skus: boolean;
  /** B-series with a seven-day credit check. */
  readonly burstable: boolean;
  /** A disk without performance data, when its type is not fixed: standard SSD by size in both. */
  readonly missingDiskPerformance: 'standardSsdAlways' | 'standardSsdWhenAutomatic';
  /** Savings plans, Ultra, Premium v2, dev/test environment, Defender, processor factor. */
  readonly laterProperties: boolean;
}

/** GB in the readiness limits are binary: the pages equate 4 TB and 4096 GB. */
const LIMITS = { coresMax: 128, memoryMiBMax: 3892 * 1024, disksMax: 65, nicsMax: 32 } as const;

const TABLE: Readonly<Record<RulesetName, Ruleset>> = {
  seed: {
    name: 'seed',
    ...LIMITS,
    defaultScalingFactor: 1.3,
    factorOnAllocated: false,
    uefi: 'conditions',
    uefiBecomesBios: true,
    diskGiBMax: 32 * 1024,
    bootDiskLimits: false,
    only2019Skus: true,
    burstable: false,
    missingDiskPerformance: 'standardSsdAlways',
    laterProperties: false,
  },
  current: {
    name: 'current',
    ...LIMITS,
    defaultScalingFactor: 1,
    factorOnAllocated: true,
    uefi: 'oldWindowsNotReady',
    uefiBecomesBios: false,
    diskGiBMax: 64 * 1024,
    bootDiskLimits: true,
    only2019Skus: false,
    burstable: true,
    missingDiskPerformance: 'standardSsdWhenAutomatic',
    laterProperties: true,
  },
};

export function rulesetOf(name: RulesetName): Ruleset {
  return TABLE[name];
}
