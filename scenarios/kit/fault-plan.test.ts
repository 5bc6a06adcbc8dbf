import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LinkRules } from '#core/net/link-rules.ts';
import { type TierWorld, tierWorld } from '#core/testing/tier-world.ts';
import { sleep } from '#core/time/clock.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { DAY, HOUR, MINUTE } from '#core/units.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';
import { checkFaultPoints, FaultPlan } from './fault-plan.ts';
import type { Fault } from './scenario-faults.ts';
import { parseScenario } from './scenario-yaml.ts';

const POINTS = [{ name: 'vcenter.QueryPerf', says: 'asked', answers: ['NotAuthenticated', 'SystemError'] }];

function faults(...lines: string[]): readonly Fault[] {
  return parseScenario(
    `drylift: scenario/v1
name: x
says: x
estate: { generate: { vcenter: { servers: 1 } } }
script: [ register ]
faults:
${lines.map((line) => `  - ${line}`).join('\n')}
`,
    'x.scenario.yaml',
  ).faults;
}

describe('the faults of a run', () => {
  let tier: TierWorld;
  let life: string[];
  let plan: FaultPlan;
  let points: FaultPoints;
  let links: LinkRules;

  beforeEach(async () => {
    tier = await tierWorld('memory');
    life = [];
    const recorder = { record: (event: TraceEvent) => plan.observe(event) };
    points = new FaultPoints({ clock: tier.clock, recorder });
    points.declare(POINTS);
    links = new LinkRules(tier.clock, (rule, note) =>
      recorder.record({ at: tier.clock.wall(), kind: 'link', who: 'x', what: `${rule.id} ${note}` }),
    );
  });
  afterEach(() => tier[Symbol.asyncDispose]());

  function make(...lines: string[]): FaultPlan {
    const start = tier.clock.wall();
    let running = true;
    plan = new FaultPlan({
      faults: faults(...lines),
      clock: tier.clock,
      points,
      links,
      crash() {
        const was = running;
        running = false;
        return was;
      },
      async restart() {
        running = true;
      },
      onAct: (id, what) => life.push(`${(tier.clock.wall() - start) / MINUTE} ${id} ${what}`),
    });
    return plan;
  }
  const run = (story: () => Promise<void>) => tier.clock.run(story());

  it('act from the start of the story, or from when a step begins, a share of its waiting time later', async () => {
    make(
      '{ at: vcenter.QueryPerf, from: 1h, for: 1h, answer: SystemError }',
      '{ at: vcenter.QueryPerf, after: wait, from: 50%, answer: NotAuthenticated }',
    );
    plan.start();
    await run(async () => {
      expect(points.hit('vcenter.QueryPerf')).toBeUndefined();
      await sleep(tier.clock, HOUR, 'test');
      expect(points.hit('vcenter.QueryPerf')?.answer).toBe('SystemError');
      expect(points.hit('vcenter.QueryPerf')).toBeUndefined();
      plan.stepBegins('wait', 10 * HOUR);
      await sleep(tier.clock, 4 * HOUR, 'test');
      expect(points.hit('vcenter.QueryPerf')).toBeUndefined();
      expect(plan.missed().map(({ id }) => id)).toEqual(['#2']);
      await sleep(tier.clock, HOUR, 'test');
      expect(points.hit('vcenter.QueryPerf')?.answer).toBe('NotAuthenticated');
      plan.stepBegins('wait', 10 * HOUR); // a second step of that kind arms nothing again
    });
    expect(plan.missed()).toEqual([]);
    expect(plan.views(tier.clock.wall()).map(({ fired }) => fired)).toEqual([1, 1]);
  });

  it('kill the appliance and start it again', async () => {
    make('{ machine: appliance, from: 10m, do: crash, restart-after: 3m }');
    plan.start();
    await run(async () => {
      await sleep(tier.clock, HOUR, 'test');
      await plan.lift();
    });
    expect(life).toEqual(['10 #1 the appliance was killed', '13 #1 the appliance was started again']);
    expect(plan.missed()).toEqual([]);
  });

  it('kill the appliance at its next exchange of a kind', async () => {
    make('{ machine: appliance, from: 10m, on: azure.PutBlob, do: crash, restart-after: 3m }');
    plan.start();
    const exchange = (who: string, what: string) =>
      plan.observe({ at: tier.clock.wall(), kind: 'http', who, what });
    await run(async () => {
      exchange('appliance -> azure.blob', 'PUT /log/1 PutBlob 201');
      await sleep(tier.clock, 12 * MINUTE, 'test');
      exchange('appliance -> azure.arm', 'GET / PutBlob 200 read 200');
      exchange('operator -> azure.blob', 'PUT /log/1 PutBlob 201');
      expect(life).toEqual([]);
      exchange('appliance -> azure.blob', 'PUT /log/2 PutBlob 201');
      await sleep(tier.clock, HOUR, 'test');
    });
    expect(life).toEqual(['12 #1 the appliance was killed', '15 #1 the appliance was started again']);
  });

  it('are lifted together: a crash is followed by its restart, what has not begun never begins', async () => {
    make(
      '{ machine: appliance, from: 10m, do: crash, restart-after: 30m }',
      '{ machine: appliance, from: 20m, do: crash, restart-after: 3m, may-miss: true }',
      '{ at: vcenter.QueryPerf, for: 30d, times: 100, answer: SystemError }',
    );
    plan.start();
    await run(async () => {
      await sleep(tier.clock, 15 * MINUTE, 'test');
      expect(points.hit('vcenter.QueryPerf')).toBeDefined();
      await plan.lift();
      expect(points.hit('vcenter.QueryPerf')).toBeUndefined();
      expect(life.at(-1)).toBe('40 #1 the appliance was started again');
      await sleep(tier.clock, DAY, 'test');
    });
    expect(life).toHaveLength(2);
  });

  it('of a link concern connections made before they begin', async () => {
    make('{ link: appliance -> vcenter, from: 1h, for: 1h, do: reset, bytes: 1KiB, times: 1 }');
    const pass = () => links.decide('appliance', 'vcenter', 'out', 2048);
    await run(async () => {
      plan.start();
      expect(pass()).toBe(tier.clock.wall());
      await sleep(tier.clock, HOUR, 'test');
      expect(pass()).toBe('reset');
      expect(pass()).toBe(tier.clock.wall());
    });
    expect(plan.missed()).toEqual([]);
  });

  it('at points that no simulator has are refused with the nearest one', () => {
    const bad = (line: string) => () => checkFaultPoints(faults(line), POINTS);
    expect(bad('{ at: vcenter.QueryPref, answer: SystemError }')).toThrow(
      'did you mean "vcenter.QueryPerf"?',
    );
    expect(bad('{ at: vcenter.QueryPerf, answer: Tired }')).toThrow('NotAuthenticated, SystemError');
    expect(bad('{ at: vcenter.QueryPerf, answer: SystemError }')).not.toThrow();
  });
});
