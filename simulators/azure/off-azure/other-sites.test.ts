import { describe, expect, test } from 'vitest';
import { POINT_PERIOD_MS } from '#core/metrics/roll-up.ts';
import { DAY, SECOND } from '#core/units.ts';
import { GROUP } from '../testing/arm-world.ts';
import { discovered } from '../testing/discovered.ts';
import { inSites, SITES, V20, V23 } from '../testing/sites-world.ts';

const hyperV = (n: number, change: object = {}) => ({
  displayName: `hv-${n}`,
  instanceUuid: `70000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  numberOfProcessorCore: 2,
  allocatedMemoryInMb: 4096,
  operatingSystemDetails: { osType: 'windowsguest', osName: 'Windows Server 2019' },
  firmware: 'EFI',
  powerStatus: 'Running',
  hostFqdn: 'host-1.corp.test',
  managementServerType: 'Host',
  generation: 2,
  isDynamicMemoryEnabled: true,
  maxMemoryMb: 8192,
  disks: [
    {
      instanceId: 'Microsoft:7000:0',
      maxSizeInBytes: 2 ** 36,
      name: 'os.vhdx',
      diskType: 'Dynamic',
      isOSDisk: 'true',
    },
  ],
  networkAdapters: [
    { nicId: 'Microsoft:7000:NIC', macAddress: '00-15-5D-00-00-01', ipAddressList: ['10.2.0.4'] },
  ],
  ...change,
});

describe('a Hyper-V site', () => {
  test('has hosts and clusters, and machines in the words of its type', () =>
    inSites(async ({ ask, finish, make }) => {
      const plane = await make('HyperVSites', 'hyper');
      await plane('PUT', '/run-as-accounts/hv', { displayName: 'hv admin', credentialType: 'HyperVFabric' });
      const site = `${SITES}/HyperVSites/hyper`;
      const account = { runAsAccountId: `${site}/runAsAccounts/hv` };
      const host = await ask('PUT', `${site}/hosts/host-1`, V23, {
        body: { properties: { fqdn: 'host-1.corp.test', ...account } },
      });
      expect(host.headers.location).toContain('/HyperVSites/hyper/operationsStatus/');
      await finish(host);
      const cluster = { fqdn: 'cluster.corp.test', hostFqdnList: ['host-2.corp.test'], ...account };
      await finish(await ask('PUT', `${site}/clusters/c-1`, V20, { body: { properties: cluster } }));
      expect((await ask('GET', `${site}/clusters/c-1`, V23)).json.properties).toMatchObject(cluster);
      expect((await ask('PUT', `${site}/hosts/host-2`, V23, { body: { properties: cluster } })).status).toBe(
        400,
      );
      const source = { fqdn: 'host-1.corp.test', type: 'Host', version: '10.0' };
      const sent = await plane('PUT', '/inventory/1', {
        source,
        full: true,
        machines: [hyperV(1), hyperV(2)],
        removed: [],
      });
      expect(sent).toMatchObject({ status: 200, json: { machines: 2 } });
      const machines = (await ask('GET', `${site}/machines`, V23)).json.value;
      expect(machines[0]).toMatchObject({
        name: hyperV(1).instanceUuid,
        type: 'Microsoft.OffAzure/HyperVSites/machines',
        properties: {
          displayName: 'hv-1',
          hostFqdn: 'host-1.corp.test',
          generation: 2,
          powerStatus: 'Running',
          allocatedMemoryInMb: 4096,
          isDynamicMemoryEnabled: true,
          disks: [{ instanceId: 'Microsoft:7000:0', maxSizeInBytes: 2 ** 36 }],
        },
      });
      expect((await ask('POST', `${site}/summary`, V23)).json).toEqual({
        machineCount: 2,
        runAsAccountCount: 1,
        hostCount: 1,
        clusterCount: 1,
      });
      await plane('PUT', '/inventory/2', { source, full: true, machines: [hyperV(2)], removed: [] });
      const present = await ask(
        'GET',
        `${site}/machines?$filter=${encodeURIComponent('isDeleted eq false')}`,
        V23,
      );
      expect(present.json.value.map(({ properties }) => properties.displayName)).toEqual(['hv-2']);
      expect((await ask('DELETE', `${site}/hosts/host-1`, V23)).status).toBe(200);
      expect(
        (await ask('GET', `${site}/machines/${hyperV(2).instanceUuid}`, V23)).json.properties,
      ).toMatchObject({
        isDeleted: true,
      });
    }));

  test('its points count bytes, and an assessment takes them', () =>
    inSites(async ({ ask, make, world, wait }) => {
      const plane = await make('HyperVSites', 'hyper');
      const source = { fqdn: 'host-1.corp.test', type: 'Host' };
      await plane('PUT', '/inventory/1', { source, full: true, machines: [hyperV(1)], removed: [] });
      const windows = DAY / POINT_PERIOD_MS;
      const firstWindow = Math.floor(world.tier.clock.wall() / POINT_PERIOD_MS) - windows;
      const series = (counter: string, instance: string, value: number) => ({
        machine: hyperV(1).instanceUuid,
        counter,
        instance,
        firstWindow,
        values: Array(windows).fill(value),
      });
      const sent = await plane('PUT', '/points/1', {
        periodSeconds: 600,
        series: [
          series('cpu.usage', '', 40),
          series('mem.usage', '', 50),
          series('disk.readBytes', 'Microsoft:7000:0', 1e6),
          series('disk.writeBytes', 'Microsoft:7000:0', 1e6),
          series('net.sentBytes', 'Microsoft:7000:NIC', 1e5),
        ],
      });
      expect(sent.status).toBe(200);
      const project = `${GROUP}/providers/Microsoft.Migrate/assessmentprojects/p`;
      const api = '2019-10-01';
      await ask('PUT', project, api, { body: { location: 'westeurope', properties: {} } });
      const collector = { discoverySiteId: `${SITES}/HyperVSites/hyper` };
      expect(
        (await ask('PUT', `${project}/vmwarecollectors/c`, api, { body: { properties: collector } })).status,
      ).toBe(400);
      expect(
        (await ask('PUT', `${project}/hypervcollectors/c`, api, { body: { properties: collector } })).status,
      ).toBe(201);
      const machines = (await ask('GET', `${project}/machines`, api)).json.value;
      await ask('PUT', `${project}/groups/g`, api, { body: { properties: {} } });
      await ask('POST', `${project}/groups/g/updateMachines`, api, {
        body: { properties: { operationType: 'Add', machines: [machines[0].id] } },
      });
      const properties = {
        azureLocation: 'WestEurope',
        timeRange: 'Day',
        percentile: 'Percentile95',
        sizingCriterion: 'PerformanceBased',
      };
      const assessment = `${project}/groups/g/assessments/a`;
      expect((await ask('PUT', assessment, api, { body: { properties } })).status).toBe(201);
      await wait(20 * SECOND);
      const [assessed] = (await ask('GET', `${assessment}/assessedMachines`, api)).json.value;
      expect(assessed.properties).toMatchObject({
        percentageCoresUtilization: 40,
        percentageMemoryUtilization: 50,
      });
    }));
});

test('a server site takes machines of any make, and inventories without a source', () =>
  inSites(async ({ ask, make }) => {
    const plane = await make('ServerSites', 'metal');
    const server = {
      id: 'server-1',
      displayName: 'metal-1',
      fqdn: 'metal-1.corp.test',
      numberOfProcessorCore: 16,
      allocatedMemoryInMb: 65_536,
      operatingSystemDetails: { osType: 'linuxguest', osName: 'Debian GNU/Linux 12' },
      firmware: 'BIOS',
      processorInfo: { name: 'Xeon', numberOfSockets: 2, numberOfCoresPerSocket: 8 },
      disks: [{ id: 'sda', maxSizeInBytes: 2 ** 39 }],
      networkAdapters: [{ nicId: 'eth0', ipAddressList: ['10.3.0.1'] }],
    };
    await plane('PUT', '/inventory/1', { full: true, machines: [server], removed: [] });
    const shown = (await ask('GET', `${SITES}/ServerSites/metal/machines/server-1`, V23)).json.properties;
    expect(shown).toMatchObject({
      fqdn: 'metal-1.corp.test',
      processorInfo: { numberOfSockets: 2 },
      disks: [{ id: 'sda' }],
    });
    expect(shown['powerStatus']).toBeUndefined();
    expect((await ask('POST', `${SITES}/ServerSites/metal/summary`, V23)).json).toMatchObject({
      serverCount: 1,
    });
    const refused = await plane('PUT', '/inventory/2', {
      full: true,
      machines: [discovered(1)],
      removed: [],
    });
    expect(refused.status).toBe(400);
  }));

test('a master site groups sites that are there', () =>
  inSites(async ({ ask, make }) => {
    await make('VMwareSites', 'corp');
    const master = `${SITES}/MasterSites/all`;
    const properties = { sites: [`${SITES}/VMwareSites/corp`], allowMultipleSites: true };
    expect((await ask('PUT', master, V23, { body: { location: 'westeurope', properties } })).status).toBe(
      201,
    );
    expect((await ask('GET', master, V23)).json.properties).toMatchObject({
      ...properties,
      publicNetworkAccess: 'NotSpecified',
    });
    const lost = { properties: { sites: [`${SITES}/VMwareSites/none`] } };
    expect((await ask('PATCH', master, V23, { body: lost })).status).toBe(400);
    expect((await ask('GET', `${SITES}/MasterSites`, V23)).json.value).toHaveLength(1);
    expect((await ask('DELETE', master, V23)).status).toBe(200);
  }));
