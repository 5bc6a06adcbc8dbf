/**
 * The internet of a world as machines in it see it: one HTTP forward proxy. CONNECT for https origins,
 * absolute form for http ones (RFC 9110, 9.3.6; RFC 9112, 3.2.2). A table of names says where real host
 * names lead; nothing outside the table can be reached, and no private address ever.
 *
 * The upstream connection is dialled in the name of the client's node, so that a link rule such as
 * `appliance -> *.blob.core.windows.net` acts on it as if there were no proxy.
 */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { DryliftError } from '#core/errors.ts';
import { type HttpResponseOut, serveHttp } from '#core/net/http-server.ts';
import { type Endpoint, matchesHost, type Transport } from '#core/net/transport.ts';
import type { Bytes } from '#core/units.ts';
import type { SimulatorContext } from '../kit/context.ts';

export interface ProxyOptions {
  readonly context: SimulatorContext;
  readonly at: Endpoint | readonly Endpoint[];
  /** Where a name leads; undefined for a name that this internet does not know. */
  readonly route: (host: string, port: number) => Endpoint | undefined;
  /** The network as seen from a node: upstream connections are the client's. */
  readonly dialAs: (node: string) => Transport;
  /** Hosts that may be reached (names or `*.suffix`); without it, every known one. */
  readonly allow?: readonly string[];
  /** Asked for as Basic credentials when given. */
  readonly credentials?: { readonly user: string; readonly password: string };
}

export interface ForwardProxy {
  readonly endpoint: Endpoint;
  /** Tunnels and forwarded requests that are open just now. */
  open(): number;
  stop(): Promise<void>;
}

const HEADER_BYTES_MAX: Bytes = 16 * 1024;
/** Meaningful for one hop only (RFC 9110, 7.6.1), or for the proxy itself. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

interface Refusal {
  readonly status: 400 | 403 | 407 | 502 | 504;
  readonly text: string;
}

const REASONS: Readonly<Record<Refusal['status'], string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  407: 'Proxy Authentication Required',
  502: 'Bad Gateway',
  504: 'Gateway Timeout',
};

/** @throws `net.listen` */
export async function startProxy(options: ProxyOptions): Promise<ForwardProxy> {
  const { context, route, dialAs } = options;
  const upstreams = new Set<Duplex>();

  const note = (from: string, what: string, outcome: string): void => {
    context.counters.add(`calls.proxy.${outcome}`);
    context.recorder.record({
      at: context.clock.wall(),
      kind: 'http',
      who: `${from} -> proxy`,
      what: `${what} ${outcome}`,
    });
  };

  /** Decides on a target: where to dial, or why not. */
  const judge = (headers: IncomingHttpHeaders, target: Endpoint | undefined): Endpoint | Refusal => {
    if (!isAuthorized(headers, options.credentials))
      return { status: 407, text: 'This proxy asks for a user name and a password.' };
    if (!target) return { status: 400, text: 'The target is not host:port.' };
    const place = `${target.host}:${target.port}`;
    if (isPrivate(target.host))
      return { status: 403, text: `${place} is a private address; this proxy leads to the internet only.` };
    if (options.allow && !options.allow.some((pattern) => matchesHost(pattern, target.host)))
      return { status: 403, text: `${place} is not on the allow-list of this proxy.` };
    return (
      route(target.host, target.port) ?? { status: 502, text: `${place} is not known on this internet.` }
    );
  };

  const dial = async (from: string, to: Endpoint): Promise<Duplex | Refusal> => {
    try {
      const upstream = await dialAs(from).dial(to);
      upstreams.add(upstream);
      upstream.once('close', () => upstreams.delete(upstream));
      return upstream;
    } catch (error) {
      const code = error instanceof DryliftError ? error.code : 'net.unreachable';
      return {
        status: code === 'net.unreachable' || code === 'net.timeout' ? 504 : 502,
        text: `${to.host}:${to.port} could not be reached (${code}).`,
      };
    }
  };

  const onConnect = async (
    request: IncomingMessage,
    raw: Duplex,
    head: Buffer,
    from: string,
  ): Promise<void> => {
    raw.on('error', () => {}); // 'close' follows and ends the tunnel
    const what = `CONNECT ${printable(request.url)}`;
    const target = judge(request.headers, parseAuthority(request.url ?? ''));
    const upstream = 'status' in target ? target : await dial(from, target);
    if ('status' in upstream) {
      note(from, what, String(upstream.status));
      raw.end(refusalHead(upstream) + upstream.text);
      return;
    }
    if (raw.destroyed) return void upstream.destroy();
    note(from, what, '200');
    raw.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) upstream.write(head);
    relay(raw, upstream);
  };

  const onRequest = async (
    request: IncomingMessage & { from?: string },
    response: HttpResponseOut,
  ): Promise<void> => {
    const from = request.from ?? 'client';
    const url = parseAbsolute(request.url ?? '');
    const what = `${request.method} ${url ? url.host : printable(request.url)}`;
    const target = judge(request.headers, url && { host: plainHost(url), port: Number(url.port || 80) });
    const upstream = 'status' in target ? target : await dial(from, target);
    if ('status' in upstream) {
      note(from, what, String(upstream.status));
      request.resume();
      const proxyAuth = upstream.status === 407 ? { 'Proxy-Authenticate': 'Basic realm="drylift"' } : {};
      response.writeHead(upstream.status, { 'Content-Type': 'text/plain; charset=utf-8', ...proxyAuth });
      response.end(upstream.text);
      return;
    }
    note(from, what, 'forwarded');
    forward(request, response, url!, upstream);
  };

  const listener = await serveHttp({
    transport: context.transport,
    at: options.at,
    clock: context.clock,
    headerBytesMax: HEADER_BYTES_MAX,
    handler: (request, response) => void onRequest(request, response),
    onConnect: (request, raw, head, from) => void onConnect(request, raw, head, from),
  });
  return {
    endpoint: listener.endpoint,
    open: () => upstreams.size,
    async stop() {
      await listener.close();
      for (const upstream of upstreams) upstream.destroy();
    },
  };
}

/** Both ways until one side ends or breaks; a reset on one side is a reset on the other. */
function relay(client: Duplex, upstream: Duplex): void {
  client.pipe(upstream);
  upstream.pipe(client);
  upstream.on('error', () => reset(client));
  client.on('error', () => reset(upstream));
  upstream.once('close', () => follow(client));
  client.once('close', () => follow(upstream));
}

/** The other side is gone: nothing more will come from there, and what still comes from here leads nowhere. */
function follow(stream: Duplex): void {
  if (!stream.writableEnded) stream.end();
  stream.resume();
}

function reset(stream: Duplex & { resetAndDestroy?: () => unknown }): void {
  if (stream.resetAndDestroy) stream.resetAndDestroy();
  else stream.destroy();
}

function forward(request: IncomingMessage, response: HttpResponseOut, url: URL, upstream: Duplex): void {
  const outgoing = httpRequest({
    createConnection: () => upstream,
    method: request.method,
    path: `${url.pathname}${url.search}`,
    headers: { ...endToEnd(request.headers), host: url.host, connection: 'close' },
    setDefaultHeaders: false,
  });
  outgoing.once('response', (incoming) => {
    response.writeHead(incoming.statusCode!, endToEnd(incoming.headers));
    incoming.pipe(response);
    incoming.once('close', () => {
      if (!incoming.complete) response.destroy();
    });
  });
  outgoing.once('error', () => {
    if (response.headersSent) return void response.destroy();
    response.writeHead(502, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`${url.host} closed the connection before it answered.`);
  });
  response.once('close', () => upstream.destroy());
  request.pipe(outgoing);
}

function endToEnd(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = new Set(
    String(headers.connection ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase()),
  );
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !HOP_BY_HOP.has(name) && !named.has(name)) kept[name] = value;
  return kept;
}

function refusalHead({ status, text }: Refusal): string {
  const lines = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
  ];
  if (status === 407) lines.push('Proxy-Authenticate: Basic realm="drylift"');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function isAuthorized(headers: IncomingHttpHeaders, credentials: ProxyOptions['credentials']): boolean {
  if (!credentials) return true;
  const expected = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
  return headers['proxy-authorization'] === `Basic ${expected}`;
}

/** `host:port`, `[v6]:port`. The port must be there (RFC 9112, 3.2.3). */
function parseAuthority(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]{1,253})):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[3]);
  return port >= 1 && port <= 65_535 ? { host: match[1] ?? match[2]!, port } : undefined;
}

function parseAbsolute(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' && url.hostname !== '' ? url : undefined;
}

function plainHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** A request target for the trace: short and one line, whatever was sent. */
function printable(text: string | undefined): string {
  return (text ?? '').replace(/[^\x21-\x7e]/g, '?').slice(0, 200);
}

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv6');

/** Loopback, link-local and private addresses (RFC 1918, 4193, 6598), and the names of this machine. */
function isPrivate(host: string): boolean {
  const family = isIP(host);
  if (family !== 0) return PRIVATE.check(host, family === 4 ? 'ipv4' : 'ipv6');
  return /^(?:localhost|.+\.localhost)$/i.test(host) || /^[\d.]+$/.test(host);
}
