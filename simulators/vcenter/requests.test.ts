/** What is asked wrongly is refused in the protocol's own words, costs little, and leaves the server alive. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { envelope, HOST, refXml, type Soap, type TestVcenter, testVcenter } from './testing/test-vcenter.ts';

let vc: TestVcenter;
let soap: Soap;

beforeAll(async () => {
  vc = await testVcenter();
  soap = await vc.run(() => vc.session());
});
afterAll(() => vc[Symbol.asyncDispose]());

const alive = async () =>
  expect((await soap.call('CurrentTime', 'ServiceInstance:ServiceInstance')).status).toBe(200);

describe('a body', () => {
  test.each([
    ['that is not XML', 'hello'],
    ['that is empty', ''],
    ['that is cut off', envelope('CurrentTime', 'ServiceInstance:ServiceInstance').slice(0, -20)],
    ['that is not UTF-8', Buffer.from([0x3c, 0x61, 0xff, 0xfe, 0x3e])],
    ['with a DOCTYPE and entities', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['that is no envelope', '<a/>'],
    [
      'with two calls',
      envelope('CurrentTime', 'ServiceInstance:ServiceInstance').replace(
        /(<CurrentTime.*<\/CurrentTime>)/,
        '$1$1',
      ),
    ],
    [
      'in SOAP 1.2',
      envelope('CurrentTime', 'ServiceInstance:ServiceInstance').replace(
        'http://schemas.xmlsoap.org/soap/envelope/',
        'http://www.w3.org/2003/05/soap-envelope',
      ),
    ],
    [
      'of another namespace',
      envelope('CurrentTime', 'ServiceInstance:ServiceInstance').replace('urn:vim25', 'urn:vim26'),
    ],
    ['nested ten thousand deep', `<a>${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}</a>`],
    [
      'with half a million elements',
      envelope(
        'QueryPerfCounter',
        'PerformanceManager:PerfMgr',
        '<counterId>2</counterId>'.repeat(20) + '<a/>'.repeat(500_000),
      ),
    ],
  ])('%s is InvalidRequest', (_what, body) =>
    vc.run(async () => {
      const answer = await soap.post(body);
      expect([answer.status, answer.fault]).toEqual([500, 'InvalidRequest']);
      await alive();
    }));

  test('of a hundred megabytes is turned away with 413 before it is taken', () =>
    vc.run(async () => {
      const answer = await soap.post(Buffer.alloc(9 * 1024 * 1024, 'x'));
      expect(answer.status).toBe(413);
      await alive();
    }));
});

describe('arguments', () => {
  const perf = 'PerformanceManager:PerfMgr';
  test.each([
    [
      'an element that the method does not have',
      'QueryPerfCounter',
      perf,
      '<counterId>2</counterId><level>1</level>',
    ],
    [
      'an element of another namespace',
      'QueryPerfCounter',
      perf,
      '<counterId xmlns="urn:other">2</counterId>',
    ],
    ['a missing element', 'QueryPerfCounterByLevel', perf, ''],
    ['one element twice', 'QueryPerfCounterByLevel', perf, '<level>1</level><level>1</level>'],
    ['text where a number belongs', 'QueryPerfCounterByLevel', perf, '<level>one</level>'],
    ['a number that is too large', 'QueryPerfCounterByLevel', perf, '<level>2147483648</level>'],
    ['elements where a value belongs', 'QueryPerfCounterByLevel', perf, '<level><a/></level>'],
    ['a reference without a type', 'QueryPerfProviderSummary', perf, '<entity>vm-1</entity>'],
    ['text between elements', 'QueryPerfCounterByLevel', perf, 'hello<level>1</level>'],
    [
      'no boolean',
      'CreateContainerView',
      'ViewManager:ViewManager',
      `${refXml('container', 'Folder:group-d1')}<recursive>yes</recursive>`,
    ],
    [
      'no time',
      'QueryPerf',
      perf,
      `<querySpec>${refXml('entity', 'Folder:group-d1')}<startTime>yesterday</startTime></querySpec>`,
    ],
    [
      'a type that cannot stand there',
      'CreateFilter',
      'PropertyCollector:propertyCollector',
      '<spec xsi:type="PerfQuerySpec"/>',
    ],
  ])('%s is InvalidRequest', (_what, method, self, inner) =>
    vc.run(async () => {
      const answer = await soap.call(method, self, inner);
      expect([answer.status, answer.fault]).toEqual([500, 'InvalidRequest']);
      expect(answer.body.at('faultstring').text).toMatch(/^Unable to understand the request: .+\.$/);
    }));

  test('may stand in any order, and booleans may be 1 and 0', () =>
    vc.run(async () => {
      const inner = `<recursive>1</recursive><type>VirtualMachine</type>${refXml('container', 'Folder:group-d1')}`;
      expect(
        (await soap.call('CreateContainerView', 'ViewManager:ViewManager', inner)).fault,
      ).toBeUndefined();
    }));

  test('what exists in vSphere and is not offered here is NotSupported, by name', () =>
    vc.run(async () => {
      const uuid = `<uuid>${vc.estate.machines()[0]!.biosUuid}</uuid><vmSearch>true</vmSearch>`;
      const vm = `VirtualMachine:${(await soap.ask('FindByUuid', 'SearchIndex:SearchIndex', uuid)).at('returnval').text}`;
      for (const spec of [
        '<npivTemporaryDisabled>true</npivTemporaryDisabled>',
        '<vAppConfigRemoved>true</vAppConfigRemoved>',
      ]) {
        const answer = await soap.call('ReconfigVM_Task', vm, `<spec>${spec}</spec>`);
        expect(answer.fault).toBe('NotSupported');
        expect(answer.body.at('faultstring').text).toMatch(/npivTemporaryDisabled|vAppConfigRemoved/);
      }
    }));
});

describe('addresses', () => {
  const get = (path: string, method = 'GET') => vc.client.fetch({ method, url: `https://${HOST}${path}` });

  test('the WSDL is well-formed and has every published method', () =>
    vc.run(async () => {
      for (const path of ['/sdk/vimService.wsdl', '/sdk/vimService?wsdl', '/sdk?wsdl']) {
        const answer = await get(path);
        expect(answer.status, path).toBe(200);
        const text = answer.body.toString();
        expect(text).toContain('<operation name="QueryPerf">');
        expect(text).not.toContain('<operation name="Fetch">');
      }
    }));

  test.each([
    ['/', 'GET', 404],
    ['/sdk', 'GET', 405],
    ['/sdk/vimServiceVersions.xml', 'POST', 405],
    ['/ui', 'GET', 404],
    ['/sdkx', 'POST', 405],
  ])('%s %s is answered %i', (path, method, status) =>
    vc.run(async () => expect((await get(path, method)).status).toBe(status)));
});
