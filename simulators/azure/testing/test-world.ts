/** A bare world for tests of Azure's services: a tier of core, a simulator's context, and an HTTP client. */
import { type HttpAnswer, HttpClient } from '#core/net/http-client.ts';
import { type HttpHandler, serveHttp } from '#core/net/http-server.ts';
import { type TierWorld, tierWorld } from '#core/testing/tier-world.ts';
import { Counters, type TraceEvent } from '#core/trace/recorder.ts';
import { exchangeObserver, type SimulatorContext } from '../../kit/context.ts';
import { FaultPoints } from '../../kit/fault-points.ts';

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
  /** The body read as JSON; an object without members when it is empty or not JSON. */
  readonly json: AnswerJson;
}

/** A list whose first entries tests look at; one that is not there fails where it is looked at. */
type Listed<T> = readonly [T, T, ...T[]];

/** What tests look at in answers: a member that an answer lacks is undefined, whatever stands here. */
export interface AnswerJson {
  readonly [name: string]: unknown;
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly status: string;
  readonly endTime: string;
  readonly nextLink: string | undefined;
  readonly value: Listed<AnswerJson>;
  readonly error: { readonly code: string; readonly message: string; readonly target: string };
  readonly properties: AnswerProperties;
  // Entra ID
  readonly access_token: string;
  readonly refresh_token: string;
  readonly device_code: string;
  readonly user_code: string;
  readonly error_description: string;
  readonly error_codes: readonly number[];
  readonly keys: Listed<{ readonly x5c: readonly string[] }>;
  // data planes
  readonly reasons: readonly string[];
  readonly items: Listed<AnswerWork>;
  readonly logContainerUrl: string;
  readonly expiresAt: string;
  // disks
  readonly accessSAS: string;
}

export interface AnswerWork {
  readonly itemId: string;
  readonly command: string;
  readonly disks: Listed<{
    readonly diskId: string;
    readonly logContainerUrl: string;
    readonly lastAppliedCycleId: string;
  }>;
}

export interface AnswerProperties {
  readonly [name: string]: unknown;
  readonly output: AnswerJson;
  readonly displayName: string;
  readonly serviceEndpoint: string;
  readonly monthlyComputeCostForRecommendedSize: number;
  /** A list in one provider, a map in another: both have entries. */
  readonly disks: Listed<Readonly<Record<string, unknown>>>;
  readonly vmFamilies: readonly unknown[];
  readonly diskState: string;
  readonly diskSizeBytes: number;
  readonly migrationState: string;
  readonly recoveryPointTime: string;
  readonly currentJob: { readonly jobName: string };
  readonly providerSpecificDetails: {
    readonly [name: string]: unknown;
    readonly protectedDisks: Listed<{ readonly targetManagedDiskId: string }>;
  };
}

/** What an answer says in JSON; nothing of one that is something else, which may well begin with a brace. */
export function readJson({ headers, body }: HttpAnswer): AnswerJson {
  const isJson = headers['content-type']?.startsWith('application/json') && body.length > 0;
  return (isJson ? JSON.parse(body.toString('utf8')) : {}) as AnswerJson;
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
      return { ...answer, json: readJson(answer) };
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await tier[Symbol.asyncDispose]();
    },
  };
}
