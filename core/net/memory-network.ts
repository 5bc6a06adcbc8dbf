/** The memory tier: names lead to listeners of the same process, connections are pipes. */
import type { Duplex } from 'node:stream';
import type { Clock } from '../time/clock.ts';
import type { Quiescence } from '../time/quiescence.ts';
import type { LinkRules } from './link-rules.ts';
import { PipeEnd, socketError } from './memory-pipe.ts';
import { nullTlsClient, nullTlsServer } from './null-tls.ts';
import {
  type Endpoint,
  type Listener,
  matchesHost,
  type Network,
  netError,
  type Transport,
} from './transport.ts';

interface Accepting {
  readonly at: Endpoint;
  readonly accept: (raw: Duplex, from: string) => void;
}

export class MemoryNetwork implements Network {
  readonly tier = 'memory';
  readonly #clock: Clock;
  readonly #links: LinkRules;
  readonly #listeners: Accepting[] = [];
  readonly #open = new Map<PipeEnd, string>();
  readonly #registration: Disposable;

  constructor({ clock, links, quiescence }: { clock: Clock; links: LinkRules; quiescence: Quiescence }) {
    this.#clock = clock;
    this.#links = links;
    this.#registration = quiescence.register({
      inFlight: () => {
        let n = 0;
        for (const end of this.#open.keys()) n += end.undelivered;
        return n;
      },
      describe: () =>
        [...this.#open].filter(([end]) => end.undelivered > 0).map(([, name]) => `pipe: ${name}`),
    });
  }

  as(node: string): Transport {
    return {
      tier: 'memory',
      node,
      dial: async (to, signal) => {
        signal?.throwIfAborted();
        return this.#dial(node, to);
      },
      listen: async (at, onConnection) => this.#listen([at].flat() as Endpoint[], onConnection),
      secureClient: (raw, options) => nullTlsClient(raw, options, this.#clock),
      secureServer: (raw, identity, options) => nullTlsServer(raw, identity, options),
    };
  }

  async close(): Promise<void> {
    this.#listeners.length = 0;
    for (const end of this.#open.keys()) end.destroy();
    this.#registration[Symbol.dispose]();
  }

  #dial(from: string, to: Endpoint): Duplex {
    const listener =
      this.#listeners.find(
        ({ at }) => at.port === to.port && at.host.toLowerCase() === to.host.toLowerCase(),
      ) ?? this.#listeners.find(({ at }) => at.port === to.port && matchesHost(at.host, to.host));
    if (!listener) {
      const nameKnown = this.#listeners.some(({ at }) => matchesHost(at.host, to.host));
      throw netError(socketError(nameKnown ? 'ECONNREFUSED' : 'ENOTFOUND', 'connect'), to);
    }
    if (this.#links.refuses(from, to.host)) throw netError(socketError('ECONNREFUSED', 'connect'), to);
    const [client, server] = PipeEnd.pair(from, to.host);
    for (const end of [client, server]) {
      this.#open.set(end, `${from} -> ${to.host}:${to.port}`);
      end.once('close', () => this.#open.delete(end));
    }
    server.on('error', () => {}); // a cut connection is the server's to notice by 'close'
    listener.accept(server, from);
    return this.#links.apply(from, to.host, client);
  }

  #listen(at: readonly Endpoint[], accept: (raw: Duplex, from: string) => void): Listener {
    const mine = at.map((endpoint) => ({ at: endpoint, accept }));
    this.#listeners.push(...mine);
    return {
      endpoint: at[0]!,
      close: async () => {
        for (const entry of mine) {
          const i = this.#listeners.indexOf(entry);
          if (i >= 0) this.#listeners.splice(i, 1);
        }
      },
    };
  }
}
