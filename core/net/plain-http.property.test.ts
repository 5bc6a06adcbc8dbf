/** Plain requests against node:http: whatever is sent, in whatever pieces, the same bytes come back. */
import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
let servers: readonly Listener[];

/** Answers in the way that the body asks for. */
async function reply(body: Buffer, cookie: string | undefined, out: HttpReply): Promise<void> {
  const text = `${body.toString('latin1')} ${cookie}`;
  const [how = ''] = text.split(' ');
  if (how === 'cut') return void out.destroy();
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

/** All that comes back for what is written, until the connection ends. */
async function talk(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const back: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => back.push(chunk));
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  for (const piece of pieces) {
    if (!socket.writable) break;
    socket.write(piece, 'latin1');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const late = setTimeout(() => {
    back.push(Buffer.from(' and stays open'));
    socket.destroy();
  }, 2000);
  await closed;
  clearTimeout(late);
  return Buffer.concat(back).toString('latin1');
}

const header = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.constantFrom('Content-Type: text/xml', 'SOAPAction: "urn:vim25/6.5"', 'Cookie: a="b"; c=d'),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'cookie: second',
      'Connection: keep-alive',
      'connection: Keep-Alive',
      'X-Empty:',
      'X-Spaces: \t a b \t',
      'constructor: x',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'Expect: 100-continue',
      'TE: trailers',
      'Bad Name: x',
      'X-Wide: \xfc',
      ' folded',
      'Content-Length: 3',
      'Host: again',
      'Transfer-Encoding: chunked',
      'Upgrade: websocket',
      '__proto__: x',
      'X-Control: a\x01b',
      'Connection: close',
    ),
  },
);
const request = fc.record({
  start: fc.oneof(
    { weight: 20, arbitrary: fc.constant('POST /sdk HTTP/1.1') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'POST /other HTTP/1.1',
        'PUT /sdk HTTP/1.1',
        'POST /sdk HTTP/1.0',
        'nonsense',
        'POST /sd k HTTP/1.1',
      ),
    },
  ),
  host: fc.oneof(
    { weight: 30, arbitrary: fc.constant('Host: vc') },
    { weight: 1, arbitrary: fc.constant('X-No: host') },
  ),
  headers: fc.uniqueArray(header, { maxLength: 4 }),
  body: fc.constantFrom('', 'text', 'wide', 'bytes', 'later on', 'pieces', 'fault'),
  /** Where it is torn into two pieces, if at all. */
  tear: fc.option(fc.integer({ min: 1, max: 150 }), { freq: 8 }),
  /** It is sent together with the next one. */
  joined: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
});
type Request = typeof request extends fc.Arbitrary<infer R> ? R : never;

function written({ start, host, headers, body }: Request): string {
  return `${[start, host, ...headers, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
}

test('the answers are those of node:http, byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 6 }), async (requests) => {
      const pieces: string[] = [];
      let held = '';
      for (const each of requests) {
        const whole = held + written(each);
        held = each.joined ? whole : '';
        if (each.joined) continue;
        if (each.tear !== null && each.tear < whole.length)
          pieces.push(whole.slice(0, each.tear), whole.slice(each.tear));
        else pieces.push(whole);
      }
      pieces.push(`${held}GET /last HTTP/1.1\r\nHost: vc\r\nConnection: close\r\n\r\n`);
      const [plain, node] = await Promise.all(servers.map(({ endpoint }) => talk(endpoint.port, pieces)));
      expect(plain).toBe(node);
    }),
    { numRuns: 300 },
  );
  expect(plainly).toBeGreaterThan(50);
});

test('a reply that is destroyed cuts the connection', async () => {
  const cut = 'POST /sdk HTTP/1.1\r\nHost: vc\r\nContent-Length: 3\r\n\r\ncut';
  for (const { endpoint } of servers) expect(await talk(endpoint.port, [cut])).toBe('');
});
