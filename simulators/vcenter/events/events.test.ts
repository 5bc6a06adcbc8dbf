import { describe, expect, test } from 'vitest';
import { HOUR, SECOND } from '#core/units.ts';
import {
  refOf,
  refXml,
  type Soap,
  type TestVcenter,
  testVcenter,
  type Xml,
} from '../testing/test-vcenter.ts';

const EVENTS = 'EventManager:EventManager';
const TASKS = 'TaskManager:TaskManager';

const vmOf = async (vc: TestVcenter, soap: Soap, index = 0) =>
  refOf(
    (
      await soap.ask(
        'FindByUuid',
        'SearchIndex:SearchIndex',
        `<uuid>${vc.estate.machines()[index]!.biosUuid}</uuid><vmSearch>true</vmSearch>`,
      )
    ).at('returnval'),
  );

const types = (answer: Xml) =>
  answer.all('returnval').map((each) => each.attributes['xsi:type'] ?? each.name);

const power = async (vc: TestVcenter, soap: Soap, vm: string) => {
  const machine = vc.estate.machines()[0]!;
  const task = await soap.ask(
    vc.estate.power(machine.id) === 'on' ? 'PowerOffVM_Task' : 'PowerOnVM_Task',
    vm,
  );
  return soap.finish(task.at('returnval'));
};

describe('events', () => {
  test('a power change is a chain: the task, the beginning and the end of it, with who, where and what', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const soap = await vc.session();
      const vm = await vmOf(vc, soap);
      const info = await power(vc, soap, vm);
      const filter = `<filter><eventChainId>${info.at('eventChainId').text}</eventChainId></filter>`;
      const answer = await soap.ask('QueryEvents', EVENTS, filter);
      const isOn = vc.estate.power(vc.estate.machines()[0]!.id) === 'on';
      expect(types(answer)).toEqual([
        'TaskEvent',
        ...(isOn ? ['VmStartingEvent', 'VmPoweredOnEvent'] : ['VmStoppingEvent', 'VmPoweredOffEvent']),
      ]);
      const last = answer.all('returnval').at(-1)!;
      const machine = vc.estate.machines()[0]!;
      expect(last.at('userName').text).toBe('VSPHERE.LOCAL\\administrator');
      expect(last.at('vm/name').text).toBe(machine.name);
      expect(refOf(last.at('vm/vm'))).toBe(vm);
      expect(last.at('fullFormattedMessage').text).toContain(`${machine.name} on `);
      for (const argument of ['datacenter', 'computeResource', 'host'])
        expect(last.at(`${argument}/name`).text).not.toBe('');
      expect((await soap.read(EVENTS, 'latestEvent')).latestEvent!.at('key').text).toBe(last.at('key').text);
    });
  });

  test('are found by entity, type, user and time', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const soap = await vc.session();
      const vm = await vmOf(vc, soap);
      await power(vc, soap, vm);
      const query = async (inner: string) =>
        types(await soap.ask('QueryEvents', EVENTS, `<filter>${inner}</filter>`));
      const byEntity = (entity: string, recursion: string) =>
        query(`<entity>${refXml('entity', entity)}<recursion>${recursion}</recursion></entity>`);
      expect(await byEntity(vm, 'self')).toHaveLength(3);
      expect(await byEntity(await vmOf(vc, soap, 1), 'all')).toEqual([]);
      expect(await byEntity('Folder:group-d1', 'all')).toHaveLength(3);
      expect(await byEntity('Folder:group-d1', 'self')).toEqual([]);
      expect(await query('<type>SessionEvent</type>')).toEqual(['UserLoginSessionEvent']);
      expect(await query('<eventTypeId>vim.event.UserLoginSessionEvent</eventTypeId>')).toHaveLength(1);
      expect(
        await query(
          '<userName><systemUser>false</systemUser><userList>reader@vsphere.local</userList></userName>',
        ),
      ).toEqual([]);
      const until = new Date(vc.tier.clock.wall() - HOUR).toISOString();
      expect(await query(`<time><endTime>${until}</endTime></time>`)).toEqual([]);
      expect(await query('<maxCount>1</maxCount>')).toHaveLength(1);
      const wrong = await soap.call('QueryEvents', EVENTS, '<filter><type>NoSuchEvent</type></filter>');
      expect(wrong.fault).toBe('InvalidType');
    });
  });

  test('a collector reads on from the oldest and back from the newest, and its page is told when it changes', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const soap = await vc.session();
      const vm = await vmOf(vc, soap);
      for (let i = 0; i < 3; i++) await power(vc, soap, vm);
      const made = await soap.ask(
        'CreateCollectorForEvents',
        EVENTS,
        '<filter><type>VmEvent</type></filter>',
      );
      const collector = refOf(made.at('returnval'));
      const keys = async (method: string, count: number) =>
        (await soap.ask(method, collector, `<maxCount>${count}</maxCount>`))
          .all('returnval')
          .map((each) => Number(each.at('key').text));
      const first = await keys('ReadNextEvents', 4);
      const rest = await keys('ReadNextEvents', 4);
      expect([first.length, rest.length]).toEqual([4, 2]);
      const all = [...first, ...rest];
      expect(all).toEqual([...all].sort((a, b) => a - b));
      expect(await keys('ReadNextEvents', 4)).toEqual([]);
      expect(await keys('ReadPreviousEvents', 10)).toEqual([...all].reverse());
      await soap.ask('RewindCollector', collector);
      expect(await keys('ReadNextEvents', 1)).toEqual([all[0]]);
      await soap.ask('ResetCollector', collector);
      expect(await keys('ReadPreviousEvents', 1)).toEqual([all.at(-1)]);
      await soap.ask('SetCollectorPageSize', collector, '<maxCount>2</maxCount>');
      const { latestPage } = await soap.read(collector, 'latestPage');
      expect(latestPage!.children.map((each) => Number(each.at('key').text))).toEqual(
        all.slice(-2).reverse(),
      );
      await soap.ask('DestroyCollector', collector);
      expect((await soap.call('RewindCollector', collector)).fault).toBe('ManagedObjectNotFound');
    });
  });
});

describe('tasks', () => {
  test('a collector tells of finished ones long after recentTask has forgotten them', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const soap = await vc.session();
      const vm = await vmOf(vc, soap);
      await power(vc, soap, vm);
      await vc.pass(20 * 60 * SECOND);
      await power(vc, soap, vm);
      expect((await soap.read(TASKS, 'recentTask')).recentTask!.children).toHaveLength(1);
      const made = await soap.ask(
        'CreateCollectorForTasks',
        TASKS,
        `<filter><entity>${refXml('entity', vm)}<recursion>self</recursion></entity><state>success</state></filter>`,
      );
      const page = await soap.ask('ReadNextTasks', refOf(made.at('returnval')), '<maxCount>10</maxCount>');
      expect(page.all('returnval').map((each) => each.at('state').text)).toEqual(['success', 'success']);
    });
  });

  test('one that nobody may cancel says so', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const soap = await vc.session();
      const task = await soap.ask('ResetVM_Task', await vmOf(vc, soap));
      expect((await soap.call('CancelTask', refOf(task.at('returnval')))).fault).toBe('NotSupported');
    });
  });
});
