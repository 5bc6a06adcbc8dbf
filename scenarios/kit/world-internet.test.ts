/** What else of the internet stands in a world. */
import { expect, test } from 'vitest';
import { planEstate } from './estate-plan.ts';
import { InputFiles } from './input-files.ts';
import { parseScenario } from './scenario-yaml.ts';
import { World } from './world.ts';

const SCENARIO = `drylift: scenario/v1
name: downloads
says: Where packages come from.
estate: { generate: { vcenter: { servers: 1 } } }
script: [register]
`;

test('agents and MySQL are downloaded through the proxy; telemetry is not taken', async () => {
  const scenario = parseScenario(SCENARIO, 'downloads.scenario.yaml');
  const estate = planEstate(scenario.estate, 'seed', new InputFiles('.'));
  const world = await World.start({
    ...{ scenario, estate, seed: 'seed', tier: 'memory' },
    signal: new AbortController().signal,
  });
  try {
    const { http } = world.tools;
    const of = async (url: string) => {
      const { status, headers, body } = await http.fetch({ method: 'GET', url });
      return { status, location: headers['location'], body: body.toString('latin1') };
    };
    const look = async (): Promise<void> => {
      const short = await of('https://aka.ms/latestapplianceservices');
      const list = JSON.parse((await of(short.location!)).body) as Array<Record<string, string>>;
      expect(list.map(({ Name }) => Name)).toContain('Gateway');
      expect((await of(list[0]!['DownloadLink']!)).status).toBe(200);
      await expect(of('https://dc.services.visualstudio.com/v2/track')).rejects.toThrow();
    };
    await world.clock.run(look());
  } finally {
    await world.stop();
  }
});
