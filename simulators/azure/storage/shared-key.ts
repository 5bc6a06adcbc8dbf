/**
 * Shared Key: a request signed with one of the account's two keys.
 *
 * @see learn.microsoft.com, rest/api/storageservices/authorize-with-shared-key, "Blob, Queue, and File
 * Services (Shared Key authorization)", for versions since 2015-02-21.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { header, type StorageRequest } from './storage-request.ts';

/** Headers of the string to sign, after the method, in its order. */
const SIGNED_HEADERS = [
  ...['content-encoding', 'content-language', 'content-length', 'content-md5', 'content-type', 'date'],
  ...['if-modified-since', 'if-match', 'if-none-match', 'if-unmodified-since', 'range'],
];

export function sharedKeyStringToSign(request: StorageRequest): string {
  const lines = [request.method];
  for (const name of SIGNED_HEADERS) {
    const value = header(request, name) ?? '';
    lines.push(name === 'content-length' && value === '0' ? '' : value);
  }
  const own = Object.keys(request.headers).filter((name) => name.startsWith('x-ms-'));
  for (const name of own.sort(compareHeaderNames))
    lines.push(`${name}:${header(request, name)!.replace(/\s+/g, ' ').trim()}`);
  let resource = `/${request.account}${request.rawPath}`;
  for (const name of [...request.query.keys()].sort())
    resource += `\n${name}:${request.query.get(name)!.split(',').sort().join(',')}`;
  lines.push(resource);
  return lines.join('\n');
}

/** HMAC-SHA256 in Base64. */
export function sign(keyBase64: string, text: string): string {
  return createHmac('sha256', Buffer.from(keyBase64, 'base64')).update(text, 'utf8').digest('base64');
}

/** Is this the signature by one of the keys? Takes the same time whatever the answer. */
export function isSignedBy(keys: readonly string[], text: string, signatureBase64: string): boolean {
  const given = Buffer.from(signatureBase64, 'base64');
  let matches = false;
  for (const key of keys) {
    const right = Buffer.from(sign(key, text), 'base64');
    matches = (given.length === right.length && timingSafeEqual(given, right)) || matches;
  }
  return matches;
}

/** Punctuation in the order of the service's collation, all of it before digits and letters. */
const PUNCTUATION = "!#$%&*.^_`|~+'";

/** The service sorts header names as words: hyphens count only between names that are otherwise equal. */
function compareHeaderNames(a: string, b: string): number {
  const [left, right] = [collationKey(a), collationKey(b)];
  if (left !== right) return left < right ? -1 : 1;
  return a < b ? -1 : 1;
}

function collationKey(name: string): string {
  let key = '';
  for (const character of name.replaceAll('-', '')) {
    const rank = PUNCTUATION.indexOf(character);
    key += rank < 0 ? character : String.fromCharCode(1 + rank);
  }
  return key;
}
