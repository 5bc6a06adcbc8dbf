/**
 * HTTP/1.1 (and HTTPS) over any tier: node:http's own server, fed with connections from a Transport.
 *
 * Node's timers run on real time, so all of the server's are off; whoever wants a time-out uses the Clock.
 * The Date header comes from the Clock too. Every exchange is reported with a digest of what was said above
 * TLS, in both directions, whatever the chunking.
 */
import { createHash, type Hash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../time/clock.ts';
import type { Bytes, UnixMillis } from '../units.ts';
import type { Endpoint, Listener, TlsIdentity, Transport } from './transport.ts';

export interface HttpExchange {
  readonly startedAt: UnixMillis;
  /** Node that dialled. */
  readonly from: string;
  readonly method: string;
  /** Request target as sent: path and query. May hold secrets (SAS signatures): mask before showing. */
  readonly target: string;
  readonly host: string;
  /** SOAP action or operation name, when the handler set `response.operation`. */
  readonly operation: string | undefined;
  /** 0 when the connection was lost before the answer was complete. */
  readonly status: number;
  readonly requestBytes: Bytes;
  readonly responseBytes: Bytes;
  /** SHA-256, hex, over request line, headers and body. */
  readonly requestDigest: string;
  /** SHA-256, hex, over status line, headers and body. */
  readonly responseDigest: string;
}

/** A response that knows which operation it answers, for journals and counters. */
export type HttpResponseOut = ServerResponse & { operation?: string };

export type HttpHandler = (request: IncomingMessage & { from?: string }, response: HttpResponseOut) => void;

export interface HttpServerOptions {
  transport: Transport;
  at: Endpoint | readonly Endpoint[];
  /** HTTPS when given; a function is asked for each connection. */
  identity?: TlsIdentity | (() => TlsIdentity);
  /** Of HTTPS: asks clients for certificates, without insisting. */
  asksForCertificate?: boolean;
  clock: Clock;
  handler: HttpHandler;
  /** CONNECT requests; refused with 405 when absent. */
  onConnect?: (request: IncomingMessage, raw: Duplex, head: Buffer, from: string) => void;
  onExchange?: (exchange: HttpExchange) => void;
  /** False: nobody reads the digests of exchanges, which are empty then. They take most of the time of large answers. */
  digests?: boolean;
  /** Total size of the headers of one request. */
  headerBytesMax?: Bytes;
}

export async function serveHttp(options: HttpServerOptions): Promise<Listener> {
  const { transport, clock, handler, onExchange } = options;
  const diallers = new WeakMap<object, string>();
  const connections = new Set<Duplex>();
  const server = createServer(
    {
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: 0,
      connectionsCheckingInterval: 0x7fff_ffff,
      maxHeaderSize: options.headerBytesMax ?? 32 * 1024,
      highWaterMark: 256 * 1024,
    },
    (request, response) => {
      const from = diallers.get(request.socket) ?? 'client';
      response.sendDate = false;
      const now = clock.wall();
      response.setHeader('Date', dateOf(now));
      if (onExchange) observe(request, response, from, now, onExchange, options.digests ?? true);
      handler(Object.assign(request, { from }), response);
    },
  );
  server.timeout = 0;
  server.on('connect', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
    if (options.onConnect) options.onConnect(request, raw, head, diallers.get(raw) ?? 'client');
    else raw.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n');
  });
  const listener = await transport.listen(options.at, (raw, from) => {
    const serve = (connection: Duplex): void => {
      diallers.set(connection, from);
      connections.add(connection);
      // Node pauses the parser for a request that comes before the last bytes of the answer before it are reported as
      // written, and may then be given the rest of that request: "Parse Error: Paused", and the connection is gone
      // (node:_http_server looks at this very property; streams themselves do not)
      const { _writableState } = connection as Duplex & { _writableState?: object };
      if (_writableState) Object.defineProperty(_writableState, 'needDrain', { value: false });
      connection.once('close', () => connections.delete(connection));
      server.emit('connection', connection);
    };
    const { identity, asksForCertificate = false } = options;
    if (!identity) return serve(raw);
    const shown = typeof identity === 'function' ? identity() : identity;
    transport.secureServer(raw, shown, { asksForCertificate }).then(serve, () => {}); // a failed handshake is the client's to report
  });
  return {
    endpoint: listener.endpoint,
    async close() {
      await listener.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

let dateSecond = Number.NaN;
let dateText = '';

/** The Date header, worked out once a second. */
function dateOf(now: UnixMillis): string {
  const second = Math.floor(now / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(now).toUTCString();
  }
  return dateText;
}

/** Digests one exchange by watching what passes through the request and response objects. */
function observe(
  request: IncomingMessage,
  response: HttpResponseOut,
  from: string,
  startedAt: UnixMillis,
  onExchange: (exchange: HttpExchange) => void,
  digests: boolean,
): void {
  const asked = digests
    ? digestOf(
        `${request.method} ${request.url} HTTP/${request.httpVersion}\n${headerLines(request.rawHeaders)}\n`,
      )
    : countOnly();
  const push = request.push.bind(request);
  request.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
    if (chunk) asked.add(chunk);
    return push(chunk, encoding);
  };
  const said = digests ? digestOf('') : countOnly();
  const write = response.write.bind(response) as (...args: unknown[]) => boolean;
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  response.write = (...args: unknown[]) => {
    said.add(args[0]);
    return write(...args);
  };
  // node:http's end(chunk) does not pass through the write property, so nothing is counted twice
  response.end = (...args: unknown[]) => {
    if (typeof args[0] === 'string' || args[0] instanceof Uint8Array) said.add(args[0]);
    return end(...args);
  };
  let reported = false;
  const report = (complete: boolean): void => {
    if (reported) return;
    reported = true;
    onExchange({
      startedAt,
      from,
      method: request.method ?? '',
      target: request.url ?? '',
      host: request.headers.host ?? '',
      operation: response.operation,
      status: complete ? response.statusCode : 0,
      requestBytes: asked.bytes(),
      responseBytes: said.bytes(),
      requestDigest: asked.hex(),
      responseDigest: digests ? digestOfResponse(response, said.hex()) : '',
    });
  };
  response.once('finish', () => report(true));
  response.once('close', () => report(response.writableFinished));
}

function digestOfResponse(response: HttpResponseOut, body: string): string {
  const names = response.getHeaderNames().sort();
  const head = `${response.statusCode}\n${names.map((name) => `${name}: ${String(response.getHeader(name))}`).join('\n')}\n`;
  return createHash('sha256').update(head).update(body).digest('hex');
}

interface Digest {
  add(chunk: unknown): void;
  bytes(): Bytes;
  hex(): string;
}

function digestOf(head: string): Digest {
  const hash: Hash = createHash('sha256').update(head);
  let bytes = 0;
  return {
    add(chunk) {
      const data = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
      bytes += data.length;
      hash.update(data);
    },
    bytes: () => bytes,
    hex: () => hash.copy().digest('hex'),
  };
}

function countOnly(): Digest {
  let bytes = 0;
  return {
    add(chunk) {
      bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : (chunk as Uint8Array).length;
    },
    bytes: () => bytes,
    hex: () => '',
  };
}

function headerLines(raw: readonly string[]): string {
  const lines: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    lines.push(`${name}: ${name === 'authorization' ? withoutBinding(raw[i + 1]!) : raw[i + 1]}`);
  }
  return lines.sort().join('\n');
}

/** NTLM is bound to the certificate of its connection, and keys of certificates come from no seed: the length is left. */
function withoutBinding(authorization: string): string {
  return /^(?:Negotiate|NTLM) /i.test(authorization) ? `NTLM ${authorization.length}` : authorization;
}
