/**
 * Defender for Servers plan 2, current ruleset (assessment.md §7): ready with at least 2 vCPUs, 1 GiB, a disk
 * of 2 GiB and a listed system; another system: conditions; a server not ready for Azure: not ready.
 */
import { GIB } from '../units.ts';
import type { MachineFacts } from './machine-facts.ts';
import { DEFENDER_LIMITS, onDefenderList } from './os-rules.ts';
import { type AssessmentPlan, HOURS_PER_MONTH } from './plan.ts';
import type { Suitability } from './vocabulary.ts';

export interface SecurityAssessment {
  readonly suitability: Suitability;
  /** Per server that is ready for Azure; the discount is not applied. */
  readonly monthlyCost: number;
}

/** Undefined when Defender was not asked for. @param azure readiness of the server itself. */
export function assessSecurity(
  plan: AssessmentPlan,
  facts: MachineFacts,
  azure: Suitability,
): SecurityAssessment | undefined {
  if (plan.properties.azureSecurityOfferingType === 'NO') return undefined;
  if (azure !== 'Suitable' && azure !== 'ConditionallySuitable')
    return { suitability: 'NotSuitable', monthlyCost: 0 };
  const { minVCpus, minMemoryMiB, minDiskGiB } = DEFENDER_LIMITS;
  const largeEnough =
    facts.cores >= minVCpus &&
    facts.memoryMiB >= minMemoryMiB &&
    facts.disks.some((disk) => disk.sizeBytes >= minDiskGiB * GIB);
  return {
    suitability: largeEnough
      ? onDefenderList(facts.os)
        ? 'Suitable'
        : 'ConditionallySuitable'
      : 'NotSuitable',
    monthlyCost: (plan.prices.defender ?? 0) * HOURS_PER_MONTH,
  };
}
