/** A connection against a listener that is not well disposed: what it sends is bounded, told, and never believed. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveHttp } from '#core/net/http-server.ts';
import { type TierWorld, tierWorld } from '#core/testing/tier-world.ts';
import { Counters } from '#core/trace/recorder.ts';
import { createLog } from '../../log.ts';
import { winrmConnection } from './connection.ts';
import { Logins } from './logins.ts';
import type { WinrmConnection } from './types.ts';

const signal = new AbortController().signal;
const SOAP = 'http://www.w3.org/2003/05/soap-envelope';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

let world: TierWorld;
let asked: string[];
beforeEach(async () => {
  world = await tierWorld('memory');
  asked = [];
});
afterEach(() => world[Symbol.asyncDispose]());

const messageId = (request: string): string => /<a:MessageID>([^<]*)/.exec(request)?.[1] ?? '';
const envelope = (inside: string, relatesTo = ''): string =>
  `<s:Envelope xmlns:s="${SOAP}" xmlns:a="urn:a" xmlns:n="urn:n" xmlns:w="urn:w"><s:Header><a:RelatesTo>${relatesTo}</a:RelatesTo></s:Header>` +
  `<s:Body>${inside}</s:Body></s:Envelope>`;

/** Basic over TLS; every message of an authenticated client goes to `answer`. */
async function connected(
  answer: (request: string) => Answer,
  options: { https?: boolean; schemes?: readonly string[] } = {},
): Promise<WinrmConnection> {
  const { https = true, schemes = ['Basic realm="WSMAN"'] } = options;
  await serveHttp({
    transport: world.network.as('hv1'),
    at: { host: 'hv1', port: 5986 },
    ...(https ? { identity: await world.authority.issue(['hv1']) } : {}),
    clock: world.clock,
    handler: (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isKnown = /^Basic /.test(request.headers.authorization ?? '');
        if (text !== '' && isKnown) asked.push(text);
        const {
          status = 200,
          headers = {},
          body = '',
        } = !isKnown
          ? { status: 401, headers: { 'www-authenticate': schemes } }
          : text === ''
            ? {}
            : answer(text);
        response.statusCode = status;
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        response.setHeader('Content-Type', 'application/soap+xml;charset=UTF-8');
        response.end(body);
      });
    },
    onExchange: () => {},
  });
  return winrmConnection({
    host: 'hv1',
    port: 5986,
    https,
    tls: { trust: [world.authority.certificatePem] },
    credentials: [{ name: 'c', user: 'u', password: 'geheim' }],
    logins: new Logins(world.clock),
    purpose: 'test',
    transport: world.network.as('appliance'),
    clock: world.clock,
    entropy: world.entropy,
    counters: new Counters(),
    log: createLog({ clock: world.clock, level: 'silent', write: () => {} }),
  });
}

async function refusal(connection: WinrmConnection): Promise<{ code: string; what: string }> {
  const error: unknown = await world.clock.run(
    connection.query('root/cimv2', 'select Name from X', signal).then(
      () => undefined,
      (reason: unknown) => reason,
    ),
  );
  connection.close();
  expect(JSON.stringify(error)).not.toContain('geheim');
  return error as { code: string; what: string };
}

const page = (items: string, context = 'uuid:1'): ((request: string) => Answer) => {
  return (request) => {
    const isPull = request.includes('<n:Pull>');
    const ns = isPull ? 'n' : 'w';
    return {
      body: envelope(
        `<n:${isPull ? 'Pull' : 'Enumerate'}Response><n:EnumerationContext>${context}</n:EnumerationContext><${ns}:Items>${items}</${ns}:Items></n:${isPull ? 'Pull' : 'Enumerate'}Response>`,
        messageId(request),
      ),
    };
  };
};

test('pages that hold nothing, without end, end, and the host is told', async () => {
  const error = await refusal(await connected(page('')));
  expect(error).toMatchObject({ code: 'winrm.protocol' });
  expect(error.what).toContain('pages that hold nothing');
  expect(asked.length).toBeLessThan(30);
  expect(asked.at(-1)).toContain('<n:Release>');
});

test('items without end are bounded', async () => {
  const items = '<w:XmlFragment xmlns:w="urn:w"><Name>x</Name></w:XmlFragment>'.repeat(30_000);
  const error = await refusal(await connected(page(items)));
  expect(error.what).toContain('more than 500000 items');
  expect(asked.length).toBeLessThan(25);
});

test.each([
  [
    'an answer without end',
    { body: `<s:Envelope xmlns:s="${SOAP}">${' '.repeat(3_000_000)}` },
    'net.tooLarge',
  ],
  ['entities', { body: `<!DOCTYPE x [<!ENTITY a "ha">]>${envelope('&a;')}` }, 'winrm.protocol'],
  ['elements without end', { body: `${'<a>'.repeat(10_000)}` }, 'winrm.protocol'],
  ['no XML', { body: 'hello' }, 'winrm.protocol'],
  [
    'an answer to another message',
    { body: envelope('<n:EnumerateResponse/>', 'uuid:other') },
    'winrm.protocol',
  ],
  ['another response', { body: '' }, 'winrm.protocol'],
  ['a page of the web', { status: 404, body: '<html>' }, 'winrm.unavailable'],
  ['a service that is away', { status: 503 }, 'winrm.unavailable'],
  ['a fault that is none', { status: 500, body: envelope('<x/>') }, 'winrm.protocol'],
  ['a plain refusal', { status: 500 }, 'winrm.unavailable'],
] as ReadonlyArray<[string, Answer, string]>)('%s is told as %s', async (_what, answer, code) => {
  const { body = '' } = answer;
  const error = await refusal(
    await connected((request) => ({
      ...answer,
      body: body.replace('<a:RelatesTo></', `<a:RelatesTo>${messageId(request)}</`),
    })),
  );
  expect(error).toMatchObject({ code });
});

test.each([
  [['Kerberos', 'CredSSP'], true, 'winrm.login.scheme'],
  [[], true, 'winrm.login.scheme'],
  [['Basic realm="WSMAN"'], false, 'winrm.unencrypted.refused'],
  [['Negotiate !!!'], true, 'winrm.login.scheme'],
] as const)('a host that offers %j, TLS %s: %s', async (schemes, https, code) => {
  expect(await refusal(await connected(() => ({}), { schemes, https }))).toMatchObject({ code });
  expect(asked).toEqual([]);
});

test('names of machines and lines of commands go as text, whatever they hold', async () => {
  const connection = await connected(() => ({ status: 503 }));
  const evil = `x'</rsp:Command><rsp:Command>del & " \u0007`;
  await world.clock.run(connection.run(evil, {}, signal).catch(() => {}));
  await world.clock.run(
    connection
      .invoke('root/cimv2', 'X', 'M', { [`a"><b`]: '</w:Selector>' }, [['Path', evil]], signal)
      .catch(() => {}),
  );
  connection.close();
  expect(asked.join('')).not.toContain('<rsp:Command>del');
  expect(asked.join('')).toContain('&lt;/rsp:Command&gt;&lt;rsp:Command&gt;del &amp; ');
  expect(asked.join('')).toContain('&lt;/w:Selector&gt;');
});
