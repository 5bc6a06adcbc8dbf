/**
 * Chance, addressed by name.
 *
 * `entropy.u32('azure.requestId', 17)` gives the same number whoever asks and in whatever order: a draw is
 * a function of (seed, stream, keys). A new draw elsewhere changes no old value, and arrival order of
 * requests changes nothing. Inside one closed computation that needs a *sequence* (a shuffle, a generated
 * estate), `sequence()` gives seedrandom's xor128, seeded by address.
 */
import seedrandom from 'seedrandom';
import { assert } from '../assert.ts';
import { finish, hashText, mixBlock } from './hash.ts';

export type Key = string | number;

export class Entropy {
  readonly seed: string;
  readonly #a: number;
  readonly #b: number;

  /** @param seed any text or integer; printed with every run so that it can be repeated. */
  constructor(seed: string | number) {
    this.seed = String(seed);
    this.#a = hashText(this.seed, 0x5eed_0001);
    this.#b = hashText(this.seed, 0x5eed_0002);
  }

  /** Uniform unsigned 32-bit integer. */
  u32(stream: string, ...keys: Key[]): number {
    return this.#hash(this.#a, stream, keys);
  }

  /** Uniform in [0, 1), 53 bits. */
  ratio(stream: string, ...keys: Key[]): number {
    const high = this.#hash(this.#a, stream, keys) >>> 5;
    const low = this.#hash(this.#b, stream, keys) >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  /** Uniform integer in [0, n). */
  below(n: number, stream: string, ...keys: Key[]): number {
    assert(Number.isInteger(n) && n > 0, `entropy.below needs a positive integer, got ${n}`);
    return Math.floor(this.ratio(stream, ...keys) * n);
  }

  /** True with probability `p`. */
  chance(p: number, stream: string, ...keys: Key[]): boolean {
    return this.ratio(stream, ...keys) < p;
  }

  pick<T>(items: readonly T[], stream: string, ...keys: Key[]): T {
    return items[this.below(items.length, stream, ...keys)]!;
  }

  /** `length` bytes as a fresh buffer. Not cryptography: identifiers and test content. */
  bytes(length: number, stream: string, ...keys: Key[]): Buffer {
    const out = Buffer.allocUnsafe(Math.ceil(length / 4) * 4);
    const base = this.#hash(this.#a, stream, keys);
    for (let i = 0; i * 4 < length; i++)
      out.writeUInt32LE(finish(mixBlock(mixBlock(this.#b, base), i), 8), i * 4);
    return out.subarray(0, length);
  }

  hex(digits: number, stream: string, ...keys: Key[]): string {
    return this.bytes(Math.ceil(digits / 2), stream, ...keys)
      .toString('hex')
      .slice(0, digits);
  }

  /** RFC 4122 version 4 layout. */
  uuid(stream: string, ...keys: Key[]): string {
    const b = this.bytes(16, stream, ...keys);
    b[6] = (b[6]! & 0x0f) | 0x40;
    b[8] = (b[8]! & 0x3f) | 0x80;
    const h = b.toString('hex');
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
  }

  /** A private generator of numbers in [0, 1) for one closed computation. */
  sequence(stream: string, ...keys: Key[]): () => number {
    return seedrandom.xor128(`${this.seed}\u0000${stream}\u0000${keys.join('\u0000')}`);
  }

  /** A 32-bit key for hot loops that mix an index themselves (`mix32(key, i)`). */
  keyFor(stream: string, ...keys: Key[]): number {
    return this.u32(stream, ...keys);
  }

  #hash(start: number, stream: string, keys: readonly Key[]): number {
    let h = mixBlock(start, hashText(stream));
    for (const key of keys) {
      if (typeof key === 'string') h = mixBlock(mixBlock(h, 1), hashText(key));
      else {
        assert(Number.isSafeInteger(key), `entropy key must be a safe integer, got ${key}`);
        h = mixBlock(mixBlock(mixBlock(h, 2), key | 0), Math.floor(key / 0x1_0000_0000));
      }
    }
    return finish(h, 4 * (1 + keys.length));
  }
}
