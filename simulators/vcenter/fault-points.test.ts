/** Every fault that a scenario can ask for acts where the real one would. */
import { describe, expect, test } from 'vitest';
import { HOUR } from '#core/units.ts';
import { generateEstate } from '../estate/generate.ts';
import type { Fault } from '../kit/fault-points.ts';
import { actsOnTask, faultOf, faultPoints } from './fault-points.ts';
import { METHODS } from './methods/table.ts';
import { DatacenterObject } from './objects/folder.ts';
import { typeNamed } from './schema/schema.ts';
import {
  ADMIN,
  refOf,
  refXml,
  type Soap,
  type TestVcenter,
  testVcenter,
  withSmallDisk,
} from './testing/test-vcenter.ts';

const start = (vc: TestVcenter, at: string, answer: string, more: Partial<Fault> = {}) =>
  vc.context.faults.arm({
    id: at,
    at,
    from: vc.tier.clock.wall(),
    until: vc.tier.clock.wall() + HOUR,
    times: 1,
    answer,
    ...more,
  });

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

describe('fault points', () => {
  test('there is one for each method, and every answer is a fault of the schema, a status, or a cut', () => {
    const points = faultPoints();
    for (const { name } of METHODS) expect(points.map((point) => point.name)).toContain(`vcenter.${name}`);
    const root = new DatacenterObject('dc', 2, 'DC', undefined as never);
    for (const point of points)
      for (const answer of point.answers) {
        if (!/^[A-Z]/.test(answer)) continue;
        expect(typeNamed(answer).lineage.has('MethodFault'), `${point.name} ${answer}`).toBe(true);
        const fault = faultOf({ answer } as Fault, root);
        for (const field of typeNamed(answer).fields.values())
          if (!field.isOptional) expect(fault.fields[field.name], `${answer}.${field.name}`).toBeDefined();
      }
  });

  test('what changes a machine fails in the task, what concerns the call fails at once', () => {
    expect(actsOnTask('CreateSnapshot_Task', 'GenericVmConfigFault')).toBe(true);
    expect(actsOnTask('CreateSnapshot_Task', 'NotAuthenticated')).toBe(false);
    expect(actsOnTask('QueryChangedDiskAreas', 'FileFault')).toBe(false);
    expect(actsOnTask('PowerOnVM_Task', '503')).toBe(false);
  });

  test('a session that expires is really over', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      for (const [at, answer] of [
        ['vcenter.session', 'expire'],
        ['vcenter.CurrentTime', 'NotAuthenticated'],
      ] as const) {
        const soap = await vc.session();
        start(vc, at, answer);
        expect((await soap.call('CurrentTime', 'ServiceInstance:ServiceInstance')).fault).toBe(
          'NotAuthenticated',
        );
        expect((await soap.call('CurrentTime', 'ServiceInstance:ServiceInstance')).fault).toBe(
          'NotAuthenticated',
        );
        expect(
          (await (await vc.session()).call('CurrentTime', 'ServiceInstance:ServiceInstance')).fault,
        ).toBeUndefined();
      }
      expect(vc.trace.filter((event) => event.kind === 'fault')).toHaveLength(2);
    });
  });

  test('503 has a Retry-After, a reset has no answer, and both act so often and no more', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const soap = await vc.session();
      start(vc, 'vcenter.QueryPerf', '503', { times: 2, retryAfterSeconds: 7 });
      const query = async () =>
        soap.call(
          'QueryPerf',
          'PerformanceManager:PerfMgr',
          `<querySpec>${refXml('entity', await vmOf(vc, soap))}<intervalId>20</intervalId></querySpec>`,
        );
      for (let i = 0; i < 2; i++) {
        const answer = await query();
        expect([answer.status, answer.headers['retry-after']]).toEqual([503, '7']);
      }
      expect((await query()).status).toBe(200);
      start(vc, 'vcenter.QueryPerf', 'reset');
      await expect(query()).rejects.toMatchObject({ code: 'net.reset' });
      expect((await query()).status).toBe(200);
    });
  });

  test('a fault can be aimed at one machine by its name', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const soap = await vc.session();
      const [first, second] = vc.estate.machines();
      start(vc, 'vcenter.QueryPerf', 'InvalidArgument', { subject: second!.name, times: 9 });
      const query = async (index: number) =>
        soap.call(
          'QueryPerf',
          'PerformanceManager:PerfMgr',
          `<querySpec>${refXml('entity', await vmOf(vc, soap, index))}<intervalId>20</intervalId></querySpec>`,
        );
      expect((await query(0)).fault).toBeUndefined();
      expect((await query(1)).fault).toBe('InvalidArgument');
      expect(first!.name).not.toContain(second!.name);
    });
  });

  test('a snapshot that cannot be made is a task that ends in error, and leaves nothing behind', async () => {
    await using vc = await testVcenter({ facts: withSmallDisk(generateEstate({ seed: 'f', machines: 2 })) });
    await vc.run(async () => {
      const soap = await vc.session();
      const vm = await vmOf(vc, soap);
      start(vc, 'vcenter.CreateSnapshot_Task', 'FilesystemQuiesceFault');
      const info = await soap.finish(
        (
          await soap.ask(
            'CreateSnapshot_Task',
            vm,
            '<name>s</name><memory>false</memory><quiesce>true</quiesce>',
          )
        ).at('returnval'),
      );
      expect(info.at('error/fault').attributes['xsi:type']).toBe('FilesystemQuiesceFault');
      expect(await soap.read(vm, 'snapshot')).toEqual({});
      const again = await soap.finish(
        (
          await soap.ask(
            'CreateSnapshot_Task',
            vm,
            '<name>s</name><memory>false</memory><quiesce>true</quiesce>',
          )
        ).at('returnval'),
      );
      expect(again.at('state').text).toBe('success');
    });
  });

  test('a read of a disk can be refused, or cut in its middle', async () => {
    await using vc = await testVcenter({ facts: withSmallDisk(generateEstate({ seed: 'f', machines: 2 })) });
    await vc.run(async () => {
      const soap = await vc.session();
      const [, datastore, path] = /^\[(.+)\] (.+)\.vmdk$/.exec(vc.estate.machines()[0]!.disks[0]!.path)!;
      const url = `/${path}-flat.vmdk?dcPath=DC0&dsName=${encodeURIComponent(datastore!)}`;
      for (const answer of ['401', '404', '500', '503']) {
        start(vc, 'vcenter.folder', answer);
        expect((await soap.file(url)).status).toBe(Number(answer));
      }
      start(vc, 'vcenter.folder', 'reset');
      await expect(soap.file(url)).rejects.toMatchObject({ code: 'net.reset' });
      expect((await soap.file(url)).status).toBe(200);
    });
  });

  test('nothing that is told of a run holds a password or a token', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const soap = await vc.session();
      await soap.call('CurrentTime', 'ServiceInstance:ServiceInstance');
      const told = JSON.stringify(vc.trace) + JSON.stringify(vc.context.counters);
      expect(told).not.toContain(ADMIN.password);
      expect(told).not.toContain(/"([0-9a-f]{40})"/.exec(soap.cookie!)![1]);
      expect(vc.context.counters.toJSON()['calls.vcenter.Login']).toBe(1);
      expect(vc.context.counters.toJSON()['calls.vcenter.CurrentTime']).toBe(1);
    });
  });
});
