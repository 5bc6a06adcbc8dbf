/** What nobody should send is answered with a fault or a closed connection; memory stays bounded, the server lives. */
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { CONTEXT_OPERATIONS, OPERATIONS } from './operations.ts';
import { NtlmTestClient } from './testing/ntlm-client.ts';
import { encodedFragment } from './testing/psrp-client.ts';
import { ADMIN, HOST, soapOf, type TestHost, testHost } from './testing/test-host.ts';
import { ACTION, NS, RESOURCE, WQL_DIALECT } from './wsman/names.ts';

const URL_TLS = `https://${HOST}:5986/wsman`;
const URL_PLAIN = `http://${HOST}:5985/wsman`;
const BASIC = `Basic ${Buffer.from(`${ADMIN.name}:${ADMIN.password}`).toString('base64')}`;
const OS = `${RESOURCE.wmi}root/cimv2/Win32_OperatingSystem`;
const GOOD = soapOf({ action: ACTION.get, uri: OS });

async function onHost(script: (host: TestHost) => Promise<void>): Promise<void> {
  await using host = await testHost();
  await host.run(async () => {
    await script(host);
    // whatever came before, the next one is served
    expect((await host.ask({ action: ACTION.get, uri: OS })).status).toBe(200);
  });
}

const post = async (
  host: TestHost,
  body: string | Buffer,
  headers: Record<string, string> = {},
  url = URL_TLS,
): Promise<{ status: number; xml: string }> => {
  const answer = await host.client.fetch({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/soap+xml;charset=UTF-8', authorization: BASIC, ...headers },
    body,
  });
  return { status: answer.status, xml: answer.body.toString() };
};

describe('bodies', () => {
  const envelope = (body: string): string => soapOf({ action: ACTION.enumerate, uri: OS, body });
  const deep = (depth: number): string => '<x>'.repeat(depth) + '</x>'.repeat(depth);
  test.each<[string, string | Buffer]>([
    ['no XML at all', 'hello'],
    ['half of an envelope', GOOD.slice(0, 400)],
    ['an entity bomb', `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>${GOOD}`],
    [
      'an entity from a file',
      `<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>${GOOD.replace('uuid:1', '&f;')}`,
    ],
    ['an entity that nobody declared', GOOD.replace('uuid:1', '&f;')],
    ['too many levels', envelope(deep(70))],
    ['too many elements', envelope(`<n:Enumerate>${'<x/>'.repeat(60_000)}</n:Enumerate>`)],
    ['another SOAP', GOOD.replaceAll(NS.s, 'http://schemas.xmlsoap.org/soap/envelope/')],
    ['another namespace of SOAP', GOOD.replaceAll(NS.s, 'urn:soap')],
    ['prefixes that are not bound', '<s:Envelope><s:Body/></s:Envelope>'],
    [
      'bytes that are no UTF-8',
      Buffer.concat([Buffer.from(GOOD.slice(0, -20)), Buffer.from([0xff, 0xc0, 0x80])]),
    ],
    [
      'half a character of UTF-16',
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(GOOD, 'utf16le'), Buffer.from([0])]),
    ],
    ['no body', `<s:Envelope xmlns:s="${NS.s}"><s:Header/></s:Envelope>`],
    ['an empty body', soapOf({ action: ACTION.enumerate, uri: `${RESOURCE.wmi}root/cimv2/*` })],
    [
      'a page of minus one',
      envelope('<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>-1</w:MaxElements></n:Enumerate>'),
    ],
    [
      'a page of some',
      envelope('<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>some</w:MaxElements></n:Enumerate>'),
    ],
    ['a pull of nothing', soapOf({ action: ACTION.pull, uri: OS, body: '<n:Pull/>' })],
    ['a pull without a body', soapOf({ action: ACTION.pull, uri: OS })],
    [
      'references within references',
      soapOf({
        action: ACTION.get,
        uri: OS,
        header: `<w:SelectorSet><w:Selector Name="Name">${'<a:EndpointReference><a:ReferenceParameters><w:SelectorSet><w:Selector Name="x">'.repeat(8)}1${'</w:Selector></w:SelectorSet></a:ReferenceParameters></a:EndpointReference>'.repeat(8)}</w:Selector></w:SelectorSet>`,
      }),
    ],
    ['an action with markup', soapOf({ action: `${RESOURCE.wmi}&lt;x&gt;/Get`, uri: OS })],
    [
      'WQL without an end',
      envelope(
        `<n:Enumerate><w:OptimizeEnumeration/><w:Filter Dialect="${WQL_DIALECT}">select * from Win32_Service where ${'('.repeat(5000)}</w:Filter></n:Enumerate>`,
      ),
    ],
    [
      'WQL of one long pattern',
      envelope(
        `<n:Enumerate><w:OptimizeEnumeration/><w:Filter Dialect="${WQL_DIALECT}">select * from Win32_Service where Name like '${'%a'.repeat(2000)}b'</w:Filter></n:Enumerate>`,
      ),
    ],
    [
      'a shell with the id of a book',
      soapOf({
        action: ACTION.create,
        uri: RESOURCE.cmd,
        body: `<rsp:Shell ShellId="${'x'.repeat(5000)}"/>`,
      }),
    ],
    [
      'a pool of PowerShell without a message',
      soapOf({
        action: ACTION.create,
        uri: `${RESOURCE.powershell}Microsoft.PowerShell`,
        body: '<rsp:Shell/>',
      }),
    ],
    [
      'a pool of PowerShell with half a fragment',
      soapOf({
        action: ACTION.create,
        uri: `${RESOURCE.powershell}Microsoft.PowerShell`,
        body: '<rsp:Shell><creationXml>AAAA</creationXml></rsp:Shell>',
      }),
    ],
    [
      'a fragment that promises four gigabytes',
      soapOf({
        action: ACTION.create,
        uri: `${RESOURCE.powershell}Microsoft.PowerShell`,
        body: `<rsp:Shell><creationXml>${encodedFragment({ length: 0xffff_ffff })}</creationXml></rsp:Shell>`,
      }),
    ],
    [
      'a message of a client to a client',
      soapOf({
        action: ACTION.create,
        uri: `${RESOURCE.powershell}Microsoft.PowerShell`,
        body: `<rsp:Shell><creationXml>${encodedFragment({ destination: 1 })}</creationXml></rsp:Shell>`,
      }),
    ],
  ])('%s', (name, body) =>
    onHost(async (host) => {
      const { status, xml } = await post(host, body);
      if (name === 'WQL of one long pattern') return;
      expect(status).toBe(500);
      expect(xml).toContain('<s:Fault>');
      expect(xml).not.toContain('root:');
    }));

  test('that say they are larger than an envelope, or turn out to be, are not read to their end', () =>
    onHost(async (host) => {
      expect((await post(host, 'x'.repeat(600 * 1024))).status).toBe(413);
      let taken = 0;
      const endless = new Readable({
        read() {
          taken += 64 * 1024;
          this.push(taken > 100 * 1024 * 1024 ? null : Buffer.alloc(64 * 1024, 0x20));
        },
      });
      const raw = await host.tier.network.as('client').dial({ host: HOST, port: 5985 });
      raw.on('error', () => {});
      raw.write('POST /wsman HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
      await new Promise<void>((resolve) => {
        raw.once('close', resolve);
        raw.once('end', resolve);
        raw.resume();
        endless.on('data', (chunk: Buffer) => {
          if (raw.destroyed || raw.writableEnded) return void endless.destroy();
          if (!raw.write(`${chunk.length.toString(16)}\r\n${chunk.toString('latin1')}\r\n`)) {
            endless.pause();
            raw.once('drain', () => endless.resume());
          }
        });
      });
      endless.destroy();
      expect(taken).toBeLessThan(20 * 1024 * 1024);
    }));
});

describe('unauthenticated', () => {
  const uris = [OS, RESOURCE.cmd, `${RESOURCE.powershell}Microsoft.PowerShell`, NS.rsp, RESOURCE.config];
  test('every operation is refused on every resource, over both schemes, and with the header of Identify', () =>
    onHost(async (host) => {
      for (const { action } of [...OPERATIONS, ...CONTEXT_OPERATIONS])
        for (const url of [URL_TLS, URL_PLAIN])
          for (const uri of uris) {
            const body = soapOf({ action, uri, body: '<n:Enumerate/>' });
            expect((await post(host, body, { authorization: '' }, url)).status).toBe(401);
            const sneaking = { authorization: '', wsmanidentify: 'unauthenticated' };
            const { status, xml } = await post(host, body, sneaking, url);
            expect(status).toBe(500);
            expect(xml).toContain('AccessDenied');
          }
    }));

  test('methods of HTTP and paths that WinRM has not', () =>
    onHost(async (host) => {
      for (const [method, path, status] of [
        ['GET', '/wsman', 405],
        ['PUT', '/wsman', 405],
        ['POST', '/', 404],
        ['POST', '/wsman/../etc', 404],
      ] as const) {
        const answer = await host.client.fetch({
          method,
          url: `https://${HOST}:5986${path}`,
          headers: { authorization: BASIC },
        });
        expect(answer.status).toBe(status);
      }
    }));
});

describe('plain text over HTTP', () => {
  test('is refused, with Basic or after NTLM, where AllowUnencrypted is off', () =>
    onHost(async (host) => {
      expect((await post(host, GOOD, {}, URL_PLAIN)).status).toBe(401); // Basic is not even offered
      const ntlm = await logon(host);
      expect(ntlm.status).toBe(200);
      expect((await post(host, GOOD, { authorization: '' }, URL_PLAIN)).status).toBe(500);
    }));
});

/** Two legs on one kept connection. */
async function logon(
  host: TestHost,
  change: (token: Buffer, leg: number) => Buffer = (token) => token,
  options: Partial<ConstructorParameters<typeof NtlmTestClient>[0]> = {},
): Promise<{ status: number; last: Buffer }> {
  const client = new NtlmTestClient({
    user: ADMIN.name,
    domain: 'CORP',
    password: ADMIN.password,
    ...options,
  });
  const leg = (token: Buffer) =>
    host.client.fetch({
      method: 'POST',
      url: URL_PLAIN,
      headers: { authorization: `Negotiate ${token.toString('base64')}` },
    });
  const first = await leg(change(client.negotiate, 1));
  const challenge = /Negotiate (\S+)/.exec(String(first.headers['www-authenticate']))?.[1];
  if (challenge === undefined) return { status: first.status, last: Buffer.alloc(0) };
  const last = change(client.authenticate(Buffer.from(challenge, 'base64')), 2);
  return { status: (await leg(last)).status, last };
}

describe('NTLM', () => {
  test('version 1, a changed MIC, and a password in capitals do not get in', () =>
    onHost(async (host) => {
      expect((await logon(host)).status).toBe(200);
      expect((await logon(host, undefined, { ntlmV1: true })).status).toBe(401);
      expect((await logon(host, undefined, { wrongMic: true })).status).toBe(401);
      expect((await logon(host, undefined, { password: ADMIN.password.toUpperCase() })).status).toBe(401);
    }));

  test('what was said in another conversation is worth nothing in this one', () =>
    onHost(async (host) => {
      const { last, status } = await logon(host);
      expect(status).toBe(200);
      expect((await logon(host, (token, leg) => (leg === 2 ? last : token))).status).toBe(401);
      const alone = await host.client.fetch({
        method: 'POST',
        url: URL_PLAIN,
        headers: { authorization: `Negotiate ${last.toString('base64')}` },
      });
      expect(alone.status).toBe(401);
    }));

  test('tokens cut short anywhere, or made of other bytes', () =>
    onHost(async (host) => {
      for (const leg of [1, 2])
        for (let at = 0; at < 120; at += 7) {
          let isCut = true;
          const { status } = await logon(host, (token, n) => {
            if (n !== leg) return token;
            isCut = at < token.length;
            return token.subarray(0, at);
          });
          if (isCut) expect(status, `leg ${leg}, ${at} bytes`).not.toBe(200);
        }
      for (const junk of ['', '!', 'TlRMTVNTUAA=', 'YIIB', 'A'.repeat(30_000)])
        expect((await post(host, '', { authorization: `Negotiate ${junk}` })).status).toBe(401);
      for (const scheme of ['Kerberos YII', 'CredSSP MAA', 'Bearer x', 'Digest x', 'Basic !', 'Basic'])
        expect((await post(host, GOOD, { authorization: scheme })).status).toBe(401);
    }));

  test('three wrong passwords lock the account, whatever the scheme, and right ones do not get in then', () =>
    testHost().then(async (given) => {
      await using host = given;
      await host.run(async () => {
        for (let n = 0; n < 3; n++)
          expect((await logon(host, undefined, { password: 'x' })).status).toBe(401);
        expect((await logon(host)).status).toBe(401);
        expect((await post(host, GOOD)).status).toBe(401);
      });
    }));
});

test('Kerberos alone is refused in the words of SPNEGO', () =>
  onHost(async (host) => {
    // NegTokenInit with 1.2.840.113554.1.2.2 alone, RFC 4178 section 4.2.1
    const init = Buffer.from('601b06062b0601050502a011300fa00d300b06092a864886f712010202', 'hex');
    const answer = await host.client.fetch({
      method: 'POST',
      url: URL_TLS,
      headers: { authorization: `Negotiate ${init.toString('base64')}` },
    });
    expect(answer.status).toBe(401);
    const [, token = ''] = /Negotiate (\S+?)(?:,|$)/.exec(String(answer.headers['www-authenticate'])) ?? [];
    // NegTokenResp, negState reject
    expect(Buffer.from(token, 'base64').toString('hex')).toBe('a1073005a0030a0102');
  }));
