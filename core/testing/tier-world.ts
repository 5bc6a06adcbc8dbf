/** A bare world of one tier for tests of core: clock, links, network, authority; no simulators. */
import { Entropy } from '../entropy/entropy.ts';
import { type CertificateAuthority, createAuthority } from '../net/certificates.ts';
import { LinkRules } from '../net/link-rules.ts';
import { MemoryNetwork } from '../net/memory-network.ts';
import { TcpNetwork } from '../net/tcp-network.ts';
import type { Network } from '../net/transport.ts';
import { Quiescence } from '../time/quiescence.ts';
import { VirtualClock } from '../time/virtual-clock.ts';
import { DAY } from '../units.ts';

export interface TierWorld extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly entropy: Entropy;
  readonly quiescence: Quiescence;
  readonly links: LinkRules;
  readonly network: Network;
  readonly authority: CertificateAuthority;
  /** Instants and labels of the timers released so far. */
  readonly timers: string[];
}

/** Start of the story: now, so that real TLS accepts the certificates too. */
const START = Date.parse('2026-11-01T00:00:00Z');

export async function tierWorld(tier: 'memory' | 'loopback', seed = 'test'): Promise<TierWorld> {
  const entropy = new Entropy(seed);
  const quiescence = new Quiescence();
  const timers: string[] = [];
  const clock = new VirtualClock({
    start: START,
    entropy,
    quiescence,
    onTimer: (at, label) => timers.push(`${at - START} ${label}`),
  });
  const links = new LinkRules(clock);
  const network =
    tier === 'memory'
      ? new MemoryNetwork({ clock, links, quiescence })
      : new TcpNetwork({ tier, links, quiescence });
  const authority = await createAuthority('drylift test', { from: START - DAY, to: START + 20 * 365 * DAY });
  return {
    clock,
    entropy,
    quiescence,
    links,
    network,
    authority,
    timers,
    async [Symbol.asyncDispose]() {
      await network.close();
      quiescence[Symbol.dispose]();
    },
  };
}
