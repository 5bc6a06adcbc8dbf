/**
 * TLS of the memory tier: a handshake with real certificates, and no cipher.
 *
 * The client says which name it wants, and shows its own certificate if it has one, which servers that do not ask
 * overlook; the server answers with its certificate chain; the client checks
 * chain, name and validity with node:crypto, at the story's instant, and then both sides pass bytes through
 * untouched. So an untrusted, expired or misnamed certificate fails here as it does over real TLS, while the
 * bytes stay the same from run to run (a real handshake draws fresh keys) and cost nothing.
 *
 * Not a security protocol: it never leaves the process.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../time/clock.ts';
import { errors, type TlsClientOptions, type TlsIdentity, type TlsServerOptions } from './transport.ts';

const GREETING = 'NULL-TLS/1';
const HEADER_BYTES_MAX = 64 * 1024;

export async function nullTlsClient(raw: Duplex, options: TlsClientOptions, clock: Clock): Promise<Duplex> {
  const own = options.identity && ownCertificate(options.identity, options.serverName);
  raw.write(`${GREETING} ${[options.serverName, ...(own ? [own] : [])].map(encodeURIComponent).join(' ')}\n`);
  const answer = await readLine(raw, options.serverName);
  if (!answer.startsWith(`${GREETING} `)) throw handshakeError(options.serverName);
  const chain = (JSON.parse(answer.slice(GREETING.length + 1)) as string[]).map(
    (pem) => new X509Certificate(pem),
  );
  try {
    verifyChain(chain, options, clock.wall());
  } catch (error) {
    raw.destroy();
    throw error;
  }
  return Object.assign(secured(raw), { getPeerX509Certificate: () => chain[0] });
}

export async function nullTlsServer(
  raw: Duplex,
  identity: TlsIdentity,
  { asksForCertificate = false }: TlsServerOptions = {},
): Promise<Duplex> {
  const hello = await readLine(raw, 'the client');
  if (!hello.startsWith(`${GREETING} `)) {
    raw.destroy();
    throw handshakeError('the client');
  }
  raw.write(`${GREETING} ${JSON.stringify(splitPem(identity.certificatePem))}\n`);
  const shown = asksForCertificate ? hello.slice(GREETING.length + 1).split(' ')[1] : undefined;
  const certificate = shown === undefined ? undefined : new X509Certificate(decodeURIComponent(shown));
  return Object.assign(secured(raw), { getPeerX509Certificate: () => certificate });
}

/** Who shows a certificate must have its key: a handshake proves that, here the client's own side looks. */
function ownCertificate({ certificatePem, privateKeyPem }: TlsIdentity, serverName: string): string {
  const [leaf] = splitPem(certificatePem);
  if (leaf === undefined || !new X509Certificate(leaf).checkPrivateKey(createPrivateKey(privateKeyPem)))
    throw handshakeError(serverName);
  return leaf;
}

/** Carries what a TLSSocket is asked for: the mark that tells https from http; at the client's end also the certificate. */
function secured(raw: Duplex): Duplex {
  return Object.assign(raw, { encrypted: true });
}

/** @throws `net.tls.*` unless the chain leads from the leaf to something trusted, valid at `now`, for the name. */
export function verifyChain(chain: readonly X509Certificate[], options: TlsClientOptions, now: number): void {
  const leaf = chain[0];
  if (!leaf) throw handshakeError(options.serverName);
  const name = options.serverName;
  if (options.pinSha256 !== undefined) {
    const plain = (text: string) => text.replaceAll(':', '').toLowerCase();
    if (plain(leaf.fingerprint256) === plain(options.pinSha256)) return;
    throw errors.make('net.tls.untrusted', { what: `The certificate of ${name} is not the pinned one.` });
  }
  const trusted = (options.trust ?? []).flatMap(splitPem).map((pem) => new X509Certificate(pem));
  let current = leaf;
  for (const next of [...chain.slice(1), undefined]) {
    if (now < Date.parse(current.validFrom) || now > Date.parse(current.validTo))
      throw errors.make('net.tls.expired', {
        what: `The certificate of ${name} is valid from ${current.validFrom} to ${current.validTo}; it is ${new Date(now).toISOString()}.`,
      });
    if (trusted.some((ca) => ca.fingerprint256 === current.fingerprint256 || issued(ca, current))) {
      if (coversName(leaf, name)) return;
      throw errors.make('net.tls.name', {
        what: `The certificate of ${name} is for ${leaf.subjectAltName ?? leaf.subject}.`,
      });
    }
    if (!next || !issued(next, current)) break;
    current = next;
  }
  throw errors.make('net.tls.untrusted', {
    what: `The certificate of ${name} was issued by "${leaf.issuer.replaceAll('\n', ', ')}", which is not trusted here.`,
  });
}

/** Is the certificate for this DNS name or address? */
export function coversName(leaf: X509Certificate, name: string): boolean {
  return (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined;
}

function issued(authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

function splitPem(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

function handshakeError(name: string): Error {
  return errors.make('net.tls.handshake', { what: `The TLS handshake with ${name} failed.` });
}

/** Takes one line off the stream and puts the rest back. */
function readLine(raw: Duplex, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const stop = () =>
      raw.off('readable', onReadable).off('error', onGone).off('end', onGone).off('close', onGone);
    const onGone = (): void => {
      stop();
      reject(handshakeError(name));
    };
    const onReadable = (): void => {
      for (let chunk = raw.read() as Buffer | null; chunk; chunk = raw.read() as Buffer | null) {
        seen = Buffer.concat([seen, chunk]);
        const end = seen.indexOf(0x0a);
        if (end < 0 && seen.length < HEADER_BYTES_MAX) continue;
        stop();
        if (end < 0) return reject(handshakeError(name));
        if (end + 1 < seen.length) raw.unshift(seen.subarray(end + 1));
        return resolve(seen.toString('utf8', 0, end));
      }
    };
    raw.on('readable', onReadable).on('error', onGone).on('end', onGone).on('close', onGone);
    onReadable();
  });
}
