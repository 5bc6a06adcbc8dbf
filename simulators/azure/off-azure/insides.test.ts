import { describe, expect, test } from 'vitest';
import { discovered, VCENTER } from '../testing/discovered.ts';
import { inSites, SITES, type SitesWorld, V23 } from '../testing/sites-world.ts';

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
