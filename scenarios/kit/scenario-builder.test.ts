import { expect, it } from 'vitest';
import { at, days, hours, link, minutes, scenario } from './scenario-builder.ts';
import { parseScenario } from './scenario-yaml.ts';

const YAML = `drylift: scenario/v1
name: outage
says: vCenter is away.
estate: { generate: { vcenter: { servers: 20 } } }
script:
  - register
  - discover
  - wait: 2d
faults:
  - { at: vcenter.QueryPerf, from: 3h, times: 2, answer: NotAuthenticated }
  - { link: appliance -> vcenter, after: wait, from: 5m, for: 1h, do: stall }
`;

it('the TypeScript form and YAML give the same plan', () => {
  const built = scenario({
    drylift: 'scenario/v1',
    name: 'outage',
    says: 'vCenter is away.',
    estate: { generate: { vcenter: { servers: 20 } } },
    script: ['register', 'discover', { wait: days(2) }],
    faults: [
      at('vcenter.QueryPerf').from(hours(3)).times(2).answer('NotAuthenticated'),
      link('appliance', 'vcenter').after('wait').from(minutes(5)).for(hours(1)).stall(),
    ],
  });
  expect(built.plan).toEqual(parseScenario(YAML, 'outage.scenario.yaml'));
  expect(parseScenario(built.yaml, 'again')).toEqual(built.plan);
});
