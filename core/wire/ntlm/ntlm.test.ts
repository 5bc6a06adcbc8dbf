/** The published vectors: [MS-NLMP] section 4.2, RFC 1320 appendix A.5, and those of RC4 in RFC 6229 (key 0102030405). */
import { expect, test } from 'vitest';
import {
  clientBlob,
  exchangeKey,
  lmResponse,
  passwordKey,
  proofOf,
  sealKey,
  sessionBaseKey,
  signKey,
} from './keys.ts';
import { md4 } from './md4.ts';
import { AV, readAuthenticate, readAvPairs, readChallenge, readNegotiate, utf16 } from './messages.ts';
import { Rc4 } from './rc4.ts';
import { SealingDirection } from './sealing.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const USER = 'User';
const DOMAIN = 'Domain';
const serverChallenge = hex('0123456789abcdef');
const clientChallenge = Buffer.alloc(8, 0xaa);
const exportedKey = Buffer.alloc(16, 0x55);
const targetInfo = new Map([
  [AV.nbDomainName, utf16('Domain')],
  [AV.nbComputerName, utf16('Server')],
]);
const key = passwordKey('Password', USER, DOMAIN);
const proof = proofOf(
  key,
  serverChallenge,
  clientBlob({ timestamp: Buffer.alloc(8), clientChallenge, targetInfo }),
);

test.each([
  ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
  ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
  ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
  ['message digest', 'd9130a8164549fe818874806e1c7014b'],
  ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
  ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
])('MD4 of "%s" is that of RFC 1320', (text, digest) => {
  expect(md4(Buffer.from(text)).toString('hex')).toBe(digest);
});

test('RC4 gives the key stream of RFC 6229, in pieces too', () => {
  const cipher = new Rc4(hex('0102030405'));
  const stream = Buffer.concat([cipher.update(Buffer.alloc(5)), cipher.update(Buffer.alloc(11))]);
  expect(stream.toString('hex')).toBe('b2396305f03dc027ccc3524a0a1118a8');
});

test('keys of the password, the proof and the session are those of MS-NLMP 4.2.4', () => {
  expect(md4(utf16('Password')).toString('hex')).toBe('a4f49c406510bdcab6824ee7c30fd852');
  expect(key.toString('hex')).toBe('0c868a403bfd7a93a3001ef22ef02e3f');
  expect(proof.toString('hex')).toBe('68cd0ab851e51c96aabc927bebef6a1c');
  expect(sessionBaseKey(key, proof).toString('hex')).toBe('8de40ccadbc14a82f15cb0ad0de95ca3');
  expect(lmResponse(key, serverChallenge, clientChallenge).toString('hex')).toBe(
    '86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa',
  );
  expect(exchangeKey(sessionBaseKey(key, proof), exportedKey).toString('hex')).toBe(
    'c5dad2544fc9799094ce1ce90bc9d03e',
  );
});

test('a message is sealed as in MS-NLMP 4.2.4.4', () => {
  expect(signKey(exportedKey, 'clientToServer').toString('hex')).toBe('4788dc861b4782f35d43fd98fe1a2d39');
  expect(sealKey(exportedKey, 'clientToServer').toString('hex')).toBe('59f600973cc4960a25480a7c196e4c58');
  const { sealed, signature } = new SealingDirection(exportedKey, 'clientToServer').seal(utf16('Plaintext'));
  expect(sealed.toString('hex')).toBe('54e50165bf1936dc996020c1811b0f06fb5f');
  expect(signature.toString('hex')).toBe('010000007fb38ec5c55d497600000000');
});

test.each([
  ['nothing', Buffer.alloc(0), 'Received 0 bytes that are no NTLM message.'],
  ['something else', Buffer.from('GET / HTTP/1.1'), 'Received 14 bytes that are no NTLM message.'],
  ['another message', challengeOfType(3), 'Received message type 3 where 2 is due.'],
  ['a name beyond its end', challengeOfType(2), 'Received a field reaches beyond the message.'],
])('%s is no challenge', (_, message, what) => {
  expect(() => readChallenge(message)).toThrow(what);
});

test('neither are truncated messages of the other types', () => {
  expect(() => readNegotiate(Buffer.from('NTLMSSP\0\x01'))).toThrow('no NTLM message');
  expect(() => readAuthenticate(Buffer.from('NTLMSSP\0\x03'))).toThrow('no NTLM message');
});

test('target information without an end, or with a pair beyond it, is refused', () => {
  expect(() => readAvPairs(hex('0200 0200 4100'))).toThrow('no end');
  expect(() => readAvPairs(hex('0200 ff00 4100'))).toThrow('reaches beyond');
});

function challengeOfType(type: number): Buffer {
  const message = Buffer.alloc(56);
  message.write('NTLMSSP\0', 'latin1');
  message.writeUInt32LE(type, 8);
  message.writeUInt16LE(10, 12);
  message.writeUInt32LE(1000, 16);
  return message;
}
