/**
 * A stand-in for Azure over HTTP, for tests of the appliance as a whole: one tenant, one project, the discovery data
 * plane. Remembers what it was told.
 */
import type { HttpHandler } from '#core/net/http-server.ts';

export interface FakeAzure {
  readonly handler: HttpHandler;
  /** "PUT /v1/…" of every request that was answered well, in order. */
  readonly requests: string[];
  readonly inventory: Map<number, { machines: Array<{ displayName: string }> }>;
  readonly points: Map<number, { series: Array<{ machine: string }> }>;
  /** Heartbeats, in order. */
  readonly beats: Array<{ warnings?: Array<{ code: string; message: string }> }>;
  /** Answers 503 to everything while it is set. */
  isDown: boolean;
}

export const HOSTS = {
  login: 'login.azure.test',
  arm: 'arm.azure.test',
  discovery: 'discovery.azure.test',
} as const;

export function fakeAzure(): FakeAzure {
  const fake: FakeAzure = {
    requests: [],
    inventory: new Map(),
    points: new Map(),
    beats: [],
    isDown: false,
    handler: (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const send = (status: number, body: object): void => {
          const text = JSON.stringify(body);
          response.writeHead(status, {
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(text),
          });
          response.end(text);
        };
        if (fake.isDown) return send(503, { error: { code: 'ServerBusy', message: 'down' } });
        const { pathname } = new URL(request.url ?? '/', 'https://x');
        const host = request.headers.host ?? '';
        if (host === HOSTS.login)
          return send(200, { token_type: 'Bearer', expires_in: 3599, access_token: 'token' });
        if (request.headers.authorization !== 'Bearer token')
          return send(401, { error: { code: 'AuthenticationFailed', message: 'no token' } });
        fake.requests.push(`${request.method} ${pathname}`);
        if (host === HOSTS.arm)
          return send(200, {
            id: pathname,
            properties: {
              serviceEndpoint: `https://${HOSTS.discovery}/v1/sites/s`,
              provisioningState: 'Succeeded',
            },
          });
        const [, kind, number] = /^\/v1\/sites\/s\/([a-z-]+)\/(.+)$/.exec(pathname) ?? [];
        if (kind === 'heartbeats') {
          fake.beats.push(JSON.parse(Buffer.concat(chunks).toString()) as FakeAzure['beats'][number]);
          return send(200, { serverTime: new Date(0).toISOString() });
        }
        if (kind === 'run-as-accounts') return send(200, { name: number });
        if (kind === 'state')
          return send(200, { inventorySequence: fake.inventory.size, pointsSequence: fake.points.size });
        if (kind !== 'inventory' && kind !== 'points')
          return send(404, { error: { code: 'NotFound', message: pathname } });
        const sequence = Number(number);
        if (sequence > fake[kind].size + 1)
          return send(409, { error: { code: 'SequenceGap', message: 'gap' }, expected: fake[kind].size + 1 });
        if (sequence === fake[kind].size + 1)
          fake[kind].set(sequence, JSON.parse(Buffer.concat(chunks).toString('utf8')));
        send(200, { sequence });
      });
    },
  };
  return fake;
}
