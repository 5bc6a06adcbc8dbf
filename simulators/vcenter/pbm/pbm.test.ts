import { describe, expect, test } from 'vitest';
import { HOST, type TestVcenter, testVcenter } from '../testing/test-vcenter.ts';

const body = (inside: string, header = '') =>
  `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">${header === '' ? '' : `<soapenv:Header>${header}</soapenv:Header>`}<soapenv:Body>${inside}</soapenv:Body></soapenv:Envelope>`;
const call = (method: string, self: string, inner = '') =>
  `<${method} xmlns="urn:pbm"><_this type="PbmProfileProfileManager">${self}</_this>${inner}</${method}>`;
const STORAGE = '<resourceType><resourceType>STORAGE</resourceType></resourceType>';

async function post(vc: TestVcenter, text: string, cookie?: string): Promise<string> {
  const answer = await vc.client.fetch({
    method: 'POST',
    url: `https://${HOST}/pbm`,
    headers: { 'content-type': 'text/xml', ...(cookie === undefined ? {} : { cookie }) },
    body: text,
  });
  return `${answer.status} ${answer.body}`;
}

const fault = (answer: string) => /^500 .*<detail><(\w+)Fault /s.exec(answer)?.[1] ?? answer;

describe('storage policies', () => {
  test('are listed and described to a session, by its cookie or by the header of the envelope', async () => {
    await using vc = await testVcenter({ machines: 2 });
    await vc.run(async () => {
      const { cookie } = await vc.session();
      const query = call('PbmQueryProfile', 'ProfileManager', STORAGE);
      const listed = await post(vc, body(query), cookie!);
      const ids = [...listed.matchAll(/<uniqueId>([^<]+)</g)].map((match) => match[1]!);
      expect(ids).toHaveLength(2);
      const token = cookie!.slice(cookie!.indexOf('=') + 1);
      expect(await post(vc, body(query, `<vcSessionCookie>${token}</vcSessionCookie>`))).toBe(listed);
      const content = await post(
        vc,
        body(
          call(
            'PbmRetrieveContent',
            'ProfileManager',
            ids.map((id) => `<profileIds><uniqueId>${id}</uniqueId></profileIds>`).join(''),
          ),
        ),
        cookie!,
      );
      expect(content).toContain('<name>vSAN Default Storage Policy</name>');
      const ofMachine = await post(
        vc,
        body(
          call(
            'PbmQueryAssociatedProfile',
            'ProfileManager',
            '<entity><objectType>virtualMachine</objectType><key>vm-1001</key></entity>',
          ),
        ),
        cookie!,
      );
      expect(ofMachine).not.toContain('uniqueId');
    });
  });

  test('what they cannot read, do not know or may not tell is a fault', async () => {
    await using vc = await testVcenter({ machines: 2 });
    await vc.run(async () => {
      const { cookie } = await vc.session();
      const query = call('PbmQueryProfile', 'ProfileManager', STORAGE);
      expect(fault(await post(vc, body(query)))).toBe('NotAuthenticated');
      expect(fault(await post(vc, body(query), 'vmware_soap_session="none"'))).toBe('NotAuthenticated');
      for (const text of [
        '',
        'hello',
        body(''),
        body(query + query),
        body(query.replace('urn:pbm', 'urn:vim25')),
        body(call('PbmCreate', 'ProfileManager')),
        body('<a>'.repeat(10_000) + '</a>'.repeat(10_000)),
        body(call('PbmQueryAssociatedProfile', 'ProfileManager')),
      ])
        expect(fault(await post(vc, text, cookie!)), text.slice(0, 80)).toBe('InvalidRequest');
      expect(fault(await post(vc, body(call('PbmQueryProfile', 'ProfileManager')), cookie!))).toBe(
        'InvalidArgument',
      );
      expect(await post(vc, 'x'.repeat(300 * 1024), cookie!)).toMatch(/^413 /);
      expect(
        await post(
          vc,
          body(
            '<PbmRetrieveServiceContent xmlns="urn:pbm"><_this type="PbmServiceInstance">ServiceInstance</_this></PbmRetrieveServiceContent>',
          ),
        ),
      ).toMatch(/^200 .*ProfileManager/s);
    });
  });
});
