/**
 * A private certificate authority: its root, and leaves for any names. Used for the worlds' own internet and
 * by `drylift serve`. Keys are real and fresh each time; nothing that is traced depends on their bytes.
 */
import 'reflect-metadata';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { UnixMillis } from '../units.ts';
import type { TlsIdentity } from './transport.ts';

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface CertificateAuthority {
  /** PEM, to be trusted by clients. */
  readonly certificatePem: string;
  /** A leaf for the names (DNS names, `*.suffix`, IPv4, IPv6), its chain ending at this root. */
  issue(names: readonly string[], validity?: Validity): Promise<TlsIdentity>;
  /** A leaf by which a client says who it is. @param principal user principal name: "user@localhost" */
  issueForClient(principal: string, validity?: Validity): Promise<TlsIdentity>;
}

/** Certificates must be valid at the story's time *and* now, since real TLS judges by the real clock. */
export interface Validity {
  readonly from: UnixMillis;
  readonly to: UnixMillis;
}

/** @param name common name of the root, shown to people who look at the chain. */
export async function createAuthority(name: string, validity: Validity): Promise<CertificateAuthority> {
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    notBefore: new Date(validity.from),
    notAfter: new Date(validity.to),
    keys,
    signingAlgorithm: KEY_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const certificatePem = root.toString('pem');
  let serial = 1;
  const leaf = async (
    subject: string,
    usage: x509.ExtendedKeyUsage,
    names: x509.JsonGeneralNames,
    { from, to }: Validity,
  ): Promise<TlsIdentity> => {
    const leafKeys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
    serial++;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial.toString(16).padStart(4, '0'),
      subject: `CN=${subject.slice(0, 64)}`,
      issuer: root.subject,
      notBefore: new Date(from),
      notAfter: new Date(to),
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: KEY_ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
          true,
        ),
        new x509.ExtendedKeyUsageExtension([usage]),
        new x509.SubjectAlternativeNameExtension(names),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey)).toString('base64');
    return {
      certificatePem: `${certificate.toString('pem')}\n${certificatePem}\n`,
      privateKeyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`,
    };
  };
  return {
    certificatePem,
    issue: (names, leafValidity = validity) =>
      leaf(
        names[0]!,
        x509.ExtendedKeyUsage.serverAuth,
        names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
        leafValidity,
      ),
    issueForClient: (principal, leafValidity = validity) =>
      leaf(
        principal.split('@')[0]!,
        x509.ExtendedKeyUsage.clientAuth,
        [{ type: 'upn', value: principal }],
        leafValidity,
      ),
  };
}
