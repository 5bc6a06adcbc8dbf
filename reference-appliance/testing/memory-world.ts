/** A small world for tests: virtual time, a memory network, an authority, a silent log that remembers its lines. */
import { Entropy } from '#core/entropy/entropy.ts';
import { type CertificateAuthority, createAuthority } from '#core/net/certificates.ts';
import { type HttpHandler, serveHttp } from '#core/net/http-server.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { MemoryNetwork } from '#core/net/memory-network.ts';
import type { Endpoint, Transport } from '#core/net/transport.ts';
import { Quiescence } from '#core/time/quiescence.ts';
import { VirtualClock } from '#core/time/virtual-clock.ts';
import { Counters } from '#core/trace/recorder.ts';
import { createLog, type Logger } from '../log.ts';

/** A Monday morning, on the ten-minute grid. */
export const START = Date.parse('2026-03-02T08:00:00Z');

export interface MemoryWorld extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly entropy: Entropy;
  readonly links: LinkRules;
  readonly counters: Counters;
  readonly log: Logger;
  /** Lines of the log, secrets masked as they would be. */
  readonly lines: string[];
  /** The appliance's view of the network. */
  readonly transport: Transport;
  readonly authority: CertificateAuthority;
  readonly trust: readonly string[];
  /** An HTTPS server under a name of this world. */
  serve(at: Endpoint, handler: HttpHandler): Promise<void>;
  /** Lets virtual time pass until the story is told. */
  run<T>(story: () => Promise<T>): Promise<T>;
}

export async function memoryWorld(seed = '1'): Promise<MemoryWorld> {
  const entropy = new Entropy(seed);
  const quiescence = new Quiescence();
  const clock = new VirtualClock({ start: START, entropy, quiescence });
  const links = new LinkRules(clock);
  const network = new MemoryNetwork({ clock, links, quiescence });
  const authority = await createAuthority('test', { from: 0, to: Date.parse('2040-01-01T00:00:00Z') });
  const lines: string[] = [];
  return {
    clock,
    entropy,
    links,
    counters: new Counters(),
    log: createLog({ clock, level: 'debug', write: (line) => lines.push(line) }),
    lines,
    transport: network.as('appliance'),
    authority,
    trust: [authority.certificatePem],
    async serve(at, handler) {
      await serveHttp({
        transport: network.as(at.host),
        at,
        identity: await authority.issue([at.host]),
        clock,
        handler,
      });
    },
    run: (story) => clock.run(story()),
    async [Symbol.asyncDispose]() {
      await network.close();
      quiescence[Symbol.dispose]();
    },
  };
}
