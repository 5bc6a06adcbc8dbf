import { describe, expect, test } from 'vitest';
import { MINUTE, SECOND } from '#core/units.ts';
import { METHODS } from './methods/table.ts';
import { accountName, tokenOf } from './sessions.ts';
import {
  ADMIN,
  credentials,
  envelope,
  READER,
  refXml,
  type Soap,
  testVcenter,
} from './testing/test-vcenter.ts';

const MANAGER = 'SessionManager:SessionManager';
const now = (soap: Soap) => soap.call('CurrentTime', 'ServiceInstance:ServiceInstance');

describe('logging in', () => {
  test('a wrong password and an unknown user are InvalidLogin, in the same words', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const wrong = await vc.anonymous().call('Login', MANAGER, credentials({ ...ADMIN, password: 'no' }));
      const unknown = await vc
        .anonymous()
        .call('Login', MANAGER, credentials({ name: 'nobody', password: '' }));
      expect([wrong.status, wrong.fault]).toEqual([500, 'InvalidLogin']);
      expect(unknown.text).toBe(wrong.text);
      expect(wrong.headers['set-cookie']).toBeUndefined();
    });
  });

  test('a connection that has a session cannot log in again', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const soap = await vc.session();
      expect((await soap.call('Login', MANAGER, credentials(ADMIN))).fault).toBe('InvalidLogin');
      expect((await now(soap)).fault).toBeUndefined();
    });
  });

  test('user names are taken in any case and in both forms; locales that no vCenter has are refused', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      for (const name of ['Administrator@VSPHERE.LOCAL', 'vsphere.local\\administrator'])
        expect(
          (await vc.anonymous().call('Login', MANAGER, credentials({ ...ADMIN, name }))).fault,
        ).toBeUndefined();
      const locale = `${credentials(ADMIN)}<locale>tlh</locale>`;
      expect((await vc.anonymous().call('Login', MANAGER, locale)).fault).toBe('InvalidLocale');
    });
  });

  test('currentSession is readable before login, and unset', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      expect(await vc.anonymous().read(MANAGER, 'currentSession')).toEqual({});
      const soap = await vc.session();
      const { currentSession } = await soap.read(MANAGER, 'currentSession');
      for (const field of [
        'key',
        'userName',
        'fullName',
        'loginTime',
        'lastActiveTime',
        'locale',
        'messageLocale',
      ])
        expect(currentSession!.at(field).text, field).not.toBe('');
      expect(currentSession!.at('userName').text).toBe('VSPHERE.LOCAL\\administrator');
    });
  });
});

describe('a session', () => {
  test("is over after half an hour without a request, by the story's clock", async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const soap = await vc.session();
      for (let i = 0; i < 3; i++) {
        await vc.pass(29 * MINUTE);
        expect((await now(soap)).fault).toBeUndefined();
      }
      await vc.pass(30 * MINUTE + SECOND);
      expect((await now(soap)).fault).toBe('NotAuthenticated');
    });
  });

  test('is over when its user logs out or somebody terminates it, and SessionIsActive says so', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const [admin, other] = [await vc.session(), await vc.session()];
      const key = (await other.read(MANAGER, 'currentSession')).currentSession!.at('key').text;
      const isActive = async () =>
        (
          await admin.ask(
            'SessionIsActive',
            MANAGER,
            `<sessionID>${key}</sessionID><userName>${ADMIN.name}</userName>`,
          )
        ).at('returnval').text;
      expect(await isActive()).toBe('true');
      await admin.ask('TerminateSession', MANAGER, `<sessionId>${key}</sessionId>`);
      expect(await isActive()).toBe('false');
      expect((await now(other)).fault).toBe('NotAuthenticated');
      expect((await admin.call('TerminateSession', MANAGER, `<sessionId>${key}</sessionId>`)).fault).toBe(
        'NotFound',
      );
      await admin.ask('Logout', MANAGER);
      expect((await admin.call('Logout', MANAGER)).fault).toBe('NotAuthenticated');
    });
  });

  test("its views and filters are nobody else's", async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const [one, two] = [await vc.session(), await vc.session()];
      const view = await one.ask(
        'CreateListView',
        'ViewManager:ViewManager',
        refXml('obj', 'Folder:group-d1'),
      );
      const id = view.at('returnval').text;
      expect((await two.call('DestroyView', `ListView:${id}`)).fault).toBe('ManagedObjectNotFound');
      await one.ask('DestroyView', `ListView:${id}`);
    });
  });

  test('five hundred can be open; the next one is turned away with 503 until one ends', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const first = await vc.session();
      for (let i = 1; i < 500; i++) await vc.session();
      const turnedAway = await vc.anonymous().call('Login', MANAGER, credentials(ADMIN));
      expect(turnedAway.status).toBe(503);
      await first.ask('Logout', MANAGER);
      expect((await vc.anonymous().call('Login', MANAGER, credentials(ADMIN))).status).toBe(200);
    });
  });
});

describe('who may do what', () => {
  test('without a session every method but the anonymous ones answers NotAuthenticated, before anything else', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      for (const { name, on, privilege } of METHODS) {
        const answer = await vc.anonymous().post(envelope(name, `${on}:nothing-1`, '<bogus/>'));
        if (privilege === 'System.Anonymous') expect(answer.fault, name).not.toBe('NotAuthenticated');
        else expect([answer.status, answer.fault], name).toEqual([500, 'NotAuthenticated']);
      }
    });
  });

  test('the read-only account sees everything and changes nothing', async () => {
    await using vc = await testVcenter();
    await vc.run(async () => {
      const admin = await vc.session();
      const reader = await vc.session(READER);
      const uuid = `<uuid>${vc.estate.machines()[0]!.biosUuid}</uuid><vmSearch>true</vmSearch>`;
      const vm = `VirtualMachine:${(await reader.ask('FindByUuid', 'SearchIndex:SearchIndex', uuid)).at('returnval').text}`;
      expect((await reader.read(vm, 'name', 'config')).name!.text).toBe(vc.estate.machines()[0]!.name);
      await reader.ask(
        'QueryPerf',
        'PerformanceManager:PerfMgr',
        `<querySpec>${refXml('entity', vm)}<intervalId>20</intervalId></querySpec>`,
      );
      const snapshot = '<name>s</name><memory>false</memory><quiesce>false</quiesce>';
      for (const [method, inner, privilegeId] of [
        ['PowerOffVM_Task', '', 'VirtualMachine.Interact.PowerOff'],
        ['CreateSnapshot_Task', snapshot, 'VirtualMachine.State.CreateSnapshot'],
        ['ReconfigVM_Task', '<spec><annotation>x</annotation></spec>', 'VirtualMachine.Config.Annotation'],
        [
          'QueryChangedDiskAreas',
          '<deviceKey>2000</deviceKey><startOffset>0</startOffset><changeId>*</changeId>',
          'VirtualMachine.Provisioning.DiskRandomRead',
        ],
      ] as const) {
        const answer = await reader.call(method, vm, inner);
        expect(answer.fault, method).toBe('NoPermission');
        expect(answer.body.at('detail/NoPermissionFault/privilegeId').text).toBe(privilegeId);
      }
      expect((await admin.read(vm, 'config.annotation'))['config.annotation']!.text).not.toBe('x');
    });
  });
});

describe('the cookie', () => {
  test.each([
    ['vmware_soap_session="abc"; Path=/; HttpOnly; Secure;', 'abc'],
    ['vmware_soap_session=abc', 'abc'],
    ['a=b; vmware_soap_session="abc"; c=d', 'abc'],
    ['not_vmware_soap_session=abc', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (header, token) => expect(tokenOf(header)).toBe(token));

  test('names of accounts are shown as DOMAIN\\user', () => {
    expect(accountName('a@b.c')).toBe('B.C\\a');
    expect(accountName('root')).toBe('root');
  });
});
