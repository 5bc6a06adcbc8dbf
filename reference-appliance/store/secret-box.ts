/**
 * Credentials at rest: AES-256-GCM with a key that lies outside the database, in a file only its owner can read.
 *
 * The nonce is the head of HMAC-SHA-256(key, name ‖ text), as in synthetic-IV modes: equal secrets under one name
 * give equal boxes, different ones different nonces, and no source of chance is needed.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { assert } from '#core/assert.ts';
import { defineErrors } from '#core/errors.ts';

export const errors = defineErrors({
  'store.secret.unreadable': {
    blame: 'prepare',
    retry: 'after-change',
    why: 'The key file beside the database is not the one that the stored credentials were sealed with, or the data was altered.',
    next: 'Restore the key file, or give the credentials again in the configuration so that they are sealed anew.',
  },
});

export const SECRET_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface SecretBox {
  /** nonce ‖ tag ‖ cipher text. The name is authenticated, so that boxes cannot be exchanged. */
  seal(name: string, text: string): Buffer;
  /** @throws `store.secret.unreadable` */
  open(name: string, box: Uint8Array): string;
}

export function secretBox(key: Uint8Array): SecretBox {
  assert(key.length === SECRET_KEY_BYTES, `a secret key has ${SECRET_KEY_BYTES} bytes`);
  return {
    seal(name, text) {
      const nonce = createHmac('sha256', key)
        .update(name)
        .update('\0')
        .update(text)
        .digest()
        .subarray(0, NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    open(name, box) {
      try {
        const nonce = box.subarray(0, NONCE_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', key, nonce)
          .setAAD(Buffer.from(name))
          .setAuthTag(box.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const text = decipher.update(box.subarray(NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch (cause) {
        throw errors.make('store.secret.unreadable', {
          what: `The stored credential "${name}" cannot be read.`,
          cause,
        });
      }
    },
  };
}
