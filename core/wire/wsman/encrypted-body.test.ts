import '../../testing/random-seed.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEncryptedBody, writeEncryptedBody } from './encrypted-body.ts';

test('a body has exactly the lines of MS-WSMV', () => {
  const body = writeEncryptedBody({
    signature: Buffer.from('0123456789abcdef'),
    sealed: Buffer.from('xyz'),
    length: 3,
  });
  expect(body.toString('latin1')).toBe(
    [
      '--Encrypted Boundary',
      '\tContent-Type: application/HTTP-SPNEGO-session-encrypted',
      '\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=3',
      '--Encrypted Boundary',
      '\tContent-Type: application/octet-stream',
      '\x10\0\0\x000123456789abcdefxyz--Encrypted Boundary--',
      '',
    ].join('\r\n'),
  );
});

test('sealed bytes may hold anything, boundaries too', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom(
        '--Encrypted Boundary--\r\n',
        '--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n',
      )
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(piece), fc.uint8Array({ minLength: 16, maxLength: 16 }), (pieces, signature) => {
      const sealed = Buffer.concat(pieces);
      const message = { signature: Buffer.from(signature), sealed, length: sealed.length };
      expect(readEncryptedBody(writeEncryptedBody(message))).toEqual(message);
    }),
  );
});

test.each([
  ['', 'no part with sealed bytes'],
  ['--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n', 'no length'],
])('%j is refused', (text, why) => {
  expect(() => readEncryptedBody(Buffer.from(text))).toThrow(why);
});

test('a body that was cut short is refused', () => {
  const whole = writeEncryptedBody({ signature: Buffer.alloc(16), sealed: Buffer.alloc(40), length: 40 });
  for (let n = 0; n < whole.length - 4; n++)
    expect(() => readEncryptedBody(whole.subarray(0, n))).toThrow('encrypted body');
});
