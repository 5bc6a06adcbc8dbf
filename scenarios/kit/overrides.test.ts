import { expect, it } from 'vitest';
import { DAY } from '#core/units.ts';
import { override } from './overrides.ts';
import { parseScenario } from './scenario-yaml.ts';

const YAML = `drylift: scenario/v1
name: small
says: Five servers. # kept
estate: { generate: { vcenter: { servers: 5 } } }
script: [ register, discover, wait: 2h, wait: 30d, wait: { until: delta sync, within: 90d } ]
`;
const read = (text: string) => parseScenario(text, 'small.scenario.yaml');

it('another estate replaces that of the scenario, whatever its kind', () => {
  expect(read(override(YAML, { estate: '../data/plant.xlsx' })).estate).toMatchObject({
    import: { rvtools: 'plant.xlsx' },
  });
  const generated = override(override(YAML, { estate: 'plant.xlsx' }), { machines: '12' });
  expect(read(generated).estate).toMatchObject({ generate: { vcenter: { servers: 12 } } });
  expect(read(generated).estate.import).toBeUndefined();
});

it('another length changes the longest wait', () => {
  const waits = read(override(YAML, { days: '0.5' })).script.filter((step) => step.verb === 'wait');
  expect(waits.map((step) => 'ms' in step && step.ms)).toEqual([7_200_000, DAY / 2, false]);
});

it('a scenario that is not changed keeps its text', () => {
  expect(override(YAML, {})).toBe(YAML);
});

it.each([
  [{ estate: 'a.xlsx', machines: '3' }, 'exclude each other'],
  [{ machines: 'many' }, 'whole number'],
  [{ machines: '0' }, 'whole number'],
  [{ days: '-1' }, 'above 0'],
  [{ days: 'x' }, 'above 0'],
])('%j is refused', (options, words) => {
  expect(() => override(YAML, options)).toThrow(words);
});
