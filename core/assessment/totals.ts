/** Sums over the machines of an assessment; can also be kept while machines stream by. */
import type { AssessedMachine } from './assess.ts';
import type { DiskType, Suitability } from './vocabulary.ts';

export interface Totals {
  machines: number;
  bySuitability: Record<Suitability, number>;
  monthlyComputeCost: number;
  monthlyStorageCost: number;
  /** `monthlyStandardSSDStorageCost`, `monthlyPremiumStorageCost` … of the API. */
  storageCostByType: Record<DiskType, number>;
  monthlySecurityCost: number;
  /** What the Hybrid Benefit takes off, as far as the sheet can tell. */
  monthlyBenefit: number;
  /** vCPUs of the recommended sizes. */
  recommendedCores: number;
  pointsPresent: number;
  pointsExpected: number;
}

export function emptyTotals(): Totals {
  return {
    machines: 0,
    bySuitability: { Suitable: 0, ConditionallySuitable: 0, NotSuitable: 0, ReadinessUnknown: 0 },
    monthlyComputeCost: 0,
    monthlyStorageCost: 0,
    storageCostByType: { Standard: 0, StandardSSD: 0, Premium: 0, PremiumV2: 0, Ultra: 0 },
    monthlySecurityCost: 0,
    monthlyBenefit: 0,
    recommendedCores: 0,
    pointsPresent: 0,
    pointsExpected: 0,
  };
}

export function addMachine(totals: Totals, machine: AssessedMachine): void {
  totals.machines++;
  totals.bySuitability[machine.suitability]++;
  totals.monthlyComputeCost += machine.monthlyComputeCost;
  totals.monthlyStorageCost += machine.monthlyStorageCost;
  totals.monthlySecurityCost += machine.security?.monthlyCost ?? 0;
  totals.monthlyBenefit += machine.monthlyBenefit ?? 0;
  totals.pointsPresent += machine.utilization.pointsPresent;
  totals.pointsExpected += machine.utilization.pointsExpected;
  if (machine.recommendedSize === undefined) return; // disks of a machine that stays cost nothing
  totals.recommendedCores += machine.size?.chosen?.vCpus ?? 0;
  for (const disk of machine.disks)
    if (disk.choice) totals.storageCostByType[disk.choice.type] += disk.monthlyCost;
}
