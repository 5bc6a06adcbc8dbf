import { describe, expect, test } from 'vitest';
import { KIB, MINUTE } from '#core/units.ts';
import { generateEstate } from '../../estate/generate.ts';
import {
  refOf,
  refXml,
  type Soap,
  type TestVcenter,
  testVcenter,
  withSmallDisk,
} from '../testing/test-vcenter.ts';

const facts = withSmallDisk(generateEstate({ seed: 'lifecycle', machines: 4 }));

async function world(work: (soap: Soap, vc: TestVcenter, vm: string, folder: string) => Promise<void>) {
  await using vc = await testVcenter({ facts });
  await vc.run(async () => {
    const soap = await vc.session();
    const found = await soap.ask(
      'FindByUuid',
      'SearchIndex:SearchIndex',
      `<uuid>${vc.estate.machines()[0]!.biosUuid}</uuid><vmSearch>true</vmSearch>`,
    );
    const vm = refOf(found.at('returnval'));
    await work(soap, vc, vm, refOf((await soap.read(vm, 'parent')).parent!));
  });
}

const finished = async (soap: Soap, method: string, self: string, inner = '') =>
  soap.finish((await soap.ask(method, self, inner)).at('returnval'));

const SNAPSHOT = '<name>s</name><memory>false</memory><quiesce>false</quiesce>';
const cloneXml = (folder: string, name: string, location: string, more = '') =>
  `${refXml('folder', folder)}<name>${name}</name><spec><location>${location}</location>` +
  `<template>false</template><powerOn>false</powerOn>${more}</spec>`;

describe('clones', () => {
  test('of a snapshot hold what it froze, also when it is gone, and go on by themselves', () =>
    world(async (soap, vc, vm, folder) => {
      const source = vc.estate.disk(vc.estate.machines()[0]!.disks[0]!.id);
      source.write(64 * KIB, Buffer.alloc(512, 1));
      const snapshot = (await finished(soap, 'CreateSnapshot_Task', vm, SNAPSHOT)).at('result');
      const frozen = source.read(0, source.facts.sizeBytes);
      source.write(64 * KIB, Buffer.alloc(512, 2));
      const inner = cloneXml(folder, 'copy', '', refXml('snapshot', refOf(snapshot)));
      expect((await finished(soap, 'CloneVM_Task', vm, inner)).at('state').text).toBe('success');
      await finished(soap, 'RemoveAllSnapshots_Task', vm);
      const copy = vc.estate.disk(vc.estate.machines().at(-1)!.disks[0]!.id);
      source.write(0, Buffer.alloc(512, 3));
      expect(copy.read(0, copy.facts.sizeBytes).equals(frozen)).toBe(true);
      copy.write(0, Buffer.alloc(512, 4));
      expect(source.read(0, 512)).toEqual(Buffer.alloc(512, 3));
    }));

  test('linked ones name their parent; without a snapshot they are refused', () =>
    world(async (soap, vc, vm, folder) => {
      const location = '<diskMoveType>createNewChildDiskBacking</diskMoveType>';
      const refused = await soap.call('CloneVM_Task', vm, cloneXml(folder, 'a', location));
      expect(refused.fault).toBe('InvalidArgument');
      const snapshot = (await finished(soap, 'CreateSnapshot_Task', vm, SNAPSHOT)).at('result');
      await finished(
        soap,
        'CloneVM_Task',
        vm,
        cloneXml(folder, 'a', location, refXml('snapshot', refOf(snapshot))),
      );
      const [first] = vc.estate.machines();
      expect(vc.estate.machines().at(-1)!.disks[0]).toMatchObject({
        parentPath: first!.disks[0]!.path,
        thin: true,
      });
    }));

  test('of a name that is taken fail in the task, and the log says so', () =>
    world(async (soap, vc, vm, folder) => {
      const { name } = vc.estate.machines()[0]!;
      const info = await finished(soap, 'CloneVM_Task', vm, cloneXml(folder, name, ''));
      expect(info.at('error/fault').attributes['xsi:type']).toBe('DuplicateName');
      const events = await soap.ask(
        'QueryEvents',
        'EventManager:EventManager',
        '<filter><type>VmCloneEvent</type></filter>',
      );
      expect(events.all('returnval').map((each) => each.attributes['xsi:type'])).toEqual([
        'VmBeingClonedEvent',
        'VmCloneFailedEvent',
      ]);
    }));
});

describe('machines that go while something is under way', () => {
  test('end the task with ManagedObjectNotFound', () =>
    world(async (soap, vc, vm) => {
      const task = await soap.ask('CreateSnapshot_Task', vm, SNAPSHOT);
      vc.estate.remove(vc.estate.machines()[0]!.id);
      const info = await soap.finish(task.at('returnval'));
      expect(info.at('error/fault').attributes['xsi:type']).toBe('ManagedObjectNotFound');
    }));

  test('do not come back by a guest that shuts down', () =>
    world(async (soap, vc, vm) => {
      await soap.ask('ShutdownGuest', vm);
      vc.estate.remove(vc.estate.machines()[0]!.id);
      await vc.pass(MINUTE);
      expect((await soap.call('PowerOnVM_Task', vm)).fault).toBe('ManagedObjectNotFound');
    }));
});

describe('leases', () => {
  test('that nobody goes on with are lost after five minutes, and what was to be imported with them', () =>
    world(async (soap, vc, vm) => {
      const pool = refOf((await soap.read(vm, 'resourcePool')).resourcePool!);
      const datastore = /^\[(.+?)\]/.exec(vc.estate.machines()[0]!.disks[0]!.path)![1];
      const spec =
        '<spec xsi:type="VirtualMachineImportSpec"><configSpec><name>brought</name>' +
        `<files><vmPathName>[${datastore}]</vmPathName></files></configSpec></spec>`;
      const lease = refOf((await soap.ask('ImportVApp', pool, spec)).at('returnval'));
      await vc.pass(MINUTE);
      expect((await soap.read(lease, 'state')).state!.text).toBe('ready');
      expect(vc.estate.machines().at(-1)!.name).toBe('brought');
      await vc.pass(10 * MINUTE);
      const { state, error } = await soap.read(lease, 'state', 'error');
      expect([state!.text, error!.at('fault').attributes['xsi:type']]).toEqual(['error', 'Timedout']);
      expect(vc.estate.machines().at(-1)!.name).not.toBe('brought');
      expect((await soap.call('HttpNfcLeaseComplete', lease)).fault).toBe('Timedout');
    }));
});
