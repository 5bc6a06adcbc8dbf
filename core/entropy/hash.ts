/**
 * Integer mixing for addressed randomness. A draw is a hash of (seed, stream, keys), so it does not
 * depend on which draws were made before it.
 *
 * The mixer is MurmurHash3's 32-bit body and finaliser (public domain, A. Appleby), run twice with two
 * different starting values for 64 bits; strings are hashed over their UTF-8 bytes.
 */

/** MurmurHash3 x86 32: one 4-byte block. */
export function mixBlock(hash: number, block: number): number {
  let k = Math.imul(block, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  k = Math.imul(k, 0x1b873593);
  let h = hash ^ k;
  h = (h << 13) | (h >>> 19);
  return (Math.imul(h, 5) + 0xe6546b64) | 0;
}

/** MurmurHash3 x86 32: final avalanche. Result is unsigned. */
export function finish(hash: number, lengthBytes: number): number {
  let h = hash ^ lengthBytes;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * MurmurHash3 x86 32 of the first `length` bytes. Matches the reference implementation's published vectors.
 */
export function murmur3(bytes: Uint8Array, seed: number, length: number = bytes.length): number {
  let h = seed | 0;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4)
    h = mixBlock(h, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
  let tail = 0;
  for (let i = length - 1; i >= whole; i--) tail = (tail << 8) | bytes[i]!;
  if (whole !== length) {
    let k = Math.imul(tail, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
  }
  return finish(h, length);
}

const utf8 = new TextEncoder();

const short = new Uint8Array(128);

/** 32-bit hash of text. */
export function hashText(text: string, seed = 0): number {
  // Short ASCII is nearly everything that is ever hashed, and its UTF-8 bytes are its character codes:
  // going without the encoder makes a draw several times cheaper.
  if (text.length > short.length) return murmur3(utf8.encode(text), seed);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return murmur3(utf8.encode(text), seed);
    short[i] = code;
  }
  return murmur3(short, seed, text.length);
}

/** Unsigned 32-bit mix of a key with one integer: the inner loop of workload curves. */
export function mix32(key: number, index: number): number {
  let h = (key ^ Math.imul(index, 0x9e3779b1)) | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
