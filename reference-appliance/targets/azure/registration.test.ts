import { expect, test } from 'vitest';
import type { SourceAbout, SourceKind } from '../../app/source-machines.ts';
import { configFrom } from '../../config.ts';
import type { ArmClient } from './arm-client.ts';
import type { DiscoveryService } from './discovery-service.ts';
import { register } from './registration.ts';

const SUBSCRIPTION = '33333333-3333-4333-8333-333333333333';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers`;
const config = configFrom({
  applianceName: 'appl01',
  cloud: {
    tenantId: '11111111-1111-4111-8111-111111111111',
    clientId: '22222222-2222-4222-8222-222222222222',
    clientSecret: 's',
    subscriptionId: SUBSCRIPTION,
    resourceGroup: 'rg',
    project: 'project',
    siteName: 'site',
    region: 'westeurope',
  },
  hyperv: { hosts: [{ host: 'hv1' }] },
  servers: { list: [{ address: '10.0.0.5', os: 'linux' }] },
  credentials: [
    { name: 'hv', kind: 'hyperv', user: 'CORP\\hv', password: 'p' },
    { name: 'root', kind: 'linux', user: 'root', password: 'p' },
    { name: 'win', kind: 'windows', user: 'admin', password: 'p' },
  ],
  guests: { credentials: [{ name: 'inside', family: 'linux', user: 'svc', password: 'p' }] },
});

async function registered(kind: SourceKind, sources: readonly SourceAbout[]) {
  const puts = new Map<string, { api: string; properties: Record<string, unknown> }>();
  const accounts: string[] = [];
  const arm: ArmClient = {
    get: () => Promise.resolve({}),
    put(id, api, body) {
      const { properties } = body as { properties: Record<string, unknown> };
      puts.set(id.replace(`${GROUP}/`, ''), { api, properties });
      return Promise.resolve({ id, properties: { serviceEndpoint: 'https://d.test/v1/sites/t/' } });
    },
  };
  const connect = () =>
    ({
      putRunAsAccount(name: string, user: string, type: string) {
        accounts.push(`${name} ${user} ${type}`);
        return Promise.resolve();
      },
    }) as unknown as DiscoveryService;
  const registration = await register(
    { kind, arm, config, version: '1', connect },
    sources,
    new AbortController().signal,
  );
  return { puts, accounts, registration };
}

test('a Hyper-V site has its hosts and clusters, the accounts that open them, and a collector of its kind', async () => {
  const { puts, accounts, registration } = await registered('hyperv', [
    {
      kind: 'hyperv',
      type: 'Host',
      fqdn: 'hv1.corp.test',
      version: '10.0',
      hosts: ['hv1.corp.test'],
      credential: 'hv',
    },
    {
      ...{ kind: 'hyperv', type: 'Cluster', fqdn: 'hvc.corp.test', version: '10.0', credential: 'hv' },
      hosts: ['hv2.corp.test', 'hv3.corp.test'],
    },
  ]);
  const site = `${GROUP}/Microsoft.OffAzure/hypervSites/site`;
  const runAsAccountId = `${site}/runAsAccounts/hv`;
  expect([...puts.keys()]).toEqual([
    'Microsoft.OffAzure/hypervSites/site',
    'Microsoft.OffAzure/hypervSites/site/hosts/hv1-corp-test',
    'Microsoft.OffAzure/hypervSites/site/clusters/hvc-corp-test',
    'Microsoft.Migrate/assessmentProjects/project/hypervcollectors/appl01collector',
  ]);
  const [, host, cluster, collector] = [...puts.values()];
  expect(host).toEqual({ api: '2023-06-06', properties: { fqdn: 'hv1.corp.test', runAsAccountId } });
  expect(cluster!.properties).toEqual({
    fqdn: 'hvc.corp.test',
    runAsAccountId,
    hostFqdnList: ['hv2.corp.test', 'hv3.corp.test'],
  });
  expect(collector!.properties).toMatchObject({ discoverySiteId: site });
  expect(accounts).toEqual(['hv CORP\\hv HyperVFabric', 'inside svc LinuxGuest']);
  expect(registration.serviceEndpoint).toBe('https://d.test/v1/sites/t');
});

test('a site of servers has nothing below it but accounts', async () => {
  const { puts, accounts } = await registered('server', [{ kind: 'server' }]);
  expect([...puts.keys()]).toEqual([
    'Microsoft.OffAzure/serverSites/site',
    'Microsoft.Migrate/assessmentProjects/project/servercollectors/appl01collector',
  ]);
  expect(accounts).toEqual(['root root LinuxServer', 'win admin WindowsServer']);
});
