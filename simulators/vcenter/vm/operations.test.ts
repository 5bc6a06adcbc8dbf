/** Power, reconfiguration, snapshots and change tracking, over the wire. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MINUTE, SECOND } from '#core/units.ts';
import { generateEstate } from '../../estate/generate.ts';
import {
  refOf,
  refXml,
  type Soap,
  type TestVcenter,
  testVcenter,
  withSmallDisk,
  type Xml,
} from '../testing/test-vcenter.ts';

let vc: TestVcenter;
let soap: Soap;
let vm: string;
let diskId: string;

beforeAll(async () => {
  vc = await testVcenter({ facts: withSmallDisk(generateEstate({ seed: 'operations', machines: 3 })) });
  const machine = vc.estate.machines()[0]!;
  diskId = machine.disks[0]!.id;
  await vc.run(async () => {
    soap = await vc.session();
    const found = await soap.ask(
      'FindByUuid',
      'SearchIndex:SearchIndex',
      `<uuid>${machine.biosUuid}</uuid><vmSearch>true</vmSearch>`,
    );
    vm = refOf(found.at('returnval'));
  });
});
afterAll(() => vc[Symbol.asyncDispose]());
beforeEach(() =>
  vc.run(async () => {
    soap = await vc.session();
  }),
);

const run = async (method: string, inner = '', self = vm): Promise<Xml> =>
  soap.finish((await soap.ask(method, self, inner)).at('returnval'));
const stateOf = (info: Xml) => info.at('state').text;
const errorOf = (info: Xml) => info.at('error/fault').attributes['xsi:type'];
const snapshotXml = (name: string, memory = false) =>
  `<name>${name}</name><description>d</description><memory>${memory}</memory><quiesce>false</quiesce>`;
const takeSnapshot = async (name: string, memory = false) =>
  refOf((await run('CreateSnapshot_Task', snapshotXml(name, memory))).at('result'));
const powerOf = async () => (await soap.read(vm, 'runtime.powerState'))['runtime.powerState']!.text;
const diskOf = async (object: string) =>
  (await soap.read(object, 'config.hardware.device[2000]'))['config.hardware.device[2000]']!;
const track = (on: boolean) =>
  run('ReconfigVM_Task', `<spec><changeTrackingEnabled>${on}</changeTrackingEnabled></spec>`);

describe('power', () => {
  test('every change takes a second or two, and can be read when its task is done, not before', () =>
    vc.run(async () => {
      const began = vc.tier.clock.wall();
      const task = (await soap.ask('SuspendVM_Task', vm)).at('returnval');
      expect(await powerOf()).toBe('poweredOn');
      const early = (await soap.read(refOf(task), 'info')).info!;
      expect([early.at('state').text, early.at('name').text]).toEqual(['running', 'SuspendVM_Task']);
      expect(early.at('descriptionId').text).toBe('VirtualMachine.suspend');
      const info = await soap.finish(task);
      expect(await powerOf()).toBe('suspended');
      expect(stateOf(info)).toBe('success');
      const took = vc.tier.clock.wall() - began;
      expect(took).toBeGreaterThanOrEqual(SECOND);
      expect(took).toBeLessThanOrEqual(2 * SECOND);
      expect(Date.parse(info.at('completeTime').text) - Date.parse(info.at('queueTime').text)).toBe(took);
      await run('PowerOnVM_Task');
    }));

  test.each([
    ['PowerOnVM_Task', 'poweredOn', ['poweredOff', 'suspended']],
    ['PowerOffVM_Task', 'poweredOff', ['poweredOn', 'suspended']],
    ['SuspendVM_Task', 'suspended', ['poweredOn']],
    ['ResetVM_Task', 'poweredOn', ['poweredOn']],
  ] as const)('%s leads to %s from %s, and is an error from anywhere else', (method, to, from) =>
    vc.run(async () => {
      const { id } = vc.estate.machines()[0]!;
      for (const [state, power] of [
        ['poweredOn', 'on'],
        ['poweredOff', 'off'],
        ['suspended', 'suspended'],
      ] as const) {
        vc.estate.setPower(id, power);
        const info = await run(method);
        if ((from as readonly string[]).includes(state)) {
          expect([stateOf(info), await powerOf()]).toEqual(['success', to]);
        } else {
          expect([stateOf(info), errorOf(info), await powerOf()]).toEqual([
            'error',
            'InvalidPowerState',
            state,
          ]);
          expect(info.at('error/fault/existingState').text).toBe(state);
        }
      }
      vc.estate.setPower(id, 'on');
    }));

  test('a guest that is asked to shut down is off some seconds later, in the estate too; the next boot is new', () =>
    vc.run(async () => {
      await soap.ask('ShutdownGuest', vm);
      expect(await powerOf()).toBe('poweredOn');
      await vc.pass(16 * SECOND);
      expect(await powerOf()).toBe('poweredOff');
      expect(vc.estate.power(vc.estate.machines()[0]!.id)).toBe('off');
      expect((await soap.call('ShutdownGuest', vm)).fault).toBe('InvalidPowerState');
      const off = await soap.read(
        vm,
        'guest.net',
        'guest.toolsRunningStatus',
        'runtime.cleanPowerOff',
        'runtime.bootTime',
      );
      expect(off['guest.net']!.children).toHaveLength(0);
      expect(off['guest.toolsRunningStatus']!.text).toBe('guestToolsNotRunning');
      expect(off['runtime.cleanPowerOff']!.text).toBe('true');
      expect(off['runtime.bootTime']).toBeUndefined();
      await run('PowerOnVM_Task');
      const booted = Date.parse((await soap.read(vm, 'runtime.bootTime'))['runtime.bootTime']!.text);
      expect(vc.tier.clock.wall() - booted).toBeLessThan(2 * SECOND);
      await soap.ask('RebootGuest', vm);
      await vc.pass(MINUTE);
      expect(Date.parse((await soap.read(vm, 'runtime.bootTime'))['runtime.bootTime']!.text)).toBeGreaterThan(
        booted,
      );
    }));

  test('a guest that was powered off meanwhile is not shut down a second time', () =>
    vc.run(async () => {
      await soap.ask('ShutdownGuest', vm);
      await run('PowerOffVM_Task');
      await run('PowerOnVM_Task');
      await vc.pass(20 * SECOND);
      expect(await powerOf()).toBe('poweredOn');
    }));

  test('one task at a time changes a machine: the second one fails with TaskInProgress', () =>
    vc.run(async () => {
      const first = (await soap.ask('SuspendVM_Task', vm)).at('returnval');
      const second = (await soap.ask('PowerOffVM_Task', vm)).at('returnval');
      const info = await soap.finish(second);
      expect(errorOf(info)).toBe('TaskInProgress');
      expect(refOf(info.at('error/fault/task'))).toBe(refOf(first));
      await soap.finish(first);
      await run('PowerOnVM_Task');
    }));
});

describe('snapshots', () => {
  test('form a tree with a current one, and go as they came', () =>
    vc.run(async () => {
      const one = await takeSnapshot('one');
      const two = await takeSnapshot('two', true);
      await run('RevertToSnapshot_Task', '', one);
      await run('PowerOnVM_Task');
      const three = await takeSnapshot('three');
      const { snapshot, rootSnapshot } = await soap.read(vm, 'snapshot', 'rootSnapshot');
      expect(refOf(snapshot!.at('currentSnapshot'))).toBe(three);
      const root = snapshot!.at('rootSnapshotList');
      expect([root.at('name').text, root.at('state').text, root.at('quiesced').text]).toEqual([
        'one',
        'poweredOff',
        'false',
      ]);
      const children = root.children.filter((child) => child.name === 'childSnapshotList');
      expect(
        children.map((child) => [child.at('name').text, child.at('id').text, child.at('state').text]),
      ).toEqual([
        ['two', '2', 'poweredOn'],
        ['three', '3', 'poweredOff'],
      ]);
      expect(rootSnapshot!.children.map(refOf)).toEqual([one]);
      expect((await soap.read(one, 'childSnapshot')).childSnapshot!.children.map(refOf)).toEqual([
        two,
        three,
      ]);
      await run('RemoveSnapshot_Task', '<removeChildren>false</removeChildren>', one);
      expect((await soap.read(vm, 'rootSnapshot')).rootSnapshot!.children.map(refOf).sort()).toEqual(
        [two, three].sort(),
      );
      expect(
        (await soap.call('RemoveSnapshot_Task', one, '<removeChildren>false</removeChildren>')).fault,
      ).toBe('ManagedObjectNotFound');
      await run('RemoveAllSnapshots_Task');
      expect(await soap.read(vm, 'snapshot')).toEqual({});
      expect((await diskOf(vm)).at('backing/fileName').text).not.toMatch(/-00000\d/);
    }));

  test('the machine runs on a delta whose parents are the files of its snapshots; removal merges them', () =>
    vc.run(async () => {
      const base = (await diskOf(vm)).at('backing/fileName').text;
      const delta = (n: number) => base.replace('.vmdk', `-00000${n}.vmdk`);
      const chain = async (object: string) => {
        const files: string[] = [];
        for (
          let at: Xml | undefined = (await diskOf(object)).at('backing');
          at;
          at = at.children.find((c) => c.name === 'parent')
        )
          files.push(at.at('fileName').text);
        return files;
      };
      const one = await takeSnapshot('one');
      const two = await takeSnapshot('two');
      expect(await chain(vm)).toEqual([delta(2), delta(1), base]);
      expect(await chain(two)).toEqual([delta(1), base]);
      expect(await chain(one)).toEqual([base]);
      await run('RemoveSnapshot_Task', '<removeChildren>false</removeChildren>', one);
      expect(await chain(two)).toEqual([base]);
      expect(await chain(vm)).toEqual([delta(2), base]);
      await run('RemoveSnapshot_Task', '<removeChildren>true</removeChildren>', two);
      expect(await chain(vm)).toEqual([base]);
    }));

  test('reverting brings back content and power, and makes old change ids useless', () =>
    vc.run(async () => {
      await track(true);
      const disk = vc.estate.disk(diskId);
      disk.write(65_536, Buffer.alloc(4096, 1));
      const before = disk.sha256();
      const one = await takeSnapshot('one', true);
      const changeId = (await diskOf(one)).at('backing/changeId').text;
      disk.write(65_536, Buffer.alloc(4096, 2));
      disk.write(1_048_576, Buffer.alloc(65_536, 3));
      expect(disk.sha256()).not.toBe(before);
      await run('PowerOffVM_Task');
      await run('RevertToSnapshot_Task', '', one);
      expect(disk.sha256()).toBe(before);
      expect(await powerOf()).toBe('poweredOn');
      const two = await takeSnapshot('two');
      const answer = await soap.call('QueryChangedDiskAreas', vm, areas(two, changeId));
      expect(answer.fault).toBe('FileFault');
      await run('RemoveAllSnapshots_Task');
      await track(false);
    }));

  test('an empty name, and one of eighty-one letters, are InvalidName', () =>
    vc.run(async () => {
      for (const name of ['', 'x'.repeat(81)])
        expect((await soap.call('CreateSnapshot_Task', vm, snapshotXml(name))).fault).toBe('InvalidName');
    }));

  test('at most thirty-two stand on each other', () =>
    vc.run(async () => {
      for (let i = 0; i < 32; i++) await takeSnapshot(`s${i}`);
      const info = await run('CreateSnapshot_Task', snapshotXml('one too many'));
      expect(errorOf(info)).toBe('TooManySnapshotLevels');
      await run('RemoveAllSnapshots_Task');
    }));
});

const areas = (snapshot: string, changeId: string, startOffset = 0, key = 2000) =>
  `${refXml('snapshot', snapshot)}<deviceKey>${key}</deviceKey><startOffset>${startOffset}</startOffset><changeId>${changeId}</changeId>`;

describe('change tracking', () => {
  test('is a setting that takes effect at the next stun, and then ids count up', () =>
    vc.run(async () => {
      await track(true);
      const config = await soap.read(
        vm,
        'config.changeTrackingEnabled',
        'config.extraConfig["ctkEnabled"].value',
        'config.extraConfig["scsi0:0.ctkEnabled"].value',
      );
      expect(Object.values(config).map((value) => value.text)).toEqual(['true', 'TRUE', 'TRUE']);
      expect((await diskOf(vm)).all('changeId')).toHaveLength(0);
      const ids: string[] = [];
      for (const name of ['one', 'two', 'three'])
        ids.push((await diskOf(await takeSnapshot(name))).at('backing/changeId').text);
      const parts = ids.map((id) => id.split('/'));
      expect(new Set(parts.map(([uuid]) => uuid)).size).toBe(1);
      expect(parts[0]![0]).toMatch(/^52( [0-9a-f]{2}){7}-[0-9a-f]{2}( [0-9a-f]{2}){7}$/);
      expect(parts.map(([, sequence]) => Number(sequence))).toEqual([1, 2, 3]);
      await run('RemoveAllSnapshots_Task');
      await track(false);
      await takeSnapshot('four');
      expect((await diskOf(vm)).all('changeId')).toHaveLength(0);
      await run('RemoveAllSnapshots_Task');
    }));

  test('power on makes it effective too; without it changed areas are a FileFault', () =>
    vc.run(async () => {
      const untracked = await takeSnapshot('untracked');
      expect((await soap.call('QueryChangedDiskAreas', vm, areas(untracked, '*'))).fault).toBe('FileFault');
      await run('RemoveAllSnapshots_Task');
      await run('PowerOffVM_Task');
      await track(true);
      await run('PowerOnVM_Task');
      expect((await diskOf(vm)).all('changeId')).toHaveLength(1);
      await track(false);
    }));

  test('began below a snapshot, "*" can only name the whole disk', () =>
    vc.run(async () => {
      await takeSnapshot('before');
      await track(true);
      const after = await takeSnapshot('after');
      const answer = await soap.ask('QueryChangedDiskAreas', vm, areas(after, '*'));
      expect(
        answer.all('changedArea').map((area) => [area.at('start').text, area.at('length').text]),
      ).toEqual([['0', String(4 * 1024 * 1024)]]);
      await run('RemoveAllSnapshots_Task');
      await track(false);
    }));

  test('asked wrongly: an unknown disk is NotFound, an offset beyond it InvalidArgument, another id FileFault', () =>
    vc.run(async () => {
      await track(true);
      const one = await takeSnapshot('one');
      const two = await takeSnapshot('two');
      const newer = (await diskOf(two)).at('backing/changeId').text;
      const ask = async (inner: string) => (await soap.call('QueryChangedDiskAreas', vm, inner)).fault;
      expect(await ask(areas(one, '*', 0, 2001))).toBe('NotFound');
      expect(await ask(areas(one, '*', 4 * 1024 * 1024))).toBe('InvalidArgument');
      expect(await ask(areas(one, '*', -1))).toBe('InvalidArgument');
      expect(await ask(areas(one, newer))).toBe('FileFault');
      expect(await ask(areas(one, newer.replace(/\d+$/, '99')))).toBe('FileFault');
      expect(await ask(areas(one, 'rubbish'))).toBe('FileFault');
      expect(await ask('<deviceKey>2000</deviceKey><startOffset>0</startOffset><changeId>*</changeId>')).toBe(
        'FileFault',
      );
      expect(await ask(areas('VirtualMachineSnapshot:snapshot-999', '*'))).toBe('ManagedObjectNotFound');
      await run('RemoveAllSnapshots_Task');
      await run('PowerOffVM_Task');
      expect(
        await ask(`<deviceKey>2000</deviceKey><startOffset>0</startOffset><changeId>${newer}</changeId>`),
      ).toBeUndefined();
      await run('PowerOnVM_Task');
      await track(false);
    }));
});

describe('reconfiguration', () => {
  test('changes annotation and extra options, and counts a version that guards against others', () =>
    vc.run(async () => {
      const version = (await soap.read(vm, 'config.changeVersion'))['config.changeVersion']!.text;
      await run(
        'ReconfigVM_Task',
        `<spec><changeVersion>${version}</changeVersion><annotation>moved &amp; kept</annotation><extraConfig><key>a.b</key><value xsi:type="xsd:string">c</value></extraConfig></spec>`,
      );
      const now = await soap.read(
        vm,
        'config.annotation',
        'summary.config.annotation',
        'config.extraConfig["a.b"].value',
        'config.changeVersion',
      );
      expect(now['config.annotation']!.text).toBe('moved & kept');
      expect(now['summary.config.annotation']!.text).toBe('moved & kept');
      expect(now['config.extraConfig["a.b"].value']!.text).toBe('c');
      expect(now['config.changeVersion']!.text).not.toBe(version);
      const late = await run(
        'ReconfigVM_Task',
        `<spec><changeVersion>${version}</changeVersion><annotation>late</annotation></spec>`,
      );
      expect(errorOf(late)).toBe('ConcurrentAccess');
      await run(
        'ReconfigVM_Task',
        '<spec><extraConfig><key>a.b</key><value xsi:type="xsd:string"></value></extraConfig></spec>',
      );
      expect(await soap.read(vm, 'config.extraConfig["a.b"].value')).toEqual({});
    }));
});

describe('tasks', () => {
  test('are listed by the machine and the task manager, and are gone some ten minutes after their end', () =>
    vc.run(async () => {
      const task = refOf((await soap.ask('ResetVM_Task', vm)).at('returnval'));
      const listed = async (object: string) =>
        (await soap.read(object, 'recentTask')).recentTask!.children.map(refOf);
      expect(await listed(vm)).toContain(task);
      expect(await listed('TaskManager:TaskManager')).toContain(task);
      await vc.pass(12 * MINUTE);
      await run('ResetVM_Task');
      expect(await listed(vm)).not.toContain(task);
      const gone = await soap.call(
        'RetrieveProperties',
        'PropertyCollector:propertyCollector',
        `<specSet><propSet><type>Task</type></propSet><objectSet>${refXml('obj', task)}</objectSet></specSet>`,
      );
      expect(gone.fault).toBe('ManagedObjectNotFound');
    }));
});
