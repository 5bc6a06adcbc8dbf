import { describe, expect, test } from 'vitest';
import { POINT_PERIOD_MS } from '#core/metrics/roll-up.ts';
import { DAY, HOUR, SECOND } from '#core/units.ts';
import { PUBLIC_CLOUD } from '../cloud.ts';
import { createDiscoveryService } from '../discovery-service/service.ts';
import { createMigrate } from '../migrate/provider.ts';
import { type ArmWorld, armWorld, GROUP, TENANT } from '../testing/arm-world.ts';
import { discovered, VCENTER } from '../testing/discovered.ts';
import { type TestFiles, testFiles } from '../testing/files.ts';
import type { Answer } from '../testing/test-world.ts';
import { offAzureProvider } from './provider.ts';
import { Sites } from './sites.ts';

const V20 = '2020-07-07';
const V23 = '2023-06-06';
const SITES = `${GROUP}/providers/Microsoft.OffAzure`;

interface SitesWorld extends ArmWorld {
  readonly sites: Sites;
  readonly files: TestFiles;
  /** Makes a site. @returns a way to call its data plane */
  make(
    type: string,
    name: string,
  ): Promise<(method: string, path: string, body?: unknown) => Promise<Answer>>;
  wait(ms: number): Promise<void>;
}

async function inSites(script: (world: SitesWorld) => Promise<void>): Promise<void> {
  const sites = new Sites();
  const files = testFiles();
  await using arm = await armWorld(({ context }) => [
    offAzureProvider({ context, sites, files }),
    createMigrate({ context, sites, files, ruleset: 'seed' }).provider,
  ]);
  const { world, identity, authorization } = arm;
  const service = createDiscoveryService({
    context: world.context,
    cloud: PUBLIC_CLOUD,
    identity,
    authorization,
    tenantId: TENANT,
    site: (token) => sites.byToken(token),
    explanations: () => undefined,
  });
  await world.serve(['*.discoverysrv.windowsazure.com'], service);
  const { clock } = world.tier;
  await world.run(() =>
    script({
      ...arm,
      sites,
      files,
      async make(type, name) {
        const body = { location: 'westeurope', properties: { applianceName: 'appliance-1' } };
        const made = await arm.ask('PUT', `${SITES}/${type}/${name}`, V23, { body });
        expect(made.status).toBe(201);
        const base = made.json.properties.serviceEndpoint;
        return async (method, path, sent) =>
          world.ask(method, `${base}${path}`, {
            ...(sent === undefined ? {} : { body: sent }),
            token: await arm.token(undefined, 'https://discoverysrv.windowsazure.com'),
          });
      },
      wait: (ms) => new Promise<void>((done) => void clock.schedule(clock.wall() + ms, 'test.wait', done)),
    }),
  );
}

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

describe('an import site', () => {
  const SITE = `${SITES}/ImportSites/lists`;
  const HEADER =
    'Server name,Cores,Memory,OS name,Disk 1 size,CPU utilization percentage,Memory utilization percentage';

  test('takes servers from a file that is brought to it, and tells what is wrong row by row', () =>
    inSites(async ({ ask, make, files, wait }) => {
      await make('ImportSites', 'lists');
      const asked = await ask('POST', `${SITE}/importUri`, V23, { body: {} });
      expect(asked.status).toBe(200);
      const { uri, jobArmId } = asked.json as unknown as { uri: string; jobArmId: string };
      expect((await ask('GET', jobArmId, V23)).json.properties).toMatchObject({
        status: 'InProgress',
        jobResult: 'WaitingForBlobUpload',
      });
      const name = new URL(uri).pathname.slice(1);
      const rows = [
        'srv-1,4,8192,Windows Server 2019,100,30,50',
        'srv-2,many,8192,Ubuntu 22.04,40,10,10',
        'srv-3,2,2048,Ubuntu 22.04,40,10,10',
      ];
      files.stored.set(name, Buffer.from([HEADER, ...rows].join('\r\n')));
      await wait(15 * SECOND);
      expect((await ask('GET', jobArmId, V23)).json.properties).toMatchObject({
        status: 'Completed',
        jobResult: 'CompletedWithErrors',
        numberOfMachinesImported: 2,
        errorSummary: { errorCount: 1 },
        errors: [{ code: 'InvalidRow', message: expect.stringContaining('Line 3, Cores') }],
      });
      expect(String(files.stored.get(name.replace('.csv', '-errors.csv')))).toContain('Cores');
      const machines = (await ask('GET', `${SITE}/machines`, V23)).json.value;
      expect(machines[0].properties).toMatchObject({
        displayName: 'srv-1',
        allocatedMemoryInMb: 8192,
        percentageCpuUtilization: 30,
        numberOfDisks: 1,
      });
      expect((await ask('DELETE', machines[0].id, V23)).status).toBe(200);
      const exported = (await ask('POST', `${SITE}/exportUri`, V23, { body: {} })).json as unknown as {
        uri: string;
      };
      expect(String(files.stored.get(new URL(exported.uri).pathname.slice(1)))).toBe(
        'Server name,Cores,Memory,OS name\r\nsrv-3,2,2048,Ubuntu 22.04\r\n',
      );
      await ask('POST', `${SITE}/deleteImportedMachines`, V23, { body: {} });
      expect((await ask('POST', `${SITE}/exportUri`, V23, { body: {} })).status).toBe(400);
    }));

  test.each([
    ['no list of servers', 'Name,Colour\r\nx,red\r\n', 'InvalidFile'],
    ['an open quotation mark', `${HEADER}\r\n"srv,1,2`, 'InvalidFile'],
  ])('fails on %s, and nothing is taken', (_what, content, code) =>
    inSites(async ({ ask, make, files, wait }) => {
      await make('ImportSites', 'lists');
      const { uri, jobArmId } = (await ask('POST', `${SITE}/importUri`, V23, { body: {} }))
        .json as unknown as {
        uri: string;
        jobArmId: string;
      };
      files.stored.set(new URL(uri).pathname.slice(1), Buffer.from(content));
      await wait(15 * SECOND);
      expect((await ask('GET', jobArmId, V23)).json.properties).toMatchObject({
        jobResult: 'Failed',
        errors: [{ code }],
      });
      expect((await ask('GET', `${SITE}/machines`, V23)).json.value).toEqual([]);
    }));

  test('does not wait for a file for ever, and has no appliance', () =>
    inSites(async ({ ask, make, wait }) => {
      const plane = await make('ImportSites', 'lists');
      const { jobArmId } = (await ask('POST', `${SITE}/importUri`, V23, { body: {} })).json as unknown as {
        jobArmId: string;
      };
      await wait(4 * HOUR + 20 * SECOND);
      expect((await ask('GET', jobArmId, V23)).json.properties).toMatchObject({
        errors: [{ code: 'BlobNotUploaded' }],
      });
      expect(
        (await plane('PUT', '/inventory/1', { full: true, machines: [], removed: [] })).json.error.code,
      ).toBe('SiteHasNoAppliance');
    }));
});

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

describe('what is inside machines, and who talks to whom', () => {
  const SITE = `${SITES}/VMwareSites/corp`;
  const uuid = (n: number) => String(discovered(n)['instanceUuid']);
  const guest = (n: number, change: object = {}) => ({
    instanceUuid: uuid(n),
    discoveredAt: '2026-11-01T00:00:00.000Z',
    runAsAccount: 'guests',
    guestOsDetails: {
      osType: 'windowsguest',
      osName: 'Windows Server 2019 Datacenter',
      osVersion: '10.0.17763',
    },
    appsAndRoles: {
      applications: [{ name: '=cmd', version: '1.0', provider: 'Contoso' }],
      features: [{ name: 'Web-Server', featureType: 'Role', parent: '', status: 'Installed' }],
      sqlServers: [{ sqlServerName: 'MSSQLSERVER', version: '15.0', edition: 'Standard', servicePack: '' }],
    },
    errors: [],
    ...change,
  });
  const problem = {
    code: '9014',
    message: 'No access.',
    possibleCauses: 'Password.',
    recommendedAction: 'Look.',
  };
  const failed = { instanceUuid: uuid(2), discoveredAt: '2026-11-01T00:00:00.000Z', errors: [problem] };

  async function withMachines({ make }: SitesWorld) {
    const plane = await make('VMwareSites', 'corp');
    await plane('PUT', '/inventory/1', {
      vcenter: VCENTER,
      full: true,
      machines: [discovered(1), discovered(2)],
      removed: [],
    });
    return plane;
  }
  const idOf = (n: number) => `${SITE}/machines/vcenter-corp-test_${uuid(n)}`;

  test('applications, roles and what the guest says of itself; or why not', () =>
    inSites(async (world) => {
      const { ask, finish, files } = world;
      const plane = await withMachines(world);
      expect((await ask('GET', `${idOf(1)}/softwareInventories/default`, V23)).status).toBe(404);
      const sent = await plane('PUT', '/applications/1', { machines: [guest(1), failed, guest(9)] });
      expect(sent).toMatchObject({ status: 200, json: { sequence: 1, machines: 3 } });
      expect((await plane('PUT', '/applications/3', { machines: [] })).json).toMatchObject({ expected: 2 });
      expect((await plane('GET', '/state/appliance-1')).json).toMatchObject({
        applicationsSequence: 1,
        dependenciesSequence: 0,
      });
      const shown = (await ask('GET', idOf(1), V23)).json.properties;
      expect(shown).toMatchObject({
        numberOfApplications: 1,
        guestOsDetails: { osName: 'Windows Server 2019 Datacenter' },
        runAsAccountId: `${SITE}/runAsAccounts/guests`,
        applicationDiscovery: { discoveryScopeStatus: 'DiscoverySucceeded' },
        appsAndRoles: { sqlServers: [{ name: 'MSSQLSERVER' }] },
      });
      expect((await ask('GET', `${idOf(1)}/softwareInventories/default`, V23)).json.properties).toMatchObject(
        {
          appsAndRoles: { features: [{ name: 'Web-Server' }], sharePointServers: [] },
        },
      );
      expect((await ask('GET', idOf(2), V23)).json.properties).toMatchObject({
        applicationDiscovery: { discoveryScopeStatus: 'DiscoveryFailed' },
        errors: [{ code: '9014' }],
      });
      expect((await ask('POST', `${SITE}/listHealthSummary`, V23)).json.value[0]).toMatchObject({
        errorCode: '9014',
        affectedResources: ['web-2'],
      });
      await plane('PUT', '/applications/2', { machines: [{ ...failed, instanceUuid: uuid(1) }] });
      expect((await ask('GET', idOf(1), V23)).json.properties).toMatchObject({
        numberOfApplications: 1,
        applicationDiscovery: { discoveryScopeStatus: 'DiscoverySucceededAtleastOnce' },
      });
      await finish(await ask('POST', `${SITE}/exportApplications`, V23, { body: {} }));
      expect(String([...files.stored.values()].at(-1))).toContain("web-1,'=cmd,1.0,Contoso");
    }));

  const dependency = (change: object = {}) => ({
    source: {
      instanceUuid: uuid(1),
      serverName: 'web-1',
      ip: '10.0.0.4',
      process: 'w3wp',
      application: 'IIS',
    },
    destination: {
      instanceUuid: uuid(2),
      serverName: 'web-2',
      ip: '10.0.0.5',
      process: 'sqlservr',
      port: 1433,
    },
    observations: 3,
    firstSeen: '2026-11-01T00:05:00.000Z',
    lastSeen: '2026-11-01T01:00:00.000Z',
    ...change,
  });
  const slot = { start: '2026-11-01T00:00:00.000Z', end: '2026-11-01T03:00:00.000Z' };

  test('dependencies add up in a slot, and are given as maps and as a file', () =>
    inSites(async (world) => {
      const { ask, finish, files, sites } = world;
      const plane = await withMachines(world);
      const machines = [{ instanceUuid: uuid(1), status: 'Enabled', collections: 36, errors: [] }];
      await plane('PUT', '/dependencies/1', { timeslot: slot, machines, dependencies: [dependency()] });
      const more = dependency({ observations: 2, lastSeen: '2026-11-01T04:00:00.000Z' });
      const rest = { start: '2026-11-01T03:00:00.000Z', end: '2026-11-01T06:00:00.000Z' };
      await plane('PUT', '/dependencies/2', { timeslot: rest, machines, dependencies: [more] });
      const [stored, ...others] = sites.find(SITE)!.inventory.dependencies.between(0, 1e15);
      expect(others).toEqual([]);
      expect(stored).toMatchObject({ observations: 5, lastSeen: Date.parse('2026-11-01T04:00:00Z') });
      expect((await ask('GET', idOf(1), V23)).json.properties).toMatchObject({
        dependencyMapping: 'Enabled',
      });
      const time = { startTime: '2026-11-01T00:00:00Z', endTime: '2026-11-02T00:00:00Z' };
      const map = async (action: string, body: object) =>
        (await finish(await ask('POST', `${SITE}/${action}`, V23, { body }))).json;
      expect(await map('generateCoarseMap', time)).toMatchObject({
        nodes: [{ name: 'web-1', machineId: idOf(1) }, { name: 'web-2' }],
        edges: [{ port: 1433, observations: 5 }],
      });
      expect(await map('generateDetailedMap', { ...time, machineId: idOf(2) })).toMatchObject({
        nodes: [{ process: 'w3wp' }, { process: 'sqlservr' }],
      });
      expect(
        await map('clientGroupMembers', { ...time, machineId: idOf(2), processName: 'sqlservr' }),
      ).toMatchObject({
        members: [{ ip: '10.0.0.4' }],
      });
      expect(await map('serverGroupMembers', { ...time, serverPort: 1433 })).toMatchObject({
        members: [{ ip: '10.0.0.5' }],
      });
      expect(await map('serverGroupMembers', { ...time, serverPort: 80 })).toEqual({ members: [] });
      await map('exportDependencies', time);
      expect(String([...files.stored.values()].at(-1))).toContain(
        'web-1,10.0.0.4,IIS,w3wp,web-2,10.0.0.5,,sqlservr,1433',
      );
    }));

  test.each([
    [
      'a slot that is no part of six hours',
      { timeslot: { start: slot.start, end: '2026-11-01T07:00:00.000Z' } },
    ],
    [
      'a port that there is not',
      { dependencies: [dependency({ destination: { ip: '10.0.0.5', port: 70_000 } })] },
    ],
    ['an unknown property', { surprise: 1 }],
  ])('%s is refused', (_what, change) =>
    inSites(async (world) => {
      const plane = await withMachines(world);
      const body = { timeslot: slot, machines: [], dependencies: [], ...change };
      expect((await plane('PUT', '/dependencies/1', body)).status).toBe(400);
      expect(world.sites.find(SITE)!.inventory.dependenciesSequence).toBe(0);
    }));

  test('maps of machines of nobody, or of more than a month, are refused; tags are people’s', () =>
    inSites(async (world) => {
      const { ask, finish } = world;
      await withMachines(world);
      for (const [action, body] of [
        ['generateDetailedMap', { machineId: `${SITE}/machines/none` }],
        ['generateCoarseMap', { startTime: '2026-01-01T00:00:00Z', endTime: '2026-11-01T00:00:00Z' }],
        ['generateCoarseMap', { startTime: '2026-11-02T00:00:00Z', endTime: '2026-11-01T00:00:00Z' }],
      ] as const)
        expect((await ask('POST', `${SITE}/${action}`, V23, { body })).status).toBe(400);
      const machines = [{ machineArmId: idOf(1), tags: { team: 'web' } }];
      await finish(await ask('POST', `${SITE}/updateTags`, V23, { body: { machines } }));
      expect((await ask('GET', idOf(1), V23)).json.properties).toMatchObject({ tags: { team: 'web' } });
    }));
});
