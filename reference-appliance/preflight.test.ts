/** What is found before the appliance works: sources that are not vCenters. */
import { expect, test } from 'vitest';
import { type ApplianceConfig, configFrom } from './config.ts';
import { credentialsFrom, secretsOf } from './credentials.ts';
import { preflight } from './preflight.ts';
import { fakeAzure, HOSTS } from './testing/fake-azure.ts';
import { memoryWorld } from './testing/memory-world.ts';

type Sources = Pick<Parameters<typeof configFrom>[0], 'hyperv' | 'servers'>;

async function checked(sources: Sources) {
  await using world = await memoryWorld();
  const azure = fakeAzure();
  for (const host of Object.values(HOSTS)) await world.serve({ host, port: 443 }, azure.handler);
  const config: ApplianceConfig = configFrom({
    applianceName: 'appl01',
    cloud: {
      authorityHost: `https://${HOSTS.login}`,
      arm: `https://${HOSTS.arm}`,
      tenantId: '11111111-1111-4111-8111-111111111111',
      clientId: '22222222-2222-4222-8222-222222222222',
      clientSecret: 's',
      subscriptionId: '33333333-3333-4333-8333-333333333333',
      resourceGroup: 'rg',
      project: 'project',
      siteName: 'site',
      region: 'westeurope',
    },
    credentials: [
      { name: 'hv', kind: 'hyperv', user: 'admin', password: 'p' },
      { name: 'root', kind: 'linux', user: 'root', password: 'p' },
    ],
    ...sources,
  });
  const fine: string[] = [];
  const warnings: string[] = [];
  const outcome = await world.run(() =>
    preflight({
      ...world,
      config,
      credentials: credentialsFrom(config, secretsOf(config) as Map<string, string>),
      onFine: (what) => fine.push(what),
      onWarning: (what) => warnings.push(what),
    }).catch((error: unknown) => error),
  );
  return { outcome, fine, warnings };
}

test('servers that do not answer are told one by one, and end nothing', async () => {
  const { outcome, fine, warnings } = await checked({
    servers: {
      list: [
        { address: '10.0.0.5', os: 'linux' },
        { address: '10.0.0.6', os: 'linux' },
      ],
    },
  });
  expect(outcome).toBeUndefined();
  expect(fine.map((line) => line.split(':')[0])).toEqual(['Servers', 'Azure']);
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toMatch(/^(?:net|ssh|server)\.[\w.]+: .*10\.0\.0\.5/);
});

test('when no Hyper-V host answers the check fails, with the reason of the first', async () => {
  const { outcome, fine } = await checked({ hyperv: { hosts: [{ host: 'hv1' }, { host: 'hv2' }] } });
  expect(outcome).toMatchObject({ code: expect.stringMatching(/^(?:hyperv|winrm|net)\./) });
  expect(fine).toEqual([]);
});
