/**
 * Access tokens: RS256 JSON Web Tokens signed with two committed keys (see fixtures/README.md), so that the
 * same story signs the same bytes. The first key signs; both are published, as in a rotation under way.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SECOND, type UnixMillis } from '#core/units.ts';
import { isRecord } from '../http.ts';

export interface SigningKey {
  /** SHA-1 of the certificate, base64url: also its `x5t`. */
  readonly kid: string;
  /** DER. */
  readonly certificate: Buffer;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function loadSigningKeys(): readonly SigningKey[] {
  return ['signing-key-1', 'signing-key-2'].map((name) => {
    const read = (file: string) => readFileSync(new URL(`./fixtures/${file}`, import.meta.url));
    const privateKey = createPrivateKey(read(`${name}.pem`));
    const certificate = new X509Certificate(read(`${name}.crt`)).raw;
    const kid = createHash('sha1').update(certificate).digest('base64url');
    return { kid, certificate, privateKey, publicKey: createPublicKey(privateKey) };
  });
}

/** Claims that services read (azure.md, section 3). Times are seconds since 1970. */
export interface TokenClaims {
  readonly aud: string;
  readonly iss: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly appid: string;
  readonly tid: string;
  readonly oid: string;
  readonly sub: string;
  readonly ver: '1.0' | '2.0';
  readonly [claim: string]: unknown;
}

/** `createSign`, not `sign`: the one-shot form makes an off-thread request object that a world would wait for. */
export function signJwt(claims: object, key: SigningKey): string {
  const head = encode({ typ: 'JWT', alg: 'RS256', x5t: key.kid, kid: key.kid });
  const signed = `${head}.${encode(claims)}`;
  return `${signed}.${createSign('sha256').update(signed).sign(key.privateKey, 'base64url')}`;
}

export interface DecodedJwt {
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
  readonly signed: string;
  readonly signature: Buffer;
}

const TOKEN_CHARACTERS_MAX = 16 * 1024;

/** Takes a token apart without judging it; undefined when it is not one. */
export function decodeJwt(token: string): DecodedJwt | undefined {
  if (token.length > TOKEN_CHARACTERS_MAX) return undefined;
  const parts = token.split('.');
  if (parts.length !== 3 || parts.some((part) => !/^[\w-]*$/.test(part))) return undefined;
  try {
    const [header, claims] = parts.slice(0, 2).map((part): unknown => JSON.parse(fromBase64Url(part)));
    if (!isRecord(header) || !isRecord(claims)) return undefined;
    return {
      header,
      claims,
      signed: `${parts[0]}.${parts[1]}`,
      signature: Buffer.from(parts[2]!, 'base64url'),
    };
  } catch {
    return undefined;
  }
}

/** Why a token was turned down, in the words that ARM answers with. */
export type TokenFault =
  | 'InvalidAuthenticationToken'
  | 'ExpiredAuthenticationToken'
  | 'InvalidAuthenticationTokenAudience'
  | 'InvalidAuthenticationTokenTenant';

/** Signature, times, issuer and tenant; the audience is the service's to check. */
export function judgeToken(
  token: string,
  keys: readonly SigningKey[],
  expected: { readonly tenantId: string; readonly issuer: string; readonly now: UnixMillis },
): TokenClaims | TokenFault {
  const jwt = decodeJwt(token);
  const key = jwt && keys.find(({ kid }) => kid === jwt.header['kid']);
  if (!jwt || !key || jwt.header['alg'] !== 'RS256') return 'InvalidAuthenticationToken';
  if (!isSigned(token, jwt, key)) return 'InvalidAuthenticationToken';
  const claims = jwt.claims as TokenClaims;
  if (claims.tid !== expected.tenantId) return 'InvalidAuthenticationTokenTenant';
  if (claims.iss !== expected.issuer || claims.nbf * SECOND > expected.now)
    return 'InvalidAuthenticationToken';
  if (claims.exp * SECOND <= expected.now) return 'ExpiredAuthenticationToken';
  return claims;
}

const REMEMBERED_MAX = 256;
/** Tokens whose signature was found good, by key: the same token comes with every request of an hour. */
const good = new WeakMap<SigningKey, Set<string>>();

function isSigned(token: string, { signed, signature }: DecodedJwt, key: SigningKey): boolean {
  const known = good.get(key) ?? new Set();
  if (known.has(token)) return true;
  if (!createVerify('sha256').update(signed).verify(key.publicKey, signature)) return false;
  if (known.size >= REMEMBERED_MAX) known.clear();
  good.set(key, known.add(token));
  return true;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function fromBase64Url(text: string): string {
  return Buffer.from(text, 'base64url').toString('utf8');
}
