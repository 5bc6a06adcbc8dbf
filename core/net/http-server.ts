/**
 * HTTP/1.1 (and HTTPS) over any tier: node:http's own server, fed with connections from a Transport.
 *
 * Node's timers run on real time, so all of the server's are off; whoever wants a time-out uses the Clock.
 * The Date header comes from the Clock too. Every exchange is reported.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../time/clock.ts';
import type { Bytes } from '../units.ts';
import { httpDate } from './http-date.ts';
import { type HttpExchange, type HttpResponseOut, observeExchange } from './http-exchange.ts';
import { type HttpReply, type HttpRequestHead, servePlainly } from './plain-http.ts';
import type { Endpoint, Listener, TlsIdentity, Transport } from './transport.ts';

export type { HttpExchange, HttpResponseOut } from './http-exchange.ts';
export type { HttpReply, HttpRequestHead } from './plain-http.ts';

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
  onExchange?: ((exchange: HttpExchange) => void) | undefined;
  /** Requests that most of the work is in, which are answered without node:http where they come in their plainest form. */
  plain?: {
    /** "POST /sdk" */
    readonly asked: string;
    handle(request: HttpRequestHead, body: Buffer, reply: HttpReply): void;
  };
  /** Total size of the headers of one request. */
  headerBytesMax?: Bytes;
}

export async function serveHttp(options: HttpServerOptions): Promise<Listener> {
  const { transport, clock, handler, onExchange, plain } = options;
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
      response.setHeader('Date', httpDate(now));
      if (onExchange) observeExchange(request, response, from, now, onExchange);
      handler(Object.assign(request, { from }), response);
    },
  );
  server.timeout = 0;
  server.on('connect', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
    if (options.onConnect) options.onConnect(request, raw, head, diallers.get(raw) ?? 'client');
    else raw.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n');
  });
  const leaveToNode = (connection: Duplex): void => void server.emit('connection', connection);
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
      if (!plain || onExchange) return leaveToNode(connection);
      servePlainly(connection, { ...plain, clock }, leaveToNode);
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
