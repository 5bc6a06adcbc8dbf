/** All checks of a run: the invariants that are always on, then what the scenario expects. */
import type { CheckView } from '#core/contracts/run-record.ts';
import { defineErrors, nearest } from '#core/errors.ts';
import type { Scenario } from '../scenario.ts';
import type { Check, Run } from './check.ts';
import { everyFaultFired } from './every-fault-fired.ts';
import { judgeExpectation } from './expectations.ts';
import { dependenciesEqualEstate, guestsEqualEstate } from './guests-equal-estate.ts';
import { inventoryEqualsEstate } from './inventory-equals-estate.ts';
import { livePointsEqualEstate } from './live-points-equal-estate.ts';
import { noSampleLost } from './no-sample-lost.ts';
import { noSecret } from './no-secret.ts';
import { noSimulatorBug } from './no-simulator-bug.ts';
import { noUnauthenticatedRequest } from './no-unauthenticated-request.ts';
import { hypervEqualsEstate, serversEqualEstate, twinsAreRecognised } from './other-sites-equal-estate.ts';
import { pointsEqualEstate } from './points-equal-estate.ts';
import { targetEqualsSource } from './target-equals-source.ts';

export const errors = defineErrors({
  'scenario.unknownCheck': {
    blame: 'input',
    why: 'A scenario can relax only checks that exist.',
    next: 'Use the id of a check as the report shows it.',
  },
});

const CHECKS: readonly Check[] = [
  targetEqualsSource,
  inventoryEqualsEstate,
  pointsEqualEstate,
  noSampleLost,
  hypervEqualsEstate,
  serversEqualEstate,
  livePointsEqualEstate,
  twinsAreRecognised,
  guestsEqualEstate,
  dependenciesEqualEstate,
  everyFaultFired,
  noSecret,
  noUnauthenticatedRequest,
  noSimulatorBug,
];

/** @throws `scenario.unknownCheck` before anything runs */
export function checkRelaxed({ watch }: Scenario): void {
  const ids = CHECKS.map(({ id }) => id);
  for (const { check } of watch) {
    if (ids.includes(check)) continue;
    const near = nearest(check, ids);
    throw errors.make('scenario.unknownCheck', {
      what: `There is no check "${check}"${near ? `; did you mean "${near}"?` : '.'}`,
      next: `Checks: ${ids.join(', ')}.`,
    });
  }
}

/** Needs the clock to run: some checks ask Azure. Each verdict is an event of the trace. */
export async function judge(run: Run): Promise<CheckView[]> {
  const { world, scenario } = run;
  const views: CheckView[] = [];
  for (const check of CHECKS) {
    const { id, says } = check;
    const relaxed = scenario.watch.find((line) => line.check === id);
    if (relaxed) {
      views.push({ id, says, status: 'skipped', limit: '', actual: '', detail: relaxed.relax });
      continue;
    }
    const judged = await check.judge(run);
    if (!judged) continue;
    const { holds, ...figures } = judged;
    views.push({ id, says, status: holds ? 'passed' : 'failed', ...figures });
  }
  for (const expectation of scenario.expect) views.push(...judgeExpectation(run, expectation));
  for (const { id, status } of views)
    world.trace.record({ at: world.clock.wall(), kind: 'check', who: id, what: status });
  return views;
}
