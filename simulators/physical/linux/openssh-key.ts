/** An Ed25519 key in the form of OpenSSH, made from 32 bytes, so that a seed gives the same key again: PROTOCOL.key of OpenSSH. */
import { createPrivateKey, createPublicKey } from 'node:crypto';

/** PKCS #8 around an Ed25519 private key (RFC 8410, section 7), up to the 32 bytes themselves. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const KEY_TYPE = 'ssh-ed25519';
const BLOCK = 8;

/** @param seed 32 bytes @returns the key in OpenSSH's own format, without a passphrase */
export function opensshKeyFrom(seed: Buffer): string {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const publicBytes = spki.subarray(spki.length - 32);
  const publicBlob = Buffer.concat([text(KEY_TYPE), bytes(publicBytes)]);
  const check = seed.subarray(0, 4);
  let secret = Buffer.concat([
    check,
    check,
    text(KEY_TYPE),
    bytes(publicBytes),
    bytes(Buffer.concat([seed, publicBytes])),
    text('drylift'),
  ]);
  const padding = (BLOCK - (secret.length % BLOCK)) % BLOCK;
  secret = Buffer.concat([secret, Buffer.from(Array.from({ length: padding }, (_, i) => i + 1))]);
  const one = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0', 'latin1'),
    text('none'),
    text('none'),
    bytes(Buffer.alloc(0)),
    one,
    bytes(publicBlob),
    bytes(secret),
  ]);
  const lines = whole
    .toString('base64')
    .match(/.{1,70}/g)!
    .join('\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function bytes(content: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

function text(content: string): Buffer {
  return bytes(Buffer.from(content));
}
