/**
 * A program of its own, for hyperv-collection.bench.ts: N machines on H stand-alone Hyper-V hosts, each with WinRM over
 * HTTP and HTTPS on real sockets, in a story that runs sixty times as fast. It tells its parent over IPC where they
 * listen, and on request what CPU time it has used.
 */

import { Entropy } from '#core/entropy/entropy.ts';
import { createAuthority } from '#core/net/certificates.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import { PacedClock, SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { DAY } from '#core/units.ts';
import { Estate } from '#simulators/estate/estate.ts';
import { generateHyperv } from '#simulators/estate/generate-sites.ts';
import { hypervHost } from '#simulators/hyperv/host.ts';
import { guestsOfHosts } from '#simulators/hyperv/host-machine.ts';
import { RELEASES } from '#simulators/hyperv/hyperv-host.ts';
import type { SimulatorContext } from '#simulators/kit/context.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';
import { startWinrm } from '#simulators/winrm/server.ts';

process.on('disconnect', () => process.exit()); // never without its parent

const [machines, hosts] = process.argv.slice(2).map(Number) as [number, number];
const now = new SystemClock().wall();
const clock = new PacedClock({ start: now, pace: 60 });
const entropy = new Entropy('bench');
const release = RELEASES['2019'];
const generated = generateHyperv('bench', {
  servers: machines,
  clusters: [],
  standalone: hosts,
  version: release.version,
});
const facts = {
  ...generated,
  machines: generated.machines.map((machine) => ({ ...machine, power: 'on' as const, template: false })),
};
const estate = new Estate(facts, { clock, entropy });
const authority = await createAuthority('drylift bench', { from: now - DAY, to: now + 20 * 365 * DAY });
const identity = await authority.issue(['127.0.0.1']);
const recorder = { record() {} };
const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
const context: SimulatorContext = {
  clock,
  entropy,
  transport: network.as('hyperv'),
  recorder,
  counters: new Counters(),
  faults: new FaultPoints({ clock, recorder }),
  isTraced: false,
  identityFor: async () => identity,
};
const insides = guestsOfHosts(facts, release, { clock, entropy });
const anyPort = { host: '127.0.0.1', port: 0 };
const ports: Array<{ http: number; https: number }> = [];
for (const host of facts.hosts) {
  const server = await startWinrm({
    context,
    who: 'hyperv',
    host: hypervHost({
      host: { estate, host, clock, entropy, release },
      inside: insides.guest(host.id)!,
      accounts: [{ name: 'bench', password: 'bench', groups: ['Administrators'] }],
      settings: { basic: false, allowUnencrypted: false },
    }),
    http: anyPort,
    https: anyPort,
    certificateNames: ['127.0.0.1'],
  });
  ports.push({ http: server.http!.port, https: server.https!.port });
}
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send!({ cpuMs: (user + system) / 1000 });
});
process.send!({ ports, trust: authority.certificatePem });
