/** Laws of the messages and of sealing, whatever the content and however it is cut. */
import '../../testing/random-seed.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type AvPairs,
  FLAGS,
  readAuthenticate,
  readAvPairs,
  readChallenge,
  writeAuthenticate,
  writeAvPairs,
  writeChallenge,
} from './messages.ts';
import { SealingDirection } from './sealing.ts';

const bytes = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((array) => Buffer.from(array));
const name = fc.string({ maxLength: 30, unit: 'grapheme' });
const pairs = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 10 }), bytes(0, 40)), { selector: ([id]) => id })
  .map((entries): AvPairs => new Map(entries));
const flags = fc.nat({ max: 0x7fffffff }).map((n) => n | FLAGS.unicode);

test('what is written is read', () => {
  fc.assert(
    fc.property(pairs, (value) => {
      expect(readAvPairs(writeAvPairs(value))).toEqual(value);
    }),
  );
  fc.assert(
    fc.property(
      fc.record({ flags, targetName: name, serverChallenge: bytes(8, 8), targetInfo: pairs }),
      (value) => {
        expect(readChallenge(writeChallenge(value))).toEqual(value);
      },
    ),
  );
  fc.assert(
    fc.property(
      fc.record({
        flags,
        domain: name,
        user: name,
        workstation: name,
        lmResponse: bytes(24, 24),
        ntResponse: bytes(44, 200),
        encryptedSessionKey: bytes(0, 16),
      }),
      (value) => {
        expect(readAuthenticate(writeAuthenticate(value))).toEqual(value);
      },
    ),
  );
});

test('reading anything at all ends in a message or in a coded error', () => {
  fc.assert(
    fc.property(bytes(0, 200), fc.integer({ min: 1, max: 3 }), (noise, type) => {
      const message = Buffer.concat([
        Buffer.from('NTLMSSP\0', 'latin1'),
        Buffer.from([type, 0, 0, 0]),
        noise,
      ]);
      for (const read of [readChallenge, readAuthenticate]) {
        try {
          read(message);
        } catch (error) {
          expect((error as { code?: string }).code).toBe('ntlm.message');
        }
      }
    }),
  );
});

test('messages come through in order, and a change, a repetition or a gap is noticed', () => {
  fc.assert(
    fc.property(
      bytes(16, 16),
      fc.array(bytes(0, 300), { minLength: 2, maxLength: 8 }),
      fc.nat(),
      (key, messages, n) => {
        const sender = new SealingDirection(key, 'serverToClient');
        const receiver = new SealingDirection(key, 'serverToClient');
        const sealed = messages.map((message) => sender.seal(message));
        const bad = n % messages.length;
        sealed.forEach(({ signature, sealed: data }, i) => {
          if (i < bad) expect(receiver.unseal(signature, data)).toEqual(messages[i]);
        });
        const changed = Buffer.from(sealed[bad]!.signature);
        changed[n % 16]! ^= 1 << (n % 8);
        expect(() => receiver.unseal(changed, sealed[bad]!.sealed)).toThrow('signature');
        expect(() => receiver.unseal(sealed[bad]!.signature, sealed[bad]!.sealed)).toThrow('signature');
      },
    ),
  );
});
