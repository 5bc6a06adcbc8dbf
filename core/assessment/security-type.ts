/**
 * Which security type a machine may have, current ruleset (assessment.md §7, review-assessment.md 2025-04):
 * trusted launch is checked for a supported system, generation 2, boot and disk layout, recommended where all
 * hold, and otherwise a standard machine is.
 *
 * No stored page lists the systems that trusted launch supports; one that is ready for Azure and 64-bit is taken
 * for supported, one with conditions for one that can be migrated.
 */
import { GIB } from '../units.ts';
import type { MachineFacts } from './machine-facts.ts';
import { bitsOf, judgeOs } from './os-rules.ts';
import type { AssessmentPlan } from './plan.ts';
import { bootTypeOf, osDiskOf } from './readiness.ts';
import type { SecurityTypeCode, Suitability, VmSecurityType } from './vocabulary.ts';

export interface SecurityTypeVerdict {
  /** What the machine should be created as. */
  readonly recommended: VmSecurityType;
  readonly trustedLaunch: SecurityTypeCode;
  readonly standard: SecurityTypeCode;
}

/** A generation 2 machine boots from at most 4 TiB, one of generation 1 from 2. */
const BOOT_GIB_MAX = { BIOS: 2048, EFI: 4096, Unknown: 2048 } as const;

/** Undefined in the seed years, when there was one type. @param azure readiness of the server itself. */
export function judgeSecurityType(
  plan: AssessmentPlan,
  facts: MachineFacts,
  azure: Suitability,
): SecurityTypeVerdict | undefined {
  if (!plan.rules.laterProperties) return undefined;
  const trustedLaunch = trustedLaunchOf(plan, facts);
  const wanted = plan.properties.vmSecurityType;
  const fits = azure === 'Suitable' || azure === 'ConditionallySuitable';
  return {
    recommended: wanted === 'TVM' ? (trustedLaunch === 'TVMReady' && fits ? 'TVM' : 'Standard') : wanted,
    trustedLaunch,
    standard: standardOf(plan, facts),
  };
}

function trustedLaunchOf(plan: AssessmentPlan, facts: MachineFacts): SecurityTypeCode {
  if (facts.os.name.trim() === '') return 'OSNameCannotBeRead';
  const boot = bootTypeOf(facts);
  const { suitability } = judgeOs(facts.os, plan.rules.name);
  if (suitability === 'NotSuitable' || bitsOf(facts.os) === 32) return 'TVMCannotMigrateOSNotSupported';
  if (suitability === 'ReadinessUnknown') return 'TVMNotReadyOSNotSupported';
  if (boot !== 'EFI') return 'TVMNotSupportedForBiosBoot';
  const osDisk = osDiskOf(facts);
  const bootFits = osDisk === undefined || osDisk.sizeBytes <= BOOT_GIB_MAX[boot] * GIB;
  return suitability === 'Suitable' && bootFits ? 'TVMReady' : 'TVMCanMigrateConditional';
}

function standardOf(plan: AssessmentPlan, facts: MachineFacts): SecurityTypeCode {
  if (facts.os.name.trim() === '') return 'OSNameCannotBeRead';
  const osDisk = osDiskOf(facts);
  if (bootTypeOf(facts) === 'BIOS' && osDisk !== undefined && osDisk.sizeBytes > BOOT_GIB_MAX.BIOS * GIB)
    return 'StandardNotReady2TBBiosBoot';
  switch (judgeOs(facts.os, plan.rules.name).suitability) {
    case 'Suitable':
      return bitsOf(facts.os) === 32 ? 'StandardCanMigrate' : 'StandardReady';
    case 'ConditionallySuitable':
      return 'StandardCanMigrate';
    case 'ReadinessUnknown':
      return 'StandardNotReadyOSNotSupported';
    default:
      return 'StandardCannotMigrateOSNotSupported';
  }
}
