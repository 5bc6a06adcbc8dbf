/** The inventory of an estate of every kind, over the wire; and how it follows the estate. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateEstate } from '../estate/generate.ts';
import { refOf, refXml, type Soap, type TestVcenter, testVcenter } from './testing/test-vcenter.ts';

let vc: TestVcenter;
let soap: Soap;

beforeAll(async () => {
  vc = await testVcenter({
    facts: generateEstate({ seed: 'inventory', machines: 80, hosts: 3, variety: true }),
  });
  soap = await vc.run(() => vc.session());
});
afterAll(() => vc[Symbol.asyncDispose]());

async function at(path: string): Promise<string | undefined> {
  const answer = await soap.ask(
    'FindByInventoryPath',
    'SearchIndex:SearchIndex',
    `<inventoryPath>${path}</inventoryPath>`,
  );
  return answer.all('returnval').map(refOf)[0];
}

async function vmOf(uuid: string): Promise<string> {
  const answer = await soap.ask(
    'FindByUuid',
    'SearchIndex:SearchIndex',
    `<uuid>${uuid}</uuid><vmSearch>true</vmSearch>`,
  );
  return refOf(answer.at('returnval'));
}

const refsOf = async (object: string, property: string) =>
  (await soap.read(object, property))[property]!.children.map(refOf);

describe('places', () => {
  test('folders nest, empty ones too, and names keep their slashes as vCenter escapes them', () =>
    vc.run(async () => {
      expect(await at('DC0/vm/Empty/Nested')).toMatch(/^Folder:group-v/);
      const odd = vc.estate.machines().find((machine) => machine.folder.length === 3)!;
      expect(await at(`DC0/vm/Production/Tier 1/A%252fB &amp; "C"/${odd.name}`.replace('%25', '%'))).toBe(
        await vmOf(odd.biosUuid),
      );
      expect(await at('DC0/datastore/Special/DC0_NFS')).toMatch(/^Datastore:/);
    }));

  test('a stand-alone host has a compute resource of its own, in its folder', () =>
    vc.run(async () => {
      const host = vc.estate.facts.hosts.find((each) => each.clusterId === undefined)!;
      const compute = await at(`DC0/host/Stand-alone/${host.name}`);
      expect(compute).toMatch(/^ComputeResource:domain-s/);
      const [only] = await refsOf(compute!, 'host');
      expect((await soap.read(only!, 'name')).name!.text).toBe(host.name);
    }));

  test('a machine in a vApp has that for its pool, and no folder', () =>
    vc.run(async () => {
      const inside = vc.estate.machines().find((machine) => machine.resourcePool?.endsWith('/Shop'))!;
      const vm = await vmOf(inside.biosUuid);
      const values = await soap.read(vm, 'parent', 'parentVApp', 'resourcePool');
      expect(values.parent).toBeUndefined();
      expect(refOf(values.parentVApp!)).toBe(refOf(values.resourcePool!));
      const app = await soap.read(refOf(values.parentVApp!), 'name', 'summary.vAppState', 'parentFolder');
      expect([app.name!.text, app['summary.vAppState']!.text]).toEqual(['Shop', 'started']);
      expect(await at(`DC0/vm/Production/Shop/${inside.name}`)).toBe(vm);
    }));

  test('a pool has its limits, and a template is in none', () =>
    vc.run(async () => {
      const gold = vc.estate.machines().find((machine) => machine.resourcePool?.endsWith('/Gold'))!;
      const pool = refOf((await soap.read(await vmOf(gold.biosUuid), 'resourcePool')).resourcePool!);
      const { config } = await soap.read(pool, 'config');
      expect(config!.at('cpuAllocation/limit').text).toBe('40000');
      expect(config!.at('memoryAllocation/reservation').text).toBe('8192');
      expect(config!.at('cpuAllocation/shares/level').text).toBe('high');
      const template = vc.estate.machines().find((machine) => machine.template)!;
      expect(await soap.read(await vmOf(template.biosUuid), 'resourcePool')).toEqual({});
    }));

  test('custom attributes are defined once and stand on machines', () =>
    vc.run(async () => {
      const { field } = await soap.read('CustomFieldsManager:CustomFieldsManager', 'field');
      expect(field!.children.map((each) => each.at('name').text)).toEqual(['Owner', 'Cost centre']);
      const [machine] = vc.estate.machines();
      const { customValue } = await soap.read(await vmOf(machine!.biosUuid), 'customValue');
      expect(customValue!.children.map((each) => each.at('value').text)).toEqual(
        Object.values(machine!.attributes!),
      );
    }));
});

describe('what happens to the estate', () => {
  test('is in every list at once: a machine that moves leaves one and enters another', () =>
    vc.run(async () => {
      const [first, second] = vc.estate.facts.hosts;
      const machine = vc.estate
        .machines()
        .find((each) => each.hostId === first!.id && !each.template && each.resourcePool === undefined)!;
      const vm = await vmOf(machine.biosUuid);
      const before = refOf((await soap.read(vm, 'runtime.host'))['runtime.host']!);
      vc.estate.replace({ ...machine, hostId: second!.id, folder: ['Moved'], name: 'moved' });
      const after = refOf((await soap.read(vm, 'runtime.host'))['runtime.host']!);
      expect(await refsOf(before, 'vm')).not.toContain(vm);
      expect(await refsOf(after, 'vm')).toContain(vm);
      expect(await at('DC0/vm/Moved/moved')).toBe(vm);
      vc.estate.remove(machine.id);
      expect(await refsOf(after, 'vm')).not.toContain(vm);
      expect((await soap.call('Fetch', vm, '<prop>name</prop>')).fault).toBe('ManagedObjectNotFound');
    }));

  test('shows in what was read and kept before', () =>
    vc.run(async () => {
      const machine = vc.estate.machines().find((each) => each.cores === 2 && !each.connection)!;
      const vm = await vmOf(machine.biosUuid);
      const cores = async () =>
        (await soap.read(vm, 'config.hardware'))['config.hardware']!.at('numCPU').text;
      expect([await cores(), await cores()]).toEqual(['2', '2']);
      vc.estate.replace({ ...machine, cores: 4 });
      expect(await cores()).toBe('4');
      const view = refOf(
        (
          await soap.ask(
            'CreateContainerView',
            'ViewManager:ViewManager',
            `${refXml('container', 'Folder:group-d1')}<type>VirtualMachine</type><recursive>true</recursive>`,
          )
        ).at('returnval'),
      );
      const count = async () => (await refsOf(view, 'view')).length;
      const before = await count();
      vc.estate.remove(machine.id);
      expect(await count()).toBe(before - 1);
    }));
});
