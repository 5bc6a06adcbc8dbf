/** Binding of NTLM to the TLS connection beneath it: RFC 5929 section 4, [MS-NLMP] section 3.1.5.1.2. */
import { createHash, X509Certificate } from 'node:crypto';

/** Value of MsvAvChannelBindings for a server with this certificate: MD5 over a gss_channel_bindings_struct. */
export function channelBindingOf(certificatePem: string): Buffer {
  const certificate = new X509Certificate(certificatePem);
  // the certificate's own hash, and SHA-256 where that is MD5 or SHA-1
  const own = /sha(256|384|512)/i.exec(certificate.signatureAlgorithm ?? '')?.[0].toLowerCase() ?? 'sha256';
  const hash = createHash(own).update(certificate.raw).digest();
  const data = Buffer.concat([Buffer.from('tls-server-end-point:'), hash]);
  // initiator and acceptor addresses: type 0 and length 0 each; then the length of the data
  const head = Buffer.alloc(20);
  head.writeUInt32LE(data.length, 16);
  return createHash('md5').update(head).update(data).digest();
}
