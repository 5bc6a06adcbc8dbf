/** Plain requests against node:http: whatever is sent, in whatever pieces, the same bytes come back. */
import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SystemClock } from '../time/system-clock.ts';
import { serveHttp } from './http-server.ts';
import { LinkRules } from './link-rules.ts';
import type { HttpReply } from './plain-http.ts';
import { TcpNetwork } from './tcp-network.ts';
import type { Listener } from './transport.ts';

const clock = new (class extends SystemClock {
  override wall(): number {
    return Date.UTC(2026, 2, 2);
  }
})();
const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
/** How many requests have been answered without node:http. */
let plainly = 0;
/** How many clients went away before they were answered. */
let left = 0;
let servers: readonly Listener[];

/** Answers in the way that the body asks for. */
async function reply(body: Buffer, cookie: string | undefined, out: HttpReply): Promise<void> {
  const text = `${body.toString('latin1')} ${cookie}`;
  const [how = ''] = text.split(' ');
  if (how === 'cut') return void out.destroy();
  if (how === 'never') return void out.on('close', () => left++);
  if (how === 'later') await new Promise(setImmediate);
  out.statusCode = how === 'fault' ? 500 : 200;
  out.setHeader('Content-Type', 'text/xml; charset=utf-8');
  if (how === 'pieces') {
    for (const piece of ['one', 'two ü', 'x'.repeat(70_000)])
      if (!out.write(Buffer.from(piece))) await new Promise<void>((resolve) => out.on('drain', resolve));
    return void out.end();
  }
  const answer = how === 'wide' ? `${text} ü €` : text;
  out.setHeader('Content-Length', Buffer.byteLength(answer));
  if (how === 'bytes') out.end(Buffer.from(answer));
  else out.end(answer, how === 'wide' ? 'utf8' : 'latin1');
}

function serve(isPlain: boolean): Promise<Listener> {
  return serveHttp({
    transport: network.as('server'),
    at: { host: '127.0.0.1', port: 0 },
    clock,
    handler(request, response) {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => {});
      request.on('end', () => {
        const target =
          request.method === 'POST' && request.url === '/sdk' ? '' : `${request.method} ${request.url} `;
        void reply(Buffer.concat([Buffer.from(target), ...chunks]), request.headers.cookie, response);
      });
    },
    ...(isPlain
      ? {
          plain: {
            asked: 'POST /sdk',
            handle(request, body, out) {
              plainly++;
              void reply(body, request.headers.cookie, out);
            },
          },
        }
      : {}),
  });
}

beforeAll(async () => {
  servers = [await serve(true), await serve(false)];
});
afterAll(async () => {
  for (const server of servers) await server.close();
});

/** Of the answer to a request without a host, which node:http gives by itself. */
const REAL_DATE = /(?<=400 Bad Request\r\nConnection: close\r\n)Date: .*\r\n/;
const MARK = 'all answered';

/** All that comes back until the connection ends; `end` is written when everything before it has been answered. */
async function talk(port: number, pieces: readonly string[], end: readonly string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let back = '';
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      back += chunk.toString('latin1');
      if (back.includes(MARK)) resolve();
    });
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const late = setTimeout(() => socket.destroy(new Error('the server lets the connection hang')), 10_000);
  await once(socket, 'connect');
  const write = async (some: readonly string[]): Promise<void> => {
    for (const piece of some) {
      if (!socket.writable) return;
      socket.write(piece, 'latin1');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  await write([...pieces, `POST /sdk HTTP/1.1\r\nHost: vc\r\nContent-Length: ${MARK.length}\r\n\r\n${MARK}`]);
  await Promise.race([answered, closed]);
  await write(end);
  await closed;
  clearTimeout(late);
  return back;
}

const USUAL = ['Content-Type: text/xml', 'SOAPAction: "urn:vim25/6.5"', 'Cookie: a="b"; c=d'];
const RARE = [
  'cookie: second',
  'Connection: keep-alive',
  'connection: Keep-Alive',
  'X-Empty:',
  'X-Spaces: \t a b \t',
  'constructor: x',
];
const DEMANDING = ['TE: trailers', 'X-Wide: \xfc', '__proto__: x'];
/** What ends the conversation, alone or by an error. */
const LAST_HEADERS = [
  'Bad Name: x',
  ' folded',
  'Content-Length: 3',
  'Transfer-Encoding: chunked',
  'X-Control: a\x01b',
  'Connection: close',
];
const LAST_STARTS = ['POST /sdk HTTP/1.0', 'nonsense', 'POST /sd k HTTP/1.1'];

const body = fc.constantFrom(
  '',
  'text',
  'wide',
  'bytes',
  'later on',
  'pieces',
  'fault',
  `long ${'x'.repeat(3000)}`,
);
/** Where a request is torn into two pieces, if at all. */
const tear = fc.option(fc.oneof(fc.integer({ min: 1, max: 150 }), fc.integer({ min: 150, max: 3000 })), {
  freq: 8,
});
const header = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...USUAL) },
  { weight: 6, arbitrary: fc.constantFrom(...RARE) },
  { weight: 1, arbitrary: fc.constantFrom(...DEMANDING) },
);
const start = fc.oneof(
  { weight: 20, arbitrary: fc.constant('POST /sdk HTTP/1.1') },
  { weight: 1, arbitrary: fc.constantFrom('POST /other HTTP/1.1', 'PUT /sdk HTTP/1.1') },
);
const host = fc.constant('Host: vc');
const headers = fc.uniqueArray(header, { maxLength: 4 });
/** Sent together with the next one. */
const joined = fc.integer({ min: 0, max: 5 }).map((n) => n === 0);
const request = fc.record({ start, host, headers, body, tear, joined });
const last = fc.oneof(
  fc.record({ start: fc.constantFrom(...LAST_STARTS), host, headers: fc.constant(USUAL), body, tear }),
  fc.record({ start, host: fc.constant('X-No: host'), headers, body, tear }),
  fc.record({ start, host, headers: fc.constantFrom(...LAST_HEADERS).map((each) => [each]), body, tear }),
  fc.constant({
    start: 'GET /last HTTP/1.1',
    host: 'Host: vc',
    headers: ['Connection: close'],
    body: '',
    tear: null,
  }),
);
type Request = typeof last extends fc.Arbitrary<infer R> ? R : never;

function written({ start, host, headers, body }: Request): string {
  return `${[start, host, ...headers, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
}

test('the answers are those of node:http, byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 6 }), last, async (requests, end) => {
      const pieces: string[] = [];
      let held = '';
      for (const each of requests) {
        const whole = held + written(each);
        held = each.joined ? whole : '';
        if (!each.joined) pieces.push(...torn(whole, each.tear));
      }
      if (held !== '') pieces.push(held);
      const ends = torn(written(end), end.tear);
      const [plain, node] = await Promise.all(
        servers.map(({ endpoint }) => talk(endpoint.port, pieces, ends)),
      );
      expect(plain?.replace(REAL_DATE, '')).toBe(node?.replace(REAL_DATE, ''));
    }),
    { numRuns: 200 },
  );
  expect(plainly).toBeGreaterThan(50);
});

function torn(text: string, at: number | null): string[] {
  return at !== null && at < text.length ? [text.slice(0, at), text.slice(at)] : [text];
}

test('a reply that is destroyed cuts the connection', async () => {
  const cut = 'POST /sdk HTTP/1.1\r\nHost: vc\r\nContent-Length: 3\r\n\r\ncut';
  for (const { endpoint } of servers)
    expect(await talk(endpoint.port, [], [cut])).toMatch(new RegExp(`${MARK} undefined$`));
});

test('a request that expects to be told to go on is', async () => {
  const head = 'POST /sdk HTTP/1.1\r\nHost: vc\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n';
  const end = ['GET /last HTTP/1.1\r\nHost: vc\r\nConnection: close\r\n\r\n'];
  for (const { endpoint } of servers)
    expect(await talk(endpoint.port, [head, 'text'], end)).toMatch(
      /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/,
    );
});

test('a client that goes away is noticed, also when it has sent more meanwhile', async () => {
  const never = 'POST /sdk HTTP/1.1\r\nHost: vc\r\nContent-Length: 5\r\n\r\nnever';
  for (const early of [0, 1, 3]) {
    const before = left;
    const socket = connect({ host: '127.0.0.1', port: servers[0]!.endpoint.port, noDelay: true });
    await once(socket, 'connect');
    for (let i = 0; i <= early; i++) {
      socket.write(never);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.destroy();
    await vi.waitFor(() => expect(left).toBe(before + 1), 5000);
  }
});
