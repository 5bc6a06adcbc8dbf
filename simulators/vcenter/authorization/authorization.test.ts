import { describe, expect, test } from 'vitest';
import { MINUTE } from '#core/units.ts';
import { generateEstate } from '../../estate/generate.ts';
import {
  ADMIN,
  filterXml,
  READER,
  refOf,
  refXml,
  type Soap,
  type TestVcenter,
  testVcenter,
  type Xml,
} from '../testing/test-vcenter.ts';

const MANAGER = 'AuthorizationManager:AuthorizationManager';
const COLLECTOR = 'PropertyCollector:propertyCollector';
const INDEX = 'SearchIndex:SearchIndex';
const ANNA = { name: 'anna@contoso.local', password: 'a' };
const BERT = { name: 'bert@contoso.local', password: 'b' };
const READ_ONLY = -2;
const NO_ACCESS = -5;

function withAccounts(): Promise<TestVcenter> {
  return testVcenter({
    machines: 12,
    vcenter: {
      users: [
        { ...ADMIN, role: 'administrator' },
        { ...READER, role: 'readOnly' },
        { ...ANNA, role: 'none', groups: ['CONTOSO.LOCAL\\migration', 'CONTOSO.LOCAL\\backup'] },
        { ...BERT, role: 'none', groups: ['CONTOSO.LOCAL\\migration'] },
      ],
    },
  });
}

const permission = (principal: string, roleId: number, group = false, propagate = true) =>
  `<permission><principal>${principal}</principal><group>${group}</group><roleId>${roleId}</roleId><propagate>${propagate}</propagate></permission>`;

const set = (admin: Soap, entity: string, ...permissions: string[]) =>
  admin.ask('SetEntityPermissions', MANAGER, refXml('entity', entity) + permissions.join(''));

/** What the account at the root has: taken away, so that only what a test gives counts. */
async function withoutRoot(admin: Soap, ...names: string[]): Promise<void> {
  for (const name of names)
    await admin.ask(
      'RemoveEntityPermission',
      MANAGER,
      `${refXml('entity', 'Folder:group-d1')}<user>${name}</user><isGroup>false</isGroup>`,
    );
}

async function at(soap: Soap, path: string): Promise<string> {
  return refOf(
    (await soap.ask('FindByInventoryPath', INDEX, `<inventoryPath>${path}</inventoryPath>`)).at('returnval'),
  );
}

async function viewed(soap: Soap, type: string): Promise<string[]> {
  const view = await soap.ask(
    'CreateContainerView',
    'ViewManager:ViewManager',
    `${refXml('container', 'Folder:group-d1')}<type>${type}</type><recursive>true</recursive>`,
  );
  const answer = await soap.ask(
    'RetrieveProperties',
    COLLECTOR,
    `<specSet><propSet><type>${type}</type><pathSet>name</pathSet></propSet><objectSet>${refXml('obj', refOf(view.at('returnval')))}<skip>true</skip><selectSet xsi:type="TraversalSpec"><type>ContainerView</type><path>view</path></selectSet></objectSet></specSet>`,
  );
  return answer.all('val').map((val) => val.text);
}

const named = (vc: TestVcenter, test: (folder: readonly string[]) => boolean) =>
  vc.estate
    .machines()
    .filter(({ folder }) => test(folder))
    .map(({ name }) => name);

const missing = (answer: Xml) =>
  answer
    .all('missingSet')
    .map((each) => [each.at('path').text, each.at('fault').all('privilegeId')[0]?.text]);

describe('an account with a role on one folder', () => {
  test('finds what is in it, and on the way there names and nothing else', async () => {
    await using vc = await withAccounts();
    await vc.run(async () => {
      const admin = await vc.session();
      await withoutRoot(admin, ANNA.name);
      const folder = await at(admin, 'DC0/vm/Production');
      await set(admin, folder, permission('CONTOSO.LOCAL\\anna', READ_ONLY));
      const anna = await vc.session(ANNA);

      const own = named(vc, ([first]) => first === 'Production');
      expect(own.length).toBeGreaterThan(0);
      expect(own.length).toBeLessThan(12);
      expect((await viewed(anna, 'VirtualMachine')).sort()).toEqual(own.sort());
      expect(await viewed(anna, 'HostSystem')).toEqual([]);
      expect((await anna.read('Folder:group-d1', 'childEntity')).childEntity!.children).toHaveLength(1);

      const read = (object: string, ...paths: string[]) =>
        anna.ask('RetrieveProperties', COLLECTOR, filterXml('specSet', object, paths));
      const root = await read('Folder:group-d1', 'name', 'permission', 'childType');
      expect(root.all('propSet').map((each) => each.at('name').text)).toEqual(['name', 'childType']);
      expect(missing(root)).toEqual([['permission', 'System.Read']]);

      const host = vc.estate.facts.hosts[0]!;
      const found = (uuid: string, vmSearch: boolean) =>
        anna.ask('FindByUuid', INDEX, `<uuid>${uuid}</uuid><vmSearch>${vmSearch}</vmSearch>`);
      expect((await found(host.uuid, false)).children).toEqual([]);
      for (const { biosUuid, folder: path } of vc.estate.machines())
        expect((await found(biosUuid, true)).children).toHaveLength(path[0] === 'Production' ? 1 : 0);

      const seen = refOf(
        (await admin.ask('FindByUuid', INDEX, `<uuid>${host.uuid}</uuid><vmSearch>false</vmSearch>`)).at(
          'returnval',
        ),
      );
      expect(missing(await read(seen, 'name', 'config'))).toEqual([
        ['name', 'System.View'],
        ['config', 'System.Read'],
      ]);
      const fetch = await anna.call('Fetch', seen, '<prop>config</prop>');
      expect(fetch.fault).toBe('NoPermission');
      const counters = await anna.call(
        'QueryPerf',
        'PerformanceManager:PerfMgr',
        `<querySpec>${refXml('entity', seen)}<maxSample>1</maxSample><intervalId>20</intervalId></querySpec>`,
      );
      expect(counters.fault).toBe('NoPermission');
    });
  });

  test('is told by a waiting filter when it is given more, and when it is taken away', async () => {
    await using vc = await withAccounts();
    await vc.run(async () => {
      const admin = await vc.session();
      const anna = await vc.session(READER);
      const view = await anna.ask(
        'CreateContainerView',
        'ViewManager:ViewManager',
        `${refXml('container', 'Folder:group-d1')}<type>VirtualMachine</type><recursive>true</recursive>`,
      );
      await anna.ask(
        'CreateFilter',
        COLLECTOR,
        `<spec><propSet><type>VirtualMachine</type><pathSet>name</pathSet><pathSet>runtime.powerState</pathSet></propSet><objectSet>${refXml('obj', refOf(view.at('returnval')))}<skip>true</skip><selectSet xsi:type="TraversalSpec"><type>ContainerView</type><path>view</path></selectSet></objectSet></spec><partialUpdates>false</partialUpdates>`,
      );
      let version = '';
      const wait = async () => {
        const answer = await anna.ask(
          'WaitForUpdatesEx',
          COLLECTOR,
          `<version>${version}</version><options/>`,
        );
        version = answer.at('returnval/version').text;
        return answer.all('objectSet').map((each) => each.at('kind').text);
      };
      expect(await wait()).toHaveLength(12);
      const folder = await at(admin, 'DC0/vm/Production');
      const own = named(vc, ([first]) => first === 'Production').length;
      // The pool gives the same rights, so that both have to be closed.
      const pool = await at(admin, 'DC0/host/DC0_C0/Resources');
      const waiting = wait();
      await set(admin, pool, permission('VSPHERE.LOCAL\\reader', NO_ACCESS));
      await set(admin, folder, permission('VSPHERE.LOCAL\\reader', NO_ACCESS));
      expect(await waiting).toEqual(Array(own).fill('leave'));
      const again = wait();
      await admin.ask(
        'RemoveEntityPermission',
        MANAGER,
        `${refXml('entity', folder)}<user>VSPHERE.LOCAL\\reader</user><isGroup>false</isGroup>`,
      );
      expect(await again).toEqual(Array(own).fill('enter'));
    });
  });
});

describe('permissions', () => {
  test("of groups add up, and a user's own comes before them", async () => {
    await using vc = await withAccounts();
    await vc.run(async () => {
      const admin = await vc.session();
      await withoutRoot(admin, ANNA.name, BERT.name);
      const role = async (name: string, ...ids: string[]) =>
        Number(
          (
            await admin.ask(
              'AddAuthorizationRole',
              MANAGER,
              `<name>${name}</name>${ids.map((id) => `<privIds>${id}</privIds>`).join('')}`,
            )
          ).at('returnval').text,
        );
      const power = await role('power', 'VirtualMachine.Interact.PowerOn');
      const snapshots = await role('snapshots', 'VirtualMachine.State.CreateSnapshot');
      const root = 'Folder:group-d1';
      await set(
        admin,
        root,
        permission('CONTOSO.LOCAL\\migration', power, true),
        permission('CONTOSO.LOCAL\\backup', snapshots, true),
      );
      const privileges = async (user: string, entity: string) =>
        (
          await admin.ask(
            'FetchUserPrivilegeOnEntities',
            MANAGER,
            `${refXml('entities', entity)}<userName>${user}</userName>`,
          )
        )
          .all('privileges')
          .map((each) => each.text);
      expect(await privileges(ANNA.name, root)).toEqual(
        expect.arrayContaining([
          'VirtualMachine.Interact.PowerOn',
          'VirtualMachine.State.CreateSnapshot',
          'System.Read',
        ]),
      );
      expect(await privileges(BERT.name, root)).not.toContain('VirtualMachine.State.CreateSnapshot');

      const folder = await at(admin, 'DC0/vm/Production');
      await set(admin, folder, permission('CONTOSO.LOCAL\\bert', READ_ONLY));
      expect(await privileges(BERT.name, folder)).toEqual(['System.Anonymous', 'System.Read', 'System.View']);
      expect(await privileges(ANNA.name, folder)).toContain('VirtualMachine.Interact.PowerOn');

      const bert = await vc.session(BERT);
      const { key } = await bert.read('SessionManager:SessionManager', 'currentSession').then((read) => ({
        key: read.currentSession!.at('key').text,
      }));
      const granted = await bert.ask(
        'HasPrivilegeOnEntities',
        MANAGER,
        `${refXml('entity', root)}${refXml('entity', folder)}<sessionId>${key}</sessionId><privId>VirtualMachine.Interact.PowerOn</privId><privId>System.Read</privId>`,
      );
      expect(granted.all('isGranted').map((each) => each.text)).toEqual(['true', 'true', 'false', 'true']);

      const ofRole = await admin.ask('RetrieveRolePermissions', MANAGER, `<roleId>${power}</roleId>`);
      expect(
        ofRole.all('returnval').map((each) => [each.at('principal').text, each.at('group').text]),
      ).toEqual([['CONTOSO.LOCAL\\migration', 'true']]);
      const inherited = await admin.ask(
        'RetrieveEntityPermissions',
        MANAGER,
        `${refXml('entity', folder)}<inherited>true</inherited>`,
      );
      expect(inherited.all('principal').map((each) => each.text)).toEqual(
        expect.arrayContaining([
          'CONTOSO.LOCAL\\bert',
          'CONTOSO.LOCAL\\migration',
          'VSPHERE.LOCAL\\administrator',
        ]),
      );
    });
  });

  test('a list of references is what each account sees of it, whoever read it first', async () => {
    const { machines, ...estate } = generateEstate({ seed: 'fault tolerant', machines: 3 });
    const [primary, other] = machines.filter(({ template }) => !template);
    const facts = {
      ...estate,
      machines: machines.map((machine) => {
        if (machine === primary) return { ...machine, faultTolerance: 'primary' as const };
        if (machine !== other) return machine;
        return { ...machine, name: `${primary!.name} (secondary)`, faultTolerance: 'secondary' as const };
      }),
    };
    for (const readerFirst of [true, false]) {
      await using vc = await testVcenter({ facts });
      await vc.run(async () => {
        const [admin, reader] = [await vc.session(), await vc.session(READER)];
        const byUuid = async (uuid: string) =>
          refOf(
            (await admin.ask('FindByUuid', INDEX, `<uuid>${uuid}</uuid><vmSearch>true</vmSearch>`)).at(
              'returnval',
            ),
          );
        const [vm, secondary] = [await byUuid(primary!.biosUuid), await byUuid(other!.biosUuid)];
        await set(admin, secondary, permission(READER.name, NO_ACCESS));
        const seen = async (soap: Soap) =>
          (
            await soap.ask(
              'RetrieveProperties',
              COLLECTOR,
              filterXml('specSet', vm, ['config.ftInfo.secondaries']),
            )
          )
            .all('ManagedObjectReference')
            .map(refOf);
        const [first, last] = readerFirst ? [reader, admin] : [admin, reader];
        expect(await seen(first)).toEqual(readerFirst ? [] : [secondary]);
        expect(await seen(last)).toEqual(readerFirst ? [secondary] : []);
      });
    }
  });

  test('that do not propagate count on their object alone', async () => {
    await using vc = await withAccounts();
    await vc.run(async () => {
      const admin = await vc.session();
      const before = await viewed(await vc.session(READER), 'VirtualMachine');
      expect(before).toHaveLength(12);
      await set(admin, 'Folder:group-d1', permission('VSPHERE.LOCAL\\reader', READ_ONLY, false, false));
      const reader = await vc.session(READER);
      expect(await viewed(reader, 'VirtualMachine')).toEqual([]);
      expect((await reader.read('Folder:group-d1', 'name', 'permission')).permission).toBeDefined();
    });
  });

  test('a machine has what its folder and what its pool give', async () => {
    await using vc = await withAccounts();
    await vc.run(async () => {
      const admin = await vc.session();
      await withoutRoot(admin, ANNA.name);
      await set(
        admin,
        await at(admin, 'DC0/host/DC0_C0/Resources'),
        permission('CONTOSO.LOCAL\\anna', READ_ONLY),
      );
      const inPools = vc.estate.machines().filter(({ template }) => !template).length;
      expect((await viewed(await vc.session(ANNA), 'VirtualMachine')).length).toBeGreaterThanOrEqual(inPools);
    });
  });

  test('are for accounts and groups that exist, which the directory finds', async () => {
    await using vc = await withAccounts();
    await vc.run(async () => {
      const admin = await vc.session();
      for (const [name, group] of [
        ['CONTOSO.LOCAL\\nobody', false],
        ['CONTOSO.LOCAL\\anna', true],
        ['CONTOSO.LOCAL\\migration', false],
      ] as const) {
        const answer = await admin.call(
          'SetEntityPermissions',
          MANAGER,
          refXml('entity', 'Folder:group-d1') + permission(name, READ_ONLY, group),
        );
        expect(answer.fault, name).toBe('UserNotFound');
      }
      const search = async (inner: string) =>
        (await admin.ask('RetrieveUserGroups', 'UserDirectory:UserDirectory', inner))
          .all('principal')
          .map((each) => each.text);
      const flags = (users: boolean, groups: boolean) =>
        `<exactMatch>false</exactMatch><findUsers>${users}</findUsers><findGroups>${groups}</findGroups>`;
      expect(
        await search(`<domain>CONTOSO.LOCAL</domain><searchStr></searchStr>${flags(true, true)}`),
      ).toEqual(['anna', 'bert', 'Users', 'migration', 'backup']);
      expect(
        await search(
          `<searchStr></searchStr><belongsToGroup>CONTOSO.LOCAL\\migration</belongsToGroup>${flags(true, false)}`,
        ),
      ).toEqual(['anna', 'bert']);
      expect(
        await search(
          `<searchStr>mig</searchStr><belongsToUser>bert@contoso.local</belongsToUser>${flags(false, true)}`,
        ),
      ).toEqual(['migration']);
      expect(
        (await admin.read('UserDirectory:UserDirectory', 'domainList')).domainList!.children.map(
          (each) => each.text,
        ),
      ).toEqual(['vsphere.local', 'contoso.local']);
      await vc.pass(MINUTE);
    });
  });
});
