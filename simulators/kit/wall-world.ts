/** What a served simulator stands in: real sockets, wall or paced time, an authority of its own. */
import { Entropy } from '#core/entropy/entropy.ts';
import { createAuthority } from '#core/net/certificates.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import type { TlsIdentity } from '#core/net/transport.ts';
import { PacedClock, SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { DAY } from '#core/units.ts';
import type { SimulatorContext } from './context.ts';
import { FaultPoints } from './fault-points.ts';

export interface WallWorld {
  readonly clock: PacedClock;
  readonly entropy: Entropy;
  /** PEM. */
  readonly authority: string;
  /** A certificate by which a client of the world says who it is: "user@localhost". */
  issueForClient(principal: string): Promise<TlsIdentity>;
  /** What a simulator on this node is given. */
  context(node: string): SimulatorContext;
  close(): Promise<void>;
}

const CERTIFICATE_DAYS = 3_650;

/** @param pace story seconds per real second */
export async function createWallWorld(options: {
  readonly name: string;
  readonly seed: string;
  readonly pace: number;
}): Promise<WallWorld> {
  const { name, seed, pace } = options;
  const now = new SystemClock().wall();
  const clock = new PacedClock({ start: now, pace });
  const entropy = new Entropy(seed);
  const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(clock) });
  const authority = await createAuthority(name, { from: now - DAY, to: now + CERTIFICATE_DAYS * DAY });
  const recorder = { record: () => {} };
  const counters = new Counters();
  const faults = new FaultPoints({ clock, recorder });
  return {
    clock,
    entropy,
    authority: `${authority.certificatePem.trim()}\n`,
    context: (node) => ({
      clock,
      entropy,
      transport: network.as(node),
      recorder,
      counters,
      faults,
      isTraced: false,
      identityFor: (names, validity) => authority.issue(names, validity),
    }),
    issueForClient: (principal) => authority.issueForClient(principal),
    close: () => network.close(),
  };
}
