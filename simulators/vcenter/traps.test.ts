/** Each of these broke a real client of some vCenter or simulator. One test a trap. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '#core/units.ts';
import { generateEstate } from '../estate/generate.ts';
import {
  ADMIN,
  envelope,
  HOST,
  refOf,
  type Soap,
  strayText,
  type TestVcenter,
  testVcenter,
  withSmallDisk,
} from './testing/test-vcenter.ts';

let vc: TestVcenter;
let soap: Soap;
let vm: string;

beforeAll(async () => {
  vc = await testVcenter({ facts: withSmallDisk(generateEstate({ seed: 'traps', machines: 4 })) });
  await vc.run(async () => {
    soap = await vc.session();
    const found = await soap.ask('FindByUuid', 'SearchIndex:SearchIndex', byUuid());
    vm = refOf(found.at('returnval'));
  });
});
afterAll(() => vc[Symbol.asyncDispose]());

const byUuid = () =>
  `<uuid>${vc.estate.machines()[0]!.instanceUuid}</uuid><vmSearch>true</vmSearch><instanceUuid>true</instanceUuid>`;

describe('traps', () => {
  test('1. every child of an array has its xsi:type, which libvirt cannot do without', () =>
    vc.run(async () => {
      const all = await soap.read(vm, 'config.hardware.device', 'datastore', 'config.extraConfig');
      for (const value of Object.values(all)) {
        expect(value.attributes['xsi:type']).toMatch(/^ArrayOf/);
        expect(value.children.length).toBeGreaterThan(0);
        for (const child of value.children) expect(child.attributes['xsi:type'], child.name).toBeTruthy();
      }
      const reference = all.datastore!.children[0]!;
      expect(reference.name).toBe('ManagedObjectReference');
      expect(reference.attributes).toEqual({ type: 'Datastore', 'xsi:type': 'ManagedObjectReference' });
      const option = all['config.extraConfig']!.all('value')[0]!;
      expect(option.attributes['xsi:type']).toBe('xsd:string');
    }));

  test('2. fields and types newer than the caller are left out or replaced by their ancestors', () =>
    vc.run(async () => {
      const old = await vc.session();
      const read = async (action: string | undefined) => {
        old.action = action;
        const { summary, 'config.hardware.device': devices } = await old.read(
          vm,
          'summary',
          'config.hardware.device',
        );
        return { summary: summary!, devices: devices! };
      };
      const newest = await read('urn:vim25/8.0.3.0');
      expect(newest.summary.all('hwVersion')).toHaveLength(1);
      expect(newest.devices.children.map((d) => d.attributes['xsi:type'])).toContain('VirtualVmxnet3');
      const middle = await read('"urn:vim25/6.5"');
      expect(middle.summary.all('hwVersion')).toHaveLength(0);
      expect(middle.summary.all('instanceUuid')).toHaveLength(1);
      const oldest = await read(undefined);
      expect(oldest.summary.all('instanceUuid')).toHaveLength(0);
      expect(oldest.devices.all('capacityInBytes')).toHaveLength(0);
      expect((await old.call('CreateSnapshotEx_Task', vm)).fault).toBe('InvalidRequest');
      old.action = 'urn:pbm/8.0';
      const refused = await old.call('CurrentTime', 'ServiceInstance:ServiceInstance');
      expect([refused.status, refused.fault]).toEqual([500, 'InvalidRequest']);
    }));

  test('3. a connection that was idle for an hour still answers', () =>
    vc.run(async () => {
      const patient = await vc.session();
      await vc.pass(25 * MINUTE);
      await patient.ask('CurrentTime', 'ServiceInstance:ServiceInstance');
      await vc.pass(HOUR);
      // The session is over by then; the connection is not.
      const answer = await patient.call('CurrentTime', 'ServiceInstance:ServiceInstance');
      expect([answer.status, answer.fault]).toEqual([500, 'NotAuthenticated']);
      expect(answer.headers['keep-alive']).toBeUndefined();
      soap = await vc.session();
    }));

  test('4. the detail of a fault is named by its type and "Fault", typed, and known to the caller', () =>
    vc.run(async () => {
      const { text, body } = await soap.call('PowerOnVM_Task', 'VirtualMachine:vm-999999');
      expect(body.at('faultcode').text).toBe('ServerFaultCode');
      expect(body.at('faultstring').text).toMatch(/has already been deleted/);
      const detail = body.at('detail/ManagedObjectNotFoundFault');
      expect(detail.attributes).toMatchObject({ xmlns: 'urn:vim25', 'xsi:type': 'ManagedObjectNotFound' });
      expect(refOf(detail.at('obj'))).toBe('VirtualMachine:vm-999999');
      expect(text).not.toContain('<faultstring></faultstring>');
      const file = await soap.call('QueryChangedDiskAreas', vm, changes('2000', '52/1'));
      expect(file.body.at('detail').children[0]!.name).toBe('FileFaultFault');
    }));

  test('5. samples come oldest first, zeros are kept, and "*" is answered by real instances', () =>
    vc.run(async () => {
      const query = (format: string) =>
        `<querySpec>${ref('entity', vm)}<metricId><counterId>148</counterId><instance>*</instance></metricId>` +
        `<metricId><counterId>173</counterId><instance>*</instance></metricId><intervalId>20</intervalId><format>${format}</format></querySpec>`;
      const normal = await soap.ask('QueryPerf', 'PerformanceManager:PerfMgr', query('normal'));
      const stamps = normal.all('timestamp').map((stamp) => Date.parse(stamp.text));
      expect(stamps).toHaveLength(180);
      expect(stamps.every((stamp, i) => i === 0 || stamp - stamps[i - 1]! === 20 * SECOND)).toBe(true);
      const series = normal.at('returnval').children.filter((child) => child.name === 'value');
      for (const one of series) {
        expect(one.children.filter((child) => child.name === 'value')).toHaveLength(180);
        expect(one.at('id/instance').text).not.toBe('*');
      }
    }));

  test('6. a change id has exactly one slash, and the last window ends at the capacity', () =>
    vc.run(async () => {
      await soap.finish(
        (
          await soap.ask(
            'ReconfigVM_Task',
            vm,
            '<spec><changeTrackingEnabled>true</changeTrackingEnabled></spec>',
          )
        ).at('returnval'),
      );
      const snapshot = await soap.finish(
        (await soap.ask('CreateSnapshot_Task', vm, snapshotXml('s'))).at('returnval'),
      );
      const moref = refOf(snapshot.at('result'));
      const { 'config.hardware.device': devices } = await soap.read(moref, 'config.hardware.device');
      const disk = devices!.children.find((d) => d.attributes['xsi:type'] === 'VirtualDisk')!;
      expect(disk.at('backing/changeId').text.split('/')).toHaveLength(2);
      const capacity = Number(disk.at('capacityInBytes').text);
      let at = 0;
      for (let windows = 0; at < capacity; windows++) {
        expect(windows).toBeLessThan(1000);
        const window = await soap.ask(
          'QueryChangedDiskAreas',
          vm,
          `${ref('snapshot', moref)}${changes(disk.at('key').text, '*', at)}`,
        );
        expect(Number(window.at('returnval/startOffset').text)).toBe(at);
        at += Number(window.at('returnval/length').text);
      }
      expect(at).toBe(capacity);
      await soap.finish((await soap.ask('RemoveAllSnapshots_Task', vm)).at('returnval'));
    }));

  test('7. the cookie ends with a semicolon, and is understood with all its attributes sent back', () =>
    vc.run(async () => {
      const fresh = vc.anonymous();
      const answer = await fresh.call(
        'Login',
        'SessionManager:SessionManager',
        `<userName>${ADMIN.name}</userName><password>pass&amp;&lt;word&gt;</password>`,
      );
      const cookie = answer.headers['set-cookie']![0]!;
      expect(cookie).toMatch(/^vmware_soap_session="[0-9a-f]{40}"; Path=\/; HttpOnly; Secure;$/);
      for (const sent of [
        cookie,
        cookie.slice(0, cookie.indexOf(';')),
        cookie.slice(0, cookie.indexOf(';')).replaceAll('"', ''),
        `other=1; ${cookie}`,
      ]) {
        fresh.cookie = sent;
        await fresh.ask('CurrentTime', 'ServiceInstance:ServiceInstance');
      }
    }));

  test('8. /folder answers HEAD with length, ranges and a cookie for Basic; %2F and %5f are decoded; the .vmx is not empty', () =>
    vc.run(async () => {
      const { 'config.files.vmPathName': path } = await soap.read(vm, 'config.files.vmPathName');
      const [, datastore, file] = /^\[(.+)\] (.+)$/.exec(path!.text)!;
      const stranger = vc.anonymous();
      const encoded = file!.replaceAll('/', '%2F').replaceAll('_', '%5f').replaceAll('-', '%2d');
      const url = `/${encoded}?dcPath=DC0&dsName=${encodeURIComponent(datastore!)}`;
      expect((await stranger.file(url)).status).toBe(401);
      const basic = {
        authorization: `Basic ${Buffer.from(`${ADMIN.name}:${ADMIN.password}`).toString('base64')}`,
      };
      const head = await stranger.file(url, basic, 'HEAD');
      expect(head.status).toBe(200);
      expect(Number(head.headers['content-length'])).toBeGreaterThan(500);
      expect(head.headers['accept-ranges']).toBe('bytes');
      expect(head.headers['set-cookie']![0]).toMatch(/^vmware_soap_session=.+;/);
      const got = await stranger.file(url, basic);
      expect(got.body.toString()).toContain('config.version = "8"');
    }));

  test('9. the old RetrieveProperties and WaitForUpdates are there: libvirt has no others', () =>
    vc.run(async () => {
      expect((await soap.read(vm, 'name')).name!.text).toBe(vc.estate.machines()[0]!.name);
      const info = await soap.finish((await soap.ask('SuspendVM_Task', vm)).at('returnval'));
      expect(info.at('state').text).toBe('success');
      await soap.finish((await soap.ask('PowerOnVM_Task', vm)).at('returnval'));
    }));

  test('10. a task names its machine by its display name, and its error in a sentence', () =>
    vc.run(async () => {
      const info = await soap.finish((await soap.ask('PowerOnVM_Task', vm)).at('returnval'));
      expect(info.at('entityName').text).toBe(vc.estate.machines()[0]!.name);
      expect(info.at('error/fault').attributes['xsi:type']).toBe('InvalidPowerState');
      expect(info.at('error/localizedMessage').text).toMatch(/^The attempted operation .+\.$/);
    }));

  test('11. every val has a type, and nothing stands between the children of an array', () =>
    vc.run(async () => {
      const answer = await soap.call(
        'RetrieveProperties',
        'PropertyCollector:propertyCollector',
        `<specSet><propSet><type>VirtualMachine</type><all>true</all></propSet><objectSet>${ref('obj', vm)}</objectSet></specSet>`,
      );
      expect(answer.body.all('val').every((val) => val.attributes['xsi:type'] !== undefined)).toBe(true);
      expect(strayText(answer.text)).toEqual([]);
    }));

  test('12. a method that is not there is answered by a fault, and the connection lives', () =>
    vc.run(async () => {
      const answer = await soap.call('DefragmentAllDisks', 'GuestProcessManager:guestProcessManager');
      expect([answer.status, answer.fault]).toEqual([500, 'InvalidRequest']);
      const wrongType = await soap.call('PowerOnVM_Task', 'Folder:group-d1');
      expect(wrongType.fault).toBe('MethodNotFound');
      expect(wrongType.body.at('detail/MethodNotFoundFault/method').text).toBe('PowerOnVM_Task');
      await soap.ask('CurrentTime', 'ServiceInstance:ServiceInstance');
    }));

  test('13. the same question at the same time has the same answer, to the byte', () =>
    vc.run(async () => {
      const query = `<querySpec>${ref('entity', vm)}<intervalId>20</intervalId><format>csv</format></querySpec>`;
      const once = await soap.call('QueryPerf', 'PerformanceManager:PerfMgr', query);
      const again = await soap.call('QueryPerf', 'PerformanceManager:PerfMgr', query);
      expect(again.text).toBe(once.text);
    }));

  test('14. three dialects of request are one: prefixes, default envelope namespace, repeated declarations', () =>
    vc.run(async () => {
      const self = '<_this type="ServiceInstance">ServiceInstance</_this>';
      const govc =
        '<?xml version="1.0" encoding="UTF-8"?><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Header><operationID xmlns="urn:vim25">op-1</operationID></Header>' +
        `<Body><CurrentTime xmlns="urn:vim25">${self}</CurrentTime></Body></Envelope>`;
      const libvirt =
        '<?xml version="1.0"?>\n<soapenv:Envelope\n xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"\n xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\n xmlns:xsd="http://www.w3.org/2001/XMLSchema">\n' +
        '<soapenv:Body>\n<CurrentTime xmlns="urn:vim25"><_this xmlns="urn:vim25" xsi:type="ManagedObjectReference" type="ServiceInstance">ServiceInstance</_this></CurrentTime>\n</soapenv:Body>\n</soapenv:Envelope>';
      for (const request of [envelope('CurrentTime', 'ServiceInstance:ServiceInstance'), govc, libvirt])
        expect((await soap.post(request)).body.at('returnval').text).toMatch(/^2026-11-/);
      expect((await soap.post(govc, '/sdk/')).status).toBe(200);
    }));

  test('15. the versions document is of version 1.0 and names every version that a client may ask for', () =>
    vc.run(async () => {
      const answer = await vc.client.fetch({
        method: 'GET',
        url: `https://${HOST}/sdk/vimServiceVersions.xml`,
      });
      const text = answer.body.toString();
      expect(text).toContain('<namespaces version="1.0">');
      expect(text).toContain('<version>8.0.3.0</version><priorVersions>');
      for (const version of ['2.5', '6.5', '6.7.1', '7.0.3.0'])
        expect(text).toContain(`<version>${version}</version>`);
    }));
});

function ref(element: string, reference: string): string {
  const [type, id] = reference.split(':');
  return `<${element} type="${type}">${id}</${element}>`;
}

function changes(key: string, changeId: string, startOffset = 0): string {
  return `<deviceKey>${key}</deviceKey><startOffset>${startOffset}</startOffset><changeId>${changeId}</changeId>`;
}

function snapshotXml(name: string): string {
  return `<name>${name}</name><memory>false</memory><quiesce>false</quiesce>`;
}
