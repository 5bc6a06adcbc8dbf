/** What other properties would have given the machines of a run, for its report. */
import type { Assessment } from '#core/assessment/assess.ts';
import { type AssessmentPlan, builtInCatalogue, planAssessment } from '#core/assessment/plan.ts';
import { assessmentProperties, type GivenProperties } from '#core/assessment/properties.ts';
import { type NamedPlan, type Outcome, WhatIf } from '#core/assessment/what-if.ts';
import type { WhatIfView } from '#core/contracts/run-record.ts';

/** Larger estates would wait for it; `drylift what-if` does it when asked. */
const MACHINES_MAX = 300;
const CHANGED_MAX = 200;
const CURVE = [50, 60, 70, 80, 90, 95, 99, 100];

/** Undefined for estates of more than 300 machines, and where nothing was assessed by its use. */
export function whatIfView({ plan, inputs, totals }: Assessment): WhatIfView | undefined {
  if (totals.machines === 0 || totals.machines > MACHINES_MAX) return undefined;
  const isMeasured = plan.properties.sizingCriterion === 'PerformanceBased';
  const whatIf = new WhatIf(setsOf(plan), isMeasured ? CURVE : []);
  for (const { facts, points } of inputs) whatIf.add(facts, points);
  const { sets, changed, differing, curve } = whatIf.result();
  return {
    sets: sets.map(({ name, totals: sums }, i) => ({
      name,
      monthlyComputeCost: sums.monthlyComputeCost,
      monthlyStorageCost: sums.monthlyStorageCost,
      vCpus: sums.recommendedCores,
      sized: sums.bySuitability.Suitable + sums.bySuitability.ConditionallySuitable,
      changed: differing[i]!,
    })),
    changed: changed
      .slice(0, CHANGED_MAX)
      .map(({ displayName, outcomes }) => ({ name: displayName, gives: outcomes.map(given) })),
    curve: curve.map(({ percentile, monthlyComputeCost, monthlyStorageCost }) => ({
      percentile,
      compute: monthlyComputeCost,
      storage: monthlyStorageCost,
    })),
  };
}

function given({ size, disks, suitability }: Outcome): string {
  return size === undefined ? suitability : [size, ...disks].join(', ');
}

function setsOf(plan: AssessmentPlan): NamedPlan[] {
  const { properties } = plan;
  const sets: NamedPlan[] = [{ name: `as assessed, P${plan.percentile}`, plan }];
  // The catalogue of the assessment is not known here, its prices are: the same sheet for every set.
  const catalogue = {
    ...builtInCatalogue(),
    prices: { ...builtInCatalogue().prices, source: plan.priceSource, at: () => plan.prices },
  };
  const add = (name: string, change: Partial<GivenProperties>): void => {
    const changed = assessmentProperties({ ...properties, ...change });
    sets.push({ name, plan: { ...planAssessment(changed, catalogue, plan.asOf), history: plan.history } });
  };
  if (properties.sizingCriterion === 'PerformanceBased') {
    for (const percentile of ['Percentile50', 'Percentile90', 'Percentile95', 'Percentile99'] as const)
      if (percentile !== properties.percentile) add(percentile.replace('ercentile', ''), { percentile });
    const isAutomatic = properties.azureDiskTypes.includes('StandardOrPremium');
    add('as on-premises', {
      sizingCriterion: 'AsOnPremises',
      ...(isAutomatic ? { azureDiskTypes: ['Premium'] } : {}),
    });
  }
  const isPlain = properties.azureOfferCode === 'MSAZR0003P' && properties.environmentType === 'Production';
  if (isPlain)
    for (const [name, savingsOption] of [
      ['1-year reservation', 'RI1Year'],
      ['3-year reservation', 'RI3Year'],
    ] as const)
      if (savingsOption !== properties.savingsOption) add(name, { savingsOption });
  return sets;
}
