import { describe, expect, it } from 'vitest';
import { DryliftError, formatError } from '#core/errors.ts';
import { DAY, HOUR, MINUTE } from '#core/units.ts';
import { scenarioJsonSchema } from './scenario.ts';
import { parseScenario } from './scenario-yaml.ts';

const GOOD = `drylift: scenario/v1
name: small
says: Five servers.
estate:
  generate: { vcenter: { servers: 5 } }
  machines: [ { name: db-01, disks: [16GiB, { image: a.img }] } ]
script:
  - register
  - discover
  - wait: 1d
  - wait: { until: cycles db-01 >= 3, within: 6h }
  - assess: { name: month }
faults:
  - { at: vcenter.QueryPerf, from: 3h, answer: NotAuthenticated }
  - { link: appliance -> vcenter, after: wait, from: 40%, for: 20m, do: stall }
  - { machine: appliance, after: replicate, from: 2m, do: crash, restart-after: 3m }
expect:
  - inventory: servers == 6
  - rpo: max < 2h
`;

/** The error of a scenario with one line changed. */
function errorWith(from: string, to: string): DryliftError {
  try {
    parseScenario(GOOD.replace(from, to), 'small.scenario.yaml');
  } catch (error) {
    if (error instanceof DryliftError) return error;
    throw error;
  }
  throw new Error('the scenario was accepted');
}

describe('a scenario in YAML', () => {
  it('becomes a plan with durations in milliseconds and faults by kind', () => {
    const plan = parseScenario(GOOD, 'small.scenario.yaml');
    expect(plan.script.map((step) => step.verb)).toEqual(['register', 'discover', 'wait', 'wait', 'assess']);
    expect(plan.script[2]).toEqual({ verb: 'wait', ms: DAY });
    expect(plan.script[3]).toEqual({
      verb: 'wait',
      condition: { kind: 'cycles', machine: 'db-01', atLeast: 3 },
      within: 6 * HOUR,
    });
    expect(plan.faults.map((f) => [f.kind, f.after, f.from, f.fromShare])).toEqual([
      ['point', undefined, 3 * HOUR, 0],
      ['link', 'wait', 0, 0.4],
      ['crash', 'replicate', 2 * MINUTE, 0],
    ]);
    expect(plan.estate.machines[0]!.disks).toEqual([{ size: 16 * 2 ** 30 }, { image: 'a.img' }]);
    expect(plan.expect[1]).toMatchObject({ subject: 'rpo', limits: [{ metric: 'max', value: 2 * HOUR }] });
  });

  it.each([
    ['estate key', 'generate:', 'genrate:', 'generate', 5, 3],
    ['top-level key', 'script:', 'scrpt:', 'script', 7, 1],
    ['nested key', 'servers: 5', 'servres: 5', 'servers', 5, 26],
    ['verb', 'wait: 1d', 'wiat: 1d', 'wait', 10, 5],
    ['bare verb', '- discover', '- dicsover', undefined, 9, 5],
    ['fault key', 'answer: NotAuthenticated', 'anwser: NotAuthenticated', 'answer', 14, 40],
    ['key inside a verb', 'name: month', 'nmae: month', 'name', 12, 15],
    ['key inside a disk', 'image: a.img', 'imgae: a.img', 'image', 6, 47],
  ])('with a misspelt %s names it, the nearest right one and the place', (_, from, to, near, line, column) => {
    const error = errorWith(from, to);
    if (near) expect(error.code).toBe('scenario.unknownKey');
    if (near) expect(error.what).toContain(`did you mean "${near}"?`);
    expect(error.where).toMatchObject({ file: 'small.scenario.yaml', line, column });
    expect(error.where!.text).toContain(to);
  });

  it('with a bad duration says how to write one', () => {
    const error = errorWith('wait: 1d', 'wait: 5 minutes');
    expect(error.code).toBe('scenario.badDuration');
    expect(formatError(error)).toBe(
      [
        'scenario.badDuration  "5 minutes" is not a duration.',
        '  where: small.scenario.yaml:10:11',
        '           - wait: 5 minutes',
        '                   ^',
        '  why:   A duration is one or more numbers with a unit, largest unit first.',
        '  next:  Write for example 5m, 1d04h or 30d; units are ms, s, m, h, d.',
      ].join('\n'),
    );
  });

  it.each([
    ['a fault of two kinds', 'at: vcenter.QueryPerf', 'at: a, link: a -> b', 'exactly one of'],
    ['a fault without its answer', ', answer: NotAuthenticated', '', 'needs "answer"'],
    ['a key of another kind of fault', 'do: stall', 'do: stall, answer: 503', 'does not go with "link"'],
    ['an unknown condition', 'cycles db-01 >= 3', 'cycle db-01', 'nothing that can be waited for'],
    ['a limit on nothing', 'rpo: max < 2h', 'rpoo: max < 2h', 'did you mean "rpo"?'],
    ['an unknown metric', 'rpo: max < 2h', 'rpo: mean < 2h', '"mean" cannot be limited'],
    ['a value of the wrong type', 'servers: 5', 'servers: many', 'cannot be "many"'],
    ['two sources of the estate', 'generate:', 'import: {rvtools: a.xlsx}\n  generate:', 'exactly one of'],
    ['a broken document', 'script:', 'script: [', ''],
  ])('with %s is refused with its place', (_, from, to, words) => {
    const error = errorWith(from, to);
    expect(error.blame).toBe('input');
    expect(error.what).toContain(words);
    expect(error.where!.line).toBeGreaterThan(0);
  });

  it('is published as JSON Schema with every verb', () => {
    const text = JSON.stringify(scenarioJsonSchema());
    for (const word of ['register', 'write-disk-states', 'restart-after', 'rvtools', 'percentile'])
      expect(text).toContain(`"${word}"`);
  });
});
