/**
 * A client that proves itself with a certificate: a JWT signed with its key, naming the certificate by
 * thumbprint (`x5t` with RS256, `x5t#S256` with PS256 or RS256). RFC 7523, and MSAL's two forms of it.
 */
import { constants, createHash, createPublicKey, createVerify, X509Certificate } from 'node:crypto';
import { SECOND, type UnixMillis } from '#core/units.ts';
import type { Application } from './directory.ts';
import { TokenRefused } from './errors.ts';
import { decodeJwt } from './tokens.ts';

/** @throws TokenRefused unless one of the application's certificates signed it, for this endpoint, now */
export function checkAssertion(
  assertion: string,
  application: Application,
  audiences: readonly string[],
  now: UnixMillis,
): void {
  const jwt = decodeJwt(assertion);
  if (!jwt) throw new TokenRefused('badAssertion', 'The assertion is not a JSON Web Token.');
  const { alg } = jwt.header;
  if (alg !== 'RS256' && alg !== 'PS256')
    throw new TokenRefused('badAssertion', 'The assertion is not signed with RS256 or PS256.');
  const certificate = (application.certificates ?? [])
    .map((pem) => new X509Certificate(pem).raw)
    .find(
      (der) =>
        jwt.header['x5t#S256'] === thumbprint('sha256', der) || jwt.header['x5t'] === thumbprint('sha1', der),
    );
  if (!certificate) throw new TokenRefused('badAssertion', 'The key was not found.');
  const key = createPublicKey(
    new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'pem' }),
  );
  const padding =
    alg === 'PS256'
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {};
  if (
    !createVerify('sha256')
      .update(jwt.signed)
      .verify({ key, ...padding }, jwt.signature)
  )
    throw new TokenRefused('badAssertion', 'The signature does not match.');
  const { iss, sub, aud, exp, nbf } = jwt.claims;
  if (iss !== application.clientId || sub !== application.clientId)
    throw new TokenRefused('badAssertion', 'Issuer and subject are not the application.');
  if (!audiences.includes(String(aud)))
    throw new TokenRefused('badAssertion', 'The audience is not this token endpoint.');
  if (typeof exp !== 'number' || exp * SECOND <= now || (typeof nbf === 'number' && nbf * SECOND > now))
    throw new TokenRefused('expiredAssertion');
}

function thumbprint(algorithm: 'sha1' | 'sha256', der: Buffer): string {
  return createHash(algorithm).update(der).digest('base64url');
}
