/**
 * B-series, current ruleset only (A18): considered when seven days of data show that the credits earned
 * below the baseline cover every burst. One credit is one vCPU for one minute; credits earned per minute are
 * (baseline % − used %) / 100 of one vCPU (assessment.md §5).
 */

import type { Points } from '../metrics/points.ts';
import { DAY, MINUTE } from '../units.ts';
import type { AssessmentPlan } from './plan.ts';
import type { VmSize } from './vm-sizes.ts';

const DAYS = 7;

/**
 * vCPUs used in each window of the last seven days, the comfort factor included; undefined when any window
 * lacks its point, since then it is not shown.
 * @param scale cores of the source × comfort factor × processor factor.
 */
export function weekOfUse(
  plan: AssessmentPlan,
  cpu: Points | undefined,
  scale: number,
): Float64Array | undefined {
  const { periodMs, to } = plan.history;
  if (cpu === undefined || cpu.periodMs !== periodMs) return undefined;
  const windows = (DAYS * DAY) / periodMs;
  const slots = cpu.slots(to - windows, to);
  if (slots.length < windows) return undefined;
  const used = new Float64Array(windows);
  for (let i = 0; i < windows; i++) {
    const hundredths = slots[i]!;
    if (Number.isNaN(hundredths)) return undefined;
    used[i] = (Math.min(hundredths, 10_000) / 10_000) * scale;
  }
  return used;
}

/** Does the balance never go below nothing? It starts at the initial credits and stops at the maximum. */
export function creditsLast(plan: AssessmentPlan, size: VmSize, used: Float64Array): boolean {
  const burst = size.burst;
  if (burst === undefined) return true;
  const minutes = plan.history.periodMs / MINUTE;
  const baseline = burst.baselinePercentOfOneVcpu / 100;
  let balance = burst.initial;
  for (let i = 0; i < used.length; i++) {
    // A machine cannot use more vCPUs than it has.
    balance += (baseline - Math.min(used[i]!, size.vCpus)) * minutes;
    if (balance < 0) return false;
    if (balance > burst.max) balance = burst.max;
  }
  return true;
}
