/** The lines of a scenario's `expect`, each a check of its own. */

import { unreachable } from '#core/assert.ts';
import type { CheckView } from '#core/contracts/run-record.ts';
import { formatDuration, type UnixMillis } from '#core/units.ts';
import { type Expectation, formatActual, holds, type Limit } from '../expect.ts';
import type { Run } from './check.ts';
import { longestRpo, replicationViews } from './replications.ts';
import { sizingEqualsOracle } from './sizing-equals-oracle.ts';

/** A figure to hold against a limit, and when it was reached. */
interface Figure {
  readonly value: number | undefined;
  readonly at?: UnixMillis;
}

export function judgeExpectation(run: Run, expectation: Expectation): CheckView[] {
  const { world, story } = run;
  switch (expectation.subject) {
    case 'inventory': {
      const known = world.azure
        .sites()
        .flatMap(({ inventory }) => [...inventory.machines().values()])
        .filter(({ isDeleted }) => !isDeleted);
      return limits('inventory', 'what is discovered', expectation.limits, (metric) => ({
        value:
          metric === 'servers' ? known.length : known.reduce((sum, { facts }) => sum + facts.disks.length, 0),
      }));
    }
    case 'rpo':
      return limits('rpo', 'age of the newest recovery point', expectation.limits, () => {
        const longest = replicationViews(world, story)
          .flatMap((view) => longestRpo(view) ?? [])
          .sort((a, b) => b.ms - a.ms)[0];
        return { value: longest?.ms, ...(longest ? { at: longest.at } : {}) };
      });
    case 'downtime':
      return limits(
        'downtime',
        'from the end of service to the end of the migration',
        expectation.limits,
        () => {
          const longest = [...story.cutovers.values()].sort((a, b) => b.to - b.from - (a.to - a.from))[0];
          return longest ? { value: longest.to - longest.from, at: longest.to } : { value: undefined };
        },
      );
    case 'counter': {
      const value = world.counters.toJSON()[expectation.name] ?? 0;
      return limits(expectation.name, 'work counter', expectation.limits, () => ({ value }));
    }
    case 'assessment':
      return judgeAssessment(run, expectation.name, expectation.limits);
    case 'converges':
      return [
        view('converges', 'without faults the world comes to rest', {
          holds: story.convergedAfter !== undefined && story.convergedAfter <= expectation.within,
          limit: `within ${formatDuration(expectation.within)}`,
          actual: story.convergedAfter === undefined ? 'not' : formatDuration(story.convergedAfter),
        }),
      ];
    case 'migrated': {
      const missing = expectation.servers.filter((name) => !story.cutovers.has(name));
      return [
        view('migrated', `${expectation.servers.join(', ')} migrated`, {
          holds: missing.length === 0,
          limit: 'all',
          actual: missing.length === 0 ? 'all' : `not ${missing.join(', ')}`,
        }),
      ];
    }
    default:
      return unreachable(expectation, 'expectation');
  }
}

function judgeAssessment({ world, story }: Run, name: string, wanted: readonly Limit[]): CheckView[] {
  const done = story.assessments.find(({ options }) => options.name === name);
  const says = `assessment ${name}`;
  return wanted.map((limit) => {
    const id = `${says} ${limit.metric}`;
    if (!done)
      return view(id, says, { holds: false, limit: limit.text, actual: 'there is no such assessment' });
    if (limit.value === 'oracle')
      return view(id, `${says}: recommended sizes and disks`, sizingEqualsOracle(world, done));
    const { totals, confidence } = done.assessment;
    const value = {
      servers: totals.machines,
      ready: totals.bySuitability.Suitable + totals.bySuitability.ConditionallySuitable,
      stars: confidence?.stars,
    }[limit.metric as 'servers' | 'ready' | 'stars'];
    return figureView(id, `${says}: ${limit.metric}`, limit, { value });
  });
}

function limits(
  subject: string,
  says: string,
  wanted: readonly Limit[],
  figureOf: (metric: string) => Figure,
): CheckView[] {
  return wanted.map((limit) => figureView(`${subject} ${limit.metric}`, says, limit, figureOf(limit.metric)));
}

function figureView(id: string, says: string, limit: Limit, { value, at }: Figure): CheckView {
  const kept = value !== undefined && holds(limit, value);
  return view(id, says, {
    holds: kept,
    limit: limit.text,
    actual: value === undefined ? 'nothing to measure' : formatActual(limit, value),
    ...(kept || at === undefined ? {} : { firstBrokenAt: at }),
  });
}

function view(
  id: string,
  says: string,
  { holds: kept, ...judged }: Omit<CheckView, 'id' | 'says' | 'status'> & { holds: boolean },
): CheckView {
  return { id, says, status: kept ? 'passed' : 'failed', ...judged };
}
