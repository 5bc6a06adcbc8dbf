/** A bare world for tests of Azure's services: a tier of core, a simulator's context, and an HTTP client. */
import { type HttpAnswer, HttpClient } from '#core/net/http-client.ts';
import { type HttpHandler, serveHttp } from '#core/net/http-server.ts';
import { type TierWorld, tierWorld } from '#core/testing/tier-world.ts';
import { Counters, type TraceEvent } from '#core/trace/recorder.ts';
import { exchangeObserver, type SimulatorContext } from '#simulators/kit/context.ts';
import { FaultPoints } from '#simulators/kit/fault-points.ts';

export interface TestWorld extends AsyncDisposable {
  readonly tier: TierWorld;
  readonly context: SimulatorContext;
  readonly trace: TraceEvent[];
  /** Serves a handler under names on port 443, with a certificate that carries them. */
  serve(names: readonly string[], handler: HttpHandler): Promise<void>;
  /** Lets the world live until the script is done. */
  run<T>(script: () => Promise<T>): Promise<T>;
  /** One request from the node `appliance`. A body that is not text is sent as JSON. */
  ask(method: string, url: string, options?: AskOptions): Promise<Answer>;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly body?: unknown;
}

export interface Answer extends HttpAnswer {
  /** The body read as JSON; undefined when it is empty or not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests, field by field
  readonly json: any;
}

export async function testWorld(
  kind: 'memory' | 'loopback' = 'memory',
  seed = 'azure test',
): Promise<TestWorld> {
  const tier = await tierWorld(kind, seed);
  const trace: TraceEvent[] = [];
  const recorder = { record: (event: TraceEvent) => void trace.push(event) };
  const context: SimulatorContext = {
    clock: tier.clock,
    entropy: tier.entropy,
    transport: tier.network.as('azure'),
    recorder,
    counters: new Counters(),
    faults: new FaultPoints({ clock: tier.clock, recorder }),
    identityFor: (names) => tier.authority.issue(names),
  };
  const client = new HttpClient({
    transport: tier.network.as('appliance'),
    clock: tier.clock,
    tls: { trust: [tier.authority.certificatePem] },
  });
  return {
    tier,
    context,
    trace,
    async serve(names, handler) {
      await serveHttp({
        transport: context.transport,
        at: names.map((host) => ({ host, port: 443 })),
        identity: await context.identityFor(names),
        clock: tier.clock,
        handler,
        onExchange: exchangeObserver(context, 'azure'),
      });
    },
    run: (script) => tier.clock.run(script()),
    async ask(method, url, { headers = {}, token, body } = {}) {
      const answer = await client.fetch({
        method,
        url,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined || typeof body === 'string' || body instanceof Uint8Array
            ? {}
            : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) }),
      });
      const text = answer.body.toString('utf8');
      return { ...answer, json: /^[[{]/.test(text) ? JSON.parse(text) : undefined };
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await tier[Symbol.asyncDispose]();
    },
  };
}
