/** Keys and proofs of NTLMv2: [MS-NLMP] sections 3.3.2 and 3.4.5. Byte strings in, byte strings out. */
import { createHash, createHmac, type KeyObject } from 'node:crypto';
import { md4 } from './md4.ts';
import { type AvPairs, MIC_AT, MIC_LENGTH, utf16, writeAvPairs } from './messages.ts';
import { Rc4 } from './rc4.ts';

/** NTOWFv2. Only the user name is upper-cased; the domain counts as the client sent it. */
export function passwordKey(password: string, user: string, domain: string): Buffer {
  return hmacMd5(md4(utf16(password)), utf16(user.toUpperCase() + domain));
}

/** What the client proves its knowledge over: NTLMv2_CLIENT_CHALLENGE, section 2.2.2.7. */
export function clientBlob(options: {
  /** FILETIME: 100 ns since 1601, 8 bytes little-endian. */
  timestamp: Buffer;
  clientChallenge: Buffer;
  targetInfo: AvPairs;
}): Buffer {
  return Buffer.concat([
    Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]),
    options.timestamp,
    options.clientChallenge,
    Buffer.alloc(4),
    writeAvPairs(options.targetInfo),
    Buffer.alloc(4),
  ]);
}

/** Where the AV pairs begin in the client's blob. */
export const BLOB_PAIRS_AT = 28;

/** NTProofStr: the first 16 bytes of the NT response. */
export function proofOf(key: Buffer, serverChallenge: Buffer, blob: Buffer): Buffer {
  return hmacMd5(key, serverChallenge, blob);
}

/** LMv2: its 16 bytes, followed by the client's challenge. */
export function lmResponse(key: Buffer, serverChallenge: Buffer, clientChallenge: Buffer): Buffer {
  return Buffer.concat([hmacMd5(key, serverChallenge, clientChallenge), clientChallenge]);
}

export function sessionBaseKey(key: Buffer, proof: Buffer): Buffer {
  return hmacMd5(key, proof);
}

/** Key exchange: the exported session key under the base key, or back. */
export function exchangeKey(baseKey: Buffer, sessionKey: Buffer): Buffer {
  return new Rc4(baseKey).update(sessionKey);
}

export type Direction = 'clientToServer' | 'serverToClient';

const MAGIC: Readonly<Record<Direction, string>> = {
  clientToServer: 'client-to-server',
  serverToClient: 'server-to-client',
};

export function signKey(exportedKey: Buffer, direction: Direction): Buffer {
  return md5(exportedKey, `session key to ${MAGIC[direction]} signing key magic constant\0`);
}

/** With 128-bit keys, the only ones that are agreed here. */
export function sealKey(exportedKey: Buffer, direction: Direction): Buffer {
  return md5(exportedKey, `session key to ${MAGIC[direction]} sealing key magic constant\0`);
}

/** MIC over the three messages, that of the last one taken as zero: section 3.1.5.1.2. */
export function micOf(
  exportedKey: Buffer,
  negotiate: Buffer,
  challenge: Buffer,
  authenticate: Buffer,
): Buffer {
  const unsigned = Buffer.from(authenticate).fill(0, MIC_AT, MIC_AT + MIC_LENGTH);
  return hmacMd5(exportedKey, negotiate, challenge, unsigned);
}

/** A key that is used often is cheaper as a KeyObject. */
export function hmacMd5(key: Buffer | KeyObject, ...parts: Uint8Array[]): Buffer {
  const hmac = createHmac('md5', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

function md5(key: Buffer, magic: string): Buffer {
  return createHash('md5').update(key).update(magic, 'latin1').digest();
}
