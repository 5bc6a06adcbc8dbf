/**
 * The only way to get a connection. A Network connects nodes of a world; a Transport is one node's view of
 * it. Three tiers carry the same protocols:
 *
 * - `memory`: in-process pipes carrying the real bytes, TLS handshakes with real certificates but without a
 *   cipher (`null-tls.ts`). Same seed, same bytes in the same order.
 * - `loopback`: real TCP and TLS under the virtual clock. Same decisions; chunking and TLS bytes differ.
 * - `wall`: real sockets and real time, for other people's clients and servers.
 */
import type { Duplex } from 'node:stream';
import { defineErrors } from '../errors.ts';

export type Tier = 'memory' | 'loopback' | 'wall';

export interface Endpoint {
  /** DNS name or address; a listener may also be `*.suffix`, for every name one label or more below it. */
  readonly host: string;
  readonly port: number;
}

export interface TlsIdentity {
  /** Leaf first, then intermediates, PEM. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface TlsClientOptions {
  /** Name or address that the certificate must carry. */
  readonly serverName: string;
  /** PEM certificates to trust; without it the system's roots. */
  readonly trust?: readonly string[];
  /** SHA-256 fingerprint (hex, colons allowed) of the one leaf to accept, in place of a chain. */
  readonly pinSha256?: string;
  /** Shown to a server that asks for it. */
  readonly identity?: TlsIdentity;
}

export interface TlsServerOptions {
  /**
   * Asks clients for a certificate, and takes those who have none as well. Which one came, and whether it is worth
   * anything, is the caller's to see: `getPeerX509Certificate()` of the connection.
   */
  readonly asksForCertificate?: boolean;
}

export interface Listener {
  /** Where it can be reached: real address and port where there are any, else the name asked for. */
  readonly endpoint: Endpoint;
  close(): Promise<void>;
}

export interface Transport {
  readonly tier: Tier;
  /** Name of the node this view belongs to; link rules match on it. */
  readonly node: string;
  /** Resolves when connected. @throws DryliftError `net.*`, or the signal's reason */
  dial(to: Endpoint, signal?: AbortSignal): Promise<Duplex>;
  /** @param onConnection gets the raw connection and the node that dialled (`client` if unknown). */
  listen(
    at: Endpoint | readonly Endpoint[],
    onConnection: (raw: Duplex, from: string) => void,
  ): Promise<Listener>;
  /** TLS as the client, over an established connection (which may be a proxy's tunnel). @throws `net.tls.*` */
  secureClient(raw: Duplex, options: TlsClientOptions, signal?: AbortSignal): Promise<Duplex>;
  /** TLS as the server. Rejects when the handshake fails. */
  secureServer(raw: Duplex, identity: TlsIdentity, options?: TlsServerOptions): Promise<Duplex>;
}

export interface Network {
  readonly tier: Tier;
  as(node: string): Transport;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

export const errors = defineErrors({
  'net.nameNotFound': {
    blame: 'peer',
    retry: 'after-change',
    why: 'No address is known for that name.',
    next: 'Check the spelling of the host, the DNS server, and whether it must be reached through a proxy.',
  },
  'net.refused': {
    blame: 'peer',
    retry: 'safe',
    why: 'Nothing listens there, or a firewall refuses the connection.',
    next: 'Check address and port, and that the service runs; then try again.',
  },
  'net.unreachable': {
    blame: 'peer',
    retry: 'safe',
    why: 'No route leads there, or nothing answered in time.',
    next: 'Check address, routing and firewalls between this machine and that one; then try again.',
  },
  'net.reset': {
    blame: 'peer',
    retry: 'outcome-unknown',
    why: 'The other side, or something on the way, cut the connection before the answer was complete.',
    next: 'Look whether the request took effect, then repeat it.',
  },
  'net.timeout': {
    blame: 'peer',
    retry: 'outcome-unknown',
    why: 'The other side accepted the request and did not answer within the time allowed.',
    next: 'Check the load of the other side; the request may still be carried out there.',
  },
  'net.tls.untrusted': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The certificate was not issued by an authority that this side trusts.',
    next: 'Give the authority that issued it (setting "ca"), or the fingerprint of exactly this certificate, after checking both with the owner.',
  },
  'net.tls.name': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The certificate is for other names than the one that was dialled.',
    next: 'Use one of the names in the certificate, or have the certificate reissued.',
  },
  'net.tls.expired': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The certificate is not valid at this instant.',
    next: 'Renew the certificate, or correct the clock that is wrong.',
  },
  'net.tls.handshake': {
    blame: 'peer',
    retry: 'safe',
    why: 'The two sides did not agree on TLS; the other side may not speak TLS on that port.',
    next: 'Check that the port is the TLS port of the service and that it speaks TLS 1.2 or later.',
  },
  'net.proxy': {
    blame: 'peer',
    retry: 'after-change',
    why: 'The proxy refused to open the tunnel.',
    next: 'Check the proxy address, its credentials and its allow-list.',
  },
  'net.tooLarge': {
    blame: 'peer',
    why: 'The answer is larger than this side is willing to take.',
    next: 'Ask for less at a time.',
  },
});

/** Does `name` match `pattern`, which is a name or `*.suffix`? Case does not matter. */
export function matchesHost(pattern: string, name: string): boolean {
  const p = pattern.toLowerCase();
  const n = name.toLowerCase();
  return p === n || p === '*' || (p.startsWith('*.') && n.endsWith(p.slice(1)) && n.length > p.length - 1);
}

/** A node:net error code as ours; anything unknown is passed through unchanged. */
export function netError(cause: unknown, to: Endpoint): unknown {
  const code = (cause as NodeJS.ErrnoException)?.code;
  const place = `${to.host}:${to.port}`;
  if (code === 'ECONNREFUSED')
    return errors.make('net.refused', { what: `${place} refused the connection.`, cause });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return errors.make('net.nameNotFound', { what: `The name ${to.host} is not known.`, cause });
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ETIMEDOUT' || code === 'EADDRNOTAVAIL')
    return errors.make('net.unreachable', { what: `${place} cannot be reached.`, cause });
  if (
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    code === 'ECONNABORTED' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE'
  )
    return errors.make('net.reset', { what: `The connection to ${place} was cut.`, cause });
  return cause;
}
