/**
 * The one HTTP client of drylift's own code: node:http requests over connections from a Transport, kept
 * alive and pooled per origin, optionally through a forward proxy's tunnel. Deadlines are the Clock's.
 * It repeats nothing: whether a request may be repeated is its caller's knowledge.
 */
import {
  Agent,
  type ClientRequestArgs,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { isIP } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { defineErrors } from '../errors.ts';
import { type Clock, DeadlineExceeded, deadline } from '../time/clock.ts';
import type { Bytes, Millis } from '../units.ts';
import { type Endpoint, errors, netError, type TlsClientOptions, type Transport } from './transport.ts';

export interface HttpClientOptions {
  transport: Transport;
  clock: Clock;
  /** Certificates to trust and pins; the server name is the URL's host. */
  tls?: Omit<TlsClientOptions, 'serverName'>;
  /** Forward proxy: every https origin is reached by CONNECT, every http origin by absolute form. */
  proxy?: Endpoint & { readonly authorization?: string };
  /** Connections per origin. */
  connectionsMax?: number;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** From the call until the response head, and again for each wait for more of the body. Default 60 s. */
  readonly timeoutMs?: Millis;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Must be read to its end or destroyed. */
  readonly body: Readable;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const TIMEOUT_MS = 60_000;

const httpErrors = defineErrors({
  'net.notHttp': {
    blame: 'peer',
    retry: 'outcome-unknown',
    why: 'What came back breaks RFC 9112: another service answers on that port, or something on the way spoilt the answer.',
    next: 'Check the port and what listens there; a request that changes something may have been carried out.',
  },
});

export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #agent: TransportAgent;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#agent = new TransportAgent(options);
  }

  /** Sends and resolves with the response head. @throws DryliftError `net.*`, or the signal's reason */
  async request(request: HttpRequest): Promise<HttpResponse> {
    const { response } = await this.#send(request);
    return { status: response.statusCode!, headers: response.headers, body: response };
  }

  /** Sends and reads the whole body. @throws `net.tooLarge` beyond `bodyBytesMax` (default 64 MiB) */
  async fetch(request: HttpRequest & { readonly bodyBytesMax?: Bytes }): Promise<HttpAnswer> {
    const url = new URL(request.url);
    const max = request.bodyBytesMax ?? 64 * 1024 * 1024;
    const timeoutMs = request.timeoutMs ?? TIMEOUT_MS;
    const { response } = await this.#send(request);
    using timer = deadline(this.#options.clock, timeoutMs, `http body ${url.host}`, request.signal);
    const onAbort = (): void => void response.destroy(abortReason(timer.signal, url));
    timer.signal.addEventListener('abort', onAbort, { once: true });
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > max)
          throw errors.make('net.tooLarge', {
            what: `${url.host}${url.pathname} answered with more than ${max} bytes.`,
          });
        chunks.push(chunk);
      }
    } catch (error) {
      response.destroy();
      throw clientError(error, endpointOf(url));
    }
    return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) };
  }

  /** Closes idle and busy connections. */
  close(): void {
    this.#agent.destroy();
  }

  #send(request: HttpRequest): Promise<{ response: IncomingMessage }> {
    const url = new URL(request.url);
    const { clock, proxy } = this.#options;
    const timer = deadline(clock, request.timeoutMs ?? TIMEOUT_MS, `http ${url.host}`, request.signal);
    const absoluteForm = proxy !== undefined && url.protocol === 'http:';
    return new Promise((resolve, reject) => {
      if (timer.signal.aborted) return fail(timer.signal.reason);
      const body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body;
      const outgoing = httpRequest({
        agent: this.#agent,
        method: request.method,
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: endpointOf(url).port,
        path: absoluteForm ? url.href : `${url.pathname}${url.search}`,
        setDefaultHeaders: false,
        protocol: 'http:',
        secure: url.protocol === 'https:',
        headers: {
          host: url.host,
          ...(body
            ? { 'content-length': body.length }
            : request.method === 'GET' || request.method === 'HEAD'
              ? {}
              : { 'content-length': 0 }),
          ...(absoluteForm && proxy.authorization ? { 'proxy-authorization': proxy.authorization } : {}),
          ...request.headers,
          connection: 'keep-alive',
        },
      } as ClientRequestArgs);
      const onAbort = (): void => {
        fail(abortReason(timer.signal, url));
        outgoing.destroy();
      };
      timer.signal.addEventListener('abort', onAbort, { once: true });
      outgoing.once('response', (response) => {
        timer.signal.removeEventListener('abort', onAbort);
        timer[Symbol.dispose]();
        resolve({ response });
      });
      outgoing.on('error', (error) => fail(clientError(error, endpointOf(url))));
      outgoing.end(body);

      function fail(error: unknown): void {
        timer.signal.removeEventListener('abort', onAbort);
        timer[Symbol.dispose]();
        reject(error);
      }
    });
  }
}

/** Errors of the connection, and those of node's HTTP parser (HPE_*), as ours. */
function clientError(cause: unknown, to: Endpoint): unknown {
  const code = (cause as NodeJS.ErrnoException)?.code;
  if (!code?.startsWith('HPE_')) return netError(cause, to);
  return httpErrors.make('net.notHttp', {
    what: `${to.host}:${to.port} answered with something that is not HTTP (${code}).`,
    cause,
  });
}

function abortReason(signal: AbortSignal, url: URL): Error {
  const reason: unknown = signal.reason;
  if (reason instanceof DeadlineExceeded)
    return errors.make('net.timeout', { what: `${url.host} did not answer in time.`, cause: reason });
  return reason instanceof Error ? reason : new Error('aborted');
}

function endpointOf(url: URL): Endpoint {
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port ? Number(url.port) : url.protocol === 'https:' ? 443 : 80,
  };
}

/** node:http's pooling agent, with connections from a Transport. */
class TransportAgent extends Agent {
  readonly #options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    super({ keepAlive: true, maxSockets: options.connectionsMax ?? 8, scheduling: 'fifo' });
    this.#options = options;
  }

  override getName(options: ClientRequestArgs & { secure?: boolean }): string {
    return `${options.secure ? 'https' : 'http'}://${options.host}:${options.port}`;
  }

  /** In a world idle connections stay: no real-time timers. A real server's keep-alive hint is honoured. */
  override keepSocketAlive(socket: Duplex): boolean {
    if (this.#options.transport.tier !== 'wall') return true;
    const kept: unknown = super.keepSocketAlive(socket); // declared void, documented to answer
    return kept === true;
  }

  override createConnection(
    options: ClientRequestArgs & { secure?: boolean },
    done?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    this.#connect({ host: options.host!, port: Number(options.port) }, options.secure === true).then(
      (stream) => done!(null, stream),
      (error: Error) => done!(error, undefined as never),
    );
    return undefined;
  }

  async #connect(to: Endpoint, secure: boolean): Promise<Duplex> {
    const { transport, proxy, tls } = this.#options;
    if (!proxy) {
      const raw = await transport.dial(to);
      return secure ? transport.secureClient(raw, { ...tls, serverName: to.host }) : raw;
    }
    const raw = await transport.dial(proxy);
    if (!secure) return raw;
    await openTunnel(raw, to, proxy.authorization);
    return transport.secureClient(raw, { ...tls, serverName: to.host });
  }
}

const TUNNEL_HEAD_BYTES_MAX = 16 * 1024;

/** RFC 9110, 9.3.6: CONNECT host:port; any 2xx means the tunnel is open. */
function openTunnel(raw: Duplex, to: Endpoint, authorization: string | undefined): Promise<void> {
  const target = `${isIP(to.host) === 6 ? `[${to.host}]` : to.host}:${to.port}`;
  const credentials = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  raw.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${credentials}\r\n`);
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const stop = (): void => void raw.off('readable', onReadable).off('error', onGone).off('close', onGone);
    const refuse = (why: string): void => {
      stop();
      raw.destroy();
      reject(errors.make('net.proxy', { what: `The proxy did not open a tunnel to ${target}: ${why}.` }));
    };
    const onGone = (): void => refuse('it closed the connection');
    const onReadable = (): void => {
      for (let chunk = raw.read() as Buffer | null; chunk; chunk = raw.read() as Buffer | null) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) {
          if (head.length > TUNNEL_HEAD_BYTES_MAX) refuse('its answer has no end');
          continue;
        }
        const statusLine = head.toString('latin1', 0, head.indexOf('\r\n'));
        if (!/^HTTP\/1\.[01] 2\d\d/.test(statusLine)) return refuse(`it answered "${statusLine}"`);
        stop();
        if (head.length > end + 4) raw.unshift(head.subarray(end + 4));
        return resolve();
      }
    };
    raw.on('readable', onReadable).once('error', onGone).once('close', onGone);
  });
}
