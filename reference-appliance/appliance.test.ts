/** The appliance as a whole, over real bytes in virtual time, between stand-ins for vCenter and Azure. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sleep } from '#core/time/clock.ts';
import type { TraceEvent } from '#core/trace/recorder.ts';
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import { childrenOf, childText } from '#core/wire/xml/element.ts';
import { type Appliance, startAppliance } from './appliance.ts';
import { configFrom } from './config.ts';
import { NEEDS } from './sources/vsphere/required-privileges.ts';
import { openStore, type Store } from './store/store.ts';
import { type FakeAzure, fakeAzure, HOSTS } from './testing/fake-azure.ts';
import { type FakeVcenter, fakeVcenter } from './testing/fake-vcenter.ts';
import { type MemoryWorld, memoryWorld } from './testing/memory-world.ts';

interface Stage {
  readonly world: MemoryWorld;
  readonly vcenter: FakeVcenter;
  readonly azure: FakeAzure;
  readonly trace: TraceEvent[];
  appliance: Appliance;
  store: Store;
  start(): void;
}

const SECRETS = ['pw-of-the-reader', 'secret-of-the-app'];

async function staged(story: (it: Stage) => Promise<void>): Promise<void> {
  await using world = await memoryWorld();
  const folder = mkdtempSync(join(tmpdir(), 'drylift-appliance-'));
  const vcenter = fakeVcenter({ user: 'reader', password: SECRETS[0]! });
  withMachines(vcenter, world);
  const azure = fakeAzure();
  await world.serve({ host: 'vc.test', port: 8443 }, vcenter.handler);
  for (const host of Object.values(HOSTS)) await world.serve({ host, port: 443 }, azure.handler);
  const trace: TraceEvent[] = [];
  const recorder = { record: (event: TraceEvent) => trace.push(event) };
  const it: Stage = {
    world,
    vcenter,
    azure,
    trace,
    appliance: undefined as unknown as Appliance,
    store: undefined as unknown as Store,
    start() {
      it.store = openStore({
        path: join(folder, 'a.db'),
        clock: world.clock,
        key: Buffer.alloc(32, 1),
        synchronous: 'off',
        recorder,
      });
      it.appliance = startAppliance({
        ...world,
        store: it.store,
        recorder,
        config: configFrom({
          applianceName: 'appl01',
          cloud: {
            authorityHost: `https://${HOSTS.login}`,
            arm: `https://${HOSTS.arm}`,
            tenantId: '11111111-1111-4111-8111-111111111111',
            clientId: '22222222-2222-4222-8222-222222222222',
            clientSecret: SECRETS[1]!,
            subscriptionId: '33333333-3333-4333-8333-333333333333',
            resourceGroup: 'rg',
            project: 'project',
            siteName: 'site',
            region: 'westeurope',
          },
          vcenters: [{ host: 'vc.test', port: 8443, user: 'reader', password: SECRETS[0]! }],
        }),
      });
    },
  };
  try {
    await world.run(async () => {
      await story(it);
      it.appliance.crash();
    });
    for (const secret of SECRETS) expect(world.lines.join('')).not.toContain(secret);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Two machines, one counter that is always 50 %. */
function withMachines(vcenter: FakeVcenter, { clock }: MemoryWorld): void {
  const val = (name: string, value: string) =>
    `<changeSet><name>${name}</name><op>assign</op><val>${value}</val></changeSet>`;
  const machine = (n: number) =>
    `<objectSet><kind>enter</kind><obj type="VirtualMachine">vm-${n}</obj>${val('name', `web-${n}`)}` +
    `${val('config.instanceUuid', `50000000-0000-4000-8000-00000000000${n}`)}${val('runtime.powerState', 'poweredOn')}</objectSet>`;
  vcenter.methods.set('CreateContainerView', () => '<returnval type="ContainerView">v</returnval>');
  vcenter.methods.set('CreateFilter', () => '<returnval type="PropertyFilter">f</returnval>');
  vcenter.methods.set('WaitForUpdatesEx', (call) =>
    childText(call, 'version') === ''
      ? `<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter>${machine(1)}${machine(2)}</filterSet><truncated>false</truncated></returnval>`
      : '',
  );
  vcenter.methods.set(
    'RetrievePropertiesEx',
    () =>
      '<returnval><objects><obj type="PerformanceManager">pm</obj><propSet><name>perfCounter</name><val><PerfCounterInfo><key>2</key>' +
      '<nameInfo><key>usage</key></nameInfo><groupInfo><key>cpu</key></groupInfo><rollupType>average</rollupType></PerfCounterInfo></val></propSet></objects></returnval>',
  );
  vcenter.methods.set('QueryPerf', (call) =>
    childrenOf(call, 'querySpec')
      .map((spec) => {
        const times: string[] = [];
        const [from, to] = [
          Date.parse(childText(spec, 'startTime')!),
          Date.parse(childText(spec, 'endTime')!),
        ];
        for (let at = from + 20_000; at <= to; at += 20_000)
          if (at > clock.wall() - HOUR) times.push(new Date(at).toISOString().replace('.000', ''));
        return (
          `<returnval><entity type="VirtualMachine">${childText(spec, 'entity')}</entity><sampleInfoCSV>${times.map((time) => `20,${time}`).join(',')}</sampleInfoCSV>` +
          `<value><id><counterId>2</counterId><instance></instance></id><value>${times.map(() => 5000).join(',')}</value></value></returnval>`
        );
      })
      .join(''),
  );
}

const inventoryOf = ({ azure }: Stage) =>
  [...azure.inventory.values()].map(({ machines }) => machines.map(({ displayName }) => displayName));

test('registers, discovers, collects and reports; and its status says so', () =>
  staged(async (it) => {
    it.start();
    expect(it.appliance.status()).toMatchObject({ state: 'starting', machines: 0, isRegistered: false });
    await sleep(it.world.clock, 31 * MINUTE, 'test');
    expect(it.azure.requests.slice(0, 5)).toEqual([
      'GET /subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/rg/providers/Microsoft.Migrate/assessmentProjects/project',
      'PUT /subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/rg/providers/Microsoft.OffAzure/vmwareSites/site',
      expect.stringMatching(/^PUT \/v1\/sites\/s\/run-as-accounts\//),
      'PUT /subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/rg/providers/Microsoft.OffAzure/vmwareSites/site/vcenters/vc-test',
      'PUT /subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/rg/providers/Microsoft.Migrate/assessmentProjects/project/vmwarecollectors/appl01collector',
    ]);
    expect(inventoryOf(it)).toEqual([['web-1', 'web-2']]);
    expect(it.azure.points.size).toBe(3);
    expect(it.appliance.status()).toEqual({
      state: 'running',
      incarnation: 1,
      isRegistered: true,
      sources: [
        {
          name: 'vc.test',
          kind: 'vmware',
          version: '8.0.3',
          machines: 2,
          refreshedAt: expect.any(Number),
          collectedAt: expect.any(Number),
        },
      ],
      machines: 2,
      // from an hour before the start to the last ten minutes that are over
      samples: 2 * (5 + 4) * 30,
      points: 2 * (5 + 4),
      lostWindows: 0,
      unaskedWindows: 0,
      outbox: 0,
      sent: 4,
      replications: [],
      unreached: [],
      twins: [],
      problems: [],
      warnings: [],
      guests: { known: 0, failures: [] },
    });
    expect(it.trace.map(({ kind }) => kind)).toContain('durable');
    expect(it.trace.find(({ kind }) => kind === 'step')?.what).toBe('registered with 1 vCenters');
  }));

test('what the account may not do is in status, log and heartbeat, as long as it is so', () =>
  staged(async (it) => {
    let granted = ['System.View', 'System.Read'];
    it.vcenter.methods.set('HasPrivilegeOnEntities', (call) =>
      childrenOf(call, 'entity')
        .map(
          (entity) =>
            `<returnval><entity type="${entity.attributes.get('type')!.value}">${entity.text}</entity>` +
            `${granted.map((each) => `<privAvailability><privId>${each}</privId><isGranted>true</isGranted></privAvailability>`).join('')}</returnval>`,
        )
        .join(''),
    );
    it.start();
    await sleep(it.world.clock, 31 * MINUTE, 'test');
    const warning = {
      code: 'vcenter.privilege.missing',
      message: expect.stringMatching(/^VirtualMachine\.State\.CreateSnapshot is missing on .*replication/),
    };
    expect(it.appliance.status().warnings).toContainEqual(warning);
    expect(it.appliance.status().problems).toEqual([]);
    expect(it.azure.beats.at(-1)!.warnings).toContainEqual(warning);
    const told = it.world.lines.filter((line) => line.includes('State.CreateSnapshot is missing'));
    expect(told).toHaveLength(1);
    granted = NEEDS.map(({ privilege }) => privilege);
    await sleep(it.world.clock, 7 * HOUR, 'test');
    expect(it.appliance.status().warnings).toEqual([]);
    expect(it.azure.beats.at(-1)!.warnings).toBeUndefined();
  }));

test('a crash leaves no timer, no connection and no log line behind; a restart goes on, telling nothing twice', () =>
  staged(async (it) => {
    it.start();
    await sleep(it.world.clock, 31 * MINUTE, 'test');
    const before = it.azure.requests.length;
    const lines = it.world.lines.length;
    it.appliance.crash();
    expect(it.appliance.status().state).toBe('crashed');
    expect(it.world.clock.pending()).toEqual([]);
    await sleep(it.world.clock, 20 * MINUTE, 'test');
    expect(it.azure.requests.length).toBe(before);
    expect(it.world.lines.length).toBe(lines);

    it.start();
    await sleep(it.world.clock, 40 * MINUTE, 'test');
    expect(it.appliance.status()).toMatchObject({
      state: 'running',
      incarnation: 2,
      lostWindows: 0,
      problems: [],
    });
    expect(inventoryOf(it)).toEqual([['web-1', 'web-2']]);
    const windows = [...it.azure.points.values()].flatMap(({ series }) =>
      series.map((s) => JSON.stringify(s)),
    );
    expect(new Set(windows).size).toBe(windows.length);
  }));

test('a crash in the middle of anything unwinds without a trace of itself', () =>
  staged(async (it) => {
    for (let at = 0; at < 40; at++) {
      it.start();
      // as many turns of the event loop as `at`, so that each life ends somewhere else
      for (let turn = 0; turn < at; turn++) await sleep(it.world.clock, 0, 'test');
      it.appliance.crash();
      expect(it.world.clock.pending()).toEqual([]);
    }
    it.start();
    await sleep(it.world.clock, 31 * MINUTE, 'test');
    expect(it.appliance.status().problems).toEqual([]);
    expect(inventoryOf(it)).toEqual([['web-1', 'web-2']]);
  }));

test('stop signs out, flushes, and leaves nothing running', () =>
  staged(async (it) => {
    it.start();
    await sleep(it.world.clock, 5 * MINUTE, 'test');
    await it.appliance.stop();
    expect(it.appliance.status().state).toBe('stopped');
    expect(it.vcenter.calls.at(-1)).toBe('Logout');
    expect(it.world.clock.pending()).toEqual([]);
    await it.appliance.stop(); // again is fine
  }));

test('stopping while everything is still beginning is as clean', () =>
  staged(async (it) => {
    it.start();
    await it.appliance.stop();
    it.start();
    await sleep(it.world.clock, 0, 'test');
    await it.appliance.stop();
    expect(it.world.clock.pending()).toEqual([]);
    it.start();
  }));

test('without Azure it goes on collecting, says what is wrong, and delivers when Azure is back', () =>
  staged(async (it) => {
    it.azure.isDown = true;
    it.start();
    await sleep(it.world.clock, 3 * HOUR, 'test');
    expect(it.appliance.status()).toMatchObject({ isRegistered: false, lostWindows: 0 });
    expect(it.appliance.status().problems.map(({ job, code }) => `${job} ${code}`)).toEqual([
      'register azure.login.busy',
    ]);
    expect(it.appliance.status().outbox).toBeGreaterThan(6);
    it.azure.isDown = false;
    await sleep(it.world.clock, 2 * MINUTE, 'test');
    expect(it.appliance.status()).toMatchObject({ isRegistered: true, outbox: 0, problems: [] });
    expect(it.azure.points.size).toBeGreaterThan(6);
  }));

test('a vCenter that is away is told as a problem, and solved when it is back', () =>
  staged(async (it) => {
    const methods = new Map(it.vcenter.methods);
    it.vcenter.methods.clear();
    it.start();
    await sleep(it.world.clock, 10 * SECOND, 'test');
    expect(it.appliance.status().problems.map(({ job }) => job)).toContain('discover vc.test');
    for (const [name, method] of methods) it.vcenter.methods.set(name, method);
    await sleep(it.world.clock, 40 * MINUTE, 'test');
    expect(it.appliance.status()).toMatchObject({ machines: 2, problems: [], isRegistered: true });
  }));
