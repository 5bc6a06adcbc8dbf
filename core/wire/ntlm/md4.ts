/** MD4 (RFC 1320). Broken as a hash, and what NTLM's password key is made of; OpenSSL 3 no longer has it. */

/** Amounts of rotation, and the order in which the words of a block are taken, of the three rounds. */
const ROUNDS = [
  { constant: 0, rotate: [3, 7, 11, 19], words: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] },
  {
    constant: 0x5a827999,
    rotate: [3, 5, 9, 13],
    words: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  },
  {
    constant: 0x6ed9eba1,
    rotate: [3, 9, 11, 15],
    words: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
  },
] as const;

const MIX = [
  (x: number, y: number, z: number) => (x & y) | (~x & z),
  (x: number, y: number, z: number) => (x & y) | (x & z) | (y & z),
  (x: number, y: number, z: number) => x ^ y ^ z,
] as const;

const BLOCK = 64;

/** @returns 16 bytes */
export function md4(message: Uint8Array): Buffer {
  // a one bit, zeroes, and the length in bits as 64 bits little-endian in the last eight bytes (3.1, 3.2)
  const padded = Buffer.alloc(Math.ceil((message.length + 9) / BLOCK) * BLOCK);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, padded.length - 8);

  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < padded.length; at += BLOCK) {
    let [a, b, c, d] = state as [number, number, number, number];
    ROUNDS.forEach(({ constant, rotate, words }, round) => {
      words.forEach((word, step) => {
        const mixed = (a + MIX[round]!(b, c, d) + padded.readUInt32LE(at + word * 4) + constant) | 0;
        const by = rotate[step % 4]!;
        [a, b, c, d] = [d, (mixed << by) | (mixed >>> (32 - by)), b, c];
      });
    });
    [a, b, c, d].forEach((value, i) => {
      state[i] = (state[i]! + value) | 0;
    });
  }
  const digest = Buffer.alloc(16);
  for (const [i, value] of state.entries()) digest.writeInt32LE(value | 0, i * 4);
  return digest;
}
