/** Views and the search index. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refOf, refXml, type Soap, type TestVcenter, testVcenter } from './testing/test-vcenter.ts';

const VIEWS = 'ViewManager:ViewManager';
const INDEX = 'SearchIndex:SearchIndex';
let vc: TestVcenter;
let soap: Soap;

beforeAll(async () => {
  vc = await testVcenter({ machines: 6 });
  soap = await vc.run(() => vc.session());
});
afterAll(() => vc[Symbol.asyncDispose]());

const listOf = async (view: string) => (await soap.read(view, 'view')).view!.children.map(refOf);

async function container(of: string, types: readonly string[], recursive = true): Promise<string[]> {
  const view = await soap.ask(
    'CreateContainerView',
    VIEWS,
    `${refXml('container', of)}${types.map((type) => `<type>${type}</type>`).join('')}<recursive>${recursive}</recursive>`,
  );
  const reference = refOf(view.at('returnval'));
  const list = await listOf(reference);
  await soap.ask('DestroyView', reference);
  return list;
}

describe('container views', () => {
  test('hold everything below the root, each object once', () =>
    vc.run(async () => {
      const all = await container('Folder:group-d1', []);
      expect(new Set(all).size).toBe(all.length);
      const { facts } = vc.estate;
      const count = (type: string) => all.filter((object) => object.startsWith(`${type}:`)).length;
      expect(count('VirtualMachine')).toBe(facts.machines.length);
      expect(count('HostSystem')).toBe(facts.hosts.length);
      expect(count('Datastore')).toBe(facts.datastores.length);
      expect(await container('Folder:group-d1', ['VirtualMachine'])).toEqual(
        all.filter((object) => object.startsWith('VirtualMachine:')),
      );
    }));

  test('of a host, a cluster or a pool hold its machines; not recursive ones hold the first level only', () =>
    vc.run(async () => {
      const [cluster] = await container('Folder:group-d1', ['ComputeResource']);
      const [host] = await container(cluster!, ['HostSystem']);
      const [pool] = await container(cluster!, ['ResourcePool']);
      const onHost = (await soap.read(host!, 'vm')).vm!.children.map(refOf);
      expect((await container(host!, ['VirtualMachine'])).sort()).toEqual(onHost.sort());
      expect((await container(pool!, ['VirtualMachine'])).length).toBeGreaterThan(0);
      expect(await container('Folder:group-d1', [], false)).toEqual(['Datacenter:datacenter-2']);
    }));

  test('of what is no container, or of types that are none, are InvalidArgument', () =>
    vc.run(async () => {
      const [vm] = await container('Folder:group-d1', ['VirtualMachine']);
      const ask = async (of: string, type: string) =>
        (
          await soap.call(
            'CreateContainerView',
            VIEWS,
            `${refXml('container', of)}<type>${type}</type><recursive>true</recursive>`,
          )
        ).fault;
      expect(await ask(vm!, 'Datastore')).toBe('InvalidArgument');
      expect(await ask('Folder:group-d1', 'VirtualDisk')).toBe('InvalidArgument');
      expect(await ask('Folder:group-d9', 'Folder')).toBe('ManagedObjectNotFound');
    }));
});

describe('list views', () => {
  test('are made, changed and reset; references that lead nowhere come back', () =>
    vc.run(async () => {
      const [one, two, three] = await container('Folder:group-d1', ['VirtualMachine']);
      const obj = (...objects: string[]) => objects.map((object) => refXml('obj', object)).join('');
      const view = refOf((await soap.ask('CreateListView', VIEWS, obj(one!, two!))).at('returnval'));
      expect(await listOf(view)).toEqual([one, two]);
      const missing = 'VirtualMachine:vm-1';
      const changed = await soap.ask(
        'ModifyListView',
        view,
        `${refXml('add', three!)}${refXml('add', missing)}${refXml('remove', one!)}`,
      );
      expect(changed.children.map(refOf)).toEqual([missing]);
      expect(await listOf(view)).toEqual([two, three]);
      await soap.ask('ResetListView', view, obj(one!));
      expect(await listOf(view)).toEqual([one]);
      expect((await soap.read(VIEWS, 'viewList')).viewList!.children.map(refOf)).toContain(view);
      await soap.ask('DestroyView', view);
      expect((await soap.call('DestroyView', view)).fault).toBe('ManagedObjectNotFound');
      expect((await soap.call('CreateListView', VIEWS, obj(missing))).fault).toBe('ManagedObjectNotFound');
    }));
});

describe('the search index', () => {
  const machine = () =>
    vc.estate
      .machines()
      .find(({ power, tools, nics }) => power === 'on' && tools === 'running' && nics[0]?.ipAddresses[0])!;
  const found = async (method: string, inner: string) => {
    const [returnval] = (await soap.ask(method, INDEX, inner)).children;
    return returnval && refOf(returnval);
  };
  const nameOf = async (object: string | undefined) => (await soap.read(object!, 'name')).name!.text;

  test('finds a machine by both UUIDs, address, name, path and parent', () =>
    vc.run(async () => {
      const { name, biosUuid, instanceUuid, dnsName, nics, folder } = machine();
      const byUuid = await found(
        'FindByUuid',
        `<uuid>${biosUuid.toUpperCase()}</uuid><vmSearch>true</vmSearch>`,
      );
      expect(await nameOf(byUuid)).toBe(name);
      const path = ['DC0', 'vm', ...folder, name].join('/');
      const parent = refOf((await soap.read(byUuid!, 'parent')).parent!);
      for (const [method, inner] of [
        [
          'FindByUuid',
          `<uuid>${instanceUuid}</uuid><vmSearch>true</vmSearch><instanceUuid>true</instanceUuid>`,
        ],
        [
          'FindByUuid',
          `${refXml('datacenter', 'Datacenter:datacenter-2')}<uuid>${biosUuid}</uuid><vmSearch>true</vmSearch>`,
        ],
        ['FindByIp', `<ip>${nics[0]!.ipAddresses[0]}</ip><vmSearch>true</vmSearch>`],
        ['FindByDnsName', `<dnsName>${dnsName.toUpperCase()}</dnsName><vmSearch>true</vmSearch>`],
        ['FindByInventoryPath', `<inventoryPath>${path}</inventoryPath>`],
        ['FindByInventoryPath', `<inventoryPath>/${path}/</inventoryPath>`],
        ['FindChild', `${refXml('entity', parent)}<name>${name}</name>`],
      ] as const)
        expect(await found(method, inner), inner).toBe(byUuid);
    }));

  test('finds hosts by UUID and name', () =>
    vc.run(async () => {
      const [host] = vc.estate.facts.hosts;
      const byUuid = await found('FindByUuid', `<uuid>${host!.uuid}</uuid><vmSearch>false</vmSearch>`);
      expect(await nameOf(byUuid)).toBe(host!.name);
      expect(await found('FindByDnsName', `<dnsName>${host!.name}</dnsName><vmSearch>false</vmSearch>`)).toBe(
        byUuid,
      );
    }));

  test('answers nothing for what is not there, and not for a machine that is off by its address', () =>
    vc.run(async () => {
      const { id, nics } = machine();
      const ip = `<ip>${nics[0]!.ipAddresses[0]}</ip><vmSearch>true</vmSearch>`;
      vc.estate.setPower(id, 'off');
      for (const [method, inner] of [
        ['FindByIp', ip],
        ['FindByUuid', `<uuid>${'0'.repeat(36)}</uuid><vmSearch>true</vmSearch>`],
        ['FindByInventoryPath', '<inventoryPath>DC0/vm/nothing/here</inventoryPath>'],
        ['FindChild', `${refXml('entity', 'Folder:group-d1')}<name>DC9</name>`],
      ] as const)
        expect(await found(method, inner), inner).toBeUndefined();
      vc.estate.setPower(id, 'on');
      expect(
        (await soap.call('FindChild', INDEX, `${refXml('entity', 'Folder:group-d9')}<name>x</name>`)).fault,
      ).toBe('ManagedObjectNotFound');
    }));
});

test('the root can be walked by inventory path, and names with slashes are kept apart', () =>
  vc.run(async () => {
    expect(
      refOf(
        (await soap.ask('FindByInventoryPath', INDEX, '<inventoryPath></inventoryPath>')).at('returnval'),
      ),
    ).toBe('Folder:group-d1');
    const { escapeName } = await import('./objects/object.ts');
    expect(escapeName('a/b\\c%d')).toBe('a%2fb%5cc%25d');
  }));
