/**
 * Requests of our HTTP client, over real sockets and TLS as far as it can tell, answered by MSW. MSW replaces
 * `request` of node:http; those who import it by name see that only after syncBuiltinESMExports.
 */
import { syncBuiltinESMExports } from 'node:module';
import { setupServer } from 'msw/node';
import { Entropy } from '#core/entropy/entropy.ts';
import { HttpClient } from '#core/net/http-client.ts';
import { LinkRules } from '#core/net/link-rules.ts';
import { TcpNetwork } from '#core/net/tcp-network.ts';
import type { Clock } from '#core/time/clock.ts';
import { SystemClock } from '#core/time/system-clock.ts';
import { Counters } from '#core/trace/recorder.ts';

export interface Intercepted {
  readonly server: ReturnType<typeof setupServer>;
  readonly http: HttpClient;
  readonly entropy: Entropy;
  readonly counters: Counters;
  /** Waits end at once, and the time that would have passed has passed. */
  readonly clock: Clock & { now: number; readonly waits: number[] };
  close(): void;
}

export function intercepted(): Intercepted {
  const server = setupServer();
  server.listen({ onUnhandledFrame: 'error' });
  syncBuiltinESMExports();
  const real = new SystemClock();
  const clock = {
    now: Date.parse('2026-03-02T08:00:00Z'),
    waits: [] as number[],
    wall: () => clock.now,
    monotonic: () => clock.now,
    schedule(at: number, _label: string, fn: () => void) {
      clock.waits.push(at - clock.now);
      const timer = real.schedule(0, 'soon', () => {
        clock.now = Math.max(clock.now, at);
        fn();
      });
      return timer;
    },
  };
  const network = new TcpNetwork({ tier: 'wall', links: new LinkRules(real) });
  const http = new HttpClient({ transport: network.as('test'), clock: real });
  return {
    server,
    http,
    entropy: new Entropy('azure'),
    counters: new Counters(),
    clock,
    close() {
      http.close();
      server.close();
      syncBuiltinESMExports();
    },
  };
}
