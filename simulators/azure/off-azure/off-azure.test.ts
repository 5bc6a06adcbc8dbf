import { describe, expect, test } from 'vitest';
import { POINT_PERIOD_MS } from '#core/metrics/roll-up.ts';
import { HOUR } from '#core/units.ts';
import { PUBLIC_CLOUD } from '../cloud.ts';
import { createDiscoveryService } from '../discovery-service/service.ts';
import { type ArmWorld, armWorld, GROUP, READER, TENANT } from '../testing/arm-world.ts';
import { discovered, VCENTER } from '../testing/discovered.ts';
import { testFiles } from '../testing/files.ts';
import type { Answer } from '../testing/test-world.ts';
import { offAzureProvider } from './provider.ts';
import { type Site, Sites } from './sites.ts';

const V20 = '2020-07-07';
const V23 = '2023-06-06';
const SITE = `${GROUP}/providers/Microsoft.OffAzure/VMwareSites/corp`;

interface SiteWorld extends ArmWorld {
  readonly site: Site;
  /** One call of the data plane, below the site's service endpoint. */
  plane(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
}

async function inSite(script: (world: SiteWorld) => Promise<void>): Promise<void> {
  const sites = new Sites();
  await using arm = await armWorld(({ context }) => [
    offAzureProvider({ context, sites, files: testFiles() }),
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
  await world.run(async () => {
    const made = await arm.ask('PUT', SITE, V20, {
      body: { location: 'westeurope', properties: { applianceName: 'appliance-1' } },
    });
    expect(made.status).toBe(201);
    const base = made.json.properties.serviceEndpoint;
    expect(base).toMatch(/^https:\/\/westeurope\.discoverysrv\.windowsazure\.com\/v1\/sites\/[0-9a-f]{32}$/);
    const audience = 'https://discoverysrv.windowsazure.com';
    const plane: SiteWorld['plane'] = async (method, path, body, token) =>
      world.ask(method, `${base}${path}`, {
        ...(body === undefined ? {} : { body }),
        token: token ?? (await arm.token(undefined, audience)),
      });
    await script({ ...arm, site: sites.find(SITE)!, plane });
  });
}

const inventory = (machines: object[], change: object = {}) => ({
  vcenter: VCENTER,
  full: true,
  machines,
  removed: [],
  ...change,
});

describe('a site', () => {
  test('is made once, changed, protected by its ETag, and deleted', () =>
    inSite(async ({ ask }) => {
      const again = await ask('PUT', SITE, V20, { body: { location: 'westeurope', tags: { a: 'b' } } });
      expect(again).toMatchObject({
        status: 200,
        json: { tags: { a: 'b' }, properties: { applianceName: 'appliance-1' } },
      });
      const stale = await ask('PUT', SITE, V20, {
        headers: { 'if-match': '"old"' },
        body: { location: 'westeurope' },
      });
      expect(stale).toMatchObject({ status: 412, json: { error: { code: 'PreconditionFailed' } } });
      expect((await ask('PUT', `${SITE}_no`, V20, { body: { location: 'westeurope' } })).status).toBe(400);
      expect(
        (await ask('PUT', SITE, V20, { body: { location: 'westeurope', surprise: 1 } })).json.error.target,
      ).toBe('surprise');
      expect((await ask('DELETE', SITE, V20)).status).toBe(200);
      expect((await ask('DELETE', SITE, V20)).status).toBe(204);
    }));

  test.each([
    [V20, 'azure-asyncoperation'],
    [V23, 'location'],
  ])('a vCenter is added with an operation; %s is polled by %s', (version, header) =>
    inSite(async ({ ask, finish, plane }) => {
      await plane('PUT', '/run-as-accounts/acc1', {
        displayName: 'vcenter reader',
        credentialType: 'VMwareFabric',
      });
      const path = `${SITE}/vcenters/vc-corp`;
      const properties = {
        fqdn: VCENTER.fqdn,
        port: '443',
        runAsAccountId: `${SITE}/runAsAccounts/acc1`,
        friendlyName: 'vc',
      };
      const started = await ask('PUT', path, version, { body: { properties } });
      expect(started.status).toBe(201);
      expect(started.headers[header]).toContain('/VMwareSites/corp/operationsStatus/');
      expect((await finish(started)).status).toBe(200);
      expect((await ask('GET', path, version)).json.properties).toMatchObject({
        fqdn: VCENTER.fqdn,
        perfStatisticsLevel: '1',
      });
      expect((await ask('GET', `${SITE}/runAsAccounts`, version)).json.value[0].properties.displayName).toBe(
        'vcenter reader',
      );
      expect((await ask('GET', `${SITE}/jobs`, version)).json.value[0].properties.status).toBe('Completed');
      const foreign = { ...properties, runAsAccountId: '/subscriptions/other/runAsAccounts/a' };
      expect((await ask('PUT', path, version, { body: { properties: foreign } })).status).toBe(400);
    }));
});

describe('machines', () => {
  test('arrive through the data plane and are spelt as each api-version spells them', () =>
    inSite(async ({ ask, plane }) => {
      const sent = await plane('PUT', '/inventory/1', inventory([discovered(1), discovered(2)]));
      expect(sent).toMatchObject({ status: 200, json: { sequence: 1, machines: 2 } });
      const early = (await ask('GET', `${SITE}/machines`, V20)).json.value;
      expect(early).toHaveLength(2);
      expect(early[0].properties).toMatchObject({
        allocatedMemoryInMB: 8192,
        vCenterFQDN: VCENTER.fqdn,
        isDeleted: false,
      });
      expect(early[0].properties.disks[0]).toMatchObject({
        isOSDisk: 'true',
        maxSizeInBytes: 137_438_953_472,
      });
      expect(early[0].properties.disks[0].instance).toBeUndefined();
      expect(early[0].name).toMatch(/^vcenter-corp-test_50000000-/);
      const late = (await ask('GET', `${SITE}/machines/${early[0].name}`, V23)).json.properties;
      expect(late).toMatchObject({
        allocatedMemoryInMb: 8192,
        vCenterFqdn: VCENTER.fqdn,
        applianceNames: ['appliance-1'],
      });
      expect(late.allocatedMemoryInMB).toBeUndefined();
      expect((await ask('POST', `${SITE}/summary`, V20)).json.machineCount).toBe(2);
    }));

  test('a machine that a full inventory no longer names stays listed as deleted', () =>
    inSite(async ({ plane, site }) => {
      await plane('PUT', '/inventory/1', inventory([discovered(1), discovered(2)]));
      await plane('PUT', '/inventory/2', inventory([discovered(2)]));
      const uuid = String(discovered(1)['instanceUuid']);
      expect(site.inventory.machines().get(uuid)).toMatchObject({ isDeleted: true });
      await plane('PUT', '/inventory/3', inventory([discovered(1)], { full: false }));
      expect([...site.inventory.machines().values()].map(({ isDeleted }) => isDeleted)).toEqual([
        false,
        false,
      ]);
    }));

  test('only changes that matter to an assessment count as changes of the facts', () =>
    inSite(async ({ plane, site }) => {
      const version = () =>
        site.inventory.machines().get(String(discovered(1)['instanceUuid']))?.factsVersion;
      await plane('PUT', '/inventory/1', inventory([discovered(1)]));
      await plane(
        'PUT',
        '/inventory/2',
        inventory([discovered(1, { description: 'new', powerStatus: 'OFF' })]),
      );
      expect(version()).toBe(1);
      await plane('PUT', '/inventory/3', inventory([discovered(1, { numberOfProcessorCore: 8 })]));
      expect(version()).toBe(2);
    }));

  test.each([
    ['an unknown property', { surprise: 1 }, 'machines[0].surprise'],
    ['a name of a prototype', { constructor: 1 }, 'machines[0].constructor'],
    ['a property that is missing', { displayName: undefined }, 'machines[0].displayName'],
    ['a negative size', { allocatedMemoryInMB: -1 }, 'machines[0].allocatedMemoryInMB'],
    ['a UUID that is none', { instanceUuid: '../x' }, 'machines[0].instanceUuid'],
  ])('%s is refused and named, and nothing is stored', (_what, change, target) =>
    inSite(async ({ plane, site }) => {
      const refused = await plane('PUT', '/inventory/1', inventory([discovered(1, change)]));
      expect(refused).toMatchObject({
        status: 400,
        json: { error: { code: 'InvalidRequestContent', target } },
      });
      expect(site.inventory.machines().size).toBe(0);
      expect(site.inventory.inventorySequence).toBe(0);
    }));
});

describe('sequences', () => {
  test('a repetition changes nothing, a gap is refused with what is expected', () =>
    inSite(async ({ plane, site }) => {
      expect((await plane('GET', '/state/appliance-1')).json).toMatchObject({
        inventorySequence: 0,
        pointsSequence: 0,
      });
      await plane('PUT', '/inventory/1', inventory([discovered(1)]));
      const repeated = await plane('PUT', '/inventory/1', inventory([]));
      expect(repeated.status).toBe(200);
      expect(site.inventory.machines().size).toBe(1);
      const gap = await plane('PUT', '/inventory/3', inventory([]));
      expect(gap).toMatchObject({ status: 409, json: { error: { code: 'SequenceGap' }, expected: 2 } });
      expect((await plane('GET', '/state/appliance-1')).json).toMatchObject({
        inventorySequence: 1,
        pointsSequence: 0,
      });
      expect((await plane('PUT', '/inventory/0', inventory([]))).status).toBe(400);
    }));
});

describe('points', () => {
  const uuid = String(discovered(1)['instanceUuid']);
  const series = (change: object = {}) => ({
    machine: uuid,
    counter: 'cpu.usage',
    instance: '',
    firstWindow: 0,
    values: [12.34],
    ...change,
  });

  test('are stored as whole numbers, nulls are absent, the last word counts', () =>
    inSite(async ({ world, plane, site }) => {
      const now = Math.floor(world.tier.clock.wall() / POINT_PERIOD_MS);
      const send = (sequence: number, ...all: object[]) =>
        plane('PUT', `/points/${sequence}`, { periodSeconds: 600, series: all });
      const sent = await send(
        1,
        series({ firstWindow: now - 3, values: [12.34, null, 56.78] }),
        series({ counter: 'virtualDisk.write', instance: 'scsi0:0', firstWindow: now - 3, values: [7] }),
        series({ counter: 'net.transmitted', instance: '4000', firstWindow: now - 3, values: [9] }),
      );
      expect(sent).toMatchObject({ status: 200, json: { sequence: 1, points: 4 } });
      await send(2, series({ firstWindow: now - 3, values: [1] }));
      const cpu = site.inventory.points(uuid, 'cpu', '')!;
      expect([...cpu.entries()]).toEqual([
        [now - 3, 100],
        [now - 1, 5678],
      ]);
      expect(site.inventory.points(uuid, 'writeBps', 'scsi0:0')!.at(now - 3)).toBe(7168);
      expect(site.inventory.points(uuid, 'outBps', '4000')!.at(now - 3)).toBe(9216);
    }));

  test('a month of them stays, older ones are dropped', () =>
    inSite(async ({ world, plane, site }) => {
      const now = Math.floor(world.tier.clock.wall() / POINT_PERIOD_MS);
      const values = Array.from({ length: 4464 }, (_, i) => i % 100);
      await plane('PUT', '/points/1', {
        periodSeconds: 600,
        series: [series({ firstWindow: now - 4464 - 300, values })],
      });
      await plane('PUT', '/points/2', {
        periodSeconds: 600,
        series: [series({ firstWindow: now - 300, values: values.slice(0, 300) })],
      });
      const cpu = site.inventory.points(uuid, 'cpu', '')!;
      expect(cpu.last).toBe(now - 1);
      expect(cpu.count()).toBe(4464);
    }));

  test.each([
    ['of another period', { periodSeconds: 300 }],
    ['of the far future', { series: [series({ firstWindow: 4_000_000_000 })] }],
    ['that are negative', { series: [series({ values: [-1] })] }],
    ['of an unknown counter', { series: [series({ counter: 'sys.uptime' })] }],
    ['of an odd instance', { series: [series({ instance: '../etc' })] }],
  ])('points %s are refused', (_what, change) =>
    inSite(async ({ plane, site }) => {
      const refused = await plane('PUT', '/points/1', { periodSeconds: 600, series: [], ...change });
      expect(refused.status).toBe(400);
      expect(site.inventory.pointsSequence).toBe(0);
    }));
});

describe('the data plane', () => {
  test('refuses tokens of ARM, readers, and sites that do not exist', () =>
    inSite(async ({ world, plane, token }) => {
      expect((await plane('GET', '/state/a', undefined, await token())).status).toBe(401);
      const reader = await token(READER, 'https://discoverysrv.windowsazure.com');
      expect((await plane('GET', '/state/a', undefined, reader)).status).toBe(403);
      const elsewhere = await world.ask(
        'GET',
        'https://westeurope.discoverysrv.windowsazure.com/v1/sites/abc/state/a',
        {
          token: await token(undefined, 'https://discoverysrv.windowsazure.com'),
        },
      );
      expect(elsewhere).toMatchObject({ status: 404, json: { error: { code: 'SiteNotFound' } } });
    }));

  test('answers faults with Retry-After, and heartbeats with its time', () =>
    inSite(async ({ world, plane, ask }) => {
      const now = world.tier.clock.wall();
      world.context.faults.arm({
        id: 'busy',
        at: 'azure.PutHeartbeat',
        from: now,
        until: now + HOUR,
        times: 1,
        answer: '503',
        retryAfterSeconds: 3,
      });
      const beat = {
        version: '1.0',
        services: [{ name: 'discovery', version: '1.0', state: 'Running' }],
        time: new Date(now).toISOString(),
        warnings: [{ code: 'limit.machines', message: 'more than one appliance is documented for' }],
      };
      expect(await plane('PUT', '/heartbeats/appliance-1', beat)).toMatchObject({
        status: 503,
        headers: { 'retry-after': '3' },
      });
      expect((await plane('PUT', '/heartbeats/appliance-1', beat)).json.serverTime).toBe(
        new Date(now).toISOString(),
      );
      expect((await ask('GET', SITE, V20)).json.properties.agentDetails).toMatchObject({ version: '1.0' });
      expect(world.context.counters.toJSON()['bugs.azure']).toBeUndefined();
    }));
});
