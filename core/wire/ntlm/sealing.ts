/**
 * Message security of an NTLM session with extended session security, 128-bit keys and key exchange: [MS-NLMP]
 * section 3.4. One object a direction; cipher and sequence go on from message to message.
 */
import { createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { defineErrors } from '../../errors.ts';
import { type Direction, hmacMd5, sealKey, signKey } from './keys.ts';
import { Rc4 } from './rc4.ts';

export const errors = defineErrors({
  'ntlm.signature': {
    blame: 'peer',
    why: 'Every message of an NTLM session is signed with its number; this one was changed, repeated, or came out of order.',
    next: 'Connect again; if it persists, look for what changes messages on the way.',
  },
});

export const SIGNATURE_LENGTH = 16;

export class SealingDirection {
  readonly #signKey: KeyObject;
  readonly #sealKey: Buffer;
  #cipher: Rc4;
  #sequence = 0;

  constructor(exportedKey: Buffer, direction: Direction) {
    this.#signKey = createSecretKey(signKey(exportedKey, direction));
    this.#sealKey = sealKey(exportedKey, direction);
    this.#cipher = new Rc4(this.#sealKey);
  }

  /** The cipher starts anew, the sequence goes on: after a MIC of SPNEGO. */
  resetCipher(): void {
    this.#cipher = new Rc4(this.#sealKey);
  }

  seal(message: Uint8Array): { signature: Buffer; sealed: Buffer } {
    // the order matters: the cipher first takes the message, then the checksum
    const sealed = this.#cipher.update(message);
    return { signature: this.#signature(message), sealed };
  }

  /** @throws `ntlm.signature` */
  unseal(signature: Uint8Array, sealed: Uint8Array): Buffer {
    const message = this.#cipher.update(sealed);
    this.verify(signature, message);
    return message;
  }

  sign(message: Uint8Array): Buffer {
    return this.#signature(message);
  }

  /** @throws `ntlm.signature` */
  verify(signature: Uint8Array, message: Uint8Array): void {
    const sequence = this.#sequence;
    const expected = this.#signature(message);
    if (signature.length !== SIGNATURE_LENGTH || !timingSafeEqual(signature, expected))
      throw errors.make('ntlm.signature', {
        what: `The signature of message ${sequence} is not that of the session.`,
      });
  }

  #signature(message: Uint8Array): Buffer {
    const sequence = Buffer.alloc(4);
    sequence.writeUInt32LE(this.#sequence++);
    const checksum = hmacMd5(this.#signKey, sequence, message).subarray(0, 8);
    return Buffer.concat([Buffer.from([1, 0, 0, 0]), this.#cipher.update(checksum), sequence]);
  }
}
