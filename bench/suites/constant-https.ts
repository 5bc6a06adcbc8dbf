/**
 * A program of its own, for winrm.bench.ts: an https server that answers every request with the same so many bytes and
 * looks at none. It tells its parent over IPC where it listens.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '#core/net/certificates.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { DAY } from '#core/units.ts';

process.on('disconnect', () => process.exit()); // never without its parent

const body = Buffer.alloc(Number(process.argv[2]), 0x20);
const now = new SystemClock().wall();
const authority = await createAuthority('drylift bench', { from: now - DAY, to: now + DAY });
const { privateKeyPem: key, certificatePem: cert } = await authority.issue(['127.0.0.1']);
const server = createServer({ key, cert }, (request, response) => {
  request.resume();
  request.on('end', () => {
    response.setHeader('Content-Length', body.length);
    response.end(body);
  });
});
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpuMs: (user + system) / 1000 });
});
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
