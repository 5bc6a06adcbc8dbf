import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { SystemClock } from '../time/system-clock.ts';
import { serveHttp } from './http-server.ts';
import { LinkRules } from './link-rules.ts';
import { TcpNetwork } from './tcp-network.ts';

test('of a client that asks on and on and reads nothing only the first requests are taken', async () => {
  const clock = new SystemClock();
  const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
  const answer = Buffer.alloc(400_000, 'x');
  let taken = 0;
  const listener = await serveHttp({
    transport: network.as('server'),
    at: { host: '127.0.0.1', port: 0 },
    clock,
    handler(request, response) {
      taken++;
      request.resume();
      request.once('end', () => response.end(answer));
    },
  });
  const socket = connect({ host: '127.0.0.1', port: listener.endpoint.port });
  await once(socket, 'connect');
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50_000));
  for (let before = -1; taken === 0 || taken !== before; ) {
    before = taken;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  socket.destroy();
  await listener.close();
  expect(taken).toBeLessThan(25_000);
});
