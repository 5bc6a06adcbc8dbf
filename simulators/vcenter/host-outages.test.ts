import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import { generateEstate } from '../estate/generate.ts';
import { refOf, type Soap, type TestVcenter, testVcenter, withSmallDisk } from './testing/test-vcenter.ts';

const arm = (vc: TestVcenter, at: string, answer: string, more = {}) =>
  vc.context.faults.arm({
    id: 'f',
    at,
    from: vc.tier.clock.wall(),
    until: vc.tier.clock.wall() + HOUR,
    times: 1,
    answer,
    ...more,
  });

const vmOf = async (vc: TestVcenter, soap: Soap) =>
  refOf(
    (
      await soap.ask(
        'FindByUuid',
        'SearchIndex:SearchIndex',
        `<uuid>${vc.estate.machines()[0]!.biosUuid}</uuid><vmSearch>true</vmSearch>`,
      )
    ).at('returnval'),
  );

const SNAPSHOT = '<name>s</name><memory>false</memory><quiesce>false</quiesce>';
const facts = withSmallDisk(generateEstate({ seed: 'outages', machines: 4 }));

test('a host that is disconnected shows it, with its machines, refuses work, and comes back', async () => {
  await using vc = await testVcenter({ facts });
  await vc.run(async () => {
    const soap = await vc.session();
    const vm = await vmOf(vc, soap);
    const host = refOf((await soap.read(vm, 'runtime.host'))['runtime.host']!);
    const { name } = await soap.read(host, 'name');
    using _fault = arm(vc, 'vcenter.host', 'disconnected', {
      subject: name!.text,
      until: vc.tier.clock.wall() + 10 * MINUTE,
    });
    await vc.pass(SECOND);
    const state = async (object: string) =>
      (await soap.read(object, 'runtime.connectionState'))['runtime.connectionState']!.text;
    expect([await state(host), await state(vm)]).toEqual(['disconnected', 'disconnected']);
    const info = await soap.finish((await soap.ask('CreateSnapshot_Task', vm, SNAPSHOT)).at('returnval'));
    expect(info.at('error/fault').attributes['xsi:type']).toBe('HostNotConnected');
    await vc.pass(10 * MINUTE);
    expect([await state(host), await state(vm)]).toEqual(['connected', 'connected']);
    const events = await soap.ask(
      'QueryEvents',
      'EventManager:EventManager',
      '<filter><type>HostEvent</type></filter>',
    );
    expect(events.all('returnval').map((each) => each.attributes['xsi:type'])).toEqual([
      'HostDisconnectedEvent',
      'HostConnectedEvent',
    ]);
  });
});

test('a slow vCenter answers late, and right', async () => {
  await using vc = await testVcenter({ facts });
  await vc.run(async () => {
    const soap = await vc.session();
    const before = vc.tier.clock.wall();
    using _fault = arm(vc, 'vcenter.slow', '30s', { subject: 'CurrentTime' });
    await soap.ask('CurrentTime', 'ServiceInstance:ServiceInstance');
    expect(vc.tier.clock.wall() - before).toBeGreaterThanOrEqual(30 * SECOND);
  });
});

describe('change tracking', () => {
  const track = async (soap: Soap, vm: string) => {
    const spec = '<spec><changeTrackingEnabled>true</changeTrackingEnabled></spec>';
    await soap.finish((await soap.ask('ReconfigVM_Task', vm, spec)).at('returnval'));
  };
  const snapshot = async (soap: Soap, vm: string) => {
    const info = await soap.finish((await soap.ask('CreateSnapshot_Task', vm, SNAPSHOT)).at('returnval'));
    const made = refOf(info.at('result'));
    const { config } = await soap.read(made, 'config');
    return { made, changeId: config!.all('changeId')[0]!.text };
  };
  const areas = (soap: Soap, vm: string, made: string, changeId: string) =>
    soap.call(
      'QueryChangedDiskAreas',
      vm,
      `<snapshot type="VirtualMachineSnapshot">${made.split(':')[1]}</snapshot><deviceKey>2000</deviceKey>` +
        `<startOffset>0</startOffset><changeId>${changeId}</changeId>`,
    );

  test('begins anew where a scenario says so, and older change ids are refused', async () => {
    await using vc = await testVcenter({ facts });
    await vc.run(async () => {
      const soap = await vc.session();
      const vm = await vmOf(vc, soap);
      await track(soap, vm);
      const first = await snapshot(soap, vm);
      using _fault = arm(vc, 'vcenter.changeTracking', 'newEpoch');
      const second = await snapshot(soap, vm);
      expect(second.changeId.split('/')[0]).not.toBe(first.changeId.split('/')[0]);
      expect((await areas(soap, vm, second.made, first.changeId)).fault).toBe('FileFault');
    });
  });

  test('can have the defects that vSphere had', async () => {
    await using vc = await testVcenter({ facts });
    await vc.run(async () => {
      const soap = await vc.session();
      const vm = await vmOf(vc, soap);
      await track(soap, vm);
      const first = await snapshot(soap, vm);
      const disk = vc.estate.disk(vc.estate.machines()[0]!.disks[0]!.id);
      for (let n = 0; n < 8; n++) disk.write(n * 256 * 1024, Buffer.alloc(512, n + 1));
      const second = await snapshot(soap, vm);
      const count = async () =>
        (await areas(soap, vm, second.made, first.changeId)).body.all('changedArea').length;
      expect(await count()).toBe(8);
      using _lost = arm(vc, 'vcenter.changedAreas', 'lostAreas');
      expect(await count()).toBe(6);
      using _whole = arm(vc, 'vcenter.changedAreas', 'wholeDisk');
      expect(await count()).toBe(1);
    });
  });
});

test('vMotion in the middle of a read moves the machine and cuts the answer', async () => {
  await using vc = await testVcenter({ facts });
  await vc.run(async () => {
    const soap = await vc.session();
    const vm = await vmOf(vc, soap);
    const host = async () => (await soap.read(vm, 'runtime.host'))['runtime.host']!.text;
    const before = await host();
    using _fault = arm(vc, 'vcenter.folder', 'vmotion');
    const [, datastore, path] = /^\[(.+)\] (.+)\.vmdk$/.exec(vc.estate.machines()[0]!.disks[0]!.path)!;
    const url = `/${path}-flat.vmdk?dcPath=DC0&dsName=${encodeURIComponent(datastore!)}`;
    await expect(soap.file(url)).rejects.toThrow();
    const hosts = new Set(vc.estate.facts.hosts.map(({ clusterId }) => clusterId));
    if (vc.estate.facts.hosts.length > hosts.size) expect(await host()).not.toBe(before);
    expect((await soap.file(url)).status).toBe(200);
  });
});
