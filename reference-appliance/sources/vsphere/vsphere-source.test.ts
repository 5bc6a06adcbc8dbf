import { describe, expect, test } from 'vitest';
import { sleep } from '#core/time/clock.ts';
import { MINUTE } from '#core/units.ts';
import type { XmlElement } from '#core/wire/xml/element.ts';
import { child, childText } from '#core/wire/xml/element.ts';
import { newestWindow, oldestWindow, PeaksOfBatch, SeriesNames, samplesOf } from '../../app/peaks.ts';
import type { FrozenDisk } from '../../app/ports.ts';
import {
  connected,
  prop,
  SURROUNDINGS,
  signal,
  updates,
  WEB,
  withInventory,
} from '../../testing/vsphere-stage.ts';

describe('session', () => {
  test('speaks the newest version that both know, and signs in once for many calls', () =>
    connected(async ({ vcenter, source }) => {
      await Promise.all([source.about(signal), source.about(signal)]);
      expect(await source.about(signal)).toEqual({
        kind: 'vmware',
        fqdn: 'vc1.test',
        instanceUuid: 'aaaaaaaa-0000-4000-8000-000000000001',
        version: '8.0.3',
        licenseProductName: 'VMware VirtualCenter Server',
      });
      expect(vcenter.calls).toEqual(['RetrieveServiceContent', 'Login']);
      expect(vcenter.actions[0]).toBe('urn:vim25/8.0.3.0');
    }));

  test('speaks 6.7 to a server that knows no more', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.versions = vcenter.versions.replaceAll(/[78]\.0\.\d\.0/g, '6.7');
      await source.about(signal);
      expect(vcenter.actions[0]).toBe('urn:vim25/6.7');
    }));

  test('a wrong password is told as the mistake it is, without the password', () =>
    connected(
      async ({ world, source }) => {
        await expect(source.about(signal)).rejects.toMatchObject({
          code: 'vcenter.login.invalid',
          blame: 'input',
        });
        expect(world.lines.join('')).not.toContain('hunter2');
      },
      { password: 'hunter2' },
    ));

  test('a session that was dropped is renewed once, for all calls that find it gone', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set(
        'RetrievePropertiesEx',
        () =>
          `<returnval><objects><obj type="VirtualMachine">vm-1</obj>${prop('runtime.powerState', 'poweredOn')}</objects></returnval>`,
      );
      await source.powerState('vm-1', signal);
      vcenter.dropSessions();
      vcenter.calls.length = 0;
      const states = await Promise.all(['vm-1', 'vm-1', 'vm-1'].map((id) => source.powerState(id, signal)));
      expect(states).toEqual(['on', 'on', 'on']);
      expect(vcenter.calls.filter((call) => call === 'Login')).toHaveLength(1);
    }));

  test('NotAuthenticated inside a good answer counts as well', () =>
    connected(async ({ vcenter, source }) => {
      let asked = 0;
      vcenter.methods.set('RetrievePropertiesEx', () =>
        asked++ === 0
          ? '<returnval><objects><obj type="VirtualMachine">vm-1</obj><missingSet><path>runtime.powerState</path><fault><fault xsi:type="NotAuthenticated"/><localizedMessage>no</localizedMessage></fault></missingSet></objects></returnval>'
          : `<returnval><objects><obj type="VirtualMachine">vm-1</obj>${prop('runtime.powerState', 'suspended')}</objects></returnval>`,
      );
      expect(await source.powerState('vm-1', signal)).toBe('suspended');
      expect(vcenter.calls.filter((call) => call === 'Login')).toHaveLength(2);
    }));

  test('a host without a vCenter is told as the wrong address that it is', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.content = vcenter.content.replace('VirtualCenter</apiType>', 'HostAgent</apiType>');
      await expect(source.about(signal)).rejects.toMatchObject({ code: 'vcenter.isHost', blame: 'input' });
      expect(vcenter.calls).not.toContain('Login');
    }));

  test('what is no vCenter is told as a wrong address', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.versions = '<html><body>welcome</body></html>';
      await expect(source.about(signal)).rejects.toMatchObject({
        code: 'vcenter.notVcenter',
        blame: 'input',
      });
    }));

  test('a missing privilege is named', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set('CreateContainerView', () => ({
        fault: 'NoPermission',
        fields: '<object type="Folder">group-d1</object><privilegeId>System.View</privilegeId>',
      }));
      await expect(source.changes(0, signal)).rejects.toMatchObject({
        code: 'vcenter.login.noPrivilege',
        data: { privilege: 'System.View' },
      });
    }));
});

describe('counters', () => {
  const info = (key: number, group: string, name: string, rollup = 'average') =>
    `<PerfCounterInfo xsi:type="PerfCounterInfo"><key>${key}</key><nameInfo><label>x</label><key>${name}</key></nameInfo><groupInfo><label>x</label><key>${group}</key></groupInfo><rollupType>${rollup}</rollupType></PerfCounterInfo>`;

  test('are asked for by the numbers this server gives them, and come back under their names', () =>
    connected(async ({ world, vcenter, source }) => {
      vcenter.methods.set(
        'RetrievePropertiesEx',
        () =>
          `<returnval><objects><obj type="PerformanceManager">pm</obj>${prop('perfCounter', info(3, 'cpu', 'usage', 'none') + info(77, 'cpu', 'usage') + info(78, 'net', 'received'), 'ArrayOfPerfCounterInfo')}</objects></returnval>`,
      );
      const now = world.clock.wall();
      const [first, last] = [oldestWindow(now), newestWindow(now)];
      const instants: number[] = [];
      const { after, through } = samplesOf(first, last);
      for (let at = after + 20_000; at <= through; at += 20_000) instants.push(at);
      let asked: XmlElement | undefined;
      vcenter.methods.set('QueryPerf', (call) => {
        asked = call;
        const series = (id: number, instance: string, value: number) =>
          `<value xsi:type="PerfMetricSeriesCSV"><id><counterId>${id}</counterId><instance>${instance}</instance></id><value>${instants.map(() => value).join(',')}</value></value>`;
        return `<returnval xsi:type="PerfEntityMetricCSV"><entity type="VirtualMachine">vm-1</entity><sampleInfoCSV>${instants.map((at) => `20,${new Date(at).toISOString().replace('.000', '')}`).join(',')}</sampleInfoCSV>${series(77, '', 1234)}${series(78, '', 99)}${series(78, '4000', 50)}${series(5, '', 1)}</returnval>`;
      });
      const peaks = await source.samples(
        { handles: ['vm-1'], after, through },
        () => new PeaksOfBatch(first, last, new Map([['vm-1', 'uuid-1']]), new SeriesNames()),
        signal,
      );
      expect(PeaksOfBatch.join(peaks).series).toEqual([
        { machine: 'uuid-1', counter: 'cpu.usage', instance: '' },
        { machine: 'uuid-1', counter: 'net.received', instance: '4000' },
      ]);
      expect([...new Set(PeaksOfBatch.join(peaks).peaks)]).toEqual([1234, 50]);
      const spec = child(asked!, 'querySpec')!;
      expect(childText(spec, 'startTime')).toBe(new Date(after).toISOString());
      expect(childText(spec, 'endTime')).toBe(new Date(through).toISOString());
      expect([childText(spec, 'intervalId'), childText(spec, 'format')]).toEqual(['20', 'csv']);
    }));

  test('about a machine that is gone: told so in either wording', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set(
        'RetrievePropertiesEx',
        () =>
          `<returnval><objects><obj type="PerformanceManager">pm</obj>${prop('perfCounter', info(77, 'cpu', 'usage'), 'ArrayOfPerfCounterInfo')}</objects></returnval>`,
      );
      for (const answer of [
        { fault: 'ManagedObjectNotFound', fields: '<obj type="VirtualMachine">vm-1</obj>' },
        { fault: 'InvalidArgument', fields: '<invalidProperty>querySpec.entity</invalidProperty>' },
      ]) {
        vcenter.methods.set('QueryPerf', () => answer);
        const asking = source.samples(
          { handles: ['vm-1'], after: 0, through: 600_000 },
          () => new PeaksOfBatch(0, 0, new Map(), new SeriesNames()),
          signal,
        );
        await expect(asking).rejects.toMatchObject({ code: 'vcenter.machine.gone' });
      }
    }));
});

describe('snapshots and changed blocks', () => {
  const disk: FrozenDisk = {
    uuid: 'u',
    key: 2000,
    sizeBytes: 1_000_000,
    changeId: 'x/2',
    location: '[ds 1] web 1/web.vmdk',
  };
  const areas = (start: number, length: number, ...list: Array<[number, number]>) =>
    `<returnval><startOffset>${start}</startOffset><length>${length}</length>${list.map(([s, l]) => `<changedArea><start>${s}</start><length>${l}</length></changedArea>`).join('')}</returnval>`;

  test('a task is waited for, in virtual time, and its result used', () =>
    connected(async ({ world, vcenter, source }) => {
      const states = ['queued', 'running', 'running', 'success'];
      vcenter.methods.set('CreateSnapshot_Task', (call) => {
        expect(['name', 'memory', 'quiesce'].map((name) => childText(call, name))).toEqual([
          'drylift-c1',
          'false',
          'false',
        ]);
        return '<returnval type="Task">task-1</returnval>';
      });
      vcenter.methods.set('RetrievePropertiesEx', () => {
        const state = states.shift()!;
        return `<returnval><objects><obj type="Task">task-1</obj>${prop('info', `<key>task-1</key><state>${state}</state>${state === 'success' ? '<result type="VirtualMachineSnapshot" xsi:type="ManagedObjectReference">snapshot-7</result>' : ''}`, 'TaskInfo')}</objects></returnval>`;
      });
      expect(await source.createSnapshot('vm-1', 'drylift-c1', signal)).toBe('snapshot-7');
      expect(world.clock.monotonic()).toBeGreaterThan(0);
    }));

  test('a task that fails is told with its fault', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set('CreateSnapshot_Task', () => '<returnval type="Task">task-1</returnval>');
      vcenter.methods.set(
        'RetrievePropertiesEx',
        () =>
          `<returnval><objects><obj type="Task">task-1</obj>${prop('info', '<state>error</state><error><fault xsi:type="FileFault"/><localizedMessage>Insufficient disk space on datastore.</localizedMessage></error>', 'TaskInfo')}</objects></returnval>`,
      );
      await expect(source.createSnapshot('vm-1', 's', signal)).rejects.toMatchObject({
        code: 'vcenter.fault',
        message: expect.stringContaining('Insufficient disk space'),
      });
    }));

  test('tracking is not switched on while snapshots exist', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set(
        'RetrievePropertiesEx',
        () =>
          `<returnval><objects><obj type="VirtualMachine">vm-1</obj>${prop('snapshot', '<currentSnapshot type="VirtualMachineSnapshot">s</currentSnapshot>', 'VirtualMachineSnapshotInfo')}</objects></returnval>`,
      );
      await expect(source.enableChangeTracking('vm-1', signal)).rejects.toMatchObject({
        code: 'vcenter.cbt.snapshots',
      });
    }));

  test('windows are followed to exactly the capacity, and areas that touch become one', () =>
    connected(async ({ vcenter, source }) => {
      const offsets: string[] = [];
      vcenter.methods.set('QueryChangedDiskAreas', (call) => {
        const start = Number(childText(call, 'startOffset'));
        offsets.push(`${start} ${childText(call, 'changeId')}`);
        return start === 0
          ? areas(0, 600_000, [0, 100], [500_000, 100_000])
          : areas(600_000, 400_000, [600_000, 5]);
      });
      expect(await source.changedRanges('vm-1', 's', disk, undefined, signal)).toEqual([
        { start: 0, length: 100 },
        { start: 500_000, length: 100_005 },
      ]);
      expect(offsets).toEqual(['0 *', '600000 *']);
    }));

  test.each([
    ['a window of nothing', areas(0, 0)],
    ['another window than was asked for', areas(65_536, 10)],
    ['a window behind the end', areas(0, 2_000_000)],
    ['an area outside its window', areas(0, 600_000, [590_000, 65_536])],
    ['areas out of order', areas(0, 1_000_000, [500, 10], [0, 10])],
  ])('%s is refused, instead of copying the wrong bytes', (_, answer) =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set('QueryChangedDiskAreas', () => answer);
      await expect(source.changedRanges('vm-1', 's', disk, 'x/1', signal)).rejects.toMatchObject({
        code: 'vcenter.cbt.broken',
      });
    }));

  test('FileFault means that tracking was reset', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.methods.set('QueryChangedDiskAreas', () => ({ fault: 'FileFault', fields: '<file>x</file>' }));
      await expect(source.changedRanges('vm-1', 's', disk, 'y/1', signal)).rejects.toMatchObject({
        code: 'vcenter.cbt.reset',
      });
    }));

  test('bytes are read from the flat file by name, with the session, renewed when it is gone', () =>
    connected(async ({ vcenter, source }) => {
      withInventory(vcenter, [updates('1', SURROUNDINGS + WEB)]);
      await source.changes(0, signal);
      const asked: string[] = [];
      vcenter.paths = (request) => {
        asked.push(`${request.url} ${request.headers.range}`);
        return { status: 206, body: Buffer.alloc(512, 7) };
      };
      vcenter.dropSessions();
      const bytes = await source.read('vm-20', disk, { start: 1024, length: 512 }, signal);
      expect(bytes.equals(Buffer.alloc(512, 7))).toBe(true);
      expect(asked).toEqual(['/folder/web%201/web-flat.vmdk?dcPath=DC%2F1&dsName=ds%201 bytes=1024-1535']);
    }));

  test('fewer bytes than were asked for, and disks on foreign snapshots, are refused', () =>
    connected(async ({ vcenter, source }) => {
      vcenter.paths = () => ({ status: 206, body: Buffer.alloc(100) });
      await expect(source.read('vm-20', disk, { start: 0, length: 512 }, signal)).rejects.toMatchObject({
        code: 'vcenter.disk.unreadable',
      });
      const chained = { ...disk, location: '[ds] web/web-000002.vmdk' };
      await expect(source.read('vm-20', chained, { start: 0, length: 512 }, signal)).rejects.toMatchObject({
        code: 'vcenter.disk.unsupported',
      });
    }));
});

test('a guest without tools cannot be asked; a machine that is off already is fine', () =>
  connected(async ({ vcenter, source }) => {
    vcenter.methods.set('ShutdownGuest', () => ({ fault: 'ToolsUnavailable' }));
    expect(await source.shutDownGuest('vm-1', signal)).toBe(false);
    vcenter.methods.set('PowerOffVM_Task', () => ({ fault: 'InvalidPowerState' }));
    await source.powerOff('vm-1', signal);
  }));

test('a server that stops answering is told as that, after its time', () =>
  connected(async ({ world, source }) => {
    const now = world.clock.wall();
    world.links.add({
      id: 'silence',
      from: 'appliance',
      to: 'vc1.test',
      direction: 'both',
      action: { do: 'stall' },
      start: now + MINUTE,
      end: now + 60 * MINUTE,
    });
    await source.about(signal);
    await sleep(world.clock, 2 * MINUTE, 'test');
    await expect(source.powerState('vm-1', signal)).rejects.toMatchObject({ code: 'net.timeout' });
  }));
