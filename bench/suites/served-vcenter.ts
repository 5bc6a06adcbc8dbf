/**
 * A program of its own, for vcenter-served.bench.ts: a vCenter of N generated machines on real TLS, as
 * `drylift serve vcenter` has it, or with `empty` in place of N an https server that does nothing. It tells its
 * parent over IPC when it is ready, and on request what it takes and holds, and changes the power of a machine.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Entropy } from '#core/entropy/entropy.ts';
import { createAuthority } from '#core/net/certificates.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { DAY } from '#core/units.ts';
import { Estate } from '#simulators/estate/estate.ts';
import { generateEstate } from '#simulators/estate/generate.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';
import { startVcenter } from '#simulators/vcenter/server.ts';

const clock = new SystemClock();
const now = clock.wall();
const authority = await createAuthority('drylift bench', { from: now - DAY, to: now + DAY });

process.on('disconnect', () => process.exit()); // never without its parent

if (process.argv[2] === 'empty') await serveNothing();
else await serveMachines(Number(process.argv[2]));

async function serveNothing(): Promise<void> {
  const { privateKeyPem: key, certificatePem: cert } = await authority.issue(['127.0.0.1']);
  const server = createServer({ key, cert }, (request, response) => {
    request.resume();
    request.on('end', () => {
      response.setHeader('Content-Length', 0);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
}

async function serveMachines(machines: number): Promise<void> {
  const facts = generateEstate({ seed: 'bench', machines });
  const entropy = new Entropy(facts.seed);
  const estate = new Estate(facts, { clock, entropy });
  const recorder = { record() {} };
  const vcenter = await startVcenter({
    context: {
      clock,
      entropy,
      transport: new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) }).as('vcenter'),
      recorder,
      counters: new Counters(),
      faults: new FaultPoints({ clock, recorder }),
      identityFor: (names) => authority.issue(names),
      isTraced: false,
    },
    estate,
    at: { host: '127.0.0.1', port: 0 },
    names: ['127.0.0.1'],
    users: [{ name: 'user', password: 'pass', role: 'administrator' }],
  });
  process.on('message', (asked: 'memory' | 'held' | 'power') => {
    if (asked === 'memory') process.send!({ rss: process.memoryUsage.rss() });
    else if (asked === 'held') {
      // With --expose-gc: what is still in use, and not what the collector has left lying about.
      globalThis.gc?.();
      const { heapUsed, external } = process.memoryUsage();
      process.send!({ held: heapUsed + external });
    } else {
      const { id } = estate.machines()[0]!;
      const at = process.hrtime.bigint();
      estate.setPower(id, estate.power(id) === 'on' ? 'off' : 'on');
      process.send!({ at: String(at) });
    }
  });
  process.send!({ port: vcenter.endpoint.port });
}
