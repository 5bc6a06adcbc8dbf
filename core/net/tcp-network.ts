/**
 * Real TCP and TLS, in two tiers.
 *
 * `loopback` binds every name of the world to a port of 127.0.0.1 and reports to the quiescence which bytes
 * are under way: bytes written at one end and not yet read at the other, counted below TLS. `wall` does the
 * same for names that only the world knows (what a forward proxy leads to), and uses real addresses for all
 * else.
 */
import { X509Certificate } from 'node:crypto';
import { createServer, isIP, type Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type PeerCertificate, TLSSocket, connect as tlsConnect } from 'node:tls';
import { assert } from '../assert.ts';
import { defineErrors } from '../errors.ts';
import type { Quiescence } from '../time/quiescence.ts';
import type { LinkRules } from './link-rules.ts';
import { socketError } from './memory-pipe.ts';
import { coversName } from './null-tls.ts';
import {
  type Endpoint,
  type Listener,
  matchesHost,
  type Network,
  netError,
  errors as netErrors,
  type TlsClientOptions,
  type TlsIdentity,
  type TlsServerOptions,
  type Transport,
} from './transport.ts';

export const errors = defineErrors({
  'net.listen': {
    blame: 'prepare',
    retry: 'after-change',
    why: 'The operating system did not let this process listen there; most often another process already does.',
    next: 'Stop the other process, or choose another port with --port.',
  },
});

interface Pair {
  client?: Socket;
  server?: Socket;
  readonly name: string;
}

export interface TcpNetworkOptions {
  tier: 'loopback' | 'wall';
  links: LinkRules;
  /** Required in the loopback tier. */
  quiescence?: Quiescence;
}

export class TcpNetwork implements Network {
  readonly tier: 'loopback' | 'wall';
  readonly #links: LinkRules;
  /** Names of the world → where they really listen. */
  readonly #names: Array<{ at: Endpoint; real: Endpoint }> = [];
  readonly #servers = new Set<Server>();
  readonly #sockets = new Set<Socket>();
  /** Both ends of the connections within this process, by the client's port and the server's. */
  readonly #pairs = new Map<string, Pair>();
  readonly #dialledBy = new Map<string, string>();
  /** Dials of this process under way, by the server's port, and who waits to learn which connection is whose. */
  readonly #dialling = new Map<number, number>();
  readonly #unattributed = new Map<string, { port: number; hand: () => void }>();
  readonly #registration: Disposable | undefined;

  constructor({ tier, links, quiescence }: TcpNetworkOptions) {
    assert(tier === 'wall' || quiescence, 'the loopback tier needs a quiescence');
    this.tier = tier;
    this.#links = links;
    this.#registration = quiescence?.register({
      inFlight: () => this.#underWay().length,
      describe: () => this.#underWay().map((pair) => `tcp: ${pair.name}`),
    });
  }

  as(node: string): Transport {
    return {
      tier: this.tier,
      node,
      dial: (to, signal) => this.#dial(node, to, signal),
      listen: (at, onConnection) => this.#listen([at].flat() as Endpoint[], onConnection),
      secureClient: (raw, options, signal) => secureClient(raw, options, signal),
      secureServer: (raw, identity, options) => secureServer(raw, identity, options),
    };
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([...this.#servers].map((server) => new Promise((resolve) => server.close(resolve))));
    this.#registration?.[Symbol.dispose]();
  }

  async #dial(from: string, to: Endpoint, signal?: AbortSignal): Promise<Duplex> {
    signal?.throwIfAborted();
    const real = this.#resolve(to);
    if (!real && this.tier === 'loopback') throw netError(socketError('ENOTFOUND', 'connect'), to);
    if (this.#links.refuses(from, to.host)) throw netError(socketError('ECONNREFUSED', 'connect'), to);
    const target = real ?? to;
    const socket = new Socket({ allowHalfOpen: false });
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (real) this.#dialling.set(target.port, (this.#dialling.get(target.port) ?? 0) + 1);
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => void socket.destroy(signal!.reason as Error);
      signal?.addEventListener('abort', onAbort, { once: true });
      socket.once('error', (error) => {
        signal?.removeEventListener('abort', onAbort);
        reject(signal?.aborted ? signal.reason : netError(error, to));
      });
      socket.setNoDelay(true);
      socket.connect({ host: target.host, port: target.port }, () => {
        signal?.removeEventListener('abort', onAbort);
        if (real)
          this.#pair('client', socket, socket.localPort!, target.port, `${from} -> ${to.host}:${to.port}`);
        this.#dialledBy.set(pairKey(socket.localPort!, target.port), from);
        resolve();
      });
    }).finally(() => real && this.#attribute(target.port));
    socket.on('error', () => {}); // readers learn of it through 'close'; http and tls add listeners of their own
    return this.#links.apply(from, to.host, socket);
  }

  async #listen(
    at: readonly Endpoint[],
    onConnection: (raw: Duplex, from: string) => void,
  ): Promise<Listener> {
    const first = at[0]!;
    const bindable = this.tier === 'wall' && (isIP(first.host) !== 0 || first.host === 'localhost');
    const server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
      const { port } = server.address() as { port: number };
      const key = pairKey(socket.remotePort ?? 0, port);
      this.#pair('server', socket, socket.remotePort ?? 0, port, `-> ${first.host}:${first.port}`);
      const hand = (): void => {
        const from = this.#dialledBy.get(key) ?? 'client';
        this.#dialledBy.delete(key);
        onConnection(socket, from);
      };
      if (this.#dialledBy.has(key) || !this.#dialling.get(port)) hand();
      else this.#unattributed.set(key, { port, hand });
    });
    const bind = bindable ? first : { host: '127.0.0.1', port: 0 };
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(
          errors.make('net.listen', {
            what: `Cannot listen on ${bind.host}:${bind.port} (${cause.code}).`,
            cause,
          }),
        ),
      );
      server.listen(bind.port, bind.host, resolve);
    });
    this.#servers.add(server);
    const real = {
      host: bindable ? first.host : '127.0.0.1',
      port: (server.address() as { port: number }).port,
    };
    const entries = at.map((endpoint) => ({ at: endpoint, real }));
    this.#names.push(...entries);
    return {
      endpoint: real,
      close: async () => {
        for (const entry of entries) this.#names.splice(this.#names.indexOf(entry), 1);
        this.#servers.delete(server);
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  /**
   * The accepting side often learns of a connection before the dialling side does. It is handed on when its
   * dialler is known, or when nobody of this process is dialling that port any more.
   */
  #attribute(port: number): void {
    const left = this.#dialling.get(port)! - 1;
    this.#dialling.set(port, left);
    for (const [key, waiting] of [...this.#unattributed]) {
      if (waiting.port !== port || (left > 0 && !this.#dialledBy.has(key))) continue;
      this.#unattributed.delete(key);
      waiting.hand();
    }
  }

  #resolve(to: Endpoint): Endpoint | undefined {
    const exact = this.#names.find(
      ({ at }) => at.port === to.port && at.host.toLowerCase() === to.host.toLowerCase(),
    );
    return (exact ?? this.#names.find(({ at }) => at.port === to.port && matchesHost(at.host, to.host)))
      ?.real;
  }

  #pair(
    side: 'client' | 'server',
    socket: Socket,
    clientPort: number,
    serverPort: number,
    name: string,
  ): void {
    if (!this.#registration) return;
    const key = pairKey(clientPort, serverPort);
    const pair = this.#pairs.get(key) ?? { name };
    pair[side] = socket;
    this.#pairs.set(key, pair);
    socket.once('close', () => {
      if (pair.client?.destroyed !== false && pair.server?.destroyed !== false) this.#pairs.delete(key);
    });
  }

  #underWay(): Pair[] {
    return [...this.#pairs.values()].filter(({ client, server }) => {
      if (!client || !server) return true;
      return travelling(client, server) || travelling(server, client);
    });
  }
}

/** Has `from` written, or closed, something that `to` has not been given and is ready to take? */
function travelling(from: Socket, to: Socket): boolean {
  if (to.destroyed || to.isPaused() || to.readableLength >= to.readableHighWaterMark) return false;
  if (from.destroyed) return true;
  return from.writableLength > 0 || handleOf(from).bytesWritten !== handleOf(to).bytesRead;
}

/** The counters of the handle: under TLS the cipher text does not pass through the Socket's own. */
function handleOf(socket: Socket): { bytesWritten: number; bytesRead: number } {
  return (socket as unknown as { _handle?: { bytesWritten: number; bytesRead: number } })._handle ?? socket;
}

function pairKey(clientPort: number, serverPort: number): string {
  return `${clientPort}>${serverPort}`;
}

function secureClient(raw: Duplex, options: TlsClientOptions, signal?: AbortSignal): Promise<Duplex> {
  const { serverName, trust, pinSha256, identity } = options;
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({
      socket: raw,
      ...(isIP(serverName) ? {} : { servername: serverName }),
      ...(trust ? { ca: [...trust] } : {}),
      ...(identity ? { cert: identity.certificatePem, key: identity.privateKeyPem } : {}),
      minVersion: 'TLSv1.2',
      rejectUnauthorized: pinSha256 === undefined,
      checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
        checkName(serverName, certificate),
    });
    const onAbort = (): void => void socket.destroy(signal!.reason as Error);
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', (cause) => {
      raw.destroy();
      reject(signal?.aborted ? signal.reason : tlsError(cause, serverName));
    });
    socket.once('secureConnect', () => {
      signal?.removeEventListener('abort', onAbort);
      const leaf = socket.getPeerX509Certificate();
      const plain = (text: string) => text.replaceAll(':', '').toLowerCase();
      if (pinSha256 !== undefined && (!leaf || plain(leaf.fingerprint256) !== plain(pinSha256))) {
        socket.destroy();
        return reject(
          netErrors.make('net.tls.untrusted', {
            what: `The certificate of ${serverName} is not the pinned one.`,
          }),
        );
      }
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

function checkName(name: string, certificate: PeerCertificate): Error | undefined {
  const leaf = new X509Certificate(certificate.raw);
  if (coversName(leaf, name)) return undefined;
  return netErrors.make('net.tls.name', {
    what: `The certificate of ${name} is for ${leaf.subjectAltName ?? leaf.subject}.`,
  });
}

function tlsError(cause: Error, name: string): unknown {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (cause.name === 'DryliftError') return cause;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return netErrors.make('net.tls.expired', { what: `The certificate of ${name} is not valid now.`, cause });
  if (/CERT|SIGNATURE|ISSUER|SELF_SIGNED/.test(code))
    return netErrors.make('net.tls.untrusted', {
      what: `The certificate of ${name} is not trusted (${code}).`,
      cause,
    });
  return netErrors.make('net.tls.handshake', {
    what: `The TLS handshake with ${name} failed (${code || cause.message}).`,
    cause,
  });
}

function secureServer(
  raw: Duplex,
  identity: TlsIdentity,
  { asksForCertificate = false }: TlsServerOptions = {},
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = new TLSSocket(
      raw as Socket,
      {
        isServer: true,
        cert: identity.certificatePem,
        key: identity.privateKeyPem,
        minVersion: 'TLSv1.2',
        requestCert: asksForCertificate,
        rejectUnauthorized: false,
      } as ConstructorParameters<typeof TLSSocket>[1],
    );
    const fail = (error?: Error): void => {
      raw.destroy();
      reject(error ?? new Error('the client left during the TLS handshake'));
    };
    socket.once('error', fail);
    socket.once('close', fail);
    socket.once('secure', () => {
      socket.off('error', fail).off('close', fail);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}
