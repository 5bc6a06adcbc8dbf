import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { SystemClock } from '../time/system-clock.ts';
import { HttpClient } from './http-client.ts';
import { LinkRules } from './link-rules.ts';
import { TcpNetwork } from './tcp-network.ts';

const clock = new SystemClock();
const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
let server: Server;
afterEach(() => server.close());

/** A server that answers every connection with these bytes, and ends it. */
async function answering(text: string): Promise<string> {
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
}

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['a head beyond all measure', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
])('%s in place of HTTP is told as that, with the address', async (_, text) => {
  const url = await answering(text);
  const http = new HttpClient({ transport: network.as('client'), clock });
  await expect(http.fetch({ method: 'GET', url })).rejects.toMatchObject({
    code: 'net.notHttp',
    what: expect.stringContaining(new URL(url).host),
  });
  http.close();
});

test.each([
  ['ends too soon', 'Content-Length: 10\r\n\r\nabc'],
  ['has a chunk without a size', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n'],
])('a body that %s is a cut connection', async (_, rest) => {
  const url = await answering(`HTTP/1.1 200 OK\r\n${rest}`);
  const http = new HttpClient({ transport: network.as('client'), clock });
  await expect(http.fetch({ method: 'GET', url })).rejects.toMatchObject({ code: 'net.reset' });
  http.close();
});
