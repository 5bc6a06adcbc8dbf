/** Reading and watching properties over the wire. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MIB, MINUTE, SECOND } from '#core/units.ts';
import { generateEstate } from '../../estate/generate.ts';
import {
  filterXml,
  refOf,
  refXml,
  type Soap,
  type TestVcenter,
  testVcenter,
  type Xml,
} from '../testing/test-vcenter.ts';

const COLLECTOR = 'PropertyCollector:propertyCollector';
let vc: TestVcenter;
let soap: Soap;

beforeAll(async () => {
  vc = await testVcenter({ machines: 12 });
  soap = await vc.run(() => vc.session());
});
afterAll(() => vc[Symbol.asyncDispose]());

const VIEW_TO_VMS =
  '<selectSet xsi:type="TraversalSpec"><name>v</name><type>ContainerView</type><path>view</path></selectSet>';

async function allMachines(client: Soap): Promise<string> {
  const view = await client.ask(
    'CreateContainerView',
    'ViewManager:ViewManager',
    `${refXml('container', 'Folder:group-d1')}<type>VirtualMachine</type><recursive>true</recursive>`,
  );
  return refOf(view.at('returnval'));
}

const machinesSpec = (view: string, paths: readonly string[], element = 'specSet') =>
  `<${element}><propSet><type>VirtualMachine</type>${paths.map((path) => `<pathSet>${path}</pathSet>`).join('')}</propSet>` +
  `<objectSet>${refXml('obj', view)}<skip>true</skip>${VIEW_TO_VMS}</objectSet></${element}>`;

async function hostOfFirst(): Promise<string> {
  const [vm] = objects(
    await soap.ask('RetrieveProperties', COLLECTOR, machinesSpec(await allMachines(soap), ['name'])),
  );
  return refOf((await soap.read(vm!, 'runtime.host'))['runtime.host']!);
}

const objects = (answer: Xml) => answer.all('obj').map(refOf);

describe('RetrievePropertiesEx', () => {
  test('pages hold as many objects as asked for, and together everything once', () =>
    vc.run(async () => {
      const view = await allMachines(soap);
      const spec = machinesSpec(view, ['name']);
      let page = await soap.ask(
        'RetrievePropertiesEx',
        COLLECTOR,
        `${spec}<options><maxObjects>5</maxObjects></options>`,
      );
      const sizes: number[] = [];
      const seen: string[] = [];
      for (;;) {
        const found = objects(page);
        sizes.push(found.length);
        seen.push(...found);
        const token = page.all('token')[0]?.text;
        if (token === undefined) break;
        page = await soap.ask('ContinueRetrievePropertiesEx', COLLECTOR, `<token>${token}</token>`);
        // a token works once
        expect(
          (await soap.call('ContinueRetrievePropertiesEx', COLLECTOR, `<token>${token}</token>`)).fault,
        ).toBe('InvalidProperty');
      }
      expect(sizes).toEqual([5, 5, 2]);
      expect(new Set(seen).size).toBe(12);
    }));

  test('a page that is not wanted is given up by CancelRetrievePropertiesEx', () =>
    vc.run(async () => {
      const view = await allMachines(soap);
      const page = await soap.ask(
        'RetrievePropertiesEx',
        COLLECTOR,
        `${machinesSpec(view, ['name'])}<options><maxObjects>1</maxObjects></options>`,
      );
      const token = `<token>${page.at('returnval/token').text}</token>`;
      await soap.ask('CancelRetrievePropertiesEx', COLLECTOR, token);
      expect((await soap.call('ContinueRetrievePropertiesEx', COLLECTOR, token)).fault).toBe(
        'InvalidProperty',
      );
    }));

  test('nothing selected is an answer without returnval; zero objects a page is InvalidArgument', () =>
    vc.run(async () => {
      const spec = filterXml('specSet', 'Folder:group-d1', ['name']).replace(
        '<type>Folder</type>',
        '<type>Datastore</type>',
      );
      const none = await soap.ask('RetrievePropertiesEx', COLLECTOR, `${spec}<options/>`);
      expect(none.children).toHaveLength(0);
      const zero = await soap.call(
        'RetrievePropertiesEx',
        COLLECTOR,
        `${spec}<options><maxObjects>0</maxObjects></options>`,
      );
      expect(zero.fault).toBe('InvalidArgument');
    }));

  test.each([
    'nosuch',
    'config.nosuch',
    'config.hardware.device.key',
    'config.hardware.numCPU.x',
    'config..name',
    'name[0]',
    '',
  ])('the path "%s" faults the whole call with InvalidProperty', (path) =>
    vc.run(async () => {
      const view = await allMachines(soap);
      const answer = await soap.call(
        'RetrievePropertiesEx',
        COLLECTOR,
        `${machinesSpec(view, ['name', path])}<options/>`,
      );
      expect(answer.fault).toBe('InvalidProperty');
      expect(answer.body.at('detail/InvalidPropertyFault/name').text).toBe(path);
    }));

  test('nested and keyed paths lead to single values', () =>
    vc.run(async () => {
      const machine = vc.estate.machines()[0]!;
      const found = await soap.ask(
        'FindByUuid',
        'SearchIndex:SearchIndex',
        `<uuid>${machine.biosUuid}</uuid><vmSearch>true</vmSearch>`,
      );
      const vm = refOf(found.at('returnval'));
      const values = await soap.read(
        vm,
        'config.hardware.numCPU',
        'config.hardware.device[4000].macAddress',
        'config.hardware.device[2000].capacityInKB',
        'config.hardware.device[2000].macAddress',
        'config.hardware.device[99999]',
        'config.extraConfig["svga.present"].value',
        'summary.runtime.powerState',
        'runtime.question',
      );
      expect(values['config.hardware.numCPU']!.text).toBe(String(machine.cores));
      expect(values['config.hardware.numCPU']!.attributes['xsi:type']).toBe('xsd:int');
      expect(values['config.hardware.device[4000].macAddress']!.text).toBe(machine.nics[0]!.macAddress);
      expect(values['config.hardware.device[2000].capacityInKB']!.text).toBe(
        String(machine.disks[0]!.sizeBytes / 1024),
      );
      expect(values['config.extraConfig["svga.present"].value']!.text).toBe('TRUE');
      expect(values['summary.runtime.powerState']!.attributes['xsi:type']).toBe('VirtualMachinePowerState');
      // a disk has no MAC address, there is no device 99999, and no question waits: unset, not an error
      expect(Object.keys(values)).toHaveLength(5);
    }));

  test('a missing start object faults the call, unless the filter says that it may be missing', () =>
    vc.run(async () => {
      const spec = filterXml('specSet', 'VirtualMachine:vm-1', ['name']);
      expect((await soap.call('RetrieveProperties', COLLECTOR, spec)).fault).toBe('ManagedObjectNotFound');
      const allowed = spec.replace(
        '</specSet>',
        '<reportMissingObjectsInResults>true</reportMissingObjectsInResults></specSet>',
      );
      expect((await soap.ask('RetrieveProperties', COLLECTOR, allowed)).children).toHaveLength(0);
    }));

  test('before login unreadable properties stand in missingSet as NotAuthenticated, and nothing is traversed', () =>
    vc.run(async () => {
      const stranger = vc.anonymous();
      const session = await stranger.ask(
        'RetrieveProperties',
        COLLECTOR,
        filterXml('specSet', 'SessionManager:SessionManager', ['currentSession', 'sessionList']),
      );
      expect(session.all('propSet')).toHaveLength(0);
      expect(session.all('missingSet').map((missing) => missing.at('path').text)).toEqual(['sessionList']);
      const fault = session.at('returnval/missingSet/fault/fault');
      expect(fault.attributes['xsi:type']).toBe('NotAuthenticated');
      expect(refOf(fault.at('object'))).toBe('SessionManager:SessionManager');
      const tree = await stranger.ask(
        'RetrieveProperties',
        COLLECTOR,
        `<specSet><propSet><type>ManagedEntity</type><pathSet>name</pathSet></propSet><objectSet>${refXml('obj', 'Folder:group-d1')}` +
          '<selectSet xsi:type="TraversalSpec"><type>Folder</type><path>childEntity</path></selectSet></objectSet></specSet>',
      );
      expect(objects(tree)).toEqual(['Folder:group-d1']);
    }));

  test('a property that exists and is not offered is refused, not shown as empty', () =>
    vc.run(async () => {
      const answer = await soap.call(
        'RetrieveProperties',
        COLLECTOR,
        filterXml('specSet', await hostOfFirst(), ['licensableResource']),
      );
      expect(answer.fault).toBe('NotSupported');
    }));
});

describe('updates', () => {
  async function watch(client: Soap, paths: readonly string[]): Promise<string> {
    const collector = refOf((await client.ask('CreatePropertyCollector', COLLECTOR)).at('returnval'));
    const view = await allMachines(client);
    await client.ask(
      'CreateFilter',
      collector,
      `${machinesSpec(view, paths, 'spec')}<partialUpdates>false</partialUpdates>`,
    );
    return collector;
  }
  const wait = (client: Soap, collector: string, version: string, options = '') =>
    client.ask('WaitForUpdatesEx', collector, `<version>${version}</version><options>${options}</options>`);
  const vmOf = async (client: Soap, index: number) =>
    refOf(
      (
        await client.ask(
          'FindByUuid',
          'SearchIndex:SearchIndex',
          `<uuid>${vc.estate.machines()[index]!.biosUuid}</uuid><vmSearch>true</vmSearch>`,
        )
      ).at('returnval'),
    );
  const power = (index: number) =>
    vc.estate.setPower(
      vc.estate.machines()[index]!.id,
      vc.estate.power(vc.estate.machines()[index]!.id) === 'on' ? 'suspended' : 'on',
    );

  test('the first answer holds everything; then nothing, until something changes', () =>
    vc.run(async () => {
      const collector = await watch(soap, ['name', 'runtime.powerState']);
      const all = await wait(soap, collector, '');
      expect(all.all('objectSet')).toHaveLength(12);
      expect(all.all('kind').every((kind) => kind.text === 'enter')).toBe(true);
      const version = all.at('returnval/version').text;
      expect(
        (await wait(soap, collector, version, '<maxWaitSeconds>0</maxWaitSeconds>')).children,
      ).toHaveLength(0);
      const began = vc.tier.clock.wall();
      expect(
        (await wait(soap, collector, version, '<maxWaitSeconds>20</maxWaitSeconds>')).children,
      ).toHaveLength(0);
      expect(vc.tier.clock.wall() - began).toBe(20 * SECOND);
      const waiting = wait(soap, collector, version);
      power(0);
      const changed = await waiting;
      expect(changed.all('objectSet')).toHaveLength(1);
      expect(changed.at('returnval/filterSet/objectSet/kind').text).toBe('modify');
      expect(changed.all('name').map((name) => name.text)).toEqual(['runtime.powerState']);
      power(0);
    }));

  test('an older version is brought up to date as often as it is asked', () =>
    vc.run(async () => {
      const collector = await watch(soap, ['runtime.powerState']);
      const first = (await wait(soap, collector, '')).at('returnval/version').text;
      power(1);
      const once = await soap.call('WaitForUpdatesEx', collector, `<version>${first}</version>`);
      const again = await soap.call('WaitForUpdatesEx', collector, `<version>${first}</version>`);
      expect(again.text).toBe(once.text);
      power(2);
      const both = await wait(soap, collector, first);
      expect(both.all('objectSet')).toHaveLength(2);
      expect(Number(both.at('returnval/version').text)).toBeGreaterThan(
        Number(once.body.at('returnval/version').text),
      );
      expect((await wait(soap, collector, '')).all('objectSet')).toHaveLength(12);
      power(1);
      power(2);
    }));

  test('a version that was never given out is InvalidCollectorVersion', () =>
    vc.run(async () => {
      const collector = await watch(soap, ['name']);
      await wait(soap, collector, '');
      for (const version of ['-', '999999', '1.5', 'x'])
        expect((await soap.call('WaitForUpdatesEx', collector, `<version>${version}</version>`)).fault).toBe(
          'InvalidCollectorVersion',
        );
    }));

  test('maxObjectUpdates cuts the answer, and the versions lead through all of it', () =>
    vc.run(async () => {
      const collector = await watch(soap, ['name']);
      const seen: string[] = [];
      let version = '';
      for (;;) {
        const update = await wait(soap, collector, version, '<maxObjectUpdates>5</maxObjectUpdates>');
        seen.push(...objects(update));
        version = update.at('returnval/version').text;
        if (update.all('truncated').length === 0) break;
      }
      expect(seen).toHaveLength(12);
      expect(new Set(seen).size).toBe(12);
    }));

  test('an answer of 64 MiB is cut though nobody asked for it, and the next ones tell the rest', async () => {
    const { machines, ...estate } = generateEstate({ seed: 'large updates', machines: 20 });
    const annotation = 'x'.repeat(4 * MIB);
    await using large = await testVcenter({
      facts: { ...estate, machines: machines.map((machine) => ({ ...machine, annotation })) },
    });
    await large.run(async () => {
      const client = await large.session();
      const collector = await watch(client, ['config.annotation']);
      const told: number[] = [];
      let version = '';
      for (let isTruncated = true; isTruncated; ) {
        const { text } = await client.call('WaitForUpdatesEx', collector, `<version>${version}</version>`);
        told.push(text.split('<kind>enter</kind>').length - 1);
        version = /<version>(\d+)</.exec(text)![1]!;
        isTruncated = text.includes('<truncated>true</truncated>');
      }
      expect(told).toEqual([16, 4]);
      client.action = '"urn:vim25/4.0"'; // which has no such field, and only the old method
      const { text } = await client.call('WaitForUpdates', collector, '<version></version>');
      expect(text.split('<kind>enter</kind>').length - 1).toBe(16);
      expect(text).not.toContain('truncated');
    });
  });

  test('CancelWaitForUpdates ends a waiting call with RequestCanceled, DestroyPropertyCollector too', () =>
    vc.run(async () => {
      for (const end of ['CancelWaitForUpdates', 'DestroyPropertyCollector']) {
        const collector = await watch(soap, ['name']);
        const version = (await wait(soap, collector, '')).at('returnval/version').text;
        const waiting = soap.call('WaitForUpdatesEx', collector, `<version>${version}</version>`);
        await vc.pass(SECOND);
        await soap.ask(end, collector);
        expect((await waiting).fault).toBe('RequestCanceled');
      }
    }));

  test('a session that ends takes its waiting calls, filters and views with it', () =>
    vc.run(async () => {
      const other = await vc.session();
      const collector = await watch(other, ['name']);
      const version = (await wait(other, collector, '')).at('returnval/version').text;
      const waiting = other.call(
        'WaitForUpdatesEx',
        collector,
        `<version>${version}</version><options><maxWaitSeconds>7200</maxWaitSeconds></options>`,
      );
      await vc.pass(45 * MINUTE); // a session that waits is not idle; the other one is
      soap = await vc.session();
      const key = (await other.read('SessionManager:SessionManager', 'currentSession')).currentSession!.at(
        'key',
      ).text;
      await soap.ask('TerminateSession', 'SessionManager:SessionManager', `<sessionId>${key}</sessionId>`);
      expect((await waiting).fault).toBe('NotAuthenticated');
      expect((await soap.call('WaitForUpdatesEx', collector)).fault).toBe('ManagedObjectNotFound');
    }));

  test('a task that is forgotten, and a view that is destroyed, leave', () =>
    vc.run(async () => {
      const view = await allMachines(soap);
      const collector = refOf((await soap.ask('CreatePropertyCollector', COLLECTOR)).at('returnval'));
      await soap.ask(
        'CreateFilter',
        collector,
        `${machinesSpec(view, ['name'], 'spec')}<partialUpdates>false</partialUpdates>`,
      );
      const version = (await wait(soap, collector, '')).at('returnval/version').text;
      await soap.ask('DestroyView', view);
      const update = await wait(soap, collector, version);
      expect(update.all('kind').map((kind) => kind.text)).toEqual(Array(12).fill('leave'));
    }));

  test('CheckForUpdates does not wait', () =>
    vc.run(async () => {
      const collector = await watch(soap, ['name']);
      const version = (await soap.ask('CheckForUpdates', collector)).at('returnval/version').text;
      expect(
        (await soap.ask('CheckForUpdates', collector, `<version>${version}</version>`)).children,
      ).toHaveLength(0);
    }));

  test('a filter created while somebody waits brings its objects as news', () =>
    vc.run(async () => {
      const collector = await watch(soap, ['name']);
      const version = (await wait(soap, collector, '')).at('returnval/version').text;
      const waiting = wait(soap, collector, version);
      await vc.pass(SECOND);
      await soap.ask(
        'CreateFilter',
        collector,
        `${filterXml('spec', await vmOf(soap, 0), ['name'])}<partialUpdates>true</partialUpdates>`,
      );
      expect((await waiting).all('kind').map((kind) => kind.text)).toEqual(['enter']);
    }));

  test('a change of snapshots is told of as snapshot and devices, not as extra options', () =>
    vc.run(async () => {
      const collector = await watch(soap, [
        'snapshot',
        'config.hardware.device',
        'config.extraConfig',
        'name',
      ]);
      const version = (await wait(soap, collector, '')).at('returnval/version').text;
      const vm = await vmOf(soap, 0);
      await soap.finish(
        (
          await soap.ask(
            'CreateSnapshot_Task',
            vm,
            '<name>s</name><memory>false</memory><quiesce>false</quiesce>',
          )
        ).at('returnval'),
      );
      const update = await wait(soap, collector, version);
      expect(update.all('changeSet').map((change) => change.at('name').text)).toEqual([
        'snapshot',
        'config.hardware.device',
      ]);
      const next = update.at('returnval/version').text;
      await soap.finish((await soap.ask('RemoveAllSnapshots_Task', vm)).at('returnval'));
      const gone = await wait(soap, collector, next);
      const snapshot = gone.all('changeSet').find((change) => change.at('name').text === 'snapshot')!;
      expect(snapshot.all('val')).toHaveLength(0); // unset: assigned without a value
    }));
});
