/**
 * Certificates in place of passwords: a client shows one in the TLS handshake and says so in Authorization, and a
 * mapping of the service (`winrm/config/service/certmapping`) says whose account it stands for.
 */
import { X509Certificate } from 'node:crypto';
import type { UnixMillis } from '#core/units.ts';
import type { WindowsAccount } from '../accounts.ts';

/** What Authorization says; no credentials follow. */
export const MUTUAL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual';

export interface CertificateMapping {
  /** User principal name in the certificate; `*@domain` for all of a domain. */
  readonly subject: string;
  /** PEM of the authority that must have issued it. */
  readonly issuerPem: string;
  readonly account: WindowsAccount;
}

const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';

/** Whose the certificate is; undefined when it is nobody's, not valid now, or made for something else. */
export function accountOfCertificate(
  certificate: X509Certificate,
  mappings: readonly CertificateMapping[],
  now: UnixMillis,
): WindowsAccount | undefined {
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) return undefined;
  if (!certificate.keyUsage?.includes(CLIENT_AUTHENTICATION)) return undefined;
  const [, principal] = /othername:\s*UPN:+([^,\s]+)/i.exec(certificate.subjectAltName ?? '') ?? [];
  if (principal === undefined) return undefined;
  const mapping = mappings.find(
    ({ subject, issuerPem }) =>
      fits(subject, principal) && isIssuedBy(certificate, new X509Certificate(issuerPem)),
  );
  return mapping?.account;
}

function fits(subject: string, principal: string): boolean {
  const [wanted, given] = [subject.toLowerCase(), principal.toLowerCase()];
  return wanted.startsWith('*@') ? given.endsWith(wanted.slice(1)) : given === wanted;
}

function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}
