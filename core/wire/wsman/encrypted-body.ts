/**
 * A SOAP message under message security, as an HTTP body: [MS-WSMV] section 2.2.9.1. Clients split it on these
 * very lines, so that not a blank may differ.
 */
import { defineErrors } from '../../errors.ts';

export const errors = defineErrors({
  'wsman.encryptedBody': {
    blame: 'peer',
    why: 'A multipart/encrypted body has two parts: the type and length of what is sealed, and the sealed bytes.',
    next: 'Correct the sender; a proxy that rewrites bodies cannot stand between.',
  },
});

export interface SealedMessage {
  readonly signature: Buffer;
  readonly sealed: Buffer;
  /** Bytes before sealing. */
  readonly length: number;
}

const PROTOCOL = 'application/HTTP-SPNEGO-session-encrypted';
const BOUNDARY = '--Encrypted Boundary';
const OCTETS = `${BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n`;
const SIGNATURE_BYTES_MAX = 64;

export const ENCRYPTED_TYPE = `multipart/encrypted;protocol="${PROTOCOL}";boundary="Encrypted Boundary"`;

export function isEncryptedType(contentType: string | undefined): boolean {
  return /^multipart\/encrypted\b/i.test(contentType ?? '');
}

export function writeEncryptedBody({ signature, sealed, length }: SealedMessage): Buffer {
  const head =
    `${BOUNDARY}\r\n\tContent-Type: ${PROTOCOL}\r\n` +
    `\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=${length}\r\n${OCTETS}`;
  const signatureLength = Buffer.alloc(4);
  signatureLength.writeUInt32LE(signature.length);
  return Buffer.concat([
    Buffer.from(head, 'latin1'),
    signatureLength,
    signature,
    sealed,
    Buffer.from(`${BOUNDARY}--\r\n`, 'latin1'),
  ]);
}

/** The sealed bytes may hold anything, the boundary too: what counts is their length. @throws `wsman.encryptedBody` */
export function readEncryptedBody(body: Buffer): SealedMessage {
  const start = body.indexOf(OCTETS, 0, 'latin1');
  if (start < 0) throw malformed('no part with sealed bytes');
  const head = body.toString('latin1', 0, start);
  const length = Number(/;\s*Length=(\d{1,9})\s*\r\n/i.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(length)) throw malformed('no length of what is sealed');
  const at = start + OCTETS.length;
  const end = body.lastIndexOf(`${BOUNDARY}--`, body.length, 'latin1');
  if (end < at + 4) throw malformed('no end');
  const signatureLength = body.readUInt32LE(at);
  const sealedAt = at + 4 + signatureLength;
  if (signatureLength > SIGNATURE_BYTES_MAX || sealedAt > end)
    throw malformed('a signature longer than the part');
  return {
    signature: Buffer.from(body.subarray(at + 4, sealedAt)),
    sealed: Buffer.from(body.subarray(sealedAt, end)),
    length,
  };
}

function malformed(what: string): Error {
  return errors.make('wsman.encryptedBody', { what: `The encrypted body has ${what}.` });
}
