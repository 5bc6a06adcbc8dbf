/** What every simulator is given, and what it gives back. */
import type { Entropy } from '#core/entropy/entropy.ts';
import type { Validity } from '#core/net/certificates.ts';
import type { HttpExchange } from '#core/net/http-server.ts';
import type { TlsIdentity, Transport } from '#core/net/transport.ts';
import type { Clock } from '#core/time/clock.ts';
import type { Counters, Recorder } from '#core/trace/recorder.ts';
import type { FaultPoints } from './fault-points.ts';

export interface SimulatorContext {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** The network as seen from this simulator's node. */
  readonly transport: Transport;
  readonly recorder: Recorder;
  readonly counters: Counters;
  readonly faults: FaultPoints;
  /** False: nobody reads the trace and the counters, so that exchanges are not watched. */
  readonly isTraced?: boolean;
  /** A certificate for these names from the world's authority, valid as long as the world needs it or as is said. */
  identityFor(names: readonly string[], validity?: Validity): Promise<TlsIdentity>;
}

export interface Simulator {
  stop(): Promise<void>;
}

/** Query parameters that are credentials. */
const SECRET_PARAMETERS = /([?&](?:sig|token|code|ticket)=)[^&]*/gi;

/** Records every exchange of `who` in the trace and counts calls and bytes by operation, where somebody reads them. */
export function exchangeObserver(
  context: SimulatorContext,
  who: string,
): ((exchange: HttpExchange) => void) | undefined {
  if (context.isTraced === false) return undefined;
  const [bytesIn, bytesOut] = [`bytes.${who}.in`, `bytes.${who}.out`];
  return (exchange) => {
    const operation = exchange.operation ?? exchange.method;
    context.counters.add(`calls.${who}.${operation}`);
    context.counters.add(bytesIn, exchange.requestBytes);
    context.counters.add(bytesOut, exchange.responseBytes);
    if (exchange.status >= 400) context.counters.add(`answers.${who}.${exchange.status}`);
    const target = exchange.target.replace(SECRET_PARAMETERS, '$1***');
    context.recorder.record({
      at: context.clock.wall(),
      kind: 'http',
      who: `${exchange.from} -> ${who}`,
      what: `${exchange.method} ${target} ${operation} ${exchange.status}`,
      digest: `${exchange.requestDigest.slice(0, 32)}${exchange.responseDigest.slice(0, 32)}`,
      bytes: exchange.requestBytes + exchange.responseBytes,
    });
  };
}
